"""Pages for residents: what they say, whom they serve, what they cost to make, and that they leave no trace."""

from __future__ import annotations

import datetime
import gzip
import re
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from layanan.models import Availability, Service, ServicePoint, ServiceTemplate, Tariff
from layanan.pages import public_unit
from layanan.pages.panel import Panel
from layanan.services.catalogue_files import load_catalogue
from tests.factories import make_person, make_unit
from tests.supervisi.sheets import Counted
from tests.unguarded import unguarded
from wbbm.organisasi.models import UnitKind

pytestmark = pytest.mark.django_db

# The table of tariffs that was checked against its sources, word for word in money.
TARIFFS = {
    "sim-a-baru": 120_000, "sim-c-baru": 100_000, "sim-d-baru": 50_000, "sim-internasional-baru": 250_000,
    "skukp": 50_000, "sim-a-perpanjangan": 80_000, "sim-c-perpanjangan": 75_000, "sim-d-perpanjangan": 30_000,
    "sim-internasional-perpanjangan": 225_000, "skck-wni": 30_000, "skck-wna": 60_000, "stnk-roda-2": 100_000,
    "stnk-roda-4": 200_000, "stck-roda-2": 25_000, "stck-roda-4": 50_000, "tnkb-roda-2": 60_000,
    "tnkb-roda-4": 100_000, "bpkb-roda-2": 225_000, "bpkb-roda-4": 375_000, "mutasi-roda-2": 150_000,
    "mutasi-roda-4": 250_000, "lintas-batas-roda-2": 100_000, "lintas-batas-roda-4": 200_000,
    "laporan-polisi": 0, "surat-kehilangan": 0, "sp2hp": 0, "izin-keramaian": 0,
}  # fmt: skip
UNSURE = {"skukp", "skck-wna", "lintas-batas-roda-2", "lintas-batas-roda-4"}
MOST_BYTES = 100_000


@pytest.fixture
def polres():
    load_catalogue()
    return make_unit(code="polres-uji", name="Polres Uji", kind=UnitKind.POLRES, latitude="-6.9534", longitude="111.8")


def read(target: str) -> str:
    """Open a page as a resident does; it sets no cookie."""
    answer = Client().get(target)
    assert answer.status_code == 200, target
    assert not answer.cookies, target
    return unescape(answer.content.decode())


def counted(target: str) -> int:
    client = Client()
    client.get(target)
    with Counted() as found:
        client.get(target)
    return len(found.statements)


def test_tariffs_are_those_of_the_rules_and_doubtful_ones_are_not_shown(polres):
    rows = Tariff.objects.filter(unit__isnull=True)
    assert {row.key: row.amount for row in rows} == TARIFFS
    assert {row.key for row in rows if row.is_unsure} == UNSURE
    assert {row.key for row in rows if row.is_free} == {key for key, amount in TARIFFS.items() if amount == 0}
    said = read(reverse("layanan:tariffs"))
    assert said.count("Konfirmasi di loket") == len(UNSURE)
    for doubtful in ("Pengesahan", "NRKB", "sampai 20 juta"):
        assert doubtful not in said
    for row in rows:
        assert row.name in said and row.legal_basis in said


def test_loading_again_changes_nothing_and_a_changed_amount_is_refused(polres, monkeypatch):
    before = list(Tariff.objects.values_list("pk", "amount")), list(ServiceTemplate.objects.values("pk", "version"))
    loaded = load_catalogue()
    assert (loaded.templates, loaded.tariffs) == (0, 0)
    assert before == (
        list(Tariff.objects.values_list("pk", "amount")),
        list(ServiceTemplate.objects.values("pk", "version")),
    )
    # Nothing but somebody with the database's own tools changes an amount.
    with pytest.raises(DatabaseError), transaction.atomic():
        Tariff.objects.filter(key="skck-wni").update(amount=31_000)
    with pytest.raises(DatabaseError), transaction.atomic():
        Tariff.objects.filter(key="skck-wni").delete()
    with unguarded():
        Tariff.objects.filter(key="skck-wni").update(amount=31_000)
    with pytest.raises(CommandError, match=r"skck-wni berubah.*Rp31\.000"):
        call_command("load_catalogue", verbosity=0)


