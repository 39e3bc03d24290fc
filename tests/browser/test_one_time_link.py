"""The one-time link in a real browser: what it sends along with the form decides whether the form is taken."""

import re

from playwright.sync_api import expect

from tests.factories import make_person, make_unit
from wbbm.organisasi.models import Role, UnitKind
from wbbm.organisasi.services.links import make_access_link

OWN = "sandi milik sendiri 1"


def test_a_link_leads_to_an_own_password_and_into_the_portal(signed_in_page, settings):
    person = make_person(make_unit(kind=UnitKind.POLSEK, name="Polsek Senori"), Role.OPERATOR)
    link = make_access_link(user=person, by=None)
    page = signed_in_page(None)
    opened = page.goto(link.removeprefix(settings.SITE_URL))
    assert opened.header_value("referrer-policy") == "same-origin"
    page.fill("[name=password]", OWN)
    page.fill("[name=again]", OWN)
    page.click("main button[type=submit]")
    expect(page.locator("body")).to_contain_text("Kata sandi Anda tersimpan")


def test_the_password_made_by_link_signs_in(signed_in_page):
    person = make_person(make_unit(kind=UnitKind.POLSEK), Role.OPERATOR, password=OWN)
    page = signed_in_page(None)
    page.goto("/masuk/")
    page.fill("[name=username]", person.username)
    page.fill("[name=password]", OWN)
    page.click("main button[type=submit]")
    expect(page).to_have_url(re.compile("/supervisi/tugas/$"))
