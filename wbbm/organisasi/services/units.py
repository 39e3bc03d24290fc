"""Writing of units and of the predicates they hold."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from django.db import transaction

from wbbm.organisasi.access import local_day
from wbbm.organisasi.errors import NotYourUnit, OrganisationError
from wbbm.organisasi.models import HeldPredicate, Posting, Role, Unit, UnitChange, UnitChangeKind, UnitKind, User
from wbbm.organisasi.models.units import TimeZone

from .audit import record
from .postings import end_posting

_FIELDS = ("code", "name", "kind", "latitude", "longitude", "own_time_zone", "active_from", "active_to")
# A kind stands below one of these; None is a root.
PARENT_KINDS: dict[str, frozenset[str | None]] = {
    UnitKind.MABES: frozenset({None}),
    UnitKind.POLDA: frozenset({None, UnitKind.MABES}),
    UnitKind.POLRES: frozenset({None, UnitKind.POLDA}),
    UnitKind.POLSEK: frozenset({None, UnitKind.POLRES}),
    UnitKind.SATFUNG: frozenset({UnitKind.MABES, UnitKind.POLDA, UnitKind.POLRES, UnitKind.POLSEK}),
}
_on_change: list[Callable[[Unit], None]] = []
_before_move: list[Callable[[Unit, Unit], None]] = []
_after_move: list[Callable[[Unit, Unit, Unit, User], None]] = []


def on_unit_change(callback: Callable[[Unit], None]) -> None:
    """Let an app above learn, inside the transaction, that a unit came, moved or changed its days."""
    if callback not in _on_change:
        _on_change.append(callback)


def before_unit_move(callback: Callable[[Unit, Unit], None]) -> None:
    """Let an app above learn, inside the transaction, that a unit is about to be put below another one."""
    if callback not in _before_move:
        _before_move.append(callback)


def after_unit_move(callback: Callable[[Unit, Unit, Unit, User], None]) -> None:
    """Let an app above learn, inside the transaction, that a unit was moved: unit, old and new parent, by whom."""
    if callback not in _after_move:
        _after_move.append(callback)


def admin_posting(by: User, unit: Unit | None) -> Posting:
    """Return the admin posting that reaches the unit.

    Raises:
        NotYourUnit: there is none.
    """
    posting = by.scope.posting_over(unit, Role.ADMIN) if unit is not None else None
    if posting is None:
        raise NotYourUnit("Hanya admin satuan ini, atau admin satuan di atasnya, yang dapat mengubahnya.")
    return posting


def create_unit(*, parent: Unit, by: User, **fields: Any) -> Unit:
    """Add a unit below another one in the admin's reach.

    Raises:
        NotYourUnit: the parent is outside the admin's reach.
        OrganisationError: the kind doesn't belong below the parent, or the code is taken.
    """
    posting = admin_posting(by, parent)
    _check(fields, parent_kind=parent.kind)
    with transaction.atomic():
        above = Unit.objects.get(pk=parent.pk)
        zone = fields.get("own_time_zone") or above.time_zone
        unit: Unit = Unit.objects.add_child(above, _known(fields) | {"time_zone": zone})
        record("unit.created", by=by, posting=posting, about=unit, unit=unit, changes=_changes({}, fields))
        _tell(unit)
    return unit


def create_root_unit(*, code: str, name: str, kind: str, by: User | None = None) -> Unit:
    """Add the first unit of an installation (create_admin, demo)."""
    with transaction.atomic():
        unit: Unit = Unit.objects.add_root({"code": code, "name": name, "kind": kind, "time_zone": TimeZone.WIB})
        record("unit.created", by=by, about=unit, unit=unit)
        _tell(unit)
    return unit


def update_unit(*, unit: Unit, by: User, **fields: Any) -> Unit:
    """Change a unit's facts; a changed zone holds for everything below that has none of its own."""
    posting = admin_posting(by, unit)
    parent = Unit.objects.get_parent(unit)
    _check({"kind": unit.kind, "code": unit.code} | fields, parent_kind=parent.kind if parent else None, itself=unit)
    with transaction.atomic():
        old = {name: getattr(Unit.objects.get(pk=unit.pk), name) for name in _FIELDS}
        for name, value in _known(fields).items():
            setattr(unit, name, value)
        unit.save(update_fields=list(_FIELDS))
        if old["name"] != unit.name:
            note_change(unit, UnitChangeKind.RENAMED, by=by, old_name=old["name"])
        _spread_time_zone(unit)
        record("unit.changed", by=by, posting=posting, about=unit, unit=unit, changes=_changes(old, fields))
        _tell(unit)
    return unit


