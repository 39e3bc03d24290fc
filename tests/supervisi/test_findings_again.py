"""The same weakness again, points at stake, whose a finding is, how far a late one goes up, and lists."""

import datetime
import random

import pytest
from django.urls import reverse

from supervisi.documents.reading import read_sheet_content, read_visit_content
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Finding, FindingEvent, Visit, VisitStatus
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.instrument import TOTAL
from supervisi.scoring.rounding import to_units
from supervisi.scoring.stakes import better_options, points_at_stake, raised
from supervisi.services.answers import save_operation
from supervisi.services.checklists import LockedChecklist, create_checklist
from supervisi.services.findings import mark_still_good, record_finding, record_free_finding
from supervisi.services.instruments import load_instrument
from supervisi.services.owners import ESCALATE_AFTER, escalated_path, escalation, responsible_people
from supervisi.services.scores import compute_checklist_score
from supervisi.services.stakes import refresh_stakes
from supervisi.services.visits import finish_visit
from tests.factories import make_person
from tests.supervisi.sheets import LETTER, OTHER_AREA, Counted, make_world, op
from tests.supervisi.test_follow_up import find, fresh, login, photo, put, reload, told
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.models import Holiday, Posting, Role
from wbbm.organisasi.working_days import WorkCalendar, read_calendar

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world("senori")


# --- points at stake --------------------------------------------------------------------------------------


def random_sheet(instrument, seed):
    """Answer about nine items in ten, each in its own form."""
    dice = random.Random(seed)
    answers = {}
    for item in instrument.items:
        if dice.random() < 0.1:
            continue
        if item.options:
            answers[item.code] = dice.choice(item.options).code
        elif item.inputs:
            answers[item.code] = {entry.key: dice.randrange(0, 9) for entry in item.inputs}
        else:
            answers[item.code] = f"{dice.randrange(0, 400) / 100:.2f}"
    return answers


@pytest.mark.parametrize("code", ["polsek-2026", "lke-2021"])
def test_points_are_what_the_score_gains_when_the_option_is_raised(code):
    row, _ = load_instrument(code)
    instrument = engine_instrument(row)
    seen = set()
    for seed in range(25):
        answers = random_sheet(instrument, seed)
        before = to_units(score_sheet(instrument, answers).complete[TOTAL])
        for item in random.Random(seed).sample(list(instrument.items), 8):
            raw = answers.get(item.code)
            for option in ("", *better_options(item, raw)):
                better = raised(item, raw, option)
                points = points_at_stake(instrument, answers, item.code, option)
                if better is None:
                    assert points is None
                    continue
                after = to_units(score_sheet(instrument, {**answers, item.code: better}).complete[TOTAL])
                assert points == after - before > 0
                seen.add(item.scale)
                if option:
                    assert better == option
    assert len(seen) >= 3


def test_a_number_is_raised_to_all_of_its_points():
    instrument = engine_instrument(load_instrument("lke-2021")[0])
    for item in instrument.items:
        if item.inputs:
            raw = {entry.key: 3 for entry in item.inputs}
            better = raised(item, raw)
            if better is not None:
                assert score_sheet(instrument, {item.code: better}).item_values[item.code] == 1
        elif item.formula is not None:
            assert raised(item, "2.50") == str(item.formula.maximum)


def test_the_stored_points_equal_the_change_of_the_stored_score(world):
    save_operation(checklist=world.reload(), operation=op(answer="D"), by=world.leader)
    finding = find(world)
    before = compute_checklist_score(world.reload()).complete
    assert (finding.option_code, finding.target_option) == ("D", "C")
    save_operation(checklist=world.reload(), operation=op(answer="C", base=1), by=world.leader)
    assert finding.points == compute_checklist_score(world.reload()).complete - before > 0


def test_points_follow_the_answers_and_another_option_may_be_named(world):
    save_operation(checklist=world.reload(), operation=op(answer="D"), by=world.leader)
    finding = find(world, target_option="A")
    assert finding.target_option == "A"
    assert finding.points > find(world).points
    save_operation(checklist=world.reload(), operation=op(answer="A", base=1), by=world.leader)
    refresh_stakes(world.reload())
    assert (reload(finding).target_option, reload(finding).points) == ("", None)


# --- the same weakness again --------------------------------------------------------------------------------


def next_visit(world):
    """Begin another visit with its own sheet."""
    visit = Visit.objects.create(
        unit=world.polsek, period=world.period, sprin_number="Sprin/2", starts_on=world.visit.starts_on,
        status=VisitStatus.ONGOING, team_leader=world.leader, planned_by=world.leader,
    )  # fmt: skip
    sheet = create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer="supervision",
        by=fresh(world.leader), visit=visit,
    )  # fmt: skip
    return visit, type(sheet).objects.with_frame().get(pk=sheet.pk)


