"""How many of a unit's people signed their pledge: a fixed number of queries for any number of units."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Count, Q

from layanan.models import Pledge
from layanan.models.commitment import PledgeQuerySet
from wbbm.organisasi.models import Posting, Unit
from wbbm.organisasi.models.people import PostingQuerySet


@dataclass(frozen=True)
class Coverage:
    """People with a running posting, and those of them who signed."""

    people: int
    signed: int

    @property
    def percent(self) -> int | None:
        """The share in whole percent, rounded down: 100 only when nobody is missing."""
        return self.signed * 100 // self.people if self.people else None

    @property
    def missing(self) -> int:
        """How many have not signed."""
        return self.people - self.signed


# Of fewer people than this a share or a count would be about one of them: not for the public, not for sums.
FEWEST_PEOPLE = 5


@dataclass(frozen=True)
class People:
    """Who is posted where, and who signed in the year."""

    here: dict[str, set[int]]
    below: dict[str, set[int]]
    signed: frozenset[int]

    def at(self, unit: Unit) -> Coverage:
        """Count the people of the unit itself, each once."""
        return self._count(self.here.get(unit.path, set()))

    def within(self, unit: Unit) -> Coverage:
        """Count the people of the unit and everything below it, each once."""
        return self._count(self.below.get(unit.path, set()))

    def everybody(self) -> Coverage:
        """Count all that were read, each once."""
        return self._count(set().union(*self.here.values()))

    def _count(self, people: set[int]) -> Coverage:
        return Coverage(len(people), len(people & self.signed))


def read_people(condition: Q, year: int, today: datetime.date) -> People:
    """Read the people of units and who signed (two queries).

    A year that is over is measured on its last day, the running one today.

    Args:
        condition: which postings, e.g. Q(unit__path__startswith=…).
        today: the day by which the year is judged to be over.
    """
    rows = _posted(condition, year, today)
    here: dict[str, set[int]] = {}
    for path, person in rows.values_list("unit__path", "user_id").distinct():
        here.setdefault(path, set()).add(person)
    below: dict[str, set[int]] = {}
    for path, people in here.items():
        for end in range(Unit.steplen, len(path) + 1, Unit.steplen):
            below.setdefault(path[:end], set()).update(people)
    return People(here, below, frozenset(_signed(rows, year).values_list("person_id", flat=True)))


def coverage_within(unit: Unit, year: int, today: datetime.date) -> Coverage:
    """Count for the unit and everything below it, in the database (two queries)."""
    rows = _posted(Q(unit__path__startswith=unit.path), year, today)
    people = rows.aggregate(people=Count("user_id", distinct=True))["people"]
    return Coverage(people, _signed(rows, year).count())


def _posted(condition: Q, year: int, today: datetime.date) -> PostingQuerySet:
    last = datetime.date(year, 12, 31)
    rows = Posting.objects.active_on(last) if last < today else Posting.objects.running()
    return rows.filter(condition).order_by()


def _signed(rows: PostingQuerySet, year: int) -> PledgeQuerySet:
    return Pledge.objects.valid(year).filter(person__in=rows.values("user_id")).order_by()
