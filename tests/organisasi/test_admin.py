"""The administration: scoped everywhere, written by services only, clean under a strict CSP."""

from __future__ import annotations

import datetime
import re

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from supervisi.models import Period, PeriodKind
from tests.factories import make_person, make_posting, make_unit, make_user
from wbbm.organisasi.admin_base import ScopedAdmin
from wbbm.organisasi.models import AuditEvent, HeldPredicate, Posting, Role, Unit, UnitChange, UnitKind, User

pytestmark = pytest.mark.django_db
BACKEND = "wbbm.organisasi.auth.PostingBackend"


@pytest.fixture
def polres():
    return make_unit(kind=UnitKind.POLRES, name="Polres Uji", code="polres-uji")


@pytest.fixture
def polsek(polres):
    return make_unit(polres, name="Polsek Senori", code="polsek-senori")


@pytest.fixture
def foreign():
    return make_unit(make_unit(kind=UnitKind.POLRES, name="Polres Asing"), name="Polsek Asing", code="polsek-asing")


@pytest.fixture
def admin(polres):
    return make_person(polres, Role.ADMIN, name="Admin Uji")


@pytest.fixture
def desk(admin):
    return client_of(admin)


def client_of(user):
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


# --- the door -----------------------------------------------------------------------------------------


def test_the_door_leads_through_the_portals_sign_in_and_back(admin):
    client = Client()
    assert client.get("/admin/organisasi/unit/").status_code == 302
    first = client.get("/admin/", follow=True)
    assert first.redirect_chain[-1][0] == "/masuk/?next=/admin/"
    client.force_login(admin, backend=BACKEND)
    assert client.get("/admin/login/?next=/admin/organisasi/unit/")["Location"] == "/admin/organisasi/unit/"
    assert client.get("/admin/login/?next=https://lain.example/")["Location"] == "/admin/"


def test_a_script_without_a_session_gets_401():
    assert Client().get("/admin/autocomplete/", headers={"Accept": "application/json"}).status_code == 401


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.ADMIN])
def test_other_roles_are_refused(polres, role):
    client = client_of(make_person(polres, role))
    for path in ("/admin/", "/admin/organisasi/unit/", "/admin/login/", "/admin/autocomplete/"):
        assert client.get(path).status_code == 403


def test_signing_out_of_the_administration_signs_out(desk):
    assert desk.post("/admin/logout/")["Location"] == "/"
    assert desk.get("/admin/").status_code == 302


def test_a_posting_that_ends_closes_the_administration_on_the_next_request(desk, admin):
    assert desk.get("/admin/").status_code == 200
    Posting.objects.filter(user=admin).update(ends_on=datetime.date(2021, 1, 1))
    assert desk.get("/admin/").status_code == 403


# --- every page ---------------------------------------------------------------------------------------

INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)(?![^>]*application/json)|\son[a-z]+=\"|javascript:")


def pages(polsek, admin):
    held = HeldPredicate.objects.create(unit=polsek, predicate="wbk", year=2018)
    period = Period.objects.create(
        unit=polsek, name="2026", kind=PeriodKind.YEAR, first_day=datetime.date(2026, 1, 1),
        last_day=datetime.date(2026, 12, 31),
    )  # fmt: skip
    event = AuditEvent.objects.create(actor=admin, action="unit.created", object_type="organisasi.unit", unit=polsek)
    rows = {
        "organisasi_unit": polsek.pk,
        "organisasi_user": admin.pk,
        "organisasi_posting": admin.postings.get().pk,
        "organisasi_heldpredicate": held.pk,
        "organisasi_auditevent": event.pk,
        "supervisi_period": period.pk,
    }
    for name, pk in rows.items():
        yield f"admin:{name}_changelist", ()
        yield f"admin:{name}_change", (pk,)
        yield f"admin:{name}_history", (pk,)
        if name != "organisasi_auditevent":
            yield f"admin:{name}_add", ()
    yield from (("admin:index", ()), ("admin:app_list", ("organisasi",)), ("admin:supervisi_instrument_changelist", ()))


