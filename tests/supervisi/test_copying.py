"""Beginning with the last sheet: copies wait to be reviewed, count for nothing until then, and lose against people."""

import datetime
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from supervisi.models import (
    Answer,
    AnswerEvidence,
    AnswerRevision,
    Checklist,
    Evidence,
    Layer,
    Period,
    PeriodKind,
    Visit,
    VisitMember,
)
from supervisi.services.answers import CONFLICT, SAVED, restore_value, save_operation
from supervisi.services.checklists import Incomplete, LockedChecklist, create_checklist, submit_checklist
from supervisi.services.content import content_hash, stored_answers
from supervisi.services.copying import copy_last_sheet, last_sheet
from supervisi.services.scores import score_fields
from tests.files import samples
from tests.supervisi.sheets import LETTER, PERCENT, Counted, make_world, op
from tests.supervisi.test_vault import attach, keep, revise, shared_decree
from wbbm.errors import DomainError, NotAllowed
from wbbm.jobs.models import Job
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import AuditEvent

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
INPUTS = {"rekomendasi": 3, "selesai": 2}


@pytest.fixture
def world():
    return make_world()


def sheet_of(world, period, layer=Layer.SELF, visit=None):
    by = world.operator if layer == Layer.SELF else world.leader
    made = create_checklist(
        unit=world.polsek, period=period, instrument=world.instrument, layer=layer, by=by, visit=visit
    )
    return Checklist.objects.with_frame().get(pk=made.pk)


def period_before(world, days=100, name="Triwulan lalu"):
    first = world.period.first_day - days * DAY
    return Period.objects.create(
        unit=world.polres, name=name, kind=PeriodKind.QUARTER, first_day=first, last_day=first + 50 * DAY
    )


def before_and_now(world, status="submitted"):
    """The station's own sheet of the last quarter with two answers, and the one that it has just begun."""
    old = sheet_of(world, period_before(world))
    fill(world, old, op(LETTER, "B", note="Sprin ada", checked="paper"), op(PERCENT, INPUTS))
    Checklist.objects.filter(pk=old.pk).update(status=status)
    old.refresh_from_db()
    return old, sheet_of(world, world.period)


def fill(world, sheet, *operations, by=None):
    return [save_operation(checklist=sheet, operation=each, by=by or world.operator) for each in operations]


def row(sheet, code=LETTER):
    return Answer.objects.get(checklist=sheet, item__code=code)


def client_of(user):
    client = Client()
    client.force_login(user, backend="wbbm.organisasi.auth.PostingBackend")
    return client


def area(sheet):
    return reverse("supervisi:checklist-area", args=[sheet.pk, "1"])


def test_a_copy_comes_along_with_its_history_and_counts_for_nothing(world):
    old, sheet = before_and_now(world)
    empty = score_fields(sheet)
    copied = copy_last_sheet(checklist=sheet, by=world.operator)
    assert (copied.source, copied.count) == (old, 2)
    answer = row(sheet)
    assert (answer.version, answer.needs_review, answer.is_answered) == (1, True, False)
    # The note comes along; how it was checked is to be seen afresh.
    assert answer.value == {"answer": "B", "note": "Sprin ada", "checked": "", "on_behalf_of": None}
    kept = AnswerRevision.objects.get(answer=answer)
    assert (kept.value, kept.author, kept.copied_from, kept.new_version) == (answer.value, world.operator, old, 1)
    assert stored_answers(sheet) == {}
    assert score_fields(sheet) | {"saves": 0} == empty
    event = AuditEvent.objects.get(action="checklist.copied")
    assert event.changes == {"source": [None, old.pk], "items": [None, 2]} and event.posting.user == world.operator
    assert Job.objects.filter(kind="rollup", key__startswith=f"{world.polsek.pk}:").exists()
    with pytest.raises(Incomplete, match="59 butir belum diisi, 2 di antaranya salinan"):
        submit_checklist(checklist=sheet, by=world.operator)
    with pytest.raises(IntegrityError), transaction.atomic():
        Answer.objects.filter(pk=answer.pk).update(is_answered=True)
    # Again changes nothing.
    with pytest.raises(DomainError, match="Tidak ada lagi"):
        copy_last_sheet(checklist=sheet, by=world.operator)
    assert AnswerRevision.objects.filter(checklist=sheet).count() == 2


