"""A person's and a posting's page in the administration: buttons, history, and what can't be undone."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from supervisi.services.checklists import TRANSITIONS
from tests.factories import PASSWORD, make_person, make_posting, make_unit, make_user
from tests.supervisi.sheets import Counted
from wbbm.errors import DomainError
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import AuditEvent, Posting, Role, Unit, UnitKind, User
from wbbm.organisasi.services import people, postings
from wbbm.organisasi.trail import OTHER_ACT, act_words

pytestmark = pytest.mark.django_db
BACKEND = "wbbm.organisasi.auth.PostingBackend"


@pytest.fixture
def polda():
    return make_unit(kind=UnitKind.POLDA, name="Polda Uji")


@pytest.fixture
def polres(polda):
    return make_unit(polda, kind=UnitKind.POLRES, name="Polres Uji")


@pytest.fixture
def admin(polres):
    return make_person(polres, Role.ADMIN, name="Admin Uji")


@pytest.fixture
def person(polres):
    return make_person(polres, Role.OPERATOR, name="Operator Uji", username="operator.uji")


@pytest.fixture
def desk(admin):
    return client_of(admin)


def client_of(user):
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def page_of(row):
    return reverse(f"admin:organisasi_{row._meta.model_name}_change", args=[row.pk])


def press(desk, action, row, **extra):
    """Press a button on the row's own page; return where it leads and what is said there."""
    data = {"action": action, "_selected_action": row.pk, "index": 0, "back": 1} | extra
    answer = desk.post(f"/admin/organisasi/{row._meta.model_name}/", data, follow=True)
    return answer.redirect_chain[-1][0], answer.content.decode()


# --- the person's page ----------------------------------------------------------------------------------


def test_the_page_offers_every_step_and_says_how_things_stand(desk, person):
    said = desk.get(page_of(person)).content.decode()
    for label in (
        "Buat tautan sekali pakai", "Tambah penugasan", "Hapus penguncian", "Keluarkan dari semua perangkat",
        "Minta kata sandi baru", "Tutup akun", "tidak terkunci", "Jabatan uji, Polres Uji",
    ):  # fmt: skip
        assert label in said
    assert f'action="/akun/tautan/{person.pk}/"' in said


def test_a_lock_out_is_seen_and_cleared_on_the_persons_page(desk, admin, person):
    for _ in range(10):
        Client().post("/masuk/", {"username": "operator.uji", "password": "salah"}, REMOTE_ADDR="10.0.0.9")
    assert "terkunci dari 1 alamat" in desk.get(page_of(person)).content.decode()
    place, said = press(desk, "clear_lockouts", person)
    assert place == page_of(person)
    assert "dapat mencoba lagi" in said
    assert "tidak terkunci" in said
    assert not AccessAttempt.objects.exists()
    event = AuditEvent.objects.get(action="lockout.cleared")
    assert (event.actor, event.posting, event.object_id) == (admin, admin.postings.get(), str(person.pk))
    done = Client().post("/masuk/", {"username": "operator.uji", "password": PASSWORD}, REMOTE_ADDR="10.0.0.9")
    assert done.status_code == 302


def test_a_new_password_of_his_own_comes_before_everything_else(desk, admin, person):
    theirs = client_of(person)
    assert theirs.get("/akun/").status_code == 200
    press(desk, "require_own_password", person)
    assert theirs.get("/akun/")["Location"] == "/akun/kata-sandi-pertama/"
    signed_in = Client().post("/masuk/", {"username": "operator.uji", "password": PASSWORD})
    assert signed_in["Location"] == "/akun/kata-sandi-pertama/"
    assert AuditEvent.objects.get(action="password.required").actor == admin


def test_who_has_no_password_yet_gets_a_link_instead(desk, polres, admin):
    fresh = people.create_person(by=admin, unit=polres, username="baru", name="Baru")
    _, said = press(desk, "require_own_password", fresh)
    assert "Buat tautan sekali pakai" in said
    assert not User.objects.get(pk=fresh.pk).must_change_password


