"""Follow-up of findings: who may take which step in which state, and what a step leaves behind."""

import datetime
import re
import threading
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.urls import reverse

from supervisi.models import Checklist, Finding, FindingEvent, FindingStatus, Visit, VisitStatus
from supervisi.services import follow_up
from supervisi.services.findings import record_finding
from supervisi.services.follow_up import TRANSITIONS
from supervisi.services.visits import finish_visit
from tests.factories import make_person, make_posting, make_unit
from tests.files.samples import photo as picture
from tests.supervisi.sheets import LETTER, make_world
from tests.supervisi.test_evidence_views import body, shut
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import AuditEvent, Holiday, Role, UnitKind, User

pytestmark = pytest.mark.django_db
DOCUMENT = (Path(__file__).resolve().parents[2] / "docs/alur-status.md").read_text()


@pytest.fixture
def world():
    return make_world("senori")


def photo(name="foto.jpg", seed=1):
    return SimpleUploadedFile(name, picture(seed), content_type="image/jpeg")


def fresh(user):
    return User.objects.get(pk=user.pk)


def find(world, **changes):
    fields = {
        "checklist": world.reload(), "item_code": LETTER, "severity": "severe", "by": fresh(world.leader),
        "observation": "Papan tarif kosong.", "recommendation": "Pasang papan tarif.", "owner_title": "Kapolsek",
    }  # fmt: skip
    return record_finding(**(fields | changes))


def reload(finding):
    return Finding.objects.select_related("unit", "owner_unit", "item", "checklist", "visit").get(pk=finding.pk)


def told(world, **changes):
    """Record a finding and hand it over."""
    finding = find(world, **changes)
    finish_visit(visit=Visit.objects.select_related("unit").get(pk=world.visit.pk), by=fresh(world.leader))
    return reload(finding)


def answer(finding, by, text="Papan tarif sudah dipasang.", uploads=None):
    uploads = [photo()] if uploads is None else uploads
    return follow_up.answer_finding(finding=reload(finding), text=text, uploads=uploads, by=fresh(by))


def put(finding, status):
    """Put a finding into a state, with one answer of the unit behind it."""
    Finding.objects.filter(pk=finding.pk).update(status=status)
    return reload(finding)


STEPS = {
    "answer": lambda finding, by: answer(finding, by),
    "accept": lambda finding, by: follow_up.accept_finding(finding=reload(finding), by=by),
    "return": lambda finding, by: follow_up.return_finding(finding=reload(finding), by=by, reason="Foto tanpa tanggal"),
    "close": lambda finding, by: follow_up.close_finding(finding=reload(finding), by=by),
}
ALLOWED = {
    "operator atau pimpinan satuan, pemangku jabatan": {"kapolsek", "operator"},
    "supervisor di atas satuan, bukan yang menjawab": {"leader", "member", "reviewer"},
}


def rows():
    part = DOCUMENT.split("## Temuan\n")[1].split("\n## ")[0]
    found = {}
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and re.fullmatch(r"[a-z]+", cells[0]):
            found[cells[0]] = (tuple(cells[1].split(", ")), cells[2], cells[3])
    return found


@pytest.fixture
def cast(world):
    polres = world.polres
    return {
        "leader": world.leader,
        "member": world.members[0],
        "reviewer": world.reviewer,
        "kapolres": world.commander,
        "kapolsek": world.operator,
        "operator": make_person(world.polsek, Role.OPERATOR),
        "own_supervisor": make_person(world.polsek, Role.SUPERVISOR),
        "auditor": world.auditor,
        "admin": make_person(polres, Role.ADMIN),
        "siwas": make_person(polres, Role.INTEGRITY_OFFICER),
        "bagren": make_person(polres, Role.OPERATOR),
        "stranger": world.stranger,
        "nobody": make_person(make_unit(kind=UnitKind.POLDA), Role.COMMANDER),
    }


def test_the_table_names_every_step():
    table = rows()
    assert set(table) == set(TRANSITIONS)
    for name, (old, new, _) in table.items():
        assert (TRANSITIONS[name].old, TRANSITIONS[name].new) == (old, new)


