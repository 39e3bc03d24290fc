"""A sheet that one person filled in within minutes, by when the answers were given (one query)."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import Lag

from supervisi.models import AnswerRevision, ChecklistStatus, OddityKind, RevisionOutcome

from .found import FAST_ANSWERS, FAST_MINUTES, Found, Look

_Row = dict[str, Any]


def fast_sheets(look: Look) -> Iterator[Found]:
    """Find people who gave so many first answers on a sheet within so few minutes, on sheets submitted these days.

    `made_at` is when an answer was given: what a queue sent in one go after the signal came back was not given in one
    go. What has no such moment (a plain form, a workbook, a copy) says nothing about pace.
    """
    by_person: dict[tuple[int, int], list[_Row]] = defaultdict(list)
    for row in _rows(look):
        by_person[row["checklist"], row["author"]].append(row)
    for rows in by_person.values():
        yield _sign(rows)


def _rows(look: Look) -> list[_Row]:
    """Return the answers with which a run is complete, each with the moment at which that run began."""
    first = AnswerRevision.objects.filter(
        new_version=1,
        outcome=RevisionOutcome.ACCEPTED,
        copied_from__isnull=True,
        made_at__isnull=False,
        checklist__submitted_at__gte=look.since,
    ).exclude(checklist__status=ChecklistStatus.DRAFT)
    began = Window(
        Lag("made_at", offset=FAST_ANSWERS - 1),
        partition_by=[F("checklist"), F("author")],
        order_by=[F("made_at"), F("pk")],
    )
    quick = datetime.timedelta(minutes=FAST_MINUTES)
    rows = first.annotate(began_at=began).filter(began_at__isnull=False, made_at__lte=F("began_at") + quick)
    names = ("checklist", "author", "began_at", "made_at", "saved_at", "answer__item__code")
    where = {"unit": F("checklist__unit"), "period": F("checklist__period")}
    return [dict(row) for row in rows.order_by("checklist", "author", "made_at", "pk").values(*names, **where)]


def _runs(rows: list[_Row]) -> list[list[_Row]]:
    """Put together the runs that go over into each other."""
    runs: list[list[_Row]] = []
    for row in rows:
        if runs and row["began_at"] <= runs[-1][-1]["made_at"]:
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def _sign(rows: list[_Row]) -> Found:
    run = max(_runs(rows), key=len)
    first, last = run[0]["began_at"], run[-1]["made_at"]
    count = FAST_ANSWERS - 1 + len(run)
    sheet, author = run[0]["checklist"], run[0]["author"]
    return Found(
        kind=OddityKind.FAST,
        subject=f"fast:{sheet}:{author}",
        key=[count, first.isoformat(), last.isoformat()],
        facts={
            "answers": count,
            "first": first.isoformat(),
            "last": last.isoformat(),
            "sent": run[-1]["saved_at"].isoformat(),
            "item": run[-1]["answer__item__code"],
        },
        units=frozenset({run[0]["unit"]}),
        people=frozenset({author}),
        period_id=run[0]["period"],
        checklist_id=sheet,
    )
