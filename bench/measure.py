"""Measure one database: `python -m bench.measure SMALL BIG ROUNDS`; prints the figures as JSON.

Each figure stands beside a floor: the least that any solution would do for the same end. Both are timed in turns and
for about as long, and the median of their ratios counts: what a busy machine adds is no property of the code.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import F  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from supervisi.instrument_cache import engine_instrument  # noqa: E402
from supervisi.models import Answer, AnswerRevision, Checklist, ChecklistStatus, UnitScore  # noqa: E402
from supervisi.scoring.engine import score_sheet  # noqa: E402
from supervisi.scoring.instrument import Instrument  # noqa: E402
from supervisi.services.instruments import load_instrument  # noqa: E402
from supervisi.services.recompute import recompute  # noqa: E402
from tests.factories import make_person  # noqa: E402
from tests.supervisi.districts import Province, make_province, set_status  # noqa: E402
from tests.supervisi.sheets import LETTER, World, body, make_world  # noqa: E402
from wbbm.organisasi.models import Role  # noqa: E402
from wbbm.roomy import roomy  # noqa: E402

FREE = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass
class Figure:
    """One line of the table: milliseconds, their ratio, and the queries of the measured thing (0: none are counted)."""

    key: str
    floor_ms: float
    ms: float
    ratio: float
    queries: int = 0


def clocked(act: Callable[[], Any], times: int) -> float:
    """Return the milliseconds of one act out of so many."""
    began = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - began) * 1000 / times


def in_turns(floor: Callable[[], Any], thing: Callable[[], Any], rounds: int) -> tuple[float, float, float]:
    """Return the medians of floor and thing in milliseconds, and the median of their ratios round by round.

    The floor is repeated until it takes about as long as the thing: what else the machine does then meets both alike.
    """
    clocked(floor, 1)  # warms up
    times = max(1, round(clocked(thing, 1) / clocked(floor, 3)))
    pairs = [(clocked(floor, times), clocked(thing, 1)) for _ in range(rounds)]
    floors, things = zip(*pairs, strict=True)
    return (
        statistics.median(floors),
        statistics.median(things),
        statistics.median(one / other for other, one in pairs),
    )


def browser_of(user: Any) -> Client:
    """Return a signed-in client that comes from where the portal is served."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user, backend="wbbm.organisasi.auth.PostingBackend")
    return client


def opener(client: Client, address: str) -> Callable[[], Any]:
    """Return what opens a page and insists on a whole one."""

    @roomy
    def open_it() -> None:
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)

    return open_it


def queries_of(act: Callable[[], Any]) -> int:
    """Return how many statements the act sends, transactions not counted."""
    with CaptureQueriesContext(connection) as seen:
        act()
    return sum(not query["sql"].upper().startswith(FREE) for query in seen.captured_queries)


# --- pages ----------------------------------------------------------------------------------------------


def dashboards(small: Province, big: Province, rounds: int) -> list[Figure]:
    """Measure the dashboard of both districts against the public first page, and the big one against its rows."""
    front = opener(Client(SERVER_NAME="127.0.0.1"), "/")
    found, pages = [], {}
    for key, province in (("dashboard-small", small), ("dashboard-big", big)):
        polres = province.polres[0]
        address = f"/supervisi/satuan/{polres.pk}/"
        pages[key] = opener(browser_of(make_person(polres, Role.COMMANDER)), address)
        pages[key]()
        found.append(Figure(key, *in_turns(front, pages[key], rounds), queries_of(pages[key])))
    rows = UnitScore.objects.filter(period=big.period, unit__path__startswith=big.polres[0].path)
    found.append(Figure("dashboard-rows", *in_turns(lambda: list(rows.values()), pages["dashboard-big"], rounds)))
    found.append(Figure("dashboard-growth", *in_turns(pages["dashboard-small"], pages["dashboard-big"], rounds)))
    return found


def area_page(world: World, rounds: int) -> Figure:
    """Measure one area of a sheet, all cards open, against the public first page."""
    page = opener(browser_of(world.leader), f"/supervisi/lembar/{world.checklist.pk}/area/1/")
    page()
    front = opener(Client(SERVER_NAME="127.0.0.1"), "/")
    return Figure("area", *in_turns(front, page, rounds), queries_of(page))


