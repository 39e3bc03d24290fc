"""What the acts of supervision are called in the audit trail."""

ACTS = {
    "checklist.created": "Lembar dibuat",
    "checklist.submit": "Lembar diserahkan",
    "checklist.return": "Lembar dikembalikan",
    "checklist.review": "Lembar ditinjau",
    "checklist.disclose": "Hasil disampaikan",
    "checklist.finalise": "Lembar dijadikan final",
    "checklist.reopening-asked": "Pembukaan kembali diminta",
    "checklist.reopen": "Lembar dibuka kembali",
    "visit.planned": "Kunjungan direncanakan",
    "visit.changed": "Kunjungan diubah",
    "visit.started": "Kunjungan dimulai",
    "visit.done": "Kunjungan diselesaikan",
    "visit.cancelled": "Kunjungan dibatalkan",
    "visit.deleted": "Kunjungan dihapus",
    "evidence.attached": "Bukti ditambahkan",
    "evidence.detached": "Bukti dilepas",
    "finding.recorded": "Temuan dicatat",
    "period.created": "Periode dibuat",
    "period.changed": "Periode diubah",
    "period.closed": "Periode ditutup",
}
