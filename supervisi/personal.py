"""What supervision holds about people."""

from __future__ import annotations

from supervisi.models import (
    Answer,
    AnswerEvidence,
    AnswerRevision,
    Assignment,
    CalendarFeed,
    Checklist,
    Document,
    Evidence,
    Finding,
    FindingEvent,
    InstrumentDraft,
    InstrumentEffect,
    ListFile,
    Oddity,
    OddityStep,
    Period,
    PlanEntry,
    Reply,
    Suggestion,
    Visit,
    VisitMember,
    WorkbookImport,
)
from supervisi.models.samples import SampleItem
from supervisi.models.scores import ConditionState
from wbbm.organisasi.models import User
from wbbm.upkeep.personal import Topic, register_erasure, register_topics

_FOREVER = "tetap: bagian dari pembuktian"


def register() -> None:
    """Register the topics, and what goes with a person."""
    register_topics(
        Topic(
            "Kunjungan: tim, ketua, pembagian tugas",
            "siapa memeriksa satuan mana, menurut Sprin mana",
            _FOREVER,
            (
                (Visit, "team_leader"), (Visit, "deputy"), (Visit, "planned_by"), (VisitMember, "user"),
                (Assignment, "user"),
            ),
        ),
        Topic(
            "Jawaban yang ditulis, dengan riwayatnya",
            "setiap nilai dapat ditelusuri sampai penulisnya",
            _FOREVER,
            ((Answer, "author"), (AnswerRevision, "author"), (AnswerRevision, "on_behalf_of"), (Suggestion, "by")),
        ),
        Topic(
            "Langkah pada lembar: dibuat, diserahkan, direviu, dibuka kembali",
            "siapa memutuskan apa",
            _FOREVER,
            (
                (Checklist, "created_by"), (Checklist, "submitted_by"), (Checklist, "reviewed_by"),
                (Checklist, "reopen_requested_by"), (Checklist, "reopened_by"),
            ),
        ),
        Topic(
            "Bukti yang dipasang",
            "asal setiap bukti",
            _FOREVER,
            ((Evidence, "added_by"), (AnswerEvidence, "added_by"), (AnswerEvidence, "detached_by")),
        ),
        Topic(
            "Temuan, tindak lanjut, hak jawab, sampel",
            "siapa menemukan, menjawab, dan menutup",
            _FOREVER,
            (
                (Finding, "created_by"), (FindingEvent, "by"), (Reply, "replied_by"), (Reply, "decided_by"),
                (SampleItem, "changed_by"), (ConditionState, "recorded_by"),
            ),
        ),
        Topic(
            "Tanda janggal yang menyebut atau diputuskannya, bila ada",
            "memeriksa penilaian yang tidak biasa",
            _FOREVER,
            ((Oddity, "people"), (OddityStep, "by")),
            is_secret=True,
        ),
        Topic(
            "Periode, instrumen, rencana",
            "siapa menutup periode, menerbitkan versi, mengoreksi rencana",
            _FOREVER,
            (
                (Period, "closed_by"), (Period, "undo_asked_by"), (Period, "undone_by"), (PlanEntry, "set_by"),
                (InstrumentDraft, "uploaded_by"), (InstrumentDraft, "published_by"), (InstrumentEffect, "requested_by"),
            ),
        ),
        Topic("Dokumen hasil yang diminta", "siapa meminta dokumen", _FOREVER, ((Document, "requested_by"),)),
        Topic(
            "Daftar yang diminta, buku kerja yang diunggah, alamat kalender",
            "dapat diunduh atau dilanjutkan oleh orangnya",
            "24 jam, 3 hari, dan sampai alamatnya dimatikan",
            ((ListFile, "person"), (WorkbookImport, "owner"), (CalendarFeed, "person")),
        ),
    )  # fmt: skip
    register_erasure(_erase)


def _erase(person: User) -> None:
    CalendarFeed.objects.filter(person=person).delete()
    WorkbookImport.objects.filter(owner=person).delete()
