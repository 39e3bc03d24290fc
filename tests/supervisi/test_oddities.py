"""What looks odd: the five signs, what becomes of them, and who never sees them."""

from __future__ import annotations

import datetime
import uuid
from itertools import count

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from supervisi.models import (
    Answer,
    AnswerEvidence,
    AnswerRevision,
    Checklist,
    ChecklistScore,
    ChecklistStatus,
    Evidence,
    Layer,
    Oddity,
    OddityKind,
    OddityStatus,
    UnitScore,
)
from supervisi.models.oddities import OddityQuerySet
from supervisi.oddities.assessors import higher_assessors
from supervisi.oddities.dates import dated_after
from supervisi.oddities.files import same_files
from supervisi.oddities.found import FAST_ANSWERS, Found, Look
from supervisi.oddities.jumps import jumps
from supervisi.oddities.pace import fast_sheets
from supervisi.pages.oddities import Wanted, read_sheet
from supervisi.services import oddity_scan
from supervisi.services.answers import save_operation
from supervisi.services.oddities import FindingWords, settle, settle_as_finding
from supervisi.services.operations import read_operation
from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.districts import make_province, make_sheet
from tests.supervisi.sheets import LETTER, Counted, World, body, make_world
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.files.models import StoredFile
from wbbm.jobs import clock
from wbbm.jobs.models import Job
from wbbm.organisasi.access import Scope
from wbbm.organisasi.models import AuditEvent, Role, Unit, UnitKind, User

pytestmark = pytest.mark.django_db

_numbers = count(1)
DAY = datetime.timedelta(days=1)
WORDS = FindingWords("minor", "Buktinya belum cukup.", "Lampirkan fotonya.", "Kapolsek")


def look() -> Look:
    return Look(timezone.now())


def keep(unit: Unit, by: User, came: str, kept: str = "", **facts: object) -> Evidence:
    """Let a unit keep a file with these hashes."""
    taken = facts.pop("taken_at", None)
    file = StoredFile.objects.create(
        kind="evidence", name="a.jpg", content_type="image/jpeg", size=1, original_sha256=came, sha256=kept or came,
        path="aa/a.jpg", created_by=by, taken_at=taken,
    )  # fmt: skip
    return Evidence.objects.create(
        **{"unit": unit, "number": next(_numbers), "file": file, "title": "Foto", "added_by": by} | facts
    )


def attach(answer: Answer, evidence: Evidence, at: datetime.datetime | None = None) -> None:
    AnswerEvidence.objects.create(
        uuid=uuid.uuid4(), answer=answer, evidence=evidence, added_by=evidence.added_by, added_at=at or timezone.now()
    )


def submit(sheet: Checklist) -> Checklist:
    Checklist.objects.filter(pk=sheet.pk).update(status=ChecklistStatus.SUBMITTED, submitted_at=timezone.now())
    return sheet


def make_sign(world: World, *units: Unit, **changes: object) -> Oddity:
    """Make a sign about the world's station, or about these units, by the world's team leader."""
    number = next(_numbers)
    facts = {
        "answers": 15, "first": "2026-11-02T09:00:00+07:00", "last": "2026-11-02T09:02:00+07:00", "item": LETTER,
    }  # fmt: skip
    fields = {"kind": OddityKind.FAST, "subject": f"uji:{number}", "fingerprint": f"uji{number}", "facts": facts}
    sign = Oddity.objects.create(**fields | {"checklist": world.checklist} | changes)
    sign.units.set(units or [world.polsek])
    sign.people.set([world.leader])
    return sign


# --- the five signs -----------------------------------------------------------------------------------


