"""What the database itself refuses: changes of final sheets, of results of closed periods, of instruments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from django.db.models import Model

from supervisi.models import (
    Answer,
    AnswerEvidence,
    AnswerRevision,
    Checklist,
    ChecklistScore,
    Evidence,
    Instrument,
    InstrumentDraft,
    Item,
    LayerComparison,
    Node,
    Period,
    PeriodPlace,
    Suggestion,
    UnitScore,
    VerificationCode,
)
from wbbm.files.models import StoredFile
from wbbm.organisasi.guards import ALWAYS_REFUSED, Guard, Kept, append_only

FINAL = "Lembar ini final dan tidak dapat diubah."
KEPT = "Riwayat jawaban tidak dapat diubah atau dihapus."
SUGGESTION_KEPT = "Usulan yang sudah diputuskan tidak dapat diubah atau dihapus."
CODE_KEPT = "Kode verifikasi tidak dapat diubah atau dihapus."
CLOSED = "Periode ini sudah ditutup; hasilnya tidak dapat diubah."
TREE_KEPT = "Susunan satuan pada akhir periode ini tidak dapat diubah."
FILE_KEPT = "Isi berkas bukti tidak dapat diganti."
VERSION_KEPT = "Versi instrumen tidak dapat diubah atau dihapus."

# What asking for a reopening writes, and what approving it may write besides the state.
_REQUEST = frozenset({"reopen_requested_by_id", "reopen_requested_at", "reopen_reason"})
_STEPS = frozenset(
    {
        "status", "content_hash", "submitted_at", "submitted_by_id", "reviewed_at", "reviewed_by_id", "disclosed_at",
        "final_at", "returned_reason", "reopened_by_id",
    }
)  # fmt: skip

# What a closed period lets be written: who asks for its reopening; and what reopening it writes.
_ASK = frozenset({"undo_asked_by_id", "undo_asked_at", "undo_reason"})
_UNDO = frozenset({"closed_at", "closed_by_id", "settled_at", "undone_by_id", "undone_at"})

# What evidence on a final sheet is: which file, which document of whom; what is said of it may be mended.
_EVIDENCE_HELD = ["id", "file_id", "unit_id", "number", "revision", "is_own"]

_SHEET = Checklist._meta.db_table
_PERIOD = Period._meta.db_table
_ANSWER = Answer._meta.db_table


def _columns(model: type[Model]) -> list[str]:
    return [str(field.column) for field in model._meta.concrete_fields]


def _moved(columns: list[str]) -> str:
    return "(" + " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns) + ")"


def _final_sheet(column: str) -> str:
    """Return the condition that a column names a final sheet."""
    return f"EXISTS (SELECT 1 FROM {_SHEET} s WHERE s.id = {column} AND s.status = 'final')"


def _final_answer(column: str) -> str:
    """Return the condition that a column names an answer of a final sheet."""
    return (
        f"EXISTS (SELECT 1 FROM {_ANSWER} a JOIN {_SHEET} s ON s.id = a.checklist_id "
        f"WHERE a.id = {column} AND s.status = 'final')"
    )


def _frozen(table: str, final: str, keys: tuple[tuple[str, ...], ...]) -> Guard:
    """Guard rows that belong to a final sheet; `final` is a condition over the row."""
    new, old = final.format(row="NEW"), final.format(row="OLD")
    return Guard(
        table,
        FINAL,
        {"INSERT": new, "UPDATE": f"{new} OR {old} OR NEW.id <> OLD.id", "DELETE": old},
        kept=(Kept(keys, final.format(row="t")),),
    )


def _of_sheet() -> str:
    return _final_sheet("{row}.checklist_id")


def _sheet_row() -> Guard:
    """The row of a final sheet: asking for its reopening, its hash once, and the approval of another person pass."""
    columns = _columns(Checklist)
    asks = "NEW.status = 'final' AND NOT " + _moved([name for name in columns if name not in _REQUEST])
    hashes = "NEW.status = 'final' AND OLD.content_hash = '' AND NOT " + _moved(
        [name for name in columns if name != "content_hash"]
    )
    reopens = (
        "NEW.status = 'draft' AND OLD.reopen_requested_by_id IS NOT NULL AND OLD.reopen_requested_at IS NOT NULL "
        "AND NEW.reopened_by_id IS NOT NULL AND NEW.reopened_by_id <> OLD.reopen_requested_by_id "
        f"AND EXISTS (SELECT 1 FROM {_PERIOD} p WHERE p.id = OLD.period_id AND p.closed_at IS NULL) "
        "AND NOT " + _moved([name for name in columns if name not in _REQUEST | _STEPS])
    )
    # Two people took the closing back by which it had become final.
    thaws = (
        "NEW.status = 'submitted' AND NEW.layer = 'self' "
        f"AND EXISTS (SELECT 1 FROM {_PERIOD} p WHERE p.id = OLD.period_id AND p.closed_at IS NULL "
        "AND p.undone_at >= OLD.final_at) "
        "AND NOT " + _moved([name for name in columns if name not in {"status", "content_hash", "final_at"}])
    )
    return Guard(
        _SHEET,
        FINAL,
        {
            "UPDATE": f"OLD.status = 'final' AND NOT (({asks}) OR ({hashes}) OR ({reopens}) OR ({thaws}))",
            "DELETE": "OLD.status = 'final'",
        },
        kept=(
            Kept((("id",), ("visit_id", "instrument_id")), "t.status = 'final'"),
            Kept(
                (("unit_id", "period_id", "instrument_id", "layer"),),
                "t.status = 'final' AND t.layer <> 'supervision'",
            ),
        ),
    )


def _period_row() -> Guard:
    """The row of a closed period: asking for its reopening, freezing it once, and the approval of another person pass.

    That two people have reopened it is written by that step alone.
    """
    columns = _columns(Period)
    undoes = (
        "OLD.closed_at IS NOT NULL AND NEW.closed_at IS NULL AND NEW.settled_at IS NULL "
        "AND OLD.undo_asked_by_id IS NOT NULL AND OLD.undo_asked_at IS NOT NULL "
        "AND NEW.undone_by_id IS NOT NULL AND NEW.undone_by_id <> OLD.undo_asked_by_id AND NEW.undone_at IS NOT NULL "
        "AND NOT " + _moved([name for name in columns if name not in _ASK | _UNDO])
    )
    # The tree of the last day is put by when the first unit is moved.
    kept = "OLD.tree_kept_at IS NULL"
    asks = "NOT " + _moved([name for name in columns if name not in _ASK | {"tree_kept_at"}])
    settles = "OLD.settled_at IS NULL AND NOT " + _moved([name for name in columns if name != "settled_at"])
    tree = f"({kept} OR NOT {_moved(['tree_kept_at'])})"
    return Guard(
        _PERIOD,
        CLOSED,
        {
            "INSERT": "NEW.undone_by_id IS NOT NULL OR NEW.undone_at IS NOT NULL",
            "UPDATE": f"(OLD.closed_at IS NOT NULL OR {_moved(['undone_by_id', 'undone_at'])}) "
            f"AND NOT (({undoes}) OR (({asks}) AND {tree}) OR ({settles}))",
            "DELETE": "OLD.closed_at IS NOT NULL",
        },
        kept=(Kept((("id",), ("unit_id", "kind", "first_day")), "t.closed_at IS NOT NULL"),),
    )


def _settled(model: type[Model], *keys: tuple[str, ...]) -> Guard:
    """Guard the stored results of a period that is closed and counted."""
    condition = f"EXISTS (SELECT 1 FROM {_PERIOD} p WHERE p.id = {{row}}.period_id AND p.settled_at IS NOT NULL)"
    new, old = condition.format(row="NEW"), condition.format(row="OLD")
    return Guard(
        model._meta.db_table,
        CLOSED,
        {"INSERT": new, "UPDATE": f"{new} OR {old}", "DELETE": old},
        kept=(Kept((("id",), *keys), condition.format(row="t")),),
    )


def _places() -> Guard:
    """The tree of a period's last day: put by once and whole, and let go only once the period is open again."""
    of_period = f"EXISTS (SELECT 1 FROM {_PERIOD} p WHERE p.id = {{row}}.period_id AND p.{{fact}} IS NOT NULL)"
    closed = partial(of_period.format, fact="closed_at")
    return Guard(
        PeriodPlace._meta.db_table,
        TREE_KEPT,
        {
            "INSERT": of_period.format(row="NEW", fact="tree_kept_at"),
            "UPDATE": ALWAYS_REFUSED,
            "DELETE": closed(row="OLD"),
        },
        kept=(Kept((("id",), ("period_id", "unit_id")), closed(row="t")),),
    )


