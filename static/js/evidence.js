/* Files and findings of a card. Files wait on the device behind the answers; a finding keeps its text until it is stored. */
(() => {
  "use strict";

  const store = window.wbbmStore;
  const queue = window.wbbmQueue;
  const main = document.querySelector("[data-wbbm-sheet]");
  if (!store || !queue || !main || !window.wbbmCard) return;
  const { addLine, announce, button, setMessage } = window.wbbmCard;
  const sheet = main.dataset.wbbmSheet;

  const cardOf = (item) => [...main.querySelectorAll("[data-wbbm-item]")].find((card) => card.dataset.wbbmItem === item);

  /** Make the chosen files small and write them down, one after the other; what is refused costs the others nothing. */
  async function keepFiles(input) {
    const card = input.closest("[data-wbbm-item]");
    const item = card.dataset.wbbmItem;
    const url = card.querySelector("[data-wbbm-evidence]").dataset.wbbmEvidence;
    const chosen = [...input.files].map((file) => ({ file, uuid: store.uuid() }));
    input.value = "";
    for (const { file, uuid } of chosen) tile(card, { uuid, name: file.name, state: "preparing" });
    for (const { file, uuid } of chosen) {
      const ready = await window.wbbmPhotos.prepare(file).catch(() => ({ refusal: UNREADABLE }));
      try {
        if (ready.refusal) {
          refuse(card, uuid, file.name, ready.refusal);
        } else {
          await store.addPhoto({ uuid, url, sheet, item, ...ready });
        }
      } catch (fault) {
        refuse(card, uuid, file.name, "Penyimpanan perangkat penuh. Kirim yang menunggu dulu.");
      }
    }
  }

  function refuse(card, uuid, name, message) {
    tile(card, { uuid, name, state: "invalid", message });
    announce(`Butir ${card.dataset.wbbmItem}: ${name}. ${message}`);
  }

  const UNREADABLE = "Berkas ini tidak dapat dibaca di perangkat. Pilih sekali lagi.";
  const PHOTO_WORDS = {
    preparing: "menyiapkan",
    waiting: "di perangkat",
    locked: "di perangkat; lembar sudah diserahkan",
    refused: "di perangkat; belum dapat dikirim",
  };
  const previews = new Map();

  function tileOf(card, uuid) {
    return [...card.querySelectorAll("[data-wbbm-evidence-list] > [data-uuid]")].find((each) => each.dataset.uuid === uuid);
  }

  /** Show a file that is not stored yet: its picture, its state, and a way to give it up where it can't go on. */
  function tile(card, record) {
    const list = card.querySelector("[data-wbbm-evidence-list]");
    let entry = tileOf(card, record.uuid);
    if (!entry) {
      entry = document.createElement("li");
      entry.dataset.uuid = record.uuid;
      list.append(entry);
    }
    const isBad = record.state === "invalid";
    entry.classList.toggle("zi-refused", isBad);
    const box = document.createElement("span");
    box.className = `zi-thumb${isBad ? " zi-thumb--bad" : ""}`;
    if (!isBad && record.blob && record.blob.type.startsWith("image/")) {
      if (!previews.has(record.uuid)) previews.set(record.uuid, URL.createObjectURL(record.blob));
      const picture = document.createElement("img");
      picture.className = "zi-thumb__img";
      picture.alt = "";
      picture.src = previews.get(record.uuid);
      // A photo that only the server can read has no preview.
      picture.addEventListener("error", () => picture.remove());
      box.append(picture);
    }
    const small = document.createElement("small");
    small.textContent = isBad ? record.message : record.isSending ? "mengirim" : PHOTO_WORDS[record.state] || "";
    const title = document.createElement("span");
    title.className = "zi-thumb__title";
    title.textContent = record.name;
    box.append(title, small);
    entry.replaceChildren(box);
    if (!["preparing", "waiting"].includes(record.state)) {
      const giveUp = button("Buang", async () => {
        if (record.seq) await store.discardPhoto(record.seq);
        drop(card, record.uuid);
      });
      giveUp.setAttribute("aria-label", `Buang ${record.name}`);
      entry.append(giveUp);
    }
  }

  function drop(card, uuid) {
    tileOf(card, uuid)?.remove();
    if (!previews.has(uuid)) return;
    URL.revokeObjectURL(previews.get(uuid));
    previews.delete(uuid);
  }

  function showPhotos({ photos }) {
    for (const record of photos) {
      const card = record.sheet === sheet && cardOf(record.item);
      if (card) tile(card, record);
    }
  }

  function onPhotoReply({ detail: { photo, reply } }) {
    const card = photo.sheet === sheet && cardOf(photo.item);
    if (!card) return;
    const { status, body } = reply;
    if (status === 413 || status === 422) announce(`Butir ${photo.item}: ${photo.name}. ${body.message || ""}`);
    if (body.code !== "saved") return;
    drop(card, photo.uuid);
    addLine(card, body.html);
    const note = card.querySelector("[data-wbbm-evidence-note]");
    note.hidden = false;
    note.textContent = body.message;
    announce(`Butir ${photo.item}: ${body.message}`);
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
    // Photos take a while: a second tap must not send the finding twice.
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
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
    button.disabled = false;
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