def test_one_file_at_several_units_is_a_sign_unless_it_is_shared_from_above():
    polres = make_unit(kind=UnitKind.POLRES)
    one, two, three = (make_unit(polres) for _ in range(3))
    by = make_person(polres, Role.OPERATOR)
    first = keep(one, by, "asli", "simpan")
    # Fetched from the portal and kept by another unit: its hash as it came is the first one's as it is kept.
    second = keep(two, by, "simpan", "simpan-lagi")
    keep(three, by, "lain")
    keep(polres, by, "sk", is_shared=True)
    keep(one, by, "sk")
    keep(two, by, "sk")
    found = list(same_files(look()))
    assert [each.units for each in found] == [{one.pk, two.pk}]
    assert [row[0] for row in found[0].facts["evidence"]] == [first.pk, second.pk]
    assert not found[0].facts["came_same"]
    assert found[0].people == {by.pk}
    # Twice at the same unit, or long ago, is none.
    Evidence.objects.update(added_at=timezone.now() - 30 * DAY)
    keep(three, by, "lain")
    assert list(same_files(look())) == []


def test_evidence_is_dated_after_its_period_or_after_it_was_attached():
    world = make_world()
    sheet, last = submit(world.checklist), world.period.last_day
    noon = datetime.time(5, tzinfo=datetime.UTC)
    answers = iter(Answer.objects.filter(checklist=sheet).order_by("item__position"))
    at = datetime.datetime.combine(last - 2 * DAY, noon)
    odd = {
        "letter": keep(world.polsek, world.operator, "a", dated_on=last - DAY),
        "valid": keep(world.polsek, world.operator, "b", valid_from=last + DAY),
        "camera": keep(world.polsek, world.operator, "c", taken_at=at + 2 * DAY),
    }
    fine = (
        keep(world.polsek, world.operator, "d", dated_on=last - 2 * DAY, valid_from=last - 9 * DAY),
        # A camera's clock may be a day off.
        keep(world.polsek, world.operator, "e", taken_at=at + DAY),
    )
    for evidence in (*odd.values(), *fine):
        attach(next(answers), evidence, at)
    # What a team brought after the period shows what it saw then; the unit's own proves nothing of the period.
    brought = keep(world.polsek, world.leader, "f", is_own=False, dated_on=last + 3 * DAY)
    attach(next(answers), brought, at + 9 * DAY)
    odd["period"] = keep(world.polsek, world.operator, "g", dated_on=last + 3 * DAY)
    attach(next(answers), odd["period"], at + 9 * DAY)
    (found,) = dated_after(look())
    assert {row[0]: row[5] for row in found.facts["evidence"]} == {
        odd["letter"].pk: "letter", odd["valid"].pk: "valid", odd["camera"].pk: "camera", odd["period"].pk: "letter",
    }  # fmt: skip
    assert (found.units, found.people) == ({world.polsek.pk}, {world.operator.pk})
    # A draft can still be mended, and a closed period is past.
    Checklist.objects.update(status=ChecklistStatus.DRAFT)
    assert list(dated_after(look())) == []


def test_a_rise_without_new_evidence_is_a_sign_from_so_many_points_on():
    province = make_province(1)
    unit, now = province.stations[0], submit(province.sheets[0])
    before = make_sheet(province, unit, period=province.before, status=ChecklistStatus.DISCLOSED)
    items = list(Answer.objects.filter(checklist=now).order_by("item__position").select_related("item")[:4])
    changes = [
        {"item": each.item.code, "before": 0, "after": 10**10, "points": points * 10**10}
        for each, points in zip(items, (3, 2, 2, -1), strict=True)
    ]
    for sheet, period, score in ((before, province.before, 70), (now, province.period, 76)):
        ChecklistScore.objects.create(
            checklist=sheet, complete=score * 10**10, provisional=0, areas={}, nodes={}, predicates={}, answered=0,
            due=0, unanswered=[], unanswerable=[], computed_at=timezone.now(),
        )  # fmt: skip
        UnitScore.objects.create(
            unit=unit, period=period, instrument=province.instrument, layer=Layer.SUPERVISION, counting=sheet,
            changes=changes if sheet is now else [], computed_at=timezone.now(),
        )  # fmt: skip
    Answer.objects.filter(pk=items[0].pk).update(author=province.leader, value={"answer": "A", "checked": "site"})
    (found,) = jumps(look())
    assert (found.facts["points"], found.facts["risen"], found.facts["on_site"]) == (7 * 10**10, 3, 1)
    assert (found.facts["before"], found.facts["now"]) == ([before.pk, 70 * 10**10], 76 * 10**10)
    assert found.people == {province.leader.pk}
    # The evidence of before proves nothing new; a newer one at one item leaves five points, at two items three.
    old = keep(unit, province.leader, "a")
    attach(Answer.objects.get(checklist=before, item=items[0].item), old)
    attach(items[0], old)
    assert next(jumps(look())).facts["points"] == 7 * 10**10
    attach(items[1], keep(unit, province.leader, "b"))
    assert next(jumps(look())).facts["points"] == 5 * 10**10
    ChecklistScore.objects.filter(checklist=now).update(complete=74 * 10**10)
    assert list(jumps(look())) == []
    ChecklistScore.objects.filter(checklist=now).update(complete=76 * 10**10)
    attach(items[2], keep(unit, province.leader, "c"))
    assert list(jumps(look())) == []


