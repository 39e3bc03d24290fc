"""The second factor: set up, asked for at sign-in, never gone round, slow to guess, lost and reset by two."""

import datetime
import re

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from tests.factories import PASSWORD, make_person, make_posting, make_unit
from tests.phones import Phone, give_phone, shown_codes, shown_secret, sign_in, stopped_clock
from tests.supervisi.sheets import Counted
from wbbm.errors import NotAllowed
from wbbm.notices.models import Notice
from wbbm.organisasi import sessions, views
from wbbm.organisasi.models import AuditEvent, FactorReset, RecoveryCode, Role, SecondFactor, UnitKind, User
from wbbm.organisasi.services import factor_resets, factors, links, people, resets

pytestmark = pytest.mark.django_db
SETUP, CODE, OWN = "/akun/faktor-kedua/pasang/", "/masuk/kode/", "kata sandi sendiri 77"


@pytest.fixture
def clock(monkeypatch):
    return stopped_clock(monkeypatch)


@pytest.fixture
def unit():
    return make_unit(kind=UnitKind.POLRES)


@pytest.fixture
def officer(unit):
    return make_person(unit, Role.INTEGRITY_OFFICER, email="siwas@contoh.test")


def path(address):
    return re.sub(r"^https?://[^/]+", "", address)


def is_in(client):
    return client.get("/akun/").status_code == 200


def acts():
    return list(AuditEvent.objects.filter(action__startswith="factor.").order_by("pk").values_list("action", flat=True))


# --- set up -------------------------------------------------------------------------------------------------


