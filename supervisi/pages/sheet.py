"""One sheet: progress, score where the viewer may see it, state and its history, the steps he may take."""

from __future__ import annotations

from dataclasses import dataclass

from supervisi import access, charts
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist, ChecklistStatus, Layer, VerificationCode
from supervisi.pages.moments import long_moment
from supervisi.pages.replies import RoundFacts, read_facts
from supervisi.pages.undecided import Undecided, read_undecided
from supervisi.pages.visit import AreaLink, Stage, area_links, sheet_stages
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.gates import judge
from supervisi.scoring.instrument import PERCENT
from supervisi.scoring.rounding import shown
from supervisi.services.checklists import (
    TRANSITIONS,
    is_under_review,
    is_withdrawal,
    missing_severe_findings,
)
from supervisi.services.content import stored_answers
from supervisi.services.copying import last_sheet
from supervisi.suggestions.rules import rules_of
from wbbm.organisasi.models import AuditEvent, User

# Label, and what the step brings about.
_BUTTONS = {
    "submit": ("Serahkan lembar", "Setelah diserahkan, jawaban tidak dapat diubah kecuali lembar dikembalikan."),
    "review": ("Nyatakan sudah ditinjau", "Setelah ditinjau, lembar menunggu disampaikan pimpinan satuan di atas."),
    "return": ("Kembalikan lembar", "Lembar yang dikembalikan dapat diubah lagi oleh pengisinya."),
    "disclose": (
        "Sampaikan kepada satuan",
        "Satuan langsung melihat jawaban dan nilainya, dan hak jawabnya dibuka. Langkah ini tidak dapat ditarik.",
    ),
    "finalise": ("Finalkan", "Lembar final tidak dapat diubah. Pembukaannya kembali memerlukan dua orang."),
    "reopen": (
        "Setujui pembukaan kembali",
        "Lembar kembali diisi dan diserahkan lagi dari awal; dokumen dan kode verifikasinya tidak berlaku lagi.",
    ),
}
EVENT_WORDS = {
    "checklist.created": "Lembar dibuat",
    "checklist.copied": "Disalin dari lembar sebelumnya",
    "checklist.submit": "Diserahkan",
    "checklist.return": "Dikembalikan",
    "checklist.withdraw": "Ditarik satuan",
    "workbook.exported": "Buku kerja diunduh",
    "workbook.imported": "Jawaban diambil dari buku kerja",
    "sample.drawn": "Sampel diundi",
    "sample.added": "Butir sampel ditambahkan",
    "sample.removed": "Butir sampel dikeluarkan",
    "reply-round.opened": "Hak jawab dibuka",
    "reply-round.extended": "Tenggat hak jawab diperpanjang",
    "reply-round.waived": "Hak jawab diakhiri satuan",
    "reply-round.closed": "Hak jawab ditutup",
    "reply.reply": "Satuan menjawab",
    "reply.withdraw": "Jawaban satuan ditarik",
    "reply.uphold": "Jawaban diputuskan: nilai tetap",
    "reply.change": "Jawaban diputuskan: nilai diubah",
    "checklist.review": "Ditinjau",
    "checklist.disclose": "Disampaikan",
    "checklist.finalise": "Difinalkan",
    "checklist.reopening-asked": "Pembukaan kembali diminta",
    "checklist.reopen": "Dibuka kembali",
}


@dataclass(frozen=True)
class StepButton:
    """A step that the viewer may take now."""

    name: str
    label: str
    help: str

    @property
    def needs_reason(self) -> bool:
        """Tell whether a page asks for the reason first."""
        return self.name == "return"


@dataclass(frozen=True)
class Act:
    """A line of the sheet's history."""

    word: str
    by: str
    at: str
    reason: str


@dataclass(frozen=True)
class PredicateLine:
    """A predicate with what it misses."""

    label: str
    passed: bool
    missed: tuple[str, ...]


