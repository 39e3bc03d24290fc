"""Figures of health. Each part of the portal that has some registers who reads them in its app's ready()."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a figure stands."""

    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"
    # There is nothing to say yet, or nothing to judge by.
    NONE = "none"


@dataclass(frozen=True)
class Figure:
    """One figure in words. `advice` says what to do; it is shown unless all is well."""

    label: str
    value: str
    state: State = State.GOOD
    advice: str = ""

    @property
    def tone(self) -> str:
        """The look of its sign."""
        return {State.GOOD: "ok", State.WATCH: "warn", State.BAD: "bad", State.NONE: ""}[self.state]

    @property
    def sign(self) -> str:
        """Its state in a word, for whoever sees no colours."""
        return {State.GOOD: "Baik", State.WATCH: "Perhatikan", State.BAD: "Perlu ditangani", State.NONE: ""}[self.state]

    @property
    def is_told(self) -> bool:
        """Tell whether the advice is shown."""
        return bool(self.advice) and self.state != State.GOOD


Reader = Callable[[], Iterable[Figure]]


@dataclass(frozen=True)
class Group:
    """Figures that belong together on the page."""

    title: str
    order: int
    read: Reader


_groups: dict[str, Group] = {}


def register_figure(title: str, read: Reader, *, order: int = 50) -> None:
    """Show what `read()` returns under a title; a second registration replaces the first.

    It is asked at each opening of the page and for the sign on the admin's first page: at most two queries, no waiting.
    """
    _groups[title] = Group(title, order, read)


def all_groups() -> list[Group]:
    """Return what is registered, in the order of the page."""
    return sorted(_groups.values(), key=lambda group: (group.order, group.title))


def age_words(seconds: float | None) -> str:
    """Return how long ago something was, as a person says it."""
    if seconds is None:
        return "belum pernah"
    for size, name in ((86400, "hari"), (3600, "jam"), (60, "menit")):
        if seconds >= size:
            return f"{int(seconds // size)} {name} lalu"
    return f"{int(seconds)} detik lalu"


def span_words(seconds: float) -> str:
    """Return how long something takes."""
    return age_words(seconds).removesuffix(" lalu")


def size_words(size: float) -> str:
    """Return a number of bytes as a person reads it."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    text = f"{size:.1f}" if size < 10 and unit not in {"B", "kB"} else f"{size:.0f}"
    return f"{text.replace('.', ',')} {unit}"


def percent_words(share: float) -> str:
    """Return a share as a percentage."""
    return f"{share * 100:.0f}%"
