"""The way to a predicate as people use it: read, corrected, locked, made into findings; and who may not."""

import datetime
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from supervisi.forms.plans import days_text
from supervisi.models import Checklist, Finding, Period, PlanEntry
from supervisi.pages.dashboard_data import LKE, POLSEK
from supervisi.pages.plan import read_plan
from supervisi.pages.plan_stations import read_below, read_stations
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.gates import judge
from supervisi.scoring.plan_program import Solution
from supervisi.services import plans
from supervisi.services.checklists import stored_answers
from supervisi.services.plan_entries import known_at, read_entries
from supervisi.services.plans import Wish, plan_sheet, plan_sheets
from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.dashboards import (
    engine_instrument,
    lower_area,
    make_district,
    make_finding,
    make_kapolsek,
    put_lke,
    put_sheet,
)
from tests.supervisi.sheets import Counted
from wbbm.organisasi.models import AuditEvent, Role, User

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


@pytest.fixture
def district():
    return make_district(2)


def weak_lke(district, **options):
    """Put the district's LKE with one bad area: a few steps lead to WBBM."""
    return put_lke(district, changes=lower_area(engine_instrument(district.instruments[LKE]), "3"), **options)


def weak_station(district, station, **options):
    return put_sheet(
        district, station, changes=lower_area(engine_instrument(district.instruments[POLSEK]), "5"), **options
    )


def made(sheet, margin=0):
    sheet = Checklist.objects.with_frame().get(pk=sheet.pk)
    return plan_sheet(sheet, Wish(engine_instrument(sheet.instrument).predicates[-1].code, margin))


def page_of(sheet, viewer):
    return read_plan(made(sheet), User.objects.get(pk=viewer.pk), "0")


def ask(user, sheet, name="plan", data=None, **headers):
    client = Client()
    client.force_login(user, backend="wbbm.organisasi.auth.PostingBackend")
    address = reverse(f"supervisi:{name}", args=[sheet.pk])
    return client.get(address, {"cadangan": "0"}, headers=headers) if data is None else client.post(
        address, {"cadangan": "0"} | data, headers=headers
    )  # fmt: skip


def shown(response, name):
    return re.search(rf'name="{re.escape(name)}"[^>]* value="([^"]*)"', response.content.decode())[1]


def test_a_commander_reads_corrects_locks_and_makes_findings_once(district):
    sheet, kapolres = weak_lke(district), district.kapolres
    first = made(sheet)
    code = first.plan.steps[0].item.code
    page = ask(kapolres, sheet)
    assert page.status_code == 200
    assert f"{len(first.plan.steps)} langkah" in page.content.decode()

    # More days than was thought: a fragment with another plan, no whole page, and a trace.
    fields = {f"hari-{code}": "60", f"semula-hari-{code}": shown(page, f"hari-{code}")}
    reply = ask(kapolres, sheet, "plan-entries", fields, **HX)
    assert reply.status_code == 200
    assert b"<html" not in reply.content
    assert code not in {step.item.code for step in made(sheet).plan.steps}
    entry = PlanEntry.objects.get(unit=district.polres, item__code=code)
    assert (entry.half_days, entry.set_by) == (120, kapolres)
    told = AuditEvent.objects.get(action="plan.corrected")
    assert told.changes["half_days"] == [None, 120]

    # What another step's owner and lock are; sent without script it leads back to the page.
    locked, owned = [step.item.code for step in made(sheet).plan.steps][:2]
    plain = ask(kapolres, sheet, "plan-entries", {
        f"kunci-{locked}": "not_before", f"semula-kunci-{locked}": "",
        f"pelaksana-{owned}": "Kabag SDM", f"semula-pelaksana-{owned}": "Kapolres",
    })  # fmt: skip
    assert plain.status_code == 302
    assert PlanEntry.objects.get(item__code=locked).not_before == sheet.period.last_day + datetime.timedelta(days=1)
    after = made(sheet)
    assert locked not in {step.item.code for step in after.plan.steps}

    # One click: a finding a step, with office and day; the second click makes none.
    data = {"sidik": after.fingerprint}
    assert ask(kapolres, sheet, "plan-findings", data).status_code == 302
    found = {finding.item.code: finding for finding in Finding.objects.select_related("item")}
    assert set(found) == {step.item.code for step in after.plan.steps}
    assert found[owned].owner_title == "Kabag SDM"
    assert all(each.due_on and each.handed_over_at and each.points for each in found.values())
    assert all(each.due_days >= 14 for each in found.values())
    ask(kapolres, sheet, "plan-findings", data)
    assert Finding.objects.count() == len(found)
    again = ask(kapolres, sheet).content.decode()
    assert all(each.number in again for each in found.values())
    assert "Jadikan" not in again


