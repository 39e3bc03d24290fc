"""A link by mail: the same answer for every name, limited, built on SITE_URL alone."""

from __future__ import annotations

import datetime
import re
from smtplib import SMTPException

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.utils import timezone

from tests.factories import make_person, make_unit
from tests.supervisi.sheets import Counted
from wbbm.jobs.models import Job
from wbbm.jobs.services import drain
from wbbm.organisasi.models import AccessLink, AuditEvent, ResetRequest, Role, User
from wbbm.organisasi.services import resets
from wbbm.organisasi.services.links import make_access_link

pytestmark = pytest.mark.django_db
OWN = "kata sandi sendiri 77"


@pytest.fixture
def unit():
    return make_unit()


@pytest.fixture
def person(unit):
    return make_person(unit, Role.OPERATOR, username="kasium.uji", nrp="87010234", email="kasium@contoh.test")


def ask(typed, address="10.0.0.1", **headers):
    return Client().post("/masuk/lupa/", {"username": typed}, REMOTE_ADDR=address, **headers)


def sent_link():
    return re.search(r"https?://\S+/kunci/\S+", mail.outbox[-1].body)[0]


@pytest.mark.parametrize("typed", ["kasium.uji", "KASIUM.uji", "87010234", "8701 0234"])
def test_a_link_is_mailed_and_lets_the_person_choose_a_password(person, typed):
    assert ask(typed).status_code == 302
    assert drain() == 1
    assert [message.to for message in mail.outbox] == [["kasium@contoh.test"]]
    address = re.sub(r"^https?://[^/]+", "", sent_link())
    done = Client().post(address, {"password": OWN, "again": OWN})
    assert done["Location"] == "/dasbor/"
    assert User.objects.get(pk=person.pk).check_password(OWN)
    assert Client().get(address).status_code == 410


def test_the_mail_says_what_it_is_about_and_nothing_secret_else(person, settings):
    settings.IS_DEMO = False
    ask("kasium.uji")
    drain()
    said = mail.outbox[0].body
    assert "kasium.uji" in said
    assert "24 jam" in said
    assert "DATA CONTOH" not in said
    assert person.nrp not in said


def test_a_mail_of_the_demo_says_so(person, settings):
    settings.IS_DEMO = True
    ask("kasium.uji")
    drain()
    assert mail.outbox[0].body.startswith("DATA CONTOH, bukan keadaan sebenarnya")
    assert "DATA CONTOH" in mail.outbox[0].subject


def test_every_name_gets_the_same_answer_by_the_same_work(unit, person):
    make_person(unit, Role.OPERATOR, username="tanpa.surel")
    closed = make_person(unit, Role.OPERATOR, username="ditutup", email="lama@contoh.test")
    User.objects.filter(pk=closed.pk).update(closed_at=timezone.now())
    ask("pemanas")
    seen = set()
    for typed in ("kasium.uji", "tanpa.surel", "ditutup", "tidak.ada"):
        with Counted() as counted:
            answer = ask(typed)
        shapes = tuple(re.sub(r"\d+|'[^']*'", "", sql)[:60] for sql in counted.statements)
        seen.add((answer.status_code, answer["Location"], shapes))
    assert len(seen) == 1
    drain()
    assert [message.to for message in mail.outbox] == [["kasium@contoh.test"]]


def test_the_page_after_it_promises_nothing_about_the_name():
    said = Client().get("/masuk/lupa/?terkirim=1").content.decode()
    assert "Bila akun itu ada dan memiliki alamat surel" in said


@pytest.mark.parametrize("typed", ["", "x" * 500, "a\0b"])
def test_what_can_be_no_name_is_refused_on_the_form(typed):
    assert ask(typed).status_code == 422
    assert not ResetRequest.objects.exists()


def test_the_links_base_is_site_url_whatever_host_was_asked(person, settings):
    settings.SITE_URL = "https://zi.contoh.test"
    settings.ALLOWED_HOSTS = ["*"]
    ask("kasium.uji", HTTP_HOST="jahat.example", HTTP_X_FORWARDED_HOST="jahat.example")
    drain()
    assert sent_link().startswith("https://zi.contoh.test/kunci/")
    assert "jahat" not in mail.outbox[0].body


def test_a_mailbox_gets_three_mails_an_hour_and_nobody_is_told(person):
    for number in range(5):
        assert ask("kasium.uji", address=f"10.0.0.{number}").status_code == 302
        drain()
    assert len(mail.outbox) == resets.MOST_PER_NAME
    ResetRequest.objects.update(at=timezone.now() - datetime.timedelta(minutes=61))
    ask("87010234")
    drain()
    assert len(mail.outbox) == resets.MOST_PER_NAME + 1


def test_an_address_asks_twenty_times_an_hour(person):
    for number in range(resets.MOST_PER_ADDRESS):
        assert ask(f"nama.{number}").status_code == 302
    refused = ask("kasium.uji")
    assert refused.status_code == 429
    assert "Terlalu banyak permintaan" in refused.content.decode()
    assert ask("kasium.uji", address="10.0.0.2").status_code == 302


def test_old_requests_are_forgotten_and_what_was_typed_is_never_kept(person):
    ask("kata-sandi-saya")
    assert "kata-sandi-saya" not in str(list(ResetRequest.objects.values()) + list(Job.objects.values()))
    ResetRequest.objects.update(at=timezone.now() - datetime.timedelta(minutes=61))
    ask("kasium.uji")
    assert ResetRequest.objects.count() == 1


def test_a_mail_that_fails_is_tried_again_and_leaves_no_link(person, monkeypatch):
    def broken(self, messages):
        raise SMTPException("no")

    monkeypatch.setattr(EmailBackend, "send_messages", broken)
    ask("kasium.uji")
    drain()
    assert not AccessLink.objects.exists()
    monkeypatch.undo()
    Job.objects.update(available_at=timezone.now())
    drain()
    assert len(mail.outbox) == 1
    assert AccessLink.objects.count() == 1


def test_asking_takes_nothing_from_a_link_that_an_admin_printed(person, unit):
    printed = re.sub(r"^https?://[^/]+", "", make_access_link(user=person, by=make_person(unit, Role.ADMIN)))
    ask("kasium.uji")
    drain()
    assert Client().get(printed).status_code == 200
    mailed = re.sub(r"^https?://[^/]+", "", sent_link())
    Client().post(mailed, {"password": OWN, "again": OWN})
    assert Client().get(printed).status_code == 410


def test_a_mailed_link_is_in_the_trail_of_the_unit(person, unit):
    ask("kasium.uji")
    drain()
    event = AuditEvent.objects.get(action="link.mailed")
    assert (event.unit, event.object_id) == (unit, str(person.pk))
    assert AuditEvent.objects.visible_to(make_person(unit, Role.AUDITOR)).filter(pk=event.pk).exists()


def test_a_demo_account_gets_no_mail_without_demo(person, settings):
    settings.IS_DEMO = False
    User.objects.update(is_demo=True)
    ask("kasium.uji")
    drain()
    assert mail.outbox == []


def test_the_sign_in_page_leads_there():
    assert 'href="/masuk/lupa/"' in Client().get("/masuk/").content.decode()
