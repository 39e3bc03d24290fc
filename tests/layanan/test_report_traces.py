"""Nothing of a sender is left in a table, a log, a mail or a file, and nobody accused sees a difference."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import logging
import re
import time
from pathlib import Path

import pytest
from django.core import mail
from django.core.files import uploadedfile
from django.db import connection, models
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from layanan.models import Report, ReportFile, ReportMessage, ReportRecipient
from layanan.services import report_notices
from layanan.services.reports import message_facts, report_facts
from layanan.views import reports as views
from tests.factories import make_posting, make_user
from tests.layanan.report_sends import Place, client_of, code_in, look_up, photo, send
from tests.routes import all_routes
from tests.test_access_matrix import plain, rule_of
from wbbm import traceless
from wbbm.notices.digests import send_digests
from wbbm.organisasi.models import Role, User
from wbbm.organisasi.sessions import LAST_ACTIVE

pytestmark = pytest.mark.django_db
MARK, STORY_MARK = "KanariPelapor", "KanariCerita"
MODELS = (Report, ReportRecipient, ReportMessage, ReportFile)
# Pages that differ at every look: the state of the machine, the session's clock, who looked.
MOVING = {"healthz", "session", "supervisi:oddity-list"}
OURS = {model._meta.db_table for model in MODELS}


@pytest.fixture
def place() -> Place:
    return Place()


def marked(number: int) -> dict[str, str]:
    """Return what a browser and the proxies before us tell of a sender."""
    return {
        "REMOTE_ADDR": f"203.0.113.{number}",
        "REMOTE_PORT": f"{MARK}-pintu",
        "HTTP_X_FORWARDED_FOR": f"198.51.100.{number}",
        "HTTP_X_REAL_IP": f"198.51.100.{number}",
        "HTTP_USER_AGENT": f"{MARK}-agen-{number}",
        "HTTP_ACCEPT_LANGUAGE": f"{MARK}-bahasa",
        "HTTP_REFERER": f"http://testserver/{MARK}-asal",
        "HTTP_AUTHORIZATION": f"Bearer {MARK}",
        "HTTP_SEC_CH_UA_MODEL": f"{MARK}-ponsel",
        "HTTP_IF_NONE_MATCH": f'"{MARK}"',
        "QUERY_STRING": f"fbclid={MARK}",
        "gunicorn.socket": f"{MARK}-soket",
    }


NEEDLES = [MARK.encode(), b"203.0.113.", b"198.51.100."]


def tables() -> dict[str, list[str]]:
    """Return every row of every table as text, bytes as they are."""
    found = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            found[name] = sorted("|".join(map(as_text, row)) for row in cursor.fetchall())
    return found


def as_text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def files(folder: str) -> list[str]:
    return sorted(str(path) for path in Path(folder).rglob("*") if path.is_file())


class Watch:
    """Everything that the portal shows, writes or sees while residents report."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self.answers: list[HttpResponse] = []
        self.log = io.StringIO()
        handler = next(h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
        monkeypatch.setattr(handler, "stream", self.log)
        for name in ("", "django", "django.request", "django.security", "layanan", "wbbm"):
            monkeypatch.setattr(logging.getLogger(name), "level", logging.INFO)
        logging.getLogger().manager._clear_cache()
        real = views.render

        def render(request, *arguments, **named):
            self.seen.append(f"{request.META} {request.COOKIES} {dict(request.headers)} {request.user} {request.GET}")
            return real(request, *arguments, **named)

        def no_file(*arguments, **named):
            raise AssertionError("an upload lies on the disk")

        monkeypatch.setattr(views, "render", render)
        monkeypatch.setattr(uploadedfile.tempfile, "NamedTemporaryFile", no_file)

    def faults(self) -> list[str]:
        """Return what it found of a sender."""
        found = [f"a page saw: {text[:60]}" for text in self.seen if any(n.decode() in text for n in NEEDLES)]
        if any("AnonymousUser" not in text for text in self.seen):
            found.append("a page knew who asked")
        if self.log.getvalue():
            found.append(f"logged: {self.log.getvalue()[:200]}")
        for answer in self.answers:
            if (
                answer.cookies
                or answer.get("Referrer-Policy") != "no-referrer"
                or answer["Cache-Control"] != "no-store"
            ):
                found.append(f"headers of {answer.status_code}: {answer.headers}")
            foreign = re.findall(r'(?:src|href|action|data)="(?:https?:)?//[^"]*', answer.content.decode())
            found += [f"another host: {link}" for link in foreign]
            if any(needle in answer.content for needle in NEEDLES):
                found.append("a page repeats what the browser tells")
        return found


def staff_browser(person: User) -> Client:
    """Return a browser in which an officer has been signed in for a quarter of an hour."""
    client = client_of(person)
    session = client.session
    session[LAST_ACTIVE] = int(time.time()) - 900
    session.save()
    return client


def large_photo(number: int) -> io.BytesIO:
    """Return a marked photo; now and then one that Django would put into a temporary file."""
    file = photo(f"{MARK}-kamera-{number}")
    if number % 10 == 0:
        file.seek(0, io.SEEK_END)
        file.write(b"\0" * 2_700_000)
        file.seek(0)
    return file


def send_marked(place: Place, watch: Watch, staff: Client, most: int) -> list[str]:
    """Send reports, the first one from the browser of a signed-in officer, look one up, and run into every error."""
    codes = []
    browsers = [staff, *(Client() for _ in range(most - 1))]
    for number, browser in enumerate(browsers, start=1):
        browser.cookies["kanari"] = MARK
        told = marked(number)
        browser.defaults.update(told)
        unit = place.polsek if number % 2 else place.satlantas
        answer = send(browser, unit, f"{STORY_MARK} nomor {number}, diminta 500 ribu.", foto=large_photo(number))
        assert answer.status_code == 200
        watch.answers.append(answer)
        codes.append(code_in(answer))
    browser = browsers[0]
    browser.raise_request_exception = False
    watch.answers.append(look_up(browser, codes[0]))
    watch.answers += [browser.get(path) for path in ("/lapor/", "/lapor", "/lapor/tidak/ada/", "/lapor/kirim/")]
    watch.answers.append(browser.put("/lapor/"))
    watch.answers.append(browser.get("/lapor/", HTTP_HOST="asing.example"))
    watch.answers.append(browser.generic("POST", "/lapor/kirim/", b"x", CONTENT_LENGTH="99999999"))
    watch.answers.append(browser.generic("POST", "/lapor/kirim/", b"rusak", "multipart/form-data; boundary=salah"))
    return codes


def break_a_page(watch: Watch, monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    """Let a page fail as a fault of ours would make it fail."""
    with monkeypatch.context() as patch:
        patch.setattr(views, "find_route", lambda *_: 1 // 0)
        browser = Client(raise_request_exception=False, **marked(99))
        answer = browser.post("/lapor/tulis/", {"satuan": place.polsek.code, "tentang": "officer"})
    assert answer.status_code == 500
    watch.answers.append(answer)


def looks(client: Client) -> dict[str, bytes]:
    """Return every page that needs no argument, as the person sees it."""
    found = {}
    for route in all_routes():
        rule = rule_of(route.name)
        is_page = rule is not None and rule.method == "GET" and not route.arguments and route.name not in MOVING
        if is_page and (not route.name.startswith("admin:") or route.name.endswith("auditevent_changelist")):
            answer = client.get(reverse(route.name) + rule.query)
            body = re.sub(rb"\d\d[.:]\d\d", b"", plain(b"".join(answer)))
            found[route.name] = body if not route.name.startswith("layanan:report-") else b""
    return found


def test_nothing_is_left_of_twenty_senders(place, monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    accused, commander = make_user(), make_user()
    for role in Role.values:
        make_posting(accused, place.polsek, role)
        if role != Role.INTEGRITY_OFFICER:
            make_posting(commander, place.polres, role)
    User.objects.filter(pk=place.siwas.pk).update(email="siwas@polres.example")
    eyes = [client_of(person) for person in (accused, commander)]
    # Signs in as well, which the person's own page counts.
    staff = staff_browser(accused)
    seen_before = [looks(client) for client in eyes]
    watch = Watch(monkeypatch)

    before, lying = tables(), files(str(tmp_path))
    codes = send_marked(place, watch, staff, 20)
    break_a_page(watch, monkeypatch, place)
    after = tables()

    assert watch.faults() == []
    assert len(set(codes)) == Report.objects.count() == 20
    # Of all tables only those of reports changed: no session, no trail, no job, no notice.
    assert {name for name in after if after[name] != before[name]} == OURS
    assert files(str(tmp_path)) == lying
    everything = "\n".join(row for rows in after.values() for row in rows)
    assert [needle for needle in [*NEEDLES, STORY_MARK.encode()] if needle.decode() in everything] == []
    assert [code for code in codes if code in everything] == []
    fine = (models.DateTimeField, models.TimeField, models.DurationField, models.AutoField)
    assert [field for model in MODELS for field in model._meta.fields if isinstance(field, fine)] == []
    clear = {"facts", "content"}
    columns = [(model, [f.name for f in model._meta.fields if f.name not in clear]) for model in MODELS]
    told = [row for model, names in columns for row in model.objects.values_list(*names)]
    assert not re.search(r"\d\d:\d\d|\d\d\.\d\d", " ".join(map(str, told)))
    opened = [report_facts(report) for report in Report.objects.all()]
    opened += [message_facts(message) for message in ReportMessage.objects.all()]
    assert not re.search(r"\d\d:\d\d|203\.0|agen|kamera", json.dumps(opened))

    # The people complained about, whatever they hold, see what they saw before.
    for client, earlier in zip(eyes, seen_before, strict=True):
        now = looks(client)
        assert [name for name in now if now[name] != earlier[name]] == []
    # And the recipient is told by one line and one mail that say nothing of it.
    day = datetime.date.today() + datetime.timedelta(days=2)
    report_notices.daily("Asia/Jakarta", day)
    send_digests("Asia/Jakarta", day)
    assert [message.to for message in mail.outbox] == [["siwas@polres.example"]]
    written = mail.outbox[0].body
    assert "laporan warga" in written
    assert not re.search(rf"{MARK}|\b20 laporan|dua puluh|Polsek|203\.0", written)


def take_out_stripping(monkeypatch):
    monkeypatch.setattr(traceless, "strip", lambda request: None)


def take_out_quiet(monkeypatch):
    monkeypatch.setattr(traceless.TracelessFilter, "filter", lambda self, record: True)


def take_out_headers(monkeypatch):
    monkeypatch.setattr(traceless, "_sealed", lambda response: response)


@pytest.mark.parametrize("take_out", [take_out_stripping, take_out_quiet, take_out_headers])
def test_traces_are_found_once_a_guard_is_taken_out(place, monkeypatch, take_out):
    staff = staff_browser(place.siwas)
    watch = Watch(monkeypatch)
    take_out(monkeypatch)
    # Without stripping, the session of the signed-in browser asks for its cookie, and the upload goes to a disk.
    with contextlib.suppress(AssertionError, traceless.CookieRefused):
        send_marked(place, watch, staff, 2)
        break_a_page(watch, monkeypatch, place)
    assert watch.faults() != []


def test_a_cookie_under_lapor_is_a_loud_fault(monkeypatch, settings):
    def start(request):
        response = HttpResponse("halo")
        response.set_cookie("siapa", "saya")
        return response

    from django.test import RequestFactory

    middleware = traceless.TracelessMiddleware(start)
    with pytest.raises(traceless.CookieRefused):
        middleware(RequestFactory().get("/lapor/"))
    settings.TESTING = False
    answer = middleware(RequestFactory().get("/lapor/"))
    assert not answer.cookies
    # Elsewhere nothing is touched.
    assert middleware(RequestFactory().get("/laporan/", REMOTE_ADDR="203.0.113.1")).cookies
    # Only a proxy that is trusted tells that it was https.
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    for address, scheme in (("127.0.0.1", "https"), ("203.0.113.1", "http")):
        request = RequestFactory().get("/lapor/", REMOTE_ADDR=address, HTTP_X_FORWARDED_PROTO="https")
        traceless.strip(request)
        assert request.scheme == scheme
        assert "REMOTE_ADDR" not in request.META