@pytest.mark.parametrize("status", FindingStatus.values)
@pytest.mark.parametrize("step", sorted(STEPS))
def test_every_role_takes_exactly_the_steps_of_the_table(world, cast, step, status):
    finding = told(world)
    helper = make_person(world.polsek, Role.OPERATOR)
    answer(finding, helper)
    old, new, who = rows()[step]
    for name, person in cast.items():
        finding = put(finding, status)
        events = FindingEvent.objects.count()
        if name not in ALLOWED[who]:
            with pytest.raises(NotAllowed):
                STEPS[step](finding, fresh(person))
        elif status not in old:
            with pytest.raises(InvalidTransition):
                STEPS[step](finding, fresh(person))
        else:
            STEPS[step](finding, fresh(person))
            assert reload(finding).status == new
            event = FindingEvent.objects.latest("pk")
            assert (event.kind, event.by, event.posting.user) == (TRANSITIONS[step].act, person, person)
            assert AuditEvent.objects.filter(action=f"finding.{step}", actor=person).exists()
            continue
        assert reload(finding).status == status, name
        assert FindingEvent.objects.count() == events


@pytest.mark.parametrize("step", sorted(STEPS))
def test_before_the_hand_over_no_step_is_taken(world, step):
    finding = find(world)
    Finding.objects.filter(pk=finding.pk).update(status=TRANSITIONS[step].old[0])
    by = world.operator if step == "answer" else world.reviewer
    with pytest.raises(InvalidTransition):
        STEPS[step](finding, fresh(by))


def test_whoever_answered_never_judges_or_closes(world):
    finding = told(world)
    answer(finding, world.operator)
    # Moved to the Polres, he would be a supervisor above.
    world.operator.postings.update(ends_on=datetime.date.today() - datetime.timedelta(days=1))
    make_posting(world.operator, world.polres, Role.SUPERVISOR)
    for step, status in (("accept", "answered"), ("return", "answered"), ("close", "accepted")):
        put(finding, status)
        with pytest.raises(NotAllowed, match="orang kedua"):
            STEPS[step](finding, fresh(world.operator))
    STEPS["close"](finding, fresh(world.reviewer))
    assert reload(finding).is_closed


def test_an_answer_needs_evidence_and_one_that_came_back_may_keep_it(world):
    finding = told(world)
    with pytest.raises(DomainError, match="bukti"):
        answer(finding, world.operator, uploads=[])
    assert reload(finding).status == "open"
    answer(finding, world.operator)
    STEPS["return"](finding, fresh(world.reviewer))
    answer(finding, world.operator, text="Tanggal ditulis pada papan.", uploads=[])
    assert reload(finding).status == "answered"


def test_nothing_is_closed_without_evidence(world):
    finding = put(told(world), "accepted")
    with pytest.raises(DomainError, match="tanpa bukti"):
        STEPS["close"](finding, fresh(world.reviewer))
    assert reload(finding).status == "accepted"


def test_a_refused_answer_keeps_no_file(world):
    finding = told(world)
    with pytest.raises(DomainError):
        answer(finding, world.operator, uploads=[photo(), SimpleUploadedFile("x.jpg", b"bukan foto")])
    put(finding, "closed")
    with pytest.raises(InvalidTransition):
        answer(finding, world.operator)
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize("text", ["", " a ", "x" * 4001, "a\x00bcd"])
def test_unusable_words_are_refused(world, text):
    finding = told(world)
    with pytest.raises(DomainError):
        answer(finding, world.operator, text=text)
    put(finding, "answered")
    with pytest.raises(DomainError):
        follow_up.return_finding(finding=reload(finding), by=fresh(world.reviewer), reason=text)
    assert not FindingEvent.objects.filter(kind__in=["answered", "returned"]).exists()


# --- due days -------------------------------------------------------------------------------------------


def test_due_days_run_from_the_hand_over_in_working_days(world):
    finding = find(world, severity="severe")
    slow = find(world, severity="minor", due_days=1)
    assert finding.due_on is None
    today = datetime.date.today()
    working = [day for day in (today + datetime.timedelta(days=n) for n in range(1, 40)) if day.weekday() < 5]
    Holiday.objects.create(day=working[0], name="Libur uji", unit=world.polres)
    finish_visit(visit=Visit.objects.select_related("unit").get(pk=world.visit.pk), by=fresh(world.leader))
    assert reload(finding).due_on == working[7]
    assert reload(slow).due_on == working[1]
    assert FindingEvent.objects.filter(kind="handed_over").count() == 2


def test_more_time_is_an_event_with_reason_and_author(world):
    finding = told(world)
    old = finding.due_on
    follow_up.extend_finding(finding=reload(finding), days=5, reason="Bahan belum datang", by=fresh(world.reviewer))
    finding = reload(finding)
    assert finding.due_on > old
    event = finding.events.get(kind="extended")
    assert (event.old_due_on, event.new_due_on, event.by) == (old, finding.due_on, world.reviewer)
    assert AuditEvent.objects.get(action="finding.extended").reason == "Bahan belum datang"


