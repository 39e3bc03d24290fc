"""What the demo district knows about work: corrected days, offices, and locks of each kind."""

from __future__ import annotations

import datetime

from supervisi.demo.district import District
from supervisi.models import Item, PlanEntry, PlanLock
from wbbm.organisasi.models import Posting, Unit, User

# Item → days in halves, office, lock; the day of a lock until a day is the first of the next year.
_OF_POLRES = {
    "A.II.5.i.a": (8, "Kasiwas", ""),
    "A.II.5.ii.a": (6, "Kasiwas", ""),
    "A.II.3.i.a": (16, "Kabag SDM", ""),
    "A.II.3.ii.a": (None, "Kabag SDM", PlanLock.NEEDS_ABOVE),
    "A.II.1.i.b": (None, "", PlanLock.NOT_BEFORE),
    "A.II.4.ii.a": (6, "Kabagren", ""),
    "A.II.4.iii.a": (10, "Kabagren", ""),
}
# For every station of the district.
_OF_STATIONS = {
    "P.1.2.ii.b": (3, "Kasium", ""),
    "P.2.2.i.b": (None, "", PlanLock.IMPOSSIBLE),
}


def add_plans(district: District) -> None:
    """Record them, at the Polres: its own items, and those of all its stations."""
    _add(district.polres, "lke-2021", _OF_POLRES, district.people["bagren"], district.today)
    _add(district.polres, "polsek-2026", _OF_STATIONS, district.people["kabagren"], district.today)


def _add(
    unit: Unit, instrument: str, known: dict[str, tuple[int | None, str, str]], by: User, today: datetime.date
) -> None:
    items = {item.code: item for item in Item.objects.filter(instrument__code=instrument, code__in=known)}
    posting = Posting.objects.filter(user=by).order_by("pk").first()
    PlanEntry.objects.bulk_create(
        PlanEntry(
            unit=unit,
            item=items[code],
            half_days=half_days,
            owner_title=office,
            lock=lock,
            not_before=datetime.date(today.year + 1, 1, 1) if lock == PlanLock.NOT_BEFORE else None,
            set_by=by,
            posting=posting,
        )
        for code, (half_days, office, lock) in known.items()
    )
