"""What is held about a person: every column that names people is in a topic; who may see it; and erasing him."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session

from supervisi.models import CalendarFeed, Checklist
from supervisi.services.checklists import content_hash
from tests.clients import Sessions
from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.sheets import Counted
from tests.upkeep.test_retention import make_final_sheet
from wbbm.errors import DomainError
from wbbm.files.models import StoredFile
from wbbm.notices.models import Notice
from wbbm.organisasi import second_factor
from wbbm.organisasi.models import AccessLink, AuditEvent, Role, User
from wbbm.organisasi.services import people, seals
from wbbm.organisasi.services.erasing import StillServing, erase_person
from wbbm.organisasi.services.people import close_person, reopen_person, update_person
from wbbm.organisasi.services.verify import verify
from wbbm.upkeep.personal import erasures, read_held, topics

REASON = "Permintaan tertulis tanggal 3 November"
FACTS = {"username": "dian.uji", "nrp": "87654321", "name": "Petugas Penanda", "rank": "Aipda", "email": "p@uji.test"}


def test_every_column_that_names_a_person_is_in_a_topic():
    named = {
        (model, field.name)
        for model in apps.get_models()
        for field in [*model._meta.fields, *model._meta.many_to_many]
        if field.related_model is User
    }
    assert named == {column for topic in topics() for column in topic.columns}


@pytest.fixture
def world():
    """Make a final sheet whose leader has a name to be found, an admin, and what is the leader's alone."""
    world = make_final_sheet()
    User.objects.filter(pk=world.leader.pk).update(**FACTS)
    world.leader = User.objects.get(pk=world.leader.pk)
    world.admin = make_person(world.polres, Role.ADMIN)
    update_person(person=world.leader, by=world.admin, rank="Aiptu")
    make_posting(world.leader, world.polres, Role.OPERATOR, title="Kaurmin")
    AccessLink.objects.create(user=world.leader, token_hash="a", expires_at="2030-01-01T00:00:00Z")
    CalendarFeed.objects.create(person=world.leader, token_hash="a")
    Notice.objects.create(person=world.leader, kind="document", text="Uji", url="/", unit=world.polsek, key="a")
    return world


def fresh(person):
    return User.objects.get(pk=person.pk)


@pytest.mark.django_db
def test_an_admin_reads_what_is_held_and_never_what_is_the_persons_alone(world):
    sessions, page = Sessions(), f"/orang/{world.leader.pk}/data/"
    said = sessions.of(world.admin).get(page).content.decode()
    assert all(fact in said for fact in ("Petugas Penanda", "87654321", "Laporan gratifikasi", "tidak ditampilkan"))
    assert "Akun orang ini masih terbuka" in said and "Hapus data pribadinya" not in said
    held = {line.topic.title: line.count for line in read_held(fresh(world.leader), by=fresh(world.admin))}
    # Neither a file nor an act tells of a gratuity report.
    StoredFile.objects.create(
        kind="gratuity", name="a", content_type="a", size=1, sha256="a", original_sha256="a", path="a",
        created_by=world.leader,
    )  # fmt: skip
    Notice.objects.create(person=world.leader, kind="integrity", text="Uji", url="/", unit=world.polsek, key="b")
    again = {line.topic.title: line.count for line in read_held(fresh(world.leader), by=fresh(world.admin))}
    assert again == held and held["Jejak audit perbuatannya, dengan alamat jaringan (IP) perangkatnya"] == 0
    assert held["Penugasan"] == 2 and held["Bukti yang dipasang"] == 2 and held["Berkas yang diunggah"] == 1
    assert (held["Laporan gratifikasi"], held["Laporan warga yang dapat dibacanya"]) == (None, None)
    own = {line.topic.title: line.count for line in read_held(fresh(world.leader), by=fresh(world.leader))}
    assert own["Laporan gratifikasi"] == 0
    # Whom a sign of something odd names doesn't learn it here.
    assert [title for title, count in own.items() if count is None] == [
        "Tanda janggal yang menyebut atau diputuskannya, bila ada"
    ]
    assert "pemeriksaannya tidak terganggu" in sessions.of(world.leader).get("/akun/data-saya/").content.decode()
    # As a file, with the same reach.
    table = f"/supervisi/daftar/data-orang.csv?id={world.leader.pk}"
    assert "87654321" in b"".join(sessions.of(world.admin).get(table)).decode()
    assert "87654321" in b"".join(sessions.of(world.leader).get(table)).decode()
    other = make_person(make_unit(name="Polres Lain"), Role.ADMIN)
    for stranger in (other, world.members[0], world.operator):
        assert sessions.of(stranger).get(table).status_code == 404
        assert sessions.of(stranger).get(page).status_code == 404
        assert sessions.of(stranger).post(f"{page}hapus/", {"reason": REASON}).status_code == 404
    # The number of queries doesn't grow with what is held.
    with Counted() as counted:
        read_held(fresh(world.leader), by=fresh(world.admin))
    assert len(counted.statements) < 60


