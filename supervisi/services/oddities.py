"""What people do with signs of what looks odd: they look, which is written down, and say what became of each."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from supervisi.access import posting_to_settle, posting_to_settle_as_finding, posting_to_watch
from supervisi.models import ODDITY_TRANSITIONS, Finding, Oddity, OddityStatus, OddityStep
from supervisi.services.findings import record_free_finding
from supervisi.services.follow_up import TEXT_LIMIT, storable_text
from supervisi.services.operations import is_storable
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.models import Posting, Unit, User
from wbbm.organisasi.services.audit import record

BY_THOSE_ABOVE = "Tanda diputuskan oleh pimpinan atau supervisor dari satuan di atas."
BY_SUPERVISOR = "Temuan dicatat oleh supervisor dari satuan di atas."
_MOVED = "Tanda ini sudah diputuskan orang lain. Muat ulang halaman ini untuk melihatnya."


@dataclass(frozen=True)
class FindingWords:
    """What is written of the finding that a sign becomes."""

    severity: str
    observation: str
    recommendation: str
    owner_title: str
    due_days: int | None = None


def log_look(user: User, oddity: Oddity | None = None) -> None:
    """Write down that somebody looked at the list, or at one sign.

    It belongs to the office from which he looked: whoever reads that office's audit trail sees it. It names neither
    the unit nor the person that a sign is about.
    """
    posting = posting_to_watch(user)
    unit = posting.unit if posting is not None else None
    record(
        "oddity.looked" if oddity is not None else "oddity.listed", by=user, posting=posting, about=oddity, unit=unit
    )


def settle(*, oddity: Oddity, status: str, note: str, by: User) -> Oddity:
    """Say that a sign was checked or explained.

    Args:
        oddity: the sign, with its units.
        status: checked or explained.
        note: what was seen; an explanation is never without one.
        by: who says so.

    Raises:
        NotAllowed: the person is no supervisor or commander above all the units.
        DomainError: no explanation, or unusable text.
        InvalidTransition: somebody else has said so meanwhile.
    """
    posting = posting_to_settle(by, oddity)
    if posting is None:
        raise NotAllowed(BY_THOSE_ABOVE)
    if status == OddityStatus.EXPLAINED:
        text = storable_text(note, "Penjelasannya", TEXT_LIMIT)
    else:
        text = note.strip()
        if len(text) > TEXT_LIMIT or not is_storable(text):
            raise DomainError("Catatannya terlalu panjang, atau memuat tanda yang tidak dapat disimpan.")
    with transaction.atomic():
        _move(oddity, status)
        _step(oddity, text, by, posting)
    return oddity


def settle_as_finding(*, oddity: Oddity, unit: Unit, words: FindingWords, by: User) -> Finding:
    """Make a finding of a sign, which the unit sees at once, and tie the two.

    Raises:
        NotAllowed: the person is no supervisor above all the units.
        DomainError: not a unit of the sign, or unusable text.
        InvalidTransition: somebody else has made one of it.
    """
    posting = posting_to_settle_as_finding(by, oddity)
    if posting is None:
        raise NotAllowed(BY_SUPERVISOR)
    if unit not in oddity.units.all():
        raise DomainError("Pilih salah satu satuan pada tanda ini.")
    with transaction.atomic():
        # The write comes first: of two people at once one makes a finding, the other none.
        held = Oddity.objects.filter(pk=oddity.pk, status__in=ODDITY_TRANSITIONS[OddityStatus.FINDING])
        if not held.update(kind=oddity.kind):
            raise InvalidTransition(_MOVED)
        finding = record_free_finding(
            unit=unit, severity=words.severity, observation=words.observation, by=by,
            recommendation=words.recommendation, owner_title=words.owner_title, due_days=words.due_days,
        )  # fmt: skip
        _move(oddity, OddityStatus.FINDING, finding)
        _step(oddity, "", by, posting)
    return finding


def _move(oddity: Oddity, status: str, finding: Finding | None = None) -> None:
    rows = Oddity.objects.filter(pk=oddity.pk, status__in=ODDITY_TRANSITIONS[status])
    if not rows.update(status=status, finding=finding):
        raise InvalidTransition(_MOVED)
    oddity.status, oddity.finding = status, finding


def _step(oddity: Oddity, note: str, by: User, posting: Posting) -> None:
    """Add what was said; the words stay with the sign, the trail tells only that and when."""
    OddityStep.objects.create(oddity=oddity, status=oddity.status, note=note, by=by, posting=posting)
    record(f"oddity.{oddity.status}", by=by, posting=posting, about=oddity, unit=posting.unit)
