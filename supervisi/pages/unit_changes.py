"""What a change of a unit would do, before it is done; and what has been done to it."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass

from django.db.models import Q
from django.utils import dateformat

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, ChecklistStatus, Finding, Layer, Period, UnitScore
from supervisi.models.checklists import DISCLOSED_STATUSES
from supervisi.pages.dashboard_stations import score_text
from supervisi.scoring.rounding import from_units
from supervisi.services import unit_changes
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, Unit, UnitChange, UnitChangeKind, UnitQuerySet, User
from wbbm.organisasi.services.units import PARENT_KINDS

_MOST_TARGETS = 1000
_MOST_RESULTS = 40
_MOST_NAMES = 6


@dataclass(frozen=True)
class Step:
    """One of the changes, what it is called, and what its button says."""

    name: str
    label: str
    says: str
    button: str


STEPS = {
    step.name: step
    for step in (
        Step("nama", "Ganti nama", "Kodenya tetap; nama lama tetap terbaca.", "Ganti nama"),
        Step("pindah", "Pindahkan", "Ke bawah satuan lain, beserta semua di bawahnya.", "Pindahkan satuan"),
        Step("gabung", "Gabung ke satuan lain", "Satuan ini berakhir, yang terbuka berpindah.", "Gabungkan satuan"),
        Step("tutup", "Tutup", "Satuan ini berakhir tanpa pengganti.", "Tutup satuan"),
    )
}


@dataclass(frozen=True)
class Effect:
    """What becomes of one kind of thing: how many, which, and what happens."""

    label: str
    count: int
    names: tuple[str, ...]
    outcome: str

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.names)


@dataclass(frozen=True)
class Preview:
    """What a change would do, what is lost by it, and what stands in its way."""

    effects: tuple[Effect, ...]
    blockers: tuple[str, ...]
    warnings: tuple[str, ...] = ()


# --- who may, and where to ----------------------------------------------------------------------------


def steps_of(user: User, unit: Unit) -> tuple[Step, ...]:
    """Return the changes that the admin may make; a unit ends by an admin above it only."""
    if user.scope.posting_over(unit, Role.ADMIN) is None:
        return ()
    is_above = user.scope.posting_above(unit, Role.ADMIN) is not None
    is_there = unit.is_active_on(local_day(unit))
    return tuple(step for step in STEPS.values() if step.name == "nama" or (is_above and is_there))


def targets_of(user: User, unit: Unit, name: str) -> list[Unit]:
    """Return the units that one may be moved below, or merged into, among those in the admin's reach."""
    reach = Unit.objects.filter(user.scope.within("path", Role.ADMIN)).active_on(local_day(unit))
    reach = reach.exclude(path__startswith=unit.path)
    if name == "gabung":
        found = reach.filter(kind=unit.kind)
    elif name == "pindah":
        found = reach.filter(kind__in=[kind for kind in PARENT_KINDS[unit.kind] if kind]).exclude(path=unit.parent_path)
    else:
        return []
    return list(found[:_MOST_TARGETS])


# --- the preview --------------------------------------------------------------------------------------


def read_preview(unit: Unit, name: str, user: User) -> Preview:
    """Read what hangs on the unit, and what the change would do with it; to its own people nothing that is hidden."""
    if name == "nama":
        return Preview((), ())
    there = Unit.objects.under(unit)
    busy = unit_changes.visits_under_way(there)
    blockers = [
        f"{visit.unit}: kunjungan {dateformat.format(visit.starts_on, 'j F Y')} belum selesai. "
        "Selesaikan kunjungan dan serahkan lembarnya, atau batalkan dulu."
        for visit in busy
    ]
    if name != "pindah":
        below = list(there.exclude(pk=unit.pk).active_on(local_day(unit)).values_list("name", flat=True))
        blockers += [f"{each} masih di bawahnya" for each in below] + _unheard(unit, user)
    warnings: list[str] = []
    if name == "pindah":
        sheets, warnings = _sheets_along(unit, there, user)
        found = _moved(unit, there, user) + sheets
    else:
        found = [
            *_ended(unit, name, user),
            _effect("Lembar periode yang terbuka", _sheets(unit, user), "tetap di satuan ini"),
        ]
    over = "ditutup" if name == "pindah" else "berakhir"
    found += [Effect(f"Periode yang sudah {over}", _over(unit, over), (), "hasilnya tetap")]
    return Preview(tuple(effect for effect in found if effect.count), tuple(blockers), tuple(warnings))


