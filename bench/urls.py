"""The whole surface of the portal, and the bare views that its pages are held against."""

from django.urls import path

from bench import views
from wbbm.urls import handler400, handler500, urlpatterns

__all__ = ["handler400", "handler500", "urlpatterns"]

urlpatterns = [
    path("ukur/<int:queries>/<int:size>/", views.bare),
    path("ukur/simpan/<int:queries>/<int:answer_pk>/", views.bare_save),
    *urlpatterns,
]
