"""Error pages of our own: right status, plain Indonesian, the policy on each, nothing of the inside."""

import pytest
from django.test import Client

from tests.factories import make_person, make_unit
from wbbm.organisasi.models import Role

pytestmark = pytest.mark.django_db
DEMO = "DATA CONTOH, bukan keadaan sebenarnya"


@pytest.fixture
def auditor():
    return make_person(make_unit(name="Polres Uji"), Role.AUDITOR)


@pytest.fixture
def client(auditor):
    client = Client(raise_request_exception=False)
    client.force_login(auditor, backend="wbbm.organisasi.auth.PostingBackend")
    return client


def bad_request(client, monkeypatch):
    return client.get("/", headers={"host": "lain.example.test"})


def forbidden(client, monkeypatch):
    return client.get("/admin/satuan-tidak-ada/")


def csrf(client, monkeypatch):
    strict = Client(enforce_csrf_checks=True)
    return strict.post("/masuk/", {"username": "a", "password": "b"})


def missing(client, monkeypatch):
    return client.get("/tidak-ada/")


def broken(client, monkeypatch):
    from layanan.views import home

    def fail():
        raise RuntimeError("rahasia di /dalam/server")

    monkeypatch.setattr(home, "needs_first_admin", fail)
    return client.get("/")


PAGES = {
    "400": (bad_request, 400, "Permintaan tidak dapat dibaca"),
    "403": (None, 403, "Anda belum berwenang membuka ini"),
    "403 csrf": (csrf, 403, "Halaman ini sudah terlalu lama terbuka"),
    "404": (missing, 404, "Halaman tidak ditemukan"),
    "500": (broken, 500, "Ada gangguan di pihak kami"),
}


@pytest.fixture(params=PAGES, name="shown")
def opened_page(request, client, monkeypatch, auditor):
    open_it, status, title = PAGES[request.param]
    if open_it is None:
        below = make_unit(auditor.postings.get().unit, name="Polsek Uji")
        return client.get(f"/supervisi/kunjungan/baru/{below.pk}/"), status, title
    return open_it(client, monkeypatch), status, title


def test_an_error_page_has_its_status_and_says_what_to_do(shown):
    answer, status, title = shown
    said = answer.content.decode()
    assert answer.status_code == status
    assert '<html lang="id"' in said
    assert f">{title}</h1>" in said
    assert 'href="/"' in said
    assert f"Kode {status}" in said


def test_an_error_page_bears_the_policy(shown):
    policy = shown[0]["Content-Security-Policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'"):
        assert rule in policy
    assert "unsafe" not in policy


def test_an_error_page_shows_nothing_of_the_inside(shown):
    said = shown[0].content.decode()
    for word in ("Traceback", "rahasia", "Django", "RuntimeError", "CSRF", "<style", "onclick"):
        assert word not in said


@pytest.mark.parametrize("name", PAGES)
def test_an_error_page_is_marked_as_example_data_in_a_demo(request, settings, name, client, monkeypatch, auditor):
    settings.IS_DEMO = True
    open_it = PAGES[name][0]
    answer = open_it(client, monkeypatch) if open_it else client.get("/supervisi/kunjungan/baru/999999/")
    assert DEMO in answer.content.decode()


def test_a_foreign_host_is_refused_with_the_policy_even_where_https_is_forced(settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = Client(raise_request_exception=False).get("/", headers={"host": "lain.example.test"})
    assert answer.status_code == 400
    assert "default-src 'none'" in answer["Content-Security-Policy"]


@pytest.mark.django_db(databases=[])
def test_the_page_for_a_fault_needs_no_database(rf):
    """With the database gone (pytest refuses every query here) the page still comes, with its looks."""
    from wbbm.errors_views import server_error

    answer = server_error(rf.get("/"))
    assert answer.status_code == 500
    assert b"tokens" in answer.content


def test_the_page_for_a_fault_comes_even_where_static_files_were_never_collected(rf, settings):
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    from wbbm.errors_views import server_error

    answer = server_error(rf.get("/"))
    assert answer.status_code == 500
    assert b"stylesheet" not in answer.content
