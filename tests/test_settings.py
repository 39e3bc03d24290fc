"""Settings: every one has a default that starts; what can't work is refused by name."""

import json
import stat
import subprocess
import sys

import pytest

from tests.portal import ROOT, collected_already, environment, migrated_already, python, refusal, settings_of
from wbbm.checks import check_no_demo_in_deployment, check_proxies, check_second_factor

SERVER = {"DATABASE_URL": "postgres://portal_web@127.0.0.1/portal", "REDIS_URL": "redis://127.0.0.1/0"}
KEYS = {"SECRET_KEY": "kunci-satu-" * 6, "REPORT_KEY": "kunci-dua-" * 6}


def test_without_any_environment_it_starts_on_sqlite_without_a_broker(tmp_path):
    found = settings_of(
        tmp_path, "DEBUG", "IS_DEMO", "BIND", "PORT", "SITE_URL", "TRUSTED_PROXIES", "REDIS_URL", "CELERY_BROKER_URL",
        "DATABASES", "EMAIL_BACKEND", "TIME_ZONE", "STORAGE_URL", "SECOND_FACTOR",
    )  # fmt: skip
    database = found.pop("DATABASES")["default"]
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["NAME"] == str(tmp_path / "portal.sqlite3")
    assert found == {
        "DEBUG": False,
        "IS_DEMO": False,
        "BIND": "127.0.0.1",
        "PORT": 8000,
        "SITE_URL": "http://127.0.0.1:8000",
        "TRUSTED_PROXIES": [],
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "filesystem://",
        "EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend",
        "TIME_ZONE": "Asia/Jakarta",
        "STORAGE_URL": f"file://{tmp_path}/files",
        "SECOND_FACTOR": "required",
    }
    assert settings_of(tmp_path, "SECOND_FACTOR", DEMO="1") == {"SECOND_FACTOR": "optional"}


def test_an_empty_value_counts_as_unset(tmp_path):
    names = (
        "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "REPORT_KEY", "SITE_URL", "ALLOWED_HOSTS", "TRUSTED_PROXIES",
        "EMAIL_URL", "STORAGE_URL", "TIME_ZONE", "BIND", "PORT", "DEMO", "DEBUG",
        "SECOND_FACTOR",
    )  # fmt: skip
    kept = ("SITE_URL", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "IS_DEMO", "DEBUG", "TIME_ZONE", "STORAGE_URL", "DATABASES")
    empty = settings_of(tmp_path, *kept, **dict.fromkeys(names, ""))
    assert empty == settings_of(tmp_path, *kept)


def test_a_new_data_folder_is_closed_to_others(tmp_path):
    settings_of(tmp_path / "baru" / "data", "PORT")
    assert stat.S_IMODE((tmp_path / "baru" / "data").stat().st_mode) == 0o700


# --- keys ---------------------------------------------------------------------------------------------


