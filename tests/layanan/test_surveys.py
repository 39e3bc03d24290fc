"""Surveys: one token, one answer, nothing between them; results that give nobody away; the desk and its register."""

import datetime
import re

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import models
from django.test import Client
from django.utils import timezone

from layanan.facts import public_survey, survey_indices, survey_rounds
from layanan.models import (
    Questionnaire,
    ServedMonth,
    SurveyAnswer,
    SurveyContact,
    SurveyTally,
    SurveyToken,
    TokenBatch,
)
from layanan.pages.survey_form import questionnaires_of
from layanan.pages.survey_staff import read_odd_days
from layanan.services import questionnaires as files
from layanan.services.catalogue_files import load_catalogue
from layanan.services.questionnaires import load_questionnaires
from layanan.services.survey_mixing import mix_answers
from layanan.services.survey_register import KEEP_DAYS, empty_old_contacts, note_contact
from layanan.services.survey_tokens import make_slips
from layanan.services.surveys import Filled, Place, _keep
from layanan.survey_maths import Tally, last_quarters
from layanan.survey_pace import MOST_FROM_ONE
from tests.clients import Sessions
from tests.factories import make_person, make_unit
from tests.supervisi.sheets import Counted
from wbbm.organisasi.models import AuditEvent, Role, UnitKind

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 26)
NOW = datetime.datetime(2026, 11, 26, 3, tzinfo=datetime.UTC)


class Town:
    """A Polres with a station, and who works there."""

    def __init__(self) -> None:
        load_catalogue()
        load_questionnaires()
        self.polres = make_unit(kind=UnitKind.POLRES, name="Polres Uji", code="polres-uji")
        self.polsek = make_unit(self.polres, name="Polsek Uji", code="polsek-uji")
        self.operator = make_person(self.polsek, Role.OPERATOR)
        self.commander = make_person(self.polres, Role.COMMANDER)

    def slips(self, bundle="zi", count=10):
        """Make slips at the station; return the codes."""
        number = TokenBatch._meta.pk.default()
        return make_slips(
            unit=self.polsek, service="laporan-polisi", bundle=bundle, count=count, number=number, by=self.operator
        )[1]

    def answer(self, *marks, day=TODAY, service="laporan-polisi", is_open=False, unit=None):
        """Keep answers to SPKP, each with the same star throughout."""
        spkp = questionnaires_of("zi")[0]
        for mark in marks:
            _keep(Place(unit or self.polsek, service), [Filled(spkp, (mark,) * 8)], day, is_open=is_open)


@pytest.fixture
def town(monkeypatch):
    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    monkeypatch.setattr(timezone, "localdate", lambda *_: TODAY)
    return Town()


def stars(**changes):
    """Fill in SPKP and SPAK."""
    fields = {f"spkp-{number}": "5" for number in range(1, 9)} | {f"spak-{number}": "6" for number in range(1, 6)}
    return fields | changes


def test_a_token_is_answered_once_and_its_reply_may_be_lost(town):
    code = town.slips()[0]
    client = Sessions().of(town.operator)
    address = f"/s/{code[:4]}-{code[4:8]}-{code[8:]}".lower()
    with Counted() as counted:
        page = client.get(address)
    # The token with its unit, and the questionnaires: nobody's session is read, though a cookie was sent.
    assert (page.status_code, len(counted.statements)) == (200, 2)
    assert len(page.content) <= 30_000
    assert page.content.count(b'type="radio"') == 13 * 6
    assert b"csrfmiddlewaretoken" not in page.content
    half = client.post(address, stars(**{"spkp-3": "", "spak-2": "7"}))
    assert half.status_code == 422
    assert "2 pernyataan belum diberi bintang" in half.content.decode()
    assert half.content.count(b" checked") == 11
    assert SurveyAnswer.objects.count() == 0
    sent = Client(enforce_csrf_checks=True).post(address, stars())
    again = client.post(address, stars(**{"spkp-1": "1"}), follow=True)
    seen = client.get(address)
    assert sent.status_code == 302
    assert again.content == seen.content
    assert "Sudah diterima. Terima kasih." in seen.content.decode()
    for answer in (page, half, sent, again, seen):
        assert not answer.cookies
        assert (answer["Referrer-Policy"], "no-store" in answer["Cache-Control"]) == ("no-referrer", True)
    rows = SurveyAnswer.objects.order_by("questionnaire")
    assert sorted((row.questionnaire.code, row.marks, row.day) for row in rows) == [
        ("spak", "66666", TODAY), ("spkp", "55555555", TODAY),
    ]  # fmt: skip
    assert SurveyToken.objects.filter(is_used=True).count() == 1
    assert not AuditEvent.objects.filter(object_type__contains="answer").exists()