@pytest.mark.django_db
def test_an_erased_person_is_a_number_and_what_he_did_stays(world, monkeypatch):
    sessions, page = Sessions(), f"/orang/{world.leader.pk}/data/hapus/"
    admin = sessions.of(world.admin)
    refused = admin.post(page, {"reason": REASON})
    assert refused.status_code == 409 and "masih terbuka" in refused.content.decode()
    close_person(person=fresh(world.leader), by=fresh(world.admin))
    make_posting(fresh(world.leader), world.polsek, Role.OPERATOR)
    with pytest.raises(StillServing):
        erase_person(person=fresh(world.leader), by=fresh(world.admin), reason=REASON)
    world.leader.postings.filter(unit=world.polsek).delete()
    with monkeypatch.context() as patch:
        patch.setattr(second_factor, "is_fresh", lambda request: False)
        assert second_factor.PROOF in admin.post(page, {"reason": REASON}).content.decode()
    for reason in ("", "pendek", "Petugas Penanda meminta sendiri", "atas nrp 87654321 ini"):
        refused = admin.post(page, {"reason": reason})
        assert refused.status_code == 422 and fresh(world.leader).name == "Petugas Penanda"
    assert f'value="{reason}"' in refused.content.decode()
    sheet = Checklist.objects.get(pk=world.checklist.pk)
    before = sheet.content_hash, list(AuditEvent.objects.order_by("pk").values_list())
    done = admin.post(page, {"reason": REASON}, follow=True)
    number = f"Pengguna {world.leader.pk}"
    assert number in done.content.decode()
    person = fresh(world.leader)
    assert (person.name, person.nrp, person.rank, person.email) == (number, None, "", "")
    assert person.username == f"pengguna-{person.pk}" and not person.has_usable_password()
    rows = (AccessLink.objects.filter(user=person), CalendarFeed.objects, Notice.objects.filter(person=person))
    assert [found.exists() for found in rows] == [False, False, False]
    # The trail only grew, by one act without a name; chain and final sheet hold.
    events = list(AuditEvent.objects.order_by("pk").values_list())
    assert events[:-1] == before[1] and AuditEvent.objects.latest("pk").action == "person.erased"
    seals.seal_all()
    assert verify().is_whole
    assert (sheet.content_hash, content_hash(sheet)) == (before[0], before[0])
    # A second click, another admin: refused, and nothing is written.
    assert admin.post(page, {"reason": REASON}).status_code == 409
    for step in (reopen_person, update_person):
        with pytest.raises(DomainError):
            step(person=fresh(person), by=fresh(world.admin))
    # Also for whoever looked before it was done and writes after it.
    with monkeypatch.context() as patch:
        looked, is_erased = iter([False]), people.is_erased
        patch.setattr(people, "is_erased", lambda one: next(looked, is_erased(one)))
        with pytest.raises(DomainError):
            update_person(person=fresh(person), by=fresh(world.admin), name="Petugas Penanda")
    assert fresh(person).name == number
    assert AuditEvent.objects.count() == len(events)


@pytest.mark.django_db
def test_no_table_keeps_what_was_removed(world):
    close_person(person=fresh(world.leader), by=fresh(world.admin))
    erase_person(person=fresh(world.leader), by=fresh(world.admin), reason=REASON, along=erasures())
    Session.objects.all().delete()
    assert told() == []
    # Twin: with the name left in an act it would be found.
    AuditEvent.objects.create(action="x", object_label="oleh Petugas Penanda")
    assert told() == [("organisasi.AuditEvent", "Petugas Penanda")]


def told():
    """Return which tables tell of whom."""
    found = []
    for model in apps.get_models():
        text = json.dumps(list(model._default_manager.values()), default=str, ensure_ascii=False)
        found += [(model._meta.label, fact) for name, fact in FACTS.items() if name != "rank" and fact in text]
    return found
