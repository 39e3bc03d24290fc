"""A new version beside the old one: what is new, gone, reworded, reweighted, changed otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction
from typing import Any

from supervisi.instrument_cache import engine_instrument
from supervisi.models import InstrumentDraft
from supervisi.pages.moments import long_moment
from supervisi.scoring import difference
from supervisi.scoring.difference import Change, FrameChange, ItemChange
from supervisi.scoring.instrument import Formula, Instrument
from supervisi.scoring.rounding import shown
from supervisi.services.instrument_drafts import draft_instrument
from wbbm.organisasi.models import UnitKind

FRAME = "frame"
# Words in the addresses of the filters.
FILTERS = {
    difference.NEW: ("baru", "Baru"),
    difference.GONE: ("hilang", "Hilang"),
    difference.REWORDED: ("kalimat", "Kalimat"),
    difference.REWEIGHTED: ("bobot", "Bobot"),
    difference.RESCALED: ("pilihan", "Pilihan"),
    difference.MOVED: ("pindah", "Pindah"),
    difference.GUIDANCE: ("petunjuk", "Petunjuk"),
    FRAME: ("susunan", "Susunan"),
}
_ABOUT = {
    "question": "Pertanyaan", "weight": "Bobot", "scale": "Skala", "options": "Nilai pilihan",
    "severe": "Pilihan yang selalu temuan berat", "severe_below_full": "Temuan berat bila di bawah 1",
    "formula": "Rumus", "inputs": "Masukan", "node": "Simpul", "code": "Kode", "how_to_check": "Cara memeriksa",
    "rule": "Cara menghitung", "note": "Catatan", "local_guidance": "Petunjuk setempat",
    "evidence_hints": "Contoh bukti", "name": "Nama", "label": "Sebutan", "is_official": "Resmi",
    "unit_kinds": "Jenis satuan", "nodes": "Simpul",
    "when_empty": "Bila tidak dapat dinilai", "parent_code": "Di bawah", "measure": "Ukuran", "required": "Batas",
    "level": "Tingkat",
}  # fmt: skip
_PARTS = {
    "head": "Kepala", "node": "Simpul", "area": "Area", "predicate": "Predikat", "gate": "Ambang",
    "condition": "Syarat",
}  # fmt: skip
_SCALES = {"yes_no": "Ya/Tidak", "percent": "persen", "index": "indeks"}
_WORDS = {
    "sum": "jumlah", "mean": "rerata", "zero": "tidak bernilai", "full": "penuh", "score": "nilai", "percent": "persen",
    "unit": "satuan", "agency": "instansi", "": "tidak ada",
}  # fmt: skip
_SIGNS = re.compile(r"\s+")
_SHORT = 24
# Below, old and new are shown as they are: marking every other word tells nothing.
_WORTH_MARKING = 0.4


@dataclass(frozen=True)
class Part:
    """A piece of text, and whether the other side lacks it."""

    text: str
    is_changed: bool


@dataclass(frozen=True)
class Line:
    """One fact: what it is about, before and after."""

    about: str
    old: tuple[Part, ...]
    new: tuple[Part, ...]

    @property
    def is_short(self) -> bool:
        """Tell whether both sides stand in one line of a phone."""
        return all(sum(len(part.text) for part in side) <= _SHORT for side in (self.old, self.new))


@dataclass(frozen=True)
class ItemLine:
    """One item that differs."""

    code: str
    old_code: str
    question: str
    # Not where the line of its wording tells it, before and after.
    shows_question: bool
    tags: tuple[str, ...]
    # Points that it is worth, of an item that is new or gone.
    worth: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class FrameLine:
    """Something beside the items that differs."""

    title: str
    tag: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Filter:
    """One kind of change, with its number."""

    key: str
    label: str
    count: int
    is_current: bool


@dataclass(frozen=True)
class DraftPage:
    """What the page shows."""

    draft: InstrumentDraft
    uploaded_at: str
    filters: tuple[Filter, ...]
    chosen: str
    items: tuple[ItemLine, ...]
    frame: tuple[FrameLine, ...]
    same: int
    old_count: int
    new_count: int


def read_draft(draft: InstrumentDraft, chosen: str) -> DraftPage:
    """Compare a draft with the version that it follows; `chosen` is a filter's word, or nothing."""
    old, new = engine_instrument(draft.base), draft_instrument(draft)
    found = difference.compare(old, new, draft.pairs)
    kind = next((kind for kind, (key, _) in FILTERS.items() if key == chosen), None)
    items = () if kind == FRAME else tuple(each for each in found.items if kind is None or kind in each.kinds)
    return DraftPage(
        draft=draft,
        uploaded_at=long_moment(draft.uploaded_at, draft.unit),
        filters=tuple(
            Filter(key, label, len(found.frame) if each == FRAME else found.count(each), each == kind)
            for each, (key, label) in FILTERS.items()
        ),
        chosen=chosen if kind is not None else "",
        items=tuple(_item(each, old, new) for each in items),
        frame=tuple(_frame(each, old, new) for each in found.frame) if kind in {None, FRAME} else (),
        same=found.same,
        old_count=len(old.items),
        new_count=len(new.items),
    )


