"""Documents: who may ask when, what they show and hide, one for the same content, failure, and what replaces them."""

from __future__ import annotations

import datetime
import io
import sys
import uuid

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from supervisi.documents import render
from supervisi.documents.reading import read_sheet_content, read_visit_content
from supervisi.documents.words import day_in_words, formal_name, number_words
from supervisi.instrument_cache import engine_instrument
from supervisi.management.commands import prepare
from supervisi.models import Answer, Checklist, ChecklistScore, Document, Finding, Layer, VerificationCode, Visit
from supervisi.services import document_work
from supervisi.services.checklists import (
    approve_reopening,
    create_checklist,
    disclose_checklist,
    finalise_checklist,
    freeze,
    request_reopening,
    return_checklist,
    review_checklist,
)
from supervisi.services.closing import close_period
from supervisi.services.documents import request_document
from supervisi.services.evidence import attach_upload
from supervisi.services.letterheads import save_letterhead
from supervisi.services.visits import finish_visit
from tests.factories import make_person
from tests.files.samples import PDF
from tests.supervisi.sheets import World, make_world
from wbbm.errors import DomainError, NotAllowed
from wbbm.jobs import services as jobs
from wbbm.jobs.models import Job
from wbbm.notices.models import Notice
from wbbm.organisasi.models import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def set_states(world: World, visit: str = "done", sheet: str = "draft") -> None:
    """Put visit and sheet into states, with the moments that belong to them."""
    Visit.objects.filter(pk=world.visit.pk).update(status=visit, done_at=timezone.now())
    Checklist.objects.filter(pk=world.checklist.pk).update(status=sheet, submitted_at=timezone.now())
    world.visit.refresh_from_db()
    world.checklist = world.reload()


def fill_in(world: World) -> None:
    """Answer every item that has options by its second one."""
    from supervisi.instrument_cache import engine_instrument

    instrument = engine_instrument(world.instrument)
    for answer in Answer.objects.filter(checklist=world.checklist).select_related("item"):
        options = instrument.item(answer.item.code).options
        if options:
            value = {"answer": options[1].code, "note": "Catatan <b>uji</b>", "checked": "site", "on_behalf_of": None}
            Answer.objects.filter(pk=answer.pk).update(value=value, version=1, is_answered=True)


def add_finding(world: World, number: str = "T-2026-UJI-001", is_told: bool = True) -> Finding:
    return Finding.objects.create(
        number=number, unit=world.polsek, visit=world.visit, checklist=world.checklist, item=world.answer().item,
        target_option="A", points=4_200_000_000, severity="severe", observation="Papan tarif kosong",
        recommendation="Pasang papan", owner_unit=world.polsek, owner_title="Kapolsek", created_by=world.leader,
        handed_over_at=timezone.now() if is_told else None,
    )  # fmt: skip


def ask(world: World, kind: str, by=None) -> Document:
    by = by or world.leader
    return request_document(kind=kind, by=by, visit=world.visit, checklist=world.reload())


def make(document: Document) -> Document:
    jobs.drain(kind="document")
    document.refresh_from_db()
    return document


def ready(monkeypatch, pdf: bytes = PDF) -> None:
    """Let rendering be quick where a test is not about the paper."""
    monkeypatch.setattr(document_work, "render_pdf", lambda html, content, progress: pdf)


def read(document: Document):
    """Return the PDF as pypdf reads it, and its text."""
    from pypdf import PdfReader

    with default_storage.open(document.file.path) as opened:
        pdf = PdfReader(io.BytesIO(opened.read()))
    return pdf, " ".join("\n".join(page.extract_text() for page in pdf.pages).split())


def parts_of(part, kind: str) -> list:
    """Return the parts of a PDF's structure that are of a kind."""
    part = part.get_object()
    if not isinstance(part, dict):
        return [found for each in part for found in parts_of(each, kind)] if isinstance(part, list) else []
    mine = [part] if part.get("/S") == kind else []
    return mine + (parts_of(part["/K"], kind) if "/K" in part else [])


# --- words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "satu"), (10, "sepuluh"), (11, "sebelas"), (17, "tujuh belas"), (20, "dua puluh"), (31, "tiga puluh satu"),
        (100, "seratus"), (119, "seratus sembilan belas"), (1000, "seribu"), (1999, "seribu sembilan ratus sembilan "
        "puluh sembilan"), (2026, "dua ribu dua puluh enam"),
    ],
)  # fmt: skip
def test_numbers_are_written_in_words(number, words):
    assert number_words(number) == words


