"""Upgrade the database of this environment as a release does, and say as JSON what came of it; run by the test."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

PEOPLE = ("kapolres", "kapolsek.senori", "bagren", "tim1", "siwas", "admin", "auditor")


def hashes() -> dict[int, str]:
    """Read the hashes of final sheets by plain SQL: before the tables are migrated the models don't fit them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, content_hash FROM supervisi_checklist WHERE status = 'final'")
        return dict(cursor.fetchall())


def trail() -> list[Any]:
    """Read number and action of every act."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, action, object_id FROM organisasi_auditevent ORDER BY id")
        return cursor.fetchall()


def said(name: str, **options: Any) -> str:
    """Run a command; return its output."""
    out = io.StringIO()
    # A command that found something wrong ends by its code; what it said is looked at.
    with contextlib.suppress(SystemExit):
        call_command(name, stdout=out, **options)
    return out.getvalue().strip()


def pages() -> dict[str, int]:
    """Open what stands in the menu of some people; return the pages that did not open."""
    from django.test import Client

    from wbbm.organisasi.models import User

    wrong, opened = {}, 0
    for name in PEOPLE:
        client = Client(raise_request_exception=False)
        client.force_login(User.objects.get(username=name), backend="wbbm.organisasi.auth.PostingBackend")
        first = client.get("/dasbor/", follow=True)
        places = {"/dasbor/", *re.findall(r'href="(/[^"#?]*)"', first.content.decode().split("<main")[0])}
        for place in sorted(places - {"/keluar/"}):
            status = client.get(place, follow=True).status_code
            opened += 1
            if status != 200:
                wrong[f"{name} {place}"] = status
    return wrong | {"opened": opened}


def main() -> None:
    """Do it."""
    from django.test.utils import setup_test_environment

    from wbbm.organisasi.guards import remove_guards

    setup_test_environment()
    before, acts = hashes(), trail()
    call_command("prepare", stdout=io.StringIO())
    # A release that brings guards and no migration: they are installed all the same.
    remove_guards()
    call_command("prepare", stdout=io.StringIO())
    from supervisi.models import Checklist
    from supervisi.services.checklists import content_hash

    after = {sheet.pk: content_hash(sheet) for sheet in Checklist.objects.filter(status="final")}
    facts = {
        "final_sheets": len(before),
        "hashes_same": before == hashes() == after,
        "acts_same": trail()[: len(acts)] == acts and len(acts) > 100,
        "audit": json.loads(said("verify_audit", json=True)),
        "scores": said("recompute_scores", dry_run=True),
        "pages": pages(),
    }
    print(json.dumps(facts, default=str))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wbbm.settings")
    django.setup()
    main()
