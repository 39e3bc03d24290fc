"""Import of units and people: reading, checking, writing as a whole or not at all."""

from __future__ import annotations

import datetime
import io
import zipfile

import pytest
from django.test import Client
from openpyxl import Workbook

from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.sheets import Counted
from wbbm.organisasi.imports.columns import PEOPLE_COLUMNS, UNIT_COLUMNS
from wbbm.organisasi.imports.rows import CellFault, read_day
from wbbm.organisasi.imports.tables import ImportRefused, read_table
from wbbm.organisasi.models import AccessLink, AuditEvent, ImportDraft, Posting, Role, Unit, UnitKind, User
from wbbm.organisasi.services import imports

pytestmark = pytest.mark.django_db

UNITS_HEAD = "Kode;Nama;Jenis;Kode induk\r\n"
PEOPLE_HEAD = "Nama pengguna;NRP/NIP;Nama;Kode satuan;Peran;Jabatan;Mulai;Sampai\r\n"


@pytest.fixture
def polres():
    return make_unit(kind=UnitKind.POLRES, code="polres-uji", name="Polres Uji")


@pytest.fixture
def polsek(polres):
    return make_unit(polres, code="polsek-senori", name="Polsek Senori")


@pytest.fixture
def admin(polres):
    return make_person(polres, Role.ADMIN)


@pytest.fixture
def desk(admin):
    client = Client()
    client.force_login(admin, backend="wbbm.organisasi.auth.PostingBackend")
    return client


def keep(kind, text, by):
    content = text if isinstance(text, bytes) else text.encode()
    return imports.keep_upload(kind=kind, file=io.BytesIO(content), name="daftar.csv", size=len(content), by=by)


def faults(draft, by):
    return [
        (row.line, fault.column, fault.message)
        for row in imports.check_draft(draft=draft, by=by)
        for fault in row.faults
    ]


def upload(desk, word, content, name="daftar.csv"):
    file = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    file.name = name
    return desk.post(f"/organisasi/impor/{word}/", {"file": file})


# --- reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_is_read_in_every_usual_form(delimiter, encoding):
    text = delimiter.join(["Kode", "Nama", "Jenis"]) + "\r\n" + delimiter.join(["satu", "Polsek Café", "polsek"])
    content = text.encode(encoding)
    rows = read_table(io.BytesIO(content), len(content), UNIT_COLUMNS)
    assert [(row.line, row.values) for row in rows] == [(2, {"code": "satu", "name": "Polsek Café", "kind": "polsek"})]


def xlsx(*lines):
    book = Workbook()
    for line in lines:
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_xlsx_is_read_with_numbers_and_days():
    content = xlsx(["NRP/NIP", "Nama", "Kode satuan", "Mulai"], [87010234, "Satu", "x", datetime.date(2026, 10, 1)])
    row = read_table(io.BytesIO(content), len(content), PEOPLE_COLUMNS)[0]
    assert row.values == {"nrp": "87010234", "name": "Satu", "unit": "x", "starts_on": "2026-10-01"}


def test_a_number_that_the_spreadsheet_rounded_is_a_fault(admin, polsek):
    content = xlsx(["NRP/NIP", "Nama", "Kode satuan"], [198701022010011003, "Satu", "polsek-senori"])
    draft = imports.keep_upload(kind="people", file=io.BytesIO(content), name="a.xlsx", size=len(content), by=admin)
    assert [fault[:2] for fault in faults(draft, admin)] == [(2, "NRP/NIP")]


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 50_000_000)
    return out.getvalue()


