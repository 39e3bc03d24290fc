"""URLs of the organisation: first page, sign-in, account."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("masuk/", views.SignInView.as_view(), name="sign-in"),
    path("keluar/", views.sign_out, name="sign-out"),
    path("sesi/", views.session, name="session"),
    path("kunci/<str:token>/", views.access_link, name="access-link"),
    path("akun/", views.account, name="account"),
    path("akun/kata-sandi/", views.change_password, name="change-password"),
    path("akun/kata-sandi-pertama/", views.own_password, name="own-password"),
    path("akun/keluar-semua/", views.sign_out_everywhere, name="sign-out-everywhere"),
    path("akun/tautan/<int:pk>/", views.make_link, name="make-link"),
]
