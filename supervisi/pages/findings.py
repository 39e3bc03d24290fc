"""Boards and the list of findings: what a unit must answer, what waits for whoever supervises, and all of them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, Q, Value, When
from django.utils import timezone

from supervisi.models import Finding, FindingStatus, Severity
from supervisi.models.findings import OWED_STATUSES, FindingQuerySet
from supervisi.pages.finding_cards import (
    FindingCard,
    make_cards,
    points_text,
    returned_events,
    shows_stake,
    with_stake,
)
from supervisi.services.owners import duties_of
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Role, Unit, User

PAGE_SIZE = 30
_MOST, _MOST_CLOSED = 60, 20
DUE, POINTS, AREA = "tenggat", "nilai", "area"
_BOARD_ORDERS = ((DUE, "Tenggat terdekat"), (POINTS, "Nilai terbesar"), (AREA, "Per area"))


@dataclass(frozen=True)
class Choice:
    """A filter that is a link."""

    key: str
    label: str
    is_current: bool
    count: int | None = None


@dataclass(frozen=True)
class Column:
    """A column of a board; on a phone a section."""

    key: str
    title: str
    cards: tuple[FindingCard, ...]
    total: int
    empty: str

    @property
    def has_more(self) -> bool:
        """Tell whether the list has more than the board."""
        return self.total > len(self.cards)


@dataclass(frozen=True)
class Board:
    """What a unit must answer."""

    units: tuple[Unit, ...]
    # Findings of other units are among them, by the duties of a vacant title.
    names_unit: bool
    columns: tuple[Column, ...]
    closed: tuple[FindingCard, ...]
    closed_total: int
    late: int
    due_soon: int
    points: str
    orders: tuple[Choice, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether there was never a finding."""
        return not self.closed_total and not any(column.total for column in self.columns)


def board_units(user: User) -> tuple[Unit, ...]:
    """Return the units for which the person answers: where he is commander or operator."""
    held = [posting for posting in user.scope.postings if posting.role in {Role.OPERATOR, Role.COMMANDER}]
    return tuple({posting.unit_id: posting.unit for posting in held}.values())


def has_board(user: User) -> bool:
    """Tell whether the person has something to answer for: a unit, or findings by a title of his."""
    return bool(board_units(user) or duties_of(user))


def read_board(user: User, order: str) -> Board:
    """Read the board of the person's units and of the titles whose duties are his, in a fixed number of queries."""
    units, now = board_units(user), timezone.now()
    mine = Q(owner_unit__in=units) | Q(pk__in=duties_of(user, [unit.pk for unit in units]))
    told = Finding.objects.visible_to(user).filter(mine, handed_over_at__isnull=False)
    counts = dict(told.order_by().values_list("status").annotate(Count("pk")))
    going = with_stake(told.open().due_first(), user).prefetch_related(returned_events())
    by_status: dict[str, list[FindingCard]] = {}
    for card in _sorted(make_cards(going[: 3 * _MOST], user, now), order):
        by_status.setdefault(card.finding.status, []).append(card)
    closed = with_stake(told.filter(status=FindingStatus.CLOSED), user).order_by("-closed_at", "-pk")
    owed = [card for status in OWED_STATUSES for card in by_status.get(status, [])]
    return Board(
        units=units,
        names_unit=any(card.finding.unit not in units for cards in by_status.values() for card in cards),
        columns=_board_columns(by_status, counts),
        closed=make_cards(closed[:_MOST_CLOSED], user, now),
        closed_total=counts.get(FindingStatus.CLOSED, 0),
        late=sum(card.days_late > 0 for card in owed),
        due_soon=sum(card.is_due_soon and not card.days_late for card in owed),
        points=points_text(sum(card.points_units for card in owed)),
        orders=tuple(Choice(key, label, key == order) for key, label in _BOARD_ORDERS),
    )


def _board_columns(cards: dict[str, list[FindingCard]], counts: dict[str, int]) -> tuple[Column, ...]:
    made = (
        ("jawab", "Harus dijawab", (FindingStatus.OPEN,), "Tidak ada temuan yang menunggu jawaban."),
        ("kembali", "Dikembalikan", (FindingStatus.RETURNED,), "Tidak ada jawaban yang dikembalikan."),
        (
            "periksa",
            "Menunggu pemeriksa",
            (FindingStatus.ANSWERED, FindingStatus.ACCEPTED),
            "Tidak ada jawaban yang sedang diperiksa.",
        ),
    )
    return tuple(
        Column(
            key,
            title,
            tuple(card for status in statuses for card in cards.get(status, [])),
            sum(counts.get(status, 0) for status in statuses),
            empty,
        )
        for key, title, statuses, empty in made
    )


def _sorted(cards: tuple[FindingCard, ...], order: str) -> list[FindingCard]:
    if order == POINTS:
        return sorted(cards, key=lambda card: -card.points_units)
    if order == AREA:
        return sorted(cards, key=lambda card: card.finding.item.area_key if card.finding.item else "~")
    return list(cards)


# --- whoever supervises ---------------------------------------------------------------------------------------


def overseen(user: User) -> FindingQuerySet:
    """Keep the findings of units that the person oversees."""
    return Finding.objects.filter(user.scope.overseen_units("unit__path"))


