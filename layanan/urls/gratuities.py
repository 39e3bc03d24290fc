"""URLs of gratuity reports of officers."""

from django.urls import URLPattern, path

from layanan.views import gratuities

urlpatterns: list[URLPattern] = [
    path("layanan/gratifikasi/", gratuities.own_list, name="gratuity-list"),
    path("layanan/gratifikasi/baru/", gratuities.add, name="gratuity-add"),
    path("layanan/gratifikasi/register/", gratuities.register, name="gratuity-register"),
    path("layanan/gratifikasi/<int:pk>/", gratuities.detail, name="gratuity-detail"),
    path("layanan/gratifikasi/<int:pk>/ubah/", gratuities.change, name="gratuity-change"),
    path("layanan/gratifikasi/<int:pk>/langkah/<slug:name>/", gratuities.step, name="gratuity-step"),
]
