"""Who may take which step in which state: the tables of docs/alur-status.md, tried one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from supervisi.models import (
    Checklist,
    ChecklistStatus,
    Layer,
    PeriodKind,
    Visit,
    VisitMember,
    VisitStatus,
)
from supervisi.services import checklists, visits
from supervisi.services.checklists import TRANSITIONS
from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.sheets import World, make_world
from tests.unguarded import unguarded
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.models import AuditEvent, Role, UnitKind, User

pytestmark = pytest.mark.django_db
DOCUMENT = (Path(__file__).resolve().parents[2] / "docs/alur-status.md").read_text()


def rows(heading):
    """Return the table below a heading: step → (old states, new state, who)."""
    part = DOCUMENT.split(f"## {heading}\n")[1].split("\n## ")[0]
    found = {}
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and re.fullmatch(r"[a-z]+", cells[0]):
            found[cells[0]] = (cells[1].split(", "), cells[2], cells[3])
    return found


@dataclass
class Cast:
    """One person for every part that somebody can play."""

    world: World
    people: dict[str, User]


ALLOWED = {
    "ketua tim, wakil": {"leader", "deputy"},
    "supervisor bukan tim": {"reviewer"},
    "pimpinan di atas": {"kapolres"},
    "pimpinan di atas, bukan peminta": {"kapolres"},
    "pimpinan satuan": {"kapolsek"},
    "pimpinan satuan, supervisor di atas satuan": {"kapolsek", "reviewer", "leader", "deputy", "member"},
    "auditor di atas": {"auditor", "auditor2"},
    "auditor lain di atas": {"auditor2"},
    "ketua tim, perencana": {"leader", "planner"},
    "perencana, bila belum ada jawaban": {"planner"},
    "supervisor di atas satuan": {"reviewer", "leader", "deputy", "member", "planner"},
}


@pytest.fixture
def cast():
    world = make_world()
    deputy, member, planner = world.members
    polres = world.polres
    Visit.objects.filter(pk=world.visit.pk).update(deputy=deputy, planned_by=planner)
    VisitMember.objects.filter(visit=world.visit, user=planner).delete()
    people = {
        "leader": world.leader,
        "deputy": deputy,
        "member": member,
        "planner": planner,
        "reviewer": world.reviewer,
        "kapolres": world.commander,
        "kapolsek": world.operator,
        "auditor": world.auditor,
        "auditor2": make_person(polres, Role.AUDITOR),
        "admin": make_person(polres, Role.ADMIN),
        "siwas": make_person(polres, Role.INTEGRITY_OFFICER),
        "bagren": make_person(polres, Role.OPERATOR),
        "stranger": world.stranger,
        "nobody": make_person(make_unit(kind=UnitKind.POLDA), Role.COMMANDER),
    }
    return Cast(world, people)


def fresh(user):
    """Return the person as the next request reads him."""
    return User.objects.get(pk=user.pk)


def sheet_in(world, status, layer, **changes):
    """Put the world's sheet into a state and layer."""
    visit = world.visit if layer == Layer.SUPERVISION else None
    Checklist.objects.filter(pk=world.checklist.pk).update(status=status, layer=layer, visit=visit, **changes)
    return Checklist.objects.select_related("unit", "period", "instrument", "visit__unit").get(pk=world.checklist.pk)


SHEET_TABLES = [
    ("Lembar supervisi", Layer.SUPERVISION),
    ("Lembar mandiri", Layer.SELF),
    ("Lembar TPI", Layer.TPI),
]


@pytest.mark.parametrize(("heading", "layer"), SHEET_TABLES)
def test_every_part_takes_exactly_the_steps_of_the_table(cast, heading, layer):
    table = rows(heading)
    assert table
    for step, (_, _, who) in table.items():
        sheet = sheet_in(
            cast.world,
            TRANSITIONS[step].old,
            layer,
            submitted_by=cast.people["auditor"],
            reopen_requested_by=cast.people["leader"],
        )
        may = {name for name, person in cast.people.items() if TRANSITIONS[step].may(fresh(person), sheet) is not None}
        wanted = ALLOWED[who] - ({"auditor"} if step in {"return", "review"} else set())
        if layer == Layer.SUPERVISION and step in {"return", "review"}:
            wanted = wanted | {"planner"}
        if layer == Layer.SELF and step == "return":
            wanted = wanted | {"planner"}
        assert may == wanted, f"{heading}, {step}"


