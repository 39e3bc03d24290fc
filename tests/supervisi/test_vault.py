"""The evidence of a unit: described, revised, shared downwards, found again, attached where it proves something."""

import datetime
import importlib
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.apps import apps
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from supervisi.models import AnswerEvidence, Checklist, Evidence, Layer, Visit
from supervisi.pages.vault import read_picker
from supervisi.services import evidence_notices, vault
from supervisi.services.answers import save_operation
from supervisi.services.checklists import LockedChecklist, content_hash, create_checklist, finalise_checklist
from supervisi.services.evidence import OutdatedFile, attach_upload
from supervisi.services.vault import Facts, add_evidence, add_revision, attach_existing, change_facts
from tests.factories import make_person
from tests.files import samples
from tests.files.test_store import everything
from tests.supervisi.sheets import LETTER, PERCENT, make_world, op
from tests.unguarded import unguarded
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.files.models import StoredFile
from wbbm.notices.models import Notice
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import AuditEvent, Role

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def world():
    return make_world()


def keep(world, data=samples.PDF, by=None, unit=None, **facts):
    upload = samples.upload(data, "sk.pdf")
    facts = Facts(**{"title": "SK tim kerja"} | facts)
    return add_evidence(unit=unit or world.polsek, upload=upload, facts=facts, by=by or world.operator).evidence


def revise(evidence, data, by, **facts):
    facts = replace(Facts.of(evidence), **facts)
    return add_revision(evidence=evidence, upload=samples.upload(data, "sk.pdf"), facts=facts, by=by)


def attach(world, evidence, code=LETTER, by=None, sheet=None, number=None):
    return attach_existing(
        answer=world.answer(code, sheet), evidence=evidence, link_uuid=number or uuid.uuid4(), by=by or world.leader
    )


def seen_by(*people):
    return [set(Evidence.objects.visible_to(person).values_list("pk", flat=True)) for person in people]


def shared_decree(world, **facts):
    """A decree of the Polres that holds for all stations, with its operator."""
    world.polres.refresh_from_db()
    operator = make_person(world.polres, Role.OPERATOR)
    return keep(world, unit=world.polres, by=operator, is_shared=True, **facts), operator


def test_a_document_is_kept_with_what_is_said_of_it_and_recorded(world):
    until = datetime.date(2027, 3, 1)
    kept = keep(world, document_number=" SK/12/I ", valid_until=until, tags="SK, Pelayanan ,sk,")
    assert (kept.number, kept.revision, kept.is_current, kept.is_own, kept.is_shared) == (1, 1, True, True, False)
    assert (kept.document_number, kept.tag_list, kept.valid_until) == ("SK/12/I", ["sk", "pelayanan"], until)
    change_facts(
        evidence=kept, facts=replace(Facts.of(kept), title="SK baru", valid_until=until + DAY), by=world.operator
    )
    events = list(AuditEvent.objects.filter(object_type="supervisi.evidence").order_by("pk"))
    assert [event.action for event in events] == ["evidence.added", "evidence.changed"]
    assert events[1].changes == {"title": ["SK tim kerja", "SK baru"], "valid_until": ["2027-03-01", "2027-03-02"]}
    assert events[1].posting.user == world.operator
    # The same file again is not kept twice.
    assert keep(world, title="Lain").title == "SK baru"
    assert (Evidence.objects.count(), StoredFile.objects.count()) == (1, 1)


def test_the_same_file_sent_twice_at_once_is_kept_once(world, monkeypatch):
    """A double click: the second one comes while the first one's picture is still being decoded."""
    real, seen = vault.store, []

    def slow(*args, **kwargs):
        monkeypatch.setattr(vault, "store", real)
        file = real(*args, **kwargs)
        seen.append(keep(world, samples.photo(), title="Lebih cepat"))
        return file

    monkeypatch.setattr(vault, "store", slow)
    upload = samples.upload(samples.photo(), "foto.jpg")
    late = add_evidence(unit=world.polsek, upload=upload, facts=Facts(title="Kedua"), by=world.operator)
    assert (late.is_known, late.evidence, late.evidence.title) == (True, seen[0], "Lebih cepat")
    # The picture and its thumbnail; nothing of the second one is left lying.
    assert (Evidence.objects.count(), StoredFile.objects.count(), len(everything())) == (1, 1, 2)
    assert AuditEvent.objects.filter(action="evidence.added").count() == 1


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"title": "  "}, "judul"),
        ({"title": "SK\0"}, "tanda"),
        ({"valid_from": datetime.date(2026, 2, 2), "valid_until": datetime.date(2026, 2, 1)}, "Berlaku sampai"),
        ({"tags": ",".join("abcdefghi")}, "penanda"),
        ({"is_shared": True}, "di bawahnya"),
    ],
)
def test_what_can_not_be_stored_is_refused(world, facts, words):
    with pytest.raises(DomainError, match=words):
        keep(world, **facts)
    assert (Evidence.objects.count(), StoredFile.objects.count()) == (0, 0)


