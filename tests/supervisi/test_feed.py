"""The calendar of a person: read by another parser, secret, ended at once, and silent about what he must not know."""

import datetime

import pytest
from django.core.cache import cache
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from supervisi import ical
from supervisi.models import Assignment, CalendarFeed, Node, Visit, VisitMember, visits
from supervisi.services.feeds import end_feed, make_feed
from supervisi.services.visits import Team, cancel_visit, change_visit, delete_visit, plan_visit, start_visit
from supervisi.views import feeds
from tests.factories import make_posting
from tests.supervisi.sheets import Counted, make_world
from wbbm.organisasi.models import AuditEvent, Posting, Role, Unit, User

ONE = datetime.timedelta(days=1)
ODD = 'Polsek Sénori, Jalan Raya; blok \\n "A" 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字'


# --- lines ------------------------------------------------------------------------------------------------


@given(st.text(max_size=300))
def test_every_line_is_short_whole_and_reads_back(value):
    body = ical.document([f"SUMMARY:{ical.text(value)}", "END:VEVENT"])
    lines = body.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert all(b"\n" not in line and b"\r" not in line and line.decode() is not None for line in lines)
    wanted = value.replace("\r\n", "\n").replace("\r", "\n")
    wanted = "".join(char for char in wanted if char in "\t\n" or (char >= " " and char != "\x7f"))
    unfolded = body.decode().replace("\r\n ", "")
    assert f"SUMMARY:{ical.text(value)}\r\n" in unfolded
    assert (
        ical.text(value)
        .replace("\\\\", "\0")
        .replace("\\n", "\n")
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\0", "\\")
        == wanted
    )


# --- the file ---------------------------------------------------------------------------------------------


@pytest.fixture
def world(db):
    cache.clear()
    return make_world()


def planned(world, **changes):
    wanted = {
        "unit": world.polsek, "period": world.period, "sprin_number": "Sprin/9", "by": world.reviewer,
        "starts_on": datetime.date.today() + 3 * ONE, "ends_on": datetime.date.today() + 4 * ONE,
        "team": Team(world.leader, None, tuple(world.members[:1])),
    } | changes  # fmt: skip
    return plan_visit(**wanted)


def path_of(person):
    return "/" + make_feed(User.objects.get(pk=person.pk)).split("/", 3)[3]


def events(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.content)
    assert not calendar.errors
    return {str(event["UID"]).split("@")[0]: event for event in calendar.walk("VEVENT")}


def test_another_parser_reads_days_names_and_own_tasks_only(client, world):
    Unit.objects.filter(pk=world.polsek.pk).update(name=ODD, latitude="-6.98000", longitude="111.90000")
    visit = planned(world)
    mine, others = (Node.objects.get(instrument=world.instrument, code=code) for code in ("P.1.5", "P.1.6"))
    Assignment.objects.filter(visit=visit).delete()
    Assignment.objects.create(visit=visit, user=world.members[0], node=mine)
    Assignment.objects.create(visit=visit, user=world.leader, node=others)
    path = path_of(world.members[0])
    body = client.get(path).content
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    event = events(client, path)[f"kunjungan-{visit.pk}"]
    assert event.decoded("DTSTART") == visit.starts_on
    assert event.decoded("DTEND") == visit.ends_on + ONE
    assert str(event["SUMMARY"]) == f"Kunjungan {ODD}"
    assert str(event["LOCATION"]) == ODD
    assert mine.name in event["DESCRIPTION"]
    assert others.name not in event["DESCRIPTION"]
    assert world.leader.name not in body.decode()
    assert event["STATUS"] == "CONFIRMED"
    assert str(event["URL"]).endswith(visit.get_absolute_url())


def test_changes_count_up_and_a_cancelled_visit_says_so(client, world):
    visit = planned(world)
    path, key = path_of(world.leader), f"kunjungan-{visit.pk}"
    first = events(client, path)[key]
    change_visit(
        visit=visit, sprin_number="Sprin/9", starts_on=visit.starts_on + ONE, ends_on=None,
        team=Team(world.leader, None, ()), by=world.reviewer,
    )  # fmt: skip
    second = events(client, path)[key]
    cancel_visit(visit=Visit.objects.get(pk=visit.pk), by=world.reviewer, reason="Tim ditarik kembali")
    third = events(client, path)[key]
    assert [event["SEQUENCE"] for event in (first, second, third)] == [0, 1, 2]
    assert first.decoded("DTSTAMP") <= second.decoded("DTSTAMP") <= third.decoded("DTSTAMP")
    assert second.decoded("DTSTART") == visit.starts_on
    assert third["STATUS"] == "CANCELLED"
    assert str(third["SUMMARY"]).startswith("Batal: ")
    delete_visit(visit=Visit.objects.get(pk=visit.pk), by=world.reviewer)
    assert key not in events(client, path)


