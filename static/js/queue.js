/* Answers and photos that wait on the device. Each is written to IndexedDB under the signed-in person before it is
   sent, and leaves only as the server's reply allows (design.md, reply table). One tab sends at a time; what came twice
   is recognised by the server. Loaded on every signed-in page, so that a queue is never stuck on one of them. */
(() => {
  "use strict";

  const user = document.body.dataset.userId;
  if (!user) return;

  const DB_NAME = "wbbm-antrean";
  const OPERATIONS = "operations";
  const PHOTOS = "photos";
  const PAUSES = [1, 2, 5, 10, 30, 60];
  const TIMEOUT = 30000;
  const PHOTO_TIMEOUT = 120000;
  const SLOW = 2000;
  const LEASE = 8000;
  const LOCKED_RETRY = 60000;
  const TOO_LARGE = "Kiriman ini terlalu besar untuk server.";
  const OLD = 3 * 24 * 3600 * 1000;

  // waiting: will be sent; invalid: the person must correct or discard; locked: sent again once the sheet is a draft;
  // refused: sent again when a page is opened.
  const WAITING = "waiting";
  const INVALID = "invalid";
  const LOCKED = "locked";
  const REFUSED = "refused";

  const events = new EventTarget();
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("wbbm-antrean") : null;

  /* --- store ----------------------------------------------------------------------------------------------------- */

  const opened = new Promise((resolve, reject) => {
    let request;
    try {
      request = indexedDB.open(DB_NAME, 1);
    } catch (fault) {
      reject(fault);
      return;
    }
    request.onupgradeneeded = () => {
      for (const name of [OPERATIONS, PHOTOS]) {
        request.result.createObjectStore(name, { keyPath: "seq", autoIncrement: true }).createIndex("user", "user");
      }
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
  opened.catch(() => {});

  /** Run `work(store)` in one transaction; resolves with what it returned once everything is on disk. */
  async function inStore(name, mode, work) {
    const db = await opened;
    return new Promise((resolve, reject) => {
      const transaction = db.transaction(name, mode, { durability: "strict" });
      let result;
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(transaction.error || new Error("abort"));
      transaction.onerror = () => reject(transaction.error);
      work(transaction.objectStore(name), (value) => {
        result = value;
      });
    });
  }

  /** All records of the signed-in person, oldest first. Another person's are never read. */
  function records(name) {
    return inStore(name, "readonly", (store, give) => {
      store.index("user").getAll(user).onsuccess = (event) => {
        give(event.target.result.sort((one, other) => one.seq - other.seq));
      };
    });
  }

  /** Change one record by `change(record)`; a record that is gone or not ours gives null. */
  function alter(name, seq, change) {
    return inStore(name, "readwrite", (store, give) => {
      store.get(seq).onsuccess = (event) => {
        const record = event.target.result;
        if (!record || record.user !== user) {
          give(null);
          return;
        }
        change(record);
        store.put(record);
        give(record);
      };
    });
  }

  function remove(name, seq) {
    return inStore(name, "readwrite", (store) => store.delete(seq));
  }

  function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  /* --- filling the queue ------------------------------------------------------------------------------------------- */

  // The newest change of each item that is not on disk yet, and the writing that goes on.
  const pending = new Map();
  const writing = new Map();
  const SPILL = `wbbm-sisa-${user}-`;
  const spillKey = SPILL + uuid();

  /**
   * Write an operation down: {url, sheet, item, base, value}. `delay` (ms) holds the sending back while someone is
   * typing; the value itself is kept at once. While one is being written, only the newest of those after it is.
   */
  function add(request) {
    const wanted = { uuid: uuid(), ...request };
    const key = `${wanted.sheet} ${wanted.item}`;
    pending.set(key, wanted);
    const before = writing.get(key) || Promise.resolve();
    const mine = before.catch(() => {}).then(async () => {
      if (pending.get(key) !== wanted) return;
      await write(wanted);
      if (pending.get(key) === wanted) pending.delete(key);
      if (!pending.size) localStorage.removeItem(spillKey);
      changed();
      wake(wanted.delay || 0);
    });
    writing.set(key, mine);
    return mine;
  }

  /**
   * A newer value replaces the last one of the same item only if that was never tried (or was refused as invalid): one
   * that was tried may have arrived, so it stays and goes first.
   */
  function write({ uuid: id, url, sheet, item, base, value, delay = 0 }) {
    const now = Date.now();
    return inStore(OPERATIONS, "readwrite", (store) => {
      store.index("user").getAll(user).onsuccess = (event) => {
        const same = event.target.result.filter((each) => each.sheet === sheet && each.item === item);
        if (same.some((each) => each.uuid === id)) return;
        same.sort((one, other) => one.seq - other.seq);
        const last = same[same.length - 1];
        const fresh = { uuid: id, url, value, state: WAITING, message: "", attempted: false, readyAt: now + delay };
        if (last && (!last.attempted || last.state === INVALID)) {
          if (last.state === INVALID || base > last.base) last.base = base;
          store.put(Object.assign(last, fresh));
        } else {
          store.add({ ...fresh, user, sheet, item, base, createdAt: now });
        }
      };
    });
  }

  /** A page that goes away can't wait for the disk: what is not written yet is left where the next page finds it. */
  function spill() {
    if (!pending.size) return;
    try {
      localStorage.setItem(spillKey, JSON.stringify([...pending.values()]));
    } catch (fault) {
      // Full: the writing that has begun is all that is left.
    }
  }

  async function takeSpilled() {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(SPILL) && key !== spillKey);
    for (const key of keys) {
      for (const left of JSON.parse(localStorage.getItem(key) || "[]")) await add({ ...left, delay: 0 });
      localStorage.removeItem(key);
    }
  }

  async function addPhoto({ url, sheet, item, name, blob }) {
    const added = {
      uuid: uuid(), user, url, sheet, item, name, blob, state: WAITING, message: "", attempted: false, createdAt: Date.now(),
    };
    await inStore(PHOTOS, "readwrite", (store) => {
      store.add(added).onsuccess = (put) => {
        added.seq = put.target.result;
      };
    });
    changed();
    wake(0);
    return added;
  }

  /** Let what was held back for typing go now. */
  async function flush() {
    const held = (await records(OPERATIONS)).filter((record) => record.readyAt > Date.now());
    for (const record of held) {
      await alter(OPERATIONS, record.seq, (each) => {
        each.readyAt = 0;
      });
    }
    if (held.length) wake(0);
  }

  async function discard(seq) {
    await remove(OPERATIONS, seq);
    changed();
  }

  async function discardPhoto(seq) {
    await remove(PHOTOS, seq);
    changed();
  }

  /* --- sending ----------------------------------------------------------------------------------------------------- */

  const line = { failing: "", session: "ok", level: 0, recovered: false, sendingSince: 0 };
  let timer = 0;
  let timerAt = Infinity;
  let isDraining = false;
  let isWanted = false;

  function cookie() {
    const name = document.documentElement.dataset.csrfCookie || "csrftoken";
    const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
    return found ? found.slice(name.length + 1) : "";
  }

  /** Drain after `delay` ms, or sooner if that is already planned. */
  function wake(delay) {
    const at = Date.now() + delay;
    if (at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(() => {
      timerAt = Infinity;
      drain();
    }, delay);
  }

  function pause() {
    const seconds = PAUSES[Math.min(line.level, PAUSES.length - 1)];
    line.level += 1;
    wake(seconds * 1000 * (0.8 + 0.4 * Math.random()));
  }

  /** Only one tab of the person sends; a lease in localStorage stands in where the browser has no locks. */
  async function alone(work) {
    if (navigator.locks) {
      return navigator.locks.request(`wbbm-kirim-${user}`, { ifAvailable: true }, (lock) => (lock ? work() : busy()));
    }
    const key = `wbbm-kirim-${user}`;
    const mine = uuid();
    const hold = () => localStorage.setItem(key, `${mine} ${Date.now() + LEASE}`);
    const [, until] = (localStorage.getItem(key) || "").split(" ");
    if (Number(until) > Date.now()) return busy();
    hold();
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (!localStorage.getItem(key)?.startsWith(mine)) return busy();
    const renewing = setInterval(hold, LEASE / 4);
    try {
      return await work();
    } finally {
      clearInterval(renewing);
      localStorage.removeItem(key);
    }
  }

  function busy() {
    wake(1000);
  }

  async function drain() {
    if (isDraining) {
      isWanted = true;
      return;
    }
    isDraining = true;
    try {
      do {
        isWanted = false;
        await alone(sendAll);
      } while (isWanted);
    } catch (fault) {
      pause();
    } finally {
      isDraining = false;
      changed();
    }
  }

  async function sendAll() {
    for (;;) {
      const operation = await nextOperation();
      if (!operation) break;
      if (!(await sendOperation(operation))) return;
    }
    for (;;) {
      const photo = (await records(PHOTOS)).find((record) => record.state === WAITING);
      if (!photo) break;
      if (!(await sendPhoto(photo))) return;
      if (await nextOperation()) {
        isWanted = true;
        return;
      }
    }
  }

  /** The oldest operation that may go: of one item always the first, and none past one that waits for its person. */
  async function nextOperation() {
    const heads = new Set();
    let soonest = Infinity;
    for (const record of await records(OPERATIONS)) {
      const key = `${record.sheet} ${record.item}`;
      if (heads.has(key)) continue;
      heads.add(key);
      if (record.state !== WAITING) continue;
      if (record.readyAt <= Date.now()) return record;
      soonest = Math.min(soonest, record.readyAt);
    }
    if (soonest < Infinity) wake(soonest - Date.now());
    return null;
  }

  async function request(url, options, timeout, isAuto) {
    const stop = new AbortController();
    const clock = setTimeout(() => stop.abort(), timeout);
    line.sendingSince = Date.now();
    try {
      const response = await fetch(url, {
        method: "POST", credentials: "same-origin", cache: "no-store", redirect: "manual", signal: stop.signal,
        ...options,
        headers: {
          Accept: "application/json", "X-CSRFToken": cookie(), "X-WBBM-User": user,
          ...(isAuto ? { "X-WBBM-Auto": "1" } : {}),
          ...options.headers,
        },
      });
      // A redirect would be the sign-in page.
      if (response.type === "opaqueredirect") return { status: 401, body: {} };
      const isJson = (response.headers.get("Content-Type") || "").includes("application/json");
      return { status: response.status, body: isJson ? await response.json() : {} };
    } catch (fault) {
      return { status: 0, body: {} };
    } finally {
      clearTimeout(clock);
      line.sendingSince = 0;
    }
  }

  /** What a reply means for the line; true when the next record may be tried. */
  function judged({ status, body }) {
    if (status === 401 || body.code === "user" || body.code === "password") {
      line.session = status === 401 ? "over" : body.code;
      return false;
    }
    const isAnswer = status === 404 || status === 413 || (body.code && status < 500 && status !== 429);
    if (!isAnswer) {
      line.failing = status >= 500 ? "server" : "line";
      pause();
      return false;
    }
    cleared();
    return true;
  }

  function cleared() {
    if (line.failing || line.session !== "ok") line.recovered = true;
    line.failing = "";
    line.session = "ok";
    line.level = 0;
  }

  async function sendOperation({ seq }) {
    let wasAttempted = false;
    const operation = await alter(OPERATIONS, seq, (record) => {
      wasAttempted = record.attempted;
      record.attempted = true;
    });
    if (!operation) return true;
    tell("sending", { operation });
    const { uuid: id, item, base, value } = operation;
    const reply = await request(
      operation.url,
      { headers: { "Content-Type": "application/json" }, body: JSON.stringify({ uuid: id, item, base, value }) },
      TIMEOUT,
      wasAttempted,
    );
    const goesOn = judged(reply);
    if (goesOn) await settle(operation, reply);
    tell("reply", { operation, reply });
    changed();
    return goesOn;
  }

  async function settle(operation, { status, body }) {
    if (body.code === "saved") {
      await leave(operation, body.version);
    } else if (body.code === "conflict") {
      await leave(operation, null);
    } else {
      const state = body.code === "locked" ? LOCKED : status === 403 || status === 404 ? REFUSED : INVALID;
      await alter(OPERATIONS, operation.seq, (record) => {
        record.state = state;
        record.message = body.message || (status === 413 ? TOO_LARGE : "");
      });
      if (state === LOCKED) setTimeout(() => release([LOCKED]), LOCKED_RETRY);
    }
  }

  /** Take an operation out; what waits behind it on the same item continues from the new version. */
  function leave(operation, version) {
    return inStore(OPERATIONS, "readwrite", (store) => {
      store.delete(operation.seq);
      if (version === null) return;
      store.index("user").getAll(user).onsuccess = (event) => {
        for (const record of event.target.result) {
          const isSame = record.sheet === operation.sheet && record.item === operation.item;
          if (isSame && record.seq > operation.seq && record.base < version) {
            record.base = version;
            store.put(record);
          }
        }
      };
    });
  }

  async function sendPhoto({ seq }) {
    const photo = await alter(PHOTOS, seq, (record) => {
      record.attempted = true;
    });
    if (!photo) return true;
    tell("photo-sending", { photo });
    const form = new FormData();
    form.append("uuid", photo.uuid);
    form.append("file", photo.blob, photo.name);
    const reply = await request(photo.url, { body: form, headers: {} }, PHOTO_TIMEOUT, true);
    const goesOn = judged(reply);
    if (goesOn) {
      const { status, body } = reply;
      if (status < 300) {
        await remove(PHOTOS, seq);
      } else {
        const state = body.code === "locked" ? LOCKED : status === 403 || status === 404 ? REFUSED : INVALID;
        await alter(PHOTOS, seq, (record) => {
          record.state = state;
          record.message = body.message || (status === 413 ? TOO_LARGE : "");
        });
      }
    }
    tell("photo-reply", { photo, reply });
    changed();
    return goesOn;
  }

  /** Let records in these states be tried again. */
  async function release(states) {
    for (const name of [OPERATIONS, PHOTOS]) {
      for (const record of await records(name)) {
        if (states.includes(record.state)) {
          await alter(name, record.seq, (each) => {
            each.state = WAITING;
          });
        }
      }
    }
    wake(0);
  }

  /* --- telling ------------------------------------------------------------------------------------------------------ */

  function tell(type, detail, isOurs = true) {
    events.dispatchEvent(new CustomEvent(type, { detail }));
    if (isOurs && channel) channel.postMessage({ type, detail: plain(detail), user });
  }

  function plain(detail) {
    return detail.photo ? { ...detail, photo: { ...detail.photo, blob: null } } : detail;
  }

  let waiting = { operations: [], photos: [] };
  let reading = 0;

  async function changed(isOurs = true) {
    if (isOurs && channel) channel.postMessage({ type: "changed", user });
    const mine = ++reading;
    let found;
    try {
      found = { operations: await records(OPERATIONS), photos: await records(PHOTOS) };
    } catch (fault) {
      return;
    }
    // A later reading is on its way.
    if (mine !== reading) return;
    waiting = found;
    events.dispatchEvent(new CustomEvent("changed", { detail: waiting }));
    showLine();
  }

  if (channel) {
    channel.onmessage = ({ data }) => {
      if (data.user !== user) return;
      if (data.type === "changed") {
        changed(false);
      } else if (data.type === "opened") {
        resume();
      } else {
        // Another tab got through.
        if (data.detail.reply?.status === 200) cleared();
        tell(data.type, data.detail, false);
      }
    };
  }

  /* --- the line that says where the answers are ---------------------------------------------------------------------- */

  function place() {
    let found = document.querySelector("[data-wbbm-net]");
    if (!found) {
      found = document.createElement("div");
      found.className = "zi-net zi-noprint";
      found.dataset.wbbmNet = "";
      found.setAttribute("role", "status");
      found.hidden = true;
      const main = document.querySelector("main");
      (main ? main.parentNode : document.body).insertBefore(found, main);
    }
    return found;
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "zi-icon");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `#i-${name}`);
    svg.append(use);
    return svg;
  }

  function counted(count, photos) {
    const parts = [];
    if (count || !photos) parts.push(`${count} jawaban`);
    if (photos) parts.push(`${photos} berkas`);
    return parts.join(" dan ");
  }

  /** The sentence of this moment: [strong, rest, icon, has sign-in link], or null for silence. */
  function sentence() {
    const operations = waiting.operations.filter((record) => record.state === WAITING);
    const photos = waiting.photos.filter((record) => record.state === WAITING);
    const all = [...waiting.operations, ...waiting.photos];
    const count = counted(operations.length, photos.length);
    if (all.length && line.session === "over") {
      return ["Sesi Anda berakhir.", "Jawaban tetap ada di sini; masuk lagi untuk mengirimnya.", "lock", true];
    }
    if (all.length && line.session === "user") {
      return ["Akun lain sedang masuk.", "Jawaban tetap ada di perangkat; masuk lagi dengan akun Anda untuk mengirimnya.", "lock", true];
    }
    if (all.length && line.session === "password") {
      return ["Kata sandi perlu diganti dulu.", "Jawaban tetap ada di perangkat dan dikirim sesudahnya.", "lock", true];
    }
    if (all.some((record) => Date.now() - record.createdAt > OLD)) {
      return ["Ada jawaban yang belum terkirim sejak 3 hari.", "Sambungkan sekarang supaya tidak hilang.", "alert", false];
    }
    if ((operations.length || photos.length) && (line.failing === "line" || !navigator.onLine)) {
      return ["Sinyal lemah.", `Teruskan mengisi; ${count} menunggu dikirim.`, "device", false];
    }
    if ((operations.length || photos.length) && line.failing === "server") {
      return ["Ada gangguan di pihak kami.", `Isian Anda tetap di perangkat; ${count} menunggu dikirim.`, "device", false];
    }
    if (line.recovered && !operations.length && !photos.length) {
      return ["Tersambung lagi.", "Semua jawaban terkirim.", "check", false];
    }
    return null;
  }

  let said = "";

  function showLine() {
    const words = sentence();
    const text = words ? words.join("|") : "";
    if (text === said) return;
    said = text;
    const net = place();
    net.hidden = !words;
    if (!words) {
      net.replaceChildren();
      return;
    }
    const [strong, rest, sign, hasLink] = words;
    const paragraph = document.createElement("p");
    paragraph.className = "container-lg";
    const span = document.createElement("span");
    const bold = document.createElement("strong");
    bold.textContent = strong;
    span.append(bold, ` ${rest} `);
    if (hasLink) {
      const link = document.createElement("a");
      link.href = document.body.dataset.signInUrl || "/masuk/";
      link.target = "_blank";
      link.rel = "noopener";
      link.textContent = "Masuk lagi";
      span.append(link);
    }
    paragraph.append(icon(sign), span);
    net.replaceChildren(paragraph);
    if (line.recovered && sign === "check") {
      setTimeout(() => {
        line.recovered = false;
        showLine();
      }, 8000);
    }
  }

  /* --- when to send ------------------------------------------------------------------------------------------------- */

  function resume() {
    line.level = 0;
    clearTimeout(timer);
    timerAt = Infinity;
    wake(0);
  }

  window.addEventListener("online", resume);
  window.addEventListener("offline", showLine);
  window.addEventListener("focus", () => line.session !== "ok" && resume());
  window.addEventListener("storage", () => line.session !== "ok" && resume());
  window.addEventListener("pagehide", () => {
    spill();
    flush().catch(() => {});
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      resume();
    } else {
      spill();
      flush().catch(() => {});
    }
  });
  window.addEventListener("beforeunload", (event) => {
    // On a good line what was just entered goes out from the next page: no question then.
    const isFull = [...waiting.operations, ...waiting.photos].some((record) => record.state === WAITING);
    const isSlow = line.sendingSince && Date.now() - line.sendingSince > SLOW;
    if (isFull && (line.failing || line.session !== "ok" || !navigator.onLine || isSlow)) {
      event.preventDefault();
      event.returnValue = "";
    }
  });

  // Everything that the last page left is in the store, and may be shown.
  const ready = opened.then(() => takeSpilled().catch(() => {}));

  window.wbbmQueue = {
    user, ready, events, add, addPhoto, flush, discard, discardPhoto, resume, icon,
    operations: () => records(OPERATIONS),
    photos: () => records(PHOTOS),
  };

  ready.then(
    async () => {
      await release([LOCKED, REFUSED]);
      if (channel) channel.postMessage({ type: "opened", user });
      changed();
    },
    () => {},
  );
})();
