"""Declarations, pledges and violations: each way, who may, what the public sees, coverage in fixed queries."""

import datetime
import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from layanan.facts import gratuity_facts, pledge_facts, violation_facts
from layanan.models import Declaration, GratuityReport, Pledge, PledgeText, ViolationStatement
from layanan.pledge_coverage import Coverage, coverage_within
from layanan.pledge_texts import CURRENT
from layanan.services.commitment import record_paper, sign_pledge, state_violations
from supervisi.lists.asked import Asked
from supervisi.lists.integrity import commitment as table
from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.sheets import Counted
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.notices.models import Notice
from wbbm.organisasi.models import AuditEvent, HeldPredicate, Posting, Role, UnitKind, User

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
NIL = {"is_nil": "on", "source": "Rekap Siwas"}


def pdf(name="pakta.pdf"):
    return SimpleUploadedFile(name, PDF, content_type="application/pdf")


@pytest.fixture
def place():
    polres = make_unit(kind=UnitKind.POLRES, code="polres-uji", name="Polres Uji")
    polsek = make_unit(polres, code="polsek-uji", name="Polsek Uji")
    polres.refresh_from_db()
    return polres, polsek


def signed_in(person):
    client = Client()
    client.force_login(User.objects.get(pk=person.pk), backend="wbbm.organisasi.auth.PostingBackend")
    return client


def test_the_text_that_is_signed_changes_only_with_a_new_version():
    """A change of the words needs a new version here: old signatures keep their own text."""
    assert CURRENT.version == "2026-1"
    assert hashlib.sha256(CURRENT.body.encode()).hexdigest().startswith("a856f6bb6a9dabb5")


def test_a_person_signs_once_a_year_what_was_shown(place):
    officer = make_person(place[1], Role.OPERATOR)
    client, url, year = signed_in(officer), reverse("layanan:pledge-sign"), timezone.localdate().year
    page = client.get(url).content.decode()
    assert CURRENT.points[0] in page
    assert not PledgeText.objects.exists()
    refused = client.post(url, {"sha256": "teks lama"}, headers={"accept": "application/json"})
    assert refused.status_code == 409
    for _ in range(2):
        assert client.post(url, {"sha256": CURRENT.sha256}).status_code == 302
    pledge = Pledge.objects.get()
    assert (pledge.person_id, pledge.year, pledge.text.body) == (officer.pk, year, CURRENT.body)
    assert CURRENT.sha256 in client.get(url).content.decode()
    assert AuditEvent.objects.filter(action="pledge.signed").count() == 1


def test_paper_is_recorded_with_its_scan_and_taken_back_with_a_reason(place):
    polres, polsek = place
    head, other = make_person(polsek, Role.OPERATOR), make_person(polsek, Role.COMMANDER)
    client, today = signed_in(head), timezone.localdate()
    held, add = other.postings.get(), reverse("layanan:pledge-paper", args=[polsek.pk])
    form = {"person": str(held.pk), "signed_on": str(today)}
    assert client.post(add, form).status_code == 422
    late = form | {"signed_on": str(today + datetime.timedelta(1)), "uploads": pdf()}
    assert client.post(add, late).status_code == 422
    assert client.post(add, form | {"uploads": pdf()})["Location"].startswith(
        reverse("layanan:commitment-unit", args=[polsek.pk])
    )
    # The same again: the first stays.
    assert client.post(add, form | {"uploads": pdf()}).status_code == 409
    pledge = Pledge.objects.get()
    scan = reverse("files:download", args=[pledge.scan_id])
    assert b"".join(client.get(scan)) == PDF
    assert signed_in(make_person(polres, Role.SUPERVISOR)).get(scan).status_code == 404
    withdraw = reverse("layanan:pledge-withdraw", args=[pledge.pk])
    assert signed_in(make_person(polres, Role.COMMANDER)).post(withdraw, {"text": "Salah"}).status_code == 403
    for _ in range(2):
        client.post(withdraw, {"text": "Salah orang"})
    assert AuditEvent.objects.filter(action="pledge.withdrawn", reason="Salah orang").count() == 1
    # The way is free again; what is signed in the portal is never taken back.
    mine = sign_pledge(by=User.objects.get(pk=other.pk), sha256=CURRENT.sha256)
    client.post(reverse("layanan:pledge-withdraw", args=[mine.pk]), {"text": "Salah orang"})
    assert Pledge.objects.get(is_valid=True) == mine
    with pytest.raises(DomainError, match="bertugas di satuan ini"):
        record_paper(
            unit=polsek, posting_pk=make_posting().pk, signed_on=today, uploads=[pdf()], by=User.objects.get(pk=head.pk)
        )


