"""Periods: opened, closed with what is unfinished, frozen with the tree of their last day, opened again by two."""

from __future__ import annotations

import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from supervisi.models import (
    Checklist,
    ChecklistStatus,
    Layer,
    Period,
    PeriodPlace,
    UnitScore,
    VerificationCode,
)
from supervisi.pages.dashboard import build_dashboard
from supervisi.pages.periods import propose_next, read_periods
from supervisi.services import checklists, closing, scores
from supervisi.services.recompute import recompute
from supervisi.services.trees import keep_trees
from supervisi.services.verification import look_up
from tests.clients import Sessions
from tests.factories import make_person, make_unit
from tests.supervisi.districts import make_province, make_sheet, set_status
from tests.supervisi.sheets import Counted, make_world
from tests.unguarded import unguarded
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.jobs import services as jobs
from wbbm.jobs.models import Job
from wbbm.notices.models import Notice
from wbbm.organisasi.models import AuditEvent, Role, Unit, UnitKind, User
from wbbm.organisasi.services.units import move_unit

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def fresh(user):
    return User.objects.get(pk=user.pk)


@pytest.fixture
def world():
    """A station with the team's draft, and its own sheet handed in; an admin who closes, and a commander."""
    made = make_world()
    made.admin = make_person(made.polres, Role.ADMIN)
    made.sessions = Sessions()
    made.own = checklists.create_checklist(
        unit=made.polsek, period=made.period, instrument=made.instrument, layer=Layer.SELF, by=made.operator
    )
    Checklist.objects.filter(pk=made.own.pk).update(status=ChecklistStatus.SUBMITTED)
    jobs.drain()
    return made


def closed(world):
    closing.close_period(period=world.period, by=world.admin)
    jobs.drain()
    return Period.objects.select_related("unit").get(pk=world.period.pk)


def post(world, user, period, name, **data):
    return world.sessions.of(user).post(reverse("supervisi:period-step", args=[period.pk, name]), data)


# --- opening ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "ends", "name", "first", "last"),
    [
        ("quarter", "2026-12-31", "Triwulan I 2027", "2027-01-01", "2027-03-31"),
        ("quarter", "2026-09-30", "Triwulan IV 2026", "2026-10-01", "2026-12-31"),
        ("quarter", "2026-07-15", "Triwulan III 2026", "2026-07-16", "2026-09-30"),
        ("year", "2026-12-31", "Tahun 2027", "2027-01-01", "2027-12-31"),
    ],
)
def test_the_next_period_follows_the_last_one(kind, ends, name, first, last):
    found = propose_next(Unit(), kind, Period(last_day=datetime.date.fromisoformat(ends)))
    assert [found.name, *map(str, (found.first_day, found.last_day))] == [name, first, last]


def test_an_admin_opens_what_is_proposed_and_nothing_that_overlaps(world):
    page = read_periods(world.admin)
    quarter = next(each for each in page.following if each.kind == "quarter")
    assert quarter.first_day == world.period.last_day + DAY
    assert read_periods(fresh(world.reviewer)) is None
    # Periods of the Polres hold here: the station's admin opens none of his own.
    below = make_person(world.polsek, Role.ADMIN)
    assert {each.kind for each in read_periods(below).following} == {"year"}
    client = world.sessions.of(world.admin)
    url = reverse("supervisi:period-add", args=[world.polres.pk, "quarter"])
    said = client.get(url).content.decode()
    assert quarter.name in said
    assert f"1 satuan punya lembar mandiri {world.period.name}" in said
    days = {"name": quarter.name, "first_day": world.period.last_day, "last_day": quarter.last_day}
    refused = client.post(url, days)
    assert (refused.status_code, "Bertumpang" in refused.content.decode()) == (422, True)
    made = client.post(url, days | {"first_day": quarter.first_day}, follow=True)
    assert "dibuka untuk" in made.content.decode()
    assert Period.objects.filter(name=quarter.name, unit=world.polres).count() == 1
    assert world.sessions.of(below).get(url).status_code == 404


# --- closing ------------------------------------------------------------------------------------------


