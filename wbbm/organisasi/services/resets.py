"""A link by mail for who forgot the password: same answer and same work whether the name is known or not."""

from __future__ import annotations

import datetime
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.crypto import salted_hmac

from wbbm.jobs.models import Queue
from wbbm.jobs.services import Claim, Postponed, register, request
from wbbm.organisasi.auth import find_user, may_sign_in
from wbbm.organisasi.errors import OrganisationError
from wbbm.organisasi.models import ResetRequest, User

from .audit import main_posting, record
from .factor_resets import last_reset
from .links import new_link

KIND = "reset-mail"
WITHIN = datetime.timedelta(hours=1)
# An office goes out by one address; a mailbox is one person's.
MOST_PER_ADDRESS = 20
MOST_PER_NAME = 3


class TooOften(OrganisationError):
    """This address asked too often, for whatever names."""

    status = 429


def ask_for_reset(*, username: str, address: str) -> None:
    """Want a link mailed to the person; beyond MOST_PER_NAME an hour nothing more is sent, and nobody is told.

    Args:
        username: as auth.resolved_username gives it.
        address: as auth.client_address gives it.

    Raises:
        TooOften: the address asked MOST_PER_ADDRESS times within the hour.
    """
    now = timezone.now()
    name_hash = salted_hmac("wbbm.reset", username, algorithm="sha256").hexdigest()
    with transaction.atomic():
        ResetRequest.objects.exclude(at__gte=now - WITHIN).delete()
        recent = ResetRequest.objects.since(now - WITHIN)
        if recent.filter(address=address).count() >= MOST_PER_ADDRESS:
            raise TooOften("Terlalu banyak permintaan dari jaringan ini. Coba lagi satu jam lagi atau hubungi admin.")
        asked = recent.filter(name_hash=name_hash).count()
        person = find_user(username)
        ResetRequest.objects.create(
            name_hash=name_hash, address=address, at=now, person=person if asked < MOST_PER_NAME else None
        )
        # Also for a name that nobody has: the work here is the same, the worker finds nothing to send.
        request(KIND, "all")


def register_job() -> None:
    """Let the worker for long work send the mails: a mail server may take its time."""
    register(KIND, _mail_links, queue=Queue.HEAVY)


def _mail_links(claim: Claim) -> None:
    """Send what waits; a mail that fails stays waiting, and the job tries again until the request is an hour old.

    After a reset of the second factor nothing is mailed until a new one is set up: an admin can change the address.
    """
    failures: list[Exception] = []
    for row in ResetRequest.objects.since(timezone.now() - WITHIN).waiting().select_related("person"):
        person = row.person
        if person is not None and person.email and may_sign_in(person) and last_reset(person) is None:
            try:
                _mail_link(person)
            except (OSError, SMTPException, ValueError) as fault:
                failures.append(fault)
                continue
        ResetRequest.objects.filter(pk=row.pk).update(mailed_at=timezone.now())
    if failures:
        raise MailWaits(f"{len(failures)} surel belum diterima server surel") from failures[0]


class MailWaits(Postponed):
    """The mail server doesn't take what it is given; it may in a while."""

    seconds = 30.0


def _mail_link(person: User) -> None:
    """Make a link and send it; no lock is held meanwhile, and a link whose mail failed is taken back."""
    link, address = new_link(person, by=None, lasts=datetime.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))
    try:
        _send(person, address)
    except (OSError, SMTPException, ValueError):
        link.delete()
        raise
    posting = main_posting(person)
    record("link.mailed", by=None, about=person, unit=posting.unit if posting is not None else None)


def _send(person: User, address: str) -> None:
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    context = {"person": person, "address": address, "hours": hours, "is_demo": settings.IS_DEMO}
    text = render_to_string("email/reset_password.txt", context)
    subject = "Kata sandi baru untuk portal Zona Integritas"
    if settings.IS_DEMO:
        subject = f"[DATA CONTOH] {subject}"
    send_mail(subject, text, None, [person.email])
