"""Ways round the second factor and the question before weighty steps that reviewers found, each shut."""

import datetime

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from layanan.models import GratuityFile, GratuityReport
from layanan.services.gratuities import FILE_KIND
from supervisi.models import ListFile, Period
from supervisi.models.list_files import posting_mark
from tests.factories import PASSWORD, make_person, make_unit
from tests.phones import give_phone, sign_in, stopped_clock
from tests.supervisi.sheets import make_world
from tests.supervisi.test_step_up import ASK, client_of, form_of, stale
from wbbm.errors import NotAllowed
from wbbm.files.models import StoredFile
from wbbm.organisasi import second_factor, sessions
from wbbm.organisasi.models import AccessLink, AuditEvent, Role, SecondFactor, UnitKind, User
from wbbm.organisasi.services import factor_approvals, factor_resets, links, people, postings

pytestmark = pytest.mark.django_db
OWN = "kata sandi sendiri 77"


def test_a_period_is_closed_and_files_are_taken_by_proof_only(monkeypatch):
    """Closing makes sheets final in bulk; a long list of people and the files of a gift have addresses of their own."""
    world = make_world()
    admin, upg = make_person(world.polres, Role.ADMIN), make_person(world.polres, Role.INTEGRITY_OFFICER)
    gift = GratuityReport.objects.create(
        number="G-1", by=world.operator, posting=world.operator.postings.first(), unit=world.polsek,
        status="submitted", received_on=world.visit.starts_on, form="goods", what="Kain", value=100000,
        relation="served", occasion="duty", response="accepted", circumstances="Ditinggalkan", whereabouts="held",
    )  # fmt: skip
    path = default_storage.save("uji/kain.txt", ContentFile(b"kain"))
    kept = StoredFile.objects.create(
        path=path, name="kain.txt", content_type="text/plain", kind=FILE_KIND, created_by=world.operator, size=4,
        sha256="0" * 64, original_sha256="0" * 64,
    )  # fmt: skip
    GratuityFile.objects.create(report=gift, file=kept)
    facts = {
        "posting_mark": posting_mark(world.operator),
        "asked": {},
        "status": "ready",
        "path": path,
        "suffix": "csv",
    }
    long, plain = (
        ListFile.objects.create(person=world.operator, name=name, asked_mark=name, **facts)
        for name in ("responden-survei", "satuan")
    )
    asking = [
        (world.operator, long.get_absolute_url()),
        (upg, f"/berkas/{kept.pk}/"),
        (upg, "/supervisi/daftar/gratifikasi.csv"),
    ]
    for person, address in asking:
        assert stale(client_of(person)).get(address).headers.get("Location", "").startswith(ASK), address
    for person, address in ((world.operator, plain.get_absolute_url()), (world.operator, f"/berkas/{kept.pk}/")):
        answer = stale(client_of(person)).get(address)
        assert answer.status_code == 200, address
        b"".join(answer)
    period = world.checklist.period
    Period.objects.filter(pk=period.pk).update(unit=world.polres)
    address, client = f"/supervisi/periode/{period.pk}/close/", stale(client_of(admin))
    asked = client.post(address, {"is_seen": "on"})
    assert asked.status_code == 200
    action, fields = form_of(asked)
    assert fields["is_seen"] == "on"
    assert Period.objects.get(pk=period.pk).is_open
    assert client.post(action, fields | {second_factor.PROOF: PASSWORD}).status_code == 302
    assert not Period.objects.get(pk=period.pk).is_open
    # Whoever finds an admin's screen open makes no way into an account by it.
    client = stale(client_of(admin))
    action, _ = form_of(client.post(f"/akun/tautan/{world.operator.pk}/"))
    assert not AccessLink.objects.exists()
    assert "/kunci/" in client.post(action, {second_factor.PROOF: PASSWORD}).content.decode()
    # The twin: without the question all of it is given out.
    monkeypatch.setattr(second_factor, "is_fresh", lambda request: True)
    for person, address in asking:
        answer = stale(client_of(person)).get(address)
        assert answer.status_code == 200, address
        b"".join(answer)


