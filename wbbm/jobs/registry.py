"""Kinds of jobs; the apps above register theirs in ready()."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .services import Claim

Handler = Callable[["Claim"], None]


@dataclass(frozen=True)
class Kind:
    """What to call for a kind, in which queue, how long a claim holds without being renewed, and how long it may take.

    Seconds.
    """

    name: str
    handler: Handler
    queue: str
    lease_seconds: float
    renew_seconds: float | None
    limit_seconds: float = 900.0


_kinds: dict[str, Kind] = {}


def add(kind: Kind) -> None:
    """Register a kind; a second registration replaces the first (tests)."""
    _kinds[kind.name] = kind


def get(name: str) -> Kind | None:
    """Return the kind, or None when no app knows it."""
    return _kinds.get(name)
