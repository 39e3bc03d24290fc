"""SIMBA on a phone of 360 px without JavaScript: register, keep the address, look up by the code, cancel."""

import pytest
from playwright.sync_api import expect

from layanan.models import Registration
from tests.browser.conftest import PHONE
from tests.factories import make_person, make_unit
from tests.layanan.makers import make_session
from wbbm.organisasi.models import Role

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_resident_registers_looks_up_and_cancels_without_javascript(signed_in_page, server):
    unit = make_unit(name="Polsek Senori")
    make_session(unit, make_person(unit, Role.OPERATOR), capacity=1)
    page = signed_in_page(None, PHONE, java_script_enabled=False)
    page.goto("/simba/")
    page.get_by_role("link", name="Daftar latihan").click()
    page.get_by_label("Nama").fill("Peserta 1")
    page.get_by_role("button", name="Daftar").click()
    expect(page.get_by_role("alert")).to_contain_text("Tulis nomor telepon Anda.")
    expect(page.get_by_label("Nama")).to_have_value("Peserta 1")
    page.get_by_label("Nomor telepon").fill("0800 0000 0001")
    page.get_by_role("button", name="Daftar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anda mendapat tempat nomor 1")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    code = "-".join(page.locator(".zi-code output span").all_inner_texts())
    assert page.url.split("?")[0].endswith(f"/{code}/")

    page.goto("/simba/")
    page.get_by_role("link", name="Buka pendaftaran saya").click()
    page.get_by_label("Kode pendaftaran").fill(code.lower())
    page.get_by_role("button", name="Buka").click()
    page.get_by_text("Batalkan pendaftaran", exact=True).click()
    page.get_by_role("button", name="Ya, batalkan pendaftaran saya").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pendaftaran Anda dibatalkan")
    assert Registration.objects.get().status == "cancelled"
    assert page.context.cookies() == []
