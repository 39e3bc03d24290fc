"""Lists of the public side as tables: sessions of SIMBA and innovations, figures only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from layanan.models import Innovation, PracticeSession
from layanan.pages.innovations import keeps_innovations, kept_innovations
from layanan.pages.simba_keeping import keeps_simba, kept_sessions
from supervisi.lists.asked import Asked
from wbbm.organisasi.models import User
from wbbm.organisasi.tables import Cell, Table

_SESSIONS = (
    "Satuan", "Hari", "Tempat", "Golongan SIM", "Pemandu", "Status", "Tempat tersedia", "Terdaftar", "Menunggu",
    "Hadir", "Lulus latihan", "Lulus ujian",
)  # fmt: skip


def sessions(user: User, asked: Asked) -> Table | None:
    """Return the SIMBA sessions of the person's own units, with their counters; nobody's name."""
    if not keeps_simba(user):
        return None
    rows = kept_sessions(user)
    return Table("simba", _SESSIONS, _sessions(rows.iterator(chunk_size=1000)), rows.count())


def _sessions(rows: Iterable[PracticeSession]) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        yield (
            row.unit.name, row.day, row.place, ", ".join(row.licence_names), row.guide_title, row.get_status_display(),
            row.capacity, row.taken, row.waiting, row.attended, row.passed, row.exam_passed,
        )  # fmt: skip


def innovations(user: User, asked: Asked) -> Table | None:
    """Return the innovations of the person's own units."""
    if not keeps_innovations(user):
        return None
    rows = kept_innovations(user)
    columns = ("Satuan", "Inovasi", "Status", "Sejak", "Ringkasan")
    return Table("inovasi", columns, _innovations(rows.iterator(chunk_size=1000)), rows.count())


def _innovations(rows: Iterable[Innovation]) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        yield row.unit.name, row.title, row.get_status_display(), row.since, row.summary
