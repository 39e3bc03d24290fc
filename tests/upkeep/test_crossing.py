"""A laptop's set grows onto a server: equal content on PostgreSQL, with the two roles of deploy/."""

import io
import os
import subprocess
from contextlib import closing

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection

from supervisi.services.recompute import recompute
from tests import servers
from tests.upkeep import machines
from wbbm.organisasi.models import AuditEvent
from wbbm.upkeep.backups import keys, making, restore

pytestmark = [
    pytest.mark.servers,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not machines.IS_SQLITE, reason="begins on SQLite"),
    pytest.mark.skipif(servers.postgres_bin() is None, reason="PostgreSQL is not installed"),
]
PASSWORDS = {"OWNER_PASSWORD": "sandi-pemilik", "WEB_PASSWORD": "sandi-web"}


def test_a_set_of_sqlite_is_restored_on_postgresql_with_equal_content(settings, tmp_path):
    settings.BACKUP_KEY = "kunci-untuk-uji-saja-" * 3
    settings.DATA_DIR, settings.BACKUP_DIR = tmp_path / "laptop", tmp_path / "usb"
    settings.DATA_DIR.mkdir()
    settings.BACKUP_DIR.mkdir()
    machines.live_in()
    made = making.make_full(settings.BACKUP_DIR)
    files = machines.stored()
    with servers.postgres() as address, machines.empty_machine(settings, tmp_path / "server"):
        script = ["psql", "-v", "ON_ERROR_STOP=1", "-q", "-f", "deploy/server/roles.sql", address]
        subprocess.run(script, check=True, env=os.environ | PASSWORDS, cwd=machines.ROOT)
        host = address.rpartition("@")[2].rpartition("/")[0]
        owner = f"postgres://portal_owner:{PASSWORDS['OWNER_PASSWORD']}@{host}/portal"
        said = io.StringIO()
        call_command("restore", str(made.path), into=owner, stdout=said)
        assert f"sidik {made.manifest.content}" in said.getvalue()
        assert "Nilai: utuh" in said.getvalue()

        # The portal's own role reads it, adds to it, and makes sets of it.
        web = owner.replace("portal_owner", "portal_web").replace("sandi-pemilik", "sandi-web")
        with restore._connected(restore.target_of(web)):
            assert connection.vendor == "postgresql"
            assert machines.stored() == files
            assert recompute(is_dry_run=True) == []
            AuditEvent.objects.create(action="uji")
            again = making.make_full(tmp_path / "usb")
        assert again.manifest.engine == "postgresql"
        restore.check(again.path, keys.parted(settings.BACKUP_KEY))
        # What is not empty is left alone.
        with pytest.raises(restore.TargetRefused, match="tidak kosong"):
            restore.restore(made.path, keys.parted(settings.BACKUP_KEY), owner, said.write)
        with closing(psycopg2.connect(owner)) as direct, direct.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM organisasi_auditevent WHERE action = 'uji'")
            assert cursor.fetchone() == (1,)

        # After an upgrade that failed (docs/operasi.md) the database steps aside; an empty one has its name and rights.
        with closing(psycopg2.connect(address)) as direct:
            direct.autocommit = True
            direct.cursor().execute("ALTER DATABASE portal RENAME TO portal_baru")
        subprocess.run(script, check=True, cwd=machines.ROOT)
        with machines.empty_machine(settings, tmp_path / "kembali"):
            call_command("restore", str(made.path), into=owner, stdout=said)
            with restore._connected(restore.target_of(web)):
                assert machines.stored() == files
                assert not AuditEvent.objects.filter(action="uji").exists()