def test_closing_says_why_in_the_trail_and_leads_back(desk, person):
    place, said = press(desk, "close_people", person, reason="Pindah ke Polda")
    assert place == page_of(person)
    assert "Buka kembali akun" in said
    assert AuditEvent.objects.get(action="person.closed").reason == "Pindah ke Polda"


@pytest.mark.parametrize(("model", "action"), [("user", "close_people"), ("posting", "end_now")])
def test_what_cant_be_undone_is_done_one_by_one(desk, polres, model, action):
    rows = [make_person(polres, Role.OPERATOR) for _ in range(2)]
    chosen = rows if model == "user" else [row.postings.get() for row in rows]
    data = {"action": action, "_selected_action": [row.pk for row in chosen], "index": 0}
    said = desk.post(f"/admin/organisasi/{model}/", data, follow=True).content.decode()
    assert "satu per satu" in said
    assert User.objects.open().filter(pk__in=[row.pk for row in rows]).count() == 2
    assert Posting.objects.lasting(timezone.localdate()).filter(user__in=rows).count() == 2


def test_a_button_never_leads_to_a_foreign_page(desk):
    stranger = make_person(make_unit(kind=UnitKind.POLRES), Role.OPERATOR)
    place, _ = press(desk, "clear_lockouts", stranger)
    assert str(stranger.pk) not in place


def test_signing_out_of_all_devices_is_read_by_the_unit(desk, person, polres):
    press(desk, "end_sessions", person)
    assert AuditEvent.objects.get(action="person.signed-out-everywhere").unit == polres


def test_an_unposted_person_is_listed_for_who_added_him_only(admin, polres):
    fresh = people.create_person(by=admin, unit=polres, username="baru", name="Baru")
    assert User.objects.administered_by(admin).filter(pk=fresh.pk).exists()
    other = make_person(make_unit(kind=UnitKind.POLRES), Role.ADMIN)
    assert not User.objects.administered_by(other).filter(pk=fresh.pk).exists()
    make_posting(fresh, make_unit(kind=UnitKind.POLRES), Role.OPERATOR)
    assert not User.objects.administered_by(admin).filter(pk=fresh.pk).exists()


# --- history ------------------------------------------------------------------------------------------


def test_the_history_tells_from_the_audit_trail_in_words(desk, person):
    desk.post(page_of(person), {"username": "operator.uji", "name": "Operator Uji", "rank": "Aipda"})
    press(desk, "end_sessions", person)
    said = desk.get(reverse("admin:organisasi_user_history", args=[person.pk])).content.decode()
    assert "Data orang diubah" in said
    assert "Pangkat: kosong → Aipda" in said
    assert "Keluar dari semua perangkat" in said
    assert "Admin Uji" in said
    assert "person.changed" not in said
    assert not LogEntry.objects.exists()


def test_every_act_has_words():
    """Look every slug up that a service records."""
    services = [
        path
        for folder in ("wbbm/organisasi", "supervisi/services")
        for path in Path(settings.BASE_DIR, folder).rglob("*.py")
        if path.name != "trail.py"
    ]
    kinds = "person|posting|unit|predicate|password|link|lockout|import|sign-in|checklist|visit|evidence|finding|period"
    slugs = {slug for path in services for slug in re.findall(rf'"((?:{kinds})\.[a-z-]+)"', path.read_text())}
    slugs |= {f"checklist.{name}" for name in TRANSITIONS} | {"sign-in", "sign-out"}
    assert len(slugs) > 35
    assert [slug for slug in sorted(slugs) if act_words(slug) == OTHER_ACT] == []


def test_the_auditors_first_page_names_acts_of_the_organisation_too(desk, person, polres):
    press(desk, "end_sessions", person)
    said = client_of(make_person(polres, Role.AUDITOR)).get("/supervisi/periksa/").content.decode()
    assert "Keluar dari semua perangkat" in said


def test_the_gaps_page_lists_who_waits_for_a_link_also_before_any_posting(desk, admin, polres):
    people.create_person(by=admin, unit=polres, username="baru", name="Orang Baru")
    gone = make_user(name="Orang Pindah")
    User.objects.filter(pk=gone.pk).update(password="!")
    make_posting(gone, polres, Role.OPERATOR, ends_on=datetime.date(2021, 1, 1))
    make_posting(gone, make_unit(kind=UnitKind.POLRES), Role.OPERATOR)
    said = desk.get("/supervisi/kelengkapan/").content.decode()
    assert "Orang Baru" in said
    assert "Orang Pindah" not in said


