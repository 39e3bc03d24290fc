/* One statement at a time. Without this script the page is one list with the same stars and one button. */
(() => {
  "use strict";

  const form = document.querySelector("[data-wbbm-survey]");
  if (!form) return;
  const find = (name) => form.querySelector(`[data-wbbm-${name}]`);
  const questions = [...form.querySelectorAll("[data-wbbm-question]")];
  const [back, forth, send, said, words, bar] =
    ["back", "forth", "send", "said", "step-words", "step-bar"].map(find);
  const chosen = (question) => question.querySelector("input:checked");
  const missing = () => questions.findIndex((question) => !chosen(question));
  const first = missing();
  const WAIT = 250;
  let at = first < 0 ? 0 : first;
  let waiting = 0;

  function tell() {
    const star = chosen(questions[at]);
    said.textContent = star ? star.getAttribute("aria-label").replace(",", ":") : "";
  }

  function show(number, moves) {
    window.clearTimeout(waiting);
    at = number;
    questions.forEach((question, place) => { question.hidden = place !== at; });
    words.textContent = `${at + 1} dari ${questions.length}`;
    bar.querySelector(".zi-bar__fill").setAttribute("width", String((100 * (at + 1)) / questions.length));
    const isLast = at === questions.length - 1;
    back.hidden = at === 0;
    forth.hidden = isLast;
    send.hidden = !isLast;
    tell();
    if (moves) (chosen(questions[at]) || questions[at].querySelector("input")).focus({ preventScroll: true });
  }

  function ask() {
    said.textContent = "Pilih bintangnya dulu.";
  }

  form.noValidate = true;
  form.classList.add("zi-survey--single");
  find("intro").classList.add("visually-hidden");
  for (const part of form.querySelectorAll("[data-wbbm-part]")) part.hidden = true;
  for (const question of questions) question.classList.remove("zi-question--missing");
  said.hidden = bar.hidden = false;

  form.addEventListener("change", tell);
  form.addEventListener("click", (event) => {
    // A tap on a star goes on by itself; arrow keys choose without leaving the statement (their clicks have no place).
    if (!(event.target instanceof HTMLInputElement) || event.target.type !== "radio") return;
    if (event.detail === 0 || at === questions.length - 1) return;
    const next = at + 1;
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => show(next, true), WAIT);
  });
  back.addEventListener("click", () => show(at - 1, true));
  forth.addEventListener("click", () => (chosen(questions[at]) ? show(at + 1, true) : ask()));
  form.addEventListener("submit", (event) => {
    const lack = missing();
    if (lack < 0) return;
    event.preventDefault();
    show(lack, true);
    ask();
  });
  // Enter in a star goes on instead of sending half a survey.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    (forth.hidden ? send : forth).click();
  });
  // The browser may bring the page back with its stars.
  window.addEventListener("pageshow", () => show(at, false));
  show(at, false);
})();
