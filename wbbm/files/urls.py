"""URLs of stored files."""

from django.urls import path

from . import views

app_name = "files"
urlpatterns = [
    path("berkas/<int:pk>/", views.download, name="download"),
    path("berkas/<int:pk>/kecil/", views.thumbnail, name="thumbnail"),
]
