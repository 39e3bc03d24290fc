"""Kinds of jobs of supervision, registered with wbbm.jobs."""

from wbbm.jobs.models import Queue
from wbbm.jobs.registry import name_kinds
from wbbm.jobs.services import register as register_kind

from .rollup_key import KIND

_WORDS = {
    KIND: "penghitungan nilai",
    "document": "pembuatan dokumen",
    "list-file": "pembuatan berkas daftar",
    "settle-period": "penutupan periode",
    "hand-over-cancelled": "penyerahan temuan kunjungan yang dibatalkan",
    "instrument-effect": "penghitungan dampak versi instrumen",
    "reply-rounds": "pengingat hak jawab",
    "evidence-expiry": "pengingat bukti yang habis masanya",
    "list-files": "penghapusan berkas daftar lama",
    "oddities": "pencarian yang janggal",
}


def register() -> None:
    """Register the handlers."""
    from .services.closing import SETTLE, settle
    from .services.document_work import make_document
    from .services.documents import JOB_KIND
    from .services.instrument_effects import EFFECT, compute_effect
    from .services.late_handover import LATE, hand_over_late
    from .services.list_files import JOB_KIND as LIST_FILE
    from .services.list_files import make_list_file
    from .services.scores import roll_up

    name_kinds(_WORDS)
    register_kind(KIND, roll_up)
    register_kind(JOB_KIND, make_document, queue=Queue.HEAVY)
    register_kind(LIST_FILE, make_list_file, queue=Queue.HEAVY)
    register_kind(SETTLE, settle, queue=Queue.HEAVY)
    register_kind(LATE, hand_over_late, limit_seconds=300)
    register_kind(EFFECT, compute_effect, queue=Queue.HEAVY)
