"""Reports of residents: sent, read by the right people only, answered, and followed by the code."""

from __future__ import annotations

import dataclasses
import datetime
import io
import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from layanan import report_tokens
from layanan.models import Report, ReportFile, ReportMessage, ReportRecipient
from layanan.models.reports import TRANSITIONS
from layanan.services import report_desk, report_notices, report_routing
from layanan.services.report_routing import find_route
from layanan.services.reports import find_by_code, message_facts
from tests.factories import make_person, make_posting
from tests.layanan.report_sends import (
    STORY,
    Place,
    client_of,
    code_in,
    hidden,
    look_up,
    opened_form,
    photo,
    send,
    worked,
)
from tests.supervisi.sheets import Counted
from wbbm.errors import InvalidTransition, NotAllowed
from wbbm.notices.models import Notice
from wbbm.organisasi.models import AuditEvent, Posting, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_report_with_a_photo_is_answered_and_read_by_its_code(place):
    resident, officer = Client(), client_of(place.siwas)
    sent = send(resident, place.polsek, foto=photo(), kontak="", jumlah="150.000", kapan="1")
    assert sent.status_code == 200
    code = code_in(sent)
    assert len(code) == 30
    report = Report.objects.get()
    assert report.code_hash not in code

    listed = officer.get("/layanan/laporan/").content.decode()
    assert "Diminta uang: Polsek Uji" in listed
    assert "Belum dibaca" in listed
    assert "Di atas tarif resmi" in listed
    page = officer.get(report.get_absolute_url()).content.decode()
    assert STORY in page
    assert "Kemarin" in page
    kept = officer.get(f"/layanan/laporan/foto/{ReportFile.objects.get().pk}/")
    assert kept["Content-Disposition"].startswith("attachment")
    assert not Image.open(io.BytesIO(kept.content)).getexif()
    # Its size in the database is that of any other small photo: the padding is gone when it is read.
    assert kept.content[-2:] == b"\xff\xd9"
    assert len(bytes(ReportFile.objects.get().content)) == 64 * 1024 + 28
    assert "Belum dibaca" not in officer.get("/layanan/laporan/").content.decode()

    officer.post(f"{report.get_absolute_url()}jawab/", {"text": "Apakah diberi tanda terima?"})
    officer.post(f"{report.get_absolute_url()}status/", {"status": "verified", "reason": "Dapat kami periksa."})
    thread = look_up(resident, f"{code[:5]} {code[5:].lower()}".replace(" ", ""))
    said = thread.content.decode()
    for words in (STORY, "Apakah diberi tanda terima?", "Diverifikasi", "Dapat kami periksa.", "Foto 1 terkirim"):
        assert words in said
    assert place.siwas.name not in said
    assert "Di atas tarif" not in said

    form = worked(hidden(said, "/lapor/tambah/")) | {"tambahan": "Tidak ada tanda terima.", "foto": photo()}
    assert "Tambahan tersimpan" in resident.post("/lapor/tambah/", form).content.decode()
    # The same form again adds nothing.
    form["foto"] = photo()
    assert resident.post("/lapor/tambah/", form).status_code == 200
    assert ReportMessage.objects.count() == 4
    assert ReportFile.objects.count() == 2

    acts = AuditEvent.objects.filter(action__startswith="report.").order_by("pk")
    # Nobody who reads the trail of the Polres finds a report to count there; the officer finds his own acts.
    readers = [
        make_person(unit, role) for unit in (place.polda, place.polres) for role in ("auditor", "commander", "admin")
    ]
    assert [acts.visible_to(person).count() for person in [*readers, place.siwas]] == [0, 0, 0, 0, 0, 0, 3]
    assert [event.action for event in acts] == ["report.opened", "report.answered", "report.status"]
    assert {(event.unit, event.actor, event.object_label) for event in acts} == {(None, place.siwas, "Laporan warga")}