def _unheard(unit: Unit, user: User) -> list[str]:
    """What the unit has still to hear of, or to reply to: afterwards nobody could."""
    untold = unit_changes.untold_sheets(unit).without_hidden(user)
    found = [
        f"{sheet.period}, {sheet.get_layer_display().lower()}: hasil belum disampaikan. Sampaikan dulu."
        for sheet in untold
    ]
    return found + [
        f"{running.checklist.period}: hak jawab berjalan sampai {dateformat.format(running.due_on, 'j F Y')}. "
        "Tunggu, atau minta pimpinan satuan mengakhirinya lebih awal."
        for running in unit_changes.rounds_taking_replies(unit)
    ]


def _moved(unit: Unit, there: UnitQuerySet, user: User) -> list[Effect]:
    parent = Unit.objects.get_parent(unit)
    owed = Finding.objects.open().without_hidden(user).filter(unit__in=there)
    return [
        _effect("Penugasan", [_office(held) for held in unit_changes.running_postings(unit)], "tetap di satuan ini"),
        _effect("Temuan terbuka", list(owed.exclude(owner_unit=parent).values_list("number", flat=True)), "tetap"),
        _effect(
            f"Temuan yang dijawab {parent}",
            list(owed.filter(owner_unit=parent).values_list("number", flat=True)),
            "dijawab satuan yang baru",
        ),
        _effect(
            "Kunjungan direncanakan",
            _days(unit, user),
            "tetap; supervisor satuan yang baru mengganti timnya",
        ),
    ]


def _ended(unit: Unit, name: str, user: User) -> list[Effect]:
    is_merge = name == "gabung"
    postings = unit_changes.running_postings(unit)
    going = unit_changes.movable_postings(unit) if is_merge else []
    ending = [held for held in postings if held not in going]
    owned = Q(owner_unit=unit) | Q(unit=unit) if is_merge else Q(owner_unit=unit)
    numbers = list(Finding.objects.open().without_hidden(user).filter(owned).values_list("number", flat=True))
    parent = Unit.objects.get_parent(unit)
    answered_by = f"dijawab {unit_changes.head_title(parent)}, {parent}" if parent is not None else ""
    return [
        _effect("Penugasan", [_office(held) for held in going], "berpindah ke satuan tujuan"),
        _effect("Penugasan", [_office(held) for held in ending], "berakhir hari ini"),
        _effect("Temuan terbuka", numbers, "pindah ke satuan tujuan" if is_merge else answered_by),
        _effect("Kunjungan direncanakan", _days(unit, user), "dibatalkan"),
    ]


def _days(unit: Unit, user: User) -> list[str]:
    return [f"{visit.starts_on:%d-%m-%Y}" for visit in unit_changes.planned_visits(unit).without_surprises(user)]


def _office(held: Posting) -> str:
    return f"{held} ({held.get_role_display().lower()})"


def _sheets(unit: Unit, user: User) -> list[str]:
    rows = Checklist.objects.without_hidden(user).filter(unit=unit, period__closed_at__isnull=True)
    rows = rows.exclude(status=ChecklistStatus.FINAL)
    return [f"{sheet.period}, {sheet.get_layer_display().lower()}" for sheet in rows.select_related("period")]


