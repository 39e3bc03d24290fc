"""Periods: the list, which one comes next, and what is unfinished in one."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from supervisi import access
from supervisi.models import (
    Checklist,
    ChecklistStatus,
    Instrument,
    Layer,
    Period,
    PeriodKind,
    Reply,
    ReplyStatus,
    Visit,
    VisitStatus,
)
from supervisi.pages.moments import moment_words
from supervisi.services.scores import reference_day
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Role, Unit, User

# So many names stand behind a number.
_MOST_NAMES = 6
_MOST_PERIODS = 60
_ROMAN = ("I", "II", "III", "IV")


@dataclass(frozen=True)
class NextPeriod:
    """The period that follows the last one of a kind: a name and days to begin with."""

    unit: Unit
    kind: str
    name: str
    first_day: datetime.date
    last_day: datetime.date
    # The one that it follows.
    last: Period | None = None


@dataclass(frozen=True)
class PeriodLine:
    """One period of the list, how it stands, and whether the reader may open its page."""

    period: Period
    state: str
    tone: str
    can_open: bool


@dataclass(frozen=True)
class PeriodList:
    """The periods that hold at a reader's units, and those that may be opened next."""

    lines: tuple[PeriodLine, ...]
    following: tuple[NextPeriod, ...]
    is_admin: bool


@dataclass(frozen=True)
class Unfinished:
    """One kind of unfinished thing: how many, at which units, and what the closing means for them."""

    label: str
    count: int
    names: tuple[str, ...]
    outcome: str

    @property
    def more(self) -> int:
        """How many units are not named."""
        return self.count - len(self.names)


@dataclass(frozen=True)
class PeriodPage:
    """One period with what is unfinished in it, and the steps that the reader may take."""

    period: Period
    line: PeriodLine
    unfinished: tuple[Unfinished, ...]
    # Self sheets that the closing makes final.
    freezes: int
    ends_in: int
    closed_at: str
    settled_at: str
    undo_asked_at: str
    can_change: bool
    can_close: bool
    can_ask_undo: bool
    can_decide_undo: bool
    can_drop_undo: bool


# --- the list -----------------------------------------------------------------------------------------


def read_periods(user: User) -> PeriodList | None:
    """Read the periods at the units of an admin or commander; None for everybody else."""
    if not user.scope.has_role(Role.ADMIN, Role.COMMANDER):
        return None
    periods = list(Period.objects.visible_to(user).select_related("unit")[:_MOST_PERIODS])
    return PeriodList(
        lines=tuple(_line(period, user) for period in periods),
        following=tuple(_following(user, periods)),
        is_admin=user.scope.has_role(Role.ADMIN),
    )


def sees_period(user: User, period: Period) -> bool:
    """Tell whether the person reads the period's page: who might close it, or approve that it is opened again."""
    return access.posting_to_undo_closing(user, period.unit) is not None


def _line(period: Period, user: User) -> PeriodLine:
    today = local_day(period.unit)
    if not period.is_open:
        state, tone = ("Ditutup", "") if period.is_settled else ("Sedang dibekukan", "info")
    elif today > period.last_day:
        state, tone = "Berakhir, belum ditutup", "warn"
    else:
        state, tone = ("Berjalan", "ok") if today >= period.first_day else ("Belum mulai", "info")
    return PeriodLine(period, state, tone, sees_period(user, period))


def _following(user: User, periods: list[Period]) -> list[NextPeriod]:
    """Propose what comes after the last period of each kind, at the unit that it belongs to.

    Where periods of a unit above hold, that one's admin opens the next: two would overlap along the line.
    """
    found: dict[tuple[int, str], NextPeriod] = {}
    for posting in user.scope.postings:
        if posting.role != Role.ADMIN:
            continue
        for kind in PeriodKind:
            held = [row for row in periods if row.kind == kind and posting.unit.is_within(row.unit.path)]
            last = max(held, key=lambda row: row.last_day, default=None)
            if last is not None and posting.unit_id != last.unit_id:
                continue
            found.setdefault((posting.unit_id, kind), propose_next(posting.unit, kind, last))
    return list(found.values())


def propose_next(unit: Unit, kind: str, last: Period | None) -> NextPeriod:
    """Propose the calendar's year or quarter that begins after the last period, else the one around today."""
    day = last.last_day + datetime.timedelta(days=1) if last is not None else local_day(unit)
    if kind == PeriodKind.YEAR:
        return NextPeriod(
            unit, kind, f"Tahun {day.year}", datetime.date(day.year, 1, 1), datetime.date(day.year, 12, 31), last
        )
    number = (day.month + 2) // 3
    first = datetime.date(day.year, 3 * number - 2, 1)
    following = datetime.date(day.year + (number == 4), 1 if number == 4 else 3 * number + 1, 1)
    name = f"Triwulan {_ROMAN[number - 1]} {day.year}"
    first, end = max(first, day) if last else first, following - datetime.timedelta(days=1)
    return NextPeriod(unit, kind, name, first, end, last)


