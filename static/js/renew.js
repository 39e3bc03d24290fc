/* Figures that renew themselves while somebody looks. The server knows these requests: they renew no session. */
(() => {
  "use strict";

  /** Find the same element again: by its id, else among those of its tag that lead to the same place. */
  function finder(element) {
    if (element.id) return () => document.getElementById(element.id);
    const tag = element.tagName;
    const place = element.getAttribute("href") || element.textContent;
    const alike = (root) =>
      [...root.querySelectorAll(tag)].filter((other) => (other.getAttribute("href") || other.textContent) === place);
    return (root) => alike(root)[0] || null;
  }

  /** Remember what a person has opened, focused and scrolled, and give it back to the new figures. */
  function keep(region) {
    const open = [...region.querySelectorAll("details[open][id]")].map((details) => details.id);
    const focused = region.contains(document.activeElement) && document.activeElement;
    const find = focused ? finder(focused) : () => null;
    const scrolled = [...region.querySelectorAll("[id]")]
      .filter((element) => element.scrollLeft)
      .map((element) => [element.id, element.scrollLeft]);
    return () => {
      for (const details of region.querySelectorAll("details[id]")) details.open = open.includes(details.id);
      for (const [id, left] of scrolled) {
        const element = document.getElementById(id);
        if (element) element.scrollLeft = left;
      }
      const found = find(region);
      if (found) found.focus({ preventScroll: true });
    };
  }

  function renews(region) {
    const pause = Number(region.dataset.wbbmRenewSeconds) * 1000;
    if (!pause) return;
    let last = Date.now();
    let timer = 0;

    async function renew() {
      last = Date.now();
      try {
        const reply = await fetch(location.href, {
          headers: { "HX-Request": "true", "X-WBBM-Auto": "1" },
          credentials: "same-origin",
        });
        // The session is over, or the right to this page: session.js says so; the figures stay with their time.
        if (reply.status === 401 || reply.status === 403 || reply.status === 404) return clearInterval(timer);
        if (!reply.ok) return;
        const parsed = new DOMParser().parseFromString(await reply.text(), "text/html");
        const giveBack = keep(region);
        region.replaceChildren(...parsed.body.childNodes);
        giveBack();
        // What was waited for is there.
        if (region.querySelector("[data-wbbm-renew-done]")) clearInterval(timer);
      } catch (failure) {
        // Without a line the page keeps its figures and the time at which they were computed.
      }
    }

    function look() {
      if (document.visibilityState === "visible" && Date.now() - last >= pause) renew();
    }

    timer = setInterval(look, 1000);
    document.addEventListener("visibilitychange", look);
  }

  for (const region of document.querySelectorAll("[data-wbbm-renew-seconds]")) renews(region);
})();
