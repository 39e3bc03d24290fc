"""What the pages of commitment read: units with their coverage, one unit, one's own pledge."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.utils import timezone

from layanan.models import Declaration, Pledge, ViolationStatement
from layanan.models.commitment import NAME_READERS, VIOLATION_READERS, PledgeWay, ViolationKind
from layanan.pledge_coverage import Coverage, read_people
from layanan.pledge_texts import CURRENT, PledgeWords
from layanan.services.commitment import posting_to_keep, posting_to_remind, posting_to_state
from wbbm.files.models import StoredFile
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, Unit, UnitQuerySet, User

PAGE_SIZE = 50
FIRST_YEAR = 2020


def years_of(today: datetime.date) -> tuple[int, ...]:
    """Return the years that pages offer: this one and two before."""
    return tuple(range(today.year, today.year - 3, -1))


def chosen_year(text: str, today: datetime.date) -> int:
    """Return the year that was asked for, else this one."""
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else today.year
    return year if FIRST_YEAR <= year <= today.year else today.year


# --- all units ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UnitLine:
    """A unit in the list: its own people, those below too, its declaration."""

    unit: Unit
    own: Coverage
    total: Coverage
    has_below: bool
    declaration: Declaration | None


@dataclass(frozen=True)
class CoverageList:
    """The units in sight, those with most missing signatures first where asked for."""

    year: int
    years: tuple[int, ...]
    page: Page[Unit]
    lines: tuple[UnitLine, ...]
    sought: str
    # Of all units in sight, each person once.
    whole: Coverage


def units_in_sight(user: User, sought: str) -> UnitQuerySet:
    """Keep the active units that the person reads, narrowed by name."""
    rows: UnitQuerySet = Unit.objects.visible_to(user).active_on(timezone.localdate()).named_like(sought)
    return rows


def read_lines(user: User, units: list[Unit], year: int) -> tuple[tuple[UnitLine, ...], Coverage]:
    """Return the units with their coverage, and that of everybody in sight (three queries)."""
    people = read_people(user.scope.reading_units("unit__path"), year, timezone.localdate())
    declared = Declaration.objects.latest_of([unit.pk for unit in units])
    lines = tuple(
        UnitLine(unit, people.at(unit), people.within(unit), unit.numchild > 0, declared.get(unit.pk)) for unit in units
    )
    return lines, people.everybody()


def read_list(user: User, year_text: str, sought: str, number: str) -> CoverageList:
    """Read one page of the list."""
    today = timezone.localdate()
    year = chosen_year(year_text, today)
    page = Paginator(units_in_sight(user, sought), PAGE_SIZE).get_page(number)
    lines, whole = read_lines(user, list(page), year)
    return CoverageList(year, years_of(today), page, lines, sought, whole)


# --- one unit -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PersonLine:
    """Somebody of the unit, and his pledge of the year."""

    person: User
    office: str
    pledge: Pledge | None


@dataclass(frozen=True)
class DeclarationLine:
    """A declaration with its documents."""

    declaration: Declaration
    files: tuple[StoredFile, ...]


@dataclass(frozen=True)
class KindLine:
    """One kind of violation in the statement's year."""

    label: str
    count: int
    sanctioned: int


@dataclass(frozen=True)
class EarlierStatement:
    """What was stated before it was corrected."""

    statement: ViolationStatement
    total: int
    sanctioned: int


@dataclass(frozen=True)
class YearOfViolations:
    """What is stated of a year; None where nothing was reported."""

    year: int
    statement: ViolationStatement | None
    lines: tuple[KindLine, ...]
    earlier: tuple[EarlierStatement, ...]

    @property
    def total(self) -> int:
        """How many there were in all."""
        return sum(line.count for line in self.lines)

    @property
    def sanctioned(self) -> int:
        """How many were punished."""
        return sum(line.sanctioned for line in self.lines)


@dataclass(frozen=True)
class UnitPage:
    """The commitment of one unit."""

    unit: Unit
    year: int
    years: tuple[int, ...]
    own: Coverage
    total: Coverage
    # None: the person may not read who signed.
    missing: tuple[PersonLine, ...] | None
    signed: tuple[PersonLine, ...]
    declarations: tuple[DeclarationLine, ...]
    # None: the person may not read violations.
    violations: tuple[YearOfViolations, ...] | None
    can_keep: bool
    can_remind: bool
    can_state: bool


def find_unit(user: User, pk: int) -> Unit | None:
    """Return a unit in sight."""
    unit: Unit | None = Unit.objects.visible_to(user).filter(pk=pk).first()
    return unit


def reads_names(user: User, unit: Unit) -> bool:
    """Tell whether the person may read who of the unit signed."""
    scope = user.scope
    return bool(scope.posting_over(unit, *NAME_READERS) or scope.posting_at(unit, Role.OPERATOR))


def reads_violations(user: User, unit: Unit) -> bool:
    """Tell whether the person may read the violations of the unit."""
    scope = user.scope
    return bool(scope.posting_over(unit, *VIOLATION_READERS) or scope.posting_at(unit, Role.OPERATOR))


