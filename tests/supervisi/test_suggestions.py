"""Proposals from the portal's own figures: shown, taken over with frozen figures, corrected with a reason, refused."""

from __future__ import annotations

import datetime
import io
import re
import uuid
from dataclasses import dataclass
from html import unescape

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from layanan.models import InnovationStatus
from supervisi.models import Answer, AnswerEvidence, AnswerRevision, Checklist, Layer, Period, Suggestion
from supervisi.services.answers import save_operation
from supervisi.services.checklists import create_checklist
from supervisi.services.instruments import load_instrument
from supervisi.services.operations import Card, Operation
from supervisi.suggestions.rules import rules_of
from tests.factories import make_person, make_unit
from tests.layanan.makers import make_innovation
from tests.supervisi.sheets import Counted
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import AuditEvent, Role, UnitKind, User

pytestmark = pytest.mark.django_db

INNOVATION = next(code for code, rule in rules_of("lke-2021").items.items() if rule.fact == "innovations")
VIOLATION = next(code for code, rule in rules_of("lke-2021").items.items() if rule.fact == "violations")


@dataclass
class Desk:
    sheet: Checklist
    operator: User
    commander: User
    stranger: User

    def page(self, person: User | None = None, status: int = 200) -> str:
        answer = client_of(person or self.operator).get(reverse("supervisi:suggestions", args=[self.sheet.pk]))
        assert answer.status_code == status
        return unescape(answer.content.decode())

    def send(self, code: str, person: User | None = None, **fields):
        return self.post(code, person, self.looked_at(code) | fields)

    def post(self, code: str, person: User | None, form: dict[str, str]):
        address = reverse("supervisi:suggestion-decide", args=[self.sheet.pk, code])
        return client_of(person or self.operator).post(address, form)

    def looked_at(self, code: str) -> dict[str, str]:
        """Return what the item's form carries along."""
        said = self.page().split(f'id="b-{code}"')[1]
        return {name: re.search(rf'name="{name}" value="([^"]*)"', said)[1] for name in ("uuid", "base", "digest")}

    def stored(self, code: str):
        return (Answer.objects.get(checklist=self.sheet, item__code=code).value or {}).get("answer")


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=person.pk), backend="wbbm.organisasi.auth.PostingBackend")
    return client


def violations() -> dict[str, int]:
    """Return the fields of a correction: four in the year before, one in this, one punished."""
    keys = [key for key, _ in rules_of("lke-2021").items[VIOLATION].inputs]
    return {f"input-{key}": number for key, number in zip(keys, (4, 1, 1), strict=True)}


@pytest.fixture
def desk():
    polres = make_unit(kind=UnitKind.POLRES, name="Polres Uji")
    operator = make_person(polres, Role.OPERATOR)
    instrument, _ = load_instrument("lke-2021")
    year = datetime.date.today().year
    period = Period.objects.create(
        unit=polres, name=f"Tahun {year}", kind="year", first_day=datetime.date(year, 1, 1),
        last_day=datetime.date(year, 12, 31),
    )  # fmt: skip
    sheet = create_checklist(unit=polres, period=period, instrument=instrument, layer=Layer.SELF, by=operator)
    other = make_unit(kind=UnitKind.POLRES, name="Polres Lain", code="polres-lain")
    return Desk(sheet, operator, make_person(polres, Role.COMMANDER), make_person(other, Role.OPERATOR))


