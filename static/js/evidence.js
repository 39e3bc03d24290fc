/* Files and findings of a card. Files wait on the device behind the answers; a finding keeps its text until it is stored. */
(() => {
  "use strict";

  const store = window.wbbmStore;
  const queue = window.wbbmQueue;
  const main = document.querySelector("[data-wbbm-sheet]");
  if (!store || !queue || !main || !window.wbbmCard) return;
  const { announce, button, setMessage } = window.wbbmCard;
  const sheet = main.dataset.wbbmSheet;

  const cardOf = (item) => [...main.querySelectorAll("[data-wbbm-item]")].find((card) => card.dataset.wbbmItem === item);

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
        await store.addPhoto({
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
        if (record.seq) await store.discardPhoto(record.seq);
        entry.remove();
      });
      entry.append(drop);
    }
    return entry;
  }

  function showPhotos({ photos }) {
    for (const record of photos) {
      const card = record.sheet === sheet && cardOf(record.item);
      if (card) tile(card, record);
    }
  }

  function onPhotoReply({ detail: { photo, reply } }) {
    const card = photo.sheet === sheet && cardOf(photo.item);
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
      const body = new FormData(form);
      // Signing in again changes the token: the cookie's is the one that holds.
      body.delete("csrfmiddlewaretoken");
      const response = await fetch(form.action, {
        method: "POST",
        body,
        credentials: "same-origin",
        headers: { Accept: "application/json", "X-CSRFToken": window.wbbm.csrf() },
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

  queue.events.addEventListener("changed", ({ detail }) => showPhotos(detail));
  queue.events.addEventListener("photo-sending", ({ detail: { photo } }) => {
    const card = photo.sheet === sheet && cardOf(photo.item);
    if (card) tile(card, { ...photo, isSending: true });
  });
  queue.events.addEventListener("photo-reply", onPhotoReply);

  window.wbbmEvidence = { keepFiles, sendFinding };
})();