@pytest.mark.parametrize("who", ["operator", "commander", "auditor", "stranger"])
def test_only_a_supervisor_above_gives_more_time(world, who):
    with pytest.raises(NotAllowed):
        follow_up.extend_finding(finding=told(world), days=5, reason="Ingin lebih lama", by=getattr(world, who))


@pytest.mark.parametrize(("days", "status"), [(0, "open"), (61, "open"), (5, "answered"), (5, "closed")])
def test_more_time_has_its_limits(world, days, status):
    finding = put(told(world), status)
    with pytest.raises(DomainError):
        follow_up.extend_finding(finding=finding, days=days, reason="Bahan belum datang", by=fresh(world.reviewer))
    assert not FindingEvent.objects.filter(kind="extended").exists()


# --- two at once ----------------------------------------------------------------------------------------

ROUNDS = 50


def at_once(*acts):
    """Run the acts at the same moment; return what each came to."""
    outcomes = []
    barrier = threading.Barrier(len(acts))

    def run(act):
        try:
            barrier.wait()
            act()
            outcomes.append("won")
        except DomainError as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("status", "first", "second"), [
    ("answered", "accept", "return"), ("accepted", "close", "close"),
])  # fmt: skip
def test_of_two_at_once_exactly_one_wins_in_each_of_fifty_rounds(world, status, first, second):
    finding = told(world)
    answer(finding, world.operator)
    one, other = fresh(world.reviewer), fresh(world.leader)
    results = []
    for _ in range(ROUNDS):
        put(finding, status)
        before = FindingEvent.objects.count()
        results.append(at_once(lambda: STEPS[first](finding, one), lambda: STEPS[second](finding, other)))
        assert FindingEvent.objects.count() == before + 1
    assert results == [["InvalidTransition", "won"]] * ROUNDS


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_once_exactly_one_wins(world):
    finding = told(world)
    answer(finding, world.operator)
    second = make_person(world.polsek, Role.OPERATOR)
    one, other = fresh(world.operator), fresh(second)
    for _ in range(ROUNDS):
        put(finding, "returned")
        acts = [lambda by=by: answer(finding, by, uploads=[]) for by in (one, other)]
        assert at_once(*acts) == ["InvalidTransition", "won"]


# --- pages ----------------------------------------------------------------------------------------------


def login(client, user):
    client.force_login(fresh(user), backend="wbbm.organisasi.auth.PostingBackend")


def step_url(finding, name):
    return reverse("supervisi:finding-step", args=[finding.pk, name])


