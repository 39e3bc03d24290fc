"""Writing of declarations, pledges and counts of violations."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse

from layanan.models.commitment import (
    Declaration,
    DeclarationFile,
    Pledge,
    PledgeText,
    PledgeWay,
    ViolationCount,
    ViolationKind,
    ViolationStatement,
    years_to_state,
)
from layanan.pledge_texts import CURRENT
from layanan.services.gratuities import storable
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.files.keeping import kept_uploads
from wbbm.files.models import StoredFile
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import settle, tell
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, Unit, User
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.shell import main_posting

DECLARATION_FILES = "declaration"
PLEDGE_SCANS = "pledge"
MOST_COUNT = 100_000
_OPERATOR = "Ini dikerjakan operator satuan itu sendiri."
_UPG = "Jumlah pelanggaran dinyatakan petugas integritas (Siwas, Propam) satuan itu atau di atasnya."


@contextmanager
def _once(said: str) -> Iterator[None]:
    """Write in one transaction; what is there already is refused with these words."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as fault:
        raise InvalidTransition(said) from fault


# --- who may ------------------------------------------------------------------------------------------


def posting_to_keep(user: User, unit: Unit) -> Posting | None:
    """Return the posting by which the person keeps declarations and papers of the unit."""
    return user.scope.posting_at(unit, Role.OPERATOR)


def posting_to_remind(user: User, unit: Unit) -> Posting | None:
    """Return the posting by which the person reminds those of the unit who have not signed."""
    own = user.scope.posting_at(unit, Role.OPERATOR)
    return own or user.scope.posting_over(unit, Role.COMMANDER, Role.INTEGRITY_OFFICER)


def posting_to_state(user: User, unit: Unit) -> Posting | None:
    """Return the posting by which the person states violations of the unit."""
    return user.scope.posting_over(unit, Role.INTEGRITY_OFFICER)


# --- declarations -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DeclarationFacts:
    """What is written of a declaration."""

    day: datetime.date
    place: str
    note: str = ""


def record_declaration(
    *, unit: Unit, facts: DeclarationFacts, uploads: Sequence[UploadedFile], by: User
) -> Declaration:
    """Record the day of declaration with its documents.

    Raises:
        NotAllowed: not the unit's operator.
        DomainError: a day to come, or one that is recorded already; empty texts.
        FileRefused: see wbbm.files.services.
    """
    posting, facts = _keeper(by, unit), _checked(facts, unit)
    said = "Pencanangan pada hari itu sudah dicatat. Ubah yang sudah ada."
    with kept_uploads(uploads, unit=unit, by=by, kind=DECLARATION_FILES) as files, _once(said):
        row = Declaration.objects.create(unit=unit, day=facts.day, place=facts.place, note=facts.note, created_by=by)
        _attach(row, files)
        changes = {"day": [None, str(facts.day)]}
        record("declaration.recorded", by=by, posting=posting, about=row, unit=unit, changes=changes)
    return row


def change_declaration(
    *, declaration: Declaration, facts: DeclarationFacts, uploads: Sequence[UploadedFile], by: User
) -> Declaration:
    """Correct a declaration, and add documents; what it said before stays in the trail."""
    unit = declaration.unit
    posting, facts = _keeper(by, unit), _checked(facts, unit)
    new = {"day": facts.day, "place": facts.place, "note": facts.note}
    changes = {
        name: [str(getattr(declaration, name)), str(value)]
        for name, value in new.items()
        if getattr(declaration, name) != value
    }
    said = "Pencanangan lain pada hari itu sudah dicatat."
    with kept_uploads(uploads, unit=unit, by=by, kind=DECLARATION_FILES) as files, _once(said):
        Declaration.objects.filter(pk=declaration.pk).update(**new)
        _attach(declaration, files)
        record("declaration.changed", by=by, posting=posting, about=declaration, unit=unit, changes=changes)
    declaration.refresh_from_db()
    return declaration


def _keeper(by: User, unit: Unit) -> Posting:
    posting = posting_to_keep(by, unit)
    if posting is None:
        raise NotAllowed(_OPERATOR)
    return posting


