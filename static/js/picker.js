/* Choosing evidence that is there without leaving the card. Without this script the link opens a page of its own. */
(() => {
  "use strict";

  const main = document.querySelector("[data-wbbm-sheet]");
  if (!main || !window.wbbmCard || !window.wbbm) return;
  const { addLine, announce } = window.wbbmCard;

  const boxOf = (element) => element.closest("[data-wbbm-evidence]").querySelector("[data-wbbm-picker]");

  function say(box, text) {
    let note = box.querySelector("[data-wbbm-pick-note]");
    if (!note) {
      note = document.createElement("p");
      note.className = "zi-small mb-2";
      note.dataset.wbbmPickNote = "";
      note.setAttribute("role", "status");
      box.prepend(note);
    }
    note.textContent = text;
  }

  /** Show the part of the page that the address gives; the line may be down, then what is shown stays. */
  async function show(box, url) {
    box.hidden = false;
    say(box, "Membuka daftar bukti");
    try {
      const response = await fetch(url, { credentials: "same-origin", headers: { "HX-Request": "true" } });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      box.innerHTML = await response.text();
      box.querySelector("input[type=search]").focus({ preventScroll: true });
    } catch (fault) {
      say(box, "Daftar bukti belum dapat dibuka. Periksa sambungan, lalu coba lagi.");
    }
  }

  async function attach(form) {
    const box = form.closest("[data-wbbm-picker], [data-wbbm-proposals]");
    const card = form.closest("[data-wbbm-item]");
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
      say(box, reply?.message || "Belum terpasang. Periksa sambungan, lalu coba lagi.");
      return;
    }
    addLine(card, reply.html);
    const done = document.createElement("span");
    done.className = "zi-tag zi-tag--ok";
    done.textContent = "terpasang";
    form.replaceWith(done);
    say(box, reply.message);
    announce(`Butir ${card.dataset.wbbmItem}: ${reply.message}`);
  }

  main.addEventListener("click", (event) => {
    const link = event.target.closest("[data-wbbm-pick], [data-wbbm-pick-page]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const box = boxOf(link);
    if (link.matches("[data-wbbm-pick]") && !box.hidden) {
      box.hidden = true;
      link.setAttribute("aria-expanded", "false");
      return;
    }
    if (link.matches("[data-wbbm-pick]")) link.setAttribute("aria-expanded", "true");
    show(box, link.href);
  });

  main.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-wbbm-picker] [data-wbbm-pick-search]")) {
      event.preventDefault();
      const query = new URLSearchParams(new FormData(form));
      show(form.closest("[data-wbbm-picker]"), `${form.action}?${query}`);
    } else if (form.matches("[data-wbbm-pick-attach]")) {
      event.preventDefault();
      attach(form);
    }
  });
})();
