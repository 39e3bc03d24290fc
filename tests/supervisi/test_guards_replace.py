"""SQLite's OR REPLACE removes the row that is in the way without its delete trigger: what is guarded stays."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from supervisi.models import AnswerEvidence, Checklist, ChecklistScore, Evidence, Layer, VerificationCode, Visit
from supervisi.services.checklists import content_hash, create_checklist
from supervisi.services.scores import compute_checklist_score
from tests.supervisi.test_guards import final_world, run
from tests.unguarded import unguarded
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import AuditEvent, AuditHead, AuditSeal
from wbbm.organisasi.services import seals
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.services.verify import verify

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor == "postgresql", reason="SQLite's own words"),
]


def refused(sql, *values):
    """Expect a guard's own words: the database's keys would refuse with others."""
    with pytest.raises(IntegrityError, match=r"^(Lembar ini final|Isi berkas bukti|Kode verifikasi|Catatan audit) "):
        run(sql, *values)


@pytest.fixture
def world():
    """A final sheet, and a draft of another visit with evidence and a score of its own."""
    world = final_world()
    visit = Visit.objects.create(
        unit=world.polsek, period=world.period, sprin_number="Sprin/2", starts_on=world.visit.starts_on,
        status="ongoing", team_leader=world.leader, planned_by=world.leader,
    )  # fmt: skip
    world.draft = create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SUPERVISION, by=world.leader,
        visit=visit,
    )  # fmt: skip
    compute_checklist_score(world.draft)
    file = StoredFile.objects.create(
        kind="evidence", name="lain.pdf", content_type="application/pdf", size=1, sha256="c" * 64,
        original_sha256="d" * 64, path="y", created_by=world.leader,
    )  # fmt: skip
    spare = Evidence.objects.create(unit=world.polsek, number=2, title="Lain", file=file, added_by=world.leader)
    AnswerEvidence.objects.create(
        uuid=uuid.uuid4(), answer=world.answer(sheet=world.draft), evidence=spare, added_by=world.leader
    )
    return world


def copied(model, row, **changes):
    """Return an INSERT OR REPLACE of a row with other values; an id of NULL is drawn anew."""
    columns = [field.column for field in model._meta.concrete_fields]
    changed = [str(changes.get(name, name)) for name in columns]
    table = model._meta.db_table
    return (
        f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) SELECT {', '.join(changed)} FROM {table} WHERE id = %s",
        row.pk,
    )


def attempts(world):
    """Return statement and values of every write that would take a guarded row's place."""
    held, spare = Evidence.objects.order_by("number")
    final_link, draft_link = AnswerEvidence.objects.order_by("pk")
    final, draft = world.checklist, world.draft
    code = VerificationCode.objects.get()
    return {
        "evidence by its id": copied(Evidence, held, file_id=spare.file_id),
        "evidence by its number": copied(Evidence, held, id="NULL", file_id=spare.file_id),
        "evidence by a new newest": copied(Evidence, held, id="NULL", revision="2"),
        "evidence by the newest of another": (
            "UPDATE OR REPLACE supervisi_evidence SET number = 1, revision = 2 WHERE id = %s", spare.pk,
        ),
        "evidence by the id of another": (
            "UPDATE OR REPLACE supervisi_evidence SET id = %s WHERE id = %s", held.pk, spare.pk,
        ),
        "evidence by the number of another": (
            "UPDATE OR REPLACE supervisi_evidence SET number = 1 WHERE id = %s", spare.pk,
        ),
        "evidence moved off its id": ("UPDATE supervisi_evidence SET id = 999 WHERE id = %s", held.pk),
        "file by its id": copied(StoredFile, held.file, sha256=f"'{'e' * 64}'"),
        "file by the id of another": (
            "UPDATE OR REPLACE files_storedfile SET id = %s WHERE id = %s", held.file_id, spare.file_id,
        ),
        "file moved off its id": ("UPDATE files_storedfile SET id = 999 WHERE id = %s", held.file_id),
        "link by its uuid": (
            "UPDATE OR REPLACE supervisi_answerevidence SET uuid = %s WHERE id = %s",
            final_link.uuid.hex, draft_link.pk,
        ),
        "sheet by its id": ("UPDATE OR REPLACE supervisi_checklist SET id = %s WHERE id = %s", final.pk, draft.pk),
        "sheet by its visit": (
            "UPDATE OR REPLACE supervisi_checklist SET visit_id = %s WHERE id = %s", final.visit_id, draft.pk,
        ),
        "sheet by a new one": copied(Checklist, final, id="NULL", status="'draft'"),
        "score by the draft's": (
            "UPDATE OR REPLACE supervisi_checklistscore SET checklist_id = %s WHERE checklist_id = %s",
            final.pk, draft.pk,
        ),
        "code by another of its sheet": copied(VerificationCode, code, id="NULL", code=f"'{'0' * 28}'"),
    }  # fmt: skip


