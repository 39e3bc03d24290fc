"""Starting: example data are never served as real ones, the first admin, and a port that is taken."""

import re
import socket
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.factories import make_person, make_unit
from tests.portal import manage, migrated_already, python
from wbbm.checks import check_demo_data
from wbbm.organisasi.models import AccessLink, AuditEvent, Posting, Role, Unit, UnitKind, User

OWN = "sandi milik sendiri 1"
PREPARED = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from wbbm.organisasi.models import Unit, User
Unit.objects.add_root({"code": "polres-a", "name": "Polres A", "kind": "polres"})
User.objects.create(username="kapolres", name="Kapolres", is_demo=%s)
"""
# whitenoise warns where nothing was collected; the folder is there after `prepare`.
WSGI = "import wbbm.settings as s; s.STATIC_ROOT.mkdir(exist_ok=True); import wbbm.wsgi"
DJANGO = {"DJANGO_SETTINGS_MODULE": "wbbm.settings"}
SAYS_DEMO = "Basis data ini berisi data contoh, tetapi DEMO tidak 1."
SAYS_REAL = "DEMO=1, tetapi basis data ini berisi satuan sungguhan."


def prepared(tmp_path_factory, is_demo):
    data = migrated_already(tmp_path_factory.mktemp("data"))
    done = python(PREPARED % is_demo, data, **DJANGO, DEMO="1" if is_demo else "0")
    assert done.returncode == 0, done.stderr
    return data


@pytest.fixture(scope="module")
def demo_data(tmp_path_factory):
    return prepared(tmp_path_factory, True)


@pytest.fixture(scope="module")
def real_data(tmp_path_factory):
    return prepared(tmp_path_factory, False)


@pytest.mark.parametrize("command", ["prepare", "serve", "sweep"])
@pytest.mark.parametrize(("data", "demo", "says"), [("demo_data", "0", SAYS_DEMO), ("real_data", "1", SAYS_REAL)])
def test_no_part_starts_on_data_of_the_other_kind(request, command, data, demo, says):
    done = manage(request.getfixturevalue(data), command, DEMO=demo, PORT="0")
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("data", "demo", "says"), [("demo_data", "0", SAYS_DEMO), ("real_data", "1", SAYS_REAL)])
def test_gunicorn_by_itself_refuses_too(request, data, demo, says):
    done = python(WSGI, request.getfixturevalue(data), **DJANGO, DEMO=demo)
    assert done.returncode != 0
    assert says in done.stderr


@pytest.mark.parametrize(("data", "demo"), [("demo_data", "1"), ("real_data", "0")])
def test_on_its_own_kind_of_data_it_starts(request, data, demo):
    done = python(WSGI, request.getfixturevalue(data), **DJANGO, DEMO=demo)
    assert done.returncode == 0, done.stderr


def test_before_the_first_migration_nothing_is_refused(tmp_path):
    for demo in ("0", "1"):
        done = python(WSGI, tmp_path, **DJANGO, DEMO=demo)
        assert done.returncode == 0, done.stderr


@pytest.mark.django_db
def test_without_a_database_named_the_check_asks_none(settings):
    settings.IS_DEMO = False
    User.objects.create(username="kapolres", name="Kapolres", is_demo=True)
    assert check_demo_data(databases=None) == []
    assert [message.id for message in check_demo_data(databases=["default"])] == ["wbbm.E003"]


def test_seeding_is_refused_without_demo(real_data):
    done = manage(real_data, "seed_demo", DEMO="0")
    assert (done.returncode, done.stderr.strip()) == (1, "CommandError: Data contoh hanya dibuat bila DEMO=1.")


def test_a_taken_port_is_told_in_one_line(real_data):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = manage(real_data, "serve", PORT=str(port))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"CommandError: Pintu {port} sudah dipakai program lain. Pakai yang lain, misalnya PORT=8080."
    )


# --- the first admin ------------------------------------------------------------------------------------

FIRST = {"unit_code": "polres-uji", "unit_name": "Polres Uji", "kind": "polres", "username": "admin.uji"}


def create_admin(**changes):
    out = StringIO()
    call_command("create_admin", stdout=out, **(FIRST | changes))
    return out.getvalue()


@pytest.mark.django_db
def test_the_printed_link_leads_to_an_own_password_once(settings):
    said = create_admin()
    path = re.search(rf"{re.escape(settings.SITE_URL)}(/\S+)", said)[1]
    client = Client()
    assert client.get(path).status_code == 200
    assert client.post(path, {"password": OWN, "again": OWN}).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert Client().get(path).status_code == 410


@pytest.mark.django_db
def test_until_the_first_admin_the_first_pages_say_what_to_run_and_afterwards_no_more(client):
    for address in ("/", "/masuk/"):
        said = client.get(address).content.decode()
        assert "Portal ini belum memiliki admin." in said
        for argument in ("manage.py create_admin", "--unit-code", "--unit-name", "--kind", "--username"):
            assert argument in said
    create_admin()
    for address in ("/", "/masuk/"):
        assert "create_admin" not in client.get(address).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("missing", FIRST)
def test_every_fact_of_the_first_admin_is_asked_for(missing):
    given = [f"--{name.replace('_', '-')}={value}" for name, value in FIRST.items() if name != missing]
    with pytest.raises(CommandError, match=missing.replace("_", "-")):
        call_command("create_admin", *given)
    assert not Unit.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["satfung", "kantor"])
def test_a_kind_that_cannot_stand_alone_is_refused(kind):
    given = [f"--{name.replace('_', '-')}={value}" for name, value in (FIRST | {"kind": kind}).items()]
    with pytest.raises(CommandError):
        call_command("create_admin", *given)
    assert not Unit.objects.exists()


@pytest.mark.django_db
def test_an_admin_of_any_unit_closes_the_first_start():
    make_person(make_unit(kind=UnitKind.POLRES), Role.ADMIN)
    with pytest.raises(CommandError, match="Admin sudah ada"):
        create_admin()
    assert Posting.objects.count() == 1


@pytest.mark.django_db
def test_a_lost_first_link_is_replaced_by_whoever_runs_the_server(settings):
    create_admin()
    out = StringIO()
    call_command("access_link", username="admin.uji", stdout=out)
    path = re.search(rf"{re.escape(settings.SITE_URL)}(/\S+)", out.getvalue())[1]
    assert Client().get(path).status_code == 200
    assert AccessLink.objects.count() == 2
    assert AuditEvent.objects.filter(action="link.made").count() == 2


@pytest.mark.django_db
def test_a_link_for_nobody_or_for_a_closed_person_is_refused():
    from django.utils import timezone

    with pytest.raises(CommandError, match="Tidak ada orang"):
        call_command("access_link", username="tidak.ada")
    closed = make_person(make_unit(), Role.OPERATOR, closed_at=timezone.now())
    with pytest.raises(CommandError, match="ditutup"):
        call_command("access_link", username=closed.username)
    assert not AccessLink.objects.exists()
