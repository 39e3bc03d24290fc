"""The daily mail: one for each person and window, whatever breaks in between."""

import datetime
import smtplib
import zoneinfo

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from tests.factories import make_person, make_posting, make_unit
from wbbm.jobs import services as jobs
from wbbm.jobs.clock import tick
from wbbm.jobs.models import Job
from wbbm.notices import digests
from wbbm.notices import mail as notices_mail
from wbbm.notices.models import Digest, DigestState, Notice, NoticeKind, Preference
from wbbm.notices.services import daily, tell
from wbbm.organisasi.models import AuditEvent, Posting, Role, UnitKind

pytestmark = pytest.mark.django_db
ZONE = "Asia/Jakarta"
DAY = datetime.date(2026, 3, 10)
SEVEN = datetime.datetime(2026, 3, 10, 7, 5, tzinfo=zoneinfo.ZoneInfo(ZONE))


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Let the test turn the clock."""
    now = [SEVEN]
    monkeypatch.setattr(timezone, "now", lambda: now[0])
    return now


@pytest.fixture
def unit():
    return make_unit(make_unit(kind=UnitKind.POLRES))


@pytest.fixture
def reader(unit):
    """Return a person with an address and one unread notice."""
    person = make_person(unit, Role.COMMANDER, email="kapolsek@contoh.example")
    told(person, unit)
    return person


def told(person, unit, key="k", kind=NoticeKind.SHEET, text="Lembar dikembalikan."):
    tell([person], kind=kind, text=text, url="/supervisi/lembar/1/", unit=unit, key=key)


def break_at(monkeypatch, place, fault, times=99):
    """Let the mail server fail at opening, at taking the mail, or after it took it."""
    left = [times]

    class Broken(EmailBackend):
        def open(self):
            if place == "open" and left[0]:
                left[0] -= 1
                raise fault

        def send_messages(self, messages):
            if place == "take" and left[0]:
                left[0] -= 1
                raise fault
            count = super().send_messages(messages)
            if place == "after" and left[0]:
                left[0] -= 1
                raise fault
            return count

    monkeypatch.setattr(notices_mail, "get_connection", lambda: Broken())


def states():
    return list(Digest.objects.values_list("state", flat=True))


# --- what it says -------------------------------------------------------------------------------------


def test_one_mail_names_what_is_unread(unit, reader, settings):
    settings.SITE_URL = "https://zi.contoh.example"
    told(reader, unit, "b", text="Temuan menunggu.")
    told(make_person(unit, Role.OPERATOR), unit)
    digests.send_daily(ZONE, DAY)
    (sent,) = mail.outbox
    assert sent.to == ["kapolsek@contoh.example"]
    assert sent.subject == "Zona Integritas: 2 pemberitahuan baru untuk Anda"
    assert "- Temuan menunggu.\n  https://zi.contoh.example/supervisi/lembar/1/" in sent.body
    assert sent.body.count("https://") == sent.body.count("https://zi.contoh.example/") == 4
    assert "DATA CONTOH" not in sent.body + sent.subject
    assert reader.name not in sent.body


def test_in_the_demo_it_is_marked(reader, settings):
    settings.IS_DEMO = True
    digests.send_daily(ZONE, DAY)
    assert mail.outbox[0].subject.startswith("[DATA CONTOH] ")
    assert mail.outbox[0].body.startswith("DATA CONTOH, bukan keadaan sebenarnya")


def test_a_long_list_is_cut(unit, reader):
    for number in range(40):
        told(reader, unit, f"k{number}")
    digests.send_daily(ZONE, DAY)
    assert mail.outbox[0].body.count("- Lembar") == digests.MOST_LINES
    assert "dan 11 lainnya." in mail.outbox[0].body


@pytest.mark.parametrize(
    "why", ["no address", "read", "muted", "posting ended", "closed", "demo account", "other zone"]
)
def test_who_gets_none(unit, reader, why):
    if why == "no address":
        reader.email = ""
    elif why == "closed":
        reader.closed_at = timezone.now()
    elif why == "demo account":
        reader.is_demo = True
    reader.save()
    if why == "read":
        Notice.objects.update(read_at=timezone.now())
    elif why == "muted":
        Preference.objects.create(person=reader, kind=NoticeKind.SHEET, is_mailed=False)
    elif why == "posting ended":
        Posting.objects.update(ends_on=datetime.date(2021, 1, 1))
    digests.send_daily("Asia/Jayapura" if why == "other zone" else ZONE, DAY)
    assert mail.outbox == []
    assert states() == []


# --- exactly once -------------------------------------------------------------------------------------


def test_a_second_run_sends_nothing(unit, reader):
    digests.send_daily(ZONE, DAY)
    told(reader, unit, "later")
    digests.send_daily(ZONE, DAY)
    assert len(mail.outbox) == 1
    assert states() == [DigestState.SENT]


def test_the_next_day_names_only_what_is_new(unit, reader, clock):
    digests.send_daily(ZONE, DAY)
    clock[0] += datetime.timedelta(days=1)
    digests.send_daily(ZONE, DAY + datetime.timedelta(days=1))
    assert len(mail.outbox) == 1
    told(reader, unit, "new", text="Yang baru.")
    digests.send_daily(ZONE, DAY + datetime.timedelta(days=1))
    assert len(mail.outbox) == 2
    assert "Yang baru." in mail.outbox[1].body
    assert "Lembar dikembalikan." not in mail.outbox[1].body


def test_a_person_with_postings_in_two_zones_gets_one(unit, reader):
    make_posting(reader, make_unit(time_zone="Asia/Jayapura"), Role.COMMANDER)
    digests.send_daily("Asia/Jayapura", DAY)
    digests.send_daily(ZONE, DAY)
    assert len(mail.outbox) == 1


def test_a_crash_after_handing_over_sends_no_second_one(reader, monkeypatch):
    break_at(monkeypatch, "after", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        digests.send_daily(ZONE, DAY)
    assert states() == [DigestState.SENDING]
    monkeypatch.undo()
    digests.send_daily(ZONE, DAY)
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        ("open", ConnectionRefusedError("tidak ada")),
        ("open", smtplib.SMTPAuthenticationError(535, b"salah")),
        ("take", smtplib.SMTPDataError(451, b"nanti")),
        ("take", smtplib.SMTPRecipientsRefused({"a@b.example": (450, b"penuh")})),
    ],
)
def test_what_the_server_did_not_take_is_tried_again(reader, monkeypatch, clock, place, fault):
    break_at(monkeypatch, place, fault, times=1)
    with pytest.raises(digests.SomeFailed):
        digests.send_daily(ZONE, DAY)
    assert states() == [DigestState.WAITING]
    assert Digest.objects.get().last_error
    assert "a@b.example" not in Digest.objects.get().last_error
    digests.send_daily(ZONE, DAY)
    assert states() == [DigestState.SENT]
    assert Digest.objects.get().attempts == 2
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (smtplib.SMTPServerDisconnected("putus"), DigestState.UNCLEAR),
        (TimeoutError("lama"), DigestState.UNCLEAR),
        (smtplib.SMTPDataError(554, b"tidak"), DigestState.REFUSED),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"tidak ada")}), DigestState.REFUSED),
        (ValueError("alamat"), DigestState.REFUSED),
    ],
)
def test_what_may_have_gone_out_or_never_will_is_not_tried_again(reader, monkeypatch, fault, state):
    break_at(monkeypatch, "take", fault)
    digests.send_daily(ZONE, DAY)
    monkeypatch.undo()
    digests.send_daily(ZONE, DAY)
    assert states() == [state]
    assert mail.outbox == []


def test_one_bad_address_holds_nobody_up(unit, reader, monkeypatch):
    other = make_person(unit, Role.OPERATOR, email="operator@contoh.example")
    told(other, unit)
    break_at(monkeypatch, "take", smtplib.SMTPDataError(451, b"nanti"), times=1)
    with pytest.raises(digests.SomeFailed):
        digests.send_daily(ZONE, DAY)
    assert sorted(states()) == [DigestState.SENT, DigestState.WAITING]


def test_the_twin_without_the_claim_two_mails_go_out(reader, monkeypatch):
    """Twin: a row that is put back to waiting, as without the claim, sends a second mail."""
    digests.send_daily(ZONE, DAY)
    Digest.objects.update(state=DigestState.WAITING, until=None)
    digests.send_daily(ZONE, DAY)
    assert len(mail.outbox) == 2


# --- by the clock -------------------------------------------------------------------------------------


def mails():
    return Job.objects.filter(kind="notices-mail")


def test_at_seven_of_each_zone_one_job_is_wanted_whoever_looks(clock):
    clock[0] = datetime.datetime(2026, 3, 9, 21, 59, tzinfo=datetime.UTC)  # 06.59 WIT
    tick()
    assert not mails().exists()
    clock[0] += datetime.timedelta(minutes=1)
    for _ in range(2):
        tick()
    assert list(mails().values_list("key", "wanted")) == [("Asia/Jayapura 2026-03-10", 1)]
    clock[0] += datetime.timedelta(hours=2)
    tick()
    assert mails().count() == 3
    assert set(mails().values_list("queue", flat=True)) == {"berat"}


def test_two_hosts_that_look_at_once_make_one_job(monkeypatch):
    real = Job.objects.filter
    monkeypatch.setattr(Job.objects, "filter", lambda **facts: real(pk__in=[]) if "key" in facts else real(**facts))
    tick()
    tick()
    monkeypatch.undo()
    assert mails().filter(key=f"{ZONE} 2026-03-10", wanted=1).count() == 1


def test_a_portal_that_starts_in_the_evening_sends_no_morning_mail(clock):
    clock[0] = SEVEN + datetime.timedelta(hours=14)
    tick()
    assert not mails().filter(key__startswith=ZONE).exists()


def test_the_job_sends_and_is_done(reader):
    tick()
    assert jobs.drain(kind="notices-mail") == 3
    assert len(mail.outbox) == 1
    assert not mails().open().exists()


def test_a_failed_job_tries_again_until_the_window_ends(reader, monkeypatch, clock):
    break_at(monkeypatch, "open", ConnectionRefusedError("tidak ada"))
    tick()
    jobs.drain(kind="notices-mail")
    job = mails().open().get()
    assert job.available_at > clock[0]
    clock[0] += datetime.timedelta(minutes=10)
    jobs.drain(kind="notices-mail")
    assert Digest.objects.get().attempts == 2
    clock[0] = SEVEN + datetime.timedelta(hours=11)
    jobs.drain(kind="notices-mail")
    assert not mails().open().exists()
    assert Digest.objects.get().attempts == 2
    assert mail.outbox == []


def test_old_jobs_of_the_clock_are_dropped(clock):
    tick()
    jobs.drain(kind="notices-mail")
    clock[0] += datetime.timedelta(days=31)
    tick()
    assert not mails().filter(key__endswith="2026-03-10").exists()
    assert mails().count() == 3


def test_the_command_sends_once_and_says_what(reader, capsys):
    call_command("send_digests")
    assert capsys.readouterr().out == "Surel harian: terkirim 1\n"
    call_command("send_digests")
    assert capsys.readouterr().out == "Surel harian: tidak ada yang perlu dikirim\n"
    assert len(mail.outbox) == 1


# --- postings that end --------------------------------------------------------------------------------


def test_admins_are_told_once_of_postings_that_end_within_two_weeks(unit):
    admin = make_person(unit, Role.ADMIN)
    soon = make_posting(unit=unit, role=Role.OPERATOR, ends_on=DAY + datetime.timedelta(days=14), title="Operator")
    make_posting(unit=unit, role=Role.OPERATOR, ends_on=DAY + datetime.timedelta(days=15))
    make_posting(unit=unit, role=Role.OPERATOR, ends_on=DAY - datetime.timedelta(days=1))
    for _ in range(2):
        daily(ZONE, DAY)
    notice = Notice.objects.get()
    assert notice.person == admin
    assert notice.text == f"Penugasan Operator di {unit} berakhir 24 Maret 2026."
    Posting.objects.filter(pk=soon.pk).update(ends_on=DAY + datetime.timedelta(days=3))
    daily(ZONE, DAY)
    assert Notice.objects.count() == 2


# --- choices and the admin's test ---------------------------------------------------------------------


def signed_in(person):
    client = Client()
    client.force_login(person, backend="wbbm.organisasi.auth.PostingBackend")
    return client


@pytest.fixture
def real_now(clock):
    clock[0] = datetime.datetime.now(datetime.UTC)


def test_kinds_are_switched_off_and_on(real_now, unit, reader):
    client = signed_in(reader)
    assert client.get("/akun/pemberitahuan/").content.decode().count(" checked") == len(NoticeKind)
    client.post("/akun/pemberitahuan/", {"surel": ["finding", "tidak-ada"]})
    said = client.get("/akun/pemberitahuan/").content.decode()
    assert said.count(" checked") == 1
    assert Preference.objects.filter(person=reader, is_mailed=False).count() == len(NoticeKind) - 1
    assert AuditEvent.objects.filter(action="notices.preferences", actor=reader).count() == 1
    client.post("/akun/pemberitahuan/", {"surel": list(NoticeKind.values)})
    assert not Preference.objects.filter(is_mailed=False).exists()
    assert "Lembar dikembalikan." in client.get("/kotak-masuk/").content.decode()


def test_an_admin_mails_himself_a_test(real_now, unit):
    admin = make_person(unit, Role.ADMIN, email="admin@contoh.example")
    said = signed_in(admin).post("/akun/surel-uji/", follow=True).content.decode()
    assert mail.outbox[0].to == ["admin@contoh.example"]
    assert "Surel uji diserahkan ke server surel untuk admin@contoh.example." in said
    assert AuditEvent.objects.filter(action="notices.mail-tested", actor=admin).count() == 1


def test_a_test_that_fails_says_why(real_now, unit, monkeypatch):
    admin = make_person(unit, Role.ADMIN, email="admin@contoh.example")
    break_at(monkeypatch, "open", ConnectionRefusedError("Connection refused"))
    said = signed_in(admin).post("/akun/surel-uji/", follow=True).content.decode()
    assert "Surel uji tidak terkirim: Connection refused. Periksa EMAIL_URL." in said
    assert not AuditEvent.objects.filter(action="notices.mail-tested").exists()


def test_without_an_address_there_is_nothing_to_test(real_now, unit):
    admin = make_person(unit, Role.ADMIN)
    assert "Kirim surel uji" not in signed_in(admin).get("/akun/pemberitahuan/").content.decode()
    said = signed_in(admin).post("/akun/surel-uji/", follow=True).content.decode()
    assert "belum mempunyai alamat surel" in said
    assert mail.outbox == []


def test_only_admins_test_the_mail(real_now, reader):
    assert signed_in(reader).post("/akun/surel-uji/").status_code == 404
    assert "Surel uji" not in signed_in(reader).get("/akun/pemberitahuan/").content.decode()
    assert mail.outbox == []
