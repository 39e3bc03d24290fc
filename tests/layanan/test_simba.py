"""SIMBA: a resident registers, waits, looks up, cancels; the unit plans, notes who came; names go, figures stay."""

import datetime
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from layanan.forms.simba import normal_phone
from layanan.models import PracticeSession, Registration
from layanan.services import simba
from layanan.services.registrations import MOST_WAITING, AlreadyRegistered, cancel_registration, register
from layanan.services.simba_emptying import KEEP_DAYS, empty_old_sessions
from tests.factories import make_person, make_posting, make_unit
from tests.layanan.makers import applicant, make_registration, make_session, new_code
from tests.layanan.test_public_pages import MOST_BYTES, compressed, weight
from tests.supervisi.sheets import Counted
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.notices.models import Notice
from wbbm.organisasi.models import AuditEvent, Role, UnitKind, User

pytestmark = pytest.mark.django_db
PHONE = "0800 1234 5678"


@pytest.fixture
def unit():
    polres = make_unit(kind=UnitKind.POLRES, name="Polres Uji")
    return make_unit(polres, name="Polsek Senori")


@pytest.fixture
def operator(unit):
    return make_person(unit, Role.OPERATOR)


def signed_in(person):
    client = Client()
    client.force_login(User.objects.get(pk=person.pk), backend="wbbm.organisasi.auth.PostingBackend")
    return client


def fill(client, session, **changes):
    """Open a session's page and send its form as a browser would."""
    url = session.get_absolute_url()
    page = client.get(url).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)
    fields = {"name": "Peserta 1", "phone": PHONE, "licence": "c", "key": unescape(key[1]) if key else ""}
    return client.post(url, fields | changes)


def enter(session, number=1, **changes):
    return register(session=session, applicant=applicant(number, **changes), code=new_code())


def standing(session):
    rows = session.registrations.order_by("pk").values_list("status", "place_number")
    session.refresh_from_db()
    return list(rows), (session.taken, session.waiting)


# --- residents ----------------------------------------------------------------------------------------


def test_a_resident_registers_looks_up_and_cancels_without_account_or_cookie(unit, operator, client):
    session = make_session(unit, operator, capacity=1)
    far = make_session(make_unit(name="Polsek Jauh"), operator)
    # A unit that will be gone by then offers nothing.
    make_session(make_unit(unit, name="Polsek Tutup", active_to=timezone.localdate()), operator)
    listed = client.get(reverse("layanan:simba-list"), {"cari": "Polres Uji"}).content.decode()
    assert session.get_absolute_url() in listed and far.get_absolute_url() not in listed
    assert "Polsek Tutup" not in listed
    sent = fill(client, session)
    assert sent.status_code == 302
    receipt = client.get(sent["Location"])
    said = receipt.content.decode()
    assert "Anda mendapat tempat nomor 1" in said and "Simpan kode ini sekarang" in said
    assert (receipt["Referrer-Policy"], "no-store" in receipt["Cache-Control"]) == ("no-referrer", True)
    row = Registration.objects.get()
    assert (row.name, row.phone, row.place_number) == ("Peserta 1", "+6280012345678", 1)
    # Only a hash of the code is kept, and the trail knows nobody.
    code = sent["Location"].split("/")[3].replace("-", "")
    assert len(code) == 20 and row.code_hash != code
    event = AuditEvent.objects.get(action="simba.registered")
    assert event.actor is None and event.address is None
    trail = f"{event.object_label} {event.changes} {event.reason}"
    assert not any(part in trail for part in ("Peserta", "8001234", code))

    # Typed with small letters and blanks, the code opens the same.
    found = client.post(reverse("layanan:simba-find"), {"code": " ".join(code.lower())})
    plain = client.get(found["Location"])
    # So does the whole address, pasted.
    pasted = client.post(reverse("layanan:simba-find"), {"code": f"http://testserver{sent['Location'].split('?')[0]}"})
    assert pasted["Location"] == sent["Location"].split("?")[0]
    assert "Anda mendapat tempat nomor 1" in plain.content.decode()
    assert "Simpan kode ini" not in plain.content.decode()
    for _ in range(2):
        client.post(reverse("layanan:simba-withdraw", args=[code]))
        assert "Pendaftaran Anda dibatalkan" in client.get(found["Location"]).content.decode()
    row.refresh_from_db()
    assert (row.status, row.name, row.phone, row.place_number) == ("cancelled", "", "", None)
    assert AuditEvent.objects.filter(action="simba.withdrawn").count() == 1
    assert not client.cookies


