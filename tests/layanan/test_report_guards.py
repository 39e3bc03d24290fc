"""Ways around the guards of reports: lanes that idlers fill, officers who knew the accused, counts, notices."""

from __future__ import annotations

import datetime
import io
import re

import pytest
from django.test import Client
from django.utils import timezone

from layanan import report_tokens
from layanan.models import ComplaintFigure, Report, ReportMessage
from layanan.services import report_desk, report_notices
from layanan.services.report_routing import find_route
from tests.factories import make_person, make_posting, make_unit
from tests.layanan.report_sends import STORY, Place, client_of, code_in, hidden, look_up, opened_form, send, worked
from wbbm.errors import DomainError
from wbbm.notices.models import Notice
from wbbm.organisasi.models import Posting, Role, Unit, UnitChange, UnitKind
from wbbm.organisasi.models.units import UnitChangeKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Place:
    return Place()


def test_who_does_no_work_cannot_close_the_lane_of_those_who_do(place):
    client = Client()
    idle = opened_form(client, place.polsek) | {"jenis": "service", "cerita": STORY, "kerja": ""}
    for _ in range(report_tokens.MOST_SENDS + 1):
        assert client.post("/lapor/kirim/", idle).status_code == 422
    assert send(client, place.polsek).status_code == 200


def test_one_piece_of_work_is_good_for_a_few_tries_and_counted_once(place):
    client = Client()
    form = opened_form(client, place.polsek) | {"jenis": "service", "cerita": STORY}
    for number in range(report_tokens.MOST_SENDS + 1):
        answer = client.post("/lapor/kirim/", form | {"foto": io.BytesIO(b"%PDF-1.4")})
        is_tried = "nama pembuat dan perangkat" in answer.content.decode()
        assert is_tried == (number < report_tokens.MOST_TRIES)
    assert report_tokens._counted("semua") == 1
    assert report_tokens._counted("kerja-send") == 1
    assert send(client, place.polsek).status_code == 200


def test_one_form_with_refused_photos_takes_one_place_in_the_lane_without_script(place, monkeypatch):
    client, now = Client(), report_tokens.time.time()
    monkeypatch.setattr(report_tokens.time, "time", lambda: now)
    form = opened_form(client, place.polsek) | {"jenis": "service", "cerita": STORY, "kerja": ""}
    other = opened_form(client, place.polsek) | {"jenis": "service", "cerita": STORY, "kerja": ""}
    monkeypatch.setattr(report_tokens.time, "time", lambda: now + 21)
    for number in range(report_tokens.SLOW_LANE["send"] + 1):
        answer = client.post("/lapor/kirim/", form | {"foto": io.BytesIO(b"%PDF-1.4")})
        is_tried = "nama pembuat dan perangkat" in answer.content.decode()
        assert is_tried == (number < report_tokens.MOST_TRIES)
    assert client.post("/lapor/kirim/", other).status_code == 200
    assert report_tokens._counted("pelan-send") == 2


def test_who_served_with_the_officers_complained_about_reads_nothing_of_it(place):
    make_person(place.polda, Role.INTEGRITY_OFFICER)
    last_month = timezone.localdate() - datetime.timedelta(days=30)
    earlier = make_posting(place.above, place.polres, Role.INTEGRITY_OFFICER, ends_on=last_month)
    for unit in (place.polsek, place.satlantas, place.polres):
        assert place.above not in [row.user for row in find_route(unit, "integrity").recipients]
    # About the station itself he may read, if there were nobody at the Polres.
    Posting.objects.filter(user=place.siwas).delete()
    assert place.above in [row.user for row in find_route(place.polsek, "officer").recipients]
    earlier.delete()


def test_a_posting_that_nobody_approved_takes_no_reader_away(place):
    waiting = make_posting(place.siwas, place.polsek, Role.OPERATOR, approved_at=None)
    assert [row.user for row in find_route(place.polsek, "officer").recipients] == [place.siwas]
    Posting.objects.filter(pk=waiting.pk).update(approved_at=timezone.now())
    assert [row.user for row in find_route(place.polsek, "officer").recipients] == [place.above]


def test_a_function_that_oversees_is_read_above_the_officers_whatever_was_chosen(place):
    for name in ("Sipropam Uji", "Siwas Uji"):
        unit = make_unit(place.polres, kind=UnitKind.SATFUNG, name=name)
        for accused in ("officer", "leader", "integrity"):
            assert [row.user for row in find_route(unit, accused).recipients] == [place.above]


def test_who_served_at_what_was_merged_into_it_reads_nothing_of_it(place):
    gone = make_unit(place.polres, kind=UnitKind.POLSEK, name="Polsek Lama")
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    make_posting(place.siwas, gone, Role.OPERATOR, ends_on=yesterday)
    assert place.siwas in [row.user for row in find_route(place.polsek, "officer").recipients]
    facts = {"day": yesterday, "old_name": gone.name, "kind": UnitChangeKind.MERGED}
    UnitChange.objects.create(unit=gone, into=place.polsek, **facts)
    assert [row.user for row in find_route(place.polsek, "officer").recipients] == [place.above]


