"""Sample sheets: drawn with a logged seed, changed with a reason until the visit begins, never scored."""

import pytest
from django.urls import reverse

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist, ChecklistScore, Layer, SampleDraw, SampleItem, Visit, VisitStatus
from supervisi.scoring.sampling import propose_sample
from supervisi.services import checklists, samples, visits
from supervisi.services.answers import save_operation
from supervisi.services.documents import why_not
from supervisi.services.operations import InvalidOperation
from supervisi.services.visits import Team
from tests.supervisi.dashboards import best_answers
from tests.supervisi.sheets import Counted, make_world, op
from tests.supervisi.test_follow_up import at_once, fresh
from tests.supervisi.test_right_of_reply import claim
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.jobs import services as jobs
from wbbm.organisasi.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world("sampel")


def planned(world):
    """Plan a visit that looks at a sample; return its sheet."""
    visit = visits.plan_visit(
        unit=world.polsek, period=world.period, sprin_number="Sprin/9/2026", starts_on=world.visit.starts_on,
        ends_on=None, team=Team(world.leader, None, tuple(world.members)), by=fresh(world.leader), is_sample=True,
    )  # fmt: skip
    return Checklist.objects.with_frame().get(visit=visit)


def due(sheet):
    return set(Answer.objects.filter(checklist=sheet, is_due=True).values_list("item__code", flat=True))


def change(sheet, code, is_in, by, reason="Diminta Kapolres"):
    samples.change_sample(checklist=sheet, item_code=code, is_in=is_in, reason=reason, by=fresh(by))


def an_item(sheet, is_in):
    rows = Answer.objects.filter(checklist=sheet, is_due=is_in).order_by("item__position")
    return rows.values_list("item__code", flat=True).first()


def test_a_planned_sample_is_drawn_with_a_seed_that_draws_it_again(world):
    own = claim(world)
    sheet = planned(world)
    made = SampleDraw.objects.get(checklist=sheet)
    engine = engine_instrument(world.instrument)
    again = propose_sample(engine, best_answers(engine), made.seed)
    assert sheet.is_sample
    assert own.layer == Layer.SELF
    assert due(sheet) == {each.item_code for each in again} == {row.item.code for row in made.items.all()}
    event = AuditEvent.objects.get(action="sample.drawn")
    assert (event.changes["seed"][1], event.actor) == (made.seed, world.leader)
    assert event.changes["items"][1] == [each.item_code for each in again]
    other = visits.plan_visit(
        unit=world.polsek, period=world.period, sprin_number="Sprin/10/2026", starts_on=world.visit.starts_on,
        ends_on=None, team=Team(world.leader, None, ()), by=fresh(world.leader),
    )  # fmt: skip
    assert not SampleDraw.objects.filter(checklist__visit=other).exists()


def test_items_come_in_and_go_out_with_a_reason_and_the_proposal_stays_readable(world):
    sheet = planned(world)
    out, inside = an_item(sheet, is_in=True), an_item(sheet, is_in=False)
    change(sheet, out, False, world.leader, "Sudah dilihat bulan lalu")
    change(sheet, inside, True, world.reviewer, "Ada keluhan warga")
    assert out not in due(sheet) and inside in due(sheet)
    rows = {row.item.code: row for row in SampleItem.objects.select_related("item")}
    assert (rows[out].is_in, rows[out].reason, rows[out].why != "added") == (False, "Sudah dilihat bulan lalu", True)
    assert (rows[inside].is_in, rows[inside].why, rows[inside].changed_by) == (True, "added", world.reviewer)
    assert AuditEvent.objects.get(action="sample.removed").reason == "Sudah dilihat bulan lalu"
    assert AuditEvent.objects.get(action="sample.added").changes["item"] == [None, inside]
    with pytest.raises(InvalidTransition):
        change(sheet, out, False, world.leader)
    change(sheet, out, True, world.leader)
    assert SampleItem.objects.get(item__code=out).why != "added"


def test_what_may_not_be_changed(world):
    sheet = planned(world)
    code = an_item(sheet, is_in=True)
    for who in ("operator", "commander", "auditor", "stranger"):
        with pytest.raises(NotAllowed):
            change(sheet, code, False, getattr(world, who))
    with pytest.raises(DomainError):
        change(sheet, code, False, world.leader, reason="")
    with pytest.raises(DomainError):
        change(sheet, "P.9.9", True, world.leader)
    with pytest.raises(DomainError, match="semua butir"):
        change(world.reload(), code, False, world.leader)
    Answer.objects.filter(checklist=sheet).exclude(item__code=code).update(is_due=False)
    with pytest.raises(DomainError, match="paling sedikit satu"):
        change(sheet, code, False, world.leader)
    visits.start_visit(visit=sheet.visit, by=fresh(world.leader))
    with pytest.raises(InvalidTransition):
        change(sheet, an_item(sheet, is_in=False), True, world.leader)
    assert due(sheet) == {code}