def test_no_page_has_an_inline_style_or_script(desk, polsek, admin):
    for name, args in pages(polsek, admin):
        answer = desk.get(reverse(name, args=args))
        assert answer.status_code == 200, name
        assert INLINE.findall(answer.content.decode()) == [], name
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "no-store, private"


def test_pages_are_in_indonesian_and_marked_as_demo(desk, settings):
    settings.IS_DEMO = True
    said = desk.get("/admin/").content.decode()
    assert "Administrasi Zona Integritas" in said
    assert "DATA CONTOH, bukan keadaan sebenarnya" in said
    for english in ("Site administration", "Django administration", "Log out", "Recent actions"):
        assert english not in said


def test_lists_keep_their_actions_bar_and_offer_no_deletion(desk, polsek):
    for name in ("unit", "user", "posting"):
        said = desk.get(f"/admin/organisasi/{name}/").content.decode()
        assert "delete_selected" not in said
    assert ScopedAdmin.actions_on_top


def test_sheets_answers_findings_and_scores_are_not_registered(desk):
    from django.contrib import admin as django_admin

    names = {model._meta.label for model in django_admin.site._registry}
    assert names == {
        "organisasi.Unit", "organisasi.User", "organisasi.Posting", "organisasi.HeldPredicate", "organisasi.Holiday",
        "organisasi.AuditEvent", "supervisi.Period", "supervisi.Instrument",
        "supervisi.Letterhead",
    }  # fmt: skip


# --- scope --------------------------------------------------------------------------------------------


def test_lists_searches_and_counts_show_only_what_is_in_reach(desk, polsek, foreign):
    stranger = make_person(foreign, Role.OPERATOR, name="Orang Asing")
    for path in ("unit/", "unit/?q=Asing", "user/?q=Asing", "posting/?q=Asing", "auditevent/?q=Asing"):
        said = desk.get(f"/admin/organisasi/{path}").content.decode()
        assert "Polsek Asing" not in said
        assert stranger.name not in said


@pytest.mark.parametrize("source", ["unit", "user", "created_by"])
def test_search_boxes_offer_only_what_is_in_reach(desk, polsek, foreign, source):
    make_person(foreign, Role.OPERATOR, name="Orang Asing")
    address = f"/admin/autocomplete/?app_label=organisasi&model_name=posting&field_name={source}&term="
    assert desk.get(address + "Asing").json()["results"] == []
    assert desk.get(address + ("Senori" if source == "unit" else "Admin Uji")).json()["results"]


@pytest.mark.parametrize(
    "query",
    ["unit__name__startswith=P", "user__password__startswith=p", "unit__path=0001", "user__email=a", "unit=1"],
)
def test_no_chain_of_look_ups_asks_about_hidden_facts(desk, query):
    assert desk.get(f"/admin/organisasi/posting/?{query}").status_code in {302, 400}


@pytest.mark.parametrize("page", ["change", "history", "delete"])
@pytest.mark.parametrize("model", ["unit", "user", "posting", "heldpredicate"])
def test_a_foreign_row_looks_like_a_missing_one(desk, foreign, model, page):
    person = make_person(foreign, Role.OPERATOR)
    held = HeldPredicate.objects.create(unit=foreign, predicate="wbk", year=2018)
    pk = {"unit": foreign.pk, "user": person.pk, "posting": person.postings.get().pk, "heldpredicate": held.pk}[model]
    for method in ("get", "post"):
        first = getattr(desk, method)(reverse(f"admin:organisasi_{model}_{page}", args=[pk]))
        second = getattr(desk, method)(reverse(f"admin:organisasi_{model}_{page}", args=[987654]))
        assert first.status_code == second.status_code
        assert first.status_code == (403 if page == "delete" else 404)


