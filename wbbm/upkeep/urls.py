"""URLs of what keeps the portal running."""

from __future__ import annotations

from django.urls import path

from . import people_views
from .health import views as health
from .whats_new import whats_new

app_name = "upkeep"
urlpatterns = [
    path("akun/data-saya/", people_views.own_data, name="own-data"),
    path("orang/<int:pk>/data/", people_views.person_data, name="person-data"),
    path("orang/<int:pk>/data/hapus/", people_views.erase, name="person-erase"),
    path("yang-baru/", whats_new, name="whats-new"),
    path("kesehatan/", health.health, name="health"),
    path("kesehatan/ulangi/", health.job_retry, name="job-retry"),
]
