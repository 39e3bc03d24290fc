"""What each role sees first."""

import ast
import datetime
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from supervisi.models import Checklist, Layer, Period, VisitMember
from supervisi.pages.first_pages import FoundUnit
from supervisi.services.checklists import TRANSITIONS
from tests.factories import make_person, make_posting, make_unit, make_user
from tests.supervisi.dashboards import make_district, make_finding, make_kapolsek, move, put_lke, put_sheet
from wbbm.organisasi.models import Role, UnitKind, User
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.trail import act_words

pytestmark = pytest.mark.django_db
# Asked anew each time: a long run may pass midnight.
TODAY = datetime.date.today
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def district():
    return make_district(2)


def signed_in(user):
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def nav(client, target):
    said = client.get(target, follow=True).content.decode()
    menu = said[said.index('aria-label="Menu utama"') :]
    return menu[: menu.index("</nav>")]


# --- where /dasbor/ leads ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "target", "heading"),
    [
        (Role.SUPERVISOR, "/supervisi/kunjungan/", "Kunjungan saya"),
        (Role.OPERATOR, "/supervisi/tugas/", "Tugas saya"),
        (Role.AUDITOR, "/supervisi/periksa/", "Periksa"),
        (Role.INTEGRITY_OFFICER, "/supervisi/temuan-berat/", "Temuan berat"),
        (Role.ADMIN, "/supervisi/kelengkapan/", "Yang perlu dilengkapi"),
    ],
)
def test_each_role_is_led_to_its_own_page(district, role, target, heading):
    person = make_person(district.polres, role)
    visit = put_sheet(district, district.stations[0], status="draft", answers={}).visit
    VisitMember.objects.create(visit=visit, user=person, number=1)
    client = signed_in(person)
    answer = client.get("/dasbor/")
    assert (answer.status_code, answer["Location"]) == (302, target)
    assert f"<h1>{heading}</h1>" in client.get(target).content.decode()


def test_a_commander_sees_the_own_unit_s_dashboard(district):
    for user, unit in ((district.kapolres, district.polres), (district.kapolda, district.polda)):
        answer = signed_in(user).get("/dasbor/")
        assert answer.status_code == 200
        assert answer.context["page"].unit == unit


def test_a_kapolsek_is_led_to_what_he_must_do_and_has_his_dashboard_in_the_menu(district):
    station = district.stations[0]
    client = signed_in(make_kapolsek(station))
    assert client.get("/dasbor/")["Location"] == "/supervisi/tugas/"
    menu = nav(client, "/dasbor/")
    assert menu.count(">Dasbor<") == 1
    assert 'href="/supervisi/satuan/saya/"' in menu
    assert client.get("/supervisi/satuan/saya/").context["page"].unit == station


def test_a_commander_without_operating_has_one_dashboard_in_the_menu(district):
    menu = nav(signed_in(district.kapolres), "/dasbor/")
    assert menu.count(">Dasbor<") == 1
    assert 'href="/dasbor/"' in menu


def test_somebody_without_a_posting_is_told_whom_to_ask():
    said = signed_in(make_user()).get("/dasbor/").content.decode()
    assert "Belum ada penugasan untuk Anda" in said
    assert "Hubungi admin satuan Anda" in said


def test_a_posting_that_ended_changes_the_first_page_at_once(district):
    person = make_person(district.polres, Role.COMMANDER)
    client = signed_in(person)
    assert client.get("/dasbor/").status_code == 200
    person.postings.update(ends_on=TODAY() - datetime.timedelta(days=2))
    make_posting(person, district.polres, Role.SUPERVISOR)
    assert client.get("/dasbor/")["Location"] == "/supervisi/kunjungan/"


# --- what I must do ---------------------------------------------------------------------------------------------


def test_an_operator_sees_owed_sheets_the_late_ones_first(district):
    station = district.stations[0]
    client = signed_in(make_kapolsek(station))
    todo = client.get("/supervisi/tugas/").context["todo"]
    assert [(sheet.period, sheet.days_late) for sheet in todo.owed] == [(district.before, 41), (district.quarter, 0)]
    assert todo.late == 1
    said = client.get("/supervisi/tugas/").content.decode()
    assert "Lewat 41 hari" in said
    assert said.count("Mulai mengisi") == 2


