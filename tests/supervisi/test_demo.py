"""The demo district tells its story on whatever day it is seeded."""

import datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from supervisi.demo.district import LONG_NAMES, LONG_OFFICE, NEIGHBOUR, STATIONS
from supervisi.demo.findings import LONG_TITLE
from supervisi.demo.sheets import SENORI_ANSWERED, quarter_bounds
from supervisi.models import AnswerEvidence, Checklist, Finding, Layer, UnitScore, Visit
from supervisi.pages.dashboard import build_dashboard
from supervisi.pages.first_pages import read_auditor_page, read_gaps, read_integrity_page, read_todo
from supervisi.pages.visit import read_visit
from supervisi.services.recompute import recompute
from wbbm.organisasi.models import AuditEvent, Posting, Role, Unit, UnitKind, User

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker, tmp_path_factory):
    """Seed once for all tests; everything is rolled back afterwards."""
    from django.conf import settings
    from django.test import override_settings

    options = {"location": str(tmp_path_factory.mktemp("berkas")), "base_url": None}
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    with (
        django_db_blocker.unblock(),
        override_settings(STORAGES=settings.STORAGES | {"default": storage}, IS_DEMO=True),
        transaction.atomic(),
    ):
        call_command("load_instruments", verbosity=0)
        call_command("seed_demo", verbosity=0)
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _story(seeded):
    return seeded


def person(username):
    return User.objects.get(username=username)


def unit(code):
    return Unit.objects.get(code=code)


def dashboard(username, code):
    return build_dashboard(person(username), unit(code).pk)


# --- who and where ----------------------------------------------------------------------------------------------


def test_the_district_stands_below_its_polda():
    polres = unit("polres-tuban")
    assert polres.name == "Polres Tuban"
    assert polres.parent_path == unit("polda-jawa-timur").path
    below = Unit.objects.filter(path__startswith=polres.path)
    assert below.filter(kind=UnitKind.POLSEK).count() == len(STATIONS) == 20
    assert below.filter(kind=UnitKind.SATFUNG).exists()


@pytest.mark.parametrize(
    ("username", "code", "roles"),
    [
        ("admin", "polres-tuban", {Role.ADMIN}),
        ("kapolres", "polres-tuban", {Role.COMMANDER}),
        ("wakapolres", "polres-tuban", {Role.SUPERVISOR}),
        ("kabagren", "polres-tuban", {Role.SUPERVISOR}),
        *((f"tim{number}", "polres-tuban", {Role.SUPERVISOR}) for number in range(1, 8)),
        ("bagren", "polres-tuban", {Role.OPERATOR}),
        ("siwas", "polres-tuban", {Role.INTEGRITY_OFFICER}),
        ("kapolda", "polda-jawa-timur", {Role.COMMANDER}),
        ("auditor", "polda-jawa-timur", {Role.AUDITOR}),
        ("admin.polda", "polda-jawa-timur", {Role.ADMIN}),
        *(
            (f"kapolsek.{name.lower()}", f"polsek-{name.lower()}", {Role.COMMANDER, Role.OPERATOR})
            for name, *_ in STATIONS
        ),
    ],
)
def test_each_account_holds_its_office(username, code, roles):
    held = Posting.objects.filter(user__username=username)
    assert {(posting.unit.code, posting.role) for posting in held} == {(code, role) for role in roles}
    assert person(username).is_demo
    assert person(username).check_password("zona-integritas")


def test_no_title_repeats_how_the_office_is_held():
    assert [str(posting) for posting in Posting.objects.all() if str(posting).startswith(("Plh Plh", "Plt Plt"))] == []


# --- the story on the Kapolres's page -----------------------------------------------------------------------------


def test_wbk_is_held_and_wbbm_is_missed_for_reasons_that_show():
    verdict = dashboard("kapolres", "polres-tuban").verdict
    assert (verdict.title, verdict.score, verdict.gap) == ("Belum siap WBBM", "83,13", "kurang 1,87")
    assert verdict.lower_words == "WBK tetap terpenuhi (12 dari 12), dimiliki sejak 2018"
    assert [(line.label, line.gap) for line in verdict.blocking] == [
        ("Nilai total", "\N{MINUS SIGN}1,87"),
        ("Penguatan Pengawasan", "\N{MINUS SIGN}0,35"),
        ("Pengungkit", "\N{MINUS SIGN}0,21"),
        ("Survei pelayanan (IPKP)", "\N{MINUS SIGN}0,18"),
    ]
    assert [reason.split(":")[0] for reason in verdict.holding] == [
        "LHKPN dan LHKAN 100%", "2 temuan berat masih terbuka",
    ]  # fmt: skip


def test_the_map_holds_every_case():
    table = dashboard("kapolres", "polres-tuban").stations
    lines = {line.unit.code: line for line in table.stations}
    assert (table.total, table.ranked) == (20, 13)
    assert lines["polsek-rengel"].score == "74,996"
    assert {cell.band for line in table.stations for cell in line.cells} == {1, 2, 3, 4}
    assert lines["polsek-kenduruan"].note == "Belum pernah dikunjungi"
    assert lines["polsek-senori"].note.startswith(f"Kunjungan berjalan: {SENORI_ANSWERED} dari 59 butir")
    assert "lewat 6 hari" in lines["polsek-widang"].note or "lewat" not in lines["polsek-widang"].note
    assert len(lines["polsek-grabagan"].unit.name) == 60
    assert {line.delta_word for line in table.stations} >= {"naik", "turun"}