def _checked(facts: DeclarationFacts, unit: Unit) -> DeclarationFacts:
    if facts.day > local_day(unit):
        raise DomainError("Hari pencanangan tidak boleh sesudah hari ini.")
    note = storable(facts.note, "Catatan", 500) if facts.note.strip() else ""
    return DeclarationFacts(facts.day, storable(facts.place, "Tempat", 120), note)


def _attach(declaration: Declaration, files: list[StoredFile]) -> None:
    for file in files:
        file.save(force_insert=True)
        DeclarationFile.objects.create(declaration=declaration, file=file)


# --- pledges ------------------------------------------------------------------------------------------


def sign_pledge(*, by: User, sha256: str) -> Pledge:
    """Sign the text of this year for oneself; a second click finds the first.

    Args:
        sha256: the fingerprint of the text that was shown.

    Raises:
        NotAllowed: no running posting.
        InvalidTransition: another text holds by now.
    """
    posting = main_posting(by.scope.postings)
    if posting is None:
        raise NotAllowed("Pakta integritas ditandatangani oleh yang mempunyai penugasan.")
    today = local_day(posting.unit)
    known = Pledge.objects.valid(today.year).filter(person=by).first()
    if known is not None:
        return known
    if sha256 != CURRENT.sha256:
        raise InvalidTransition("Teks pakta integritas sudah diganti. Baca teks yang baru, lalu tanda tangani.")
    try:
        with transaction.atomic():
            return _sign(by, posting, today)
    except IntegrityError:
        # The same person's other click was first.
        return Pledge.objects.valid(today.year).get(person=by)


def _sign(by: User, posting: Posting, today: datetime.date) -> Pledge:
    text, _ = PledgeText.objects.get_or_create(
        sha256=CURRENT.sha256, defaults={"version": CURRENT.version, "body": CURRENT.body}
    )
    pledge = Pledge.objects.create(
        person=by, year=today.year, unit=posting.unit, posting=posting, way=PledgeWay.PORTAL, text=text,
        signed_on=today, recorded_by=by,
    )  # fmt: skip
    record(
        "pledge.signed", by=by, posting=posting, about=pledge, unit=posting.unit,
        changes={"sha256": [None, text.sha256]},
    )  # fmt: skip
    settle(kind=NoticeKind.INTEGRITY, url=reverse("layanan:pledge-sign"))
    return pledge


def record_paper(
    *, unit: Unit, posting_pk: int, signed_on: datetime.date, uploads: Sequence[UploadedFile], by: User
) -> Pledge:
    """Record a pledge that was signed on paper, with its scan.

    Raises:
        NotAllowed: not the unit's operator.
        InvalidTransition: the person's pledge of the year is there already.
        DomainError: nobody with a running posting at the unit, a day that can't be, not just one scan.
        FileRefused: see wbbm.files.services.
    """
    keeper = _keeper(by, unit)
    held = Posting.objects.running().filter(pk=posting_pk, unit=unit).select_related("user").first()
    if held is None:
        raise DomainError("Pilih orang yang bertugas di satuan ini.")
    today = local_day(unit)
    if not datetime.date(today.year - 1, 1, 1) <= signed_on <= today:
        raise DomainError("Hari ditandatangani: tahun ini atau tahun lalu, tidak sesudah hari ini.")
    if len(uploads) != 1:
        raise DomainError("Lampirkan satu pindaian pakta integritas yang sudah ditandatangani.")
    said = f"Pakta integritas {signed_on.year} orang ini sudah ada."
    with kept_uploads(uploads, unit=unit, by=by, kind=PLEDGE_SCANS) as files, _once(said):
        files[0].save(force_insert=True)
        pledge = Pledge.objects.create(
            person=held.user, year=signed_on.year, unit=unit, posting=held, way=PledgeWay.PAPER, scan=files[0],
            signed_on=signed_on, recorded_by=by,
        )  # fmt: skip
        changes = {"sha256": [None, files[0].sha256]}
        record("pledge.recorded", by=by, posting=keeper, about=pledge, unit=unit, changes=changes)
    return pledge