def test_the_pages_ask_as_much_for_one_report_as_for_ten(place):
    officer, resident = client_of(place.siwas), Client()
    counts = []
    for most in (1, 9):
        codes = [code_in(send(resident, place.polsek)) for _ in range(most)]
        report = find_by_code(codes[-1])
        for _ in range(most - 1):
            report_desk.answer(report=report, text="Jawaban yang cukup panjang.", by=place.siwas)
        seen = []
        for ask in (
            lambda: resident.get("/lapor/"),
            lambda: officer.get("/layanan/laporan/"),
            lambda report=report: officer.get(report.get_absolute_url()),
            lambda code=codes[-1]: look_up(resident, code),
        ):
            ask()
            with Counted() as counted:
                assert ask().status_code == 200
            seen.append(len(counted.statements))
        counts.append(seen)
    assert counts[0] == counts[1] == [3, 7, 9, 4]


def test_in_a_large_country_the_unit_is_searched_for(place, monkeypatch):
    monkeypatch.setattr(report_routing, "MOST_LISTED", 3)
    client = Client()
    first = client.get("/lapor/").content.decode()
    assert "Polsek Uji" not in first
    found = client.post("/lapor/tulis/", {"cari": "polsek", "hanya_cari": "1"}).content.decode()
    assert "Polsek Uji, Polres Uji" in found
    assert "Satlantas" not in found
    assert "Tidak ada satuan" in client.post("/lapor/tulis/", {"cari": "zzz", "hanya_cari": "1"}).content.decode()
    assert code_in(send(client, place.polsek))


def test_a_form_that_is_sent_twice_is_one_report(place):
    resident = Client()
    form = opened_form(resident, place.polsek) | {"jenis": "service", "cerita": STORY}
    codes = {code_in(resident.post("/lapor/kirim/", form)) for _ in range(3)}
    assert len(codes) == 1
    other = resident.post("/lapor/kirim/", form | {"cerita": "Cerita lain yang belum pernah terkirim."})
    assert (other.status_code, code_in(other)) == (409, codes.pop())
    assert "Cerita lain yang belum pernah terkirim." in other.content.decode()
    assert Report.objects.count() == ReportMessage.objects.count() == ReportRecipient.objects.count() == 1
    # What was not stored can be added from that very page.
    add = worked(hidden(other.content.decode(), "/lapor/tambah/")) | {"tambahan": "Cerita lain."}
    assert resident.post("/lapor/tambah/", add).status_code == 200
    assert ReportMessage.objects.count() == 2


def test_reports_go_above_what_they_are_about(place):
    def readers(unit, accused="officer"):
        return [posting.user for posting in find_route(unit, accused).recipients]

    at_station = make_person(place.polsek, Role.INTEGRITY_OFFICER)
    make_person(place.polres, Role.COMMANDER)
    for accused in ("officer", "leader"):
        assert readers(place.polsek, accused) == [place.siwas]
        assert readers(place.satlantas, accused) == [place.siwas]
        assert readers(place.polres, accused) == [place.above]
        assert readers(place.polda, accused) == []
    assert readers(place.satlantas, "integrity") == [place.above]
    # Where a station has an officer of its own, he is whom it is about.
    assert readers(place.polsek, "integrity") == [place.siwas]
    second = make_person(place.polres, Role.INTEGRITY_OFFICER)
    make_posting(second, place.polsek, Role.OPERATOR)
    make_posting(make_person(place.polsek, Role.OPERATOR), place.polres, Role.INTEGRITY_OFFICER, approved_at=None)
    assert readers(place.polsek) == [place.siwas]
    assert at_station not in readers(place.polsek)
    # Nobody able at the Polres: the Polda's, not nobody. Whoever left the station lately may be the one who is meant.
    today = timezone.localdate()
    left = make_posting(place.siwas, place.polsek, Role.COMMANDER, ends_on=today - datetime.timedelta(days=300))
    assert readers(place.polsek) == [place.above]
    Posting.objects.filter(pk=left.pk).update(ends_on=today - datetime.timedelta(days=400))
    assert readers(place.polsek) == [place.siwas]


def test_what_nobody_may_read_is_refused_before_sending_and_never_stored(place):
    resident = Client()
    page = resident.post("/lapor/tulis/", {"satuan": place.polda.code, "tentang": "leader"})
    for way in ("SP4N-LAPOR!", "Dumas Presisi", "Ombudsman", "KPK"):
        assert way in page.content.decode()
    form = opened_form(resident, place.polsek) | {"satuan": place.polda.code, "jenis": "service", "cerita": STORY}
    late = resident.post("/lapor/kirim/", form)
    assert late.status_code == 409
    assert STORY in late.content.decode()
    assert not Report.objects.exists()