def test_who_waits_moves_up_in_turn_and_a_repeat_of_the_cancel_moves_nobody(unit, operator):
    session = make_session(unit, operator, capacity=2)
    rows = [enter(session, number) for number in range(1, 6)]
    cancel_registration(registration=rows[3])
    cancel_registration(registration=rows[0])
    cancel_registration(registration=rows[0])
    places = [("cancelled", None), ("confirmed", 2), ("confirmed", 1), ("cancelled", None), ("waiting", None)]
    assert standing(session) == (places, (2, 1))
    rows[2].refresh_from_db()
    assert rows[2].moved_up_at is not None
    # The operator is told once, without a name, where the person waits to be told.
    notice = Notice.objects.get(person=operator)
    assert notice.url == reverse("layanan:simba-people", args=[session.pk])
    assert "Beri tahu orangnya" in notice.text and "Peserta" not in notice.text
    # Places that nobody holds are given up to the capacity, never beyond: the database refuses it as well.
    with pytest.raises(IntegrityError), transaction.atomic():
        PracticeSession.objects.filter(pk=session.pk).update(taken=3)


def test_the_same_person_is_told_and_a_stranger_learns_nothing(unit, operator, client):
    """Who knows name and number is told; a number alone tells nobody whether it is registered."""
    session = make_session(unit, operator, capacity=9)
    first = fill(client, session)
    again = fill(client, session, name="  PESERTA   1 ", phone="+62 800-1234-5678")
    assert again.status_code == 409
    assert "sudah terdaftar" in again.content.decode() and "Polsek Senori" in again.content.decode()
    # A stranger with the number and any name gets what everybody gets.
    stranger = fill(client, session, name="Orang Lain")
    fresh = fill(client, session, name="Orang Lain", phone="0800 9999 0000")
    assert first.status_code == stranger.status_code == fresh.status_code == 302
    assert standing(session)[1] == (3, 0)
    said = signed_in(operator).get(reverse("layanan:simba-people", args=[session.pk])).content.decode()
    assert said.count("nomor ini dipakai lebih dari satu peserta") == 2
    # The same form twice is one registration with one code; the person can come back after cancelling.
    with pytest.raises(AlreadyRegistered):
        enter(session, 1, phone="+6280012345678")
    cancel_registration(registration=session.registrations.order_by("pk").first())
    assert fill(client, session).status_code == 302


