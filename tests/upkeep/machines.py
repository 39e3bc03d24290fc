"""A portal with something in it, and an empty machine to restore it on."""

from __future__ import annotations

import contextlib
import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from supervisi.models import ChecklistStatus
from supervisi.rollup_key import KIND
from tests import processes
from tests.factories import make_person
from tests.files import samples
from tests.supervisi.districts import make_province, set_status
from wbbm.files.models import StoredFile
from wbbm.files.services import receive, store
from wbbm.jobs import services as jobs
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import tell
from wbbm.organisasi.models import AccessLink, FactorReset, Role
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.services.links import new_link
from wbbm.organisasi.services.seals import seal_all
from wbbm.upkeep.backups import restore

ROOT = Path(__file__).resolve().parent.parent.parent
IS_SQLITE = connection.vendor == "sqlite"


def keep_file(by, seed=1):
    """Keep a photo; return its row."""
    file = store(receive(samples.upload(samples.photo(seed), "foto.jpg")), kind="uji", by=by)
    file.save()
    return file


def live_in():
    """Make a portal with scores, files, an audit trail, mail to come, a session and a one-time link."""
    province = make_province(2)
    for sheet in province.sheets:
        set_status(sheet, ChecklistStatus.SUBMITTED)
    jobs.drain(kind=KIND)
    # Waits for its computing when the set is made.
    set_status(province.sheets[0], ChecklistStatus.REVIEWED)
    reader = make_person(province.polres[0], Role.COMMANDER, email="kapolres@contoh.example")
    admin = make_person(province.polda, Role.ADMIN)
    FactorReset.objects.create(person=reader, reason="Ponsel hilang", asked_by=admin)
    tell([reader], kind=NoticeKind.SHEET, text="Lembar diserahkan.", url="/dasbor/", unit=province.polres[0], key="k")
    keep_file(reader)
    new_link(reader, by=None, lasts=datetime.timedelta(hours=72))
    record("person.changed", by=reader, about=reader, unit=province.polda)
    seal_all()
    record("sign-out", by=reader, unit=province.polda)
    session = SessionStore()
    session["_auth_user_id"] = str(reader.pk)
    session.save()
    assert Session.objects.exists()
    assert AccessLink.objects.usable(timezone.now()).exists()
    return province


@dataclass
class Machine:
    """An empty machine: its folder, and what `--into` says."""

    folder: Path
    into: str

    def everything(self):
        """List all that lies in the folder, and the tables of the database."""
        files = sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))
        return files if IS_SQLITE else [*files, *self.tables()]

    def tables(self):
        """List the tables of the PostgreSQL database."""
        with self.inside(), connection.cursor() as cursor:
            return connection.introspection.table_names(cursor)

    def inside(self):
        """Let the default connection lead into this machine's database."""
        return restore._connected(restore.target_of(self.into))


@contextlib.contextmanager
def empty_machine(settings, place: Path):
    """Go to an empty machine: another folder, another store of files, on PostgreSQL another database."""
    before = settings.DATA_DIR, settings.STORAGES
    place.mkdir()
    settings.DATA_DIR = place
    backend = settings.STORAGES["default"]["BACKEND"]
    options = {"location": str(place / "files"), "base_url": None}
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": backend, "OPTIONS": options}}
    # Other processes of the suite have machines of their own on the same server.
    name = f"pulih_{place.name}_{os.getpid()}"
    try:
        if IS_SQLITE:
            yield Machine(place, str(place))
            return
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield Machine(place, processes.database_url().rpartition("/")[0] + f"/{name}")
    finally:
        settings.DATA_DIR, settings.STORAGES = before
        if not IS_SQLITE:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def yesterday():
    """Return this time of the day before."""
    return timezone.now() - datetime.timedelta(days=1)


def stored():
    """Return every stored file's path and hash."""
    return set(StoredFile.objects.values_list("path", "sha256"))
