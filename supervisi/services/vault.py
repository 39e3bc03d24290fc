"""The evidence that a unit keeps: added, described, revised, and attached again where it proves something."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from supervisi.access import posting_to_keep, posting_to_write
from supervisi.models import Answer, AnswerEvidence, ChecklistStatus, Evidence, Layer
from supervisi.services.checklists import hold_draft
from supervisi.services.operations import is_storable
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.files.models import StoredFile
from wbbm.files.services import Received, discard, receive, store
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import settle
from wbbm.organisasi.models import Posting, Unit, User
from wbbm.organisasi.services.audit import record

FILE_KIND = "evidence"
TITLE_LIMIT, NUMBER_LIMIT, TAG_LIMIT, MOST_TAGS = 200, 100, 30, 8
_NUMBER_TRIES = 20
KEPT_BY = "Bukti satuan diurus operator satuannya; bukti dari tim oleh tim yang mengisi lembarnya."


@dataclass(frozen=True)
class Facts:
    """What is known of a document beside its file."""

    title: str
    document_number: str = ""
    dated_on: datetime.date | None = None
    valid_from: datetime.date | None = None
    valid_until: datetime.date | None = None
    tags: str = ""
    is_shared: bool = False

    @classmethod
    def of(cls, evidence: Evidence) -> Facts:
        """Return what is stored."""
        return cls(**{name: getattr(evidence, name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Added:
    """What became of a file that was added: the document, and whether the unit had it already."""

    evidence: Evidence
    is_known: bool


def tidy_tags(text: str) -> str:
    """Bring tags into the form that is stored: small letters, each once, between commas.

    Raises:
        DomainError: too many, or one too long.
    """
    words = (re.sub(r"\s+", " ", word).strip().casefold() for word in text.split(","))
    tags = list(dict.fromkeys(word for word in words if word))
    if len(tags) > MOST_TAGS:
        raise DomainError(f"Paling banyak {MOST_TAGS} penanda.")
    if any(len(tag) > TAG_LIMIT for tag in tags):
        raise DomainError(f"Satu penanda paling panjang {TAG_LIMIT} huruf.")
    # As long as the column, commas included.
    stored = f",{','.join(tags)}," if tags else ""
    if len(stored) > TITLE_LIMIT:
        raise DomainError("Penandanya terlalu panjang. Kurangi satu dua kata.")
    return stored


def search_text(facts: Facts, number: int) -> str:
    """Return what a search looks through."""
    tags = facts.tags.strip(",").replace(",", " ")
    return f"{facts.title} {facts.document_number} {tags} bukti {number}".casefold()


def _checked(facts: Facts, unit: Unit) -> Facts:
    """Bring facts into the form that is stored.

    Raises:
        DomainError: no title, a text that can't be stored, days in the wrong order, or shared where nobody is below.
    """
    title = re.sub(r"\s+", " ", facts.title).strip()
    number = re.sub(r"\s+", " ", facts.document_number).strip()
    if not title:
        raise DomainError("Tulis judul buktinya.")
    if len(title) > TITLE_LIMIT or len(number) > NUMBER_LIMIT:
        raise DomainError("Judul atau nomor suratnya terlalu panjang.")
    if not is_storable(title + number + facts.tags):
        raise DomainError("Keterangannya memuat tanda yang tidak dapat disimpan. Hapus tanda itu, lalu coba lagi.")
    if facts.valid_from and facts.valid_until and facts.valid_until < facts.valid_from:
        raise DomainError("Berlaku sampai harus sama dengan atau sesudah berlaku sejak.")
    if facts.is_shared and not unit.numchild:
        raise DomainError("Satuan ini tidak mempunyai satuan di bawahnya.")
    return Facts(
        title=title,
        document_number=number,
        dated_on=facts.dated_on,
        valid_from=facts.valid_from,
        valid_until=facts.valid_until,
        tags=tidy_tags(facts.tags),
        is_shared=facts.is_shared,
    )


# --- who ----------------------------------------------------------------------------------------------


def posting_to_change(user: User, evidence: Evidence) -> Posting | None:
    """The unit's operator changes what the unit keeps; what a team brought, whoever writes on the sheet it is on."""
    if evidence.is_own:
        return posting_to_keep(user, evidence.unit)
    return next((posting for _, posting in _writable_links(user, evidence)), None)


