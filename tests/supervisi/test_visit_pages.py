"""The pages of visits: list, page, planning, change, start, finish, cancel, delete; and who is refused, and how."""

import datetime

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from supervisi.models import (
    AnswerRevision,
    Assignment,
    Checklist,
    Finding,
    Layer,
    Node,
    Period,
    Visit,
    VisitMember,
    VisitStatus,
)
from supervisi.services.answers import save_operation
from tests.factories import make_person, make_unit
from tests.supervisi.sheets import LETTER, Counted, make_world, op
from wbbm.organisasi.models import AuditEvent, Posting, Role, UnitKind, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    world = make_world()
    Posting.objects.filter(user=world.leader).update(title="Kabagren")
    Posting.objects.filter(user=world.members[0]).update(title="Kasiwas")
    return world


def go(client, by, name, *args, data=None, **extra):
    """Open or post a page of visits as a person."""
    client.force_login(User.objects.get(pk=by.pk), backend="wbbm.organisasi.auth.PostingBackend")
    url = reverse(f"supervisi:{name}", args=args)
    return client.get(url, extra) if data is None else client.post(url, data)


def told(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def text(answer):
    return answer.content.decode()


def at(world, status, **changes):
    Visit.objects.filter(pk=world.visit.pk).update(status=status, **changes)


def plan_data(world, **changes):
    return {
        "sprin_number": "Sprin/318/IX",
        "starts_on": (world.visit.starts_on + datetime.timedelta(days=3)).isoformat(),
        "ends_on": "",
        "team_leader": world.leader.pk,
        "deputy": world.members[0].pk,
        "member_2": world.members[0].pk,
        "member_3": world.members[1].pk,
    } | changes


# --- list -------------------------------------------------------------------------------------------------


def test_the_list_shows_my_visits_first_and_on_demand_all(client, world):
    other = Visit.objects.create(
        unit=world.polsek, period=world.period, sprin_number="Sprin/lain", starts_on=world.visit.starts_on,
        team_leader=world.reviewer, planned_by=world.reviewer,
    )  # fmt: skip
    VisitMember.objects.create(visit=other, user=world.reviewer, number=1)
    mine = text(go(client, world.leader, "visit-list"))
    assert "Kunjungan saya</h1>" in mine
    assert "Sprin/1/2026" in mine
    assert "Sprin/lain" not in mine
    every = text(go(client, world.leader, "visit-list", pilih="semua"))
    assert "Sprin/lain" in every
    assert every.index("Sprin/1/2026") < every.index("Sprin/lain"), "ongoing before planned"


def test_who_is_of_no_team_begins_with_all_units(client, world):
    page = text(go(client, world.reviewer, "visit-list"))
    assert "Sprin/1/2026" in page
    assert "Kunjungan saya</h1>" not in page


def test_the_list_of_the_unit_hides_the_progress_of_a_sheet_it_may_not_see(client, world):
    assert "59 butir terisi" in text(go(client, world.leader, "visit-list"))
    unit = text(go(client, world.operator, "visit-list"))
    assert "Sprin/1/2026" in unit
    assert "Lembar " not in unit
    Checklist.objects.update(status="submitted")
    assert "Lembar " not in text(go(client, world.operator, "visit-list"))
    Checklist.objects.update(status="disclosed")
    assert "Lembar disampaikan" in text(go(client, world.operator, "visit-list"))


@pytest.mark.parametrize(("state", "who"), [
    ("draft", set()), ("submitted", {"reviewer"}), ("reviewed", {"commander"}), ("disclosed", {"commander"}),
    ("final", set()),
])  # fmt: skip
def test_the_list_names_what_waits_for_a_persons_step(client, world, state, who):
    Checklist.objects.update(status=state)
    world.end_visit()
    waiting = set()
    for name in ("leader", "reviewer", "commander", "operator", "auditor"):
        page = text(go(client, getattr(world, name), "visit-list"))
        if "Menunggu Anda <b>1</b>" in page:
            waiting.add(name)
        found = text(go(client, getattr(world, name), "visit-list", pilih="menunggu"))
        assert ("Sprin/1/2026" in found) == (name in who)
        assert ("Tidak ada yang menunggu Anda" in found) == (name not in who)
    assert waiting == who


def test_a_result_waits_for_the_commander_only_after_the_visit(client, world):
    Checklist.objects.update(status="reviewed")
    assert "Menunggu Anda <b>" not in text(go(client, world.commander, "visit-list"))
    world.end_visit()
    assert "Menunggu Anda <b>1</b>" in text(go(client, world.commander, "visit-list"))


def test_who_reviews_begins_with_what_waits_for_him(client, world):
    Checklist.objects.update(status="submitted")
    assert "Kunjungan yang menunggu Anda</h1>" in text(go(client, world.reviewer, "visit-list"))


def test_the_list_has_pages_and_a_search(client, world):
    station = make_unit(world.polres, kind=UnitKind.POLSEK, name="Polsek Jauh")
    for number in range(31):
        visit = Visit.objects.create(
            unit=station, period=world.period, sprin_number=f"Sprin/jauh/{number}", starts_on=world.visit.starts_on,
            status=VisitStatus.DONE, team_leader=world.leader, planned_by=world.leader,
        )  # fmt: skip
        VisitMember.objects.create(visit=visit, user=world.leader, number=1)
    first = text(go(client, world.leader, "visit-list"))
    assert "Sprin/1/2026" in first
    assert "Halaman 1 dari 2" in first
    second = text(go(client, world.leader, "visit-list", pilih="saya", halaman="2"))
    assert "Sprin/1/2026" not in second
    assert second.count("Sprin/jauh/") == 2
    found = text(go(client, world.leader, "visit-list", pilih="saya", cari="senori"))
    assert "Sprin/1/2026" in found
    assert "Sprin/jauh/" not in found
    assert go(client, world.leader, "visit-list", pilih="<x>", halaman="<x>").status_code == 200
    assert "Tidak ada kunjungan yang cocok" in text(go(client, world.leader, "visit-list", cari="tidak ada\0"))


@pytest.mark.parametrize("role", [Role.ADMIN, Role.INTEGRITY_OFFICER])
def test_who_has_nothing_to_do_with_visits_finds_no_list(client, world, role):
    assert go(client, make_person(world.polres, role), "visit-list").status_code == 404


def test_the_number_of_queries_of_the_list_does_not_grow(client, world):
    def count():
        go(client, world.leader, "visit-list")
        with Counted() as counted:
            client.get(reverse("supervisi:visit-list"))
        return len(counted.statements)

    first = count()
    for number in range(12):
        visit = Visit.objects.create(
            unit=make_unit(world.polres), period=world.period, sprin_number=f"Sprin/{number}",
            starts_on=world.visit.starts_on, team_leader=world.leader, planned_by=world.leader,
        )  # fmt: skip
        VisitMember.objects.create(visit=visit, user=world.leader, number=1)
    assert count() == first <= 10


# --- page -------------------------------------------------------------------------------------------------


def test_the_page_says_who_leads_what_is_left_and_puts_my_part_first(client, world):
    node = Node.objects.get(instrument=world.instrument, code="P.1.5")
    Assignment.objects.create(visit=world.visit, user=world.members[0], node=node)
    save_operation(checklist=world.reload(), operation=op("P.1.5.i.a", "A"), by=world.members[0])
    page = text(go(client, world.members[0], "visit-detail", world.visit.pk))
    assert "ketua: Kabagren" in page
    assert "Isi area saya (9 butir lagi)" in page
    assert "1/10 butir" in page
    assert page.index("Kasiwas") < page.index('Kabagren <span class="zi-tag">ketua tim</span>')
    # Everybody may open every area: an assignment is no right.
    assert reverse("supervisi:checklist-area", args=[world.checklist.pk, "5"]) in page
    assert "58 belum diisi" in page


def test_the_steps_carry_the_time_of_what_has_begun(client, world):
    begun = timezone.now()
    at(world, VisitStatus.ONGOING, planned_at="2026-09-03T02:00Z", started_at=begun)
    page = text(go(client, world.leader, "visit-detail", world.visit.pk))
    clock = timezone.localtime(begun)
    assert "Direncanakan <small>3 September" in page
    assert f"Berjalan <small>{clock:%H.}" in page
    assert "Selesai <small>" not in page


def test_an_undecided_answer_is_counted_until_somebody_chooses(client, world):
    save_operation(checklist=world.reload(), operation=op(answer="B"), by=world.leader)
    save_operation(checklist=world.reload(), operation=op(answer="C"), by=world.members[0])
    assert "58 belum diisi, 1 perlu dipilih" in text(go(client, world.leader, "visit-detail", world.visit.pk))
    refused = AnswerRevision.objects.get(outcome="conflict")
    save_operation(checklist=world.reload(), operation=op(answer="C", base=1), by=refused.author)
    assert "perlu dipilih" not in text(go(client, world.leader, "visit-detail", world.visit.pk))


def test_the_unit_sees_the_visit_but_neither_answers_nor_findings_before_their_time(client, world):
    Finding.objects.create(
        number="T-1", unit=world.polsek, visit=world.visit, severity="severe", observation="Papan tarif tidak ada",
        owner_unit=world.polsek, owner_title="Kapolsek", created_by=world.leader, item=world.answer().item,
        checklist=world.checklist,
    )  # fmt: skip
    page = text(go(client, world.operator, "visit-detail", world.visit.pk))
    assert "Papan tarif tidak ada" not in page
    assert f"/lembar/{world.checklist.pk}/" not in page
    go(client, world.leader, "visit-finish", world.visit.pk, data={})
    page = text(go(client, world.operator, "visit-detail", world.visit.pk))
    assert "Papan tarif tidak ada" in page
    assert f"/lembar/{world.checklist.pk}/" not in page
    team = text(go(client, world.leader, "visit-detail", world.visit.pk))
    assert Finding.objects.get().get_absolute_url() in team
    found = text(client.get(Finding.objects.get().get_absolute_url()))
    assert f"/lembar/{world.checklist.pk}/area/1/#b-{LETTER}" in found


@pytest.mark.parametrize(
    ("who", "status", "offered"),
    [
        ("leader", "planned", {"Mulai kunjungan", "Batalkan<", "Hapus rencana"}),
        ("leader", "ongoing", {"Isi lembar (59", "Selesaikan dan", "Batalkan<", "Hapus rencana"}),
        ("leader", "done", {"Isi lembar (59"}),
        ("leader", "cancelled", {"Hapus rencana"}),
        ("member", "planned", set()),
        ("member", "ongoing", {"Isi lembar (59"}),
        ("reviewer", "ongoing", set()),
        ("operator", "ongoing", set()),
        ("commander", "planned", set()),
    ],
)
def test_the_page_offers_what_the_person_may_do_now(client, world, who, status, offered):
    person = world.members[1] if who == "member" else getattr(world, who)
    at(world, status)
    page = text(go(client, person, "visit-detail", world.visit.pk))
    words = {"Mulai kunjungan", "Batalkan<", "Hapus rencana", "Isi lembar (59", "Selesaikan dan"}
    assert {word for word in words if word in page} == offered


def test_a_foreign_and_a_missing_visit_are_the_same_404(client, world):
    for name in ("visit-detail", "visit-change", "visit-cancel"):
        assert go(client, world.stranger, name, world.visit.pk).status_code == 404
        assert go(client, world.leader, name, 999_999).status_code == 404
    for name in ("visit-start", "visit-finish", "visit-delete"):
        assert go(client, world.stranger, name, world.visit.pk, data={}).status_code == 404
    assert Visit.objects.get(pk=world.visit.pk).status == VisitStatus.ONGOING


def test_the_page_takes_the_same_queries_for_a_small_and_a_large_team(client, world):
    def count():
        go(client, world.leader, "visit-detail", world.visit.pk)
        with Counted() as counted:
            client.get(world.visit.get_absolute_url())
        return len(counted.statements)

    first = count()
    node = Node.objects.get(instrument=world.instrument, code="P.1.5")
    for number in range(5, 12):
        person = make_person(world.polres, Role.SUPERVISOR)
        VisitMember.objects.create(visit=world.visit, user=person, number=number)
        Assignment.objects.create(visit=world.visit, user=person, node=node)
    for place in range(15):
        Finding.objects.create(
            number=f"T-{place}", unit=world.polsek, visit=world.visit, severity="minor", observation="Jadwal",
            owner_unit=world.polsek, owner_title="Kasium", created_by=world.leader, item=world.answer().item,
        )  # fmt: skip
    assert count() == first <= 12


# --- planning -----------------------------------------------------------------------------------------------


def test_a_visit_is_planned_with_team_division_and_sheet(client, world):
    form = text(go(client, world.reviewer, "visit-add", world.polsek.pk))
    assert "Kabagren, Polres Uji" in form
    answer = go(client, world.reviewer, "visit-add", world.polsek.pk, data=plan_data(world))
    visit = Visit.objects.get(sprin_number="Sprin/318/IX")
    assert (answer.status_code, answer["Location"]) == (302, visit.get_absolute_url())
    assert (visit.status, visit.planned_by, visit.deputy) == (VisitStatus.PLANNED, world.reviewer, world.members[0])
    assert visit.period == world.period
    numbers = list(visit.members.order_by("number").values_list("user", flat=True))
    assert numbers == [world.leader.pk, world.members[0].pk, world.members[1].pk]
    sheet = visit.checklists.get()
    assert (sheet.layer, sheet.status, sheet.answers.count()) == (Layer.SUPERVISION, "draft", 59)
    assert set(visit.assignments.values_list("user", flat=True)) == set(numbers)
    assert AuditEvent.objects.get(action="visit.planned").actor == world.reviewer
    # It begins only when the leader starts it.
    area = reverse("supervisi:checklist-area", args=[sheet.pk, "1"])
    assert "Kunjungan belum dimulai." in client.get(area).content.decode()


def test_the_team_that_the_planner_led_last_is_proposed(client, world):
    Visit.objects.filter(pk=world.visit.pk).update(deputy=world.members[2])
    VisitMember.objects.filter(user=world.members[0]).update(left_at=timezone.now())
    client.force_login(world.leader)
    form = client.get(reverse("supervisi:visit-add", args=[world.polsek.pk])).context["form"]
    proposed = {name: form[name].value() for name in ("team_leader", "deputy", "member_2", "member_3", "member_4")}
    assert proposed == {
        "team_leader": world.leader.pk, "deputy": world.members[2].pk, "member_2": world.members[1].pk,
        "member_3": world.members[2].pk, "member_4": None,
    }  # fmt: skip
    client.force_login(world.reviewer)
    form = client.get(reverse("supervisi:visit-add", args=[world.polsek.pk])).context["form"]
    assert form["team_leader"].value() == world.reviewer.pk
    assert form["member_2"].value() == world.leader.pk


def test_a_second_click_on_plan_opens_the_visit_of_the_first(client, world):
    go(client, world.reviewer, "visit-add", world.polsek.pk, data=plan_data(world))
    answer = go(client, world.reviewer, "visit-add", world.polsek.pk, data=plan_data(world))
    visit = Visit.objects.get(sprin_number="Sprin/318/IX")
    assert answer["Location"] == visit.get_absolute_url()
    assert "sudah direncanakan" in told(answer)[-1]
    # A cancelled one stands in nobody's way.
    Visit.objects.filter(pk=visit.pk).update(status=VisitStatus.CANCELLED)
    go(client, world.reviewer, "visit-add", world.polsek.pk, data=plan_data(world))
    assert Visit.objects.filter(sprin_number="Sprin/318/IX").count() == 2


def test_a_deputy_who_is_no_member_joins_the_team(client, world):
    data = plan_data(world, deputy=world.reviewer.pk)
    go(client, world.leader, "visit-add", world.polsek.pk, data=data)
    visit = Visit.objects.get(sprin_number="Sprin/318/IX")
    assert visit.members.get(user=world.reviewer).number == 4


def bad_plans(world):
    day = world.visit.starts_on
    return {
        "no Sprin": ({"sprin_number": " "}, "Nomor Sprin"),
        "no day": ({"starts_on": ""}, "Hari kunjungan"),
        "no date": ({"starts_on": "besok"}, "Hari kunjungan"),
        "ends before it starts": ({"ends_on": day.isoformat()}, "Hari terakhir tidak boleh sebelum hari kunjungan."),
        "no quarter": ({"starts_on": "2019-01-01"}, "Belum ada triwulan yang memuat hari ini."),
        "beyond the quarter": (
            {"ends_on": (world.period.last_day + datetime.timedelta(days=1)).isoformat()},
            "Hari kunjungan harus berada dalam",
        ),
        "twice": ({"member_3": world.members[0].pk}, "Sudah dipilih sebagai anggota 2."),
        "leader as member": ({"member_2": world.leader.pk}, "Sudah dipilih sebagai ketua tim."),
        "leader as deputy": ({"deputy": world.leader.pk}, "Wakil ketua harus orang lain"),
        "a stranger": ({"member_4": world.stranger.pk}, "Anggota 4"),
        "nobody leads": ({"team_leader": ""}, "Ketua tim"),
    }


BAD_PLANS = (
    "no Sprin", "no day", "no date", "ends before it starts", "no quarter", "beyond the quarter", "twice",
    "leader as member", "leader as deputy", "a stranger", "nobody leads",
)  # fmt: skip


@pytest.mark.parametrize("case", BAD_PLANS)
def test_a_bad_plan_comes_back_with_what_was_typed(client, world, case):
    changes, message = bad_plans(world)[case]
    data = plan_data(world, **{"sprin_number": "Sprin/yang/diketik"} | changes)
    answer = go(client, world.leader, "visit-add", world.polsek.pk, data=data)
    assert answer.status_code == 422
    page = text(answer)
    assert message in page
    assert 'role="alert"' in page
    if case != "no Sprin":
        assert 'value="Sprin/yang/diketik"' in page
    assert f'<option value="{world.members[1].pk}" selected>' in page or case == "twice"
    assert Visit.objects.count() == 1


def test_an_empty_post_is_refused_and_not_taken_for_a_first_look(client, world):
    assert go(client, world.leader, "visit-add", world.polsek.pk, data={}).status_code == 422


def test_nine_people_are_one_too_many(client, world):
    people = [make_person(world.polres, Role.SUPERVISOR) for _ in range(5)]
    full = plan_data(world) | {f"member_{n}": person.pk for n, person in enumerate(people, start=4)}
    answer = go(client, world.leader, "visit-add", world.polsek.pk, data=full | {"deputy": world.reviewer.pk})
    assert answer.status_code == 422
    assert "Tim sudah delapan orang" in text(answer)
    assert go(client, world.leader, "visit-add", world.polsek.pk, data=full).status_code == 302
    assert Visit.objects.get(sprin_number="Sprin/318/IX").members.count() == 8


def test_nothing_is_planned_in_a_closed_quarter(client, world):
    Period.objects.update(closed_at=timezone.now())
    answer = go(client, world.leader, "visit-add", world.polsek.pk, data=plan_data(world))
    assert answer.status_code == 422
    assert "sudah ditutup" in text(answer)
    assert 'value="Sprin/318/IX"' in text(answer)


@pytest.mark.parametrize("who", ["commander", "operator", "auditor"])
def test_without_the_right_nothing_is_planned(client, world, who):
    person = getattr(world, who)
    for data in (None, plan_data(world)):
        assert go(client, person, "visit-add", world.polsek.pk, data=data).status_code == 403
    assert go(client, person, "visit-pick-unit").status_code == 403
    assert go(client, world.stranger, "visit-add", world.polsek.pk).status_code == 404
    assert Visit.objects.count() == 1


def test_the_unit_to_visit_is_searched_below_the_own_one(client, world):
    found = text(go(client, world.leader, "visit-pick-unit", cari="senori"))
    assert reverse("supervisi:visit-add", args=[world.polsek.pk]) in found
    assert "Tidak ada satuan yang cocok" in text(go(client, world.leader, "visit-pick-unit", cari="Polres Lain"))
    for number in range(31):
        make_unit(world.polres, name=f"Polsek nomor {number}")
    assert "Persempit dengan pencarian" in text(go(client, world.leader, "visit-pick-unit"))


# --- change ---------------------------------------------------------------------------------------------------


def test_the_team_changes_while_the_visit_is_ongoing_and_answers_stay(client, world):
    save_operation(checklist=world.reload(), operation=op(answer="B"), by=world.members[2])
    form = text(go(client, world.reviewer, "visit-change", world.visit.pk))
    assert 'value="Sprin/1/2026"' in form
    data = plan_data(world, sprin_number="Sprin/2", starts_on=world.visit.starts_on.isoformat())
    answer = go(client, world.reviewer, "visit-change", world.visit.pk, data=data)
    assert answer.status_code == 302
    visit = Visit.objects.get(pk=world.visit.pk)
    assert (visit.sprin_number, visit.deputy) == ("Sprin/2", world.members[0])
    assert visit.members.get(user=world.members[2]).left_at is not None
    assert world.answer().value["answer"] == "B"
    assert AuditEvent.objects.filter(action="visit.changed", actor=world.reviewer).exists()


def test_a_full_team_survives_an_unchanged_form(client, world):
    for number in range(5, 9):
        person = make_person(world.polres, Role.SUPERVISOR)
        VisitMember.objects.create(visit=world.visit, user=person, number=number)
    Visit.objects.filter(pk=world.visit.pk).update(deputy=world.members[1])
    before = list(world.visit.members.values_list("user", "number"))
    client.force_login(world.leader)
    form = client.get(reverse("supervisi:visit-change", args=[world.visit.pk])).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    assert go(client, world.leader, "visit-change", world.visit.pk, data=data).status_code == 302
    assert list(world.visit.members.filter(left_at=None).values_list("user", "number")) == before


def test_a_change_that_cannot_be_keeps_what_was_typed(client, world):
    data = plan_data(world, sprin_number="Sprin/baru", starts_on="2019-01-01")
    answer = go(client, world.reviewer, "visit-change", world.visit.pk, data=data)
    assert answer.status_code == 422
    assert "Kunjungan ini milik Triwulan ini." in text(answer)
    assert 'value="Sprin/baru"' in text(answer)
    assert Visit.objects.get(pk=world.visit.pk).sprin_number == "Sprin/1/2026"


@pytest.mark.parametrize("status", ["done", "cancelled"])
@pytest.mark.parametrize("name", ["visit-change", "visit-cancel"])
def test_an_ended_visit_is_neither_changed_nor_cancelled(client, world, name, status):
    at(world, status)
    for data in (None, plan_data(world) | {"reason": "Jalan terputus banjir"}):
        answer = go(client, world.leader, name, world.visit.pk, data=data)
        assert (answer.status_code, answer["Location"]) == (302, world.visit.get_absolute_url())
        assert "langkah itu tidak berlaku" in told(answer)[-1]
    assert Visit.objects.get(pk=world.visit.pk).status == status


@pytest.mark.parametrize("who", ["commander", "operator", "auditor"])
def test_without_the_right_nothing_is_changed_or_cancelled(client, world, who):
    for name in ("visit-change", "visit-cancel"):
        answer = go(client, getattr(world, who), name, world.visit.pk, data={"reason": "Tidak perlu lagi"})
        assert answer.status_code == 403
    # A supervisor of another team may change, but cancelling is for the leader and the planner.
    assert go(client, world.reviewer, "visit-cancel", world.visit.pk).status_code == 403


# --- start, finish, cancel, delete --------------------------------------------------------------------------------


def test_start_opens_the_sheet_for_the_team_and_a_second_click_changes_nothing(client, world):
    at(world, VisitStatus.PLANNED)
    answer = go(client, world.leader, "visit-start", world.visit.pk, data={})
    assert told(answer) == ["Kunjungan dimulai. Lembar dapat diisi."]
    started = Visit.objects.get(pk=world.visit.pk).started_at
    assert started is not None
    answer = go(client, world.leader, "visit-start", world.visit.pk, data={})
    assert answer.status_code == 302
    assert "sekarang berstatus Berjalan" in told(answer)[-1]
    assert Visit.objects.get(pk=world.visit.pk).started_at == started
    assert AuditEvent.objects.filter(action="visit.started").count() == 1


def test_the_deputy_starts_and_finishes(client, world):
    at(world, VisitStatus.PLANNED, deputy=world.members[0])
    go(client, world.members[0], "visit-start", world.visit.pk, data={})
    assert Visit.objects.get(pk=world.visit.pk).status == VisitStatus.ONGOING
    go(client, world.members[0], "visit-finish", world.visit.pk, data={})
    assert Visit.objects.get(pk=world.visit.pk).status == VisitStatus.DONE


@pytest.mark.parametrize("name", ["visit-start", "visit-finish", "visit-delete"])
@pytest.mark.parametrize("who", ["member", "reviewer", "commander", "operator", "auditor"])
def test_a_step_of_the_leader_is_refused_to_everybody_else(client, world, name, who):
    person = world.members[1] if who == "member" else getattr(world, who)
    assert go(client, person, name, world.visit.pk, data={}).status_code == 403
    assert Visit.objects.get(pk=world.visit.pk).status == VisitStatus.ONGOING
    client.logout()
    assert client.post(reverse(f"supervisi:{name}", args=[world.visit.pk])).status_code == 302
    assert client.get(reverse(f"supervisi:{name}", args=[world.visit.pk])).status_code in {302, 405}


def test_answers_are_still_written_after_the_visit_is_done(client, world):
    go(client, world.leader, "visit-finish", world.visit.pk, data={})
    outcome = save_operation(checklist=world.reload(), operation=op(answer="B"), by=world.members[0])
    assert outcome.code == "saved"


def test_cancelling_needs_a_reason_and_keeps_the_answers_readable(client, world):
    save_operation(checklist=world.reload(), operation=op(answer="B", note="Papan ada"), by=world.leader)
    assert "Alasan" in text(go(client, world.leader, "visit-cancel", world.visit.pk))
    for reason in ("", "  ab ", "x" * 2001):
        answer = go(client, world.leader, "visit-cancel", world.visit.pk, data={"reason": reason})
        assert answer.status_code == 422
        assert Visit.objects.get(pk=world.visit.pk).status == VisitStatus.ONGOING
    assert "x" * 2001 in text(answer)
    answer = go(client, world.leader, "visit-cancel", world.visit.pk, data={"reason": "Jalan terputus banjir"})
    assert answer.status_code == 302
    page = text(go(client, world.commander, "visit-detail", world.visit.pk))
    assert "Jalan terputus banjir" in page
    assert "WIB" in page
    area = text(go(client, world.commander, "checklist-area", world.checklist.pk, "1"))
    assert "Papan ada" in area
    assert "Kunjungan ini dibatalkan." in area
    sheet = text(go(client, world.leader, "checklist-detail", world.checklist.pk))
    assert "Kunjungan ini dibatalkan." in sheet
    assert "Serahkan lembar" not in sheet
    assert AuditEvent.objects.get(action="visit.cancelled").reason == "Jalan terputus banjir"


def test_a_visit_whose_sheet_was_handed_in_is_not_cancelled_away(client, world):
    Checklist.objects.update(status="submitted")
    assert "Batalkan<" not in text(go(client, world.leader, "visit-detail", world.visit.pk))
    answer = go(client, world.leader, "visit-cancel", world.visit.pk, data={"reason": "Jalan terputus banjir"})
    assert "Minta lembarnya dikembalikan dulu" in text(answer)
    assert "Jalan terputus banjir" in text(answer)
    assert Visit.objects.get(pk=world.visit.pk).status == VisitStatus.ONGOING


def test_a_visit_without_answers_is_deleted_by_its_planner_only_once(client, world):
    answer = go(client, world.leader, "visit-delete", world.visit.pk, data={})
    assert (answer.status_code, answer["Location"]) == (302, reverse("supervisi:visit-list"))
    assert not Visit.objects.exists()
    assert not Checklist.objects.exists()
    assert AuditEvent.objects.get(action="visit.deleted").unit == world.polsek
    assert go(client, world.leader, "visit-delete", world.visit.pk, data={}).status_code == 404


@pytest.mark.parametrize("work", ["answer", "emptied", "finding"])
def test_a_visit_with_any_work_in_it_is_not_deleted(client, world, work):
    if work == "finding":
        Finding.objects.create(
            number="T-1", unit=world.polsek, visit=world.visit, severity="minor", observation="Jadwal",
            owner_unit=world.polsek, owner_title="Kasium", created_by=world.leader,
        )  # fmt: skip
    else:
        answer = "B" if work == "answer" else None
        save_operation(checklist=world.reload(), operation=op(answer=answer), by=world.leader)
    answer = go(client, world.leader, "visit-delete", world.visit.pk, data={})
    assert answer.status_code == 302
    assert "Batalkan dengan alasan" in told(answer)[-1]
    assert Visit.objects.get(pk=world.visit.pk).status == VisitStatus.ONGOING
