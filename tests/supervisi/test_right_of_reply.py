"""The right of reply: its round, who may take which step in which state, and what a decision changes."""

import datetime
import re
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Answer,
    AnswerRevision,
    Checklist,
    ChecklistScore,
    ChecklistStatus,
    Document,
    Layer,
    Reply,
    ReplyFile,
    ReplyRound,
    ReplyStatus,
    Visit,
    VisitStatus,
)
from supervisi.pages import replies, visit_list
from supervisi.services import checklists, reply_notices, reply_rounds, reply_steps
from supervisi.services.closing import close_period
from supervisi.services.reply_steps import TRANSITIONS
from tests.factories import make_person, make_posting
from tests.supervisi.dashboards import best_answers, worst_letter
from tests.supervisi.sheets import LETTER, OTHER_AREA, Counted, make_world
from tests.supervisi.test_follow_up import ROUNDS, at_once, fresh, photo
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.files.models import StoredFile
from wbbm.jobs import services as jobs
from wbbm.notices.models import Notice
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import AuditEvent, Holiday, Role, Unit

pytestmark = pytest.mark.django_db
DOCUMENT = (Path(__file__).resolve().parents[2] / "docs/alur-status.md").read_text()
TODAY = datetime.date.today
WORDS = "Buktinya ada pada hari kunjungan."


@pytest.fixture
def world():
    return make_world("jawab")


def fill(sheet, **changes):
    """Give a sheet the best answers, some changed."""
    given = best_answers(engine_instrument(sheet.instrument)) | changes
    for answer in Answer.objects.filter(checklist=sheet).select_related("item"):
        Answer.objects.filter(pk=answer.pk).update(
            version=1, value={"answer": given[answer.item.code], "note": "Belum ada."}, is_answered=True
        )


def claim(world, **changes):
    """Hand in the unit's own sheet."""
    own = checklists.create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, by=world.operator
    )
    fill(own, **changes)
    return checklists.submit_checklist(checklist=Checklist.objects.with_frame().get(pk=own.pk), by=world.operator)


def disclosed(world, *codes, is_claimed=True):
    """Disclose the team's sheet with the items marked down; return its round."""
    if is_claimed:
        claim(world)
    engine = engine_instrument(world.instrument)
    fill(world.checklist, **{code: worst_letter(engine, code) for code in codes or (LETTER, OTHER_AREA)})
    Checklist.objects.filter(pk=world.checklist.pk).update(
        status=ChecklistStatus.REVIEWED, reviewed_by=world.reviewer, submitted_by=world.leader
    )
    world.end_visit()
    checklists.disclose_checklist(checklist=world.reload(), by=fresh(world.commander))
    return running(world)


def running(world):
    return ReplyRound.objects.with_frame().filter(checklist=world.checklist).first()


def reply_of(world, code=LETTER):
    return Reply.objects.with_frame().get(round__checklist=world.checklist, item__code=code)


def put(reply, status, by=None):
    Reply.objects.filter(pk=reply.pk).update(status=status, replied_by=by)
    return Reply.objects.with_frame().get(pk=reply.pk)


def end(world, **changes):
    """Let the last day of the round lie behind."""
    ReplyRound.objects.update(due_on=TODAY() - datetime.timedelta(days=3), **changes)


STEPS = {
    "reply": lambda reply, by: reply_steps.send_reply(reply=reply, text=WORDS, uploads=[], by=by),
    "withdraw": lambda reply, by: reply_steps.withdraw_reply(reply=reply, reason="Salah butir", by=by),
    "uphold": lambda reply, by: reply_steps.uphold_value(reply=reply, reason="Bukti sesudahnya", by=by),
    "change": lambda reply, by: reply_steps.change_value(reply=reply, answer="A", reason="Bukti cukup", by=by),
}


# --- the round opens ------------------------------------------------------------------------------------


