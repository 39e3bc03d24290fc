"""URLs of the organisation: first page, sign-in, account."""

from django.urls import path

from . import audit_views, factor_views, holiday_views, import_views, views

urlpatterns = [
    path("masuk/", views.SignInView.as_view(), name="sign-in"),
    path("masuk/lupa/", views.forgot_password, name="forgot-password"),
    path("masuk/kode/", factor_views.SignInCodeView.as_view(), name="sign-in-code"),
    path("masuk/konfirmasi/", factor_views.step_up, name="step-up"),
    path("keluar/", views.sign_out, name="sign-out"),
    path("sesi/", views.session, name="session"),
    path("kunci/<str:token>/", views.access_link, name="access-link"),
    path("akun/", views.account, name="account"),
    path("akun/kata-sandi/", views.change_password, name="change-password"),
    path("akun/kata-sandi-pertama/", views.own_password, name="own-password"),
    path("akun/keluar-semua/", views.sign_out_everywhere, name="sign-out-everywhere"),
    path("akun/tautan/<int:pk>/", views.make_link, name="make-link"),
    path("akun/faktor-kedua/", factor_views.second_factor_page, name="second-factor"),
    path("akun/faktor-kedua/pasang/", factor_views.factor_setup, name="factor-setup"),
    path("akun/faktor-kedua/kode-pemulihan/", factor_views.factor_codes, name="factor-codes"),
    path("akun/faktor-kedua/lepas/", factor_views.factor_remove, name="factor-remove"),
    path("akun/faktor-kedua/tolak-reset/", factor_views.factor_reset_refuse, name="factor-reset-refuse"),
    path("akun/faktor-kedua/reset/<int:pk>/", factor_views.factor_reset, name="factor-reset"),
    path("akun/faktor-kedua/reset/<int:pk>/setujui/", factor_views.factor_reset_confirm, name="factor-reset-confirm"),
    path("akun/faktor-kedua/konfirmasi/<int:pk>/", factor_views.factor_approve, name="factor-approve"),
    path("akun/faktor-kedua/reset/<int:pk>/tarik/", factor_views.factor_reset_withdraw, name="factor-reset-withdraw"),
    path("jejak/", audit_views.audit_heads, name="audit-heads"),
    path("organisasi/impor/<slug:word>/", import_views.import_upload, name="import-upload"),
    path("organisasi/impor/<slug:word>/templat.<slug:suffix>", import_views.import_template, name="import-template"),
    path("organisasi/ekspor/<slug:word>.<slug:suffix>", import_views.export_list, name="export-list"),
    path("organisasi/unggahan/<uuid:pk>/", import_views.import_preview, name="import-preview"),
    path("organisasi/unggahan/<uuid:pk>/kesalahan.csv", import_views.import_faults, name="import-faults"),
    path("organisasi/unggahan/<uuid:pk>/impor/", import_views.import_apply, name="import-apply"),
    path("organisasi/unggahan/<uuid:pk>/batal/", import_views.import_drop, name="import-drop"),
    path("organisasi/unggahan/<uuid:pk>/tautan/", import_views.import_links, name="import-links"),
    path("organisasi/hari-libur/", holiday_views.holiday_proposals, name="holiday-proposals"),
    path("organisasi/hari-libur/tetapkan/", holiday_views.confirm_holidays, name="holiday-confirm"),
]
