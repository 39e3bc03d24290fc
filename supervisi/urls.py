"""URLs of supervision."""

from django.urls import URLPattern, path

from supervisi.views import checklists, findings, operations

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