def test_days_and_units_are_written_in_full():

    words = day_in_words(datetime.date(2026, 9, 17))
    assert words == "Kamis, tanggal tujuh belas, bulan September, tahun dua ribu dua puluh enam"
    assert [formal_name(name) for name in ("Polda Jawa Timur", "Polres Tuban", "Polsek Senori", "Satlantas")] == [
        "Daerah Jawa Timur", "Resor Tuban", "Sektor Senori", "Satlantas",
    ]  # fmt: skip


# --- asking --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "visit", "sheet", "is_given"),
    [
        ("minutes", "planned", "draft", False),
        ("minutes", "ongoing", "submitted", False),
        ("minutes", "cancelled", "draft", False),
        ("minutes", "done", "draft", True),
        ("findings", "ongoing", "draft", False),
        ("findings", "done", "draft", True),
        ("report", "done", "draft", False),
        ("report", "ongoing", "submitted", True),
        ("report", "done", "final", True),
        ("nonsense", "done", "final", False),
    ],
)
def test_documents_wait_for_their_state(world, kind, visit, sheet, is_given):
    set_states(world, visit, sheet)
    if is_given:
        assert ask(world, kind).status == "requested"
        return
    with pytest.raises(DomainError):
        ask(world, kind)
    assert not Document.objects.exists()
    assert not Job.objects.filter(kind="document").exists()


@pytest.mark.parametrize(
    ("sheet", "kapolsek_gets"),
    [("submitted", {"minutes", "findings"}), ("reviewed", {"minutes", "findings"}),
     ("disclosed", {"minutes", "findings", "report"})],
)  # fmt: skip
def test_the_unit_asks_for_what_it_may_know(world, sheet, kapolsek_gets):
    set_states(world, "done", sheet)
    got = set()
    for kind in ("minutes", "findings", "report"):
        try:
            ask(world, kind, world.operator)
        except NotAllowed:
            continue
        got.add(kind)
    assert got == kapolsek_gets
    for kind in ("minutes", "findings", "report"):
        with pytest.raises(NotAllowed):
            ask(world, kind, world.stranger)


def test_a_report_shows_the_unit_nothing_before_it_is_disclosed(world, monkeypatch):
    ready(monkeypatch)
    set_states(world, "done", "reviewed")
    add_finding(world)
    papers = {kind: make(ask(world, kind)) for kind in ("minutes", "findings", "report")}
    client = Client()
    client.force_login(world.operator, backend="wbbm.organisasi.auth.PostingBackend")

    def seen() -> set[str]:
        answers = {kind: client.get(reverse("files:download", args=[paper.file_id])) for kind, paper in papers.items()}
        return {kind for kind, answer in answers.items() if answer.status_code == 200 and b"".join(answer) == PDF}

    assert seen() == {"minutes", "findings"}
    # The report was made while the unit could not know its result: it stays hidden afterwards too.
    Checklist.objects.filter(pk=world.checklist.pk).update(status="disclosed")
    assert seen() == {"minutes", "findings"}
    papers["findings"] = make(ask(world, "findings"))
    papers["report"] = make(ask(world, "report"))
    assert seen() == {"minutes", "findings", "report"}
    # Opened again: what tells of points and scores is hidden again.
    Checklist.objects.filter(pk=world.checklist.pk).update(status="draft")
    assert seen() == {"minutes"}


def test_options_and_points_stand_on_a_list_only_after_the_disclosure(world):
    set_states(world, "done", "reviewed")
    add_finding(world)
    add_finding(world, "T-2026-UJI-002", is_told=False)
    before = read_visit_content("findings", world.visit)
    set_states(world, "done", "disclosed")
    after = read_visit_content("findings", world.visit)
    assert [(row.number, row.target, row.points) for row in before.findings] == [("T-2026-UJI-001", "", "")]
    assert [(row.number, row.target, row.points) for row in after.findings] == [("T-2026-UJI-001", "A", "+0,42")]
    assert read_visit_content("minutes", world.visit).findings[0].points == ""


