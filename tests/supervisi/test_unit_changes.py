"""Units renamed, moved, merged, closed: seen beforehand, nothing lost, history under the new one."""

from __future__ import annotations

import datetime
import threading

import pytest
from django.db import connection, connections, transaction
from django.urls import reverse
from django.utils import timezone

from supervisi.models import ChecklistStatus, Finding, Period, ReplyRound, UnitScore, Visit
from supervisi.pages.unit_changes import read_history, read_preview
from supervisi.services import unit_changes, visits
from supervisi.services.owners import responsible_people
from supervisi.services.recompute import recompute
from tests.clients import Sessions
from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.districts import make_province, make_sheet, set_status
from tests.unguarded import unguarded
from wbbm.errors import DomainError, NotAllowed
from wbbm.jobs import services as jobs
from wbbm.notices.models import Notice
from wbbm.organisasi.models import AuditEvent, Posting, Role, Unit, UnitChange, UnitKind, User
from wbbm.organisasi.services.units import move_unit

pytestmark = pytest.mark.django_db
REASON = "Kep/12/2026"


def fresh(row):
    return type(row).objects.get(pk=row.pk)


@pytest.fixture
def province():
    """Two districts; the first station has people, open findings, a planned visit and a result of before."""
    made = make_province(2, 1)
    for sheet in made.sheets:
        set_status(sheet, ChecklistStatus.FINAL)
    jobs.drain()
    made.sessions = Sessions()
    made.here, made.there = made.polres
    made.unit, made.next = made.stations[:2]
    made.admin = make_person(made.polda, Role.ADMIN)
    made.local = make_person(made.here, Role.ADMIN)
    made.chief = make_posting(unit=made.here, role=Role.COMMANDER, title="Kapolres").user
    made.head = make_posting(unit=made.unit, role=Role.COMMANDER, title="Kapolsek").user
    made.operator = make_posting(unit=made.unit, role=Role.OPERATOR, title="Kasium").user
    made.other = make_posting(unit=made.next, role=Role.COMMANDER, title="Kapolsek").user
    made.findings = [
        Finding.objects.create(
            number=f"T-2026-UJI-{number:03d}", unit=made.unit, owner_unit=owner, owner_title=title, severity="severe",
            status=status, observation="Tarif tidak terpasang", handed_over_at=timezone.now(), created_by=made.leader,
            visit=made.sheets[0].visit, checklist=made.sheets[0],
        )
        for number, owner, title, status in (
            (1, made.unit, "Kapolsek", "open"),
            (2, made.here, "Kasiwas", "returned"),
            (3, made.unit, "Kapolsek", "closed"),
        )
    ]  # fmt: skip
    made.planned = Visit.objects.create(
        unit=made.unit, period=made.period, sprin_number="Sprin/9", starts_on=datetime.date.today(), status="planned",
        team_leader=made.leader, planned_by=made.leader,
    )  # fmt: skip
    return made


def rows(province):
    return [(row.units_due, row.units_submitted) for row in map(province.row, (province.here, province.there))]


def told(unit):
    return list(UnitChange.objects.filter(unit=unit).values_list("kind", "old_name", "reason"))


def test_a_renamed_unit_keeps_its_code_and_tells_its_old_name(province):
    client = province.sessions.of(province.local)
    url = reverse("supervisi:unit-change", args=[province.unit.pk, "nama"])
    assert client.post(url, {"name": province.unit.name}).status_code == 422
    assert client.post(url, {"name": "Polsek Baru"}).status_code == 302
    unit = fresh(province.unit)
    assert (unit.name, unit.code) == ("Polsek Baru", province.unit.code)
    assert told(unit) == [("renamed", "Polsek 2-0", "")]
    for person in (province.chief, province.head):
        said = province.sessions.of(person).get(unit.get_absolute_url()).content.decode()
        assert "dahulu Polsek 2-0" in said
    assert (
        "Berganti nama; dahulu Polsek 2-0"
        in province.sessions.of(province.head).get(reverse("supervisi:unit-history", args=[unit.pk])).content.decode()
    )


