"""One-time links, passwords, and the first admin."""

import datetime
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests.factories import make_person, make_unit, make_user
from wbbm.organisasi.models import AccessLink, Posting, Role, Unit, UnitKind, User
from wbbm.organisasi.services import links
from wbbm.organisasi.services.links import make_access_link

pytestmark = pytest.mark.django_db
OWN = "kata sandi sendiri 77"


@pytest.fixture
def unit():
    return make_unit(kind=UnitKind.POLRES)


@pytest.fixture
def admin(unit):
    return make_person(unit, Role.ADMIN)


@pytest.fixture
def person(unit):
    return make_person(unit, Role.OPERATOR)


def path(address):
    return re.sub(r"^https?://[^/]+", "", address)


def login(client, user):
    client.force_login(user, backend="wbbm.organisasi.auth.PostingBackend")
    return client


def test_a_link_sets_the_own_password_once_and_signs_in(admin, person):
    address = path(make_access_link(user=person, by=admin))
    client = Client()
    assert client.get(address).status_code == 200
    done = client.post(address, {"password": OWN, "again": OWN})
    assert done["Location"] == "/dasbor/"
    assert User.objects.get(pk=person.pk).check_password(OWN)
    again = Client().post(address, {"password": "lain sama sekali 1", "again": "lain sama sekali 1"})
    assert again.status_code == 410
    assert User.objects.get(pk=person.pk).check_password(OWN)


def test_of_two_who_use_a_link_at_once_one_wins(admin, person):
    token = path(make_access_link(user=person, by=admin)).split("/")[2]
    first, second = links.find_link(token), links.find_link(token)
    links.use_link(link=first, password=OWN)
    with pytest.raises(links.LinkGone):
        links.use_link(link=second, password="lain sama sekali 1")
    assert User.objects.get(pk=person.pk).check_password(OWN)


def test_using_a_link_ends_the_lock_out(admin, person):
    for _ in range(10):
        Client().post("/masuk/", {"username": person.username, "password": "salah"})
    address = path(make_access_link(user=person, by=admin))
    Client().post(address, {"password": OWN, "again": OWN})
    assert Client().post("/masuk/", {"username": person.username, "password": OWN}).status_code == 302


def test_a_link_is_printed_with_its_last_moment_and_a_picture(client, admin, person):
    said = login(client, admin).post(f"/akun/tautan/{person.pk}/").content.decode()
    assert re.search(r"berlaku sampai \w+, \d+ \w+ \d{4}, \d\d\.\d\d WIB", said)
    assert "data-wbbm-print" in said
    assert "no-store" in client.post(f"/akun/tautan/{person.pk}/")["Cache-Control"]


def test_a_link_of_a_demo_account_is_gone_without_demo(admin, person, settings):
    address = path(make_access_link(user=person, by=admin))
    User.objects.filter(pk=person.pk).update(is_demo=True)
    settings.IS_DEMO = False
    assert Client().get(address).status_code == 410


def test_only_the_hash_of_a_link_is_kept(admin, person):
    token = path(make_access_link(user=person, by=admin)).split("/")[2]
    assert token not in str(AccessLink.objects.values())


def test_a_new_link_ends_the_older_one(admin, person):
    first = path(make_access_link(user=person, by=admin))
    make_access_link(user=person, by=admin)
    assert Client().get(first).status_code == 410


def test_a_link_ends_after_72_hours(admin, person):
    address = path(make_access_link(user=person, by=admin))
    assert AccessLink.objects.get().expires_at - timezone.now() > datetime.timedelta(hours=71)
    AccessLink.objects.update(expires_at=timezone.now())
    assert Client().get(address).status_code == 410


@pytest.mark.parametrize("token", ["salah", "a" * 500, "%00"])
def test_a_wrong_link_is_gone(token):
    assert Client().get(f"/kunci/{token}/").status_code == 410


def test_a_weak_or_mistyped_password_is_refused_with_its_field(admin, person):
    address = path(make_access_link(user=person, by=admin))
    for values in ({"password": "pendek", "again": "pendek"}, {"password": OWN, "again": "beda"}, {}):
        assert Client().post(address, values).status_code == 422
    assert Client().get(address).status_code == 200


def test_an_admin_makes_a_link_and_sees_it_once(client, admin, person):
    answer = login(client, admin).post(f"/akun/tautan/{person.pk}/")
    assert answer.status_code == 200
    assert b"/kunci/" in answer.content
    assert b"<svg" in answer.content
    assert b" style=" not in answer.content


def test_nobody_else_makes_a_link(client, unit, person):
    for by in (person, make_person(unit, Role.COMMANDER), make_person(make_unit(), Role.ADMIN)):
        assert login(client, by).post(f"/akun/tautan/{person.pk}/").status_code == 404
    assert not AccessLink.objects.exists()


def test_changing_the_password_signs_other_devices_out(person):
    first, second = login(Client(), person), login(Client(), person)
    person.set_password("lama sekali 123")
    person.save()
    first.force_login(person, backend="wbbm.organisasi.auth.PostingBackend")
    second.force_login(person, backend="wbbm.organisasi.auth.PostingBackend")
    done = first.post("/akun/kata-sandi/", {"current": "lama sekali 123", "password": OWN, "again": OWN})
    assert done.status_code == 302
    assert first.get("/akun/").status_code == 200
    assert second.get("/akun/").status_code == 302


def test_the_present_password_is_asked_for(client, person):
    answer = login(client, person).post("/akun/kata-sandi/", {"current": "salah", "password": OWN, "again": OWN})
    assert answer.status_code == 422


def run(**changes):
    options = {
        "unit_code": "polres-uji",
        "unit_name": "Polres Uji",
        "kind": "polres",
        "username": "admin.uji",
    } | changes
    from io import StringIO

    out = StringIO()
    call_command("create_admin", stdout=out, **options)
    return out.getvalue()


def test_the_first_admin_gets_unit_posting_and_link(settings):
    settings.SITE_URL = "https://zi.example.test"
    said = run()
    posting = Posting.objects.get()
    assert (posting.role, posting.unit.name, posting.user.username) == (Role.ADMIN, "Polres Uji", "admin.uji")
    assert "https://zi.example.test/kunci/" in said


def test_a_second_first_admin_is_refused():
    run()
    with pytest.raises(CommandError):
        run(username="lain", unit_code="lain")
    assert Unit.objects.count() == 1


def test_a_malformed_first_admin_leaves_nothing():
    with pytest.raises(CommandError):
        run(username="Tidak Boleh!")
    assert not Unit.objects.exists()
    assert not make_user().postings.exists()
