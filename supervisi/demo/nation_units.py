"""Units, offices and periods of a simulated country: numbered, below one Mabes, in the three zones."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from supervisi.demo.sheets import quarter_bounds
from supervisi.models import Period, PeriodKind
from wbbm.organisasi.models import HeldPredicate, Posting, PredicateCode, Role, Unit, UnitKind, User
from wbbm.organisasi.models.units import TimeZone

ROOT_CODE = "mabes-simulasi"
_CHUNK = 1000
_ROMAN = ("I", "II", "III", "IV")
# Offices of each kind of unit: user name, title, roles. The title ends with the unit's name.
_OFFICES: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    UnitKind.MABES: (
        ("kapolri", "Kapolri", (Role.COMMANDER,)), ("srena", "Staf Srena", (Role.SUPERVISOR,)),
        ("itwasum", "Auditor Itwasum", (Role.AUDITOR,)), ("admin", "Admin", (Role.ADMIN,)),
    ),
    UnitKind.POLDA: (
        ("kapolda", "Kapolda", (Role.COMMANDER,)), ("wakapolda", "Wakapolda", (Role.SUPERVISOR,)),
        ("karorena", "Karorena", (Role.SUPERVISOR,)), ("tim1", "Kabagstrajemen", (Role.SUPERVISOR,)),
        ("tim2", "Kabagrenprogar", (Role.SUPERVISOR,)), ("auditor", "Auditor Itwasda", (Role.AUDITOR,)),
        ("auditor2", "Auditor kedua Itwasda", (Role.AUDITOR,)), ("admin", "Admin", (Role.ADMIN,)),
    ),
    UnitKind.POLRES: (
        ("kapolres", "Kapolres", (Role.COMMANDER,)), ("wakapolres", "Wakapolres", (Role.SUPERVISOR,)),
        ("kabagren", "Kabagren", (Role.SUPERVISOR,)), ("tim1", "Kasikeu", (Role.SUPERVISOR,)),
        ("tim2", "Kasiwas", (Role.SUPERVISOR,)), ("bagren", "Operator Bagren", (Role.OPERATOR,)),
        ("admin", "Admin", (Role.ADMIN,)),
    ),
    UnitKind.POLSEK: (("kapolsek", "Kapolsek", (Role.COMMANDER, Role.OPERATOR)),),
}  # fmt: skip


@dataclass
class Place:
    """A unit with its people by office, how good it is, and what stands below it."""

    unit: Unit
    quality: float
    below: list[Place] = field(default_factory=list)
    people: dict[str, User] = field(default_factory=dict)


@dataclass
class Nation:
    """What was made, for the sheets that follow. The latest of the quarters and of the years comes first."""

    root: Place
    quarters: list[Period]
    years: list[Period]
    today: datetime.date
    seed: int

    def chance(self, *about: object) -> random.Random:
        """Return draws that depend on the seed and on what they are for, and on nothing else."""
        return random.Random(":".join(map(str, (self.seed, *about))))


def shares(total: int, weights: Sequence[float]) -> list[int]:
    """Share a number out by weights, to each at least one where it suffices."""
    least = 1 if total >= len(weights) else 0
    rest = total - least * len(weights) if least else total
    scale = rest / sum(weights)
    found = [least + int(weight * scale) for weight in weights]
    for place in sorted(range(len(weights)), key=lambda each: -weights[each])[: total - sum(found)]:
        found[place] += 1
    return found


class _Maker:
    def __init__(self, seed: int) -> None:
        self._seed, self._polda = seed, 1
        self.places: list[Place] = []

    def chance(self, code: str) -> random.Random:
        return random.Random(f"{self._seed}:{code}")

    def tree(self, polda: int, polres: int, polsek: int) -> Place:
        """Lay the tree out; paths are computed here, so that it can be written in bulk."""
        self._polda = polda
        last = Unit.objects.filter(depth=1).order_by("path").last()
        step = Unit._str2int(last.path) + 1 if last is not None else 1
        root = self._place(None, step, ROOT_CODE, "Mabes Polri (Simulasi)", UnitKind.MABES, 0.78)
        draw = self.chance("polda")
        of_polda = shares(polres, [draw.uniform(0.5, 1.6) for _ in range(polda)])
        for number, count in enumerate(of_polda, start=1):
            quality = root.quality + draw.uniform(-0.09, 0.09)
            self._place(root, number, f"polda-{number:02d}", f"Polda Contoh {number:02d}", UnitKind.POLDA, quality)
            above = root.below[-1]
            for each in range(1, count + 1):
                tail = f"{number:02d}-{each:02d}"
                better = quality + self.chance(tail).gauss(0, 0.04)
                self._place(above, each, f"polres-{tail}", f"Polres Contoh {tail}", UnitKind.POLRES, better)
        districts = [place for above in root.below for place in above.below]
        draw = self.chance("polsek")
        for place, count in zip(districts, shares(polsek, [draw.uniform(0.5, 1.7) for _ in districts]), strict=True):
            tail = place.unit.code.removeprefix("polres-")
            for each in range(1, count + 1):
                name = f"{tail}-{each:02d}"
                better = min(0.97, max(0.35, place.quality + self.chance(name).gauss(0, 0.07)))
                self._place(place, each, f"polsek-{name}", f"Polsek Contoh {name}", UnitKind.POLSEK, better)
        return root

    def _place(self, above: Place | None, step: int, code: str, name: str, kind: str, quality: float) -> Place:
        depth = 1 if above is None else above.unit.depth + 1
        path = Unit._get_path("" if above is None else above.unit.path, depth, step)
        unit = Unit(path=path, depth=depth, numchild=0, code=code, name=name, kind=kind)
        place = Place(unit, quality)
        if above is not None:
            above.unit.numchild += 1
            above.below.append(place)
            unit.time_zone = above.unit.time_zone
            self._put_on_the_map(unit, above.unit, step)
        self.places.append(place)
        return place

    def _put_on_the_map(self, unit: Unit, above: Unit, step: int) -> None:
        """Regional commands from west to east, with the zone of the place; everything else around what is above it."""
        draw = self.chance(f"{unit.code}:peta")
        if above.latitude is None or above.longitude is None:
            share = (step - 0.5) / self._polda
            unit.longitude, unit.latitude = Decimal(f"{95.5 + 44 * share:.4f}"), Decimal(f"{draw.uniform(-9, 4):.4f}")
            zone = TimeZone.WIB if share < 0.5 else TimeZone.WITA if share < 0.8 else TimeZone.WIT
            unit.time_zone = unit.own_time_zone = zone
            return
        unit.longitude = above.longitude + Decimal(f"{draw.uniform(-0.5, 0.5):.4f}")
        unit.latitude = above.latitude + Decimal(f"{draw.uniform(-0.5, 0.5):.4f}")

    def people(self, today: datetime.date) -> None:
        """Give each unit the people of its offices."""
        password, start = make_password(settings.DEMO_PASSWORD), datetime.date(today.year - 1, 1, 2)
        for place in self.places:
            for office, title, _ in _OFFICES[place.unit.kind]:
                tail = place.unit.code.split("-", 1)[1]
                place.people[office] = User(
                    username=f"{office}.{tail}", name=f"{title} {place.unit.name}", password=password, is_demo=True
                )
        User.objects.bulk_create((user for place in self.places for user in place.people.values()), _CHUNK)
        Posting.objects.bulk_create(
            (
                Posting(
                    user=place.people[office], unit=place.unit, role=role, title=title, starts_on=start,
                    approved_at=timezone.now(),
                )
                for place in self.places
                for office, title, roles in _OFFICES[place.unit.kind]
                for role in roles
            ),
            _CHUNK,
        )  # fmt: skip


def make_nation(
    *, polda: int, polres: int, polsek: int, periods: int, seed: int, today: datetime.date, say: Callable[[str], None]
) -> Nation:
    """Make the tree, the people with their postings, the predicates held, and the periods."""
    maker = _Maker(seed)
    root = maker.tree(polda, polres, polsek)
    Unit.objects.bulk_create([place.unit for place in maker.places], _CHUNK)
    say(f"{len(maker.places)} satuan")
    maker.people(today)
    say(f"{sum(len(place.people) for place in maker.places)} akun menurut jabatan")
    HeldPredicate.objects.bulk_create(
        HeldPredicate(unit=place.unit, predicate=PredicateCode.WBK, year=today.year - 2, decree="Data contoh")
        for place in maker.places
        if place.unit.kind == UnitKind.POLRES and place.quality > root.quality + 0.05
    )
    quarters = list(_quarters(root.unit, today, periods))
    years = [
        _period(root.unit, f"Tahun {year}", PeriodKind.YEAR, datetime.date(year, 1, 1), datetime.date(year, 12, 31))
        for year in range(today.year, today.year - periods, -1)
    ]
    Period.objects.bulk_create([*quarters, *years])
    return Nation(root, quarters, years, today, seed)


def _quarters(root: Unit, today: datetime.date, count: int) -> Iterator[Period]:
    year, number = today.year, (today.month + 2) // 3
    for _ in range(count):
        yield _period(root, f"Triwulan {_ROMAN[number - 1]} {year}", PeriodKind.QUARTER, *quarter_bounds(year, number))
        year, number = (year, number - 1) if number > 1 else (year - 1, 4)


def _period(root: Unit, name: str, kind: str, first: datetime.date, last: datetime.date) -> Period:
    return Period(unit=root, name=name, kind=kind, first_day=first, last_day=last)
