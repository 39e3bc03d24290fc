"""All drills by name, in the order in which they run, and the stack that each stands on."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

from drills import broker, database, device, disk, hosts, kills, lines, people, races, restoring, work
from drills.run import Drill
from drills.stack import Stack
from tests import servers

FAMILIES = (kills, broker, database, disk, races, work, device, people, lines, restoring, hosts)
DRILLS: dict[str, Drill] = {drill.name: drill for module in FAMILIES for drill in module.DRILLS}


def find(name: str) -> Drill:
    """Return a drill; LookupError when there is none of the name."""
    return DRILLS[name] if name != kills.SMOKE.name else kills.SMOKE


def stack_of(drill: Drill, build: Path, undo: ExitStack) -> Stack:
    """Return the stack of a drill, not started; the database is there already."""
    stack = Stack(
        environment=dict(os.environ), build=build, folder=Path(os.environ["DRILL_FOLDER"]), port=int(os.environ["PORT"])
    )
    if drill.engine == "postgres":
        folder, port, options = os.environ["DRILL_POSTGRES"].split("|")
        stack.postgres = servers.Postgres(Path(folder), int(port), options)
        stack.redis = undo.enter_context(servers.redis_server())
        stack.environment["REDIS_URL"] = stack.redis.url
    return stack
