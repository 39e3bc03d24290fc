"""Units as tables: the list, a dashboard's ranking, gaps, support, plans, means, history, what an admin should mend."""

from __future__ import annotations

from collections.abc import Iterator

from supervisi.forms.plans import read_wish
from supervisi.instrument_cache import engine_instrument
from supervisi.lists.asked import Asked
from supervisi.pages.dashboard import build_dashboard
from supervisi.pages.dashboard_data import OVERSEERS, READERS
from supervisi.pages.dashboard_stations import StationTable
from supervisi.pages.first_pages import read_gaps
from supervisi.pages.layer_list import read_gaps_below
from supervisi.pages.periods import read_periods
from supervisi.pages.plan_stations import read_below, read_stations
from supervisi.pages.rollup_derivation import read_rollup_derivation
from supervisi.pages.support import read_support
from supervisi.pages.unit_changes import read_history
from wbbm.organisasi.models import Role, TimeZone, Unit, UnitQuerySet, User
from wbbm.organisasi.tables import Cell, Table, figure, table_of


def units(user: User, asked: Asked) -> Table | None:
    """Return the units in sight, searched as on their page."""
    if not user.scope.has_role(*READERS):
        return None
    rows = Unit.objects.visible_to(user).named_like(asked.text("cari"))
    columns = ("Kode", "Nama", "Jenis", "Aktif dari", "Aktif sampai", "Zona waktu")
    return Table("satuan", columns, _units(rows), rows.count())


def _units(rows: UnitQuerySet) -> Iterator[tuple[Cell, ...]]:
    for unit in rows.iterator(chunk_size=1000):
        yield (
            unit.code, unit.name, unit.get_kind_display(), unit.active_from, unit.active_to,
            str(TimeZone(unit.time_zone).label),
        )  # fmt: skip


def ranking(user: User, asked: Asked) -> Table | None:
    """Return the ranking and the heat map of a dashboard."""
    page = build_dashboard(user, asked.id, asked.number("periode")) if user.scope.has_role(*READERS) else None
    if page is None or page.stations is None:
        return None
    table = page.stations
    since = f"Perubahan sejak {table.since}" if table.since else "Perubahan"
    columns = ("Peringkat", table.kind_label, "Nilai", *(f"{each} (%)" for each in table.columns), since, "Keterangan")
    return table_of("peringkat", columns, _stations(table))


def _stations(table: StationTable) -> Iterator[tuple[Cell, ...]]:
    signs = {"turun": "-", "naik": "", "tetap": ""}
    for line in table.stations:
        cells = [figure(cell.text) for cell in line.cells] or [None] * len(table.columns)
        moved = figure(f"{signs[line.delta_word]}{line.delta}") if line.delta else None
        note = f"{line.note}. {line.earlier}" if line.earlier is not None else line.note
        yield (line.rank or None, line.unit.name, figure(line.score), *cells, moved, note or line.source)


def gaps_below(user: User, asked: Asked) -> Table | None:
    """Return the units below with what they claimed and what was seen."""
    page = read_gaps_below(user, asked.id, asked.number("periode")) if user.scope.has_role(*OVERSEERS) else None
    if page is None:
        return None
    lines = [
        (line.unit.name, figure(line.claimed), figure(line.estimate or line.seen),
         "perkiraan" if line.estimate else line.seen_by, figure(line.gap), figure(line.rate), line.count, line.note)
        for line in page.lines
    ]  # fmt: skip
    columns = (
        page.kind_label, "Mandiri", "Supervisi", "Dilihat oleh", "Selisih", "Konfirmasi (%)", "Pernyataan", "Keterangan"
    )  # fmt: skip
    return table_of("mandiri-dan-supervisi", columns, lines)


def support(user: User, asked: Asked) -> Table | None:
    """Return the support matrix of a district: one row an item and station that does not fully support it."""
    page = read_support(user, asked.id, asked.number("periode"))
    if page is None:
        return None
    lines: list[tuple[Cell, ...]] = []
    for line in page.lines:
        head = (line.item.code, line.item.question, figure(line.points), line.full, line.part, line.weak)
        gaps = [(gap.name, "lemah" if gap.is_weak else "sebagian", ", ".join(gap.codes)) for gap in line.gaps]
        lines += [(*head, *gap) for gap in gaps or [("", "", "")]]
    columns = (
        "Butir LKE", "Pertanyaan", "Poin sekarang", "Mendukung", "Sebagian", "Lemah", "Polsek", "Dukungannya",
        "Butir Polsek",
    )  # fmt: skip
    return table_of("dukungan-polsek", columns, lines)


