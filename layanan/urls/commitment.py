"""URLs of declarations, pledges and violations."""

from django.urls import URLPattern, path

from layanan.views import commitment

urlpatterns: list[URLPattern] = [
    path("layanan/komitmen/", commitment.listing, name="commitment-list"),
    path("layanan/komitmen/<int:unit_pk>/", commitment.unit_page, name="commitment-unit"),
    path("layanan/komitmen/<int:unit_pk>/pakta-kertas/", commitment.paper, name="pledge-paper"),
    path("layanan/komitmen/<int:unit_pk>/ingatkan/", commitment.remind, name="pledge-remind"),
    path("layanan/komitmen/<int:unit_pk>/pencanangan/", commitment.add_declaration, name="declaration-add"),
    path("layanan/komitmen/<int:unit_pk>/pelanggaran/", commitment.violations, name="violation-state"),
    path("layanan/pencanangan/<int:pk>/ubah/", commitment.change_declaration, name="declaration-change"),
    path("layanan/pakta-integritas/", commitment.own_pledge, name="pledge-sign"),
    path("layanan/pakta-integritas/<int:pk>/batalkan/", commitment.withdraw, name="pledge-withdraw"),
]
