"""The demo database of the previous release (tests/upgrade/) becomes one of this release, on the engine at hand."""

from __future__ import annotations

import json
import lzma
import os
import subprocess
import sys
from contextlib import closing
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.conf import settings

from tests.portal import ROOT, environment
from tests.upgrade.make import DUMP, FACTS, FILES, HERE, KEYS, SQLITE


@pytest.fixture
def previous(tmp_path):
    """Unpack it; yield the environment of an installation that has just got the new code."""
    # What pages of before load, which are open on phones.
    (tmp_path / "static/js").mkdir(parents=True)
    (tmp_path / "static/js/queue.0123456789ab.js").write_text("")
    # Debian's Python is older than the filter that `tarfile` wants.
    subprocess.run(["tar", "--extract", "--file", HERE / FILES, "--directory", tmp_path], check=True)
    env = environment(tmp_path, DEMO="1", DEBUG="1") | KEYS
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        with lzma.open(HERE / SQLITE) as packed:
            (tmp_path / "portal.sqlite3").write_bytes(packed.read())
        yield env
        return
    server, name = os.environ["DATABASE_URL"], f"wbbm_upgrade_{os.getpid()}"
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")
        address = urlsplit(server)._replace(path=f"/{name}").geturl()
        dump = lzma.decompress((HERE / DUMP).read_bytes())
        command = ["psql", "--quiet", "--set", "ON_ERROR_STOP=1", address.replace("postgres://", "postgresql://")]
        subprocess.run(command, input=dump, check=True, stdout=subprocess.DEVNULL)
        yield env | {"DATABASE_URL": address}
        connection.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_previous_release_is_upgraded_and_nothing_is_lost(previous, tmp_path):
    facts = json.loads((HERE / FACTS).read_text())
    command = [sys.executable, "-W", "error", "-m", "tests.upgrade.drive"]
    done = subprocess.run(command, cwd=ROOT, env=previous, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert (found["final_sheets"], found["hashes_same"]) == (facts["final_sheets"], True)
    assert found["acts_same"] and found["scores"] == "Tidak ada selisih."
    assert found["audit"]["faults"] == [], found["audit"]
    assert (tmp_path / "static/js/queue.0123456789ab.js").exists()
    opened = found["pages"].pop("opened")
    assert found["pages"] == {} and opened > 40


def test_the_fixture_is_small():
    sizes = {name: (HERE / name).stat().st_size for name in (SQLITE, DUMP, FILES)}
    assert {name: size for name, size in sizes.items() if size > 1_500_000} == {}
