/* A plan that is computed anew when something on its page changes. Without this the forms' buttons do the same. */
(() => {
  "use strict";

  const region = document.querySelector("[data-wbbm-plan]");
  if (!region) return;
  let asked = 0;

  function address(form) {
    const query = new URLSearchParams(new FormData(form));
    return `${form.action.split("?")[0]}?${query}`;
  }

  /** Send one form and put the answer in its place; an answer that is overtaken by a later one is thrown away. */
  async function renew(form) {
    const mine = ++asked;
    const kept = [...region.querySelectorAll("[data-wbbm-plan-keep]")].map((field) => [field.id, field.value]);
    const isGet = form.method === "get";
    const place = isGet ? address(form) : form.action;
    region.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(place, {
        method: isGet ? "GET" : "POST",
        body: isGet ? undefined : new FormData(form),
        headers: { "HX-Request": "true", "X-CSRFToken": window.wbbm.csrf() },
        credentials: "same-origin",
      });
      if (mine !== asked) return;
      if (!reply.ok && reply.status !== 422) {
        // The session is over (session.js says so), or the server refuses: the plain form tells why.
        if (reply.status !== 401) form.submit();
        return;
      }
      const parsed = new DOMParser().parseFromString(await reply.text(), "text/html");
      if (mine !== asked) return;
      show(parsed, kept);
      if (isGet) history.replaceState(null, "", place);
    } catch (failure) {
      window.wbbm.say("Sinyal lemah. Rencana belum dihitung ulang; coba lagi.");
    } finally {
      if (mine === asked) region.removeAttribute("aria-busy");
    }
  }

  /** Put the new plan in, with what was open and focused before. */
  function show(parsed, kept) {
    const open = [...region.querySelectorAll("details[open][id]")].map((details) => details.id);
    const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
    region.replaceChildren(...parsed.body.childNodes);
    for (const id of open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
    for (const [id, value] of kept) {
      const field = document.getElementById(id);
      if (field) field.value = value;
    }
    const again = focused && document.getElementById(focused);
    const heading = region.querySelector("[role=alert], .zi-verdict__title");
    if (again) again.focus({ preventScroll: true });
    else if (focused && region.querySelector(".zi-verdict__title")) {
      region.querySelector(".zi-verdict__title").focus({ preventScroll: true });
    }
    if (heading) window.wbbm.say(heading.textContent.trim());
  }

  region.addEventListener("change", (event) => {
    const form = event.target instanceof Element ? event.target.closest("form[data-wbbm-plan-form]") : null;
    // For whom it holds is no change by itself.
    if (form && !event.target.closest("[data-wbbm-plan-keep]")) renew(form);
  });
  region.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-wbbm-plan-form]")) return;
    event.preventDefault();
    renew(form);
  });
})();
