"""The register of innovations: described, published, counted by the unit; SIMBA's figures come by themselves."""

import datetime
import io
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from layanan.facts import PracticeFacts, innovation_facts, practice_facts
from layanan.models import Innovation, InnovationFigure, InnovationFile, Questionnaire, SurveyTally
from layanan.pages.moments import closed_quarters, months_back, quarter_words
from layanan.services.catalogue_files import load_catalogue
from layanan.services.questionnaires import load_questionnaires
from layanan.survey_maths import shifted
from tests.factories import make_person, make_unit
from tests.layanan.makers import make_innovation, make_session
from tests.layanan.test_public_pages import MOST_BYTES, weight
from tests.supervisi.sheets import Counted
from wbbm.organisasi.models import AuditEvent, Role, UnitKind, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def polres():
    return make_unit(kind=UnitKind.POLRES, name="Polres Uji")


@pytest.fixture
def operator(polres):
    return make_person(polres, Role.OPERATOR)


def signed_in(person):
    client = Client()
    client.force_login(User.objects.get(pk=person.pk), backend="wbbm.organisasi.auth.PostingBackend")
    return client


def said(client, route, *args, status=200):
    answer = client.get(reverse(f"layanan:{route}", args=args))
    assert answer.status_code == status
    return unescape(answer.content.decode())


def facts(**changes):
    today = datetime.date.today()
    return {
        "title": "Antar surat", "summary": "Surat diantar", "problem": "Jauh", "how_it_works": "Diantar petugas",
        "since": str(today.replace(day=1) - datetime.timedelta(days=100)), "services": ["sim-baru"], "effect": "",
        "effect_before": "", "effect_after": "",
    } | changes  # fmt: skip


