"""Taking a workbook along: who may, what it holds, what is recorded."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.urls import reverse

from supervisi.models import Checklist
from supervisi.services.answers import save_operation
from supervisi.services.checklists import stored_answers
from supervisi.services.workbooks import read_book
from supervisi.workbook.package import Package
from supervisi.workbook.read import read_workbook
from tests.supervisi.dashboards import make_district, put_lke
from tests.supervisi.sheets import LETTER, Counted, make_world, op
from tests.supervisi.workbook.books import LKE, contents
from tests.supervisi.workbook.layouts import write_2026, write_old
from wbbm.organisasi.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def ask(user, sheet, name="workbook-download"):
    client = Client()
    client.force_login(user, backend="wbbm.organisasi.auth.PostingBackend")
    method = client.post if name.endswith("download") else client.get
    return method(reverse(f"supervisi:{name}", args=[sheet.pk]))


def test_a_draft_goes_to_its_team_and_what_is_hidden_stays_hidden():
    world = make_world()
    save_operation(checklist=world.checklist, operation=op(LETTER, "A", note="=HYPERLINK(1)"), by=world.leader)
    given = ask(world.leader, world.checklist)
    assert given.status_code == 200
    assert given["Content-Disposition"].endswith('-supervision.xlsx"')
    cells = contents(given.content)["Jawaban"].values()
    assert {"'=HYPERLINK(1)", "Jawaban Supervisi"} <= set(cells)
    event = AuditEvent.objects.get(action="workbook.exported")
    assert (event.actor_id, event.unit_id, event.object_id) == (
        world.leader.pk, world.polsek.pk, str(world.checklist.pk),
    )  # fmt: skip
    assert "Unduh buku kerja" in ask(world.leader, world.checklist, "workbook").content.decode()
    page = ask(world.leader, world.checklist, "checklist-detail").content.decode()
    assert "Buku kerja Excel" in page
    assert "Buku kerja diunduh" in page
    # A supervisor outside the team reads the draft without its score; the station doesn't see it at all.
    assert ask(world.reviewer, world.checklist).status_code == 403
    assert "Buku kerja Excel" not in ask(world.reviewer, world.checklist, "checklist-detail").content.decode()
    assert ask(world.operator, world.checklist).status_code == 404
    Checklist.objects.filter(pk=world.checklist.pk).update(scope="sample")
    assert ask(world.leader, world.checklist).status_code == 403
    assert ask(world.leader, world.checklist, "workbook").status_code == 403
    assert AuditEvent.objects.filter(action="workbook.exported").count() == 1


def test_a_book_is_read_with_two_queries_and_the_command_writes_the_same(tmp_path):
    district = make_district(1)
    sheet = put_lke(district)
    sheet = Checklist.objects.with_frame().get(pk=sheet.pk)
    read_book(sheet)
    with Counted() as counted:
        read_book(sheet)
    assert len(counted.statements) == 2
    path, out = tmp_path / "lke.xlsx", io.StringIO()
    options = {"unit": district.polres.code, "period": district.year.name, "layer": "self", "stdout": out}
    call_command("export_lke", str(path), **options)
    page = ask(User.objects.get(pk=district.kapolres.pk), sheet)
    assert contents(path.read_bytes()) == contents(page.content)
    assert str(path) in out.getvalue()
    for wrong in ({"unit": "tidak-ada"}, {"period": "9999"}, {"layer": "tpi"}):
        with pytest.raises(CommandError, match="Lembar itu tidak ada"):
            call_command("export_lke", str(path), **options | wrong)
    answers = read_book(sheet).answers
    first = sheet.answers.filter(item__code="A.I.1.i.a")
    first.update(needs_review=True, is_answered=False)
    assert set(answers) - set(read_book(sheet).answers) == {"A.I.1.i.a"}
    with pytest.raises(CommandError, match="tidak dapat ditulis"):
        call_command("export_lke", str(tmp_path), **options)


def test_the_own_template_is_filled_in_and_what_it_cannot_take_is_named():
    district = make_district(1)
    sheet = Checklist.objects.with_frame().get(pk=put_lke(district).pk)
    client = Client()
    client.force_login(district.kapolres, backend="wbbm.organisasi.auth.PostingBackend")
    address = reverse("supervisi:workbook-fill", args=[sheet.pk])

    def send(content):
        return client.post(address, {"templat-file": SimpleUploadedFile("templat.xlsx", content)})

    with override_settings(IS_DEMO=True):
        assert 'filename="data-contoh-lke-2021' in send(write_2026({}))["Content-Disposition"]
    given = send(write_2026({}))
    found = read_workbook(Package(given.content), LKE, "Unit")
    assert {item.code: item.answer for item in found.items} == stored_answers(sheet)
    assert AuditEvent.objects.filter(action="workbook.exported").count() == 2
    # A row that the template lacks: the file comes all the same, and the next page names it.
    short = write_old({}, spoil=lambda page, rows: page.delete_rows(rows["A.II.2.i.a"]))
    assert send(short).status_code == 200
    assert "kecuali 1 butir" in client.get(reverse("supervisi:workbook", args=[sheet.pk])).content.decode()
    refused = send(b"%PDF-1.7")
    assert refused.status_code == 422
    assert "Berkas ini bukan Excel" in refused.content.decode()
    assert AuditEvent.objects.filter(action="workbook.exported").count() == 3