def test_a_moved_unit_takes_everything_along(province):
    url = reverse("supervisi:unit-change", args=[province.unit.pk, "pindah"])
    client = province.sessions.of(province.admin)
    said = client.get(url).content.decode()
    for words in (
        "Kapolsek",
        "T-2026-UJI-001",
        f"Temuan yang dijawab {province.here}",
        "supervisor satuan yang baru mengganti timnya",
    ):
        assert words in said
    # The admin of the old unit above doesn't reach the new one, and sees no such choice.
    local = province.sessions.of(province.local)
    assert local.post(url, {"target": province.there.pk, "reason": REASON}).status_code == 422
    client = province.sessions.of(province.admin)
    assert client.post(url, {"target": province.there.pk, "reason": "x"}).status_code == 422
    Visit.objects.filter(pk=province.planned.pk).update(status="ongoing")
    assert client.post(url, {"target": province.there.pk, "reason": REASON}).status_code == 422
    assert "Belum dapat dilakukan" in client.get(url).content.decode()
    # Imports move by the same service.
    with pytest.raises(unit_changes.UnitInUse):
        move_unit(unit=fresh(province.unit), new_parent=fresh(province.there), by=province.admin)
    Visit.objects.filter(pk=province.planned.pk).update(status="planned")
    assert Unit.objects.get_parent(fresh(province.unit)) == province.here
    assert client.post(url, {"target": province.there.pk, "reason": REASON}).status_code == 302
    jobs.drain()
    unit = fresh(province.unit)
    assert Unit.objects.get_parent(unit) == province.there
    assert told(unit) == [("moved", unit.name, REASON)]
    assert rows(province) == [(1, 1), (2, 2)]
    assert recompute(is_dry_run=True) == []
    first, second, closed = map(fresh, province.findings)
    assert [(each.unit, each.owner_unit) for each in (first, second, closed)] == [
        (unit, unit), (unit, province.there), (unit, unit),
    ]  # fmt: skip
    assert [event.kind for event in second.events.all()] == ["passed_on"]
    assert responsible_people(first) == [province.head]
    assert fresh(province.planned).status == "planned"
    assert Posting.objects.running().filter(unit=unit).count() == 2
    assert AuditEvent.objects.get(action="unit.moved").reason == REASON


@pytest.mark.parametrize("moves_people", [True, False])
def test_a_merged_unit_leaves_its_history_and_hands_on_what_is_open(province, moves_people):
    url = reverse("supervisi:unit-change", args=[province.unit.pk, "gabung"])
    client = province.sessions.of(province.local)
    said = client.get(url).content.decode()
    for words in ("pindah ke satuan tujuan", "dibatalkan", "berpindah ke satuan tujuan", "berakhir hari ini"):
        assert words in said
    before = list(UnitScore.objects.filter(unit=province.unit, counting__isnull=False).values("score_sum", "counting"))
    form = {"target": province.next.pk, "reason": REASON} | ({"moves_people": "on"} if moves_people else {})
    assert client.post(url, form).status_code == 302
    jobs.drain()
    unit, into = fresh(province.unit), fresh(province.next)
    assert not unit.is_active_on(datetime.date.today())
    assert told(unit) == [("merged", unit.name, REASON)]
    assert not Posting.objects.running().filter(unit=unit).exists()
    here = set(Posting.objects.running().filter(unit=into).values_list("user", "role"))
    kept = {(province.operator.pk, "operator")} if moves_people else set()
    assert here == {(province.other.pk, "commander")} | kept
    first, second, closed = map(fresh, province.findings)
    assert [(each.unit, each.owner_unit, each.number) for each in (first, second, closed)] == [
        (into, into, "T-2026-UJI-001"), (into, province.here, "T-2026-UJI-002"), (unit, unit, "T-2026-UJI-003"),
    ]  # fmt: skip
    assert responsible_people(first) == [province.other]
    assert (fresh(province.planned).status, fresh(province.planned).cancel_reason) == (
        "cancelled", f"{unit} digabung ke {into}.",
    )  # fmt: skip
    # What was stored for it stays its own, and is read under the other one.
    after = UnitScore.objects.filter(unit=unit, counting__isnull=False).values("score_sum", "counting")
    assert list(after) == before
    assert rows(province) == [(1, 2), (1, 1)]
    assert recompute(is_dry_run=True) == []
    page = read_history(User.objects.get(pk=province.other.pk), into)
    assert [line.text for line in page.changes] == [f"{unit} digabung ke satuan ini"]
    assert [(line.unit, line.period, line.url) for line in page.results] == [(unit, province.period, "")]
    assert read_history(User.objects.get(pk=province.chief.pk), into).results[0].url
    said = province.sessions.of(province.other).get(into.get_absolute_url()).content.decode()
    assert f"dahulu {unit}" in said
    assert Notice.objects.filter(person=province.other, kind="period").count() == 1
    # Over is over: nothing more is done with it, but its name.
    assert province.sessions.of(province.local).get(url).status_code == 404