def test_a_new_password_proves_nothing_but_itself_and_isnt_guessed_there(monkeypatch, settings):
    settings.AXES_FAILURE_LIMIT = 3
    clock = stopped_clock(monkeypatch)
    unit = make_unit(kind=UnitKind.POLRES)
    admin = make_person(unit, Role.ADMIN)
    phone = give_phone(admin, clock)
    client = Client()
    sign_in(client, admin, PASSWORD, phone.code())
    export, new = "/organisasi/ekspor/orang.csv", {"password": OWN, "again": OWN}
    assert client.get(export).status_code == 200
    stale(client)
    assert client.post("/akun/kata-sandi/", new | {"current": PASSWORD}).status_code == 302
    assert client.get(export).headers.get("Location", "").startswith(ASK)
    # A password that an admin wants changed is set without the present one.
    User.objects.filter(pk=admin.pk).update(must_change_password=True)
    other = {"password": OWN + "8", "again": OWN + "8"}
    assert client.post("/akun/kata-sandi-pertama/", other).status_code == 302
    assert client.get(export).headers.get("Location", "").startswith(ASK)
    # Whoever finds the screen open guesses no faster than at sign-in.
    tries = [client.post("/akun/kata-sandi/", new | {"current": f"salah {n}"}).status_code for n in range(4)]
    assert tries == [422, 422, 422, 429]
    assert client.post("/akun/kata-sandi/", new | {"current": OWN + "8"}).status_code == 429
    assert AuditEvent.objects.filter(action="step-up.refused", actor=admin).count() == 3


def test_whoever_added_the_officer_or_once_made_his_link_doesnt_confirm_his_phone(monkeypatch, settings):
    settings.SECOND_FACTOR = "required"
    clock = stopped_clock(monkeypatch)
    unit = make_unit(kind=UnitKind.POLRES)
    first, second, third = (make_person(unit, Role.ADMIN) for _ in range(3))
    # The mailbox is his who adds the person, so the mailed link is too; nobody made a link.
    officer = people.create_person(by=first, unit=unit, username="siwas", name="Siwas", email="kotak@contoh.test")
    office = postings.add_posting(
        by=first, user=officer, unit=unit, role=Role.INTEGRITY_OFFICER, title="Kasiwas", kind="definitive",
        starts_on=timezone.localdate() - datetime.timedelta(days=9),
    )  # fmt: skip
    postings.approve_posting(posting=office, by=second)
    links.make_access_link(user=officer, by=second)
    give_phone(User.objects.get(pk=officer.pk), clock)
    month = timezone.now() + datetime.timedelta(days=31)
    person = User.objects.get(pk=officer.pk)
    for admin in (first, second):
        with pytest.raises(NotAllowed):
            factor_approvals.approve_factor(person=person, by=admin)
        # Waiting doesn't help: what counts is who had a way in when the factor was set up.
        with monkeypatch.context() as later:
            later.setattr(timezone, "now", lambda: month)
            with pytest.raises(NotAllowed):
                factor_approvals.approve_factor(person=person, by=admin)
    with pytest.raises(NotAllowed):
        factor_resets.ask_reset(person=person, reason="Ponsel hilang", by=first)
    factor_approvals.approve_factor(person=person, by=third)
    assert SecondFactor.objects.get(user=officer).approved_by == third


def test_a_second_click_on_the_code_doesnt_sign_out(monkeypatch):
    clock = stopped_clock(monkeypatch)
    person = make_person(make_unit(), Role.OPERATOR)
    phone = give_phone(person, clock)
    client, second = Client(), Client()
    client.post("/masuk/", {"username": person.username, "password": PASSWORD})
    second.cookies["sessionid"] = client.cookies["sessionid"].value
    client.post("/masuk/kode/", {"code": phone.code()})
    assert client.get("/akun/").status_code == 200
    late = second.post("/masuk/kode/", {"code": phone.code()})
    # The browser holds one cookie by this name: what the later answer says of it counts.
    assert "sessionid" not in late.cookies
    assert late.status_code == 302
    assert sessions.FACTOR in client.session
