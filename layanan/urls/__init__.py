"""URLs of the public side, one module a topic."""

from __future__ import annotations

from django.urls import URLPattern

from layanan.urls import catalogue, commitment, gratuities, innovations, reports, simba, surveys

app_name = "layanan"
urlpatterns: list[URLPattern] = [
    *catalogue.urlpatterns,
    *innovations.urlpatterns,
    *simba.urlpatterns,
    *surveys.urlpatterns,
    *reports.urlpatterns,
    *gratuities.urlpatterns,
    *commitment.urlpatterns,
]
