"""The drills themselves: their sabotages still fit the code, their ledger sees what is wrong, and one of them runs."""

import json
import os
import subprocess
import sys
import uuid

import pytest

from drills.ledger import Ledger, Sent
from drills.registry import DRILLS
from drills.sabotage import BY_DRILL
from supervisi.models import AnswerRevision
from supervisi.services.answers import save_operation
from tests.portal import ROOT
from tests.supervisi.sheets import LETTER, make_world, op
from tests.unguarded import unguarded


def test_every_drill_has_a_guard_that_can_be_taken_out_of_todays_code_and_a_line_in_the_page():
    page = (ROOT / "docs/ketahanan.md").read_text()
    assert set(DRILLS) <= set(BY_DRILL)
    for name, drill in DRILLS.items():
        assert f"`{name}`" in page, drill.title
    for sabotage in BY_DRILL.values():
        for path, text in sabotage.changed().items():
            compile(text, path, "exec")


@pytest.mark.django_db
def test_the_ledger_sees_what_is_lost_what_nobody_sent_and_what_was_told_otherwise():
    world = make_world("buku")

    def save(letter, base):
        operation = op(LETTER, letter, base)
        outcome = save_operation(checklist=world.checklist, operation=operation, by=world.leader)
        sent = Sent(str(operation.uuid), world.leader.pk, world.checklist.pk, LETTER, letter)
        return sent, outcome.reply["version"]

    def told(*saves):
        ledger = Ledger()
        for sent, version in saves:
            ledger.send(sent)
            ledger.tell(sent.uuid, "saved", version)
        ledger.check([world.checklist.pk])
        return ledger

    first, second = save("A", 0), save("B", 1)
    assert told(first, second).violations == 0
    # Nobody sent the second; the first is told another version; a third was never stored.
    ledger = told(first)
    assert (ledger.lost, ledger.doubled) == (0, 1)
    ledger = told((first[0], 7), second)
    assert ledger.violations == 1
    third = (Sent(str(uuid.uuid4()), world.leader.pk, world.checklist.pk, LETTER, "C"), 3)
    ledger = told(first, second, third)
    assert (ledger.lost, ledger.doubled) == (1, 0)
    with unguarded():
        AnswerRevision.objects.filter(uuid=first[0].uuid).delete()
    ledger = told(first, second)
    assert ledger.lost == 1
    assert ledger.violations > 1


@pytest.mark.servers
@pytest.mark.once
def test_a_drill_runs_and_finds_nothing_wrong(tmp_path):
    """The smallest: two editors on SQLite, kill -9 of the web; `make drills` runs the others and their sabotages."""
    kept = {name: os.environ[name] for name in ("PATH", "TEST_TEMPLATE") if name in os.environ}
    command = [sys.executable, "-m", "drills", "smoke", "--only", "plain"]
    done = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, timeout=180, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0, done.stdout + done.stderr
    [line] = lines
    assert (line["passed"], line["rounds"], line["lost"], line["violations"]) == (True, 1, 0, 0)
    assert line["acknowledged"] > 0
