"""Show 1 of issue 4: the way to WBBM in a browser: change days, lock an item, make findings of the plan."""

import io

import pypdf
import pytest
from playwright.sync_api import expect

from supervisi.models import Finding, PlanEntry
from supervisi.services.plans import Wish, plan_sheet
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE
from tests.supervisi.dashboards import LKE, engine_instrument, lower_area, make_district, put_lke

pytestmark = pytest.mark.django_db(transaction=True)


def test_days_are_changed_an_item_is_locked_and_findings_are_made(server, signed_in_page):
    district = make_district(0)
    sheet = put_lke(district, changes=lower_area(engine_instrument(district.instruments[LKE]), "3"))
    page = signed_in_page(district.kapolres, DESKTOP, bypass_csp=True)
    page.goto(f"/supervisi/lembar/{sheet.pk}/jalan/?cadangan=0")
    shown = page.locator(".zi-verdict__title")
    first = plan_sheet(sheet, Wish("wbbm", 0)).plan
    dear, locked = (step.item.code for step in first.steps[:2])
    expect(shown).to_have_text(
        f"{len(first.steps)} langkah, {str(first.half_days / 2).replace('.0', '').replace('.', ',')} hari kerja"
    )
    loads = []
    page.on("load", lambda _: loads.append(page.url))

    days = page.locator(f"[id='hari-{dear}']")
    days.fill("90")
    days.blur()
    expect(page.locator(f"[id='b-{dear}']")).to_have_count(0)
    page.locator(f"[id='pilih-{locked}']").select_option("needs_above")
    expect(page.locator(f"[id='kunci-{locked}']")).to_contain_text("Perlu Polda")
    expect(page.locator(f"[id='b-{locked}']")).to_have_count(0)
    assert loads == []
    assert PlanEntry.objects.get(item__code=dear).half_days == 180
    assert violations(page) == []
    page.set_viewport_size({"width": PHONE, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE

    steps = plan_sheet(sheet, Wish("wbbm", 0)).plan.steps
    page.get_by_role("button", name=f"Jadikan {len(steps)} temuan").click()
    expect(page.get_by_role("status").filter(has_text=f"{len(steps)} temuan dibuat dari rencana.")).to_be_visible()
    assert {finding.item.code for finding in Finding.objects.select_related("item")} == {
        step.item.code for step in steps
    }


@pytest.mark.parametrize("areas", ["34", "123456"])
def test_a_plan_of_any_length_prints_on_one_page(server, signed_in_page, areas):
    district = make_district(0)
    engine = engine_instrument(district.instruments[LKE])
    changes = {code: answer for key in areas for code, answer in lower_area(engine, key).items()}
    sheet = put_lke(district, changes=changes)
    page = signed_in_page(district.kapolres, DESKTOP)
    page.goto(f"/supervisi/lembar/{sheet.pk}/jalan/?cadangan=2")
    steps = page.locator(".zi-step").count()
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    assert (steps > 0, len(printed.pages)) == (True, 1)
    said = "".join(printed.pages[0].extract_text().split())
    codes = page.locator(".zi-step__main p > a:first-child").all_text_contents()
    assert (len(codes), [code for code in codes if code not in said]) == (steps, [])
