"""The same file as evidence of several units: as it came, or as it is kept (two queries)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import Exists, OuterRef, Q

from supervisi.models import Evidence, OddityKind
from wbbm.organisasi.access import local_day

from .found import Found, Look

_HASHES = ("file__original_sha256", "file__sha256")


def same_files(look: Look) -> Iterator[Found]:
    """Find files that several units have, among those that a new one of these days belongs to.

    What a unit above shares with a unit is no sign there: it is meant to be the same.
    """
    digests = _doubled(look)
    rows = Evidence.objects.same_file(*digests).select_related("unit", "file").order_by("pk") if digests else ()
    for group in _groups(rows):
        found = _sign(group)
        if found is not None:
            yield found


def _doubled(look: Look) -> set[str]:
    """Return the hashes of new evidence whose file another unit has as well."""
    others = Evidence.objects.exclude(unit=OuterRef("unit"))
    same = Q()
    for theirs in _HASHES:
        for ours in _HASHES:
            same |= Q(Exists(others.filter(**{theirs: OuterRef(ours)})))
    rows = Evidence.objects.filter(same, added_at__gte=look.since).order_by().values_list(*_HASHES)
    return {digest for row in rows for digest in row}


def _groups(rows: Iterable[Evidence]) -> list[list[Evidence]]:
    """Put together what has a hash in common, over several steps too."""
    place: dict[str, int] = {}
    groups: dict[int, list[Evidence]] = {}
    for row in rows:
        digests = {row.file.original_sha256, row.file.sha256}
        met = sorted({place[digest] for digest in digests if digest in place})
        number = met[0] if met else row.pk
        merged = [each for old in met for each in groups.pop(old)] + [row]
        groups[number] = merged
        for each in merged:
            place[each.file.original_sha256] = place[each.file.sha256] = number
    return list(groups.values())


def _sign(group: list[Evidence]) -> Found | None:
    shared = [row.unit.path for row in group if row.is_shared]
    kept = [row for row in group if not row.is_shared and not any(row.unit.is_within(path) for path in shared)]
    units = frozenset(row.unit_id for row in kept)
    if len(units) < 2:
        return None
    kept.sort(key=lambda row: row.pk)
    holders: dict[str, set[int]] = defaultdict(set)
    for row in kept:
        holders[row.file.original_sha256].add(row.unit_id)
    first = min(row.pk for row in group)
    return Found(
        kind=OddityKind.SAME_FILE,
        subject=f"file:{first}",
        key=sorted(units),
        facts={
            "evidence": [
                [
                    row.pk, row.unit_id, row.number, row.title, local_day(row.unit, row.added_at).isoformat(),
                    row.added_by_id,
                ]
                for row in kept
            ],
            # Otherwise they came differently, and are the same as they are kept.
            "came_same": any(len(held) > 1 for held in holders.values()),
            "hash": kept[0].file.sha256[:12],
        },
        units=units,
        people=frozenset(row.added_by_id for row in kept),
    )  # fmt: skip
