"""Pages of an older release that are still open: they save, or are told to reload; and admins read what is new."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from supervisi.models import AnswerRevision
from tests.clients import Sessions
from tests.factories import make_person, make_unit
from tests.supervisi.sheets import body, make_world
from wbbm import version
from wbbm.organisasi.models import Role
from wbbm.upkeep.changelog import read_changelog


@pytest.mark.django_db
def test_an_old_page_saves_or_is_told_to_reload_and_nothing_is_written_twice(monkeypatch):
    world = make_world()
    client = Sessions().of(world.leader)
    target = f"/supervisi/lembar/{world.checklist.pk}/operasi/"
    entry = json.dumps(body())

    def send(**headers):
        given = {"X-WBBM-User": str(world.leader.pk), "Accept": "application/json"} | headers
        return client.post(target, entry, content_type="application/json", headers=given)

    # The release before this one sends no number: its pages go on saving.
    monkeypatch.setattr(version, "OLDEST_PAGE", 2)
    monkeypatch.setattr(version, "PAGE", 3)
    for headers in ({}, {"X-Portal-Version": "1"}, {"X-Portal-Version": "4"}, {"X-Portal-Version": "²"}):
        refused = send(**headers)
        # By 403 the scripts of every release keep the entry, and send it from the next page.
        assert (refused.status_code, refused.json()["code"]) == (403, "reload"), headers
        assert "muat ulang" in refused.json()["message"]
    assert not AnswerRevision.objects.exists()
    assert [send(**{"X-Portal-Version": "3"}).status_code for _ in range(2)] == [200, 200]
    assert AnswerRevision.objects.count() == 1
    # What no script of the device sends is never asked for its number.
    assert client.get("/dasbor/", follow=True).status_code == 200
    monkeypatch.undo()
    assert send().status_code == 200
    assert f'data-portal-version="{version.PAGE}"' in client.get("/akun/").content.decode()


@pytest.mark.django_db
def test_admins_read_which_release_runs_and_what_changed():
    unit = make_unit(name="Polres Uji")
    admin, operator = (make_person(unit, role) for role in (Role.ADMIN, Role.OPERATOR))
    page = Sessions().of(admin).get("/yang-baru/").content.decode()
    assert f"versi {version.VERSION}" in page and "jejak audit, lembar final dan buktinya tetap" in page
    assert Sessions().of(operator).get("/yang-baru/").status_code == 404
    assert Client().get("/yang-baru/").status_code == 302
    index = Sessions().of(admin).get("/admin/").content.decode()
    assert f"versi {version.VERSION}" in index and 'href="/yang-baru/"' in index


def test_the_changelog_is_read_without_its_marks():
    text = "# Judul\n- hilang\n\n## 2026.12\n\n- Satu `/lapor/`\n  lanjut <b>\n- **Dua** [tautan](docs/x.md)\n"
    [release] = read_changelog(text)
    assert (release.title, release.lines) == ("2026.12", ["Satu /lapor/ lanjut <b>", "Dua tautan"])
    assert read_changelog("") == []
    assert {found.title for found in read_changelog()} & {"Belum dirilis", version.VERSION}
