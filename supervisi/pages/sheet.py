"""One sheet: progress, score where the viewer may see it, state and its history, the steps he may take."""

from __future__ import annotations

from dataclasses import dataclass

from supervisi import access, charts
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, AnswerRevision, Checklist, ChecklistStatus, Layer
from supervisi.pages.visit import AreaLink, Stage, area_links, sheet_stages
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.gates import judge
from supervisi.scoring.instrument import PERCENT
from supervisi.scoring.rounding import shown
from supervisi.services.checklists import TRANSITIONS, missing_severe_findings, stored_answers
from wbbm.organisasi.models import AuditEvent, User

_BUTTONS = {
    "submit": ("Serahkan lembar", False),
    "return": ("Kembalikan kepada tim", True),
    "review": ("Nyatakan sudah ditinjau", False),
    "disclose": ("Sampaikan kepada satuan", False),
    "finalise": ("Finalkan", False),
    "reopen": ("Setujui pembukaan kembali", False),
}
EVENT_WORDS = {
    "checklist.created": "Lembar dibuat",
    "checklist.submit": "Diserahkan",
    "checklist.return": "Dikembalikan",
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
    needs_reason: bool


@dataclass(frozen=True)
class Act:
    """A line of the sheet's history."""

    word: str
    event: AuditEvent


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
    acts: tuple[Act, ...]
    refused: int

    @property
    def left(self) -> int:
        """Items without an answer."""
        return self.total - self.answered


def shows_score(checklist: Checklist, viewer: User) -> bool:
    """Tell whether the viewer may see the score: a draft's only its own team, later everybody who sees the sheet."""
    return not checklist.is_draft or access.posting_to_write(viewer, checklist) is not None


def read_sheet(checklist: Checklist, viewer: User) -> SheetPage:
    """Read a sheet's page."""
    instrument = engine_instrument(checklist.instrument)
    rows = Answer.objects.filter(checklist=checklist, is_due=True).values_list("item__code", "is_answered")
    answered = {(checklist.pk, code): done for code, done in rows}
    areas = area_links(checklist, answered, instrument)
    done, total = sum(area.answered for area in areas), sum(area.total for area in areas)
    missing = [code for (_, code), is_done in answered.items() if not is_done]
    place = {item.code: item for item in instrument.items}
    missing.sort(key=lambda code: place[code].position)
    visible = shows_score(checklist, viewer)
    score = score_sheet(instrument, stored_answers(checklist)) if visible else None
    can_write = checklist.is_draft and access.posting_to_write(viewer, checklist) is not None
    unnoted = missing_severe_findings(checklist) if can_write else []
    return SheetPage(
        checklist=checklist,
        stages=sheet_stages(checklist),
        areas=tuple(areas),
        ring=charts.progress_ring(done, total, f"{done} dari {total} butir terisi"),
        answered=done,
        total=total,
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
        steps=tuple(_steps(checklist, viewer)),
        waits_for=_waits_for(checklist),
        can_ask_reopening=_may_ask(checklist, viewer),
        acts=tuple(
            Act(EVENT_WORDS.get(event.action, event.action), event)
            for event in AuditEvent.objects.about(checklist).select_related("actor", "posting")
        ),
        refused=AnswerRevision.objects.filter(checklist=checklist, outcome="conflict").count(),
    )


def _steps(checklist: Checklist, viewer: User) -> list[StepButton]:
    found = []
    for name, step in TRANSITIONS.items():
        if step.old != checklist.status or (name == "reopen" and checklist.reopen_requested_at is None):
            continue
        if step.may(viewer, checklist) is not None:
            label, needs_reason = _BUTTONS[name]
            found.append(StepButton(name, label, needs_reason))
    return found


def _waits_for(checklist: Checklist) -> str:
    """Say whose turn it is."""
    if checklist.layer == Layer.SELF:
        words = {
            ChecklistStatus.DRAFT: "Operator mengisi; pimpinan satuan menyerahkan.",
            ChecklistStatus.SUBMITTED: "Menjadi final saat periode ditutup.",
            ChecklistStatus.FINAL: "Lembar ini final dan tidak dapat diubah.",
        }
    else:
        reviewer = "auditor lain" if checklist.layer == Layer.TPI else "supervisor di luar tim"
        words = {
            ChecklistStatus.DRAFT: "Lembar diserahkan oleh ketua tim setelah semua butir terisi.",
            ChecklistStatus.SUBMITTED: f"Menunggu ditinjau oleh {reviewer}.",
            ChecklistStatus.REVIEWED: "Menunggu disampaikan oleh pimpinan satuan di atas.",
            ChecklistStatus.DISCLOSED: "Satuan sudah melihat hasilnya. Menunggu difinalkan pimpinan satuan di atas.",
            ChecklistStatus.FINAL: "Lembar ini final dan tidak dapat diubah.",
        }
    return words.get(ChecklistStatus(checklist.status), "")


def _may_ask(checklist: Checklist, viewer: User) -> bool:
    return (
        checklist.status == ChecklistStatus.FINAL
        and checklist.reopen_requested_at is None
        and checklist.period.is_open
        and access.posting_to_ask_reopening(viewer, checklist) is not None
    )