def _sheets_along(unit: Unit, there: UnitQuerySet, user: User) -> tuple[list[Effect], list[str]]:
    """Where the sheets of open periods will count after a move; and those that will count nowhere (services/trees).

    A period that has ended keeps its tree. One that runs counts the units below its owner: sheets of a unit that
    leaves the owner's subtree fall out.
    """
    rows = Checklist.objects.without_hidden(user).filter(unit__in=there, period__closed_at__isnull=True)
    counts = Counter(rows.order_by("-period__first_day", "period_id").values_list("period_id", flat=True))
    periods = Period.objects.select_related("unit").in_bulk(counts)
    targets = targets_of(user, unit, "pindah")
    along, behind, warnings = [], [], []
    for pk, count in counts.items():
        period, owner = periods[pk], periods[pk].unit
        words = f"{period} ({count} lembar)"
        if period.tree_kept_at is not None or period.last_day < local_day(owner):
            behind.append(words)
            continue
        leaving = [target for target in targets if not (owner.is_within(unit.path) or target.is_within(owner.path))]
        if len(leaving) < len(targets) or not targets:
            along.append(words)
        if leaving:
            when = "" if len(leaving) == len(targets) else f", bila tempat barunya tidak di bawah {owner}"
            warnings.append(
                f"{period} milik {owner}: {count} lembar tidak lagi masuk hasil satuan di atasnya{when}. "
                "Agar tetap dihitung, pindahkan sesudah periode itu berakhir atau ditutup."
            )
    found = [
        _effect("Periode yang berjalan", along, "lembarnya ikut; dihitung di satuan yang baru"),
        _effect("Periode yang berakhir, belum ditutup", behind, "lembarnya tetap dihitung di satuan lama"),
    ]
    return found, warnings


def _over(unit: Unit, over: str) -> int:
    held = UnitScore.objects.filter(unit=unit, units_submitted__gt=0)
    closed, ended = Q(period__closed_at__isnull=False), Q(period__last_day__lt=local_day(unit))
    return held.filter(closed if over == "ditutup" else closed | ended).order_by().values("period").distinct().count()


def _effect(label: str, names: list[str], outcome: str) -> Effect:
    return Effect(label, len(names), tuple(names[:_MOST_NAMES]), outcome)


# --- history ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChangeLine:
    """One change in words."""

    day: datetime.date
    text: str
    reason: str


@dataclass(frozen=True)
class PastResult:
    """A result of a unit that is now part of this one: it stays that unit's own."""

    unit: Unit
    url: str
    period: Period
    layer: str
    score: str


@dataclass(frozen=True)
class UnitHistory:
    """What happened to a unit, and what those that were merged into it have left."""

    unit: Unit
    changes: tuple[ChangeLine, ...]
    results: tuple[PastResult, ...]
    can_change: bool


def read_history(user: User, unit: Unit) -> UnitHistory:
    """Read a unit's history (three queries)."""
    rows = list(UnitChange.objects.concerning(unit).select_related("unit", "into", "old_parent", "new_parent"))
    past = {row.unit_id: row.unit for row in rows if row.into_id == unit.pk}
    # The other unit's people read what that unit itself might read of it.
    seen = Q(layer=Layer.SELF) | Q(counting__status__in=DISCLOSED_STATUSES)
    found = (
        UnitScore.objects.filter(seen, unit__in=past, counting__isnull=False)
        .select_related("period", "instrument")
        .defer("instrument__definition")
        .order_by("-period__first_day", "unit_id", "layer")
    )
    return UnitHistory(
        unit=unit,
        changes=tuple(ChangeLine(row.day, _words(row, unit), row.reason) for row in rows),
        results=tuple(_result(row, past[row.unit_id], user) for row in found[:_MOST_RESULTS]),
        can_change=bool(steps_of(user, unit)),
    )


def _words(row: UnitChange, unit: Unit) -> str:
    if row.kind == UnitChangeKind.RENAMED:
        return f"Berganti nama; dahulu {row.old_name}"
    if row.kind == UnitChangeKind.MOVED:
        return f"Pindah ke {row.new_parent}; dahulu di bawah {row.old_parent}"
    if row.kind == UnitChangeKind.CLOSED:
        return f"Ditutup; dahulu di bawah {row.old_parent}"
    return f"Digabung ke {row.into}" if row.unit_id == unit.pk else f"{row.old_name} digabung ke satuan ini"


def _result(row: UnitScore, unit: Unit, user: User) -> PastResult:
    # Only of units that filled sheets in themselves: their row is their own sheet.
    score = score_text(engine_instrument(row.instrument), from_units(row.score_sum))
    is_reached = user.scope.posting_over(unit, Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR) is not None
    url = f"{unit.get_absolute_url()}?periode={row.period_id}" if is_reached else ""
    return PastResult(unit, url, row.period, Layer(row.layer).label, score)
