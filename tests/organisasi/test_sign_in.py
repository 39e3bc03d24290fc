"""Signing in: by user name or NRP, refused in one way, slowed down, never redirected elsewhere."""

import datetime

import pytest
from axes.models import AccessAttempt
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


def test_user_name_and_nrp_typed_in_turns_count_together(person):
    for number in range(10):
        answer = attempt(["kapolsek.uji", "87010234", "KAPOLSEK.UJI", "8701 0234"][number % 4], "salah")
        assert answer.status_code == (429 if number == 9 else 422)


def test_a_name_that_nobody_has_is_counted_in_one_spelling_too(person):
    """Else the count would tell which names exist."""
    for number in range(10):
        answer = attempt(["99010234", "9901 0234", " 9901.0234 "][number % 3], "salah")
    assert answer.status_code == 429


def test_the_page_says_the_true_time_at_which_the_lock_ends(person):
    for _ in range(10):
        attempt("kapolsek.uji", "salah")
    moved = timezone.now() - datetime.timedelta(minutes=13)
    AccessAttempt.objects.update(attempt_time=moved)
    ends = timezone.localtime(moved + datetime.timedelta(minutes=15, seconds=59))
    assert f"Coba lagi pukul {ends:%H.%M}" in attempt("kapolsek.uji").content.decode()
    AccessAttempt.objects.update(attempt_time=timezone.now() - datetime.timedelta(minutes=15, seconds=1))
    assert attempt("kapolsek.uji").status_code == 302


def test_trying_on_while_locked_neither_lengthens_the_lock_nor_fills_the_trail(person):
    for _ in range(10):
        attempt("kapolsek.uji", "salah")
    before = AccessAttempt.objects.get().attempt_time
    for _ in range(30):
        assert attempt("kapolsek.uji", "salah").status_code == 429
    assert AccessAttempt.objects.get().attempt_time == before
    assert SignInPace.objects.get().failures == 10
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["sign-in.refused"] * 9 + ["sign-in.locked"]


def test_one_network_of_ipv6_counts_as_one_address(person):
    for number in range(10):
        attempt("kapolsek.uji", "salah", address=f"2001:db8:1:2:{number:x}::1")
    assert attempt("kapolsek.uji", address="2001:db8:1:2:ffff::9").status_code == 429
    assert attempt("kapolsek.uji", address="2001:db8:1:3::9").status_code == 302


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


def test_a_locked_address_takes_no_turns_from_the_true_person(person):
    for _ in range(10):
        attempt("kapolsek.uji", "salah", address="10.9.0.1")
    for number in range(auth.FREE_FAILURES):
        attempt("kapolsek.uji", "salah", address=f"10.8.{number}.1")
    SignInPace.objects.update(next_at=timezone.now(), worn_next_at=timezone.now())
    assert attempt("kapolsek.uji", "salah", address="10.9.0.1").status_code == 429
    assert attempt("kapolsek.uji", address="10.2.0.1").status_code == 302


def guessed_from_everywhere():
    """Let 20 addresses guess once each; return the statuses that they got."""
    return [attempt("kapolsek.uji", "salah", address=f"10.7.{number}.1").status_code for number in range(20)]


@pytest.fixture
def long_turns(monkeypatch):
    """No turn comes round while twenty guess, however slow the machine is."""
    monkeypatch.setattr(auth, "PACE_SECONDS", 600)


def test_addresses_that_failed_often_share_turns_of_their_own(person, long_turns):
    assert guessed_from_everywhere() == [422] * auth.FREE_FAILURES
    AccessAttempt.objects.update(failures_since_start=auth.WORN_AFTER)
    SignInPace.objects.update(next_at=timezone.now(), worn_next_at=timezone.now())
    assert guessed_from_everywhere().count(422) == 1
    assert attempt("kapolsek.uji", address="10.2.0.1").status_code == 302


def test_without_turns_of_their_own_the_guessers_keep_the_true_person_out(person, monkeypatch, long_turns):
    """The twin: one queue for all, and whoever asks most often gets in."""
    guessed_from_everywhere()
    AccessAttempt.objects.update(failures_since_start=auth.WORN_AFTER)
    monkeypatch.setattr(auth, "WORN_AFTER", 10_000)
    SignInPace.objects.update(next_at=timezone.now(), worn_next_at=timezone.now())
    guessed_from_everywhere()
    assert attempt("kapolsek.uji", address="10.2.0.1").status_code == 429


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
    client = Client()
    attempt("kapolsek.uji", client=client)
    client.post("/keluar/")
    events = AuditEvent.objects.exclude(action="x")
    assert {event.action for event in events} == {"sign-in", "sign-in.refused", "sign-out"}
    unit = person.postings.get().unit
    assert {event.unit for event in events} == {unit}
    auditor = make_person(unit, Role.AUDITOR)
    assert AuditEvent.objects.visible_to(auditor).count() == len(events)


def test_what_an_unknown_person_typed_is_kept_nowhere_in_the_trail(person):
    attempt("kata-sandi-di-kolom-nama", "salah")
    event = AuditEvent.objects.get()
    assert "kata-sandi" not in f"{event.object_label}{event.changes}{event.reason}"


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
