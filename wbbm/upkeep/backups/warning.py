"""Telling the admins that something about the machine needs them."""

from __future__ import annotations

import contextlib
import logging

from django.db import DatabaseError, transaction
from django.db.models import Min
from django.urls import reverse
from django.utils import timezone

from wbbm.notices.models import NoticeKind
from wbbm.notices.services import tell
from wbbm.organisasi.models import Posting, Role

log = logging.getLogger(__name__)


def warn_admins(about: str, text: str, *, days: int = 1) -> None:
    """Tell the highest admins in their inbox, of one thing once in so many days; the log has it each time."""
    log.warning("%s", text)
    with contextlib.suppress(DatabaseError):  # where it is the database that fails, the log has to do
        _tell_admins(about, text, days)


def _tell_admins(about: str, text: str, days: int) -> None:
    held = Posting.objects.running().filter(role=Role.ADMIN)
    top = held.aggregate(depth=Min("unit__depth"))["depth"]
    period = timezone.localdate().toordinal() // days
    with transaction.atomic():
        for posting in held.filter(unit__depth=top).select_related("user", "unit").order_by("pk"):
            tell(
                [posting.user], kind=NoticeKind.SYSTEM, text=text, url=reverse("upkeep:health"), unit=posting.unit,
                key=f"system-{about}-{period}"[:120],
            )  # fmt: skip