def test_only_the_operator_keeps_what_is_the_units_and_only_the_team_what_it_brought(world):
    kept = keep(world)
    brought = attach_upload(
        answer=world.answer(), upload=samples.upload(samples.photo()), upload_uuid=uuid.uuid4(), by=world.leader
    ).link.evidence
    for evidence, may, may_not in (
        (kept, world.operator, (world.leader, world.commander, world.auditor, world.stranger)),
        (brought, world.members[0], (world.operator, world.reviewer, world.commander, world.auditor)),
    ):
        for person in may_not:
            with pytest.raises(NotAllowed):
                change_facts(evidence=evidence, facts=Facts.of(evidence), by=person)
            with pytest.raises(NotAllowed):
                revise(evidence, samples.photo(9), person)
        assert change_facts(evidence=evidence, facts=Facts(title="Baru"), by=may).title == "Baru"
    with pytest.raises(NotAllowed):
        keep(world, samples.photo(3), by=world.leader)
    with pytest.raises(DomainError, match="dibawa tim"):
        world.polsek.numchild = 1
        brought.unit = world.polsek
        change_facts(evidence=brought, facts=Facts(title="Baru", is_shared=True), by=world.leader)
    # The team's revision takes the old one's place on its sheet, and is seen there by the team alone.
    newer = revise(brought, samples.photo(4), world.members[0])
    assert [link.evidence for link in AnswerEvidence.objects.attached()] == [newer]
    assert seen_by(world.members[0], world.operator) == [{kept.pk, brought.pk, newer.pk}, {kept.pk}]
    brought = newer
    # Once the sheet is handed in, the team describes it no more.
    Checklist.objects.update(status="submitted")
    with pytest.raises(NotAllowed):
        change_facts(evidence=brought, facts=Facts.of(brought), by=world.leader)


def test_what_a_team_brought_is_seen_by_the_unit_with_the_sheet_and_what_it_kept_at_once(world):
    kept = keep(world)
    upload = {"answer": world.answer(), "upload": samples.upload(samples.photo()), "upload_uuid": uuid.uuid4()}
    brought = attach_upload(**upload, by=world.leader).link.evidence
    both = {kept.pk, brought.pk}
    below = make_person(world.polres, Role.OPERATOR)
    admin = make_person(world.polres, Role.ADMIN)
    people = (world.leader, world.auditor, world.operator, world.stranger, below, admin)
    assert seen_by(*people) == [both, both, {kept.pk}, set(), set(), set()]
    Checklist.objects.update(status="disclosed")
    assert seen_by(world.operator) == [both]
    # The same file from the unit is kept as its own: what the team said of it stays the team's.
    own = create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, by=world.operator
    )
    again = attach_upload(
        answer=world.answer(sheet=own), upload=samples.upload(samples.photo()), upload_uuid=uuid.uuid4(),
        by=world.operator,
    )  # fmt: skip
    assert (again.duplicate_of, again.link.evidence.is_own) == (None, True)
    with pytest.raises(NotAllowed):
        change_facts(evidence=brought, facts=Facts.of(brought), by=world.operator)


