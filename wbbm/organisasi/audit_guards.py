"""What the database itself refuses on the audit trail: it is only ever added to."""

from __future__ import annotations

from collections.abc import Iterator

from .guards import Guard, append_only
from .models import AuditEvent, AuditHead, AuditSeal

KEPT = "Catatan audit tidak dapat diubah atau dihapus."


def guards() -> Iterator[Guard]:
    """Name what the organisation guards."""
    yield append_only(AuditEvent._meta.db_table, KEPT)
    yield append_only(AuditSeal._meta.db_table, KEPT, keys=(("number",), ("event_id",)))
    yield append_only(AuditHead._meta.db_table, KEPT, keys=(("id",), ("day",)))
