"""Reading an instrument from its document (the content of a YAML file), with every fault named by its code."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .instrument import (
    PERCENT,
    SCALES,
    SCORE,
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

_INPUT_KINDS = {"ratio", "decline"}


@dataclass
class _Reader:
    """Reads one document; collects faults instead of stopping at the first."""

    document: dict[str, Any]
    faults: list[tuple[str, str]] = field(default_factory=list)
    seen: set[str] = field(default_factory=lambda: {TOTAL})
    scales: dict[str, dict[str, Fraction]] = field(default_factory=dict)
    area_of_node: dict[str, str] = field(default_factory=dict)
    position: int = 0

    def fault(self, code: str, text: str) -> None:
        self.faults.append((code, text))

    def fraction(self, code: str, value: Any) -> Fraction:
        try:
            return Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            self.fault(code, f"{value!r} bukan bilangan")
            return Fraction()

    def once(self, code: str) -> None:
        if code in self.seen:
            self.fault(code, "kode dipakai dua kali")
        self.seen.add(code)

    # --- items --------------------------------------------------------------------------------

    def item(self, raw: dict[str, Any], node_code: str, area_key: str) -> Item:
        code = str(raw.get("code", "?"))
        self.once(code)
        if not code.startswith(f"{node_code}."):
            self.fault(code, f"kode tidak berada di bawah {node_code}")
        scale = raw.get("scale")
        if scale not in SCALES:
            self.fault(code, f"skala {scale!r} tidak dikenal")
        self.position += 1
        return Item(
            code=code,
            question=str(raw.get("question", "")),
            scale=str(scale),
            node_code=node_code,
            area_key=area_key,
            position=self.position,
            options=self.options(code, str(scale), raw),
            inputs=self.inputs(raw),
            formula=self.formula(code, str(scale), raw),
            weight=self.fraction(code, raw["weight"]) if "weight" in raw else None,
            severe_below_full=bool(raw.get("severe_below_full", False)),
            how_to_check=raw.get("how_to_check", ""),
            rule=raw.get("rule", ""),
            note=raw.get("note", ""),
            local_guidance=raw.get("local_guidance", ""),
            evidence_hints=tuple(raw.get("evidence_hints", ())),
            supports=tuple(raw.get("supports", ())),
            effort_days=raw.get("effort_days"),
            minutes=raw.get("minutes"),
            wants_photo=bool(raw.get("wants_photo", False)),
            template_row=raw.get("template_row"),
        )

    def options(self, code: str, scale: str, raw: dict[str, Any]) -> tuple[Option, ...]:
        values = self.scales.get(scale, {})
        criteria = raw.get("criteria", {})
        severe = raw.get("severe_options", [])
        if set(criteria) != set(values):
            self.fault(code, f"kriteria {sorted(criteria)} tidak sama dengan pilihan skala {sorted(values)}")
        for letter in severe:
            if letter not in values:
                self.fault(code, f"pemicu berat {letter!r} bukan pilihan skala")
        return tuple(
            Option(letter, value, str(criteria.get(letter, "")), letter in severe) for letter, value in values.items()
        )

    def inputs(self, raw: dict[str, Any]) -> tuple[Input, ...]:
        return tuple(
            Input(entry["key"], entry["label"], entry.get("suggested_minimum"), entry.get("template_row"))
            for entry in raw.get("inputs", ())
        )

    def formula(self, code: str, scale: str, raw: dict[str, Any]) -> Formula | None:
        given = raw.get("formula")
        if scale not in {"percent", "index"}:
            if given is not None:
                self.fault(code, "rumus hanya untuk skala percent dan index")
            return None
        given = given if isinstance(given, dict) else {}
        kind = given.get("kind")
        if (scale == "index") != (kind == "index") or kind not in _INPUT_KINDS | {"index"}:
            self.fault(code, f"rumus {kind!r} tidak cocok dengan skala {scale}")
            return None
        if kind == "index":
            maximum = self.fraction(code, given["maximum"])
            if maximum <= 0:
                self.fault(code, "nilai terbesar indeks harus di atas 0")
            return Formula("index", maximum=maximum)
        formula = Formula(
            kind,
            numerator=given.get("numerator", ""),
            denominators=tuple(given.get("denominators", ())),
            before=given.get("before", ""),
            now=given.get("now", ""),
        )
        named = [formula.numerator, *formula.denominators] if kind == "ratio" else [formula.before, formula.now]
        keys = [entry.get("key") for entry in raw.get("inputs", ())]
        if len(keys) != len(set(keys)):
            self.fault(code, "kunci masukan dipakai dua kali")
        if kind == "ratio" and not formula.denominators:
            self.fault(code, "rumus ratio memerlukan penyebut")
        for name in named:
            if name not in keys:
                self.fault(code, f"rumus menyebut masukan {name!r} yang tidak ada")
        return formula

    # --- nodes --------------------------------------------------------------------------------

    def node(self, raw: dict[str, Any], parent: str, depth: int, area_key: str) -> Node:
        code = str(raw.get("code", "?"))
        self.once(code)
        if area_key and code in self.area_of_node:
            self.fault(code, f"simpul sudah termasuk area {area_key}")
        area_key = self.area_of_node.get(code, area_key)
        node = Node(
            code=code,
            name=str(raw.get("name", "")),
            weight=self.fraction(code, raw.get("weight")),
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
            parts = [child.weight for child in node.children] + [item.weight or Fraction() for item in node.items]
            if sum(parts, Fraction()) != node.weight:
                self.fault(
                    node.code, f"bobot bagian {_plain(sum(parts, Fraction()))}, seharusnya {_plain(node.weight)}"
                )

    # --- areas, gates ---------------------------------------------------------------------------

    def areas(self) -> tuple[Area, ...]:
        areas = tuple(
            Area(str(raw["key"]), raw["label"], raw.get("short", raw["label"]), tuple(raw["nodes"]))
            for raw in self.document.get("areas", ())
        )
        for area in areas:
            if area.key in {other.key for other in areas if other is not area}:
                self.fault(area.key, "kunci area dipakai dua kali")
            for code in area.nodes:
                if code in self.area_of_node:
                    self.fault(code, "simpul berada pada dua area")
                self.area_of_node[code] = area.key
        return areas

    def predicate(self, raw: dict[str, Any]) -> PredicateRule:
        gates = tuple(
            Gate(str(gate["code"]), gate["label"], gate["measure"], self.fraction(str(gate["code"]), gate["required"]))
            for gate in raw.get("gates", ())
        )
        conditions = tuple(
            Condition(entry["code"], entry["label"], entry["level"], entry.get("source", ""))
            for entry in raw.get("conditions", ())
        )
        return PredicateRule(str(raw["code"]), raw["label"], gates, conditions)


def _plain(value: Fraction) -> str:
    return f"{float(value):g}"


def parse_instrument(document: dict[str, Any], *, supported_codes: Collection[str] | None = None) -> Instrument:
    """Build the instrument of a document.

    Args:
        document: content of an instrument file.
        supported_codes: item and node codes of the instrument that items may point to; None leaves it unchecked.

    Raises:
        InstrumentFaults: every fault found, each with the code at which it stands.
    """
    name = f"{document.get('code', '?')}.yaml"
    reader = _Reader(document)
    try:
        instrument = _read(reader)
    except (KeyError, TypeError, AttributeError) as fault:
        raise InstrumentFaults(name, [*reader.faults, ("berkas", f"bagian tidak lengkap: {fault!r}")]) from fault
    _check_whole(reader, instrument, supported_codes)
    if reader.faults:
        raise InstrumentFaults(name, reader.faults)
    return instrument


def _read(reader: _Reader) -> Instrument:
    document = reader.document
    reader.scales = {
        scale: {str(letter): reader.fraction(scale, value) for letter, value in letters.items()}
        for scale, letters in document["scales"].items()
    }
    for scale in reader.scales:
        if scale not in SCALES:
            reader.fault(scale, "skala tidak dikenal")
    areas = reader.areas()
    return Instrument(
        code=str(document["code"]),
        version=str(document["version"]),
        name=document["name"],
        label=document["label"],
        is_official=bool(document["is_official"]),
        period_kind=document["period_kind"],
        unit_kinds=tuple(document["unit_kinds"]),
        areas=areas,
        root=tuple(reader.node(raw, "", 0, "") for raw in document["nodes"]),
        predicates=tuple(reader.predicate(raw) for raw in document.get("predicates", ())),
        team_plan=tuple(
            TeamPart(part["number"], part["role"], tuple(part["nodes"]), part["minutes"])
            for part in document.get("team_plan", ())
        ),
    )


def _check_whole(reader: _Reader, instrument: Instrument, supported: Collection[str] | None) -> None:
    if instrument.weight != 100:
        reader.fault(TOTAL, f"jumlah bobot {_plain(instrument.weight)}, seharusnya 100")
    for area in instrument.areas:
        for code in area.nodes:
            if code not in instrument.nodes:
                reader.fault(area.key, f"area menyebut simpul {code!r} yang tidak ada")
    for item in instrument.items:
        if not item.area_key:
            reader.fault(item.code, "butir tidak termasuk area mana pun")
        if supported is not None:
            for code in item.supports:
                if code not in supported:
                    reader.fault(item.code, f"mendukung butir {code!r} yang tidak ada")
    keys = {area.key for area in instrument.areas}
    for rule in instrument.predicates:
        for gate in rule.gates:
            known = gate.code == TOTAL or gate.code in instrument.nodes or gate.code in keys
            if not known and not instrument.has_item(gate.code):
                reader.fault(gate.code, f"ambang {rule.code} menyebut simpul yang tidak ada")
            if gate.measure not in {SCORE, PERCENT}:
                reader.fault(gate.code, f"ukuran ambang {gate.measure!r} tidak dikenal")
    _check_team(reader, instrument)


def _check_team(reader: _Reader, instrument: Instrument) -> None:
    if not instrument.team_plan:
        return
    taken: list[str] = []
    for part in instrument.team_plan:
        for code in part.nodes:
            if code not in instrument.nodes:
                reader.fault(code, f"pembagian tim {part.number} menyebut simpul yang tidak ada")
            taken += [item.code for item in instrument.items_under(code)]
    for item in instrument.items:
        if taken.count(item.code) != 1:
            reader.fault(item.code, f"diperiksa {taken.count(item.code)} orang pada pembagian tim, seharusnya satu")