def archive_of(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


def with_macros():
    out = io.BytesIO(xlsx(["Kode", "Nama", "Jenis"], ["satu", "Satu", "polsek"]))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (xlsx(), "Lembar pertama berkas ini kosong"),
        (xlsx(["", ""], [None]), "Lembar pertama berkas ini kosong"),
        (with_macros(), "berisi makro"),
        (archive_of("mimetype", "content.xml"), "bukan XLSX"),
        (archive_of("word/document.xml"), "bukan XLSX"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 600, "XLS lama atau terkunci kata sandi"),
        ("Kode;Nama;Jenis\n".encode("utf-16-le"), "bukan CSV atau XLSX"),
        (b"  \n", "Berkas kosong"),
        (UNITS_HEAD.encode(), "hanya berisi judul"),
        (b"a;b\nc;d\n", "Judul kolom tidak ditemukan"),
        (b"Kode;Nama\nsatu;Satu\n", "Kolom belum ada: Jenis"),
        (b"Kode;Nama;Jenis;Warna\nsatu;Satu;polsek;merah\n", "Kolom tidak dikenal: Warna"),
        (b"Kode;Nama;Jenis;Kode\nsatu;Satu;polsek;dua\n", "muncul dua kali"),
        (b"\x00\x01\x02\x03" * 50, "bukan CSV atau XLSX"),
        (b"PK\x03\x04rusak", "rusak"),
        (xlsx(["Kode"])[:-200], "rusak"),
        (bomb(), "terlalu besar bila dibuka"),
        (UNITS_HEAD.encode() + b"satu;Satu;polsek;x\n" * 2001, "lebih dari 2.000 baris"),
    ],
    ids=range(18),
)
def test_a_file_that_cant_be_read_is_refused_in_one_sentence(content, said):
    with pytest.raises(ImportRefused) as refusal:
        read_table(io.BytesIO(content), len(content), UNIT_COLUMNS)
    assert said in refusal.value.message


def test_a_file_over_ten_megabytes_is_refused():
    with pytest.raises(ImportRefused):
        read_table(io.BytesIO(b"x"), 11_000_000, UNIT_COLUMNS)


def test_an_xlsx_with_entities_of_its_own_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(ImportRefused):
        read_table(io.BytesIO(out.getvalue()), 100, UNIT_COLUMNS)


@pytest.mark.parametrize("text", ["2026-10-01", "01/10/2026", "1-10-2026", "1.10.2026", "1 Oktober 2026"])
def test_days_are_read_as_people_write_them(text):
    assert read_day(text) == datetime.date(2026, 10, 1)


@pytest.mark.parametrize("text", ["kemarin", "31/02/2026", "2026", "10/2026"])
def test_other_days_are_faults(text):
    with pytest.raises(CellFault):
        read_day(text)


# --- units --------------------------------------------------------------------------------------------


def test_units_are_added_changed_and_moved(admin, polres, polsek):
    text = (
        "Kode;Nama;Jenis;Kode induk;Lintang;Zona waktu\r\n"
        "satfung-x;Satlantas Baru;satfung;polsek-baru;;\r\n"
        "polsek-baru;Polsek Baru;polsek;polres-uji;-7,0405;WITA\r\n"
        "polsek-senori;Polsek Senori Raya;polsek;;;\r\n"
    )
    draft = imports.apply_draft(draft=keep("units", text, admin), by=admin)
    assert draft.outcome["new"] == 2
    assert draft.outcome["changed"] == 1
    new = Unit.objects.get(code="polsek-baru")
    assert (new.time_zone, str(new.latitude)) == ("Asia/Makassar", "-7.04050")
    assert Unit.objects.get_parent(Unit.objects.get(code="satfung-x")) == new
    assert Unit.objects.get(code="polsek-senori").name == "Polsek Senori Raya"
    assert AuditEvent.objects.filter(action="import.applied", actor=admin).exists()


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("Polsek Besar;Nama;polsek;polres-uji", "Kode", "huruf kecil"),
        ("polsek-baru;;polsek;polres-uji", "Nama", "wajib"),
        ("polsek-baru;Nama;pos;polres-uji", "Jenis", "harus mabes"),
        ("polsek-baru;Nama;polsek;", "Kode induk", "wajib"),
        ("polsek-baru;Nama;polsek;polres-uki", "Kode induk", "Maksud Anda polres-uji?"),
        ("polsek-baru;Nama;polsek;polsek-senori", "Jenis", "tidak dapat berada langsung"),
        ("polsek-baru;Nama;polsek;polres-asing", "Kode induk", "tidak dikenal atau di luar wilayah Anda"),
        ("polsek-asing;Nama;polsek;polres-uji", "Kode", "sudah dipakai"),
    ],
)
def test_a_wrong_unit_names_line_column_and_remedy(admin, polsek, line, column, message):
    other = make_unit(kind=UnitKind.POLRES, code="polres-asing")
    make_unit(other, code="polsek-asing")
    draft = keep("units", UNITS_HEAD + "polsek-lain;Polsek Lain;polsek;polres-uji\r\n" + line, admin)
    assert [(3, column)] == [fault[:2] for fault in faults(draft, admin)]
    assert message in faults(draft, admin)[0][2]


