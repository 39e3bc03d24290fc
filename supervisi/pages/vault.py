"""The evidence of a unit: its list, one document with its revisions and uses, and the choice of what is there."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from supervisi.models import Answer, AnswerEvidence, Evidence
from supervisi.models.evidence import EXPIRING_DAYS, AnswerEvidenceQuerySet, EvidenceQuerySet
from supervisi.pages.moments import long_moment
from supervisi.pages.validity import EXPIRED, EXPIRING, UNDATED, VALID, Validity, validity
from supervisi.services.vault import posting_to_change
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Role, Unit, User

PAGE_SIZE, PICK_SIZE = 30, 8
_MOST_TAGS, _MOST_WORDS, _MOST_USES, _MOST_SAME = 20, 6, 50, 10
ALL = "semua"
_STATES = (
    (ALL, "Semua"),
    (VALID, "Berlaku"),
    (EXPIRING, f"Akan habis {EXPIRING_DAYS} hari"),
    (EXPIRED, "Habis"),
    (UNDATED, "Belum bertanggal"),
)


@dataclass(frozen=True)
class Wanted:
    """What a list was asked for."""

    state: str = ALL
    search: str = ""
    tag: str = ""
    item: str = ""
    number: str = "1"

    @property
    def query(self) -> str:
        """The filters as the query of a link, without state and page."""
        return urlencode({"cari": self.search, "penanda": self.tag, "butir": self.item})

    @property
    def is_narrowed(self) -> bool:
        """Tell whether something narrows the list."""
        return bool(self.search or self.tag or self.item or self.state != ALL)


# By which name the address asks for each of them.
ASKED = {"state": "keadaan", "search": "cari", "tag": "penanda", "item": "butir", "number": "halaman"}


@dataclass(frozen=True)
class Choice:
    """A filter that is a link."""

    key: str
    label: str
    count: int
    is_current: bool


@dataclass(frozen=True)
class Line:
    """One document in a list."""

    evidence: Evidence
    validity: Validity
    uses: int
    # The unit that shares it, when it is another's.
    shared_by: str


@dataclass(frozen=True)
class EvidenceList:
    """One page of a unit's evidence."""

    unit: Unit
    wanted: Wanted
    states: tuple[Choice, ...]
    tags: tuple[str, ...]
    lines: tuple[Line, ...]
    page: Page
    can_add: bool


def find_unit(user: User, pk: int) -> Unit | None:
    """Return a unit whose evidence the person reads: overseen, or his own."""
    scope = user.scope
    return Unit.objects.filter(scope.overseen_units("path") | scope.own_units("path"), pk=pk).first()


def read_evidence_list(user: User, unit: Unit, wanted: Wanted) -> EvidenceList:
    """Read a page of what the unit keeps and what is shared with it, in a fixed number of queries (four)."""
    today = local_day(unit)
    every = Evidence.objects.visible_to(user).usable_at(unit).current()
    tags = every.exclude(tags="").order_by().values_list("tags", flat=True).distinct()[:500]
    found = _narrowed(every, user, wanted)
    counts = found.aggregate(**{key.replace("-", "_"): Count("pk", filter=_in_state(key, today)) for key, _ in _STATES})
    page = Paginator(_chosen(found, user, wanted, today), PAGE_SIZE).get_page(wanted.number)
    return EvidenceList(
        unit=unit,
        wanted=wanted,
        states=tuple(Choice(key, label, counts[key.replace("-", "_")], key == wanted.state) for key, label in _STATES),
        tags=tuple(sorted({tag for text in tags for tag in text.split(",") if tag})[:_MOST_TAGS]),
        lines=tuple(_line(row, unit, today) for row in page),
        page=page,
        can_add=user.scope.posting_at(unit, Role.OPERATOR) is not None,
    )


def wanted_evidence(user: User, unit: Unit, wanted: Wanted, today: datetime.date) -> EvidenceQuerySet:
    """Keep what the unit keeps and what is shared with it that was asked for, each with how often it is used."""
    every = Evidence.objects.visible_to(user).usable_at(unit).current()
    return _chosen(_narrowed(every, user, wanted), user, wanted, today)


def _chosen(rows: EvidenceQuerySet, user: User, wanted: Wanted, today: datetime.date) -> EvidenceQuerySet:
    counted = _with_uses(rows.filter(_in_state(wanted.state, today)), user)
    return _ordered(counted, wanted.state).select_related("unit", "file")


def _line(row: Evidence, unit: Unit, today: datetime.date) -> Line:
    shared_by = row.unit.name if row.unit_id != unit.pk else ""
    return Line(row, validity(row, today), vars(row)["uses"], shared_by)


def _in_state(key: str, today: datetime.date) -> Q:
    soon = today + datetime.timedelta(days=EXPIRING_DAYS)
    states = {
        VALID: Q(valid_until__gt=soon),
        EXPIRING: Q(valid_until__gte=today, valid_until__lte=soon),
        EXPIRED: Q(valid_until__lt=today),
        UNDATED: Q(valid_until__isnull=True),
    }
    return states.get(key, Q(pk__isnull=False))


def _narrowed(rows: EvidenceQuerySet, user: User, wanted: Wanted) -> EvidenceQuerySet:
    rows = searched(rows, wanted.search)
    if wanted.tag:
        rows = rows.filter(tags__contains=f",{wanted.tag.casefold()},")
    if wanted.item:
        at_item = _links(user).filter(answer__item__code__iexact=wanted.item)
        rows = rows.filter(Exists(at_item))
    return rows


