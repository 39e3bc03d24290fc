"""Results over time as tables."""

from __future__ import annotations

from supervisi.lists.asked import Asked
from supervisi.pages.dashboard_data import OVERSEERS, READERS
from supervisi.pages.trend import read_trend
from supervisi.pages.trend_below import read_trends_below
from wbbm.organisasi.models import User
from wbbm.organisasi.tables import Cell, Table, figure, table_of


def trend(user: User, asked: Asked) -> Table | None:
    """Return a unit's results: one row a result, and below it one for each of its areas."""
    page = read_trend(user, asked.id) if user.scope.has_role(*READERS) else None
    if page is None:
        return None
    lines: list[tuple[Cell, ...]] = []
    for block in page.blocks:
        for mark in block.marks:
            head = (block.title, mark.version, mark.name, mark.note, mark.layer)
            moved = figure(mark.move.text) if mark.move is not None else None
            lines.append((*head, "Total", figure(mark.total), moved))
            lines += [(*head, f"{name} (%)", figure(text), None) for name, text, _ in mark.areas]
    columns = ("Lembar", "Versi", "Periode", "Keterangan", "Lapisan", "Bagian", "Nilai", "Perubahan")
    return table_of("perkembangan", columns, lines)


def trends_below(user: User, asked: Asked) -> Table | None:
    """Return the results of the units below, a column a period."""
    page = read_trends_below(user, asked.id) if user.scope.has_role(*OVERSEERS) else None
    if page is None:
        return None
    lines = [
        (
            line.unit.name,
            *(figure(cell.text) for cell in line.cells),
            figure(line.move.text) if line.move is not None else None,
            line.note,
        )
        for line in page.lines
    ]
    return table_of("perkembangan-satuan", (page.kind_label, *page.periods, "Perubahan", "Keterangan"), lines)
