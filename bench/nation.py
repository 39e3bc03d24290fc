"""Measure a simulated country: `python -m bench.nation STEP …`, each step a process of its own; prints JSON.

`fill POLDA POLRES POLSEK` fills an empty database. `pages SECONDS ROUNDS SMALL_URL` loads the pages of this database
and of the small one. `recompute ROUNDS` computes a period. `rollup TIMES` waits for the national row. `files KIND`
makes a file.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench.limit import limit, prepare  # noqa: E402
from bench.load import Load, Target, by_turns, run_load  # noqa: E402
from bench.world import Page, World, queries_of, signed_in, statements_of  # noqa: E402
from supervisi.instrument_cache import engine_instrument  # noqa: E402
from supervisi.lists.asked import Asked  # noqa: E402
from supervisi.lists.registry import LISTS  # noqa: E402
from supervisi.models import Answer, Checklist, ChecklistStatus, Layer, UnitScore  # noqa: E402
from supervisi.services.answers import save_operation  # noqa: E402
from supervisi.services.checklists import return_checklist, submit_checklist  # noqa: E402
from supervisi.services.list_files import open_table  # noqa: E402
from supervisi.services.operations import Card, Operation  # noqa: E402
from supervisi.services.recompute import recompute  # noqa: E402
from supervisi.services.workbooks import export_workbook  # noqa: E402
from tests import processes, servers  # noqa: E402
from wbbm.jobs.models import Job  # noqa: E402
from wbbm.organisasi.models import Role, Unit, User  # noqa: E402

CLIENTS = 32


def fill(polda: str, polres: str, polsek: str) -> dict[str, Any]:
    """Fill an empty database and say how much it holds."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    began = time.monotonic()
    size = {"polda": int(polda), "polres": int(polres), "polsek": int(polsek), "periods": 2, "seed": 1}
    call_command("simulate_nation", stdout=sys.stderr, **size)
    seconds = time.monotonic() - began
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    world = World()
    now = Answer.objects.filter(checklist__period__in=[world.quarter, world.year]).count()
    return {"seconds": seconds, "units": Unit.objects.count(), "answers": Answer.objects.count(), "period_answers": now}


# --- pages ----------------------------------------------------------------------------------------------


@contextmanager
def web(database: str) -> Iterator[int]:
    """Serve a database as `serve` does, with the bare views beside its pages; yield the port."""
    port = servers.free_port()
    options = ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
    command = ["-m", "gunicorn", *options, "--bind", f"127.0.0.1:{port}", "--log-level", "warning", "bench.wsgi"]
    env = os.environ | {"DATABASE_URL": database}
    child = subprocess.Popen([sys.executable, *command], cwd=processes.ROOT, env=env, start_new_session=True)
    try:
        processes.wait_until(lambda: _answers(port), 60)
        yield port
    finally:
        processes.stop(child)


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/masuk/", timeout=5).close()
    except OSError:
        return False
    return True


def _facts(load: Load) -> dict[str, float]:
    return {"rate": load.rate, "p50": load.p50, "p95": load.p95}


def small_pages() -> dict[str, Any]:
    """Say how the pages of this database are asked for: printed by the small one for the process that loads both."""
    world = World()
    targets = {page.key: world.page_target(page) for page in world.pages()}
    return {key: [target.path_of(0), target.headers] for key, target in targets.items()}


def pages(seconds: str, rounds: str, small: str) -> dict[str, Any]:
    """Load each page beside its bare view and beside the same page of the small database."""
    world, found = World(), {}
    done = subprocess.run(
        [sys.executable, "-m", "bench.nation", "small_pages"], cwd=processes.ROOT, check=True, stdout=subprocess.PIPE,
        env=os.environ | {"DATABASE_URL": small},
    )  # fmt: skip
    small_ones = json.loads(done.stdout.splitlines()[-1])
    base = queries_of(world.pages()[0].user, "/ukur/0/10/")[0]
    with web(os.environ["DATABASE_URL"]) as port, web(small) as small_port:
        for page in world.pages():
            address, headers = small_ones[page.key]
            other = Target(address, headers)
            found[page.key] = _page(world, page, base, (port, small_port), other, float(seconds), int(rounds))
        found["save"] = _saves(world, port, base, float(seconds), int(rounds))
    return found


def _page(
    world: World, page: Page, base: int, ports: tuple[int, int], other: Target, seconds: float, rounds: int
) -> dict[str, Any]:
    queries, size = queries_of(page.user, page.address)
    target = world.page_target(page)
    one = world.bare_target(page, 1, 1000)
    sides = {
        "page": (ports[0], target),
        "bare": (ports[0], world.bare_target(page, queries - base, size)),
        "one": (ports[0], one),
        "small": (ports[1], other),
    }
    loads = by_turns(sides, CLIENTS, seconds, rounds)
    alone = by_turns({"page": sides["page"], "one": sides["one"]}, 1, seconds / 2, rounds)
    facts = {name: _facts(load) for name, load in loads.items()}
    return facts | {
        "queries": queries, "size": size, "alone": {name: _facts(load) for name, load in alone.items()},
    }  # fmt: skip


