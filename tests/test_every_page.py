"""Every GET route of the resolver, opened as each role on the demo district: no 500, no empty page undeclared."""

from __future__ import annotations

import html
import re

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings
from django.urls import resolve, reverse

from supervisi.lists.registry import LISTS
from supervisi.models import Checklist
from tests.figures import Figures
from tests.pages_of_demo import ACCOUNTS, DEMO, make_import_drafts, some_of, targets
from tests.routes import beyond_looks
from tests.supervisi.sheets import Counted
from wbbm.organisasi.models import Unit, User

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
        (f"supervisi:{page}", account): "a Polda or a satfung fills in no sheet"
        for page in ("layer-comparison", "trend")
        for account in ("kapolres", "wakapolres", "kabagren", "tim1", "kapolda", "auditor")
    }
    | {
        ("layanan:manage-history", account): "the Polda has changed no standard of its own"
        for account in ("kapolda", "auditor", "admin.polda")
    }
    | {
        ("supervisi:oddity-list", account): "no unit lies below a station"
        for account in ("kapolsek.senori", "kapolsek.grabagan")
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
        ("layanan:gratuity-list", account): "the account wrote no gratuity report"
        for account in ("admin", "kapolres", "siwas", "kapolda", "auditor", "admin.polda", "operator.baru")
    }
    | {
        ("layanan:innovation-manage", "kapolsek.grabagan"): "the station has no innovation of its own",
        ("layanan:innovation-manage", "kapolda"): "the Polda has no innovation of its own",
        ("layanan:simba-manage", "kapolda"): "the Polda offers no practice",
        ("supervisi:own-evidence", "kapolda"): "the Polda keeps no evidence",
        ("supervisi:evidence-list", "kapolda"): "the Polda keeps no evidence",
        ("supervisi:evidence-list", "auditor"): "the Polda keeps no evidence",
        ("supervisi:finding-list", "kapolsek.senori"): "Senori's visit is under way: nothing was handed over",
        ("supervisi:finding-board", "kapolda"): "his office owns no finding; supervisors review the stations'",
    }
)


