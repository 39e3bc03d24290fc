"""The Kapolres's dashboard in a real browser: one A4 page, no wider than a phone, renewing while one looks."""

import datetime
import io
import re

import pypdf
import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Layer, UnitScore
from supervisi.pages.dashboard_data import LKE, POLSEK
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import make_unit
from tests.supervisi.dashboards import lower_area, make_district, make_finding, meet_conditions, put_lke, put_sheet
from wbbm.organisasi.models import Unit, UnitKind, User
from wbbm.organisasi.sessions import AUTO_HEADER

LONG = "Kepolisian Sektor Kawasan Pelabuhan dan Industri Semen Tuban"
A4 = (595, 842)


def crowd(district, size):
    """Fill the district up to a number of stations with copies of the first one's rows."""
    model = district.stations[0]
    for number in range(len(district.stations), size):
        station = make_unit(district.polres, kind=UnitKind.POLSEK, name=f"Polsek Salinan {number}")
        for row in UnitScore.objects.filter(unit=model):
            row.pk, row.unit = None, station
            row.save()


def worst_case(stations=20):
    """Make a district in which everything that a dashboard can say is said: all gates missed, all held, all late."""
    district = make_district(3)
    meet_conditions(district, **dict.fromkeys(("audit_follow_up", "wealth_reports", "one_year", "sakip_unit"), False))
    lke, own = (engine_instrument(district.instruments[code]) for code in (LKE, POLSEK))
    bad = {code: answer for key in "1234567" for code, answer in lower_area(lke, key).items()}
    put_lke(district, changes=bad | {"B.I.a": "2.10", "B.II.a": "1.20"})
    weak = {code: answer for key in "1356" for code, answer in lower_area(own, key).items()}
    for station in district.stations[:2]:
        put_sheet(district, station, period=district.before, status="final")
        put_sheet(district, station, changes=weak)
    Unit.objects.filter(pk=district.stations[0].pk).update(name=LONG)
    for days in (30, 20, 10, 5):
        make_finding(
            district, district.stations[0], due_on=datetime.date.today() - datetime.timedelta(days=days),
            owner_title="Kepala Sentra Pelayanan Kepolisian Terpadu Kepolisian Sektor Kawasan Pelabuhan",
            observation="Satu dari lima kejadian di buku mutasi tidak ada di register, dan pelapornya pulang tanpa "
            "tanda terima yang dapat ditunjukkan kembali kepada siapa pun.",
        )  # fmt: skip
    crowd(district, stations)
    return district


def pages_of(page):
    return pypdf.PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True))).pages


@pytest.mark.parametrize("stations", [20, 30])
def test_the_printed_dashboard_is_one_a4_page_with_everything_on_it(signed_in_page, stations):
    district = worst_case(stations)
    page = signed_in_page(district.kapolres, DESKTOP)
    page.goto("/dasbor/")
    printed = pages_of(page)
    assert len(printed) == 1
    assert tuple(round(float(side)) for side in printed[0].mediabox[2:]) == A4
    text = re.sub(r"[\s\u2010]+", " ", printed[0].extract_text())
    for words in ("Belum siap WBBM", "Yang menghalangi", "Yang menahan", "Yang tidak terjaga", "Terlambat",
                  "Enam area pengungkit", "Cakupan supervisi", f"Peringkat dan peta {stations} Polsek",
                  f"Salinan {stations - 1}", "Dicetak"):  # fmt: skip
        assert words in text
    assert "Ganti periode" not in text
    # A figure is a link, and is printed; links that only lead somewhere are not.
    assert re.search(r"\d dari \d+ berperingkat", text)
    assert re.search(r"\d,\d\d dari 60", text)


def test_the_demo_s_dashboard_is_one_page_and_marked(signed_in_page, settings):
    settings.IS_DEMO = True
    call_command("load_instruments", verbosity=0)
    call_command("seed_demo", verbosity=0)
    page = signed_in_page(User.objects.get(username="kapolres"), DESKTOP)
    page.goto("/dasbor/")
    printed = pages_of(page)
    assert len(printed) == 1
    text = printed[0].extract_text()
    assert "DATA CONTOH, bukan keadaan sebenarnya" in text
    assert "74,996" in text
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.goto("/dasbor/")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_a_long_page_would_be_noticed(signed_in_page):
    """The twin: content that does not fit makes a second page."""
    district = worst_case()
    page = signed_in_page(district.kapolres, DESKTOP)
    page.goto("/dasbor/")
    page.evaluate("document.querySelector('#dasbor').append(document.querySelector('#peta').cloneNode(true))")
    assert len(pages_of(page)) == 2