def test_confirming_or_changing_makes_it_an_answer(world):
    _, sheet = before_and_now(world)
    copy_last_sheet(checklist=sheet, by=world.operator)
    # Confirmed as it stands, and changed.
    restore_value(checklist=sheet, item_code=LETTER, revision_uuid=None, base_version=1, by=world.operator)
    (changed,) = fill(world, sheet, op(PERCENT, INPUTS | {"selesai": 3}, base=1))
    assert changed.reply["progress"]["sheet"] == {"answered": 2, "due": 59, "percent": 3}
    assert [(each.version, each.needs_review, each.is_answered) for each in (row(sheet), row(sheet, PERCENT))] == [
        (2, False, True)
    ] * 2
    assert stored_answers(sheet) == {LETTER: "B", PERCENT: INPUTS | {"selesai": 3}}


def test_what_a_person_entered_stays_and_beats_a_copy(world):
    _, sheet = before_and_now(world)
    fill(world, sheet, op(LETTER, "D"))
    assert copy_last_sheet(checklist=sheet, by=world.operator).count == 1
    assert row(sheet).value["answer"] == "D" and not row(sheet).needs_review
    # A device that was away when the copy was made knows version 0 only: its answer is no conflict.
    (saved,) = fill(world, sheet, op(PERCENT, {"rekomendasi": 9, "selesai": 9}))
    assert (saved.code, saved.reply["version"]) == (SAVED, 2)
    other = world.members[0]
    visit = before_visit(world)
    copy_last_sheet(checklist=visit, by=world.leader)
    assert fill(world, visit, op(LETTER, "C"), by=other)[0].code == SAVED
    # From then on it is a person's.
    assert fill(world, visit, op(LETTER, "A"), by=world.leader)[0].code == CONFLICT


def before_visit(world):
    """The team's sheet of a visit before, handed in; return the one of the visit under way."""
    visit = Visit.objects.create(
        unit=world.polsek, period=period_before(world, 200, "Triwulan dulu"), sprin_number="Sprin/9", status="done",
        starts_on=world.visit.starts_on - 190 * DAY, team_leader=world.leader, planned_by=world.leader,
    )  # fmt: skip
    VisitMember.objects.create(visit=visit, user=world.leader, number=1)
    old = sheet_of(world, visit.period, Layer.SUPERVISION, visit)
    fill(world, old, op(LETTER, "B"), by=world.leader)
    Checklist.objects.filter(pk=old.pk).update(status="submitted")
    return world.reload()


def test_only_who_fills_in_copies_and_only_from_what_was_handed_in(world):
    draft, sheet = before_and_now(world, status="draft")
    with pytest.raises(DomainError, match="Belum ada lembar sebelumnya"):
        copy_last_sheet(checklist=sheet, by=world.operator)
    Checklist.objects.filter(pk=draft.pk).update(status="submitted")
    for person in (world.leader, world.commander, world.auditor, world.stranger):
        with pytest.raises(NotAllowed):
            copy_last_sheet(checklist=sheet, by=person)
    assert last_sheet(sheet, world.operator) == draft
    # The team's sheets are not the unit's own, and the other way round; of two periods the nearer one is taken.
    visit = before_visit(world)
    assert last_sheet(visit, world.leader).visit_id is not None
    assert last_sheet(sheet, world.operator) == draft
    Visit.objects.filter(sprin_number="Sprin/9").update(status="cancelled")
    assert last_sheet(visit, world.leader) is None
    assert last_sheet(draft, world.operator) is None
    sheet.scope = "sample"
    assert last_sheet(sheet, world.operator) is None
    Checklist.objects.filter(pk=sheet.pk).update(status="submitted")
    sheet.scope = "full"
    with pytest.raises(LockedChecklist):
        copy_last_sheet(checklist=sheet, by=world.operator)
    assert not Answer.objects.filter(needs_review=True).exists()


def test_a_final_sheet_that_was_copied_from_keeps_its_hash(world):
    old, sheet = before_and_now(world)
    digest = content_hash(old)
    copy_last_sheet(checklist=sheet, by=world.operator)
    assert content_hash(old) == digest


