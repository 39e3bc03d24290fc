"""What waits at a unit, by office, for print; and the link that shares a page."""

import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from supervisi.models import Finding, FindingStatus, Severity
from supervisi.services.findings import record_finding
from supervisi.services.visits import finish_visit
from tests.factories import make_person, make_unit
from tests.supervisi.sheets import LETTER, Counted, make_world
from wbbm.notices.share import whatsapp_url
from wbbm.organisasi.models import Posting, Role, UnitKind

pytestmark = pytest.mark.django_db
# Asked anew each time: a long run may pass midnight.
TODAY = datetime.date.today


@pytest.fixture
def world():
    return make_world()


def find(world, **changes):
    words = {
        "severity": Severity.MINOR,
        "observation": "Papan tarif belum dipasang.",
        "recommendation": "Pasang papan tarif.",
        "owner_title": "Jabatan uji",
    } | changes
    return record_finding(checklist=world.reload(), item_code=LETTER, by=world.leader, **words)


def page(world, person=None, unit=None):
    client = Client()
    client.force_login(person or world.operator, backend="wbbm.organisasi.auth.PostingBackend")
    return client.get(f"/supervisi/satuan/{(unit or world.polsek).pk}/yang-harus-dikerjakan/")


def said(*arguments, **named):
    return page(*arguments, **named).content.decode()


# --- the list -----------------------------------------------------------------------------------------


def test_a_finding_is_listed_once_it_is_handed_over(world):
    find(world)
    assert "Papan tarif" not in said(world)
    assert "Papan tarif" not in said(world, world.leader)
    finish_visit(visit=world.visit, by=world.leader)
    text = said(world)
    assert "Papan tarif belum dipasang." in text
    assert "Pasang papan tarif." in text
    assert text.count("<h2") == 2  # the office's findings, and the operator's self sheet


def test_lateness_and_returned_answers_are_said(world):
    find(world)
    finish_visit(visit=world.visit, by=world.leader)
    Finding.objects.update(due_on=TODAY() - datetime.timedelta(days=4), status=FindingStatus.RETURNED)
    text = said(world)
    assert "Lewat 4 hari" in text
    assert "1 lewat tenggat" in text
    assert "Dikembalikan, lengkapi jawabannya." in text


@pytest.mark.parametrize("status", [FindingStatus.ANSWERED, FindingStatus.ACCEPTED, FindingStatus.CLOSED])
def test_what_waits_for_others_is_not_listed(world, status):
    find(world)
    finish_visit(visit=world.visit, by=world.leader)
    Finding.objects.update(status=status)
    assert "Papan tarif" not in said(world)


def test_each_office_has_its_own_heading_and_a_vacant_one_says_so(world):
    holder = make_person(world.polsek, Role.OPERATOR)
    Posting.objects.filter(user=holder).update(title="Kanit Samapta")
    find(world, owner_title="Kanit Samapta")
    find(world, owner_title="Kanit Reskrim")
    finish_visit(visit=world.visit, by=world.leader)
    text = said(world)
    assert '">Kanit Samapta</h2>' in text
    assert '">Kanit Reskrim</h2>' in text
    assert text.count("tidak dipegang akun mana pun") == 1


def test_neither_people_nor_options_nor_points_are_printed(world):
    finding = find(world)
    finish_visit(visit=world.visit, by=world.leader)
    Finding.objects.filter(pk=finding.pk).update(points=42_000_000_000, target_option="C")
    text = said(world)
    assert "zi-points" not in text
    assert "4,2" not in text
    assert not [p.name for p in (world.operator, world.leader) if p.name in text.split("<main", 1)[1]]


def test_a_unit_with_nothing_to_do_says_so(world):
    world.period.closed_at = timezone.now()
    world.period.save()
    assert "Tidak ada yang menunggu" in said(world)


def test_many_findings_cost_no_more_queries(world):
    find(world)
    finish_visit(visit=world.visit, by=world.leader)
    client = Client()
    client.force_login(world.operator, backend="wbbm.organisasi.auth.PostingBackend")
    address = f"/supervisi/satuan/{world.polsek.pk}/yang-harus-dikerjakan/"
    client.get(address)  # the first request of a session asks once more
    counts = []
    for _ in range(2):
        with Counted() as counted:
            client.get(address)
        counts.append(len(counted.statements))
        for number in range(6):
            find(world, owner_title=f"Kanit {number}")
    # Session, person, postings; unit, offices, periods, instruments, sheets, rounds, findings, evidence.
    assert counts == [11, 11]


def test_a_stranger_and_an_admin_find_nothing(world):
    for person in (world.stranger, make_person(world.polres, Role.ADMIN), make_person(world.polres, Role.OPERATOR)):
        assert page(world, person).status_code == 404
    assert page(world, unit=make_unit(kind=UnitKind.POLSEK)).status_code == 404


# --- sharing ------------------------------------------------------------------------------------------


def test_the_link_carries_text_and_address(settings):
    settings.SITE_URL = "https://zi.contoh.example"
    link = urlsplit(whatsapp_url("Temuan & tenggat: 50%", "/supervisi/temuan/1/"))
    assert (link.scheme, link.netloc, link.path) == ("https", "wa.me", "/")
    assert parse_qs(link.query) == {"text": ["Temuan & tenggat: 50% https://zi.contoh.example/supervisi/temuan/1/"]}
    settings.IS_DEMO = True
    assert parse_qs(urlsplit(whatsapp_url("x", "/")).query)["text"][0].startswith("DATA CONTOH")


def shared(client, path):
    text = client.get(path).content.decode()
    links = [part.split('"')[0] for part in text.split('href="')[1:] if part.startswith("https://wa.me/")]
    if links:
        assert 'target="_blank" rel="noopener noreferrer"' in text
    return [parse_qs(urlsplit(link.replace("&amp;", "&")).query)["text"][0] for link in links]


def test_visits_and_findings_are_shared_without_names_or_contents(world):
    finding = find(world)
    client = Client()
    client.force_login(world.leader, backend="wbbm.organisasi.auth.PostingBackend")
    (words,) = shared(client, f"/supervisi/kunjungan/{world.visit.pk}/")
    assert words.startswith("Kunjungan supervisi Polsek Senori, ")
    assert world.leader.name not in words
    assert shared(client, finding.get_absolute_url()) == []
    finish_visit(visit=world.visit, by=world.leader)
    (words,) = shared(client, finding.get_absolute_url())
    assert finding.number in words
    assert "Papan tarif" not in words