def saves(world: World, rounds: int) -> Figure:
    """Measure a saved answer against its two bare statements: the conditional UPDATE and the row of the history."""
    client = browser_of(world.leader)
    address = f"/supervisi/lembar/{world.checklist.pk}/operasi/"

    def save() -> None:
        base = Answer.objects.values_list("version", flat=True).get(checklist=world.checklist, item__code=LETTER)
        document = body(LETTER, "AB"[base % 2], base)
        answer = client.post(address, document, content_type="application/json", headers={"accept": "application/json"})
        assert answer.status_code == 200, answer.content

    save()
    bare = Answer.objects.filter(checklist=world.checklist).exclude(item__code=LETTER).first()
    assert bare is not None
    row = AnswerRevision.objects.latest("pk")

    def two_statements() -> None:
        row.pk, row.uuid, row.answer = None, uuid.uuid4(), bare
        row.new_version += 1
        row._state.adding = True
        with transaction.atomic():
            Answer.objects.filter(pk=bare.pk, version__gte=0).update(version=F("version") + 1)
            row.save(force_insert=True)

    found = in_turns(two_statements, save, rounds)
    # The test itself reads the base version: one query less.
    return Figure("save", *found, queries_of(save) - 1)


# --- scores ---------------------------------------------------------------------------------------------


def best_answers(instrument: Instrument, place: int) -> dict[str, Any]:
    """Return a full sheet that differs from place to place."""
    found: dict[str, Any] = {}
    for number, item in enumerate(instrument.items):
        if item.options:
            found[item.code] = item.options[(place + number) % len(item.options)].code
        elif item.inputs:
            found[item.code] = {entry.key: 7 for entry in item.inputs}
        else:
            found[item.code] = str((place + number) % 5)
    return found


def scoring(code: str, sheets: int) -> Figure:
    """Measure exact scores of many sheets against one weighted sum of fractions of each item."""
    instrument = engine_instrument(load_instrument(code)[0])
    filled = [best_answers(instrument, place) for place in range(sheets)]
    weights = {item.code: Fraction(place + 1, 7) for place, item in enumerate(instrument.items)}

    def sums() -> None:
        for answers in filled:
            sum((weights[key] * Fraction(len(str(answer)), 4) for key, answer in answers.items()), Fraction())

    def scores() -> None:
        for answers in filled:
            score_sheet(instrument, answers)

    return Figure(f"score-{code}", *in_turns(sums, scores, 5))


def recomputation() -> Figure:
    """Measure computing everything anew against reading every answer and scoring every sheet once."""
    instruments = {sheet.pk: engine_instrument(sheet.instrument) for sheet in Checklist.objects.with_frame()}

    def score_all() -> None:
        filled: dict[int, dict[str, Any]] = defaultdict(dict)
        rows = Answer.objects.filter(version__gt=0).values_list("checklist_id", "item__code", "value")
        for sheet, code, value in rows.iterator():
            filled[sheet][code] = value.get("answer")
        for sheet, answers in filled.items():
            score_sheet(instruments[sheet], answers)

    return Figure("recompute", *in_turns(score_all, lambda: recompute(is_dry_run=True), 1))


def main() -> None:
    """Fill an empty database, measure, print."""
    small_size, big_size, rounds = (int(argument) for argument in sys.argv[1:4])
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    with transaction.atomic():
        small, big = make_province(small_size), make_province(big_size)
        world = make_world()
        for province in (small, big):
            for sheet in province.sheets[: len(province.sheets) * 4 // 5]:
                set_status(sheet, ChecklistStatus.SUBMITTED)
        recompute(is_dry_run=False)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    # Cycles are looked for as seldom as in the web's processes; else whichever page is unlucky pays for all.
    import_module("wbbm.wsgi")
    found = [
        *dashboards(small, big, rounds), area_page(world, rounds), saves(world, rounds),
        scoring("polsek-2026", big_size), scoring("lke-2021", big_size), recomputation(),
    ]  # fmt: skip
    print(json.dumps([asdict(figure) for figure in found]))


if __name__ == "__main__":
    main()