def test_a_begun_sheet_is_carried_on_and_a_full_one_is_handed_in(district):
    station = district.stations[0]
    client = signed_in(make_kapolsek(station))
    put_sheet(district, station, layer=Layer.SELF, status="draft", answers={"P.1.1.i.a": "A"})
    assert "Lanjutkan (58 butir lagi)" in client.get("/supervisi/tugas/").content.decode()
    sheet = put_sheet(district, station, layer=Layer.SELF, status="draft", period=district.before)
    assert "Periksa dan serahkan" in client.get("/supervisi/tugas/").content.decode()
    move(sheet, "submitted")
    todo = client.get("/supervisi/tugas/").context["todo"]
    assert [sheet.period for sheet in todo.owed] == [district.quarter]


def test_a_new_period_is_begun_with_a_copy_of_the_last_sheet(district):
    station = district.stations[0]
    client = signed_in(make_kapolsek(station))
    sheet = put_sheet(district, station, layer=Layer.SELF, status="draft", period=district.before)
    assert "Mulai dari salinan" not in client.get("/supervisi/tugas/").content.decode()
    move(sheet, "submitted")
    todo = client.get("/supervisi/tugas/")
    assert [owed.copies_from for owed in todo.context["todo"].owed] == [district.before.name]
    assert f"Mulai dari salinan {district.before.name}" in todo.content.decode()
    form = {"unit": station.pk, "period": district.quarter.pk, "instrument": sheet.instrument_id, "salin": "1"}
    answer = client.post("/supervisi/lembar/mandiri/", form)
    begun = Checklist.objects.get(unit=station, period=district.quarter, layer=Layer.SELF)
    assert answer["Location"] == begun.get_absolute_url()
    assert begun.answers.filter(needs_review=True).count() == 59
    assert not begun.answers.filter(is_answered=True).exists()


def test_what_is_handed_in_is_not_left_to_do(district):
    put_lke(district)
    client = signed_in(make_person(district.polres, Role.OPERATOR))
    todo = client.get("/supervisi/tugas/").context["todo"]
    assert [sheet.period for sheet in todo.handed_in] == [district.year]
    assert [sheet.period for sheet in todo.owed] == [district.year_before]


def test_findings_to_answer_are_of_the_own_unit_and_handed_over(district):
    station = district.stations[0]
    make_finding(district, station, observation="Papan tarif", due_on=TODAY() - datetime.timedelta(days=3))
    make_finding(district, station, observation="Tanpa tenggat", due_on=None)
    make_finding(district, station, observation="Rahasia", handed_over_at=None)
    make_finding(district, station, observation="Selesai", status="closed")
    make_finding(district, district.stations[1], observation="Milik tetangga")
    todo = signed_in(make_kapolsek(station)).get("/supervisi/tugas/").context["todo"]
    assert [(line.finding.observation, line.days_late) for line in todo.findings] == [
        ("Papan tarif", 3), ("Tanpa tenggat", 0),
    ]  # fmt: skip


def test_nothing_to_do_says_so(district):
    for period in (district.quarter, district.before):
        put_sheet(district, district.stations[0], layer=Layer.SELF, period=period)
    said = signed_in(make_kapolsek(district.stations[0])).get("/supervisi/tugas/").content.decode()
    assert "Tidak ada lembar</span> yang harus diisi." in said
    assert "Sudah diserahkan" in said


# --- auditor ----------------------------------------------------------------------------------------------------


def test_an_auditor_searches_and_sees_the_latest_changes(district):
    sheet = put_sheet(district, district.stations[0])
    put_sheet(district, district.stations[1], status="draft", answers={})
    posting = district.kapolres.postings.get()
    record("visit.started", by=district.kapolres, posting=posting, about=sheet.visit, unit=sheet.unit)
    record("sign-in", by=district.kapolres, unit=district.polres)
    other = make_district(1)
    record("visit.started", by=other.kapolres, about=other.polres, unit=other.polres)
    client = signed_in(make_person(district.polda, Role.AUDITOR))
    page = client.get("/supervisi/periksa/").context["page"]
    assert page.sheets == (sheet,)
    assert [(event.act, event.by, event.unit) for event in page.events] == [
        ("Kunjungan dimulai", str(posting), sheet.unit)
    ]
    assert page.events[0].at.endswith(" WIB")
    found = client.get("/supervisi/periksa/", {"cari": district.stations[1].name}).context["page"]
    assert (found.units, found.sheets, found.events) == ((FoundUnit(district.stations[1], True),), (), ())
    assert "Tidak ada satuan bernama" in client.get("/supervisi/periksa/", {"cari": "zzz"}).content.decode()


