"""A score that rose since the counting sheet of the period before, without new evidence at what rose (four queries)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from supervisi.models import Answer, AnswerEvidence, Checked, OddityKind, UnitScore
from supervisi.scoring.rounding import from_units

from .found import JUMP_POINTS, Found, Look

_SCORE = "counting__score__complete"
_Row = dict[str, Any]
_Key = tuple[int, str]


@dataclass(frozen=True)
class _Answered:
    """Who gave an answer, and whether he looked at the place itself."""

    author: int | None
    on_site: bool


def jumps(look: Look) -> Iterator[Found]:
    """Find counting sheets of open periods that rose by so many points, with as many at items without new evidence.

    What rose is read from the stored results; the sheets themselves are not scored again.
    """
    rows = [row for row in _rows() if _points(_risen(row)) >= JUMP_POINTS]
    before = _before(rows)
    pairs = [(row, before[row["counting"]]) for row in rows if row["counting"] in before]
    pairs = [(row, earlier) for row, earlier in pairs if from_units(row[_SCORE] - earlier[_SCORE]) >= JUMP_POINTS]
    evidence, answers = _evidence(pairs), _answers(rows)
    for row, earlier in pairs:
        bare = [
            change
            for change in _risen(row)
            if not evidence[row["counting"], change["item"]] - evidence[earlier["counting"], change["item"]]
        ]
        if _points(bare) >= JUMP_POINTS:
            yield _sign(row, earlier, bare, answers)


def _rows() -> list[_Row]:
    stored = UnitScore.objects.filter(period__closed_at__isnull=True, counting__score__isnull=False)
    names = (
        "unit", "period", "layer", "instrument__code", "counting", "changes", _SCORE, "counting__submitted_by",
        "period__first_day", "period__kind",
    )  # fmt: skip
    return list(stored.order_by("pk").values(*names))


def _risen(row: _Row) -> list[_Row]:
    return [change for change in row["changes"] if change["points"] > 0]


def _points(changes: list[_Row]) -> Any:
    return from_units(sum(change["points"] for change in changes))


def _before(rows: list[_Row]) -> dict[int, _Row]:
    """Return the counting sheet of the period before, by the counting sheet of now."""
    stored = UnitScore.objects.filter(unit__in={row["unit"] for row in rows}, counting__score__isnull=False)
    names = ("unit", "layer", "instrument__code", "period__kind", "period__last_day", "counting")
    earlier: dict[tuple[int, str, str, str], list[_Row]] = defaultdict(list)
    for each in stored.order_by("period__last_day", "pk").values(*names, _SCORE):
        earlier[each["unit"], each["layer"], each["instrument__code"], each["period__kind"]].append(dict(each))
    found: dict[int, _Row] = {}
    for row in rows:
        same = earlier[row["unit"], row["layer"], row["instrument__code"], row["period__kind"]]
        past = [each for each in same if each["period__last_day"] < row["period__first_day"]]
        if past:
            found[row["counting"]] = past[-1]
    return found


def _evidence(pairs: list[tuple[_Row, _Row]]) -> dict[_Key, set[tuple[int, ...]]]:
    """Return the revisions of documents at each item of the sheets, now and before."""
    sheets = {each["counting"] for pair in pairs for each in pair}
    links = AnswerEvidence.objects.attached().filter(answer__checklist__in=sheets)
    found: dict[_Key, set[tuple[int, ...]]] = defaultdict(set)
    for sheet, item, *document in links.values_list(
        "answer__checklist", "answer__item__code", "evidence__unit", "evidence__number", "evidence__revision"
    ):
        found[sheet, item].add(tuple(document))
    return found


def _answers(rows: list[_Row]) -> dict[_Key, _Answered]:
    items = {change["item"] for row in rows for change in _risen(row)}
    found = Answer.objects.filter(checklist__in={row["counting"] for row in rows}, item__code__in=items)
    return {
        (sheet, item): _Answered(author, value.get("checked") == Checked.SITE)
        for sheet, item, author, value in found.values_list("checklist", "item__code", "author", "value")
    }


def _sign(row: _Row, earlier: _Row, bare: list[_Row], answers: dict[_Key, _Answered]) -> Found:
    sheet = row["counting"]
    bare = sorted(bare, key=lambda change: (-change["points"], change["item"]))
    given = [answers[sheet, change["item"]] for change in bare if (sheet, change["item"]) in answers]
    people = {each.author for each in given} | {row["counting__submitted_by"]}
    return Found(
        kind=OddityKind.JUMP,
        subject=f"jump:{sheet}",
        key=[earlier["counting"], sorted([change["item"], change["before"], change["after"]] for change in bare)],
        facts={
            "layer": row["layer"],
            "before": [earlier["counting"], earlier[_SCORE]],
            "now": row[_SCORE],
            "points": sum(change["points"] for change in bare),
            "risen": len(_risen(row)),
            "on_site": sum(each.on_site for each in given),
            "items": [[change["item"], change["before"], change["after"], change["points"]] for change in bare],
        },
        units=frozenset({row["unit"]}),
        people=frozenset(person for person in people if person is not None),
        period_id=row["period"],
        checklist_id=sheet,
    )
