"""Visits as tables: the list, a month, a day, and which station next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils import timezone

from supervisi.lists.asked import Asked
from supervisi.models import Visit
from supervisi.pages.calendar import month_asked, read_month, viewers_day
from supervisi.pages.dashboard_data import READERS
from supervisi.pages.next_visit import oversees_stations, read_next_visits
from supervisi.pages.visit_day import day_asked, read_day
from supervisi.pages.visit_list import ALL, MINE, wanted_visits
from wbbm.organisasi.models import Role, User
from wbbm.organisasi.tables import Cell, Table, table_of

_COLUMNS = ("Satuan", "Mulai", "Sampai", "Periode", "Sprin", "Status", "Keterangan")


def visits(user: User, asked: Asked) -> Table | None:
    """Return the visits in sight, narrowed as on their page."""
    if not user.scope.has_role(*READERS):
        return None
    usual = MINE if user.scope.has_role(Role.SUPERVISOR) else ALL
    rows = wanted_visits(
        user, chosen=asked.text("pilih", usual), search=asked.text("cari"), quarter=asked.number("periode")
    )
    return Table("kunjungan", _COLUMNS, _lines(rows.iterator(chunk_size=1000)), rows.count())


def _lines(rows: Iterable[Visit]) -> Iterator[tuple[Cell, ...]]:
    for visit in rows:
        note = visit.cancel_reason or ("Mendadak: satuan belum diberi tahu" if visit.is_hidden_from_unit else "")
        yield (
            visit.unit.name, visit.starts_on, visit.last_day, visit.period.name, visit.sprin_number,
            visit.get_status_display(), note,
        )  # fmt: skip


def month(user: User, asked: Asked) -> Table | None:
    """Return the visits of a month of the calendar, day by day."""
    if not user.scope.has_role(*READERS):
        return None
    today = viewers_day(user, timezone.now())
    page = read_month(user, first=month_asked(asked.text("bulan"), today), today=today, search=asked.text("cari"))
    lines = [
        (day.day, entry.visit.unit.name, entry.visit.sprin_number, entry.visit.get_status_display(),
         "ya" if entry.is_mine else "", "ya" if entry.is_clashing else "", day.off)
        for day in page.days
        for entry in day.entries
    ]  # fmt: skip
    columns = ("Hari", "Satuan", "Sprin", "Status", "Tim saya", "Tim bentrok", "Hari libur")
    return table_of("kalender-kunjungan", columns, lines)


def day(user: User, asked: Asked) -> Table | None:
    """Return the visits of a day: who checks what."""
    if not user.scope.has_role(*READERS):
        return None
    today = viewers_day(user, timezone.now())
    page = read_day(user, day=day_asked(asked.text("hari"), today), today=today)
    lines = [
        (page.day, line.visit.unit.name, line.visit.sprin_number, line.visit.get_status_display(), person.label,
         "ketua tim" if person.is_leader else "wakil" if person.is_deputy else "anggota", "; ".join(person.nodes),
         line.findings_total)
        for line in page.visits
        for person in line.people
    ]  # fmt: skip
    columns = ("Hari", "Satuan", "Sprin", "Status", "Siapa", "Sebagai", "Memeriksa", "Temuan terbuka")
    return table_of("kunjungan-harian", columns, lines)


def upcoming(user: User, asked: Asked) -> Table | None:
    """Return which station to visit next, with the reasons; all of them, not only the first."""
    if not user.scope.has_role(*READERS) or not oversees_stations(user):
        return None
    today = viewers_day(user, timezone.now())
    page = read_next_visits(user, today=today, search=asked.text("cari"), most=None)
    lines = [
        (number, line.unit.name, line.points, "; ".join(f"{reason.text} ({reason.points})" for reason in line.reasons))
        for number, line in enumerate(page.proposals, 1)
    ]
    return table_of("usulan-kunjungan", ("No", "Satuan", "Poin urutan", "Alasan"), lines)
