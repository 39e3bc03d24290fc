"""What the database itself refuses on the public side."""

from __future__ import annotations

from collections.abc import Iterator

from layanan.models import CatalogueRevision, Tariff
from wbbm.organisasi.guards import ALWAYS_REFUSED, Guard, Kept, append_only

VERSIONS_KEPT = "Versi layanan yang tersimpan tidak dapat diubah atau dihapus."
TARIFF_KEPT = "Tarif yang tercatat tidak dapat diubah atau dihapus; catat tarif baru."
# What a tariff is. Its last day, and the words by which it is found, may be mended.
_TARIFF_HELD = ("id", "unit_id", "key", "amount", "is_free", "legal_basis", "valid_from")


def guards() -> Iterator[Guard]:
    """Name what the public side guards."""
    yield append_only(
        CatalogueRevision._meta.db_table, VERSIONS_KEPT, keys=(("id",), ("unit_id", "subject", "code", "version"))
    )
    moved = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in _TARIFF_HELD)
    keys = (("id",), ("unit_id", "key", "valid_from"))
    yield Guard(Tariff._meta.db_table, TARIFF_KEPT, {"UPDATE": moved, "DELETE": ALWAYS_REFUSED}, kept=(Kept(keys),))
