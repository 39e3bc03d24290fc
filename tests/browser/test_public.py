"""A resident on a phone of 360 px, with JavaScript and without it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from layanan.services.catalogue_files import load_catalogue
from tests.factories import make_unit
from wbbm.organisasi.models import UnitKind


@pytest.mark.parametrize("has_script", [True, False])
def test_the_price_of_renewing_a_motorcycle_licence_is_two_taps_away(signed_in_page, has_script):
    load_catalogue()
    make_unit(code="polres-uji", name="Polres Uji", kind=UnitKind.POLRES)
    page = signed_in_page(None, java_script_enabled=has_script)
    page.goto("/")
    page.get_by_role("link", name=re.compile("^Perpanjangan SIM")).click()
    page.get_by_role("link", name="Perpanjangan SIM C, C I, C II").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Perpanjangan SIM C, C I, C II")
    expect(page.get_by_role("region", name="Tarif", exact=True)).to_contain_text("Rp75.000")
    # And by search, with a slip of the finger.
    page.goto("/")
    page.get_by_role("searchbox").fill("perpanjngan sim c")
    page.get_by_role("button", name="Cari").click()
    expect(page.get_by_role("link", name="Perpanjangan SIM C, C I, C II")).to_be_visible()
    assert page.context.cookies() == []