def test_a_round_opens_for_the_items_worth_less_than_claimed(world):
    claim(world, **{OTHER_AREA: "E"})
    engine = engine_instrument(world.instrument)
    opened = disclosed(world, LETTER, OTHER_AREA, is_claimed=False)
    # The unit itself claimed nothing for the other item.
    assert [reply.item.code for reply in opened.replies.select_related("item")] == [LETTER]
    reply = reply_of(world)
    assert (reply.claimed, reply.found, reply.status) == ("A", worst_letter(engine, LETTER), "open")
    fallen = 100 * 10**10 - ChecklistScore.objects.get(checklist=computed(world)).complete
    assert 0 < reply.points < fallen


def computed(world):
    jobs.drain()
    return world.reload()


def test_without_a_sheet_of_its_own_the_unit_may_answer_whatever_is_below_full(world):
    opened = disclosed(world, LETTER, OTHER_AREA, is_claimed=False)
    assert {reply.item.code for reply in opened.replies.select_related("item")} == {LETTER, OTHER_AREA}
    assert {reply.claimed for reply in opened.replies.all()} == {None}
    page = replies.read_round(world.reload(), fresh(world.commander))
    assert "tidak menyerahkan penilaian sendiri" in page.why


def test_where_nothing_was_marked_down_there_is_no_round_and_the_sheet_becomes_final(world):
    claim(world)
    fill(world.checklist)
    Checklist.objects.filter(pk=world.checklist.pk).update(status=ChecklistStatus.REVIEWED)
    world.end_visit()
    sheet = checklists.disclose_checklist(checklist=world.reload(), by=fresh(world.commander))
    assert not ReplyRound.objects.exists()
    assert checklists.finalise_checklist(checklist=sheet, by=fresh(world.commander)).is_final


def test_the_last_day_is_five_working_days_of_the_unit_away(world):
    ahead = (TODAY() + datetime.timedelta(days=number) for number in range(1, 40))
    working = [day for day in ahead if day.weekday() < 5]
    Holiday.objects.create(day=working[0], name="Libur uji", unit=world.polres)
    assert disclosed(world).due_on == working[5]
    told = Notice.objects.get(person=world.operator, kind="result", key__startswith="reply-")
    assert told.url == reverse("supervisi:reply-round", args=[world.checklist.pk])
    assert "2 butir" in told.text


# --- states ---------------------------------------------------------------------------------------------


