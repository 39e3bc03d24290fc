"""What the public pages of units lack, as a table."""

from __future__ import annotations

from layanan.pages.manage import read_gaps
from supervisi.lists.asked import Asked
from supervisi.pages.dashboard_data import OVERSEERS
from wbbm.organisasi.models import User
from wbbm.organisasi.tables import Cell, Table, table_of


def service_gaps(user: User, asked: Asked) -> Table | None:
    """Return what the public pages of the units in sight lack: one row a component that is missing somewhere."""
    if not user.scope.has_role(*OVERSEERS):
        return None
    lines: list[tuple[Cell, ...]] = []
    for line in read_gaps(user, None).lines:
        head = (line.unit.name, line.services, line.filled, line.due, ", ".join(line.missing_of_desk) or "lengkap")
        lines += [(*head, *missing) for missing in line.missing or (("", 0),)]
    columns = (
        "Satuan", "Layanan", "Komponen terisi", "Komponen seluruhnya", "Loket belum ada", "Komponen belum ada",
        "Pada berapa layanan",
    )  # fmt: skip
    return table_of("kelengkapan-layanan", columns, lines)
