"""Planning visits: what stands in a team's way, the calendar, the list of a day; and what the unit must not see."""

import datetime

import pytest
from django.urls import reverse

from supervisi.models import Assignment, Finding, Node, Period, Visit, VisitMember, VisitStatus
from supervisi.pages.calendar import month_asked
from supervisi.pages.clashes import find_clashes
from supervisi.pages.visit_day import day_asked
from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.sheets import Counted, make_world
from wbbm.organisasi.models import Holiday, Posting, Role, UnitKind, User

pytestmark = pytest.mark.django_db
ONE = datetime.timedelta(days=1)


@pytest.fixture
def world():
    world = make_world()
    Posting.objects.filter(user=world.leader).update(title="Kabagren")
    return world


def go(client, by, name, *args, data=None, **query):
    client.force_login(User.objects.get(pk=by.pk), backend="wbbm.organisasi.auth.PostingBackend")
    url = reverse(f"supervisi:{name}", args=args)
    return client.get(url, query) if data is None else client.post(url, data)


def text(answer):
    assert answer.status_code in {200, 422}
    return answer.content.decode()


def workday(day):
    """Return the day, or the next one that is no end of a week."""
    return day if day.weekday() < 5 else workday(day + ONE)


def visit_to(world, unit, day, team, **changes):
    wanted = {
        "unit": unit, "period": world.period, "sprin_number": f"Sprin/{unit.pk}/{day:%d}", "starts_on": day,
        "team_leader": team[0], "planned_by": world.reviewer,
    } | changes  # fmt: skip
    visit = Visit.objects.create(**wanted)
    for number, person in enumerate(team, start=1):
        VisitMember.objects.create(visit=visit, user=person, number=number)
    return visit


def station(world, name="Polsek Soko"):
    return make_unit(world.polres, kind=UnitKind.POLSEK, name=name)


def clashes(world, unit, day, *, last=None, team=None, viewer=None, **more):
    team = team if team is not None else [world.leader.pk]
    found = find_clashes(unit=unit, first=day, last=last or day, team=team, viewer=viewer or world.reviewer, **more)
    return [clash.text for clash in found]


# --- clashes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "meets"), [(0, 0, True), (-2, 0, True), (1, 5, True), (2, 3, False), (-3, -1, False)]
)
def test_a_person_in_two_visits_on_one_day_is_a_clash(world, first, last, meets):
    day = workday(datetime.date.today() + 7 * ONE)
    other = visit_to(world, station(world), day, [world.leader], ends_on=day + ONE)
    found = clashes(world, world.polsek, day + first * ONE, last=day + last * ONE)
    assert any("Kabagren sudah masuk tim kunjungan Polsek Soko" in text for text in found) == meets
    assert not any("sudah masuk" in text for text in clashes(world, station(world, "X"), day, besides=other))


def test_a_whole_team_in_one_visit_is_one_line(world):
    day = workday(datetime.date.today() + 7 * ONE)
    other = visit_to(world, station(world), day, [world.leader, *world.members])
    found = clashes(world, world.polsek, day, team=[world.leader.pk, *(person.pk for person in world.members)])
    assert len(found) == 1
    assert found[0].startswith("Kabagren, ")
    assert found[0].count(", ") == other.members.count() - 1


@pytest.mark.parametrize("gone", ["cancelled", "done", "left"])
def test_what_is_over_is_no_clash(world, gone):
    day = workday(datetime.date.today() + 7 * ONE)
    other = visit_to(world, station(world), day, [world.leader])
    if gone == "left":
        VisitMember.objects.filter(visit=other).update(left_at="2026-01-01T00:00Z")
    else:
        Visit.objects.filter(pk=other.pk).update(status=gone)
    assert clashes(world, world.polsek, day) == []


def test_a_visit_out_of_sight_clashes_without_its_name(world):
    elsewhere = make_unit(kind=UnitKind.POLSEK, name="Polsek Rahasia")
    day = workday(datetime.date.today() + 7 * ONE)
    visit_to(world, elsewhere, day, [world.leader])
    assert [text.split(" pada ")[0] for text in clashes(world, world.polsek, day)] == [
        "Kabagren sudah masuk tim kunjungan lain"
    ]


