"""The register of innovations: described, published, counted month by month by the unit's operator."""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from layanan.access import posting_to_operate
from layanan.models import FigureSource, Innovation, InnovationFigure, InnovationFile, InnovationStatus
from layanan.ready_innovations import ReadyInnovation
from layanan.services.simba import ChangedMeanwhile
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.files.services import discard, receive, store
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Unit, User
from wbbm.organisasi.services.audit import record

FILE_KIND = "innovation"
MOST_FILES = 20
MOST_HELPED = 1_000_000
_SAME_TITLE = "Satuan ini sudah punya inovasi dengan nama itu. Ubah yang ada, atau pakai nama lain."

# From which states an innovation comes to which.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    InnovationStatus.RUNNING: (InnovationStatus.DRAFT, InnovationStatus.ENDED),
    InnovationStatus.ENDED: (InnovationStatus.RUNNING,),
}


@dataclass(frozen=True)
class Facts:
    """What is said of an innovation, checked by its form."""

    title: str
    summary: str
    problem: str
    how_it_works: str
    since: datetime.date
    services: tuple[str, ...] = ()
    effect_survey: str = ""
    effect_element: int | None = None
    effect_before: datetime.date | None = None
    effect_after: datetime.date | None = None


def add_innovation(*, unit: Unit, facts: Facts, by: User, figure_source: str = FigureSource.NOTED) -> Innovation:
    """Begin a draft, which residents don't see yet.

    Raises:
        NotAllowed: the person is not the unit's operator.
        DomainError: the unit has one of this title.
    """
    posting = _authorise(by, unit)
    try:
        with transaction.atomic():
            made = Innovation.objects.create(unit=unit, created_by=by, figure_source=figure_source, **_fields(facts))
            record("innovation.made", by=by, posting=posting, about=made, unit=unit)
    except IntegrityError as fault:
        raise DomainError(_SAME_TITLE) from fault
    return made


def take_over(*, unit: Unit, ready: ReadyInnovation, by: User) -> Innovation:
    """Begin a draft from a ready description; the second click leads to the first one's draft."""
    _authorise(by, unit)
    known = Innovation.objects.filter(unit=unit, title=ready.title).first()
    if known is not None:
        return known
    facts = Facts(
        title=ready.title, summary=ready.summary, problem=ready.problem, how_it_works=ready.how_it_works,
        services=ready.services, since=local_day(unit),
    )  # fmt: skip
    return add_innovation(unit=unit, facts=facts, by=by, figure_source=ready.figure_source)


def change_innovation(
    *, innovation: Innovation, facts: Facts, by: User, seen: datetime.datetime | None = None
) -> Innovation:
    """Change what is said of an innovation.

    Args:
        seen: when what the person saw had been changed last; None takes it as it stands.

    Raises:
        NotAllowed: the person is not the unit's operator.
        ChangedMeanwhile: somebody changed it since.
        DomainError: the unit has another one of this title.
    """
    posting = _authorise(by, innovation.unit)
    fields = _fields(facts)
    changes = {
        name: [_plain(getattr(innovation, name)), _plain(value)]
        for name, value in fields.items()
        if getattr(innovation, name) != value
    }
    if not changes:
        return innovation
    try:
        with transaction.atomic():
            row = Innovation.objects.filter(pk=innovation.pk)
            as_seen = row.filter(changed_at=seen) if seen is not None else row
            if not as_seen.update(**fields, changed_at=timezone.now()):
                raise ChangedMeanwhile("Inovasi ini diubah orang lain sesudah Anda membukanya.")
            unit = innovation.unit
            record("innovation.changed", by=by, posting=posting, about=innovation, unit=unit, changes=changes)
    except IntegrityError as fault:
        raise DomainError(_SAME_TITLE) from fault
    innovation.refresh_from_db()
    return innovation


def move_innovation(*, innovation: Innovation, status: str, by: User) -> Innovation:
    """Publish a draft, end what runs, or take it up again; the second click changes nothing.

    Raises:
        InvalidTransition: see TRANSITIONS.
    """
    posting = _authorise(by, innovation.unit)
    with transaction.atomic():
        before = innovation.status
        row = Innovation.objects.filter(pk=innovation.pk, status__in=TRANSITIONS.get(status, ()))
        if row.update(status=status, changed_at=timezone.now()):
            changes = {"status": [before, status]}
            unit = innovation.unit
            record("innovation.changed", by=by, posting=posting, about=innovation, unit=unit, changes=changes)
    innovation.refresh_from_db()
    if innovation.status != status:
        raise InvalidTransition("Langkah itu tidak berlaku lagi untuk inovasi ini. Muat ulang halaman ini.")
    return innovation