def test_fallers_late_things_and_attention_are_there():
    page = dashboard("kapolres", "polres-tuban")
    assert page.stations.changes.fell_total > 5
    assert page.stations.changes.rose_total > 5
    assert len(page.stations.attention) == 3
    labels = [late.label for late in page.late]
    assert "Kunjungan belum dimulai" in labels
    assert any(label.startswith("Lembar mandiri Triwulan") for label in labels)
    assert any(late.number.startswith("T-") for late in page.late)
    assert any(late.detail == LONG_TITLE for late in page.late)


def test_the_polda_has_a_district_that_handed_in_nothing():
    page = dashboard("kapolda", "polda-jawa-timur")
    assert page.overview.title == "0 dari 2 Polres mencapai ambang WBBM"
    empty = next(line for line in page.stations.stations if line.unit.code == "polres-contoh")
    assert empty.note == "LKE belum diserahkan"
    assert len(NEIGHBOUR) == 60


def test_names_of_sixty_letters_are_sixty_letters():
    assert {len(name) for name in LONG_NAMES.values()} == {60}
    assert len(LONG_OFFICE) == 60
    assert len(LONG_TITLE) > 60


# --- Senori -------------------------------------------------------------------------------------------------------


def test_the_visit_to_senori_is_under_way_with_eight_people():
    visit = Visit.objects.get(unit__code="polsek-senori", status="ongoing")
    page = read_visit(visit, person("kabagren"))
    assert len(page.members) == 8
    assert [member.is_leader for member in page.members] == [True, *[False] * 7]
    assert all(member.nodes for member in page.members)
    assert (page.sheets[0].answered, page.sheets[0].total) == (SENORI_ANSWERED, 59)
    links = AnswerEvidence.objects.filter(answer__checklist__visit=visit)
    assert links.filter(evidence__is_own=False).count() == 3
    # The decree of the Polres for all stations, and what Senori keeps and let run out.
    assert links.filter(evidence__is_own=True).count() == 2


def test_a_station_has_a_history_to_draw():
    page = dashboard("kapolres", "polsek-senori")
    assert len(page.station.trend.points) == 2
    assert page.verdict.is_earlier
    assert len(dashboard("kapolres", "polsek-jatirogo").station.trend.points) == 3


# --- other first pages --------------------------------------------------------------------------------------------


def test_the_other_roles_find_something_to_do():
    grabagan = read_todo(person("kapolsek.grabagan"))
    assert [sheet.days_late > 0 for sheet in grabagan.owed] == [True, False]
    assert [line.days_late > 0 for line in read_todo(person("kapolsek.palang")).findings].count(True) == 3
    assert len(read_integrity_page(person("siwas"))) == 2
    gaps = read_gaps(person("admin"))
    assert gaps.pending
    assert gaps.ending
    assert [len(user.name) for user in gaps.without_password] == [60]
    assert read_gaps(person("admin.polda")).without_commander == (unit("polres-contoh"),)
    audit = read_auditor_page(person("auditor"), "")
    assert len(audit.events) == 25
    # The public side acts as well; a unit's own acts are found by its name.
    acts = {event.act for event in read_auditor_page(person("auditor"), "Polsek Senori").events}
    assert {"Kunjungan dimulai", "Lembar diserahkan"} <= acts


def test_nothing_in_the_trail_lies_ahead_of_us():
    now = datetime.datetime.now(tz=datetime.UTC)
    assert AuditEvent.objects.filter(at__gt=now).count() == 0
    assert Checklist.objects.filter(submitted_at__gt=now).count() == 0
    assert Checklist.objects.filter(answers__saved_at__gt=now).count() == 0
    assert Visit.objects.filter(started_at__gt=now).count() == 0


def test_every_state_of_a_sheet_and_a_visit_occurs():
    sheets = Checklist.objects.filter(layer=Layer.SUPERVISION).values_list("status", flat=True)
    assert set(sheets) == {"draft", "submitted", "reviewed", "disclosed", "final"}
    assert {"planned", "ongoing", "done"} <= set(Visit.objects.values_list("status", flat=True))
    assert set(Finding.objects.values_list("severity", flat=True)) == {"severe", "moderate", "minor"}


def test_the_stored_rows_are_what_a_recomputation_gives():
    assert UnitScore.objects.filter(unit__code="polda-jawa-timur").exists()
    assert recompute(is_dry_run=True) == []


def test_seeding_again_changes_nothing(settings):
    settings.IS_DEMO = True
    before = (Unit.objects.count(), Checklist.objects.count(), AuditEvent.objects.count())
    call_command("seed_demo", verbosity=0)
    assert (Unit.objects.count(), Checklist.objects.count(), AuditEvent.objects.count()) == before


def test_seeding_needs_the_demo_mode(settings):
    settings.IS_DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("seed_demo", verbosity=0)


def test_seeding_never_mixes_with_true_units(settings):
    settings.IS_DEMO = True
    with transaction.atomic():
        User.objects.update(is_demo=False)
        with pytest.raises(CommandError, match="sungguhan"):
            call_command("seed_demo", verbosity=0)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("year", "number", "first", "last"),
    [
        (2026, 1, "2026-01-01", "2026-03-31"),
        (2026, 4, "2026-10-01", "2026-12-31"),
        (2028, 2, "2028-04-01", "2028-06-30"),
    ],
)
def test_quarters_follow_the_calendar(year, number, first, last):
    assert [day.isoformat() for day in quarter_bounds(year, number)] == [first, last]
