"""Every list as a file: which pages have one, who gets it, and long ones by the worker."""

from __future__ import annotations

import csv
import datetime
import io

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from supervisi.lists import registry
from supervisi.lists.registry import LISTS
from supervisi.models import Evidence, ListFile, Visit
from supervisi.services.list_files import JOB_KIND, purge_list_files
from tests.factories import make_posting, make_unit
from tests.routes import all_routes
from tests.supervisi.sheets import Counted, make_world
from tests.test_access_matrix import bare_file, rule_of
from wbbm.jobs import registry as jobs_registry
from wbbm.jobs.services import drain
from wbbm.notices.models import Notice
from wbbm.organisasi.models import AuditEvent, Role, User

_FORM = "a form or a choice, nothing to keep"
_ONE = "one thing, not a list"
_SELF = "is a file itself"
_ITS_OWN = "has its own file: "
# Every page that is no list, with the reason; a page that stands neither here nor in LISTS fails. Django's
# administration is left out: its units, people and postings have the files of organisasi/ekspor/.
NO_LIST = {
    "account": _ONE, "change-password": _FORM, "own-password": _FORM, "step-up": _FORM, "second-factor": _ONE,
    "factor-setup": _FORM, "factor-reset": _FORM, "import-upload": _FORM, "import-template": _SELF,
    "export-list": _SELF, "import-preview": _ITS_OWN + "import-faults", "import-faults": _SELF,
    "holiday-proposals": _FORM, "dashboard": "leads to each role's own page", "files:download": _SELF,
    "files:thumbnail": _SELF, "notices:inbox": "the person's own inbox; each line leads to what it tells of",
    "notices:preferences": _FORM, "upkeep:health": "how the machine does at this moment",
    "layanan:manage": "the services of one unit, a line each in the list of gaps", "layanan:manage-unit": _ONE,
    "layanan:manage-edit": _FORM, "layanan:manage-history": "the story of one page",
    "layanan:manage-tariffs": "the tariffs that hold, which every resident reads",
    "layanan:report-list": "no copy of reports leaves the portal, not even of their number",
    "layanan:report-detail": _ONE, "layanan:report-photo": _SELF,
    "upkeep:person-erase": _FORM,
    "upkeep:whats-new": "what changed in the portal itself, in words",
    "supervisi:list-file": _SELF, "supervisi:list-download": _SELF,
    "supervisi:suggestions": "figures beside the items of one sheet",
    "supervisi:sample": "the drawn items, each on its sheet", "supervisi:reply-detail": _ONE,
    "supervisi:unit-tasks": "a print of one unit's findings, sheets and visits, each in its own list",
    "supervisi:unit-changes": "what an admin may do; the changes are in the unit's history",
    "supervisi:unit-change": _FORM, "supervisi:period-add": _FORM,
    "supervisi:period-detail": "a check before closing, with a few names each",
    "supervisi:todo": "what one person must do next, from lists that have files",
    "supervisi:handover": "a note between two people, from lists that have files",
    "supervisi:visit-feed-settings": _FORM, "supervisi:visit-pick-unit": _FORM, "supervisi:visit-add": _FORM,
    "supervisi:visit-detail": _ONE, "supervisi:visit-change": _FORM, "supervisi:visit-cancel": _FORM,
    "supervisi:checklist-detail": _ITS_OWN + "workbook", "supervisi:checklist-return": _FORM,
    "supervisi:checklist-ask-reopening": _FORM, "supervisi:tpi-sheets": "a few sheets of one unit, and a form",
    "supervisi:checklist-area": _ITS_OWN + "workbook", "supervisi:answer-history": "the story of one answer",
    "supervisi:checklist-blank": "is made to be printed", "supervisi:derivation": _ITS_OWN + "workbook, with formulas",
    "supervisi:plan": "is printed, and becomes findings", "supervisi:workbook": _FORM,
    "supervisi:workbook-import": "compares a file that the person has", "supervisi:visit-documents": "a shelf of files",
    "supervisi:checklist-documents": "a shelf of files", "supervisi:finding-add": _FORM,
    "supervisi:finding-add-visit": _FORM, "supervisi:finding-add-unit": _FORM,
    "supervisi:finding-board": "the list of findings narrowed to one unit",
    "supervisi:finding-review": "the list of findings by state", "supervisi:finding-detail": _ONE,
    "supervisi:instrument-file": _SELF, "supervisi:instrument-publish": _FORM, "supervisi:instrument-discard": _FORM,
    "supervisi:oddity-list": "each look is written down; a file would be read unseen",
    "supervisi:oddity-detail": _ONE,
    "layanan:survey-desk": "a desk: forms, the last codes, and the way to its lists",
    "supervisi:evidence-pick": _FORM, "supervisi:evidence-new": _FORM, "supervisi:evidence-detail": _ONE,
    "supervisi:evidence-change": _FORM, "supervisi:evidence-revise": _FORM,
    "layanan:gratuity-list": "an officer's own few reports; the register of the UPG has the file",
    "layanan:gratuity-add": _FORM, "layanan:gratuity-change": _FORM, "layanan:gratuity-detail": _ONE,
    "layanan:simba-add": _FORM, "layanan:simba-change": _FORM, "layanan:simba-call-off": _FORM,
    "layanan:simba-people": "residents' names and numbers leave the page in no file",
    "layanan:innovation-add": _FORM, "layanan:innovation-change": _FORM, "layanan:innovation-kept": _ONE,
    "layanan:pledge-sign": _FORM, "layanan:pledge-paper": _FORM, "layanan:declaration-add": _FORM,
    "layanan:declaration-change": _FORM, "layanan:violation-state": _FORM,
    "layanan:commitment-unit": "one unit; the list of units has the file",
}  # fmt: skip


