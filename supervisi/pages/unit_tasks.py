"""What waits at a unit, office by office: a page to print where nobody has mail."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import F

from supervisi.models import Finding, FindingStatus
from supervisi.pages.first_pages import owed_sheets, stale_evidence
from supervisi.pages.replies import read_running_rounds
from supervisi.services.owners import is_same_title
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, Unit, User

# The rest is in the list of evidence.
_MOST_EVIDENCE = 30


@dataclass(frozen=True)
class Task:
    """One thing that waits: what it is, until when, and how many days it is late."""

    title: str
    detail: str
    due_on: datetime.date | None
    days_late: int


@dataclass(frozen=True)
class Office:
    """An office with what waits for it."""

    title: str
    is_vacant: bool
    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class UnitTasks:
    """What the page shows."""

    unit: Unit
    today: datetime.date
    offices: tuple[Office, ...]
    total: int
    late: int


def read_unit_tasks(user: User, pk: int) -> UnitTasks | None:
    """Read what waits at a unit in sight, as the unit itself sees it; None out of sight (a fixed number of queries)."""
    scope = user.scope
    unit = Unit.objects.filter(scope.overseen_units("path") | scope.own_units("path"), pk=pk).first()
    if unit is None:
        return None
    today = local_day(unit)
    held = list(Posting.objects.running().filter(unit=unit).order_by("pk"))
    waits = [
        *_sheets(unit, today, held),
        *_rounds(user, unit, today, held),
        *_findings(unit, today),
        *_evidence(unit, today, held),
    ]
    offices: dict[str, list[Task]] = {}
    for title, task in waits:
        known = next((name for name in offices if is_same_title(name, title, unit)), title)
        offices.setdefault(known, []).append(task)
    return UnitTasks(
        unit=unit,
        today=today,
        offices=tuple(
            Office(title, not any(is_same_title(row.title, title, unit) for row in held), tuple(tasks))
            for title, tasks in offices.items()
        ),
        total=len(waits),
        late=sum(task.days_late > 0 for _, task in waits),
    )


def _sheets(unit: Unit, today: datetime.date, held: list[Posting]) -> list[tuple[str, Task]]:
    """The self sheets: filled in by the operators, handed in by the commander."""
    found = []
    for sheet in owed_sheets(unit, today):
        if not sheet.is_open:
            continue
        is_full = sheet.checklist is not None and not sheet.left
        detail = "semua butir terisi: periksa dan serahkan" if is_full else f"{sheet.left} butir lagi"
        if sheet.checklist is None:
            detail = "belum dimulai"
        role = Role.COMMANDER if is_full else Role.OPERATOR
        titles = [row.title for row in held if row.role == role]
        task = Task(f"Penilaian mandiri {sheet.period.name}", detail, sheet.period.last_day, sheet.days_late)
        found += [(title, task) for title in dict.fromkeys(titles or [str(Role(role).label)])]
    return found


def _rounds(user: User, unit: Unit, today: datetime.date, held: list[Posting]) -> list[tuple[str, Task]]:
    """The rounds in which the unit may still reply, with how many items are left."""
    titles = [row.title for row in held if row.role == Role.OPERATOR] or [str(Role.OPERATOR.label)]
    return [
        (
            title,
            Task(
                f"Hak jawab {running.checklist.period.name}",
                f"{vars(running)['left']} butir belum dijawab; butir yang tidak dijawab nilainya tetap.",
                running.due_on,
                0,
            ),
        )
        for running in read_running_rounds(user, (unit,), today)
        if vars(running)["left"]
        for title in dict.fromkeys(titles)
    ]


def _evidence(unit: Unit, today: datetime.date, held: list[Posting]) -> list[tuple[str, Task]]:
    """What the unit keeps that has run out or soon will: the operators renew it."""
    titles = [row.title for row in held if row.role == Role.OPERATOR] or [str(Role.OPERATOR.label)]
    return [
        (
            title,
            Task(
                f"Perbarui bukti {row.number}: {row.title}",
                "masa berlakunya sudah habis" if late else "masa berlakunya akan habis",
                row.valid_until,
                late,
            ),
        )
        for row in stale_evidence((unit,), today)[:_MOST_EVIDENCE]
        for late in (max(0, (today - (row.valid_until or today)).days),)
        for title in dict.fromkeys(titles)
    ]


def _findings(unit: Unit, today: datetime.date) -> list[tuple[str, Task]]:
    """The findings that are handed over and not answered, or returned; without options and points."""
    rows = Finding.objects.owed().filter(owner_unit=unit).order_by(F("due_on").asc(nulls_last=True), "pk")
    return [
        (
            row.owner_title,
            Task(
                f"Temuan {row.number}: {row.observation}",
                f"Dikembalikan, lengkapi jawabannya. {row.recommendation}"
                if row.status == FindingStatus.RETURNED
                else row.recommendation,
                row.due_on,
                row.days_late(today),
            ),
        )
        for row in rows
    ]
