"""Gratuity reports of officers: the whole way, who handles them, the KPK's clock, and what nobody else sees."""

import datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from layanan.gratuity_clock import read_clocks, read_verdicts
from layanan.models import GratuityFile, GratuityReport
from layanan.services import gratuity_notices, holiday_notices
from layanan.services.gratuities import (
    TRANSITIONS,
    Facts,
    forward_report,
    return_report,
    submit_report,
    write_report,
)
from supervisi.lists.asked import Asked
from supervisi.lists.integrity import gratuities as table
from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.sheets import Counted
from tests.supervisi.test_states import rows as documented
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.notices.models import Notice
from wbbm.organisasi.errors import OrganisationError
from wbbm.organisasi.models import AuditEvent, Holiday, Role, UnitKind, User
from wbbm.organisasi.services.holidays import confirm_year
from wbbm.organisasi.working_days import Due, read_due_calendar

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def day(text):
    return datetime.date.fromisoformat(text)


@pytest.fixture
def place():
    polda = make_unit(kind=UnitKind.POLDA)
    polres = make_unit(polda, kind=UnitKind.POLRES, code="polres-uji", name="Polres Uji")
    polsek = make_unit(polres, code="polsek-uji", name="Polsek Uji")
    polda.refresh_from_db()
    polres.refresh_from_db()
    return polda, polres, polsek


def facts(**changes):
    told = {
        "received_on": timezone.localdate(), "form": "goods", "what": "Kain batik", "value": Decimal(400_000),
        "relation": "partner", "occasion": "holiday", "response": "accepted", "circumstances": "Dikirim kurir",
        "whereabouts": "held",
    } | changes  # fmt: skip
    return Facts(**told)


def written(person, **changes):
    return write_report(posting=person.scope.postings[0], facts=facts(**changes), uploads=[], by=person)


def signed_in(client, person):
    client.force_login(User.objects.get(pk=person.pk), backend="wbbm.organisasi.auth.PostingBackend")
    return client


# --- the clock ------------------------------------------------------------------------------------------


def test_thirty_working_days_over_holidays_joint_leave_and_the_years_end(place):
    """Counted by hand. From Monday 16 November 2026: 17-20 (4), 23-27 (9), 30-4 (14), 7-11 (19), 14-18 (24),
    21-23 (27), 24 joint leave, 25 Christmas, 28-30 (30): Wednesday 30 December. With the 31st off nothing moves.
    From Tuesday the 17th the last day would be Thursday 31 December; off, and 1 January: Monday 4 January 2027.
    """
    polda, polres, polsek = place
    monday, tuesday = day("2026-11-16"), day("2026-11-17")
    plain = read_due_calendar([polsek])
    assert plain.due(polsek, monday, 30) == Due(day("2026-12-28"), is_estimate=True)
    for text, unit in (("2026-12-25", polda), ("2026-12-24", polda), ("2027-01-01", None), ("2026-12-31", polsek)):
        Holiday.objects.create(day=day(text), name="Libur", unit=unit)
    with Counted() as counted:
        calendar = read_due_calendar([polsek, polres])
    assert len(counted.statements) == 2
    assert calendar.due(polsek, monday, 30).day == day("2026-12-30")
    assert calendar.due(polsek, tuesday, 30).day == day("2027-01-04")
    # The 31st is off at the station only.
    assert calendar.due(polres, tuesday, 30).day == day("2026-12-31")
    # A receipt on a Saturday counts from the Monday after, as one on the Friday before does.
    assert calendar.due(polres, day("2026-11-14"), 30) == calendar.due(polres, day("2026-11-13"), 30)


def test_a_due_day_is_an_estimate_until_every_year_that_it_touches_was_confirmed(place):
    polda, _, polsek = place
    admin, monday, tuesday = make_person(polda, Role.ADMIN), day("2026-11-16"), day("2026-12-01")
    with pytest.raises(OrganisationError, match="Catat dulu"):
        confirm_year(unit=polda, year=2026, by=admin)
    Holiday.objects.create(day=day("2026-12-25"), name="Natal", unit=polda)
    assert confirm_year(unit=polda, year=2026, by=admin) is True
    assert confirm_year(unit=polda, year=2026, by=admin) is False
    calendar = read_due_calendar([polsek])
    assert not calendar.due(polsek, monday, 30).is_estimate
    assert calendar.due(polsek, tuesday, 30).is_estimate
    Holiday.objects.create(day=day("2027-01-01"), name="Tahun baru", unit=polda)
    confirm_year(unit=polda, year=2027, by=admin)
    assert not read_due_calendar([polsek]).due(polsek, tuesday, 30).is_estimate
    # A neighbour's list says nothing here.
    assert read_due_calendar([other := make_unit()]).due(other, monday, 30).is_estimate
    assert AuditEvent.objects.filter(action="holiday.year-confirmed").count() == 2