def _writable_links(user: User, evidence: Evidence) -> list[tuple[AnswerEvidence, Posting]]:
    """Return where a team's document is attached at drafts of teams that the person writes on, each with the posting.

    That it is attached on the unit's own sheet gives the unit no right over it.
    """
    links = AnswerEvidence.objects.attached().filter(
        evidence__in=Evidence.objects.same_document(evidence),
        answer__checklist__unit=evidence.unit_id,
        answer__checklist__status=ChecklistStatus.DRAFT,
    )
    links = links.exclude(answer__checklist__layer=Layer.SELF)
    frame = list(links.select_related("answer__checklist__unit", "answer__checklist__visit__unit").order_by("pk"))
    sheets = {link.answer.checklist_id: link.answer.checklist for link in frame}
    postings = {pk: posting_to_write(user, sheet) for pk, sheet in sheets.items()}
    found = ((link, postings[link.answer.checklist_id]) for link in frame)
    return [(link, posting) for link, posting in found if posting is not None]


# --- adding -------------------------------------------------------------------------------------------


def add_evidence(*, unit: Unit, upload: UploadedFile, facts: Facts, by: User) -> Added:
    """Keep a file as a document of the unit, without an answer yet.

    A file that the unit keeps already is not kept twice; its facts stay as they are.

    Raises:
        NotAllowed: the person is not the unit's operator.
        DomainError: see Facts.
        FileRefused: see wbbm.files.services.
    """
    posting = posting_to_keep(by, unit)
    if posting is None:
        raise NotAllowed("Bukti satuan ditambah oleh operator satuan itu.")
    facts = _checked(facts, unit)
    received = receive(upload)
    known = _known(unit, received, by)
    if known is not None:
        return Added(known, is_known=True)
    file = store(received, kind=FILE_KIND, by=by, time_zone=unit.time_zone)

    def make() -> Evidence:
        evidence = create_numbered(
            unit=unit, file=file, facts=facts, by=by, posting=posting, is_own=True,
            twin=lambda: _known(unit, received, by),
        )  # fmt: skip
        if evidence.file is file:
            record("evidence.added", by=by, posting=posting, about=evidence, unit=unit, changes=_first(evidence))
        return evidence

    evidence = _with_file(file, make)
    is_known = evidence.file is not file
    if is_known:
        # The same file came twice at once: the other one is kept.
        discard(file)
    return Added(evidence, is_known)


def _known(unit: Unit, received: Received, by: User) -> Evidence | None:
    seen = Evidence.objects.visible_to(by).same_file(received.sha256)
    return seen.filter(unit=unit, is_own=True).select_related("file").order_by("-is_current", "pk").first()


def _with_file(file: StoredFile, make: Callable[[], Evidence]) -> Evidence:
    """Run a transaction that refers to bytes written before; thrown away when it is refused."""
    try:
        with transaction.atomic():
            return make()
    except (DomainError, IntegrityError):
        # Rolled back for certain; after any other fault the bytes stay, lest a row should be without them.
        discard(file)
        raise


def create_numbered(
    *,
    unit: Unit,
    file: StoredFile,
    facts: Facts,
    by: User,
    posting: Posting,
    is_own: bool,
    twin: Callable[[], Evidence | None] = lambda: None,
) -> Evidence:
    """Give the file the next number of its unit; two at once try again.

    Args:
        twin: asked after the number is read, whether somebody was faster with the same file.
    """
    for _ in range(_NUMBER_TRIES):
        # The number is read first: whoever was faster is then either seen below or holds the number.
        last = Evidence.objects.filter(unit=unit).aggregate(last=Max("number"))["last"] or 0
        known = twin()
        if known is not None:
            return known
        try:
            with transaction.atomic():
                file.save(force_insert=True)
                return _create(unit, last + 1, 1, file, facts, by, posting, is_own)
        except IntegrityError:
            file.pk = None
    raise DomainError("Banyak bukti masuk bersamaan. Coba kirim lagi.")