@pytest.mark.parametrize(("heading", "layer"), SHEET_TABLES)
def test_the_tables_name_every_transition(heading, layer):
    table = rows(heading)
    for step, (old, new, _) in table.items():
        assert ([TRANSITIONS[step].old], TRANSITIONS[step].new) == (old, new)
    if layer != Layer.SELF:
        assert set(table) == set(TRANSITIONS)


STEPS = {
    "submit": ("leader", lambda sheet, by: checklists.submit_checklist(checklist=sheet, by=by)),
    "return": (
        "reviewer",
        lambda sheet, by: checklists.return_checklist(checklist=sheet, by=by, reason="Foto kurang jelas"),
    ),
    "review": ("reviewer", lambda sheet, by: checklists.review_checklist(checklist=sheet, by=by)),
    "disclose": ("kapolres", lambda sheet, by: checklists.disclose_checklist(checklist=sheet, by=by)),
    "finalise": ("kapolres", lambda sheet, by: checklists.finalise_checklist(checklist=sheet, by=by)),
}


def complete(world):
    """Answer every item of the sheet at once, with the best option."""
    from supervisi.instrument_cache import engine_instrument

    for item in engine_instrument(world.instrument).items:
        raw = item.options[0].code if item.options else {entry.key: 2 for entry in item.inputs}
        world.checklist.answers.filter(item__code=item.code).update(version=1, value={"answer": raw}, is_answered=True)


@pytest.mark.parametrize("step", sorted(STEPS))
@pytest.mark.parametrize("status", ChecklistStatus.values)
def test_a_step_is_taken_from_its_state_only_and_once(cast, step, status):
    name, act = STEPS[step]
    complete(cast.world)
    if step == "disclose":
        cast.world.end_visit()
    sheet = sheet_in(cast.world, status, Layer.SUPERVISION)
    by = fresh(cast.people[name])
    if status != TRANSITIONS[step].old:
        with pytest.raises(InvalidTransition):
            act(sheet, by)
        assert Checklist.objects.get(pk=sheet.pk).status == status
        return
    before = AuditEvent.objects.filter(action=f"checklist.{step}").count()
    act(sheet, by)
    assert Checklist.objects.get(pk=sheet.pk).status == TRANSITIONS[step].new
    event = AuditEvent.objects.filter(action=f"checklist.{step}").latest("pk")
    assert AuditEvent.objects.filter(action=f"checklist.{step}").count() == before + 1
    assert (event.actor, event.unit, event.posting.user) == (by, sheet.unit, by)
    with pytest.raises(InvalidTransition):
        act(Checklist.objects.select_related("unit", "period", "instrument", "visit__unit").get(pk=sheet.pk), by)


@pytest.mark.parametrize("step", sorted(STEPS))
def test_whoever_may_not_is_refused_and_nothing_moves(cast, step):
    _, act = STEPS[step]
    sheet = sheet_in(cast.world, TRANSITIONS[step].old, Layer.SUPERVISION)
    for name in ("kapolsek", "auditor", "admin", "siwas", "bagren", "member", "stranger"):
        with pytest.raises(NotAllowed):
            act(sheet, fresh(cast.people[name]))
    assert Checklist.objects.get(pk=sheet.pk).status == TRANSITIONS[step].old


def test_an_incomplete_sheet_is_not_submitted_and_names_what_is_missing(cast):
    with pytest.raises(checklists.Incomplete) as refusal:
        checklists.submit_checklist(checklist=cast.world.checklist, by=fresh(cast.people["leader"]))
    assert len(refusal.value.items) == 59
    assert refusal.value.items[0] == "P.1.1.i.a"
    assert Checklist.objects.get(pk=cast.world.checklist.pk).status == ChecklistStatus.DRAFT


def test_a_severe_trigger_without_its_finding_is_not_submitted(cast):
    complete(cast.world)
    cast.world.checklist.answers.filter(item__code="P.1.4.ii.b").update(
        value={"answer": {"ditanya": 5, "utuh": 3}}, is_answered=True
    )
    with pytest.raises(checklists.Incomplete) as refusal:
        checklists.submit_checklist(checklist=cast.world.checklist, by=fresh(cast.people["leader"]))
    assert refusal.value.items == ["P.1.4.ii.b"]