def _versions() -> Iterator[Guard]:
    """A version that is loaded never changes; nothing is added to it once a sheet was made on it."""
    instrument = Instrument._meta.db_table
    yield append_only(instrument, VERSION_KEPT, keys=(("id",), ("code", "version")))
    used = f"EXISTS (SELECT 1 FROM {_SHEET} s WHERE s.instrument_id = NEW.instrument_id)"
    for model in (Node, Item):
        parts = append_only(model._meta.db_table, VERSION_KEPT, keys=(("id",), ("instrument_id", "code")))
        yield replace(parts, refuse=parts.refuse | {"INSERT": used})
    published = "OLD.status = 'published'"
    yield Guard(
        InstrumentDraft._meta.db_table,
        VERSION_KEPT,
        {"INSERT": "NEW.status = 'published'", "UPDATE": published, "DELETE": published},
        kept=(Kept((("id",), ("code", "version"), ("instrument_id",)), "t.status = 'published'"),),
    )


def guards() -> Iterator[Guard]:
    """Name what supervision guards."""
    yield from _versions()
    yield _sheet_row()
    yield _period_row()
    yield _places()
    yield _settled(UnitScore, ("unit_id", "period_id", "instrument_id", "layer"))
    yield _settled(LayerComparison, ("unit_id", "period_id", "instrument_id"))
    yield from _answers()
    yield _sheet_scores()
    yield _evidence()
    yield _file_rows()
    yield _codes()