def test_a_unit_is_not_closed_by_a_file(admin, polsek):
    head = "Kode;Nama;Jenis;Kode induk;Aktif sampai\r\n"
    draft = keep("units", head + "polsek-senori;Polsek Senori;polsek;;31-12-2030", admin)
    assert [fault[1] for fault in faults(draft, admin)] == ["Aktif sampai"]
    assert "halaman Ubah satuan" in faults(draft, admin)[0][2]
    # One that is new comes with its days, one that is over keeps them.
    Unit.objects.filter(pk=polsek.pk).update(active_to="2030-12-31")
    lines = "polsek-senori;Polsek Senori;polsek;;31-12-2030\r\npolsek-baru;Baru;polsek;polres-uji;31-12-2030"
    assert faults(keep("units", head + lines, admin), admin) == []


def test_foreign_and_unknown_parents_get_the_same_message(admin, polsek):
    make_unit(kind=UnitKind.POLRES, code="zzz-asing")
    texts = {
        message
        for parent in ("zzz-asing", "zzz-tiada")
        for *_, message in faults(keep("units", UNITS_HEAD + f"baru;Nama;polsek;{parent}", admin), admin)
    }
    assert len(texts) == 1


def test_a_unit_can_not_end_below_itself_by_two_rows(admin, polres):
    make_unit(polres, kind=UnitKind.SATFUNG, code="satfung-a", name="A")
    text = UNITS_HEAD + "satfung-a;A;satfung;satfung-a\r\n"
    assert faults(keep("units", text, admin), admin)


def test_a_code_twice_is_a_fault(admin, polsek):
    text = UNITS_HEAD + "baru;A;polsek;polres-uji\r\nbaru;B;polsek;polres-uji\r\n"
    assert [fault[:2] for fault in faults(keep("units", text, admin), admin)] == [(3, "Kode")]


# --- people -------------------------------------------------------------------------------------------