def test_nothing_kept_of_tokens_and_answers_tells_a_moment_or_ties_them(town):
    models_kept = (SurveyAnswer, SurveyToken, SurveyTally, SurveyContact, TokenBatch)
    for model in models_kept:
        fields = model._meta.get_fields()
        assert not any(isinstance(field, models.DateTimeField) for field in fields), model
        links = {field.related_model for field in fields if field.is_relation}
        assert model is TokenBatch or not links & {SurveyAnswer, SurveyContact}, model
    assert SurveyAnswer._meta.pk.default is SurveyContact._meta.pk.default
    code = town.slips()[0]
    assert not SurveyToken.objects.filter(pk__contains=code).exists()
    assert len(set(SurveyToken.objects.values_list("pk", flat=True))) == 10


def test_unknown_and_impossible_codes_look_the_same_and_are_slowed_down(town):
    client, replies = Client(), []
    for path in ("ZZZZ-ZZZZ-ZZZZ", "x", "ab/cd", "%27OR%201", "9" * 300):
        with Counted() as counted:
            reply = client.get(f"/s/{path}")
        replies.append((reply.status_code, reply.content, len(counted.statements)))
    assert len(set(replies)) == 1
    assert replies[0][0] == 404
    assert replies[0][2] == 1
    used = town.slips()[0]
    assert client.post(f"/s/{used}", stars()).status_code == 302
    for _ in range(MOST_FROM_ONE):
        last = client.get("/s/ZZZZ-ZZZZ-ZZZZ")
    assert (last.status_code, last["Retry-After"]) == (429, "60")
    # Whoever has guessed nothing is served all the same.
    assert Client(REMOTE_ADDR="192.0.2.7").get(f"/s/{used}").status_code == 200
    assert client.get(f"/s/{used}").status_code == 429


def test_a_code_that_was_pasted_with_a_line_end_is_read(town):
    answer = Client().post("/s/", {"kode": "ab12-cd34\r\n-ef56\n"})
    assert answer.status_code == 302
    assert answer["Location"] == "/s/AB12CD34EF56"


def test_a_code_expires_and_a_batch_can_be_stopped(town):
    code = town.slips("skm")[0]
    batch = TokenBatch.objects.get()
    desk = f"/layanan/survei/kelola/{town.polsek.pk}/loket/"
    client = Sessions().of(town.operator)
    assert Client().get(f"/s/{code}").content.count(b'type="radio"') == 9 * 4
    assert client.post(f"{desk}{batch.pk}/hentikan/").status_code == 302
    assert Client().post(f"/s/{code}", {f"skm-{n}": "4" for n in range(1, 10)}).status_code == 410
    assert client.post(f"{desk}{batch.pk}/hentikan/", follow=True).redirect_chain
    assert SurveyAnswer.objects.count() == 0
    assert AuditEvent.objects.filter(action="survey.slips-stopped").count() == 1