def fill(world: World, seconds: list[int], *, sent: datetime.datetime | None = None, is_told: bool = True) -> None:
    """Let the team leader have given answers at these seconds, and the sheet be handed in."""
    start = timezone.now() - DAY
    answers = Answer.objects.filter(checklist=world.checklist).order_by("item__position")
    AnswerRevision.objects.bulk_create(
        AnswerRevision(
            answer=answer, checklist=world.checklist, payload_hash="a", value={"answer": "A"}, author=world.leader,
            base_version=0, new_version=1, outcome="accepted", saved_at=sent or timezone.now(),
            made_at=start + datetime.timedelta(seconds=second) if is_told else None,
        )
        for answer, second in zip(answers, seconds, strict=False)
    )  # fmt: skip
    submit(world.checklist)


@pytest.mark.parametrize(
    ("seconds", "is_told", "answers"),
    [
        ([10 * place for place in range(20)], True, 20),
        # Slow, then quick: only the quick run is told of.
        ([120 * place for place in range(20)] + [3000 + 5 * place for place in range(15)], True, 15),
        # Sent in one go after the signal came back, but given one by one.
        ([60 * place for place in range(40)], True, 0),
        ([5 * place for place in range(FAST_ANSWERS - 1)], True, 0),
        # A plain form or a workbook tells no moment.
        ([5 * place for place in range(40)], False, 0),
    ],
)
def test_a_sheet_is_fast_by_when_it_was_answered_not_by_when_it_was_sent(seconds, is_told, answers):
    world = make_world()
    fill(world, seconds, is_told=is_told)
    found = list(fast_sheets(look()))
    assert [each.facts["answers"] for each in found] == ([answers] if answers else [])
    assert all(each.people == {world.leader.pk} for each in found)


def test_an_answer_keeps_when_it_was_given_by_how_long_it_waited():
    world = make_world()
    waited = read_operation(body() | {"age": 3600})
    save_operation(checklist=world.reload(), operation=waited, by=world.leader)
    row = AnswerRevision.objects.get()
    assert row.saved_at - row.made_at == datetime.timedelta(hours=1)
    # A device whose clock was moved loses no answer by it.
    for age in (-5, 10**9, "1", None, True, 1.5):
        assert read_operation(body() | {"age": age}).age is None


def test_an_assessor_who_is_higher_on_nearly_every_item_is_a_sign():
    province = make_province(6)
    kind_one, strict = (make_person(province.polda, Role.SUPERVISOR) for _ in range(2))
    for sheet in province.sheets:
        submit(sheet)
    theirs = Answer.objects.filter(checklist__in=province.sheets[3:])
    Answer.objects.filter(checklist__in=province.sheets[:3]).update(author=kind_one, value={"answer": "A"})
    theirs.update(author=strict, value={"answer": "B"})
    (found,) = higher_assessors(look())
    assert found.people == {kind_one.pk}
    assert found.units == {unit.pk for unit in province.stations[:3]}
    assert (found.facts["lower"], found.facts["others"]) == (0, 1)
    assert found.facts["higher"] >= 10
    assert found.facts["difference"] >= 10 * 100
    # Too few units on either side say nothing, nor does a difference that goes both ways.
    Answer.objects.filter(checklist=province.sheets[3]).update(author=None)
    assert list(higher_assessors(look())) == []
    Answer.objects.filter(checklist=province.sheets[3]).update(author=strict)
    half = list(Answer.objects.filter(checklist=province.sheets[0]).values_list("item", flat=True)[:30])
    theirs.filter(item__in=half).update(value={"answer": "A"})
    Answer.objects.filter(checklist__in=province.sheets[:3], item__in=half).update(value={"answer": "B"})
    assert list(higher_assessors(look())) == []