def test_a_stake_of_a_later_sheet_is_on_no_document_of_the_earlier_one(world):
    """Seen again on the next visit, a finding's option and points follow that sheet, which nobody was told of yet."""
    set_states(world, "done", "disclosed")
    found = add_finding(world)
    later = Checklist.objects.create(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer="tpi", created_by=world.leader
    )
    Finding.objects.filter(pk=found.pk).update(checklist=later)
    for content in (read_visit_content("findings", world.visit), read_sheet_content(world.reload())):
        assert [(row.number, row.target, row.points) for row in content.findings] == [("T-2026-UJI-001", "", "")]


def test_the_same_content_is_the_same_document(world, monkeypatch):
    ready(monkeypatch)
    set_states(world)
    finding = add_finding(world)
    first = ask(world, "findings")
    assert ask(world, "findings", world.reviewer) == first
    assert make(first).is_ready
    assert first.attempts == 1
    assert ask(world, "findings", world.reviewer) == first
    assert Document.objects.count() == 1
    Finding.objects.filter(pk=finding.pk).update(status="answered")
    second = make(ask(world, "findings"))
    first.refresh_from_db()
    assert (first.status, second.status) == ("superseded", "ready")
    assert [first.number.split("/")[1], second.number.split("/")[1]] == ["001", "002"]


def test_numbers_run_by_kind_unit_and_year(world):
    set_states(world, "done", "final")
    numbers = [ask(world, kind).number for kind in ("minutes", "findings", "report")]
    assert [number.split("/")[0:2] for number in numbers] == [["BA", "001"], ["DT", "001"], ["LH", "001"]]
    assert {number.split("/")[-1] for number in numbers} == {"POLSEK"}


# --- failing, and being overtaken ----------------------------------------------------------------------------


