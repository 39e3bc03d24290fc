"""/verifikasi/ by a file's SHA-256, and what is said of the reach of each proof: no more than it proves."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from supervisi.documents.reading import read_sheet_content, read_visit_content
from supervisi.documents.render import Stamp, write_html
from supervisi.models import Document, Evidence
from supervisi.services.checklists import finalise_checklist
from supervisi.services.verification import look_up
from tests.files.samples import PDF
from tests.supervisi.sheets import World, make_world
from tests.supervisi.test_documents import add_finding, ask, make, ready, set_states
from tests.supervisi.test_guards import attach

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_minute():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def world() -> World:
    world = make_world()
    set_states(world, "done", "disclosed")
    add_finding(world)
    return world


def downloaded(world: World, document: Document) -> bytes:
    client = Client()
    client.force_login(world.leader, backend="wbbm.organisasi.auth.PostingBackend")
    answer = client.get(reverse("files:download", args=[document.file_id]))
    return b"".join(answer.streaming_content)


def said_of(text: str) -> tuple[int, str]:
    answer = Client().get("/verifikasi/", {"kode": text}, follow=True)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("is_printed", [pytest.param(True, marks=pytest.mark.pdf), False])
def test_the_downloaded_bytes_prove_the_file(world, monkeypatch, is_printed):
    if not is_printed:
        ready(monkeypatch)
    document = make(ask(world, "minutes"))
    data = downloaded(world, document)
    sha256 = hashlib.sha256(data).hexdigest()
    assert data.startswith(b"%PDF")
    assert document.file.sha256 == sha256
    # As sha256sum and certutil write it.
    for spelling in (sha256, sha256.upper(), " ".join(sha256[place : place + 2] for place in range(0, 64, 2))):
        status, said = said_of(spelling)
        assert status == 200
        assert "Berlaku" in said
    assert look_up(hashlib.sha256(data + b"\n").hexdigest()).state == "unknown"


def test_a_file_that_was_replaced_is_told_and_its_content_is_not(world, monkeypatch):
    ready(monkeypatch)
    first = make(ask(world, "findings"))
    add_finding(world, "T-2026-UJI-002")
    ready(monkeypatch, PDF + b"\n")
    second = make(ask(world, "findings"))
    for document, words in ((first, "Sudah digantikan"), (second, "Berlaku")):
        status, said = said_of(document.file.sha256)
        assert status == 200
        assert words in said
        for secret in ("Senori", "Polres Uji", "Sprin/1", "T-2026", "Papan tarif", document.number, world.leader.name):
            assert secret not in said


def test_the_same_bytes_twice_count_as_the_one_that_holds(world, monkeypatch):
    ready(monkeypatch)
    first = make(ask(world, "findings"))
    add_finding(world, "T-2026-UJI-002")
    second = make(ask(world, "findings"))
    first.refresh_from_db()
    assert (first.status, first.file.sha256) == ("superseded", second.file.sha256)
    assert look_up(first.file.sha256).document == second


def test_other_files_and_documents_without_a_file_are_unknown(world, monkeypatch):
    attach(world)
    sha256 = Evidence.objects.get().file.sha256
    assert look_up(sha256).state == "unknown"
    status, said = said_of(sha256)
    assert status == 404
    assert "Tidak dikenal" in said
    ready(monkeypatch)
    document = make(ask(world, "minutes"))
    for state in ("requested", "working", "failed"):
        Document.objects.filter(pk=document.pk).update(status=state)
        assert look_up(document.file.sha256).state == "unknown"


HOW = ("sha256sum berkas.pdf", "certutil -hashfile berkas.pdf SHA256")


def test_the_page_tells_what_each_proof_reaches(world):
    finalise_checklist(checklist=world.reload(), by=world.commander)
    status, said = said_of(world.reload().content_hash)
    assert status == 200
    said = " ".join(said.split())
    assert "Yang dibuktikan kode dan sidik isi adalah hasil lembarnya" in said
    assert "tidak mencakup temuan" in said
    assert "bukan yang asli" not in said
    for words in HOW:
        assert words in said


@pytest.mark.parametrize("kind", ["minutes", "findings", "report"])
@pytest.mark.parametrize("is_final", [True, False])
def test_the_printed_box_tells_what_each_proof_reaches(world, kind, is_final):
    if is_final:
        finalise_checklist(checklist=world.reload(), by=world.commander)
    content = read_sheet_content(world.reload()) if kind == "report" else read_visit_content(kind, world.visit)
    html = write_html(content, Stamp("UJI/1", datetime.date(2026, 7, 1), "1 Juli 2026"))
    assert ("membuktikan hasil lembar" in html) == is_final
    assert ("tidak mencakup temuan" in html) == is_final
    assert f"{settings.SITE_URL}/verifikasi/ " in html
    assert "Keaslian" not in html
    for words in HOW:
        assert words in html


def test_the_written_recipe_tells_it_too():
    written = (Path(settings.BASE_DIR) / "docs" / "verifikasi.md").read_text(encoding="utf-8")
    assert "SHA-256 sebuah berkas" in written
    for words in ("sha256sum berkas.pdf", "certutil -hashfile berkas.pdf SHA256", "tidak mencakup temuan"):
        assert words in written