def table():
    """Return the table of replies: step → (old state, new state, who)."""
    part = DOCUMENT.split("## Hak jawab\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines()]
    return {row[0]: tuple(row[1:]) for row in rows if len(row) == 4 and re.fullmatch(r"[a-z]+", row[0])}


WHO = {
    "pimpinan atau operator satuan": {"operator"},
    "ketua tim, wakil, atau supervisor bukan tim; bukan yang menjawab": {"leader", "deputy", "reviewer"},
}
PARTS = ("operator", "leader", "deputy", "member", "reviewer", "commander", "auditor", "stranger", "admin", "bagren")


def cast(world):
    people = {name: getattr(world, name) for name in ("operator", "leader", "reviewer", "commander", "auditor")}
    deputy, member = world.members[:2]
    Visit.objects.filter(pk=world.visit.pk).update(deputy=deputy)
    return people | {
        "deputy": deputy,
        "member": member,
        "stranger": world.stranger,
        "admin": make_person(world.polres, Role.ADMIN),
        "bagren": make_person(world.polres, Role.OPERATOR),
    }


def test_the_table_names_every_transition():
    assert {step: (old, new) for step, (old, new, _) in table().items()} == {
        name: (step.old, step.new) for name, step in TRANSITIONS.items()
    }


@pytest.mark.parametrize("step", sorted(TRANSITIONS))
def test_every_part_in_every_state_takes_exactly_the_steps_of_the_table(world, step):
    disclosed(world)
    people = cast(world)
    assert set(people) == set(PARTS)
    old, new, who = table()[step]
    for status in ReplyStatus.values:
        for part, person in people.items():
            sid = transaction.savepoint()
            reply = put(reply_of(world), status)
            try:
                STEPS[step](reply, fresh(person))
                outcome = Reply.objects.get(pk=reply.pk).status
            except NotAllowed:
                outcome = "not allowed"
            except InvalidTransition:
                outcome = "wrong state"
            wanted = "not allowed" if part not in WHO[who] else new if status == old else "wrong state"
            assert outcome == wanted, f"{part}, {status}, {step}"
            transaction.savepoint_rollback(sid)


def test_whoever_replied_never_decides(world):
    disclosed(world)
    STEPS["reply"](reply_of(world), fresh(world.operator))
    world.operator.postings.update(ends_on=TODAY() - datetime.timedelta(days=1))
    make_posting(world.operator, world.polres, Role.SUPERVISOR)
    for step in ("uphold", "change"):
        with pytest.raises(NotAllowed):
            STEPS[step](reply_of(world), fresh(world.operator))


@pytest.mark.parametrize("step", ["reply", "withdraw"])
@pytest.mark.parametrize("how", ["late", "waived", "closed"])
def test_after_the_round_the_unit_takes_no_step(world, step, how):
    disclosed(world)
    put(reply_of(world), TRANSITIONS[step].old)
    now = {"waived": {"waived_at": world.visit.planned_at}, "closed": {"closed_at": world.visit.planned_at}}
    ReplyRound.objects.update(**now[how]) if how in now else end(world)
    with pytest.raises(InvalidTransition, match="berakhir"):
        STEPS[step](reply_of(world), fresh(world.operator))
    assert Reply.objects.get(pk=reply_of(world).pk).status == TRANSITIONS[step].old


def test_after_the_last_day_an_open_item_is_unanswered_and_waits_for_nobody(client, world):
    disclosed(world, LETTER)
    login(client, world.operator)
    pages = (reverse("supervisi:reply-round", args=[world.checklist.pk]), reply_of(world).get_absolute_url())
    for is_over in (False, True):
        for page in pages:
            said = client.get(page).content.decode()
            assert ("Menunggu satuan" in said, "Tidak dijawab" in said) == (not is_over, is_over)
        end(world)


def test_a_late_decision_is_still_taken(world):
    disclosed(world)
    STEPS["reply"](reply_of(world), fresh(world.operator))
    end(world)
    assert STEPS["uphold"](reply_of(world), fresh(world.leader)).status == "upheld"


# --- what a step leaves behind -----------------------------------------------------------------------------


def test_a_changed_value_is_a_revision_with_author_and_reason_and_moves_the_score(world):
    disclosed(world)
    before = ChecklistScore.objects.get(checklist=computed(world)).complete
    reply = reply_of(world)
    STEPS["reply"](reply, fresh(world.operator))
    changed = STEPS["change"](reply_of(world), fresh(world.reviewer))
    assert (changed.changed_to, changed.decision, changed.decided_by) == ("A", "Bukti cukup", world.reviewer)
    answer = world.answer()
    assert (answer.version, answer.value["answer"], answer.value["note"]) == (2, "A", "Belum ada.")
    revision = AnswerRevision.objects.get(answer=answer)
    assert (revision.author, revision.posting.user, revision.base_version, revision.new_version) == (
        world.reviewer, world.reviewer, 1, 2,
    )  # fmt: skip
    assert revision.reply["reason"] == "Bukti cukup"
    event = AuditEvent.objects.get(action="reply.change")
    assert (event.reason, event.changes["answer"], event.actor) == ("Bukti cukup", ["D", "A"], world.reviewer)
    assert ChecklistScore.objects.get(checklist=computed(world)).complete == before + reply.points
    assert world.reload().status == ChecklistStatus.DISCLOSED


@pytest.mark.parametrize(("step", "status"), [("change", "superseded"), ("uphold", "ready")])
def test_a_report_of_before_is_replaced_when_a_value_moves_and_only_then(world, step, status):
    sheet = disclosed(world).checklist
    facts = {"unit": world.polsek, "visit": world.visit, "checklist": sheet, "requested_by": world.leader}
    papers = [
        Document.objects.create(kind=kind, number=kind, subject=f"sheet:{sheet.pk}", status="ready", **facts)
        for kind in ("report", "minutes")
    ]
    put(reply_of(world), "replied")
    STEPS[step](reply_of(world), fresh(world.reviewer))
    assert [Document.objects.get(pk=paper.pk).status for paper in papers] == [status, "ready"]


def test_an_open_round_is_on_the_printed_list_of_the_unit_until_all_is_answered(client, world):
    disclosed(world, LETTER)
    login(client, world.operator)
    page = reverse("supervisi:unit-tasks", args=[world.polsek.pk])
    assert "1 butir belum dijawab" in client.get(page).content.decode()
    STEPS["reply"](reply_of(world), fresh(world.operator))
    assert "belum dijawab" not in client.get(page).content.decode()


@pytest.mark.parametrize("answer", ["D", "Z", "", None, {"x": 1}])
def test_a_value_is_changed_to_a_better_one_only(world, answer):
    disclosed(world)
    put(reply_of(world), "replied")
    with pytest.raises(DomainError):
        reply_steps.change_value(reply=reply_of(world), answer=answer, reason="Bukti cukup", by=fresh(world.leader))
    assert reply_of(world).status == "replied"
    assert not AnswerRevision.objects.exists()


def test_a_reply_may_be_taken_back_and_its_files_go_with_it(world):
    disclosed(world)
    reply_steps.send_reply(reply=reply_of(world), text=WORDS, uploads=[photo()], by=fresh(world.operator))
    assert ReplyFile.objects.visible_to(fresh(world.reviewer)).count() == 1
    STEPS["withdraw"](reply_of(world), fresh(world.operator))
    assert (reply_of(world).text, reply_of(world).replied_by) == ("", None)
    assert not ReplyFile.objects.visible_to(fresh(world.reviewer)).exists()
    event = AuditEvent.objects.get(action="reply.withdraw")
    assert (event.reason, event.changes["text"]) == ("Salah butir", [WORDS, ""])
    assert ReplyFile.objects.get(reply=reply_of(world)).withdrawn_at is not None


def test_the_words_that_were_taken_back_are_those_of_that_moment(world):
    disclosed(world)
    STEPS["reply"](reply_of(world), fresh(world.operator))
    read_before = reply_of(world)
    Reply.objects.filter(pk=read_before.pk).update(text="Kata-kata yang lebih baru.")
    STEPS["withdraw"](read_before, fresh(world.operator))
    assert AuditEvent.objects.get(action="reply.withdraw").changes["text"] == ["Kata-kata yang lebih baru.", ""]


@pytest.mark.parametrize("text", ["", " a ", "x" * 4001, "a\x00bcd"])
def test_unusable_words_are_refused_and_keep_no_file(world, text):
    disclosed(world)
    with pytest.raises(DomainError):
        reply_steps.send_reply(reply=reply_of(world), text=text, uploads=[photo()], by=fresh(world.operator))
    put(reply_of(world), "replied")
    with pytest.raises(DomainError):
        reply_steps.uphold_value(reply=reply_of(world), reason=text, by=fresh(world.reviewer))
    assert not StoredFile.objects.exists()


def test_each_step_tells_whose_turn_it_is(world):
    disclosed(world)
    STEPS["reply"](reply_of(world), fresh(world.operator))
    url = reply_of(world).get_absolute_url()
    assert set(Notice.objects.filter(url=url).values_list("person", flat=True)) == {world.leader.pk, world.reviewer.pk}
    STEPS["uphold"](reply_of(world), fresh(world.reviewer))
    assert set(Notice.objects.unread().filter(url=url).values_list("person", flat=True)) == {world.operator.pk}


def test_the_clock_tells_of_the_last_day_and_of_what_waits_afterwards_once(world):
    disclosed(world)
    Notice.objects.all().delete()
    ReplyRound.objects.update(due_on=TODAY())
    for _ in range(2):
        reply_notices.daily("Asia/Jakarta", TODAY())
    assert [(notice.person, "2 butir" in notice.text) for notice in Notice.objects.all()] == [(world.operator, True)]
    end(world)
    reply_notices.daily("Asia/Jakarta", TODAY())
    assert Notice.objects.filter(person=world.commander, text__contains="dapat difinalkan").count() == 1
    put(reply_of(world), "replied")
    end(world)
    reply_notices.daily("Asia/Jakarta", TODAY() + datetime.timedelta(days=1))
    assert Notice.objects.filter(person=world.leader, text__contains="menunggu keputusan").count() == 1


# --- the end of the round ----------------------------------------------------------------------------------


def finalise(world):
    return checklists.finalise_checklist(checklist=world.reload(), by=fresh(world.commander))


def test_the_sheet_becomes_final_once_the_round_is_over_and_all_is_decided(world):
    disclosed(world)
    STEPS["reply"](reply_of(world), fresh(world.operator))
    with pytest.raises(InvalidTransition, match="masih berjalan"):
        finalise(world)
    end(world)
    with pytest.raises(InvalidTransition, match="1 jawaban satuan belum diputuskan"):
        finalise(world)
    assert running(world).closed_at is None
    STEPS["uphold"](reply_of(world), fresh(world.reviewer))
    assert finalise(world).is_final
    assert running(world).closed_at is not None
    assert AuditEvent.objects.filter(action="reply-round.closed", actor=world.commander).count() == 1
    for step in ("reply", "change"):
        put(reply_of(world), TRANSITIONS[step].old)
        with pytest.raises(InvalidTransition):
            STEPS[step](reply_of(world), fresh(world.operator if step == "reply" else world.reviewer))


def test_the_units_commander_ends_the_round_early(world):
    opened = disclosed(world)
    for who in (make_person(world.polsek, Role.OPERATOR), fresh(world.reviewer), fresh(world.commander)):
        with pytest.raises(NotAllowed):
            reply_rounds.waive_round(running=opened, by=who)
    reply_rounds.waive_round(running=opened, by=fresh(world.operator))
    with pytest.raises(InvalidTransition):
        reply_rounds.waive_round(running=opened, by=fresh(world.operator))
    assert Notice.objects.filter(person=world.commander, text__contains="mengakhiri").count() == 1
    assert finalise(world).is_final


def test_more_time_is_an_event_with_reason_and_author(world):
    opened = disclosed(world)
    old = opened.due_on
    reply_rounds.extend_round(running=opened, days=3, reason="Kapolsek berganti", by=fresh(world.commander))
    assert running(world).due_on > old
    event = AuditEvent.objects.get(action="reply-round.extended")
    assert (event.reason, event.changes["due_on"][0], event.actor) == ("Kapolsek berganti", str(old), world.commander)
    end(world)
    reply_rounds.extend_round(running=running(world), days=1, reason="Sekali lagi", by=fresh(world.leader))
    assert running(world).due_on > TODAY()


@pytest.mark.parametrize("who", ["operator", "auditor", "stranger"])
def test_only_who_decides_or_commands_above_gives_more_time(world, who):
    opened = disclosed(world)
    with pytest.raises(NotAllowed):
        reply_rounds.extend_round(running=opened, days=3, reason="Ingin lebih lama", by=fresh(getattr(world, who)))


@pytest.mark.parametrize(("days", "reason"), [(0, "Alasan baik"), (61, "Alasan baik"), (3, "")])
def test_more_time_has_its_limits(world, days, reason):
    opened = disclosed(world)
    with pytest.raises(DomainError):
        reply_rounds.extend_round(running=opened, days=days, reason=reason, by=fresh(world.leader))
    assert running(world).due_on == opened.due_on


def test_a_sheet_that_is_opened_again_gets_a_new_round(world):
    disclosed(world)
    end(world)
    finalise(world)
    sheet = checklists.request_reopening(checklist=world.reload(), by=fresh(world.leader), reason="Salah hitung")
    checklists.approve_reopening(checklist=sheet, by=fresh(world.commander))
    disclosed(world, LETTER, is_claimed=False)
    assert ReplyRound.objects.count() == 2
    assert running(world).replies.count() == 1


# --- a closed period ------------------------------------------------------------------------------------------


def close(world):
    admin = make_person(world.polres, Role.ADMIN)
    close_period(period=world.period, by=admin)
    jobs.drain()


def test_a_round_that_runs_when_its_period_is_closed_goes_on_to_its_end(world):
    disclosed(world)
    close(world)
    assert Checklist.objects.get(layer=Layer.SELF).is_final
    assert (world.reload().status, running(world).closed_at) == ("disclosed", None)
    STEPS["reply"](reply_of(world), fresh(world.operator))
    reply_rounds.extend_round(running=running(world), days=2, reason="Banjir di Senori", by=fresh(world.leader))
    before = ChecklistScore.objects.get(checklist=computed(world)).complete
    assert STEPS["change"](reply_of(world), fresh(world.reviewer)).status == "changed"
    assert ChecklistScore.objects.get(checklist=computed(world)).complete > before
    end(world)
    assert finalise(world).is_final
    assert running(world).closed_at is not None
    with pytest.raises(DomainError, match="sudah ditutup"):
        checklists.request_reopening(checklist=world.reload(), by=fresh(world.leader), reason="Salah hitung")


def test_a_sheet_handed_in_goes_on_after_its_period_is_closed_but_never_back(client, world):
    claim(world)
    engine = engine_instrument(world.instrument)
    fill(world.checklist, **{LETTER: worst_letter(engine, LETTER)})
    sheet = checklists.submit_checklist(checklist=world.reload(), by=fresh(world.leader))
    world.end_visit()
    login(client, world.reviewer)
    assert "Kembalikan lembar" in client.get(sheet.get_absolute_url()).content.decode()
    close(world)
    said = client.get(sheet.get_absolute_url()).content.decode()
    assert "Kembalikan lembar" not in said
    assert "Nyatakan sudah ditinjau" in said
    with pytest.raises(DomainError, match="tidak dapat lagi diserahkan satuan, dikembalikan, atau dibuka kembali"):
        checklists.return_checklist(checklist=sheet, by=fresh(world.reviewer), reason="Foto kurang jelas")
    sheet = checklists.review_checklist(checklist=world.reload(), by=fresh(world.reviewer))
    sheet = checklists.disclose_checklist(checklist=sheet, by=fresh(world.commander))
    assert (sheet.status, running(world).replies.count()) == ("disclosed", 1)


def test_a_units_own_draft_offers_no_step_once_its_period_is_closed(client, world):
    own = checklists.create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, by=world.operator
    )
    login(client, world.operator)
    assert "Serahkan lembar</button>" in client.get(own.get_absolute_url()).content.decode()
    close(world)
    said = client.get(own.get_absolute_url()).content.decode()
    assert "Serahkan lembar</button>" not in said
    assert "tidak dapat diserahkan lagi" in said


