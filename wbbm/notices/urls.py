"""URLs of the inbox."""

from django.urls import path

from . import views

app_name = "notices"
urlpatterns = [
    path("kotak-masuk/", views.inbox, name="inbox"),
    path("kotak-masuk/dibaca/", views.read_all, name="read-all"),
    path("akun/pemberitahuan/", views.preferences, name="preferences"),
    path("akun/surel-uji/", views.mail_test, name="mail-test"),
    path("kotak-masuk/<int:pk>/dibaca/", views.read, name="read"),
]