@pytest.mark.parametrize("width", [PHONE, 768, DESKTOP])
@pytest.mark.parametrize("level", ["polres", "polda", "station"])
def test_the_document_is_no_wider_than_the_window(signed_in_page, width, level):
    district = worst_case()
    unit = {"polres": district.polres, "polda": district.polda, "station": district.stations[0]}[level]
    page = signed_in_page(district.kapolda, width)
    page.goto(f"/supervisi/satuan/{unit.pk}/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("window.innerWidth")


def test_on_a_phone_the_table_scrolls_by_itself_with_the_name_in_sight(signed_in_page):
    district = worst_case()
    page = signed_in_page(district.kapolres, PHONE)
    page.goto("/dasbor/")
    region = page.locator(".zi-heat-wrap")
    inner, outer = region.evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert inner > outer
    name = page.locator(".zi-heat tbody th").first
    cell = page.locator(".zi-heat tbody tr").first.locator("td[data-band]").last
    assert name.evaluate("e => getComputedStyle(e).position") == "sticky"
    region.focus()
    region.evaluate("e => e.scrollTo(e.scrollWidth, 0)")
    frame, fixed, last = (place.bounding_box() for place in (region, name, cell))
    assert frame["x"] <= fixed["x"] <= frame["x"] + 2
    assert last["x"] + last["width"] <= frame["x"] + frame["width"]
    assert last["x"] >= fixed["x"] + fixed["width"]
    assert page.evaluate("window.scrollX") == 0


# --- renewing -----------------------------------------------------------------------------------------------------


def watched(signed_in_page, user, target="/dasbor/"):
    """Open a dashboard under a clock of our own; return the page and the list of renewing requests."""
    page = signed_in_page(user, DESKTOP)
    page.clock.install()
    sent = []
    page.on("request", lambda request: sent.append(request) if AUTO_HEADER.lower() in request.headers else None)
    page.goto(target)
    return page, sent


def set_score(district, units):
    UnitScore.objects.filter(unit=district.stations[0], layer=Layer.SUPERVISION).update(score_sum=units)


def hide(page, hidden):
    state = "hidden" if hidden else "visible"
    page.evaluate(
        "state => { Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        state,
    )


def test_an_open_dashboard_renews_its_figures_every_thirty_seconds(signed_in_page):
    district = make_district(2)
    put_sheet(district, district.stations[0])
    page, sent = watched(signed_in_page, district.kapolres)
    total = page.locator(".zi-heat__total").first
    assert total.inner_text() == "100,00"
    set_score(district, 749_960_000_000)
    # The clock also goes on by itself: what the machine needs meanwhile counts.
    page.clock.run_for(20_000)
    assert sent == []
    with page.expect_response(lambda reply: AUTO_HEADER.lower() in reply.request.headers):
        page.clock.run_for(11_000)
    expect(page.locator(".zi-heat__total").first).to_have_text("74,996")
    set_score(district, 812_000_000_000)
    with page.expect_response(lambda reply: AUTO_HEADER.lower() in reply.request.headers):
        page.clock.run_for(31_000)
    expect(page.locator(".zi-heat__total").first).to_have_text("81,20")
    assert len(sent) == 2


def test_a_hidden_tab_does_not_ask_and_a_shown_one_catches_up_at_once(signed_in_page):
    district = make_district(2)
    put_sheet(district, district.stations[0])
    page, sent = watched(signed_in_page, district.kapolres)
    hide(page, True)
    page.clock.run_for(600_000)
    assert sent == []
    set_score(district, 749_960_000_000)
    with page.expect_response(lambda reply: AUTO_HEADER.lower() in reply.request.headers):
        hide(page, False)
    expect(page.locator(".zi-heat__total").first).to_have_text("74,996")
    assert len(sent) == 1


def test_renewing_keeps_what_is_open_focused_and_scrolled(signed_in_page):
    district = worst_case(6)
    page, _ = watched(signed_in_page, district.kapolres)
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.locator("#syarat summary").click()
    link = page.locator(".zi-heat tbody th a").nth(3)
    link.focus()
    target = link.get_attribute("href")
    page.locator(".zi-heat-wrap").evaluate("e => { e.scrollLeft = 120; }")
    page.evaluate("document.querySelector('.zi-heat').dataset.old = 'yes'")
    with page.expect_response(lambda reply: AUTO_HEADER.lower() in reply.request.headers):
        page.clock.run_for(31_000)
    expect(page.locator(".zi-heat").first).not_to_have_attribute("data-old", "yes")
    assert page.locator("#syarat").evaluate("e => e.open")
    assert page.evaluate("document.activeElement.getAttribute('href')") == target
    assert page.locator(".zi-heat-wrap").evaluate("e => e.scrollLeft") == 120


def test_without_a_line_the_figures_stay_with_their_time(signed_in_page):
    district = make_district(2)
    put_sheet(district, district.stations[0])
    page, sent = watched(signed_in_page, district.kapolres)
    page.context.set_offline(True)
    page.clock.run_for(61_000)
    assert len(sent) == 2
    assert page.locator(".zi-heat__total").first.inner_text() == "100,00"
    assert "dihitung" in page.locator(".zi-kicker").first.inner_text()


def test_after_the_session_is_over_it_stops_asking(signed_in_page):
    district = make_district(2)
    put_sheet(district, district.stations[0])
    page, sent = watched(signed_in_page, district.kapolres)
    page.context.clear_cookies()
    with page.expect_response(lambda reply: reply.status == 401):
        page.clock.run_for(31_000)
    page.wait_for_timeout(200)
    page.clock.run_for(120_000)
    assert len(sent) == 1
    assert page.locator(".zi-heat__total").first.inner_text() == "100,00"