def test_coverage_counts_each_person_once_up_the_tree_in_a_fixed_number_of_queries(place):
    polres, polsek = place
    here = [make_person(polsek, Role.OPERATOR) for _ in range(3)]
    make_posting(here[0], polsek, Role.COMMANDER)
    # Posted at both: one person of the district.
    make_posting(here[0], polres, Role.OPERATOR)
    gone = make_person(polsek, Role.OPERATOR)
    Posting.objects.filter(user=gone).update(ends_on=timezone.localdate() - datetime.timedelta(1))
    above = make_person(polres, Role.AUDITOR)
    for person in (here[0], here[1], gone, above):
        Pledge.objects.create(
            person=person, year=timezone.localdate().year, unit=polsek, posting=person.postings.first(), way="portal",
            text=PledgeText.objects.get_or_create(sha256="a", defaults={"version": "uji", "body": "x"})[0],
            signed_on=timezone.localdate(), recorded_by=person,
        )  # fmt: skip
    today = timezone.localdate()
    assert coverage_within(polsek, today.year, today) == Coverage(people=3, signed=2)
    assert coverage_within(polres, today.year, today) == Coverage(people=4, signed=3)
    assert (Coverage(3, 2).percent, Coverage(200, 199).percent, Coverage(0, 0).percent) == (66, 99, None)
    # Last year is measured on its last day, with whoever was there then.
    assert coverage_within(polsek, today.year - 1, today) == Coverage(people=4, signed=0)
    auditor, counts = signed_in(above), []
    for many in (0, 6):
        for _ in range(many):
            make_person(make_unit(polres), Role.OPERATOR)
        auditor.get(reverse("layanan:commitment-list"))
        with Counted() as counted:
            page = auditor.get(reverse("layanan:commitment-list"))
        counts.append(len(counted.statements))
    assert counts[0] == counts[1] <= 9
    lines = {line.unit.name: (line.own, line.total) for line in page.context["found"].lines}
    assert lines["Polres Uji"] == (Coverage(2, 2), Coverage(10, 3))
    found = table(User.objects.get(pk=above.pk), Asked({"cari": "Polsek Uji"}))
    assert [row[:5] for row in found.rows] == [("Polsek Uji", today.year, 3, 2, 66)]


def test_who_has_not_signed_is_reminded_once_a_day_and_named_only_to_those_who_may(place):
    polres, polsek = place
    head, other = make_person(polsek, Role.COMMANDER), make_person(polsek, Role.OPERATOR, name="Operator Uji")
    remind = reverse("layanan:pledge-remind", args=[polsek.pk])
    page = reverse("layanan:commitment-unit", args=[polsek.pk])
    for _ in range(2):
        signed_in(head).post(remind)
    assert sorted(Notice.objects.values_list("person_id", flat=True)) == sorted([head.pk, other.pk])
    signed_in(other).post(reverse("layanan:pledge-sign"), {"sha256": CURRENT.sha256})
    assert Notice.objects.get(person=other).read_at is not None
    assert "Operator Uji" in signed_in(head).get(page).content.decode()
    supervisor = signed_in(make_person(polres, Role.SUPERVISOR))
    assert "Operator Uji" not in supervisor.get(page).content.decode()
    assert supervisor.post(remind).status_code == 403


# --- declarations and the public --------------------------------------------------------------------------


def test_the_public_page_shows_predicate_share_and_declaration_and_no_more(place):
    polres, polsek = place
    people = [make_person(polres, Role.OPERATOR, name=f"Orang {number}") for number in range(4)]
    client, today = signed_in(people[0]), timezone.localdate()
    add = reverse("layanan:declaration-add", args=[polres.pk])
    form = {"day": str(today), "place": "Halaman Mapolres", "note": "Siap melayani"}
    assert client.post(add, form | {"day": str(today + datetime.timedelta(1))}).status_code == 422
    client.post(add, form | {"uploads": pdf("berita acara.pdf")})
    assert client.post(add, form).status_code == 409
    row = Declaration.objects.get()
    change = reverse("layanan:declaration-change", args=[row.pk])
    assert "Halaman Mapolres" in client.get(change).content.decode()
    client.post(change, form | {"place": "Alun-alun"})
    event = AuditEvent.objects.get(action="declaration.changed")
    assert event.changes == {"place": ["Halaman Mapolres", "Alun-alun"]}
    file = reverse("files:download", args=[row.files.get().file_id])
    upg = make_person(polres, Role.INTEGRITY_OFFICER)
    assert b"".join(signed_in(upg).get(file)) == PDF
    assert signed_in(make_person(polsek, Role.COMMANDER)).get(file).status_code == 404
    HeldPredicate.objects.create(unit=polres, predicate="wbk", year=2018)
    HeldPredicate.objects.create(unit=polres, predicate="wbbm", year=2019, revoked_on=today)
    state_violations(
        unit=polres, year=today.year, counts={"discipline": (77, 1)}, source="Rekap Siwas",
        by=User.objects.get(pk=upg.pk),
    )  # fmt: skip
    public, url = Client(), reverse("layanan:unit", args=[polres.code])
    client.post(reverse("layanan:pledge-sign"), {"sha256": CURRENT.sha256})
    Posting.objects.filter(user=people[3]).update(ends_on=today - datetime.timedelta(1))
    # Four here, and the commander of the station below.
    text = public.get(url).content.decode()
    assert "Alun-alun" in text
    assert "Siap melayani" in text
    assert "2018" in text
    assert "2019" not in text
    assert "20% petugas" in text
    assert "77" not in text
    assert "Orang 0" not in text
    assert public.get(file).status_code in {302, 404}
    assert "set-cookie" not in {name.lower() for name in public.get(url).headers}
    # Of fewer than five a share would be about one of them.
    Posting.objects.filter(user=people[2]).update(ends_on=today - datetime.timedelta(1))
    assert "% petugas" not in public.get(url).content.decode()


