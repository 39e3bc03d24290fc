"""Keeping of services, desks, standards and tariffs: versions, conflicts, refusals, and who sees what is missing."""

from __future__ import annotations

import datetime
import re
from html import unescape

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from layanan.components import COMPONENTS
from layanan.facts import service_facts
from layanan.models import CatalogueRevision, Service, ServicePoint, ServiceTemplate, Tariff
from layanan.services.catalogue import Thing, save_content
from layanan.services.catalogue_files import load_catalogue
from tests.factories import make_person, make_unit
from tests.supervisi.sheets import Counted
from tests.unguarded import unguarded
from wbbm.organisasi.models import AuditEvent, Role, UnitKind

pytestmark = pytest.mark.django_db

DESK = {"address": "Jalan Uji", "hours": "Senin\r\n\r\n  Selasa ", "phone": "0356 000 000", "charter": "Kami sanggup",
        "charter_office": "Kapolsek", "charter_on": "2026-01-02"}  # fmt: skip


@pytest.fixture
def polres():
    load_catalogue()
    return make_unit(code="polres-uji", name="Polres Uji", kind=UnitKind.POLRES)


@pytest.fixture
def polsek(polres):
    return make_unit(polres, code="polsek-uji", name="Polsek Uji", kind=UnitKind.POLSEK)


def client_of(unit, role) -> Client:
    client = Client()
    client.force_login(make_person(unit, role), backend="wbbm.organisasi.auth.PostingBackend")
    return client


def edit(unit, word="loket"):
    return reverse("layanan:manage-edit", args=[unit.pk, word])


def said(answer) -> str:
    return unescape(answer.content.decode())


def test_every_save_is_a_version_and_a_stale_one_loses_nothing(polsek):
    client, other = client_of(polsek, Role.OPERATOR), client_of(polsek, Role.OPERATOR)
    for _ in range(2):
        assert client.post(edit(polsek), DESK | {"base": 0}).status_code == 302
    point = ServicePoint.objects.get()
    assert (point.version, point.hours, point.charter_on) == (1, "Senin\nSelasa", datetime.date(2026, 1, 2))
    assert client.post(edit(polsek), DESK | {"base": 1, "address": "Jalan Kedua"}).status_code == 302
    # Somebody else began on version 1, and on no version at all.
    for base in (1, 0):
        answer = other.post(edit(polsek), DESK | {"base": base, "address": "Jalan Ketiga", "note": "Pintu timur"})
        page = said(answer)
        assert answer.status_code == 409
        assert "Jalan Kedua" in page and "Jalan Ketiga" in page and "Jabatan uji" in page
        assert 'name="base" value="2"' in page and ">\nPintu timur</textarea>" in page
        assert ServicePoint.objects.get().address == "Jalan Kedua"
    assert other.post(edit(polsek), DESK | {"base": 2, "address": "Jalan Ketiga"}).status_code == 302
    restore = reverse("layanan:manage-restore", args=[polsek.pk, "loket"])
    for _ in range(2):
        assert client.post(restore, {"version": "1"}).status_code == 302
    client.post(restore, {"version": "99"})
    kept = list(CatalogueRevision.objects.order_by("version"))
    assert [row.content["address"] for row in kept] == ["Jalan Uji", "Jalan Kedua", "Jalan Ketiga", "Jalan Uji"]
    assert [row.restored for row in kept] == [None, None, None, 1]
    assert all(row.posting is not None and row.posting.unit == polsek for row in kept)
    assert AuditEvent.objects.filter(action="service-point.changed", unit=polsek).count() == 4
    history = said(client.get(reverse("layanan:manage-history", args=[polsek.pk, "loket"])))
    assert "memulihkan versi 1" in history and "Jalan Ketiga" in history and kept[0].by.name not in history
    assert "Jalan Uji" in said(Client().get(reverse("layanan:unit", args=["polsek-uji"])))


@pytest.mark.parametrize("is_guarded", [True, False])
def test_the_database_keeps_every_version(polsek, is_guarded):
    thing = Thing("point", polsek)
    save_content(thing=thing, content=_desk(), base=0, by=make_person(polsek, Role.OPERATOR))
    rows = CatalogueRevision.objects.all()

    def write():
        with transaction.atomic():
            rows.update(version=7)
        with transaction.atomic():
            rows.delete()

    if is_guarded:
        with pytest.raises(DatabaseError):
            write()
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()
    else:
        with unguarded():
            write()


def _desk():
    texts = dict.fromkeys(("address", "hours", "phone", "whatsapp", "note", "charter", "charter_office"), "")
    return texts | {"address": "Jalan", "charter_on": None}