def test_pop_ups_are_scoped_as_well(desk, foreign, polsek):
    assert desk.get(f"/admin/organisasi/unit/{foreign.pk}/change/?_popup=1").status_code == 404
    assert desk.get(f"/admin/organisasi/unit/{polsek.pk}/change/?_popup=1&_to_field=id").status_code == 200
    assert desk.get("/admin/organisasi/user/?_popup=1&_to_field=password").status_code == 400


def test_view_on_site_tells_nothing(desk, foreign):
    kind = ContentType.objects.get_for_model(Unit).pk
    for pk in (foreign.pk, 987654):
        assert desk.get(f"/admin/r/{kind}/{pk}/").status_code == 404


def test_the_history_shows_own_acts_only_of_rows_in_reach(desk, admin, polsek):
    kind = ContentType.objects.get_for_model(Unit).pk
    LogEntry.objects.create(
        user_id=admin.pk, content_type_id=kind, object_id=polsek.pk, object_repr="x", action_flag=ADDITION
    )
    assert desk.get(f"/admin/organisasi/unit/{polsek.pk}/history/").status_code == 200


# --- writing ------------------------------------------------------------------------------------------


def unit_form(**changes):
    return {"code": "polsek-baru", "name": "Polsek Baru", "kind": "polsek"} | changes


def test_a_unit_is_added_and_recorded(desk, polres, admin):
    answer = desk.post("/admin/organisasi/unit/add/", unit_form(parent=polres.pk))
    assert answer.status_code == 302
    unit = Unit.objects.get(code="polsek-baru")
    assert Unit.objects.get_parent(unit) == polres
    assert AuditEvent.objects.filter(action="unit.created", actor=admin, unit=unit).exists()


def test_a_unit_is_not_added_below_a_foreign_one(desk, foreign):
    answer = desk.post("/admin/organisasi/unit/add/", unit_form(parent=foreign.pk, kind="satfung"))
    assert answer.status_code == 200
    assert not Unit.objects.filter(code="polsek-baru").exists()


def test_a_refusal_keeps_what_was_typed(desk, polsek):
    answer = desk.post("/admin/organisasi/unit/add/", unit_form(parent=polsek.pk))
    said = answer.content.decode()
    assert answer.status_code == 200
    assert "tidak dapat berada langsung di bawah" in said
    assert 'value="Polsek Baru"' in said


def test_a_unit_is_neither_moved_nor_ended_by_its_form(desk, polres, polsek):
    other = make_unit(polres, kind=UnitKind.SATFUNG, code="satfung-a", name="Satfung A")
    address = f"/admin/organisasi/unit/{other.pk}/change/"
    assert reverse("supervisi:unit-changes", args=[other.pk]) in desk.get(address).content.decode()
    form = {
        "code": "satfung-a",
        "name": "Satfung Baru",
        "kind": "satfung",
        "parent": polsek.pk,
        "active_to": "2020-01-01",
    }
    assert desk.post(address, form).status_code == 302
    stored = Unit.objects.get(pk=other.pk)
    assert (stored.name, Unit.objects.get_parent(stored), stored.active_to) == ("Satfung Baru", polres, None)
    assert UnitChange.objects.get(unit=other).old_name == "Satfung A"


def test_a_unit_at_the_top_of_the_reach_stays_below_its_own(polres):
    polda = make_unit(kind=UnitKind.POLDA)
    own = make_unit(polda, kind=UnitKind.POLRES, code="polres-lain", name="Polres Lain")
    desk = client_of(make_person(own, Role.ADMIN))
    form = {"code": "polres-lain", "name": "Nama Baru", "kind": "polres", "parent": ""}
    assert desk.post(f"/admin/organisasi/unit/{own.pk}/change/", form).status_code == 302
    own = Unit.objects.get(pk=own.pk)
    assert (own.name, Unit.objects.get_parent(own)) == ("Nama Baru", polda)


def test_the_choices_of_two_admins_never_mix(desk, polsek, foreign):
    """The form's fields are made for each request: a shared one would offer another admin's units."""
    other = client_of(make_person(Unit.objects.get_parent(foreign), Role.ADMIN))
    other.get("/admin/organisasi/unit/add/")
    answer = desk.post("/admin/organisasi/unit/add/", unit_form(parent=foreign.pk, kind="satfung"))
    assert answer.status_code == 200
    assert not Unit.objects.filter(code="polsek-baru").exists()


