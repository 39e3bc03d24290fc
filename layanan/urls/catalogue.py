"""URLs of services and tariffs."""

from django.urls import URLPattern, path

from layanan.views import catalogue

urlpatterns: list[URLPattern] = [
    path("layanan/tarif/", catalogue.tariff_page, name="tariffs"),
    path("layanan/satuan/<slug:code>/", catalogue.unit_page, name="unit"),
    path("layanan/satuan/<slug:code>/cetak/", catalogue.unit_notice, name="unit-notice"),
    path("layanan/satuan/<slug:code>/<slug:service>/", catalogue.service_page, name="service"),
    path("layanan/satuan/<slug:code>/<slug:service>/cetak/", catalogue.service_notice, name="service-notice"),
]
