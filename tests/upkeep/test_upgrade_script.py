"""deploy/upgrade.sh with stand-ins for systemctl, git, pip and portal-manage: the order, and every stop."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.portal import ROOT

SCRIPT = ROOT / "deploy/upgrade.sh"
# What each tool says and how it ends; FAIL names the call that goes wrong.
STAND_IN = """#!/bin/sh
case $1 in -C) shift 2 ;; esac
call="$(basename "$0") $*"
echo "$call" >> "$LOG"
case $call in
  "systemctl cat"*) [ "$KIND" = server ]; exit ;;
  *"rev-parse"*) echo "${REV:-abc123}" ;;
  *"maintenance status"*) echo "${STATUS:-terbuka}" ;;
  *" backup"*) echo "Cadangan dibuat."; echo /cadangan/portal-1 ;;
  *recompute_scores*) if [ "$FAIL" = selisih ]; then echo "3 selisih ditemukan"; else echo "Tidak ada selisih."; fi ;;
esac
case $call in *"$FAIL"*) [ -n "$FAIL" ] && exit 1 ;; esac
exit 0
"""
_LOOKS = ("systemctl cat", "git rev-parse", "git status", "git symbolic-ref", "portal-manage maintenance status")
STEPS = {
    "laptop": [
        "portal-manage maintenance on", "portal-manage backup", "git pull --ff-only", "pip install",
        "portal-manage prepare", "portal-manage check --deploy", "portal-manage verify_audit",
        "portal-manage recompute_scores --dry-run", "systemctl restart portal", "portal-manage maintenance off", "curl",
    ],
    "server": [
        "portal-manage maintenance on", "systemctl stop portal-worker@cepat portal-worker@berat portal-sweep",
        "portal-manage backup", "git fetch --tags", "git checkout --detach v9", "pip install",
        "systemctl start portal-prepare", "portal-manage check --deploy", "portal-manage verify_audit",
        "portal-manage recompute_scores --dry-run", "systemctl restart portal.target", "portal-manage maintenance off",
        "curl",
    ],
}  # fmt: skip


class Machine:
    """A folder with the stand-ins, and what was called."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind, self.log = folder, kind, folder / "log"
        tools = folder / "bin"
        (folder / "code/.venv/bin").mkdir(parents=True)
        tools.mkdir()
        for place in [*(tools / name for name in ("systemctl", "git", "portal-manage", "curl"))]:
            self._write(place)
        self._write(folder / "code/.venv/bin/pip")

    @staticmethod
    def _write(place: Path) -> None:
        place.write_text(STAND_IN)
        place.chmod(0o755)

    def upgrade(self, *arguments: str, fail: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        self.log.write_text("")
        env = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "LOG": str(self.log), "KIND": self.kind,
            "FAIL": fail, "PORTAL_CODE": str(self.folder / "code"), "PORTAL_SETTLE": "0",
        } | more  # fmt: skip
        command = ["sh", str(SCRIPT), *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=30)

    def calls(self) -> list[str]:
        """Return what was called that does something."""
        found = self.log.read_text().splitlines()
        return [line for line in found if not line.startswith(_LOOKS)]


@pytest.mark.parametrize("kind", ["laptop", "server"])
def test_every_step_is_taken_in_order_and_the_first_that_fails_stops_all(tmp_path, kind):
    machine, wanted = Machine(tmp_path, kind), ["v9"] if kind == "server" else []
    done = machine.upgrade(*wanted)
    assert done.returncode == 0, done.stderr
    calls = machine.calls()
    assert [step for step, call in zip(STEPS[kind], calls, strict=True) if not call.startswith(step)] == []
    migrated = next(place for place, step in enumerate(STEPS[kind]) if "prepare" in step)
    for place, step in enumerate(STEPS[kind][:-1]):
        stopped = machine.upgrade(*wanted, fail=step)
        assert stopped.returncode == 1, step
        assert len(machine.calls()) == place + 1, step
        said = stopped.stderr
        assert "GAGAL pada langkah" in said
        for word in (f"git -C {tmp_path / 'code'} checkout --detach abc123", "systemctl restart", "maintenance off"):
            assert word in said, step
        # The backup is named once the tables may have changed.
        where = {"laptop": "/var/lib/portal\n", "server": "postgres://portal_owner@"}[kind]
        assert (f"restore /cadangan/portal-1 --into {where}" in said) == (place >= migrated), step
    stopped = machine.upgrade(*wanted, fail="selisih")
    assert (stopped.returncode, machine.calls()[-1]) == (1, "portal-manage recompute_scores --dry-run")
    assert "GAGAL pada langkah: nilai" in stopped.stderr


def test_what_is_run_again_goes_back_to_where_the_first_began(tmp_path):
    machine = Machine(tmp_path, "laptop")
    machine.upgrade(fail="verify_audit")
    again = machine.upgrade(fail="verify_audit", STATUS="sedang diperbarui", REV="new456")
    # The tables have changed: a backup of now would not lead back.
    assert "portal-manage backup" not in machine.calls()
    assert "checkout --detach abc123" in again.stderr and "restore /cadangan/portal-1 --into" in again.stderr
    assert machine.upgrade(STATUS="sedang diperbarui", REV="new456").returncode == 0
    # Finished, and what somebody went back from by hand: the next one begins anew.
    for _ in range(2):
        failed = machine.upgrade(fail="verify_audit", REV="new456")
        assert "portal-manage backup" in machine.calls() and "checkout --detach new456" in failed.stderr


def test_code_that_can_no_longer_be_asked_is_gone_on_with(tmp_path):
    machine = Machine(tmp_path, "laptop")
    machine.upgrade(fail="pip install")
    # The new code lacks a package: nothing of it runs until pip was there.
    again = machine.upgrade(fail="portal-manage", REV="new456")
    assert machine.calls()[0] == "git pull --ff-only" and "pip install" in machine.calls()[1]
    assert "checkout --detach abc123" in again.stderr and "restore /cadangan/portal-1 --into" in again.stderr
    assert machine.upgrade(STATUS="sedang diperbarui", REV="new456").returncode == 0


def test_code_at_one_version_asks_for_the_next_one(tmp_path):
    machine = Machine(tmp_path, "laptop")
    refused = machine.upgrade(fail="symbolic-ref")
    assert (refused.returncode, machine.calls()) == (1, [])
    assert "VERSI=" in refused.stderr
    assert machine.upgrade("v9", fail="symbolic-ref").returncode == 0


def test_changed_code_is_not_overwritten(tmp_path):
    machine = Machine(tmp_path, "laptop")
    git = tmp_path / "bin/git"
    git.write_text(git.read_text().replace("exit 0\n", 'case $call in *status*) echo " M wbbm/x.py" ;; esac\nexit 0\n'))
    refused = machine.upgrade()
    assert (refused.returncode, machine.calls()) == (1, [])
    assert "simpan atau kembalikan dulu" in refused.stderr
