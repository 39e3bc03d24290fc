"""Show 1 of issue 3: a finding through the roles, from the visit where it is raised to the test on the next one."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Finding, FindingAct, Visit, VisitStatus
from supervisi.services.checklists import create_checklist
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_evidence import as_file, jpeg
from tests.browser.test_queue import card, choose, open_area
from tests.supervisi.sheets import LETTER, make_world
from wbbm.organisasi.models import User

pytestmark = pytest.mark.django_db(transaction=True)
OBSERVED = "Papan tarif di loket kosong."
REASON = "Foto belum menunjukkan tanggalnya."


@pytest.fixture
def world(server):
    return make_world("senori")


def raise_finding(page, world):
    """In one tap from the item's card, on a phone, with a photo."""
    open_area(page, f"/supervisi/lembar/{world.checklist.pk}/area/1/")
    card(page, LETTER).get_by_role("link", name="Catat temuan").click()
    page.get_by_label("Yang ditemukan").fill(OBSERVED)
    page.get_by_label("Rekomendasi").fill("Pasang papan tarif yang berlaku.")
    page.get_by_label("Jabatan yang menindaklanjuti").fill("Kapolsek")
    page.get_by_label("Foto atau berkas").set_input_files(jpeg("loket.jpg", seed=1))
    page.get_by_role("button", name="Catat temuan").click()
    expect(page).to_have_url(re.compile(rf"/area/1/#b-{re.escape(LETTER)}$"))
    finding = Finding.objects.get()
    expect(card(page, LETTER)).to_contain_text(finding.number)
    return finding


def answer(page, finding, button, text, seed):
    """Answer from the board, with a photo as evidence."""
    page.goto("/supervisi/temuan/")
    page.get_by_role("link", name=f"{button} {finding.number}").click()
    page.get_by_label("Apa yang sudah dilakukan").fill(text)
    page.get_by_label("Bukti", exact=True).set_input_files(jpeg("papan.jpg", seed=seed))
    page.get_by_role("button", name="Kirim jawaban").click()
    expect(page.get_by_role("status").filter(has_text="Jawaban dikirim.")).to_be_visible()


def judge(page, finding, button, said, reason=""):
    """Take a step from the list of what waits for a supervisor."""
    page.goto("/supervisi/temuan/periksa/")
    page.get_by_role("link", name=OBSERVED).click()
    if reason:
        page.get_by_text("Kembalikan dengan alasan").click()
        page.get_by_label("Apa yang masih kurang").fill(reason)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()


def next_visit(world):
    """Begin another visit with its own sheet."""
    visit = Visit.objects.create(
        unit=world.polsek, period=world.period, sprin_number="Sprin/2", starts_on=world.visit.starts_on,
        status=VisitStatus.ONGOING, team_leader=world.leader, planned_by=world.leader,
    )  # fmt: skip
    leader = User.objects.get(pk=world.leader.pk)
    return create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer="supervision", by=leader, visit=visit
    )


def test_a_finding_goes_through_the_roles_and_is_tested_on_the_next_visit(signed_in_page, world):
    team, leader = signed_in_page(world.members[0], PHONE), signed_in_page(world.leader, DESKTOP)
    station, second = signed_in_page(world.operator, PHONE, bypass_csp=True), signed_in_page(world.reviewer, DESKTOP)
    finding = raise_finding(team, world)
    page = finding.get_absolute_url()
    assert station.goto(page).status == 404

    leader.goto(world.visit.get_absolute_url())
    leader.get_by_role("button", name="Selesaikan dan sampaikan temuan").click()
    expect(leader.locator("[aria-current=step]").first).to_contain_text("Selesai")

    answer(station, finding, "Jawab dengan bukti", "Papan tarif sudah dipasang.", 2)
    judge(second, finding, "Kembalikan", "Jawaban dikembalikan", REASON)
    station.goto("/supervisi/temuan/")
    expect(station.get_by_role("article").filter(has_text=finding.number)).to_contain_text(REASON)
    answer(station, finding, "Perbaiki jawaban", "Foto baru dengan tanggal.", 3)
    expect(station.get_by_role("button", name="Tutup temuan")).to_have_count(0)
    judge(second, finding, "Terima jawaban", "Jawaban diterima.")
    judge(second, finding, "Tutup temuan", "Temuan ditutup.")
    station.goto(page)
    expect(station.get_by_role("button", name="Kirim jawaban")).to_have_count(0)
    assert violations(station) == []

    sheet = next_visit(world)
    open_area(leader, reverse("supervisi:checklist-area", args=[sheet.pk, "1"]))
    retest = card(leader, LETTER).get_by_role("region", name=f"Temuan pada butir {LETTER}")
    expect(retest).to_contain_text("uji ulang")
    retest.get_by_role("link", name=finding.number, exact=True).click()
    acts = ("RECORDED", "HANDED_OVER", "ANSWERED", "RETURNED", "ANSWERED", "ACCEPTED", "CLOSED")
    history = leader.get_by_role("region", name="Riwayat")
    expect(history.locator("ol > li > strong")).to_have_text([str(FindingAct[act].label) for act in acts])
    expect(history.locator("img")).to_have_count(3)
    leader.go_back()
    retest.get_by_role("button", name=re.compile("^Tetap baik")).click()
    expect(retest).to_contain_text("tetap baik")
    leader.goto(page)
    expect(history.locator("ol > li > strong").last).to_have_text("Diuji ulang: tetap baik")


def test_a_severe_finding_on_the_card_takes_photos_and_keeps_them_when_refused(signed_in_page, world):
    items = engine_instrument(world.instrument).items
    item, option = next((item, option) for item in items for option in item.options if option.is_severe)
    page, faults = signed_in_page(world.members[0], PHONE), []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    open_area(page, f"/supervisi/lembar/{world.checklist.pk}/area/{item.area_key}/")
    choose(page, item.code, option.code)
    form = card(page, item.code).locator("[data-wbbm-severe]")
    form.get_by_label("Yang ditemukan").fill(OBSERVED)
    form.get_by_label("Rekomendasi").fill("Perbaiki hari ini.")
    photos, send = form.get_by_label("Foto atau berkas"), form.get_by_role("button", name="Catat temuan berat")
    photos.set_input_files([as_file("foto.jpg", b"bukan foto", "image/jpeg")])
    send.click()
    expect(form.get_by_role("status")).to_contain_text("Ditolak")
    assert photos.evaluate("input => input.files.length") == 1
    expect(form.get_by_label("Yang ditemukan")).to_have_value(OBSERVED)
    photos.set_input_files([jpeg("satu.jpg", seed=1), jpeg("dua.jpg", seed=2)])
    send.click()
    expect(form).to_be_hidden()
    finding = Finding.objects.get()
    assert finding.events.get(kind="recorded").files.count() == 2
    assert faults == []
