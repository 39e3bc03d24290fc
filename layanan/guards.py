"""What the database itself refuses on the public side."""

from __future__ import annotations

from collections.abc import Iterator

from layanan.models import CatalogueRevision
from wbbm.organisasi.guards import Guard, append_only

VERSIONS_KEPT = "Versi layanan yang tersimpan tidak dapat diubah atau dihapus."


def guards() -> Iterator[Guard]:
    """Name what the public side guards."""
    yield append_only(
        CatalogueRevision._meta.db_table, VERSIONS_KEPT, keys=(("id",), ("unit_id", "subject", "code", "version"))
    )
