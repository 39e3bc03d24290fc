"""What the portal holds about a person: every floor registers its topics and what goes with an erased person.

A topic names the columns that point at people; tests/upkeep/test_personal.py fails where a column is in no topic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q

from wbbm.organisasi.models import User

Column = tuple[type[Model], str]
Count = Callable[[User], int]


@dataclass(frozen=True)
class Topic:
    """One kind of thing: why it is held, how long, and the columns that name the person.

    Of a topic that is `is_own` nobody but the person is told even the number, of one that `is_secret` not even he:
    it is what others examine.
    """

    title: str
    why: str
    keeps: str
    columns: tuple[Column, ...] = ()
    count: Count | None = None
    is_own: bool = False
    is_secret: bool = False
    # Of these only what is no other topic's.
    narrowed: dict[type[Model], Q] = field(default_factory=dict, hash=False)
    # Of these only what the one who asks may read anyway.
    seen: frozenset[type[Model]] = frozenset()


@dataclass(frozen=True)
class Held:
    """A topic as it stands for one person; None where the number is not told."""

    topic: Topic
    count: int | None


_topics: list[Topic] = []
# Kinds of files that go with a topic of the person's own, so that their number tells nobody of it.
own_file_kinds: list[str] = []
_erasures: list[Callable[[User], Any]] = []


def register_topics(*topics: Topic) -> None:
    """Add topics; called in an app's ready()."""
    _topics.extend(topic for topic in topics if topic not in _topics)


def register_erasure(erase: Callable[[User], Any]) -> None:
    """Let `erase(person)` delete what nobody needs once a person is erased; called in ready()."""
    if erase not in _erasures:
        _erasures.append(erase)


def topics() -> tuple[Topic, ...]:
    """Return all topics."""
    return tuple(_topics)


def erasures() -> tuple[Callable[[User], Any], ...]:
    """Return what goes with a person."""
    return tuple(_erasures)


def read_held(person: User, *, by: User) -> tuple[Held, ...]:
    """Count by topic what is held about a person; what is his own alone only for himself."""
    return tuple(
        Held(topic, None if topic.is_secret or (topic.is_own and by.pk != person.pk) else _count(topic, person, by))
        for topic in _topics
    )


def _count(topic: Topic, person: User, by: User) -> int:
    columns: dict[type[Model], Q] = {}
    for model, column in topic.columns:
        columns[model] = columns.get(model, Q()) | Q(**{column: person})
    found = 0
    for model, names in columns.items():
        rows: Any = model._default_manager.filter(names, topic.narrowed.get(model, Q()))
        found += (rows.visible_to(by) if model in topic.seen else rows).distinct().count()
    return found + (topic.count(person) if topic.count is not None else 0)