def searched(rows: EvidenceQuerySet, text: str) -> EvidenceQuerySet:
    """Keep what has every word of the search in its title, numbers or tags."""
    for word in text.casefold().split()[:_MOST_WORDS]:
        rows = rows.filter(search_text__contains=word)
    return rows


def _links(user: User) -> AnswerEvidenceQuerySet:
    """Links at answers that the person sees, of any revision of the outer document."""
    seen = AnswerEvidence.objects.visible_to(user).attached()
    return seen.filter(evidence__unit=OuterRef("unit"), evidence__number=OuterRef("number")).order_by()


def _with_uses(rows: EvidenceQuerySet, user: User) -> EvidenceQuerySet:
    counted = _links(user).values("evidence__number").annotate(count=Count("pk")).values("count")
    return rows.annotate(uses=Coalesce(Subquery(counted, output_field=IntegerField()), 0))


def _ordered(rows: EvidenceQuerySet, state: str) -> EvidenceQuerySet:
    """The newest first; what runs out by its day."""
    return rows.order_by("valid_until", "pk") if state in {EXPIRING, EXPIRED, VALID} else rows.order_by("-pk")


# --- one document ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Revision:
    """One revision of a document."""

    evidence: Evidence
    validity: Validity
    by: str
    at: str
    is_shown: bool


@dataclass(frozen=True)
class Use:
    """One answer that the document proves."""

    link: AnswerEvidence
    sheet: str
    is_older: bool


@dataclass(frozen=True)
class EvidencePage:
    """What the page of a document shows."""

    evidence: Evidence
    validity: Validity
    # The newest revision, when another one is shown.
    newest: Evidence | None
    revisions: tuple[Revision, ...]
    uses: tuple[Use, ...]
    uses_total: int
    same: tuple[Evidence, ...]
    can_change: bool
    reads_list: bool


def read_evidence(user: User, pk: int) -> EvidencePage | None:
    """Read a document in sight, in a fixed number of queries; None out of sight."""
    seen = Evidence.objects.visible_to(user)
    shown = seen.select_related("unit", "file").filter(pk=pk).first()
    if shown is None:
        return None
    today = local_day(shown.unit)
    rows = list(seen.same_document(shown).select_related("file", "unit", "added_by", "posting").order_by("-revision"))
    newest = next((row for row in rows if row.is_current), None)
    links = AnswerEvidence.objects.visible_to(user).attached().filter(evidence__in=[row.pk for row in rows])
    same = seen.same_file(shown.file.sha256, shown.file.original_sha256).exclude(
        unit=shown.unit_id, number=shown.number
    )
    used = links.select_related(
        "evidence", "answer__item", "answer__checklist__unit", "answer__checklist__period"
    ).order_by(F("answer__checklist__period__first_day").desc(), "answer__checklist", "answer__item__position")
    return EvidencePage(
        evidence=shown,
        validity=validity(shown, today),
        newest=newest if newest is not None and newest.pk != shown.pk else None,
        revisions=tuple(
            Revision(
                row,
                validity(row, today),
                str(row.posting or row.added_by),
                long_moment(row.added_at, row.unit),
                row.pk == shown.pk,
            )
            for row in rows
        ),
        uses=tuple(_use(link) for link in used[:_MOST_USES]),
        uses_total=links.count(),
        same=tuple(same.current().select_related("unit").order_by("unit__path", "number")[:_MOST_SAME]),
        can_change=newest is not None and newest.pk == shown.pk and posting_to_change(user, shown) is not None,
        reads_list=_reads_list(user, shown.unit),
    )


def _use(link: AnswerEvidence) -> Use:
    sheet = link.answer.checklist
    words = f"{sheet.unit.name}, {sheet.period}, {sheet.get_layer_display()}"
    return Use(link, words, not link.evidence.is_current)


def _reads_list(user: User, unit: Unit) -> bool:
    scope = user.scope
    roles = (Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR)
    return scope.is_own_unit(unit) or scope.posting_over(unit, *roles) is not None


# --- choosing what is there -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Candidate:
    """Evidence that may be attached to an item."""

    evidence: Evidence
    validity: Validity
    shared_by: str
    is_attached: bool
    # Made with the page: the same button pressed twice attaches once.
    uuid: str


@dataclass(frozen=True)
class Picker:
    """What is there to be attached to an item."""

    answer: Answer
    search: str
    candidates: tuple[Candidate, ...]
    page: Page


def read_picker(user: User, answer: Answer, search: str, number: str) -> Picker:
    """Read what may be attached on the answer's sheet, what still holds first (three queries)."""
    unit = answer.checklist.unit
    today = local_day(unit)
    attached = AnswerEvidence.objects.attached().filter(answer=answer, evidence=OuterRef("pk"))
    rows = searched(Evidence.objects.visible_to(user).usable_on(answer.checklist).current(), search)
    rows = rows.annotate(is_attached=Exists(attached), has_expired=Case(When(valid_until__lt=today, then=1), default=0))
    ordered = rows.select_related("unit", "file").order_by("has_expired", "-pk")
    page = Paginator(ordered, PICK_SIZE).get_page(number)
    return Picker(
        answer=answer,
        search=search,
        candidates=tuple(
            Candidate(
                row,
                validity(row, today),
                row.unit.name if row.unit_id != unit.pk else "",
                vars(row)["is_attached"],
                str(uuid.uuid4()),
            )
            for row in page
        ),
        page=page,
    )