def test_two_taps_lead_from_the_first_page_to_the_price_of_renewing_a_motorcycle_licence(polres):
    home = read(reverse("home"))
    first = re.search(r'href="([^"]+)"[^>]*><svg.{0,200}?<b>Perpanjangan SIM</b>', home, re.DOTALL)
    page = read(first[1])
    second = re.search(r'href="([^"]+)">Perpanjangan SIM C, C I, C II</a>', page)
    said = read(second[1])
    assert '<p class="zi-price">Rp75.000</p>' in said
    assert "Dasar: PP 76/2020" in said and "Selain tarif resmi, GRATIS." in said
    # With several Polres to choose from it is the list of tariffs that a tile leads to.
    make_unit(kind=UnitKind.POLRES, name="Polres Kedua")
    home = read(reverse("home"))
    assert "Polres Kedua" in home and "Polres Uji" in home
    tile = re.search(r'href="([^"]+)"[^>]*><svg.{0,200}?<b>Perpanjangan SIM</b>', home, re.DOTALL)[1]
    assert tile == reverse("layanan:tariffs") + "#sim-perpanjangan"
    assert 'id="sim-perpanjangan"' in read(tile) and "Rp75.000" in read(tile)
    # A Polres that has filled in its desk is the one of this portal.
    ServicePoint.objects.create(unit=polres, hours="Senin", version=1)
    assert "Layanan Polres Uji" in read(reverse("home"))


@pytest.mark.parametrize(
    ("asked", "found", "not_found"),
    [
        ("sim c", "Perpanjangan SIM C", "SIM A, B I"),
        ("Perpanjang  SIM-C", "Perpanjangan SIM C", "SIM C, C I, C II baru"),
        ("hilang", "Surat tanda penerimaan laporan kehilangan", "SKCK"),
        ("kehilangn", "Surat tanda penerimaan laporan kehilangan", "SKCK"),
        ("plat motor", "Pelat nomor (TNKB) roda 2 atau 3", "roda 4 atau lebih"),
        ("polres uj", "Polres Uji", "SKCK"),
        ("zzzzzz", "Tidak ditemukan", "SKCK warga"),
        ("<script>", "Tidak ditemukan", "<script>alert"),
    ],
)
def test_a_tariff_is_found_by_the_words_people_use(polres, asked, found, not_found):
    said = read(reverse("layanan:tariffs") + f"?q={asked}")
    body = said[said.index("<main") :]
    assert found in body
    assert not_found not in body.replace('placeholder="SIM, SKCK, kehilangan"', "")


def test_a_later_tariff_is_told_of_and_an_ended_one_is_gone(polres):
    today = datetime.date.today()
    facts = {"service": "skck", "name": "SKCK warga negara Indonesia", "legal_basis": "PP 1/2027", "key": "skck-wni"}
    Tariff.objects.create(unit=polres, amount=99_000, valid_from=today + datetime.timedelta(days=40), **facts)
    Tariff.objects.create(
        unit=polres, amount=11_000, valid_from=today - datetime.timedelta(days=40),
        valid_until=today - datetime.timedelta(days=1), **facts,
    )  # fmt: skip
    said = read(reverse("layanan:service", args=["polres-uji", "skck"]) + "?tarif=skck-wni")
    assert '<p class="zi-price">Rp30.000</p>' in said
    assert "Rp99.000 (PP 1/2027)" in said and "Rp11.000" not in said


def test_a_station_serves_what_it_serves_and_sends_on_for_the_rest(polres):
    polsek = make_unit(polres, code="polsek-uji", name="Polsek Uji", kind=UnitKind.POLSEK)
    page = read(reverse("layanan:unit", args=["polsek-uji"]))
    assert "Kami beri tahu dan dampingi" in page and "Perpanjangan SIM" not in page
    skck = read(reverse("layanan:service", args=["polsek-uji", "skck"]))
    assert "memberi informasi dan mendampingi" in skck
    assert reverse("layanan:service", args=["polres-uji", "skck"]) in skck
    free = read(reverse("layanan:service", args=["polsek-uji", "surat-kehilangan"]))
    assert "GRATIS. Jangan memberi imbalan apa pun." in free
    Service.objects.create(unit=polsek, code="skck", availability=Availability.SERVES, version=1)
    assert "mendampingi Anda" not in read(reverse("layanan:service", args=["polsek-uji", "skck"]))