def move_unit(*, unit: Unit, new_parent: Unit, by: User, reason: str = "") -> Unit:
    """Put a unit with everything below it under another one; both must be in the admin's reach."""
    posting = admin_posting(by, unit)
    admin_posting(by, new_parent)
    if new_parent.is_within(unit.path):
        raise OrganisationError("Satuan tidak dapat dipindahkan ke bawah dirinya sendiri. Pilih satuan lain.")
    _check({"kind": unit.kind, "code": unit.code}, parent_kind=new_parent.kind, itself=unit)
    with transaction.atomic():
        old = Unit.objects.get_parent(unit)
        if old is not None and old.pk == new_parent.pk:
            return unit
        fresh = Unit.objects.get(pk=unit.pk)
        for callback in _before_move:
            callback(fresh, Unit.objects.get(pk=new_parent.pk))
        Unit.objects.move(fresh, Unit.objects.get(pk=new_parent.pk), pos="last-child")
        moved = Unit.objects.get(pk=unit.pk)
        _spread_time_zone(moved)
        changes = {"parent": [str(old) if old else None, str(new_parent)]}
        note_change(moved, UnitChangeKind.MOVED, by=by, old_parent=old, new_parent=new_parent, reason=reason)
        record("unit.moved", by=by, posting=posting, about=moved, unit=moved, changes=changes, reason=reason)
        if old is not None:
            for told in _after_move:
                told(moved, old, new_parent, by)
            _tell(Unit.objects.get(pk=old.pk))
        _tell(moved)
    return moved


def end_unit(*, unit: Unit, by: User, reason: str, into: Unit | None = None) -> Unit:
    """Let a unit be over since today, for good or merged into another one; its postings end at once.

    Raises:
        NotYourUnit: it is not below the admin's own unit, or the other one is out of reach.
        OrganisationError: units below it are there still, it is over already, began today, or the admin serves there.
    """
    posting = by.scope.posting_above(unit, Role.ADMIN)
    if posting is None:
        raise NotYourUnit("Satuan ditutup atau digabung oleh admin satuan di atasnya.")
    kind = UnitChangeKind.CLOSED
    if into is not None:
        admin_posting(by, into)
        kind = UnitChangeKind.MERGED
        if into.pk == unit.pk or into.kind != unit.kind:
            raise OrganisationError("Satuan digabung ke satuan lain yang sejenis. Pilih satuan lain.")
    today = local_day(unit)
    if into is not None and not into.is_active_on(today):
        raise OrganisationError("Satuan tujuan sudah ditutup. Pilih satuan yang masih ada.")
    if Unit.objects.strictly_under(unit).active_on(today).exists():
        raise OrganisationError("Masih ada satuan di bawahnya. Pindahkan atau tutup satuan itu dulu.")
    last_day = today - datetime.timedelta(days=1)
    with transaction.atomic():
        row = Unit.objects.active_on(today).filter(pk=unit.pk).exclude(active_from__gt=last_day)
        if not row.update(active_to=last_day):
            raise OrganisationError("Satuan ini sudah ditutup, atau baru mulai hari ini.")
        for held in Posting.objects.lasting(today).filter(unit=unit).select_related("user", "unit"):
            end_posting(posting=held, by=by, reason=reason)
        ended = Unit.objects.get(pk=unit.pk)
        parent = Unit.objects.get_parent(ended)
        note_change(ended, kind, by=by, old_parent=parent, into=into, reason=reason)
        changes = {"active_to": [None, str(last_day)]} | ({"into": [None, str(into)]} if into is not None else {})
        record(f"unit.{kind}", by=by, posting=posting, about=ended, unit=ended, changes=changes, reason=reason)
        _tell(ended)
    return ended