def test_people_are_added_with_their_postings(admin, polsek):
    text = PEOPLE_HEAD + (
        "operator.baru;91050417;Operator Baru;polsek-senori;operator;Kasium;1 Oktober 2026;\r\n"
        "operator.baru;91050417;Operator Baru;polsek-senori;pimpinan satuan;Kapolsek;01/10/2026;\r\n"
        ";88030921;Tanpa Nama Pengguna;polsek-senori;;;;\r\n"
    )
    draft = keep("people", text, admin)
    assert faults(draft, admin) == []
    imports.apply_draft(draft=draft, by=admin)
    person = User.objects.get(username="operator.baru")
    assert not person.has_usable_password()
    assert person.postings.get(role=Role.OPERATOR).approved_at is not None
    assert person.postings.get(role=Role.COMMANDER).approved_at is None
    assert User.objects.get(username="88030921").postings.count() == 0


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("a.b;870A0234;Nama;polsek-senori;;;;", "NRP/NIP", "8 sampai 18 angka"),
        ("!;;Nama;polsek-senori;;;;", "Nama pengguna", "huruf kecil"),
        ("a.b;;;polsek-senori;;;;", "Nama", "wajib"),
        ("a.b;;Nama;polsek-senory;;;;", "Kode satuan", "Maksud Anda polsek-senori?"),
        ("a.b;;Nama;polsek-asing;;;;", "Kode satuan", "tidak dikenal atau di luar wilayah Anda"),
        ("a.b;;Nama;;;;;", "Kode satuan", "wajib"),
        ("a.b;;Nama;polsek-senori;raja;Kasium;1/1/2026;", "Peran", "harus admin"),
        ("a.b;;Nama;polsek-senori;operator;;1/1/2026;", "Jabatan", "wajib"),
        ("a.b;;Nama;polsek-senori;operator;Kasium;;", "Mulai", "wajib"),
        ("a.b;;Nama;polsek-senori;operator;Kasium;kapan;", "Mulai", "bukan tanggal"),
        ("a.b;;Nama;polsek-senori;operator;Kasium;1/7/2026;1/1/2026", "Sampai", "mendahului"),
        ("asing;;Nama;polsek-senori;;;;", "Nama pengguna", "sudah dipakai"),
        ("a.b;77777777;Nama;polsek-senori;;;;", "NRP/NIP", "sudah dipakai orang lain"),
    ],
)
def test_a_wrong_person_names_line_column_and_remedy(admin, polsek, line, column, message):
    other = make_unit(kind=UnitKind.POLRES, code="polres-asing")
    make_person(make_unit(other, code="polsek-asing"), Role.OPERATOR, username="asing", nrp="77777777")
    draft = keep("people", PEOPLE_HEAD + line, admin)
    found = faults(draft, admin)
    assert (2, column) == found[0][:2]
    assert message in found[0][2]


def test_nothing_is_written_unless_all_rows_are_right(admin, desk, polsek):
    text = PEOPLE_HEAD + "baik;;Baik;polsek-senori;;;;\r\nburuk;;;polsek-senori;;;;\r\n"
    page = desk.get(upload(desk, "orang", text)["Location"])
    assert "1 baris salah. Belum ada yang disimpan." in page.content.decode()
    draft = ImportDraft.objects.get()
    desk.post(f"/organisasi/unggahan/{draft.pk}/impor/")
    assert not User.objects.filter(username="baik").exists()
    draft.refresh_from_db()
    assert draft.applied_at is None
    listed = desk.get(f"/organisasi/unggahan/{draft.pk}/kesalahan.csv").content.decode("utf-8-sig")
    assert listed.splitlines()[1].startswith("3;Nama;")


def test_a_row_that_became_wrong_since_the_preview_stops_all(admin, polsek):
    text = PEOPLE_HEAD + "satu;;Satu;polsek-senori;;;;\r\ndua;;Dua;polsek-senori;;;;\r\n"
    draft = keep("people", text, admin)
    make_person(make_unit(kind=UnitKind.POLRES), Role.OPERATOR, username="dua")
    with pytest.raises(imports.OrganisationError):
        imports.apply_draft(draft=draft, by=admin)
    assert not User.objects.filter(username="satu").exists()


def test_a_second_click_imports_nothing_again(admin, desk, polsek):
    text = PEOPLE_HEAD + "satu;;Satu;polsek-senori;operator;Kasium;1/10/2026;\r\n"
    upload(desk, "orang", text)
    draft = ImportDraft.objects.get()
    for _ in range(2):
        assert desk.post(f"/organisasi/unggahan/{draft.pk}/impor/").status_code == 302
    assert User.objects.filter(username="satu").count() == 1
    assert Posting.objects.filter(user__username="satu").count() == 1
    assert "Impor selesai" in desk.get(f"/organisasi/unggahan/{draft.pk}/").content.decode()


def test_the_same_file_again_changes_nothing(admin, polsek):
    text = PEOPLE_HEAD + "satu;12345678;Satu;polsek-senori;operator;Kasium;1/10/2026;\r\n"
    imports.apply_draft(draft=keep("people", text, admin), by=admin)
    again = imports.check_draft(draft=keep("people", text, admin), by=admin)
    assert [row.state for row in again] == ["same"]


