"""A lost phone: the second factor goes when two admins say so, neither of them the person himself.

docs/keputusan/0019-faktor-kedua.md says why who may ask depends on links and mail addresses.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from wbbm.errors import NotAllowed
from wbbm.organisasi.errors import AlreadyDone, OrganisationError
from wbbm.organisasi.models import AccessLink, AuditEvent, FactorReset, Posting, SecondFactor, User
from wbbm.organisasi.models.audit import AuditEventQuerySet

from .audit import main_posting, record, record_own
from .people import require_reach

# So long before a reset its admins made no link for the person, and so long after it they make none.
APART = datetime.timedelta(days=30)
MOST_WORDS = 500

_on_asked: list[Callable[[FactorReset, Posting], None]] = []
_on_done: list[Callable[[FactorReset], None]] = []


def on_reset_asked(callback: Callable[[FactorReset, Posting], None]) -> None:
    """Let an app above learn, inside the transaction, that a reset waits for a second admin."""
    if callback not in _on_asked:
        _on_asked.append(callback)


def on_reset_done(callback: Callable[[FactorReset], None]) -> None:
    """Let an app above learn, inside the transaction, that a second factor was reset."""
    if callback not in _on_done:
        _on_done.append(callback)


def ask_reset(*, person: User, reason: str, by: User) -> FactorReset:
    """Ask for a person's second factor to be taken away; another admin confirms within 72 hours.

    Raises:
        NotYourUnit: the person is outside the admin's reach.
        OrganisationError: for himself, without a reason or a second factor, or too close to the person's password.
        AlreadyDone: it is asked for already.
    """
    posting = _may_take_part(person, by)
    words = reason.strip()[:MOST_WORDS]
    if not words:
        raise OrganisationError("Tulis alasannya: apa yang terjadi dan bagaimana Anda mengenali orangnya.")
    if not SecondFactor.objects.filter(user=person).exists():
        raise OrganisationError("Orang ini tidak mempunyai faktor kedua; tidak ada yang perlu direset.")
    now = timezone.now()
    try:
        with transaction.atomic():
            unsettled = FactorReset.objects.of(person).unsettled()
            unsettled.exclude(pk__in=unsettled.waiting(now).values("pk")).update(ended_at=now)
            reset = FactorReset.objects.create(person=person, reason=words, asked_by=by, asked_at=now)
            record("factor.reset-asked", by=by, posting=posting, about=person, unit=posting.unit, reason=words)
            for callback in _on_asked:
                callback(reset, posting)
    except IntegrityError as fault:
        raise AlreadyDone("Reset orang ini sudah diminta. Admin lain yang mengonfirmasinya.") from fault
    return reset


def confirm_reset(*, reset: FactorReset, by: User) -> None:
    """Take the second factor away as the second admin: sessions and links end, the person sets up a new one.

    Raises:
        NotYourUnit: the person is outside the admin's reach.
        OrganisationError: he asked for it himself, it is for himself, or he is too close to the person's password.
        AlreadyDone: it was confirmed or ended, or its time is over.
    """
    person = reset.person
    posting = _may_take_part(person, by)
    if reset.asked_by_id == by.pk:
        raise OrganisationError("Reset ini Anda minta sendiri. Admin kedua yang mengonfirmasinya.")
    now = timezone.now()
    with transaction.atomic():
        row = FactorReset.objects.waiting(now).filter(pk=reset.pk)
        if not row.update(confirmed_by=by, confirmed_at=now):
            raise AlreadyDone("Permintaan reset ini sudah diputuskan, ditarik, atau lewat waktunya.")
        _carry_out(person, now)
        record("factor.reset-confirmed", by=by, posting=posting, about=person, unit=posting.unit, reason=reset.reason)
        for callback in _on_done:
            callback(reset)


def withdraw_reset(*, reset: FactorReset, by: User) -> None:
    """Let a reset that waits come to nothing: by an admin who reaches the person, or by the person himself.

    Raises:
        NotYourUnit: he is neither.
        AlreadyDone: it was confirmed or ended before.
    """
    is_own = by.pk == reset.person_id
    posting = None if is_own else require_reach(by, reset.person)
    now = timezone.now()
    with transaction.atomic():
        if not FactorReset.objects.waiting(now).filter(pk=reset.pk).update(ended_at=now):
            raise AlreadyDone("Permintaan reset ini sudah diputuskan, ditarik, atau lewat waktunya.")
        if posting is None:
            record_own("factor.reset-refused", by)
        else:
            record("factor.reset-withdrawn", by=by, posting=posting, about=reset.person, unit=posting.unit)


def reset_by_server(*, person: User, reason: str) -> None:
    """Take the second factor away where there is no second admin; for whoever runs the server.

    Raises:
        OrganisationError: there is no second factor, or no reason.
    """
    words = reason.strip()[:MOST_WORDS]
    if not words:
        raise OrganisationError("Tulis alasannya.")
    if not SecondFactor.objects.filter(user=person).exists():
        raise OrganisationError("Orang ini tidak mempunyai faktor kedua; tidak ada yang perlu direset.")
    now = timezone.now()
    office = main_posting(person)
    with transaction.atomic():
        FactorReset.objects.of(person).unsettled().update(ended_at=now)
        reset = FactorReset.objects.create(person=person, reason=words, asked_at=now, confirmed_at=now)
        _carry_out(person, now)
        unit = office.unit if office is not None else None
        record("factor.reset-by-server", by=None, about=person, unit=unit, reason=words)
        for callback in _on_done:
            callback(reset)


def _carry_out(person: User, now: datetime.datetime) -> None:
    SecondFactor.objects.filter(user=person).delete()
    User.objects.filter(pk=person.pk).update(session_epoch=F("session_epoch") + 1)
    # What lies about unused would be a password for whoever made it.
    AccessLink.objects.filter(user=person).usable(now).update(expires_at=now)


# --- who may, and what stays shut afterwards ----------------------------------------------------------------


def why_not(person: User, by: User) -> str:
    """Say why an admin may not decide about the person's second factor; nothing when he may (one query)."""
    if person.pk == by.pk:
        return "Tentang faktor kedua sendiri diputuskan admin lain."
    if ways_in(person, by).filter(at__gte=timezone.now() - APART).exists():
        return (
            f"Dalam {APART.days} hari terakhir Anda menambahkan orang ini, membuat tautannya, atau mengganti surelnya, "
            "jadi Anda tidak ikut memutuskan tentang faktor keduanya. Minta admin lain, atau admin satuan di atas."
        )
    return ""