def test_every_page_has_its_file_or_a_reason_why_not():
    rules = {route.name: rule_of(route.name) for route in all_routes()}
    pages = {name for name, rule in rules.items() if rule is not None and rule.method == "GET" and not rule.is_public}
    pages = {name for name in pages if not name.startswith("admin:")}
    listed = {route for kind in LISTS.values() for route in kind.routes}
    assert pages - listed - set(NO_LIST) == set()
    assert listed - pages == set()
    assert set(NO_LIST) - (pages - listed) == set()


def signed_in(person):
    client = Client()
    client.force_login(User.objects.get(pk=person.pk), backend="wbbm.organisasi.auth.PostingBackend")
    return client


def lines_of(answer):
    content = b"".join(answer).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content), delimiter=";"))


def address(name="satuan", suffix="csv"):
    return reverse("supervisi:list-file", args=[name, suffix])


def grow(world, around):
    """Make more of everything that lists are made of."""
    for number in range(5):
        make_unit(world.polres, code=f"polsek-{around}-{number}", name=f"Polsek {number}")
        Visit.objects.create(
            unit=world.polsek, period=world.period, sprin_number=f"Sprin/{around}/{number}",
            starts_on=world.visit.starts_on, team_leader=world.leader, planned_by=world.leader,
        )  # fmt: skip
        file = bare_file(world, f"{around}{number}")
        Evidence.objects.create(
            unit=world.polsek, number=10 * around + number + 1, file=file, title="SK", added_by=world.leader
        )
        AuditEvent.objects.create(action="unit.changed", object_type="organisasi.unit", unit=world.polsek)


@pytest.mark.django_db
def test_a_list_costs_the_same_number_of_queries_however_long():
    world = make_world()
    pages = [
        (world.commander, "satuan", ""), (world.commander, "kunjungan", ""), (world.auditor, "jejak", ""),
        (world.commander, "bukti", f"?id={world.polsek.pk}"),
    ]  # fmt: skip
    grow(world, 0)
    counts: dict[str, list[tuple[int, int]]] = {}
    for around in (1, 2):
        for person, name, query in pages:
            client = signed_in(person)
            lines_of(client.get(address(name) + query))
            with Counted() as counted:
                lines = lines_of(client.get(address(name) + query))
            counts.setdefault(name, []).append((len(lines), len(counted.statements)))
        grow(world, around)
    for name, (few, many) in counts.items():
        assert few[0] + 5 == many[0], name
        assert few[1] == many[1] <= 7, name
    client = signed_in(world.commander)
    assert client.get(address("tidak-ada")).status_code == client.get(address(suffix="pdf")).status_code == 404


@pytest.mark.django_db
def test_a_long_list_is_made_by_the_worker_for_whoever_asked_and_nobody_else(monkeypatch):
    """Asked for by POST, once; told of; downloaded by its person while his postings stay; gone after its days."""
    world = make_world()
    monkeypatch.setattr(registry, "MOST_AT_ONCE", 1)
    client, other = signed_in(world.commander), signed_in(world.reviewer)
    offer = client.get(address(), {"cari": "Pol"})
    assert "Buat berkasnya" in offer.content.decode()
    assert not ListFile.objects.exists()
    asked = f"{address()}?cari=Pol"
    for _ in range(2):
        assert client.post(asked)["Location"] == asked
    row = ListFile.objects.get()
    assert "Sedang dibuat" in client.get(asked).content.decode()
    assert client.get(row.get_absolute_url()).status_code == 404
    assert jobs_registry.get(JOB_KIND).queue == "berat"
    assert drain(kind=JOB_KIND) == 1

    notice = Notice.objects.get(person=world.commander, kind="document")
    assert (notice.url, "siap diunduh" in notice.text) == (asked, True)
    page = client.get(asked).content.decode()
    assert row.get_absolute_url() in page
    got = client.get(row.get_absolute_url())
    assert got["Content-Disposition"].startswith("attachment")
    assert [line[1] for line in lines_of(got)] == ["Nama", "Polres Uji", "Polsek Senori"]
    assert other.get(row.get_absolute_url()).status_code == 404
    # Another narrowing, or another person, is another file.
    assert row.get_absolute_url() not in client.get(address(), {"cari": "ol"}).content.decode()
    assert row.get_absolute_url() not in other.get(asked).content.decode()

    make_posting(world.commander, make_unit(name="Satuan lain"), Role.OPERATOR)
    assert signed_in(world.commander).get(row.get_absolute_url()).status_code == 404
    row.refresh_from_db()
    assert default_storage.exists(row.path)
    assert purge_list_files(timezone.now() + datetime.timedelta(hours=23)) == 0
    assert purge_list_files(timezone.now() + datetime.timedelta(hours=25)) == 1
    assert (ListFile.objects.exists(), default_storage.exists(row.path)) == (False, False)


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["moved", "closed", "broken"])
def test_a_file_that_cannot_be_made_says_so(monkeypatch, change):
    world = make_world()
    monkeypatch.setattr(registry, "MOST_AT_ONCE", 1)
    signed_in(world.commander).post(address())
    if change == "moved":
        make_posting(world.commander, make_unit(name="Satuan lain"), Role.OPERATOR)
    elif change == "closed":
        User.objects.filter(pk=world.commander.pk).update(closed_at=timezone.now())
    else:
        ListFile.objects.update(attempts=3)
    assert drain(kind=JOB_KIND) == 1
    row = ListFile.objects.get()
    assert (row.status, row.path) == ("failed", "")
    assert Notice.objects.filter(text__contains="gagal dibuat").exists() == (change != "closed")