def test_every_wrong_code_gets_the_same_answer_and_is_slowed_down(unit, operator, client, monkeypatch):
    session = make_session(unit, operator)
    code = new_code()
    row = register(session=session, applicant=applicant(), code=code)
    emptied = new_code()
    register(session=session, applicant=applicant(2), code=emptied)
    Registration.objects.exclude(pk=row.pk).update(code_hash=None)
    answers = set()
    for typed in ("x", "0" * 20, code[:-1] + ("0" if code[-1] != "0" else "1"), emptied, "%E2%98%83" * 9, "x" * 400):
        for route, method in (("simba-receipt", client.get), ("simba-withdraw", client.post)):
            with Counted() as counted:
                answer = method(reverse(f"layanan:{route}", args=[typed]))
            answers.add((answer.status_code, answer.content, len(counted.statements)))
    assert {(status, queries) for status, _, queries in answers} == {(404, 1)}
    assert len({body for _, body, _ in answers}) == 1
    monkeypatch.setattr("layanan.views.simba.asks_too_often", lambda *_: True)
    hasty = client.get(reverse("layanan:simba-receipt", args=[code]))
    assert (hasty.status_code, hasty["Retry-After"]) == (429, "60")


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"name": ""}, 422, "Tulis nama Anda."),
        ({"name": "12"}, 422, "dengan huruf"),
        ({"phone": "12345"}, 422, "nomor ponsel Indonesia"),
        ({"phone": "+60 12 345 6789"}, 422, "nomor ponsel Indonesia"),
        ({"licence": "a"}, 422, "ada pada jadwal ini"),
        ({"website": "http://x"}, 422, "tersembunyi"),
        ({"key": "palsu"}, 422, "terlalu lama terbuka"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(unit, operator, client, changes, status, said):
    session = make_session(unit, operator)
    answer = fill(client, session, **changes)
    page = unescape(answer.content.decode())
    assert (answer.status_code, said in page) == (status, True)
    assert not Registration.objects.exists()
    if "phone" not in changes:
        assert f'value="{PHONE}"' in page
    if "key" in changes:
        # The fresh key of the answer is good.
        assert 'value="palsu"' not in page and re.search(r'name="key" value="[^"]{40,}"', page)


def test_sessions_that_take_nobody_say_why(unit, operator, client, monkeypatch):
    full = make_session(unit, operator, capacity=1, taken=1, waiting=MOST_WAITING)
    shut = make_session(unit, operator, status="closed")
    gone = make_session(unit, operator, status="cancelled", cancel_reason="Lapangan banjir.")
    begun = make_session(unit, operator, days=-0.01)
    for session, said in ((full, "Penuh"), (shut, "ditutup"), (gone, "Lapangan banjir."), (begun, "berlangsung")):
        page = client.get(session.get_absolute_url()).content.decode()
        assert said in page and 'name="phone"' not in page
        with pytest.raises(DomainError, match="Pilih jadwal lain"):
            enter(session)
        assert (session.registrations.count(), session.waiting) == (0, full.waiting if session is full else 0)
    # Too many at once for one session: told to wait a little, and nothing typed is lost.
    monkeypatch.setattr("layanan.views.simba.asks_too_often", lambda page, key, most: page == "simba-form")
    busy = fill(client, make_session(unit, operator))
    assert busy.status_code == 429 and PHONE in busy.content.decode()


def test_numbers_are_written_in_one_way():
    wanted = "+6281234567890"
    for typed in ("081234567890", "0812-3456-7890", "+62 812 3456 7890", "6281234567890", "81234567890"):
        assert normal_phone(typed) == wanted
    for typed in ("", "0356 321000", "+1 202 555 0100", "0812", "08" + "1" * 15, "081234567890x"):
        assert normal_phone(typed) == ""


# --- the unit -----------------------------------------------------------------------------------------


def hidden(answer, name):
    return unescape(re.search(rf'name="{name}" value="([^"]+)"', answer.content.decode())[1])


def planned(**changes):
    day = timezone.localdate() + datetime.timedelta(days=5)
    fields = {
        "day": str(day), "starts": "08:00", "ends": "10:00", "place": "Lapangan desa", "licences": ["c", "a"],
        "capacity": "4", "guide_title": "Bhabinkamtibmas Desa Jatisari", "map_point": "-7.0405, 111.7256", "note": "",
    }  # fmt: skip
    return fields | changes


def test_the_operator_plans_changes_closes_and_calls_off(unit, operator):
    client = signed_in(operator)
    made = client.post(reverse("layanan:simba-add"), planned())
    session = PracticeSession.objects.get()
    assert made["Location"] == reverse("layanan:simba-people", args=[session.pk])
    assert (session.licences, str(session.latitude), session.starts_at.hour) == (["a", "c"], "-7.04050", 1)
    # The second click leads to the same session.
    assert client.post(reverse("layanan:simba-add"), planned())["Location"] == made["Location"]
    for changes, said in (
        ({"ends": "07:00"}, "sesudah jam mulai"), ({"licences": []}, "satu golongan"),
        ({"capacity": "0"}, "satu tempat"),
        ({"day": "2020-01-01"}, "sudah lewat"), ({"day": "9999-12-31"}, "satu tahun ke depan"),
        ({"map_point": "di sana"}, "lintang"),
    ):  # fmt: skip
        answer = client.post(reverse("layanan:simba-add"), planned(**changes))
        assert answer.status_code == 422 and said in unescape(answer.content.decode())
    assert PracticeSession.objects.count() == 1

    for number in range(1, 5):
        enter(session, number)
    enter(session, 5)
    change = reverse("layanan:simba-change", args=[session.pk])
    refused = client.post(change, planned(capacity="3"))
    assert refused.status_code == 422 and "Isi paling sedikit 4." in refused.content.decode()
    client.post(change, planned(capacity="5"))
    assert standing(session) == ([("confirmed", number) for number in range(1, 6)], (5, 0))
    # What another one changed since the page was opened is not overwritten unseen; sent once more, it counts.
    seen = hidden(client.get(change), "seen")
    client.post(change, planned(capacity="5", place="Balai desa"))
    late = client.post(change, planned(capacity="6", seen=seen))
    assert late.status_code == 409 and "Balai desa, 5 tempat." in late.content.decode()
    assert client.post(change, planned(capacity="5", seen=hidden(late, "seen"))).status_code == 302
    # Fewer places again after somebody left: the last number moves into the gap.
    cancel_registration(registration=session.registrations.get(place_number=2))
    client.post(change, planned(capacity="4"))
    assert sorted(session.registrations.placed().values_list("place_number", flat=True)) == [1, 2, 3, 4]

    door = reverse("layanan:simba-door", args=[session.pk])
    for _ in range(2):
        client.post(door, {"buka": "0"})
    session.refresh_from_db()
    assert session.status == "closed"
    call_off = reverse("layanan:simba-call-off", args=[session.pk])
    assert client.post(call_off, {"reason": ""}).status_code == 422
    for reason in ("Lapangan banjir.", "Alasan kedua"):
        client.post(call_off, {"reason": reason})
    session.refresh_from_db()
    assert (session.status, session.cancel_reason, session.taken) == ("cancelled", "Lapangan banjir.", 4)
    page = client.get(reverse("layanan:simba-people", args=[session.pk])).content.decode()
    link = urlsplit(unescape(re.search(r'href="(https://wa\.me/[^"]+)"', page)[1]))
    assert link.path == "/62800000" + "0001"
    assert "dibatalkan: Lapangan banjir." in parse_qs(link.query)["text"][0]
    acts = AuditEvent.objects.filter(object_type="layanan.practicesession").values_list("action", flat=True)
    assert sorted(acts) == ["simba.cancelled", *["simba.changed"] * 5, "simba.made"]
    with pytest.raises(InvalidTransition):
        simba.set_open(session=session, is_open=True, by=User.objects.get(pk=operator.pk))


def test_attendance_and_results_are_single_taps_that_may_be_repeated(unit, operator):
    client = signed_in(operator)
    session = make_session(unit, operator, days=-0.1, capacity=3)
    came, missed = make_registration(session), make_registration(session)
    early = make_registration(make_session(unit, operator))

    def tap(row, mark):
        url = reverse("layanan:simba-mark", args=[row.session_id, row.pk])
        return client.post(url, {"tanda": mark}, headers={"Accept": "application/json"})

    assert tap(came, "passed").status_code == 409
    for mark in ("attended", "attended", "passed", "exam-yes"):
        answer = tap(came, mark)
        assert answer["Location"].endswith(f"#p-{came.pk}")
    tap(missed, "absent")
    session.refresh_from_db()
    assert (session.taken, session.attended, session.passed, session.exam_passed) == (2, 1, 1, 1)
    assert AuditEvent.objects.filter(action="simba.marked").count() == 4
    # Noted by mistake: what hung on it goes with it.
    tap(came, "absent")
    session.refresh_from_db()
    assert (session.attended, session.passed, session.exam_passed) == (0, 0, 0)
    assert [tap(early, "attended").status_code, tap(came, "terbang").status_code] == [409, 422]


def test_names_are_read_at_the_unit_itself_only(unit, operator, monkeypatch):
    session = make_session(unit, operator)
    row = make_registration(session)
    page, mark = (
        reverse("layanan:simba-people", args=[session.pk]), reverse("layanan:simba-mark", args=[session.pk, row.pk])
    )  # fmt: skip
    above = unit.__class__.objects.get(path=unit.parent_path)
    others = [make_person(above, role) for role in (Role.COMMANDER, Role.SUPERVISOR, Role.OPERATOR, Role.AUDITOR)]
    for person in [*others, make_person(unit, Role.AUDITOR)]:
        client = signed_in(person)
        assert client.get(page).status_code == client.post(mark, {"tanda": "cancel"}).status_code == 404
    head = make_person(unit, Role.COMMANDER)
    client = signed_in(head)
    said = client.get(page).content.decode()
    assert "Peserta 1" in said and "wa.me" not in said
    assert client.post(mark, {"tanda": "cancel"}).status_code == 403
    for route in ("simba-change", "simba-call-off"):
        assert client.get(reverse(f"layanan:{route}", args=[session.pk])).status_code == 403
    with pytest.raises(NotAllowed):
        simba.cancel_session(session=session, reason="Karena", by=User.objects.get(pk=head.pk))
    # In one session's address another's person is not found.
    other = make_session(unit, operator)
    wrong = reverse("layanan:simba-mark", args=[other.pk, row.pk])
    assert signed_in(operator).post(wrong, {"tanda": "cancel"}).status_code == 404
    # An operator of two units chooses where.
    make_posting(operator, above, Role.OPERATOR)
    client = signed_in(operator)
    client.post(f"{reverse('layanan:simba-add')}?satuan={above.pk}", planned())
    assert PracticeSession.objects.filter(unit=above).count() == 1
    # Twin: without the scope a supervisor above reads the names.
    monkeypatch.setattr(type(PracticeSession.objects.all()), "visible_to", lambda rows, user: rows)
    assert "Peserta 1" in signed_in(others[1]).get(page).content.decode()


def test_names_go_after_the_set_time_and_figures_stay(unit, operator):
    old = make_session(unit, operator, days=-KEEP_DAYS - 1, attended=1, passed=1)
    young = make_session(unit, operator, days=-KEEP_DAYS + 1)
    gone, kept = make_registration(old, status="attended", person_mark="x"), make_registration(young)
    assert [empty_old_sessions(), empty_old_sessions()] == [1, 0]
    for row in (gone, kept, old):
        row.refresh_from_db()
    assert (gone.name, gone.phone, gone.code_hash, gone.person_mark, gone.status) == ("", "", None, None, "attended")
    assert (old.taken, old.attended, old.passed) == (1, 1, 1) and old.emptied_at is not None
    assert kept.name and kept.code_hash
    client = signed_in(operator)
    assert "Data peserta sudah dihapus" in client.get(reverse("layanan:simba-people", args=[old.pk])).content.decode()
    mark = reverse("layanan:simba-mark", args=[old.pk, gone.pk])
    assert client.post(mark, {"tanda": "absent"}, headers={"Accept": "application/json"}).status_code == 409


def test_pages_cost_the_same_however_many_there_are(unit, operator):
    session = make_session(unit, operator, capacity=60)
    make_registration(session)
    visitor, keeper = Client(), signed_in(operator)
    pages = (
        (visitor, reverse("layanan:simba-list"), 2), (visitor, reverse("layanan:simba-list") + "?cari=uji", 2),
        (visitor, session.get_absolute_url(), 1), (keeper, reverse("layanan:simba-manage"), 5),
        (keeper, reverse("layanan:simba-people", args=[session.pk]), 5),
    )  # fmt: skip

    def costs():
        found = []
        for client, target, _ in pages:
            client.get(target)
            with Counted() as counted:
                answer = client.get(target)
            assert answer.status_code == 200
            found.append(len(counted.statements))
        return found

    few = costs()
    for _ in range(20):
        make_registration(session)
        make_session(make_unit(), operator)
        make_session(unit, operator, days=-3)
    assert costs() == few == [most for _, _, most in pages]
    # With all that it loads, over the wire; the page of the form is not compressed, for it holds a key.
    answer = visitor.get(session.get_absolute_url(), headers={"Accept-Encoding": "gzip"})
    static = set(re.findall(r'(?:href|src)="/static/([^"#?]+)"', answer.content.decode()))
    assert len(answer.content) + sum(map(compressed, static)) < MOST_BYTES > weight(reverse("layanan:simba-list"))
    assert not visitor.cookies
