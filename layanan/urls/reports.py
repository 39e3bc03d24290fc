"""URLs of reports of residents: for nobody in particular under /lapor/, for the recipients under /layanan/laporan/."""

from django.urls import URLPattern, path

from layanan.views import report_desk, reports

urlpatterns: list[URLPattern] = [
    path("lapor/", reports.start, name="report-start"),
    path("lapor/tulis/", reports.write, name="report-write"),
    path("lapor/kirim/", reports.send, name="report-send"),
    path("lapor/balasan/", reports.open_by_code, name="report-open"),
    path("lapor/tambah/", reports.add, name="report-add"),
    path("layanan/laporan/", report_desk.report_list, name="report-list"),
    path("layanan/laporan/angka/", report_desk.figures_release, name="report-figures"),
    path("layanan/laporan/<uuid:pk>/", report_desk.report_detail, name="report-detail"),
    path("layanan/laporan/<uuid:pk>/jawab/", report_desk.report_answer, name="report-answer"),
    path("layanan/laporan/<uuid:pk>/status/", report_desk.report_step, name="report-step"),
    path("layanan/laporan/foto/<uuid:pk>/", report_desk.report_photo, name="report-photo"),
]