# --- postings -----------------------------------------------------------------------------------------


def give(admin, user, unit, role=Role.COMMANDER, **changes):
    facts = {"title": "Kapolsek", "starts_on": local_day(unit)} | changes
    return postings.add_posting(by=admin, user=user, unit=unit, role=role, **facts)


@pytest.mark.parametrize("role", [Role.COMMANDER, Role.INTEGRITY_OFFICER])
def test_the_second_admin_may_be_of_a_unit_above_but_not_beside(admin, polda, polres, role):
    posting = give(admin, make_user(), polres, role)
    beside = make_person(make_unit(polda, kind=UnitKind.POLRES), Role.ADMIN)
    with pytest.raises(DomainError):
        postings.approve_posting(posting=posting, by=beside)
    assert postings.approve_posting(posting=posting, by=make_person(polda, Role.ADMIN)).approved_at is not None


def test_nobody_approves_what_is_for_himself(admin, polres):
    holder = make_person(polres, Role.ADMIN)
    posting = give(admin, holder, polres)
    with pytest.raises(DomainError):
        postings.approve_posting(posting=posting, by=holder)


def test_a_posting_ended_on_its_first_day_is_never_approved_again(admin, polda, polres):
    person = make_user()
    posting = postings.approve_posting(posting=give(admin, person, polres), by=make_person(polda, Role.ADMIN))
    assert User.objects.get(pk=person.pk).scope.has_role(Role.COMMANDER)
    postings.end_posting(posting=posting, by=admin)
    assert not User.objects.get(pk=person.pk).scope.postings
    posting = Posting.objects.select_related("user", "unit").get(pk=posting.pk)
    with pytest.raises(DomainError):
        postings.approve_posting(posting=posting, by=make_person(polda, Role.ADMIN))
    with pytest.raises(DomainError):
        postings.change_posting(posting=posting, by=admin, title="Kapolsek", kind="definitif", ends_on=None)
    with pytest.raises(DomainError):
        postings.end_posting(posting=posting, by=admin)
    assert not User.objects.get(pk=person.pk).scope.postings
    assert not Posting.objects.pending().exists()


def test_after_a_mistake_the_same_posting_can_be_given_again(admin, polres):
    person = make_user()
    first = give(admin, person, polres, Role.OPERATOR)
    with pytest.raises(DomainError):
        give(admin, person, polres, Role.OPERATOR)
    postings.end_posting(posting=first, by=admin)
    give(admin, person, polres, Role.OPERATOR)
    assert len(User.objects.get(pk=person.pk).scope.postings) == 1


def test_a_coming_posting_that_is_ended_never_begins(admin, polres):
    person = make_user()
    tomorrow = local_day(polres) + datetime.timedelta(days=1)
    posting = give(admin, person, polres, Role.OPERATOR, starts_on=tomorrow)
    postings.end_posting(posting=posting, by=admin)
    assert not Posting.objects.get(pk=posting.pk).runs_on(tomorrow)
    assert not Posting.objects.active_on(tomorrow).filter(pk=posting.pk).exists()


def test_an_ended_or_closed_ones_posting_is_not_approved(admin, polda, polres):
    second = make_person(polda, Role.ADMIN)
    past = make_posting(
        make_user(), polres, Role.COMMANDER, approved_at=None, created_by=admin, ends_on=datetime.date(2021, 1, 1)
    )
    with pytest.raises(DomainError):
        postings.approve_posting(posting=past, by=second)
    waiting = give(admin, make_person(polres, Role.OPERATOR), polres)
    people.close_person(person=waiting.user, by=admin)
    waiting = Posting.objects.select_related("user", "unit").get(pk=waiting.pk)
    with pytest.raises(DomainError):
        postings.approve_posting(posting=waiting, by=second)