def test_a_machine_without_the_libraries_says_what_to_install(world, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    set_states(world)
    document = make(ask(world, "minutes"))
    assert document.status == "failed"
    assert f"apt-get install {render.PACKAGES}" in document.fault
    client = Client()
    client.force_login(world.leader, backend="wbbm.organisasi.auth.PostingBackend")
    page = client.get(reverse("supervisi:visit-documents", args=[world.visit.pk])).content.decode()
    assert "Gagal dibuat" in page
    assert "Coba lagi" in page
    assert render.PACKAGES in page


@pytest.mark.parametrize("is_there", [pytest.param(True, marks=pytest.mark.pdf), False])
def test_the_start_says_what_to_install(monkeypatch, is_there):
    if not is_there:
        monkeypatch.setitem(sys.modules, "weasyprint", None)
    told = io.StringIO()
    prepare.Command(stderr=told)._tell_of_libraries()
    assert (render.PACKAGES in told.getvalue()) != is_there


def test_three_failures_are_told_and_a_fourth_try_is_a_persons(world, monkeypatch):
    def broken(html, content, progress):
        raise ZeroDivisionError

    monkeypatch.setattr(document_work, "render_pdf", broken)
    set_states(world)
    document = ask(world, "minutes")
    for _ in range(4):
        Job.objects.filter(kind="document").update(available_at=timezone.now())
        jobs.drain(kind="document")
    document.refresh_from_db()
    assert (document.status, document.attempts) == ("failed", 4)
    assert not Job.objects.open().filter(kind="document").exists()
    told = Notice.objects.filter(kind="document").order_by("pk")
    assert [(notice.person_id, "gagal dibuat" in notice.text) for notice in told] == [(world.leader.pk, True)]
    ready(monkeypatch)
    again = ask(world, "minutes")
    assert (again.pk, again.number) == (document.pk, document.number)
    assert make(again).is_ready
    last = told.last()
    assert "siap diunduh" in last.text
    assert last.url == reverse("supervisi:visit-documents", args=[world.visit.pk])


@pytest.mark.parametrize("moment", ["before", "while"])
def test_a_report_that_is_overtaken_is_never_shown(world, monkeypatch, tmp_path, moment):
    set_states(world, "done", "submitted")
    document = ask(world, "report")

    def give_back() -> None:
        return_checklist(checklist=world.reload(), by=world.reviewer, reason="Butir 3 belum dilihat")

    def render_slowly(html, content, progress):
        if moment == "while":
            give_back()
        return PDF

    monkeypatch.setattr(document_work, "render_pdf", render_slowly)
    if moment == "before":
        give_back()
    make(document)
    assert (document.status, document.file) == ("superseded", None)
    Job.objects.filter(kind="document").update(lease_until=None, available_at=timezone.now())
    jobs.drain(kind="document")
    assert not Job.objects.open().filter(kind="document").exists()
    assert not any(path.is_file() for path in (tmp_path / "files").rglob("*"))


def test_each_step_of_the_sheet_replaces_its_report_and_only_a_draft_the_rest(world, monkeypatch):
    ready(monkeypatch)
    set_states(world, "done", "submitted")
    minutes, report = make(ask(world, "minutes")), make(ask(world, "report"))

    def states() -> tuple[str, str]:
        return tuple(Document.objects.get(pk=paper.pk).status for paper in (minutes, report))

    review_checklist(checklist=world.reload(), by=world.reviewer)
    assert states() == ("ready", "superseded")
    report = make(ask(world, "report"))
    disclose_checklist(checklist=world.reload(), by=world.commander)
    assert states() == ("ready", "superseded")
    set_states(world, "done", "submitted")
    return_checklist(checklist=world.reload(), by=world.reviewer, reason="Butir 3 belum dilihat")
    assert states() == ("superseded", "superseded")
    client = Client()
    client.force_login(world.leader, backend="wbbm.organisasi.auth.PostingBackend")
    page = client.get(reverse("supervisi:visit-documents", args=[world.visit.pk])).content.decode()
    assert "Yang sebelumnya sudah digantikan" in page
    assert "Sebelumnya (3)" in page


def test_the_end_of_the_visit_replaces_the_report_that_was_made_before(world, monkeypatch):
    ready(monkeypatch)
    set_states(world, "ongoing", "submitted")
    report = make(ask(world, "report"))
    finish_visit(visit=world.visit, by=world.leader)
    assert Document.objects.get(pk=report.pk).status == "superseded"


def test_a_final_sheets_documents_bear_its_code_until_it_is_opened_again(world, monkeypatch):
    ready(monkeypatch)
    set_states(world, "done", "disclosed")
    assert read_visit_content("findings", world.visit).proof is None
    finalise_checklist(checklist=world.reload(), by=world.commander)
    papers = {kind: make(ask(world, kind)) for kind in ("minutes", "findings", "report")}
    code = VerificationCode.objects.get(checklist=world.checklist)
    for kind in ("minutes", "findings"):
        assert read_visit_content(kind, world.visit).proof.code == code.grouped
    proof = read_sheet_content(world.reload()).proof
    assert (proof.code, proof.content_hash) == (code.grouped, code.grouped_hash)
    said = Client().get(proof.url.removeprefix(settings.SITE_URL)).content.decode()
    assert "Berlaku" in said
    request_reopening(checklist=world.reload(), by=world.auditor, reason="Butir 3 keliru dicatat")
    assert {Document.objects.get(pk=paper.pk).status for paper in papers.values()} == {"ready"}
    approve_reopening(checklist=world.reload(), by=world.commander)
    assert {Document.objects.get(pk=paper.pk).status for paper in papers.values()} == {"superseded"}
    assert "digantikan" in Client().get(proof.url.removeprefix(settings.SITE_URL)).content.decode()
    assert read_visit_content("minutes", world.visit).proof is None


def test_closing_a_period_replaces_the_report_of_a_sheet_that_it_makes_final(world, monkeypatch):
    ready(monkeypatch)
    own = create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, by=world.operator
    )
    Checklist.objects.filter(pk=own.pk).update(status="submitted", submitted_at=timezone.now())
    own = Checklist.objects.with_frame().get(pk=own.pk)
    paper = make(request_document(kind="report", by=world.operator, checklist=own))
    close_period(period=world.period, by=make_person(world.polres, Role.ADMIN))
    jobs.drain()
    paper.refresh_from_db()
    assert paper.status == "superseded"


# --- letterheads ---------------------------------------------------------------------------------------------


def test_the_head_is_the_issuing_units_or_made_from_the_tree(world):
    set_states(world)
    made = read_visit_content("minutes", world.visit).head
    assert made.lines == ("Kepolisian Negara Republik Indonesia", "Resor Uji")
    admin = make_person(world.polres, Role.ADMIN)
    save_letterhead(unit=world.polres, lines=" Satu \n\nDua", address="Jalan Contoh 1", town="Tuban", by=admin)
    entered = read_visit_content("minutes", world.visit).head
    assert (entered.lines, entered.address, entered.town) == (("Satu", "Dua"), "Jalan Contoh 1", "Tuban")


