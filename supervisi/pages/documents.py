"""The documents of a visit or of a sheet: what there is, how far it is, what can be asked for."""

from __future__ import annotations

from dataclasses import dataclass

from supervisi.models import Checklist, Document, DocumentKind, Layer, Visit
from supervisi.models.documents import DocumentQuerySet
from supervisi.pages.moments import long_moment
from supervisi.services.documents import why_not
from wbbm.organisasi.models import User

_ABOUT = {
    DocumentKind.MINUTES: "Dasar, susunan tim, pelaksanaan dan temuan, untuk ditandatangani kedua pihak.",
    DocumentKind.FINDINGS: "Setiap temuan dengan rekomendasi, penindak lanjut, tenggat, dan keadaannya saat dibuat.",
    DocumentKind.REPORT: "Nilai, ambang, temuan, dan lampiran setiap butir dengan jawaban, catatan, dan foto.",
}


@dataclass(frozen=True)
class DocumentLine:
    """One document."""

    document: Document
    made: str
    asked: str
    by: str

    @property
    def size(self) -> int:
        """Size of the file in bytes."""
        return self.document.file.size if self.document.file else 0


@dataclass(frozen=True)
class Slot:
    """One kind of document: the newest one, and whether one can be asked for."""

    kind: str
    label: str
    about: str
    # Why it can't be made yet; empty when it can.
    why_not: str
    line: DocumentLine | None
    # One was made, and what it told has changed since.
    was_replaced: bool

    @property
    def can_ask(self) -> bool:
        """Tell whether a button stands here."""
        return not self.why_not and (self.line is None or not self.line.document.is_at_work)

    @property
    def button(self) -> str:
        """Return the words of the button."""
        if self.line is None:
            return "Buat dokumen"
        return "Coba lagi" if self.line.document.has_failed else "Perbarui"


@dataclass(frozen=True)
class Shelf:
    """What the page shows."""

    title: str
    subtitle: str
    back_url: str
    back_label: str
    slots: tuple[Slot, ...]
    older: tuple[DocumentLine, ...]

    @property
    def is_busy(self) -> bool:
        """Tell whether something is being made."""
        return any(slot.line is not None and slot.line.document.is_at_work for slot in self.slots)


def read_visit_shelf(visit: Visit, viewer: User) -> Shelf:
    """Read the documents of a visit: minutes, findings, and the report of its sheet (a fixed number of queries)."""
    sheet = sheet_of(visit, viewer)
    rows = _rows(Document.objects.visible_to(viewer).of_visit(visit))
    return Shelf(
        title=f"Dokumen kunjungan {visit.unit.name}",
        subtitle=f"{visit.sprin_number}, {visit.period.name}",
        back_url=visit.get_absolute_url(),
        back_label=f"Kunjungan {visit.unit.name}",
        slots=tuple(_slot(kind, rows, visit, sheet) for kind in DocumentKind),
        older=_older(rows),
    )


def sheet_of(visit: Visit, viewer: User) -> Checklist | None:
    """Return the visit's sheet when the viewer may see it."""
    return Checklist.objects.visible_to(viewer).with_frame().filter(visit=visit).order_by("pk").first()


def read_sheet_shelf(checklist: Checklist, viewer: User) -> Shelf:
    """Read the reports of a sheet (a fixed number of queries)."""
    rows = [row for row in _rows(Document.objects.visible_to(viewer).of_sheet(checklist)) if row.is_report]
    return Shelf(
        title=f"Laporan lembar {checklist.unit.name}",
        subtitle=f"{Layer(checklist.layer).label}, {checklist.period.name}",
        back_url=checklist.get_absolute_url(),
        back_label=f"Lembar {checklist.unit.name}",
        slots=(_slot(DocumentKind.REPORT, rows, checklist.visit, checklist),),
        older=_older(rows),
    )


def _rows(documents: DocumentQuerySet) -> list[Document]:
    return list(documents.select_related("file", "posting", "requested_by", "unit"))


def _slot(kind: DocumentKind, rows: list[Document], visit: Visit | None, checklist: Checklist | None) -> Slot:
    newest = next((row for row in rows if row.kind == kind and row.is_current), None)
    return Slot(
        kind=str(kind),
        label=str(kind.label),
        about=_ABOUT[kind],
        why_not=why_not(kind, visit=visit, checklist=checklist),
        line=_line(newest) if newest is not None else None,
        was_replaced=newest is None and any(row.kind == kind for row in rows),
    )


def _older(rows: list[Document]) -> tuple[DocumentLine, ...]:
    """Return what was replaced, or stands beside a newer one that is still being made."""
    shown: set[str] = set()
    older = []
    for row in rows:
        if row.is_current and row.kind not in shown:
            shown.add(row.kind)
        elif row.file is not None:
            older.append(_line(row))
    return tuple(older)


def _line(document: Document) -> DocumentLine:
    return DocumentLine(
        document=document,
        made=long_moment(document.made_at, document.unit),
        asked=long_moment(document.requested_at, document.unit),
        by=str(document.posting or document.requested_by),
    )
