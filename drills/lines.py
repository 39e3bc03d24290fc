"""Fifty clients that drop their line in the middle of a request, three times."""

from __future__ import annotations

import json
import socket
import struct
import time
import uuid
from contextlib import closing

import psycopg2

from drills.ledger import Sent
from drills.run import Drill, Run

CLIENTS, TIMES = 50, 3
STALL_SECONDS = 3.0
# A transaction that waits longer than this for its next statement waits for a client.
IDLE_SECONDS = 2.0
GRACE_SECONDS = 0.5


def dropped(run: Run) -> None:
    """Begin requests, let them stand for a while, and drop them; then look what is left of them."""
    for _ in range(TIMES):
        lines = [_begin(run, number) for number in range(CLIENTS)]
        _require_no_open_transaction(run, STALL_SECONDS)
        for number, line in enumerate(lines):
            if number % 2:
                # Reset instead of a goodbye.
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.close()
        since = time.monotonic() + GRACE_SECONDS
        _require_no_open_transaction(run, IDLE_SECONDS + 1)
        run.require_no_failures(since, "after the lines were dropped")
        run.rounds += 1


def _begin(run: Run, number: int) -> socket.socket:
    """Send half the head, half the body of an answer, or a whole answer whose reply nobody reads."""
    world = run.world
    person, sheet = world.editors[number % 8], world.sheets[0]
    item, letters = next(iter(world.items.items()))
    value = {"answer": letters[0], "note": "a" * 2000, "checked": "site", "on_behalf_of": None}
    what = Sent(str(uuid.uuid4()), person, sheet, item, letters[0])
    body = json.dumps({"uuid": what.uuid, "item": item, "base": 0, "value": value}).encode()
    lines = [f"POST /supervisi/lembar/{sheet}/operasi/ HTTP/1.1", f"Host: 127.0.0.1:{run.stack.port}"]
    lines += [f"{name}: {text}" for name, text in world.headers(person).items()]
    head = "\r\n".join([*lines, "Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]).encode()
    parts = {0: head[: len(head) // 2], 1: head + body[: len(body) // 2], 2: head + body}
    if number % 3 == 2:
        run.ledger.send(what)
    line = socket.create_connection(("127.0.0.1", run.stack.port), timeout=10)
    line.sendall(parts[number % 3])
    return line


def _require_no_open_transaction(run: Run, seconds: float) -> None:
    """Look for so long at what PostgreSQL says of its connections."""
    until = time.monotonic() + seconds
    with closing(psycopg2.connect(run.stack.environment["DATABASE_URL"])) as link, link.cursor() as cursor:
        link.autocommit = True
        while time.monotonic() < until:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state LIKE 'idle in transaction%%' AND now() - state_change > %s * interval '1 second'",
                [IDLE_SECONDS],
            )
            count = cursor.fetchone()[0]
            if count:
                run.ledger.wrong(f"{count} connections wait in a transaction")
                return
            time.sleep(0.2)


DRILLS = [
    Drill("lines-dropped", dropped, "50 perangkat memutus sambungan di tengah permintaan"),
]
