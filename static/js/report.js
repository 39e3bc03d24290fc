/* Work for a form under /lapor/: find a number whose SHA-256 begins with so many zero bits. No address is counted there;
   whoever sends pays with a moment of his device. Without this script the forms work too, after a short wait. */
(() => {
  "use strict";

  const K = [];
  const FIRST = [];
  for (let candidate = 2; K.length < 64; candidate += 1) {
    let isPrime = true;
    for (let factor = 2; factor * factor <= candidate; factor += 1) if (candidate % factor === 0) isPrime = false;
    if (!isPrime) continue;
    const part = (root) => ((root - Math.floor(root)) * 4294967296) | 0;
    if (FIRST.length < 8) FIRST.push(part(Math.sqrt(candidate)));
    K.push(part(Math.cbrt(candidate)));
  }
  const words = new Int32Array(64);
  const turn = (value, by) => (value >>> by) | (value << (32 - by));

  /** Return the first word of the SHA-256 of an ASCII text. */
  function firstWord(text) {
    const blocks = ((text.length + 8) >> 6) + 1;
    const input = new Int32Array(blocks * 16);
    for (let at = 0; at < text.length; at += 1) input[at >> 2] |= text.charCodeAt(at) << (24 - (at % 4) * 8);
    input[text.length >> 2] |= 0x80 << (24 - (text.length % 4) * 8);
    input[input.length - 1] = text.length * 8;
    const state = FIRST.slice();
    for (let block = 0; block < blocks; block += 1) {
      let [a, b, c, d, e, f, g, h] = state;
      for (let round = 0; round < 64; round += 1) {
        if (round < 16) {
          words[round] = input[block * 16 + round];
        } else {
          const x = words[round - 15];
          const y = words[round - 2];
          const s0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
          const s1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
          words[round] = words[round - 16] + s0 + words[round - 7] + s1;
        }
        const t1 = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[round] + words[round]) | 0;
        const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
      }
      [a, b, c, d, e, f, g, h].forEach((value, at) => { state[at] = (state[at] + value) | 0; });
    }
    return state[0] >>> 0;
  }

  /** Find the number in slices, so that the page stays alive. */
  function work(challenge, subject, bits) {
    return new Promise((done) => {
      let number = 0;
      const slice = () => {
        for (const end = number + 1500; number < end; number += 1) {
          if (firstWord(`${challenge}:${subject}:${number}`) >>> (32 - bits) === 0) {
            done(String(number));
            return;
          }
        }
        setTimeout(slice, 0);
      };
      slice();
    });
  }

  /** The same reading of a typed code as on the server. */
  function typedCode(text) {
    const kept = text.slice(0, 200).toUpperCase().replace(/[^A-Z0-9]/g, "");
    return kept.replace(/[IL]/g, "1").replace(/O/g, "0").slice(0, 31);
  }

  for (const form of document.querySelectorAll("form[data-wbbm-work]")) {
    const proof = form.querySelector("[data-wbbm-proof]");
    const state = form.querySelector("[data-wbbm-work-state]");
    const named = form.dataset.wbbmWork;
    const subject = () => (named ? typedCode(form.elements[named].value) : "");
    const begin = () => work(proof.dataset.challenge, subject(), Number(proof.dataset.bits));
    // What depends on nothing that is typed is done while the person writes.
    let running = named || proof.value ? null : begin();
    let isSending = false;
    form.addEventListener("submit", (event) => {
      if (!named && proof.value) return;
      event.preventDefault();
      if (isSending) return;
      isSending = true;
      if (state) state.textContent = "Sebentar, sedang disiapkan di perangkat Anda.";
      (running || begin()).then((found) => {
        proof.value = found;
        running = null;
        isSending = false;
        if (state) state.textContent = "";
        form.submit();
      });
    });
  }
})();