def test_evidence_that_still_holds_is_proposed_in_its_newest_revision(world):
    today = local_day(world.polsek)
    old = sheet_of(world, period_before(world))
    fill(world, old, op(LETTER, "B"))
    names = {"Masih": today, "Habis": today - DAY, "Tanpa hari": None, "Lama": today - DAY, "Dilepas": None}
    names["Tim"] = None
    kept = {
        name: keep(world, samples.photo(place), title=name, valid_until=until)
        for place, (name, until) in enumerate(names.items())
    }
    decree, _ = shared_decree(world, title="SK Polres")
    for evidence in (*kept.values(), decree):
        attach(world, evidence, sheet=old, by=world.operator)
    AnswerEvidence.objects.filter(evidence=kept["Dilepas"]).update(
        detached_at="2026-01-01T00:00Z", detached_by=world.leader
    )
    # Attached before that was refused: what a team brought is not the unit's to show.
    Evidence.objects.filter(pk=kept["Tim"].pk).update(is_own=False)
    Checklist.objects.filter(pk=old.pk).update(status="final")
    newer = revise(kept["Lama"], samples.photo(9), world.operator, title="Baru", valid_until=today + DAY)
    sheet = sheet_of(world, world.period)
    copy_last_sheet(checklist=sheet, by=world.operator)
    client = client_of(world.operator)
    page = client.get(area(sheet)).content.decode()
    proposed = page[page.index("data-wbbm-proposals") :]
    assert [name for name in (*names, "Baru", "SK Polres") if f">{name}</a>" in proposed] == [
        "Masih", "Tanpa hari", "Baru", "SK Polres",
    ]  # fmt: skip
    # Nothing is attached by itself.
    assert not AnswerEvidence.objects.filter(answer__checklist=sheet).exists()
    pick = reverse("supervisi:evidence-pick", args=[row(sheet).pk])
    client.post(pick, {"evidence": newer.pk, "uuid": uuid.uuid4()})
    page = client.get(area(sheet)).content.decode()
    assert ">Baru</a>" not in page[page.index("data-wbbm-proposals") :]
    # What may be taken over costs no query of its own.
    counts = []
    for each in (sheet, sheet_of(world, period_before(world, 170, "Triwulan kosong"))):
        with Counted() as counted:
            client.get(area(each))
        counts.append(len(counted.statements))
    assert counts[0] == counts[1]


def test_the_pages_offer_it_mark_it_and_confirm_it_without_script(world):
    old, sheet = before_and_now(world)
    client = client_of(world.operator)
    page = client.get(sheet.get_absolute_url()).content.decode()
    assert "Salin dari Triwulan lalu" in page
    done = client.post(reverse("supervisi:checklist-copy", args=[sheet.pk]), follow=True).content.decode()
    assert "2 jawaban disalin dari Triwulan lalu" in done and "2 di antaranya perlu ditinjau" in done
    assert "Disalin dari lembar sebelumnya" in done
    assert "2 perlu ditinjau" in client.get(reverse("supervisi:todo")).content.decode()
    page = client.get(area(sheet)).content.decode()
    assert "0 dari 5 butir terisi, 2 perlu ditinjau" in page and page.count("Disalin dari Triwulan lalu") == 2
    assert "saring=tinjau" in page
    fields = {f"{LETTER}-version": "1", "tinjau": LETTER}
    assert "1 jawaban tersimpan." in client.post(area(sheet), fields, follow=True).content.decode()
    assert row(sheet).is_answered and row(sheet).version == 2
    # The area's own button confirms nothing; what was changed in the same form is saved as it was typed.
    before = {f"{PERCENT}-base": "1", f"{PERCENT}-before": '{"answer": {"rekomendasi": 3, "selesai": 2}}'}
    same = before | {f"{PERCENT}-input-rekomendasi": "3", f"{PERCENT}-input-selesai": "2"}
    client.post(area(sheet), same)
    assert row(sheet, PERCENT).needs_review
    client.post(area(sheet), same | {f"{PERCENT}-input-selesai": "1", "tinjau": PERCENT})
    assert (row(sheet, PERCENT).version, row(sheet, PERCENT).value["answer"]["selesai"]) == (2, 1)
    history = client.get(reverse("supervisi:answer-history", args=[sheet.pk, LETTER])).content.decode()
    assert "Disalin dari Triwulan lalu, untuk ditinjau" in history
    saves = AnswerRevision.objects.count()
    client.post(reverse("supervisi:checklist-copy", args=[old.pk]))
    assert AnswerRevision.objects.count() == saves
    assert client_of(world.commander).get(sheet.get_absolute_url()).content.decode().count("Salin dari") == 0