def note_change(unit: Unit, kind: str, *, by: User | None, old_name: str = "", **facts: Any) -> UnitChange:
    """Keep what a unit was before a change, for its history."""
    return UnitChange.objects.create(
        unit=unit, kind=kind, day=local_day(unit), old_name=old_name or unit.name, by=by, **facts
    )


def record_predicate(
    *, unit: Unit, by: User, predicate: str, year: int, decree: str = "", revoked_on: datetime.date | None = None
) -> HeldPredicate:
    """Note that a unit was given a predicate, or that it was revoked."""
    posting = admin_posting(by, unit)
    with transaction.atomic():
        held, _ = HeldPredicate.objects.update_or_create(
            unit=unit, predicate=predicate, year=year, defaults={"decree": decree, "revoked_on": revoked_on}
        )
        record("predicate.recorded", by=by, posting=posting, about=held, unit=unit)
    return held


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in _FIELDS}


def check_facts(fields: dict[str, Any], *, parent_kind: str | None) -> None:
    """Check a unit's facts against each other and against the kind above it; asks no database.

    Raises:
        OrganisationError: unknown kind, kind in the wrong place, days the wrong way round.
    """
    kind = fields.get("kind", "")
    allowed = PARENT_KINDS.get(kind)
    if allowed is None:
        raise OrganisationError(
            f"Jenis satuan {kind!r} tidak dikenal. Pilih mabes, polda, polres, polsek atau satfung."
        )
    if parent_kind not in allowed:
        label = UnitKind(kind).label
        above = UnitKind(parent_kind).label if parent_kind else "puncak pohon"
        raise OrganisationError(f"{label} tidak dapat berada langsung di bawah {above}.")
    starts, ends = fields.get("active_from"), fields.get("active_to")
    if starts and ends and ends < starts:
        raise OrganisationError("Tanggal akhir tidak boleh sebelum tanggal mulai.")


def _check(fields: dict[str, Any], *, parent_kind: str | None, itself: Unit | None = None) -> None:
    check_facts(fields, parent_kind=parent_kind)
    taken = Unit.objects.filter(code=fields.get("code", ""))
    if itself is not None:
        taken = taken.exclude(pk=itself.pk)
    if taken.exists():
        raise OrganisationError(f"Kode {fields['code']} sudah dipakai satuan lain. Pilih kode lain.")


def _spread_time_zone(unit: Unit) -> None:
    """Set the zone that holds for the unit and for everything below, from the top down."""
    zones: dict[str, str] = {}
    parent = Unit.objects.get_parent(unit)
    if parent is not None:
        zones[parent.path] = parent.time_zone
    for member in Unit.objects.under(unit).order_by("path"):
        zone = member.own_time_zone or zones.get(member.parent_path, TimeZone.WIB)
        zones[member.path] = zone
        if member.time_zone != zone:
            Unit.objects.filter(pk=member.pk).update(time_zone=zone)
    unit.time_zone = zones[unit.path]


def _changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, list[Any]]:
    def plain(value: Any) -> Any:
        return value if value is None or isinstance(value, int | bool) else str(value)

    return {name: [plain(old.get(name)), plain(value)] for name, value in _known(new).items() if old.get(name) != value}


def _tell(unit: Unit) -> None:
    for callback in _on_change:
        callback(unit)
