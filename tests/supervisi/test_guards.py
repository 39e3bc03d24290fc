"""The database itself refuses writes to a final sheet and to the audit trail: plain SQL, on both engines."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from django.db.migrations import Migration
from django.utils import timezone

from supervisi.models import (
    Answer,
    AnswerEvidence,
    AnswerRevision,
    Checklist,
    ChecklistScore,
    Evidence,
    Period,
    Visit,
)
from supervisi.services.checklists import (
    approve_reopening,
    content_hash,
    finalise_checklist,
    request_reopening,
)
from supervisi.services.scores import compute_checklist_score
from tests.supervisi.sheets import LETTER, make_world, op
from tests.unguarded import unguarded
from wbbm.files.models import StoredFile
from wbbm.organisasi import guards
from wbbm.organisasi.models import AuditEvent
from wbbm.organisasi.services.audit import record

PLAN = [(Migration("alters_a_field", "supervisi"), False)]
POSTGRES = connection.vendor == "postgresql"
AUDIT = "organisasi_auditevent"


def run(sql, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


def refused(sql, *values):
    with pytest.raises(IntegrityError, match=r"final|Riwayat|Catatan audit|berkas bukti"):
        run(sql, *values)


@pytest.fixture
def world(db):
    """A final sheet with an answer, its history, evidence and score; and its twin that is a draft."""
    return final_world()


def final_world():
    from supervisi.services.answers import save_operation

    world = make_world()
    save_operation(checklist=world.reload(), operation=op(answer="A"), by=world.leader)
    attach(world)
    Visit.objects.update(status="done")
    Checklist.objects.filter(pk=world.checklist.pk).update(status="disclosed")
    finalise_checklist(checklist=world.reload(), by=world.commander)
    return world


def attach(world):
    file = StoredFile.objects.create(
        kind="evidence", name="sk.pdf", content_type="application/pdf", size=1, sha256="a" * 64,
        original_sha256="b" * 64, path="x", created_by=world.leader,
    )  # fmt: skip
    evidence = Evidence.objects.create(unit=world.polsek, number=1, title="SK", file=file, added_by=world.leader)
    return AnswerEvidence.objects.create(
        uuid=uuid.uuid4(), answer=world.answer(), evidence=evidence, added_by=world.leader
    )


def attempts(world):
    """Return statement and values of every write that must be refused."""
    sheet, answer = world.checklist.pk, world.answer().pk
    item = world.answer().item_id
    evidence = Evidence.objects.get()
    user = world.leader.pk
    other = Answer.objects.filter(checklist=sheet).exclude(pk=answer).first().item_id
    now = timezone.now()
    empty = "'{}'"
    revision_columns = (
        "uuid, answer_id, checklist_id, payload_hash, value, author_id, base_version, outcome, reply, saved_at"
    )
    return {
        "answer changed": ("UPDATE supervisi_answer SET version = version + 1 WHERE id = %s", answer),
        "answer changed back": ("UPDATE supervisi_answer SET is_answered = is_answered WHERE checklist_id = %s", sheet),
        "answer removed": ("DELETE FROM supervisi_answer WHERE id = %s", answer),
        "answer added": (
            f"INSERT INTO supervisi_answer (checklist_id, item_id, version, value, is_answered, is_due) "
            f"VALUES (%s, %s, 0, {empty}, false, true)", sheet, item,
        ),
        "answer moved to another sheet": ("UPDATE supervisi_answer SET checklist_id = -1 WHERE id = %s", answer),
        "answer of another item": ("UPDATE supervisi_answer SET item_id = %s WHERE id = %s", other, answer),
        "revision changed": ("UPDATE supervisi_answerrevision SET outcome = 'conflict' WHERE checklist_id = %s", sheet),
        "revision removed": ("DELETE FROM supervisi_answerrevision WHERE checklist_id = %s", sheet),
        "revision added": (
            f"INSERT INTO supervisi_answerrevision ({revision_columns}) "
            f"VALUES (%s, %s, %s, '', {empty}, %s, 0, 'conflict', {empty}, %s)",
            uuid.uuid4() if POSTGRES else uuid.uuid4().hex, answer, sheet, user, now,
        ),
        "evidence taken away": (
            "UPDATE supervisi_answerevidence SET detached_at = %s, detached_by_id = %s WHERE answer_id = %s",
            now, user, answer,
        ),
        "evidence removed": ("DELETE FROM supervisi_answerevidence WHERE answer_id = %s", answer),
        "evidence added": (
            "INSERT INTO supervisi_answerevidence (uuid, answer_id, evidence_id, added_by_id, added_at) "
            "VALUES (%s, %s, %s, %s, %s)",
            uuid.uuid4() if POSTGRES else uuid.uuid4().hex, answer, evidence.pk, user, now,
        ),
        "evidence with another file": ("UPDATE supervisi_evidence SET file_id = -1 WHERE id = %s", evidence.pk),
        "evidence of another unit": ("UPDATE supervisi_evidence SET unit_id = %s", world.polres.pk),
        "evidence with another number": ("UPDATE supervisi_evidence SET number = 9",),
        "evidence of another revision": ("UPDATE supervisi_evidence SET revision = 9",),
        "evidence that a team brought": ("UPDATE supervisi_evidence SET is_own = NOT is_own",),
        "file with another content": ("UPDATE files_storedfile SET sha256 = 'c' WHERE id = %s", evidence.file_id),
        "score changed": ("UPDATE supervisi_checklistscore SET complete = 0 WHERE checklist_id = %s", sheet),
        "score removed": ("DELETE FROM supervisi_checklistscore WHERE checklist_id = %s", sheet),
        "sheet removed": ("DELETE FROM supervisi_checklist WHERE id = %s", sheet),
        "sheet of another unit": ("UPDATE supervisi_checklist SET unit_id = %s WHERE id = %s", world.polres.pk, sheet),
        "another hash": ("UPDATE supervisi_checklist SET content_hash = 'x' WHERE id = %s", sheet),
        "hash taken away": ("UPDATE supervisi_checklist SET content_hash = '' WHERE id = %s", sheet),
        "back to disclosed": ("UPDATE supervisi_checklist SET status = 'disclosed' WHERE id = %s", sheet),
        "draft without a request": (
            "UPDATE supervisi_checklist SET status = 'draft', content_hash = '', reopened_by_id = %s WHERE id = %s",
            user, sheet,
        ),
    }  # fmt: skip


ATTEMPTS = (
    "answer changed", "answer changed back", "answer removed", "answer added", "answer moved to another sheet",
    "answer of another item", "revision changed", "revision removed", "revision added", "evidence taken away",
    "evidence removed", "evidence added", "evidence with another file", "evidence of another unit",
    "evidence with another number", "evidence of another revision", "evidence that a team brought",
    "file with another content", "score changed", "score removed",
    "sheet removed", "sheet of another unit", "another hash", "hash taken away", "back to disclosed",
    "draft without a request",
)  # fmt: skip


def test_every_attempt_is_tried(world):
    assert set(attempts(world)) == set(ATTEMPTS)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_plain_sql_changes_nothing_of_a_final_sheet(world, attempt):
    before = content_hash(world.reload())
    refused(*attempts(world)[attempt])
    assert content_hash(world.reload()) == before == world.reload().content_hash


@pytest.mark.parametrize(
    "attempt",
    [
        "answer changed",
        "evidence taken away",
        "score changed",
        "another hash",
        "back to disclosed",
        "hash taken away",
        "evidence of another unit",
        "evidence with another number",
        "evidence of another revision",
        "evidence that a team brought",
    ],
)
def test_without_the_guards_the_same_sql_writes(world, attempt):
    """The twin: it is the triggers that refuse."""
    tried = attempts(world)[attempt]
    with unguarded():
        assert run(*tried) == 1


@pytest.mark.parametrize("state", ["draft", "submitted", "reviewed", "disclosed"])
def test_other_states_are_left_to_the_services(db, state):
    world = make_world()
    attach(world)
    compute_checklist_score(world.checklist)
    Checklist.objects.filter(pk=world.checklist.pk).update(status=state)
    answer = world.answer().pk
    assert run("UPDATE supervisi_answer SET version = 1 WHERE id = %s", answer) == 1
    assert run("UPDATE supervisi_checklistscore SET complete = 1 WHERE checklist_id = %s", world.checklist.pk) == 1
    assert run("DELETE FROM supervisi_answerevidence WHERE answer_id = %s", answer) == 1


def test_a_revision_never_changes_in_any_state(db):
    from supervisi.services.answers import save_operation

    world = make_world()
    save_operation(checklist=world.reload(), operation=op(answer="A"), by=world.leader)
    refused("UPDATE supervisi_answerrevision SET value = value")
    refused("DELETE FROM supervisi_answerrevision")
    assert AnswerRevision.objects.get().value["answer"] == "A"


@pytest.mark.skipif(POSTGRES, reason="SQLite's own words")
@pytest.mark.parametrize(
    "table", ["supervisi_answer", "supervisi_answerrevision", "supervisi_answerevidence", "supervisi_checklistscore",
              "supervisi_checklist", AUDIT],
)  # fmt: skip
def test_no_row_is_replaced_by_insert_or_replace(world, table):
    """INSERT OR REPLACE removes a row without calling its delete trigger."""
    refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    refused(f"UPDATE OR REPLACE {table} SET id = id + 1000")


# --- the way that stays open --------------------------------------------------------------------------------


def test_a_reopening_by_two_people_passes(world):
    request_reopening(checklist=world.reload(), by=world.leader, reason="Salah hitung rekomendasi")
    assert world.reload().is_final
    approve_reopening(checklist=world.reload(), by=world.commander)
    sheet = world.reload()
    assert (sheet.status, sheet.content_hash, sheet.reopened_by) == ("draft", "", world.commander)
    assert run("UPDATE supervisi_answer SET version = 2 WHERE id = %s", world.answer().pk) == 1


REOPEN = "UPDATE supervisi_checklist SET status = 'draft', content_hash = '', reopened_by_id = %s WHERE id = %s"


def test_no_reopening_by_whoever_asked(world):
    request_reopening(checklist=world.reload(), by=world.commander, reason="Salah hitung rekomendasi")
    refused(REOPEN, world.commander.pk, world.checklist.pk)
    refused(REOPEN, None, world.checklist.pk)
    assert run(REOPEN, world.leader.pk, world.checklist.pk) == 1


def test_no_reopening_that_changes_the_sheet_besides(world):
    request_reopening(checklist=world.reload(), by=world.leader, reason="Salah hitung rekomendasi")
    refused(REOPEN.replace("SET", "SET layer = 'tpi', visit_id = NULL,"), world.commander.pk, world.checklist.pk)


def test_no_reopening_in_a_closed_period(world):
    request_reopening(checklist=world.reload(), by=world.leader, reason="Salah hitung rekomendasi")
    Period.objects.update(closed_at=timezone.now())
    refused(REOPEN, world.commander.pk, world.checklist.pk)


def test_a_final_sheet_has_its_score_before_it_is_final(db):
    """The last job of the roll-up may come later: it writes no score any more."""
    from wbbm.jobs.services import drain

    world = final_world()
    stored = ChecklistScore.objects.get(checklist=world.checklist)
    assert stored.saves == 1
    drain()
    assert ChecklistScore.objects.get(checklist=world.checklist).computed_at == stored.computed_at


# --- the trail -------------------------------------------------------------------------------------------------


def test_the_trail_is_only_added_to(world):
    event = record("sign-in", by=world.leader)
    refused(f"UPDATE {AUDIT} SET action = 'x' WHERE id = %s", event.pk)
    refused(f"UPDATE {AUDIT} SET reason = reason")
    refused(f"DELETE FROM {AUDIT} WHERE id = %s", event.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        event.save()


# --- installed, found missing, back after a migration --------------------------------------------------------


def test_all_guards_stand_in_an_ordinary_database(db):
    assert guards.missing_guards() == []
    names = {trigger.name for trigger in guards.triggers(connection)}
    assert {"guard_supervisi_answer_update", "guard_organisasi_auditevent_delete"} <= names
    assert ("guard_organisasi_auditevent_truncate" in names) == POSTGRES


def every_trigger():
    # Asked of the registry, without a database.
    tables = {guard.table for source in guards._sources for guard in source()}

    reader = SimpleNamespace(vendor=connection.vendor, introspection=SimpleNamespace(table_names=lambda: list(tables)))
    return [(trigger.name, trigger.table) for trigger in guards.triggers(reader)]


@pytest.mark.parametrize(("name", "table"), every_trigger())
def test_each_missing_guard_is_named(db, name, table):
    run(f"DROP TRIGGER {name}" + (f" ON {table}" if POSTGRES else ""))
    assert guards.missing_guards() == [name]
    guards.install_guards()
    assert guards.missing_guards() == []


def test_a_guard_that_was_switched_off_or_rewritten_is_named(db):
    name, table = "guard_supervisi_answer_update", "supervisi_answer"
    if POSTGRES:
        run(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        assert guards.missing_guards() == [name]
        run(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
        assert guards.missing_guards() == []
        run(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
    else:
        run(f"DROP TRIGGER {name}")
        run(f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN 1 = 0 BEGIN SELECT 1; END")
    assert guards.missing_guards() == [name]


@contextmanager
def altered(model, name, **changes):
    """Alter a column as a migration does, with the signals that `migrate` sends, and back."""
    old = model._meta.get_field(name)
    new = old.clone()
    for key, value in changes.items():
        setattr(new, key, value)
    new.set_attributes_from_name(name)
    new.model = model
    for before, after in ((old, new), (new, old)):
        emit_pre_migrate_signal(0, False, "default", plan=PLAN)
        with connection.schema_editor() as editor:
            editor.alter_field(model, before, after, strict=False)
        if before is old:
            emptied = guards.missing_guards()
        emit_post_migrate_signal(0, False, "default", plan=PLAN)
        if before is old:
            yield emptied


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("model", "name", "changes"),
    [
        (Answer, "version", {"db_default": models.Value(0)}),
        (Checklist, "returned_reason", {"null": True}),
        (AnswerRevision, "payload_hash", {"max_length": 80}),
        (AuditEvent, "object_label", {"max_length": 220}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_guards_are_back_after_a_migration_alters_their_table(model, name, changes):
    world = final_world()
    event = record("sign-in", by=world.leader)
    with altered(model, name, **changes) as missing:
        # On SQLite the table was made anew and its triggers were gone.
        assert bool(missing) is not POSTGRES
        assert guards.missing_guards() == []
        refused("UPDATE supervisi_answer SET version = 9 WHERE checklist_id = %s", world.checklist.pk)
        refused("DELETE FROM supervisi_checklist WHERE id = %s", world.checklist.pk)
        refused("DELETE FROM supervisi_answerrevision")
        refused(f"UPDATE {AUDIT} SET action = 'x' WHERE id = %s", event.pk)
        refused(f"DELETE FROM {AUDIT} WHERE id = %s", event.pk)
    assert world.answer(LETTER).version == 1


# --- the web application's own role ----------------------------------------------------------------------------


@contextmanager
def as_web_role():
    """Act as a role with what deploy/server/roles.sql gives portal_web: rows only, no ALTER, no TRUNCATE."""
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS portal_web_test")
        cursor.execute("CREATE ROLE portal_web_test")
        cursor.execute("GRANT USAGE ON SCHEMA public TO portal_web_test")
        cursor.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO portal_web_test")
        cursor.execute("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO portal_web_test")
        cursor.execute("SET ROLE portal_web_test")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            cursor.execute("DROP OWNED BY portal_web_test")
            cursor.execute("DROP ROLE portal_web_test")


@pytest.mark.skipif(not POSTGRES, reason="SQLite has no roles")
@pytest.mark.django_db(transaction=True)
def test_the_web_role_can_neither_write_nor_take_the_guards_away():
    world = final_world()
    answers = attempts(world)
    with as_web_role():
        for attempt in ATTEMPTS:
            refused(*answers[attempt])
        refused(f"UPDATE {AUDIT} SET action = 'x'")
        refused(f"DELETE FROM {AUDIT}")
        assert run("UPDATE supervisi_visit SET sprin_number = 'Sprin/7' WHERE id = %s", world.visit.pk) == 1
        for statement in (
            f"TRUNCATE {AUDIT}",
            "TRUNCATE supervisi_answer CASCADE",
            f"ALTER TABLE {AUDIT} DISABLE TRIGGER ALL",
            f"DROP TRIGGER guard_organisasi_auditevent_update ON {AUDIT}",
            "ALTER FUNCTION guard_organisasi_auditevent_update() RENAME TO gone",
            "SET session_replication_role = replica",
        ):
            with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
                run(statement)
    assert guards.missing_guards() == []


@pytest.mark.skipif(not POSTGRES, reason="SQLite has no TRUNCATE")
@pytest.mark.parametrize("table", ["supervisi_answer", "supervisi_answerrevision", "supervisi_checklist", AUDIT])
def test_not_even_the_owner_truncates(world, table):
    run("SET CONSTRAINTS ALL IMMEDIATE")
    refused(f"TRUNCATE {table} CASCADE")
