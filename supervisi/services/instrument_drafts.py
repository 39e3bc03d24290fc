"""New versions of instruments: uploaded as drafts, compared over a crosswalk, published or discarded.

docs/keputusan/0012-versi-instrumen.md
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from supervisi.access import posting_to_version
from supervisi.instrument_cache import engine_instrument
from supervisi.instrument_uploads import UploadedInstrument, read_upload
from supervisi.models import Instrument, InstrumentDraft
from supervisi.models.instrument_drafts import DraftStatus
from supervisi.scoring.crosswalk import check_crosswalk, propose
from supervisi.scoring.instrument import Instrument as EngineInstrument
from supervisi.scoring.instrument import InstrumentFaults
from supervisi.scoring.parse import parse_instrument
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.models import Posting, User
from wbbm.organisasi.services.audit import record

BY_PERSON = "person"
_TAKEN = "Rancangan ini sudah terbit atau dibuang. Muat ulang daftar instrumen."
# Versions that were read last; a draft's content never changes.
_kept: dict[str, EngineInstrument] = {}
_MOST_KEPT = 8


class VersionExists(DomainError):
    """The version is there already, loaded or as a draft."""

    status = 409


class CrosswalkMoved(InvalidTransition):
    """Somebody else saved the crosswalk meanwhile."""


class UnfitCrosswalk(DomainError):
    """The pairs are no crosswalk; `faults` maps old codes to what is wrong."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(f"Belum tersimpan: {len(faults)} padanan perlu diperbaiki.")
        self.faults = dict(faults)


def admin_of_top(by: User) -> Posting:
    """Return the posting by which the person handles versions.

    Raises:
        NotAllowed: the person is no admin of the top unit.
    """
    posting = posting_to_version(by)
    if posting is None:
        raise NotAllowed("Versi instrumen diurus admin satuan puncak, karena berlaku untuk semua satuan.")
    return posting


def draft_instrument(draft: InstrumentDraft) -> EngineInstrument:
    """Return the draft as the engine reads it."""
    if draft.sha256 not in _kept:
        while len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[draft.sha256] = parse_instrument(draft.definition)
    return _kept[draft.sha256]


def newest_version(code: str) -> Instrument | None:
    """Return the newest version of an instrument, also one that isn't in use yet."""
    return Instrument.objects.filter(code=code).order_by("-pk").first()


def read_file(content: bytes, name: str) -> tuple[UploadedInstrument, Instrument]:
    """Read an instrument file; return it with the version that it follows. Nothing is written.

    Raises:
        InstrumentFaults: the file is wrong, or of an instrument that the portal doesn't have.
        VersionExists: that version is there already.
    """
    uploaded = read_upload(content, name, supported=_supported())
    instrument = uploaded.file.instrument
    base = newest_version(instrument.code)
    if base is None:
        raise InstrumentFaults(name, [("code", f"instrumen {instrument.code!r} tidak ada di portal ini")])
    if base.period_kind != instrument.period_kind:
        raise InstrumentFaults(name, [("period_kind", f"harus tetap {base.period_kind!r}")])
    known = {rule.code for rule in instrument.predicates}
    gone = [rule.code for rule in engine_instrument(base).predicates if rule.code not in known]
    if gone:
        raise InstrumentFaults(
            name, [(code, "predikat versi lama hilang; dasbor dan rencana menyebutnya") for code in gone]
        )
    if Instrument.objects.filter(code=instrument.code, version=instrument.version).exists():
        raise VersionExists(f"Versi {instrument.version} sudah ada. Naikkan `version` di berkas, lalu unggah lagi.")
    if InstrumentDraft.objects.filter(code=instrument.code, version=instrument.version).exists():
        raise VersionExists(_drafted(instrument.version))
    return uploaded, base


def _drafted(version: str) -> str:
    return f"Versi {version} sudah ada sebagai rancangan. Buang rancangan itu dulu, atau naikkan `version` di berkas."


def _supported() -> dict[str, Collection[str]]:
    found: dict[str, Collection[str]] = {}
    for row in Instrument.objects.current().only("code", "sha256"):
        engine = engine_instrument(row)
        found[row.code] = {item.code for item in engine.items} | set(engine.nodes)
    return found


