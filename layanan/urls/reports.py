"""URLs of reports of residents."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