def withdraw_paper(*, pledge: Pledge, reason: str, by: User) -> None:
    """Take back a paper that was recorded by mistake; what was signed in the portal stays.

    Raises:
        NotAllowed: not the unit's operator.
        InvalidTransition: signed in the portal, or taken back already.
    """
    posting = _keeper(by, pledge.unit)
    reason = storable(reason, "Alasan", 300)
    row = Pledge.objects.filter(pk=pledge.pk, way=PledgeWay.PAPER, is_valid=True)
    with transaction.atomic():
        if not row.update(is_valid=False, withdrawn_because=reason):
            raise InvalidTransition("Hanya catatan kertas yang masih berlaku yang dapat dibatalkan.")
        record(
            "pledge.withdrawn", by=by, posting=posting, about=pledge, unit=pledge.unit, reason=reason,
            changes={"is_valid": [True, False]},
        )  # fmt: skip


def remind(*, unit: Unit, people: Sequence[User], by: User) -> int:
    """Tell those of the unit who have not signed this year, at most once a day; return how many they are.

    Raises:
        NotAllowed: neither the unit's operator nor commander or integrity officer over it.
    """
    posting = posting_to_remind(by, unit)
    if posting is None:
        raise NotAllowed("Pengingat dikirim operator satuan, pimpinan, atau petugas integritas.")
    today = local_day(unit)
    with transaction.atomic():
        tell(
            people, kind=NoticeKind.INTEGRITY, url=reverse("layanan:pledge-sign"), unit=unit,
            text=f"Pakta integritas {today.year} Anda belum ditandatangani. Baca dan tanda tangani di sini.",
            key=f"pledge-{today.year}-{today}",
        )  # fmt: skip
        record("pledge.reminded", by=by, posting=posting, about=unit, unit=unit, changes={"jumlah": [0, len(people)]})
    return len(people)


# --- violations ---------------------------------------------------------------------------------------


def state_violations(
    *,
    unit: Unit,
    year: int,
    counts: Mapping[str, tuple[int, int]],
    source: str,
    by: User,
    base: int = 0,
    reason: str = "",
) -> ViolationStatement:
    """State a year's violations of the unit and everything below it: of each kind how many, and how many punished.

    Args:
        base: the revision that was seen when this was written; 0 for none. A correction needs a reason.

    Raises:
        NotAllowed: no integrity officer over the unit.
        InvalidTransition: somebody stated meanwhile.
        DomainError: a year, a number or a text that can't be.
    """
    posting = posting_to_state(by, unit)
    if posting is None:
        raise NotAllowed(_UPG)
    if year not in years_to_state(local_day(unit)):
        raise DomainError("Pilih tahun ini atau salah satu dari lima tahun sebelumnya.")
    full = {str(kind): counts.get(kind, (0, 0)) for kind in ViolationKind.values}
    if any(not 0 <= punished <= count <= MOST_COUNT for count, punished in full.values()):
        raise DomainError("Jumlah nol atau lebih, dan yang dijatuhi sanksi tidak lebih dari jumlahnya.")
    source = storable(source, "Sumber", 200)
    reason = storable(reason, "Alasan perbaikan", 500) if base else ""
    with _once(_MEANWHILE):
        return _state(unit, year, full, source, reason, base, by, posting)


_MEANWHILE = "Jumlah tahun itu sudah dinyatakan atau diperbaiki orang lain. Muat ulang halaman, lalu periksa lagi."


def _state(
    unit: Unit,
    year: int,
    counts: dict[str, tuple[int, int]],
    source: str,
    reason: str,
    base: int,
    by: User,
    posting: Posting,
) -> ViolationStatement:
    # The write comes first: whoever corrects the same revision meanwhile finds it gone.
    old = ViolationStatement.objects.current().filter(unit=unit, year=year, revision=base)
    if base and not old.update(is_current=False):
        raise InvalidTransition(_MEANWHILE)
    row = ViolationStatement.objects.create(
        unit=unit, year=year, revision=base + 1, source=source, reason=reason, stated_by=by, posting=posting
    )
    ViolationCount.objects.bulk_create(
        ViolationCount(statement=row, kind=kind, count=count, sanctioned=punished)
        for kind, (count, punished) in counts.items()
    )
    total = sum(count for count, _ in counts.values())
    action = "violations.corrected" if base else "violations.stated"
    changes = {"jumlah": [None, total], "revision": [base or None, base + 1]}
    record(action, by=by, posting=posting, about=row, unit=unit, reason=reason, changes=changes)
    return row
