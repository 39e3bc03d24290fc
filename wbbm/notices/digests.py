"""The daily mail: one for each person and day, of what he has not read, for those who have an address.

A row of Digest is taken from waiting to sending, and that is stored, before the mail is handed to the server. What
breaks off after that stays so and is never sent a second time; only a mail that the server certainly did not take goes
back to waiting and is tried again while the window lasts.
"""

from __future__ import annotations

import datetime
from collections import Counter
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from wbbm.jobs.services import Postponed
from wbbm.organisasi.auth import may_sign_in
from wbbm.organisasi.models import Posting, TimeZone, User

from . import mail
from .models import Digest, DigestState, Notice, Preference

MOST_LINES = 30
BEGINS, ENDS = datetime.time(7), datetime.time(18)


class SomeFailed(Postponed):
    """Mails wait for another try."""


def send_daily(zone: str, day: datetime.date) -> None:
    """Send the mails of a zone's day (the job).

    Raises:
        SomeFailed: the server didn't take some; the job tries again while the window lasts.
    """
    found = send_digests(zone, day)
    if found[DigestState.WAITING]:
        raise SomeFailed(f"{found[DigestState.WAITING]} surel hari {day} belum diterima server surel")


def send_digests(zone: str, day: datetime.date) -> Counter[str]:
    """Send what is due to the people of a zone; return how many rows came to which state."""
    now = timezone.now()
    found: Counter[str] = Counter()
    for person in _people(zone):
        notices = _due(person, now) if may_sign_in(person) else []
        if notices:
            state = _send_once(person, day, notices, now)
            if state is not None:
                found[state] += 1
    return found


def _people(zone: str) -> list[User]:
    """Return who has an address, a posting in the zone and something unread."""
    posted = Posting.objects.running().filter(unit__time_zone=TimeZone(zone)).order_by().values("user_id")
    unread = Notice.objects.unread().order_by().values("person_id")
    return list(User.objects.open().exclude(email="").filter(pk__in=posted).filter(pk__in=unread).order_by("pk"))


def _due(person: User, now: datetime.datetime) -> list[Notice]:
    """Return what no earlier mail named, newest first, of the kinds that the person wants by mail."""
    muted = Preference.objects.filter(person=person, is_mailed=False).values("kind")
    rows = Notice.objects.visible_to(person).unread().exclude(kind__in=muted).filter(created_at__lte=now)
    named = Digest.objects.filter(person=person).exclude(state=DigestState.WAITING).order_by("-until")
    since = named.values_list("until", flat=True).first()
    return list((rows.filter(created_at__gt=since) if since is not None else rows).select_related("unit"))


def _send_once(person: User, day: datetime.date, notices: list[Notice], now: datetime.datetime) -> str | None:
    """Send the person's mail of the day unless somebody did or does; return the state that it came to."""
    Digest.objects.bulk_create([Digest(person=person, day=day)], ignore_conflicts=True)
    row = Digest.objects.filter(person=person, day=day)
    claimed = row.filter(state=DigestState.WAITING).update(
        state=DigestState.SENDING, until=now, attempts=F("attempts") + 1, last_error=""
    )
    if not claimed:
        return None
    try:
        host = urlsplit(settings.SITE_URL).hostname
        mail.send(
            subject=_subject(len(notices)),
            text=_text(person, notices),
            to=person.email,
            message_id=f"<harian-{person.pk}-{day.isoformat()}@{host}>",
        )
    except mail.MailFault as fault:
        state = _STATES[type(fault)]
        until = None if state == DigestState.WAITING else now
        row.filter(state=DigestState.SENDING).update(state=state, last_error=str(fault)[:300], until=until)
        return state
    row.filter(state=DigestState.SENDING).update(state=DigestState.SENT)
    return DigestState.SENT


_STATES = {
    mail.NotHandedOver: DigestState.WAITING,
    mail.Refused: DigestState.REFUSED,
    mail.Unclear: DigestState.UNCLEAR,
}


def _subject(count: int) -> str:
    return f"Zona Integritas: {count} pemberitahuan baru untuk Anda"


def _text(person: User, notices: list[Notice]) -> str:
    lines = [(notice.text, settings.SITE_URL + notice.url) for notice in notices[:MOST_LINES]]
    context = {
        "username": person.username,
        "lines": lines,
        "more": len(notices) - len(lines),
        "inbox": settings.SITE_URL + reverse("notices:inbox"),
        "preferences": settings.SITE_URL + reverse("notices:preferences"),
    }
    return render_to_string("email/digest.txt", context)
