"""The whole surface of the portal."""

from django.contrib import admin
from django.urls import include, path

from layanan.views.home import home
from supervisi.views.dashboards import first_page
from wbbm.jobs.views import healthz

handler400 = "wbbm.errors_views.bad_request"
handler500 = "wbbm.errors_views.server_error"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", home, name="home"),
    path("", include("wbbm.organisasi.urls")),
    path("", include("wbbm.files.urls")),
    path("", include("wbbm.notices.urls")),
    path("", include("wbbm.upkeep.urls")),
    path("dasbor/", first_page, name="dashboard"),
    path("", include("layanan.urls")),
    path("", include("supervisi.urls")),
    path("admin/", admin.site.urls),
]
