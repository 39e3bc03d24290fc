"""Wrong codes are slowed down. Counted in memory for a minute, in each process; nothing is kept of any address."""

from __future__ import annotations

from django.core.cache import cache

# Wrong codes a minute from one address, and from everywhere. Behind one address there may be a whole town: it doesn't
# mistype so often. Whoever shares it with somebody who guesses waits a minute.
MOST_FROM_ONE = 60
MOST_FROM_ALL = 300
_SECONDS = 60
_ALL = "survey-misses"


def _of(address: str) -> str:
    return f"{_ALL}:{address}"


def is_shut(address: str) -> bool:
    """Tell whether the address must wait: too many wrong codes of its own, or one of its own while all guess."""
    own = cache.get(_of(address), 0)
    return own >= MOST_FROM_ONE or (own > 0 and cache.get(_ALL, 0) >= MOST_FROM_ALL)


def note_miss(address: str) -> None:
    """Count a wrong code."""
    for key in (_of(address), _ALL):
        cache.add(key, 0, timeout=_SECONDS)
        try:
            cache.incr(key)
        except ValueError:
            # The minute ended in between.
            continue
