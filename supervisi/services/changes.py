"""What rose and what fell since the counting sheet of the period before, item by item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, Instrument, Period, UnitScore
from supervisi.scoring.answers import AnswerValue
from supervisi.scoring.engine import SheetScore, parse_answers, score_sheet, share_ratio
from supervisi.scoring.rounding import scaled
from supervisi.services.content import stored_answers
from supervisi.services.instruments import crosswalk_between
from wbbm.organisasi.models import Unit


def period_before(period: Period, unit: Unit) -> Period | None:
    """Return the period of the same kind before this one that holds for the unit."""
    earlier = Period.objects.holding_for(unit).filter(kind=period.kind, last_day__lt=period.first_day)
    return earlier.order_by("-last_day").first()


def period_after(period: Period, unit: Unit) -> Period | None:
    """Return the next period of the same kind that holds for the unit."""
    later = Period.objects.holding_for(unit).filter(kind=period.kind, first_day__gt=period.last_day)
    return later.order_by("first_day").first()


def changes_since_last(
    counting: Checklist, unit: Unit, period: Period, instrument: Instrument, layer: str
) -> list[dict[str, Any]]:
    """Compare the counting sheet with that of the period before, item by item; what fell most comes first."""
    before = period_before(period, unit)
    if before is None:
        return []
    rows = UnitScore.objects.filter(
        unit=unit, period=before, instrument__code=instrument.code, layer=layer, counting__isnull=False
    )
    counted = rows.order_by("-instrument_id").values_list("counting", flat=True).first()
    if counted is None:
        return []
    return compare_sheets(Checklist.objects.with_frame().get(pk=counted), counting)


def compare_sheets(earlier: Checklist, later: Checklist) -> list[dict[str, Any]]:
    """List the items whose value differs, with the points that it moved on the later sheet.

    Each sheet is scored by its own version of the instrument, and items are matched over the published crosswalk;
    those without a value on both are left out.
    """
    old = parse_answers(engine_instrument(earlier.instrument), stored_answers(earlier))
    old = renamed(old, successors(earlier.instrument, later.instrument))
    return compare_scores(old, score_sheet(engine_instrument(later.instrument), stored_answers(later)))


def successors(earlier: Instrument, later: Instrument) -> dict[str, str | None] | None:
    """Return what each item of a version is in a later one (one query); None where both are the same version."""
    return None if earlier.pk == later.pk else crosswalk_between(earlier, later)


def renamed(values: Mapping[str, AnswerValue], pairs: Mapping[str, str | None] | None) -> dict[str, AnswerValue]:
    """Return values by the codes of a later version; what is gone there is left out."""
    if pairs is None:
        return dict(values)
    return {after: value for code, value in values.items() if (after := pairs.get(code)) is not None}


def compare_scores(earlier: Mapping[str, AnswerValue], later: SheetScore) -> list[dict[str, Any]]:
    """Do what `compare_sheets` does with answers that are read already, and a later sheet that is scored."""
    found = []
    for code, new in later.values.items():
        old = earlier.get(code)
        if old is new or old is None or old.ratio is None or new.ratio is None or old.ratio == new.ratio:
            continue
        item = later.instrument.item(code)
        (was, was_below), (now, now_below), share = old.ratio, new.ratio, share_ratio(later.instrument, later, item)
        moved = now * was_below - was * now_below
        found.append(
            {
                "item": code,
                "question": item.question,
                "before": scaled(was, was_below),
                "after": scaled(now, now_below),
                "points": scaled(moved * share[0], now_below * was_below * share[1]),
            }
        )
    return sorted(found, key=lambda change: (change["points"], change["item"]))
