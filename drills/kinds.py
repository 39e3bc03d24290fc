"""Kinds of jobs of the drills: one that leaves a mark each time it is done, and some that no worker should have."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NoReturn

from wbbm.jobs import services
from wbbm.jobs.services import Claim

COUNT = "latihan-hitung"
POISON_SECONDS = 2.0


def _mark(claim: Claim) -> None:
    with Path(os.environ["DRILL_FOLDER"], claim.kind).open("a") as file:
        file.write(f"{claim.key}\n")


def marks(folder: Path, kind: str) -> list[str]:
    """Return the keys of a kind's jobs, as often as they were begun."""
    place = folder / kind
    return place.read_text().split() if place.exists() else []


def _count(claim: Claim) -> None:
    _mark(claim)
    time.sleep(0.01)


def _raise(claim: Claim) -> NoReturn:
    _mark(claim)
    raise RuntimeError("racun")


def _loop(claim: Claim) -> NoReturn:
    _mark(claim)
    while True:
        pass


def _exit(claim: Claim) -> NoReturn:
    _mark(claim)
    os._exit(1)


def _eat(claim: Claim) -> NoReturn:
    _mark(claim)
    eaten = []
    while True:
        eaten.append(bytearray(32 << 20))


POISONS = {"latihan-galat": _raise, "latihan-putar": _loop, "latihan-keluar": _exit, "latihan-lahap": _eat}


def register() -> None:
    """Register the kinds in this process."""
    services.register(COUNT, _count)
    for kind, handler in POISONS.items():
        services.register(kind, handler, limit_seconds=POISON_SECONDS)
