"""Taking answers over from a workbook: shown first, written only on acceptance, through the ordinary save."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from supervisi.models import AnswerRevision, Checklist, WorkbookImport
from supervisi.pages.workbook_import import read_comparison
from supervisi.services.answers import save_operation
from supervisi.services.checklists import create_checklist, stored_answers
from supervisi.services.workbook_imports import accept, keep_import
from supervisi.services.workbooks import export_workbook, read_book
from supervisi.workbook.write import write_workbook
from tests.factories import make_person
from tests.supervisi.dashboards import LKE as LKE_CODE
from tests.supervisi.dashboards import best_answers, make_district
from tests.supervisi.sheets import Counted, make_world, op
from tests.supervisi.workbook.books import LKE, make_book
from tests.supervisi.workbook.layouts import write_old
from wbbm.organisasi.models import AuditEvent, Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    """A Polres's own LKE, its operator and an auditor above."""
    district = make_district(1)
    operator = make_person(district.polres, Role.OPERATOR)
    auditor = make_person(district.polda, Role.AUDITOR)
    facts = {"unit": district.polres, "period": district.year, "instrument": district.instruments[LKE_CODE]}
    sheet = create_checklist(**facts, layer="self", by=operator)
    return district, reload(sheet), operator, auditor, facts


def reload(sheet):
    return Checklist.objects.with_frame().get(pk=sheet.pk)


def browser(user):
    client = Client()
    client.force_login(user, backend="wbbm.organisasi.auth.PostingBackend")
    return client


def send(client, sheet, content, name="lke.xlsx"):
    return client.post(
        reverse("supervisi:workbook-upload", args=[sheet.pk]), {"file": SimpleUploadedFile(name, content)}
    )


def fresh(user):
    return User.objects.get(pk=user.pk)


def page_of(upload, viewer):
    return read_comparison(WorkbookImport.objects.with_frame().get(pk=upload.pk), fresh(viewer))


def test_an_operator_fills_the_own_sheet_from_a_foreign_layout(place):
    _, sheet, operator, _, _ = place
    answers = best_answers(LKE)
    content = write_old(answers, {"A.I.1.i.a": "SK 12/2026"})
    client = browser(operator)
    kept = send(client, sheet, content, r"C:\berkas\..\lke tpi.xlsx")
    upload = WorkbookImport.objects.get()
    assert kept["Location"] == upload.get_absolute_url()
    assert (upload.file_name, upload.file_size, len(upload.file_sha256)) == ("lke tpi.xlsx", len(content), 64)
    # Nothing is written before the person accepts.
    assert stored_answers(sheet) == {}
    shown = client.get(kept["Location"]).content.decode()
    assert "Hanya yang Anda ambil yang disimpan" in shown
    assert "SK 12/2026" in shown
    differences = page_of(upload, operator).differences
    assert len(differences) == len(LKE.items)
    versions = {f"dasar-{line.code}": line.version for line in differences}
    address = reverse("supervisi:workbook-accept", args=[upload.pk])
    # One row, then the others.
    client.post(address, versions | {"butir": ["A.I.1.i.a"]})
    assert set(stored_answers(sheet)) == {"A.I.1.i.a"}
    revision = AnswerRevision.objects.get()
    assert (revision.author, revision.value["note"]) == (operator, "SK 12/2026")
    client.post(address, versions | {"semua": "1"})
    assert stored_answers(sheet) == {code: raw for code, raw in answers.items() if raw is not None}
    assert page_of(upload, operator).differences == ()
    assert "Tidak ada yang berbeda" in client.get(kept["Location"]).content.decode()
    first, second = AuditEvent.objects.filter(action="workbook.imported").order_by("pk")
    assert first.changes["file"] == second.changes["file"] == [None, upload.file_sha256]
    assert len(second.changes["items"][1]) == len(LKE.items) - 1
    # Sending the same page again changes nothing.
    client.post(address, versions | {"semua": "1"})
    assert AnswerRevision.objects.count() == len(LKE.items)


def test_an_export_comes_back_without_a_difference_and_newer_answers_are_not_undone(place):
    _, sheet, operator, _, _ = place
    for code, answer in {"A.I.1.i.a": "Ya", "A.I.1.i.b": "B", "B.I.a": "3.123456789012345678901"}.items():
        save_operation(checklist=sheet, operation=op(code, answer, note="=catatan"), by=operator)
    content = export_workbook(checklist=sheet, by=operator)
    upload = keep_import(checklist=sheet, content=content, name="a.xlsx", by=operator)
    page = page_of(upload, operator)
    assert (page.differences, page.same) == ((), 3)
    # Meanwhile the portal moves on, and the file is edited elsewhere: three columns tell it.
    save_operation(checklist=sheet, operation=op("A.I.1.i.a", "Tidak", 1, note="=catatan"), by=operator)
    changed = read_book(sheet)
    edited = {**changed.answers, "A.I.1.i.a": "Ya", "A.I.1.i.b": "A"}
    content = write_workbook(make_book(answers=edited, notes=dict(changed.notes)))
    upload = keep_import(checklist=sheet, content=content, name="a.xlsx", by=operator)
    page = page_of(upload, operator)
    told = {
        line.code: (line.file.answer, line.portal.answer, line.exported.answer, line.is_stale)
        for line in page.differences
    }
    assert told == {"A.I.1.i.a": ("Ya", "Tidak", "Ya", True), "A.I.1.i.b": ("A", "B", "B", False)}
    assert page.stale == 1
    kept, viewer = WorkbookImport.objects.with_frame().get(pk=upload.pk), fresh(operator)
    assert viewer.scope.postings
    with Counted() as counted:
        read_comparison(kept, viewer)
    assert len(counted.statements) == 3
    # What changed after the comparison was shown is a conflict: both values stay, the portal's in force.
    other = make_person(sheet.unit, Role.OPERATOR)
    save_operation(checklist=sheet, operation=op("A.I.1.i.b", "C", 1), by=other)
    done = accept(upload=upload, versions={"A.I.1.i.b": 1}, by=fresh(operator))
    assert (done.saved, done.conflicts) == ((), ("A.I.1.i.b",))
    assert stored_answers(sheet)["A.I.1.i.b"] == "C"


