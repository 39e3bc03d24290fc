"""Fifty register at once for the last place: one gets it, on both databases; and the same form sent twice is one."""

import threading
from collections import Counter

import pytest
from django.db import DatabaseError, connections
from django.db.models import F

from layanan.models import PracticeSession, Registration
from layanan.services import registrations
from layanan.services.registrations import cancel_registration, register
from tests.factories import make_person, make_unit
from tests.layanan.makers import applicant, make_session, new_code
from wbbm.errors import DomainError
from wbbm.organisasi.models import Role

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 50


def at_once(works):
    """Run all at the same moment, each on a connection of its own; return what was raised."""
    barrier, faults = threading.Barrier(len(works)), []

    def run(work):
        try:
            barrier.wait()
            work()
        except (DomainError, DatabaseError) as fault:
            faults.append(type(fault).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


def crowd(session):
    """Return the works of fifty people who register for a session of which each has read the page."""
    pages = [PracticeSession.objects.get(pk=session.pk) for _ in range(CROWD)]

    def one(number, page):
        return lambda: register(session=page, applicant=applicant(number), code=new_code())

    return [one(number, page) for number, page in enumerate(pages)]


def problems(session, faults):
    """Compare what is stored with what must be: one place given, everybody else waiting, nobody refused."""
    session.refresh_from_db()
    statuses = Counter(session.registrations.values_list("status", flat=True))
    found = list(faults)
    if statuses != {"confirmed": 1, "waiting": CROWD - 1}:
        found.append(f"stored: {dict(statuses)}")
    if (session.taken, session.waiting) != (1, CROWD - 1):
        found.append(f"counted: {session.taken}, {session.waiting}")
    return found


@pytest.fixture
def session():
    unit = make_unit()
    return make_session(unit, make_person(unit, Role.OPERATOR), capacity=1)


def test_of_fifty_at_once_one_gets_the_last_place_and_leavers_are_followed(session):
    assert problems(session, at_once(crowd(session))) == []
    # Ten who hold or wait for the place leave at once: the place goes on, and is never held twice.
    first = list(Registration.objects.order_by("pk").filter(pk__lte=Registration.objects.order_by("pk")[9].pk))
    holder = Registration.objects.get(status="confirmed")
    leavers = {row.pk: row for row in [holder, *first]}.values()
    assert at_once([lambda row=row: cancel_registration(registration=row) for row in leavers]) == []
    session.refresh_from_db()
    assert (session.taken, session.waiting) == (1, CROWD - 1 - len(leavers))
    row = Registration.objects.get(status="confirmed")
    assert row.pk == Registration.objects.exclude(status="cancelled").order_by("pk").first().pk


def test_without_the_condition_in_the_update_the_crowd_is_not_parted(session, monkeypatch):
    """Twin: whether there is room is read before, as the page showed it, and not asked in the UPDATE."""

    def unguarded(page):
        is_free = page.taken < page.capacity
        return is_free and bool(PracticeSession.objects.filter(pk=page.pk).update(taken=F("taken") + 1))

    monkeypatch.setattr(registrations, "claim_place", unguarded)
    assert problems(session, at_once(crowd(session))) != []


def test_the_same_form_sent_many_times_at_once_is_one_registration(session):
    code = new_code()
    pages = [PracticeSession.objects.get(pk=session.pk) for _ in range(8)]
    works = [lambda page=page: register(session=page, applicant=applicant(), code=code) for page in pages]
    assert at_once(works) == []
    session.refresh_from_db()
    assert (Registration.objects.count(), session.taken, session.waiting) == (1, 1, 0)