# --- the unit's own sheet ------------------------------------------------------------------------------------


def test_the_unit_withdraws_its_sheet_with_a_reason_until_the_team_begins(world):
    Visit.objects.update(status=VisitStatus.PLANNED)
    own = claim(world)
    back = checklists.return_checklist(checklist=own, by=fresh(world.operator), reason="Salah angka")
    assert back.is_draft
    event = AuditEvent.objects.get(action="checklist.withdraw")
    assert (event.reason, event.actor) == ("Salah angka", world.operator)
    own = checklists.submit_checklist(checklist=back, by=fresh(world.operator))
    Visit.objects.update(status=VisitStatus.ONGOING)
    with pytest.raises(InvalidTransition, match="dibekukan"):
        checklists.return_checklist(checklist=own, by=fresh(world.operator), reason="Salah angka")
    assert not Checklist.objects.get(pk=own.pk).is_draft
    back = checklists.return_checklist(checklist=own, by=fresh(world.reviewer), reason="Salah periode")
    assert AuditEvent.objects.get(action="checklist.return").reason == "Salah periode"


# --- whose turn it is ---------------------------------------------------------------------------------------


def whose_turn(world):
    """Return in whose list the visit waits."""
    people = cast(world)
    found = set()
    for name, person in people.items():
        listed = visit_list.read_visits(fresh(person), chosen=visit_list.WAITING)
        assert listed.waiting == len(listed.lines)
        found |= {name} if listed.waiting else set()
    return found


