"""URLs of services and tariffs."""

from django.urls import URLPattern, path

from layanan.views import catalogue, manage

urlpatterns: list[URLPattern] = [
    path("layanan/kelola/", manage.own, name="manage"),
    path("layanan/kelola/kelengkapan/", manage.gaps, name="manage-gaps"),
    path("layanan/kelola/satuan/<int:pk>/", manage.unit, name="manage-unit"),
    path("layanan/kelola/satuan/<int:pk>/tarif/", manage.unit_tariffs, name="manage-tariffs"),
    path("layanan/kelola/satuan/<int:pk>/ubah/<slug:word>/", manage.edit, name="manage-edit"),
    path("layanan/kelola/satuan/<int:pk>/riwayat/<slug:word>/", manage.history, name="manage-history"),
    path("layanan/kelola/satuan/<int:pk>/riwayat/<slug:word>/pulihkan/", manage.restore, name="manage-restore"),
    path("layanan/kelola/tarif/<int:pk>/akhiri/", manage.tariff_end, name="manage-tariff-end"),
    path("layanan/tarif/", catalogue.tariff_page, name="tariffs"),
    path("layanan/satuan/<slug:code>/", catalogue.unit_page, name="unit"),
    path("layanan/satuan/<slug:code>/cetak/", catalogue.unit_notice, name="unit-notice"),
    path("layanan/satuan/<slug:code>/<slug:service>/", catalogue.service_page, name="service"),
    path("layanan/satuan/<slug:code>/<slug:service>/cetak/", catalogue.service_notice, name="service-notice"),
]
