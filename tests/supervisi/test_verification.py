"""/verifikasi/: says whether a document is the one, to anybody, without its content; and what the hash is made of."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from supervisi.models import Answer, AnswerEvidence, Checklist, Instrument, Layer, Period, VerificationCode, Visit
from supervisi.services.answers import save_operation
from supervisi.services.checklists import approve_reopening, finalise_checklist, request_reopening
from supervisi.services.closing import close_period
from supervisi.services.verification import ALPHABET, CODE_LENGTH, look_up, typed_code
from supervisi.views import verification
from tests.factories import make_person
from tests.supervisi.sheets import Counted, make_world, op
from tests.supervisi.test_guards import attach
from tests.unguarded import unguarded
from wbbm.jobs import services as jobs
from wbbm.organisasi.models import Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_minute():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def world():
    world = make_world()
    save_operation(
        checklist=world.reload(), operation=op(answer="A", note="Rahasia tim", checked="site"), by=world.leader
    )
    attach(world)
    finalise(world)
    return world


def finalise(world):
    Visit.objects.update(status="done")
    Checklist.objects.filter(pk=world.checklist.pk).update(status="disclosed")
    finalise_checklist(checklist=world.reload(), by=world.commander)


def reopen(world):
    request_reopening(checklist=world.reload(), by=world.leader, reason="Salah hitung rekomendasi")
    approve_reopening(checklist=world.reload(), by=world.commander)


def code_of(world):
    return VerificationCode.objects.of(world.checklist)[0]


def page(code):
    return Client().get(f"/verifikasi/{code}/")


# --- the code ---------------------------------------------------------------------------------------------


def test_a_final_sheet_has_a_code_that_nobody_guesses(world):
    code = code_of(world)
    assert code.content_hash == world.reload().content_hash != ""
    assert len(code.code) == CODE_LENGTH
    assert set(code.code) <= set(ALPHABET)
    assert len(ALPHABET) ** CODE_LENGTH >= 2**128
    assert [len(part) for part in code.grouped.split("-")] == [4] * 7


@pytest.mark.parametrize("state", ["draft", "submitted", "reviewed", "disclosed"])
def test_no_other_state_has_a_code(state):
    world = make_world()
    Checklist.objects.filter(pk=world.checklist.pk).update(status=state)
    assert not VerificationCode.objects.exists()


def test_reopening_supersedes_the_code_and_finalising_gives_a_new_one(world):
    first = code_of(world)
    reopen(world)
    first.refresh_from_db()
    assert first.superseded_at is not None
    assert look_up(first.code).state == "superseded"
    finalise(world)
    second = code_of(world)
    assert second.code != first.code
    # The same content again: by its hash it is valid, by the old code it is not.
    assert second.content_hash == first.content_hash
    assert [look_up(text).state for text in (first.code, second.code, second.content_hash)] == [
        "superseded", "valid", "valid",
    ]  # fmt: skip


def test_closing_a_period_gives_self_sheets_their_codes():
    world = make_world()
    sheet = Checklist.objects.create(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF,
        created_by=world.operator, status="submitted",
    )  # fmt: skip
    close_period(period=world.period, by=make_person(world.polres, Role.ADMIN))
    jobs.drain()
    assert look_up(VerificationCode.objects.get(checklist=sheet).code).state == "valid"


def test_a_sheet_has_one_valid_code_and_codes_never_change(world):
    code = code_of(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        VerificationCode.objects.create(code="0" * 28, checklist=world.checklist, content_hash="x")
    for sql in (
        "UPDATE supervisi_verificationcode SET content_hash = 'x'",
        "UPDATE supervisi_verificationcode SET checklist_id = checklist_id + 1, superseded_at = made_at",
        "DELETE FROM supervisi_verificationcode",
    ):
        with pytest.raises(IntegrityError, match="Kode"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    reopen(world)
    with pytest.raises(IntegrityError, match="Kode"), transaction.atomic():
        VerificationCode.objects.filter(pk=code.pk).update(superseded_at=None)


# --- the page ---------------------------------------------------------------------------------------------


def test_the_page_tells_valid_superseded_and_unknown(world):
    code = code_of(world)
    answer = page(code.grouped)
    assert answer.status_code == 200
    assert "Berlaku" in answer.content.decode()
    assert code.grouped_hash in answer.content.decode()
    reopen(world)
    answer = page(code.grouped)
    assert answer.status_code == 200
    assert "Sudah digantikan" in answer.content.decode()
    for unknown in ("0" * 28, "salah", "f" * 64, "%00", "é"):
        answer = page(unknown)
        assert answer.status_code == 404
        assert "Tidak dikenal" in answer.content.decode()


def test_the_page_reveals_no_content(world):
    code = code_of(world)
    for text in (code.grouped, world.reload().content_hash):
        # The code's own letters are drawn by lot.
        said = page(text).content.decode().replace(code.grouped, "").replace(code.code, "")
        assert "Berlaku" in said
        for secret in (
            "Senori", "Polres Uji", "Triwulan ini", "Sprin/1", "Rahasia tim", "SK", "polsek-2026", world.leader.name,
            f"/lembar/{world.checklist.pk}", "Jabatan uji",
        ):  # fmt: skip
            assert secret not in said.replace("SKCK", ""), secret


@pytest.mark.parametrize(
    "spelling", [str.lower, lambda code: code.replace("-", " "), lambda code: f"  {code.replace('-', '')} "]
)
def test_a_code_may_be_typed_as_people_type(world, spelling):
    code = code_of(world)
    answer = Client().get("/verifikasi/", {"kode": spelling(code.grouped)}, follow=True)
    assert "Berlaku" in answer.content.decode()


def test_letters_that_are_misread_mean_the_digit():
    assert typed_code("o0Oi-1lL") == "0001111"


def test_the_hash_is_accepted_as_it_is_printed(world):
    answer = Client().get("/verifikasi/", {"kode": code_of(world).grouped_hash.upper()}, follow=True)
    assert "Berlaku" in answer.content.decode()


@pytest.mark.parametrize("typed", ["", "   ", "/", "//x/", "..", "?", "a" * 500])
def test_any_input_gets_a_page_and_never_a_sign_in(typed):
    answer = Client().get("/verifikasi/", {"kode": typed}, follow=True)
    assert answer.status_code in {200, 404}
    assert "/masuk/" not in str(answer.redirect_chain)
    assert "Kode verifikasi" in answer.content.decode()


def test_one_address_asks_sixty_times_a_minute(world, monkeypatch):
    monkeypatch.setattr(verification, "MOST_A_MINUTE", 3)
    client = Client()
    code = code_of(world).grouped
    assert [client.get(f"/verifikasi/{code}/").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    answer = client.get(f"/verifikasi/{code}/")
    assert answer["Retry-After"] == "60"
    assert "Terlalu sering" in answer.content.decode()
    assert Client(REMOTE_ADDR="192.0.2.9").get(f"/verifikasi/{code}/").status_code == 200


def test_a_look_costs_one_query_and_writes_nothing(world):
    code = code_of(world).grouped
    with Counted() as counted:
        page(code)
    assert len(counted.statements) == 1


def test_the_sheets_page_shows_its_codes(world):
    client = Client()
    client.force_login(world.commander, backend="wbbm.organisasi.auth.PostingBackend")
    code = code_of(world)
    assert code.grouped in client.get(world.checklist.get_absolute_url()).content.decode()
    reopen(world)
    said = client.get(world.checklist.get_absolute_url()).content.decode()
    assert code.grouped in said
    assert "Digantikan" in said


# --- the hash, as docs/verifikasi.md tells anybody to compute it ------------------------------------------------


def units(score: Fraction) -> int:
    """Round half up to 10⁻¹⁰."""
    return (score * 10**10 * 2 + 1) // 2


def test_the_content_hash_follows_the_written_recipe(world):
    from supervisi.instrument_cache import engine_instrument
    from supervisi.scoring.engine import score_sheet

    sheet = Checklist.objects.get(pk=world.checklist.pk)
    period = Period.objects.get(pk=sheet.period_id)
    instrument = Instrument.objects.get(pk=sheet.instrument_id)
    rows = sorted(Answer.objects.filter(checklist=sheet).values_list("item__code", "value"), key=lambda row: row[0])
    links = AnswerEvidence.objects.filter(answer__checklist=sheet, detached_at=None)
    files = sorted(links.values_list("answer__item__code", "evidence__file__sha256"))
    raw = {code: value["answer"] for code, value in rows if "answer" in value}
    exact = score_sheet(engine_instrument(instrument), raw).complete
    document = {
        "answers": [[code, value] for code, value in rows],
        "evidence": [list(row) for row in files],
        "instrument": [instrument.code, instrument.version, instrument.sha256],
        "layer": sheet.layer,
        "period": [period.first_day.isoformat(), period.last_day.isoformat()],
        "score": {code: units(value) for code, value in exact.items()},
        "unit": sheet.unit_id,
    }
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert files == [("P.1.1.i.a", "a" * 64)]
    assert ["P.1.1.i.a", {"answer": "A", "checked": "site", "note": "Rahasia tim", "on_behalf_of": None}] in document[
        "answers"
    ]
    assert hashlib.sha256(text.encode()).hexdigest() == sheet.content_hash


@pytest.mark.parametrize("part", ["note", "checked", "answer", "evidence", "instrument", "item"])
def test_each_part_of_the_content_moves_the_hash(part):
    from supervisi.services.content import content_hash

    world = make_world()
    save_operation(checklist=world.reload(), operation=op(answer="A", note="Satu", checked="site"), by=world.leader)
    link = attach(world)
    before = content_hash(world.reload())
    if part in {"note", "checked", "answer"}:
        value = {"note": "Satu.", "checked": "paper", "answer": "B"}[part]
        row = world.answer()
        Answer.objects.filter(pk=row.pk).update(value=row.value | {part: value})
    elif part == "evidence":
        AnswerEvidence.objects.filter(pk=link.pk).update(detached_at=timezone.now(), detached_by=world.leader)
    elif part == "instrument":
        with unguarded():
            Instrument.objects.filter(pk=world.instrument.pk).update(sha256="0" * 64)
    else:
        other = world.answer("P.1.2.i.a")
        Answer.objects.filter(pk=other.pk).update(value={"answer": "B"}, version=1)
    assert content_hash(world.reload()) != before