def test_reopening_needs_two_people_and_an_open_period(cast):
    complete(cast.world)
    world, people = cast.world, cast.people
    sheet = sheet_in(world, ChecklistStatus.FINAL, Layer.SUPERVISION)
    with pytest.raises(InvalidTransition):
        checklists.approve_reopening(checklist=sheet, by=fresh(people["kapolres"]))
    with pytest.raises(NotAllowed):
        checklists.request_reopening(checklist=sheet, by=fresh(people["bagren"]), reason="Kami tidak setuju")
    with pytest.raises(DomainError):
        checklists.request_reopening(checklist=sheet, by=fresh(people["kapolres"]), reason="")
    checklists.request_reopening(checklist=sheet, by=fresh(people["kapolres"]), reason="Salah memilih opsi")
    sheet.refresh_from_db()
    with pytest.raises(NotAllowed):
        checklists.approve_reopening(checklist=sheet, by=fresh(people["kapolres"]))
    other = make_person(world.polres, Role.COMMANDER)
    checklists.approve_reopening(checklist=sheet, by=fresh(other))
    sheet.refresh_from_db()
    assert (sheet.status, sheet.content_hash, sheet.reopen_reason) == (ChecklistStatus.DRAFT, "", "")


def test_a_closed_period_keeps_its_sheets_final(cast):
    from django.utils import timezone

    world, people = cast.world, cast.people
    sheet = sheet_in(world, ChecklistStatus.FINAL, Layer.SUPERVISION)
    checklists.request_reopening(checklist=sheet, by=fresh(people["leader"]), reason="Salah memilih opsi")
    world.period.closed_at = timezone.now()
    world.period.save()
    sheet = Checklist.objects.select_related("unit", "period", "instrument", "visit__unit").get(pk=sheet.pk)
    with pytest.raises(DomainError):
        checklists.approve_reopening(checklist=sheet, by=fresh(people["kapolres"]))


def test_the_content_hash_tells_a_changed_answer(cast):
    complete(cast.world)
    sheet = sheet_in(cast.world, ChecklistStatus.DISCLOSED, Layer.SUPERVISION)
    checklists.finalise_checklist(checklist=sheet, by=fresh(cast.people["kapolres"]))
    sheet.refresh_from_db()
    assert sheet.content_hash == checklists.content_hash(sheet)
    with unguarded():
        sheet.answers.filter(item__code="P.1.1.i.a").update(value={"answer": "D"})
    assert sheet.content_hash != checklists.content_hash(sheet)


# --- visits -------------------------------------------------------------------------------------------

VISIT_STEPS = {
    "start": lambda visit, by: visits.start_visit(visit=visit, by=by),
    "finish": lambda visit, by: visits.finish_visit(visit=visit, by=by),
    "cancel": lambda visit, by: visits.cancel_visit(visit=visit, by=by, reason="Jalan terputus banjir"),
    "delete": lambda visit, by: visits.delete_visit(visit=visit, by=by),
}


@pytest.mark.parametrize("step", sorted(VISIT_STEPS))
@pytest.mark.parametrize("status", VisitStatus.values)
def test_visit_steps_follow_the_table(cast, step, status):
    old, new, who = rows("Kunjungan")[step]
    for name, person in cast.people.items():
        Visit.objects.filter(pk=cast.world.visit.pk).update(status=status)
        visit = Visit.objects.select_related("unit", "period").get(pk=cast.world.visit.pk)
        if name not in ALLOWED[who]:
            with pytest.raises(NotAllowed):
                VISIT_STEPS[step](visit, fresh(person))
        elif status not in old:
            with pytest.raises(InvalidTransition):
                VISIT_STEPS[step](visit, fresh(person))
        elif step != "delete":
            VISIT_STEPS[step](visit, fresh(person))
            assert Visit.objects.get(pk=visit.pk).status == new
    if step == "delete" and status in old:
        Visit.objects.filter(pk=cast.world.visit.pk).update(status=status)
        VISIT_STEPS[step](
            Visit.objects.select_related("unit").get(pk=cast.world.visit.pk), fresh(cast.people["planner"])
        )
        assert not Visit.objects.exists()
        assert not Checklist.objects.exists()


def test_a_visit_with_answers_is_not_deleted_only_cancelled(cast):
    cast.world.checklist.answers.filter(item__code="P.1.1.i.a").update(version=1)
    Visit.objects.update(status=VisitStatus.PLANNED)
    with pytest.raises(DomainError):
        visits.delete_visit(visit=cast.world.visit, by=fresh(cast.people["planner"]))
    assert Visit.objects.get().status == VisitStatus.PLANNED