def test_the_list_of_visits_says_who_decides_and_when_the_sheet_may_be_made_final(world):
    disclosed(world)
    assert whose_turn(world) == set()
    STEPS["reply"](reply_of(world), fresh(world.operator))
    assert whose_turn(world) == {"leader", "deputy", "reviewer"}
    end(world)
    assert whose_turn(world) == {"leader", "deputy", "reviewer"}
    STEPS["uphold"](reply_of(world), fresh(world.reviewer))
    assert whose_turn(world) == {"commander"}
    ReplyRound.objects.update(due_on=TODAY() + datetime.timedelta(days=2))
    assert whose_turn(world) == set()
    reply_rounds.waive_round(running=running(world), by=fresh(world.operator))
    assert whose_turn(world) == {"commander"}
    finalise(world)
    put(reply_of(world), "replied")
    assert whose_turn(world) == set()


def test_a_reply_never_waits_for_whoever_wrote_it(world):
    disclosed(world)
    put(reply_of(world), "replied", by=world.reviewer)
    assert whose_turn(world) == {"leader", "deputy"}


@pytest.mark.parametrize(("zone", "is_over"), [("Asia/Jakarta", False), ("Asia/Jayapura", True)])
def test_the_last_day_is_the_units_own_in_the_list_as_on_the_page(world, monkeypatch, zone, is_over):
    """At 23:30 in Jakarta the day is over in Jayapura already."""
    disclosed(world)
    Unit.objects.filter(pk=world.polsek.pk).update(time_zone=zone)
    late = datetime.datetime.combine(TODAY(), datetime.time(16, 30), datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: late)
    ReplyRound.objects.update(due_on=TODAY())
    assert reply_rounds.is_holding_back(running(world), 0, local_day(running(world).checklist.unit)) is not is_over
    assert reply_rounds.rounds_holding_back().exists() is not is_over


