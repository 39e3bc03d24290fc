/* The line that says where the answers are: weak signal, session over, everything sent (ui/README.md, wording 7-10). */
(() => {
  "use strict";

  const queue = window.wbbmQueue;
  if (!queue || window.wbbmLine) return;
  const { line } = queue;
  const { WAITING } = window.wbbmStore;
  const OLD = 3 * 24 * 3600 * 1000;

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

  /** The sentence of this moment: [strong, rest, icon, link: true to sign in, "reload"], or null for silence. */
  function sentence() {
    const waiting = queue.waiting();
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
    if (all.length && line.session === "reload") {
      return ["Halaman ini dari versi portal yang lama.", "Isian Anda tersimpan di perangkat; muat ulang untuk mengirimnya.", "device", "reload"];
    }
    if (all.length && line.session === "password") {
      return ["Kata sandi perlu diganti dulu.", "Jawaban tetap ada di perangkat dan dikirim sesudahnya.", "lock", true];
    }
    if (all.length && line.session === "factor") {
      return ["Faktor kedua perlu dipasang dulu.", "Jawaban tetap ada di perangkat dan dikirim sesudahnya.", "lock", true];
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
    if ((operations.length || photos.length) && line.failing === "update") {
      return ["Portal sedang diperbarui.", `Isian Anda tersimpan di perangkat; ${count} menunggu dikirim.`, "device", false];
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
    if (hasLink === "reload") {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-link p-0 align-baseline";
      button.textContent = "Muat ulang";
      button.addEventListener("click", () => location.reload());
      span.append(button);
    } else if (hasLink) {
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

  /** A sentence of the page itself. */
  function say(text) {
    said = text;
    const net = place();
    const paragraph = document.createElement("p");
    paragraph.className = "container-lg";
    paragraph.append(icon("alert"), text);
    net.replaceChildren(paragraph);
    net.hidden = false;
  }

  queue.events.addEventListener("changed", showLine);
  window.wbbmLine = { icon, say };
})();