def copyable_sheets(last: Period | None) -> int:
    """Count the units whose own sheet of the last period was handed in: theirs may begin with a copy of it."""
    if last is None:
        return 0
    return (
        Checklist.objects.counting_candidates().filter(period=last, layer=Layer.SELF).values("unit").distinct().count()
    )


# --- one period ---------------------------------------------------------------------------------------


def read_period(period: Period, user: User) -> PeriodPage:
    """Read one period's page, in a fixed number of queries."""
    zone = period.unit.time_zone
    is_admin = user.scope.posting_over(period.unit, Role.ADMIN) is not None
    decides = sees_period(user, period)
    is_asked, is_mine = period.undo_asked_at is not None, period.undo_asked_by_id == user.pk
    return PeriodPage(
        period=period,
        line=_line(period, user),
        unfinished=tuple(line for line in _unfinished(period, user) if line.count),
        freezes=_self_sheets(period).filter(status=ChecklistStatus.SUBMITTED).count() if period.is_open else 0,
        ends_in=(period.last_day - local_day(period.unit)).days,
        closed_at=moment_words(period.closed_at, zone) if period.closed_at else "",
        settled_at=moment_words(period.settled_at, zone) if period.settled_at else "",
        undo_asked_at=moment_words(period.undo_asked_at, zone) if period.undo_asked_at else "",
        can_change=is_admin and period.is_open,
        can_close=is_admin and period.is_open,
        can_ask_undo=is_admin and not period.is_open and not is_asked,
        can_decide_undo=decides and is_asked and not is_mine,
        can_drop_undo=decides and is_asked,
    )


def _self_sheets(period: Period) -> QuerySet[Checklist]:
    return Checklist.objects.filter(period=period, layer=Layer.SELF)


_GOES_ON = "tetap berjalan sampai final, tetapi tidak lagi mengubah hasil periode"
_SHEETS = (
    ((Layer.SELF,), ChecklistStatus.DRAFT, "Lembar mandiri masih diisi", "tetap diisi, tidak dapat diserahkan lagi"),
    ((Layer.SUPERVISION, Layer.TPI), ChecklistStatus.DRAFT, "Lembar supervisi dan TPI masih diisi", _GOES_ON),
    ((Layer.SUPERVISION, Layer.TPI), ChecklistStatus.SUBMITTED, "Diserahkan, belum ditinjau", _GOES_ON),
    ((Layer.SUPERVISION, Layer.TPI), ChecklistStatus.REVIEWED, "Ditinjau, hasil belum disampaikan", _GOES_ON),
    ((Layer.SUPERVISION, Layer.TPI), ChecklistStatus.DISCLOSED, "Disampaikan, belum final", _GOES_ON),
)


def _unfinished(period: Period, user: User) -> list[Unfinished]:
    """List what is not finished (six queries)."""
    sheets = list(
        Checklist.objects.filter(period=period)
        .without_hidden(user)
        .exclude(status=ChecklistStatus.FINAL)
        .exclude(layer=Layer.SELF, status=ChecklistStatus.SUBMITTED)
        .order_by("unit__path", "pk")
        .values_list("layer", "status", "unit__name")
    )
    found = [_owed(period)]
    for layers, status, label, outcome in _SHEETS:
        names = [name for layer, state, name in sheets if layer in layers and state == status]
        found.append(Unfinished(label, len(names), _some(names), outcome))
    visits = Visit.objects.filter(period=period, status__in=[VisitStatus.PLANNED, VisitStatus.ONGOING])
    there = list(visits.without_surprises(user).order_by("unit__path", "pk").values_list("unit__name", flat=True))
    found.append(Unfinished("Kunjungan belum selesai", len(there), _some(there), "tetap dapat diselesaikan"))
    replies = (
        Reply.objects.filter(round__checklist__period=period, round__closed_at__isnull=True)
        .filter(status__in=[ReplyStatus.OPEN, ReplyStatus.REPLIED])
        .order_by("round__checklist__unit__path")
        .values_list("round__checklist__unit__name")
        .annotate(count=Count("pk"))
    )
    rounds = [name for name, _ in replies]
    found.append(
        Unfinished("Hak jawab berjalan", len(rounds), _some(rounds), "tetap diputuskan, pada lembarnya sendiri")
    )
    return found


def _owed(period: Period) -> Unfinished:
    """Units that owe a self sheet and have not begun it."""
    instruments = Instrument.objects.in_use_on(period.first_day).filter(period_kind=period.kind).defer("definition")
    kinds = {kind for instrument in instruments for kind in instrument.unit_kinds}
    begun = _self_sheets(period).order_by().values("unit")
    owing = Unit.objects.under(period.unit).filter(kind__in=kinds).active_on(reference_day(period, period.unit))
    names = list(owing.exclude(pk__in=begun).values_list("name", flat=True))
    return Unfinished("Belum mulai lembar mandiri", len(names), _some(names), "tidak ada lembar untuk periode ini")


def _some(names: list[str]) -> tuple[str, ...]:
    return tuple(names[:_MOST_NAMES])