def test_facts_and_last_day_of_a_posting_change(admin, polsek):
    person = make_person(polsek, Role.OPERATOR, username="lama", name="Lama")
    text = PEOPLE_HEAD + "lama;;Nama Baru;polsek-senori;operator;Jabatan uji;1/1/2020;31/12/2026\r\n"
    imports.apply_draft(draft=keep("people", text, admin), by=admin)
    person.refresh_from_db()
    assert person.name == "Nama Baru"
    assert person.postings.get().ends_on == datetime.date(2026, 12, 31)


def test_an_admin_gives_himself_no_posting(admin, polsek):
    text = PEOPLE_HEAD + f"{admin.username};;{admin.name};polsek-senori;supervisor;Kasium;1/1/2026;\r\n"
    assert "diatur admin lain" in faults(keep("people", text, admin), admin)[0][2]


def test_new_people_get_links_to_print(admin, desk, polsek):
    upload(desk, "orang", PEOPLE_HEAD + "satu;;Satu;polsek-senori;operator;Kasium;1/10/2026;\r\n")
    draft = ImportDraft.objects.get()
    desk.post(f"/organisasi/unggahan/{draft.pk}/impor/")
    said = desk.post(f"/organisasi/unggahan/{draft.pk}/tautan/").content.decode()
    assert "/kunci/" in said
    assert AccessLink.objects.get().user.username == "satu"


def test_links_come_in_sheaves_each_person_once(admin, polsek, monkeypatch):
    monkeypatch.setattr(imports, "SLIPS_AT_ONCE", 2)
    rows = "".join(f"orang.{name};;Orang {name};polsek-senori;;;;\r\n" for name in "abcde")
    draft = imports.apply_draft(draft=keep("people", PEOPLE_HEAD + rows, admin), by=admin)
    sheaves = []
    for left in (3, 1, 0):
        sheaves.append([slip.person.username for slip in imports.make_slips(draft=draft, by=admin)])
        assert imports.count_without_link(draft=draft, by=admin) == left
    assert sheaves == [["orang.a", "orang.b"], ["orang.c", "orang.d"], ["orang.e", "orang.a"]]


def test_a_draft_is_open_to_its_owner_only(admin, desk, polres, polsek):
    upload(desk, "orang", PEOPLE_HEAD + "satu;;Satu;polsek-senori;;;;\r\n")
    draft = ImportDraft.objects.get()
    other = Client()
    other.force_login(make_person(polres, Role.ADMIN), backend="wbbm.organisasi.auth.PostingBackend")
    assert other.get(f"/organisasi/unggahan/{draft.pk}/").status_code == 404
    ImportDraft.objects.update(created_at=draft.created_at - datetime.timedelta(hours=25))
    assert desk.get(f"/organisasi/unggahan/{draft.pk}/").status_code == 404


def test_a_dropped_upload_is_forgotten(desk, polsek):
    upload(desk, "orang", PEOPLE_HEAD + "satu;;Satu;polsek-senori;;;;\r\n")
    draft = ImportDraft.objects.get()
    assert desk.post(f"/organisasi/unggahan/{draft.pk}/batal/").status_code == 302
    assert not ImportDraft.objects.exists()


def test_a_bad_upload_answers_422_on_the_form(desk):
    answer = upload(desk, "orang", b"PK\x03\x04rusak", "daftar.xlsx")
    assert answer.status_code == 422
    assert "rusak" in answer.content.decode()
    assert desk.post("/organisasi/impor/orang/").status_code == 422


def test_checking_takes_as_many_queries_for_two_rows_as_for_forty(admin, polsek):
    make_posting(admin, polsek, Role.OPERATOR)

    def count(rows):
        text = PEOPLE_HEAD + "".join(f"o{n};;Nama {n};polsek-senori;operator;J;1/1/2026;\r\n" for n in range(rows))
        draft = keep("people", text, admin)
        with Counted() as counted:
            imports.check_draft(draft=draft, by=admin)
        return len(counted.statements)

    assert count(2) == count(40) <= 6