def test_open_answers_are_kept_apart_and_once(town):
    town.answer(6, 6)
    address = "/survei/polsek-uji/isi/laporan-polisi/zi/"
    page = Client().get(address)
    number = re.search(r'name="nomor" value="([^"]+)"', page.content.decode())[1]
    for _ in range(2):
        sent = Client(enforce_csrf_checks=True).post(address, stars(nomor=number))
        assert sent.status_code == 302
    assert not page.cookies
    assert not sent.cookies
    assert SurveyAnswer.objects.filter(is_open=True).count() == 2
    facts = survey_indices(town.polsek, None, day=datetime.date(2027, 1, 5))
    assert [(index.code, index.count, index.text) for index in facts.indices] == [("spkp", 2, "4,00")]
    assert Client().post(address, stars(nomor="x")).status_code == 422
    assert Client().get("/survei/polsek-uji/isi/sim-baru/zi/").status_code == 404
    assert Client().get(sent["Location"]).status_code == 200


def test_tallies_are_what_the_answers_amount_to_before_and_after_mixing(town):
    code = town.slips()[0]
    Client().post(f"/s/{code}", stars(**{"spkp-2": "1"}))
    town.answer(6, 5, 4, 4)
    town.answer(3, is_open=True)
    SurveyAnswer.objects.update(day=TODAY - datetime.timedelta(days=1))
    before = sorted(SurveyAnswer.objects.values_list("marks", "day", "service", "is_open"))
    numbers = set(SurveyAnswer.objects.values_list("pk", flat=True))

    def tally():
        row = SurveyTally.objects.get(questionnaire__code="spkp", is_open=False)
        return row.tally(8)

    rows = SurveyAnswer.objects.filter(questionnaire__code="spkp", is_open=False)
    assert tally() == Tally.of([tuple(map(int, row.marks)) for row in rows], 8)
    assert mix_answers(TODAY - datetime.timedelta(days=1), zone="Asia/Jakarta") == 0
    assert mix_answers(TODAY, zone="Asia/Jayapura") == 0
    assert mix_answers(TODAY, zone="Asia/Jakarta") == 7
    assert mix_answers(TODAY, zone="Asia/Jakarta") == 0
    assert sorted(SurveyAnswer.objects.values_list("marks", "day", "service", "is_open")) == before
    assert not numbers & set(SurveyAnswer.objects.values_list("pk", flat=True))
    assert tally().count == 5


def test_public_results_show_nothing_below_ten_nor_what_is_left_of_a_whole(town):
    quarter = last_quarters(TODAY, 2)
    town.answer(*[5] * 9, day=quarter[0].first)
    Client().get("/survei/")
    page = Client().get("/survei/polsek-uji/")
    assert "3,33" not in page.content.decode()
    assert "belum ditampilkan" in page.content.decode()
    # The tenth comes by another service: the whole is shown, no service is, for each would give the other away.
    town.answer(5, day=quarter[0].last, service="izin-keramaian")
    (spkp, *_) = public_survey(town.polsek, day=TODAY)
    assert (spkp.latest.count, spkp.latest.text) == (10, "3,33")
    assert [line.outcome for line in spkp.services] == [None, None]
    town.answer(*[5] * 11, day=quarter[0].last, service="surat-kehilangan")
    (spkp, *_) = public_survey(town.polsek, day=TODAY)
    assert [line.outcome.count if line.outcome else 0 for line in spkp.services] == [0, 0, 11]
    # This quarter's answers wait until it is over.
    town.answer(*[1] * 20)
    with Counted() as counted:
        page = Client().get("/survei/polsek-uji/")
    assert (page.status_code, len(counted.statements)) == (200, 4)
    said = page.content.decode()
    assert "3,33" in said
    assert "0,67" not in said
    assert "Survei internal, bukan survei resmi TPN" in said
    with Counted() as counted:
        listed = Client().get("/survei/?satuan=polsek")
    assert len(counted.statements) == 3
    assert "3,33" in listed.content.decode()
    assert not page.cookies
    held = {row.code: (row.quarters_held, row.quarters_public) for row in survey_rounds(town.polsek, 2026, day=TODAY)}
    # Ten answers are shown, but thirty make a survey that counts for ZI.
    assert held["spkp"] == (0, 1)