def test_an_innovation_is_drafted_published_counted_and_ended(polres, operator):
    load_catalogue()
    client, visitor = signed_in(operator), Client()
    client.post(reverse("layanan:innovation-add"), facts())
    made = Innovation.objects.get()
    kept = reverse("layanan:innovation-kept", args=[made.pk])
    # A draft is nobody's but the unit's.
    assert "Antar surat" not in said(visitor, "innovation-list")
    said(visitor, "innovation", made.pk, status=404)
    move = reverse("layanan:innovation-move", args=[made.pk])
    for _ in range(2):
        assert client.post(move, {"status": "running"})["Location"] == kept
    page = said(visitor, "innovation", made.pk)
    assert "Diantar petugas" in page and reverse("layanan:service", args=[polres.code, "sim-baru"]) in page
    assert "Antar surat" in said(visitor, "innovation-list")

    this_month, last_month = (str(month) for month in reversed(months_back(datetime.date.today(), 2)))
    figure = reverse("layanan:innovation-figure", args=[made.pk])
    for month, helped in ((last_month, "120"), (this_month, "30"), (this_month, "30")):
        client.post(figure, {"month": month, "helped": helped})
    # A correction needs its reason; the old figure stays in the history.
    refused = client.post(figure, {"month": last_month, "helped": "125"})
    assert refused.status_code == 422 and "mengapa angkanya diperbaiki" in refused.content.decode()
    client.post(figure, {"month": last_month, "helped": "125", "note": "Lima tertinggal"})
    current = InnovationFigure.objects.current().values_list("helped", flat=True)
    assert (list(current), InnovationFigure.objects.count()) == ([30, 125], 3)
    assert "155" in said(visitor, "innovation", made.pk)
    history = said(client, "innovation-kept", made.pk)
    assert "Sudah diperbaiki" in history and "Lima tertinggal" in history
    for changes in ({"helped": "-1"}, {"helped": "banyak"}, {"month": "2019-01-01"}, {"month": "2999-01-01"}):
        assert client.post(figure, {"month": this_month, "helped": "1"} | changes).status_code == 422

    client.post(move, {"status": "ended"})
    assert "Berhenti" in said(visitor, "innovation", made.pk)
    answer = client.post(move, {"status": "draft"}, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert AuditEvent.objects.filter(object_type="layanan.innovation").count() == 6


def test_what_is_said_is_checked_and_the_survey_element_names_both_quarters(polres, operator):
    load_catalogue()
    load_questionnaires()
    client = signed_in(operator)
    after, before = (str(first) for first in closed_quarters(datetime.date.today(), 2))
    add = reverse("layanan:innovation-add")
    for changes, text in (
        ({"title": ""}, "kosong"), ({"since": "2999-01-01"}, "belum tiba"),
        ({"effect": "spkp-2"}, "Pilih triwulan sebelum"),
        ({"effect": "spkp-2", "effect_before": after, "effect_after": before}, "lebih kemudian"),
        ({"services": ["tidak-ada"]}, "tidak-ada"),
    ):  # fmt: skip
        answer = client.post(add, facts(**changes))
        assert answer.status_code == 422 and text in unescape(answer.content.decode()), changes
    assert not Innovation.objects.exists()
    client.post(add, facts(effect="spkp-2", effect_before=before, effect_after=after))
    made = Innovation.objects.get()
    assert client.post(add, facts()).status_code == 422
    client.post(reverse("layanan:innovation-move", args=[made.pk]), {"status": "running"})
    # Without ten official answers in each quarter the page says so, and tells no mean.
    asked = Questionnaire.objects.get(code="spkp")

    def tally(month, count, total, **changes):
        facts = {"unit": polres, "service": "skck", "is_open": False} | changes
        SurveyTally.objects.create(questionnaire=asked, month=month, count=count, s2=total, **facts)

    tally(before, 12, 48)
    tally(after, 9, 54)
    tally(after, 40, 40, is_open=True)
    tally(after, 40, 40, unit=make_unit())
    page = said(Client(), "innovation", made.pk)
    assert "SPKP: Persyaratan" in page and "belum mempunyai 10 jawaban" in page and "4,00" not in page
    tally(shifted(datetime.date.fromisoformat(after), 2), 1, 1)
    page = said(Client(), "innovation", made.pk)
    assert "4,00 dari 6 (12 jawaban)" in page and "5,50 dari 6 (10 jawaban)" in page and "survei internal" in page
    change = reverse("layanan:innovation-change", args=[made.pk])
    assert 'value="spkp-2" selected' in said(client, "innovation-change", made.pk)
    opened = client.get(change).content.decode().split('name="seen" value="')[1].split('"')[0]
    client.post(change, facts(title="Antar surat cepat"))
    late = client.post(change, facts(title="Antar surat lambat", seen=unescape(opened)))
    assert late.status_code == 409 and "diubah orang lain" in late.content.decode()
    made.refresh_from_db()
    assert (made.title, made.effect_survey, made.effect_before) == ("Antar surat cepat", "", None)


def test_quarters_are_those_that_are_over():
    day = datetime.date(2026, 2, 3)
    assert [str(first) for first in closed_quarters(day, 3)] == ["2025-10-01", "2025-07-01", "2025-04-01"]
    assert quarter_words(datetime.date(2025, 10, 1)) == "Oktober sampai Desember 2025"
    assert closed_quarters(datetime.date(2026, 4, 1), 1) == (datetime.date(2026, 1, 1),)


def test_ready_drafts_are_offered_once_and_simba_counts_itself(polres, operator):
    station = make_unit(polres, name="Polsek Uji")
    client = signed_in(operator)
    take = reverse("layanan:innovation-take-over", args=["simba"])
    for _ in range(2):
        client.post(take, {"satuan": polres.pk})
    made = Innovation.objects.get()
    offers = said(client, "innovation-manage")
    assert "innovation-take-over" not in offers and "rancangan/simba/" not in offers
    assert "rancangan/taman-lalu-lintas/" in offers
    assert client.post(take, {"satuan": station.pk}).status_code == 404
    client.post(reverse("layanan:innovation-move", args=[made.pk]), {"status": "running"})
    # Counters of the station and the Polres add up by month; what was cancelled or is to come does not count.
    counters = {"taken": 3, "attended": 2, "passed": 1, "exam_passed": 1}
    for unit in (polres, station):
        make_session(unit, operator, days=-1, **counters)
    make_session(station, operator, days=-1, status="cancelled", **counters)
    make_session(station, operator, days=9, **counters)
    make_session(make_unit(), operator, days=-1, **counters)
    page = said(Client(), "innovation", made.pk)
    numbers = [part.split("<")[0] for part in page.split('zi-num fw-semibold">')[1:]]
    assert numbers == ["6", "4", "2", "2"]
    # What the floor above asks: the year's counters, and what the register says.
    year = (datetime.date.today() - datetime.timedelta(days=1)).year
    with Counted() as counted:
        practice, register = practice_facts(polres, year), innovation_facts(polres, year)
    assert practice == PracticeFacts(sessions=2, registered=6, attended=4, passed=2, exam_passed=2)
    assert (register.running, register.services, register.helped) == ((made.title,), ("sim-baru",), 4)
    assert (len(counted.statements), innovation_facts(station, year).running) == (4, ())
    figure = reverse("layanan:innovation-figure", args=[made.pk])
    refused = client.post(figure, {"month": str(datetime.date.today().replace(day=1)), "helped": "9"})
    assert refused.status_code == 422 and "dihitung sendiri" in refused.content.decode()


def test_files_are_read_by_whoever_sees_the_unit_and_kept_once(polres, operator):
    made = make_innovation(polres, operator)
    client = signed_in(operator)
    url = reverse("layanan:innovation-file", args=[made.pk])

    def upload(data):
        return {"title": "Foto", "file": SimpleUploadedFile("a.jpg", data, content_type="image/jpeg")}

    buffer = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(buffer, "JPEG")
    for _ in range(2):
        client.post(url, upload(buffer.getvalue()))
    kept = InnovationFile.objects.get()
    refused = client.post(url, upload(b"bukan foto"))
    assert refused.status_code == 422 and "Ditolak" in refused.content.decode()
    download = reverse("files:download", args=[kept.file_id])
    readers = (make_person(polres, Role.COMMANDER), make_person(make_unit(), Role.COMMANDER))
    answers = [signed_in(person).get(download) for person in readers]
    assert [answer.status_code for answer in answers] == [200, 404]
    b"".join(answers[0])
    # A commander reads, and keeps nothing; another unit's operator finds nothing.
    head, stranger = signed_in(readers[0]), signed_in(make_person(make_unit(), Role.OPERATOR))
    said(head, "innovation-kept", made.pk)
    assert head.post(url, upload(b"x")).status_code == 403
    assert stranger.get(reverse("layanan:innovation-kept", args=[made.pk])).status_code == 404


def test_pages_cost_the_same_however_many_there_are(polres, operator):
    load_catalogue()
    load_questionnaires()
    after, before = closed_quarters(datetime.date.today(), 2)
    effect = {"effect_survey": "spkp", "effect_element": 2, "effect_before": before, "effect_after": after}
    made = make_innovation(polres, operator, status="running", services=["sim-baru"], **effect)
    visitor, keeper = Client(), signed_in(operator)
    pages = {
        reverse("layanan:innovation-list"): (visitor, 2), made.get_absolute_url(): (visitor, 6),
        reverse("layanan:innovation-manage"): (keeper, 4),
        reverse("layanan:innovation-kept", args=[made.pk]): (keeper, 9),
    }  # fmt: skip

    def costs():
        found = {}
        for target, (client, _) in pages.items():
            client.get(target)
            with Counted() as counted:
                assert client.get(target).status_code == 200
            found[target] = len(counted.statements)
        return found

    few = costs()
    posting = operator.postings.get()
    for month in months_back(datetime.date.today(), 9):
        make_innovation(polres, operator, status="running")
        InnovationFigure.objects.create(innovation=made, month=month, helped=5, by=operator, posting=posting)
    assert costs() == few == {target: most for target, (_, most) in pages.items()}
    assert weight(made.get_absolute_url()) < MOST_BYTES and not visitor.cookies