def test_findings_are_handed_over_when_the_visit_is_done(cast):
    from supervisi.models import Finding

    world = cast.world
    finding = Finding.objects.create(
        number="T-1", unit=world.polsek, visit=world.visit, severity="severe", observation="Papan tarif tidak ada",
        owner_unit=world.polsek, owner_title="Kapolsek", created_by=world.leader,
    )  # fmt: skip
    assert not Finding.objects.visible_to(fresh(world.operator)).exists()
    visits.finish_visit(visit=world.visit, by=fresh(world.leader))
    assert Finding.objects.visible_to(fresh(world.operator)).get() == finding


# --- planning -------------------------------------------------------------------------------------------


def plan(cast, by="reviewer", **changes):
    world, people = cast.world, cast.people
    fields = {
        "unit": world.polsek,
        "period": world.period,
        "sprin_number": "Sprin/7",
        "starts_on": world.visit.starts_on,
        "ends_on": None,
        "team": visits.Team(fresh(people["leader"]), None, (fresh(people["member"]),)),
        "by": fresh(people[by]),
    } | changes
    return visits.plan_visit(**fields)


def test_a_second_visit_in_a_period_has_a_sheet_of_its_own(cast):
    visit = plan(cast)
    sheet = visit.checklists.get()
    assert sheet.answers.count() == 59
    assert not sheet.answers.filter(version__gt=0).exists()
    assert visit.assignments.count() == 17
    assert cast.world.visit.checklists.get() != sheet


def test_a_planner_need_not_be_of_the_team(cast):
    assert plan(cast).planned_by == cast.people["reviewer"]


@pytest.mark.parametrize("by", ["kapolres", "kapolsek", "auditor", "admin", "stranger", "bagren"])
def test_only_a_supervisor_above_plans(cast, by):
    with pytest.raises(NotAllowed):
        plan(cast, by=by)


def test_a_team_is_of_supervisors_above_the_unit(cast):
    with pytest.raises(DomainError):
        plan(cast, team=visits.Team(fresh(cast.people["leader"]), None, (fresh(cast.people["stranger"]),)))


def test_a_visit_lies_within_its_open_quarter(cast):
    import datetime

    from django.utils import timezone

    period = cast.world.period
    with pytest.raises(DomainError):
        plan(cast, starts_on=period.last_day + datetime.timedelta(days=1))
    with pytest.raises(DomainError):
        plan(cast, ends_on=period.first_day - datetime.timedelta(days=1))
    period.kind = PeriodKind.YEAR
    with pytest.raises(DomainError):
        plan(cast, period=period)
    period.kind, period.closed_at = PeriodKind.QUARTER, timezone.now()
    with pytest.raises(DomainError):
        plan(cast, period=period)


def test_a_member_who_leaves_stays_in_the_list_of_the_past(cast):
    world, people = cast.world, cast.people
    visits.change_visit(
        visit=Visit.objects.select_related("unit", "period").get(pk=world.visit.pk),
        sprin_number="Sprin/1",
        starts_on=world.visit.starts_on,
        ends_on=None,
        team=visits.Team(fresh(people["leader"]), None, ()),
        by=fresh(people["reviewer"]),
    )
    assert world.visit.members.filter(left_at__isnull=True).count() == 1
    assert world.visit.members.filter(left_at__isnull=False).count() == 2
    from supervisi.access import posting_to_write

    assert posting_to_write(fresh(people["member"]), world.reload()) is None


def test_an_ended_posting_ends_the_right_to_write_with_the_next_request(cast):
    from supervisi.access import posting_to_write
    from wbbm.organisasi.services.postings import end_posting

    member = cast.people["member"]
    assert posting_to_write(fresh(member), cast.world.reload()) is not None
    end_posting(posting=member.postings.get(), by=fresh(cast.people["admin"]))
    assert posting_to_write(fresh(member), cast.world.reload()) is None


def test_a_supervisor_never_writes_where_he_is_commander_or_operator_himself(cast):
    from supervisi.access import posting_to_write

    member = cast.people["member"]
    make_posting(member, cast.world.polsek, Role.OPERATOR)
    assert posting_to_write(fresh(member), cast.world.reload()) is None