def test_a_waiting_posting_with_a_last_day_waits_too(admin, polres):
    posting = give(admin, make_user(), polres, ends_on=local_day(polres) + datetime.timedelta(days=30))
    assert list(Posting.objects.pending()) == [posting]


def test_who_is_closed_and_opened_again_on_one_day_has_no_posting(admin, polres):
    person = make_person(polres, Role.COMMANDER)
    people.close_person(person=person, by=admin)
    people.reopen_person(person=person, by=admin)
    assert not User.objects.get(pk=person.pk).scope.postings


def test_ending_never_lengthens_a_commander(admin, polres):
    posting = make_posting(unit=polres, role=Role.COMMANDER, ends_on=local_day(polres))
    with pytest.raises(DomainError):
        later = local_day(polres) + datetime.timedelta(days=90)
        postings.end_posting(posting=posting, by=admin, last_day=later)


def test_the_postings_page_offers_the_steps_it_can_take(desk, admin, polres):
    posting = give(admin, make_user(), polres)
    said = desk.get(page_of(posting)).content.decode()
    assert "Setujui sebagai admin kedua" in said
    assert "Akhiri sekarang" in said
    place, said = press(desk, "end_now", posting, reason="Salah orang")
    assert place == page_of(posting)
    assert "dicabut" in said
    assert "Setujui sebagai admin kedua" not in said
    assert "Akhiri sekarang" not in said
    assert AuditEvent.objects.get(action="posting.ended").reason == "Salah orang"


def test_a_posting_is_begun_from_the_persons_page(desk, person):
    said = desk.get(f"/admin/organisasi/posting/add/?user={person.pk}").content.decode()
    assert "Operator Uji" in said
    stranger = make_person(make_unit(kind=UnitKind.POLRES), Role.OPERATOR, name="Orang Asing")
    assert "Orang Asing" not in desk.get(f"/admin/organisasi/posting/add/?user={stranger.pk}").content.decode()


@pytest.mark.parametrize(("kind", "title", "shown"), [
    ("plh", "Kapolsek", "Plh Kapolsek"), ("plh", "Plh Kapolsek", "Plh Kapolsek"), ("definitif", "Kapolsek", "Kapolsek"),
    ("plt", "Pltu", "Plt Pltu"),
])  # fmt: skip
def test_an_acting_office_is_called_so_once(kind, title, shown):
    assert str(Posting(kind=kind, title=title)) == shown


# --- units --------------------------------------------------------------------------------------------


def test_degrees_are_read_and_typed_with_a_comma(desk, polres):
    unit = make_unit(polres, code="polsek-uji", name="Polsek Uji", latitude="-7.04050", longitude="111.72560")
    assert 'value="-7,04050"' in desk.get(page_of(unit)).content.decode()
    form = {"code": "polsek-uji", "name": "Polsek Uji", "kind": "polsek", "latitude": "-7,5", "longitude": "111.25"}
    assert desk.post(page_of(unit), form).status_code == 302
    unit = Unit.objects.get(pk=unit.pk)
    assert (str(unit.latitude), str(unit.longitude)) == ("-7.50000", "111.25000")


def test_the_list_names_the_unit_above(desk, polres):
    make_unit(polres, name="Polsek Uji")
    said = desk.get("/admin/organisasi/unit/").content.decode()
    assert '<td class="field-above">Polres Uji</td>' in said
    assert '<td class="field-above">Polda Uji</td>' in said


@pytest.mark.parametrize("model", ["unit", "user", "posting", "auditevent"])
def test_a_list_takes_as_many_queries_for_three_rows_as_for_thirty(desk, admin, polres, model):
    def count():
        with Counted() as counted:
            assert desk.get(f"/admin/organisasi/{model}/").status_code == 200
        return len(counted.statements)

    def fill(number):
        for _ in range(number):
            office = make_person(make_unit(polres), Role.OPERATOR).postings.get()
            AuditEvent.objects.create(
                actor=admin, posting=office, action="unit.created", object_type="organisasi.unit", unit=office.unit
            )

    fill(3)
    count()  # the first request begins the session
    few = count()
    fill(27)
    assert count() == few
