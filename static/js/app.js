/* Small things that every page may need. Nothing here is needed to read or to send a form. */
(() => {
  "use strict";

  const root = document.documentElement;
  root.classList.add("js");

  function cookie(name) {
    const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  const app = {
    /** Read at each send: signing in changes it. */
    csrf: () => cookie(root.dataset.csrfCookie || "csrftoken"),
    say(text) {
      const live = document.getElementById("zi-live");
      if (live) live.textContent = text;
    },
  };
  window.wbbm = Object.assign(window.wbbm || {}, app);

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    if (target.closest("[data-wbbm-print]")) window.print();
    const copy = target.closest("[data-wbbm-copy]");
    if (copy && navigator.clipboard) {
      navigator.clipboard.writeText(copy.dataset.wbbmCopy).then(() => app.say("Disalin"));
    }
    // A menu closes when one looks elsewhere.
    for (const menu of document.querySelectorAll("details.zi-menu[open]")) {
      if (!menu.contains(target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.zi-menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    const summary = document.querySelector("[role=alert][tabindex='-1']");
    if (summary) summary.focus();
  });
})();
