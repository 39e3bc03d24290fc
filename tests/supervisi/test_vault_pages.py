"""The pages of a unit's evidence: found, filtered, marked; added, described, revised and chosen without script."""

import datetime
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from supervisi.models import AnswerEvidence, Evidence, Layer
from supervisi.services.checklists import create_checklist
from supervisi.services.evidence import attach_upload
from tests.factories import make_person
from tests.files import samples
from tests.supervisi.sheets import LETTER, PERCENT, Counted, make_world
from tests.supervisi.test_vault import attach, keep, revise, shared_decree
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Role

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def world():
    return make_world()


def client_of(user):
    client = Client()
    client.force_login(user, backend="wbbm.organisasi.auth.PostingBackend")
    return client


def said(client, address, **query):
    answer = client.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


def titles(page, names):
    return [name for name in names if f">{name}</a>" in page]


def test_the_list_finds_by_words_states_tags_and_items(world):
    today = local_day(world.polsek)
    facts = (
        ("Maklumat", "MK/1/I/2026", "pelayanan", today - DAY),
        ("Nota Kesepahaman", "NK/7", "kerja sama", today + 30 * DAY),
        ("Standar SPKT", "SP/3", "pelayanan,spkt", today + 31 * DAY),
        ("Denah", "", "", None),
    )
    kept = [
        keep(world, samples.photo(place), title=title, document_number=number, tags=tags, valid_until=until)
        for place, (title, number, tags, until) in enumerate(facts)
    ]
    attach(world, kept[0])
    own = create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, by=world.operator
    )
    attach(world, kept[3], PERCENT, sheet=own, by=world.operator)
    shared_decree(world, title="SK Polres")
    client, address = client_of(world.operator), reverse("supervisi:evidence-list", args=[world.polsek.pk])
    names = [title for title, *_ in facts] + ["SK Polres"]
    for query, found in (
        ({}, names),
        ({"keadaan": "habis"}, ["Maklumat"]),
        ({"keadaan": "akan-habis"}, ["Nota Kesepahaman"]),
        ({"keadaan": "berlaku"}, ["Standar SPKT"]),
        ({"keadaan": "belum-bertanggal"}, ["Denah", "SK Polres"]),
        ({"cari": "nota KESEPAHAMAN nk/7"}, ["Nota Kesepahaman"]),
        ({"cari": "spkt"}, ["Standar SPKT"]),
        ({"cari": "100%_"}, []),
        ({"penanda": "pelayanan"}, ["Maklumat", "Standar SPKT"]),
        ({"penanda": "pelay"}, []),
        # The team's own use of the unit's evidence isn't told before the sheet is.
        ({"butir": LETTER}, []),
        ({"butir": PERCENT.lower()}, ["Denah"]),
        ({"keadaan": "apa", "halaman": "x"}, names),
    ):
        assert titles(said(client, address, **query), names) == found, query
    page = said(client, address)
    assert "dari Polres Uji" in page and "Akan habis 30 hari <b>1</b>" in page
    assert page.count("1 butir</td>") == 1
    assert titles(said(client_of(world.leader), address, butir=LETTER), names) == ["Maklumat"]
    # Marked where the unit looks first, and on the dashboards of both.
    for user in (world.operator, world.commander):
        board = said(client_of(user), reverse("supervisi:unit-dashboard", args=[world.polsek.pk]))
        assert "1 habis" in board and "1 akan habis" in board and f'href="{address}">Bukti satuan' in board
    assert "1 habis" in said(client_of(world.commander), reverse("supervisi:unit-dashboard", args=[world.polres.pk]))
    todo = said(client, reverse("supervisi:todo"))
    assert titles(todo, names) == ["Maklumat", "Nota Kesepahaman"]
    assert "Perbarui bukti 1: Maklumat" in said(client, reverse("supervisi:unit-tasks", args=[world.polsek.pk]))


@pytest.mark.parametrize("name", ["evidence-list", "evidence-pick", "evidence-detail", "checklist-area"])
def test_much_evidence_costs_no_more_queries(world, name):
    first = keep(world, valid_until=local_day(world.polsek))
    attach(world, first)
    arguments = {
        "evidence-list": [world.polsek.pk],
        "evidence-pick": [world.answer().pk],
        "evidence-detail": [first.pk],
        "checklist-area": [world.checklist.pk, "1"],
    }[name]
    client, address = client_of(world.leader), reverse(f"supervisi:{name}", args=arguments)
    client.get(address)
    counts = []
    for _ in range(2):
        with Counted() as counted:
            assert client.get(address).status_code == 200
        counts.append(len(counted.statements))
        for number in range(2, 6):
            made = keep(world, samples.photo(number), title=f"Bukti {number}", valid_until=local_day(world.polsek))
            attach(world, made, PERCENT)
        shared, _ = shared_decree(world)
        attach(world, shared, PERCENT)
        attach(world, first, PERCENT)
    most = {"evidence-list": 9, "evidence-pick": 8, "evidence-detail": 10, "checklist-area": 12}[name]
    assert counts[0] == counts[1] <= most