def plans_below(user: User, asked: Asked) -> Table | None:
    """Return the plans of the units below."""
    below = read_below(user, asked.id) if user.scope.has_role(*OVERSEERS) else None
    if below is None:
        return None
    wish, margin = read_wish(asked.values, engine_instrument(below.instrument))
    page = read_stations(below, wish, margin, asked.number("periode"))
    lines: list[tuple[Cell, ...]] = [
        (line.unit.name, figure(line.now), figure(line.then), line.steps, figure(line.days),
         "" if line.steps else line.note)
        for line in page.lines
    ]  # fmt: skip
    lines += [(name, None, None, None, None, "belum ada hasil pada periode ini") for name in page.without]
    columns = (page.kind_label, "Nilai sekarang", "Nilai sesudahnya", "Langkah", "Hari kerja", "Keterangan")
    return table_of("rencana-satuan", columns, lines)


def means(user: User, asked: Asked) -> Table | None:
    """Return which units went into the means of a dashboard."""
    page = read_rollup_derivation(user, asked.id, asked.number("periode"))
    if page is None:
        return None
    lines: list[tuple[Cell, ...]] = []
    for mean in page.means:
        head = (mean.label, mean.period.name, mean.layer)
        lines += [(*head, line.name, line.count, figure(line.sum)) for line in mean.lines]
        lines += [(*head, name, 0, None) for name in mean.without]
    return table_of("rerata", ("Rerata", "Periode", "Lapisan", "Satuan", "Hasil", "Jumlah nilai"), lines)


def history(user: User, asked: Asked) -> Table | None:
    """Return what happened to a unit, and the results of those that were merged into it."""
    unit = Unit.objects.visible_to(user).filter(pk=asked.id).first() if user.scope.has_role(*READERS) else None
    if unit is None:
        return None
    page = read_history(user, unit)
    lines: list[tuple[Cell, ...]] = [
        (line.day, unit.name, line.text, line.reason, "", "", None) for line in page.changes
    ]
    lines += [(None, line.unit.name, "", "", line.period.name, line.layer, figure(line.score)) for line in page.results]
    columns = ("Hari", "Satuan", "Perubahan", "Alasan", "Periode", "Lapisan", "Nilai")
    return table_of("riwayat-satuan", columns, lines)


def periods(user: User, asked: Asked) -> Table | None:
    """Return the periods at a reader's units."""
    page = read_periods(user)
    if page is None:
        return None
    lines = [
        (line.period.name, line.period.get_kind_display(), line.period.unit.name, line.period.first_day,
         line.period.last_day, line.state)
        for line in page.lines
    ]  # fmt: skip
    return table_of("periode", ("Periode", "Jenis", "Milik", "Hari pertama", "Hari terakhir", "Keadaan"), lines)


def incomplete(user: User, asked: Asked) -> Table | None:
    """Return what is missing in an admin's units; all of it, not only the first."""
    if not user.scope.has_role(Role.ADMIN):
        return None
    page = read_gaps(user, most=None)
    lines: list[tuple[Cell, ...]] = [("Satuan tanpa pimpinan", unit.name, "", None) for unit in page.without_commander]
    lines += [("Menunggu admin kedua", p.unit.name, f"{p}: {p.user}", p.starts_on) for p in page.pending]
    lines += [("Penugasan segera berakhir", p.unit.name, f"{p}: {p.user}", p.ends_on) for p in page.ending]
    lines += [("Orang tanpa kata sandi", "", str(person), None) for person in page.without_password]
    lines += [("Tanpa faktor kedua", "", str(person), None) for person in page.without_factor]
    lines += [("Periode belum ditutup", period.unit.name, period.name, period.last_day) for period in page.over]
    return table_of("yang-perlu-dilengkapi", ("Yang kurang", "Satuan", "Siapa atau apa", "Hari"), lines)