def test_copies_that_nobody_reviewed_count_as_empty(place):
    _, sheet, operator, _, _ = place
    value = {"answer": "Ya", "note": "", "checked": "", "on_behalf_of": None}
    sheet.answers.filter(item__code="A.I.1.i.a").update(version=1, value=value, needs_review=True)
    content = write_workbook(make_book(answers={"A.I.1.i.a": "Ya"}))
    upload = keep_import(checklist=sheet, content=content, name="a.xlsx", by=operator)
    (line,) = page_of(upload, operator).differences
    assert (line.portal.answer, line.version) == ("kosong", 1)
    assert accept(upload=upload, versions={line.code: 1}, by=fresh(operator)).saved == (line.code,)
    assert stored_answers(sheet) == {"A.I.1.i.a": "Ya"}


def test_who_may_import_and_when(place):
    district, sheet, operator, auditor, facts = place
    content = write_workbook(make_book(answers={"A.I.1.i.a": "Ya"}))
    # The commander reads the own sheet but doesn't fill it in; a supervision sheet is filled in on the visit.
    Checklist.objects.filter(pk=sheet.pk).update(status="submitted")
    assert (
        "Ambil dari Excel" not in browser(operator).get(reverse("supervisi:workbook", args=[sheet.pk])).content.decode()
    )
    assert send(browser(district.kapolres), sheet, content).status_code == 403
    assert send(browser(operator), sheet, content).status_code == 302
    assert WorkbookImport.objects.count() == 0
    Checklist.objects.filter(pk=sheet.pk).update(status="draft")
    assert send(browser(auditor), sheet, content).status_code == 403
    world = make_world()
    assert send(browser(world.leader), world.checklist, content).status_code == 403
    # The auditor's own layer takes the TPI column, not the unit's.
    tpi = reload(create_checklist(**facts, layer="tpi", by=auditor))
    assert "Kolom Jawaban TPI" not in send(browser(auditor), tpi, content).content.decode()
    upload = WorkbookImport.objects.get()
    assert page_of(upload, auditor).empty == len(LKE.items)
    # An upload is its owner's alone, and ends with the right to fill in the sheet.
    address = upload.get_absolute_url()
    assert browser(auditor).get(address).status_code == 200
    assert browser(operator).get(address).status_code == 404
    auditor.postings.update(ends_on=sheet.created_at.date().replace(year=2020), starts_on="2019-01-01")
    assert browser(auditor).get(address).status_code == 404


def test_an_unfit_file_is_refused_on_the_page_and_by_the_command(place, tmp_path):
    _, sheet, operator, _, _ = place
    client, path = browser(operator), tmp_path / "a.xlsx"
    for content, words in {
        b"%PDF-1.7": "Berkas ini bukan Excel",
        b"PK\x03\x04" + bytes(50 * 1024 * 1024 - 4): "50 MB terlalu besar",
        b"": "Berkas kosong",
    }.items():
        answer = send(client, sheet, content)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    path.write_bytes(b"%PDF-1.7")
    options = {"unit": sheet.unit.code, "period": sheet.period.name, "layer": "self"}
    with pytest.raises(CommandError, match="bukan Excel"):
        call_command("import_lke", str(path), **options)
    with pytest.raises(CommandError, match="tidak dapat dibaca"):
        call_command("import_lke", str(tmp_path / "b.xlsx"), **options)
    assert WorkbookImport.objects.count() == 0


def test_the_command_says_what_it_would_take_and_takes_it(place, tmp_path):
    _, sheet, operator, _, _ = place
    path, out = tmp_path / "a.xlsx", io.StringIO()
    path.write_bytes(write_workbook(make_book(answers={"A.I.1.i.a": "Ya", "B.I.a": "3.60"})))
    options = {"unit": sheet.unit.code, "period": sheet.period.name, "layer": "self", "stdout": out}
    call_command("import_lke", str(path), **options, dry_run=True, json=True)
    assert json.loads(out.getvalue())["answers"] == {"A.I.1.i.a": "Ya", "B.I.a": "3.6"}
    assert stored_answers(sheet) == {}
    call_command("import_lke", str(path), **options)
    assert "Disimpan: 2 butir" in out.getvalue()
    assert stored_answers(sheet) == {"A.I.1.i.a": "Ya", "B.I.a": "3.6"}
    assert set(AnswerRevision.objects.values_list("author", flat=True)) == {operator.pk}
    make_person(sheet.unit, Role.OPERATOR)
    with pytest.raises(CommandError, match="--by"):
        call_command("import_lke", str(path), **options)
