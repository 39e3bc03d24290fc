"""Lists of units and people as files: scoped, harmless in a spreadsheet, readable by the import."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from openpyxl import load_workbook

from tests.factories import make_person, make_unit
from wbbm.organisasi import exports
from wbbm.organisasi.models import Role, UnitKind
from wbbm.organisasi.services import imports

pytestmark = pytest.mark.django_db


@pytest.fixture
def polres():
    return make_unit(kind=UnitKind.POLRES, code="polres-uji", name="Polres Uji")


@pytest.fixture
def admin(polres):
    make_unit(polres, code="polsek-senori", name="Polsek Senori", latitude="-7.0405", longitude="111.7256")
    make_unit(make_unit(kind=UnitKind.POLRES, name="Polres Asing"), name="Polsek Asing")
    return make_person(polres, Role.ADMIN)


def lines(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def test_only_own_units_and_people_are_listed(admin, polres):
    stranger = make_person(make_unit(kind=UnitKind.POLRES), Role.OPERATOR)
    assert [line[0] for line in lines(exports.export("units", "csv", admin))] == ["Kode", "polres-uji", "polsek-senori"]
    people = [line[0] for line in lines(exports.export("people", "csv", admin))]
    assert admin.username in people
    assert stranger.username not in people


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_no_cell_begins_like_a_formula(admin, polres, sign, suffix):
    make_person(polres, Role.OPERATOR, username="jahat", name=f"{sign}cmd|' /C calc'!A0")
    content = exports.export("people", suffix, admin)
    if suffix == "csv":
        cells = [cell for line in lines(content) for cell in line]
    else:
        sheet = load_workbook(io.BytesIO(content)).active
        cells = [str(cell) for line in sheet.iter_rows(values_only=True) for cell in line if cell is not None]
    assert any("cmd|" in cell for cell in cells)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


@pytest.mark.parametrize("kind", ["units", "people"])
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("is_demo", [False, True])
def test_an_export_read_back_changes_nothing(admin, polres, settings, kind, suffix, is_demo):
    settings.IS_DEMO = is_demo
    make_person(polres, Role.COMMANDER, name="-Bertanda")
    content = exports.export(kind, suffix, admin)
    draft = imports.keep_upload(kind=kind, file=io.BytesIO(content), name="daftar", size=len(content), by=admin)
    checked = imports.check_draft(draft=draft, by=admin)
    assert [(row.state, row.remark, row.faults) for row in checked if row.state != "same"] == []
    assert len(checked) == 2


def test_a_demo_says_so_in_every_list(admin, settings):
    settings.IS_DEMO = True
    assert lines(exports.export("units", "csv", admin))[0] == ["DATA CONTOH, bukan keadaan sebenarnya"]


def test_lists_come_as_attachments_and_to_admins_only(admin, polres):
    client = Client()
    client.force_login(admin, backend="wbbm.organisasi.auth.PostingBackend")
    answer = client.get("/organisasi/ekspor/satuan.xlsx")
    assert answer["Content-Disposition"] == 'attachment; filename="daftar-satuan.xlsx"'
    assert client.get("/organisasi/ekspor/satuan.pdf").status_code == 404
    assert client.get("/organisasi/ekspor/rahasia.csv").status_code == 404
    assert client.get("/organisasi/impor/orang/templat.csv").status_code == 200
    client.force_login(make_person(polres, Role.COMMANDER), backend="wbbm.organisasi.auth.PostingBackend")
    assert client.get("/organisasi/ekspor/satuan.xlsx").status_code == 404
