"""URLs of what keeps the portal running."""

from __future__ import annotations

from django.urls import path

from .health import views as health
from .whats_new import whats_new

app_name = "upkeep"
urlpatterns = [
    path("yang-baru/", whats_new, name="whats-new"),
    path("kesehatan/", health.health, name="health"),
    path("kesehatan/ulangi/", health.job_retry, name="job-retry"),
]