def test_a_document_is_added_described_and_revised_by_plain_forms(world):
    client = client_of(world.operator)
    new = reverse("supervisi:evidence-new", args=[world.polsek.pk])
    assert 'name="is_shared"' not in said(client, new)
    short = client.post(new, {"title": "", "valid_until": "kemarin"})
    assert short.status_code == 422
    page = short.content.decode()
    assert "Pilih berkasnya." in page and "Tulis judul buktinya." in page
    facts = {"title": "SK tim", "document_number": "SK/1", "valid_until": "2027-01-31", "tags": "sk"}
    made = client.post(new, facts | {"file": samples.upload(samples.PDF, "sk.pdf")}, follow=True)
    kept = Evidence.objects.get()
    assert made.redirect_chain[-1][0] == kept.get_absolute_url() and "Bukti nomor 1 tersimpan." in made.content.decode()
    again = client.post(new, facts | {"title": "Lain", "file": samples.upload(samples.PDF, "sk.pdf")}, follow=True)
    assert "sudah ada sebagai bukti nomor 1" in again.content.decode()
    change = reverse("supervisi:evidence-change", args=[kept.pk])
    assert 'value="2027-01-31"' in said(client, change)
    wrong = client.post(change, facts | {"valid_from": "2027-02-01"})
    assert wrong.status_code == 422
    assert "sesudah berlaku sejak" in wrong.content.decode() and 'value="2027-02-01"' in wrong.content.decode()
    client.post(change, facts | {"tags": "sk, tim kerja"})
    revision = reverse("supervisi:evidence-revise", args=[kept.pk])
    same = client.post(revision, facts | {"file": samples.upload(samples.PDF, "sk.pdf")})
    assert "sama dengan revisi 1" in same.content.decode()
    client.post(revision, facts | {"file": samples.upload(samples.photo(), "sk.jpg")})
    newest = Evidence.objects.get(is_current=True)
    page = said(client, newest.get_absolute_url())
    assert "Bukti 1, revisi 2" in page and "Unggah revisi" in page
    old = said(client, kept.get_absolute_url())
    assert "Ini revisi lama." in old and "Unggah revisi" not in old
    assert client.get(change).status_code == 200
    late = client.post(change, facts)
    assert late.status_code == 409 and "revisi yang lebih baru" in late.content.decode()


def test_evidence_is_chosen_at_an_item_with_and_without_script(world):
    kept = keep(world, title="Standar SPKT", document_number="SP/3")
    keep(world, samples.photo(), title="Denah")
    decree, _ = shared_decree(world, title="SK Polres")
    client, answer = client_of(world.leader), world.answer()
    pick = reverse("supervisi:evidence-pick", args=[answer.pk])
    names = ["Standar SPKT", "Denah", "SK Polres"]
    whole = said(client, pick)
    assert titles(whole, names) == names and "<html" in whole
    part = client.get(pick, {"cari": "sp/3"}, headers={"HX-Request": "true"}).content.decode()
    assert titles(part, names) == ["Standar SPKT"] and "<html" not in part
    number = uuid.uuid4()
    plain = client.post(pick, {"evidence": kept.pk, "uuid": number})
    assert plain["Location"].endswith(f"#b-{LETTER}")
    assert "terpasang" in said(client, pick, cari="sp/3")
    reply = client.post(pick, {"evidence": decree.pk, "uuid": uuid.uuid4()}, headers={"Accept": "application/json"})
    assert reply.json()["code"] == "saved" and "bukti 1 Polres Uji" in reply.json()["html"]
    foreign = keep(make_world("lain"), samples.photo(4))
    for sent in ({"evidence": foreign.pk}, {"evidence": "x"}, {"evidence": ""}, {"evidence": kept.pk, "uuid": "x"}):
        wrong = client.post(pick, {"uuid": uuid.uuid4()} | sent, headers={"Accept": "application/json"})
        assert wrong.status_code in {400, 422}, sent
    assert AnswerEvidence.objects.count() == 2
    revise(kept, samples.photo(5), world.operator)
    card = said(client, reverse("supervisi:checklist-area", args=[world.checklist.pk, "1"]))
    assert "Revisi lama" in card and "bukti 1 Polres Uji" in card


def test_the_same_file_elsewhere_is_told_only_within_sight(world):
    """P5: a foreign unit's file is never hinted at, by the list, the page, or the act of adding."""
    second = make_world("dua")
    mine, other = keep(world), keep(second)
    above = make_person(world.polres, Role.AUDITOR)
    assert "Berkas yang sama" not in said(client_of(world.operator), mine.get_absolute_url())
    assert "Berkas yang sama" not in said(client_of(above), mine.get_absolute_url())
    make_both = make_person(world.polres, Role.AUDITOR)
    make_both.postings.create(
        unit=second.polres, role=Role.AUDITOR, title="Auditor", starts_on=datetime.date(2020, 1, 1),
        approved_at="2020-01-01T00:00Z",
    )  # fmt: skip
    page = said(client_of(make_both), mine.get_absolute_url())
    assert "Berkas yang sama" in page and other.get_absolute_url() in page
    assert client_of(world.operator).get(other.get_absolute_url()).status_code == 404
    # Nor what the team holds of the very unit, before it is told.
    attach_upload(
        answer=world.answer(), upload=samples.upload(samples.photo()), upload_uuid=uuid.uuid4(), by=world.leader
    )
    new = reverse("supervisi:evidence-new", args=[world.polsek.pk])
    sent = {"title": "Foto", "file": samples.upload(samples.photo(), "a.jpg")}
    assert "sudah ada" not in client_of(world.operator).post(new, sent, follow=True).content.decode()
