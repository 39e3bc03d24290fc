"""What the log says: the code of a request, the number of a job, and nothing about anybody."""

import io
import json
import logging
import sys
from pathlib import Path

import pytest
from django.test import Client

from tests.factories import make_person, make_unit
from wbbm import logs, references
from wbbm.jobs import registry, services
from wbbm.jobs.models import Job
from wbbm.organisasi.models import Role
from wbbm.traceless import TracelessFilter

pytestmark = pytest.mark.django_db
# Whatever a person may type or bring along; each of it is unlike anything in the code.
MARKS = {
    "user": "tandanama", "nrp": "87651234", "password": "tandasandi-9", "email": "tandasurel@example.test",
    "address": "203.0.113.77", "query": "tandakueri", "token": "tandatoken123456", "body": "tandabadan",
    "host": "tandainang",
}  # fmt: skip


@pytest.fixture(params=[logs.JsonFormatter, logs.LineFormatter], ids=["json", "line"])
def written(request):
    """Write everything that is logged, of every level, as a deployment does; give the text so far."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    handler.addFilter(TracelessFilter())
    handler.addFilter(logs.ContextFilter())
    names = ["", "django", "django.request", "django.security", "axes", "celery", "wbbm", "layanan", "supervisi"]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger("django.db").setLevel(logging.INFO)  # each statement with its values: on only while debugging
    logging.getLogger().addHandler(handler)
    yield stream.getvalue
    logging.getLogger().removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def browser(**more):
    return Client(raise_request_exception=False, REMOTE_ADDR=MARKS["address"], HTTP_USER_AGENT=MARKS["query"], **more)


def bring_everything(monkeypatch):
    """Fail to sign in, send forms and paths, break a page with all of it in the error; return the broken page."""
    from layanan.views import home

    client = browser()
    for _ in range(12):
        client.post("/masuk/", {"username": MARKS["user"], "password": MARKS["password"]})
    client.post("/masuk/lupa/", {"username": MARKS["nrp"]})
    for path in (f"/tautan/{MARKS['token']}/", f"/s/{MARKS['token']}", f"/tidak-ada/{MARKS['query']}"):
        client.get(path, {"q": MARKS["query"]})
        client.post(path, {"isi": MARKS["body"]})
    client.get("/", headers={"host": f"{MARKS['host']}.test"})
    Client(enforce_csrf_checks=True, REMOTE_ADDR=MARKS["address"]).post("/masuk/", {"username": MARKS["user"]})

    def fail():
        try:
            raise KeyError(MARKS["nrp"])
        except KeyError as inner:
            raise ValueError(f"{MARKS['user']} {MARKS['email']}\n{MARKS['body']}") from inner

    monkeypatch.setattr(home, "needs_first_admin", fail)
    # Others put together what they say; ours name what went wrong and hand the error on.
    logging.getLogger("axes").warning("AXES: New login failure by %s", MARKS["user"])
    logging.getLogger("axes").warning(f"AXES: locked out {MARKS['address']}")
    logging.getLogger("celery").error("raised %(exc)s", {"exc": MARKS["body"]})
    logging.getLogger("wbbm.jobs.sweep").warning("goes on after: %s", ValueError(MARKS["email"]))
    return client.get("/", {"q": MARKS["query"]})


def test_no_line_says_anything_about_anybody(written, monkeypatch):
    answer = bring_everything(monkeypatch)
    assert answer.status_code == 500
    said = written()
    assert [mark for mark in MARKS.values() if mark in said] == []
    # And yet it says what broke and where, and what others have to say.
    for word in ("ValueError", "KeyError", "tests/test_logs.py", "home", "AXES: New login failure by …", "(withheld;"):
        assert word in said, word


def test_a_plain_formatter_would_say_it(written, monkeypatch):
    """Twin: with Python's own formatter the same words are full of it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, logs.JsonFormatter | logs.LineFormatter):
            handler.setFormatter(logging.Formatter())
    bring_everything(monkeypatch)
    found = [mark for name, mark in MARKS.items() if mark in written()]
    assert {MARKS["user"], MARKS["email"], MARKS["address"], MARKS["token"]} & set(found)


def test_a_request_has_one_code_on_its_page_its_reply_and_its_lines(written, monkeypatch):
    answer = bring_everything(monkeypatch)
    code = answer[references.HEADER]
    assert len(code) == 14
    assert code in answer.content.decode()
    broken = [line for line in written().splitlines() if "Internal Server Error" in line]
    assert broken
    assert all(code in line for line in broken)
    assert logs.reference.get() == ""


