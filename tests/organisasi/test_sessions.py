"""How long a session lasts, what renews it, and what a script is told."""

import time

import pytest

from tests.factories import make_person, make_unit
from wbbm.organisasi import sessions
from wbbm.organisasi.models import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client):
    person = make_person(make_unit(), Role.OPERATOR)
    client.force_login(person, backend="wbbm.organisasi.auth.PostingBackend")
    client.get("/akun/")
    return client


def age(client, *, active=0, started=0):
    """Move the session's times into the past."""
    session = client.session
    session[sessions.LAST_ACTIVE] = int(time.time()) - active
    session[sessions.STARTED] = int(time.time()) - max(started, active)
    session.save()


def test_half_an_hour_without_activity_ends_it(signed_in):
    age(signed_in, active=29 * 60)
    assert signed_in.get("/akun/").status_code == 200
    age(signed_in, active=30 * 60 + 1)
    assert signed_in.get("/akun/").status_code == 302


def test_twelve_hours_end_it_whatever_is_done(signed_in):
    age(signed_in, started=12 * 3600 + 1)
    assert signed_in.get("/akun/").status_code == 302


def test_activity_renews_it(signed_in):
    age(signed_in, active=20 * 60)
    signed_in.get("/akun/")
    assert time.time() - signed_in.session[sessions.LAST_ACTIVE] < 5


def test_what_a_page_sends_by_itself_renews_nothing(signed_in):
    age(signed_in, active=20 * 60)
    signed_in.get("/akun/", headers={"X-WBBM-Auto": "1"})
    signed_in.post("/sesi/", headers={"X-WBBM-Auto": "1"})
    assert time.time() - signed_in.session[sessions.LAST_ACTIVE] >= 20 * 60


def test_typing_renews_it_and_is_told_how_long(signed_in):
    age(signed_in, active=20 * 60)
    answer = signed_in.post("/sesi/")
    assert answer.status_code == 200
    assert 1795 <= answer.json()["idle_seconds"] <= 1800


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/json"},
        {"HX-Request": "true"},
        {"X-WBBM-Auto": "1"},
        {"X-Requested-With": "XMLHttpRequest"},
    ],
)
def test_a_script_without_a_session_gets_401_and_no_redirect(client, headers):
    answer = client.get("/akun/", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "signed-out"


def test_a_person_without_a_session_is_led_to_sign_in_and_back(client):
    assert client.get("/akun/")["Location"] == "/masuk/?next=/akun/"


def test_signed_in_pages_are_kept_in_no_cache(signed_in):
    assert "no-store" in signed_in.get("/akun/")["Cache-Control"]


def test_a_due_password_comes_before_everything_else(signed_in):
    from wbbm.organisasi.models import User

    User.objects.update(must_change_password=True)
    assert signed_in.get("/dasbor/")["Location"] == "/akun/kata-sandi-pertama/"
    answer = signed_in.get("/dasbor/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (403, "password")
    sandi = "panjang dan sendiri 9"
    done = signed_in.post("/akun/kata-sandi-pertama/", {"password": sandi, "again": sandi})
    assert done["Location"] == "/dasbor/"
    assert not User.objects.get().must_change_password