def test_days_off_ending_postings_and_a_second_team_are_told(world):
    day = workday(datetime.date.today() + 7 * ONE)
    assert clashes(world, world.polsek, day) == []
    Holiday.objects.create(unit=world.polres, day=day, name="Libur uji")
    assert clashes(world, world.polsek, day)[0].endswith("bukan hari kerja.")
    saturday = day + (5 - day.weekday()) * ONE
    assert clashes(world, world.polsek, saturday) == [clashes(world, world.polsek, saturday)[0]]
    Holiday.objects.all().delete()
    Posting.objects.filter(user=world.leader).update(ends_on=day - ONE)
    assert "Penugasan Kabagren berakhir" in clashes(world, world.polsek, day)[0]
    make_posting(world.leader, world.polres, Role.SUPERVISOR, title="Plt Kabagren")
    assert clashes(world, world.polsek, day) == []
    visit_to(world, world.polsek, day, [world.reviewer])
    assert clashes(world, world.polsek, day)[0].startswith("Polsek Senori sudah punya kunjungan")


def plan(world, day, **changes):
    return {
        "sprin_number": "Sprin/baru", "starts_on": day.isoformat(), "ends_on": "", "team_leader": world.leader.pk,
    } | changes  # fmt: skip


def test_a_clash_has_to_be_seen_before_the_visit_is_planned(client, world):
    day = workday(datetime.date.today() + 7 * ONE)
    visit_to(world, station(world), day, [world.leader])
    add = ("visit-add", world.polsek.pk)
    first = go(client, world.reviewer, *add, data=plan(world, day))
    assert first.status_code == 422
    assert "Kabagren sudah masuk tim kunjungan Polsek Soko" in text(first)
    assert "Tetap rencanakan" in text(first)
    mark = first.context["seen"]
    # Another clash than the one that was seen is shown anew.
    visit_to(world, station(world, "Polsek Rengel"), day, [world.leader])
    again = go(client, world.reviewer, *add, data=plan(world, day, dilihat=mark))
    assert "Polsek Rengel" in text(again)
    assert not Visit.objects.filter(sprin_number="Sprin/baru").exists()
    done = go(client, world.reviewer, *add, data=plan(world, day, dilihat=again.context["seen"]))
    assert done.status_code == 302
    visit = Visit.objects.get(sprin_number="Sprin/baru")
    page = text(go(client, world.reviewer, "visit-detail", visit.pk))
    assert "Perlu diperhatikan" in page
    assert "Polsek Rengel" in page
    assert "Perlu diperhatikan" not in text(go(client, world.operator, "visit-detail", visit.pk))
    change = go(client, world.reviewer, "visit-change", visit.pk, data=plan(world, day))
    assert change.status_code == 422
    assert "Tetap simpan" in text(change)


def test_a_day_off_alone_stops_nobody(client, world):
    day = datetime.date.today() + 7 * ONE
    Holiday.objects.create(unit=world.polsek, day=day, name="Libur uji")
    answer = go(client, world.reviewer, "visit-add", world.polsek.pk, data=plan(world, day))
    assert answer.status_code == 302
    visit = Visit.objects.get(sprin_number="Sprin/baru")
    assert "bukan hari kerja" in text(go(client, world.reviewer, "visit-detail", visit.pk))


# --- calendar and list ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "month"),
    [("2026-02", (2026, 2)), ("2026-13", None), ("0000-01", None), ("x", None), ("", None), ("99999-1", None),
     ("²026-01", None), ("2026-1", (2026, 1))],
)  # fmt: skip
def test_the_month_asked_for_is_read_or_replaced_by_this_one(asked, month):
    today = datetime.date(2026, 11, 25)
    assert month_asked(asked, today) == datetime.date(*(month or (2026, 11)), 1)


@pytest.mark.parametrize(("asked", "day"), [("2026-11-30", 30), ("2026-11-31", 25), ("0001-01-01", 25), ("x", 25)])
def test_the_day_asked_for_is_read_or_replaced_by_today(asked, day):
    assert day_asked(asked, datetime.date(2026, 11, 25)) == datetime.date(2026, 11, day)