def note_figure(*, innovation: Innovation, month: datetime.date, helped: int, note: str, by: User) -> InnovationFigure:
    """Note how many residents were helped in a month; another number later is a correction, with its reason.

    Raises:
        NotAllowed: the person is not the unit's operator.
        InvalidTransition: somebody else noted this month meanwhile.
        DomainError: the figures count themselves; a month ahead or before the beginning; a correction without reason.
    """
    posting = _authorise(by, innovation.unit)
    month, note = month.replace(day=1), note.strip()
    _check_figure(innovation, month, helped)
    known = innovation.figures.current().filter(month=month).first()
    if known is not None and known.helped == helped:
        return known
    if known is not None and len(note) < 3:
        raise DomainError(f"Bulan ini sudah tercatat {known.helped}. Tulis mengapa angkanya diperbaiki.")
    try:
        with transaction.atomic():
            # The old row gives way first: of two who correct at once the second finds nothing to replace.
            if known is not None and not innovation.figures.filter(pk=known.pk, is_current=True).update(
                is_current=False
            ):
                raise InvalidTransition("Angka bulan ini baru saja diubah orang lain. Muat ulang halaman ini.")
            figure = InnovationFigure.objects.create(
                innovation=innovation, month=month, helped=helped, note=note, by=by, posting=posting
            )
            changes = {"month": [None, str(month)], "helped": [known.helped if known else None, helped]}
            record(
                "innovation.figure", by=by, posting=posting, about=innovation, unit=innovation.unit, changes=changes,
                reason=note if known is not None else "",
            )  # fmt: skip
    except IntegrityError as fault:
        raise InvalidTransition("Angka bulan ini baru saja dicatat orang lain. Muat ulang halaman ini.") from fault
    return figure


def _check_figure(innovation: Innovation, month: datetime.date, helped: int) -> None:
    if innovation.counts_itself:
        raise DomainError("Angka inovasi ini dihitung sendiri dari jadwal SIMBA.")
    if month > local_day(innovation.unit):
        raise DomainError("Bulan itu belum tiba. Catat bulan ini atau yang sudah lewat.")
    if month < innovation.since.replace(day=1):
        raise DomainError("Bulan itu sebelum inovasi ini berjalan. Periksa bulannya.")
    if not 0 <= helped <= MOST_HELPED:
        raise DomainError("Tulis jumlah warga dengan angka, dari 0.")


def add_file(*, innovation: Innovation, upload: UploadedFile, title: str, by: User) -> InnovationFile:
    """Keep a photo or document that proves the innovation; the same file twice is kept once.

    Raises:
        NotAllowed: the person is not the unit's operator.
        DomainError: too many files.
        FileRefused: see wbbm.files.services.
    """
    posting = _authorise(by, innovation.unit)
    received = receive(upload)
    known = innovation.files.filter(file__original_sha256=received.sha256).first()
    if known is not None:
        return known
    if innovation.files.count() >= MOST_FILES:
        raise DomainError(f"Paling banyak {MOST_FILES} berkas untuk satu inovasi.")
    file = store(received, kind=FILE_KIND, by=by, time_zone=innovation.unit.time_zone)
    try:
        with transaction.atomic():
            file.save(force_insert=True)
            kept = InnovationFile.objects.create(innovation=innovation, file=file, title=title, added_by=by)
            changes = {"sha256": [None, file.sha256]}
            record("innovation.file", by=by, posting=posting, about=innovation, unit=innovation.unit, changes=changes)
    except IntegrityError:
        discard(file)
        raise
    return kept


def _authorise(by: User, unit: Unit) -> Posting:
    posting = posting_to_operate(by, unit)
    if posting is None:
        raise NotAllowed("Inovasi diurus oleh operator satuan ini.")
    return posting


def _fields(facts: Facts) -> dict[str, Any]:
    return asdict(facts) | {"services": list(facts.services)}


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | list) or value is None else str(value)