def test_the_admins_page_confirms_the_year_once(client, place):
    _, polres, _ = place
    signed_in(client, make_person(polres, Role.ADMIN))
    page, confirm = reverse("holiday-proposals"), reverse("holiday-confirm")
    assert "belum ditetapkan" in client.get(page, {"tahun": "2027"}).content.decode()
    assert client.post(confirm, {"tahun": "2027"}, headers={"accept": "text/html"}).status_code in {302, 422}
    Holiday.objects.create(day=day("2027-01-01"), name="Tahun baru", unit=polres)
    for _ in range(2):
        assert client.post(confirm, {"tahun": "2027"})["Location"] == f"{page}?tahun=2027"
    assert "sudah ditetapkan" in client.get(page, {"tahun": "2027"}).content.decode()


def test_the_topmost_admin_is_told_once_of_a_list_that_is_missing(place):
    polda, polres, _ = place
    above = make_person(polda, Role.ADMIN)
    make_person(polres, Role.ADMIN)
    for text in ("2026-11-14", "2026-11-15", "2026-11-20", "2027-02-01"):
        holiday_notices.daily(polda.time_zone, day(text))
        holiday_notices.daily("Asia/Jayapura", day(text))
    told = Notice.objects.order_by("pk").values_list("person", "key")
    assert list(told) == [(above.pk, "holidays-2026"), (above.pk, "holidays-2027")]
    Holiday.objects.create(day=day("2028-01-01"), name="Tahun baru", unit=polda)
    confirm_year(unit=polda, year=2028, by=above)
    holiday_notices.daily(polda.time_zone, day("2027-11-15"))
    assert Notice.objects.count() == 2


# --- the whole way --------------------------------------------------------------------------------------


def test_a_report_from_the_officers_phone_to_the_decision(client, place):
    _, polres, polsek = place
    officer, upg = make_person(polsek, Role.OPERATOR), make_person(polres, Role.INTEGRITY_OFFICER)
    today = timezone.localdate()
    signed_in(client, officer)
    form = {
        "received_on": str(today), "form": "goods", "what": "Kain batik", "value": "Rp 400.000", "relation": "partner",
        "occasion": "holiday", "response": "refused", "circumstances": "Dikirim kurir", "whereabouts": "held",
    }  # fmt: skip
    # What doesn't fit together is said, and what was typed stays.
    answer = client.post(reverse("layanan:gratuity-add"), form)
    assert answer.status_code == 422
    assert "sesuai dengan yang Anda lakukan" in answer.content.decode()
    assert "Dikirim kurir" in answer.content.decode()
    for field, value in (("value", "empat ratus"), ("value", "0"), ("received_on", str(today + datetime.timedelta(1)))):
        bad = client.post(reverse("layanan:gratuity-add"), form | {"response": "accepted", field: value})
        assert bad.status_code == 422, field
    proof = SimpleUploadedFile("foto.pdf", PDF, content_type="application/pdf")
    client.post(reverse("layanan:gratuity-add"), form | {"response": "accepted", "uploads": proof})
    report = GratuityReport.objects.get()
    url, step = report.get_absolute_url(), lambda name: reverse("layanan:gratuity-step", args=[report.pk, name])
    assert report.value == Decimal("400000.00")
    assert report.number == f"G-{today.year}-UJI-001"
    file = reverse("files:download", args=[GratuityFile.objects.get().file_id])
    page = client.get(url).content.decode()
    assert "Wajib lapor" in page
    assert "perkiraan" in page
    assert "Peraturan KPK 1/2026" in page

    signed_in(client, upg)
    assert client.get(url).status_code == client.get(file).status_code == 404
    signed_in(client, officer)
    assert client.post(step("submit"))["Location"] == url
    # A second click does no harm.
    assert client.post(step("submit")).status_code == 409
    assert client.post(step("forward"), {"number": "KPK/1", "day": str(today)}).status_code == 403
    assert Notice.objects.filter(person=upg, url=url).count() == 1

    signed_in(client, upg)
    assert b"".join(client.get(file)) == PDF
    assert "Polsek Uji" in client.get(reverse("layanan:gratuity-register")).content.decode()
    assert client.post(step("return"), {"text": ""}).status_code == 422
    client.post(step("return"), {"text": "Foto terlalu gelap"})
    assert client.get(url).status_code == 404
    signed_in(client, officer)
    assert "Foto terlalu gelap" in client.get(url).content.decode()
    change = reverse("layanan:gratuity-change", args=[report.pk])
    client.post(change, form | {"response": "accepted", "value": "450000,50"})
    client.post(step("submit"))
    assert client.get(change)["Location"] == url

    signed_in(client, upg)
    too_early = {"number": "KPK/1", "day": str(today - datetime.timedelta(1))}
    assert client.post(step("forward"), too_early).status_code == 422
    client.post(step("forward"), {"number": "KPK/1", "day": str(today)})
    assert client.post(step("close"), {"text": "Selesai"}).status_code == 409
    client.post(step("decide"), {"decision": "state", "number": "SK/9", "day": str(today)})
    client.post(step("close"), {"text": "Sudah disetor"})
    report.refresh_from_db()
    assert (report.status, report.decision, report.value) == ("closed", "state", Decimal("450000.50"))
    kinds = list(report.events.values_list("kind", flat=True))
    assert kinds == ["written", "submit", "return", "submit", "forward", "decide", "close"]
    # The trail tells the states, never what was given.
    trail = AuditEvent.objects.filter(object_type="layanan.gratuityreport")
    assert trail.count() == 8
    assert "Kain" not in str(list(trail.values()))