def test_a_closed_unit_leaves_its_open_findings_to_the_commander_above(province):
    below = make_unit(fresh(province.unit), kind=UnitKind.SATFUNG, name="Unit SPKT")
    with pytest.raises(DomainError, match="di bawahnya"):
        unit_changes.close_unit(unit=fresh(province.unit), by=province.local, reason=REASON)
    assert f"{below} masih di bawahnya" in read_preview(fresh(province.unit), "tutup", province.local).blockers
    assert not UnitChange.objects.exists()
    unit_changes.close_unit(unit=fresh(below), by=province.local, reason=REASON)
    unit_changes.close_unit(unit=fresh(province.unit), by=User.objects.get(pk=province.local.pk), reason=REASON)
    jobs.drain()
    first, second, closed = map(fresh, province.findings)
    assert [(each.unit, each.owner_unit) for each in (first, second, closed)] == [
        (province.unit, province.here), (province.unit, province.here), (province.unit, province.unit),
    ]  # fmt: skip
    assert responsible_people(first) == [province.chief]
    assert not Posting.objects.running().filter(unit=province.unit).exists()
    assert rows(province) == [(1, 2), (1, 1)]
    assert recompute(is_dry_run=True) == []


def test_a_unit_is_not_ended_before_it_has_heard_its_result_and_replied(province):
    """Merged or closed, nobody could reply any more: all postings there end."""
    sheet = make_sheet(province, province.unit, status=ChecklistStatus.SUBMITTED)
    ends = {
        "gabung": lambda by: unit_changes.merge_unit(
            unit=fresh(province.unit), into=fresh(province.next), by=by, reason=REASON
        ),
        "tutup": lambda by: unit_changes.close_unit(unit=fresh(province.unit), by=by, reason=REASON),
    }

    def refusals(words):
        for name, end in ends.items():
            blockers = read_preview(fresh(province.unit), name, province.local).blockers
            assert [words in line.lower() for line in blockers] == [True]
            with pytest.raises(unit_changes.UnitInUse, match=f"(?i){words}"):
                end(User.objects.get(pk=province.local.pk))
        assert fresh(province.unit).active_to is None
        assert fresh(province.planned).status == "planned"
        assert read_preview(fresh(province.unit), "pindah", province.admin).blockers == ()

    refusals("belum disampaikan")
    set_status(sheet, ChecklistStatus.REVIEWED)
    refusals("belum disampaikan")
    set_status(sheet, ChecklistStatus.DISCLOSED)
    running = ReplyRound.objects.create(checklist=sheet, due_on=datetime.date.today() + datetime.timedelta(days=3))
    refusals("hak jawab")
    ReplyRound.objects.filter(pk=running.pk).update(waived_at=timezone.now())
    ends["tutup"](User.objects.get(pk=province.local.pk))
    assert fresh(province.unit).active_to is not None


def test_a_move_tells_where_sheets_will_count_and_which_will_count_nowhere(province):
    """An ended period keeps its tree; a running one of the old unit above counts nothing that has left."""

    def said(owner, day):
        with unguarded():
            Period.objects.filter(pk=province.period.pk).update(unit=owner, last_day=day)
        client = province.sessions.of(province.admin)
        return client.get(reverse("supervisi:unit-change", args=[province.unit.pk, "pindah"])).content.decode()

    today = datetime.date.today()
    falls = "tidak lagi masuk hasil satuan di atasnya"
    everywhere = said(province.polda, today)
    assert ("ikut; dihitung di satuan yang baru" in everywhere, falls in everywhere) == (True, False)
    over = said(province.polda, today - datetime.timedelta(days=1))
    assert ("tetap dihitung di satuan lama" in over, "dihitung di satuan yang baru" in over) == (True, False)
    ends = said(province.here, today)
    assert f"Triwulan ini milik {province.here}: 1 lembar {falls}. Agar" in ends
    assert "dihitung di satuan yang baru" not in ends
    # And so it is; a period of the first district has no results elsewhere.
    UnitScore.objects.exclude(unit__path__startswith=province.here.path).delete()
    client = province.sessions.of(province.admin)
    url = reverse("supervisi:unit-change", args=[province.unit.pk, "pindah"])
    assert client.post(url, {"target": province.there.pk, "reason": REASON}).status_code == 302
    jobs.drain()
    assert (province.row(province.here).units_due, province.row(province.here).units_submitted) == (1, 1)
    assert not UnitScore.objects.filter(unit__in=[province.there, province.polda], units_submitted__gt=0).exists()


def plan(province):
    """Plan a visit of today to the station, as somebody does who has read it before it ended."""
    return visits.plan_visit(
        unit=province.unit, period=province.period, sprin_number="Sprin/10", starts_on=datetime.date.today(),
        ends_on=None, team=visits.Team(province.leader, None, ()), by=province.leader,
    )  # fmt: skip