@pytest.mark.parametrize(
    ("who", "lines", "town", "refusal"),
    [("admin", "", "Tuban", DomainError), ("admin", "x" * 81, "Tuban", DomainError), ("admin", "a\n" * 7, "Tuban",
     DomainError), ("admin", "Polri", " ", DomainError), ("commander", "Polri", "Tuban", NotAllowed)],
)  # fmt: skip
def test_letterheads_are_refused(world, who, lines, town, refusal):
    by = make_person(world.polres, Role.ADMIN) if who == "admin" else world.commander
    with pytest.raises(refusal):
        save_letterhead(unit=world.polres, lines=lines, address="", town=town, by=by)


# --- the paper -----------------------------------------------------------------------------------------------


@pytest.mark.pdf
def test_minutes_are_a_tagged_document_without_scores(world):
    set_states(world, "done", "disclosed")
    add_finding(world)
    pdf, text = read(make(ask(world, "minutes")))
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "id"
    assert b"pdfuaid:part" in root["/Metadata"].get_object().get_data() or "pdfuaid" in str(
        root["/Metadata"].get_object().get_data()
    )
    assert "BERITA ACARA SUPERVISI" in text.upper()
    assert f"Nomor: {Document.objects.get().number}" in text
    assert "Papan tarif kosong" in text
    assert "Sprin/1/2026" in text
    assert f"Halaman 1 dari {len(pdf.pages)}" in text
    assert "+0,42" not in text
    assert "Nilai 0" not in text


@pytest.mark.pdf
def test_a_report_shows_the_stored_scores_and_every_item_with_its_photo(world, settings):
    settings.IS_DEMO = True
    fill_in(world)
    picture = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(picture, "JPEG")
    attach_upload(
        answer=world.answer(), upload=SimpleUploadedFile("papan.jpg", picture.getvalue()),
        upload_uuid="00000000-0000-0000-0000-000000000001", by=world.leader,
    )  # fmt: skip
    set_states(world, "done", "final")
    freeze(world.checklist)
    stored = ChecklistScore.objects.get(checklist=world.checklist)
    pdf, text = read(make(ask(world, "report")))
    from supervisi.scoring.rounding import from_units, shown

    assert f"Nilai {shown(from_units(stored.complete))} dari" in text
    for complete, *_ in stored.areas.values():
        assert shown(from_units(complete)) in text
    for row in stored.predicates.values():
        for gate in row["gates"]:
            assert gate["label"] in text
            assert shown(from_units(gate["actual"]), gate=from_units(gate["required"])) in text
    for code in Answer.objects.filter(checklist=world.checklist).values_list("item__code", flat=True):
        assert code in text
    assert "Catatan <b>uji</b>" in text
    code = VerificationCode.objects.get(checklist=world.checklist)
    assert f"{settings.SITE_URL}{code.get_absolute_url()}" in text.replace(" ", "")
    assert code.grouped in text
    assert code.content_hash in text.replace(" ", "")
    images = {image.data: image.image.size for page in pdf.pages for image in page.images}
    # The QR code is drawn, not a picture.
    assert list(images.values()) == [(320, 240)]
    spoken = [str(part["/Alt"]) for part in parts_of(pdf.trailer["/Root"]["/StructTreeRoot"], "/Figure")]
    assert len(spoken) == 2
    assert sum(words.startswith(("Bukti 1: ", "Kode QR ")) for words in spoken) == 2
    assert text.count("DATA CONTOH, bukan keadaan sebenarnya") >= len(pdf.pages)


@pytest.mark.pdf
@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/a.css", "https://contoh.go.id/a.png", "file:///etc/passwd", "data:text/css,a", "ftp://a/b",
     "dokumen:/foto/8", "dokumen:/foto/0x7", "dokumen:/static/../wbbm/settings.py", "dokumen:/static/css/tidak-ada.css",
     "dokumen:/static/js/app.js", "dokumen:/kode.svg", "/etc/passwd"],
)  # fmt: skip
@pytest.mark.django_db(False)
def test_the_renderer_fetches_nothing_of_others(url):
    from supervisi.documents.fetcher import DocumentFetcher, ForbiddenFetch

    fetcher = DocumentFetcher({7: "aa/foto.jpg"})
    with pytest.raises(ForbiddenFetch):
        fetcher.fetch(url)
    for tag in (f'<img alt="a" src="{url}">', f'<link rel="stylesheet" href="{url}">'):
        with pytest.raises((ForbiddenFetch, ValueError)):
            import weasyprint

            weasyprint.HTML(string=tag, base_url="dokumen:/", url_fetcher=fetcher).render()