def _answers() -> Iterator[Guard]:
    """Answers of a final sheet, their history, their proposals, and what is attached to them."""
    yield _frozen(_ANSWER, _of_sheet(), (("id",), ("checklist_id", "item_id")))
    yield Guard(
        AnswerRevision._meta.db_table,
        KEPT,
        {
            "INSERT": f"{_final_sheet('NEW.checklist_id')} OR {_final_answer('NEW.answer_id')}",
            "UPDATE": ALWAYS_REFUSED,
            "DELETE": ALWAYS_REFUSED,
        },
        kept=(Kept((("id",), ("uuid",), ("answer_id", "new_version"))),),
    )
    yield Guard(
        Suggestion._meta.db_table,
        SUGGESTION_KEPT,
        {"INSERT": _final_answer("NEW.answer_id"), "UPDATE": ALWAYS_REFUSED, "DELETE": ALWAYS_REFUSED},
        kept=(Kept((("id",), ("uuid",))),),
    )
    yield _frozen(AnswerEvidence._meta.db_table, _final_answer("{row}.answer_id"), (("id",), ("uuid",)))


def _sheet_scores() -> Guard:
    """The result of a sheet is stored when it has become final, and before its hash is."""
    hashed = f"EXISTS (SELECT 1 FROM {_SHEET} s WHERE s.id = {{row}}.checklist_id AND s.status = 'final' "
    scores = _frozen(ChecklistScore._meta.db_table, hashed + "AND s.content_hash <> '')", (("id",), ("checklist_id",)))
    # A first row takes no other's place.
    return replace(scores, refuse={event: scores.refuse[event] for event in ("UPDATE", "DELETE")})


def _evidence() -> Guard:
    """Evidence that a final sheet holds."""
    link = AnswerEvidence._meta.db_table
    held = (
        f"EXISTS (SELECT 1 FROM {link} l JOIN {_ANSWER} a ON a.id = l.answer_id "
        f"JOIN {_SHEET} s ON s.id = a.checklist_id WHERE l.evidence_id = {{row}}.id AND s.status = 'final')"
    )
    old = held.format(row="OLD")
    return Guard(
        Evidence._meta.db_table,
        FINAL,
        {"UPDATE": f"{_moved(_EVIDENCE_HELD)} AND {old}", "DELETE": old},
        kept=(
            Kept((("id",), ("unit_id", "number", "revision")), held.format(row="t")),
            Kept((("unit_id", "number"),), f"t.is_current AND NEW.is_current AND {held.format(row='t')}"),
        ),
    )


def _file_rows() -> Guard:
    """A stored file keeps its number and the hash of its bytes."""
    return Guard(
        StoredFile._meta.db_table,
        FILE_KEPT,
        {"UPDATE": "NEW.sha256 <> OLD.sha256 OR NEW.id <> OLD.id"},
        kept=(Kept((("id",),)),),
        truncate=False,
    )


def _codes() -> Guard:
    """A verification code is given once and can only be superseded."""
    others = [name for name in _columns(VerificationCode) if name != "superseded_at"]
    return Guard(
        VerificationCode._meta.db_table,
        CODE_KEPT,
        {
            "UPDATE": f"OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL OR {_moved(others)}",
            "DELETE": ALWAYS_REFUSED,
        },
        kept=(
            Kept((("id",), ("code",))),
            Kept((("checklist_id",),), "t.superseded_at IS NULL AND NEW.superseded_at IS NULL"),
        ),
    )