def test_nobody_but_the_recipients_of_that_day_opens_a_report(place):
    code = code_in(send(Client(), place.polsek, foto=photo()))
    report = Report.objects.get()
    addresses = ["/layanan/laporan/", report.get_absolute_url()]
    addresses.append(f"/layanan/laporan/foto/{ReportFile.objects.get().pk}/")
    others = [make_person(unit, role) for unit in (place.polres, place.polsek) for role in Role.values]
    for person in [*others, place.above]:
        client = client_of(person)
        statuses = [client.get(address).status_code for address in addresses]
        # An officer posted later, or elsewhere, has a list of his own, which is empty.
        is_officer = person.scope.has_role(Role.INTEGRITY_OFFICER)
        assert statuses == [200 if is_officer else 404, 404, 404]
        if is_officer:
            assert "Belum ada laporan untuk Anda" in client.get("/layanan/laporan/").content.decode()
        assert not Report.objects.visible_to(person).exists()
        with pytest.raises(NotAllowed):
            report_desk.answer(report=report, text="Jawaban dari yang tidak berhak.", by=person)
    # The recipient himself, once he stands at the station complained about.
    held = make_posting(place.siwas, place.polsek, Role.OPERATOR)
    officer = client_of(place.siwas)
    assert officer.get(report.get_absolute_url()).status_code == 404
    assert "Polsek Uji" not in officer.get("/layanan/laporan/").content.decode().split("<main")[1]
    Posting.objects.filter(pk=held.pk).delete()
    assert officer.get(report.get_absolute_url()).status_code == 200
    # And once his posting has ended; then the resident is told.
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Posting.objects.filter(user=place.siwas).update(ends_on=yesterday)
    assert officer.get(report.get_absolute_url()).status_code == 404
    said = look_up(Client(), code).content.decode()
    assert "Semua penerima laporan ini sudah berganti tugas." in said
    assert 'action="/lapor/tambah/"' not in said


def test_unknown_and_malformed_codes_are_answered_alike_and_cost_work(place, monkeypatch):
    now = report_tokens.time.time()
    monkeypatch.setattr(report_tokens.time, "time", lambda: now)
    send(Client(), place.polsek)
    client, seen = Client(), set()
    for code in ("0" * 30, "Z" * 30, "", "K7", "' OR 1=1 --", "Ü" * 40):
        form = hidden(client.get("/lapor/balasan/").content.decode(), "/lapor/balasan/")
        typed = report_tokens.report_crypto.typed_code(code)
        data = worked(form, typed) | {"kode": code}
        with Counted() as counted:
            answer = client.post("/lapor/balasan/", data)
        body = re.sub(r'(name="token" value|data-challenge|data-bits)="[^"]*"', "", answer.content.decode())
        seen.add((answer.status_code, body, len(counted.statements)))
    assert len(seen) == 1
    assert seen.pop()[0] == 404
    # The work of one guess does not pay for the next one, and without work a form must have been open for a while.
    form = hidden(client.get("/lapor/balasan/").content.decode(), "/lapor/balasan/")
    paid = worked(form, "A" * 30)
    assert client.post("/lapor/balasan/", paid | {"kode": "B" * 30}).status_code == 422


def test_without_script_one_waits_and_all_share_one_lane(place, monkeypatch):
    client, now = Client(), report_tokens.time.time()
    monkeypatch.setattr(report_tokens.time, "time", lambda: now)
    form = opened_form(client, place.polsek) | {"jenis": "service", "cerita": STORY, "kerja": ""}
    soon = client.post("/lapor/kirim/", form)
    assert soon.status_code == 422
    assert STORY in soon.content.decode()
    # The token stays: its clock goes on.
    assert hidden(soon.content.decode(), "/lapor/kirim/")["token"] != ""
    later = now + 21
    monkeypatch.setattr(report_tokens.time, "time", lambda: later)
    again = form | {"token": hidden(soon.content.decode(), "/lapor/kirim/")["token"]}
    assert client.post("/lapor/kirim/", again).status_code == 200
    monkeypatch.setitem(report_tokens.SLOW_LANE, report_tokens.SEND, 1)
    fresh = opened_form(client, place.polsek) | {"jenis": "service", "cerita": STORY, "kerja": ""}
    monkeypatch.setattr(report_tokens.time, "time", lambda: later + 30)
    full = client.post("/lapor/kirim/", fresh)
    assert full.status_code == 429
    assert STORY in full.content.decode()
    # Whoever works gets through meanwhile.
    assert send(client, place.polsek).status_code == 200


