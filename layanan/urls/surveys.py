"""URLs of surveys."""

from django.urls import URLPattern, path

from layanan.views import survey_desk as desk
from layanan.views import surveys

_UNIT = "layanan/survei/kelola/<int:pk>/"

urlpatterns: list[URLPattern] = [
    path("s/", surveys.enter_code, name="survey-code"),
    path("s/<path:code>", surveys.answer, name="survey-answer"),
    path("survei/", surveys.results, name="survey-results"),
    path("survei/<slug:unit_code>/", surveys.unit_results, name="survey-unit"),
    path("survei/<slug:unit_code>/isi/", surveys.choose_open, name="survey-choose"),
    path("survei/<slug:unit_code>/isi/<slug:service>/<slug:bundle>/", surveys.answer_openly, name="survey-open"),
    path("survei/<slug:unit_code>/terima-kasih/", surveys.thanks, name="survey-thanks"),
    path("layanan/survei/kelola/", desk.unit_list, name="survey-list"),
    path(_UNIT, desk.unit_results, name="survey-unit-staff"),
    path(f"{_UNIT}loket/", desk.desk, name="survey-desk"),
    path(f"{_UNIT}loket/slip/", desk.slips, name="survey-slips"),
    path(f"{_UNIT}loket/layar/", desk.screen, name="survey-screen"),
    path(f"{_UNIT}loket/dilayani/", desk.served, name="survey-served"),
    path(f"{_UNIT}loket/responden/", desk.contact_add, name="survey-contact-add"),
    path(f"{_UNIT}loket/<uuid:batch_pk>/hentikan/", desk.stop, name="survey-batch-stop"),
    path(f"{_UNIT}responden/", desk.contacts, name="survey-contacts"),
    path(f"{_UNIT}responden/<uuid:contact_pk>/hapus/", desk.contact_remove, name="survey-contact-remove"),
]