def test_keys_are_made_once_and_closed_to_others(tmp_path):
    first = settings_of(tmp_path, "SECRET_KEY", "REPORT_KEY", "BACKUP_KEY")
    assert settings_of(tmp_path, "SECRET_KEY", "REPORT_KEY", "BACKUP_KEY") == first
    assert len(first["SECRET_KEY"]) >= 64
    assert len(set(first.values())) == 3
    for name in ("secret_key", "report_key", "backup_key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"secret_key", "report_key", "backup_key"}


def test_processes_that_start_at_once_have_the_same_key(tmp_path):
    command = [sys.executable, "-c", "import wbbm.settings as s; print(s.SECRET_KEY, s.REPORT_KEY)"]
    started = [
        subprocess.Popen(command, cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    said = {process.communicate(timeout=60)[0] for process in started}
    assert len(said) == 1
    assert len(said.pop()) > 120


def test_a_given_key_is_used_and_none_is_written(tmp_path):
    given = KEYS | {"BACKUP_KEY": "kunci-cadangan-untuk-uji-saja-saja"}
    assert settings_of(tmp_path, *given, **given) == given
    assert not list(tmp_path.glob("*_key"))


@pytest.mark.parametrize("missing", ["SECRET_KEY", "REPORT_KEY"])
def test_with_postgresql_and_redis_the_keys_must_be_given(tmp_path, missing):
    given = KEYS | {missing: ""}
    assert missing in refusal(tmp_path, **SERVER, **given)
    assert not list(tmp_path.glob("*_key"))


def test_with_postgresql_and_redis_and_keys_it_starts(tmp_path):
    found = settings_of(tmp_path, "DATABASES", "CELERY_BROKER_URL", "BACKUP_KEY", **SERVER, **KEYS)
    # Backups wait for a key that somebody keeps; wbbm.W002 says so.
    assert found["BACKUP_KEY"] == ""
    assert found["DATABASES"]["default"]["ENGINE"] == "django.db.backends.postgresql"
    assert found["CELERY_BROKER_URL"] == SERVER["REDIS_URL"]


@pytest.mark.parametrize("only", SERVER)
def test_with_one_of_them_alone_keys_are_made(tmp_path, only):
    settings_of(tmp_path, "SECRET_KEY", **{only: SERVER[only]})
    assert (tmp_path / "secret_key").exists()


# --- what can't work is refused by name -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "delapan"),
        ("DEMO", "mungkin"),
        ("DEBUG", "2"),
        ("SECOND_FACTOR", "mungkin"),
        ("SITE_URL", "zi.example.test"),
        ("SITE_URL", "ftp://zi.example.test"),
        ("SITE_URL", "https://"),
        ("SITE_URL", "https://zi.example.test/portal"),
        ("STORAGE_URL", "s3://ember"),
        ("STORAGE_URL", "file://relatif"),
        ("BACKUP_KEEP", "7"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(tmp_path, name, value):
    assert name in refusal(tmp_path, **{name: value})


# --- the address --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "host"),
    [
        ("https://zi.example.test", "zi.example.test"),
        ("https://192.168.1.10/", "192.168.1.10"),
        ("http://[fd00::1]:8000", "[fd00::1]"),
    ],
)
def test_the_host_of_the_address_is_always_allowed(tmp_path, site, host):
    assert settings_of(tmp_path, "ALLOWED_HOSTS", SITE_URL=site, ALLOWED_HOSTS="lain.example.test, dua.example.test")[
        "ALLOWED_HOSTS"
    ] == ["lain.example.test", "dua.example.test", host]


SAFE = (
    "IS_HTTPS", "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
    "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS",
)  # fmt: skip


def test_an_https_address_turns_the_safe_cookies_hsts_and_the_redirect_on(tmp_path):
    assert list(settings_of(tmp_path, *SAFE, SITE_URL="https://zi.example.test").values()) == [
        True, "__Host-sessionid", "__Host-csrftoken", True, True, True, 31_536_000,
    ]  # fmt: skip


def test_an_http_address_turns_them_off(tmp_path):
    assert list(settings_of(tmp_path, *SAFE, SITE_URL="http://192.168.1.10:8000").values()) == [
        False, "sessionid", "csrftoken", False, False, False, 0,
    ]  # fmt: skip


# What a browser gets, asked through the whole of the middleware.
ASK = """
import json, django
django.setup()
from django.test import Client
out = []
for extra in json.loads(REQUESTS):
    answer = Client(headers={"host": "zi.example.test"}).get("/masuk/", **extra)
    cookie = answer.cookies.get("__Host-csrftoken") or answer.cookies.get("csrftoken")
    out.append([answer.status_code, dict(answer.headers), cookie.OutputString() if cookie else ""])
print(json.dumps(out))
"""


PREPARE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
if not COLLECTED:
    call_command("collectstatic", interactive=False, verbosity=0)
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A data folder as `prepare` leaves it, for all that ask."""
    data = migrated_already(tmp_path_factory.mktemp("data"))
    done = python(
        PREPARE.replace("COLLECTED", str(collected_already(data))), data, DJANGO_SETTINGS_MODULE="wbbm.settings"
    )
    assert done.returncode == 0, done.stderr
    return data


def ask(data, *requests, **changes):
    code = ASK.replace("REQUESTS", repr(json.dumps(requests)))
    done = python(code, data, DJANGO_SETTINGS_MODULE="wbbm.settings", **changes)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_behind_a_trusted_proxy_https_is_https_and_everything_else_is_led_there(prepared):
    proxied = {"HTTP_X_FORWARDED_PROTO": "https", "REMOTE_ADDR": "127.0.0.1"}
    stranger = {"HTTP_X_FORWARDED_PROTO": "https", "REMOTE_ADDR": "10.0.0.9"}
    plain = {"HTTP_X_FORWARDED_PROTO": "http", "REMOTE_ADDR": "127.0.0.1"}
    good, claimed, unsafe = ask(
        prepared, proxied, stranger, plain, SITE_URL="https://zi.example.test", TRUSTED_PROXIES="127.0.0.1"
    )
    status, headers, cookie = good
    assert status == 200
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert cookie.startswith("__Host-csrftoken=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    for status, headers, _ in (claimed, unsafe):
        assert status == 301
        assert headers["Location"] == "https://zi.example.test/masuk/"


def test_over_http_nothing_is_redirected_or_pinned(prepared):
    ((status, headers, cookie),) = ask(prepared, {}, SITE_URL="http://zi.example.test")
    assert status == 200
    assert "Strict-Transport-Security" not in headers
    assert cookie.startswith("csrftoken=")
    assert "Secure" not in cookie


# --- system checks --------------------------------------------------------------------------------------


def ids(found):
    return [message.id for message in found]


def test_https_without_a_trusted_proxy_is_named(settings):
    settings.IS_HTTPS, settings.TRUSTED_PROXIES = True, []
    assert ids(check_proxies()) == ["wbbm.W001"]
    settings.TRUSTED_PROXIES = ["127.0.0.1", "::1"]
    assert check_proxies() == []


def test_a_proxy_that_is_no_address_is_named(settings):
    settings.IS_HTTPS, settings.TRUSTED_PROXIES = True, ["nginx"]
    assert ids(check_proxies()) == ["wbbm.E001"]


@pytest.mark.parametrize(("is_demo", "expected"), [(True, ["wbbm.E002"]), (False, [])])
def test_a_deployment_is_never_a_demo(settings, is_demo, expected):
    settings.IS_DEMO = is_demo
    assert ids(check_no_demo_in_deployment()) == expected


def test_a_deployment_without_an_obligatory_second_factor_is_named(settings):
    settings.IS_DEMO, settings.SECOND_FACTOR = False, "optional"
    assert ids(check_second_factor()) == ["wbbm.W002"]
    settings.SECOND_FACTOR = "required"
    assert check_second_factor() == []
