"""URLs of what keeps the portal running."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
