"""A year of survey answers of the demo district: invented, the same at every run, in bulk."""

from __future__ import annotations

import datetime
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from layanan.demo.place import Place
from layanan.models import (
    Bundle,
    Questionnaire,
    ServedMonth,
    SurveyAnswer,
    SurveyContact,
    SurveyTally,
    SurveyToken,
    TokenBatch,
)
from layanan.pages.survey_form import questionnaires_of
from layanan.services.questionnaires import load_questionnaires
from layanan.survey_codes import hashed
from layanan.survey_maths import month_of, shifted
from layanan.surveyed import services_of
from wbbm.organisasi.models import Unit

# The seed of everything that is drawn here.
SEED = 2026
MONTHS = 12
# Answers a month by token, and how content people are (the chance of each further star); the rest is in between.
_POLRES = (22, 0.93)
_STATIONS = {
    "Tuban": (9, 0.91), "Semanding": (7, 0.9), "Palang": (6, 0.93), "Plumpang": (5, 0.86), "Jenu": (6, 0.95),
    "Rengel": (4, 0.9), "Senori": (5, 0.92), "Soko": (4, 0.84), "Bancar": (4, 0.9), "Jatirogo": (4, 0.88),
    "Tambakboyo": (3, 0.9), "Kerek": (3, 0.93), "Merakurak": (3, 0.91), "Widang": (2, 0.9), "Singgahan": (2, 0.87),
}  # fmt: skip
_FEW = (1, 0.9)
# A day on which somebody filled in a whole heap of slips.
_BURST = "Widang"
_BURST_ANSWERS = 24
# Codes that are still to be handed out in the demo; for showing the page only.
DEMO_CODES = ("DEM0000000A1", "DEM0000000A2", "DEM0000000B1")


@dataclass
class _Heap:
    """What is made, before it is stored."""

    answers: list[SurveyAnswer] = field(default_factory=list)
    tallies: dict[tuple[int, str, int, datetime.date, bool], SurveyTally] = field(default_factory=dict)

    def add(
        self, unit: Unit, service: str, asked: Questionnaire, day: datetime.date, marks: list[int], *, is_open: bool
    ) -> None:
        """Add an answer and move its month's tally."""
        number = uuid.UUID(int=_chance.getrandbits(128), version=4)
        text = "".join(map(str, marks))
        self.answers.append(
            SurveyAnswer(
                id=number, unit=unit, service=service, questionnaire=asked, day=day, marks=text,
                is_flat=len(set(marks)) == 1, is_open=is_open, is_mixed=True,
            )
        )  # fmt: skip
        key = (unit.pk, service, asked.pk, month_of(day), is_open)
        if key not in self.tallies:
            self.tallies[key] = SurveyTally(
                unit=unit, service=service, questionnaire=asked, month=month_of(day), is_open=is_open
            )
        tally = self.tallies[key]
        tally.count += 1
        tally.squares += sum(marks) ** 2
        for place, mark in enumerate(marks, start=1):
            setattr(tally, f"s{place}", getattr(tally, f"s{place}") + mark)


_chance = random.Random(SEED)


def add_surveys(place: Place) -> None:
    """Make answers, tokens, the register and the numbers of people served."""
    _chance.seed(SEED)
    load_questionnaires()
    asked = {bundle: questionnaires_of(bundle) for bundle in Bundle.values}
    heap = _Heap()
    for unit, many, content in _units(place):
        services = [service.code for service in services_of(unit)]
        for month in _months(place.today):
            _month(heap, _Desk(unit, services, many, content), month, asked, place.today)
    _burst(heap, place, asked)
    SurveyAnswer.objects.bulk_create(heap.answers, batch_size=1000)
    SurveyTally.objects.bulk_create(heap.tallies.values(), batch_size=500)
    _desk(place)


def _units(place: Place) -> Iterator[tuple[Unit, int, float]]:
    yield place.polres, *_POLRES
    for name, unit in place.stations.items():
        yield unit, *_STATIONS.get(name, _FEW)


def _months(today: datetime.date) -> list[datetime.date]:
    return [shifted(month_of(today), -number) for number in range(MONTHS, -1, -1)]