def test_a_draft_that_nobody_saw_is_given_up_and_its_reminders_end(client, place):
    polda, polres, polsek = place
    officer = make_person(polsek, Role.OPERATOR)
    make_person(polres, Role.INTEGRITY_OFFICER)
    year = timezone.localdate().year - 1
    report = written(officer, received_on=datetime.date(year, 3, 2), relation="colleague", value=Decimal(900_000))
    later = written(officer, received_on=datetime.date(year, 9, 1), relation="colleague", value=Decimal(200_000))
    client = signed_in(client, officer)
    step = reverse("layanan:gratuity-step", args=[report.pk, "withdraw"])
    assert "Batalkan draf ini" in client.get(report.get_absolute_url()).content.decode()
    unsaid = client.post(step, {"text": ""})
    assert unsaid.status_code == 422
    assert "Tulis alasannya" in unsaid.content.decode()
    assert client.post(step, {"text": "Tertulis dua kali"}).status_code == 302
    assert client.post(step, {"text": "Tertulis dua kali"}).status_code == 409
    report.refresh_from_db()
    assert (report.status, report.closed_on) == ("withdrawn", timezone.localdate())
    page = client.get(report.get_absolute_url()).content.decode()
    assert "Draf dibatalkan" in page
    assert "Ubah draf" not in page
    # Nobody is told or reminded of it, and it counts in no sum.
    gratuity_notices.daily("Asia/Jakarta", timezone.localdate())
    assert not Notice.objects.filter(text__contains=report.number).exists()
    assert read_clocks([report], timezone.now())[report.pk].late == 0
    assert "Rp200.000 dari" in read_verdicts([later])[later.pk].reason
    for person in (make_person(polres, Role.INTEGRITY_OFFICER), make_person(polda, Role.INTEGRITY_OFFICER)):
        assert not GratuityReport.objects.visible_to(person).exists()
    # What the UPG has seen is not taken out of its sight.
    upg = make_person(polres, Role.INTEGRITY_OFFICER)
    submit_report(report=later, by=officer)
    return_report(report=later, reason="Foto belum ada", by=upg)
    refused = client.post(reverse("layanan:gratuity-step", args=[later.pk, "withdraw"]), {"text": "Tidak jadi"})
    assert refused.status_code == 403
    assert "belum pernah diserahkan" in refused.content.decode()


OWN_STEPS = {"submit": "pelapor", "withdraw": "pelapor, draf yang belum pernah diserahkan"}


def test_the_steps_are_those_of_the_document():
    said = {
        name: (list(step.old), step.new, OWN_STEPS.get(name, "UPG, bukan pelapor"))
        for name, step in TRANSITIONS.items()
    }
    assert documented("Laporan gratifikasi") == said


def test_nobody_handles_his_own_and_without_another_upg_it_goes_to_the_kpk(client, place):
    polda, polres, polsek = place
    upg = make_person(polres, Role.INTEGRITY_OFFICER)
    make_posting(upg, polsek, Role.OPERATOR)
    report = written(User.objects.get(pk=upg.pk))
    with pytest.raises(DomainError, match="langsung kepada KPK"):
        submit_report(report=report, by=upg)
    signed_in(client, upg)
    assert "Belum ada UPG yang dapat menerima" in client.get(report.get_absolute_url()).content.decode()
    above = make_person(polda, Role.INTEGRITY_OFFICER)
    submit_report(report=report, by=upg)
    with pytest.raises(NotAllowed, match="bukan pelapornya"):
        forward_report(report=report, number="KPK/1", day=report.received_on, by=upg)
    assert "Kain batik" not in client.get(reverse("layanan:gratuity-register")).content.decode()
    assert Notice.objects.filter(person=above).count() == 1
    return_report(report=report, reason="Kurang jelas", by=above)
    with pytest.raises(InvalidTransition):
        return_report(report=report, reason="Kurang jelas", by=above)
    elsewhere = make_person(make_unit(), Role.INTEGRITY_OFFICER)
    for person in (make_person(polres, Role.COMMANDER), make_person(polda, Role.AUDITOR), elsewhere):
        assert not GratuityReport.objects.visible_to(person).exists()