# --- two at once ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("status", "first", "second"), [("open", "reply", "reply"), ("replied", "uphold", "change")])
def test_of_two_at_once_exactly_one_wins_in_each_of_fifty_rounds(world, status, first, second):
    disclosed(world)
    colleague = make_person(world.polsek, Role.OPERATOR)
    one, other = (world.operator, colleague) if status == "open" else (world.reviewer, world.leader)
    one, other = fresh(one), fresh(other)
    for _ in range(ROUNDS):
        reply = put(reply_of(world), status)
        Answer.objects.filter(pk=world.answer().pk).update(value={"answer": "D"})
        rival = reply_of(world)
        acts = (lambda r=reply: STEPS[first](r, one), lambda r=rival: STEPS[second](r, other))
        assert at_once(*acts) == ["InvalidTransition", "won"]


@pytest.mark.django_db(transaction=True)
def test_a_last_reply_and_finalising_never_both_pass_in_fifty_rounds(world):
    disclosed(world)
    by, head = fresh(world.operator), fresh(world.commander)
    for _ in range(ROUNDS):
        ReplyRound.objects.update(closed_at=None, waived_at=None)
        reply, sheet, opened = put(reply_of(world), "open"), world.reload(), running(world)

        def end_and_close(sheet=sheet, opened=opened):
            reply_rounds.waive_round(running=opened, by=by)
            with transaction.atomic():
                # What finalising does first; the sheet itself can't be brought back from final fifty times.
                reply_rounds.close_round(sheet, by=head, posting=head.scope.postings[0])

        at_once(lambda r=reply: STEPS["reply"](r, by), end_and_close)
        is_waiting = Reply.objects.get(pk=reply.pk).status == "replied"
        assert (running(world).closed_at is None) == is_waiting


