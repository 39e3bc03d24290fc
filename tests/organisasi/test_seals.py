"""The sealer and verify_audit: one chain, every tampering found and named, no writer that waits."""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import threading
import time

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tests.factories import make_person, make_unit
from tests.supervisi.sheets import Counted
from tests.unguarded import unguarded
from wbbm.jobs import services as jobs
from wbbm.jobs import ticks
from wbbm.jobs.models import Job
from wbbm.organisasi.models import AuditEvent, AuditHead, AuditSeal, Role
from wbbm.organisasi.services import seals
from wbbm.organisasi.services.audit import HASHED, hashed, record
from wbbm.organisasi.services.people import update_person
from wbbm.organisasi.services.verify import verify
from wbbm.organisasi.trail import read_trail

pytestmark = pytest.mark.django_db


def make_trail(count=6):
    """Make events of every form and seal them."""
    unit = make_unit()
    person = make_person(unit, Role.ADMIN)
    events = [
        record("unit.changed", by=person, about=unit, unit=unit, changes={"name": ["Lama", f"Baru {number} é"]})
        for number in range(count - 1)
    ]
    events.append(record("sign-in.refused", by=None, address="192.0.2.7", reason="baris\nkedua"))
    seals.seal_all()
    return events


def tamper(sql, *values):
    """Do what the guards would refuse, as whoever may take them away."""
    with unguarded(without_references=True), connection.cursor() as cursor:
        cursor.execute(sql, values)
        assert cursor.rowcount > 0


def found(**options):
    return [(fault.kind, fault.number, fault.event) for fault in verify(**options).faults]


# --- the chain -------------------------------------------------------------------------------------------


def test_events_are_numbered_and_chained_in_a_table_of_their_own():
    events = make_trail()
    rows = list(AuditSeal.objects.all())
    assert [row.number for row in rows] == list(range(1, len(events) + 1))
    assert [row.event_id for row in rows] == [event.pk for event in events]
    assert seals.seal_all() == 0
    assert found() == []