def test_the_unit_fills_in_what_the_district_leaves_to_it(polres, polsek):
    operator, admin = client_of(polsek, Role.OPERATOR), client_of(polres, Role.ADMIN)
    sent = {"base": 0, "availability": "serves", "hours": "", "part_staff": " Dua petugas \n\n",
            "part_requirements": "Uang rokok"}  # fmt: skip
    assert operator.post(edit(polsek, "skck"), sent).status_code == 302
    # What is fixed above is no field of the form: nothing is taken of it.
    assert Service.objects.get().parts == {"staff": "Dua petugas"}
    address = reverse("layanan:service", args=["polsek-uji", "skck"])
    assert "Dua petugas" in said(Client().get(address)) and "Uang rokok" not in said(Client().get(address))
    # The district writes its own standard: it holds below, not elsewhere, and what it fixes wins.
    standard = {"base": 0, "name": "SKCK Uji", "summary": "Surat", "desk": "Satintelkam", "part_staff": "Tiga petugas",
                "fixed_staff": "on", "part_requirements": "KTP saja"}  # fmt: skip
    assert admin.post(edit(polres, "baku-skck"), standard).status_code == 302
    page = said(Client().get(address))
    assert "SKCK Uji" in page and "Tiga petugas" in page and "Dua petugas" not in page and "KTP saja" in page
    assert ServiceTemplate.objects.get(code="skck", unit=None).name == "SKCK"
    assert admin.post(edit(polres, "baku-skck"), standard | {"name": "Lain"}).status_code == 409
    elsewhere = make_unit(code="polres-lain", kind=UnitKind.POLRES)
    assert "SKCK Uji" not in said(Client().get(reverse("layanan:service", args=[elsewhere.code, "skck"])))
    assert load_catalogue().templates == 0


def test_who_may_not_edit_is_told_so_and_nothing_is_written(polres, polsek):
    refused = [
        (client_of(polres, Role.ADMIN), edit(polsek, "skck")), (client_of(polres, Role.COMMANDER), edit(polsek)),
        (client_of(polres, Role.OPERATOR), edit(polres, "baku-skck")),
        (client_of(polsek, Role.COMMANDER), edit(polsek, "skck")),
    ]  # fmt: skip
    for client, target in refused:
        assert client.get(target).status_code == client.post(target, DESK | {"base": 0}).status_code == 403
    operator = client_of(polsek, Role.OPERATOR)
    for target in (edit(polsek, "baku-skck"), edit(polsek, "tidak-ada"), edit(polres), edit(polres, "skck")):
        assert operator.get(target).status_code == operator.post(target, DESK | {"base": 0}).status_code == 404
    assert not CatalogueRevision.objects.exists() and not ServicePoint.objects.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phone": "telepon saya"}, "Tulis nomornya saja"),
        ({"whatsapp": "1"}, "terlalu pendek"),
        ({"charter_office": " "}, "Tulis jabatan yang menandatangani maklumat."),
        ({"charter_on": ""}, "Isi tanggal maklumat"),
        ({"address": "a\0b"}, "Jalan Asli"),
        ({"address": "x" * 501}, "500"),
        ({"base": "-1"}, "Jalan Asli"),
        ({"base": ""}, "Jalan Asli"),
    ],
)
def test_bad_input_is_named_and_kept_in_the_form(polsek, change, message):
    answer = client_of(polsek, Role.OPERATOR).post(edit(polsek), DESK | {"base": 0, "note": "Jalan Asli"} | change)
    assert answer.status_code == 422
    assert message in said(answer) and "Jalan Asli" in said(answer)
    assert not ServicePoint.objects.exists()


