"""Two people at one sheet: eight who save over the same items, two who make it final, fifty times."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

from drills.load import Reply, ask
from drills.run import Drill, Run

ROUNDS = 50
# Promise P2: eight editors, so many saves each, on the same items.
SAVES = 500
SAVES_WITHIN = 150.0


def two_finalise(run: Run) -> None:
    """Let two commanders make the same sheet final at once."""
    for pk in _disclosed_sheets(run):
        gate, replies = threading.Barrier(2), []
        threads = [
            threading.Thread(target=_finalise, args=[run, pk, person, gate, replies]) for person in run.world.commanders
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statuses = sorted(reply.status for reply in replies)
        run.require(statuses == [302, 409], f"sheet {pk}: {statuses}")
        _require_final_once(run, pk)
        run.rounds += 1


def _finalise(run: Run, pk: int, person: int, gate: threading.Barrier, replies: list[Reply]) -> None:
    headers = run.world.headers(person)
    gate.wait()
    replies.append(ask(run.stack.port, "POST", f"/supervisi/lembar/{pk}/langkah/finalise/", headers, b""))


def _require_final_once(run: Run, pk: int) -> None:
    from supervisi.models import Checklist, VerificationCode
    from supervisi.services.content import content_hash
    from wbbm.organisasi.models import AuditEvent

    sheet = Checklist.objects.with_frame().get(pk=pk)
    acts = AuditEvent.objects.filter(action="checklist.finalise", object_type="supervisi.checklist", object_id=pk)
    facts = (sheet.status, acts.count(), VerificationCode.objects.filter(checklist=pk).count())
    run.require(facts == ("final", 1, 1), f"sheet {pk}: {facts}")
    run.require(sheet.content_hash == content_hash(sheet), f"sheet {pk}: its hash is not that of its content")


def _disclosed_sheets(run: Run) -> list[int]:
    """Make stations whose sheets only wait to be made final."""
    from supervisi.models import Checklist, ChecklistStatus
    from tests.factories import make_unit
    from tests.supervisi.districts import make_sheet, set_status
    from wbbm.organisasi.models import Unit, UnitKind

    first = Checklist.objects.with_frame().get(pk=run.world.sheets[0])
    polres = Unit.objects.get(pk=run.world.polres)
    place = SimpleNamespace(period=first.period, instrument=first.instrument, leader=first.created_by)
    found = []
    for number in range(ROUNDS):
        station = make_unit(polres, kind=UnitKind.POLSEK, name=f"Polsek Final {number}", code=f"polsek-final-{number}")
        sheet = make_sheet(place, station, level=number)
        set_status(sheet, ChecklistStatus.DISCLOSED)
        found.append(sheet.pk)
    return found


def eight_editors(run: Run) -> None:
    """Let eight editors save on the same twelve items as fast as they are answered."""
    until = time.monotonic() + SAVES_WITHIN
    while run.ledger.successes(0) < SAVES * run.load.editors and time.monotonic() < until:
        time.sleep(0.2)
    run.rounds = run.ledger.successes(0)
    run.require(run.rounds >= SAVES * run.load.editors, f"{run.rounds} saves in {SAVES_WITHIN:.0f} s")


DRILLS = [
    Drill("two-finalise", two_finalise, "Dua pimpinan memfinalkan lembar yang sama bersamaan", load={"editors": 2}),
    Drill(
        "eight-editors", eight_editors, "Delapan pengisi pada butir yang sama, secepat dibalas",
        load={"pace": 0.0, "uploads": False, "is_crowded": True},
    ),
]  # fmt: skip
