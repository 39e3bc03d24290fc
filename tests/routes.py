"""Every route of the portal, from the URL resolver, with the rule that the access matrix holds it against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    """One route: its full name, and the names of its arguments."""

    name: str
    arguments: tuple[str, ...]


def _walk(patterns: list, prefix: str = "") -> Iterator[Route]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _walk(pattern.url_patterns, space)
        elif isinstance(pattern, URLPattern):
            name = f"{prefix}{pattern.name}" if pattern.name else f"{prefix}?{pattern.pattern}"
            yield Route(name, tuple(pattern.pattern.converters or pattern.pattern.regex.groupindex))


def all_routes() -> list[Route]:
    """Return every route, each once."""
    return list({route.name: route for route in _walk(get_resolver().url_patterns)}.values())


# Pages of which it is written down who looked at them: a GET adds to the trail there, and nothing else; of a report
# also up to which message it has been read.
LOOKS = frozenset({"supervisi:oddity-list", "supervisi:oddity-detail", "layanan:report-detail"})
_LOOK_WRITES = ('INSERT INTO "organisasi_auditevent"', 'UPDATE "layanan_reportrecipient" SET "seen_number"')


def beyond_looks(name: str, written: list[str]) -> list[str]:
    """Return what a request wrote besides that somebody looked."""
    is_look = name in LOOKS
    return [sql for sql in written if not (is_look and sql.startswith(_LOOK_WRITES))]
