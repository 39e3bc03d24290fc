"""How often one address may ask for a public page whose secret can't be guessed: it only must not work us hard."""

from __future__ import annotations

from django.core.cache import cache


def asks_too_often(page: str, address: str, most_a_minute: int) -> bool:
    """Count a look of this address in its minute; kept in memory only."""
    key = f"{page}:{address}"
    cache.add(key, 0, timeout=60)
    try:
        return cache.incr(key) > most_a_minute
    except ValueError:
        # The minute ended in between.
        return False
