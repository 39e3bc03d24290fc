"""One-time links by which a person sets the own password; nobody ever sees another's password."""

from __future__ import annotations

import datetime
import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from wbbm.organisasi.auth import forget_failures
from wbbm.organisasi.errors import AlreadyDone, OrganisationError
from wbbm.organisasi.models import AccessLink, User

from .audit import record
from .people import require_reach

LINK_LASTS = datetime.timedelta(hours=72)
_GONE = "Tautan ini sudah dipakai atau lewat waktunya. Minta tautan baru kepada admin satuan Anda."


class LinkGone(AlreadyDone):
    """The link was used, withdrawn or has expired."""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def make_access_link(*, user: User, by: User | None) -> str:
    """Make a link for the person and return its full address, shown once; older ones end.

    Raises:
        NotYourUnit: the person is outside the admin's reach.
        OrganisationError: the person is closed.
    """
    posting = require_reach(by, user) if by is not None else None
    if user.closed_at is not None:
        raise OrganisationError("Akun orang ini sudah ditutup. Buka dulu akunnya.")
    now = timezone.now()
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        AccessLink.objects.filter(user=user).usable(now).update(expires_at=now)
        AccessLink.objects.create(user=user, token_hash=_hash(token), created_by=by, expires_at=now + LINK_LASTS)
        record("link.made", by=by, posting=posting, about=user, unit=posting.unit if posting is not None else None)
    return f"{settings.SITE_URL}{reverse('access-link', args=[token])}"


def find_link(token: str) -> AccessLink:
    """Return the usable link of the token.

    Raises:
        LinkGone: there is none.
    """
    found = AccessLink.objects.usable(timezone.now()).select_related("user").filter(token_hash=_hash(token)).first()
    if found is None or found.user.closed_at is not None:
        raise LinkGone(_GONE)
    return found


def use_link(*, link: AccessLink, password: str) -> User:
    """Set the person's own password and use the link up; every older session ends.

    Raises:
        LinkGone: somebody (perhaps a first click) used it already.
    """
    now = timezone.now()
    with transaction.atomic():
        if not AccessLink.objects.usable(now).filter(pk=link.pk).update(used_at=now):
            raise LinkGone(_GONE)
        user = link.user
        set_own_password(user, password)
        record("link.used", by=user, about=user)
    return user


def set_own_password(user: User, password: str) -> None:
    """Store the password that the person chose; other sessions end."""
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])


def clear_lockouts(*, user: User, by: User) -> None:
    """Take away the person's lock-outs after wrong passwords."""
    from axes.utils import reset

    posting = require_reach(by, user)
    reset(username=user.username)
    forget_failures(user.username)
    record("lockout.cleared", by=by, posting=posting, about=user, unit=posting.unit)