def test_the_calendar_shows_each_day_of_a_visit_and_marks_clashes(client, world):
    first = datetime.date(2031, 6, 10)
    visit_to(world, world.polsek, first, [world.leader], ends_on=first + ONE)
    visit_to(world, station(world), first + ONE, [world.leader])
    visit_to(world, station(world, "Polsek Batal"), first, [world.leader], status=VisitStatus.CANCELLED)
    answer = go(client, world.leader, "visit-calendar", bulan="2031-06")
    page = answer.context["page"]
    there = {day.day.day: [(e.visit.unit.name, e.is_clashing, e.is_mine) for e in day.entries] for day in page.days}
    assert there[10] == [("Polsek Senori", False, True)]
    assert there[11] == [("Polsek Senori", True, True), ("Polsek Soko", True, True)]
    assert page.visits == 2
    assert len(page.weeks) == 6 and page.weeks[0][5] is None and page.weeks[0][6].day.day == 1
    assert "Bentrok tim" in text(answer)
    assert "Polsek Batal" not in text(answer)
    narrowed = text(go(client, world.leader, "visit-calendar", bulan="2031-06", cari="soko"))
    assert "Polsek Soko" in narrowed
    assert "Polsek Senori" not in narrowed
    assert "Polsek Senori" in text(go(client, world.leader, "visit-calendar", bulan="2031-06", cari="polres uji"))
    assert "Tidak ada kunjungan bulan ini" in text(go(client, world.stranger, "visit-calendar", bulan="2031-06"))


def test_the_list_narrows_to_a_period_and_a_subtree(client, world):
    later = Period.objects.create(
        unit=world.polres, name="Triwulan lain", kind="quarter",
        first_day=world.period.last_day + ONE, last_day=world.period.last_day + 80 * ONE,
    )  # fmt: skip
    visit_to(world, station(world), later.first_day, [world.leader], period=later, sprin_number="Sprin/nanti")
    page = text(go(client, world.reviewer, "visit-list", pilih="semua", periode=later.pk))
    assert "Sprin/nanti" in page
    assert "Sprin/1/2026" not in page
    assert "dalam Triwulan lain" in page
    for odd in ("0", "x", "99999999999999999999"):
        assert "Sprin/1/2026" in text(go(client, world.reviewer, "visit-list", pilih="semua", periode=odd))
    both = text(go(client, world.reviewer, "visit-list", pilih="semua", cari="Polres Uji"))
    assert "Sprin/nanti" in both
    assert "Sprin/1/2026" in both


def test_the_day_says_who_checks_what_and_what_to_bring(client, world):
    node = Node.objects.get(instrument=world.instrument, code="P.1.5")
    Assignment.objects.create(visit=world.visit, user=world.members[0], node=node)
    for number in range(10):
        Finding.objects.create(
            number=f"T-{number}", unit=world.polsek, severity="minor", observation=f"Papan {number} kosong",
            owner_unit=world.polsek, owner_title="Kapolsek", created_by=world.leader,
            handed_over_at="2026-01-01T00:00Z" if number else None,
        )  # fmt: skip
    page = text(go(client, world.members[0], "visit-day"))
    assert "Kabagren" in page
    assert node.name in page
    assert "Sprin/1/2026" in page
    assert reverse("supervisi:checklist-blank", args=[world.checklist.pk]) in page
    assert "untuk diuji ulang (9)" in page
    assert "1 temuan lagi" in page
    assert "Papan 0 kosong" not in page, "not handed over yet"
    unit = text(go(client, world.operator, "visit-day"))
    assert reverse("supervisi:checklist-blank", args=[world.checklist.pk]) not in unit
    assert "Tidak ada kunjungan pada hari ini" in text(go(client, world.stranger, "visit-day"))


@pytest.mark.parametrize("name", ["visit-calendar", "visit-day"])
def test_the_number_of_queries_does_not_grow(client, world, name):
    def count():
        go(client, world.leader, name)
        with Counted() as counted:
            client.get(reverse(f"supervisi:{name}"))
        return len(counted.statements)

    first = count()
    for _ in range(8):
        visit_to(world, make_unit(world.polres, kind=UnitKind.POLSEK), datetime.date.today(), world.members)
    assert count() == first <= 12


def test_who_has_nothing_to_do_with_visits_finds_no_calendar(client, world):
    for role in (Role.ADMIN, Role.INTEGRITY_OFFICER):
        person = make_person(world.polres, role)
        for name in ("visit-calendar", "visit-day"):
            assert go(client, person, name).status_code == 404
