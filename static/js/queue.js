/* Sends what waits on the device; a record leaves only as the server's reply allows (docs/keputusan/0004-operasi-dan-antrean.md). One tab
   sends at a time; what came twice is recognised by the server. Loaded on every signed-in page, so that a queue is never
   stuck on one of them. */
(() => {
  "use strict";

  const store = window.wbbmStore;
  if (!store || window.wbbmQueue) return;
  const { user, uuid, alter, remove, records, OPERATIONS, PHOTOS, WAITING, INVALID, LOCKED, REFUSED } = store;

  const PAUSES = [1, 2, 5, 10, 30, 60];
  const TIMEOUT = 30000;
  const PHOTO_TIMEOUT = 120000;
  const SLOW = 2000;
  const LEASE = 8000;
  const LOCKED_RETRY = 60000;
  const TOO_LARGE = "Kiriman ini terlalu besar untuk server.";

  const events = new EventTarget();
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("wbbm-antrean") : null;

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
          "X-Portal-Version": document.documentElement.dataset.portalVersion || "1",
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
    if (status === 401 || ["user", "password", "factor"].includes(body.code)) {
      line.session = status === 401 ? "over" : body.code;
      return false;
    }
    if (body.code === "reload") {
      line.session = "reload";
      return false;
    }
    const isAnswer = status === 404 || status === 413 || (body.code && status < 500 && status !== 429);
    if (!isAnswer) {
      line.failing = body.code === "maintenance" ? "update" : status >= 500 ? "server" : "line";
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
    const { uuid: id, item, base, value, madeAt } = operation;
    // How long it waited, not when: the server's clock decides. A record of an older page doesn't know.
    const age = madeAt ? Math.round((Date.now() - madeAt) / 1000) : null;
    const reply = await request(
      operation.url,
      { headers: { "Content-Type": "application/json" }, body: JSON.stringify({ uuid: id, item, base, value, age }) },
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
      await store.leave(operation, body.version);
    } else if (body.code === "conflict") {
      await store.leave(operation, null);
    } else {
      const state = body.code === "locked" ? LOCKED : status === 403 || status === 404 ? REFUSED : INVALID;
      await alter(OPERATIONS, operation.seq, (record) => {
        record.state = state;
        record.message = body.message || (status === 413 ? TOO_LARGE : "");
      });
      if (state === LOCKED) setTimeout(() => store.release([LOCKED]), LOCKED_RETRY);
    }
  }

  async function sendPhoto({ seq }) {
    const photo = await alter(PHOTOS, seq, (record) => {
      record.attempted = true;
    });
    if (!photo) return true;
    tell("photo-sending", { photo });
    const form = new FormData();
    form.append("uuid", photo.uuid);
    form.append("camera_time", photo.cameraTime || "");
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

  function resume() {
    line.level = 0;
    clearTimeout(timer);
    timerAt = Infinity;
    wake(0);
  }

  window.addEventListener("online", resume);
  window.addEventListener("offline", () => changed(false));
  window.addEventListener("focus", () => line.session !== "ok" && resume());
  window.addEventListener("storage", () => line.session !== "ok" && resume());
  window.addEventListener("pagehide", () => {
    store.flush().catch(() => {});
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") resume();
    else store.flush().catch(() => {});
  });
  window.addEventListener("beforeunload", (event) => {
    // On a good line what was just entered goes out from the next page: no question then.
    const isFull = [...waiting.operations, ...waiting.photos].some((record) => record.state === WAITING);
    const isSlow = line.sendingSince && Date.now() - line.sendingSince > SLOW;
    if (isFull && line.session !== "reload" && (line.failing || line.session !== "ok" || !navigator.onLine || isSlow)) {
      event.preventDefault();
      event.returnValue = "";
    }
  });

  store.events.addEventListener("written", ({ detail: { delay } }) => {
    changed();
    if (delay !== null) wake(delay);
  });

  window.wbbmQueue = { events, line, resume, waiting: () => waiting };

  store.ready.then(
    async () => {
      await store.release([LOCKED, REFUSED]);
      if (channel) channel.postMessage({ type: "opened", user });
      changed();
    },
    () => {},
  );
})();