# --- kept, settled, and coming back -------------------------------------------------------------------


def found_now(monkeypatch, world: World, key: object) -> oddity_scan.Scanned:
    """Let a look find one sign about the world's station."""
    sign = Found(
        kind=OddityKind.FAST, subject="fast:1", key=key, facts={"answers": key}, checklist_id=world.checklist.pk,
        units=frozenset({world.polsek.pk}), people=frozenset({world.leader.pk}),
    )  # fmt: skip
    monkeypatch.setattr(oddity_scan, "_SIGNS", (lambda look: [sign],))
    return oddity_scan.scan()


def test_a_settled_sign_comes_back_only_with_other_facts(monkeypatch):
    world = make_world()
    assert found_now(monkeypatch, world, 1) == oddity_scan.Scanned(new=1, changed=0)
    assert found_now(monkeypatch, world, 1) == oddity_scan.Scanned(new=0, changed=0)
    # One that waits takes the new facts: nobody has said anything of the old ones.
    assert found_now(monkeypatch, world, 2) == oddity_scan.Scanned(new=0, changed=1)
    sign = Oddity.objects.get()
    assert sign.facts == {"answers": 2}
    settle(oddity=sign, status=OddityStatus.EXPLAINED, note="Dari catatan kertas.", by=world.reviewer)
    assert found_now(monkeypatch, world, 2) == oddity_scan.Scanned(new=0, changed=0)
    assert found_now(monkeypatch, world, 3) == oddity_scan.Scanned(new=1, changed=0)
    assert sorted(Oddity.objects.values_list("status", flat=True)) == ["explained", "new"]
    fresh = Oddity.objects.unsettled().get()
    assert list(fresh.units.all()) == [world.polsek]
    assert list(fresh.people.all()) == [world.leader]


def test_the_night_looks_once(monkeypatch):
    world = make_world()
    night = datetime.datetime(2026, 11, 24, 18, 5, tzinfo=datetime.UTC)
    for moment in (night, night + datetime.timedelta(minutes=1), night + datetime.timedelta(hours=5)):
        clock.tick(moment)
    assert Job.objects.filter(kind="oddities").values_list("key", flat=True).get() == "Asia/Jakarta 2026-11-25"
    found_now(monkeypatch, world, 1)
    oddity_scan.nightly("Asia/Jakarta", night.date())
    assert Oddity.objects.count() == 1


def test_a_look_takes_the_same_queries_however_many_units():
    province = make_province(2)
    sizes = []
    for size in (2, 7):
        while Unit.objects.filter(kind=UnitKind.POLSEK).count() < size:
            unit = make_unit(province.polres[0], kind=UnitKind.POLSEK)
            province.stations.append(unit)
            province.sheets.append(make_sheet(province, unit, level=size))
        for unit, sheet in zip(province.stations, province.sheets, strict=True):
            submit(sheet)
            keep(unit, province.leader, "sama")
            attach(
                sheet.answers.first(),
                keep(unit, province.leader, f"x{unit.pk}", valid_from=province.period.last_day + DAY),
            )
        Oddity.objects.all().delete()
        with Counted() as counted:
            oddity_scan.scan()
        assert Oddity.objects.count() == 1 + size
        sizes.append(len(counted.statements))
    assert sizes[0] == sizes[1] <= 20


# --- who sees them ------------------------------------------------------------------------------------