def test_a_token_is_for_one_form_and_twelve_hours(monkeypatch):
    token = report_tokens.new_token(report_tokens.SEND)
    assert report_tokens.read_token(str(token), report_tokens.SEND) == token
    old = dataclasses.replace(token, made_at=token.made_at - report_tokens.MOST_SECONDS - 1)
    forged = str(token)[:-6] + "AAAAA="
    for text, purpose in [
        (str(token), report_tokens.ADD),
        (str(old), report_tokens.SEND),
        (forged, "send"),
        ("", "send"),
    ]:
        with pytest.raises(report_tokens.StaleForm):
            report_tokens.read_token(text, purpose)


def test_a_flood_makes_work_harder_and_ends_at_a_limit(place, monkeypatch):
    client = Client()
    form = opened_form(client, place.polsek) | {"jenis": "service", "cerita": STORY}
    for _ in range(400):
        report_tokens._count("kerja-open")
    # Forms that were fetched before the flood are made anew, with what was typed.
    again = client.post("/lapor/kirim/", form)
    assert again.status_code == 422
    assert STORY in again.content.decode()
    harder = hidden(again.content.decode(), "/lapor/kirim/")
    assert int(harder["bits"]) > report_tokens.EASY_BITS + 2
    for _ in range(report_tokens.MOST_SENDS):
        report_tokens._count("semua")
    assert client.post("/lapor/kirim/", form | worked(harder)).status_code == 429
    monkeypatch.setattr(report_tokens, "_window", lambda: 0)
    assert client.post("/lapor/kirim/", form | worked(harder)).status_code == 200


