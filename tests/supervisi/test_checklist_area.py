"""The page of one area of a sheet."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from supervisi.models import (
    Answer,
    Assignment,
    Checklist,
    Finding,
    Layer,
    Node,
    Period,
    Severity,
    UnitScore,
    VisitMember,
)
from supervisi.services.answers import save_operation
from supervisi.services.checklists import create_checklist
from supervisi.services.instruments import load_instrument
from tests.factories import make_person
from tests.supervisi.sheets import LETTER, PERCENT, SEVERE_PERCENT, Counted, make_world, op
from wbbm.organisasi.models import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def area_url(world, key="1"):
    return reverse("supervisi:checklist-area", args=[world.checklist.pk, key])


def show(client, world, by=None, key="1", query=""):
    client.force_login(by or world.leader)
    return client.get(area_url(world, key) + query)


def save(world, operation, by=None):
    return save_operation(checklist=world.reload(), operation=operation, by=by or world.leader)


def test_an_area_shows_its_items_with_options_and_how_to_check(client, world):
    html = show(client, world).content.decode()
    assert "Apakah tim dan rencana aksi ZI Polsek tahun ini ada dan dijalankan?" in html
    assert "Sprin dan rencana aksi ada; semua kegiatan triwulan ini berjalan" in html
    assert "Cara memeriksa (12 menit, foto diharapkan)" in html
    assert "0 dari 5 butir terisi" in html or "butir terisi" in html
    assert html.count("<h1") == 1


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "5", "6", "7", "8"])
def test_every_area_opens(client, world, key):
    assert show(client, world, key=key).status_code == 200


def test_an_unknown_area_is_404(client, world):
    assert show(client, world, key="99").status_code == 404


def test_answered_items_are_folded_with_answer_and_time(client, world):
    save(world, op(answer="B"))
    html = show(client, world).content.decode()
    assert "zi-item__fold" in html
    assert "Tersimpan" in html


def test_inputs_show_the_computed_percentage(client, world):
    save(world, op(PERCENT, {"rekomendasi": 3, "selesai": 2}))
    assert "66,67%" in show(client, world).content.decode()


def test_the_filters_narrow_the_items(client, world):
    save(world, op(answer="B"))
    empty = show(client, world, query="?saring=kosong").content.decode()
    assert f'id="b-{LETTER}"' not in empty
    assert f'id="b-{PERCENT}"' in empty
    assert show(client, world, query="?saring=<x>").status_code == 200


def test_own_tasks_are_a_filter(client, world):
    node = Node.objects.get(instrument=world.instrument, code="P.1.1.ii")
    Assignment.objects.create(visit=world.visit, user=world.members[0], node=node)
    html = show(client, world, world.members[0], query="?saring=tugas").content.decode()
    assert 'id="b-P.1.1.ii.a"' in html
    assert f'id="b-{LETTER}"' not in html
    assert f'id="b-{LETTER}"' not in show(client, world, query="?saring=tugas").content.decode()


def test_the_answers_of_before_and_of_the_unit_stand_beside(client, world):
    quarter = Period.objects.create(
        unit=world.polres,
        name="Triwulan lalu",
        kind="quarter",
        first_day=datetime.date(2020, 1, 1),
        last_day=datetime.date(2020, 3, 31),
    )
    old = Checklist.objects.create(
        unit=world.polsek,
        period=quarter,
        instrument=world.instrument,
        layer=Layer.TPI,
        created_by=world.leader,
    )
    own = create_checklist(
        unit=world.polsek,
        period=world.period,
        instrument=world.instrument,
        layer=Layer.SELF,
        by=world.operator,
    )
    item = world.answer().item
    Answer.objects.create(checklist=old, item=item, version=1, value={"answer": "C"}, is_answered=True)
    Checklist.objects.filter(pk=old.pk).update(status="final")
    Answer.objects.filter(checklist=own, item=item).update(version=1, value={"answer": "A"}, is_answered=True)
    UnitScore.objects.create(
        unit=world.polsek,
        period=quarter,
        instrument=world.instrument,
        layer=Layer.SUPERVISION,
        counting=old,
        computed_at=timezone.now(),
    )
    html = show(client, world).content.decode()
    assert "Triwulan lalu" in html
    # A draft of the unit is its own business.
    assert "Penilaian mandiri" not in html
    Checklist.objects.filter(pk=own.pk).update(status="submitted")
    assert "Penilaian mandiri" in show(client, world).content.decode()


def test_a_severe_answer_asks_for_a_finding_until_one_is_recorded(client, world):
    save(world, op(SEVERE_PERCENT, {key.key: 5 - place for place, key in enumerate(_inputs(world))}))
    html = show(client, world, key="4").content.decode()
    assert "Catat temuan berat" in html
    card = html.split(f'id="b-{SEVERE_PERCENT}"')[1]
    assert "data-wbbm-severe hidden" not in card.split("</article>")[0]
    Finding.objects.create(
        number="T-1",
        unit=world.polsek,
        checklist=world.checklist,
        item=world.answer(SEVERE_PERCENT).item,
        severity=Severity.SEVERE,
        observation="x",
        owner_unit=world.polsek,
        owner_title="Kapolsek",
        created_by=world.leader,
    )
    card = show(client, world, key="4").content.decode().split(f'id="b-{SEVERE_PERCENT}"')[1].split("</article>")[0]
    assert "data-wbbm-severe hidden" in card


def _inputs(world):
    from supervisi.instrument_cache import engine_instrument

    return engine_instrument(world.instrument).item(SEVERE_PERCENT).inputs


def test_a_draft_shows_its_score_to_its_own_team_only(client, world):
    assert "Nilai area ini" in show(client, world).content.decode()
    assert "Nilai area ini" not in show(client, world, world.commander).content.decode()
    Checklist.objects.filter(pk=world.checklist.pk).update(status="submitted")
    assert "Nilai area ini" in show(client, world, world.commander).content.decode()


@pytest.mark.parametrize("who", ["commander", "auditor", "reviewer"])
def test_who_may_only_read_gets_no_form(client, world, who):
    save(world, op(answer="B", note="catatan tim"))
    html = show(client, world, getattr(world, who)).content.decode()
    assert 'id="lembar"' not in html
    assert "catatan tim" in html
    assert "Anda membaca lembar ini." in html


def test_a_final_sheet_says_so_and_has_no_form(client, world):
    Checklist.objects.filter(pk=world.checklist.pk).update(status="final")
    html = show(client, world).content.decode()
    assert "Lembar ini final dan tidak dapat diubah." in html
    assert 'id="lembar"' not in html


def test_the_unit_sees_the_sheet_from_disclosed_on(client, world):
    assert show(client, world, world.operator).status_code == 404
    Checklist.objects.filter(pk=world.checklist.pk).update(status="disclosed")
    assert show(client, world, world.operator).status_code == 200


def test_a_foreign_sheet_is_404(client, world):
    assert show(client, world, world.stranger).status_code == 404


def test_without_sign_in_the_page_asks_for_it(client, world):
    assert client.get(area_url(world)).status_code == 302


@pytest.mark.parametrize("size", ["small", "large"])
def test_an_area_takes_at_most_twelve_queries(client, world, size):
    member = world.members[0]
    if size == "large":
        for code in (LETTER, PERCENT, "P.1.1.ii.a", "P.1.1.ii.c"):
            answer = {"rekomendasi": 3, "selesai": 2} if code == PERCENT else "B"
            save(world, op(code, answer))
            save(world, op(code, None), member)
        for number in range(10, 18):
            person = make_person(world.polres, Role.SUPERVISOR)
            VisitMember.objects.create(visit=world.visit, user=person, number=number)
    show(client, world, member)
    with Counted() as counted:
        response = client.get(area_url(world))
    assert response.status_code == 200
    assert len(counted.statements) <= 12, "\n".join(counted.statements)


@pytest.fixture
def lke(world):
    """The district's own LKE, filled in by its operator."""
    instrument, _ = load_instrument("lke-2021")
    year = Period.objects.create(
        unit=world.polres,
        name="Tahun ini",
        kind="year",
        first_day=datetime.date(2026, 1, 1),
        last_day=datetime.date(2026, 12, 31),
    )
    operator = make_person(world.polres, Role.OPERATOR)
    sheet = create_checklist(unit=world.polres, period=year, instrument=instrument, layer=Layer.SELF, by=operator)
    return operator, Checklist.objects.with_frame().get(pk=sheet.pk)


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "5", "6", "7"])
def test_every_area_of_the_lke_opens_for_its_operator(client, lke, key):
    operator, sheet = lke
    client.force_login(operator)
    html = client.get(reverse("supervisi:checklist-area", args=[sheet.pk, key])).content.decode()
    assert 'id="lembar"' in html
    # The unit does not record findings against itself.
    assert "Catat temuan" not in html


def test_an_index_is_typed_with_a_comma(client, lke):
    operator, sheet = lke
    client.force_login(operator)
    url = reverse("supervisi:checklist-area", args=[sheet.pk, "7"])
    page = client.get(url).content.decode()
    assert "Indeks (0 sampai 4)" in page
    code = page.split("data-index")[0].rsplit('name="', 1)[1].split("-answer")[0]
    data = {f"{code}-before": "{}", f"{code}-base": "0", f"{code}-answer": "3,56"}
    assert client.post(url, data).status_code == 302
    row = Answer.objects.get(checklist=sheet, item__code=code)
    assert (row.value["answer"], row.is_answered) == ("3.56", True)
    assert 'value="3,56"' in client.get(url).content.decode()
    bad = client.post(url, data | {f"{code}-base": "1", f"{code}-answer": "9"})
    assert bad.status_code == 422
    assert 'value="9"' in bad.content.decode()
