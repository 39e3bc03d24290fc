"""One-time links by which a person sets the own password; nobody ever sees another's password.

An admin prints or shows one (72 hours); with a mail address a person has one mailed to himself (services/resets.py).
"""

from __future__ import annotations

import datetime
import hashlib
import secrets
from dataclasses import dataclass

import segno
from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from wbbm.organisasi.auth import attempts_of, forget_failures, lock_ends, may_sign_in
from wbbm.organisasi.clock import moment_text
from wbbm.organisasi.errors import AlreadyDone, OrganisationError
from wbbm.organisasi.models import AccessLink, User

from .audit import record, record_own
from .factor_resets import check_may_make_link
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
        NotAllowed: he is one of the two who just reset the person's second factor.
        OrganisationError: the person is closed.
    """
    posting = require_reach(by, user) if by is not None else None
    if user.closed_at is not None:
        raise OrganisationError("Akun orang ini sudah ditutup. Buka dulu akunnya.")
    check_may_make_link(user, by)
    with transaction.atomic():
        end_links(user)
        _, address = new_link(user, by=by, lasts=LINK_LASTS)
        record("link.made", by=by, posting=posting, about=user, unit=posting.unit if posting is not None else None)
    return address


def make_slip(*, user: User, by: User) -> Slip:
    """Make a link as make_access_link does, ready to be shown or printed; the time is that of the admin's unit."""
    address = make_access_link(user=user, by=by)
    until = moment_text(timezone.now() + LINK_LASTS, require_reach(by, user).unit, form="l, j F Y, H.i")
    return Slip(user, address, until)


def new_link(user: User, *, by: User | None, lasts: datetime.timedelta) -> tuple[AccessLink, str]:
    """Add a link; return it with its full address, of which only the hash is kept."""
    token = secrets.token_urlsafe(24)
    link = AccessLink.objects.create(
        user=user, token_hash=_hash(token), created_by=by, expires_at=timezone.now() + lasts
    )
    return link, f"{settings.SITE_URL}{reverse('access-link', args=[token])}"


def end_links(user: User) -> None:
    """Let every link of the person end."""
    now = timezone.now()
    AccessLink.objects.filter(user=user).usable(now).update(expires_at=now)


def find_link(token: str) -> AccessLink:
    """Return the usable link of the token.

    Raises:
        LinkGone: there is none.
    """
    found = AccessLink.objects.usable(timezone.now()).select_related("user").filter(token_hash=_hash(token)).first()
    if found is None or not may_sign_in(found.user):
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
        _set_own_password(user, password)
        forget_failures(user.username)
        record_own("link.used", user)
    return user


def change_own_password(*, user: User, password: str) -> None:
    """Store the password that the signed-in person chose; other sessions and all links end."""
    with transaction.atomic():
        _set_own_password(user, password)
        record_own("password.changed", user)


def _set_own_password(user: User, password: str) -> None:
    end_links(user)
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])


def clear_lockouts(*, user: User, by: User) -> None:
    """Take away the person's lock-outs after wrong passwords."""
    posting = require_reach(by, user)
    with transaction.atomic():
        forget_failures(user.username)
        record("lockout.cleared", by=by, posting=posting, about=user, unit=posting.unit)


def lock_notes(user: User) -> tuple[int, datetime.datetime | None]:
    """Return from how many addresses the person is locked out now, and until when at the latest (one query)."""
    by_address: dict[str, list[AccessAttempt]] = {}
    for attempt in attempts_of(user.username):
        by_address.setdefault(attempt.ip_address, []).append(attempt)
    ends = [end for attempts in by_address.values() if (end := lock_ends(attempts)) is not None]
    return len(ends), max(ends, default=None)


@dataclass(frozen=True)
class Slip:
    """A link as it is shown or printed once: for whom, until when, the address, and its picture."""

    person: User
    address: str
    until: str

    @property
    def picture(self) -> SafeString:
        """The address as a QR code (SVG without styles)."""
        drawn = segno.make(self.address, error="m").svg_inline(
            border=2, omitsize=True, svgclass="zi-qr", lineclass=None, title="Kode QR tautan"
        )
        return mark_safe(drawn)  # noqa: S308 (drawn by segno from our own address)