@dataclass(frozen=True)
class SheetPage:
    """What the page of a sheet shows."""

    checklist: Checklist
    stages: tuple[Stage, ...]
    areas: tuple[AreaLink, ...]
    ring: charts.Ring
    answered: int
    total: int
    # Copied answers that wait to be looked at.
    review: int
    # The sheet whose answers may come along to the items that nobody has touched.
    copy_source: Checklist | None
    missing: tuple[tuple[str, str], ...]
    unnoted: tuple[tuple[str, str], ...]
    next_area: AreaLink | None
    can_write: bool
    shows_score: bool
    score: str
    provisional: str
    predicates: tuple[PredicateLine, ...]
    steps: tuple[StepButton, ...]
    waits_for: str
    can_ask_reopening: bool
    reopening_asked: str
    acts: tuple[Act, ...]
    undecided: tuple[Undecided, ...]
    codes: tuple[VerificationCode, ...]
    # The right of reply since the last disclosing; None where none was due.
    replies: RoundFacts | None

    @property
    def has_suggestions(self) -> bool:
        """Tell whether the portal has figures for items of the sheet."""
        return bool(rules_of(self.checklist.instrument.code).items)

    @property
    def compares(self) -> bool:
        """Tell whether the sheet stands beside those of other layers."""
        return not self.checklist.is_draft

    @property
    def left(self) -> int:
        """Items without an answer."""
        return self.total - self.answered


def shows_score(checklist: Checklist, viewer: User) -> bool:
    """Tell whether the viewer may see the score: a draft's only its own team, later everybody who sees the sheet.

    A sample has none: what it says of the whole sheet is an estimate (pages/layers.py).
    """
    if checklist.is_sample:
        return False
    return not checklist.is_draft or access.posting_to_write(viewer, checklist) is not None


def read_sheet(checklist: Checklist, viewer: User) -> SheetPage:
    """Read a sheet's page."""
    instrument = engine_instrument(checklist.instrument)
    rows = list(
        Answer.objects.filter(checklist=checklist, is_due=True).values_list(
            "item__code", "is_answered", "needs_review", "version"
        )
    )
    answered = {(checklist.pk, code): done for code, done, _, _ in rows}
    areas = area_links(checklist, answered, instrument)
    done, total = sum(area.answered for area in areas), sum(area.total for area in areas)
    missing = [code for (_, code), is_done in answered.items() if not is_done]
    place = {item.code: item for item in instrument.items}
    missing.sort(key=lambda code: place[code].position)
    visible = shows_score(checklist, viewer)
    score = score_sheet(instrument, stored_answers(checklist)) if visible else None
    can_write = checklist.is_draft and access.posting_to_write(viewer, checklist) is not None
    replies = read_facts(checklist)
    unnoted = missing_severe_findings(checklist) if can_write else []
    return SheetPage(
        checklist=checklist,
        stages=sheet_stages(checklist),
        areas=tuple(areas),
        ring=charts.progress_ring(done, total, f"{done} dari {total} butir terisi"),
        answered=done,
        total=total,
        review=sum(waits for _, _, waits, _ in rows),
        copy_source=last_sheet(checklist, viewer) if can_write and not all(row[3] for row in rows) else None,
        missing=tuple((code, place[code].area_key) for code in missing),
        unnoted=tuple((code, place[code].area_key) for code in unnoted),
        next_area=next((area for area in areas if not area.is_done), areas[0]),
        can_write=can_write,
        shows_score=visible,
        score=shown(score.complete["total"]) if score else "",
        provisional=shown(score.provisional["total"]) if score else "",
        predicates=tuple(
            PredicateLine(
                result.label,
                result.passed,
                tuple(
                    f"{gate.label} {shown(gate.actual, gate=gate.required)}{'%' if gate.measure == PERCENT else ''}"
                    for gate in result.gates
                    if not gate.passed
                ),
            )
            for result in judge(instrument, score)
        )
        if score
        else (),
        steps=tuple(_steps(checklist, viewer, replies)),
        waits_for=_waits_for(checklist, replies),
        can_ask_reopening=_may_ask(checklist, viewer),
        reopening_asked=long_moment(checklist.reopen_requested_at, checklist.unit),
        acts=_acts(checklist),
        undecided=read_undecided([checklist], viewer).get(checklist.pk, ()) if can_write else (),
        codes=tuple(VerificationCode.objects.of(checklist)) if checklist.is_final or checklist.reopened_by_id else (),
        replies=replies,
    )