# Whose dashboards have which figures.
DASHBOARDS = {
    "kapolres": ("polres-tuban", "polsek-tuban", "polsek-senori"),
    "kabagren": ("polsek-montong",),
    "bagren": ("polres-tuban",),
    "auditor": ("polda-jawa-timur",),
    "kapolsek.grabagan": ("polsek-grabagan",),
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
            make_import_drafts()
        yield
        transaction.set_rollback(True)
        outer.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def _demo(district, settings, place, _own_files):
    settings.IS_DEMO = True
    settings.STORAGES = settings.STORAGES | {"default": storage(place)}


WHOLE = "kapolres"
# A district and a station ask both databases; what the others see differs by right and unit, not by SQL.
BOTH = {WHOLE, "kapolsek.senori"}


@pytest.mark.parametrize(
    "account", [pytest.param(name, marks=() if name in BOTH else pytest.mark.once) for name in ACCOUNTS]
)
def test_every_page_opens_and_says_something(account):
    client = Client()
    client.force_login(User.objects.get(username=account), backend="wbbm.organisasi.auth.PostingBackend")
    faults, empty, opened = [], set(), 0
    everything = list(targets())
    # Who sees most opens every address; the others a few of each route, for their right differs and not the page.
    for name, target in everything if account == WHOLE else some_of(everything, 0):
        with Counted() as counted:
            answer = client.get(target)
        written = [sql for sql in counted.statements if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
        if any("django_session" not in sql for sql in beyond_looks(name, written)):
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


# Lists of which no account of the demo below sees a line, with the reason.
UNSEEN: dict[str, str] = {}


# The first see all the lists between them; the last is refused most pages.
READ_LISTS, REFUSED = ("kapolres", "auditor", "admin.polda", "siwas"), "kapolsek.senori"


def test_every_list_comes_as_a_file_for_whoever_sees_its_page():
    """Follow the link of a page of each list; whoever is refused the page gets no file either."""
    routes = {route: name for name, kind in LISTS.items() for route in kind.routes}
    units = Unit.objects.filter(code__in=["polres-tuban", "polsek-tambakboyo"]).values_list("pk", flat=True)
    own = {"", *units}
    known = [(routes[route], target) for route, target in targets() if route in routes]
    pages = [(name, target) for name, target in known if "/satuan/" not in target or number_in(target) in own]
    pages.append(("perbandingan", compared()))
    faults, unseen = [], set(LISTS)
    for account in READ_LISTS:
        client = client_of(account)
        for name, target in pages:
            if name not in unseen:
                continue
            said = client.get(target).content.decode()
            found = re.search(rf'href="(/supervisi/daftar/{name}\.csv[^"]*)"', said)
            if found is not None:
                unseen.discard(name)
                assert found[1].replace(".csv", ".xlsx") in said
                faults += [] if holds_a_line(client, found[1]) else [f"{account} {found[1]}"]
    client = client_of(REFUSED)
    for name, target in pages:
        address = reverse("supervisi:list-file", args=[name, "csv"])
        file = client.get(f"{address}?id={number_in(target)}&{target.partition('?')[2]}")
        b"".join(file)
        if file.status_code == 200 and client.get(target).status_code != 200:
            faults.append(f"{REFUSED} gets the file of {target}, and not the page")
    assert "\n".join(faults) == ""
    assert unseen == set(UNSEEN)


def client_of(account: str) -> Client:
    """Sign an account in."""
    client = Client()
    client.force_login(User.objects.get(username=account), backend="wbbm.organisasi.auth.PostingBackend")
    return client


def number_in(target: str) -> int | str:
    """Return what a page is about."""
    return resolve(target.partition("?")[0]).kwargs.get("pk", "")


def compared() -> str:
    """Return the comparison of two sheets of one station."""
    newer, older = Checklist.objects.filter(layer="supervision", status="final").order_by("unit", "-pk")[:2]
    return reverse("supervisi:comparison", args=[newer.pk]) + f"?dengan={older.pk}"


def holds_a_line(client: Client, link: str) -> bool:
    """Tell whether the file that a page links has headings and at least a line below them."""
    answer = client.get(html.unescape(link))
    is_file = answer.status_code == 200 and answer["Content-Disposition"].startswith("attachment")
    return is_file and len(b"".join(answer).decode("utf-8-sig").strip().split("\r\n")) > 2


def test_every_figure_on_the_dashboards_leads_to_its_derivation():
    """No figure stands without a link; the links of each role open, at the very place of the figure."""
    units = {unit.code: unit.pk for unit in Unit.objects.all()}
    faults, opened = [], set()
    for account, codes in DASHBOARDS.items():
        client = client_of(account)
        # Of each kind of page one: a district's map alone has hundreds of figures.
        few: dict[str, str] = {}
        for code in codes:
            found = Figures(client.get(reverse("supervisi:unit-dashboard", args=[units[code]])).content.decode())
            faults += [f"{account} {code}: {text}" for text in found.alone]
            assert len(found.links) > 8, (account, code)
            for link in found.links:
                if link.startswith("/"):
                    few.setdefault(resolve(link.partition("#")[0].partition("?")[0]).view_name, link)
        opened |= set(few)
        faults += [f"{account}: {link}" for link in few.values() if not leads(client, link)]
    assert "\n".join(faults) == ""
    assert {"supervisi:derivation", "supervisi:comparison", "supervisi:rollup-derivation"} <= opened


def leads(client: Client, link: str) -> bool:
    """Tell whether a link opens a page that has the place it names."""
    answer = client.get(link.partition("#")[0])
    place = link.partition("#")[2]
    return answer.status_code == 200 and (not place or f'id="{place}"' in answer.content.decode())
