"""Amounts of rupiah in what people write: "Rp150.000", "200 ribu", "1,5 juta", "dua ratus ribu". Pure."""

from __future__ import annotations

import re

_SCALES = {
    "ribu": 1_000, "rb": 1_000, "rbu": 1_000, "rebu": 1_000, "k": 1_000, "juta": 1_000_000, "jt": 1_000_000,
}  # fmt: skip
_ONES = {
    "nol": 0, "satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5, "enam": 6, "tujuh": 7, "delapan": 8,
    "sembilan": 9, "sepuluh": 10, "sebelas": 11,
}  # fmt: skip
_FIGURES = re.compile(
    r"(?<![\w.,])(?P<rp>rp\.?\s*)?(?P<number>\d{1,3}(?:[.,]\d{3})+|\d+(?:,\d{1,2}|\.\d{1,2})?)(?:,-|,00)?"
    r"\s*(?P<scale>ribu|rbu|rebu|rb|k|juta|jt)?(?:an)?(?P<rupiah>\s*rupiah)?(?![\w])",
    re.IGNORECASE,
)
# A comma or a full stop ends a number.
_WORDS = re.compile(r"[a-z]+|[,.;!?\n]")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
MOST = 100_000_000_000


def amounts_in(text: str) -> tuple[int, ...]:
    """Return the amounts that a text names, each once, in their order; small bare numbers are no money."""
    found = [*_in_figures(text), *_in_words(text)]
    return tuple(dict.fromkeys(amount for amount in found if 0 < amount <= MOST))


def _in_figures(text: str) -> list[int]:
    found = []
    for match in _FIGURES.finditer(text):
        number, scale = match["number"], (match["scale"] or "").lower()
        is_grouped = bool(_THOUSANDS.fullmatch(number))
        # "10.000" and "75000" are money by their look alone; "25 menit" and "2026" are not.
        is_round = len(number) >= 5 and number.isdigit() and number.endswith("000")
        if not (match["rp"] or scale or match["rupiah"] or is_grouped or is_round):
            continue
        if is_grouped and not (scale and number.count(".") + number.count(",") == 1):
            value = float(re.sub(r"[.,]", "", number))
        else:
            value = float(number.replace(",", "."))
        found.append(round(value * _SCALES.get(scale, 1)))
    return found


def _in_words(text: str) -> list[int]:
    """Read runs of number words that end in hundreds, thousands or millions."""
    found: list[int] = []
    run: list[str] = []
    for word in [*_WORDS.findall(text.lower()), ""]:
        if word in _ONES or word in _LARGE or word in _WHOLE:
            run.append(word)
            continue
        found += _value(run)
        run = []
    return found


# "se-" words, and what multiplies what stands before it.
_WHOLE = {"seratus": 100, "seribu": 1_000, "sejuta": 1_000_000, "setengah": 0}
_LARGE = {"belas", "puluh", "ratus", "ribu", "rb", "rebu", "juta", "jt"}


def _value(run: list[str]) -> list[int]:
    if not any(word in {"ribu", "rb", "rebu", "juta", "jt", "ratus", "seratus", "seribu", "sejuta"} for word in run):
        return []
    if run[0] in _SCALES:
        return []  # the scale of a figure that was read already
    if run[:1] == ["setengah"]:
        return [_SCALES[run[1]] // 2] if run[1] in _SCALES else []
    total = part = ones = 0
    for word in run:
        if word in _ONES:
            ones = _ONES[word]
            part += ones
        elif word == "belas":
            part += 10
        elif word in {"puluh", "ratus"}:
            part += ones * ((10 if word == "puluh" else 100) - 1)
            ones = 0
        elif word == "seratus":
            part += 100
        elif word in {"seribu", "sejuta"}:
            total += _WHOLE[word]
        elif word in _SCALES:
            total += (part or 1) * _SCALES[word]
            part = ones = 0
    amount = total + part
    return [amount] if amount >= 1_000 else []