def test_a_person_is_added_without_password_and_may_be_given_a_link(desk, polsek):
    form = {"username": "baru", "name": "Baru", "home_unit": polsek.pk}
    assert desk.post("/admin/organisasi/user/add/", form).status_code == 302
    person = User.objects.get(username="baru")
    assert not person.has_usable_password()
    said = desk.get(f"/admin/organisasi/user/{person.pk}/change/").content.decode()
    assert "Buat tautan sekali pakai" in said
    assert desk.post(f"/akun/tautan/{person.pk}/").status_code == 200


@pytest.mark.parametrize("field", ["password", "session_epoch", "is_demo", "must_change_password", "closed_at"])
def test_a_form_can_not_write_what_it_does_not_show(desk, polsek, field):
    person = make_person(polsek, Role.OPERATOR, username="lama", name="Lama")
    before = getattr(person, field)
    form = {"username": "lama", "name": "Lama Sekali", field: "1"}
    assert desk.post(f"/admin/organisasi/user/{person.pk}/change/", form).status_code == 302
    person.refresh_from_db()
    assert person.name == "Lama Sekali"
    assert getattr(person, field) == before


def act(desk, model, action, *rows):
    data = {"action": action, "_selected_action": [row.pk for row in rows], "index": 0}
    return desk.post(f"/admin/organisasi/{model}/", data, follow=True).content.decode()


def test_people_are_closed_and_opened_again_but_never_deleted(desk, polsek, foreign):
    person, stranger = make_person(polsek, Role.OPERATOR), make_person(foreign, Role.OPERATOR)
    assert "akun ditutup" in act(desk, "user", "close_people", person, stranger)
    person.refresh_from_db()
    stranger.refresh_from_db()
    assert person.closed_at is not None
    assert stranger.closed_at is None
    act(desk, "user", "reopen_people", person)
    person.refresh_from_db()
    assert person.closed_at is None
    act(desk, "user", "delete_selected", person)
    assert User.objects.filter(pk=person.pk).exists()


def test_nobody_closes_himself(desk, admin):
    assert "Akun sendiri tidak dapat ditutup" in act(desk, "user", "close_people", admin)


def test_lock_outs_are_cleared(desk, polsek):
    person = make_person(polsek, Role.OPERATOR)
    AccessAttempt.objects.create(username=person.username, ip_address="127.0.0.1", failures_since_start=10)
    assert "dapat mencoba lagi" in act(desk, "user", "clear_lockouts", person)
    assert not AccessAttempt.objects.exists()


def test_sessions_are_ended_everywhere(desk, polsek):
    person = make_person(polsek, Role.OPERATOR)
    theirs = client_of(person)
    assert theirs.get("/akun/").status_code == 200
    act(desk, "user", "end_sessions", person)
    assert theirs.get("/akun/").status_code == 302


def posting_form(user, unit, **changes):
    return {
        "user": user.pk, "unit": unit.pk, "role": "operator", "title": "Kasium", "kind": "definitif",
        "starts_on": "2026-01-01",
    } | changes  # fmt: skip


def test_a_commander_waits_for_a_second_admin(desk, admin, polres, polsek):
    person = make_person(polsek, Role.OPERATOR)
    desk.post("/admin/organisasi/posting/add/", posting_form(person, polsek, role="commander", title="Kapolsek"))
    posting = Posting.objects.get(title="Kapolsek")
    assert posting.approved_at is None
    assert "Admin kedua yang menyetujuinya" in act(desk, "posting", "approve", posting)
    second = client_of(make_person(polres, Role.ADMIN))
    assert "disetujui" in act(second, "posting", "approve", posting)
    posting.refresh_from_db()
    assert posting.approved_at is not None


