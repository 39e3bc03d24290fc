"""Every GET route of the resolver, opened as each role on the demo district: no 500, no empty page undeclared."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings

from supervisi.models import Checklist, Evidence, Instrument, Period, Visit
from tests.routes import all_routes
from tests.supervisi.sheets import Counted
from tests.test_access_matrix import Rule, address, rule_of
from wbbm.organisasi.models import AuditEvent, HeldPredicate, ImportDraft, Posting, Unit, User

pytestmark = pytest.mark.django_db

ACCOUNTS = (
    "admin", "kapolres", "wakapolres", "kabagren", "tim1", "bagren", "siwas", "kapolsek.senori", "kapolsek.grabagan",
    "kapolda", "auditor", "admin.polda", "operator.baru",
)  # fmt: skip
DEMO = "DATA CONTOH, bukan keadaan sebenarnya"
# Pages whose main list may be empty in the demo, with the reason: (route, account) → reason. A page that is empty
# without standing here fails, and so does a line here whose page has something in it.
_IDLE = "an office that holds nothing has nothing to hand over"
_OWN = "nobody visits the Polres itself"
EMPTY: dict[tuple[str, str], str] = {
    ("supervisi:visit-list", "bagren"): _OWN,
    ("supervisi:visit-list", "operator.baru"): _OWN,
} | {
    ("supervisi:handover", account): _IDLE
    for account in ("admin", "admin.polda", "kapolres", "kapolda", "kapolsek.grabagan", "operator.baru")
}


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
            admin = User.objects.get(username="admin")
            row = {"username": "orang.contoh", "name": "Orang Contoh", "unit": "polsek-senori"}
            ImportDraft.objects.create(owner=admin, kind="people", file_name="daftar.csv", rows=[[2, row, {}]])
        yield
        transaction.set_rollback(True)
        outer.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def _demo(district, settings, place, _own_files):
    settings.IS_DEMO = True
    settings.STORAGES = settings.STORAGES | {"default": storage(place)}


def first_of_each(rows, *facts):
    """Return one row for each combination of the facts."""
    found = {}
    for row in rows:
        found.setdefault(tuple(getattr(row, fact) for fact in facts), row.pk)
    return list(found.values())


def things():
    """Return ids by what a rule is about: of every kind and state one."""
    sheets = Checklist.objects.all()
    postings = first_of_each(Posting.objects.all(), "role", "unit_id")[:14]
    people = list(User.objects.values_list("pk", flat=True)[:6])
    units = [*first_of_each(Unit.objects.all(), "kind"), Unit.objects.get(code="polsek-senori").pk]
    return {
        "": [1],
        "unit": units,
        "visit": first_of_each(Visit.objects.all(), "status"),
        "sheet": first_of_each(sheets, "status", "layer", "instrument_id"),
        "file": list(Evidence.objects.values_list("file", flat=True)[:4]),
        "posting": postings,
        "draft": list(ImportDraft.objects.values_list("pk", flat=True)),
        "admin-unit": units,
        "admin-user": people,
        "admin-posting": postings,
        "admin-heldpredicate": list(HeldPredicate.objects.values_list("pk", flat=True)),
        "admin-period": first_of_each(Period.objects.all(), "kind"),
        "admin-auditevent": list(
            AuditEvent.objects.filter(object_type__startswith="organisasi.").values_list("pk", flat=True)[:3]
        ),
        "admin-instrument": list(Instrument.objects.values_list("pk", flat=True)),
    }


def targets():
    """Return every address that a GET may open, with its route."""
    known = things()
    for route in all_routes():
        rule = rule_of(route.name)
        if rule is None or rule.method != "GET":
            continue
        for thing in known[rule.about]:
            for variant in variants(route, rule, thing):
                yield route.name, address(route, variant, thing)


def variants(route, rule, thing):
    """Return the rule once for each area and a few items of the sheet."""
    if "key" in route.arguments:
        areas = Checklist.objects.get(pk=thing).instrument.definition["areas"]
        return [Rule(extra={"key": str(area["key"])}) for area in areas]
    if "code" in route.arguments:
        items = Checklist.objects.get(pk=thing).answers.order_by("-version")[:3]
        return [Rule(extra={"code": answer.item.code}) for answer in items.select_related("item")]
    if "word" in route.arguments:
        suffixes = ("csv", "xlsx") if "suffix" in route.arguments else ("",)
        return [Rule(extra={"word": word, "suffix": suffix}) for word in ("satuan", "orang") for suffix in suffixes]
    return [rule]


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