def test_what_a_team_brought_never_becomes_the_units_by_its_own_sheet(world):
    upload = {"answer": world.answer(), "upload": samples.upload(samples.photo()), "upload_uuid": uuid.uuid4()}
    brought = attach_upload(**upload, by=world.leader).link.evidence
    kept = keep(world)
    Checklist.objects.update(status="disclosed")
    own = create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, by=world.operator
    )
    answer = world.answer(sheet=own)
    assert [each.evidence for each in read_picker(world.operator, answer, "", "1").candidates] == [kept]
    with pytest.raises(DomainError, match="dibawa tim"):
        attach(world, brought, sheet=own, by=world.operator)
    # Nor where it was attached before that was refused.
    AnswerEvidence.objects.create(uuid=uuid.uuid4(), answer=answer, evidence=brought, added_by=world.operator)
    for act in (
        lambda: change_facts(evidence=brought, facts=Facts(title="Milik kami"), by=world.operator),
        lambda: revise(brought, samples.photo(8), world.operator),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert Evidence.objects.get(pk=brought.pk).title == brought.title


def test_a_decree_of_the_district_is_kept_once_and_proves_items_at_every_station(world):
    decree, operator = shared_decree(world)
    assert seen_by(world.operator, world.leader, world.stranger) == [{decree.pk}, {decree.pk}, set()]
    own = create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, by=world.operator
    )
    link = attach(world, decree, sheet=own, by=world.operator)
    assert attach(world, decree, PERCENT).evidence == link.evidence == decree
    # The same file from a station is recognised as the decree.
    again = attach_upload(
        answer=world.answer(PERCENT, own),
        upload=samples.upload(samples.PDF),
        upload_uuid=uuid.uuid4(),
        by=world.operator,
    )
    assert (again.link.evidence, again.duplicate_of) == (decree, decree.number)
    assert (Evidence.objects.count(), StoredFile.objects.count()) == (1, 1)
    # No longer shared: what is attached stays readable, nothing new is attached.
    change_facts(evidence=decree, facts=replace(Facts.of(decree), is_shared=False), by=operator)
    assert seen_by(world.operator) == [{decree.pk}]
    with pytest.raises(DomainError, match="tidak berlaku untuk satuan"):
        attach(world, decree, "P.1.1.ii.a")
    with pytest.raises(NotAllowed):
        change_facts(evidence=decree, facts=Facts.of(decree), by=world.operator)


def test_a_new_revision_keeps_the_old_one_readable_and_where_it_is(world):
    first = keep(world, tags="sk")
    link = attach(world, first)
    second = revise(first, samples.photo(), world.operator, valid_until=datetime.date(2028, 1, 1))
    first.refresh_from_db()
    assert [(row.number, row.revision, row.is_current) for row in (first, second)] == [(1, 1, False), (1, 2, True)]
    assert (first.valid_until, second.tags) == (None, ",sk,")
    link.refresh_from_db()
    assert (link.evidence, link.detached_at) == (first, None)
    assert seen_by(world.operator) == [{first.pk, second.pk}]
    for refusal, act in (
        (InvalidTransition, lambda: change_facts(evidence=first, facts=Facts.of(first), by=world.operator)),
        (InvalidTransition, lambda: revise(first, samples.photo(5), world.operator)),
        (InvalidTransition, lambda: attach(world, first, PERCENT)),
        (DomainError, lambda: revise(second, samples.PDF, world.operator)),
    ):
        with pytest.raises(refusal, match=r"revisi"):
            act()
    assert StoredFile.objects.count() == 2
    # The new one takes the old one's place at an answer, with its trace.
    assert attach(world, second).evidence == second
    assert [row.evidence for row in AnswerEvidence.objects.attached()] == [second]
    link.refresh_from_db()
    assert (link.detached_by, link.detached_posting.user) == (world.leader, world.leader)


def test_a_file_that_is_an_old_revision_is_refused_and_the_newest_takes_its_place(world):
    def send(data):
        upload = samples.upload(data, "sk.pdf")
        return attach_upload(answer=world.answer(), upload=upload, upload_uuid=uuid.uuid4(), by=world.leader)

    first = keep(world)
    attach(world, first)
    second = revise(first, samples.photo(), world.operator)
    for _ in range(2):
        with pytest.raises(OutdatedFile, match=r"revisi lama \(1\) dari bukti nomor 1\. .* pasang revisi 2"):
            send(samples.PDF)
        # The newest file lets the older one go, as choosing it does, and only once.
        assert send(samples.photo()).link.evidence == second
        assert [row.evidence for row in AnswerEvidence.objects.attached()] == [second]
    assert AuditEvent.objects.filter(action="evidence.detached").count() == 1
    # By the plain form the other files are kept nevertheless, and the refusal names its file.
    files = [samples.upload(samples.PDF, "lama.pdf"), samples.upload(samples.photo(3), "baru.jpg")]
    client = Client()
    client.force_login(world.leader, backend="wbbm.organisasi.auth.PostingBackend")
    address = reverse("supervisi:evidence-add", args=[world.answer(PERCENT).pk])
    page = client.post(address, {"uuid": uuid.uuid4(), "file": files}, follow=True).content.decode()
    assert "lama.pdf: Berkas ini revisi lama (1)" in page and "Bukti nomor 2 tersimpan." in page
    # What is the newest file of another document proves by that one.
    decree, _ = shared_decree(world)
    assert send(samples.PDF).link.evidence == decree
    assert StoredFile.objects.count() == 4