def test_a_new_tariff_is_added_and_never_overwrites(polres, polsek):
    today = datetime.date.today()
    admin = client_of(polres, Role.ADMIN)
    target = reverse("layanan:manage-tariffs", args=[polres.pk])
    sent = {"key": "skck-wni", "amount": "Rp45.000", "legal_basis": "PP 1/2027", "valid_from": str(today)}
    assert admin.post(target, sent).status_code == 302
    again = admin.post(target, sent)
    assert again.status_code == 422 and "sudah ada" in said(again)
    later = today + datetime.timedelta(days=10)
    assert admin.post(target, sent | {"amount": "0", "valid_from": str(later)}).status_code == 302
    rows = Tariff.objects.filter(key="skck-wni").order_by("pk")
    assert [(row.amount, row.valid_until) for row in rows] == [
        (30_000, None), (45_000, later - datetime.timedelta(days=1)), (0, None),
    ]  # fmt: skip
    price = reverse("layanan:service", args=["polsek-uji", "skck"]) + "?tarif=skck-wni"
    assert "Rp45.000" in said(Client().get(price)) and f"{later.year}: GRATIS" in said(Client().get(price))
    end = reverse("layanan:manage-tariff-end", args=[rows[1].pk])
    assert admin.post(end, {"last_day": str(today - datetime.timedelta(days=1))}).status_code == 302
    rows[1].refresh_from_db()
    assert rows[1].valid_until == later - datetime.timedelta(days=1)
    for _ in range(2):
        admin.post(end, {"last_day": str(today)})
    assert AuditEvent.objects.filter(action="tariff.ended").count() == 1
    # National tariffs stay; nobody else records any; a station has none of its own.
    assert (
        admin.post(reverse("layanan:manage-tariff-end", args=[rows[0].pk]), {"last_day": "2030-01-01"}).status_code
        == 403
    )
    assert client_of(polres, Role.COMMANDER).post(target, sent).status_code == 403
    assert admin.post(reverse("layanan:manage-tariffs", args=[polsek.pk]), sent).status_code == 403
    for wrong in ({"amount": "45,5"}, {"amount": "-1"}, {"amount": "999999999"}, {"key": "lain"}, {"legal_basis": ""},
                  {"valid_from": "1900-01-01"}, {"valid_until": "2001-01-01"}):  # fmt: skip
        assert admin.post(target, sent | {"valid_from": "2031-01-01"} | wrong).status_code == 422
    assert rows.count() == 3


def test_what_is_missing_is_seen_by_operator_and_supervisors(polres, polsek):
    operator = client_of(polsek, Role.OPERATOR)
    page = said(operator.get(reverse("layanan:manage")))
    # All that residents see has one place in the main menu; its own pages show the rest.
    main, group = (page.split(f'aria-label="{name}"')[1].split("</nav>")[0] for name in ("Menu utama", "Bagian"))
    assert main.count(">Layanan</a>") == 1 and 'aria-current="page">Layanan' in main and "SIMBA" not in main
    assert 'aria-current="true">Standar dan loket' in group and ">SIMBA</a>" in group
    assert "8 dari 14" not in page and "6 dari 14" in page and "Jumlah pelaksana" in page
    assert "Belum ada: alamat, jam layanan, telepon, maklumat" in page
    texts = {f"part_{component.key}": "Ada" for component in COMPONENTS}
    operator.post(edit(polsek, "surat-kehilangan"), texts | {"base": 0, "availability": "serves", "hours": ""})
    assert "14 dari 14" in said(operator.get(reverse("layanan:manage")))
    facts = service_facts(polsek, datetime.date(2020, 1, 1), datetime.date.today())
    assert (facts.services, facts.complete, facts.due, facts.free, facts.revised) == (3, 1, 42, 3, 1)
    assert not facts.has_charter

    watcher = client_of(polres, Role.COMMANDER)
    assert watcher.get(reverse("layanan:manage"))["Location"] == reverse("layanan:manage-gaps")
    gaps = reverse("layanan:manage-gaps")
    page = said(watcher.get(gaps))
    assert f"{facts.filled} dari 42" in page and "Jumlah pelaksana (2)" in page
    file = b"".join(watcher.get("/supervisi/daftar/layanan.csv")).decode("utf-8-sig")
    assert f"Polsek Uji;3;{facts.filled};42;alamat, jam layanan, telepon, maklumat;Jumlah pelaksana;2" in file
    targets = (gaps, reverse("layanan:manage-unit", args=[polsek.pk]))
    few = [_counted(watcher, target) for target in targets]
    for number in range(60):
        make_unit(polres, name=f"Polsek ke-{number}", kind=UnitKind.POLSEK)
    assert few == [_counted(watcher, target) for target in targets]
    assert max(few) <= 10
    assert "1 dari 2" in said(watcher.get(gaps))


@pytest.mark.once
def test_every_entry_of_the_menu_opens_for_whoever_sees_it(polres, polsek):
    held = [(polres, role) for role in Role.values] + [(polsek, Role.OPERATOR), (polsek, Role.COMMANDER)]
    for unit, role in held:
        client = client_of(unit, role)
        page = said(client.get(reverse("account")))
        links = set(re.findall(r'<li><a href="(/[^"]+)"', page.split('class="zi-menu__panel"')[1].split("</ul>")[0]))
        links |= set(re.findall(r'<li(?: [^>]*)?><a href="(/[^"]+)"', page.split("<main")[0]))
        assert len(links) > 1, role
        assert [link for link in links if client.get(link).status_code >= 400] == [], (role, unit.kind)


def _counted(client: Client, target: str) -> int:
    client.get(target)
    with Counted() as found:
        assert client.get(target).status_code == 200
    return len(found.statements)
