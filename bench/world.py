"""What is measured in a simulated country: its pages, its users' sessions, a sheet of each kind."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.load import Target
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist, ChecklistStatus, Layer, Period, PeriodKind, VisitStatus
from wbbm.organisasi.models import Posting, Role, Unit, UnitKind, User

FREE = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
_BACKEND = "wbbm.organisasi.auth.PostingBackend"


@dataclass(frozen=True)
class Page:
    """A page and who opens it."""

    key: str
    user: User
    address: str


class World:
    """A simulated country as its users see it."""

    def __init__(self) -> None:
        self.root = Unit.objects.get(kind=UnitKind.MABES)
        self.quarter = Period.objects.get(kind=PeriodKind.QUARTER, settled_at__isnull=True)
        self.year = Period.objects.get(kind=PeriodKind.YEAR, settled_at__isnull=True)
        # The district of middle size: neither the luckiest nor the worst.
        districts = list(Unit.objects.filter(kind=UnitKind.POLRES, numchild__gt=1).order_by("numchild", "path"))
        self.polres = districts[len(districts) // 2]
        self.polda = Unit.objects.get(path=self.polres.parent_path)
        self.station = Unit.objects.filter(path__startswith=self.polres.path, kind=UnitKind.POLSEK)[0]
        drafts = Checklist.objects.filter(layer=Layer.SUPERVISION, status=ChecklistStatus.DRAFT).with_frame()
        found = drafts.filter(visit__status=VisitStatus.ONGOING, unit__kind=UnitKind.POLSEK).order_by("pk").first()
        assert found is not None  # of some twenty visits one is under way
        self.draft = found

    def holder(self, unit: Unit, role: str) -> User:
        """Return who holds an office."""
        return Posting.objects.filter(unit=unit, role=role).order_by("pk")[0].user

    def pages(self) -> list[Page]:
        """Return the pages that are measured."""
        head = self.holder(self.root, Role.COMMANDER)
        leader = self.draft.created_by
        dashboards = [
            Page(f"dashboard-{unit.kind}", self.holder(unit, Role.COMMANDER), f"/supervisi/satuan/{unit.pk}/")
            for unit in (self.station, self.polres, self.polda, self.root)
        ]
        return [
            *dashboards,
            Page("list-units", head, "/supervisi/satuan/"),
            Page("list-visits", self.holder(self.polres, Role.COMMANDER), "/supervisi/kunjungan/"),
            Page("list-visits-mabes", head, "/supervisi/kunjungan/"),
            Page("area", leader, f"/supervisi/lembar/{self.draft.pk}/area/1/"),
        ]

    # --- requests -------------------------------------------------------------------------------------------

    def headers(self, user: User) -> dict[str, str]:
        """Return the headers of a signed-in browser."""
        client = signed_in(user)
        token = secrets.token_hex(16)
        cookie = f"sessionid={client.cookies['sessionid'].value}; csrftoken={token}"
        return {"Cookie": cookie, "X-CSRFToken": token, "Accept": "text/html"}

    def page_target(self, page: Page) -> Target:
        """Return the requests of a page."""
        return Target(page.address, self.headers(page.user))

    def bare_target(self, page: Page, queries: int, size: int) -> Target:
        """Return the requests of the bare view beside it."""
        return Target(f"/ukur/{queries}/{size}/", self.headers(page.user))

    def save_target(self) -> Target:
        """Return saves: each client an item of its own, letters in turn; the same person never conflicts."""
        items = [item for item in engine_instrument(self.draft.instrument).items if item.options]
        versions = dict(Answer.objects.filter(checklist=self.draft).values_list("item__code", "version"))

        def body(client: int, turn: int) -> bytes:
            item = items[client % len(items)]
            base = versions.get(item.code, 0) + turn if client < len(items) else 0
            value: dict[str, Any] = {"note": "", "checked": "site", "on_behalf_of": None}
            value["answer"] = item.options[turn % 2].code
            return encode({"uuid": str(uuid.uuid4()), "item": item.code, "base": base, "value": value})

        headers = self.headers(self.draft.created_by) | {
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        return Target(f"/supervisi/lembar/{self.draft.pk}/operasi/", headers, body)

    def bare_save_target(self, queries: int) -> Target:
        """Return the bare statements of as many saves, each client an answer of its own."""
        other = Checklist.objects.filter(status=ChecklistStatus.DRAFT).exclude(pk=self.draft.pk).order_by("pk").first()
        assert other is not None
        answers = list(Answer.objects.filter(checklist=other).order_by("pk").values_list("pk", flat=True))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return Target(
            lambda client: f"/ukur/simpan/{queries}/{answers[client % len(answers)]}/",
            self.headers(self.draft.created_by) | form,
            f"lembar={other.pk}".encode(),
        )


def encode(document: dict[str, Any]) -> bytes:
    """Write JSON as a device sends it."""
    return json.dumps(document).encode()


def signed_in(user: User) -> Client:
    """Return a client that comes from where the portal is served."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user, backend=_BACKEND)
    return client


def statements_of(ask: Callable[..., Any], *args: Any, **options: Any) -> tuple[int, int]:
    """Return how many statements a request sends, transactions not counted, and how long its reply is."""
    connection.queries_log.clear()
    with CaptureQueriesContext(connection) as seen:
        reply = ask(*args, **options)
    assert reply.status_code == 200, (args, reply.status_code, reply.content[:200])
    count = sum(not query["sql"].upper().startswith(FREE) for query in seen.captured_queries)
    return count, len(reply.content)


def queries_of(user: User, address: str) -> tuple[int, int]:
    """Return the same of a page that was opened before."""
    client = signed_in(user)
    client.get(address)
    return statements_of(client.get, address)
