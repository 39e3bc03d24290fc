"""URLs of the organisation: first page, sign-in, account."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.home, name="home"),
]