def _item(change: ItemChange, old: Instrument, new: Instrument) -> ItemLine:
    side, item = (new, change.new) if change.new is not None else (old, change.old)
    assert item is not None  # one of the two is there
    is_single = change.old is None or change.new is None
    before = change.old.code if change.old is not None else ""
    return ItemLine(
        code=item.code,
        old_code=before if before != item.code else "",
        question=item.question,
        shows_question=all(each.about != "question" for each in change.changes),
        tags=tuple(label for kind, (_, label) in FILTERS.items() if kind in change.kinds),
        worth=shown(difference.share_of(side, item)) if is_single else "",
        lines=tuple(_line(each) for each in change.changes),
    )


def _frame(change: FrameChange, old: Instrument, new: Instrument) -> FrameLine:
    labels = {rule.code: rule.label for rule in (*old.predicates, *new.predicates)}
    named = _name(change, new) or _name(change, old)
    about = f"{named}: {labels[change.of]}" if change.of else named
    title = " ".join(filter(None, [_PARTS[change.part], change.code, about]))
    tag = {difference.NEW: "Baru", difference.GONE: "Hilang"}.get(change.changes[0].kind, "")
    return FrameLine(title, tag, tuple(_line(each) for each in change.changes))


def _name(change: FrameChange, side: Instrument) -> str:
    """Return what a part is called on one side; nothing where it isn't there."""
    rule = next((each for each in side.predicates if each.code == change.of), None)
    named: dict[str, dict[str, str]] = {
        "node": {code: node.name for code, node in side.nodes.items()},
        "area": {area.key: area.label for area in side.areas},
        "predicate": {each.code: each.label for each in side.predicates},
        "gate": {gate.code: gate.label for gate in rule.gates} if rule is not None else {},
        "condition": {each.code: each.label for each in rule.conditions} if rule is not None else {},
    }
    return named.get(change.part, {}).get(change.code, "")


def _line(change: Change) -> Line:
    about = _ABOUT.get(change.about, "")
    if not about:
        about = f"Kriteria {change.about.removeprefix('option ')}"
    if isinstance(change.old, Fraction) and isinstance(change.new, Fraction):
        return Line(about, *_numbers(change.old, change.new))
    old, new = _text(change.old), _text(change.new)
    return Line(about, *marked(old, new))


def _numbers(old: Fraction, new: Fraction) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    places = next((n for n in range(2, 9) if shown(old, places=n) != shown(new, places=n)), 9)
    first, second = shown(old, places=places), shown(new, places=places)
    sign = "+" if new > old else "\N{MINUS SIGN}"
    return (Part(first, False),), (Part(f"{second} ({sign}{shown(abs(new - old), places=places)})", False),)


def _text(value: Any) -> str:
    writer = _WRITERS.get(type(value))
    return writer(value) if writer is not None else str(value)


def _tuple(values: tuple[Any, ...]) -> str:
    if not values:
        return "tidak ada"
    if isinstance(values[0], tuple):
        # Letters with their values, or inputs with their labels.
        return "; ".join(f"{_text(key)} = {_text(value)}" for key, value in values)
    return "; ".join(_text(value) for value in values)


def _word(text: str) -> str:
    kinds: dict[str, str] = {kind.value: str(kind.label) for kind in UnitKind}
    if text in kinds:
        return kinds[text]
    if text in _SCALES or text in _WORDS:
        return _SCALES.get(text) or _WORDS[text]
    if re.fullmatch("abc?d?e?", text):
        return f"A sampai {text[-1].upper()}"
    return text


def _formula(formula: Formula) -> str:
    if formula.kind == "ratio":
        return f"{formula.numerator} ÷ ({' + '.join(formula.denominators)})"
    if formula.kind == "decline":
        return f"({formula.before} - {formula.now}) ÷ {formula.before}"
    return f"indeks 0 sampai {_fraction(formula.maximum)}"


def _fraction(value: Fraction) -> str:
    text = shown(value, places=4).rstrip("0").rstrip(",")
    return text or "0"


_WRITERS: dict[type, Callable[[Any], str]] = {
    tuple: _tuple,
    str: _word,
    Formula: _formula,
    Fraction: _fraction,
    bool: lambda value: "ya" if value else "tidak",
    type(None): lambda _: "tidak ada",
}


def marked(old: str, new: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Return both texts in pieces: what the other side lacks is marked, word by word."""
    first, second = _SIGNS.split(old), _SIGNS.split(new)
    match = SequenceMatcher(None, first, second, autojunk=False)
    if match.ratio() < _WORTH_MARKING:
        return (Part(old, False),), (Part(new, False),)
    before, after = [], []
    for kind, a, b, c, d in match.get_opcodes():
        if a < b:
            before.append(Part(" ".join(first[a:b]) + " ", kind != "equal"))
        if c < d:
            after.append(Part(" ".join(second[c:d]) + " ", kind != "equal"))
    return tuple(before), tuple(after)