def test_a_code_is_believed_from_a_trusted_proxy_only(settings):
    def code(claimed, **more):
        return browser(HTTP_X_REQUEST_ID=claimed, **more).get("/masuk/")[references.HEADER]

    assert code("dari-orang-asing") != "dari-orang-asing"
    settings.TRUSTED_PROXIES = [MARKS["address"]]
    assert code("dari-proksi-1234") == "dari-proksi-1234"
    for odd in ("", "pendek", "a" * 65, "dengan spasi di dalam", "a\u2028bcdefgh"):
        assert code(odd) != odd


def test_a_page_for_reports_has_no_code_and_leaves_no_line(written, monkeypatch):
    from layanan.views import reports

    def fail(*_, **__):
        logging.getLogger("wbbm").error("on the way")
        raise RuntimeError(MARKS["body"])

    monkeypatch.setattr(reports, "render", fail, raising=False)
    seen = logs.reference.get()
    answer = browser(HTTP_X_REQUEST_ID="dari-proksi-1234").get("/lapor/")
    assert answer.status_code == 500
    assert not answer.has_header(references.HEADER)
    assert "kode kejadian" not in answer.content.decode().lower()
    assert (seen, written()) == ("", "")


def test_a_job_names_itself_on_every_line(written):
    def work(held):
        logging.getLogger("supervisi.uji").info("at work")
        raise ValueError(MARKS["body"])

    services.register("uji-log", work)
    try:
        services.request("uji-log", "a")
        job = Job.objects.get(kind="uji-log")
        services.run(job.pk)
    finally:
        registry._kinds.pop("uji-log")
    mine = [line for line in written().splitlines() if "at work" in line or "job failed" in line]
    assert len(mine) == 2
    for line in mine:
        assert (json.loads(line)["job"] if line.startswith("{") else f"job={job.pk}" in line) in (job.pk, True)
    assert MARKS["body"] not in written()


def test_a_line_stays_one_line_whatever_is_in_it():
    record = logging.LogRecord("wbbm.uji", logging.INFO, "", 1, "satu\n%s", ("dua\r\n{palsu}\u2028",), None)
    for formatter in (logs.JsonFormatter(), logs.LineFormatter()):
        assert len(formatter.format(record).splitlines()) == 1


def test_an_error_of_the_system_says_which_and_of_no_file():
    try:
        Path("/tidak/ada/tandaberkas").read_text()
    except OSError:
        record = logging.LogRecord("wbbm.uji", logging.ERROR, "", 1, "gagal: %s", (sys.exc_info()[1],), sys.exc_info())
    said = logs.JsonFormatter().format(record)
    assert "FileNotFoundError (No such file or directory)" in said
    assert "tandaberkas" not in said


def test_gunicorn_writes_in_the_same_words(settings):
    """What it says of a request that it can't read bears the address of whoever sent it."""
    from gunicorn.config import Config

    from wbbm.gunicorn_log import SafeLogger

    settings.LOG_FORMAT = "json"
    logger = SafeLogger(Config())
    try:
        [handler] = logger.error_log.handlers
        stream = handler.setStream(io.StringIO()) and handler.stream
        logger.warning("Invalid request from ip={ip}: {error}".format(ip=MARKS["address"], error=MARKS["body"]))
        logger.error("Error handling request %s", f"/tautan/{MARKS['token']}/")
        lines = [json.loads(line) for line in handler.stream.getvalue().splitlines()]
        assert stream is not None
        assert [line["level"] for line in lines] == ["WARNING", "ERROR"]
        assert not any(mark in handler.stream.getvalue() for mark in MARKS.values())
    finally:
        logger.error_log.handlers.clear()
        logger.access_log.handlers.clear()


def test_an_admin_reads_the_code_to_another(monkeypatch):
    """The code is on the page of somebody signed in as well."""
    from supervisi.views import dashboards

    admin = make_person(make_unit(name="Polres Uji"), Role.ADMIN)
    client = Client(raise_request_exception=False)
    client.force_login(admin, backend="wbbm.organisasi.auth.PostingBackend")
    monkeypatch.setattr(dashboards, "read_gaps", lambda user: 1 / 0)
    answer = client.get("/supervisi/kelengkapan/")
    assert answer.status_code == 500
    assert answer[references.HEADER] in answer.content.decode()
