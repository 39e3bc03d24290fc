"""Hold rows of units against what is stored and against each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from wbbm.organisasi.errors import OrganisationError
from wbbm.organisasi.models import Role, Unit, UnitKind, User
from wbbm.organisasi.models.units import TimeZone
from wbbm.organisasi.services.units import check_facts

from .columns import UNIT_COLUMNS
from .rows import CHANGED, NEW, SAME, CellFault, CheckedRow, day_text, likely, read_day, read_degrees
from .tables import RawRow

_LABEL = {column.key: column.label for column in UNIT_COLUMNS}
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_ZONES = {label.lower(): value for value, label in TimeZone.choices} | {
    value.lower(): value for value in TimeZone.values
}
_OUT_OF_REACH = "tidak dikenal atau di luar wilayah Anda."


def units_in_reach(by: User) -> dict[str, Unit]:
    """Return the units that the admin writes, by code."""
    return {unit.code: unit for unit in Unit.objects.filter(by.scope.within("path", Role.ADMIN))}


def _zone(text: str) -> str:
    if not text:
        return ""
    zone = _ZONES.get(text.lower())
    if zone is None:
        raise CellFault("harus WIB, WITA atau WIT.")
    return zone


_READERS: dict[str, Callable[[str], Any]] = {
    "latitude": lambda text: read_degrees(text, 90),
    "longitude": lambda text: read_degrees(text, 180),
    "own_time_zone": _zone,
    "active_from": read_day,
    "active_to": read_day,
}


class UnitCheck:
    """Checks all rows of one file."""

    def __init__(self, by: User, raw: list[RawRow]) -> None:
        self.raw = raw
        self.known = units_in_reach(by)
        self.by_path = {unit.path: unit for unit in self.known.values()}
        codes = [row.values.get("code", "").lower() for row in raw]
        self.taken = set(Unit.objects.filter(code__in=codes).order_by().values_list("code", flat=True))
        self.first_line: dict[str, int] = {}
        self.in_file = {row.values.get("code", "").lower(): row for row in raw}

    def run(self) -> list[CheckedRow]:
        """Return the rows, checked, in the order in which they can be written: parents first."""
        checked = [self._check(row) for row in self.raw]
        self._refuse_circles(checked)
        rows = {row.facts.get("code"): row for row in checked if row.facts}
        depths = {id(row): self._depth(row, rows) for row in checked}
        return sorted(checked, key=lambda row: depths[id(row)])

    def _depth(self, row: CheckedRow, rows: dict[Any, CheckedRow]) -> int:
        depth, above = 0, rows.get(row.facts.get("parent"))
        while above is not None and depth < len(rows):
            depth, above = depth + 1, rows.get(above.facts.get("parent"))
        return depth

    def _check(self, raw: RawRow) -> CheckedRow:
        row = CheckedRow(raw.line, raw.values)
        for key, message in raw.faults.items():
            row.refuse(_LABEL[key], raw.values[key], message)
        code = raw.values.get("code", "").lower()
        self._check_code(row, code)
        unit = self.known.get(code)
        facts = self._read(row, unit) | {"code": code}
        parent_kind = self._check_parent(row, facts, unit)
        if not row.faults:
            try:
                check_facts(facts, parent_kind=parent_kind)
            except OrganisationError as refusal:
                row.refuse(_LABEL["kind"], raw.values.get("kind", ""), refusal.message)
        ends = facts.get("active_to")
        if unit is not None and ends is not None and ends != unit.active_to:
            message = "ditutup di halaman Ubah satuan, supaya temuan dan penugasannya ikut. Kosongkan."
            row.refuse(_LABEL["active_to"], day_text(ends), message)
        if not row.faults:
            row.facts = facts
            self._compare(row, unit)
        return row

    def _check_code(self, row: CheckedRow, code: str) -> None:
        typed = row.values.get("code", "")
        if not _SLUG.fullmatch(code) or len(code) > 40:
            row.refuse(_LABEL["code"], typed, "harus huruf kecil, angka dan tanda hubung, paling banyak 40.")
        elif code in self.first_line:
            row.refuse(_LABEL["code"], typed, f"sudah ada di baris {self.first_line[code]}. Sisakan satu.")
        elif code in self.taken and code not in self.known:
            row.refuse(_LABEL["code"], typed, "sudah dipakai satuan lain. Pilih kode lain.")
        self.first_line.setdefault(code, row.line)

    def _read(self, row: CheckedRow, unit: Unit | None) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        name = re.sub(r"\s+", " ", row.values.get("name", "")).strip()
        if not name or len(name) > 120:
            row.refuse(_LABEL["name"], name[:60], "wajib diisi, paling banyak 120 huruf.")
        facts["name"] = name
        kind = row.values.get("kind", "").lower()
        if kind not in UnitKind.values:
            row.refuse(_LABEL["kind"], kind, "harus mabes, polda, polres, polsek atau satfung.")
        facts["kind"] = kind
        for key, read in _READERS.items():
            if key not in row.values:
                facts[key] = getattr(unit, key) if unit is not None else read("")
                continue
            try:
                facts[key] = read(row.values[key])
            except CellFault as fault:
                row.refuse(_LABEL[key], row.values[key], str(fault))
        return facts

    def _check_parent(self, row: CheckedRow, facts: dict[str, Any], unit: Unit | None) -> str | None:
        """Note the parent's code in the facts (empty: as it is) and return the parent's kind."""
        typed = row.values.get("parent", "")
        code = typed.lower()
        facts["parent"] = code
        if not code:
            if unit is None:
                row.refuse(_LABEL["parent"], "", "wajib diisi untuk satuan baru.")
                return None
            above = self.by_path.get(unit.parent_path)
            if above is not None:
                facts["parent"] = above.code
                return self._kind_of(above.code, above.kind)
            # The unit above is out of reach: the kind can't be checked against it, so it stays.
            if facts["kind"] != unit.kind:
                row.refuse(_LABEL["kind"], facts["kind"], "hanya dapat diubah admin satuan di atasnya.")
            stored = Unit.objects.get_parent(unit)
            return stored.kind if stored is not None else None
        if code in self.known:
            return self._kind_of(code, self.known[code].kind)
        if code in self.in_file:
            return self._kind_of(code, "")
        row.refuse(_LABEL["parent"], typed, _OUT_OF_REACH + likely(code, [*self.known, *self.in_file]))
        return None

    def _kind_of(self, code: str, stored: str) -> str:
        """A parent that stands in the file as well has the kind that it gets there."""
        raw = self.in_file.get(code)
        return raw.values.get("kind", "").lower() if raw is not None else stored

    def _compare(self, row: CheckedRow, unit: Unit | None) -> None:
        if unit is None:
            row.state, row.remark = NEW, f"Satuan baru di bawah {row.facts['parent']}"
            return
        above = self.by_path.get(unit.parent_path)
        stored = {key: getattr(unit, key) for key in ("name", "kind", *_READERS)}
        stored["parent"] = above.code if above is not None else ""
        parts = [
            f"{_LABEL[key]}: {_shown(old)} → {_shown(row.facts[key])}"
            for key, old in stored.items()
            if old != row.facts[key]
        ]
        row.state = CHANGED if parts else SAME
        row.remark = "; ".join(parts) or "Tidak ada perubahan"

    def _refuse_circles(self, checked: list[CheckedRow]) -> None:
        """A unit can't end below itself, also not by two rows together."""
        above = {unit.code: up.code for unit in self.known.values() if (up := self.by_path.get(unit.parent_path))}
        above |= {row.facts["code"]: row.facts["parent"] for row in checked if row.facts.get("parent")}
        for row in checked:
            seen: set[str] = set()
            code: str | None = row.facts.get("code")
            while code and code not in seen:
                seen.add(code)
                code = above.get(code)
            if code and row.facts.get("parent"):
                row.refuse(_LABEL["parent"], row.facts["parent"], "membuat satuan berada di bawah dirinya sendiri.")
                row.facts = {}


def _shown(value: Any) -> str:
    if value in (None, ""):
        return "kosong"
    if hasattr(value, "isoformat"):
        return day_text(value)
    return str(value).replace(".", ",") if hasattr(value, "quantize") else str(value)