def test_a_colleagues_gifts_of_the_year_are_summed_up_for_each_officer(place):
    polsek = place[2]
    officer, other = make_person(polsek, Role.OPERATOR), make_person(polsek, Role.COMMANDER)
    gifts = (
        (officer, 200_000, "2025-06-10", "goods", "Rp350.000 dari Rp1.000.000"),
        (officer, 150_000, "2025-03-01", "goods", "Rp150.000 dari"),
        (other, 200_000, "2025-01-05", "goods", "Rp200.000 dari"),
        (officer, 100_000, "2025-06-10", "money", "Uang dari rekan kerja"),
        (officer, 180_000, "2025-06-10", "food", "Rp530.000 dari"),
        (officer, 200_000, "2025-12-01", "goods", "Rp730.000 dari"),
        (officer, 200_000, "2024-12-31", "goods", "Rp200.000 dari"),
    )
    for person, value, when, form, _ in gifts:
        written(person, relation="colleague", value=Decimal(value), received_on=day(when), form=form)
    with Counted() as counted:
        verdicts = read_verdicts(GratuityReport.objects.all())
    assert len(counted.statements) == 2
    for (pk, verdict), (*_, reason) in zip(sorted(verdicts.items()), gifts, strict=True):
        assert reason in verdict.reason, pk
    assert sum(verdict.must_report for verdict in verdicts.values()) == 1


# --- deadlines ------------------------------------------------------------------------------------------


def test_who_must_act_is_told_before_the_deadline_and_once_when_it_has_passed(place):
    _, polres, polsek = place
    officer, upg = make_person(polsek, Role.OPERATOR), make_person(polres, Role.INTEGRITY_OFFICER)
    today = timezone.localdate()
    draft = written(officer, received_on=today - datetime.timedelta(days=28))
    handed = written(officer, received_on=today - datetime.timedelta(days=28))
    submit_report(report=handed, by=officer)
    written(officer, response="refused", whereabouts="none", received_on=today - datetime.timedelta(days=60))
    Notice.objects.all().delete()
    due = read_due_calendar([polsek]).due(polsek, draft.received_on, 30).day
    told = {}
    for ahead in range((due - today).days + 10):
        for _ in range(2):
            gratuity_notices.daily(polsek.time_zone, today + datetime.timedelta(days=ahead))
        told[today + datetime.timedelta(days=ahead)] = Notice.objects.count()
    # 10 and 3 working days before, and once afterwards; each to one person for each of two reports.
    assert Notice.objects.filter(person=officer, url=draft.get_absolute_url()).count() == 3
    assert Notice.objects.filter(person=upg, url=handed.get_absolute_url()).count() == 3
    assert Notice.objects.count() == told[due] + 2 == 6
    assert "Kain" not in " ".join(Notice.objects.values_list("text", flat=True))
    # A late one is accepted, and told plainly.
    forward_report(report=handed, number="KPK/7", day=today, by=upg)
    GratuityReport.objects.filter(pk=handed.pk).update(received_on=today - datetime.timedelta(days=90))
    clock = read_clocks([GratuityReport.objects.with_frame().get(pk=handed.pk)], timezone.now())[handed.pk]
    assert clock.is_late
    assert clock.is_stopped
    assert "tetap diterima" in clock.text


def test_the_register_costs_the_same_however_long_and_puts_the_nearest_deadline_first(client, place):
    _, polres, polsek = place
    officer, upg = make_person(polsek, Role.OPERATOR), make_person(polres, Role.INTEGRITY_OFFICER)
    # All of them of one year, in its first days too.
    today = timezone.localdate()
    today, counts = today if today.timetuple().tm_yday > 5 else today.replace(day=1) - datetime.timedelta(days=1), []
    signed_in(client, upg)
    for many in (2, 6):
        for number in range(many):
            submit_report(report=written(officer, received_on=today - datetime.timedelta(days=number)), by=officer)
        client.get(reverse("layanan:gratuity-register"))
        with Counted() as counted:
            page = client.get(reverse("layanan:gratuity-register"), {"satuan": "Uji", "tahun": str(today.year)})
        counts.append(len(counted.statements))
    assert counts[0] == counts[1] <= 9
    received = [line.report.received_on for line in page.context["register"].lines]
    assert received == sorted(received)
    upg = User.objects.get(pk=upg.pk)
    assert table(upg, Asked({"keadaan": "submitted"})).count == len(received) == 8
    assert table(upg, Asked({"keadaan": "closed"})).count == table(upg, Asked({"satuan": "Lain"})).count == 0
    assert table(User.objects.get(pk=officer.pk), Asked({})) is None