def test_staff_read_everything_in_a_fixed_number_of_queries(town):
    for day in (TODAY - datetime.timedelta(days=days) for days in range(30, 70)):
        town.answer(5, 6, 6, day=day)
    ServedMonth.objects.bulk_create(
        ServedMonth(unit=town.polsek, month=datetime.date(2026, month, 1), served=100) for month in (8, 9, 10)
    )
    sessions, path = Sessions(), f"/layanan/survei/kelola/{town.polsek.pk}/"
    sessions.of(town.commander).get(path)

    def read(person, query=""):
        client = sessions.of(person)
        with Counted() as counted:
            said = client.get(path + query).content.decode()
        return said, len(counted.statements)

    said, few = read(town.commander)
    assert "3,78" in said
    assert "perlu 49 jawaban lagi untuk sampel Krejcie-Morgan (169 dari 300 yang dilayani)" in said
    town.answer(*[6] * 40, day=TODAY - datetime.timedelta(days=3), service="izin-keramaian")
    said, many = read(town.commander)
    assert few == many
    assert "40 jawaban; biasanya hampir tidak ada" in said
    assert "40 dari 40 jawaban memberi bintang yang sama" in said
    # Who stands at the unit himself isn't told that his unit looks odd.
    own, _ = read(town.operator, "?dari=2026-11&sampai=2026-11")
    assert "Hari yang perlu dilihat" not in own
    # The running month is told to nobody: a figure that moves with each answer tells what the last person said.
    assert "3,78" in own
    assert "120 jawaban" in own
    # Five of October by another service: those above read it, the unit itself doesn't, nor a month by itself.
    town.answer(*[1] * 5, day=datetime.date(2026, 10, 2), service="sp2hp")
    for person, query, sees in (
        (town.commander, "", True), (town.operator, "", False), (town.operator, "?dari=2026-10&sampai=2026-10", False),
    ):  # fmt: skip
        said, _ = read(person, query)
        assert ("0,67" in said) == sees, (person, query)
        assert "Agustus sampai Oktober 2026" in said
    file = b"".join(sessions.of(town.operator).get(f"/supervisi/daftar/survei-satuan.csv?id={town.polsek.pk}"))
    assert "SPKP;Layanan;SP2HP;;\r\n" in file.decode()
    assert [odd.count for odd in read_odd_days(town.polsek, TODAY)] == [40, 40]
    satfung = make_person(make_unit(town.polres, kind=UnitKind.SATFUNG), Role.OPERATOR)
    assert "tidak mengadakan survei sendiri" in sessions.of(satfung).get("/layanan/survei/kelola/").content.decode()


def test_the_register_is_the_desks_and_is_emptied(town):
    desk = f"/layanan/survei/kelola/{town.polsek.pk}/"
    client = Sessions().of(town.operator)
    fields = {"layanan": "laporan-polisi", "nama": "=Pemohon Uji", "telepon": "0812 3456 789", "bagian": "responden"}
    refused = client.post(f"{desk}loket/responden/", fields)
    assert refused.status_code == 422
    assert "0812 3456 789" in refused.content.decode()
    before = AuditEvent.objects.count()
    for _ in range(2):
        assert client.post(f"{desk}loket/responden/", fields | {"setuju": "1"}).status_code == 302
    assert AuditEvent.objects.count() == before
    contact = SurveyContact.objects.get()
    assert "=Pemohon Uji" in client.get(f"{desk}responden/").content.decode()
    file = b"".join(client.get(f"/supervisi/daftar/responden-survei.csv?id={town.polsek.pk}")).decode()
    assert "'=Pemohon Uji;08123456789;Laporan polisi;26/11/2026" in file
    above = Client()
    above.force_login(town.commander, backend="wbbm.organisasi.auth.PostingBackend")
    assert above.get(f"{desk}responden/").status_code == 403
    assert above.get(f"/supervisi/daftar/responden-survei.csv?id={town.polsek.pk}").status_code == 404
    noon = datetime.datetime.combine(contact.noted_on, datetime.time(5), datetime.UTC)
    assert empty_old_contacts(noon + datetime.timedelta(days=KEEP_DAYS)) == 0
    assert SurveyContact.objects.kept().count() == 1
    assert empty_old_contacts(noon + datetime.timedelta(days=KEEP_DAYS + 1)) == 1
    assert list(SurveyContact.objects.values_list("name", "phone")) == [("", "")]