def ways_in(person: User, by: User) -> AuditEventQuerySet:
    """Return the acts by which an admin may have come to a password of the person.

    Whoever adds a person or changes the mail address may name a mailbox of his own, to which links are mailed.
    """
    acts = Q(action__in=("link.made", "person.created")) | Q(action="person.changed", changes__has_key="email")
    return AuditEvent.objects.about(person).filter(acts, actor=by)


def _may_take_part(person: User, by: User) -> Posting:
    posting = require_reach(by, person)
    refusal = why_not(person, by)
    if refusal:
        raise NotAllowed(refusal)
    return posting


def last_reset(person: User) -> FactorReset | None:
    """Return the reset after which the person has not set up a new second factor yet, of the last APART."""
    if SecondFactor.objects.filter(user=person).exists():
        return None
    return FactorReset.objects.of(person).done_since(timezone.now() - APART).order_by("-confirmed_at").first()


def check_may_make_link(person: User, by: User | None) -> None:
    """Refuse a link by one of the two who reset the second factor: together they would be the whole way in.

    Raises:
        NotAllowed: he is one of them, and the person has not set up a new one yet.
    """
    reset = last_reset(person) if by is not None else None
    if reset is not None and by is not None and by.pk in {reset.asked_by_id, reset.confirmed_by_id}:
        raise NotAllowed(
            "Anda ikut mereset faktor kedua orang ini. Sampai ia memasang yang baru, tautannya dibuat admin lain."
        )


def waiting_reset(person: User) -> FactorReset | None:
    """Return the reset of the person that waits for a second admin."""
    rows = FactorReset.objects.of(person).waiting(timezone.now())
    return rows.select_related("person", "asked_by").first()
