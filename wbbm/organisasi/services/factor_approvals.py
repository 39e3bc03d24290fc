"""Before an integrity officer reads reports, an admin who made no link for him has seen him with his second factor.

Whoever holds a person's first link could set up a factor of his own and read as him: one admin alone must not.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from wbbm.errors import NotAllowed
from wbbm.organisasi.errors import AlreadyDone
from wbbm.organisasi.models import Role, SecondFactor, User

from .audit import record
from .factor_resets import ways_in
from .factors import is_required
from .people import require_reach

_NOT_YET = (
    "Faktor kedua Anda belum dikonfirmasi. Temui admin satuan yang tidak membuatkan tautan Anda; setelah ia "
    "mengonfirmasi, laporan terbuka."
)


def is_awaited(person: User) -> bool:
    """Tell whether the person's second factor waits to be confirmed (two queries at most)."""
    if not is_required(person) or not person.scope.has_role(Role.INTEGRITY_OFFICER):
        return False
    return SecondFactor.objects.filter(user=person, approved_at__isnull=True).exists()


def why_not(person: User, by: User) -> str:
    """Say why an admin may not confirm the person's second factor; nothing when he may (one query).

    However long ago: who set up a factor in the person's place would only have to wait.
    """
    if person.pk == by.pk:
        return "Faktor kedua sendiri dikonfirmasi admin lain."
    if ways_in(person, by).exists():
        return (
            "Anda pernah menambahkan orang ini, membuat tautannya, atau mengganti surelnya. Admin lain, atau admin "
            "satuan di atas, yang mengonfirmasi."
        )
    return ""


def approve_factor(*, person: User, by: User) -> None:
    """Note that the admin saw the person with the second factor that he set up.

    Raises:
        NotYourUnit: the person is outside the admin's reach.
        NotAllowed: for himself, or he ever had a way to the person's password.
        AlreadyDone: it is confirmed, or there is none.
    """
    posting = require_reach(by, person)
    refusal = why_not(person, by)
    if refusal:
        raise NotAllowed(refusal)
    with transaction.atomic():
        waiting = SecondFactor.objects.filter(user=person, approved_at__isnull=True)
        if not waiting.update(approved_at=timezone.now(), approved_by=by):
            raise AlreadyDone("Faktor kedua orang ini sudah dikonfirmasi, atau tidak terpasang lagi.")
        record("factor.approved", by=by, posting=posting, about=person, unit=posting.unit)


def require_approved(user: User) -> None:
    """Refuse who reads reports by a second factor that no second admin has seen.

    Raises:
        NotAllowed: it waits to be confirmed.
    """
    if is_awaited(user):
        raise NotAllowed(_NOT_YET)
