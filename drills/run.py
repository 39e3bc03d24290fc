"""One drill in a process of its own: `python -m drills.run NAME [--sabotage]`; prints one line of JSON.

The database of the environment is a fresh copy of the drills' world. With --sabotage the portal runs from a build in
which the drill's guard is taken out, and the drill must go red.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drills.ledger import Ledger
from drills.load import Load
from drills.stack import Stack, running, wait_until
from drills.world import World

# From the fault's end everything must go well, for so long, with so many seconds to come back before.
CALM_SECONDS = 3.0
WARM_SECONDS = 2.0
# A recomputation that is cut off holds its roll-ups for a minute (wbbm/jobs/bulk.py).
SETTLED_WITHIN = 75.0


@dataclass
class Run:
    """What a drill works with."""

    stack: Stack
    world: World
    ledger: Ledger
    load: Load
    rounds: int = 0
    # A sabotaged portal that doesn't even start proves nothing about its guard.
    is_started: bool = False
    steps: list[Callable[[], None]] = field(default_factory=list)

    def warm(self, seconds: float = WARM_SECONDS) -> None:
        """Let the load run."""
        time.sleep(seconds)

    def require(self, is_so: bool, text: str) -> None:
        """Note a violation unless it is so."""
        if not is_so:
            self.ledger.wrong(text)

    def require_no_failures(self, since: float, text: str) -> None:
        """Note a violation when a request that began since then failed."""
        failed = self.ledger.failures(since)
        self.require(not failed, f"{text}: {len(failed)} failed, the first {failed[:1]}")

    def after_load(self, act: Callable[[], None]) -> None:
        """Do something once the editors have stopped, before the ledger is checked."""
        self.steps.append(act)


@dataclass(frozen=True)
class Drill:
    """A fault, what it stands on, and the longest time in which nobody's save may be acknowledged."""

    name: str
    act: Callable[[Run], None]
    title: str
    engine: str = "postgres"
    limit_seconds: float = 15.0
    load: dict[str, Any] = field(default_factory=dict)
    # With drills that need no load the act is all.
    is_loaded: bool = True
    # What must be there: "root" mounts a small file system.
    needs: str = ""
    # Prepares the folder or the environment before the portal starts; returns what to undo.
    prepare: Callable[[Stack, ExitStack], None] | None = None
    # Says why this machine can't run it; nothing where it can.
    why_not: Callable[[], str] = str


def settle(run: Run) -> None:
    """Wait until no roll-up is open, then hold what is stored against the answers."""
    from supervisi.rollup_key import KIND
    from supervisi.services.recompute import recompute
    from wbbm.jobs.models import Job

    try:
        wait_until(lambda: not Job.objects.open().filter(kind=KIND).exists(), SETTLED_WITHIN, "roll-ups done")
    except TimeoutError as fault:
        facts = ("key", "wanted", "done", "attempts", "token", "lease_until", "available_at", "rung_at", "last_error")
        run.ledger.wrong(f"{fault}: {list(Job.objects.open().filter(kind=KIND).values(*facts)[:1])}")
    differences = recompute(is_dry_run=True)
    run.require(not differences, f"{len(differences)} stored scores differ: {[str(each) for each in differences[:1]]}")


def perform(drill: Drill, run: Run) -> None:
    """Start, load, hurt, calm down, check."""
    with ExitStack() as stack:
        stack.enter_context(running(run.stack))
        run.is_started = True
        if drill.is_loaded:
            with run.load.running():
                run.warm()
                drill.act(run)
                calm_since = time.monotonic()
                run.warm(CALM_SECONDS)
                # What came into the calm from before was begun before.
                run.require_no_failures(calm_since, "after the fault was over")
                run.require(run.ledger.successes(calm_since) > 0, "nobody saves after the fault was over")
            run.require(run.load.gave_up == 0, f"{run.load.gave_up} writes were never answered")
        else:
            drill.act(run)
        for act in run.steps:
            act()
        settle(run)
        run.ledger.check(run.world.sheets)
    gap = run.ledger.longest_gap()
    run.require(gap <= drill.limit_seconds, f"{gap:.1f} s without a save, {drill.limit_seconds:.0f} are allowed")


def main(name: str, place: Path, build: Path) -> dict[str, Any]:
    """Run one drill on the database of the environment."""
    import django

    from drills.registry import find, stack_of

    drill = find(name)
    world, ledger = World.read(place), Ledger()
    with ExitStack() as undo:
        stack = stack_of(drill, build, undo)
        if drill.prepare is not None:
            drill.prepare(stack, undo)
        # Who checks reads the same database and the same files.
        os.environ.update(stack.environment)
        django.setup()
        run = Run(stack, world, ledger, Load(stack, world, ledger, **drill.load))
        began = time.monotonic()
        try:
            perform(drill, run)
        except Exception as fault:  # noqa: BLE001 (whatever stops a drill makes it red, and the line is printed all the same)
            ledger.wrong(f"the drill stopped: {fault!r}")
            sys.stderr.write(traceback.format_exc())
        if ledger.violations:
            sys.stderr.write(stack.log())
    figures = {"name": name, "stack": stack.engine, "started": run.is_started, "rounds": run.rounds}
    figures |= ledger.figures()
    return figures | {"seconds": round(time.monotonic() - began), "passed": not ledger.violations}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    line = main(sys.argv[1], Path(os.environ["DRILL_WORLD"]), Path(os.environ["DRILL_BUILD"]))
    print(json.dumps(line), flush=True)
    sys.exit(0 if line["passed"] else 1)