def test_closing_tells_what_is_unfinished_and_asks_first(world):
    client = world.sessions.of(world.admin)
    with Counted() as counted:
        said = client.get(world.period.get_absolute_url()).content.decode()
    assert len(counted.statements) <= 14
    for words in ("Lembar supervisi dan TPI masih diisi", "Kunjungan belum selesai", "Polsek Senori",
                  "1 lembar mandiri yang sudah diserahkan menjadi final", "belum berakhir"):  # fmt: skip
        assert words in said
    assert "Belum mulai lembar mandiri" not in said
    assert post(world, world.admin, world.period, "close").status_code == 422
    assert Period.objects.get(pk=world.period.pk).is_open
    for person in (world.commander, world.leader, world.operator):
        assert post(world, person, world.period, "close", is_seen="on").status_code in {403, 404}
    assert post(world, world.admin, world.period, "close", is_seen="on").status_code == 302
    jobs.drain()
    period = Period.objects.get(pk=world.period.pk)
    assert (period.is_open, period.is_settled, period.closed_by) == (False, True, world.admin)
    own = Checklist.objects.with_frame().get(pk=world.own.pk)
    assert (own.status, own.final_at) == ("final", period.closed_at)
    assert own.content_hash == checklists.content_hash(own)
    assert look_up(own.content_hash).state == "valid"
    assert world.reload().status == "draft"
    assert AuditEvent.objects.filter(action="period.closed", actor=world.admin).count() == 1
    assert AuditEvent.objects.filter(action="checklist.finalise", actor=world.admin).count() == 1
    assert post(world, world.admin, period, "close", is_seen="on").status_code == 409


def test_a_self_sheet_can_not_be_handed_in_behind_the_closing(world):
    Checklist.objects.filter(pk=world.own.pk).update(status="draft")
    closed(world)
    with pytest.raises(DomainError, match="sudah ditutup"):
        checklists.submit_checklist(checklist=Checklist.objects.with_frame().get(pk=world.own.pk), by=world.operator)
    assert Checklist.objects.get(pk=world.own.pk).status == "draft"


# --- frozen results -----------------------------------------------------------------------------------


def stored(province, *, is_closed=True):
    """Return the stored results of the quarter; of an open one without the empty rows that a move makes."""
    rows = UnitScore.objects.filter(period=province.period)
    rows = rows if is_closed else rows.filter(layer=Layer.SUPERVISION)
    return [{name: row[name] for name in row if name != "computed_at"} for row in rows.order_by("pk").values()]


def take_back(province):
    period = Period.objects.select_related("unit").get(pk=province.period.pk)
    closing.ask_undo(period=period, by=fresh(province.admin), reason="Terlalu cepat")
    closing.undo_closing(period=period, by=fresh(province.commander))


def move(unit, parent, polda):
    by = make_person(Unit.objects.get(pk=polda.pk), Role.ADMIN)
    move_unit(unit=Unit.objects.get(pk=unit.pk), new_parent=Unit.objects.get(pk=parent.pk), by=by)
    jobs.drain()


def seen(user, unit, period):
    page = build_dashboard(fresh(user), unit.pk, period.pk)
    return [(line.unit.pk, line.score, line.note) for line in page.stations.stations], page.rollups


@pytest.fixture
def province():
    """Two districts whose sheets of the quarter are handed in."""
    made = make_province(2, 1)
    for sheet in made.sheets:
        set_status(sheet, ChecklistStatus.SUBMITTED)
    jobs.drain()
    made.admin = make_person(made.polda, Role.ADMIN)
    return made


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_period_that_is_over_keeps_the_tree_of_its_last_day(province, is_closed):
    here, there = province.polres
    heads = [make_person(unit, Role.COMMANDER) for unit in (here, there)]
    today = datetime.date.today()
    Period.objects.filter(pk=province.period.pk).update(last_day=today - DAY)
    if is_closed:
        closing.close_period(period=Period.objects.get(pk=province.period.pk), by=province.admin)
        jobs.drain()
    before, shown = (
        stored(province, is_closed=is_closed),
        [seen(*pair, province.period) for pair in zip(heads, (here, there), strict=True)],
    )
    with Counted() as counted:
        build_dashboard(fresh(heads[0]), here.pk, province.period.pk)
    queries = len(counted.statements)
    move(province.stations[0], there, province.polda)
    period = Period.objects.get(pk=province.period.pk)
    assert (period.tree_kept_at is not None, PeriodPlace.objects.filter(period=period).count()) == (True, 6)
    assert stored(province, is_closed=is_closed) == before
    assert [seen(*pair, period) for pair in zip(heads, (here, there), strict=True)] == shown
    assert recompute(is_dry_run=True) == []
    with Counted() as counted:
        page = build_dashboard(fresh(heads[0]), here.pk, period.pk)
    assert len(counted.statements) == queries + 1
    # The old commander reads the result of then, and opens the station no more.
    assert [line.url == "" for line in page.stations.stations].count(True) == 1
    # Once more: the tree is kept but once.
    move(province.stations[0], here, province.polda)
    assert PeriodPlace.objects.filter(period=period).count() == 6
    assert stored(province, is_closed=is_closed) == before