# --- violations -------------------------------------------------------------------------------------------


def test_none_is_a_statement_and_a_correction_keeps_what_was_said(place):
    polres, polsek = place
    upg, year = make_person(polres, Role.INTEGRITY_OFFICER), timezone.localdate().year
    client, url = signed_in(upg), reverse("layanan:violation-state", args=[polsek.pk])
    page = reverse("layanan:commitment-unit", args=[polsek.pk])
    assert "belum dilaporkan" in client.get(page).content.decode()
    assert violation_facts(polsek, year).count is None
    # Nothing is not the same as none.
    assert client.post(url, {"source": "Rekap Siwas", "tahun": str(year)}).status_code == 422
    assert client.post(url, NIL | {"discipline_count": "1"}).status_code == 422
    client.post(url, NIL | {"tahun": str(year - 1)})
    client.post(url, NIL | {"tahun": str(year), "base": "0"})
    assert "nihil" in client.get(page).content.decode()
    assert (violation_facts(polsek, year).count, violation_facts(polsek, year).previous) == (0, 0)
    counts = {"discipline_count": "3", "discipline_sanctioned": "2", "ethics_count": "1", "extortion_count": "0"}
    full = counts | {"crime_count": "0", "source": "Rekap Sipropam", "tahun": str(year), "base": "1"}
    assert client.post(url, full).status_code == 422
    assert client.post(url, full | {"reason": "Putusan baru", "discipline_sanctioned": "4"}).status_code == 422
    client.post(url, full | {"reason": "Putusan baru"})
    # Whoever corrects what was corrected meanwhile is told so.
    assert client.post(url, full | {"reason": "Putusan baru"}).status_code == 409
    assert list(ViolationStatement.objects.filter(year=year).values_list("revision", "is_current")) == [
        (2, True), (1, False),
    ]  # fmt: skip
    assert "0 pelanggaran, 0 disanksi" in client.get(page).content.decode()
    with Counted() as counted:
        facts = violation_facts(polsek, year)
    assert len(counted.statements) == 2
    assert (facts.count, facts.sanctioned, facts.previous, facts.revision) == (4, 2, 0, 2)
    assert facts.by_kind[:2] == (("Disiplin", 3), ("Kode etik profesi", 1))
    by = User.objects.get(pk=upg.pk)
    for base in (0, 1):
        with pytest.raises(InvalidTransition):
            state_violations(unit=polsek, year=year, counts={}, source="Rekap", by=by, base=base, reason="Lagi")
    with pytest.raises(DomainError, match="lima tahun"):
        state_violations(unit=polsek, year=year + 1, counts={}, source="Rekap", by=by)
    head = make_person(polsek, Role.COMMANDER)
    with pytest.raises(NotAllowed):
        state_violations(unit=polsek, year=year, counts={}, source="Rekap", by=head)
    assert "Rekap Sipropam" in signed_in(head).get(page).content.decode()
    assert "Rekap Sipropam" not in signed_in(make_person(polres, Role.ADMIN)).get(page).content.decode()
    assert ViolationStatement.objects.visible_to(head).count() == 3
    assert not ViolationStatement.objects.visible_to(make_person(make_unit(), Role.COMMANDER)).exists()


def test_facts_of_gratuity_reports_are_counts_and_only_of_enough_people(place):
    polres, polsek = place
    today = timezone.localdate()
    people = [make_person(polsek, Role.OPERATOR) for _ in range(4)]
    for number, status in enumerate(("draft", "submitted", "closed")):
        GratuityReport.objects.create(
            number=str(number), by=people[0], posting=people[0].postings.get(), unit=polsek, status=status,
            received_on=today, form="goods", what="Kain", value=1, relation="served", occasion="duty",
            response="refused" if number == 2 else "accepted", circumstances="x", whereabouts="held",
        )  # fmt: skip
    assert gratuity_facts(polres, today.year) is None
    make_person(polres, Role.COMMANDER)
    with Counted() as counted:
        facts = gratuity_facts(polres, today.year)
    assert len(counted.statements) <= 6
    assert (facts.handed_in, facts.refused, facts.closed, facts.late) == (2, 1, 1, 0)
    assert pledge_facts(polres, today.year).coverage == Coverage(people=5, signed=0)