def _saves(world: World, port: int, base: int, seconds: float, rounds: int) -> dict[str, Any]:
    """Save with 32 clients and with 8, beside the bare statements, and one alone beside the one-query view."""
    queries = _save_queries(world)
    # A save knows each answer's version: every load begins with what is stored.
    found: dict[str, Any] = {"queries": queries}
    page = world.pages()[-1]
    for name, clients in (("loads", CLIENTS), ("writers", 8), ("alone", 1)):
        loads = {key: Load() for key in ("page", "bare", "one")}
        for _ in range(rounds):
            sides = {
                "page": (port, world.save_target()),
                "bare": (port, world.bare_save_target(queries - base)),
                "one": (port, world.bare_target(page, 1, 1000)),
            }
            for key, side in sides.items():
                loads[key].add(run_load(*side, clients, seconds))
        found[name] = {key: _facts(load) for key, load in loads.items()}
    return found


def _save_queries(world: World) -> int:
    target, client = world.save_target(), signed_in(world.draft.created_by)
    bodies = [target.body_of(0, turn) for turn in range(2)]
    count = 0
    for body in bodies:  # the first one warms up
        count, _ = statements_of(client.post, target.path_of(0), data=body, content_type="application/json")
    return count


# --- scores ---------------------------------------------------------------------------------------------


def recomputation(rounds: str) -> dict[str, Any]:
    """Compute one period (its quarter and its year) beside the plain weighted sum in SQL over the same answers."""
    world = World()
    periods = [world.quarter, world.year]
    ids = [period.pk for period in periods]
    prepare()
    limit(ids)
    pairs = []
    for _ in range(int(rounds)):
        began = time.perf_counter()
        limit(ids)
        floor = time.perf_counter() - began
        began = time.perf_counter()
        differences = recompute(is_dry_run=True, periods=periods)
        pairs.append((floor, time.perf_counter() - began))
        assert differences == [], differences[:3]
    answers = Answer.objects.filter(checklist__period__in=ids).count()
    return {
        "seconds": statistics.median(one for _, one in pairs),
        "floor": statistics.median(floor for floor, _ in pairs),
        "ratio": statistics.median(one / floor for floor, one in pairs),
        "answers": answers,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def rollup(times: str) -> dict[str, Any]:
    """Return a sheet, save an answer, submit it again, and wait each time until the national row has it."""
    world = World()
    head = world.holder(world.polres, Role.SUPERVISOR)
    own = Checklist.objects.filter(
        unit__path__startswith=world.polres.path, layer=Layer.SELF, status=ChecklistStatus.SUBMITTED, visit=None,
        period=world.quarter,
    )  # fmt: skip
    sheet = own.with_frame().order_by("pk")[0]
    chief = world.holder(sheet.unit, Role.COMMANDER)
    waits: dict[str, list[float]] = {"save": [], "submit": []}
    with processes.process(*processes.sweep()), processes.workers_at_work("cepat"):
        for turn in range(int(times) + 1):
            sheet = return_checklist(checklist=sheet, by=head, reason="Diukur")
            _all_counted()
            saved = _waited(sheet, world, partial(_save, sheet, chief, turn))
            sheet = Checklist.objects.with_frame().get(pk=sheet.pk)
            submitted = _waited(sheet, world, partial(submit_checklist, checklist=sheet, by=chief))
            if turn:  # the first one warms up
                waits["save"].append(saved * 1000)
                waits["submit"].append(submitted * 1000)
            sheet = Checklist.objects.with_frame().get(pk=sheet.pk)
    return {name: statistics.median(spent) for name, spent in waits.items()} | {"units": Unit.objects.count()}


def _row(sheet: Checklist, world: World) -> UnitScore:
    key = {"period": sheet.period_id, "instrument": sheet.instrument_id, "layer": sheet.layer}
    return UnitScore.objects.get(unit=world.root, **key)


def _all_counted() -> None:
    """Wait until nothing is being counted."""
    processes.wait_until(lambda: not Job.objects.open().filter(kind="rollup").exists(), 60, every=0.02)


def _waited(sheet: Checklist, world: World, act: Callable[[], object]) -> float:
    before = _row(sheet, world).computed_at
    began = time.perf_counter()
    act()
    processes.wait_until(lambda: _row(sheet, world).computed_at != before, 60, every=0.002)
    spent = time.perf_counter() - began
    _all_counted()
    return spent


def _save(sheet: Checklist, by: User, turn: int) -> None:
    item = next(item for item in engine_instrument(sheet.instrument).items if item.options)
    base = Answer.objects.values_list("version", flat=True).get(checklist=sheet, item__code=item.code)
    card = Card(item.options[turn % 2].code, "", "paper")
    outcome = save_operation(checklist=sheet, operation=Operation(uuid.uuid4(), item.code, base, card), by=by)
    assert outcome.code == "saved"


# --- files ----------------------------------------------------------------------------------------------


def files(kind: str) -> dict[str, Any]:
    """Make one file; the process's peak of memory is the file's."""
    world = World()
    sheet = Checklist.objects.with_frame().filter(
        unit=world.polres, layer=Layer.SELF, instrument__code="lke-2021", period=world.year
    )[0]  # fmt: skip
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = time.perf_counter()
    if kind == "workbook":
        size = len(export_workbook(checklist=sheet, by=world.holder(world.polres, Role.OPERATOR)))
    else:
        table = LISTS["kunjungan"].read(world.holder(world.root, Role.COMMANDER), Asked({}))
        assert table is not None
        with open_table(table, "csv") as content:
            size = len(content.read())
    return {
        "seconds": time.perf_counter() - began, "size": size, "idle_mb": idle,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    "fill": fill, "pages": pages, "small_pages": small_pages, "recompute": recomputation, "rollup": rollup,
    "files": files,
}  # fmt: skip


if __name__ == "__main__":
    settings.ROOT_URLCONF = "bench.urls"
    print(json.dumps(STEPS[sys.argv[1]](*sys.argv[2:])))
