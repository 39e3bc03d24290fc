/* One card of the sheet: what is entered in it, what it shows of that, and where its answer is. */
(() => {
  "use strict";

  const { icon } = window.wbbmLine || {};
  if (!icon || window.wbbmCard) return;

  const SIGNS = { empty: "same", review: "search", saving: "sync", saved: "check", queued: "device", conflict: "split", failed: "alert" };

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

  function setState(card, kind, text) {
    const chip = card.querySelector("[data-wbbm-state]");
    if (!chip) return;
    chip.className = `zi-state zi-state--${kind}`;
    chip.replaceChildren(icon(SIGNS[kind]), text);
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
    place.append(icon(kind === "bad" ? "alert" : "device"), ` ${text} `);
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

  /** The share as [above, below], or null while inputs are missing or the item can't be judged. */
  function share(formula, answer) {
    const number = (key) => (answer && Number.isInteger(answer[key]) ? answer[key] : null);
    if (formula.kind === "decline") {
      const [before, now] = [number(formula.before), number(formula.now)];
      if (before === null || now === null) return null;
      return before === 0 ? [now === 0 ? 1 : 0, 1] : [Math.max(0, before - now), before];
    }
    if (formula.kind !== "ratio") return null;
    const above = number(formula.numerator);
    const parts = formula.denominators.map(number);
    if (above === null || parts.includes(null)) return null;
    const below = parts.reduce((sum, part) => sum + part, 0);
    return below === 0 ? null : [Math.min(above, below), below];
  }

  /** The share in percent, two decimals, half up: exact, on whole numbers. */
  function percentText([above, below]) {
    const hundredths = Math.floor((above * 20000 + below) / (2 * below));
    return `${Math.floor(hundredths / 100)},${String(hundredths % 100).padStart(2, "0")}%`;
  }

  /** A preview only: the server's own result comes with its reply. */
  function preview(card) {
    const calc = card.querySelector("[data-wbbm-calc]");
    if (!calc) return;
    const formula = JSON.parse(calc.dataset.wbbmCalc);
    const isComplete = [...card.querySelectorAll("[data-key]")].every((input) => input.value.trim());
    const found = isComplete ? share(formula, readAnswer(card)) : null;
    const without = isComplete ? "Tidak dapat dinilai" : "–";
    calc.querySelector("[data-wbbm-result]").textContent = found ? percentText(found) : without;
    calc.toggleAttribute("data-is-severe", Boolean(formula.severe_below_full && found && found[0] < found[1]));
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

  /** Put a line of evidence into the card's list, in the place of what is shown of the same document. */
  function addLine(card, html) {
    const list = card.querySelector("[data-wbbm-evidence-list]");
    const made = document.createElement("template");
    made.innerHTML = html.trim();
    const line = made.content.firstElementChild;
    if (line) {
      for (const old of [...list.querySelectorAll("[data-wbbm-link]")]) {
        if (old.dataset.document === line.dataset.document) old.remove();
      }
      list.append(line);
    }
    card.querySelector("[data-wbbm-evidence-count]").textContent = list.querySelectorAll("[data-wbbm-link]").length;
  }

  window.wbbmCard = {
    named, readAnswer, readCard, fillCard, said, setState, setMessage, announce, button, unfold, preview, showFollowing,
    addLine,
  };
})();