def test_an_office_that_asks_for_it_comes_before_everything_else(unit, clock, settings):
    settings.SECOND_FACTOR = "required"
    person = make_person(unit, Role.OPERATOR)
    client, other = Client(), Client()
    for each in (client, other):
        sign_in(each, person, PASSWORD)
    assert is_in(client)
    # Appointed in mid-session: it counts on the next request, also for scripts.
    make_posting(person, unit, Role.AUDITOR)
    for address in ("/dasbor/", "/akun/", "/akun/kata-sandi/", "/supervisi/satuan/", "/akun/faktor-kedua/"):
        assert client.get(address)["Location"] == SETUP, address
    told = client.get("/supervisi/satuan/", headers={"Accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (403, "factor")
    said = client.get(SETUP).content.decode()
    phone = Phone(shown_secret(said), clock)
    assert len(phone.secret) == 32
    assert "<svg" in said
    assert " style=" not in said
    assert f"secret={phone.secret}" in said
    wrong = client.post(SETUP, {"code": "000000"})
    assert wrong.status_code == 422
    assert shown_secret(wrong.content.decode()) == phone.secret
    key = client.session.session_key
    done = client.post(SETUP, {"code": f" {phone.code()[:3]} {phone.code()[3:]} "})
    codes = shown_codes(done.content.decode())
    assert len(set(codes)) == 10
    assert "no-store" in done["Cache-Control"]
    assert client.session.session_key != key
    assert is_in(client)
    assert not is_in(other)
    # A second click shows no codes and changes nothing.
    assert client.post(SETUP, {"code": phone.code()})["Location"] == "/akun/faktor-kedua/"
    assert acts() == ["factor.set-up"]
    # Nothing in the database can make a code.
    row = SecondFactor.objects.get()
    stored = bytes(row.sealed_secret) + str(list(RecoveryCode.objects.values())).encode()
    assert phone.secret.encode() not in stored
    assert not any(code.replace(" ", "").encode() in stored for code in codes)
    assert client.post("/akun/faktor-kedua/lepas/").status_code == 302
    assert SecondFactor.objects.filter(pk=row.pk).exists(), "an office asks for it"


def test_whom_no_office_asks_may_have_one_and_give_it_up(unit, clock, settings):
    settings.SECOND_FACTOR = "required"
    person = make_person(unit, Role.COMMANDER)
    client = Client()
    sign_in(client, person, PASSWORD)
    assert is_in(client)
    counts = []
    for wanted in ("optional", "required"):
        settings.SECOND_FACTOR = wanted
        with Counted() as counted:
            client.get("/akun/")
        counts.append(len(counted.statements))
    assert counts[0] == counts[1]
    phone = Phone(shown_secret(client.get(SETUP).content.decode()), clock)
    client.post(SETUP, {"code": phone.code()})
    renewed = client.post("/akun/faktor-kedua/kode-pemulihan/").content.decode()
    assert len(shown_codes(renewed)) == RecoveryCode.objects.count() == 10
    client.post("/akun/faktor-kedua/lepas/")
    assert is_in(client)
    assert not SecondFactor.objects.exists()
    assert acts() == ["factor.set-up", "factor.codes-made", "factor.removed"]


# --- sign-in ------------------------------------------------------------------------------------------------


def test_nobody_is_signed_in_before_the_code_and_a_code_counts_once(officer, clock):
    phone = give_phone(officer, clock)
    client = Client()
    assert sign_in(client, officer, PASSWORD)["Location"] == CODE
    before = client.session.session_key
    assert "_auth_user_id" not in client.session
    assert not is_in(client)
    page = client.get(CODE).content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    for bad in ("", "abc", phone.code(2), phone.code(-2), "123456789012"):
        assert client.post(CODE, {"code": bad}).status_code == 422, bad
    code = phone.code(1)
    answer = client.post(CODE, {"code": f"{code[:3]} {code[3:]}"})
    assert answer["Location"] == "/dasbor/"
    assert client.session.session_key != before
    assert is_in(client)
    # The same code again, and the one before it, are over.
    second = Client()
    assert sign_in(second, officer, PASSWORD, code).status_code == 422
    assert sign_in(second, officer, PASSWORD, phone.code()).status_code == 422
    assert not is_in(second)
    clock.next_code()
    clock.next_code()
    assert sign_in(second, officer, PASSWORD, phone.code()).status_code == 302
    assert is_in(second)


def test_a_recovery_code_counts_once_and_asks_to_set_up_anew(officer, clock):
    give_phone(officer, clock)
    code, other = factors.renew_codes(user=officer)[:2]
    client = Client()
    assert sign_in(client, officer, PASSWORD, code)["Location"] == "/akun/faktor-kedua/?pulih=1"
    assert "tersisa 9" in client.get("/akun/faktor-kedua/?pulih=1").content.decode()
    assert sign_in(Client(), officer, PASSWORD, code).status_code == 422
    assert sign_in(Client(), officer, PASSWORD, other.replace(" ", "-")).status_code == 302
    factors.renew_codes(user=officer)
    assert sign_in(Client(), officer, PASSWORD, other).status_code == 422


def test_guessing_is_slowed_down_whoever_guesses_from_wherever(officer, clock, monkeypatch):
    phone = give_phone(officer, clock)
    with pytest.MonkeyPatch.context() as stopped:
        # Half a second from the last failure to the next try, however slow the machine is.
        moment = timezone.now()
        stopped.setattr(timezone, "now", lambda: moment)
        for _ in range(factors.FREE_FAILURES):
            assert sign_in(Client(), officer, PASSWORD, "000000").status_code == 422
        later = moment + datetime.timedelta(seconds=0.5)
        stopped.setattr(timezone, "now", lambda: later)
        answer = sign_in(Client(), officer, PASSWORD, phone.code())
    assert (answer.status_code, answer["Retry-After"]) == (429, "10")
    assert "10 detik" in answer.content.decode()
    SecondFactor.objects.update(next_at=timezone.now())
    assert sign_in(Client(), officer, PASSWORD, "000000").status_code == 422
    assert SecondFactor.objects.get().next_at > timezone.now() + datetime.timedelta(seconds=15)
    # Of two that were sent at once only one is looked at.
    SecondFactor.objects.update(next_at=timezone.now())
    read = SecondFactor.objects.get()
    factors._take_turn(read)
    with pytest.raises(factors.TooFast):
        factors._take_turn(read)
    # The twin: without the turn the right code is taken at once.
    monkeypatch.setattr(factors, "_take_turn", lambda factor: None)
    assert sign_in(Client(), officer, PASSWORD, phone.code()).status_code == 302
    assert SecondFactor.objects.get().failures == 0


def test_the_code_is_asked_for_no_longer_than_ten_minutes_and_not_after_a_new_password(officer, clock, monkeypatch):
    phone = give_phone(officer, clock)
    client = Client()
    sign_in(client, officer, PASSWORD)
    people.end_sessions(person=officer, by=officer)
    assert client.post(CODE, {"code": phone.code()})["Location"] == "/masuk/?terlambat=1"
    sign_in(client, officer, PASSWORD)
    kept = client.session
    kept["menunggu-kode"] = kept["menunggu-kode"] | {"at": kept["menunggu-kode"]["at"] - 601}
    kept.save()
    assert client.post(CODE, {"code": phone.code()})["Location"] == "/masuk/?terlambat=1"
    assert not is_in(client)


def test_another_key_in_front_still_reads_and_writes_anew(officer, clock, settings):
    phone = give_phone(officer, clock)
    code = factors.renew_codes(user=officer)[0]
    old = settings.REPORT_KEY
    settings.REPORT_KEY = f"kunci-yang-baru,{old}"
    assert sign_in(Client(), officer, PASSWORD, phone.code()).status_code == 302
    assert sign_in(Client(), officer, PASSWORD, code).status_code == 302
    settings.REPORT_KEY = "kunci-yang-baru"
    clock.next_code()
    assert sign_in(Client(), officer, PASSWORD, phone.code()).status_code == 302
    settings.REPORT_KEY = "kunci-lain"
    clock.next_code()
    refused = sign_in(Client(), officer, PASSWORD, phone.code())
    assert (refused.status_code, "REPORT_KEY" in refused.content.decode()) == (422, True)


# --- nothing goes round it ----------------------------------------------------------------------------------


def test_a_link_or_a_mailed_password_doesnt_go_round_it(unit, officer, clock, monkeypatch):
    """An admin who makes a link for an integrity officer doesn't get in: the known hole."""
    give_phone(officer, clock)
    admin = make_person(unit, Role.ADMIN)

    def taken_over():
        address = path(links.make_access_link(user=officer, by=admin))
        thief = Client()
        answer = thief.post(address, {"password": OWN, "again": OWN})
        return answer["Location"], is_in(thief) or thief.get("/layanan/laporan/").status_code == 200

    assert taken_over() == (CODE, False)
    # Guarded twice: a session without the code is over at its first request.
    monkeypatch.setattr(views.second_factor, "wait_for_code", lambda request, user, page: signed_in(request, user))
    assert taken_over() == ("/dasbor/", False)
    # The twin: with neither guard he is in.
    monkeypatch.setattr(sessions, "factor_id_of", lambda user: None)
    assert taken_over() == ("/dasbor/", True)


def signed_in(request, user):
    sessions.sign_in(request, user, factor_id=None)
    return views.redirect("dashboard")


def test_a_new_own_password_keeps_the_proof_and_a_foreign_session_has_none(officer, clock):
    phone = give_phone(officer, clock)
    client = Client()
    sign_in(client, officer, PASSWORD, phone.code())
    client.post("/akun/kata-sandi/", {"current": PASSWORD, "password": OWN, "again": OWN})
    assert is_in(client)
    forged = Client()
    forged.force_login(User.objects.get(pk=officer.pk), backend="wbbm.organisasi.auth.PostingBackend")
    assert not is_in(forged)


# --- a lost phone -------------------------------------------------------------------------------------------


@pytest.fixture
def admins(unit):
    return [make_person(unit, Role.ADMIN) for _ in range(3)]


def test_a_lost_phone_is_reset_by_two_and_stays_out_of_their_reach(unit, officer, admins, clock, settings):
    settings.SECOND_FACTOR = "required"
    give_phone(officer, clock)
    first, second, third = admins
    for admin in admins:
        factors_of = give_phone(admin, clock)
        assert factors_of
    owner = Client()
    codes = factors.renew_codes(user=officer)
    sign_in(owner, officer, PASSWORD, codes[0])
    page = f"/akun/faktor-kedua/reset/{officer.pk}/"
    asking, confirming = browser(first), browser(second)
    assert asking.post(page, {"reason": " "}).status_code == 422
    assert asking.post(page, {"reason": "Ponsel jatuh di sungai; saya temui orangnya."}).status_code == 302
    asking.post(page, {"reason": "Klik kedua"})
    assert FactorReset.objects.count() == 1
    asking.post(f"{page}setujui/")
    assert SecondFactor.objects.filter(user=officer).exists(), "one admin is not two"
    assert "Konfirmasi reset" not in asking.get(page).content.decode()
    assert "Konfirmasi reset" in confirming.get(page).content.decode()
    told = Notice.objects.filter(url=page, text__startswith="Reset")
    assert set(told.values_list("person", flat=True)) == {second.pk, third.pk}
    # The person is told and may refuse.
    assert Notice.objects.filter(person=officer, url="/akun/faktor-kedua/").exists()
    assert "Tolak reset ini" in owner.get("/akun/faktor-kedua/").content.decode()
    owner.post("/akun/faktor-kedua/tolak-reset/")
    confirming.post(f"{page}setujui/")
    assert SecondFactor.objects.filter(user=officer).exists(), "he refused"

    asking.post(page, {"reason": "Sungguh hilang; saya temui orangnya."})
    assert confirming.post(f"{page}setujui/")["Location"] == page
    assert confirming.post(f"{page}setujui/").status_code == 302
    assert not SecondFactor.objects.filter(user=officer).exists()
    assert not is_in(owner)
    assert Notice.objects.filter(person=officer, kind="account").count() == 3
    assert acts()[-4:] == [
        "factor.reset-asked", "factor.reset-refused", "factor.reset-asked", "factor.reset-confirmed",
    ]  # fmt: skip
    # A reset and a link would together be the whole way in: neither of the two makes one, and none is mailed.
    for admin in (first, second):
        with pytest.raises(NotAllowed):
            links.make_access_link(user=officer, by=admin)
    resets.ask_for_reset(username=officer.username, address="10.0.0.1")
    resets._mail_links(None)
    assert mail.outbox == []
    links.make_access_link(user=officer, by=third)
    # He comes back with his own password and sets up a new one; then it is as before.
    assert sign_in(owner, officer, PASSWORD)["Location"] == "/dasbor/"
    assert owner.get("/dasbor/")["Location"] == SETUP
    clock.next_code()
    phone = Phone(shown_secret(owner.get(SETUP).content.decode()), clock)
    assert owner.post(SETUP, {"code": phone.code()}).status_code == 200
    links.make_access_link(user=officer, by=first)


def browser(admin):
    """Sign an admin in with what he has proved."""
    client = Client()
    client.force_login(User.objects.get(pk=admin.pk), backend="wbbm.organisasi.auth.PostingBackend")
    kept = client.session
    kept[sessions.FACTOR] = SecondFactor.objects.get(user=admin).pk
    kept.save()
    return client


def test_whoever_knows_the_password_takes_no_part_in_the_reset(unit, officer, admins, clock, monkeypatch):
    """A link or another mail address first, a reset afterwards: that admin would know the password."""
    give_phone(officer, clock)
    first, second, third = admins
    links.make_access_link(user=officer, by=first)
    facts = {"username": officer.username, "name": officer.name, "email": "lain@contoh.test"}
    people.update_person(person=officer, by=second, **facts)
    for admin in (first, second, officer):
        with pytest.raises(NotAllowed):
            factor_resets.ask_reset(person=officer, reason="Hilang", by=admin)
    reset = factor_resets.ask_reset(person=officer, reason="Hilang", by=third)
    with pytest.raises(NotAllowed):
        factor_resets.confirm_reset(reset=reset, by=first)
    above = make_person(make_unit(), Role.ADMIN)
    with pytest.raises(NotAllowed):
        factor_resets.confirm_reset(reset=reset, by=above)
    with pytest.raises(IntegrityError), transaction.atomic():
        FactorReset.objects.filter(pk=reset.pk).update(confirmed_by=third)
    # Time over: it may be asked for again, and the old one confirms nothing.
    FactorReset.objects.update(asked_at=timezone.now() - datetime.timedelta(hours=73))
    monkeypatch.setattr(factor_resets, "why_not", lambda person, by: "")
    with pytest.raises(factor_resets.AlreadyDone):
        factor_resets.confirm_reset(reset=reset, by=second)
    again = factor_resets.ask_reset(person=officer, reason="Hilang", by=third)
    # The twin: without the question who knows the password, he takes part.
    factor_resets.confirm_reset(reset=again, by=first)
    assert not SecondFactor.objects.exists()


def test_who_runs_the_server_resets_where_there_is_no_second_admin(unit, clock, capsys):
    admin = make_person(unit, Role.ADMIN)
    with pytest.raises(CommandError):
        call_command("reset_second_factor", username=admin.username, reason="Hilang")
    give_phone(admin, clock)
    with pytest.raises(CommandError):
        call_command("reset_second_factor", username=admin.username, reason=" ")
    call_command("reset_second_factor", username=admin.username, reason="Hilang; dikenali langsung")
    assert not SecondFactor.objects.exists()
    event = AuditEvent.objects.get(action="factor.reset-by-server")
    assert (event.object_id, event.reason, event.unit) == (str(admin.pk), "Hilang; dikenali langsung", unit)
    assert Notice.objects.filter(person=admin, kind="account").count() == 1


def test_admins_see_who_has_one_and_never_its_key(unit, officer, admins, clock, client):
    phone = give_phone(officer, clock)
    client.force_login(admins[0], backend="wbbm.organisasi.auth.PostingBackend")
    said = client.get(f"/admin/organisasi/user/{officer.pk}/change/").content.decode()
    assert "10 kode pemulihan tersisa" in said
    assert phone.secret not in said
    assert client.get("/admin/organisasi/user/").content.decode().count("icon-yes") == 1
    gaps = client.get("/supervisi/kelengkapan/").content.decode()
    part = gaps.split('id="faktor"')[1].split("</section>")[0]
    assert admins[1].name in part
    assert officer.name not in part


def test_one_admin_alone_reads_no_reports_as_a_new_officer(unit, officer, admins, clock, settings, monkeypatch):
    """The first link leads to a factor of whoever holds it: another admin must have seen the officer with it."""
    settings.SECOND_FACTOR = "required"
    first, second, _ = admins
    for admin in admins:
        give_phone(admin, clock)
    client = Client()
    address = path(links.make_access_link(user=officer, by=first))
    client.post(address, {"password": OWN, "again": OWN})
    phone = Phone(shown_secret(client.get(SETUP).content.decode()), clock)
    client.post(SETUP, {"code": phone.code()})
    page = f"/akun/faktor-kedua/konfirmasi/{officer.pk}/"
    assert browser(first).post(page).status_code == 403
    refused = client.get("/layanan/laporan/")
    assert (refused.status_code, "belum dikonfirmasi" in refused.content.decode()) == (403, True)
    assert Notice.objects.filter(url=f"/akun/faktor-kedua/reset/{officer.pk}/").count() == 3
    assert browser(second).post(page).status_code == 302
    assert browser(second).post(page).status_code == 302
    assert client.get("/layanan/laporan/").status_code == 200
    assert acts()[-1] == "factor.approved"
    # Another phone in the same hands needs nobody; after a reset he is seen anew.
    clock.next_code()
    give_phone(User.objects.get(pk=officer.pk), clock)
    assert SecondFactor.objects.get(user=officer).approved_by == second
    factor_resets.reset_by_server(person=officer, reason="Hilang")
    give_phone(User.objects.get(pk=officer.pk), clock)
    again = Client()
    code = factors.renew_codes(user=officer)[0]
    sign_in(again, officer, OWN, code)
    assert again.get("/layanan/laporan/").status_code == 403
    # The twin: without the question he reads.
    from layanan.views import report_desk

    monkeypatch.setattr(report_desk, "require_approved", lambda user: None)
    assert again.get("/layanan/laporan/").status_code == 200
