"""What an office leaves behind when its posting ends, and who is told to hand it over (see pages/handover.py)."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse
from django.utils import dateformat

from supervisi.models import ChecklistStatus, Finding, Visit, VisitStatus
from supervisi.models.findings import FindingQuerySet
from supervisi.models.visits import VisitQuerySet
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import tell
from wbbm.organisasi.access import local_day, nearest_people
from wbbm.organisasi.models import Posting, Role, Unit, User


def findings_of(posting: Posting) -> FindingQuerySet:
    """Return the open findings that the office answers: whoever holds it next answers them."""
    return Finding.objects.open().filter(
        owner_unit=posting.unit, owner_title__iexact=posting.title, handed_over_at__isnull=False
    )


def visits_of(posting: Posting) -> VisitQuerySet:
    """Return the unfinished visits below the unit whose team a supervisor leads or belongs to.

    Planned, ongoing, or done with a sheet still being filled in: that one keeps its team until it is handed in.
    """
    if posting.role != Role.SUPERVISOR:
        return Visit.objects.none()
    unfinished = Q(status__in=[VisitStatus.PLANNED, VisitStatus.ONGOING])
    unfinished |= Q(status=VisitStatus.DONE, checklists__status=ChecklistStatus.DRAFT)
    his = Q(team_leader=posting.user_id) | Q(members__user=posting.user_id, members__left_at__isnull=True)
    return Visit.objects.filter(unfinished, his, unit__path__startswith=posting.unit.path).distinct()


def tell_of_left_behind(posting: Posting, by: User) -> None:
    """Tell the nearest commander what a posting leaves that was ended; nobody where it leaves nothing."""
    if not Unit.objects.active_on(local_day(posting.unit)).filter(pk=posting.unit_id).exists():
        # The unit itself is over, and what was open went elsewhere with it.
        return
    counts = ((findings_of(posting).count(), "temuan terbuka"), (visits_of(posting).count(), "kunjungan"))
    left = " dan ".join(f"{count} {word}" for count, word in counts if count)
    if not left:
        return
    day = posting.ends_on
    when = f" {dateformat.format(day, 'j F Y')}" if day is not None and day >= local_day(posting.unit) else ""
    tell(
        nearest_people(posting.unit, Role.COMMANDER, is_above=False, besides=[posting.user_id, by.pk]),
        kind=NoticeKind.POSTING,
        text=f"Penugasan {posting} di {posting.unit} berakhir{when} dan meninggalkan {left}. Lihat serah terimanya.",
        url=reverse("supervisi:handover", args=[posting.pk]),
        unit=posting.unit,
        key=f"posting-{posting.pk}-left-{day}",
    )