def seen_by(world: World, sign: Oddity) -> set[str]:
    """Return who sees a sign about the station and the team leader's work."""
    polda = Unit.objects.get(path=world.polres.path[: Unit.steplen]) if world.polres.depth > 1 else None
    assert polda is None
    both = make_person(world.polres, Role.SUPERVISOR)
    make_posting(both, world.polsek, Role.INTEGRITY_OFFICER)
    people = {
        "reviewer": world.reviewer, "commander": world.commander, "auditor": world.auditor, "leader": world.leader,
        "kapolsek": world.operator, "stranger": world.stranger, "both": both,
        "station auditor": make_person(world.polsek, Role.AUDITOR),
        "operator": make_person(world.polres, Role.OPERATOR), "admin": make_person(world.polres, Role.ADMIN),
        "integrity": make_person(world.polres, Role.INTEGRITY_OFFICER),
    }  # fmt: skip
    rows = Oddity.objects.filter(pk=sign.pk)
    return {name for name, person in people.items() if rows.visible_to(User.objects.get(pk=person.pk)).exists()}


ABOVE = {"reviewer", "commander", "auditor"}


def test_only_those_above_see_a_sign_never_its_unit_nor_whom_it_is_about():
    world, other = make_world("satu"), make_world("dua")
    assert seen_by(world, make_sign(world)) == ABOVE
    # About two districts: only somebody above both.
    assert seen_by(world, make_sign(world, world.polsek, other.polsek)) == set()
    assert seen_by(world, make_sign(world, world.polres)) == set()


def test_twin_without_the_rule_of_units_the_unit_itself_sees_it(monkeypatch):
    world = make_world()
    roles = (Role.SUPERVISOR, Role.COMMANDER, Role.AUDITOR)
    monkeypatch.setattr(Scope, "supervised_units", lambda self, field: self.within(field, *roles))
    assert seen_by(world, make_sign(world)) - ABOVE >= {"kapolsek", "station auditor", "both"}


def test_twin_without_the_rule_of_people_the_assessor_sees_his_own(monkeypatch):
    world = make_world()

    def careless(self, user):
        return self.filter(user.scope.supervised_units("units__path"))

    monkeypatch.setattr(OddityQuerySet, "visible_to", careless)
    assert seen_by(world, make_sign(world)) - ABOVE == {"leader"}


# --- what is said of them -----------------------------------------------------------------------------


def test_a_sign_is_checked_then_explained_then_a_finding_and_each_step_is_kept():
    world = make_world()
    sign = make_sign(world)
    settle(oddity=sign, status=OddityStatus.CHECKED, note="", by=world.commander)
    with pytest.raises(DomainError, match="Penjelasannya"):
        settle(oddity=sign, status=OddityStatus.EXPLAINED, note=" ", by=world.reviewer)
    settle(oddity=sign, status=OddityStatus.EXPLAINED, note="Rahasia.", by=world.reviewer)
    stale = Oddity.objects.get(pk=sign.pk)
    finding = settle_as_finding(oddity=sign, unit=world.polsek, words=WORDS, by=world.reviewer)
    assert (finding.unit, finding.handed_over_at is not None) == (world.polsek, True)
    sign.refresh_from_db()
    assert (sign.status, sign.finding) == (OddityStatus.FINDING, finding)
    said = list(sign.steps.values_list("status", "by", "note"))
    assert said == [
        ("checked", world.commander.pk, ""), ("explained", world.reviewer.pk, "Rahasia."),
        ("finding", world.reviewer.pk, ""),
    ]  # fmt: skip
    # Of two at once one is told so, and makes no second finding.
    with pytest.raises(InvalidTransition):
        settle_as_finding(oddity=stale, unit=world.polsek, words=WORDS, by=world.reviewer)
    with pytest.raises(InvalidTransition):
        settle(oddity=stale, status=OddityStatus.CHECKED, note="", by=world.reviewer)
    assert world.polsek.findings.count() == 1
    # The trail belongs to the office that acted, and tells neither unit nor person nor words.
    events = AuditEvent.objects.about(sign)
    assert [event.action for event in events.order_by("pk")] == ["oddity.checked", "oddity.explained", "oddity.finding"]
    assert {(event.unit_id, event.object_label, event.reason) for event in events} == {
        (world.polres.pk, f"Tanda {sign.pk}", "")
    }


