"""URLs of supervision."""

from django.urls import URLPattern, path

from supervisi.views import (
    checklists,
    comparison,
    dashboards,
    derivation,
    documents,
    evidence,
    feeds,
    findings,
    follow_up,
    handover,
    instruments,
    layers,
    lists,
    oddities,
    operations,
    periods,
    planning,
    plans,
    replies,
    samples,
    sheets,
    suggestions,
    trend,
    unit_changes,
    vault,
    verification,
    visits,
    workbooks,
)

app_name = "supervisi"
urlpatterns: list[URLPattern] = []

# Sheets: filling in, history, findings.
urlpatterns += [
    path("supervisi/lembar/<int:pk>/area/<slug:key>/", checklists.area, name="checklist-area"),
    path("supervisi/lembar/<int:pk>/operasi/", operations.save, name="checklist-operations"),
    path("supervisi/lembar/<int:pk>/riwayat/<str:code>/", checklists.history, name="answer-history"),
    path("supervisi/lembar/<int:pk>/cetak-kosong/", checklists.blank, name="checklist-blank"),
    path("supervisi/lembar/<int:pk>/temuan/", findings.add, name="finding-add"),
]

# Findings and their follow-up.
urlpatterns += [
    path("supervisi/lembar/<int:pk>/uji-ulang/<int:finding_pk>/", findings.still_good, name="finding-still-good"),
    path("supervisi/kunjungan/<int:pk>/temuan/", findings.add_at_visit, name="finding-add-visit"),
    path("supervisi/satuan/<int:unit_pk>/temuan/", findings.add_at_unit, name="finding-add-unit"),
    path("supervisi/temuan/", follow_up.board, name="finding-board"),
    path("supervisi/temuan/periksa/", follow_up.review, name="finding-review"),
    path("supervisi/temuan/daftar/", follow_up.listing, name="finding-list"),
    path("supervisi/temuan/<int:pk>/", follow_up.detail, name="finding-detail"),
    path("supervisi/temuan/<int:pk>/<slug:name>/", follow_up.step, name="finding-step"),
]

# Dashboards and first pages.
urlpatterns += [
    path("supervisi/satuan/", dashboards.unit_list, name="unit-list"),
    path("supervisi/satuan/saya/", dashboards.own_unit, name="own-unit"),
    path("supervisi/satuan/<int:pk>/yang-harus-dikerjakan/", dashboards.unit_tasks, name="unit-tasks"),
    path("supervisi/satuan/<int:pk>/", dashboards.unit_dashboard, name="unit-dashboard"),
    path("supervisi/tugas/", dashboards.todo, name="todo"),
    path("supervisi/periksa/", dashboards.auditor, name="auditor"),
    path("supervisi/temuan-berat/", dashboards.integrity, name="integrity"),
    path("supervisi/kelengkapan/", dashboards.gaps, name="gaps"),
]

# Visits.
urlpatterns += [
    path("supervisi/kunjungan/", visits.visit_list, name="visit-list"),
    path("supervisi/kunjungan/baru/", visits.visit_pick_unit, name="visit-pick-unit"),
    path("supervisi/kunjungan/baru/<int:unit_pk>/", visits.visit_add, name="visit-add"),
    path("supervisi/kunjungan/<int:pk>/", visits.visit_detail, name="visit-detail"),
    path("supervisi/kunjungan/<int:pk>/ubah/", visits.visit_change, name="visit-change"),
    path("supervisi/kunjungan/<int:pk>/mulai/", visits.visit_start, name="visit-start"),
    path("supervisi/kunjungan/<int:pk>/selesai/", visits.visit_finish, name="visit-finish"),
    path("supervisi/kunjungan/<int:pk>/batal/", visits.visit_cancel, name="visit-cancel"),
    path("supervisi/kunjungan/<int:pk>/hapus/", visits.visit_delete, name="visit-delete"),
]

