"""Which people an admin may change, close, or give a one-time link."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client

from tests.factories import make_person, make_posting, make_unit, make_user
from wbbm.organisasi.errors import NotYourUnit
from wbbm.organisasi.models import Role, UnitKind
from wbbm.organisasi.services import links, people

pytestmark = pytest.mark.django_db
LONG_AGO = datetime.date(2021, 1, 1)


@pytest.fixture
def polda():
    return make_unit(kind=UnitKind.POLDA)


@pytest.fixture
def polres(polda):
    return make_unit(polda, kind=UnitKind.POLRES)


@pytest.fixture
def admin(polres):
    return make_person(polres, Role.ADMIN)


def test_an_admin_reaches_people_posted_in_his_subtree(admin, polres):
    assert people.reaches_person(admin, make_person(make_unit(polres), Role.OPERATOR))
    assert people.reaches_person(admin, make_person(polres, Role.COMMANDER))


def test_who_moved_on_is_out_of_reach_of_his_old_admin(admin, polres, polda):
    person = make_user()
    make_posting(person, polres, Role.OPERATOR, ends_on=LONG_AGO)
    assert people.reaches_person(admin, person)
    make_posting(person, polda, Role.COMMANDER)
    assert people.reaches_person(admin, person) is None
    with pytest.raises(NotYourUnit):
        links.make_access_link(user=person, by=admin)


def test_who_serves_a_higher_unit_as_well_is_out_of_reach(admin, polres, polda):
    person = make_person(polda, Role.AUDITOR)
    make_posting(person, polres, Role.SUPERVISOR)
    assert people.reaches_person(admin, person) is None
    assert people.reaches_person(make_person(polda, Role.ADMIN), person)


def test_a_person_without_posting_is_in_reach_of_who_added_him(admin, polres):
    person = people.create_person(by=admin, unit=polres, username="baru", name="Baru")
    assert people.reaches_person(admin, person)
    assert people.reaches_person(make_person(make_unit(kind=UnitKind.POLRES), Role.ADMIN), person) is None
    client = Client()
    client.force_login(admin, backend="wbbm.organisasi.auth.PostingBackend")
    assert "/kunci/" in client.post(f"/akun/tautan/{person.pk}/").content.decode()


def test_other_roles_reach_nobody(polres):
    person = make_person(polres, Role.OPERATOR)
    assert people.reaches_person(make_person(polres, Role.COMMANDER), person) is None