@pytest.mark.parametrize("who", ["auditor", "leader", "operator", "stranger"])
def test_nobody_else_settles_a_sign(who):
    world = make_world()
    sign, person = make_sign(world), getattr(world, who)
    with pytest.raises(NotAllowed):
        settle(oddity=sign, status=OddityStatus.CHECKED, note="", by=person)
    with pytest.raises(NotAllowed):
        settle_as_finding(oddity=sign, unit=world.polsek, words=WORDS, by=person)
    # A commander decides, but findings are recorded by supervisors.
    with pytest.raises(NotAllowed):
        settle_as_finding(oddity=sign, unit=world.polsek, words=WORDS, by=world.commander)
    sign.refresh_from_db()
    assert sign.is_new
    assert not sign.steps.exists()


# --- pages --------------------------------------------------------------------------------------------


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="wbbm.organisasi.auth.PostingBackend")
    return client


def test_the_pages_say_why_and_write_down_who_looked():
    world = make_world()
    sign, client = make_sign(world), client_of(world.reviewer)
    listed = client.get(reverse("supervisi:oddity-list"))
    assert "15 jawaban oleh" in listed.content.decode()
    shown = client.get(sign.get_absolute_url()).content.decode()
    assert reverse("supervisi:answer-history", args=[world.checklist.pk, LETTER]) in shown
    looks = AuditEvent.objects.filter(action__startswith="oddity.look", actor=world.reviewer)
    assert [(event.action, event.unit) for event in looks] == [("oddity.looked", world.polres)]
    assert AuditEvent.objects.filter(action="oddity.listed", actor=world.reviewer).count() == 1
    assert "Siapa yang membukanya" in client.get(sign.get_absolute_url()).content.decode()
    steps = {name: reverse("supervisi:oddity-step", args=[sign.pk, name]) for name in ("jelaskan", "temuan", "lain")}
    assert client.post(steps["lain"]).status_code == 404
    # A form that comes back shows the sign as well.
    before = AuditEvent.objects.filter(action="oddity.looked").count()
    assert client.post(steps["jelaskan"], {"note": ""}).status_code == 422
    assert AuditEvent.objects.filter(action="oddity.looked").count() == before + 1
    assert client_of(world.commander).post(steps["temuan"]).status_code == 403
    for person in (world.leader, world.operator, world.stranger):
        assert client_of(person).get(sign.get_absolute_url()).status_code == 404
        assert client_of(person).post(steps["jelaskan"], {"note": "Sudah."}).status_code == 404
    sent = vars(WORDS) | {"unit": world.polsek.pk, "due_days": ""}
    assert client.post(steps["temuan"], sent).status_code == 302
    assert world.polsek.findings.get().number in client.get(sign.get_absolute_url()).content.decode()
    assert client.post(steps["temuan"], sent).status_code == 409


def test_the_list_is_narrowed_and_takes_the_same_queries_at_any_size():
    world = make_world()
    other = make_unit(world.polres, kind=UnitKind.POLSEK, name="Polsek Rengel")
    reviewer, counts = world.reviewer, []
    for size in (1, 8):
        for _ in range(size):
            make_sign(world)
            make_sign(world, world.polsek, other)
        client = client_of(reviewer)
        client.get(reverse("supervisi:oddity-list"))
        with Counted() as counted:
            client.get(reverse("supervisi:oddity-list"))
        counts.append(len(counted.statements))
    assert counts[0] == counts[1] <= 12
    for wanted, size in (
        (Wanted(unit="rengel"), 9), (Wanted(kind="jump"), 0), (Wanted(status="explained"), 0), (Wanted(), 18),
        (Wanted(status="semua", kind="fast", unit="Senori"), 18), (Wanted(unit="tidak ada"), 0),
    ):  # fmt: skip
        assert read_sheet(reviewer, wanted).page.paginator.count == size
    empty = client_of(reviewer).get(reverse("supervisi:oddity-list") + "?jenis=jump").content.decode()
    assert "Longgarkan saringannya" in empty
