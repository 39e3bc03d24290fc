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
# What people call a kind, where they read of it.
_words: dict[str, str] = {}


def add(kind: Kind) -> None:
    """Register a kind; a second registration replaces the first (tests)."""
    _kinds[kind.name] = kind


def get(name: str) -> Kind | None:
    """Return the kind, or None when no app knows it."""
    return _kinds.get(name)


def names() -> frozenset[str]:
    """Return the kinds that some app knows."""
    return frozenset(_kinds)


def name_kinds(words: dict[str, str]) -> None:
    """Say what people call kinds of jobs; called in an app's ready()."""
    _words.update(words)


def words_of(name: str) -> str:
    """Return what people call a kind; its own name where nobody said."""
    return _words.get(name, name)