def _create(
    unit: Unit, number: int, revision: int, file: StoredFile, facts: Facts, by: User, posting: Posting, is_own: bool
) -> Evidence:
    return Evidence.objects.create(
        unit=unit, number=number, revision=revision, file=file, added_by=by, posting=posting, is_own=is_own,
        search_text=search_text(facts, number), **asdict(facts),
    )  # fmt: skip


def _first(evidence: Evidence) -> dict[str, Any]:
    return {"sha256": [None, evidence.file.sha256], "revision": [None, evidence.revision]}


# --- describing and revising --------------------------------------------------------------------------


def change_facts(*, evidence: Evidence, facts: Facts, by: User) -> Evidence:
    """Change what is said of the newest revision; older ones keep what was said of them.

    Sharing holds for the whole document.

    Raises:
        NotAllowed: see posting_to_change.
        InvalidTransition: there is a newer revision.
        DomainError: see Facts.
    """
    posting = _may_change(evidence, by)
    facts = _checked(facts, evidence.unit)
    _only_own_is_shared(evidence, facts)
    with transaction.atomic():
        before = Facts.of(evidence)
        row = Evidence.objects.current().filter(pk=evidence.pk)
        if not row.update(**asdict(facts), search_text=search_text(facts, evidence.number)):
            raise InvalidTransition("Bukti ini sudah mempunyai revisi yang lebih baru. Buka revisi terbarunya.")
        if facts.is_shared != before.is_shared:
            Evidence.objects.same_document(evidence).update(is_shared=facts.is_shared)
        old, new = asdict(before), asdict(facts)
        changes = {name: [_plain(old[name]), _plain(new[name])] for name in new if old[name] != new[name]}
        if changes:
            record("evidence.changed", by=by, posting=posting, about=evidence, unit=evidence.unit, changes=changes)
        if "valid_until" in changes:
            settle(kind=NoticeKind.EVIDENCE, url=evidence.get_absolute_url())
    evidence.refresh_from_db()
    return evidence


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value


def _may_change(evidence: Evidence, by: User) -> Posting:
    posting = posting_to_change(by, evidence)
    if posting is None:
        raise NotAllowed(KEPT_BY)
    return posting


def _only_own_is_shared(evidence: Evidence, facts: Facts) -> None:
    if facts.is_shared and not evidence.is_own:
        raise DomainError("Bukti yang dibawa tim tidak dapat dibagikan ke satuan di bawah.")


def add_revision(*, evidence: Evidence, upload: UploadedFile, facts: Facts, by: User) -> Evidence:
    """Put a new file in the place of the newest revision, which stays readable and stays where it is attached.

    What a team brought goes with its sheet: there the new revision takes the old one's place at once.

    Raises:
        NotAllowed: see posting_to_change.
        InvalidTransition: somebody revised it meanwhile.
        DomainError: the file is a revision already; see Facts.
        FileRefused: see wbbm.files.services.
    """
    posting = _may_change(evidence, by)
    facts = _checked(facts, evidence.unit)
    _only_own_is_shared(evidence, facts)
    received = receive(upload)
    same = Evidence.objects.same_document(evidence).same_file(received.sha256).order_by("revision").first()
    if same is not None:
        raise DomainError(f"Berkas ini sama dengan revisi {same.revision}. Pilih berkas yang baru.")
    file = store(received, kind=FILE_KIND, by=by, time_zone=evidence.unit.time_zone)

    def make() -> Evidence:
        # The state first: of two at once one finds it newest.
        if not Evidence.objects.current().filter(pk=evidence.pk).update(is_current=False):
            raise InvalidTransition("Bukti ini sudah direvisi orang lain. Muat ulang halaman ini.")
        file.save(force_insert=True)
        made = _create(evidence.unit, evidence.number, evidence.revision + 1, file, facts, by, posting, evidence.is_own)
        if facts.is_shared != evidence.is_shared:
            Evidence.objects.same_document(evidence).update(is_shared=facts.is_shared)
        changes = {
            "revision": [evidence.revision, made.revision],
            "sha256": [evidence.file.sha256, file.sha256],
        }
        record("evidence.revised", by=by, posting=posting, about=made, unit=evidence.unit, changes=changes)
        settle(kind=NoticeKind.EVIDENCE, url=evidence.get_absolute_url())
        for link, held in [] if evidence.is_own else _writable_links(by, evidence):
            hold_draft(link.answer.checklist)
            tie(link.answer, made, uuid.uuid4(), by, held)
        return made

    return _with_file(file, make)


