"""Room on Python's stack: one large piece instead of many small ones that come and go."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
# Words of eight bytes. CPython takes the next power of two (1 MB) for the frame that asks for so many, and all that is
# called from there finds its place in the other half: some five hundred frames. What is not touched costs nothing.
_WORDS = 66_000


def roomy(call: Callable[P, R]) -> Callable[P, R]:
    """Return the call with room for all that it calls.

    CPython 3.11 and later keep the frames of calls in pieces of 16 kB. A loop that calls across the end of a piece asks
    the system for the next one and gives it back at every turn: a page of 200 rows then takes up to twice as long,
    depending on nothing but how deep in the stack it was called. Here the pieces are asked for once.
    """

    @functools.wraps(call)
    def with_room(*args: P.args, **kwargs: P.kwargs) -> R:
        return call(*args, **kwargs)

    made: Any = with_room
    made.__code__ = made.__code__.replace(co_stacksize=_WORDS)
    return with_room
