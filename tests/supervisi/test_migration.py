"""A district that was filled in before findings were followed up comes through all later migrations whole."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from supervisi.demo import findings, sheets
from supervisi.demo.acts import record_acts
from supervisi.demo.district import make_district
from supervisi.demo.evidence import add_evidence
from supervisi.models import Checklist, Finding, Period, VerificationCode
from supervisi.services.checklists import content_hash
from supervisi.services.recompute import recompute
from wbbm.jobs import services as jobs
from wbbm.organisasi import guards
from wbbm.organisasi.services.seals import seal_all
from wbbm.organisasi.services.verify import verify

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

# The state before the first migration of follow-up, notices, seals and documents.
BEFORE = [("supervisi", "0005_evidence_detached"), ("organisasi", "0004_reset_requests"), ("notices", None)]
STATIONS = ("Jenu", "Kerek", "Rengel", "Montong", "Soko", "Palang", "Senori", "Grabagan")
# What later migrations change on purpose: a due date where there was none, and roll-ups that run once more.
CHANGED = {"supervisi_finding": {"due_on"}, "jobs_job": {"wanted", "available_at"}}
# Closed periods are frozen by a job that wasn't there then.
ONLY = {"jobs_job": "WHERE kind <> 'settle-period'"}


def seed(monkeypatch, settings):
    """Make the demo district as it was then: some stations with their histories, its LKE, evidence, findings."""
    settings.IS_DEMO = True
    monkeypatch.setattr(sheets, "QUALITY", {name: sheets.QUALITY[name] for name in STATIONS})
    call_command("load_instruments", verbosity=0)
    with transaction.atomic():
        district = make_district(timezone.localdate())
        periods = sheets.make_periods(district)
        sheets.make_sheets(district, periods)
        findings.add_findings(district)
        record_acts(district, (periods.quarter, periods.year))
        add_evidence(district)
        recompute(is_dry_run=False)


def go_back():
    """Take the schema back, without guards; return the models of then."""
    guards.remove_guards()
    MigrationExecutor(connection).migrate(BEFORE)
    # What the executor gives back depends on the order in which apps were taken back: the tables say what there is.
    loader = MigrationLoader(connection)
    return loader.project_state(list(loader.applied_migrations)).apps


def columns_of(apps):
    """Name the columns of every table of then, but those that are changed on purpose."""
    return {
        model._meta.db_table: [
            field.column
            for field in model._meta.concrete_fields
            if field.column not in CHANGED.get(model._meta.db_table, ())
        ]
        for name in ("organisasi", "files", "jobs", "supervisi")
        for model in apps.get_app_config(name).get_models(include_auto_created=True)
    }


def rows_of(columns):
    found = {}
    with connection.cursor() as cursor:
        for table, names in columns.items():
            cursor.execute(f"SELECT {', '.join(names)} FROM {table} {ONLY.get(table, '')} ORDER BY 1")
            found[table] = cursor.fetchall()
    return found


@pytest.fixture
def passed(monkeypatch, settings):
    """Seed, go back, and migrate as a deployment does; the tables' columns of then, and their rows before and after."""
    seed(monkeypatch, settings)
    try:
        then = go_back()
        # A finding was open or closed then, and nobody counted its days.
        then.get_model("supervisi", "Finding").objects.exclude(status="closed").update(status="open", due_on=None)
        columns = columns_of(then)
        before = rows_of(columns)
    finally:
        call_command("migrate", verbosity=0)
    return columns, before, rows_of(columns)


def test_the_district_of_then_is_whole_afterwards(passed):
    columns, before, after = passed
    assert {table: len(rows) for table, rows in after.items()} == {table: len(rows) for table, rows in before.items()}
    assert [table for table in columns if after[table] != before[table]] == []
    assert len(before["supervisi_answer"]) > 1500
    assert len(before["supervisi_unitscore"]) > 20

    final = list(Checklist.objects.with_frame().filter(status="final"))
    assert len(final) > 10
    assert [sheet.pk for sheet in final if content_hash(sheet) != sheet.content_hash] == []
    codes = VerificationCode.objects.valid().values_list("checklist_id", "content_hash")
    assert dict(codes) == {sheet.pk: sheet.content_hash for sheet in final}

    told = Finding.objects.prefetch_related("events")
    assert {tuple(event.kind for event in finding.events.all()) for finding in told} == {("recorded", "handed_over")}
    assert {finding.due_on is not None and finding.due_on.weekday() < 5 for finding in told} == {True}

    assert guards.missing_guards() == []
    with pytest.raises(IntegrityError, match="final"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE supervisi_answer SET version = 9 WHERE checklist_id = %s", [final[0].pk])

    # Only the comparison of layers is new: once the jobs ran, every stored figure is still what the answers give.
    jobs.drain()
    assert recompute(is_dry_run=True) == []
    assert {period.is_open for period in Period.objects.all()} == {True, False}
    assert [period for period in Period.objects.all() if period.is_open == period.is_settled] == []
    scores = {"supervisi_checklistscore": columns["supervisi_checklistscore"]}
    assert rows_of(scores)["supervisi_checklistscore"] == before["supervisi_checklistscore"]
    seal_all()
    assert verify().faults == []