def test_what_comes_later_changes_a_sheet_but_not_the_closed_period(province):
    closing.close_period(period=Period.objects.get(pk=province.period.pk), by=province.admin)
    jobs.drain()
    before, sheet = stored(province), province.sheets[0]
    total = province.row(province.polda).score_sum
    sheet.answers.filter(item__code="P.1.1.i.a").update(value={"answer": "D"}, version=2)
    set_status(sheet, ChecklistStatus.DISCLOSED)
    score = sheet.score.complete
    jobs.drain()
    assert Checklist.objects.get(pk=sheet.pk).score.complete != score
    assert not Job.objects.open().exists()
    assert stored(province) == before
    assert recompute(is_dry_run=True) == []
    # Taken back, it counts: that sheet, and a unit that came meanwhile.
    added = make_unit(province.polres[1], kind=UnitKind.POLSEK, name="Polsek Baru")
    jobs.drain()
    assert stored(province) == before
    take_back(province)
    jobs.drain()
    assert recompute(is_dry_run=True) == []
    assert province.row(province.polda).score_sum != total
    assert province.row(Unit.objects.get_parent(added)).units_due == 2


def test_what_is_handed_in_while_it_freezes_is_counted_at_every_level_or_at_none(province, monkeypatch):
    period, (unit, other) = province.period, province.stations[1:]
    closing.close_period(period=period, by=province.admin)
    count_all, late = closing._count_all, make_sheet(province, unit, level=7, day=datetime.date.today())

    def count_and_hand_in(of):
        count_all(of)
        set_status(late, ChecklistStatus.FINAL)
        assert jobs.run(Job.objects.get(key=province.key(unit)).pk)

    monkeypatch.setattr(closing, "_count_all", count_and_hand_in)
    freezing = Job.objects.filter(kind=closing.SETTLE)
    assert not jobs.run(freezing.get().pk)
    assert not Period.objects.get(pk=period.pk).is_settled
    monkeypatch.setattr(closing, "_count_all", count_all)
    freezing.update(available_at=timezone.now())
    jobs.drain()
    assert Period.objects.get(pk=period.pk).is_settled
    rows = [province.row(each) for each in (province.polda, *province.stations)]
    assert rows[0].score_sum == sum(row.score_sum for row in rows[1:])
    assert province.row(unit).counting_id == late.pk

    # A roll-up that had read before, and writes after the freezing.
    again, compute = make_sheet(province, other, level=7, day=datetime.date.today()), scores.compute_result

    def freeze_behind(subject):
        found = compute(subject)
        with unguarded():
            Period.objects.filter(pk=period.pk).update(settled_at=timezone.now())
        return found

    with unguarded():
        Period.objects.filter(pk=period.pk).update(settled_at=None)
    before = stored(province)
    set_status(again, ChecklistStatus.FINAL)
    monkeypatch.setattr(scores, "compute_result", freeze_behind)
    assert jobs.run(Job.objects.get(key=province.key(other)).pk)
    assert stored(province) == before


# --- the database's own refusals ----------------------------------------------------------------------

_ROW = "UPDATE supervisi_period SET {} WHERE id = %s"
REFUSED = {
    "days": _ROW.format("last_day = first_day"),
    "opened by one": _ROW.format("closed_at = NULL, settled_at = NULL"),
    "opened by who asked": _ROW.format(
        "closed_at = NULL, settled_at = NULL, undo_asked_at = NULL, undo_asked_by_id = NULL, "
        "undone_by_id = undo_asked_by_id, undone_at = closed_at"
    ),
    "thawed": _ROW.format("settled_at = NULL"),
    "two people made up": _ROW.format("undone_by_id = closed_by_id, undone_at = closed_at"),
    "removed": "DELETE FROM supervisi_period WHERE id = %s",
    "result changed": "UPDATE supervisi_unitscore SET score_sum = score_sum + 1 WHERE period_id = %s",
    "result removed": "DELETE FROM supervisi_unitscore WHERE period_id = %s",
    "sheet thawed": "UPDATE supervisi_checklist SET status = 'submitted', content_hash = '', final_at = NULL "
    "WHERE layer = 'self' AND period_id = %s",
}  # fmt: skip


def test_the_database_refuses_what_no_two_people_asked_for(world):
    def tries(sql):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [world.period.pk])
            return cursor.rowcount

    closed(world)
    closing.ask_undo(period=world.period, by=world.admin, reason="Terlalu cepat")
    for name, sql in REFUSED.items():
        with pytest.raises(IntegrityError, match=r"ditutup|final"):
            tries(sql)
            pytest.fail(name)
    # The twin: without the guards each of them reaches a row.
    with unguarded():
        for name, sql in REFUSED.items():
            if name != "removed":
                with transaction.atomic():
                    assert tries(sql), name
                    transaction.set_rollback(True)


