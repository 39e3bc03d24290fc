"""Signing in: by user name or NRP, refused in one way, slowed down, never redirected elsewhere."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import PASSWORD, make_person, make_unit, make_user
from wbbm.organisasi import auth
from wbbm.organisasi.models import AuditEvent, Role, SignInPace, User
from wbbm.organisasi.services.links import clear_lockouts

pytestmark = pytest.mark.django_db
NO_MATCH = "Nama pengguna atau kata sandi tidak cocok."


@pytest.fixture
def person():
    return make_person(make_unit(), Role.OPERATOR, username="kapolsek.uji", nrp="87010234")


def attempt(username, password=PASSWORD, address="10.0.0.1", client=None, **extra):
    client = client or Client()
    return client.post("/masuk/", {"username": username, "password": password} | extra, REMOTE_ADDR=address)


@pytest.mark.parametrize("typed", ["kapolsek.uji", "KAPOLSEK.Uji", " kapolsek.uji ", "87010234", "8701 0234"])
def test_it_works_by_user_name_and_by_nrp(person, typed):
    answer = attempt(typed)
    assert answer.status_code == 302
    assert answer["Location"] == "/dasbor/"


@pytest.mark.parametrize(
    ("username", "password"),
    [("kapolsek.uji", "salah"), ("tidak.ada", PASSWORD), ("kapolsek.uji", "x" * 5000), ("a\0b", PASSWORD), ("", "")],
)
def test_a_refusal_says_the_same_whoever_is_unknown(person, username, password):
    answer = attempt(username, password)
    assert answer.status_code == 422
    if username and len(password) < 1024 and "\0" not in username:
        assert NO_MATCH in answer.content.decode()


def test_an_unknown_name_costs_a_password_hash_too(person, monkeypatch):
    hashed = []
    monkeypatch.setattr(auth, "make_password", hashed.append)
    attempt("tidak.ada")
    assert hashed == [PASSWORD]


def test_a_closed_person_is_refused(person):
    User.objects.filter(pk=person.pk).update(closed_at=timezone.now())
    assert attempt("kapolsek.uji").status_code == 422


@pytest.mark.parametrize(("is_demo", "status"), [(True, 302), (False, 422)])
def test_a_demo_account_works_only_where_demo_is_set(person, settings, is_demo, status):
    User.objects.filter(pk=person.pk).update(is_demo=True)
    settings.IS_DEMO = is_demo
    assert attempt("kapolsek.uji").status_code == status


@pytest.mark.parametrize(
    "wanted", ["https://jahat.example/", "//jahat.example/", "javascript:alert(1)", "/keluar/", "\\\\jahat.example"]
)
def test_it_never_leads_elsewhere(person, wanted):
    assert attempt("kapolsek.uji", next=wanted)["Location"] == "/dasbor/"


def test_it_leads_back_to_where_the_person_was(person):
    assert attempt("kapolsek.uji", next="/supervisi/tugas/")["Location"] == "/supervisi/tugas/"


def test_the_session_gets_a_new_key(person):
    client = Client()
    client.get("/masuk/")
    client.session.save()
    before = client.session.session_key
    attempt("kapolsek.uji", client=client)
    assert client.session.session_key != before


def test_ten_failures_lock_person_and_address_together(person):
    for _ in range(10):
        answer = attempt("87010234", "salah")
    assert answer.status_code == 429
    assert "Terlalu banyak percobaan. Coba lagi pukul" in answer.content.decode()
    # Counted under the person, whichever name he typed.
    assert attempt("kapolsek.uji").status_code == 429
    assert attempt("kapolsek.uji", address="10.0.0.2").status_code == 302


def test_one_officers_typos_lock_nobody_else_out(person):
    other = make_person(make_unit(), Role.OPERATOR)
    for _ in range(10):
        attempt("kapolsek.uji", "salah")
    assert attempt(other.username).status_code == 302


def test_a_success_clears_the_count(person):
    for _ in range(9):
        attempt("kapolsek.uji", "salah")
    assert attempt("kapolsek.uji").status_code == 302
    for _ in range(9):
        attempt("kapolsek.uji", "salah")
    assert attempt("kapolsek.uji").status_code == 302


def test_an_admin_clears_a_lock_out(person):
    for _ in range(10):
        attempt("kapolsek.uji", "salah")
    admin = make_person(person.postings.get().unit, Role.ADMIN)
    clear_lockouts(user=person, by=admin)
    assert attempt("kapolsek.uji").status_code == 302
    assert AuditEvent.objects.filter(action="lockout.cleared", actor=admin).exists()


def test_guessing_from_many_addresses_is_slowed_and_the_true_person_gets_in_within_half_a_minute(person):
    for number in range(auth.FREE_FAILURES):
        attempt("kapolsek.uji", "salah", address=f"10.0.{number}.1")
    assert attempt("kapolsek.uji", "salah", address="10.1.0.1").status_code == 422
    waiting = attempt("kapolsek.uji", address="10.2.0.1")
    assert waiting.status_code == 429
    assert int(waiting["Retry-After"]) <= 30
    moved = timezone.now() - datetime.timedelta(seconds=1)
    SignInPace.objects.filter(username=person.username).update(next_at=moved)
    assert attempt("kapolsek.uji", address="10.2.0.1").status_code == 302
    assert not SignInPace.objects.filter(username=person.username).exists()


def test_a_device_that_knows_the_person_is_not_slowed(person):
    device = Client()
    attempt("kapolsek.uji", client=device)
    device.post("/keluar/")
    later = timezone.now() + datetime.timedelta(minutes=5)
    SignInPace.objects.create(username="kapolsek.uji", failures=99, last_at=timezone.now(), next_at=later)
    assert attempt("kapolsek.uji", address="10.3.0.1").status_code == 429
    assert attempt("kapolsek.uji", address="10.3.0.1", client=device).status_code == 302


def test_success_and_refusal_are_in_the_trail(person):
    attempt("kapolsek.uji", "salah")
    attempt("kapolsek.uji")
    assert set(AuditEvent.objects.values_list("action", flat=True)) >= {"sign-in", "sign-in.refused"}


def test_signing_out_needs_a_post(person):
    client = Client()
    attempt("kapolsek.uji", client=client)
    client.get("/keluar/")
    assert client.get("/akun/").status_code == 200
    client.post("/keluar/")
    assert client.get("/akun/").status_code == 302


def test_signing_out_everywhere_ends_other_devices(person):
    first, second = Client(), Client()
    attempt("kapolsek.uji", client=first)
    attempt("kapolsek.uji", client=second)
    first.post("/akun/keluar-semua/")
    assert second.get("/akun/").status_code == 302


def test_without_an_admin_the_first_pages_say_what_to_run(client):
    for address in ("/", "/masuk/"):
        assert "create_admin" in client.get(address).content.decode()


def test_the_first_page_never_leads_to_sign_in(client, person):
    assert client.get("/").status_code == 200
    client.force_login(person, backend="wbbm.organisasi.auth.PostingBackend")
    assert client.get("/").status_code == 200


def test_a_person_without_posting_is_told_so(client):
    client.force_login(make_user(), backend="wbbm.organisasi.auth.PostingBackend")
    assert "Belum ada penugasan" in client.get("/dasbor/").content.decode()
