"""Every GET route of the resolver, opened as each role on the demo district: no 500, no empty page undeclared."""

from __future__ import annotations

import html
import io
import re

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings
from django.urls import resolve, reverse
from openpyxl import load_workbook

from supervisi.lists.registry import LISTS
from supervisi.models import Checklist
from tests.figures import Figures
from tests.pages_of_demo import ACCOUNTS, DEMO, make_import_drafts, targets
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
    "kabagren": ("polres-tuban", "polsek-montong"),
    "bagren": ("polres-tuban",),
    "auditor": ("polda-jawa-timur", "polres-tuban"),
    "kapolda": ("polda-jawa-timur",),
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


# One account of each role asks both databases; what the others see differs by unit, not by SQL.
BOTH = {"admin", "kapolres", "tim1", "bagren", "siwas", "kapolsek.senori", "auditor"}


@pytest.mark.parametrize(
    "account", [pytest.param(name, marks=() if name in BOTH else pytest.mark.once) for name in ACCOUNTS]
)
def test_every_page_opens_and_says_something(account):
    client = Client()
    client.force_login(User.objects.get(username=account), backend="wbbm.organisasi.auth.PostingBackend")
    faults, empty, opened = [], set(), 0
    for name, target in targets():
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


def test_every_list_comes_as_a_file_for_whoever_sees_its_page():
    """Follow the links of each page; where the page is refused, its list is refused the same way."""
    faults, seen = [], set()
    routes = {route: name for name, kind in LISTS.items() for route in kind.routes}
    known = [(route, target) for route, target in targets() if route in routes]
    units = set(
        Unit.objects.filter(code__in=["polres-tuban", "polsek-senori", "polsek-tambakboyo"]).values_list(
            "pk", flat=True
        )
    )
    few = [(route, target) for route, target in known if "/satuan/" not in target or number_in(target) in {"", *units}]
    pages = [(routes[route], target) for route, target in few] + [("perbandingan", compared())]
    for account in ("kapolres", "kapolsek.senori", "auditor", "admin", "siwas"):
        client = Client()
        client.force_login(User.objects.get(username=account), backend="wbbm.organisasi.auth.PostingBackend")
        for name, target in pages:
            page = client.get(target)
            links = re.findall(rf'href="(/supervisi/daftar/{name}\.(csv|xlsx)[^"]*)"', page.content.decode())
            if page.status_code != 200:
                file = client.get(f"/supervisi/daftar/{name}.csv?id={number_in(target)}&{target.partition('?')[2]}")
                if file.status_code != page.status_code:
                    faults.append(f"{account} {target} {page.status_code}, its file {file.status_code}")
            elif links and (account, name) not in seen:
                seen.add((account, name))
                faults += [f"{account} {link}" for link, suffix in links if not holds_a_line(client, link, suffix)]
    assert "\n".join(faults) == ""
    assert set(LISTS) - {name for _, name in seen} == set(UNSEEN)


def number_in(target: str) -> int | str:
    """Return what a page is about."""
    return resolve(target.partition("?")[0]).kwargs.get("pk", "")


def compared() -> str:
    """Return the comparison of two sheets of one station."""
    newer, older = Checklist.objects.filter(layer="supervision", status="final").order_by("unit", "-pk")[:2]
    return reverse("supervisi:comparison", args=[newer.pk]) + f"?dengan={older.pk}"


def holds_a_line(client: Client, link: str, suffix: str) -> bool:
    """Tell whether the file that a page links has headings and at least a line below them."""
    answer = client.get(html.unescape(link))
    content = b"".join(answer)
    if answer.status_code != 200 or not answer["Content-Disposition"].startswith("attachment"):
        return False
    if suffix == "csv":
        return len(content.decode("utf-8-sig").strip().split("\r\n")) > 2
    return load_workbook(io.BytesIO(content), read_only=True).active.max_row > 2


def test_every_figure_on_the_dashboards_leads_to_its_derivation():
    """No figure stands without a link; the links of each role open, at the very place of the figure."""
    units = {unit.code: unit.pk for unit in Unit.objects.all()}
    faults, opened = [], set()
    for account, codes in DASHBOARDS.items():
        client = Client()
        client.force_login(User.objects.get(username=account), backend="wbbm.organisasi.auth.PostingBackend")
        for code in codes:
            page = client.get(reverse("supervisi:unit-dashboard", args=[units[code]]))
            found = Figures(page.content.decode())
            faults += [f"{account} {code}: {text}" for text in found.alone]
            assert len(found.links) > 8, (account, code)
            # Of each kind of page a few: a district's map alone has hundreds of figures.
            few: dict[str, list[str]] = {}
            for link in dict.fromkeys(found.links):
                if link.startswith("/"):
                    few.setdefault(resolve(link.partition("#")[0].partition("?")[0]).view_name, []).append(link)
            for name, links in few.items():
                opened.add(name)
                faults += [f"{account} {code}: {link}" for link in [*links[:2], links[-1]] if not leads(client, link)]
    assert "\n".join(faults) == ""
    assert {"supervisi:derivation", "supervisi:comparison", "supervisi:rollup-derivation"} <= opened


def leads(client: Client, link: str) -> bool:
    """Tell whether a link opens a page that has the place it names."""
    answer = client.get(link.partition("#")[0])
    place = link.partition("#")[2]
    return answer.status_code == 200 and (not place or f'id="{place}"' in answer.content.decode())