ATTEMPTS = (
    "evidence by its id", "evidence by its number", "evidence by a new newest", "evidence by the newest of another",
    "evidence by the id of another",
    "evidence by the number of another", "evidence moved off its id", "file by its id", "file by the id of another",
    "file moved off its id", "link by its uuid", "sheet by its id", "sheet by its visit", "sheet by a new one",
    "score by the draft's", "code by another of its sheet",
)  # fmt: skip


def test_every_attempt_is_tried(world):
    assert set(attempts(world)) == set(ATTEMPTS)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_nothing_takes_the_place_of_a_final_sheets_rows(world, attempt):
    before = content_hash(world.reload())
    refused(*attempts(world)[attempt])
    assert content_hash(world.reload()) == before == world.reload().content_hash
    assert ChecklistScore.objects.filter(checklist=world.checklist).exists()
    assert VerificationCode.objects.valid().of(world.checklist).exists()


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_without_the_guards_the_same_sql_writes(world, attempt):
    """The twin: it is the triggers that refuse, and not the database's own keys."""
    tried = attempts(world)[attempt]
    with unguarded(without_references=True), transaction.atomic():
        assert run(*tried) == 1
        transaction.set_rollback(True)


def test_a_new_revision_of_guarded_evidence_passes_and_is_not_the_newest_twice(world):
    held = Evidence.objects.get(number=1)
    assert run("UPDATE supervisi_evidence SET is_current = 0 WHERE id = %s", held.pk) == 1
    run(*copied(Evidence, held, id="NULL", revision="2", is_current="1"))
    refused("UPDATE OR REPLACE supervisi_evidence SET revision = 1 WHERE number = 1 AND revision = 2")
    assert list(Evidence.objects.filter(number=1).values_list("revision", flat=True)) == [1, 2]


def test_drafts_take_each_others_place_as_before(world):
    """Only what is guarded is in nobody's way."""
    spare = Evidence.objects.get(number=2)
    run(*copied(Evidence, spare, id="NULL", number="3"))
    assert run("UPDATE OR REPLACE supervisi_evidence SET number = 3 WHERE id = %s", spare.pk) == 1
    assert Evidence.objects.filter(number=3).count() == 1


@pytest.mark.parametrize("alias", ["rowid", "oid", "_rowid_"])
@pytest.mark.parametrize("model", [AuditEvent, AuditSeal, AuditHead])
def test_no_row_of_the_trail_is_replaced_by_any_of_its_keys(model, alias):
    for _ in range(2):
        record("sign-in", by=None)
    seals.seal_all()
    seals.publish_head()
    before = list(model.objects.order_by("pk").values())
    table, key = model._meta.db_table, model._meta.pk.column
    columns = [field.column for field in model._meta.concrete_fields if field.column != key]
    others = {"event_id": "900", "day": "'2001-01-01'"}
    values = ", ".join(others.get(name, name) for name in columns)
    # By the row's hidden number, with every other key a new one.
    own = (key,) if model is AuditSeal else ()
    refused(
        f"INSERT OR REPLACE INTO {table} ({', '.join([alias, *own, *columns])}) "
        f"SELECT {', '.join([alias, *(['901'] if own else []), values])} FROM {table} LIMIT 1"
    )
    refused(f"UPDATE OR REPLACE {table} SET {alias} = {alias} + 1")
    assert list(model.objects.order_by("pk").values()) == before
    assert verify().faults == []
