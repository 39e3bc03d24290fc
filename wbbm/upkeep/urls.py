"""URLs of what keeps the portal running."""

from __future__ import annotations

from django.urls import path

from .whats_new import whats_new

app_name = "upkeep"
urlpatterns = [
    path("yang-baru/", whats_new, name="whats-new"),
]
