/* The session ends after a while without activity; two minutes before, the page says so. Typing counts as activity. */
(() => {
  "use strict";

  const body = document.body;
  const holder = document.querySelector("[data-session-url]");
  if (!holder) return;
  const data = holder.dataset;
  const root = document.documentElement;
  if (data.csrfCookie && !root.dataset.csrfCookie) root.dataset.csrfCookie = data.csrfCookie;

  const idle = Number(data.sessionIdleSeconds);
  const warning = Number(data.sessionWarningSeconds);
  let ends = Date.now() + idle * 1000;
  const latest = Number(data.sessionExpires) * 1000;
  let sentAt = Date.now();
  let isAsking = false;
  let bar = null;

  const channel = "BroadcastChannel" in window ? new BroadcastChannel(`wbbm-session-${data.userId}`) : null;
  if (channel) {
    channel.onmessage = ({ data: message }) => {
      if (message.ends) {
        ends = message.ends;
        hide();
      }
    };
    // This page was opened by the person: his other tabs may stay as long.
    channel.postMessage({ ends });
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

  /* Tell the server of an activity of the person, or only ask how long the session lasts. */
  async function ask(isActivity) {
    const headers = { Accept: "application/json" };
    if (isActivity) headers["X-CSRFToken"] = window.wbbm.csrf();
    else headers["X-WBBM-Auto"] = "1";
    try {
      const reply = await fetch(data.sessionUrl, {
        method: isActivity ? "POST" : "GET",
        headers,
        credentials: "same-origin",
      });
      if (reply.status === 401) {
        ends = 0;
        ended();
        return;
      }
      if (!reply.ok) return;
      const told = await reply.json();
      if (String(told.user) !== data.userId) return;
      ends = Date.now() + told.idle_seconds * 1000;
      if (isActivity && channel) channel.postMessage({ ends });
      hide();
    } catch (failure) {
      // No line: the next activity tries again.
    }
  }

  function renew() {
    sentAt = Date.now();
    return ask(true);
  }

  function ended() {
    if (bar && bar.dataset.over) return;
    const next = encodeURIComponent(location.pathname + location.search);
    show(
      "Sesi Anda berakhir. Jawaban tetap ada di sini; masuk lagi untuk mengirimnya.",
      "Masuk lagi",
      `${data.signInUrl}?next=${next}`,
    );
    bar.dataset.over = "1";
  }

  /* Activity of the person; at most once a minute the server hears of it. What a script does is none, and neither is
     a page that scrolls because its content changed. */
  function active(event) {
    if (event.isTrusted && Date.now() - sentAt > 60000 && Date.now() < Math.min(ends, latest)) renew();
  }
  for (const type of ["keydown", "input", "pointerdown", "wheel"]) {
    document.addEventListener(type, active, { passive: true, capture: true });
  }

  setInterval(() => {
    const left = Math.min(ends, latest) - Date.now();
    if (left <= 0) {
      // Another device or tab may have kept it alive: the server knows. Without a line it is over here.
      if (!isAsking && !(bar && bar.dataset.over)) {
        isAsking = true;
        ask(false).finally(() => {
          isAsking = false;
          if (Date.now() >= Math.min(ends, latest)) ended();
        });
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
