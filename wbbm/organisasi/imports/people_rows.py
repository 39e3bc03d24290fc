"""Hold rows of people and their postings against what is stored and against each other."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.db.models.functions import Lower

from wbbm.organisasi.errors import OrganisationError
from wbbm.organisasi.models import Posting, PostingKind, Role, Unit, User
from wbbm.organisasi.services.people import clean_facts, reached_people
from wbbm.organisasi.services.postings import needs_anew

from .columns import PEOPLE_COLUMNS
from .rows import CHANGED, NEW, SAME, CellFault, CheckedRow, day_text, likely, read_day
from .tables import RawRow
from .unit_rows import units_in_reach

_LABEL = {column.key: column.label for column in PEOPLE_COLUMNS}
_PERSON = ("username", "nrp", "name", "rank", "email")
_POSTING = ("role", "title", "posting_kind", "starts_on", "ends_on")
_ROLES = {role.label.lower(): role.value for role in Role} | {role.value: role.value for role in Role}
_KINDS = {kind.label.lower(): kind.value for kind in PostingKind} | {"": PostingKind.DEFINITIVE.value}
_LONGEST = {"name": 120, "rank": 40, "email": 254, "title": 120}


class PeopleCheck:
    """Checks all rows of one file."""

    def __init__(self, by: User, raw: list[RawRow]) -> None:
        self.by, self.raw = by, raw
        self.units = units_in_reach(by)
        names = {self._username(row) for row in raw}
        numbers = {_number(row) for row in raw} - {""}
        lower = User.objects.annotate(lower_name=Lower("username"))
        found = lower.filter(Q(lower_name__in=names | numbers) | Q(nrp__in=numbers | names))
        self.by_name = {person.username.lower(): person for person in found}
        self.by_number = {person.nrp: person for person in found if person.nrp}
        self.reached = reached_people(by, [person.pk for person in found])
        self.postings = {
            (posting.user_id, posting.unit_id, posting.role, posting.title.lower(), posting.starts_on): posting
            for posting in Posting.objects.filter(user__in=self.reached, withdrawn_at__isnull=True)
        }
        self.first_row: dict[str, CheckedRow] = {}
        self.owner_of_number: dict[str, str] = {}
        self.seen_postings: dict[tuple[Any, ...], int] = {}

    def run(self) -> list[CheckedRow]:
        """Return the rows, checked, in the order of the file."""
        return [self._check(row) for row in self.raw]

    def _username(self, raw: RawRow) -> str:
        return raw.values.get("username", "").strip().lower() or _number(raw)

    def _check(self, raw: RawRow) -> CheckedRow:
        row = CheckedRow(raw.line, raw.values)
        for key, message in raw.faults.items():
            row.refuse(_LABEL[key], raw.values[key], message)
        person, facts = self._check_person(row, raw)
        unit = self._check_unit(row, person)
        office = self._check_office(row, unit, person)
        if row.faults:
            return row
        row.facts = {"person": facts, "person_id": person.pk if person else None, "unit": unit, "office": office}
        self._compare(row, person, unit)
        return row

    # --- the person -------------------------------------------------------------------------------

    def _check_person(self, row: CheckedRow, raw: RawRow) -> tuple[User | None, dict[str, Any]]:
        username, number = self._username(raw), _number(raw)
        person = self.by_name.get(username)
        if person is None and number and not row.values.get("username"):
            person = self.by_number.get(number)
        if person is not None and not row.values.get("username"):
            username = person.username
        typed = {key: row.values[key] for key in _PERSON if key in row.values}
        if person is not None:
            typed = {key: getattr(person, key) for key in _PERSON} | typed
        facts = self._cleaned(row, typed | {"username": username})
        self._check_free(row, username, facts.get("nrp") or "", person)
        return person, facts

    def _cleaned(self, row: CheckedRow, typed: dict[str, Any]) -> dict[str, Any]:
        for key, most in _LONGEST.items():
            if len(str(typed.get(key) or "")) > most:
                row.refuse(_LABEL[key], str(typed[key])[:60], f"paling banyak {most} huruf.")
        if typed.get("email"):
            try:
                validate_email(typed["email"])
            except ValidationError:
                row.refuse(_LABEL["email"], typed["email"], "bukan alamat surel. Periksa, atau kosongkan.")
        try:
            return clean_facts(typed)
        except OrganisationError as refusal:
            key = next((name for name in ("nrp", "username") if refusal.message.startswith(_LABEL[name])), "name")
            row.refuse(_LABEL[key], str(typed.get(key) or ""), refusal.message.removeprefix(_LABEL[key]).strip())
            return {}

    def _check_free(self, row: CheckedRow, username: str, number: str, person: User | None) -> None:
        """User name and NRP belong to one person, in the file as well as in what is stored."""
        if person is not None and person.pk not in self.reached:
            row.refuse(_LABEL["username"], username, "sudah dipakai. Pilih yang lain.")
        other = self.by_number.get(number) or self.by_name.get(number)
        if number and other is not None and other != person:
            row.refuse(_LABEL["nrp"], number, "sudah dipakai orang lain. Periksa lagi.")
        other = self.by_number.get(username)
        if other is not None and other != person:
            row.refuse(_LABEL["username"], username, "sudah dipakai. Pilih yang lain.")
        if number and self.owner_of_number.setdefault(number, username) != username:
            row.refuse(_LABEL["nrp"], number, f"dalam berkas ini juga milik {self.owner_of_number[number]}.")
        first = self.first_row.setdefault(username, row)
        if first is not row:
            differing = [key for key in _PERSON[1:] if first.values.get(key, "") != row.values.get(key, "")]
            if differing:
                text = f"berbeda dari baris {first.line} untuk orang yang sama."
                row.refuse(_LABEL[differing[0]], row.values.get(differing[0], ""), text)

    # --- the posting ------------------------------------------------------------------------------

    def _check_unit(self, row: CheckedRow, person: User | None) -> Unit | None:
        code = row.values.get("unit", "").lower()
        if not code:
            if person is None or any(row.values.get(key) for key in _POSTING):
                row.refuse(_LABEL["unit"], "", "wajib diisi.")
            return None
        unit = self.units.get(code)
        if unit is None:
            text = "tidak dikenal atau di luar wilayah Anda." + likely(code, self.units)
            row.refuse(_LABEL["unit"], row.values["unit"], text)
        return unit

    def _check_office(self, row: CheckedRow, unit: Unit | None, person: User | None) -> dict[str, Any] | None:
        if not any(row.values.get(key) for key in _POSTING):
            return None
        values = row.values
        role = _ROLES.get(values.get("role", "").lower())
        if role is None:
            row.refuse(
                _LABEL["role"], values.get("role", ""), "harus " + ", ".join(r.label.lower() for r in Role) + "."
            )
        kind = _KINDS.get(values.get("posting_kind", "").lower())
        if kind is None:
            row.refuse(_LABEL["posting_kind"], values["posting_kind"], "harus definitif, plt atau plh.")
        title = re.sub(r"\s+", " ", values.get("title", "")).strip()
        if not title or len(title) > _LONGEST["title"]:
            row.refuse(_LABEL["title"], title[:60], "wajib diisi bila peran diisi, paling banyak 120 huruf.")
        days = {key: self._day(row, key) for key in ("starts_on", "ends_on")}
        if row.faults:
            return None
        starts, ends = days["starts_on"], days["ends_on"]
        if starts is None:
            row.refuse(_LABEL["starts_on"], "", "wajib diisi bila peran diisi.")
        elif ends is not None and ends < starts:
            row.refuse(_LABEL["ends_on"], day_text(ends), f"mendahului hari mulai ({day_text(starts)}).")
        office = {"role": role, "title": title, "kind": kind, "starts_on": starts, "ends_on": ends}
        self._check_office_once(row, office, unit, person)
        return office

    def _check_office_once(
        self, row: CheckedRow, office: dict[str, Any], unit: Unit | None, person: User | None
    ) -> None:
        if unit is None:
            return
        place = (unit.pk, office["role"], office["title"].lower(), office["starts_on"])
        first = self.seen_postings.setdefault((self._username_of(row), *place), row.line)
        if first != row.line:
            row.refuse(_LABEL["title"], office["title"], f"sudah ada di baris {first}. Sisakan satu.")
        stored = self.postings.get((person.pk, *place)) if person is not None else None
        office["posting_id"] = stored.pk if stored is not None else None
        office["is_changed"] = stored is not None and (stored.kind, stored.ends_on) != (
            office["kind"],
            office["ends_on"],
        )
        if stored is not None:
            office["title"] = stored.title
        if stored is not None and not office["is_changed"]:
            return
        if person is not None and person.pk == self.by.pk:
            row.refuse(_LABEL["title"], office["title"], "untuk diri sendiri diatur admin lain.")
        if stored is not None and needs_anew(stored, office["ends_on"]):
            row.refuse(_LABEL["ends_on"], day_text(office["ends_on"]), "tidak dapat diperpanjang. Tulis yang baru.")
        if person is not None and person.closed_at is not None:
            row.refuse(_LABEL["username"], person.username, "sudah ditutup. Buka dulu akunnya.")

    def _username_of(self, row: CheckedRow) -> str:
        return row.values.get("username", "").strip().lower() or re.sub(r"[\s.]", "", row.values.get("nrp", ""))

    def _day(self, row: CheckedRow, key: str) -> Any:
        try:
            return read_day(row.values.get(key, ""))
        except CellFault as fault:
            row.refuse(_LABEL[key], row.values[key], str(fault))
            return None

    def _compare(self, row: CheckedRow, person: User | None, unit: Unit | None) -> None:
        office = row.facts["office"]
        parts: list[str] = []
        is_first = self.first_row.get(self._username_of(row)) is row or person is not None
        if person is None:
            parts.append("Orang baru" if is_first else "Penugasan berikutnya")
        else:
            stored = {key: getattr(person, key) for key in _PERSON}
            for key, value in row.facts["person"].items():
                if (stored[key] or "") != (value or ""):
                    parts.append(f"{_LABEL[key]}: {stored[key] or 'kosong'} → {value or 'kosong'}")
        row.state = NEW if person is None else CHANGED if parts else SAME
        if office is not None and office["posting_id"] is None:
            row.state = NEW
            waits = " (menunggu admin kedua)" if office["role"] in {Role.COMMANDER, Role.INTEGRITY_OFFICER} else ""
            parts.append(f"Penugasan baru di {unit}, mulai {day_text(office['starts_on'])}{waits}")
        elif office is not None and office["is_changed"]:
            row.state = CHANGED
            parts.append(f"Penugasan: {PostingKind(office['kind']).label}, sampai {day_text(office['ends_on'])}")
        row.remark = "; ".join(parts) or "Tidak ada perubahan"


def _number(raw: RawRow) -> str:
    return re.sub(r"[\s.]", "", raw.values.get("nrp", ""))