def test_the_whole_way_by_the_pages(client, world):
    finding = told(world)
    login(client, world.operator)
    board = client.get(reverse("supervisi:finding-board")).content.decode()
    assert "Jawab dengan bukti" in board
    assert client.get(finding.get_absolute_url()).status_code == 200
    sent = client.post(step_url(finding, "answer"), {"text": "Sudah dipasang.", "photos": photo()})
    assert sent.status_code == 302
    login(client, world.reviewer)
    assert finding.number in client.get(reverse("supervisi:finding-review")).content.decode()
    client.post(step_url(finding, "return"), {"text": "Foto tanpa tanggal."})
    login(client, world.operator)
    board = client.get(reverse("supervisi:finding-board")).content.decode()
    assert "Perbaiki jawaban" in board
    assert "Foto tanpa tanggal." in board
    client.post(step_url(finding, "answer"), {"text": "Dengan tanggal.", "photos": photo(seed=2)})
    login(client, world.reviewer)
    client.post(step_url(finding, "accept"), {"text": ""})
    client.post(step_url(finding, "close"), {"text": "Dilihat sendiri."})
    assert reload(finding).is_closed
    page = client.get(finding.get_absolute_url()).content.decode()
    for word in ("Dicatat", "Disampaikan kepada satuan", "Dijawab", "Dikembalikan", "Jawaban diterima", "Ditutup"):
        assert word in page
    kinds = list(finding.events.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["recorded", "handed_over", "answered", "returned", "answered", "accepted", "closed"]


def test_what_was_typed_stays_when_an_answer_is_refused(client, world):
    finding = told(world)
    login(client, world.operator)
    sent = client.post(step_url(finding, "answer"), {"text": "Tulisan yang panjang sekali"})
    assert sent.status_code == 422
    page = sent.content.decode()
    assert "Tulisan yang panjang sekali" in page
    assert "Lampirkan bukti" in page
    put(finding, "accepted")
    late = client.post(step_url(finding, "answer"), {"text": "Tulisan yang panjang sekali", "photos": photo()})
    assert late.status_code == 409


@pytest.mark.parametrize(("who", "status"), [
    ("operator", 403), ("commander", 403), ("auditor", 403), ("stranger", 404), ("reviewer", 302),
])  # fmt: skip
def test_rights_at_the_steps(client, world, who, status):
    finding = told(world)
    answer(finding, make_person(world.polsek, Role.OPERATOR))
    login(client, getattr(world, who))
    assert client.post(step_url(finding, "return"), {"text": "Foto tanpa tanggal."}).status_code == status
    assert client.post(step_url(finding, "return"), {}).status_code == {302: 422}.get(status, status)
    assert client.post(step_url(finding, "apa"), {}).status_code == 404


def status_of(client, url):
    """Ask for a file, and read it to its end."""
    response = client.get(url)
    if response.streaming:
        body(response)
        shut(response)
    return response.status_code


def test_files_of_a_finding_are_read_by_whoever_sees_it(client, world):
    finding = find(world, uploads=[photo()])
    file = StoredFile.objects.get(kind="finding")
    url = reverse("files:download", args=[file.pk])
    expected = {"operator": 404, "reviewer": 200, "stranger": 404}
    for who, status in expected.items():
        login(client, getattr(world, who))
        assert status_of(client, url) == status
    finish_visit(visit=Visit.objects.select_related("unit").get(pk=world.visit.pk), by=fresh(world.leader))
    login(client, world.operator)
    assert status_of(client, url) == 200
    assert finding.events.get(kind="recorded").files.count() == 1


# --- what the unit sees -----------------------------------------------------------------------------------


def pages_of(client, finding):
    names = ("finding-board", "finding-list", "todo", "own-unit")
    urls = [reverse(f"supervisi:{name}") for name in names]
    urls += [reverse("supervisi:finding-list") + f"?keadaan=semua&urut={order}" for order in ("nilai", "satuan")]
    urls += [finding.get_absolute_url(), reverse("supervisi:visit-detail", args=[finding.visit_id])]
    return {url: client.get(url) for url in urls}


def test_before_the_hand_over_the_unit_sees_no_finding(client, world):
    finding = find(world, observation="Rahasia sebelum penutupan")
    login(client, world.operator)
    for url, answered in pages_of(client, finding).items():
        assert "Rahasia sebelum penutupan" not in answered.content.decode(), url
        assert finding.number not in answered.content.decode(), url
    assert client.get(finding.get_absolute_url()).status_code == 404


def test_option_and_points_show_to_the_unit_from_disclosed_on(client, world):
    world.answer().__class__.objects.filter(pk=world.answer().pk).update(
        version=1, value={"answer": "D"}, is_answered=True
    )
    finding = told(world)
    from supervisi.pages.finding_cards import points_text

    points = points_text(finding.points)
    assert points
    assert finding.target_option == "C"
    for status in ("draft", "submitted", "reviewed"):
        Checklist.objects.filter(pk=world.checklist.pk).update(status=status)
        login(client, world.operator)
        for url, answered in pages_of(client, finding).items():
            assert points not in answered.content.decode(), url
            assert "Membuka" not in answered.content.decode(), url
    login(client, world.reviewer)
    assert points in client.get(finding.get_absolute_url()).content.decode()
    Checklist.objects.filter(pk=world.checklist.pk).update(status="disclosed")
    login(client, world.operator)
    assert points in client.get(finding.get_absolute_url()).content.decode()
    assert points in client.get(reverse("supervisi:finding-board")).content.decode()


def test_the_order_by_points_tells_the_unit_nothing_before_disclosed(world):
    from supervisi.pages.findings import Wanted, read_findings

    small, large = find(world), find(world)
    Finding.objects.filter(pk=small.pk).update(points=1)
    Finding.objects.filter(pk=large.pk).update(points=10**10)
    Visit.objects.filter(pk=world.visit.pk).update(status=VisitStatus.ONGOING)
    finish_visit(visit=Visit.objects.select_related("unit").get(pk=world.visit.pk), by=fresh(world.leader))
    wanted = Wanted(state="semua", order="nilai")
    assert [card.finding for card in read_findings(fresh(world.operator), wanted).cards] == [small, large]
    assert [card.finding for card in read_findings(fresh(world.reviewer), wanted).cards] == [large, small]