def test_attaching_again_changes_nothing_and_a_final_sheet_takes_nothing(world):
    kept = keep(world)
    number = uuid.uuid4()
    links = {attach(world, kept, number=number).pk, attach(world, kept, number=number).pk, attach(world, kept).pk}
    assert len(links) == 1
    assert AuditEvent.objects.filter(action="evidence.attached").count() == 1
    with pytest.raises(DomainError, match="sudah dipakai"):
        attach(world, kept, PERCENT, number=number)
    for person in (world.operator, world.reviewer, world.commander, world.stranger):
        with pytest.raises(NotAllowed):
            attach(world, kept, PERCENT, by=person)
    other = make_world("lain")
    foreign = keep(other, samples.photo())
    with pytest.raises(DomainError, match="tidak berlaku"):
        attach(world, foreign, PERCENT)
    Checklist.objects.filter(pk=world.checklist.pk).update(status="submitted")
    with pytest.raises(LockedChecklist):
        attach(world, kept, PERCENT)
    assert AnswerEvidence.objects.count() == 1


def test_a_final_hash_stays_through_revisions_new_words_and_the_migration(world):
    kept = keep(world)
    attach(world, kept)
    save_operation(checklist=world.reload(), operation=op(answer="A"), by=world.leader)
    Visit.objects.update(status="done")
    Checklist.objects.update(status="disclosed")
    finalise_checklist(checklist=world.reload(), by=world.commander)
    digest = world.reload().content_hash
    kept.refresh_from_db()
    newer = revise(kept, samples.photo(), world.operator)
    change_facts(evidence=newer, facts=Facts(title="Judul lain", tags="baru"), by=world.operator)
    assert content_hash(world.reload()) == digest
    # As it stood before the migration told whose evidence it is.
    brought = Evidence.objects.filter(pk=kept.pk)
    brought.update(search_text="", is_own=True)
    with unguarded():
        importlib.import_module("supervisi.migrations.0020_whose_evidence").tell(apps, None)
    assert brought.values_list("is_own", "search_text").get() == (False, "sk tim kerja   bukti 1")
    assert content_hash(world.reload()) == digest
    # The pinned file itself can't be put in the new one's place.
    with pytest.raises(IntegrityError), transaction.atomic():
        brought.update(file=newer.file)


def test_what_runs_out_is_told_once_for_each_window(world):
    today = local_day(world.polsek)
    ends = {1: today + 31 * DAY, 2: today + 30 * DAY, 3: today, 4: today - DAY, 5: today - 31 * DAY}
    kept = {key: keep(world, samples.photo(key), title=f"Bukti {key}", valid_until=day) for key, day in ends.items()}
    old = keep(world, samples.photo(7), valid_until=today)
    revise(old, samples.photo(8), world.operator, valid_until=None)
    for _ in range(2):
        evidence_notices.daily("Asia/Jakarta", today)
    told = Notice.objects.filter(kind="evidence").order_by("pk")
    assert {notice.person for notice in told} == {world.operator}
    assert [notice.url for notice in told] == [kept[key].get_absolute_url() for key in (2, 3, 4)]
    assert ["akan habis" in notice.text for notice in told] == [True, True, False]
    # The next window tells once more; a new day or a new revision settles what was told.
    evidence_notices.daily("Asia/Jakarta", today + DAY)
    assert told.filter(url=kept[3].get_absolute_url()).count() == 2
    change_facts(evidence=kept[3], facts=replace(Facts.of(kept[3]), valid_until=today + 400 * DAY), by=world.operator)
    revise(kept[4], samples.photo(9), world.operator, valid_until=None)
    assert {notice.url for notice in told.unread()} == {kept[key].get_absolute_url() for key in (1, 2)}


@pytest.mark.django_db(transaction=True)
def test_of_two_revisions_at_once_one_wins(world, storage):
    kept = keep(world)
    start = threading.Barrier(2)

    def send(number):
        try:
            start.wait()
            found = Evidence.objects.select_related("unit", "file").get(pk=kept.pk)
            return revise(found, samples.photo(number), world.operator).revision
        except InvalidTransition:
            return "refused"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        results = sorted(map(str, pool.map(send, (1, 2))))
    assert results == ["2", "refused"]
    assert [row.is_current for row in Evidence.objects.order_by("revision")] == [False, True]
    assert StoredFile.objects.count() == 2


def test_numbers_are_said_with_their_unit_elsewhere(world):
    decree, _ = shared_decree(world)
    assert (decree.number_at(world.polres.pk), decree.number_at(world.polsek.pk)) == ("1", "1 Polres Uji")
    assert vault.search_text(Facts.of(decree), 1) == decree.search_text == "sk tim kerja   bukti 1"
    assert Evidence.objects.expired(timezone.now()).count() == 0