def test_no_visit_begins_or_is_planned_while_or_after_its_unit_ends(province, monkeypatch):
    cancel = unit_changes._cancel_visits

    def begin_and_cancel(*args):
        Visit.objects.filter(pk=province.planned.pk).update(status="ongoing")
        cancel(*args)

    monkeypatch.setattr(unit_changes, "_cancel_visits", begin_and_cancel)
    for end, more in ((unit_changes.close_unit, {}), (unit_changes.merge_unit, {"into": fresh(province.next)})):
        with pytest.raises(unit_changes.UnitInUse, match="masih berjalan"):
            end(unit=fresh(province.unit), by=User.objects.get(pk=province.local.pk), reason=REASON, **more)
    assert (fresh(province.unit).active_to, fresh(province.planned).status) == (None, "planned")
    Unit.objects.filter(pk=province.unit.pk).update(active_to=datetime.date.today() - datetime.timedelta(days=1))
    with pytest.raises(DomainError, match="sudah ditutup"):
        plan(province)
    with pytest.raises(DomainError, match="sudah ditutup"):
        visits.start_visit(visit=fresh(province.planned), by=province.leader)
    assert list(Visit.objects.exclude(status="done").values_list("pk", "status")) == [(province.planned.pk, "planned")]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.django_db(transaction=True)
def test_who_plans_a_visit_waits_for_who_ends_its_unit(province):
    refused = []

    def plan_late():
        try:
            plan(province)
        except DomainError as refusal:
            refused.append(refusal.message)
        finally:
            connections.close_all()

    planner = threading.Thread(target=plan_late)
    with transaction.atomic():
        unit_changes.close_unit(unit=fresh(province.unit), by=province.local, reason=REASON)
        planner.start()
        planner.join(0.7)
    planner.join()
    assert len(refused) == 1
    assert not Visit.objects.filter(sprin_number="Sprin/10").exists()


def test_an_admin_reads_nothing_that_is_hidden_from_his_own_unit(province):
    """Beforehand and on the period's page: no surprise visit, no sheet that nobody disclosed, no finding of theirs."""
    make_sheet(province, province.unit, status=ChecklistStatus.SUBMITTED)
    Visit.objects.filter(pk=province.planned.pk).update(is_announced=False)
    Finding.objects.filter(pk=province.findings[0].pk).update(handed_over_at=None)
    both = make_person(province.polda, Role.ADMIN)

    def read(user):
        client = province.sessions.of(user)
        pages = [
            reverse("supervisi:unit-change", args=[province.unit.pk, name]) for name in ("pindah", "gabung", "tutup")
        ]
        return [client.get(page).content.decode() for page in (*pages, province.period.get_absolute_url())]

    secrets = [f"{province.planned.starts_on:%d-%m-%Y}", "T-2026-UJI-001"]
    sheets = ["Triwulan ini (2 lembar)", *["Lembar periode yang terbuka"] * 2]
    unfinished = ["Diserahkan, belum ditinjau", "Kunjungan belum selesai"]
    *before, period = read(both)
    assert all(secret in page for page, sheet in zip(before, sheets, strict=True) for secret in [*secrets, sheet])
    assert all(secret in period for secret in unfinished)
    make_posting(both, province.unit, Role.OPERATOR)
    *before, period = read(both)
    assert not [secret for page in before for secret in [*secrets, *sheets] if secret in page]
    assert not [secret for secret in unfinished if secret in period]


def test_only_admins_above_end_a_unit_and_nobody_ends_his_own_posting(province):
    own = make_person(province.unit, Role.ADMIN)
    for person in (own, province.chief, province.leader):
        with pytest.raises(NotAllowed):
            unit_changes.close_unit(unit=fresh(province.unit), by=User.objects.get(pk=person.pk), reason=REASON)
    assert (
        province.sessions.of(own).get(reverse("supervisi:unit-change", args=[province.unit.pk, "tutup"])).status_code
        == 404
    )
    make_posting(province.local, province.unit, Role.OPERATOR)
    with pytest.raises(DomainError, match="diri sendiri"):
        unit_changes.close_unit(unit=fresh(province.unit), by=User.objects.get(pk=province.local.pk), reason=REASON)
    assert fresh(province.unit).active_to is None
    for into in (province.unit, province.here, province.stations[2]):
        with pytest.raises(DomainError):
            unit_changes.merge_unit(
                unit=fresh(province.unit), into=fresh(into), by=User.objects.get(pk=province.local.pk), reason=REASON
            )