def test_the_desk_makes_codes_once_and_says_how_many_were_served(town):
    desk = f"/layanan/survei/kelola/{town.polsek.pk}/loket/"
    client = Sessions().of(town.operator)
    page = client.get(desk).content.decode()
    number = re.search(r'name="nomor" value="([^"]+)"', page)[1]
    form = {"layanan": "laporan-polisi", "survei": "zi", "jumlah": "10", "nomor": number}
    first, second = client.post(f"{desk}slip/", form), client.post(f"{desk}slip/", form)
    codes = set(re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", first.content.decode()))
    assert (first.status_code, second.status_code, len(codes), SurveyToken.objects.count()) == (200, 409, 10, 10)
    assert Client().get(f"/s/{codes.pop()}").status_code == 200
    shown = {client.post(f"{desk}layar/", form).content for _ in range(3)}
    for said in (page, shown.copy().pop().decode()):
        assert said.count("csrfmiddlewaretoken") == len(re.findall(r'<form[^>]*method="post"', said))
    assert (len(shown), TokenBatch.objects.filter(is_screen=True).get().tokens.count()) == (3, 3)
    assert AuditEvent.objects.filter(action="survey.screen-opened").count() == 1
    assert client.post(f"{desk}slip/", form | {"jumlah": "7", "nomor": ""}).status_code == 422
    assert client.post(f"{desk}layar/", form | {"layanan": "sim-baru"}).status_code == 422
    assert client.post(f"{desk}dilayani/", {"bulan": "2026-10", "dilayani": "12x"}).status_code == 422
    assert client.post(f"{desk}dilayani/", {"bulan": "2026-12", "dilayani": "12"}).status_code == 422
    assert client.post(f"{desk}dilayani/", {"bulan": "2026-10", "dilayani": "120"}).status_code == 302
    assert ServedMonth.objects.get().served == 120
    with pytest.raises(Exception, match="operator atau pimpinan"):
        note_contact(
            unit=town.polsek, service="laporan-polisi", name="Uji", phone="0812345678", agrees=True, by=town.commander
        )


def test_questionnaires_load_once_and_never_change_under_their_version(town, monkeypatch, tmp_path):
    call_command("load_questionnaires", verbosity=0)
    assert sorted(Questionnaire.objects.values_list("code", "scale")) == [("skm", 4), ("spak", 6), ("spkp", 6)]
    text = (files.FOLDER / "spak.yaml").read_text()
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    for changed, says in (
        (text.replace("Tidak ada calo", "Tak ada calo"), "beri nomor versi baru"),
        (text.replace("scale: 6", "scale: 5"), "skalanya harus 1 sampai 6"),
        (text.replace("aspect: pungli", "aspect: imbalan"), "aspek yang berbeda"),
        (text.replace("code: spak", "code: ikm"), "salah satu dari"),
    ):
        (tmp_path / "spak.yaml").write_text(changed)
        with pytest.raises(CommandError, match=says):
            call_command("load_questionnaires", verbosity=0)
    (tmp_path / "spak.yaml").write_text(text.replace('"2026.1"', '"2026.2"'))
    call_command("load_questionnaires", verbosity=0)
    assert [row.version for row in questionnaires_of("zi")] == ["2026.1", "2026.2"]
