/* The session ends after a while without activity; two minutes before, the page says so. Typing counts as activity. */
(() => {
  "use strict";

  const body = document.body || document.querySelector("body");
  const data = body.dataset;
  if (!data.sessionUrl) return;

  const idle = Number(data.sessionIdleSeconds);
  const warning = Number(data.sessionWarningSeconds);
  let ends = Date.now() + idle * 1000;
  const latest = Number(data.sessionExpires) * 1000;
  let sentAt = Date.now();
  let bar = null;

  const channel = "BroadcastChannel" in window ? new BroadcastChannel(`wbbm-session-${data.userId}`) : null;
  if (channel) {
    channel.onmessage = ({ data: message }) => {
      if (message.ends) {
        ends = message.ends;
        hide();
      }
    };
  }

  function hide() {
    if (bar) bar.remove();
    bar = null;
  }

  function show(text, label, act) {
    hide();
    bar = document.createElement("div");
    bar.className = "zi-session";
    bar.setAttribute("role", "alert");
    const words = document.createElement("span");
    words.textContent = text;
    const control = document.createElement(typeof act === "string" ? "a" : "button");
    control.className = "btn btn-primary";
    control.textContent = label;
    if (typeof act === "string") control.href = act;
    else {
      control.type = "button";
      control.addEventListener("click", act);
    }
    bar.append(words, control);
    body.append(bar);
  }

  async function renew() {
    sentAt = Date.now();
    try {
      const reply = await fetch(data.sessionUrl, {
        method: "POST",
        headers: { "X-CSRFToken": window.wbbm.csrf(), Accept: "application/json" },
        credentials: "same-origin",
      });
      if (reply.status === 401) {
        ended();
        return;
      }
      if (!reply.ok) return;
      const told = await reply.json();
      ends = Date.now() + told.idle_seconds * 1000;
      if (channel) channel.postMessage({ ends });
      hide();
    } catch (failure) {
      // No line: the next activity tries again.
    }
  }

  function ended() {
    const next = encodeURIComponent(location.pathname + location.search);
    show(
      "Sesi Anda berakhir. Jawaban tetap ada di sini; masuk lagi untuk mengirimnya.",
      "Masuk lagi",
      `${data.signInUrl}?next=${next}`,
    );
  }

  /* Activity of the person; at most once a minute the server hears of it. */
  function active() {
    if (Date.now() - sentAt > 60000 && Date.now() < Math.min(ends, latest)) renew();
  }
  for (const type of ["keydown", "input", "pointerdown", "scroll"]) {
    document.addEventListener(type, active, { passive: true, capture: true });
  }

  setInterval(() => {
    const left = Math.min(ends, latest) - Date.now();
    if (left <= 0) {
      if (!bar || !bar.dataset.over) {
        ended();
        bar.dataset.over = "1";
      }
    } else if (left <= warning * 1000 && !bar) {
      const canStay = latest - Date.now() > warning * 1000;
      const text = canStay
        ? "Sesi berakhir dalam dua menit karena tidak ada kegiatan."
        : "Sesi berakhir dalam dua menit. Masuk lagi sesudahnya; jawaban tetap ada di perangkat.";
      if (canStay) show(text, "Tetap masuk", renew);
      else show(text, "Mengerti", hide);
    } else if (left > warning * 1000 && bar && !bar.dataset.over) {
      hide();
    }
  }, 1000);
})();
