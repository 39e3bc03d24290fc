"""URLs of services and tariffs."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