PLACES = {
    "moved": "UPDATE supervisi_periodplace SET above_id = NULL WHERE period_id = %s",
    "as it was": "UPDATE supervisi_periodplace SET path = path WHERE period_id = %s",
    "added": "INSERT INTO supervisi_periodplace (period_id, unit_id, path) "
    "SELECT %s, id, 'x' FROM organisasi_unit WHERE name = 'Polres Lain'",
    "removed": "DELETE FROM supervisi_periodplace WHERE period_id = %s",
}
# SQLite removes what is in the way without a word.
TAKEN = (
    "INSERT OR REPLACE INTO supervisi_periodplace (id, period_id, unit_id, path) "
    "SELECT id, {}, unit_id, 'x' FROM supervisi_periodplace WHERE period_id = %s"
)


def test_the_database_keeps_the_tree_of_a_closed_period(world):
    """The twin: without the guards, and open again, the same is written."""
    other = Unit.objects.get(name="Polres Lain")
    closed(world)
    with transaction.atomic():
        keep_trees(world.polsek, other)
    spare = Period.objects.create(
        unit=other, name="Lain", kind="year", first_day=world.period.first_day, last_day=world.period.last_day
    )
    tries = PLACES | ({"taken": TAKEN.format(spare.pk)} if connection.vendor == "sqlite" else {})

    def run(sql):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [world.period.pk])
            return cursor.rowcount

    before = list(PeriodPlace.objects.values())
    assert len(before) == 2
    for name, sql in tries.items():
        with pytest.raises(IntegrityError, match="Susunan satuan"):
            run(sql)
            pytest.fail(name)
    assert list(PeriodPlace.objects.values()) == before
    with unguarded():
        for name, sql in tries.items():
            with transaction.atomic():
                assert run(sql), name
                transaction.set_rollback(True)
    closing.ask_undo(period=world.period, by=world.admin, reason="Terlalu cepat")
    closing.undo_closing(period=world.period, by=world.commander)
    assert not PeriodPlace.objects.exists()


# --- taking it back -----------------------------------------------------------------------------------


def test_a_closing_is_taken_back_by_two_people(world):
    period = closed(world)
    code = VerificationCode.objects.get(checklist=world.own)
    assert post(world, world.admin, period, "ask-undo", text="x").status_code == 422
    assert post(world, world.commander, period, "ask-undo", text="Terlalu cepat").status_code == 403
    with pytest.raises(InvalidTransition):
        closing.undo_closing(period=period, by=world.commander)
    assert post(world, world.admin, period, "ask-undo", text="Terlalu cepat").status_code == 302
    assert Notice.objects.filter(person=world.commander, kind="period").count() == 1
    assert not Notice.objects.filter(person=world.admin, kind="period").exists()
    assert post(world, world.admin, period, "ask-undo", text="Terlalu cepat").status_code == 409
    assert post(world, world.admin, period, "undo").status_code == 409
    for person in (world.leader, world.operator, world.stranger):
        assert post(world, person, period, "undo").status_code == 404
        with pytest.raises(NotAllowed):
            closing.undo_closing(period=period, by=fresh(person))
    assert not Period.objects.get(pk=period.pk).is_open
    assert "Terlalu cepat" in world.sessions.of(world.commander).get(period.get_absolute_url()).content.decode()
    assert post(world, world.commander, period, "undo").status_code == 302
    jobs.drain()
    again = Period.objects.get(pk=period.pk)
    assert (again.is_open, again.is_settled, again.undo_reason, again.undone_by) == (True, False, "", world.commander)
    own = Checklist.objects.get(pk=world.own.pk)
    assert (own.status, own.content_hash, own.final_at) == ("submitted", "", None)
    assert look_up(code.code).state == "superseded"
    undone = AuditEvent.objects.get(action="period.undone")
    assert (undone.actor, undone.reason) == (world.commander, "Terlalu cepat")
    assert recompute(is_dry_run=True) == []
    # And closed once more.
    closed(world)
    own.refresh_from_db()
    assert (own.status, VerificationCode.objects.valid().filter(checklist=own).count()) == ("final", 1)


def test_a_request_is_dropped_and_may_come_again(world):
    period = closed(world)
    for person in (world.admin, world.commander):
        closing.ask_undo(period=period, by=world.admin, reason="Terlalu cepat")
        assert post(world, person, period, "drop-undo").status_code == 302
    assert post(world, world.commander, period, "undo").status_code == 409
    assert AuditEvent.objects.filter(action="period.undo-dropped").count() == 2


def test_taken_back_before_its_end_a_period_follows_the_tree_again(province):
    closing.close_period(period=Period.objects.get(pk=province.period.pk), by=province.admin)
    jobs.drain()
    move(province.stations[0], province.polres[1], province.polda)
    assert province.row(province.polres[0]).units_due == 2
    take_back(province)
    jobs.drain()
    rows = [province.row(unit) for unit in (*province.polres, province.polda)]
    assert [(row.units_due, row.units_submitted) for row in rows] == [(1, 1), (2, 2), (3, 3)]
    assert recompute(is_dry_run=True) == []
