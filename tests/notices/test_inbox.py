"""The inbox: told once, in the caller's transaction; read by its owner only, and only while his postings reach it."""

import datetime
import zoneinfo

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from tests.factories import make_person, make_posting, make_unit, make_user
from tests.supervisi.sheets import Counted
from wbbm.notices.models import Notice, NoticeKind
from wbbm.notices.services import KEEP_READ, mark_all_read, tell
from wbbm.organisasi.models import AuditEvent, Posting, Role, UnitKind
from wbbm.organisasi.services import seals
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.services.postings import add_posting, approve_posting
from wbbm.organisasi.signed_in import read_person
from wbbm.upkeep.retention import purge

pytestmark = pytest.mark.django_db


@pytest.fixture
def polres():
    return make_unit(kind=UnitKind.POLRES)


@pytest.fixture
def polsek(polres):
    return make_unit(polres)


def told(person, unit, key="k", text="Ada yang menunggu.", **changes):
    tell([person], kind=NoticeKind.SHEET, text=text, url="/dasbor/", unit=unit, key=key)
    Notice.objects.filter(person=person, key=key).update(**changes)
    return Notice.objects.get(person=person, key=key)


def signed_in(person):
    client = Client()
    client.force_login(person, backend="wbbm.organisasi.auth.PostingBackend")
    return client


# --- telling ------------------------------------------------------------------------------------------


def test_the_same_key_tells_a_person_once(polsek):
    one, two = make_person(polsek, Role.OPERATOR), make_person(polsek, Role.COMMANDER)
    for _ in range(2):
        tell([one, two, one], kind="visit", text="Kunjungan.", url="/dasbor/", unit=polsek, key="visit-1")
    assert Notice.objects.filter(key="visit-1").count() == 2
    tell([one], kind="visit", text="Kunjungan.", url="/dasbor/", unit=polsek, key="visit-2")
    assert Notice.objects.filter(person=one).count() == 2


def test_the_database_itself_refuses_a_second_row(polsek):
    person = make_person(polsek, Role.OPERATOR)
    notice = told(person, polsek)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(person=person, kind="visit", text="x", url="/", unit=polsek, key=notice.key)


def test_what_is_rolled_back_told_nobody(polsek):
    person = make_person(polsek, Role.OPERATOR)
    with pytest.raises(RuntimeError), transaction.atomic():
        told(person, polsek)
        raise RuntimeError
    assert not Notice.objects.exists()


def test_a_closed_account_is_not_told(polsek):
    person = make_person(polsek, Role.OPERATOR, closed_at=timezone.now())
    tell([person], kind="visit", text="x", url="/", unit=polsek, key="k")
    assert not Notice.objects.exists()


@pytest.mark.parametrize("changes", [{"kind": "apa"}, {"url": "https://lain.example"}, {"url": "//lain.example"}])
def test_a_wrong_kind_or_address_is_refused(polsek, changes):
    wanted = {"kind": "visit", "text": "x", "url": "/dasbor/", "unit": polsek, "key": "k"} | changes
    with pytest.raises(ValueError, match="notice"):
        tell([make_user()], **wanted)


def test_a_text_that_is_too_long_is_cut(polsek):
    notice = told(make_person(polsek, Role.OPERATOR), polsek, text="a" * 400)
    assert len(notice.text) == 300
    assert notice.text.endswith("…")


# --- the page -----------------------------------------------------------------------------------------


def test_the_inbox_shows_the_own_rows_newest_first(polsek):
    person, other = make_person(polsek, Role.OPERATOR), make_person(polsek, Role.OPERATOR)
    told(person, polsek, "a", "Yang lama.", created_at=timezone.now() - datetime.timedelta(days=2))
    told(person, polsek, "b", "Yang baru.")
    told(other, polsek, "c", "Milik orang lain.")
    said = signed_in(person).get("/kotak-masuk/").content.decode()
    assert said.index("Yang baru.") < said.index("Yang lama.")
    assert "Milik orang lain." not in said
    assert "2 belum dibaca" in said


def test_an_empty_inbox_says_so(polsek):
    said = signed_in(make_person(polsek, Role.OPERATOR)).get("/kotak-masuk/").content.decode()
    assert "Belum ada pemberitahuan" in said
    assert "zi-count" not in said