@pytest.mark.django_db(transaction=True)
def test_of_a_change_and_the_beginning_at_once_both_or_the_beginning_hold(world):
    sheet = planned(world)
    code = an_item(sheet, is_in=False)
    visit = Visit.objects.select_related("unit").get(pk=sheet.visit_id)
    leader = fresh(world.leader)
    outcomes = at_once(
        lambda: samples.change_sample(checklist=sheet, item_code=code, is_in=True, reason="Ada keluhan", by=leader),
        lambda: visits.start_visit(visit=visit, by=leader),
    )
    assert Visit.objects.get(pk=visit.pk).status == VisitStatus.ONGOING
    assert (code in due(sheet)) == (outcomes == ["won", "won"])


def test_only_drawn_items_are_filled_in_and_the_sheet_has_neither_score_nor_predicate(client, world):
    sheet = planned(world)
    visits.start_visit(visit=sheet.visit, by=fresh(world.leader))
    sheet = Checklist.objects.with_frame().get(pk=sheet.pk)
    outside = an_item(sheet, is_in=False)
    item = engine_instrument(world.instrument).item(outside)
    with pytest.raises(InvalidOperation, match="tidak termasuk"):
        save_operation(
            checklist=sheet, operation=op(outside, best_answers(engine_instrument(world.instrument))[item.code]),
            by=fresh(world.leader),
        )  # fmt: skip
    given = best_answers(engine_instrument(world.instrument))
    for code in due(sheet):
        answer = Answer.objects.filter(checklist=sheet, item__code=code)
        answer.update(version=1, value={"answer": given[code]}, is_answered=True)
    checklists.submit_checklist(checklist=sheet, by=fresh(world.leader))
    jobs.drain()
    score = ChecklistScore.objects.get(checklist=sheet)
    assert (score.predicates, score.due) == ({}, len(due(sheet)))
    client.force_login(fresh(world.reviewer), backend="wbbm.organisasi.auth.PostingBackend")
    page = client.get(sheet.get_absolute_url()).content.decode()
    assert "tidak mempunyai nilai dan predikat" in page
    assert "Siap mendukung" not in page
    area = next(item.area_key for item in engine_instrument(world.instrument).items if item.code in due(sheet))
    shown = client.get(reverse("supervisi:checklist-area", args=[sheet.pk, area])).context["page"]
    assert not shown.shows_score
    handed_in = Checklist.objects.with_frame().get(pk=sheet.pk)
    assert "tidak mempunyai nilai" in why_not("report", visit=None, checklist=handed_in)


def test_by_the_pages(client, world):
    client.force_login(fresh(world.leader), backend="wbbm.organisasi.auth.PostingBackend")
    form = {
        "sprin_number": "Sprin/12/2026", "starts_on": world.visit.starts_on.isoformat(), "is_sample": "on",
        "team_leader": world.leader.pk,
    }  # fmt: skip
    add = reverse("supervisi:visit-add", args=[world.polsek.pk])
    # The leader is at the station already: he is warned first.
    form["dilihat"] = client.post(add, form).context["seen"]
    assert client.post(add, form).status_code == 302
    sheet = Checklist.objects.with_frame().get(visit__sprin_number="Sprin/12/2026")
    url = reverse("supervisi:sample", args=[sheet.pk])
    # The first page also shows, and so uses up, the message of the planning.
    client.get(url)
    with Counted() as counted:
        page = client.get(url)
    assert len(counted.statements) == 7
    assert SampleDraw.objects.get().seed in page.content.decode()
    code = an_item(sheet, is_in=False)
    assert client.post(url, {"item": f"+{code}", "text": ""}).status_code == 422
    assert client.post(url, {"item": f"-{code}", "text": "Ada keluhan"}).status_code == 422
    assert client.post(url, {"item": f"+{code}", "text": "Ada keluhan"}).status_code == 302
    assert "Ada keluhan" in client.get(url).content.decode()
    assert client.get(reverse("supervisi:sample", args=[world.checklist.pk])).status_code == 404
