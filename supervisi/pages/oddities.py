"""The sheet of what looks odd, and one sign: for those above, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils import dateformat

from supervisi.access import posting_to_settle, posting_to_settle_as_finding
from supervisi.models import Item, Oddity, OddityKind, OddityStatus
from supervisi.pages.findings import Choice
from supervisi.pages.oddity_words import Names, Words, item_codes, words_of
from wbbm.organisasi.access import local_day
from wbbm.organisasi.clock import moment_text
from wbbm.organisasi.models import AuditEvent, Unit, User
from wbbm.organisasi.trail import act_words, by_words

PAGE_SIZE = 20
_MOST_LOOKS = 20
_ALL = "semua"
_TAGS = {
    OddityStatus.NEW: ("warn", "clock"),
    OddityStatus.CHECKED: ("info", "check"),
    OddityStatus.EXPLAINED: ("ok", "check"),
    OddityStatus.FINDING: ("bad", "alert"),
}


@dataclass(frozen=True)
class Wanted:
    """What the sheet was asked for."""

    status: str = OddityStatus.NEW
    kind: str = ""
    unit: str = ""
    number: str = "1"

    @property
    def query(self) -> str:
        """The filters as the query of a link, without state and page."""
        return urlencode({"jenis": self.kind, "satuan": self.unit})


@dataclass(frozen=True)
class Line:
    """One sign on the sheet."""

    oddity: Oddity
    words: Words
    units: tuple[Unit, ...]
    found: str
    tag: str
    icon: str


@dataclass(frozen=True)
class Looked:
    """Who looked, by which office, when."""

    act: str
    by: str
    at: str


@dataclass(frozen=True)
class Sheet:
    """One page of the sheet."""

    wanted: Wanted
    statuses: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    lines: tuple[Line, ...]
    page: Page
    looks: tuple[Looked, ...]

    @property
    def is_filtered(self) -> bool:
        """Tell whether something narrows the sheet beyond its state."""
        return bool(self.wanted.kind or self.wanted.unit)


@dataclass(frozen=True)
class Said:
    """What somebody said of a sign."""

    status: str
    by: str
    at: str
    note: str


@dataclass(frozen=True)
class SignPage:
    """What the page of one sign shows."""

    line: Line
    said: tuple[Said, ...]
    looks: tuple[Looked, ...]
    can_check: bool
    can_explain: bool
    can_find: bool

    @property
    def can_settle(self) -> bool:
        """Tell whether a step is left for the person."""
        return self.can_check or self.can_explain or self.can_find


def read_sheet(user: User, wanted: Wanted) -> Sheet:
    """Read one page of the signs in sight."""
    rows = Oddity.objects.visible_to(user)
    if wanted.status in OddityStatus.values:
        rows = rows.filter(status=wanted.status)
    if wanted.kind in OddityKind.values:
        rows = rows.filter(kind=wanted.kind)
    if wanted.unit:
        rows = rows.of_unit_named(wanted.unit)
    page = Paginator(_framed(rows), PAGE_SIZE).get_page(wanted.number)
    return Sheet(
        wanted=wanted,
        statuses=tuple(
            Choice(key, label, key == wanted.status) for key, label in (*OddityStatus.choices, (_ALL, "Semua"))
        ),
        kinds=tuple(Choice(key, label, key == wanted.kind) for key, label in OddityKind.choices),
        lines=_lines(list(page)),
        page=page,
        looks=_looks(AuditEvent.objects.visible_to(user).filter(action__startswith="oddity.")),
    )


def read_sign(user: User, pk: int) -> SignPage | None:
    """Read one sign with what was said of it and who looked; None when it is out of sight."""
    found = list(_framed(Oddity.objects.visible_to(user).filter(pk=pk)).prefetch_related("steps__by", "steps__posting"))
    if not found:
        return None
    oddity = found[0]
    may_say = posting_to_settle(user, oddity) is not None
    line = _lines(found)[0]
    return SignPage(
        line=line,
        said=tuple(
            Said(
                step.get_status_display(),
                f"{step.posting} ({step.by})" if step.posting else str(step.by),
                moment_text(step.at, line.units[0]),
                step.note,
            )
            for step in oddity.steps.all()
        ),
        looks=_looks(AuditEvent.objects.visible_to(user).about(oddity)),
        can_check=may_say and oddity.may_become(OddityStatus.CHECKED),
        can_explain=may_say and oddity.may_become(OddityStatus.EXPLAINED),
        can_find=oddity.may_become(OddityStatus.FINDING) and posting_to_settle_as_finding(user, oddity) is not None,
    )


def _framed(rows: QuerySet[Oddity]) -> QuerySet[Oddity]:
    frame = rows.select_related("period", "checklist__unit", "finding")
    return frame.prefetch_related("units", "people")


def _looks(events: QuerySet[AuditEvent]) -> tuple[Looked, ...]:
    """Return who looked or decided, of the trail that the person reads; his own looks are always in it."""
    return tuple(
        Looked(f"{act_words(each.action)}{_about(each)}", by_words(each), moment_text(each.at, each.unit))
        for each in events.select_related("actor", "posting", "unit")[:_MOST_LOOKS]
    )


def _about(event: AuditEvent) -> str:
    return f" ({event.object_label.lower()})" if event.object_label else ""


def _lines(rows: list[Oddity]) -> tuple[Line, ...]:
    names = Names(
        units={unit.pk: unit.name for row in rows for unit in row.units.all()},
        people={person.pk: str(person) for row in rows for person in row.people.all()},
        questions=_questions(rows),
    )
    return tuple(_line(row, names) for row in rows)


def _questions(rows: Iterable[Oddity]) -> dict[str, str]:
    """Return the questions of the items that are named; a code means the same in every version of an instrument."""
    codes = {code for row in rows for code in item_codes(row)}
    found = Item.objects.filter(code__in=codes).order_by("instrument")
    return dict(found.values_list("code", "question")) if codes else {}


def _line(row: Oddity, names: Names) -> Line:
    units = tuple(sorted(row.units.all(), key=lambda unit: unit.path))
    tag, icon = _TAGS[OddityStatus(row.status)]
    return Line(
        oddity=row, words=words_of(row, names), units=units, tag=tag, icon=icon,
        found=dateformat.format(local_day(units[0], row.found_at), "j F Y"),
    )  # fmt: skip
