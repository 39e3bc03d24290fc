"""Figures of the public side as assessments read them: the only way from here to `layanan`.

Each figure is read for a unit and a period by a named function of `layanan.facts`; what the portal doesn't know is
None, never zero.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.utils import dateformat

from layanan import facts
from supervisi.models import Period
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Unit

UNKNOWN = "belum diisi"


@dataclass(frozen=True)
class Line:
    """One figure in words."""

    label: str
    value: str


@dataclass(frozen=True)
class Figures:
    """What is known of one matter: the figures that rules read, and the lines that people read."""

    title: str
    source: str
    lines: tuple[Line, ...]
    numbers: dict[str, int | None]

    def as_value(self) -> dict[str, Any]:
        """Return the JSON form that is stored and hashed."""
        return {**asdict(self), "lines": [[line.label, line.value] for line in self.lines]}


@dataclass(frozen=True)
class Span:
    """A unit and the days that count: a period's, up to today."""

    unit: Unit
    first: datetime.date
    last: datetime.date

    @property
    def year(self) -> int:
        """The year that yearly figures are of."""
        return self.last.year


def read_figures(unit: Unit, period: Period, facts: Iterable[str]) -> dict[str, Figures]:
    """Read what is known of each matter, for the period up to today (a fixed number of queries each)."""
    last = max(period.first_day, min(period.last_day, local_day(unit)))
    span = Span(unit, period.first_day, last)
    return {fact: READERS[fact](span) for fact in sorted(set(facts))}


# --- one reader for each matter ---------------------------------------------------------------------------


def _count(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)


def _violations(span: Span) -> Figures:
    found = facts.violation_facts(span.unit, span.year)
    kinds = tuple(Line(label, str(count)) for label, count in found.by_kind if count)
    return Figures(
        title="Pelanggaran anggota",
        source="Pernyataan Siwas/Propam di portal, per jenis dan tahun.",
        lines=(
            Line(f"Tahun {span.year - 1}", _count(found.previous)),
            Line(f"Tahun {span.year}", _count(found.count)),
            Line("Sudah dijatuhi sanksi", _count(found.sanctioned)),
            *kinds,
        ),
        numbers={"previous": found.previous, "current": found.count, "sanctioned": found.sanctioned},
    )


def _complaints(span: Span) -> Figures:
    found = facts.complaint_facts(span.unit, span.year)
    due, handled = (found.received, found.settled) if found is not None else (None, None)
    left = None if found is None else found.received - found.settled
    return Figures(
        title="Pengaduan warga lewat portal",
        source=f"Angka tahun {span.year} yang dilepas petugas pengaduan; isinya tetap rahasia.",
        lines=(
            Line("Harus ditindaklanjuti", _count(due)),
            Line("Sedang diproses", _count(left)),
            Line("Selesai", _count(handled)),
        ),
        numbers={"due": due, "in_progress": left, "handled": handled},
    )


def _services(span: Span) -> Figures:
    found = facts.innovation_facts(span.unit, span.year)
    served = facts.service_facts(span.unit, span.first, span.last)
    return Figures(
        title="Layanan yang dipermudah",
        source="Layanan satuan di portal; yang dipermudah adalah yang diperbaiki inovasi yang sedang berjalan.",
        lines=(
            Line("Layanan terdata", str(served.services)),
            Line("Sudah dipermudah", str(len(found.services))),
            Line("Lewat inovasi", ", ".join(found.running) or "belum ada"),
        ),
        numbers={"registered": served.services, "simplified": min(len(found.services), served.services)},
    )


def _standards(span: Span) -> Figures:
    found = facts.service_facts(span.unit, span.first, span.last)
    percent = 100 * found.complete // found.services if found.services else 0
    charter = f"ditetapkan {dateformat.format(found.charter_on, 'j F Y')}" if found.charter_on else "belum ada"
    return Figures(
        title="Standar dan maklumat pelayanan",
        source="Halaman layanan satuan yang terbuka untuk umum.",
        lines=(
            Line("Layanan", str(found.services)),
            Line("Standarnya lengkap (14 komponen)", str(found.complete)),
            Line("Komponen yang masih kosong", ", ".join(found.missing) or "tidak ada"),
            Line("Maklumat", charter if found.has_charter else "belum ada"),
        ),
        numbers={
            "complete_percent": percent,
            "is_published": int(found.has_charter and found.services > 0),
        },
    )


def _surveys(span: Span) -> Figures:
    rounds = facts.survey_rounds(span.unit, span.year, day=span.last)
    found = next((each for each in rounds if each.code == SATISFACTION), None)
    held, public = (found.quarters_held, found.quarters_public) if found is not None else (0, 0)
    return Figures(
        title="Survei kepuasan masyarakat (SKM)",
        source="Survei internal di portal: hanya jawaban dengan kode dari loket.",
        lines=(
            Line(f"Triwulan {span.year} yang disurvei", str(held)),
            Line("Triwulan yang hasilnya terbuka", str(public)),
            Line("Jawaban", str(found.answers if found is not None else 0)),
        ),
        numbers={"rounds": held, "is_published": int(public > 0)},
    )


def _gratuities(span: Span) -> Figures:
    found = facts.gratuity_facts(span.unit, span.year)
    values = [None] * 4 if found is None else [found.handed_in, found.refused, found.forwarded, found.late]
    labels = ("Laporan masuk ke UPG", "Ditolak di tempat", "Diteruskan ke KPK", "Terlambat")
    return Figures(
        title="Laporan gratifikasi",
        source=f"Register UPG tahun {span.year}, tanpa nama. Tidak ditunjukkan bila pegawainya terlalu sedikit.",
        lines=tuple(Line(label, _count(value)) for label, value in zip(labels, values, strict=True)),
        numbers={},
    )


def _innovations(span: Span) -> Figures:
    found = facts.innovation_facts(span.unit, span.year)
    return Figures(
        title="Inovasi pelayanan",
        source="Register inovasi satuan yang terbuka untuk umum.",
        lines=(
            Line("Sedang berjalan", str(len(found.running))),
            Line("Inovasinya", ", ".join(found.running) or "belum ada"),
            Line(f"Warga terbantu {span.year}", str(found.helped)),
        ),
        numbers={"running": len(found.running)},
    )


SATISFACTION = "skm"
READERS: dict[str, Callable[[Span], Figures]] = {
    "complaints": _complaints,
    "gratuities": _gratuities,
    "innovations": _innovations,
    "services": _services,
    "standards": _standards,
    "surveys": _surveys,
    "violations": _violations,
}
