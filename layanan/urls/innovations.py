"""URLs of innovations."""

from django.urls import URLPattern, path

from layanan.views import innovations

urlpatterns: list[URLPattern] = [
    path("inovasi/", innovations.register, name="innovation-list"),
    path("inovasi/<int:pk>/", innovations.detail, name="innovation"),
    path("layanan/inovasi/kelola/", innovations.manage, name="innovation-manage"),
    path("layanan/inovasi/kelola/baru/", innovations.add, name="innovation-add"),
    path("layanan/inovasi/kelola/rancangan/<slug:slug>/", innovations.take_over, name="innovation-take-over"),
    path("layanan/inovasi/kelola/<int:pk>/", innovations.kept, name="innovation-kept"),
    path("layanan/inovasi/kelola/<int:pk>/ubah/", innovations.change, name="innovation-change"),
    path("layanan/inovasi/kelola/<int:pk>/status/", innovations.move, name="innovation-move"),
    path("layanan/inovasi/kelola/<int:pk>/angka/", innovations.figure, name="innovation-figure"),
    path("layanan/inovasi/kelola/<int:pk>/berkas/", innovations.file, name="innovation-file"),
]
