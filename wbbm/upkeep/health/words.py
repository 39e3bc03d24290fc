"""What people call the jobs of the floors below, and what an admin does about dead ones."""

KINDS = {
    "canary-cepat": "pekerjaan uji antrean cepat",
    "canary-berat": "pekerjaan uji antrean berat",
    "reset-mail": "surel kata sandi baru",
    "audit-seal": "penyegelan jejak audit",
    "notices-mail": "surel harian",
    "notices-daily": "pemberitahuan harian",
    "backup": "pencadangan",
    "backup-check": "uji pemulihan cadangan",
    "retention": "pembersihan menurut masa simpan",
}
ACTS = {
    "job.retried": "Pekerjaan mati diulang",
    "job.retried-all": "Semua pekerjaan mati diulang",
}
