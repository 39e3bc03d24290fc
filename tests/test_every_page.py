"""Every GET route of the resolver, opened as each role on the demo district: no 500, no empty page undeclared."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings

from tests.pages_of_demo import ACCOUNTS, DEMO, make_import_drafts, targets
from tests.supervisi.sheets import Counted
from wbbm.organisasi.models import User

pytestmark = pytest.mark.django_db

# Pages whose main list may be empty in the demo, with the reason: (route, account) → reason. A page that is empty
# without standing here fails, and so does a line here whose page has something in it.
_IDLE = "an office that holds nothing has nothing to hand over"
_OWN = "nobody visits the Polres itself"
EMPTY: dict[tuple[str, str], str] = (
    {
        ("supervisi:visit-list", "bagren"): _OWN,
        ("supervisi:visit-list", "operator.baru"): _OWN,
        ("supervisi:tpi-sheets", "auditor"): "a satfung is not assessed by itself",
    }
    | {
        ("supervisi:handover", account): _IDLE
        for account in ("admin", "admin.polda", "kapolres", "kapolda", "kapolsek.grabagan", "operator.baru")
    }
    | {
        ("notices:inbox", account): "nothing has happened that waits for this office"
        for account in ("admin", "bagren", "siwas", "kapolsek.grabagan", "operator.baru")
    }
    | {
        (f"supervisi:finding-{page}", account): "the unit has no finding that was handed over"
        for page in ("board", "list")
        for account in ("bagren", "kapolsek.grabagan", "operator.baru")
    }
    | {
        ("supervisi:layer-comparison", account): "a Polda or a satfung fills in no sheet"
        for account in ("kapolres", "wakapolres", "kabagren", "tim1", "kapolda", "auditor")
    }
    | {
        (f"supervisi:visit-{page}", account): "no visit to the account's units this month or from today on"
        for page in ("calendar", "day")
        for account in ("bagren", "kapolsek.grabagan", "operator.baru")
    }
    | {
        ("supervisi:unit-tasks", account): "a Polda or a satfung owes nothing"
        for account in (
            "kapolres",
            "wakapolres",
            "kabagren",
            "tim1",
            "bagren",
            "kapolda",
            "auditor",
            "operator.baru",
        )
    }
    | {
        ("supervisi:own-evidence", "kapolda"): "the Polda keeps no evidence",
        ("supervisi:evidence-list", "kapolda"): "the Polda keeps no evidence",
        ("supervisi:evidence-list", "auditor"): "the Polda keeps no evidence",
        ("supervisi:finding-list", "kapolsek.senori"): "Senori's visit is under way: nothing was handed over",
        ("supervisi:finding-board", "kapolda"): "his office owns no finding; supervisors review the stations'",
    }
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("berkas")


def storage(place):
    options = {"location": str(place), "base_url": None}
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}


@pytest.fixture(scope="module")
def district(django_db_setup, django_db_blocker, place):
    """Seed the demo once for all accounts; everything is rolled back afterwards."""
    from django.conf import settings

    with django_db_blocker.unblock(), override_settings(STORAGES=settings.STORAGES | {"default": storage(place)}):
        outer = transaction.atomic()
        outer.__enter__()
        with override_settings(IS_DEMO=True):
            call_command("load_instruments", verbosity=0)
            call_command("seed_demo", verbosity=0)
            make_import_drafts()
        yield
        transaction.set_rollback(True)
        outer.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def _demo(district, settings, place, _own_files):
    settings.IS_DEMO = True
    settings.STORAGES = settings.STORAGES | {"default": storage(place)}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_page_opens_and_says_something(account):
    client = Client()
    client.force_login(User.objects.get(username=account), backend="wbbm.organisasi.auth.PostingBackend")
    faults, empty, opened = [], set(), 0
    for name, target in targets():
        with Counted() as counted:
            answer = client.get(target)
        written = [sql for sql in counted.statements if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
        if any("django_session" not in sql for sql in written):
            faults.append(f"{target} wrote")
        if answer.status_code >= 500 and name != "healthz":
            faults.append(f"{target} {answer.status_code}")
        if answer.status_code != 200 or "text/html" not in answer["Content-Type"]:
            b"".join(answer)
            continue
        opened += 1
        said = answer.content.decode()
        if DEMO not in said:
            faults.append(f"{target} is not marked as example data")
        if re.search(r'class="zi-empty[" ]', said):
            empty.add((name, account))
    assert "\n".join(faults) == ""
    assert opened > 3
    declared = {found for found in EMPTY if found[1] == account}
    assert empty - declared == set()
    assert declared - empty == set()