def test_the_hash_follows_the_written_recipe():
    """As docs/verifikasi.md tells it, without the portal's code."""
    make_trail(2)
    event, second = AuditEvent.objects.order_by("pk")
    previous = "0" * 64
    for number, row in ((1, event), (2, second)):
        listed = [
            row.pk, row.at.astimezone(datetime.UTC).isoformat(), row.recorded_at.astimezone(datetime.UTC).isoformat(),
            row.actor_id, row.posting_id, row.action, row.object_type, row.object_id, row.object_label, row.unit_id,
            row.changes, row.reason, row.address,
        ]  # fmt: skip
        text = json.dumps(listed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        previous = hashlib.sha256(f"{previous}\n{number}\n{text}".encode()).hexdigest()
        assert AuditSeal.objects.get(number=number).hash == previous


def test_an_event_whose_transaction_ended_late_is_sealed_behind_the_others():
    events = make_trail(3)
    late = AuditEvent.objects.create(pk=events[-1].pk + 2, action="unit.changed")
    later = AuditEvent.objects.create(pk=events[-1].pk + 1, action="unit.changed")
    assert seals.seal_batch() == 2
    assert {late.seal.number, later.seal.number} == {4, 5}
    assert found() == []


def test_two_sealers_never_write_one_number():
    make_trail(2)
    record("sign-in", by=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditSeal.objects.bulk_create([AuditSeal(number=2, event=AuditEvent.objects.latest("pk"), hash="x")])


def test_the_job_seals_by_a_lease_and_the_clock_asks_for_it():
    make_trail(2)
    assert seals.want_sealing() is False
    record("sign-in", by=None)
    assert seals.want_sealing() is True
    job = Job.objects.get(kind=seals.KIND)
    assert (job.key, job.queue) == (seals.KEY, "cepat")
    held = jobs.claim(job.pk)
    assert jobs.claim(job.pk) is None
    Job.objects.filter(pk=job.pk).update(token=None)
    with pytest.raises(jobs.LeaseLost):
        seals.seal_batch(held)
    assert AuditSeal.objects.count() == 2
    Job.objects.filter(pk=job.pk).update(lease_until=None)
    assert jobs.run(job.pk) is True
    assert AuditSeal.objects.count() == 3


def test_the_sweep_looks_every_two_seconds():
    due = {tick.work: tick.seconds for tick in ticks._ticks}
    assert due[seals.want_sealing] <= 2
    record("sign-in", by=None)
    ticks.run_due(10**9)
    assert Job.objects.open().filter(kind=seals.KIND).exists()
    # So far away nothing is due before the test's end; the real clock begins anew.
    for tick in ticks._ticks:
        tick.due_at = 0.0


def test_recording_touches_nothing_but_its_own_row():
    """No writer waits for the sealer or for another writer: one INSERT, no row that two of them share."""
    with Counted() as counted:
        record("sign-in", by=None)
    assert [sql.split(" (")[0] for sql in counted.statements] == ['INSERT INTO "organisasi_auditevent"']


@pytest.mark.django_db(transaction=True)
def test_eight_writers_go_on_while_the_sealer_is_in_the_middle():
    """The sealer holds its transaction open; on PostgreSQL eight writers finish all the same, each in its own."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time, whoever it is; the test above holds there")
    record("sign-in", by=None)
    done = []

    def write(number):
        try:
            with transaction.atomic():
                record("sign-in", by=None, reason=str(number))
            done.append(number)
        finally:
            connection.close()

    with transaction.atomic():
        assert seals.seal_batch() == 1
        threads = [threading.Thread(target=write, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
        assert sorted(done) == list(range(8))
    assert seals.seal_all() == 8
    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_writers_in_open_transactions_hold_neither_each_other_nor_the_sealer():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    record("sign-in", by=None)
    written, go = threading.Barrier(9, timeout=20), threading.Event()

    def write():
        try:
            with transaction.atomic():
                record("sign-in", by=None)
                written.wait()
                go.wait(20)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    # All eight have written and none has committed; the sealer seals what is there.
    written.wait()
    assert seals.seal_all() == 1
    go.set()
    for thread in threads:
        thread.join(timeout=20)
    assert seals.seal_all() == 8
    assert found() == []


# --- tampering ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", ["reason = 'lain'", "action = 'x'", "actor_id = NULL", "changes = '{}'", "object_label = 'x'",
               "address = '192.0.2.8'"],
)  # fmt: skip
def test_an_altered_event_is_named(change):
    events = make_trail()
    tamper(f"UPDATE organisasi_auditevent SET {change} WHERE id = %s", events[2].pk)
    assert found() == [("altered", 3, events[2].pk)]


def test_an_event_with_another_time_is_named():
    events = make_trail()
    tamper("UPDATE organisasi_auditevent SET at = %s WHERE id = %s", timezone.now(), events[0].pk)
    assert found() == [("altered", 1, events[0].pk)]


def test_several_faults_are_all_named():
    events = make_trail()
    tamper("UPDATE organisasi_auditevent SET reason = 'lain' WHERE id IN (%s, %s)", events[1].pk, events[4].pk)
    assert found() == [("altered", 2, events[1].pk), ("altered", 5, events[4].pk)]


def test_a_removed_event_is_named():
    events = make_trail()
    with transaction.atomic():
        tamper("DELETE FROM organisasi_auditevent WHERE id = %s", events[2].pk)
        assert found() == [("removed", 3, events[2].pk)]
        # Its seal refers to nothing now: no transaction with that could end.
        transaction.set_rollback(True)


def test_an_event_removed_with_its_seal_is_named():
    events = make_trail()
    tamper("DELETE FROM organisasi_auditseal WHERE number = 3")
    tamper("DELETE FROM organisasi_auditevent WHERE id = %s", events[2].pk)
    assert found() == [("seal-removed", 3, None)]


def test_an_altered_seal_is_named():
    events = make_trail()
    tamper("UPDATE organisasi_auditseal SET hash = %s WHERE number = 6", "f" * 64)
    assert found() == [("altered", 6, events[5].pk)]


def test_a_tail_cut_off_shows_against_a_published_head():
    events = make_trail()
    head = seals.publish_head()
    for event in events[4:]:
        tamper("DELETE FROM organisasi_auditseal WHERE event_id = %s", event.pk)
        tamper("DELETE FROM organisasi_auditevent WHERE id = %s", event.pk)
    assert found() == [("tail", 6, None)]
    # The head in the database gone too: the one on paper tells.
    tamper("DELETE FROM organisasi_audithead")
    assert found() == []
    assert found(heads={head.number: head.hash}) == [("tail", 6, None)]


def test_a_chain_written_anew_shows_against_a_published_head():
    make_trail()
    seals.publish_head()
    tamper("UPDATE organisasi_auditevent SET reason = 'lain' WHERE action = 'sign-in.refused'")
    tamper("DELETE FROM organisasi_auditseal")
    seals.seal_all()
    assert found() == [("rewritten", 6, None)]


def test_an_inserted_event_is_named():
    events = make_trail()
    slipped = AuditEvent.objects.create(
        action="checklist.review", recorded_at=timezone.now() - datetime.timedelta(days=2)
    )
    assert found() == [("unsealed", None, slipped.pk)]
    seals.seal_all()
    assert found() == [("inserted", len(events) + 1, slipped.pk)]


def test_an_event_without_its_seal_is_reported_after_a_minute():
    make_trail()
    event = record("sign-in", by=None)
    assert found() == []
    assert found(now=timezone.now() + datetime.timedelta(seconds=61)) == [("unsealed", None, event.pk)]


def test_a_missing_guard_is_reported():
    make_trail()
    with unguarded():
        names = [fault.text for fault in verify().faults]
    assert any("guard_organisasi_auditseal_update" in text for text in names)
    assert any("guard_supervisi_answer_update" in text for text in names)


@pytest.mark.parametrize("table", ["organisasi_auditseal", "organisasi_audithead"])
def test_seals_and_heads_never_change(table):
    make_trail()
    seals.publish_head()
    for sql in (f"UPDATE {table} SET number = number + 100", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError, match="Catatan audit"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


# --- the command, the head ------------------------------------------------------------------------------------


def run(*arguments):
    out = io.StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_what_is_wrong_and_fails():
    events = make_trail()
    code, said = run()
    assert code == 0
    assert "Jejak audit utuh." in said
    assert "6 catatan disegel" in said
    tamper("UPDATE organisasi_auditevent SET reason = 'lain' WHERE id = %s", events[2].pk)
    code, said = run()
    assert code == 1
    assert f"Catatan {events[2].pk} (segel 3) diubah." in said
    code, said = run("--json")
    document = json.loads(said)
    assert (code, document["is_whole"], document["number"]) == (1, False, 6)
    assert document["faults"][0]["event"] == events[2].pk


def test_the_command_takes_a_head_from_paper():
    make_trail()
    last = AuditSeal.objects.latest("number")
    grouped = " ".join(last.hash[place : place + 8] for place in range(0, 64, 8)).upper()
    assert run("--head", f"{last.number}:{grouped}")[0] == 0
    assert run("--head", f"{last.number}:{'0' * 64}")[0] == 1
    with pytest.raises(CommandError, match="NOMOR:SIDIK"):
        call_command("verify_audit", "--head", "enam")


def test_the_head_is_published_once_a_day():
    assert seals.publish_head() is None
    make_trail(2)
    head = seals.publish_head()
    assert (head.number, head.hash) == (2, AuditSeal.objects.get(number=2).hash)
    record("sign-in", by=None)
    seals.seal_all()
    assert seals.publish_head().pk == head.pk
    tomorrow = seals.publish_head(timezone.now() + datetime.timedelta(days=1))
    assert (tomorrow.number, AuditHead.objects.count()) == (3, 2)
    assert seals.latest_head() == tomorrow
    assert found() == []


def test_a_new_head_is_told_once_to_the_two_highest_offices(monkeypatch):
    top = make_unit()
    below = make_unit(top)
    lower = make_person(below, Role.AUDITOR)
    assert [posting.user for posting in seals.offices_told_of_heads()] == [lower]
    auditor, commander = make_person(top, Role.AUDITOR), make_person(top, Role.COMMANDER)
    for unit, role in ((below, Role.COMMANDER), (top, Role.ADMIN), (top, Role.OPERATOR)):
        make_person(unit, role)
    assert {posting.user for posting in seals.offices_told_of_heads()} == {auditor, commander}
    heads = []
    monkeypatch.setattr(seals, "_listeners", [heads.append])
    make_trail(2)
    head = seals.publish_head()
    seals.publish_head()
    assert heads == [head]


# --- personal fields ------------------------------------------------------------------------------------------


def test_values_of_personal_fields_are_kept_as_keyed_hashes(settings):
    unit = make_unit()
    admin, person = make_person(unit, Role.ADMIN), make_person(unit, Role.OPERATOR, nrp="81234567")
    update_person(person=person, by=admin, nrp="87654321", email="orang@contoh.example")
    event = AuditEvent.objects.get(action="person.changed")
    kept = json.dumps(event.changes)
    for value in ("81234567", "87654321", "orang@contoh.example"):
        assert value not in kept
        # Not to be found by trying all numbers without the key.
        assert hashlib.sha256(json.dumps(value).encode()).hexdigest() not in kept
    assert event.changes["nrp"] == [hashed("81234567"), hashed("87654321")]
    assert event.changes["email"] == ["", hashed("orang@contoh.example")]
    assert all(value.startswith(HASHED) for value in event.changes["nrp"])
    with_key = hashed("81234567")
    settings.SECRET_KEY = "kunci lain"
    assert hashed("81234567") != with_key
    line = read_trail(person, admin)[0].changes
    assert any("data pribadi" in text for text in line)


def test_a_person_is_named_by_the_pages_but_not_by_the_trail(client):
    unit = make_unit()
    admin, auditor = make_person(unit, Role.ADMIN), make_person(unit, Role.AUDITOR)
    person = make_person(unit, Role.OPERATOR, name="Operator Bagren")
    update_person(person=person, by=admin, nrp="87654321")
    kept = json.dumps(list(AuditEvent.objects.values()), default=str)
    assert "person.changed" in kept
    assert person.name not in kept
    for reader, page in ((admin, "/admin/organisasi/auditevent/?q=bagren"), (auditor, "/supervisi/periksa/")):
        client.force_login(reader, backend="wbbm.organisasi.auth.PostingBackend")
        with Counted() as counted:
            assert "Operator Bagren" in client.get(page).content.decode()
        assert sum("organisasi_auditevent" in sql for sql in counted.statements) <= 3


def test_values_of_other_fields_stay_readable():
    unit = make_unit()
    event = record("unit.changed", by=None, about=unit, changes={"name": ["Lama", "Baru"]})
    assert event.changes == {"name": ["Lama", "Baru"]}


# --- the page ---------------------------------------------------------------------------------------------------


def test_the_page_shows_the_last_seal_and_the_heads(client):
    auditor = make_person(make_unit(), Role.AUDITOR)
    client.force_login(auditor, backend="wbbm.organisasi.auth.PostingBackend")
    assert "Belum ada kepala harian" in client.get("/jejak/").content.decode()
    seals.seal_all()
    make_trail(3)
    head = seals.publish_head()
    record("sign-in", by=None)
    said = client.get("/jejak/").content.decode()
    assert head.grouped in said
    assert f'nomor <span class="zi-num">{head.number}</span>' in said
    assert "verify_audit --head" in said


@pytest.mark.servers
def test_a_hundred_thousand_events_are_proved_in_ten_seconds(monkeypatch):
    """Counted in time of this process, so that others on the machine don't matter; a fifth of it on SQLite."""
    count = 100_000 if connection.vendor == "postgresql" else 20_000
    facts = {"object_type": "supervisi.checklist", "changes": {"status": ["draft", "submitted"]}, "reason": "x" * 40}
    AuditEvent.objects.bulk_create(
        (AuditEvent(action="checklist.submit", object_id=str(number), **facts) for number in range(count)),
        batch_size=2000,
    )
    monkeypatch.setattr(seals, "_BATCH", 20_000)
    assert seals.seal_all() == count
    began = time.process_time()
    proof = verify()
    assert time.process_time() - began < count / 10_000
    assert (proof.sealed, proof.faults) == (count, [])