def test_a_proposal_is_taken_over_with_its_figures_frozen(desk):
    said = desk.page()
    assert "Sedang berjalan" in said
    form = desk.looked_at(INNOVATION)
    address = reverse("supervisi:suggestion-decide", args=[desk.sheet.pk, INNOVATION])
    client = client_of(desk.operator)
    for _ in range(2):
        # The second press of the same button changes nothing.
        answer = client.post(address, form)
        assert answer.status_code == 302
        assert answer["Location"].endswith(f"#b-{INNOVATION}")
    row = Suggestion.objects.get()
    assert (row.proposed, row.decided, row.outcome, row.digest) == ("E", "E", "accepted", form["digest"])
    assert desk.stored(INNOVATION) == "E"
    assert AnswerRevision.objects.filter(checklist=desk.sheet).count() == 1
    link = AnswerEvidence.objects.get()
    assert (link.answer_id, link.evidence_id) == (row.answer_id, row.evidence_id)
    with default_storage.open(row.evidence.file.path) as stored:
        lines = dict(list(openpyxl.load_workbook(io.BytesIO(stored.read())).active.iter_rows(values_only=True)))
    assert lines["Sedang berjalan"] == "0"
    assert lines["Sidik angka (SHA-256)"] == row.digest
    event = AuditEvent.objects.get(action="suggestion.accepted")
    assert event.changes["digest"] == [None, row.digest]
    # What moves afterwards leaves the frozen figures alone, and the page says so.
    make_innovation(desk.sheet.unit, desk.operator, status=InnovationStatus.RUNNING)
    row.refresh_from_db()
    assert row.figures["numbers"] == {"running": 0}
    assert "angkanya sudah berubah sejak itu" in desk.page()
    # Nor does anybody change them afterwards, by whatever way.
    for change in ("UPDATE supervisi_suggestion SET reason = 'lain'", "DELETE FROM supervisi_suggestion"):
        with pytest.raises(IntegrityError, match="Usulan"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def test_figures_that_moved_since_the_page_are_looked_at_again(desk):
    form = desk.looked_at(INNOVATION)
    make_innovation(desk.sheet.unit, desk.operator, status=InnovationStatus.RUNNING)
    answer = desk.send(INNOVATION, **form)
    assert answer.status_code == 409
    assert "Angkanya berubah" in answer.content.decode()
    assert not Suggestion.objects.exists()
    assert desk.stored(INNOVATION) is None
    # Now a person must judge: nothing is proposed any more.
    assert desk.send(INNOVATION).status_code in {302, 422}
    assert not Suggestion.objects.exists()


def test_a_correction_says_why_and_is_kept_beside_the_proposal(desk):
    answer = desk.send(INNOVATION, act="correct", answer="D", text="")
    assert answer.status_code == 422
    assert "Alasan" in answer.content.decode()
    assert desk.send(INNOVATION, act="correct", answer="Z", text="ada").status_code == 422
    assert not StoredFile.objects.exists()
    answer = desk.send(INNOVATION, act="correct", answer="D", text="Menjalankan inovasi Polda")
    assert answer.status_code == 302
    row = Suggestion.objects.get()
    assert (row.proposed, row.decided, row.outcome, row.reason) == ("E", "D", "corrected", "Menjalankan inovasi Polda")
    assert Answer.objects.get(pk=row.answer_id).value["note"] == "Menjalankan inovasi Polda"
    said = desk.page()
    assert "Dikoreksi" in said
    assert "Menjalankan inovasi Polda" in said


def test_what_the_portal_does_not_know_is_no_proposal(desk):
    said = desk.page().split(f'id="b-{VIOLATION}"')[1].split("</section>")[0]
    assert "belum diisi" in said
    assert "Pakai usulan" not in said
    assert desk.send(VIOLATION).status_code in {302, 422}
    assert not Suggestion.objects.exists()
    assert desk.send(VIOLATION, act="correct", text="Register Sipropam", **violations()).status_code == 302
    assert {f"input-{key}": value for key, value in desk.stored(VIOLATION).items()} == violations()
    assert Suggestion.objects.get().proposed is None


def test_an_answer_of_somebody_else_is_not_overwritten(desk):
    form = desk.looked_at(INNOVATION)
    # Somebody else's save in between: another version of the same item.
    deputy = make_person(desk.sheet.unit, Role.OPERATOR)
    operation = Operation(uuid.uuid4(), INNOVATION, 0, Card(answer="B", note="sudah dibahas"))
    save_operation(checklist=Checklist.objects.with_frame().get(pk=desk.sheet.pk), operation=operation, by=deputy)
    answer = desk.send(INNOVATION, **form)
    assert answer.status_code == 409
    assert "diubah orang lain" in answer.content.decode()
    assert desk.stored(INNOVATION) == "B"
    assert not Suggestion.objects.exists()
    assert not AnswerEvidence.objects.exists()
    # Looked at again, the note that stands there is kept.
    assert desk.send(INNOVATION).status_code == 302
    assert Answer.objects.get(checklist=desk.sheet, item__code=INNOVATION).value["note"] == "sudah dibahas"


def test_only_who_fills_the_sheet_in_decides_and_only_on_a_draft(desk):
    form = desk.looked_at(INNOVATION)
    assert "Pakai usulan" not in desk.page(desk.commander)
    desk.page(desk.stranger, status=404)
    assert desk.send(INNOVATION, desk.commander, **form).status_code == 403
    assert desk.send(INNOVATION, desk.stranger, **form).status_code == 404
    other = next(item for item in ("A.I.1.i.a",) if item not in rules_of("lke-2021").items)
    address = reverse("supervisi:suggestion-decide", args=[desk.sheet.pk, other])
    assert client_of(desk.operator).post(address, form).status_code == 404
    for broken in ({"uuid": "x"}, {"base": "-1"}, {"base": "x"}):
        assert desk.send(INNOVATION, **(form | broken)).status_code in {302, 422}
    Checklist.objects.filter(pk=desk.sheet.pk).update(status="submitted")
    assert "hanya dapat dibaca" in desk.page()
    assert desk.post(INNOVATION, None, form).status_code in {302, 409}
    assert not Suggestion.objects.exists()


def test_a_correction_without_reason_is_refused_by_the_database_too(desk):
    assert desk.send(INNOVATION).status_code == 302
    with pytest.raises(IntegrityError):
        Suggestion.objects.update(outcome="corrected")


def test_the_page_asks_the_same_number_of_queries_however_much_there_is(desk):
    client = client_of(desk.operator)
    address = reverse("supervisi:suggestions", args=[desk.sheet.pk])
    make_innovation(desk.sheet.unit, desk.operator, status=InnovationStatus.RUNNING)
    desk.send(VIOLATION, act="correct", text="Register", **violations())
    client.get(address)
    with Counted() as few:
        client.get(address)
    for number in range(5):
        make_innovation(desk.sheet.unit, desk.operator, title=f"Layanan baru {number}", status=InnovationStatus.RUNNING)
    desk.send(INNOVATION, act="correct", answer="C", text="Dinilai tim")
    client.get(address)
    with Counted() as many:
        client.get(address)
    assert len(many.statements) == len(few.statements)
    assert len(few.statements) <= 32
