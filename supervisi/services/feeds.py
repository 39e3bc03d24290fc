"""A person's calendar address: made anew, ended, found by its token."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from supervisi.models import CalendarFeed
from wbbm.organisasi.auth import may_sign_in
from wbbm.organisasi.models import User
from wbbm.organisasi.services.audit import record_own

# 256 bits.
_TOKEN_BYTES = 32


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def make_feed(person: User) -> str:
    """Make the person's calendar address and return it, shown once; the one before ends."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction.atomic():
        CalendarFeed.objects.update_or_create(
            person=person, defaults={"token_hash": _hash(token), "made_at": timezone.now()}
        )
        record_own("feed.made", person)
    return f"{settings.SITE_URL}{reverse('supervisi:visit-feed', args=[token])}"


def end_feed(person: User) -> bool:
    """End the person's calendar address; tell whether there was one."""
    with transaction.atomic():
        ended, _ = CalendarFeed.objects.visible_to(person).delete()
        if ended:
            record_own("feed.ended", person)
    return bool(ended)


def person_of(token: str) -> User | None:
    """Return whose calendar it is; None for an address that was ended, and for who may not sign in any more."""
    found = CalendarFeed.objects.select_related("person").filter(token_hash=_hash(token)).first()
    return found.person if found is not None and may_sign_in(found.person) else None
