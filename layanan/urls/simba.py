"""URLs of SIMBA."""

from django.urls import URLPattern, path

from layanan.views import simba, simba_keeping

urlpatterns: list[URLPattern] = [
    path("simba/", simba.coming, name="simba-list"),
    path("simba/<int:pk>/", simba.session_page, name="simba-session"),
    path("simba/pendaftaran/", simba.find, name="simba-find"),
    path("simba/pendaftaran/<str:receipt>/", simba.receipt, name="simba-receipt"),
    path("simba/pendaftaran/<str:receipt>/batal/", simba.withdraw, name="simba-withdraw"),
    path("layanan/simba/kelola/", simba_keeping.manage, name="simba-manage"),
    path("layanan/simba/kelola/baru/", simba_keeping.add, name="simba-add"),
    path("layanan/simba/kelola/<int:pk>/", simba_keeping.people, name="simba-people"),
    path("layanan/simba/kelola/<int:pk>/ubah/", simba_keeping.change, name="simba-change"),
    path("layanan/simba/kelola/<int:pk>/batal/", simba_keeping.call_off, name="simba-call-off"),
    path("layanan/simba/kelola/<int:pk>/pendaftaran/", simba_keeping.door, name="simba-door"),
    path("layanan/simba/kelola/<int:pk>/peserta/<int:registration_pk>/", simba_keeping.mark, name="simba-mark"),
]