def again(world, sheet, same_as, **changes):
    return find(world, checklist=sheet, same_as=reload(same_as), observation="Papan kosong lagi.", **changes)


def test_found_again_a_closed_finding_keeps_its_number_and_its_history(world):
    finding = put(told(world), "closed")
    visit, sheet = next_visit(world)
    found = again(world, sheet, finding)
    assert Finding.objects.count() == 1
    assert (found.number, found.status, found.visit) == (finding.number, "open", visit)
    kinds = list(found.events.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["recorded", "handed_over", "found_again"]
    # The unit learns of it at the closing meeting, and its due day begins there.
    assert not Finding.objects.visible_to(fresh(world.operator)).exists()
    finish_visit(visit=Visit.objects.select_related("unit").get(pk=visit.pk), by=fresh(world.leader))
    assert Finding.objects.visible_to(fresh(world.operator)).get().due_on > datetime.date.today()


def words_on(visit, sheet):
    """Return what the documents of a visit and its sheet say was found."""
    visit = Visit.objects.select_related("unit", "period", "team_leader").get(pk=visit.pk)
    sheet = type(sheet).objects.with_frame().get(pk=sheet.pk)
    contents = [read_visit_content(kind, visit) for kind in ("minutes", "findings")] + [read_sheet_content(sheet)]
    return [[row.observation for row in content.findings] for content in contents]


@pytest.mark.parametrize("state", ["closed", "open"])
def test_documents_of_each_visit_tell_that_visits_words(world, state):
    """Made anew after a later visit, they still say what was found on theirs."""
    finding = put(told(world), state)
    assert words_on(world.visit, world.checklist) == [["Papan tarif kosong."]] * 3
    visit, sheet = next_visit(world)
    again(world, sheet, finding)
    finish_visit(visit=Visit.objects.select_related("unit").get(pk=visit.pk), by=fresh(world.leader))
    assert words_on(world.visit, world.checklist) == [["Papan tarif kosong."]] * 3
    assert words_on(visit, sheet) == [["Papan kosong lagi."]] * 3


def test_what_was_recorded_counts_before_what_the_same_visit_saw_again(world):
    finding = find(world)
    again(world, world.reload(), finding)
    told_once = Visit.objects.select_related("unit").get(pk=world.visit.pk)
    finish_visit(visit=told_once, by=fresh(world.leader))
    assert words_on(world.visit, world.checklist) == [["Papan tarif kosong."]] * 3


def test_evidence_of_the_first_time_does_not_close_it_the_second_time(world):
    from supervisi.services.follow_up import answer_files, answer_finding

    finding = told(world)
    answer_finding(finding=reload(finding), text="Sudah", uploads=[photo()], by=fresh(world.operator))
    assert answer_files(finding).count() == 1
    put(finding, "closed")
    again(world, next_visit(world)[1], finding)
    assert answer_files(finding).count() == 0


def test_an_open_finding_is_marked_as_seen_and_not_recorded_twice(world):
    finding = told(world)
    visit, sheet = next_visit(world)
    found = again(world, sheet, finding)
    assert Finding.objects.count() == 1
    assert (found.status, found.observation, found.checklist) == ("open", finding.observation, sheet)
    assert found.events.latest("pk").kind == "seen_again"
    # The unit reads of it once that visit is done.
    seen = FindingEvent.objects.visible_to(fresh(world.operator)).filter(finding=finding)
    assert "seen_again" not in seen.values_list("kind", flat=True)
    Visit.objects.filter(pk=visit.pk).update(status=VisitStatus.DONE)
    assert "seen_again" in seen.values_list("kind", flat=True)


def test_another_weakness_is_never_gone_on_with(world):
    finding = put(told(world), "closed")
    with pytest.raises(DomainError, match="bukan pada butir ini"):
        again(world, next_visit(world)[1], finding, item_code=OTHER_AREA)
    assert reload(finding).is_closed


def test_the_form_offers_what_is_known_and_opens_it_again(client, world):
    finding = put(told(world), "closed")
    _, sheet = next_visit(world)
    login(client, world.leader)
    url = reverse("supervisi:finding-add", args=[sheet.pk])
    page = client.get(url, {"butir": LETTER}).content.decode()
    assert f"{finding.number} ditemukan lagi (sudah ditutup)" in page
    data = {
        "item": LETTER, "severity": "severe", "observation": "Papan kosong lagi", "recommendation": "Pasang papan",
        "owner_title": "Kapolsek",
    }  # fmt: skip
    client.post(url, data)
    assert Finding.objects.get().status == "open"
    put(finding, "closed")
    client.post(url, data | {"same_as": "baru"})
    assert Finding.objects.count() == 2


def test_the_card_of_the_next_visit_asks_for_a_test_and_keeps_its_outcome(client, world):
    finding = put(told(world), "closed")
    visit, sheet = next_visit(world)
    login(client, world.leader)
    area = reverse("supervisi:checklist-area", args=[sheet.pk, "1"])
    page = client.get(area).content.decode()
    assert "uji ulang" in page
    assert finding.get_absolute_url() in page
    url = reverse("supervisi:finding-still-good", args=[sheet.pk, finding.pk])
    assert client.post(url).status_code == 302
    page = client.get(area).content.decode()
    assert "tetap baik" in page
    assert "Uji ulang pada kunjungan ini" not in page
    assert finding.events.get(kind="still_good").visit == visit
    with pytest.raises(InvalidTransition):
        mark_still_good(finding=reload(finding), checklist=sheet, by=fresh(world.leader))
    assert finding.get_absolute_url() in client.get(visit.get_absolute_url()).content.decode()


def test_a_test_is_the_teams_on_a_draft(world):
    finding = put(told(world), "closed")
    _, sheet = next_visit(world)
    with pytest.raises(NotAllowed):
        mark_still_good(finding=finding, checklist=sheet, by=fresh(world.reviewer))
    type(sheet).objects.filter(pk=sheet.pk).update(status="submitted")
    with pytest.raises(LockedChecklist):
        mark_still_good(finding=finding, checklist=sheet, by=fresh(world.leader))


# --- without a sheet ----------------------------------------------------------------------------------------


def free(world, by=None, **changes):
    fields = {
        "unit": world.polsek, "severity": "minor", "observation": "Pagar rusak", "recommendation": "Perbaiki pagar",
        "owner_title": "Kapolsek", "by": fresh(by or world.reviewer),
    }  # fmt: skip
    return record_free_finding(**(fields | changes))


def test_at_a_unit_a_finding_is_handed_over_at_once_on_a_visit_it_waits(world):
    assert free(world).due_on is not None
    waiting = free(world, visit=world.visit)
    assert (waiting.handed_over_at, waiting.due_on) == (None, None)
    assert free(world).points is None


@pytest.mark.parametrize("who", ["operator", "commander", "auditor", "stranger"])
def test_only_a_supervisor_above_records_without_a_sheet(world, who):
    with pytest.raises(NotAllowed):
        free(world, by=getattr(world, who))


@pytest.mark.parametrize("status", [VisitStatus.PLANNED, VisitStatus.CANCELLED])
def test_nothing_is_found_on_a_visit_that_is_not_under_way(world, status):
    Visit.objects.update(status=status)
    with pytest.raises(DomainError):
        free(world, visit=Visit.objects.get())


def test_the_pages_of_unit_and_visit_record(client, world):
    login(client, world.reviewer)
    data = {"severity": "minor", "observation": "Pagar rusak", "recommendation": "Perbaiki", "owner_title": "Kapolsek"}
    for name, pk in (("finding-add-unit", world.polsek.pk), ("finding-add-visit", world.visit.pk)):
        url = reverse(f"supervisi:{name}", args=[pk])
        assert "Tanpa butir" in client.get(url).content.decode()
        assert client.post(url, data | {"photos": photo(), "due_days": "3"}).status_code == 302
        assert client.post(url, {}).status_code == 422
    assert Finding.objects.filter(due_days=3, events__files__isnull=False).count() == 2


# --- whose it is ----------------------------------------------------------------------------------------------


def test_the_owner_is_whoever_holds_the_title_today(world):
    finding = told(world, owner_title="Kanit Provos")
    # Nobody was ever posted by that title: the unit's own commander answers for it.
    assert responsible_people(finding) == [world.operator]
    first = make_person(world.polsek, Role.OPERATOR)
    first.postings.update(title="Kanit Provos Polsek Senori")
    assert responsible_people(finding) == [first]
    second = make_person(world.polsek, Role.OPERATOR)
    second.postings.update(title="kanit provos")
    yesterday = datetime.date.today() - datetime.timedelta(days=1)
    first.postings.update(ends_on=yesterday)
    assert responsible_people(finding) == [second]
    # Vacant: its duties go to the commander of the unit above, who may answer.
    second.postings.update(ends_on=yesterday)
    assert responsible_people(finding) == [world.commander]
    from supervisi.services.owners import posting_to_answer

    assert posting_to_answer(fresh(world.commander), finding) is not None
    assert posting_to_answer(fresh(world.reviewer), finding) is None


def test_without_a_commander_the_one_above_has_the_duties(world):
    finding = told(world)
    Posting.objects.filter(user=world.operator).update(ends_on=datetime.date(2020, 1, 2))
    assert responsible_people(finding) == [world.commander]


def test_a_late_finding_goes_up_level_by_level_in_working_days(world):
    finding = told(world)
    friday = datetime.date(2026, 9, 18)
    Finding.objects.filter(pk=finding.pk).update(due_on=friday)
    finding = reload(finding)
    nothing = WorkCalendar({})
    late = {days: nothing.add(finding.unit, friday, days) for days in (0, 1, ESCALATE_AFTER - 1, ESCALATE_AFTER, 99)}
    assert {days: escalation(finding, day, nothing) for days, day in late.items()} == {0: 0, 1: 0, 4: 0, 5: 1, 99: 1}
    assert escalated_path(finding, 1) == world.polres.path
    Holiday.objects.create(day=late[1], name="Libur", unit=world.polsek)
    assert escalation(finding, late[ESCALATE_AFTER], read_calendar([finding.unit])) == 0
    finding.status = "answered"
    assert escalation(finding, late[99], nothing) == 0


# --- lists ------------------------------------------------------------------------------------------------------


def many(world, count):
    for number in range(count):
        finding = find(world, item_code=LETTER, owner_title=f"Kanit {number % 3}")
        Finding.objects.filter(pk=finding.pk).update(
            handed_over_at="2026-01-05T00:00:00Z", due_on=datetime.date(2026, 1, 5), points=number,
            status=["open", "answered", "returned", "accepted", "closed"][number % 5],
        )  # fmt: skip


@pytest.mark.parametrize(("who", "name"), [
    ("operator", "finding-board"), ("reviewer", "finding-review"), ("reviewer", "finding-list"),
])  # fmt: skip
def test_boards_and_lists_take_a_fixed_number_of_queries(client, world, who, name):
    counts = []
    for size in (5, 30):
        many(world, size)
        login(client, getattr(world, who))
        url = reverse(f"supervisi:{name}") + "?keadaan=semua"
        client.get(url)
        with Counted() as counted:
            assert client.get(url).status_code == 200
        counts.append(len(counted.statements))
    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize("who", ["reviewer", "commander", "operator"])
@pytest.mark.parametrize("name", ["finding-board", "finding-review", "finding-list"])
def test_every_page_of_findings_lights_up_its_entry_in_the_menu(client, world, who, name):
    login(client, getattr(world, who))
    page = client.get(reverse(f"supervisi:{name}"), follow=True)
    if page.status_code == 404:
        assert (who, name) in {("reviewer", "finding-board"), ("commander", "finding-board")}
        return
    assert [link.label for link in page.context["shell"].nav if link.is_current] == ["Temuan"]


def test_the_list_is_narrowed_ordered_and_paged(client, world):
    many(world, 35)
    login(client, world.reviewer)
    url = reverse("supervisi:finding-list")

    def cards(**asked):
        return client.get(url, asked).context["found"].cards

    assert {card.finding.owner_title for card in cards(pemilik="Kanit 1", keadaan="semua")} == {"Kanit 1"}
    assert {card.finding.status for card in cards(keadaan="lewat")} == {"open", "returned"}
    points = [card.finding.points for card in cards(urut="nilai", keadaan="semua")]
    assert points == sorted(points, reverse=True)
    assert len(cards(keadaan="semua")) == 30
    assert len(cards(keadaan="semua", halaman="2")) == 5
    assert cards(satuan="tidak ada") == ()
    assert client.get(url, {"urut": "x", "keadaan": "y", "tingkat": "z", "halaman": "\0"}).status_code == 200


def test_a_supervisor_of_another_district_sees_none_of_it(client, world):
    many(world, 3)
    login(client, world.stranger)
    assert client.get(reverse("supervisi:finding-list")).context["found"].cards == ()


def test_answers_are_counted_by_their_sheet_only(world):
    find(world)
    _, sheet = next_visit(world)
    from supervisi.pages.checklist import read_area

    page = read_area(checklist=sheet, key="1", viewer=fresh(world.leader))
    card = next(card for section in page.sections for card in section.cards if card.item.code == LETTER)
    assert (card.findings, card.has_severe_finding, len(card.known_findings)) == (0, False, 1)
    assert Answer.objects.filter(checklist=sheet).exists()


def test_the_service_takes_no_sheet_of_the_unit_itself(world):
    sheet = world.reload()
    sheet.layer = "self"
    with pytest.raises(NotAllowed):
        record_finding(
            checklist=sheet, item_code=LETTER, severity="minor", observation="Pagar", recommendation="Perbaiki",
            owner_title="Kapolsek", by=fresh(world.operator),
        )  # fmt: skip
