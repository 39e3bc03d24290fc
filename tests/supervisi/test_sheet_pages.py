"""The page of a sheet and its steps, through the pages, for the three layers; and who is refused, and how."""

import datetime

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, Finding, Layer, Period, Severity, VerificationCode, Visit, VisitStatus
from supervisi.services.answers import save_operation
from supervisi.services.checklists import content_hash, create_checklist, disclose_checklist
from tests.factories import make_person
from tests.supervisi.sheets import LETTER, OTHER_AREA, SEVERE_PERCENT, Counted, make_world, op
from wbbm.errors import InvalidTransition
from wbbm.organisasi.models import AuditEvent, Posting, Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def go(client, by, name, *args, data=None):
    """Open or post a page of sheets as a person."""
    client.force_login(User.objects.get(pk=by.pk), backend="wbbm.organisasi.auth.PostingBackend")
    url = reverse(f"supervisi:{name}", args=args)
    return client.get(url) if data is None else client.post(url, data)


def step(client, by, name, sheet):
    return go(client, by, "checklist-step", sheet.pk, name, data={})


def told(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def text(answer):
    return answer.content.decode()


def status(sheet):
    return Checklist.objects.get(pk=sheet.pk).status


def complete(sheet):
    """Answer every item with its best option."""
    for item in engine_instrument(sheet.instrument).items:
        raw = item.options[0].code if item.options else {entry.key: 2 for entry in item.inputs}
        sheet.answers.filter(item__code=item.code).update(version=1, value={"answer": raw}, is_answered=True)


def put(sheet, state, **changes):
    Checklist.objects.filter(pk=sheet.pk).update(status=state, **changes)


def close(world):
    Period.objects.update(closed_at=timezone.now())


# --- the whole way of a supervision sheet -------------------------------------------------------------------


def test_a_sheet_goes_its_way_from_filled_in_to_final_and_back(client, world):
    sheet, way = world.checklist, []
    complete(sheet)

    def take(by, name):
        answer = step(client, by, name, sheet)
        assert answer.status_code == 302
        way.append((status(sheet), told(answer)[-1]))

    take(world.leader, "submit")
    answer = go(client, world.reviewer, "checklist-return", sheet.pk, data={"reason": "Foto belum memuat tanggal"})
    assert answer.status_code == 302
    assert status(sheet) == "draft"
    assert "Dikembalikan: Foto belum memuat tanggal" in text(go(client, world.leader, "checklist-detail", sheet.pk))
    take(world.leader, "submit")
    assert "Dikembalikan: Foto" not in text(go(client, world.leader, "checklist-detail", sheet.pk))
    take(world.reviewer, "review")
    assert go(client, world.operator, "checklist-detail", sheet.pk).status_code == 404
    assert go(client, world.leader, "visit-finish", world.visit.pk, data={}).status_code == 302
    take(world.commander, "disclose")
    assert "<dt>Nilai</dt>" in text(go(client, world.operator, "checklist-detail", sheet.pk))
    take(world.commander, "finalise")
    final = Checklist.objects.get(pk=sheet.pk)
    assert final.content_hash == content_hash(final)
    code = VerificationCode.objects.get(checklist=final)
    assert code.content_hash == final.content_hash
    assert code.grouped_hash in text(go(client, world.auditor, "checklist-detail", sheet.pk))
    ask = {"reason": "Opsi butir pertama keliru"}
    assert go(client, world.leader, "checklist-ask-reopening", sheet.pk, data=ask).status_code == 302
    page = text(go(client, world.commander, "checklist-detail", sheet.pk))
    assert "Opsi butir pertama keliru" in page
    assert "Setujui pembukaan kembali" in page
    take(world.commander, "reopen")
    assert way == [
        ("submitted", "Lembar diserahkan."),
        ("submitted", "Lembar diserahkan."),
        ("reviewed", "Lembar dinyatakan sudah ditinjau."),
        ("disclosed", "Hasil disampaikan kepada satuan."),
        ("final", "Lembar difinalkan."),
        ("draft", "Lembar dibuka kembali."),
    ]
    assert go(client, world.operator, "checklist-detail", sheet.pk).status_code == 404
    acts = [
        "Diserahkan", "Dikembalikan", "Ditinjau", "Disampaikan", "Difinalkan", "Pembukaan kembali diminta",
        "Dibuka kembali",
    ]  # fmt: skip
    history = text(go(client, world.leader, "checklist-detail", sheet.pk)).split("Riwayat lembar")[1]
    assert all(f"<strong>{word}</strong>" in history for word in acts)
    assert "WIB" in history


def test_the_page_offers_each_person_exactly_his_steps(client, world):
    words = {
        "Serahkan lembar</button>": {("leader", "draft")},
        "Nyatakan sudah ditinjau</button>": {("reviewer", "submitted")},
        "Kembalikan lembar</a>": {("reviewer", "submitted")},
        "Sampaikan kepada satuan</button>": {("commander", "reviewed")},
        "Finalkan</button>": {("commander", "disclosed")},
        "Minta pembukaan kembali</a>": {
            ("leader", "final"), ("commander", "final"), ("auditor", "final"), ("operator", "final"),
        },
    }  # fmt: skip
    found = {word: set() for word in words}
    world.end_visit()
    for state in ("draft", "submitted", "reviewed", "disclosed", "final"):
        put(world.checklist, state)
        for who in ("leader", "reviewer", "commander", "auditor", "operator"):
            page = text(go(client, getattr(world, who), "checklist-detail", world.checklist.pk))
            for word in words:
                if word in page:
                    found[word].add((who, state))
    assert found == words


@pytest.mark.parametrize("state", ["ongoing", "planned", "cancelled"])
def test_a_result_is_told_only_after_the_visit(client, world, state):
    put(world.checklist, "reviewed")
    Visit.objects.update(status=state)
    page = text(go(client, world.commander, "checklist-detail", world.checklist.pk))
    assert "Sampaikan kepada satuan" not in page
    assert ("Menunggu ketua tim menyelesaikan kunjungan" in page) == (state == "ongoing")
    refused = step(client, world.commander, "disclose", world.checklist)
    assert told(refused)[-1] == "Selesaikan kunjungan dan sampaikan temuannya dulu, lalu sampaikan hasilnya."
    assert status(world.checklist) == "reviewed"
    assert Checklist.objects.get(pk=world.checklist.pk).disclosed_at is None
    assert not AuditEvent.objects.filter(action__in=["checklist.disclose", "reply-round.opened"]).exists()
    world.end_visit()
    assert "Sampaikan kepada satuan</button>" in text(
        go(client, world.commander, "checklist-detail", world.checklist.pk)
    )
    assert step(client, world.commander, "disclose", world.checklist).status_code == 302
    assert status(world.checklist) == "disclosed"


def test_a_visit_read_as_done_before_it_is_done_tells_nothing(world):
    """What counts is the visit as it stands inside the transaction, not as the page read it."""
    put(world.checklist, "reviewed")
    sheet = world.reload()
    sheet.visit.status = VisitStatus.DONE
    with pytest.raises(InvalidTransition, match="Selesaikan kunjungan"):
        disclose_checklist(checklist=sheet, by=world.commander)
    sheet = world.reload()
    world.end_visit()
    assert disclose_checklist(checklist=sheet, by=world.commander).status == "disclosed"


# --- submitting ---------------------------------------------------------------------------------------------


def test_submitting_lists_what_is_missing_with_links_that_lead_there(client, world):
    complete(world.checklist)
    for code in (LETTER, OTHER_AREA):
        assert world.checklist.answers.filter(item__code=code).update(is_answered=False)
    answer = step(client, world.leader, "submit", world.checklist)
    assert answer.status_code == 422
    page = text(answer)
    assert "2 butir belum diisi. Lengkapi dulu, lalu serahkan." in page
    assert status(world.checklist) == "draft"
    for code, key in ((LETTER, "1"), (OTHER_AREA, "2")):
        url = reverse("supervisi:checklist-area", args=[world.checklist.pk, key])
        assert f'href="{url}#b-{code}"' in page
        assert f'id="b-{code}"' in client.get(url).content.decode()


def test_a_severe_answer_without_its_finding_is_named_with_a_link(client, world):
    complete(world.checklist)
    first, second = engine_instrument(world.instrument).item(SEVERE_PERCENT).inputs
    low = {"answer": {first.key: 5, second.key: 3}}
    world.checklist.answers.filter(item__code=SEVERE_PERCENT).update(value=low)
    answer = step(client, world.leader, "submit", world.checklist)
    assert answer.status_code == 422
    url = reverse("supervisi:checklist-area", args=[world.checklist.pk, "4"])
    assert f'<a class="alert-link" href="{url}#b-{SEVERE_PERCENT}">Temuan berat pada butir' in text(answer)
    finding = {
        "item": SEVERE_PERCENT, "severity": Severity.SEVERE, "observation": "Uang sitaan tidak utuh",
        "recommendation": "Hitung ulang dan catat", "owner_title": "Kapolsek",
    }  # fmt: skip
    assert go(client, world.leader, "finding-add", world.checklist.pk, data=finding).status_code == 302
    assert step(client, world.leader, "submit", world.checklist).status_code == 302
    assert status(world.checklist) == "submitted"


def test_a_sheet_of_a_planned_or_cancelled_visit_is_not_handed_in(client, world):
    complete(world.checklist)
    for state in ("planned", "cancelled"):
        Visit.objects.update(status=state)
        assert step(client, world.leader, "submit", world.checklist).status_code == 403
        assert "Serahkan lembar" not in text(go(client, world.leader, "checklist-detail", world.checklist.pk))
    assert status(world.checklist) == "draft"


def test_answers_that_somebody_should_choose_are_named_with_their_place(client, world):
    save_operation(checklist=world.reload(), operation=op(answer="B"), by=world.leader)
    save_operation(checklist=world.reload(), operation=op(answer="C"), by=world.members[0])
    history = reverse("supervisi:answer-history", args=[world.checklist.pk, LETTER])
    page = text(go(client, world.leader, "checklist-detail", world.checklist.pk))
    assert "Perlu dipilih (1)" in page
    assert f'href="{history}"' in page
    own = text(go(client, world.members[0], "checklist-detail", world.checklist.pk))
    area = reverse("supervisi:checklist-area", args=[world.checklist.pk, "1"])
    assert f'href="{area}#b-{LETTER}">Butir {LETTER}</a>' in own
    assert "Perlu dipilih" not in text(go(client, world.commander, "checklist-detail", world.checklist.pk))


# --- refusals -------------------------------------------------------------------------------------------------

STEPS = {
    "submit": ("leader", "draft", "submitted"),
    "review": ("reviewer", "submitted", "reviewed"),
    "disclose": ("commander", "reviewed", "disclosed"),
    "finalise": ("commander", "disclosed", "final"),
}


@pytest.mark.parametrize("name", sorted(STEPS))
def test_a_second_click_on_a_step_says_where_the_sheet_is_now(client, world, name):
    who, old, new = STEPS[name]
    complete(world.checklist)
    put(world.checklist, old)
    world.end_visit()
    assert step(client, getattr(world, who), name, world.checklist).status_code == 302
    answer = step(client, getattr(world, who), name, world.checklist)
    assert answer.status_code == 302
    assert "Langkah ini sudah tidak berlaku" in told(answer)[-1]
    assert status(world.checklist) == new
    assert AuditEvent.objects.filter(action=f"checklist.{name}").count() == 1


PEOPLE = ("member", "auditor", "operator", "leader", "reviewer", "commander")
OTHERS = [(name, who) for name, (right, _, _) in sorted(STEPS.items()) for who in PEOPLE if who != right]


@pytest.mark.parametrize(("name", "who"), OTHERS)
def test_a_step_is_refused_to_whoever_may_not_take_it(client, world, name, who):
    _, old, _ = STEPS[name]
    person = world.members[0] if who == "member" else getattr(world, who)
    complete(world.checklist)
    put(world.checklist, old)
    hidden = who == "operator" and old in {"draft", "submitted", "reviewed"}
    assert step(client, person, name, world.checklist).status_code == (404 if hidden else 403)
    assert status(world.checklist) == old


def test_foreign_and_missing_sheets_and_steps_are_404(client, world):
    assert step(client, world.stranger, "submit", world.checklist).status_code == 404
    assert go(client, world.leader, "checklist-step", 999_999, "submit", data={}).status_code == 404
    assert go(client, world.leader, "checklist-step", world.checklist.pk, "return", data={}).status_code == 404
    assert go(client, world.leader, "checklist-step", world.checklist.pk, "hapus", data={}).status_code == 404
    for name in ("checklist-detail", "checklist-return", "checklist-ask-reopening", "checklist-blank"):
        assert go(client, world.stranger, name, world.checklist.pk).status_code == 404


@pytest.mark.parametrize("reason", ["", " ab ", "x" * 2001, "abc\0def"])
@pytest.mark.parametrize(("name", "who", "state"), [
    ("checklist-return", "reviewer", "submitted"), ("checklist-ask-reopening", "auditor", "final"),
])  # fmt: skip
def test_a_reason_is_asked_for_and_what_was_typed_stays(client, world, name, who, state, reason):
    put(world.checklist, state)
    assert "Alasan" in text(go(client, getattr(world, who), name, world.checklist.pk))
    answer = go(client, getattr(world, who), name, world.checklist.pk, data={"reason": reason})
    assert answer.status_code == 422
    assert status(world.checklist) == state
    assert Checklist.objects.get(pk=world.checklist.pk).reopen_requested_at is None
    if len(reason) > 5:
        assert reason[:200].replace("\0", "�")[:3] in text(answer)


@pytest.mark.parametrize("state", ["draft", "reviewed", "disclosed", "final"])
def test_only_a_submitted_sheet_goes_back(client, world, state):
    put(world.checklist, state)
    for data in (None, {"reason": "Foto belum memuat tanggal"}):
        answer = go(client, world.reviewer, "checklist-return", world.checklist.pk, data=data)
        assert (answer.status_code, answer["Location"]) == (302, world.checklist.get_absolute_url())
        assert "langkah itu tidak berlaku" in told(answer)[-1]
    assert status(world.checklist) == state


def test_in_a_closed_period_nothing_goes_back_or_is_opened_again(client, world):
    put(world.checklist, "submitted")
    close(world)
    answer = go(client, world.reviewer, "checklist-return", world.checklist.pk, data={"reason": "Foto tanpa tanggal"})
    assert answer.status_code == 422
    assert "sudah ditutup" in text(answer)
    assert "Foto tanpa tanggal" in text(answer)
    put(world.checklist, "final")
    assert "Minta pembukaan kembali" not in text(go(client, world.leader, "checklist-detail", world.checklist.pk))
    ask = go(client, world.leader, "checklist-ask-reopening", world.checklist.pk, data={"reason": "Opsi keliru"})
    assert ask.status_code == 422
    put(world.checklist, "final", reopen_requested_at=timezone.now(), reopen_requested_by=world.leader)
    answer = step(client, world.commander, "reopen", world.checklist)
    assert "sudah ditutup" in told(answer)[-1]
    assert status(world.checklist) == "final"


def test_who_asked_does_not_approve_and_asking_twice_is_once(client, world):
    put(world.checklist, "final")
    ask = {"reason": "Opsi butir pertama keliru"}
    go(client, world.commander, "checklist-ask-reopening", world.checklist.pk, data=ask)
    again = go(client, world.auditor, "checklist-ask-reopening", world.checklist.pk, data={"reason": "Lain lagi"})
    assert "sudah diminta" in told(again)[-1]
    page = text(go(client, world.commander, "checklist-detail", world.checklist.pk))
    assert "Setujui pembukaan kembali" not in page
    assert step(client, world.commander, "reopen", world.checklist).status_code == 403
    assert Checklist.objects.get(pk=world.checklist.pk).reopen_reason == ask["reason"]
    second = make_person(world.polres, Role.COMMANDER)
    assert step(client, second, "reopen", world.checklist).status_code == 302
    assert status(world.checklist) == "draft"


def test_nothing_is_opened_again_that_nobody_asked_for(client, world):
    put(world.checklist, "final")
    answer = step(client, world.commander, "reopen", world.checklist)
    assert "Belum ada permintaan" in told(answer)[-1]
    assert status(world.checklist) == "final"


def test_the_page_takes_the_same_queries_empty_and_full(client, world):
    def count():
        go(client, world.leader, "checklist-detail", world.checklist.pk)
        with Counted() as counted:
            client.get(world.checklist.get_absolute_url())
        return len(counted.statements)

    save_operation(checklist=world.reload(), operation=op(answer="B"), by=world.leader)
    first = count()
    complete(world.checklist)
    for number in range(12):
        person = world.members[number % 3]
        save_operation(checklist=world.reload(), operation=op(answer="C", base=0, note=str(number)), by=person)
    assert count() <= first <= 14


# --- the unit's own sheet -----------------------------------------------------------------------------------------


def own_sheet_form(world):
    return {"unit": world.polsek.pk, "period": world.period.pk, "instrument": world.instrument.pk}


def test_a_unit_fills_in_its_own_sheet_and_its_commander_hands_it_in(client, world):
    # Once the team is at work the sheet is frozen (test_right_of_reply).
    Visit.objects.update(status=VisitStatus.PLANNED)
    answer = go(client, world.operator, "self-sheet-add", data=own_sheet_form(world))
    sheet = Checklist.objects.get(layer=Layer.SELF)
    assert answer["Location"] == sheet.get_absolute_url()
    again = go(client, world.operator, "self-sheet-add", data=own_sheet_form(world))
    assert again["Location"] == sheet.get_absolute_url()
    assert Checklist.objects.filter(layer=Layer.SELF).count() == 1
    page = text(go(client, world.operator, "checklist-detail", sheet.pk))
    assert "Isi (59 butir lagi)" in page
    assert "Ditinjau" not in page
    complete(sheet)
    assert step(client, world.operator, "submit", sheet).status_code == 302
    assert status(sheet) == "submitted"
    back = go(client, world.operator, "checklist-return", sheet.pk, data={"reason": "Ada foto yang tertukar"})
    assert (back.status_code, status(sheet)) == (302, "draft")
    step(client, world.operator, "submit", sheet)
    above = go(client, world.reviewer, "checklist-return", sheet.pk, data={"reason": "Bukti butir 3 kosong"})
    assert (above.status_code, status(sheet)) == (302, "draft")


def test_an_operator_who_is_no_commander_does_not_hand_in(client, world):
    clerk = make_person(world.polsek, Role.OPERATOR)
    go(client, clerk, "self-sheet-add", data=own_sheet_form(world))
    sheet = Checklist.objects.get(layer=Layer.SELF)
    complete(sheet)
    assert "Serahkan lembar" not in text(go(client, clerk, "checklist-detail", sheet.pk))
    assert step(client, clerk, "submit", sheet).status_code == 403
    for person, name in ((world.commander, "disclose"), (world.reviewer, "review"), (world.commander, "finalise")):
        assert step(client, person, name, sheet).status_code == 403


@pytest.mark.parametrize("changes", [{"unit": "0"}, {"period": "x"}, {"instrument": "9" * 30}, {"unit": ""}])
def test_a_self_sheet_is_not_begun_with_what_is_not_there(client, world, changes):
    answer = go(client, world.operator, "self-sheet-add", data=own_sheet_form(world) | changes)
    assert answer.status_code == 404
    assert not Checklist.objects.filter(layer=Layer.SELF).exists()


def test_a_self_sheet_of_a_closed_period_is_neither_begun_nor_handed_in(client, world):
    go(client, world.operator, "self-sheet-add", data=own_sheet_form(world))
    sheet = Checklist.objects.get(layer=Layer.SELF)
    complete(sheet)
    close(world)
    answer = step(client, world.operator, "submit", sheet)
    assert "sudah ditutup" in told(answer)[-1]
    assert status(sheet) == "draft"
    sheet.delete()
    answer = go(client, world.operator, "self-sheet-add", data=own_sheet_form(world))
    assert "sudah ditutup" in told(answer)[-1]
    assert not Checklist.objects.filter(layer=Layer.SELF).exists()


# --- the auditors' sheet ------------------------------------------------------------------------------------------


def begin_tpi(client, world, by):
    data = {"period": world.period.pk, "instrument": world.instrument.pk}
    return go(client, by, "tpi-sheets", world.polsek.pk, data=data)


def test_an_auditor_begins_fills_in_and_submits_and_another_reviews(client, world):
    second = make_person(world.polres, Role.AUDITOR)
    Posting.objects.filter(user=second).update(title="Auditor kedua")
    assert "Mulai menilai" in text(go(client, world.auditor, "tpi-sheets", world.polsek.pk))
    begin_tpi(client, world, world.auditor)
    sheet = Checklist.objects.get(layer=Layer.TPI)
    assert begin_tpi(client, world, second)["Location"] == sheet.get_absolute_url()
    assert "Buka lembar" in text(go(client, second, "tpi-sheets", world.polsek.pk))
    outcome = save_operation(
        checklist=Checklist.objects.with_frame().get(pk=sheet.pk), operation=op(answer="A"), by=second
    )
    assert outcome.code == "saved"
    complete(sheet)
    assert step(client, world.auditor, "submit", sheet).status_code == 302
    assert step(client, world.auditor, "review", sheet).status_code == 403
    back = go(client, world.auditor, "checklist-return", sheet.pk, data={"reason": "Saya sendiri keliru"})
    assert back.status_code == 403
    assert "Nyatakan sudah ditinjau" not in text(go(client, world.auditor, "checklist-detail", sheet.pk))
    back = go(client, second, "checklist-return", sheet.pk, data={"reason": "Bukti butir 3 kosong"})
    assert (back.status_code, status(sheet)) == (302, "draft")
    step(client, world.auditor, "submit", sheet)
    assert "auditor lain" in text(go(client, world.auditor, "checklist-detail", sheet.pk))
    step(client, second, "review", sheet)
    assert go(client, world.operator, "checklist-detail", sheet.pk).status_code == 404
    step(client, world.commander, "disclose", sheet)
    assert go(client, world.operator, "checklist-detail", sheet.pk).status_code == 200
    step(client, world.commander, "finalise", sheet)
    assert status(sheet) == "final"


def test_an_auditor_records_findings_that_the_unit_sees_when_they_are_due(client, world):
    begin_tpi(client, world, world.auditor)
    sheet = Checklist.objects.get(layer=Layer.TPI)
    finding = {
        "item": LETTER, "severity": "minor", "observation": "Rencana aksi belum ditandatangani",
        "recommendation": "Tandatangani", "owner_title": "Kapolsek",
    }  # fmt: skip
    assert go(client, world.auditor, "finding-add", sheet.pk, data=finding).status_code == 302
    assert Finding.objects.get().checklist == sheet


def test_the_auditor_finds_the_way_from_his_first_page(client, world):
    client.force_login(world.auditor)
    found = client.get(reverse("supervisi:auditor"), {"cari": "Senori"}).content.decode()
    assert f'href="{reverse("supervisi:tpi-sheets", args=[world.polsek.pk])}"' in found


@pytest.mark.parametrize("who", ["leader", "reviewer", "commander", "operator"])
def test_only_an_auditor_above_begins_a_tpi_sheet(client, world, who):
    assert go(client, getattr(world, who), "tpi-sheets", world.polsek.pk).status_code == 403
    assert begin_tpi(client, world, getattr(world, who)).status_code == 403
    assert begin_tpi(client, world, world.stranger).status_code == 404
    assert begin_tpi(client, world, make_person(world.polsek, Role.AUDITOR)).status_code == 403
    assert not Checklist.objects.filter(layer=Layer.TPI).exists()


def test_no_tpi_sheet_for_a_closed_period_or_another_kind_of_unit(client, world):
    page = reverse("supervisi:tpi-sheets", args=[world.polsek.pk])
    client.force_login(world.auditor)
    for data in ({}, {"period": "9", "instrument": "9"}, {"period": world.period.pk, "instrument": "x"}):
        assert client.post(page, data).status_code == 404
    close(world)
    assert "Belum ada lembar untuk dinilai" in text(go(client, world.auditor, "tpi-sheets", world.polsek.pk))
    assert "sudah ditutup" in told(begin_tpi(client, world, world.auditor))[-1]
    assert not Checklist.objects.filter(layer=Layer.TPI).exists()


# --- which answers stand beside -----------------------------------------------------------------------------------


def test_the_unit_never_reads_an_undisclosed_sheet_beside_its_own(client, world):
    from supervisi.models import UnitScore

    before = Period.objects.create(
        unit=world.polres, name="Triwulan lalu", kind="quarter",
        first_day=world.period.first_day - datetime.timedelta(days=90),
        last_day=world.period.first_day - datetime.timedelta(days=1),
    )  # fmt: skip
    visit = Visit.objects.create(
        unit=world.polsek, period=before, sprin_number="Sprin/lalu", starts_on=before.first_day, status="done",
        team_leader=world.leader, planned_by=world.leader,
    )  # fmt: skip
    old = create_checklist(
        unit=world.polsek, period=before, instrument=world.instrument, layer=Layer.SUPERVISION, by=world.leader,
        visit=visit,
    )  # fmt: skip
    complete(old)
    put(old, "submitted")
    UnitScore.objects.update_or_create(
        unit=world.polsek, period=before, instrument=world.instrument, layer=Layer.SUPERVISION,
        defaults={"counting": old, "computed_at": timezone.now()},
    )  # fmt: skip
    put(world.checklist, "disclosed")
    area = ("checklist-area", world.checklist.pk, "1")
    assert "Triwulan lalu" in text(go(client, world.leader, *area))
    assert "Triwulan lalu" not in text(go(client, world.operator, *area))
    put(old, "disclosed")
    assert "Triwulan lalu" in text(go(client, world.operator, *area))


def test_a_second_visit_in_the_quarter_reads_the_first_ones_answers(client, world):
    from supervisi.models import UnitScore

    complete(world.checklist)
    put(world.checklist, "submitted")
    UnitScore.objects.update_or_create(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SUPERVISION,
        defaults={"counting": world.checklist, "computed_at": timezone.now()},
    )  # fmt: skip
    visit = Visit.objects.create(
        unit=world.polsek, period=world.period, sprin_number="Sprin/2", starts_on=world.visit.starts_on,
        status="ongoing", team_leader=world.leader, planned_by=world.leader,
    )  # fmt: skip
    second = create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SUPERVISION,
        by=world.leader, visit=visit,
    )  # fmt: skip
    page = text(go(client, world.leader, "checklist-area", second.pk, "1"))
    assert "<dt>Triwulan ini:</dt>" in page
    own = text(go(client, world.leader, "checklist-area", world.checklist.pk, "1"))
    assert "<dt>Triwulan ini:</dt>" not in own