def test_who_left_the_team_and_who_never_was_in_it_read_nothing(client, world):
    visit = planned(world)
    assert f"kunjungan-{visit.pk}" in events(client, path_of(world.members[0]))
    assert events(client, path_of(world.reviewer)) == {}
    VisitMember.objects.filter(visit=visit, user=world.members[0]).update(left_at="2026-01-01T00:00Z")
    assert f"kunjungan-{visit.pk}" not in events(client, path_of(world.members[0]))


@pytest.mark.parametrize("role", [Role.COMMANDER, Role.OPERATOR, Role.SUPERVISOR])
def test_the_unit_reads_no_unannounced_visit_before_it_begins(client, world, role):
    """Show 6: feeds too; whatever else the person holds, even as a member of the team."""
    person = world.operator
    Posting.objects.filter(user=person).update(role=role)
    make_posting(person, world.polres, Role.AUDITOR)
    visit = planned(world, is_announced=False)
    VisitMember.objects.create(visit=visit, user=person, number=9)
    path, key = path_of(person), f"kunjungan-{visit.pk}"
    assert key not in events(client, path)
    assert "Mendadak" in events(client, path_of(world.leader))[key]["DESCRIPTION"]
    start_visit(visit=visit, by=world.leader)
    assert key in events(client, path)


def test_the_twin_without_the_guard_the_unit_reads_it(client, world, monkeypatch):
    from django.db.models import Q

    monkeypatch.setattr(visits, "KNOWN_TO_UNIT", Q(pk__isnull=False))
    with pytest.raises(AssertionError):
        test_the_unit_reads_no_unannounced_visit_before_it_begins(client, world, Role.OPERATOR)


def test_the_address_is_secret_and_ends_at_once(client, world):
    planned(world)
    first = path_of(world.leader)
    token = first.rsplit("/", 1)[1].removesuffix(".ics")
    assert len(token) >= 43, "256 bits"
    assert token not in str(list(CalendarFeed.objects.values_list()))
    assert token not in str(list(AuditEvent.objects.values_list()))
    second = path_of(world.leader)
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    assert end_feed(world.leader)
    assert not end_feed(world.leader)
    missing = client.get(second.replace(second[-9:-4], "xxxxx"))
    assert client.get(second).status_code == missing.status_code == 404
    acts = AuditEvent.objects.filter(action__startswith="feed.").order_by("pk").values_list("action", flat=True)
    assert list(acts) == ["feed.made", "feed.made", "feed.ended"]


def test_a_closed_person_is_not_found_and_an_ended_posting_empties_it(client, world):
    planned(world)
    path = path_of(world.leader)
    assert events(client, path)
    Posting.objects.filter(user=world.leader).update(ends_on=datetime.date.today() - 2 * ONE, starts_on="2020-01-01")
    assert events(client, path) == {}
    User.objects.filter(pk=world.leader.pk).update(closed_at="2026-01-01T00:00Z")
    assert client.get(path).status_code == 404


def test_the_feed_is_only_read_slowly_and_signs_nobody_in(client, world, monkeypatch):
    monkeypatch.setattr(feeds, "MOST_A_MINUTE", 2)
    path = path_of(world.leader)
    answers = [client.get(path) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Retry-After"] == "60"
    assert "sessionid" not in str(client.cookies)
    assert "no-store" in answers[0]["Cache-Control"]
    assert client.post(path).status_code == 405
    assert client.get(reverse("supervisi:visit-list")).status_code == 302


def test_the_page_shows_the_address_once_and_ends_it(client, world):
    client.force_login(world.leader, backend="wbbm.organisasi.auth.PostingBackend")
    page, make, end = (reverse(f"supervisi:visit-feed-{name}") for name in ("settings", "make", "end"))
    assert "Belum ada alamat" in client.get(page).content.decode()
    assert page in client.get(reverse("account")).content.decode()
    made = client.post(make)
    address = made.context["address"]
    assert address in made.content.decode()
    assert address not in client.get(page).content.decode()
    assert client.get(address.split("/", 3)[3].join(["/", ""])).status_code == 200
    assert client.post(end).status_code == 302
    assert not CalendarFeed.objects.exists()
    assert client.get(make).status_code == 405


def test_the_number_of_queries_does_not_grow(client, world):
    path = path_of(world.leader)

    def count():
        client.get(path)
        with Counted() as counted:
            client.get(path)
        return len(counted.statements)

    planned(world)
    first = count()
    for number in range(4):
        planned(world, sprin_number=f"Sprin/{number}")
    assert count() == first <= 5
