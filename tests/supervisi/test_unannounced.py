"""An unannounced visit: nothing of it reaches its unit before it begins, by no page and no notice."""

import datetime

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from supervisi.models import Visit, visits
from supervisi.services.visits import Team, cancel_visit, change_visit, delete_visit, plan_visit, start_visit
from tests.factories import make_person, make_posting
from tests.supervisi.sheets import make_world
from wbbm.errors import DomainError
from wbbm.notices.models import Notice
from wbbm.organisasi.access import Scope
from wbbm.organisasi.models import Role, User

pytestmark = pytest.mark.django_db
SPRIN = "Sprin/77/MENDADAK"
STANDING = (Role.COMMANDER, Role.OPERATOR, Role.SUPERVISOR)


@pytest.fixture
def world():
    return make_world()


def of_unit(world, role):
    """Return somebody of the unit, whatever else he holds above it."""
    person = make_person(world.polsek, role)
    for held in (Role.SUPERVISOR, Role.COMMANDER, Role.AUDITOR):
        make_posting(person, world.polres, held, title=f"Rangkap {held}")
    return User.objects.get(pk=person.pk)


def planned(world, **changes):
    wanted = {
        "unit": world.polsek, "period": world.period, "sprin_number": SPRIN, "starts_on": datetime.date.today(),
        "ends_on": None, "team": Team(world.leader, None, tuple(world.members[:2])), "by": world.reviewer,
        "is_announced": False,
    } | changes  # fmt: skip
    return plan_visit(**wanted)


def change(visit, **changes):
    wanted = {
        "visit": visit, "sprin_number": SPRIN, "starts_on": visit.starts_on, "ends_on": None,
        "team": Team(visit.team_leader, None, ()), "by": visit.planned_by,
    } | changes  # fmt: skip
    return change_visit(**wanted)


def signed_in(person):
    client = Client()
    client.force_login(User.objects.get(pk=person.pk), backend="wbbm.organisasi.auth.PostingBackend")
    return client


def traces(visit, person):
    """Return where the person finds the visit: addresses of pages and texts of notices."""
    client = signed_in(person)
    own = visit.get_absolute_url()
    pages = [reverse("home"), reverse("dashboard"), reverse("notices:inbox"), reverse("supervisi:todo")]
    pages += [reverse("supervisi:visit-list") + query for query in ("", "?pilih=semua", "?pilih=saya", "?cari=Senori")]
    pages += [reverse(f"supervisi:{name}", args=[visit.unit_id]) for name in ("unit-dashboard", "unit-tasks")]
    pages += [reverse(f"supervisi:{name}") for name in ("visit-calendar", "visit-day", "auditor")]
    pages += [reverse("supervisi:visit-calendar") + f"?bulan={visit.starts_on:%Y-%m}"]
    pages += [reverse("supervisi:visit-day") + f"?hari={visit.starts_on}"]
    pages += [reverse("supervisi:own-unit"), reverse("supervisi:visit-change", args=[visit.pk]), own]
    found = []
    for page in pages:
        answer = client.get(page, follow=True)
        assert answer.status_code < 500
        said = answer.content.decode() if answer.status_code == 200 else ""
        if own in said or SPRIN in said or "Kunjungan direncanakan" in said:
            found.append(page)
    posted = client.post(reverse("supervisi:visit-start", args=[visit.pk])).status_code
    found += [] if posted == 404 else [f"start {posted}"]
    return found + list(Notice.objects.filter(person=person, url=own).values_list("text", flat=True))


@pytest.mark.parametrize("role", STANDING)
def test_the_unit_knows_nothing_of_it_until_it_begins(world, role):
    """Show 6: planned, with new days, and cancelled; whatever else he holds above."""
    person = of_unit(world, role)
    visit = planned(world)
    change(visit, starts_on=visit.starts_on + datetime.timedelta(days=1))
    assert traces(visit, person) == []
    begun = planned(world, sprin_number=SPRIN + "2")
    cancel_visit(visit=visit, by=world.reviewer, reason="Tim ditarik kembali")
    assert traces(visit, person) == []
    delete_visit(visit=Visit.objects.get(pk=visit.pk), by=world.reviewer)
    assert traces(visit, person) == []
    start_visit(visit=begun, by=world.leader)
    assert begun.get_absolute_url() in traces(begun, person)


def test_team_and_whoever_oversees_know_it(world):
    visit = planned(world)
    for person in (world.leader, world.reviewer, world.commander, world.auditor):
        seen = traces(visit, person)
        assert {visit.get_absolute_url(), reverse("supervisi:unit-dashboard", args=[visit.unit_id])} <= set(seen)
    assert set(Notice.objects.values_list("person", flat=True)) == {p.pk for p in (world.leader, *world.members[:2])}


def test_revealed_it_is_told_once_and_never_hidden_again(world):
    person = of_unit(world, Role.OPERATOR)
    visit = planned(world)
    change(visit, is_announced=False)
    assert not Notice.objects.filter(person=person).exists()
    change(visit, is_announced=True, starts_on=visit.starts_on + datetime.timedelta(days=1))
    assert Notice.objects.get(person=person).text.startswith("Tim supervisi akan berkunjung")
    with pytest.raises(DomainError, match="sudah diberi tahu"):
        change(visit, is_announced=False)
    change(visit)
    assert Visit.objects.get(pk=visit.pk).is_announced


def test_the_form_plans_reveals_and_offers_no_hiding(world):
    client = signed_in(world.reviewer)
    day = datetime.date.today() + datetime.timedelta(days=1)
    data = {"sprin_number": SPRIN, "starts_on": str(day), "team_leader": world.leader.pk}
    add = reverse("supervisi:visit-add", args=[world.polsek.pk])
    assert client.post(add, data | {"is_unannounced": "on"}).status_code == 302
    visit = Visit.objects.get(sprin_number=SPRIN)
    assert visit.is_hidden_from_unit
    page = client.get(visit.get_absolute_url()).content.decode()
    assert "Kunjungan mendadak." in page
    assert "wa.me" not in page
    url = reverse("supervisi:visit-change", args=[visit.pk])
    assert client.get(url).context["form"]["is_unannounced"].value() is True
    assert client.post(url, data).status_code == 302
    assert not Visit.objects.get(pk=visit.pk).is_hidden_from_unit
    assert "is_unannounced" not in client.get(url).context["form"].fields


@pytest.mark.parametrize("guard", ["pages", "notices", "trail"])
def test_the_twin_without_the_guard_the_unit_knows(world, monkeypatch, guard):
    """Twin: either guard taken out, the test above goes red."""
    if guard == "pages":
        monkeypatch.setattr(visits, "KNOWN_TO_UNIT", Q(pk__isnull=False))
    elif guard == "trail":
        monkeypatch.setattr(Scope, "audit_units", lambda self, field: self.within(field, Role.AUDITOR))
    else:
        monkeypatch.setattr(Visit, "is_hidden_from_unit", False)
    with pytest.raises(AssertionError):
        test_the_unit_knows_nothing_of_it_until_it_begins(world, Role.OPERATOR)