def test_the_inbox_has_pages(polsek):
    person = make_person(polsek, Role.OPERATOR)
    for number in range(27):
        told(person, polsek, f"k{number}", f"Nomor {number}.")
    client = signed_in(person)
    assert client.get("/kotak-masuk/").content.decode().count('class="zi-notice ') == 25
    second = client.get("/kotak-masuk/?halaman=2").content.decode()
    assert second.count('class="zi-notice ') == 2
    assert "Halaman 2 dari 2" in second


def queries(client, path):
    client.get(path)
    with Counted() as counted:
        assert client.get(path).status_code == 200
    return len(counted.statements)


def test_the_page_reads_as_much_for_one_as_for_many(polsek):
    person = make_person(polsek, Role.OPERATOR)
    told(person, polsek)
    client = signed_in(person)
    few = queries(client, "/kotak-masuk/")
    for number in range(20):
        told(person, make_unit(polsek) if number % 2 else polsek, f"k{number}")
    assert queries(client, "/kotak-masuk/") == few <= 6


def test_the_bell_costs_no_query_of_its_own(polsek):
    person = make_person(polsek, Role.OPERATOR)
    client = signed_in(person)
    none = queries(client, "/akun/")
    told(person, polsek)
    assert queries(client, "/akun/") == none == 3  # session, person with the bell's figure, postings
    assert '<span class="zi-count">1</span>' in client.get("/akun/").content.decode()


# --- marking as read ----------------------------------------------------------------------------------


def test_opening_marks_as_read_and_leads_on(polsek):
    person = make_person(polsek, Role.OPERATOR)
    notice = told(person, polsek)
    client = signed_in(person)
    assert client.get(f"/kotak-masuk/{notice.pk}/dibaca/").status_code == 405
    assert client.post(f"/kotak-masuk/{notice.pk}/dibaca/", {"buka": "1"})["Location"] == "/dasbor/"
    notice.refresh_from_db()
    first = notice.read_at
    assert first is not None
    assert client.post(f"/kotak-masuk/{notice.pk}/dibaca/")["Location"] == "/kotak-masuk/"
    notice.refresh_from_db()
    assert notice.read_at == first


def test_reading_a_page_marks_nothing(polsek):
    person = make_person(polsek, Role.OPERATOR)
    notice = told(person, polsek)
    signed_in(person).get("/kotak-masuk/")
    notice.refresh_from_db()
    assert notice.read_at is None


def test_somebody_elses_notice_cannot_be_marked(polsek):
    notice = told(make_person(polsek, Role.OPERATOR), polsek)
    other = signed_in(make_person(polsek, Role.COMMANDER))
    assert other.post(f"/kotak-masuk/{notice.pk}/dibaca/").status_code == 404
    other.post("/kotak-masuk/dibaca/")
    notice.refresh_from_db()
    assert notice.read_at is None


def test_all_are_marked_at_once(polsek):
    person = make_person(polsek, Role.OPERATOR)
    for key in "abc":
        told(person, polsek, key)
    said = signed_in(person).post("/kotak-masuk/dibaca/", follow=True).content.decode()
    assert "3 pemberitahuan ditandai sudah dibaca." in said
    assert "semua sudah dibaca" in said
    assert "zi-count" not in said


def test_what_was_read_long_ago_is_purged_and_nothing_else(polsek):
    person = make_person(polsek, Role.OPERATOR)
    long_ago = timezone.now() - KEEP_READ - datetime.timedelta(hours=1)
    told(person, polsek, "alt", created_at=long_ago, read_at=long_ago)
    told(person, polsek, "unread", created_at=long_ago)
    told(person, polsek, "fresh", read_at=timezone.now())
    assert {found.rule.key: found.count for found in purge()}["notices"] == 1
    assert set(Notice.objects.values_list("key", flat=True)) == {"unread", "fresh"}


# --- the end of a posting -----------------------------------------------------------------------------