def test_the_steps_of_a_stored_sheet_pass_every_gate_when_they_are_answered(district):
    sheet = weak_lke(district)
    plan, engine = made(sheet, 1).plan, engine_instrument(sheet.instrument)
    answers = stored_answers(sheet) | {step.item.code: step.better.raw for step in plan.steps}
    results = {result.code: result for result in judge(engine, score_sheet(engine, answers))}
    assert not judge(engine, score_sheet(engine, stored_answers(sheet)))[-1].passed
    assert results["wbbm"].passed


def test_who_only_reads_corrects_nothing_and_makes_no_findings(district):
    sheet = weak_lke(district)
    code, data = made(sheet).plan.steps[0].item.code, {"sidik": made(sheet).fingerprint}
    # A supervisor of the Polres itself writes only below it.
    places = ((district.polres, Role.AUDITOR), (district.polres, Role.SUPERVISOR), (district.polda, Role.AUDITOR))
    for person in [make_person(unit, role) for unit, role in places]:
        page = ask(person, sheet)
        assert page.status_code == 200
        assert b"Simpan dan hitung ulang" not in page.content
        change = {f"kunci-{code}": "impossible", f"semula-kunci-{code}": ""}
        assert ask(person, sheet, "plan-entries", change).status_code == 403
        assert ask(person, sheet, "plan-findings", data).status_code == 403
    assert not PlanEntry.objects.exists()
    assert not Finding.objects.exists()


@pytest.mark.parametrize("case", ["final", "closed"])
def test_the_plan_of_a_finished_sheet_is_only_read(district, case):
    sheet = weak_lke(district, status="final" if case == "final" else "submitted")
    if case == "closed":
        Period.objects.filter(pk=district.year.pk).update(closed_at=timezone.now())
    page, code = ask(district.kapolres, sheet), made(sheet).plan.steps[0].item.code
    assert "hanya dapat dibaca" in page.content.decode()
    assert "Jadikan" not in page.content.decode()
    change = {f"kunci-{code}": "impossible", f"semula-kunci-{code}": ""}
    assert ask(district.kapolres, sheet, "plan-entries", change, **HX).status_code == 409
    assert ask(district.kapolres, sheet, "plan-findings", {"sidik": made(sheet).fingerprint}, **HX).status_code == 409
    assert not PlanEntry.objects.exists()
    assert not Finding.objects.exists()


def test_findings_wait_until_the_unit_sees_the_result_and_for_the_plan_that_was_shown(district):
    station = district.stations[0]
    sheet = weak_station(district, station)
    assert ask(district.kapolres, sheet, "plan-findings", {"sidik": made(sheet).fingerprint}, **HX).status_code == 409
    draft = weak_lke(district, status="draft")
    assert ask(district.kapolres, draft).status_code == 403
    operator = make_person(district.polres, Role.OPERATOR)
    assert ask(operator, draft).status_code == 200
    commander = {"sidik": made(draft).fingerprint}
    make_posting(operator, district.polres, Role.COMMANDER)
    assert ask(operator, draft, "plan-findings", commander, **HX).status_code == 409
    told = weak_station(district, district.stations[1], status="disclosed")
    stale = made(told).fingerprint
    code = made(told).plan.steps[0].item.code
    kapolsek = make_kapolsek(district.stations[1])
    ask(kapolsek, told, "plan-entries", {f"kunci-{code}": "impossible", f"semula-kunci-{code}": ""})
    assert ask(kapolsek, told, "plan-findings", {"sidik": stale}, **HX).status_code == 409
    assert not Finding.objects.exists()
    assert ask(kapolsek, told, "plan-findings", {"sidik": made(told).fingerprint}).status_code == 302
    assert Finding.objects.count() == len(made(told).plan.steps)


