"""A policeman reports on a phone what he was given, and reads by which working day it must be at the KPK."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from layanan.models import GratuityReport
from tests.browser.axe import violations
from tests.factories import make_person, make_unit
from wbbm.organisasi.models import Role, UnitKind


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_a_gift_is_reported_and_its_thirty_working_days_are_told(signed_in_page, has_script):
    polres = make_unit(kind=UnitKind.POLRES, name="Polres Uji")
    policeman = make_person(make_unit(polres, name="Polsek Uji"), Role.OPERATOR)
    make_person(polres, Role.INTEGRITY_OFFICER)
    page = signed_in_page(policeman, java_script_enabled=has_script, bypass_csp=has_script)
    page.goto(reverse("layanan:gratuity-list"))
    page.get_by_role("link", name="Tulis laporan").click()

    # What is wrong is told, and what was typed stays.
    page.fill("[name=what]", "Kain batik")
    page.get_by_role("button", name="Simpan draf").click()
    expect(page.get_by_role("alert").first).to_contain_text("Isi hari diterima.")
    expect(page.locator("[name=what]")).to_have_value("Kain batik")

    chosen = {
        "form": "goods",
        "relation": "partner",
        "occasion": "holiday",
        "response": "accepted",
        "whereabouts": "held",
    }
    for name, value in chosen.items():
        page.select_option(f"[name={name}]", value)
    page.fill("[name=received_on]", timezone.localdate().isoformat())
    page.fill("[name=value]", "Rp 400.000")
    page.fill("[name=circumstances]", "Dikirim kurir ke rumah dinas.")
    page.get_by_role("button", name="Simpan draf").click()
    expect(page.locator("h1")).to_have_text("Kain batik")
    expect(page.locator("main")).to_contain_text("Laporan harus sampai di KPK paling lambat")
    expect(page.locator("main")).to_contain_text("30 hari kerja lagi")

    page.locator("form[action*=submit] button").click()
    expect(page.get_by_text("Laporan diserahkan kepada UPG.")).to_be_visible()
    expect(page.locator("main")).to_contain_text("30 hari kerja lagi")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert (violations(page) if has_script else []) == []
    report = GratuityReport.objects.get()
    assert (report.status, report.by) == ("submitted", policeman)
