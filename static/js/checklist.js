/* The page of one area: every change of a card goes to the queue of the device and from there to the server; each card
   says where its answer is. Without IndexedDB the page stays the plain form that it is without script. */
(() => {
  "use strict";

  const store = window.wbbmStore;
  const queue = window.wbbmQueue;
  const main = document.querySelector("[data-wbbm-sheet]");
  if (!store || !queue || !main || !window.wbbmCard) return;
  const { named, readCard, fillCard, said, setState, setMessage, announce, button, unfold, preview, showFollowing } =
    window.wbbmCard;
  const { keepFiles, sendFinding } = window.wbbmEvidence;

  const sheet = main.dataset.wbbmSheet;
  const url = main.dataset.operationsUrl;
  const canWrite = "canWrite" in main.dataset;
  const TYPING = 1500;

  const cards = new Map();
  for (const element of main.querySelectorAll("[data-wbbm-item]")) cards.set(element.dataset.wbbmItem, element);

  /* --- what waits on the device --- */

  /** Show what waits on the device for each card of this page. */
  function showWaiting({ operations }) {
    const last = new Map();
    for (const record of operations) {
      if (record.sheet === sheet) last.set(record.item, record);
    }
    for (const [code, card] of cards) {
      const record = last.get(code);
      if (!record) {
        if (card.dataset.waiting) delete card.dataset.waiting;
        continue;
      }
      card.dataset.waiting = record.state;
      showRecord(card, record);
    }
  }

  function showRecord(card, record) {
    if (record.state === "invalid") {
      setState(card, "failed", "Gagal tersimpan");
      setMessage(card, record.message, "bad", button("Buang perubahan ini", () => discard(card, record)));
    } else if (record.state === "locked") {
      setState(card, "queued", "Di perangkat");
      const text = "Lembar sudah diserahkan. Jawaban ini tetap di perangkat.";
      setMessage(card, text, "warn", button("Buang jawaban ini", () => discard(card, record)));
    } else if (record.state === "refused") {
      setState(card, "queued", "Di perangkat");
      setMessage(card, record.message || "Jawaban ini belum dapat dikirim dan tetap di perangkat.", "warn");
    } else if (card.dataset.sending !== record.uuid) {
      setState(card, "queued", "Di perangkat");
      const isPaused = record.attempted;
      setMessage(card, isPaused ? "Jawaban ini aman di perangkat Anda dan dikirim sendiri begitu ada sinyal." : "", "warn");
    }
  }

  async function discard(card, record) {
    await store.discard(record.seq);
    if (canWrite) {
      fillCard(card, JSON.parse(card.dataset.base));
      const isAnswered = "answered" in card.dataset;
      const isCopy = card.querySelector("[data-wbbm-review]") !== null;
      if (isCopy) setState(card, "review", "Perlu ditinjau");
      else setState(card, isAnswered ? "saved" : "empty", isAnswered ? "Tersimpan" : "Belum diisi");
    }
    setMessage(card, "");
  }

  /* --- saving --- */

  async function keep(card, delay) {
    const value = readCard(card);
    if (!card.dataset.waiting && said(value) === said(JSON.parse(card.dataset.base))) return;
    card.dataset.waiting = "waiting";
    setState(card, "queued", "Di perangkat");
    setMessage(card, "");
    await put(card, value, Number(card.dataset.version), delay);
  }

  // Changes on their way to the store of the device, by item.
  const putting = new Map();

  async function put(card, value, base, delay) {
    const item = card.dataset.wbbmItem;
    putting.set(item, (putting.get(item) || 0) + 1);
    try {
      await store.add({ url, sheet, item, base, value, delay });
    } catch (fault) {
      delete card.dataset.waiting;
      setState(card, "failed", "Belum tersimpan");
      setMessage(card, "Penyimpanan perangkat penuh. Tekan Simpan area ini di bawah.", "bad");
      bePlain("");
    } finally {
      putting.set(item, putting.get(item) - 1);
    }
  }

  function onSending({ detail: { operation } }) {
    const card = operation.sheet === sheet && cards.get(operation.item);
    if (!card) return;
    card.dataset.sending = operation.uuid;
    setState(card, "saving", "Menyimpan");
    setMessage(card, "");
  }

  async function onReply({ detail: { operation, reply } }) {
    const card = operation.sheet === sheet && cards.get(operation.item);
    if (!card) return;
    delete card.dataset.sending;
    const { body } = reply;
    if (body.code === "saved") {
      card.dataset.version = Math.max(body.version, Number(card.dataset.version));
      card.dataset.base = JSON.stringify(body.value);
      card.toggleAttribute("data-answered", Boolean(body.shown.letter));
      endReview(card);
      showProgress(body);
      const more = await waitingFor(operation.item);
      if (more) return;
      delete card.dataset.waiting;
      // Entered in another tab of the same person: this one must not send its old fields with the next change.
      if (canWrite && said(readCard(card)) !== said(body.value)) fillCard(card, body.value);
      setState(card, "saved", `Tersimpan ${body.time}`);
      setMessage(card, "");
      showFollowing(card);
      const result = card.querySelector("[data-wbbm-result]");
      if (result) result.textContent = body.shown.letter || "–";
      announce(`Butir ${operation.item}: tersimpan ${body.time}`);
    } else if (body.code === "conflict") {
      card.dataset.version = body.version;
      card.dataset.base = JSON.stringify(body.value);
      const more = await waitingFor(operation.item);
      if (more) return;
      delete card.dataset.waiting;
      if (said(body.value) === said(body.refused.value)) {
        setState(card, "saved", `Tersimpan ${body.time}`);
        return;
      }
      showConflict(card, body);
      announce(`Butir ${operation.item}: dua jawaban berbeda, perlu dipilih`);
    } else if (body.code === "invalid" || body.code === "uuid-reused") {
      announce(`Butir ${operation.item}: gagal tersimpan. ${body.message}`);
    }
  }

  async function waitingFor(item) {
    const operations = await store.records(store.OPERATIONS);
    if (putting.get(item)) return true;
    return operations.some((record) => record.sheet === sheet && record.item === item);
  }

  /** Once it is saved it is no copy any more; whoever pressed the button goes on in the card's fields. */
  function endReview(card) {
    const review = card.querySelector("[data-wbbm-review]");
    if (!review) return;
    const wasThere = review.contains(document.activeElement);
    review.remove();
    if (wasThere) card.querySelector("[data-wbbm-fields] input:not([type=hidden])")?.focus({ preventScroll: true });
  }

  /** Confirm a copied answer as it stands in the card. */
  async function confirmCopy(card) {
    card.dataset.waiting = "waiting";
    setState(card, "queued", "Di perangkat");
    setMessage(card, "");
    await put(card, readCard(card), Number(card.dataset.version), 0);
  }

  /** Take an option back that was chosen by mistake: radio buttons alone can't. */
  function empty(card) {
    const chosen = [...named(card, "answer")].find((radio) => radio.checked);
    if (!chosen) return;
    chosen.checked = false;
    chosen.focus({ preventScroll: true });
    showFollowing(card);
    keep(card, 0);
  }

  /* --- progress and score --- */

  function showProgress({ progress, score }) {
    const { area, sheet: whole } = progress;
    for (const element of document.querySelectorAll(`[data-wbbm-progress="${CSS.escape(area.key)}"]`)) {
      element.textContent = `${area.answered}/${area.due}`;
    }
    const left = whole.due - whole.answered;
    const copies = ({ review }) => (review ? `, ${review} perlu ditinjau` : "");
    const words = {
      area: `${area.answered} dari ${area.due} butir terisi${copies(area)}`,
      sheet: `${whole.answered} dari ${whole.due} butir terisi${copies(whole)}.${left ? ` ${left} lagi sebelum lembar dapat diserahkan.` : ""}`,
    };
    const isHere = area.key === main.dataset.area;
    for (const element of document.querySelectorAll("[data-wbbm-progress-text]")) {
      const key = element.dataset.wbbmProgressText;
      if (key === "sheet" || isHere) element.textContent = words[key];
    }
    if (!isHere) return;
    const ring = document.querySelector("[data-wbbm-ring]");
    if (ring) {
      ring.setAttribute("aria-label", words.area);
      ring.querySelector(".zi-ring__value").setAttribute("stroke-dasharray", `${area.percent} 100`);
      ring.querySelector("b").textContent = `${area.percent}%`;
    }
    for (const element of document.querySelectorAll("[data-wbbm-score]")) {
      element.textContent = score.area[element.dataset.wbbmScore];
    }
  }

  /* --- conflicts --- */

  function showConflict(card, body) {
    card.querySelector("[data-wbbm-conflict]")?.remove();
    const template = document.getElementById("zi-conflict-template");
    const section = template.content.firstElementChild.cloneNode(true);
    section.dataset.version = body.version;
    section.dataset.stored = JSON.stringify(body.value);
    section.dataset.mine = JSON.stringify(body.refused.value);
    section.setAttribute("role", "alert");
    const words = {
      "stored-who": `${body.author}, ${body.time}, tersimpan`,
      "stored-letter": body.shown.letter || "–",
      "stored-text": body.shown.text,
      "stored-note": body.value.note ? `Catatan: ${body.value.note}` : "",
      "mine-who": `Anda, ${body.refused.time}`,
      "mine-letter": body.refused.shown.letter || "–",
      "mine-text": body.refused.shown.text,
      "mine-note": body.refused.value.note ? `Catatan: ${body.refused.value.note}` : "",
    };
    for (const element of section.querySelectorAll("[data-wbbm-fill]")) {
      element.textContent = words[element.dataset.wbbmFill];
    }
    const fields = card.querySelector("[data-wbbm-fields]");
    fields.hidden = true;
    fields.before(section);
    unfold(card);
    setState(card, "conflict", "Perlu dipilih");
    setMessage(card, "");
  }

  async function choose(pressed) {
    const section = pressed.closest("[data-wbbm-conflict]");
    const card = section.closest("[data-wbbm-item]");
    const value = JSON.parse(section.dataset[pressed.dataset.wbbmChoose]);
    const base = Number(section.dataset.version);
    section.remove();
    card.querySelector("[data-wbbm-fields]").hidden = false;
    fillCard(card, value);
    card.dataset.waiting = "waiting";
    setState(card, "queued", "Di perangkat");
    card.querySelector("input:not([type=hidden]), textarea")?.focus({ preventScroll: true });
    await put(card, value, base, 0);
  }

  /* --- moving about, binding --- */

  function nextEmpty(link, event) {
    const all = [...cards.values()];
    const line = document.querySelector(".zi-sticky")?.offsetHeight || 0;
    const here = all.findIndex((card) => card.getBoundingClientRect().top > line + 24);
    const order = here < 0 ? all : [...all.slice(here), ...all.slice(0, here)];
    const next = order.find((card) => !("answered" in card.dataset) && !card.dataset.waiting);
    if (!next) {
      if (link.dataset.nextUrl) link.href = link.dataset.nextUrl;
      return;
    }
    event.preventDefault();
    next.scrollIntoView({ block: "start" });
    window.scrollBy(0, -(line + 12));
    next.querySelector("input:not([type=hidden])")?.focus({ preventScroll: true });
  }

  let isPlain = true;

  function bePlain(text) {
    isPlain = true;
    main.classList.add("zi-plain");
    for (const element of document.querySelectorAll("[data-wbbm-plain]")) element.hidden = false;
    if (text) window.wbbmLine.say(text);
  }

  function bind() {
    isPlain = false;
    for (const element of document.querySelectorAll("[data-wbbm-plain]")) element.hidden = true;
    main.addEventListener("change", (event) => {
      const { target } = event;
      const card = target.closest("[data-wbbm-item]");
      if (!card || target.closest("[data-wbbm-finding]")) return;
      if (target.matches("[data-wbbm-photo]")) {
        keepFiles(target);
        return;
      }
      if (!target.name) return;
      preview(card);
      showFollowing(card);
      keep(card, 0);
    });
    main.addEventListener("input", (event) => {
      const { target } = event;
      const card = target.closest("[data-wbbm-item]");
      if (!card || !target.matches("textarea, input:not([type=radio]):not([type=file])")) return;
      if (target.closest("[data-wbbm-finding]")) return;
      preview(card);
      showFollowing(card);
      keep(card, TYPING);
    });
    main.addEventListener("click", (event) => {
      const pressed = event.target.closest("[data-wbbm-choose]");
      const clear = event.target.closest("[data-wbbm-clear]");
      const confirm = event.target.closest("[data-wbbm-confirm]");
      if (pressed) {
        event.preventDefault();
        choose(pressed);
      } else if (confirm) {
        event.preventDefault();
        confirmCopy(confirm.closest("[data-wbbm-item]"));
      } else if (clear) {
        empty(clear.closest("[data-wbbm-item]"));
      }
    });
    document.addEventListener("submit", (event) => {
      const form = event.target;
      if (form.id === "lembar" && !isPlain) {
        event.preventDefault();
        store.flush();
      } else if (form.matches("[data-wbbm-finding]")) {
        event.preventDefault();
        sendFinding(form);
      }
    });
    document.querySelector("[data-wbbm-next-empty]")?.addEventListener("click", (event) => nextEmpty(event.currentTarget, event));
  }

  /** Put back what was typed before the page was opened again. */
  async function restore() {
    const operations = await store.records(store.OPERATIONS);
    const last = new Map(operations.filter((record) => record.sheet === sheet).map((record) => [record.item, record]));
    for (const [item, record] of last) {
      const card = cards.get(item);
      if (!card || !canWrite) continue;
      card.querySelector("[data-wbbm-conflict]")?.remove();
      const fields = card.querySelector("[data-wbbm-fields]");
      if (fields) fields.hidden = false;
      fillCard(card, record.value);
      unfold(card);
    }
    showWaiting({ operations });
  }

  store.ready.then(
    async () => {
      if (canWrite) bind();
      queue.events.addEventListener("sending", onSending);
      queue.events.addEventListener("reply", onReply);
      queue.events.addEventListener("changed", ({ detail }) => showWaiting(detail));
      await restore();
      for (const card of cards.values()) {
        preview(card);
        showFollowing(card);
      }
      main.dataset.ready = "";
    },
    () => bePlain("Peramban ini tidak dapat menyimpan jawaban di perangkat. Isi, lalu tekan Simpan area ini di bawah."),
  );
})();