def keep_draft(*, content: bytes, name: str, by: User, at: datetime.datetime | None = None) -> InstrumentDraft:
    """Keep an upload as a draft, with the crosswalk that code and text propose. No sheet can be made on it.

    Args:
        content: the file.
        name: its name, as the person's machine told it.
        by: who uploads.
        at: when, for history that is taken over; otherwise now.

    Raises:
        NotAllowed, InstrumentFaults, VersionExists: see read_file.
    """
    posting = admin_of_top(by)
    uploaded, base = read_file(content, name)
    file = uploaded.file
    safe = "".join(sign for sign in name.replace("\\", "/").rsplit("/", 1)[-1] if sign.isprintable())
    lines = [[p.old, p.new, p.how, p.likeness] for p in propose(engine_instrument(base), file.instrument)]
    try:
        with transaction.atomic():
            draft = InstrumentDraft.objects.create(
                unit=posting.unit,
                base=base,
                code=file.instrument.code,
                version=file.instrument.version,
                name=file.instrument.name,
                file_name=safe[-120:] or "instrumen.yaml",
                file_size=len(content),
                sha256=file.sha256,
                source=uploaded.source,
                definition=file.document,
                crosswalk=lines,
                uploaded_by=by,
                posting=posting,
                uploaded_at=at or timezone.now(),
            )
            changes = {"file": [None, file.sha256], "base": [None, base.version]}
            record("instrument.uploaded", by=by, posting=posting, about=draft, unit=draft.unit, changes=changes, at=at)
    except IntegrityError as fault:
        raise VersionExists(_drafted(file.instrument.version)) from fault
    return draft


def save_crosswalk(*, draft: InstrumentDraft, pairs: Mapping[str, str | None], seen: int, by: User) -> InstrumentDraft:
    """Store the pairs as a person corrected them.

    Args:
        draft: the draft.
        pairs: old code → new code or None, one for each item of the old version.
        seen: the version of the crosswalk that the person saw.
        by: who corrects.

    Raises:
        NotAllowed: not the admin of the top unit.
        UnfitCrosswalk: unknown codes, two for one, something missing.
        CrosswalkMoved: it was saved meanwhile.
        InvalidTransition: the draft is none any more.
    """
    posting = admin_of_top(by)
    old, new = engine_instrument(draft.base), draft_instrument(draft)
    faults = dict(check_crosswalk(old, new, pairs))
    if faults:
        raise UnfitCrosswalk(faults)
    known = {line[0]: line for line in draft.crosswalk}
    lines = [
        known[item.code] if known[item.code][1] == pairs[item.code] else [item.code, pairs[item.code], BY_PERSON, 0]
        for item in old.items
    ]
    changed = [[line[0], known[line[0]][1], line[1]] for line in lines if line is not known[line[0]]]
    with transaction.atomic():
        row = InstrumentDraft.objects.unpublished().filter(pk=draft.pk, crosswalk_version=seen)
        if not row.update(crosswalk=lines, crosswalk_version=F("crosswalk_version") + 1):
            if InstrumentDraft.objects.unpublished().filter(pk=draft.pk).exists():
                raise CrosswalkMoved("Padanan baru saja disimpan orang lain. Periksa lagi, lalu simpan.")
            raise InvalidTransition(_TAKEN)
        if changed:
            changes = {"pairs": [None, changed]}
            record("instrument.crosswalk", by=by, posting=posting, about=draft, unit=draft.unit, changes=changes)
    draft.refresh_from_db(fields=["crosswalk", "crosswalk_version"])
    return draft


def discard_draft(*, draft: InstrumentDraft, by: User) -> None:
    """Let a draft go, with its file and what was computed of it.

    Raises:
        NotAllowed: not the admin of the top unit.
        InvalidTransition: it was published or discarded meanwhile.
    """
    posting = admin_of_top(by)
    with transaction.atomic():
        # The write first: who publishes at the same moment waits, and finds nothing; or was first.
        row = InstrumentDraft.objects.unpublished().filter(pk=draft.pk)
        if not row.update(status=DraftStatus.DRAFT):
            raise InvalidTransition(_TAKEN)
        changes = {"file": [draft.sha256, None]}
        record("instrument.discarded", by=by, posting=posting, about=draft, unit=draft.unit, changes=changes)
        row.delete()
