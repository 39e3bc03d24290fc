/* What waits on the device: answers and photos of the signed-in person in IndexedDB, written before anything is sent.
   Another person's records are never read. */
(() => {
  "use strict";

  const user = document.body.dataset.userId;
  if (!user || window.wbbmStore) return;

  const DB_NAME = "wbbm-antrean";
  const OPERATIONS = "operations";
  const PHOTOS = "photos";
  // waiting: will be sent; invalid: the person must correct or discard; locked: sent again once the sheet is a draft;
  // refused: sent again when a page is opened.
  const WAITING = "waiting";
  const INVALID = "invalid";
  const LOCKED = "locked";
  const REFUSED = "refused";

  const events = new EventTarget();

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

  /** Tell the sender: there is something new, to be tried in `delay` ms (null: nothing to send). */
  function written(delay) {
    events.dispatchEvent(new CustomEvent("written", { detail: { delay } }));
  }

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
    const wanted = { uuid: uuid(), madeAt: Date.now(), ...request };
    const key = `${wanted.sheet} ${wanted.item}`;
    pending.set(key, wanted);
    const before = writing.get(key) || Promise.resolve();
    const mine = before.catch(() => {}).then(async () => {
      if (pending.get(key) !== wanted) return;
      await write(wanted);
      if (pending.get(key) === wanted) pending.delete(key);
      if (!pending.size) localStorage.removeItem(spillKey);
      written(wanted.delay || 0);
    });
    writing.set(key, mine);
    return mine;
  }

  /**
   * A newer value replaces the last one of the same item only if that was never tried (or was refused as invalid): one
   * that was tried may have arrived, so it stays and goes first.
   */
  function write({ uuid: id, url, sheet, item, base, value, madeAt, delay = 0 }) {
    const now = Date.now();
    return inStore(OPERATIONS, "readwrite", (store) => {
      store.index("user").getAll(user).onsuccess = (event) => {
        const same = event.target.result.filter((each) => each.sheet === sheet && each.item === item);
        if (same.some((each) => each.uuid === id)) return;
        same.sort((one, other) => one.seq - other.seq);
        const last = same[same.length - 1];
        const fresh = {
          uuid: id, url, value, state: WAITING, message: "", attempted: false, readyAt: now + delay, madeAt,
        };
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

  async function addPhoto({ uuid: id, url, sheet, item, name, blob, cameraTime }) {
    const added = {
      uuid: id, user, url, sheet, item, name, blob, cameraTime, state: WAITING, message: "", attempted: false,
      createdAt: Date.now(),
    };
    await inStore(PHOTOS, "readwrite", (store) => {
      store.add(added).onsuccess = (put) => {
        added.seq = put.target.result;
      };
    });
    written(0);
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
    if (held.length) written(0);
  }

  async function discard(seq) {
    await remove(OPERATIONS, seq);
    written(null);
  }

  async function discardPhoto(seq) {
    await remove(PHOTOS, seq);
    written(null);
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
    written(0);
  }

  // Everything that the last page left is in the store, and may be shown.
  const ready = opened.then(() => takeSpilled().catch(() => {}));

  window.addEventListener("pagehide", spill);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") spill();
  });

  window.wbbmStore = {
    user, ready, events, uuid, alter, remove, records, add, addPhoto, flush, discard, discardPhoto, leave, release,
    OPERATIONS, PHOTOS, WAITING, INVALID, LOCKED, REFUSED,
  };
})();
