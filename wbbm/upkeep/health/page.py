"""What the page of health reads, and the sign on the admin's first page."""

from __future__ import annotations

import datetime
import logging
from dataclasses import dataclass

from django.db.models import F, Q
from django.utils import timezone

from wbbm.jobs.models import Job
from wbbm.jobs.registry import words_of
from wbbm.organisasi.clock import moment_text
from wbbm.organisasi.models import Unit, User

from ..access import post_over_machine
from .figures import Figure, Group, State, all_groups
from .own import MAIL

log = logging.getLogger(__name__)

MOST = 50


@dataclass(frozen=True)
class JobLine:
    """A job that is dead, or that failed and is tried again."""

    pk: int
    name: str
    key: str
    reason: str
    attempts: int
    at: str
    is_dead: bool


@dataclass(frozen=True)
class GroupLines:
    """A group with its figures."""

    title: str
    figures: tuple[Figure, ...]

    @property
    def has_mail_test(self) -> bool:
        """Tell whether the button for a test mail stands below."""
        return self.title == MAIL


@dataclass(frozen=True)
class HealthPage:
    """All figures, and the jobs that need somebody."""

    groups: tuple[GroupLines, ...]
    dead: tuple[JobLine, ...]
    failing: tuple[JobLine, ...]
    has_more: bool
    read_at: str

    @property
    def columns(self) -> tuple[list[GroupLines], list[GroupLines]]:
        """The groups in two columns of about the same length, in their order."""
        half = sum(len(group.figures) + 1 for group in self.groups) / 2
        left: list[GroupLines] = []
        for group in self.groups:
            if sum(len(other.figures) + 1 for other in left) >= half:
                break
            left.append(group)
        return left, list(self.groups[len(left) :])

    @property
    def bad(self) -> int:
        """How many figures are red."""
        return sum(figure.state == State.BAD for group in self.groups for figure in group.figures)

    @property
    def watched(self) -> int:
        """How many figures are to be watched."""
        return sum(figure.state == State.WATCH for group in self.groups for figure in group.figures)


def read_health(user: User) -> HealthPage | None:
    """Read the page (a fixed number of queries); None for whoever doesn't keep the machine."""
    posting = post_over_machine(user)
    if posting is None:
        return None
    groups = tuple(GroupLines(group.title, _figures(group)) for group in all_groups())
    lines = _job_lines(posting.unit)
    return HealthPage(
        groups=tuple(group for group in groups if group.figures),
        dead=tuple(line for line in lines[:MOST] if line.is_dead),
        failing=tuple(line for line in lines[:MOST] if not line.is_dead),
        has_more=len(lines) > MOST,
        read_at=moment_text(timezone.now(), posting.unit),
    )


def _figures(group: Group) -> tuple[Figure, ...]:
    """Return a group's figures; one that can't be read is red itself, and hides none of the others."""
    try:
        return tuple(group.read())
    except (OSError, LookupError, ValueError, TypeError) as fault:
        log.warning("figures can't be read: %s: %s", group.title, fault)
        advice = "Angka ini tidak dapat dibaca. Lihat catatan portal (journalctl) pada saat halaman ini dibuka."
        return (Figure(group.title, "tidak terbaca", State.BAD, advice),)


def _job_lines(unit: Unit) -> list[JobLine]:
    rows = Job.objects.filter(Q(dead_at__isnull=False) | Job.OPEN & ~Q(last_error=""))
    newest = rows.order_by(F("dead_at").desc(nulls_last=True), "-wanted_at")
    return [_line(row, unit) for row in newest[: MOST + 1]]


def _line(job: Job, unit: Unit) -> JobLine:
    moment: datetime.datetime = job.dead_at or job.available_at
    reason = job.last_error.strip().splitlines()
    return JobLine(
        pk=job.pk,
        name=words_of(job.kind),
        key=job.key,
        reason=(reason[0] if reason else "")[:300],
        attempts=job.attempts,
        at=moment_text(moment, unit),
        is_dead=job.dead_at is not None,
    )


def read_alarm(user: User) -> int:
    """Return how many figures are red, for the first page of whoever keeps the machine; 0 for anybody else."""
    if post_over_machine(user) is None:
        return 0
    return sum(figure.state == State.BAD for group in all_groups() for figure in _figures(group))