def _acts(checklist: Checklist) -> tuple[Act, ...]:
    events = AuditEvent.objects.about(checklist).select_related("actor", "posting")
    return tuple(
        Act(
            word=EVENT_WORDS.get(event.action, event.action),
            by=str(event.posting or event.actor or ""),
            at=long_moment(event.at, checklist.unit),
            reason=event.reason,
        )
        for event in events
    )


def _steps(checklist: Checklist, viewer: User, replies: RoundFacts | None) -> list[StepButton]:
    found = []
    for name, step in TRANSITIONS.items():
        if step.old != checklist.status or (name == "reopen" and checklist.reopen_requested_at is None):
            continue
        if name == "finalise" and replies is not None and replies.is_holding_back:
            continue
        if name == "disclose" and _visit_runs(checklist):
            continue
        if not checklist.period.is_open and (name in {"return", "reopen"} or checklist.layer == Layer.SELF):
            # After closing a sheet only goes on; the unit's own one not even that.
            continue
        if step.may(viewer, checklist) is None:
            continue
        if name == "return" and is_withdrawal(checklist, viewer):
            if not is_under_review(checklist):
                found.append(StepButton(name, "Tarik lembar", "Lembar yang ditarik dapat diubah lagi."))
            continue
        found.append(StepButton(name, *_BUTTONS[name]))
    return sorted(found, key=lambda step: list(_BUTTONS).index(step.name))


def _visit_runs(checklist: Checklist) -> bool:
    """Tell whether the sheet's result waits for the end of its visit."""
    return checklist.visit is not None and not checklist.visit.is_done


def _waits_for(checklist: Checklist, replies: RoundFacts | None) -> str:
    """Say whose turn it is."""
    visit = checklist.visit
    if visit is not None and visit.is_cancelled:
        return "Kunjungan ini dibatalkan. Jawabannya tetap dapat dibaca, tetapi tidak dapat ditambah."
    if visit is not None and not visit.takes_answers:
        return "Kunjungan belum dimulai. Lembar dapat diisi setelah ketua tim memulai kunjungan."
    if checklist.layer == Layer.SELF:
        words = {
            ChecklistStatus.DRAFT: "Operator mengisi; pimpinan satuan menyerahkan.",
            ChecklistStatus.SUBMITTED: "Sudah diserahkan. Menjadi final saat periode ditutup.",
            ChecklistStatus.FINAL: "Lembar ini final dan tidak dapat diubah.",
        }
        if not checklist.period.is_open:
            words[ChecklistStatus.DRAFT] = "Periodenya sudah ditutup; lembar ini tidak dapat diserahkan lagi."
    else:
        is_tpi = checklist.layer == Layer.TPI
        reviewer, submitter = ("auditor lain", "auditor") if is_tpi else ("supervisor di luar tim", "ketua tim")
        words = {
            ChecklistStatus.DRAFT: f"Lembar diserahkan oleh {submitter} setelah semua butir terisi.",
            ChecklistStatus.SUBMITTED: f"Menunggu ditinjau oleh {reviewer}.",
            ChecklistStatus.REVIEWED: "Menunggu disampaikan oleh pimpinan satuan di atas.",
            ChecklistStatus.DISCLOSED: "Satuan sudah melihat hasilnya. Menunggu difinalkan pimpinan satuan di atas.",
            ChecklistStatus.FINAL: "Lembar ini final dan tidak dapat diubah.",
        }
        if _visit_runs(checklist):
            words[ChecklistStatus.REVIEWED] = (
                "Menunggu ketua tim menyelesaikan kunjungan dan menyampaikan temuannya; lalu hasilnya disampaikan."
            )
        if replies is not None and replies.is_holding_back:
            words[ChecklistStatus.DISCLOSED] = "Satuan sudah melihat hasilnya. Difinalkan setelah hak jawab selesai."
    return words.get(ChecklistStatus(checklist.status), "")


def _may_ask(checklist: Checklist, viewer: User) -> bool:
    return (
        checklist.status == ChecklistStatus.FINAL
        and checklist.reopen_requested_at is None
        and checklist.period.is_open
        and access.posting_to_ask_reopening(viewer, checklist) is not None
    )