def sees(person):
    fresh = type(person).objects.get(pk=person.pk)
    said = signed_in(fresh).get("/kotak-masuk/").content.decode()
    return "Ada yang menunggu." in said, "zi-count" in said


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_on": datetime.date(2021, 1, 1)},
        {"approved_at": None},
        {"withdrawn_at": timezone.now()},
        {"starts_on": datetime.date.today() + datetime.timedelta(days=3)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_with_the_posting_the_notice_ends_in_list_and_bell(polsek, changes):
    person = make_person(polsek, Role.COMMANDER)
    told(person, polsek)
    assert sees(person) == (True, True)
    Posting.objects.filter(user=person).update(**changes)
    assert sees(person) == (False, False)
    assert mark_all_read(person) == 0


@pytest.mark.parametrize(("role", "reaches"), [(Role.COMMANDER, True), (Role.OPERATOR, False)])
def test_the_reach_is_the_postings(polres, polsek, role, reaches):
    person = make_person(polres, role)
    told(person, polsek)
    assert sees(person) == (reaches, reaches)


def test_another_unit_is_out_of_reach(polsek):
    person = make_person(make_unit(), Role.COMMANDER)
    told(person, polsek)
    assert sees(person) == (False, False)


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"])
def test_the_last_day_is_the_units_own_everywhere(zone):
    """The bell's condition and the scope say the same at each hour of the last day and the next."""
    unit = make_unit(time_zone=zone)
    posting = make_posting(unit=unit, role=Role.COMMANDER, ends_on=datetime.date(2026, 3, 10))
    start = datetime.datetime(2026, 3, 10, tzinfo=datetime.UTC)
    for hour in range(-12, 36):
        moment = start + datetime.timedelta(hours=hour, minutes=30)
        day = moment.astimezone(zoneinfo.ZoneInfo(zone)).date()
        assert Posting.objects.running(moment).filter(pk=posting.pk).exists() == posting.runs_on(day)


def test_the_bell_falls_silent_with_the_day(monkeypatch):
    """The SQL of the bell is kept, but never beyond the day of any time zone."""
    unit = make_unit(time_zone="Asia/Makassar")
    person = make_user()
    make_posting(user=person, unit=unit, role=Role.COMMANDER, ends_on=datetime.date(2026, 3, 10))
    told(person, unit)
    rings = []
    for hour in (14, 15, 16, 17, 18):
        moment = datetime.datetime(2026, 3, 10, hour, 30, tzinfo=datetime.UTC)
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        rings.append(bool(read_person(person.pk).unread_notices))
    # Midnight in Makassar is 16.00 UTC.
    assert rings == [True, True, False, False, False]
    assert read_person(0) is None


# --- postings that wait -------------------------------------------------------------------------------


def test_a_posting_that_waits_is_told_to_the_nearest_admins_who_may_approve_it():
    polda = make_unit(kind=UnitKind.POLDA)
    polres = make_unit(polda, kind=UnitKind.POLRES)
    polsek = make_unit(polres)
    maker, second = make_person(polres, Role.ADMIN), make_person(polres, Role.ADMIN)
    above = make_person(polda, Role.ADMIN)
    holder = make_user()
    given = {"by": maker, "user": holder, "unit": polsek, "title": "Kapolsek Uji", "starts_on": datetime.date.today()}
    posting = add_posting(role=Role.COMMANDER, **given)
    assert list(Notice.objects.values_list("person", flat=True)) == [second.pk]
    assert approve_posting(posting=posting, by=second).approved_at is not None
    add_posting(role=Role.OPERATOR, **given | {"title": "Operator"})
    assert Notice.objects.count() == 1
    Posting.objects.filter(user=second).update(ends_on=datetime.date(2021, 1, 1))
    add_posting(role=Role.COMMANDER, **given | {"title": "Kapolsek Lain"})
    assert set(Notice.objects.values_list("person", flat=True)) == {second.pk, above.pk}
    assert holder.name not in " ".join(Notice.objects.values_list("text", flat=True))
    assert AuditEvent.objects.filter(action="posting.added").count() == 3


# --- the day's head -----------------------------------------------------------------------------------


def test_the_days_head_is_in_the_inbox_of_two_offices_and_the_older_one_is_settled():
    top = make_unit(kind=UnitKind.POLDA)
    commander, auditor = make_person(top, Role.COMMANDER), make_person(top, Role.AUDITOR)
    others = [make_person(top, Role.ADMIN), make_person(make_unit(top, kind=UnitKind.POLRES), Role.COMMANDER)]
    first, second = timezone.now(), timezone.now() + datetime.timedelta(days=1)
    heads = []
    for now in (first, first, second):
        record("sign-in", by=None)
        seals.seal_all()
        heads.append(seals.publish_head(now))
    assert heads[0] == heads[1] != heads[2]
    for person in (commander, auditor):
        newest, oldest = Notice.objects.visible_to(person).order_by("-pk")
        assert (newest.kind, newest.read_at, newest.url) == (NoticeKind.AUDIT, None, "/jejak/")
        assert heads[2].grouped in newest.text
        assert f"nomor {heads[2].number}," in newest.text
        assert oldest.read_at is not None
        assert signed_in(person).get(newest.url).status_code == 200
    assert not Notice.objects.filter(person__in=others).exists()
