"""The answers of many sheets at once: one row a sheet comes from the database, not one an answer."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Aggregate, Count, F, Func, Q, Sum, TextField
from django.db.models.functions import Cast

from supervisi.models import Answer

_BATCH = 500


class _RawAnswer(Func):
    """The answer inside the card, as JSON text."""

    template = "(%(expressions)s -> 'answer')"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Read the same on SQLite."""
        return self.as_sql(compiler, connection, template="json(%(expressions)s -> '$.answer')", **context)


class _ByItem(Aggregate):
    """One JSON object: item → answer."""

    function = "json_object_agg"
    arity = 2
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Use SQLite's name."""
        return self.as_sql(compiler, connection, function="json_group_object", **context)


@dataclass(frozen=True)
class SheetAnswers:
    """What a sheet holds: raw answers by item id (as text), and what is counted."""

    given: dict[str, Any]
    answered: int = 0
    due: int = 0
    saves: int = 0


NOTHING = SheetAnswers({})


def read_sheets(checklists: Collection[int]) -> Iterator[tuple[int, SheetAnswers]]:
    """Yield each sheet that has rows, with its answers; copied ones that nobody has reviewed are none."""
    ids = sorted(checklists)
    counts = Q(version__gt=0, needs_review=False)
    for start in range(0, len(ids), _BATCH):
        rows = Answer.objects.filter(checklist__in=ids[start : start + _BATCH]).order_by().values("checklist")
        found = rows.annotate(
            # As text, for the driver would read it otherwise.
            given=Cast(_ByItem(F("item_id"), _RawAnswer("value"), filter=counts), TextField()),
            answered=Count("pk", filter=Q(is_due=True, is_answered=True)),
            due=Count("pk", filter=Q(is_due=True)),
            saves=Sum("version"),
        )
        for pk, given, answered, due, saves in found.values_list("checklist", "given", "answered", "due", "saves"):
            yield pk, SheetAnswers(json.loads(given) if given else {}, answered, due, saves)
