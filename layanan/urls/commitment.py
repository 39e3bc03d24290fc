"""URLs of pledges, violations and the unit's public page."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