def test_what_is_not_there_is_not_found(polres):
    gone = make_unit(polres, kind=UnitKind.POLSEK, code="polsek-tutup", active_to=datetime.date(2020, 1, 1))
    satfung = make_unit(polres, kind=UnitKind.SATFUNG, code="satlantas")
    polsek = make_unit(polres, kind=UnitKind.POLSEK, code="polsek-uji")
    client = Client()
    for code in (gone.code, satfung.code, "tidak-ada"):
        for route in ("layanan:unit", "layanan:unit-notice"):
            assert client.get(reverse(route, args=[code])).status_code == 404
    for code, service in ((polsek.code, "sim-baru"), (polres.code, "tidak-ada"), ("tidak-ada", "skck")):
        for route in ("layanan:service", "layanan:service-notice"):
            assert client.get(reverse(route, args=[code, service])).status_code == 404
    assert client.post(reverse("layanan:unit", args=[polres.code])).status_code == 405
    assert client.get(reverse("layanan:tariffs") + "?q=%00" + "x" * 5000).status_code == 200


def test_notices_for_the_counter_bear_prices_and_a_code(polres):
    for route, args in (("layanan:unit-notice", ["polres-uji"]), ("layanan:service-notice", ["polres-uji", "skck"])):
        said = read(reverse(route, args=args))
        assert f"{settings.SITE_URL}/lapor/" in said
        assert "Rp30.000" in said and '<svg viewBox="0 0' in said and "zi-qr" in said
        assert f"{settings.SITE_URL}{reverse(route.removesuffix('-notice'), args=args)}" in said


def test_pages_cost_the_same_however_much_there_is_and_stay_light(polres, monkeypatch):
    # What topics add is counted by their own tests.
    monkeypatch.setattr("layanan.pages.public_unit.UNIT_PANELS", [])
    monkeypatch.setattr("layanan.pages.home.HOME_PANELS", [])
    polsek = make_unit(polres, code="polsek-uji", name="Polsek Uji", kind=UnitKind.POLSEK)
    pages = {
        reverse("home"): 5, reverse("layanan:tariffs"): 3, reverse("layanan:tariffs") + "?q=sim": 4,
        reverse("layanan:unit", args=["polres-uji"]): 6, reverse("layanan:unit", args=["polsek-uji"]): 6,
        reverse("layanan:service", args=["polres-uji", "skck"]): 5,
        reverse("layanan:service", args=["polsek-uji", "skck"]): 6,
        reverse("layanan:unit-notice", args=["polres-uji"]): 6,
        reverse("layanan:service-notice", args=["polres-uji", "skck"]): 5,
    }  # fmt: skip
    few = {target: counted(target) for target in pages}
    for number in range(20):
        make_unit(polres, name=f"Polsek ke-{number}", kind=UnitKind.POLSEK)
    for unit in (polres, polsek):
        ServicePoint.objects.create(unit=unit, hours="Senin", address="Jalan", phone="0356 000 000", version=1)
        for code in ServiceTemplate.objects.values_list("code", flat=True):
            Service.objects.create(unit=unit, code=code, availability="serves", parts={"staff": "x"}, version=1)
    many = {target: counted(target) for target in pages if "polsek-uji/skck" not in target}
    assert many == {target: few[target] for target in many}
    assert few == pages
    for target in pages:
        assert weight(target) < MOST_BYTES, target


def weight(target: str) -> int:
    """Return the bytes of a page with all that it loads, as they go over the wire."""
    answer = Client().get(target, headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    said = gzip.decompress(answer.content).decode()
    static = re.findall(r'(?:href|src)="/static/([^"#?]+)"', said)
    assert len(static) > 4
    return len(answer.content) + sum(compressed(name) for name in static)


def compressed(name: str) -> int:
    return len(gzip.compress((Path(settings.BASE_DIR) / "static" / name).read_bytes()))


def test_a_topic_adds_its_panel_and_pages_of_staff_are_not_compressed(polres, monkeypatch):
    def panel(unit, day):
        return Panel("layanan/_search.html", None) if unit == polres else None

    monkeypatch.setattr(public_unit, "UNIT_PANELS", [panel])
    assert 'role="search"' in read(reverse("layanan:unit", args=["polres-uji"]))
    client = Client()
    client.force_login(make_person(polres, "operator"), backend="wbbm.organisasi.auth.PostingBackend")
    answer = client.get(reverse("layanan:unit", args=["polres-uji"]), headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer and answer["Cache-Control"] == "no-store, private"