# Planning visits.
urlpatterns += [
    path("supervisi/kunjungan/kalender/", planning.month, name="visit-calendar"),
    path("supervisi/kunjungan/harian/", planning.day, name="visit-day"),
    path("supervisi/kunjungan/berikutnya/", planning.upcoming, name="visit-next"),
    path("supervisi/kunjungan/langganan/", feeds.settings, name="visit-feed-settings"),
    path("supervisi/kunjungan/langganan/buat/", feeds.make, name="visit-feed-make"),
    path("supervisi/kunjungan/langganan/hapus/", feeds.end, name="visit-feed-end"),
    path("supervisi/kalender/<str:token>.ics", feeds.feed, name="visit-feed"),
]

# Sheets: page and steps.
urlpatterns += [
    path("supervisi/lembar/<int:pk>/", sheets.checklist_detail, name="checklist-detail"),
    path("supervisi/lembar/<int:pk>/langkah/<slug:step>/", sheets.checklist_step, name="checklist-step"),
    path("supervisi/lembar/<int:pk>/salin/", sheets.checklist_copy, name="checklist-copy"),
    path("supervisi/lembar/<int:pk>/kembalikan/", sheets.checklist_return, name="checklist-return"),
    path("supervisi/lembar/<int:pk>/minta-buka/", sheets.checklist_ask_reopening, name="checklist-ask-reopening"),
    path("supervisi/lembar/<int:pk>/sampel/", samples.sample, name="sample"),
    path("supervisi/lembar/<int:pk>/usulan/", suggestions.suggestions, name="suggestions"),
    path("supervisi/lembar/<int:pk>/usulan/<str:code>/", suggestions.decide, name="suggestion-decide"),
    path("supervisi/lembar/mandiri/", sheets.self_sheet_add, name="self-sheet-add"),
    path("supervisi/lembar/tpi/<int:unit_pk>/", sheets.tpi_sheets, name="tpi-sheets"),
]

# The official workbook, in and out.
urlpatterns += [
    path("supervisi/lembar/<int:pk>/buku-kerja/", workbooks.workbook, name="workbook"),
    path("supervisi/lembar/<int:pk>/buku-kerja/unduh/", workbooks.download, name="workbook-download"),
    path("supervisi/lembar/<int:pk>/buku-kerja/isi/", workbooks.fill, name="workbook-fill"),
    path("supervisi/lembar/<int:pk>/buku-kerja/unggah/", workbooks.upload, name="workbook-upload"),
    path("supervisi/buku-kerja/<uuid:pk>/", workbooks.comparison, name="workbook-import"),
    path("supervisi/buku-kerja/<uuid:pk>/terima/", workbooks.accept, name="workbook-accept"),
]

# The way to a predicate.
urlpatterns += [
    path("supervisi/lembar/<int:pk>/banding/", comparison.comparison, name="comparison"),
    path("supervisi/lembar/<int:pk>/hitungan/", derivation.derivation, name="derivation"),
    path("supervisi/lembar/<int:pk>/jalan/", plans.plan, name="plan"),
    path("supervisi/lembar/<int:pk>/jalan/upaya/", plans.entries, name="plan-entries"),
    path("supervisi/lembar/<int:pk>/jalan/temuan/", plans.findings, name="plan-findings"),
    path("supervisi/satuan/<int:pk>/jalan/", plans.stations, name="plan-stations"),
]

# Right of reply.
urlpatterns += [
    path("supervisi/lembar/<int:pk>/hak-jawab/", replies.round_page, name="reply-round"),
    path("supervisi/lembar/<int:pk>/hak-jawab/<slug:name>/", replies.round_step, name="reply-round-step"),
    path("supervisi/hak-jawab/<int:pk>/", replies.reply_page, name="reply-detail"),
    path("supervisi/hak-jawab/<int:pk>/<slug:name>/", replies.reply_step, name="reply-step"),
]

# Layers side by side.
urlpatterns += [
    path("supervisi/satuan/<int:pk>/dukungan/", derivation.support, name="support"),
    path("supervisi/satuan/<int:pk>/rerata/", derivation.rollup, name="rollup-derivation"),
    path("supervisi/satuan/<int:pk>/lapisan/", layers.comparison, name="layer-comparison"),
    path("supervisi/satuan/<int:pk>/lapisan/bawahan/", layers.gaps_below, name="layer-gaps"),
]

# Results over time.
urlpatterns += [
    path("supervisi/satuan/<int:pk>/perkembangan/", trend.trend, name="trend"),
    path("supervisi/satuan/<int:pk>/perkembangan/bawahan/", trend.below, name="trend-below"),
]