def test_an_admin_gives_himself_nothing(desk, admin, polsek):
    answer = desk.post("/admin/organisasi/posting/add/", posting_form(admin, polsek))
    assert "diatur admin lain" in answer.content.decode()
    assert admin.postings.count() == 1


@pytest.mark.parametrize("what", ["user", "unit"])
def test_a_posting_takes_only_people_and_units_in_reach(desk, polsek, foreign, what):
    person = make_person(polsek, Role.OPERATOR)
    strangers = {"user": make_person(foreign, Role.OPERATOR), "unit": foreign}
    desk.post("/admin/organisasi/posting/add/", posting_form(person, polsek) | {what: strangers[what].pk})
    assert not Posting.objects.filter(title="Kasium").exists()


def test_person_unit_role_and_approval_of_a_posting_stay(desk, polsek, polres):
    posting = make_posting(unit=polsek, role=Role.OPERATOR, title="Kasium")
    form = posting_form(make_user(), polres, role="admin", title="Kasium Baru", ends_on="2030-12-31")
    assert desk.post(f"/admin/organisasi/posting/{posting.pk}/change/", form).status_code == 302
    posting.refresh_from_db()
    assert (posting.title, posting.role, posting.unit) == ("Kasium Baru", Role.OPERATOR, polsek)
    assert posting.ends_on == datetime.date(2030, 12, 31)


def test_one_admin_does_not_extend_a_commander(desk, polsek):
    posting = make_posting(unit=polsek, role=Role.COMMANDER, title="Plh", ends_on=datetime.date(2021, 1, 1))
    form = {"title": "Plh", "kind": "plh", "ends_on": "2030-12-31"}
    said = desk.post(f"/admin/organisasi/posting/{posting.pk}/change/", form).content.decode()
    assert "tidak dapat diperpanjang" in said
    posting.refresh_from_db()
    assert posting.ends_on == datetime.date(2021, 1, 1)


def test_a_posting_is_ended_at_once(desk, polsek):
    person = make_person(polsek, Role.OPERATOR)
    theirs = client_of(person)
    assert theirs.get("/supervisi/tugas/").status_code == 200
    act(desk, "posting", "end_now", person.postings.get())
    assert theirs.get("/supervisi/tugas/").status_code == 404


def test_a_predicate_is_recorded_for_units_in_reach_only(desk, polsek, foreign):
    form = {"predicate": "wbk", "year": 2024}
    assert desk.post("/admin/organisasi/heldpredicate/add/", form | {"unit": polsek.pk}).status_code == 302
    assert desk.post("/admin/organisasi/heldpredicate/add/", form | {"unit": foreign.pk}).status_code == 200
    assert list(HeldPredicate.objects.values_list("unit", flat=True)) == [polsek.pk]


def test_the_trail_is_read_only_and_tells_of_the_organisation_only(desk, polsek, admin):
    mine = AuditEvent.objects.create(actor=admin, action="unit.created", object_type="organisasi.unit", unit=polsek)
    AuditEvent.objects.create(action="checklist.submitted", object_type="supervisi.checklist", unit=polsek)
    said = desk.get("/admin/organisasi/auditevent/").content.decode()
    assert "Satuan dibuat" in said
    assert "unit.created" not in said
    assert said.count('class="field-act_name') == 1
    assert desk.post(f"/admin/organisasi/auditevent/{mine.pk}/change/", {"action": "x"}).status_code == 403
    assert desk.get("/admin/organisasi/auditevent/add/").status_code == 403


def test_a_period_is_made_by_the_service(desk, polres, foreign):
    form = {"name": "2026", "kind": "year", "first_day": "2026-01-01", "last_day": "2026-12-31"}
    assert desk.post("/admin/supervisi/period/add/", form | {"unit": polres.pk}).status_code == 302
    said = desk.post("/admin/supervisi/period/add/", form | {"unit": polres.pk}).content.decode()
    assert Period.objects.count() == 1
    assert "errornote" in said
    desk.post("/admin/supervisi/period/add/", form | {"unit": foreign.pk})
    assert Period.objects.count() == 1
