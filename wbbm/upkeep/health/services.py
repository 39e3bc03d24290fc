"""What an admin does about dead jobs, and who is told of one."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from wbbm.errors import InvalidTransition
from wbbm.jobs.deaths import revive
from wbbm.jobs.models import Job
from wbbm.jobs.registry import words_of
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import tell
from wbbm.organisasi.models import Posting, Role, User
from wbbm.organisasi.services.audit import record

from ..access import require_machine

# So many at once; the rest at the next press, when these are on their way.
MOST_AT_ONCE = 500


def retry(job: Job, *, by: User) -> None:
    """Let a dead job be tried again.

    Raises:
        NotAllowed: the person doesn't keep the machine.
        InvalidTransition: it is not dead (any more).
    """
    posting = require_machine(by)
    with transaction.atomic():
        if not revive([job.pk]):
            raise InvalidTransition(
                "Pekerjaan ini tidak mati lagi: sudah diulang, atau diminta lagi oleh yang memerlukan."
            )
        record("job.retried", by=by, posting=posting, about=job, unit=posting.unit)


def retry_all(*, by: User) -> int:
    """Let all dead jobs be tried again; return how many.

    Raises:
        NotAllowed: the person doesn't keep the machine.
    """
    posting = require_machine(by)
    with transaction.atomic():
        count = revive(Job.objects.dead().order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
        if count:
            record("job.retried-all", by=by, posting=posting, unit=posting.unit, changes={"jobs": [None, count]})
    return count


def tell_of_death(job: Job) -> None:
    """Tell whoever keeps the machine, once a day for each kind: a fault in the code kills many jobs alike."""
    url = reverse("upkeep:health")
    today = timezone.now().date().isoformat()
    keepers = Posting.objects.running().filter(role=Role.ADMIN, unit__depth=1).select_related("user", "unit")
    for posting in keepers.order_by("pk"):
        tell(
            [posting.user],
            kind=NoticeKind.SYSTEM,
            text=f"Pekerjaan berhenti setelah lima kali gagal: {words_of(job.kind)}. Baca sebabnya, lalu ulangi.",
            url=url,
            unit=posting.unit,
            key=f"job-dead-{job.kind}-{today}",
        )
