"""The administration in a real browser: a strict policy is never broken, and its widgets work under it."""

from __future__ import annotations

import datetime
import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from supervisi.models import Period, PeriodKind
from tests.factories import make_person, make_unit
from wbbm.organisasi.models import AuditEvent, HeldPredicate, Posting, Role, UnitKind, User

pytestmark = pytest.mark.django_db(transaction=True)

LISTEN = """
window.broken = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.broken.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""


@pytest.fixture
def polres(server):
    return make_unit(kind=UnitKind.POLRES, name="Polres Uji", code="polres-uji")


@pytest.fixture
def polsek(polres):
    return make_unit(polres, name="Polsek Senori", code="polsek-senori")


@pytest.fixture
def admin(polres):
    return make_person(polres, Role.ADMIN, name="Admin Uji")


def watched(page):
    """Let the page note every breach of its policy and every error of its scripts."""
    page.add_init_script(LISTEN)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda said: page.problems.append(said.text) if "Content Security Policy" in said.text else None)
    return page


def breaches(page):
    return page.evaluate("window.broken") + page.problems


def pages(polsek, admin):
    """Return every kind of admin page that opens, with its address."""
    held = HeldPredicate.objects.create(unit=polsek, predicate="wbk", year=2018)
    period = Period.objects.create(
        unit=polsek, name="2026", kind=PeriodKind.YEAR, first_day=datetime.date(2026, 1, 1),
        last_day=datetime.date(2026, 12, 31),
    )  # fmt: skip
    event = AuditEvent.objects.create(
        actor=admin, action="unit.changed", object_type="organisasi.unit", object_id=str(polsek.pk), unit=polsek,
        changes={"name": ["Lama", "Polsek Senori"]},
    )  # fmt: skip
    rows = {
        "organisasi_unit": polsek.pk,
        "organisasi_user": admin.pk,
        "organisasi_posting": admin.postings.get().pk,
        "organisasi_heldpredicate": held.pk,
        "organisasi_auditevent": event.pk,
        "supervisi_period": period.pk,
    }
    found = [reverse("admin:index"), reverse("admin:app_list", args=["organisasi"])]
    for name, pk in rows.items():
        found += [reverse(f"admin:{name}_{kind}", args=[pk]) for kind in ("change", "history")]
        found.append(reverse(f"admin:{name}_changelist"))
        if name != "organisasi_auditevent":
            found += [reverse(f"admin:{name}_add"), reverse(f"admin:{name}_add") + "?_popup=1"]
            found.append(reverse(f"admin:{name}_changelist") + "?q=tidakada")
    found.append(reverse("admin:organisasi_unit_changelist") + "?kind__exact=polsek")
    found.append(reverse("admin:organisasi_unit_change", args=[polsek.pk]) + "?_popup=1&_to_field=id")
    return [*found, reverse("admin:supervisi_instrument_changelist")]


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_breaks_its_policy_or_overflows(signed_in_page, admin, polsek, settings, width):
    settings.IS_DEMO = True
    page = watched(signed_in_page(admin, width))
    faults = []
    for address in pages(polsek, admin):
        answer = page.goto(address)
        page.wait_for_load_state("load")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if answer.status != 200 or breaches(page) or wide > width:
            faults.append((address, answer.status, breaches(page), wide))
        if "DATA CONTOH, bukan keadaan sebenarnya" not in page.inner_text("body"):
            faults.append((address, "not marked as demo"))
        page.problems.clear()
    assert faults == []


def test_a_breach_would_be_seen(signed_in_page, admin):
    """The twin: what the test above listens for does arrive."""
    page = watched(signed_in_page(admin, 1280))
    page.goto("/admin/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    page.wait_for_function("window.broken.length > 0")
    assert any("style-src" in text for text in breaches(page))


def test_a_delete_page_is_refused_in_our_own_words(signed_in_page, admin, polsek):
    page = watched(signed_in_page(admin, 360))
    answer = page.goto(reverse("admin:organisasi_unit_delete", args=[polsek.pk]))
    assert answer.status == 403
    expect(page.get_by_role("heading", name="Anda belum berwenang membuka ini")).to_be_visible()
    assert breaches(page) == []


def choose(page, field, text):
    """Search in a field and take what is offered."""
    page.locator(f".field-{field} .select2-selection").click()
    page.locator(".select2-search__field").fill(text)
    page.locator(".select2-results__option--highlighted", has_text=text).click()


def test_a_posting_is_given_by_search_calendar_and_pop_up(signed_in_page, admin, polsek, polres):
    make_unit(make_unit(kind=UnitKind.POLRES, name="Polres Asing"), name="Polsek Senori Asing")
    page = watched(signed_in_page(admin, 1280, timezone_id="Asia/Jakarta"))
    page.goto("/admin/organisasi/posting/add/")
    with page.expect_popup() as opened:
        page.locator("#add_id_user").click()
    window = opened.value
    window.get_by_label("Nama pengguna").fill("kasium.senori")
    window.get_by_label("Nama", exact=False).nth(1).fill("Kasium Polsek Senori")
    choose(window, "home_unit", "Polsek Senori")
    with window.expect_event("close"):
        window.get_by_role("button", name="Simpan").click()
    expect(page.locator(".field-user .select2-selection__rendered")).to_contain_text("Kasium Polsek Senori")
    page.locator(".field-unit .select2-selection").click()
    page.locator(".select2-search__field").fill("Senori")
    expect(page.locator(".select2-results__option[role=option]")).to_have_text(["Polsek Senori"])
    page.locator(".select2-results__option[role=option]").click()
    page.get_by_label("Peran").select_option("operator")
    page.get_by_label("Jabatan").fill("Kasium")
    page.get_by_label("Sampai").click()
    page.locator(".field-ends_on .datetimeshortcuts a").nth(1).click()
    expect(page.locator("#calendarbox1")).to_be_visible()
    page.locator("#calendarbox1 .calendarnav-next").click()
    page.locator("#calendarbox1 td a", has_text=re.compile("^15$")).click()
    page.get_by_role("button", name="Simpan", exact=True).click()
    page.wait_for_url("**/admin/organisasi/posting/")
    assert breaches(page) == []
    posting = Posting.objects.get(title="Kasium")
    assert (posting.user.username, posting.unit, posting.ends_on.day) == ("kasium.senori", polsek, 15)


def test_a_person_is_closed_only_after_a_second_click_with_a_reason(signed_in_page, admin, polsek):
    person = make_person(polsek, Role.OPERATOR, name="Operator Senori")
    page = watched(signed_in_page(admin, 360))
    page.goto(reverse("admin:organisasi_user_change", args=[person.pk]))
    expect(page.get_by_role("button", name="Ya, tutup akun")).to_be_hidden()
    page.locator("summary", has_text="Tutup akun").click()
    page.get_by_label("Alasan (boleh kosong)").fill("Pindah ke Polda")
    page.get_by_role("button", name="Ya, tutup akun").click()
    expect(page.locator(".messagelist")).to_contain_text("akun ditutup")
    expect(page.get_by_role("button", name="Buka kembali akun")).to_be_visible()
    assert User.objects.get(pk=person.pk).closed_at is not None
    assert breaches(page) == []
    page.get_by_role("link", name="Riwayat").click()
    expect(page.locator(".zi-admin-history")).to_contain_text("Alasan: Pindah ke Polda")
    assert breaches(page) == []


def test_the_actions_bar_works_under_the_policy(signed_in_page, admin, polsek):
    person = make_person(polsek, Role.OPERATOR, name="Operator Senori")
    page = watched(signed_in_page(admin, 1280))
    page.goto("/admin/organisasi/user/?q=Operator")
    page.locator("#action-toggle").check()
    expect(page.locator(".action-counter")).to_contain_text("1 dari 1")
    page.get_by_label("Aksi:").select_option("end_sessions")
    page.get_by_role("button", name="Buka").click()
    expect(page.locator(".messagelist")).to_contain_text("sudah dikeluarkan")
    assert User.objects.get(pk=person.pk).session_epoch == 1
    assert breaches(page) == []


@pytest.mark.parametrize("width", [360, 1280])
def test_import_shows_faults_then_writes_and_prints_links(signed_in_page, admin, polsek, width):
    page = watched(signed_in_page(admin, width))
    head = "Nama pengguna;NRP/NIP;Nama;Kode satuan;Peran;Jabatan;Mulai\n"
    right = "kanit.a;91050417;Kanit Lantas;polsek-senori;operator;Kanit Lantas;1 Oktober 2026\n"
    wrong = "kanit.b;9105;Kanit Reskrim;polsek-senory;operator;Kanit Reskrim;kemarin\n"

    def send(text):
        page.goto("/organisasi/impor/orang/")
        page.set_input_files("[name=file]", {"name": "a.csv", "mimeType": "text/csv", "buffer": text.encode()})
        page.get_by_role("button", name="Unggah dan periksa").click()
        page.wait_for_url("**/organisasi/unggahan/**")

    send(head + right + wrong)
    expect(page.get_by_role("alert")).to_contain_text("1 baris salah. Belum ada yang disimpan.")
    bad = page.locator("tr.zi-row--bad")
    expect(bad).to_contain_text("Maksud Anda polsek-senori?")
    expect(bad).to_contain_text("NRP/NIP terdiri dari 8 sampai 18 angka.")
    expect(page.get_by_role("button", name="Impor")).to_have_count(0)
    assert not User.objects.filter(username="kanit.a").exists()
    send(head + right)
    page.get_by_role("button", name="Impor 1 baris").click()
    page.get_by_role("button", name="Buat dan tampilkan tautan").click()
    slip = page.locator(".zi-slip")
    expect(slip).to_contain_text("kanit.a")
    expect(slip.locator("svg.zi-qr")).to_be_visible()
    page.emulate_media(media="print")
    expect(slip.locator("svg.zi-qr")).to_be_visible()
    expect(page.get_by_role("button", name="Cetak")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert breaches(page) == []
