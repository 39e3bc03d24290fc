"""Points at stake of findings: by how much the sheet's stored score would rise; kept up with its answers."""

from __future__ import annotations

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, Finding
from supervisi.scoring.stakes import better_options, points_at_stake, raised
from supervisi.services.checklists import stored_answers


def stake_of(checklist: Checklist, item_code: str, option: str = "") -> tuple[str, int | None]:
    """Return the option that would be unlocked and the points, in 10⁻¹⁰.

    The next better option stands in for one that isn't better than the answer, or was not named; the option is empty
    where the answer is in numbers, and where there is nothing to gain.
    """
    instrument = engine_instrument(checklist.instrument)
    answers = stored_answers(checklist)
    item, raw = instrument.item(item_code), answers.get(item_code)
    if option not in better_options(item, raw):
        better = raised(item, raw)
        option = better if item.formula is None and better is not None else ""
    return option, points_at_stake(instrument, answers, item_code, option)


def refresh_stakes(checklist: Checklist) -> None:
    """Bring the points of a sheet's findings up to its answers."""
    rows = Finding.objects.filter(checklist=checklist, item__isnull=False).select_related("item")
    for finding in rows:
        assert finding.item is not None  # filtered above
        option, points = stake_of(checklist, finding.item.code, finding.target_option)
        if (option, points) != (finding.target_option, finding.points):
            Finding.objects.filter(pk=finding.pk, checklist=checklist).update(target_option=option, points=points)
