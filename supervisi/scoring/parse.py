"""Reading an instrument from its document (the content of a YAML file), with every fault named by its code."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .instrument import (
    SCALES,
    TOTAL,
    Area,
    Condition,
    Formula,
    Gate,
    Input,
    Instrument,
    InstrumentFaults,
    Item,
    Node,
    Option,
    PredicateRule,
    TeamPart,
)
from .shapes import check_shapes
from .validate import check_instrument, plain

# A weight, a value, a gate. Never an exponent: `1e999999999` would be a gigabyte of digits.
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,12}|/[0-9]{1,9})?")
# More than any instrument says of days, minutes or rows.
_MOST_WHOLE = 100_000

_FORMULA_KEYS = {
    "ratio": {"kind", "numerator", "denominators"},
    "decline": {"kind", "before", "now"},
    "index": {"kind", "maximum"},
}
_INPUT_KEYS = {"key", "label", "suggested_minimum", "template_row", "portal_id"}
_ITEM_KEYS = {
    "code", "question", "scale", "criteria", "formula", "inputs", "weight", "severe_options", "severe_below_full",
    "how_to_check", "rule", "note", "local_guidance", "evidence_hints", "supports", "effort_days", "minutes",
    "wants_photo", "template_row", "portal_id", "official_letter",
}  # fmt: skip
_NODE_KEYS = {
    "code", "name", "weight", "rule", "when_empty", "children", "items", "template_row", "kind", "supports",
}  # fmt: skip


@dataclass
class _Reader:
    """Reads one document; collects faults instead of stopping at the first."""

    document: dict[str, Any]
    faults: list[tuple[str, str]] = field(default_factory=list)
    seen: set[str] = field(default_factory=lambda: {TOTAL})
    scales: dict[str, dict[str, Fraction]] = field(default_factory=dict)
    area_of_node: dict[str, str] = field(default_factory=dict)
    # (code, code of the supported instrument that it points to)
    pointers: list[tuple[str, str]] = field(default_factory=list)
    position: int = 0
    # What is being read: where a part that is missing is missing.
    place: str = "berkas"

    def fault(self, code: str, text: str) -> None:
        self.faults.append((code, text))

    def fraction(self, code: str, value: Any) -> Fraction:
        text = str(value)
        try:
            if _NUMBER.fullmatch(text):
                return Fraction(text)
        except ZeroDivisionError:
            pass
        self.fault(code, f"{text[:40]!r} bukan bilangan")
        return Fraction()

    def weight(self, code: str, value: Any) -> Fraction:
        weight = self.fraction(code, value)
        if weight <= 0:
            self.fault(code, "bobot harus di atas 0")
        return weight

    def once(self, code: str) -> None:
        if code in self.seen:
            self.fault(code, "kode dipakai dua kali")
        self.seen.add(code)

    def known(self, code: str, raw: dict[str, Any], keys: set[str]) -> None:
        for key in raw:
            if key not in keys:
                self.fault(code, f"kunci {key!r} tidak dikenal")

    def texts(self, code: str, key: str, raw: dict[str, Any]) -> tuple[str, ...]:
        found = raw.get(key, [])
        if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
            self.fault(code, f"{key} harus berupa daftar teks")
            return ()
        return tuple(found)

    def text(self, code: str, key: str, value: Any) -> str:
        if not isinstance(value, str):
            self.fault(code, f"{key} harus berupa teks")
            return ""
        return value

    def whole(self, code: str, key: str, raw: dict[str, Any]) -> int | None:
        found = raw.get(key)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= _MOST_WHOLE:
            self.fault(code, f"{key} harus bilangan bulat 0 atau lebih")
            return None
        return found

    def supports(self, code: str, raw: dict[str, Any]) -> tuple[str, ...]:
        codes = self.texts(code, "supports", raw)
        self.pointers += [(code, other) for other in codes]
        return codes

    # --- items --------------------------------------------------------------------------------

    def item(self, raw: dict[str, Any], node_code: str, area_key: str) -> Item:
        code = self.place = str(raw.get("code", "?"))
        self.once(code)
        self.known(code, raw, _ITEM_KEYS)
        if not raw.get("question"):
            self.fault(code, "pertanyaannya kosong")
        if raw.get("severe_below_full") and raw.get("scale") != "percent":
            self.fault(code, "severe_below_full hanya untuk skala percent")
        if not code.startswith(f"{node_code}."):
            self.fault(code, f"kode tidak berada di bawah {node_code}")
        scale = raw.get("scale")
        if scale not in SCALES:
            self.fault(code, f"skala {scale!r} tidak dikenal")
        self.position += 1
        return Item(
            code=code,
            question=self.text(code, "question", raw.get("question", "")),
            scale=str(scale),
            node_code=node_code,
            area_key=area_key,
            position=self.position,
            options=self.options(code, str(scale), raw),
            inputs=self.inputs(code, raw),
            formula=self.formula(code, str(scale), raw),
            weight=self.weight(code, raw["weight"]) if "weight" in raw else None,
            severe_below_full=bool(raw.get("severe_below_full", False)),
            how_to_check=self.text(code, "how_to_check", raw.get("how_to_check", "")),
            rule=self.text(code, "rule", raw.get("rule", "")),
            note=self.text(code, "note", raw.get("note", "")),
            local_guidance=self.text(code, "local_guidance", raw.get("local_guidance", "")),
            evidence_hints=self.texts(code, "evidence_hints", raw),
            supports=self.supports(code, raw),
            effort_days=self.whole(code, "effort_days", raw),
            minutes=self.whole(code, "minutes", raw),
            wants_photo=bool(raw.get("wants_photo", False)),
            template_row=self.whole(code, "template_row", raw),
        )

    def options(self, code: str, scale: str, raw: dict[str, Any]) -> tuple[Option, ...]:
        values = self.scales.get(scale, {})
        criteria = raw.get("criteria", {})
        severe = self.texts(code, "severe_options", raw)
        if set(criteria) != set(values):
            self.fault(code, f"kriteria {sorted(criteria)} tidak sama dengan pilihan skala {sorted(values)}")
        for letter in severe:
            if letter not in values:
                self.fault(code, f"pemicu berat {letter!r} bukan pilihan skala")
        return tuple(
            Option(letter, value, str(criteria.get(letter, "")), letter in severe) for letter, value in values.items()
        )

    def inputs(self, code: str, raw: dict[str, Any]) -> tuple[Input, ...]:
        found = []
        for entry in raw.get("inputs", ()):
            self.known(code, entry, _INPUT_KEYS)
            key, label = (self.text(code, name, entry[name]) for name in ("key", "label"))
            numbers = (self.whole(code, name, entry) for name in ("suggested_minimum", "template_row"))
            found.append(Input(key, label, *numbers))
        keys = [entry.key for entry in found]
        if len(keys) != len(set(keys)):
            self.fault(code, "kunci masukan dipakai dua kali")
        return tuple(found)

    def formula(self, code: str, scale: str, raw: dict[str, Any]) -> Formula | None:
        given = raw.get("formula")
        if scale not in {"percent", "index"}:
            if given is not None or "inputs" in raw:
                self.fault(code, "rumus dan masukan hanya untuk skala percent dan index")
            return None
        given = given if isinstance(given, dict) else {}
        kind = given.get("kind")
        if kind not in _FORMULA_KEYS or (scale == "index") != (kind == "index"):
            self.fault(code, f"rumus {kind!r} tidak cocok dengan skala {scale}")
            return None
        self.known(code, given, _FORMULA_KEYS[kind])
        if kind == "index":
            maximum = self.fraction(code, given.get("maximum"))
            if maximum <= 0:
                self.fault(code, "nilai terbesar indeks harus di atas 0")
            return Formula("index", maximum=maximum)
        formula = Formula(
            kind,
            numerator=str(given.get("numerator", "")),
            denominators=self.texts(code, "denominators", given),
            before=str(given.get("before", "")),
            now=str(given.get("now", "")),
        )
        if kind == "ratio" and not formula.denominators:
            self.fault(code, "rumus ratio memerlukan penyebut")
        named = [formula.numerator, *formula.denominators] if kind == "ratio" else [formula.before, formula.now]
        keys = [entry.get("key") for entry in raw.get("inputs", ())]
        for name in named:
            if name not in keys:
                self.fault(code, f"rumus menyebut masukan {name!r} yang tidak ada")
        if len(named) != len(set(named)):
            self.fault(code, "rumus menyebut satu masukan dua kali")
        return formula

    # --- nodes --------------------------------------------------------------------------------

    def node(self, raw: dict[str, Any], parent: str, depth: int, area_key: str) -> Node:
        code = self.place = str(raw.get("code", "?"))
        self.once(code)
        self.known(code, raw, _NODE_KEYS)
        self.supports(code, raw)
        if area_key and code in self.area_of_node:
            self.fault(code, f"simpul sudah termasuk area {area_key}")
        area_key = self.area_of_node.get(code, area_key)
        node = Node(
            code=code,
            name=self.text(code, "name", raw.get("name", "")),
            weight=self.weight(code, raw.get("weight")),
            rule=str(raw.get("rule", "")),
            when_empty=str(raw.get("when_empty", "zero")),
            depth=depth,
            children=tuple(self.node(child, code, depth + 1, area_key) for child in raw.get("children", ())),
            items=tuple(self.item(entry, code, area_key) for entry in raw.get("items", ())),
            parent_code=parent,
        )
        self.check_node(node)
        return node

    def check_node(self, node: Node) -> None:
        if node.rule not in {"sum", "mean"}:
            self.fault(node.code, f"cara hitung {node.rule!r} tidak dikenal")
        if node.when_empty not in {"zero", "full"}:
            self.fault(node.code, f"when_empty {node.when_empty!r} tidak dikenal")
        if bool(node.children) == bool(node.items):
            self.fault(node.code, "simpul harus berisi simpul atau butir, tidak keduanya dan tidak kosong")
        if node.rule == "mean" and node.children:
            self.fault(node.code, "rerata hanya untuk simpul yang berisi butir")
        if node.rule == "mean" and any(item.weight is not None for item in node.items):
            self.fault(node.code, "butir pada rerata tidak membawa bobot sendiri")
        if node.rule == "sum":
            for item in node.items:
                if item.weight is None:
                    self.fault(item.code, "butir di bawah simpul yang dijumlahkan memerlukan bobot")
            parts = [child.weight for child in node.children] + [item.weight or Fraction() for item in node.items]
            if sum(parts, Fraction()) != node.weight:
                self.fault(node.code, f"bobot bagian {plain(sum(parts, Fraction()))}, seharusnya {plain(node.weight)}")

    # --- areas, gates ---------------------------------------------------------------------------

    def areas(self) -> tuple[Area, ...]:
        found: list[Area] = []
        for raw in self.document.get("areas", ()):
            key = self.place = str(raw["key"])
            if key in {area.key for area in found}:
                self.fault(key, "kunci area dipakai dua kali")
            label = self.text(key, "label", raw["label"])
            short = self.text(key, "short", raw.get("short", label))
            found.append(Area(key, label, short, self.texts(key, "nodes", raw)))
            for code in found[-1].nodes:
                if code in self.area_of_node:
                    self.fault(code, "simpul berada pada dua area")
                self.area_of_node[code] = key
        return tuple(found)

    def predicate(self, raw: dict[str, Any]) -> PredicateRule:
        code = self.place = str(raw["code"])
        gates = []
        for gate in raw.get("gates", ()):
            self.place = place = str(gate["code"])
            label, measure = (self.text(place, name, gate[name]) for name in ("label", "measure"))
            gates.append(Gate(place, label, measure, self.fraction(place, gate["required"])))
        conditions = []
        for entry in raw.get("conditions", ()):
            self.place = str(entry["code"])
            label, level = (self.text(self.place, name, entry[name]) for name in ("label", "level"))
            source = self.text(self.place, "source", entry.get("source", ""))
            conditions.append(Condition(self.place, label, level, source))
        return PredicateRule(code, self.text(code, "label", raw["label"]), tuple(gates), tuple(conditions))

    def team_part(self, raw: dict[str, Any]) -> TeamPart:
        self.place = f"tim {raw.get('number', '?')}"
        number, minutes = (self.whole(self.place, name, raw) or 0 for name in ("number", "minutes"))
        role = self.text(self.place, "role", raw["role"])
        return TeamPart(number, role, self.texts(self.place, "nodes", raw), minutes)

    def read_scales(self) -> None:
        for scale, letters in self.document["scales"].items():
            self.place = str(scale)
            if scale not in SCALES:
                self.fault(scale, "skala tidak dikenal")
            self.scales[scale] = {str(letter): self.fraction(scale, value) for letter, value in letters.items()}
            if any(not 0 <= value <= 1 for value in self.scales[scale].values()):
                self.fault(scale, "nilai pilihan harus di antara 0 dan 1")


def parse_instrument(
    document: dict[str, Any], *, name: str | None = None, supported_codes: Collection[str] | None = None
) -> Instrument:
    """Build the instrument of a document.

    Args:
        document: content of an instrument file.
        name: name of the file, for faults.
        supported_codes: item and node codes of the instrument that items may point to; None leaves it unchecked.

    Raises:
        InstrumentFaults: every fault found, each with the code at which it stands.
    """
    name = name or f"{document.get('code', '?')}.yaml"
    reader = _Reader(document)
    try:
        instrument = _read(reader)
        reader.place = "berkas"
        reader.faults += check_instrument(instrument, document)
        reader.faults += check_shapes(instrument)
    except KeyError as fault:
        raise InstrumentFaults(name, [*reader.faults, (reader.place, f"{fault.args[0]!r} tidak ada")]) from fault
    except (TypeError, AttributeError, ValueError) as fault:
        said = "bentuknya salah; bandingkan dengan berkas lain"
        raise InstrumentFaults(name, [*reader.faults, (reader.place, said)]) from fault
    if supported_codes is not None:
        reader.faults += [
            (code, f"mendukung {other!r} yang tidak ada")
            for code, other in reader.pointers
            if other not in supported_codes
        ]
    if reader.faults:
        raise InstrumentFaults(name, reader.faults)
    return instrument


def _read(reader: _Reader) -> Instrument:
    document = reader.document
    reader.read_scales()
    areas = reader.areas()
    reader.place = "berkas"
    root = tuple(reader.node(raw, "", 0, "") for raw in document["nodes"])
    predicates = tuple(reader.predicate(raw) for raw in document.get("predicates", ()))
    team_plan = tuple(reader.team_part(raw) for raw in document.get("team_plan", ()))
    reader.place = "berkas"
    return Instrument(
        code=str(document["code"]),
        version=str(document["version"]),
        name=reader.text("name", "name", document["name"]),
        label=reader.text("label", "label", document["label"]),
        is_official=bool(document["is_official"]),
        period_kind=reader.text("period_kind", "period_kind", document["period_kind"]),
        unit_kinds=reader.texts("unit_kinds", "unit_kinds", document),
        areas=areas,
        root=root,
        predicates=predicates,
        team_plan=team_plan,
    )