# Every list as a file.
urlpatterns += [
    path("supervisi/daftar/<slug:name>.<slug:suffix>", lists.list_file, name="list-file"),
    path("supervisi/unduhan/<uuid:pk>/", lists.download, name="list-download"),
]

# What looks odd.
urlpatterns += [
    path("supervisi/janggal/", oddities.sheet, name="oddity-list"),
    path("supervisi/janggal/<int:pk>/", oddities.detail, name="oddity-detail"),
    path("supervisi/janggal/<int:pk>/<slug:name>/", oddities.step, name="oddity-step"),
]

# Documents.
urlpatterns += [
    path("supervisi/kunjungan/<int:pk>/dokumen/", documents.of_visit, name="visit-documents"),
    path("supervisi/lembar/<int:pk>/dokumen/", documents.of_sheet, name="checklist-documents"),
]

# Periods.
urlpatterns += [
    path("supervisi/periode/", periods.period_list, name="period-list"),
    path("supervisi/periode/baru/<int:unit_pk>/<slug:kind>/", periods.period_add, name="period-add"),
    path("supervisi/periode/<int:pk>/", periods.period_detail, name="period-detail"),
    path("supervisi/periode/<int:pk>/<slug:name>/", periods.period_step, name="period-step"),
]

# Versions of instruments.
urlpatterns += [
    path("supervisi/instrumen/", instruments.instrument_list, name="instrument-list"),
    path("supervisi/instrumen/unggah/", instruments.instrument_upload, name="instrument-upload"),
    path("supervisi/instrumen/<int:pk>/", instruments.instrument_draft, name="instrument-draft"),
    path("supervisi/instrumen/<int:pk>/berkas/", instruments.instrument_file, name="instrument-file"),
    path("supervisi/instrumen/<int:pk>/padanan/", instruments.instrument_crosswalk, name="instrument-crosswalk"),
    path("supervisi/instrumen/<int:pk>/dampak/", instruments.instrument_effect, name="instrument-effect"),
    path("supervisi/instrumen/<int:pk>/terbit/", instruments.instrument_publish, name="instrument-publish"),
    path("supervisi/instrumen/<int:pk>/buang/", instruments.instrument_discard, name="instrument-discard"),
]

# Changes of units.
urlpatterns += [
    path("supervisi/satuan/<int:pk>/riwayat/", unit_changes.unit_history, name="unit-history"),
    path("supervisi/satuan/<int:pk>/susunan/", unit_changes.unit_changes_page, name="unit-changes"),
    path("supervisi/satuan/<int:pk>/susunan/<slug:name>/", unit_changes.unit_change, name="unit-change"),
]

# Handover of an office.
urlpatterns += [
    path("supervisi/serah-terima/<int:posting_pk>/", handover.handover, name="handover"),
    path("supervisi/serah-terima/<int:posting_pk>/kunjungan/<int:pk>/", handover.handover_visit, name="handover-visit"),
]

# Evidence.
urlpatterns += [
    path("supervisi/jawaban/<int:pk>/bukti/", evidence.evidence_add, name="evidence-add"),
    path("supervisi/jawaban/<int:pk>/bukti/pilih/", vault.evidence_pick, name="evidence-pick"),
    path("supervisi/bukti/", vault.own_evidence, name="own-evidence"),
    path("supervisi/bukti/<int:pk>/", vault.evidence_detail, name="evidence-detail"),
    path("supervisi/bukti/<int:pk>/ubah/", vault.evidence_change, name="evidence-change"),
    path("supervisi/bukti/<int:pk>/revisi/", vault.evidence_revise, name="evidence-revise"),
    path("supervisi/bukti/<int:pk>/lepas/", evidence.evidence_detach, name="evidence-detach"),
    path("supervisi/satuan/<int:pk>/bukti/", vault.evidence_list, name="evidence-list"),
    path("supervisi/satuan/<int:pk>/bukti/tambah/", vault.evidence_new, name="evidence-new"),
]

# Public: is this document the one?
urlpatterns += [
    path("verifikasi/", verification.verify_form, name="verify-form"),
    path("verifikasi/<str:code>/", verification.verify, name="verify"),
]
