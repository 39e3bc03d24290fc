"""What is read of innovations: by residents, and by the unit that keeps them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from layanan.access import SERVING_KINDS, posting_to_operate
from layanan.models import (
    Innovation,
    InnovationFigure,
    InnovationFile,
    PracticeSession,
    ServiceTemplate,
    SessionStatus,
)
from layanan.pages.catalogue import Rules, read_own, read_templates
from layanan.pages.innovation_effect import Effect, read_effect
from layanan.pages.moments import month_words, months_back
from layanan.ready_innovations import READY, ReadyInnovation
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, Unit, UnitKind, User

MONTHS = 12
_PER_PAGE = 30


@dataclass(frozen=True)
class MonthLine:
    """A month of an innovation: how many were helped (`width` of 100 for a bar); for SIMBA also its counters."""

    month: datetime.date
    label: str
    helped: int
    width: int
    registered: int = 0
    passed: int = 0
    exam_passed: int = 0


@dataclass(frozen=True)
class Figures:
    """The last months of an innovation, the newest first."""

    lines: tuple[MonthLine, ...]
    total: int
    registered: int = 0
    passed: int = 0
    exam_passed: int = 0


def read_figures(innovation: Innovation, today: datetime.date) -> Figures:
    """Read the last twelve months, those without a figure left out (one query)."""
    first = months_back(today, MONTHS)[0]
    if innovation.counts_itself:
        return _simba_figures(innovation.unit, first)
    rows = list(innovation.figures.current().since(first))
    most = max((row.helped for row in rows), default=0)
    lines = tuple(MonthLine(row.month, month_words(row.month), row.helped, _share(row.helped, most)) for row in rows)
    return Figures(lines, sum(line.helped for line in lines))


def _simba_figures(unit: Unit, first: datetime.date) -> Figures:
    """Add SIMBA's counters up by month, at the unit and below it; who came is who was helped."""
    rows = list(simba_months(unit, first))
    most = max((row["attended"] for row in rows), default=0)
    lines = tuple(
        MonthLine(
            row["month"], month_words(row["month"]), row["attended"], _share(row["attended"], most), row["taken"],
            row["passed"], row["exam_passed"],
        )
        for row in rows
    )  # fmt: skip
    return Figures(
        lines,
        sum(line.helped for line in lines),
        sum(line.registered for line in lines),
        sum(line.passed for line in lines),
        sum(line.exam_passed for line in lines),
    )


def simba_months(unit: Unit, first: datetime.date) -> QuerySet[PracticeSession, Any]:
    """Return SIMBA's counters by month since the month, the newest first; sessions that were held only."""
    held = PracticeSession.objects.under(unit).exclude(status=SessionStatus.CANCELLED)
    held = held.filter(day__gte=first, starts_at__lte=timezone.now()).order_by().annotate(month=TruncMonth("day"))
    counters = ("taken", "attended", "passed", "exam_passed")
    sums = {name: Sum(name) for name in counters}
    return held.values("month").annotate(sessions=Count("pk"), **sums).order_by("-month")


def _share(value: int, most: int) -> int:
    return value * 100 // most if most else 0


@dataclass(frozen=True)
class InnovationList:
    """The public register."""

    page: Page[Innovation]
    search: str
    unit: Unit | None


def read_public(*, search: str, unit_pk: int | None, number: str) -> InnovationList:
    """Read the register as residents see it (at most three queries)."""
    unit = Unit.objects.filter(pk=unit_pk).first() if unit_pk is not None else None
    rows = Innovation.objects.public().select_related("unit").at_or_below_named(search)
    if unit is not None:
        rows = rows.filter(unit__path__startswith=unit.path)
    return InnovationList(Paginator(rows, _PER_PAGE).get_page(number), search, unit)


@dataclass(frozen=True)
class InnovationPage:
    """One innovation as residents read it."""

    innovation: Innovation
    figures: Figures
    effect: Effect
    services: tuple[ServiceTemplate, ...]


def read_innovation(innovation: Innovation) -> InnovationPage:
    """Read figures, effect, and the services that it improves (four queries)."""
    unit = innovation.unit
    return InnovationPage(
        innovation, read_figures(innovation, local_day(unit)), read_effect(innovation), _services(innovation, unit)
    )


def _services(innovation: Innovation, unit: Unit) -> tuple[ServiceTemplate, ...]:
    """Return the services that it improves and that the unit has a page of."""
    if unit.kind not in SERVING_KINDS:
        return ()
    offers = Rules(read_templates(unit), {}).offers(unit, read_own([unit]).get(unit.pk, {}))
    return tuple(offer.template for offer in offers if offer.template.code in innovation.services)


@dataclass(frozen=True)
class KeptInnovations:
    """The innovations of the person's own units, and ready descriptions to take over."""

    rows: tuple[Innovation, ...]
    offers: tuple[tuple[Unit, ReadyInnovation], ...]
    can_add: bool


def keeps_innovations(user: User) -> bool:
    """Tell whether the person is operator or commander somewhere."""
    return user.scope.has_role(Role.OPERATOR, Role.COMMANDER)


def keeping_postings(user: User) -> list[Posting]:
    """Return the operator's postings, one a unit."""
    return list({p.unit_id: p for p in user.scope.postings if p.role == Role.OPERATOR}.values())


def kept_innovations(user: User) -> QuerySet[Innovation]:
    """Return the innovations of the units where the person is operator or commander."""
    scope = user.scope
    return (
        Innovation.objects.visible_to(user)
        .filter(scope.at("unit__path", Role.OPERATOR, Role.COMMANDER))
        .select_related("unit")
        .order_by("unit__path", "title", "pk")
    )


def read_kept(user: User) -> KeptInnovations:
    """Read the unit's own register (one query)."""
    rows = tuple(kept_innovations(user))
    units = [posting.unit for posting in keeping_postings(user)]
    known = {(row.unit_id, row.title) for row in rows}
    offers = tuple(
        (unit, ready)
        for unit in units
        if unit.kind == UnitKind.POLRES
        for ready in READY
        if (unit.pk, ready.title) not in known
    )
    return KeptInnovations(rows, offers, bool(units))


@dataclass(frozen=True)
class KeptPage:
    """One innovation with all that the unit keeps of it."""

    innovation: Innovation
    figures: Figures
    effect: Effect
    history: tuple[InnovationFigure, ...]
    files: tuple[InnovationFile, ...]
    can_keep: bool


def read_kept_one(innovation: Innovation, user: User) -> KeptPage:
    """Read an innovation with the history of its figures and its files (four queries)."""
    history = innovation.figures.select_related("posting").order_by("-month", "-pk")
    return KeptPage(
        innovation=innovation,
        figures=read_figures(innovation, local_day(innovation.unit)),
        effect=read_effect(innovation),
        history=() if innovation.counts_itself else tuple(history[:60]),
        files=tuple(innovation.files.select_related("file")),
        can_keep=posting_to_operate(user, innovation.unit) is not None,
    )