@dataclass(frozen=True)
class _Desk:
    """Where people answer, about what, how many a month, and how content they are."""

    unit: Unit
    services: list[str]
    many: int
    content: float


def _month(
    heap: _Heap,
    desk: _Desk,
    month: datetime.date,
    asked: dict[str, tuple[Questionnaire, ...]],
    today: datetime.date,
) -> None:
    """Add a month of answers, the later the better."""
    length = (shifted(month, 1) - month).days
    share = min(1.0, today.day / length) if month == month_of(today) else 1.0
    better = (month.year * 12 + month.month - (today.year * 12 + today.month)) * 0.004
    for bundle, questionnaires in asked.items():
        count = desk.many if bundle == Bundle.ZI else (desk.many + 1) // 2
        for _ in range(round(count * share) + (_chance.random() < 0.3)):
            day = month + datetime.timedelta(days=_chance.randrange(max(1, round(length * share))))
            service, is_open = _chance.choice(desk.services), _chance.random() < 0.06
            mood = min(0.985, desk.content + better + _chance.gauss(0, 0.04))
            for each in questionnaires:
                heap.add(desk.unit, service, each, day, _marks(each, mood), is_open=is_open)


def _marks(asked: Questionnaire, mood: float) -> list[int]:
    """Draw stars: each further one with the chance of the mood; some people tap the same star throughout."""
    steps = asked.scale - 1

    def star() -> int:
        return 1 + sum(_chance.random() < mood for _ in range(steps))

    if _chance.random() < 0.3:
        return [star()] * len(asked.statements)
    return [star() for _ in asked.statements]


def _burst(heap: _Heap, place: Place, asked: dict[str, tuple[Questionnaire, ...]]) -> None:
    unit = place.stations[_BURST]
    day = place.today - datetime.timedelta(days=17)
    for _ in range(_BURST_ANSWERS):
        for each in asked[Bundle.ZI]:
            heap.add(unit, "laporan-polisi", each, day, [each.scale] * len(each.statements), is_open=False)


def _desk(place: Place) -> None:
    """Add tokens of two batches a unit, the register of two desks, and how many were served."""
    units = [place.polres, place.stations["Senori"], place.stations["Grabagan"]]
    batches, tokens = [], []
    for number, unit in enumerate(units):
        for is_screen, ago, made, used in ((False, 21, 20, 13), (True, 1, 6, 5)):
            issued = place.today - datetime.timedelta(days=ago)
            expires = issued + datetime.timedelta(days=3 if is_screen else 60)
            batch = TokenBatch(
                id=uuid.UUID(int=_chance.getrandbits(128), version=4), unit=unit, service="laporan-polisi",
                bundle=Bundle.ZI, is_screen=is_screen, issued_on=issued, expires_on=expires,
            )  # fmt: skip
            batches.append(batch)
            hashes = [hashed(f"{batch.pk}-{row}") for row in range(made)]
            if not is_screen and number < len(DEMO_CODES):
                hashes[-1] = hashed(DEMO_CODES[number])
            tokens += [SurveyToken(code_hash=code, batch=batch, is_used=row < used) for row, code in enumerate(hashes)]
    TokenBatch.objects.bulk_create(batches)
    SurveyToken.objects.bulk_create(tokens)
    visitors = ("Pemohon contoh A", "Pemohon contoh B", "Pemohon contoh C", "Pemohon contoh D")
    SurveyContact.objects.bulk_create(
        SurveyContact(
            id=uuid.UUID(int=_chance.getrandbits(128), version=4), unit=unit, service="laporan-polisi", name=name,
            phone=f"0812000000{place_number}{row}", noted_on=place.today - datetime.timedelta(days=2 + row),
        )
        for place_number, unit in enumerate(units)
        for row, name in enumerate(visitors)
    )  # fmt: skip
    months = _months(place.today)[-5:-1]
    ServedMonth.objects.bulk_create(
        ServedMonth(unit=unit, month=month, served=1150 + 40 * row if unit == place.polres else 55 + 3 * row)
        for unit in units[:2]
        for row, month in enumerate(months)
    )
