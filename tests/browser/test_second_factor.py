"""The second factor in a real browser: set up, signed in with, a recovery code once, a lost phone by two people."""

import re

from playwright.sync_api import expect

from tests.factories import PASSWORD, make_person, make_unit
from tests.phones import Phone, WallClock, give_phone
from wbbm.organisasi.models import Role, SecondFactor, UnitKind
from wbbm.organisasi.services import factor_resets


def sign_in(page, person, code=None):
    """Sign in by the forms, as a person does."""
    page.goto("/masuk/")
    page.fill("[name=username]", person.username)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    if code is not None:
        page.fill("[name=code]", code)
        page.click("main button[type=submit]")


def set_up(page):
    """Set a second factor up where the portal leads; return the phone and the recovery codes."""
    expect(page).to_have_url(re.compile("/akun/faktor-kedua/pasang/$"))
    page.click("summary")
    phone = Phone("".join(page.locator(".zi-secret span").all_inner_texts()), WallClock())
    page.fill("[name=code]", phone.code())
    page.click("main button[type=submit]")
    expect(page.locator(".zi-recovery li")).to_have_count(10)
    return phone, page.locator(".zi-recovery li").all_inner_texts()


def test_set_up_signed_in_recovered_and_lost(signed_in_page, settings):
    settings.SECOND_FACTOR = "required"
    unit = make_unit(kind=UnitKind.POLRES)
    person, first, second = (make_person(unit, Role.ADMIN) for _ in range(3))
    page = signed_in_page(None)
    sign_in(page, person)
    phone, codes = set_up(page)
    page.goto("/akun/")
    page.get_by_role("button", name="Keluar", exact=True).last.click()

    sign_in(page, person, phone.code(1))
    expect(page).to_have_url(re.compile("/supervisi/kelengkapan/$"))
    page.context.clear_cookies()
    sign_in(page, person, codes[0])
    expect(page.locator("main")).to_contain_text("Anda masuk dengan kode pemulihan")
    page.context.clear_cookies()
    sign_in(page, person, codes[0])
    expect(page.get_by_role("alert")).to_contain_text("sudah pernah dipakai")

    # The phone and the sheet of codes are gone: one admin asks, another one confirms.
    mine = give_phone(second, WallClock())
    factor_resets.ask_reset(person=person, reason="Ponsel jatuh di sungai", by=first)
    other = signed_in_page(None)
    sign_in(other, second, mine.code())
    other.goto(f"/akun/faktor-kedua/reset/{person.pk}/")
    other.get_by_role("button", name="Konfirmasi reset").click()
    expect(other.locator("main")).to_contain_text("sudah direset")
    assert not SecondFactor.objects.filter(user=person).exists()
    page.context.clear_cookies()
    sign_in(page, person)
    set_up(page)