def test_what_was_counted_is_forgotten_after_ten_minutes(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(report_tokens.time, "time", lambda: 600 * 7 + 599.9)
    assert [report_tokens._count("semua"), report_tokens._count("semua")] == [1, 2]
    monkeypatch.setattr(report_tokens.time, "time", lambda: 600 * 8)
    assert report_tokens._count("semua") == 1


def test_only_photos_are_taken_and_the_text_is_never_lost(place):
    client = Client()
    pdf = io.BytesIO(b"%PDF-1.4 1 0 obj %%EOF")
    text = io.BytesIO(b"halo")
    big = io.BytesIO(b"\xff\xd8\xff" + b"0" * (10 * 1024 * 1024 + 1))
    many = [photo() for _ in range(4)]
    for files, status, words in [
        (pdf, 422, "PDF tidak diterima"),
        (text, 422, "hanya foto"),
        (big, 413, "10 MB"),
        (many, 422, "Paling banyak 3"),
    ]:
        answer = send(client, place.polsek, foto=files)
        assert answer.status_code == status
        assert words in answer.content.decode()
        assert STORY in answer.content.decode()
    assert not Report.objects.exists()
    short = send(client, place.polsek, "Pendek", jumlah="banyak", jenis="lain")
    assert short.status_code == 422
    assert "Tulis paling sedikit satu kalimat." in short.content.decode()


def test_states_change_once_and_end(place):
    send(Client(), place.polsek)
    report = Report.objects.get()
    step = {"report": report, "by": place.siwas, "reason": "Alasan yang cukup panjang."}
    with pytest.raises(InvalidTransition):
        report_desk.change_status(status="closed", **step)
    report_desk.change_status(status="verified", **step)
    with pytest.raises(InvalidTransition):
        report_desk.change_status(status="verified", **step)
    report_desk.change_status(status="unproven", **step)
    with pytest.raises(InvalidTransition):
        report_desk.answer(report=report, text="Sesudah berakhir.", by=place.siwas)
    report.refresh_from_db()
    assert (report.status, report.last_number) == ("unproven", 3)
    assert [message_facts(row).get("status") for row in report.messages.order_by("number")] == [
        None,
        "verified",
        "unproven",
    ]
    client = client_of(place.siwas)
    answer = client.post(f"{report.get_absolute_url()}status/", {"status": "closed", "reason": "Alasan yang panjang."})
    assert answer.status_code == 422


def test_recipients_are_told_the_day_after_and_once(place):
    send(Client(), place.polsek)
    today = Report.objects.get().received_on
    tomorrow = today + datetime.timedelta(days=1)
    report_notices.daily("Asia/Jakarta", today)
    assert not Notice.objects.exists()
    for _ in range(2):
        report_notices.daily("Asia/Jakarta", tomorrow)
    notice = Notice.objects.get()
    assert notice.person == place.siwas
    assert not re.search(r"\d|Polsek|SIM", notice.text)
    report_notices.daily("Asia/Jakarta", tomorrow + datetime.timedelta(days=1))
    assert Notice.objects.count() == 1
    # What is late is told of once a week, also when it was read.
    client_of(place.siwas).get(Report.objects.get().get_absolute_url())
    monday = Report.objects.get().verify_by + datetime.timedelta(days=14)
    monday -= datetime.timedelta(days=monday.weekday())
    for number in range(7):
        report_notices.daily("Asia/Jakarta", monday + datetime.timedelta(days=number))
    assert [row.text[:37] for row in Notice.objects.order_by("pk")][1:] == ["Ada laporan warga yang lewat tenggat."]


def test_three_figures_are_released_by_an_officer_and_never_of_a_few(place):
    from layanan.facts import complaint_facts

    officer = client_of(place.siwas)
    last = timezone.localdate().replace(day=1) - datetime.timedelta(days=1)
    for _ in range(5):
        send(Client(), place.polsek)
    officer.post("/layanan/laporan/angka/")
    assert complaint_facts(place.polres, last.year) is None
    # This month counts for nothing yet: two figures a day apart would tell of one report.
    Report.objects.update(received_on=last)
    send(Client(), place.satlantas)
    officer.post("/layanan/laporan/angka/")
    facts = complaint_facts(place.polres, last.year)
    assert (facts.received, facts.settled, facts.in_time) == (5, 0, 0)
    # Nor are figures renewed whose difference would tell of a few.
    Report.objects.update(received_on=last)
    refused = officer.post("/layanan/laporan/angka/", follow=True, HTTP_REFERER="http://testserver/layanan/laporan/")
    assert "baru 1 laporan" in refused.content.decode()
    assert complaint_facts(place.polres, last.year).received == 5


def test_a_report_survives_a_new_key_and_nothing_is_readable_elsewhere(place, settings):
    old = settings.REPORT_KEY
    code = code_in(send(Client(), place.polsek))
    settings.REPORT_KEY = f"kunci-baru-{'x' * 40},{old}"
    report = find_by_code(code)
    assert message_facts(report.messages.get())["text"] == STORY
    second = code_in(send(Client(), place.polsek, STORY + " " + "Panjang. " * 40))
    assert find_by_code(second) != report
    sizes = {len(bytes(row.facts)) for row in ReportMessage.objects.all()}
    assert len(sizes) == 1
    # A row that was moved to another report opens no more, and without its key nothing does; the pages say so.
    first, other = ReportMessage.objects.all()
    ReportMessage.objects.filter(pk=first.pk).update(facts=bytes(other.facts))
    officer = client_of(place.siwas)
    moved = officer.get(first.report.get_absolute_url()).content.decode()
    assert "Isi pesan ini tidak dapat dibuka" in moved
    settings.REPORT_KEY = "kunci-lain-" * 5
    assert officer.get(report.get_absolute_url()).status_code == 404
    assert "Tidak dapat dibuka" in officer.get("/layanan/laporan/").content.decode()


def test_the_states_are_those_of_the_document():
    text = (Path(__file__).resolve().parents[2] / "docs" / "alur-status.md").read_text()
    table = text.split("## Laporan warga\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \| ([\w, ]+) \| (\w+) \| penerima \|$", table, re.MULTILINE)
    assert {new: tuple(old.split(", ")) for _, old, new in rows} == {
        str(new): tuple(map(str, old)) for new, old in TRANSITIONS.items()
    }