def people_lines(unit: Unit, year: int) -> tuple[PersonLine, ...]:
    """Return the people who are posted at the unit itself, each once, with their pledges (two queries)."""
    rows = Posting.objects.running().filter(unit=unit).select_related("user").order_by("user__name", "pk")
    offices: dict[int, tuple[User, list[str]]] = {}
    for row in rows:
        titles = offices.setdefault(row.user_id, (row.user, []))[1]
        if row.title not in titles:
            titles.append(row.title)
    valid = Pledge.objects.valid(year).filter(person__in=list(offices)).select_related("scan", "text")
    pledges = {pledge.person_id: pledge for pledge in valid}
    return tuple(PersonLine(who, ", ".join(titles), pledges.get(pk)) for pk, (who, titles) in offices.items())


def missing_people(unit: Unit, year: int) -> list[User]:
    """Return the people of the unit who have not signed in the year."""
    return [line.person for line in people_lines(unit, year) if line.pledge is None]


def paper_choices(unit: Unit) -> tuple[tuple[int, str], ...]:
    """Return the running postings of the unit to choose from, each person once (one query)."""
    rows = Posting.objects.running().filter(unit=unit).select_related("user").order_by("user__name", "pk")
    offices = {row.user_id: (row.pk, f"{row.user}, {row.title}") for row in rows}
    return tuple(offices.values())


def read_unit(user: User, pk: int, year_text: str) -> UnitPage | None:
    """Read the commitment of a unit in sight, as far as the person may read it."""
    unit = find_unit(user, pk)
    if unit is None:
        return None
    today = local_day(unit)
    year = chosen_year(year_text, today)
    people = read_people(_below(unit), year, today)
    named = people_lines(unit, year) if reads_names(user, unit) else None
    return UnitPage(
        unit=unit,
        year=year,
        years=years_of(today),
        own=people.at(unit),
        total=people.within(unit),
        missing=tuple(line for line in named if line.pledge is None) if named is not None else None,
        signed=tuple(line for line in named or () if line.pledge is not None),
        declarations=_declarations(unit),
        violations=_violations(unit, year) if reads_violations(user, unit) else None,
        can_keep=posting_to_keep(user, unit) is not None,
        can_remind=posting_to_remind(user, unit) is not None and year == today.year,
        can_state=posting_to_state(user, unit) is not None,
    )


def _below(unit: Unit) -> Q:
    return Q(unit__path__startswith=unit.path)


def _declarations(unit: Unit) -> tuple[DeclarationLine, ...]:
    rows = Declaration.objects.filter(unit=unit).prefetch_related("files__file")
    return tuple(DeclarationLine(row, tuple(entry.file for entry in row.files.all())) for row in rows)


def _violations(unit: Unit, year: int) -> tuple[YearOfViolations, ...]:
    rows = ViolationStatement.objects.filter(unit=unit, year__in=[year - 1, year]).prefetch_related("counts")
    found = list(rows.select_related("posting"))
    return tuple(_year(each, [row for row in found if row.year == each]) for each in (year, year - 1))


def _year(year: int, rows: list[ViolationStatement]) -> YearOfViolations:
    current = next((row for row in rows if row.is_current), None)
    lines = [
        KindLine(row.get_kind_display(), row.count, row.sanctioned) for row in (current.counts.all() if current else ())
    ]
    earlier = tuple(_earlier(row) for row in rows if not row.is_current)
    return YearOfViolations(year, current, tuple(lines), earlier)


def _earlier(row: ViolationStatement) -> EarlierStatement:
    counts = row.counts.all()
    return EarlierStatement(row, sum(each.count for each in counts), sum(each.sanctioned for each in counts))


def current_statement(unit: Unit, year: int) -> tuple[ViolationStatement | None, dict[str, tuple[int, int]]]:
    """Return what is stated of the year, and its counts by kind."""
    row = ViolationStatement.objects.current().filter(unit=unit, year=year).prefetch_related("counts").first()
    counts = {each.kind: (each.count, each.sanctioned) for each in row.counts.all()} if row else {}
    return row, counts


def kinds() -> list[tuple[str, str]]:
    """Return the kinds of violations with their labels."""
    return [(str(value), str(label)) for value, label in ViolationKind.choices]


# --- one's own pledge ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnPledge:
    """The person's own pledges and the text of this year."""

    year: int
    words: PledgeWords
    pledge: Pledge | None
    earlier: tuple[Pledge, ...]

    @property
    def is_paper(self) -> bool:
        """Tell whether this year's was signed on paper."""
        return self.pledge is not None and self.pledge.way == PledgeWay.PAPER


def read_own(user: User, unit: Unit) -> OwnPledge:
    """Read the person's own pledges (one query)."""
    year = local_day(unit).year
    rows = list(Pledge.objects.filter(person=user, is_valid=True).select_related("text", "scan", "unit"))
    return OwnPledge(
        year, CURRENT, next((row for row in rows if row.year == year), None),
        tuple(row for row in rows if row.year != year),
    )  # fmt: skip


def find_pledge(user: User, pk: int) -> Pledge | None:
    """Return a pledge in sight."""
    return Pledge.objects.visible_to(user).select_related("unit", "person").filter(pk=pk).first()


def find_declaration(user: User, pk: int) -> Declaration | None:
    """Return a declaration in sight."""
    return Declaration.objects.visible_to(user).select_related("unit").filter(pk=pk).first()
