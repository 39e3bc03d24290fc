"""Retention: the documented table is what the rules do; what is due goes, once; the trail and final evidence stay."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import uuid
from pathlib import Path

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import models
from django.test import Client
from django.utils import timezone

from layanan.models import Report, ReportFile, ReportMessage, ReportRecipient, SurveyContact
from layanan.services.report_ending import KEEP_DAYS as REPORT_DAYS
from layanan.services.reports import find_by_code
from supervisi.models import AnswerEvidence, Checklist, ListFile, Visit, WorkbookImport
from supervisi.services.checklists import content_hash, finalise_checklist
from supervisi.services.evidence import attach_upload
from tests.factories import make_person, make_unit
from tests.files import samples
from tests.layanan.makers import make_registration, make_session
from tests.layanan.report_sends import Place, code_in, send
from tests.layanan.report_sends import photo as report_photo
from tests.portal import ROOT
from tests.supervisi.sheets import make_world
from wbbm.files.models import StoredFile
from wbbm.files.thumbnails import open_thumbnail
from wbbm.jobs import registry
from wbbm.jobs.models import Job
from wbbm.notices.models import Notice
from wbbm.organisasi.models import AccessLink, AuditEvent, FactorReset, ImportDraft, ResetRequest, Role, SignInPace
from wbbm.organisasi.services import seals
from wbbm.organisasi.services.verify import verify
from wbbm.upkeep import retention, stray_files
from wbbm.upkeep.retention import ACTION, PurgeIncomplete, Rule, look, nightly, purge, rules

DAY = datetime.timedelta(days=1)


def counts(outcomes):
    return {outcome.rule.key: outcome.count for outcome in outcomes if outcome.count}


def test_the_documented_table_is_what_is_registered():
    text = (ROOT / "docs/operasi.md").read_text()
    table = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| (.+?) \| (.+?) \|$", text.split("## Masa simpan")[1], re.M)
    assert table == [(rule.key, rule.what, rule.keeps, rule.stays) for rule in rules()]


def test_every_column_that_names_a_file_is_known():
    """A model that names files in the storage, unknown to the search for stray ones, would lose them."""
    from django.apps import apps

    named = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if (field.name == "path" or field.name.endswith("_path") or isinstance(field, models.FileField))
        and model._meta.label not in {"organisasi.Unit", "supervisi.PeriodPlace"}
    }
    assert named == set(stray_files.columns())


# --- what is due goes, and only that ----------------------------------------------------------------------


def make_due(now):
    """Make two of everything that the rules name: one that is due, one that is not quite."""
    world = make_world()
    person, unit = world.leader, world.polsek
    for days in (31, 29):
        then = now - datetime.timedelta(days=days)
        name = f"nama{days}"
        AccessAttempt.objects.create(username=name, failures_since_start=1)
        for model in (AccessLog, AccessFailureLog):
            model.objects.create(username=name)
        for model in (AccessAttempt, AccessLog, AccessFailureLog):
            # Made with the time of this moment, whatever is asked for.
            model.objects.filter(username=name).update(attempt_time=then)
        SignInPace.objects.create(username=name, last_at=then, next_at=then)
        ResetRequest.objects.create(name_hash=name, address="192.0.2.1", at=then)
        AccessLink.objects.create(user=person, token_hash=name, expires_at=then)
        Job.objects.create(kind="uji", key=name, wanted=1, done=1, done_at=then)
    # Not done: it stays, however old, unless no app knows its kind any more.
    for kind, age_days in (("retention", 400), ("dulu", 400), ("dulu", 20)):
        then = now - age_days * DAY
        Job.objects.create(kind=kind, key=f"belum {age_days}", wanted=2, done=1, done_at=then, wanted_at=then)
    for hours in (-1, 1):
        Session.objects.create(session_key=f"sesi{hours}", session_data="", expire_date=now + hours * DAY / 24)
    for days in (91, 89):
        then = now - days * DAY
        facts = {"person": person, "kind": "document", "text": "Uji", "url": "/", "unit": unit, "key": f"k{days}"}
        Notice.objects.create(**facts, created_at=then, read_at=then)
        FactorReset.objects.create(person=person, reason="Hilang", asked_at=then, ended_at=then)
        SurveyContact.objects.create(unit=unit, service="uji", name="Pemohon", phone="0812", noted_on=then.date())
        make_registration(make_session(unit, world.operator, days=-days))
    for hours in (25, 23):
        then = now - hours * DAY / 24
        ImportDraft.objects.create(owner=person, kind="people", file_name="a.csv", rows=[], created_at=then)
        path = default_storage.save(f"daftar/{uuid.uuid4().hex}.csv", ContentFile(b"a"))
        ListFile.objects.create(
            person=person, posting_mark="a", name="a", suffix="csv", asked_mark=f"m{hours}", status="ready", path=path,
            requested_at=then,
        )  # fmt: skip
    for days in (4, 2):
        WorkbookImport.objects.create(
            checklist=world.checklist, owner=person, file_name="lke.xlsx", file_sha256="a", file_size=1, sheet_name="J",
            items=[], created_at=now - days * DAY,
        )  # fmt: skip
    for name in ("old", "fresh"):
        path = default_storage.save(f"ab/{hashlib.sha256(name.encode()).hexdigest()}.{'a' * 16}.jpg", ContentFile(b"a"))
        age(path, 25 if name == "old" else 23, now)
    # Nothing of ours by its name: never touched.
    age(default_storage.save("lain/catatan.txt", ContentFile(b"a")), 1000, now)
    return world


def age(path, hours, now):
    moment = (now - hours * DAY / 24).timestamp()
    os.utime(default_storage.path(path), (moment, moment))


@pytest.mark.django_db
def test_each_rule_takes_what_is_due_once_and_leaves_one_event_of_numbers(capsys):
    now = timezone.now()
    make_due(now)
    wanted = {
        "sign-ins": 6, "factor-resets": 1, "sessions": 1, "imports": 1, "notices": 1, "jobs": 2, "stray-files": 1,
        "simba": 1, "survey-contacts": 1, "list-files": 1, "workbook-imports": 1,
    }  # fmt: skip
    call_command("purge", "--dry-run")
    assert "Belum ada yang dihapus" in capsys.readouterr().out
    assert counts(look(now)) == counts(look(now)) == wanted
    events = AuditEvent.objects.filter(action=ACTION)
    assert not events.exists()
    assert counts(purge(now)) == wanted
    assert {event.changes["rule"][1]: event.changes["count"][1] for event in events} == wanted
    assert not any(event.unit or event.actor or event.object_id or event.reason for event in events)
    assert (counts(purge(now)), events.count()) == ({}, len(wanted))
    assert (ListFile.objects.count(), AccessLink.objects.count()) == (1, 1)
    assert set(Job.objects.values_list("kind", "key")) >= {
        ("uji", "nama29"), ("retention", "belum 400"), ("dulu", "belum 20"),
    }  # fmt: skip
    assert not Job.objects.filter(key__in=["nama31"]).exists() and Job.objects.filter(kind="dulu").count() == 1
    assert registry.get("retention") is not None
    assert [len(default_storage.listdir(place)[1]) for place in ("daftar", "ab", "lain")] == [1, 1, 1]
    assert sorted(SurveyContact.objects.values_list("name", flat=True)) == ["", "Pemohon"]


@pytest.mark.django_db
def test_a_rule_that_fails_stops_no_other_and_is_tried_again():
    def broken(now):
        raise OSError("storage is gone")

    now = timezone.now()
    night("Asia/Jakarta", now.date() - DAY)
    Session.objects.create(session_key="lama", session_data="", expire_date=now - DAY)
    known = dict(retention._rules)
    first = Rule("broken", "a", "b", "c", due=lambda now: 0, purge=broken)
    retention._rules.clear()
    retention._rules.update({"broken": first} | known)
    try:
        with pytest.raises(PurgeIncomplete, match="broken"):
            nightly("Asia/Jakarta", now.date())
    finally:
        retention._rules.clear()
        retention._rules.update(known)
    assert not Session.objects.filter(session_key="lama").exists()


def night(zone, day):
    """Let there have been a night."""
    Job.objects.create(kind=retention.KIND, key=f"{zone} {day}", wanted=1, done=1, done_at=timezone.now())


@pytest.mark.django_db
def test_a_clock_that_jumps_ahead_deletes_nothing_in_its_first_night():
    make_person(make_unit(), Role.ADMIN)
    day, session = timezone.localdate(), Session.objects.filter(session_key="lama")
    Session.objects.create(session_key="lama", session_data="", expire_date=timezone.now() - DAY)
    nightly("Asia/Jakarta", day)
    # A new portal: no word.
    assert session.exists() and not Notice.objects.exists()
    AuditEvent.objects.create(action=ACTION)
    night("Asia/Jakarta", day)
    for far in (400, 401):
        nightly("Asia/Jakarta", day + far * DAY)
        assert session.exists() == (far == 400)
        night("Asia/Jakarta", day + far * DAY)
    assert Notice.objects.get().text.startswith("Penghapusan malam ini ditunda")


@pytest.mark.django_db
def test_a_report_goes_whole_two_years_after_it_ended():
    place, resident = Place(), Client()
    codes = [code_in(send(resident, place.polsek, foto=report_photo())) for _ in range(3)]
    ended, young, open_ = (find_by_code(code) for code in codes)
    today = timezone.localdate()
    long_ago = today - datetime.timedelta(days=REPORT_DAYS + 2)
    rows = Report.objects.filter
    rows(pk=ended.pk).update(status="unproven", status_on=long_ago, received_on=long_ago)
    rows(pk=young.pk).update(status="closed", status_on=today - datetime.timedelta(days=REPORT_DAYS - 1))
    rows(pk=open_.pk).update(status="answered", status_on=long_ago, received_on=long_ago)
    trail = list(AuditEvent.objects.order_by("pk").values_list())
    assert counts(purge()) == {"reports": 1}
    assert [find_by_code(code) is None for code in codes] == [True, False, False]
    assert {model: model.objects.count() for model in (ReportMessage, ReportRecipient, ReportFile)} == {
        ReportMessage: 2, ReportRecipient: 2, ReportFile: 2,
    }  # fmt: skip
    # What the trail says was there before, and a number.
    assert list(AuditEvent.objects.exclude(action=ACTION).order_by("pk").values_list()) == trail
    assert counts(purge()) == {}


# --- what stays -------------------------------------------------------------------------------------------


def make_final_sheet():
    """Make a final sheet with a photo as evidence."""
    world = make_world()
    upload = SimpleUploadedFile("foto.jpg", samples.photo())
    attach_upload(answer=world.answer(), upload=upload, upload_uuid=uuid.uuid4(), by=world.leader)
    Visit.objects.update(status="done")
    Checklist.objects.filter(pk=world.checklist.pk).update(status="disclosed")
    finalise_checklist(checklist=world.reload(), by=world.commander)
    seals.seal_all()
    return world


def what_stays(world):
    """Return the hashes of everything that must outlive every purge."""
    files = {}
    for row in StoredFile.objects.all():
        with default_storage.open(row.path) as opened:
            files[row.path] = hashlib.sha256(opened.read()).hexdigest()
            assert files[row.path] == row.sha256
    sheet = Checklist.objects.get(pk=world.checklist.pk)
    events = AuditEvent.objects.exclude(action=ACTION).order_by("pk")
    evidence = list(AnswerEvidence.objects.order_by("pk").values_list())
    return sheet.content_hash, content_hash(sheet), files, evidence, list(events.values_list())


@pytest.mark.django_db
def test_the_trail_final_sheets_and_their_evidence_stay_whatever_their_age(monkeypatch):
    world = make_final_sheet()
    before = what_stays(world)
    assert before[0] == before[1] and len(before[2]) == 1
    [file] = StoredFile.objects.all()
    later = timezone.now() + 3650 * DAY
    assert counts(purge(later)) == {"thumbnails": 1}
    assert what_stays(world) == before
    seals.seal_all()
    assert verify().is_whole
    # The small picture is made anew by whoever looks, and kept again.
    assert not default_storage.exists(file.thumbnail_path)
    with open_thumbnail(file.thumbnail_path) as made:
        assert made.read(2) == b"\xff\xd8"
    assert default_storage.exists(file.thumbnail_path)
    # Twin: where nobody asks which rows refer to a file, the evidence is gone.
    monkeypatch.setattr(stray_files, "referred", lambda paths: set())
    assert counts(purge(later))["stray-files"] == 1
    with pytest.raises(FileNotFoundError):
        what_stays(world)


@pytest.mark.django_db
def test_a_small_picture_of_a_lost_photo_is_not_there():
    person = make_person(make_unit(), Role.OPERATOR)
    facts = {"kind": "evidence", "name": "a.jpg", "content_type": "image/jpeg", "size": 1, "created_by": person}
    StoredFile.objects.create(**facts, sha256="a", original_sha256="a", path="aa/a.jpg", thumbnail_path="aa/b.jpg")
    for path in ("aa/b.jpg", "aa/other.jpg"):
        with pytest.raises(FileNotFoundError):
            open_thumbnail(path)


# --- really gone ------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_was_deleted_is_in_no_page_of_the_database_file():
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL: docs/operasi.md says when")
    name = connection.settings_dict["NAME"]
    if "mode=memory" in str(name) or not Path(str(name)).exists():
        pytest.skip("the test database lies in memory")
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA secure_delete").fetchone() == (1,)
    marker = "PenandaYangHarusHilang"
    now = timezone.now()
    Session.objects.create(session_key="penanda", session_data=marker * 400, expire_date=now - DAY)
    purge(now)
    for suffix in ("", "-wal"):
        place = Path(f"{name}{suffix}")
        assert not place.exists() or marker.encode() not in place.read_bytes()