def test_an_auditor_is_offered_tpi_sheets_of_units_below_alone(district):
    client = signed_in(make_person(district.polres, Role.AUDITOR))
    found = client.get("/supervisi/periksa/", {"cari": " "}).context["page"]
    assert found.units == ()
    for unit, is_below in ((district.polres, False), (district.stations[0], True)):
        answer = client.get("/supervisi/periksa/", {"cari": unit.name})
        assert FoundUnit(unit, is_below) in answer.context["page"].units
        address = f"/supervisi/lembar/tpi/{unit.pk}/"
        assert (f'href="{address}"' in answer.content.decode()) == is_below
        assert client.get(address).status_code == (200 if is_below else 403)


def test_a_search_with_markup_is_shown_as_text(district):
    client = signed_in(make_person(district.polda, Role.AUDITOR))
    said = client.get("/supervisi/periksa/", {"cari": "<script>x\0"}).content.decode()
    assert "<script>x" not in said
    assert "&lt;script&gt;x" in said


def recorded_acts():
    """Return every slug that a `record(...)` call of the portal writes."""
    found = set()
    for folder in ("supervisi", "wbbm"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                named = getattr(getattr(node, "func", None), "id", getattr(getattr(node, "func", None), "attr", ""))
                if isinstance(node, ast.Call) and named in {"record", "_step"}:
                    found |= {
                        leaf.value
                        for leaf in node.args
                        if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and "." in leaf.value
                    }
    return found


def test_every_act_that_is_recorded_has_a_name():
    acts = recorded_acts() | {f"checklist.{step}" for step in TRANSITIONS}
    assert len(acts) > 20
    assert {act for act in acts if act_words(act) == act} == set()


# --- integrity officer and admin ----------------------------------------------------------------------------------


def test_an_integrity_officer_sees_severe_findings_of_his_units(district):
    make_finding(district, district.stations[0], observation="Pungutan", due_on=TODAY() - datetime.timedelta(days=2))
    make_finding(district, district.stations[0], observation="Sedang", severity="moderate")
    make_finding(district, district.stations[0], observation="Belum", handed_over_at=None)
    make_finding(district, make_district(1).stations[0], observation="Lain")
    client = signed_in(make_person(district.polres, Role.INTEGRITY_OFFICER))
    lines = client.get("/supervisi/temuan-berat/").context["lines"]
    assert [(line.finding.observation, line.days_late) for line in lines] == [("Pungutan", 2)]


def test_an_admin_sees_the_gaps_of_his_units(district):
    admin = make_person(district.polres, Role.ADMIN)
    make_person(district.stations[0], Role.COMMANDER)
    ending = make_posting(
        make_user(), district.polres, Role.SUPERVISOR, ends_on=timezone.localdate() + datetime.timedelta(days=20)
    )
    make_posting(
        make_user(), district.polres, Role.SUPERVISOR, ends_on=timezone.localdate() + datetime.timedelta(days=60)
    )
    waiting = make_posting(make_user(), district.stations[1], Role.COMMANDER, approved_at=None)
    bare = make_person(district.polres, Role.OPERATOR)
    User.objects.filter(pk=bare.pk).update(password="!")
    make_person(make_unit(kind=UnitKind.POLRES), Role.ADMIN)
    Period.objects.filter(pk=district.before.pk).update(unit=district.polres)
    answer = signed_in(admin).get("/supervisi/kelengkapan/")
    assert f"{district.before.name}</a> sudah berakhir dan belum ditutup" in answer.content.decode()
    page = answer.context["page"]
    assert page.without_commander == (district.stations[1],)
    assert page.ending == (ending,)
    assert page.pending == (waiting,)
    assert page.without_password == (bare,)
