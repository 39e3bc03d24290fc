"""URLs of supervision."""

from django.urls import URLPattern

app_name = "supervisi"
urlpatterns: list[URLPattern] = []