# --- pages ---------------------------------------------------------------------------------------------------


def login(client, user):
    client.force_login(fresh(user), backend="wbbm.organisasi.auth.PostingBackend")


def test_the_whole_way_by_the_pages(client, world):
    opened = disclosed(world)
    login(client, world.operator)
    assert "Hak jawab yang berjalan" in client.get(reverse("supervisi:todo")).content.decode()
    assert "2 butir" in client.get(opened.get_absolute_url()).content.decode()
    reply = reply_of(world)
    step = {name: reverse("supervisi:reply-step", args=[reply.pk, name]) for name in TRANSITIONS}
    assert client.post(step["reply"], {"text": ""}).status_code == 422
    assert client.post(step["reply"], {"text": WORDS, "photos": photo()}).status_code == 302
    assert b"".join(client.get(reverse("files:download", args=[StoredFile.objects.get().pk]))).startswith(b"\xff\xd8")
    assert client.post(step["uphold"], {"text": "Saya sendiri"}).status_code == 403
    login(client, world.reviewer)
    page = client.get(reply.get_absolute_url()).content.decode()
    assert WORDS in page and "Nilai diubah" in page
    assert client.post(step["change"], {"answer": "", "text": "Bukti cukup"}).status_code == 422
    assert client.post(step["change"], {"answer": "B", "text": "Bukti cukup"}).status_code == 302
    assert client.post(step["uphold"], {"text": "Terlambat"}).status_code == 409
    history = client.get(reverse("supervisi:answer-history", args=[world.checklist.pk, LETTER])).content.decode()
    assert "Diubah atas hak jawab satuan: Bukti cukup" in history
    login(client, world.operator)
    assert client.post(reverse("supervisi:reply-round-step", args=[world.checklist.pk, "waive"])).status_code == 302
    login(client, world.commander)
    assert "Finalkan" in client.get(world.checklist.get_absolute_url()).content.decode()