# --- attaching what is there --------------------------------------------------------------------------


@transaction.atomic
def attach_existing(*, answer: Answer, evidence: Evidence, link_uuid: uuid.UUID, by: User) -> AnswerEvidence:
    """Tie evidence that is there to an answer; another revision of it at the answer makes way.

    The same UUID again changes nothing.

    Raises:
        NotAllowed: the person may not write on the sheet.
        LockedChecklist: the sheet is no draft.
        DomainError: it is not the unit's, nor shared with it; a team brought it and the sheet is the unit's own; it is
            not the newest revision; the UUID is another's.
    """
    checklist = answer.checklist
    posting = posting_to_write(by, checklist)
    if posting is None:
        raise NotAllowed("Bukti hanya dapat ditambah oleh yang mengisi lembar ini.")
    known = AnswerEvidence.objects.filter(uuid=link_uuid).select_related("evidence__file", "evidence__unit").first()
    if known is not None:
        if (known.answer_id, known.evidence_id, known.added_by_id) != (answer.pk, evidence.pk, by.pk):
            raise DomainError("Nomor kiriman ini sudah dipakai. Muat ulang halaman, lalu pilih lagi.")
        return known
    hold_draft(checklist)
    usable = Evidence.objects.visible_to(by).usable_on(checklist).filter(pk=evidence.pk)
    found = usable.select_related("file", "unit").first()
    if found is None and checklist.layer == Layer.SELF and not evidence.is_own:
        raise DomainError("Bukti ini dibawa tim. Untuk lembar mandiri, unggah berkasnya sebagai bukti satuan.")
    if found is None:
        raise DomainError("Bukti ini tidak berlaku untuk satuan lembar ini. Pilih yang lain.")
    if not found.is_current:
        raise InvalidTransition("Bukti ini sudah mempunyai revisi yang lebih baru. Pilih revisi terbarunya.")
    return tie(answer, found, link_uuid, by, posting)


def tie(answer: Answer, evidence: Evidence, link_uuid: uuid.UUID, by: User, posting: Posting) -> AnswerEvidence:
    """Tie a revision to an answer on a draft that the caller holds; another revision of it there makes way."""
    link, is_new = AnswerEvidence.objects.get_or_create(
        answer=answer,
        evidence=evidence,
        detached_at=None,
        defaults={"uuid": link_uuid, "added_by": by, "posting": posting},
    )
    if is_new:
        _let_go_of_older(answer, evidence, by, posting)
        changes = {"answer": [None, answer.pk], "sha256": [None, evidence.file.sha256]}
        unit = answer.checklist.unit
        record("evidence.attached", by=by, posting=posting, about=evidence, unit=unit, changes=changes)
    return link


def _let_go_of_older(answer: Answer, newest: Evidence, by: User, posting: Posting) -> None:
    older = Evidence.objects.same_document(newest).exclude(pk=newest.pk)
    links = AnswerEvidence.objects.attached().filter(answer=answer, evidence__in=older)
    if links.update(detached_at=timezone.now(), detached_by=by, detached_posting=posting):
        changes = {"answer": [answer.pk, None]}
        unit = answer.checklist.unit
        record("evidence.detached", by=by, posting=posting, about=newest, unit=unit, changes=changes)