def test_readers_who_change_while_one_writes_are_shown_first(place):
    client = Client()
    page = client.post("/lapor/tulis/", {"satuan": place.polsek.code, "tentang": "officer"}).content.decode()
    form = worked(hidden(page, "/lapor/kirim/")) | {"satuan": place.polsek.code, "tentang": "officer"}
    form |= {"jenis": "service", "cerita": STORY, "pembaca": re.search(r'name="pembaca" value="(\w+)"', page)[1]}
    make_person(place.polres, Role.INTEGRITY_OFFICER)
    refused = client.post("/lapor/kirim/", form)
    assert refused.status_code == 409
    assert "Pembacanya berubah" in refused.content.decode()
    assert STORY in refused.content.decode()
    assert not Report.objects.exists()
    form["pembaca"] = re.search(r'name="pembaca" value="(\w+)"', refused.content.decode())[1]
    assert client.post("/lapor/kirim/", form).status_code == 200


def test_an_addition_that_was_changed_and_sent_again_is_not_lost(place):
    client = Client()
    page = look_up(client, code_in(send(client, place.polsek))).content.decode()
    form = worked(hidden(page, "/lapor/tambah/"))
    assert client.post("/lapor/tambah/", form | {"tambahan": "Yang pertama."}).status_code == 200
    assert client.post("/lapor/tambah/", form | {"tambahan": "Yang pertama."}).status_code == 200
    other = client.post("/lapor/tambah/", form | {"tambahan": "Yang kedua."})
    assert other.status_code == 422
    assert "belum tersimpan" in other.content.decode()
    again = worked(hidden(other.content.decode(), "/lapor/tambah/"))
    assert client.post("/lapor/tambah/", again | {"tambahan": "Yang kedua."}).status_code == 200
    assert ReportMessage.objects.count() == 3


def test_who_comes_to_the_office_complained_about_later_loses_the_report(place):
    send(Client(), place.polsek, accused="integrity")
    report = Report.objects.get()
    officer = client_of(place.above)
    assert officer.get(report.get_absolute_url()).status_code == 200
    make_posting(place.above, place.polres, Role.INTEGRITY_OFFICER)
    assert officer.get(report.get_absolute_url()).status_code == 404
    assert "Polsek Uji" not in officer.get("/layanan/laporan/").content.decode().split("<main")[1]
    # Nor is he told that anything waits there, or is late.
    tomorrow = report.received_on + datetime.timedelta(days=1)
    report_notices.daily("Asia/Jakarta", tomorrow)
    report_notices.daily("Asia/Jakarta", tomorrow + datetime.timedelta(days=90))
    assert not Notice.objects.exists()


@pytest.mark.parametrize("how", ["moved", "merged"])
def test_who_comes_to_where_the_unit_went_loses_the_report_too(place, how):
    send(Client(), place.polsek)
    report = Report.objects.get()
    officer = client_of(place.siwas)
    assert officer.get(report.get_absolute_url()).status_code == 200
    elsewhere = make_unit(place.polda, kind=UnitKind.POLRES)
    if how == "moved":
        Unit.objects.move(Unit.objects.get(pk=place.polsek.pk), elsewhere, pos="last-child")
        there = make_unit(Unit.objects.get(pk=place.polsek.pk), kind=UnitKind.SATFUNG)
    else:
        there = make_unit(elsewhere, kind=UnitKind.POLSEK)
        UnitChange.objects.create(
            unit=place.polsek, kind=UnitChangeKind.MERGED, day=timezone.localdate(), old_name="Lama", into=there
        )
    make_posting(place.siwas, there, Role.OPERATOR)
    assert officer.get(report.get_absolute_url()).status_code == 404
    assert "Polsek Uji" not in officer.get("/layanan/laporan/").content.decode().split("<main")[1]
    report_notices.daily("Asia/Jakarta", report.received_on + datetime.timedelta(days=1))
    assert not Notice.objects.exists()


def test_an_officer_counts_only_what_came_to_him(place):
    for _ in range(5):
        send(Client(), place.polsek)
    last = timezone.localdate().replace(day=1) - datetime.timedelta(days=1)
    Report.objects.update(received_on=last)
    assert "5 Anda terima" in client_of(place.siwas).get("/layanan/laporan/").content.decode()
    later = make_person(place.polres, Role.INTEGRITY_OFFICER)
    assert "0 Anda terima" in client_of(later).get("/layanan/laporan/").content.decode()
    report_desk.release_figures(posting=Posting.objects.get(user=place.siwas), by=place.siwas)
    with pytest.raises(DomainError):
        report_desk.release_figures(posting=Posting.objects.get(user=later), by=later)
    assert ComplaintFigure.objects.get().received == 5
