/* The page of one area: every change of a card goes to the queue of the device and from there to the server; each card
   says where its answer is. Without IndexedDB the page stays the plain form that it is without script. */
(() => {
  "use strict";

  const queue = window.wbbmQueue;
  const main = document.querySelector("[data-wbbm-sheet]");
  if (!queue || !main) return;

  const sheet = main.dataset.wbbmSheet;
  const url = main.dataset.operationsUrl;
  const canWrite = "canWrite" in main.dataset;
  const TYPING = 1500;

  const SIGNS = { empty: "same", saving: "sync", saved: "check", queued: "device", conflict: "split", failed: "alert" };

  const cards = new Map();
  for (const element of main.querySelectorAll("[data-wbbm-item]")) cards.set(element.dataset.wbbmItem, element);

  /* --- reading and filling a card ------------------------------------------------------------------------------------ */

  const named = (card, part) => card.querySelectorAll(`[name="${CSS.escape(card.dataset.wbbmItem)}-${part}"]`);

  function readAnswer(card) {
    const inputs = card.querySelectorAll("[data-key]");
    if (inputs.length) {
      const answer = {};
      for (const input of inputs) {
        const text = input.value.trim();
        if (text) answer[input.dataset.key] = /^\d{1,10}$/.test(text) ? Number(text) : text;
      }
      return Object.keys(answer).length ? answer : null;
    }
    const index = card.querySelector("[data-index]");
    if (index) return index.value.trim().replace(",", ".") || null;
    const chosen = [...named(card, "answer")].find((radio) => radio.checked);
    return chosen ? chosen.value : null;
  }

  function readCard(card) {
    const checked = [...named(card, "checked")].find((radio) => radio.checked);
    const [note] = named(card, "note");
    const [behalf] = named(card, "behalf");
    const base = JSON.parse(card.dataset.base);
    return {
      answer: readAnswer(card),
      note: note ? note.value.trim() : "",
      checked: checked ? checked.value : "",
      on_behalf_of: behalf ? Number(behalf.value) || null : base.on_behalf_of,
    };
  }

  function fillCard(card, value) {
    for (const radio of named(card, "answer")) {
      if (radio.type === "radio") radio.checked = radio.value === value.answer;
      else radio.value = String(value.answer ?? "").replace(".", ",");
    }
    for (const input of card.querySelectorAll("[data-key]")) {
      const number = value.answer && typeof value.answer === "object" ? value.answer[input.dataset.key] : null;
      input.value = number ?? "";
    }
    for (const radio of named(card, "checked")) radio.checked = radio.value === value.checked;
    for (const note of named(card, "note")) note.value = value.note || "";
    for (const select of named(card, "behalf")) select.value = value.on_behalf_of ?? "";
    preview(card);
    showFollowing(card);
  }

  const said = (value) => JSON.stringify([
    typeof value.answer === "object" && value.answer ? Object.entries(value.answer).sort() : value.answer,
    value.note || "", value.checked || "", value.on_behalf_of ?? null,
  ]);

  /* --- state of a card ------------------------------------------------------------------------------------------------ */

  function setState(card, kind, text) {
    const chip = card.querySelector("[data-wbbm-state]");
    if (!chip) return;
    chip.className = `zi-state zi-state--${kind}`;
    chip.replaceChildren(queue.icon(SIGNS[kind]), text);
    card.classList.toggle("zi-item--queued", kind === "queued");
    card.classList.toggle("zi-item--conflict", kind === "conflict");
  }

  function setMessage(card, text, kind, action) {
    const place = card.querySelector("[data-wbbm-message]");
    if (!place) return;
    place.hidden = !text;
    place.className = `zi-sign zi-sign--${kind || "warn"} text-wrap zi-small mb-0`;
    place.replaceChildren();
    if (!text) return;
    place.append(queue.icon(kind === "bad" ? "alert" : "device"), ` ${text} `);
    if (action) place.append(action);
  }

  function announce(text) {
    const live = document.getElementById("zi-live");
    if (live) live.textContent = text;
  }

  function button(text, work) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn-outline-primary btn-sm";
    made.textContent = text;
    made.addEventListener("click", work);
    return made;
  }

  function unfold(card) {
    const fold = card.querySelector("details.zi-item__fold");
    if (fold) fold.open = true;
  }

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
    await queue.discard(record.seq);
    if (canWrite) {
      fillCard(card, JSON.parse(card.dataset.base));
      const isAnswered = "answered" in card.dataset;
      setState(card, isAnswered ? "saved" : "empty", isAnswered ? "Tersimpan" : "Belum diisi");
    }
    setMessage(card, "");
  }

  /* --- saving --------------------------------------------------------------------------------------------------------- */

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
      await queue.add({ url, sheet, item, base, value, delay });
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
    const operations = await queue.operations();
    if (putting.get(item)) return true;
    return operations.some((record) => record.sheet === sheet && record.item === item);
  }

  /* --- progress and score ---------------------------------------------------------------------------------------------- */

  function showProgress({ progress, score }) {
    const { area, sheet: whole } = progress;
    for (const element of document.querySelectorAll(`[data-wbbm-progress="${CSS.escape(area.key)}"]`)) {
      element.textContent = `${area.answered}/${area.due}`;
    }
    const left = whole.due - whole.answered;
    const words = {
      area: `${area.answered} dari ${area.due} butir terisi`,
      sheet: `${whole.answered} dari ${whole.due} butir terisi.${left ? ` ${left} lagi sebelum lembar dapat diserahkan.` : ""}`,
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

  /* --- conflicts ---------------------------------------------------------------------------------------------------------- */

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

  /* --- preview of formulas, severe triggers ----------------------------------------------------------------------------- */

  /** The percentage in hundredths, or null while inputs are missing or the item can't be judged. */
  function computed(formula, answer) {
    const number = (key) => (answer && Number.isInteger(answer[key]) ? answer[key] : null);
    const share = (above, below) => Math.floor((above * 20000 + below) / (2 * below));
    if (formula.kind === "decline") {
      const [before, now] = [number(formula.before), number(formula.now)];
      if (before === null || now === null) return null;
      if (before === 0) return now === 0 ? 10000 : 0;
      return now >= before ? 0 : share(before - now, before);
    }
    if (formula.kind !== "ratio") return null;
    const above = number(formula.numerator);
    const parts = formula.denominators.map(number);
    if (above === null || parts.includes(null)) return null;
    const below = parts.reduce((sum, part) => sum + part, 0);
    return below === 0 ? null : above >= below ? 10000 : share(above, below);
  }

  function preview(card) {
    const calc = card.querySelector("[data-wbbm-calc]");
    if (!calc) return;
    const formula = JSON.parse(calc.dataset.wbbmCalc);
    const answer = readAnswer(card);
    const isComplete = [...card.querySelectorAll("[data-key]")].every((input) => input.value.trim());
    const hundredths = isComplete ? computed(formula, answer) : null;
    const output = calc.querySelector("[data-wbbm-result]");
    if (hundredths === null) output.textContent = isComplete ? "Tidak dapat dinilai" : "–";
    else output.textContent = `${Math.floor(hundredths / 100)},${String(hundredths % 100).padStart(2, "0")}%`;
    const isSevere = formula.severe_below_full && hundredths !== null && computed(formula, answer) < 10000;
    calc.toggleAttribute("data-is-severe", Boolean(isSevere));
  }

  /** Show what follows from the present answer: taking it back, a severe finding. */
  function showFollowing(card) {
    const clear = card.querySelector("[data-wbbm-clear]");
    if (clear) clear.hidden = readAnswer(card) === null;
    const section = card.querySelector("[data-wbbm-severe]");
    if (!section) return;
    const isSevere = card.querySelector("input[data-severe]:checked, [data-is-severe]") !== null;
    section.hidden = !isSevere || "recorded" in section.dataset;
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

  /** A finding is sent by script so that nothing typed is lost when the line is down. */
  async function sendFinding(form) {
    const section = form.closest("[data-wbbm-severe]");
    const card = form.closest("[data-wbbm-item]");
    let note = form.querySelector("[data-wbbm-finding-note]");
    if (!note) {
      note = document.createElement("p");
      note.className = "zi-small mt-2 mb-0";
      note.dataset.wbbmFindingNote = "";
      note.setAttribute("role", "status");
      form.append(note);
    }
    note.textContent = "Menyimpan";
    let reply = null;
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        credentials: "same-origin",
        headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      });
      reply = await response.json();
    } catch (fault) {
      reply = null;
    }
    if (reply?.code !== "saved") {
      note.textContent = reply?.message || "Gagal terkirim. Coba lagi; tulisan Anda tetap di sini.";
      return;
    }
    section.dataset.recorded = "";
    section.hidden = true;
    announce(reply.message);
    setMessage(card, reply.message, "ok");
  }

  /* --- evidence ------------------------------------------------------------------------------------------------------------ */

  async function keepFiles(input) {
    const card = input.closest("[data-wbbm-item]");
    const place = card.querySelector("[data-wbbm-evidence]");
    const files = [...input.files];
    input.value = "";
    for (const file of files) {
      const ready = await window.wbbmPhotos.prepare(file);
      if (ready.refusal) {
        tile(card, { name: file.name, state: "invalid", message: ready.refusal, uuid: `${file.name}-${Date.now()}` });
        continue;
      }
      try {
        await queue.addPhoto({
          url: place.dataset.wbbmEvidence, sheet, item: card.dataset.wbbmItem, name: ready.name, blob: ready.blob,
        });
      } catch (fault) {
        const message = "Penyimpanan perangkat penuh. Kirim yang menunggu dulu.";
        tile(card, { name: file.name, state: "invalid", message, uuid: `${file.name}-${Date.now()}` });
      }
    }
  }

  const PHOTO_WORDS = {
    waiting: "di perangkat", locked: "di perangkat; lembar sudah diserahkan", refused: "di perangkat; belum dapat dikirim",
  };
  const previews = new Map();

  function tile(card, record) {
    const list = card.querySelector("[data-wbbm-evidence-list]");
    if (!list) return null;
    let entry = [...list.children].find((each) => each.dataset.uuid === record.uuid);
    if (!entry) {
      entry = document.createElement("li");
      entry.dataset.uuid = record.uuid;
      list.append(entry);
    }
    const isBad = record.state === "invalid";
    const box = document.createElement("span");
    box.className = `zi-thumb${isBad ? " zi-thumb--bad" : ""}`;
    if (record.blob && record.blob.type.startsWith("image/")) {
      if (!previews.has(record.uuid)) previews.set(record.uuid, URL.createObjectURL(record.blob));
      const picture = document.createElement("img");
      picture.className = "zi-thumb__img";
      picture.alt = "";
      picture.src = previews.get(record.uuid);
      box.append(picture);
    }
    const small = document.createElement("small");
    small.textContent = isBad ? record.message : record.isSending ? "mengirim" : PHOTO_WORDS[record.state] || "";
    box.append(record.name, small);
    entry.replaceChildren(box);
    if (record.state !== "waiting") {
      const drop = button("Buang", async () => {
        if (record.seq) await queue.discardPhoto(record.seq);
        entry.remove();
      });
      entry.append(drop);
    }
    return entry;
  }

  function showPhotos({ photos }) {
    for (const record of photos) {
      const card = record.sheet === sheet && cards.get(record.item);
      if (card) tile(card, record);
    }
  }

  function onPhotoReply({ detail: { photo, reply } }) {
    const card = photo.sheet === sheet && cards.get(photo.item);
    if (!card || reply.status >= 300 || !reply.status) return;
    const { body } = reply;
    const entry = tile(card, { ...photo, state: "waiting", blob: null });
    if (!entry) return;
    entry.dataset.sent = "";
    if (previews.has(photo.uuid)) {
      URL.revokeObjectURL(previews.get(photo.uuid));
      previews.delete(photo.uuid);
    }
    const link = document.createElement("a");
    link.className = "zi-thumb";
    link.href = body.url || "#";
    if (body.thumb_url) {
      const picture = document.createElement("img");
      picture.className = "zi-thumb__img";
      picture.alt = "";
      picture.src = body.thumb_url;
      link.append(picture);
    }
    const small = document.createElement("small");
    small.textContent = body.message || "terkirim";
    link.append(body.title || photo.name, small);
    entry.replaceChildren(link);
    const count = card.querySelector("[data-wbbm-evidence-count]");
    const shown = card.querySelectorAll("[data-wbbm-evidence-list] > li:not([data-uuid]), [data-wbbm-evidence-list] > li[data-sent]");
    if (count) count.textContent = shown.length;
    announce(`Butir ${photo.item}: berkas terkirim`);
  }

  /* --- moving about ---------------------------------------------------------------------------------------------------------- */

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

  /* --- binding ------------------------------------------------------------------------------------------------------------------ */

  function bePlain(text) {
    for (const element of document.querySelectorAll("[data-wbbm-plain]")) element.hidden = false;
    if (!text) return;
    const net = document.querySelector("[data-wbbm-net]");
    const paragraph = document.createElement("p");
    paragraph.className = "container-lg";
    paragraph.append(queue.icon("alert"), text);
    net.replaceChildren(paragraph);
    net.hidden = false;
  }

  function bind() {
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
      if (pressed) {
        event.preventDefault();
        choose(pressed);
      } else if (clear) {
        empty(clear.closest("[data-wbbm-item]"));
      }
    });
    document.addEventListener("submit", (event) => {
      const form = event.target;
      if (form.id === "lembar" && form.querySelector("[data-wbbm-plain]")?.hidden) {
        event.preventDefault();
        queue.flush();
      } else if (form.matches("[data-wbbm-finding]")) {
        event.preventDefault();
        sendFinding(form);
      }
    });
    document.querySelector("[data-wbbm-next-empty]")?.addEventListener("click", (event) => nextEmpty(event.currentTarget, event));
  }

  /** Put back what was typed before the page was opened again. */
  async function restore() {
    const operations = await queue.operations();
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
    showPhotos({ photos: await queue.photos() });
  }

  queue.ready.then(
    async () => {
      if (canWrite) bind();
      queue.events.addEventListener("sending", onSending);
      queue.events.addEventListener("reply", onReply);
      queue.events.addEventListener("changed", ({ detail }) => {
        showWaiting(detail);
        showPhotos(detail);
      });
      queue.events.addEventListener("photo-sending", ({ detail: { photo } }) => {
        const card = photo.sheet === sheet && cards.get(photo.item);
        if (card) tile(card, { ...photo, isSending: true });
      });
      queue.events.addEventListener("photo-reply", onPhotoReply);
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