def test_a_correction_for_all_stations_holds_below_and_its_lock_opens_only_above(district):
    one, two = (weak_station(district, station, status="disclosed") for station in district.stations)
    code, other = [step.item.code for step in made(one).plan.steps][:2]
    kapolsek, kapolres = make_kapolsek(district.stations[0]), district.kapolres
    ask(kapolsek, one, "plan-entries", {f"hari-{other}": "2", f"semula-hari-{other}": "9"})
    wide = {"berlaku": str(district.polres.pk), f"kunci-{code}": "needs_above", f"semula-kunci-{code}": ""}
    assert ask(kapolsek, one, "plan-entries", wide).status_code == 403
    wide |= {f"hari-{other}": "7,5", f"semula-hari-{other}": "2"}
    assert ask(kapolres, one, "plan-entries", wide).status_code == 302
    for sheet in (one, two):
        known = made(sheet).known
        assert known[other].half_days == 15
        assert known[code].lock.unit == district.polres
        assert code not in {step.item.code for step in made(sheet).plan.steps}
    assert not PlanEntry.objects.filter(unit=district.stations[0]).exists()
    unlock = {f"kunci-{code}": "", f"semula-kunci-{code}": "needs_above"}
    assert ask(kapolsek, one, "plan-entries", unlock).status_code == 403
    assert ask(kapolres, one, "plan-entries", unlock).status_code == 302
    assert not made(two).known[code].lock if code in made(two).known else True


def test_what_can_not_be_read_is_kept_and_named(district):
    sheet = weak_lke(district)
    code = made(sheet).plan.steps[0].item.code
    wrong = [("hari", "abc"), ("hari", "0"), ("hari", "1,3"), ("hari", "999"), ("sejak", "2026-99-99")]
    for field, value in wrong:
        data = {f"{field}-{code}": value, f"kunci-{code}": "not_before", f"semula-kunci-{code}": "not_before"}
        reply = ask(district.kapolres, sheet, "plan-entries", data, **HX)
        assert reply.status_code == 422, value
        assert f"Butir {code}" in reply.content.decode()
    assert not PlanEntry.objects.exists()


def test_a_lock_until_a_day_opens_by_itself(district):
    sheet = weak_lke(district)
    item = made(sheet).plan.steps[0].item
    row = sheet.answers.get(item__code=item.code).item
    day = datetime.date.today()
    PlanEntry.objects.create(unit=district.polda, item=row, lock="not_before", not_before=day, set_by=district.kapolda)
    entries = read_entries(sheet.instrument, district.polres)
    before = known_at(district.polres, entries, day - datetime.timedelta(days=1))
    assert before[item.code].lock is not None
    assert known_at(district.polres, entries, day)[item.code].lock is None


def test_out_of_reach_names_gates_and_items(district):
    sheet = weak_lke(district)
    items = [answer.item for answer in sheet.answers.select_related("item") if answer.item.area_key == "3"]
    PlanEntry.objects.bulk_create(
        PlanEntry(unit=district.polres, item=item, lock="impossible", set_by=district.kapolres) for item in items
    )
    blank = put_lke(district, layer="tpi", status="disclosed", answers={})
    assert "butir angka belum diisi" in ask(district.kapolres, blank).content.decode()
    page = page_of(sheet, district.kapolres)
    assert page.title.startswith("Tidak dapat dicapai tanpa butir ")
    assert page.missed[0].opened_by
    assert ask(district.kapolres, sheet).status_code == 200


def test_the_page_takes_the_same_queries_whatever_it_shows(district):
    few, many = weak_lke(district, layer="tpi", status="disclosed"), weak_lke(district)
    items = [answer.item for answer in many.answers.select_related("item")[:40]]
    counts = []
    for sheet in (few, many):
        client = Client()
        client.force_login(district.kapolres, backend="wbbm.organisasi.auth.PostingBackend")
        address = reverse("supervisi:plan", args=[sheet.pk])
        client.get(address)
        with Counted() as seen:
            client.get(address)
        counts.append(len(seen))
        PlanEntry.objects.bulk_create(
            PlanEntry(unit=district.polres, item=item, half_days=3, set_by=district.kapolres) for item in items
        )
        items = []
    assert counts[0] == counts[1] <= 10