@pytest.mark.pdf
def test_without_our_fetcher_a_document_reads_any_file_of_the_machine(tmp_path):
    """The twin: WeasyPrint by itself follows the address."""
    import weasyprint

    (tmp_path / "rahasia.css").write_text("@page { size: 40mm 20mm }")
    html = f'<link rel="stylesheet" href="file://{tmp_path}/rahasia.css">'
    assert round(weasyprint.HTML(string=html).render().pages[0].width * 25.4 / 96) == 40


@pytest.mark.pdf
def test_a_photo_that_is_gone_is_shown_by_its_words(world, monkeypatch):
    from supervisi.documents.fetcher import DocumentFetcher

    seen = []
    fetcher = DocumentFetcher({7: "aa/hilang.jpg"}, lambda: seen.append(1))
    import weasyprint

    html = '<html lang="id"><title>a</title><img alt="Bukti 1: Papan" src="dokumen:/foto/7">'
    weasyprint.HTML(string=html, url_fetcher=fetcher, base_url="dokumen:/").write_pdf()
    assert seen == [1]


def test_reading_takes_the_same_queries_however_much_is_told(world):
    set_states(world, "done", "draft")
    # A process reads each instrument once.
    engine_instrument(world.instrument)
    counts = []
    for number in range(2):
        for each in range(3):
            add_finding(world, f"T-{number}-{each}")
            picture = io.BytesIO()
            Image.new("RGB", (32, 24), (number * 99, each * 99, 0)).save(picture, "JPEG")
            attach_upload(
                answer=world.answer(), upload=SimpleUploadedFile("a.jpg", picture.getvalue()), upload_uuid=uuid.uuid4(),
                by=world.leader,
            )  # fmt: skip
        with CaptureQueriesContext(connection) as counted:
            content = read_sheet_content(world.reload())
        counts.append(len(counted))
        assert len(content.photos) == len(content.findings) == 3 * (number + 1)
    assert counts[0] == counts[1]


# --- the page ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["visit-documents", "checklist-documents"])
def test_the_page_reads_the_same_however_much_lies_there(world, monkeypatch, route):
    ready(monkeypatch)
    set_states(world, "done", "submitted")
    client = Client()
    client.force_login(world.leader, backend="wbbm.organisasi.auth.PostingBackend")
    target = reverse(f"supervisi:{route}", args=[(world.visit if "visit" in route else world.checklist).pk])
    counts = []
    for _ in range(2):
        make(ask(world, "report"))
        for number in range(3):
            add_finding(world, f"T-{len(counts)}-{number}")
            make(ask(world, "findings"))
        client.get(target)
        with CaptureQueriesContext(connection) as counted:
            assert client.get(target).status_code == 200
        counts.append(len(counted))
    assert counts[0] == counts[1] <= 12


def test_a_press_leads_back_to_the_page_and_a_second_press_says_that_nothing_changed(world, monkeypatch):
    ready(monkeypatch)
    set_states(world)
    client = Client()
    client.force_login(world.leader, backend="wbbm.organisasi.auth.PostingBackend")
    target = reverse("supervisi:visit-documents", args=[world.visit.pk])
    page = client.post(target, {"jenis": "minutes"}, follow=True).content.decode()
    assert "Menunggu giliran" in page
    assert 'data-wbbm-renew-seconds="2"' in page
    part = client.get(target, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "data-wbbm-renew-done" not in part
    jobs.drain(kind="document")
    assert "data-wbbm-renew-done" in client.get(target, headers={"HX-Request": "true"}).content.decode()
    again = client.post(target, {"jenis": "minutes"}, follow=True).content.decode()
    assert "Isinya belum berubah" in again
    assert reverse("files:download", args=[Document.objects.get().file_id]) in again


def test_a_units_own_sheet_has_its_report_from_the_submission_on(world):
    own = Checklist.objects.create(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, status="submitted",
        created_by=world.operator, submitted_at=timezone.now(),
    )  # fmt: skip
    own = Checklist.objects.with_frame().get(pk=own.pk)
    document = request_document(kind="report", by=world.operator, checklist=own)
    assert document.visit is None
    content = read_sheet_content(own)
    assert content.title == "Laporan hasil penilaian mandiri"
    assert content.head.lines[-1] == "Sektor Senori"
    assert list(Document.objects.visible_to(world.operator)) == [document]
    assert not Document.objects.visible_to(world.stranger).exists()
