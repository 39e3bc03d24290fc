"""Working days of a unit, the days off behind them, and the proposal of a year."""

import datetime

import pytest
from django.urls import reverse

from tests.factories import make_person, make_unit
from tests.supervisi.sheets import Counted
from wbbm.organisasi.errors import NotYourUnit, OrganisationError
from wbbm.organisasi.models import AuditEvent, Holiday, Role, UnitKind
from wbbm.organisasi.services.holidays import add_holiday, change_holiday, propose_holidays, take_proposals
from wbbm.organisasi.working_days import add_working_days, read_calendar, working_days_between

pytestmark = pytest.mark.django_db
FRIDAY = datetime.date(2026, 9, 18)
MONDAY, TUESDAY = datetime.date(2026, 9, 21), datetime.date(2026, 9, 22)


@pytest.fixture
def polres():
    return make_unit(kind=UnitKind.POLRES)


@pytest.fixture
def polsek(polres):
    return make_unit(polres)


def test_weekends_do_not_count(polsek):
    assert add_working_days(polsek, FRIDAY, 1) == MONDAY
    assert add_working_days(polsek, FRIDAY, 0) == FRIDAY
    assert working_days_between(polsek, FRIDAY, MONDAY) == 1
    assert working_days_between(polsek, MONDAY, FRIDAY) == 0
    with pytest.raises(ValueError, match="forward"):
        add_working_days(polsek, FRIDAY, -1)


@pytest.mark.parametrize("where", ["everywhere", "above", "here"])
def test_a_day_off_holds_at_its_unit_and_below(polres, polsek, where):
    Holiday.objects.create(day=MONDAY, name="Libur", unit={"above": polres, "here": polsek}.get(where))
    assert add_working_days(polsek, FRIDAY, 1) == TUESDAY
    assert working_days_between(polsek, FRIDAY, TUESDAY) == 1


def test_a_day_off_elsewhere_or_taken_back_does_not_hold(polres, polsek):
    Holiday.objects.create(day=MONDAY, name="Libur", unit=make_unit(polres))
    Holiday.objects.create(day=MONDAY, name="Libur", unit=polres, is_active=False)
    assert add_working_days(polsek, FRIDAY, 1) == MONDAY


def test_counting_for_many_units_reads_once(polres, polsek):
    units = [polres, polsek, *(make_unit(polres) for _ in range(5))]
    with Counted() as counted:
        calendar = read_calendar(units)
        assert {calendar.add(unit, FRIDAY, 10) for unit in units}
    assert len(counted.statements) == 1


def test_an_admin_records_and_takes_back(polres, polsek):
    admin = make_person(polres, Role.ADMIN)
    holiday = add_holiday(unit=polsek, day=MONDAY, name="Hari jadi", by=admin)
    with pytest.raises(OrganisationError, match="sudah ada"):
        add_holiday(unit=polsek, day=MONDAY, name="Hari jadi", by=admin)
    change_holiday(holiday=holiday, name="Hari jadi", is_active=False, by=admin)
    assert add_working_days(polsek, FRIDAY, 1) == MONDAY
    assert AuditEvent.objects.filter(action__startswith="holiday.").count() == 2


def test_whoever_is_no_admin_there_records_nothing(polres, polsek):
    for person in (make_person(polres, Role.COMMANDER), make_person(make_unit(), Role.ADMIN)):
        with pytest.raises(NotYourUnit):
            add_holiday(unit=polsek, day=MONDAY, name="Libur", by=person)
        with pytest.raises(NotYourUnit):
            take_proposals(unit=polsek, year=2026, days=[MONDAY], by=person)
    assert not Holiday.objects.exists()


def test_the_proposal_holds_the_national_days_in_indonesian(polsek):
    found = {each.day: each.name for each in propose_holidays(polsek, 2026)}
    assert found[datetime.date(2026, 8, 17)] == "Hari Kemerdekaan Republik Indonesia"
    assert any("Cuti Bersama" in name for name in found.values())
    assert not Holiday.objects.exists()


def test_the_page_takes_what_was_chosen_once(client, polres):
    admin = make_person(polres, Role.ADMIN)
    client.force_login(admin, backend="wbbm.organisasi.auth.PostingBackend")
    url = reverse("holiday-proposals")
    assert "Hari Kemerdekaan" in client.get(url, {"tahun": "2026"}).content.decode()
    data = {"tahun": "2026", "day": ["2026-08-17", "2026-08-18", "besok"]}
    for _ in range(2):
        assert client.post(url, data).status_code == 302
    assert list(Holiday.objects.values_list("day", "unit")) == [(datetime.date(2026, 8, 17), polres.pk)]
    assert "sudah tercatat" in client.get(url, {"tahun": "2026"}).content.decode()