def read_review(user: User) -> tuple[Column, ...]:
    """Read what waits for whoever supervises, and what is late below him, in a fixed number of queries."""
    now = timezone.now()
    every = overseen(user)
    late = Q(status__in=OWED_STATUSES, handed_over_at__isnull=False, due_on__lt=_today(user, now))
    made = (
        ("dijawab", "Harus diperiksa", Q(status=FindingStatus.ANSWERED), "Tidak ada jawaban yang menunggu diperiksa."),
        ("diterima", "Siap ditutup", Q(status=FindingStatus.ACCEPTED), "Tidak ada temuan yang siap ditutup."),
        ("lewat", "Lewat tenggat", late, "Tidak ada temuan yang lewat tenggat."),
    )
    totals = every.aggregate(**{key: Count("pk", filter=kept) for key, _, kept, _ in made})
    return tuple(
        Column(
            key, title, make_cards(with_stake(every.filter(kept), user).due_first()[:PAGE_SIZE], user, now),
            totals[key], empty,
        )
        for key, title, kept, empty in made
    )  # fmt: skip


def _today(user: User, now: datetime.datetime) -> datetime.date:
    postings = user.scope.postings
    return local_day(postings[0].unit, now) if postings else timezone.localdate(now)


# --- the list -------------------------------------------------------------------------------------------------

_STATES = (
    ("terbuka", "Belum ditutup"),
    ("jawab", "Menunggu satuan"),
    ("lewat", "Lewat tenggat"),
    ("dijawab", "Harus diperiksa"),
    ("diterima", "Siap ditutup"),
    ("ditutup", "Ditutup"),
    ("semua", "Semua"),
)
_ORDERS = (
    ("tenggat", "Tenggat"),
    ("nilai", "Nilai"),
    ("satuan", "Satuan"),
    ("pemilik", "Pemilik"),
    ("baru", "Terbaru"),
)


@dataclass(frozen=True)
class Wanted:
    """What a list was asked for."""

    state: str = "terbuka"
    order: str = "tenggat"
    severity: str = ""
    unit: str = ""
    owner: str = ""
    number: str = "1"

    @property
    def query(self) -> str:
        """The filters as the query of a link, without state, order and page."""
        return urlencode({"tingkat": self.severity, "satuan": self.unit, "pemilik": self.owner})


# By which name the address asks for each of them.
ASKED = {
    "state": "keadaan", "order": "urut", "severity": "tingkat", "unit": "satuan", "owner": "pemilik",
    "number": "halaman",
}  # fmt: skip


@dataclass(frozen=True)
class FindingList:
    """One page of findings."""

    wanted: Wanted
    states: tuple[Choice, ...]
    orders: tuple[Choice, ...]
    severities: tuple[Choice, ...]
    cards: tuple[FindingCard, ...]
    page: Page

    @property
    def is_filtered(self) -> bool:
        """Tell whether something narrows the list."""
        return bool(self.wanted.severity or self.wanted.unit or self.wanted.owner)


def read_findings(user: User, wanted: Wanted) -> FindingList:
    """Read a page of the findings in sight, in a fixed number of queries."""
    now = timezone.now()
    page = Paginator(wanted_findings(user, wanted, now), PAGE_SIZE).get_page(wanted.number)
    return FindingList(
        wanted=wanted,
        states=tuple(Choice(key, label, key == wanted.state) for key, label in _STATES),
        orders=tuple(Choice(key, label, key == wanted.order) for key, label in _ORDERS),
        severities=tuple(Choice(key, label, key == wanted.severity) for key, label in Severity.choices),
        cards=make_cards(page, user, now),
        page=page,
    )


def wanted_findings(user: User, wanted: Wanted, now: datetime.datetime) -> FindingQuerySet:
    """Keep the findings in sight that were asked for, in the order that was asked for."""
    rows = _narrowed(Finding.objects.visible_to(user), wanted, _today(user, now))
    return _ordered(rows, wanted.order, user)


def _narrowed(rows: FindingQuerySet, wanted: Wanted, today: datetime.date) -> FindingQuerySet:
    owed = Q(status__in=OWED_STATUSES, handed_over_at__isnull=False)
    states = {
        "jawab": owed,
        "lewat": owed & Q(due_on__lt=today),
        "dijawab": Q(status=FindingStatus.ANSWERED),
        "diterima": Q(status=FindingStatus.ACCEPTED),
        "ditutup": Q(status=FindingStatus.CLOSED),
        "semua": Q(),
    }
    rows = rows.filter(states.get(wanted.state, ~Q(status=FindingStatus.CLOSED)))
    if wanted.severity in Severity.values:
        rows = rows.filter(severity=wanted.severity)
    if wanted.unit:
        rows = rows.filter(unit__in=Unit.objects.order_by().below_named(wanted.unit))
    if wanted.owner:
        rows = rows.filter(owner_title__icontains=wanted.owner)
    return rows


def _ordered(rows: FindingQuerySet, order: str, user: User) -> FindingQuerySet:
    rows = with_stake(rows, user)
    if order == "nilai":
        # What the viewer may not know must not show in the order either.
        known = Case(When(shows_stake(user), then=F("points")), default=Value(None))
        return rows.order_by(known.desc(nulls_last=True), "pk")
    fields = {"satuan": ["unit__path", "due_on", "pk"], "pemilik": ["owner_title", "unit__path", "pk"], "baru": ["-pk"]}
    return rows.order_by(*fields[order]) if order in fields else rows.due_first()