def test_a_district_reads_which_step_of_which_station_helps_most(district):
    one, two = (weak_station(district, station) for station in district.stations)
    empty, done = (make_unit(district.polres, kind="polsek", name=name) for name in ("Polsek Kosong", "Polsek Selesai"))
    put_sheet(district, done)
    wish = Wish("siap_wbbm", 0)
    below = read_below(User.objects.get(pk=district.kapolres.pk), district.polres.pk)
    page = read_stations(below, wish, "0", None)
    both = [made(one).plan, made(two).plan]
    # Stations share no gate: the work of all is the sum of each one's least.
    assert page.title.startswith(days_text(sum(plan.half_days for plan in both)))
    assert page.steps == sum(len(plan.steps) for plan in both)
    # What a station knows of its own work is not its neighbour's.
    code = next(step.item.code for step in both[0].steps)
    row = one.answers.get(item__code=code).item
    PlanEntry.objects.create(unit=district.stations[0], item=row, lock="impossible", set_by=district.kapolres)
    together = plan_sheets(list(Checklist.objects.with_frame().filter(pk__in=[one.pk, two.pk]).order_by("pk")), wish, 5)
    assert [each.plan for each in together] == [made(one).plan, both[1]]
    assert code in {step.item.code for step in both[1].steps} - {step.item.code for step in made(one).plan.steps}
    PlanEntry.objects.all().delete()
    best = max(step.points / step.better.half_days for plan in both for step in plan.steps)
    step = next(step for step in both[0].steps if step.item.code == page.helps[0].item.code)
    assert step.points / step.better.half_days == best
    assert [line.unit.name for line in page.lines][-1] == "Polsek Selesai"
    assert page.without == ("Polsek Kosong",)
    assert page.items[0].units == 2
    shown = ask_district(district.kapolres, district.polres)
    assert shown.status_code == 200
    assert "Polsek Kosong" in shown.content.decode()
    assert ask_district(make_kapolsek(empty), empty).status_code == 404


def ask_district(user, unit):
    client = Client()
    client.force_login(user, backend="wbbm.organisasi.auth.PostingBackend")
    return client.get(reverse("supervisi:plan-stations", args=[unit.pk]))


def test_a_district_takes_the_same_queries_for_more_stations(district):
    counts, client = [], Client()
    client.force_login(district.kapolres, backend="wbbm.organisasi.auth.PostingBackend")
    address = reverse("supervisi:plan-stations", args=[district.polres.pk])
    for station in district.stations:
        weak_station(district, station)
        client.get(address)
        with Counted() as seen:
            client.get(address)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 10


def test_a_finding_that_was_not_handed_over_yet_stays_unknown_to_the_unit(district):
    station = district.stations[0]
    sheet = weak_station(district, station, status="disclosed")
    step = made(sheet).plan.steps[0]
    row = sheet.answers.get(item__code=step.item.code).item
    hidden = make_finding(district, station, item=row, handed_over_at=None, number="T-RAHASIA")
    kapolsek = make_kapolsek(station)
    assert hidden.number not in ask(kapolsek, sheet).content.decode()
    assert hidden.number in ask(district.kapolres, sheet).content.decode()
    ask(kapolsek, sheet, "plan-findings", {"sidik": made(sheet).fingerprint})
    assert Finding.objects.exclude(pk=hidden.pk).count() == len(made(sheet).plan.steps)


def test_when_the_solvers_time_is_over_the_page_says_so(district, monkeypatch):
    sheet = weak_lke(district)
    monkeypatch.setattr(plans, "_plans", {})
    monkeypatch.setattr("supervisi.scoring.planner.solve", lambda choices, rows, seconds: Solution(None, False))
    shown = ask(district.kapolres, sheet).content.decode()
    assert "Batas waktu penghitungan tercapai" in shown
    assert "upaya paling sedikit" not in shown
    # Nothing of it is kept: the next one is computed anew.
    assert plans._plans == {}


def test_a_plan_that_can_not_be_proved_is_refused_in_words(district, monkeypatch):
    sheet = weak_lke(district)
    monkeypatch.setattr(plans, "_plans", {})
    monkeypatch.setattr("supervisi.scoring.planner.solve", lambda choices, rows, seconds: Solution((0,), True))
    refused = ask(district.kapolres, sheet, **HX)
    assert refused.status_code == 422
    assert "tidak dapat dibuktikan" in refused.content.decode()
