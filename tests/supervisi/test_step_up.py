"""Weighty steps ask the person to prove himself once more, and lose nothing of what he typed."""

import html
import re
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client

from layanan.models import GratuityReport, Report, ReportFile
from supervisi.models import Checklist
from tests.factories import PASSWORD, make_person
from tests.layanan.report_sends import Place, photo, send
from tests.phones import give_phone, stopped_clock
from tests.supervisi.sheets import make_world
from wbbm.organisasi import second_factor, sessions
from wbbm.organisasi.models import AuditEvent, Role, SecondFactor, User

pytestmark = pytest.mark.django_db
ASK = "/masuk/konfirmasi/"


def client_of(person):
    """Sign a person in, with what he has proved."""
    client = Client()
    client.force_login(User.objects.get(pk=person.pk), backend="wbbm.organisasi.auth.PostingBackend")
    kept = client.session
    kept[sessions.FACTOR] = SecondFactor.objects.filter(user=person).values_list("pk", flat=True).first()
    kept.save()
    client.get("/sesi/")
    return client


def stale(client):
    """Let the last proof be eleven minutes old."""
    kept = client.session
    kept[sessions.CHECKED] -= 11 * 60
    kept.save()
    return client


def form_of(answer):
    """Return what the page that asks would send, and where to."""
    page = answer.content.decode()
    fields = dict(re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, re.DOTALL))
    fields |= dict(re.findall(r'<input type="hidden" name="(bukti-dari)" value="([^"]*)"', page))
    action = re.search(r'<form method="post" action="([^"]+)"', page)[1]
    return html.unescape(action), {name: html.unescape(value) for name, value in fields.items()}


def test_a_sheet_is_made_final_by_password_again_and_a_second_click_is_harmless():
    world = make_world()
    Checklist.objects.filter(pk=world.checklist.pk).update(status="disclosed")
    address = f"/supervisi/lembar/{world.checklist.pk}/langkah/finalise/"
    page = f"http://testserver/supervisi/lembar/{world.checklist.pk}/"
    client = stale(client_of(world.commander))
    told = client.post(address, headers={"Accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (403, "step-up")
    asked = client.post(address, headers={"Referer": page})
    assert "Kata sandi Anda" in asked.content.decode()
    action, fields = form_of(asked)
    assert (action, fields["bukti-dari"]) == (address, f"/supervisi/lembar/{world.checklist.pk}/")
    wrong = client.post(action, fields | {second_factor.PROOF: "salah sekali"})
    assert wrong.status_code == 422
    assert form_of(wrong) == (action, fields)
    assert world.reload().status == "disclosed"
    assert AuditEvent.objects.filter(action="step-up.refused", actor=world.commander).exists()
    done = client.post(action, fields | {second_factor.PROOF: PASSWORD})
    assert done.status_code == 302
    assert world.reload().status == "final"
    again = client.post(
        action, fields | {second_factor.PROOF: PASSWORD}, headers={"Referer": f"http://testserver{address}"}
    )
    assert again["Location"] == fields["bukti-dari"]
    assert AuditEvent.objects.filter(action="checklist.finalise").count() == 1
    # A refusal of the step leads back to the sheet, not to the page that asked.
    refused = stale(client).post(
        action, fields | {second_factor.PROOF: PASSWORD}, headers={"Referer": f"http://testserver{address}"}
    )
    assert refused["Location"] == fields["bukti-dari"]


def test_who_may_not_is_told_so_before_anything_is_asked():
    world = make_world()
    answer = stale(client_of(world.auditor)).post(f"/supervisi/lembar/{world.checklist.pk}/langkah/finalise/")
    assert second_factor.PROOF not in answer.content.decode()
    assert world.reload().status == "draft"


def test_a_report_is_opened_answered_and_its_photo_taken_by_code_only(monkeypatch):
    cache.clear()
    place, clock = Place(), stopped_clock(monkeypatch)
    send(Client(), place.polsek, foto=photo())
    phone = give_phone(place.siwas, clock)
    page = Report.objects.get().get_absolute_url()
    image = f"/layanan/laporan/foto/{ReportFile.objects.get().pk}/"
    client = stale(client_of(place.siwas))
    assert client.get(page)["Location"] == f"{ASK}?next={quote(page, safe='')}"
    assert client.get(image)["Location"] == f"{ASK}?next={quote(image, safe='')}&berkas=1"
    assert not AuditEvent.objects.filter(action__startswith="report.").exists()
    text = 'Baris pertama\n\n  <b>Baris</b> & "kutip" ketiga'
    asked = client.post(f"{page}jawab/", {"text": text})
    action, fields = form_of(asked)
    assert fields["text"] == text
    assert "Kode dari ponsel" in asked.content.decode()
    used = phone.code()
    assert client.post(action, fields | {second_factor.PROOF: PASSWORD}).status_code == 422
    assert client.post(action, fields | {second_factor.PROOF: used})["Location"] == page
    assert "Baris pertama" in client.get(page).content.decode()
    assert client.get(image).status_code == 200
    # The same code doesn't prove anything a second time; the next one leads where he was going.
    assert stale(client).post(f"{ASK}?next={page}", {second_factor.PROOF: used}).status_code == 422
    clock.next_code()
    assert client.post(f"{ASK}?next={page}", {second_factor.PROOF: phone.code()})["Location"] == page
    clock.next_code()
    # A file comes by itself, and the page that stays says so.
    proof = {second_factor.PROOF: phone.code(), second_factor.CAME_FROM: page}
    said = stale(client).post(f"{ASK}?next={image}&berkas=1", proof).content.decode()
    assert f'content="0;url={image}"' in said and f'href="{page}"' in said
    clock.next_code()
    assert stale(client).get(f"{ASK}?next=https://lain.test/").status_code == 200
    clock.next_code()
    away = client.post(f"{ASK}?next=https://lain.test/", {second_factor.PROOF: phone.code()})
    assert away["Location"] == "/dasbor/"


def test_lists_of_people_and_what_others_reported_ask_too(monkeypatch):
    world = make_world()
    admin, upg = make_person(world.polres, Role.ADMIN), make_person(world.polres, Role.INTEGRITY_OFFICER)
    gift = GratuityReport.objects.create(
        number="G-1", by=world.operator, posting=world.operator.postings.first(), unit=world.polsek,
        status="submitted", received_on=world.visit.starts_on, form="goods", what="Kain", value=100000,
        relation="served", occasion="duty", response="accepted", circumstances="Ditinggalkan", whereabouts="held",
    )  # fmt: skip
    contacts = f"/supervisi/daftar/responden-survei.csv?id={world.polsek.pk}"
    asking = [
        (admin, "/organisasi/ekspor/orang.csv"),
        (upg, f"/layanan/gratifikasi/{gift.pk}/"),
        (world.operator, contacts),
    ]
    for person, address in asking:
        assert stale(client_of(person)).get(address)["Location"].startswith(ASK), address
    post = stale(client_of(upg)).post(f"/layanan/gratifikasi/{gift.pk}/langkah/return/", {"text": "Foto belum ada"})
    assert form_of(post)[1]["text"] == "Foto belum ada"
    for person, address in (
        (admin, "/organisasi/ekspor/satuan.csv"),
        (world.operator, f"/layanan/gratifikasi/{gift.pk}/"),
    ):
        assert stale(client_of(person)).get(address).status_code == 200, address
    # The twin: without the question all of it is given out.
    monkeypatch.setattr(second_factor, "is_fresh", lambda request: True)
    for person, address in asking:
        answer = stale(client_of(person)).get(address)
        assert answer.status_code == 200, address
        b"".join(answer)