def test_while_the_round_runs_nobody_is_offered_to_finalise(client, world):
    disclosed(world)
    login(client, world.commander)
    said = client.get(world.checklist.get_absolute_url()).content.decode()
    assert "Difinalkan setelah hak jawab selesai" in said
    assert ">Finalkan<" not in said
    step = reverse("supervisi:checklist-step", args=[world.checklist.pk, "finalise"])
    answer = client.post(
        step, follow=True, headers={"referer": f"http://testserver{world.checklist.get_absolute_url()}"}
    )
    assert "masih berjalan" in answer.content.decode()


def test_before_disclosed_the_unit_finds_neither_round_nor_reply(client, world):
    opened = disclosed(world)
    reply = reply_of(world)
    Checklist.objects.filter(pk=world.checklist.pk).update(status=ChecklistStatus.REVIEWED)
    login(client, world.operator)
    for url in (opened.get_absolute_url(), reply.get_absolute_url()):
        assert client.get(url).status_code == 404
    assert "Hak jawab" not in client.get(reverse("supervisi:todo")).content.decode()


def test_the_pages_read_a_fixed_number_of_queries(client, world):
    disclosed(world, LETTER)
    login(client, world.reviewer)

    def counts():
        found = []
        for url in (running(world).get_absolute_url(), reply_of(world).get_absolute_url()):
            with Counted() as counted:
                assert client.get(url).status_code == 200
            found.append(len(counted.statements))
        return found

    counts()
    few = counts()
    Reply.objects.all().delete()
    ReplyRound.objects.all().delete()
    Checklist.objects.filter(pk=world.checklist.pk).update(status=ChecklistStatus.REVIEWED)
    codes = [item.code for item in engine_instrument(world.instrument).items if item.options][:20]
    disclosed(world, *codes, is_claimed=False)
    assert running(world).replies.count() == 20
    assert counts() == few == [7, 7]
