"""The device's queue: replayed, reordered, sent from two tabs, cut after the commit, altered, sent as somebody else."""

from __future__ import annotations

import json
import random
import socket
import threading
import uuid
from dataclasses import dataclass
from typing import Any

from drills.ledger import CONFLICT, SAVED, Sent
from drills.load import Reply, ask, form, photos, unlike
from drills.run import Drill, Run
from drills.stack import wait_until

WITHIN = 20.0


@dataclass(frozen=True)
class Queued:
    """A record of the queue on a device, as it is sent each time."""

    what: Sent
    path: str
    headers: dict[str, str]
    body: bytes


class Device:
    """One person's device; nobody else works on his sheet."""

    def __init__(self, run: Run) -> None:
        self.run = run
        # The last editor has no thread of his own in this drill.
        self.person = run.world.editors[-1]
        self.sheet = run.world.sheets[-1]

    def queue(self, item: str, letter: str, base: int) -> Queued:
        """Write an answer into the queue."""
        what = Sent(str(uuid.uuid4()), self.person, self.sheet, item, letter)
        value = {"answer": letter, "note": "", "checked": "site", "on_behalf_of": None}
        document = {"uuid": what.uuid, "item": item, "base": base, "value": value}
        headers = self.run.world.headers(self.person) | {
            "Content-Type": "application/json", "X-WBBM-User": str(self.person),
        }  # fmt: skip
        self.run.ledger.send(what)
        return Queued(what, f"/supervisi/lembar/{self.sheet}/operasi/", headers, json.dumps(document).encode())

    def send(self, record: Queued, **changes: Any) -> Reply:
        """Send a record; tell the ledger what the person is told."""
        headers = record.headers | changes.get("headers", {})
        reply = ask(self.run.stack.port, "POST", record.path, headers, changes.get("body", record.body))
        document = reply.json()
        if (reply.status, document.get("code")) in {(200, SAVED), (409, CONFLICT)} and not changes:
            self.run.ledger.tell(record.what.uuid, document["code"], document.get("version"))
        return reply

    def cut(self, record: Queued) -> None:
        """Send a record and close the line once the server has committed, before anything of the reply is read."""
        from supervisi.models import AnswerEvidence, AnswerRevision

        rows = (AnswerEvidence if record.what.is_file else AnswerRevision).objects.filter(uuid=record.what.uuid)
        lines = [f"POST {record.path} HTTP/1.1", f"Host: 127.0.0.1:{self.run.stack.port}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in record.headers.items()]
        head = "\r\n".join([*lines, f"Content-Length: {len(record.body)}", "", ""]).encode()
        with socket.create_connection(("127.0.0.1", self.run.stack.port), timeout=WITHIN) as line:
            line.sendall(head + record.body)
            wait_until(rows.exists, WITHIN, "committed")


def device_queue(run: Run) -> None:
    """Do with a queue whatever a bad line, two tabs or a curious person can do with it."""
    device = Device(run)
    items = list(run.world.items.items())
    first = [device.queue(item, letters[0], 0) for item, letters in items]
    replies = [device.send(record) for record in first]
    run.require({reply.status for reply in replies} == {200}, "the queue was not taken")
    for _ in range(3):
        _replay(run, device, first, replies)
    _cut(run, device, items)
    _reorder(run, device, items[0])
    _two_tabs(run, device, items[1])
    _foreign(run, device, first)
    _photo(run, device)


def _same(run: Run, first: Reply, again: Reply, what: str) -> None:
    is_same = (again.status, again.json()) == (first.status, first.json())
    run.require(is_same, f"{what}: {again.status} {again.content[:80]!r} instead of the first reply")
    run.rounds += 1


def _replay(run: Run, device: Device, records: list[Queued], replies: list[Reply]) -> None:
    for record, reply in random.sample(list(zip(records, replies, strict=True)), len(records)):
        _same(run, reply, device.send(record), "replayed")


def _cut(run: Run, device: Device, items: list[tuple[str, list[str]]]) -> None:
    from supervisi.models import AnswerRevision

    for item, letters in items:
        record = device.queue(item, letters[1], 1)
        device.cut(record)
        stored = AnswerRevision.objects.get(uuid=record.what.uuid).reply
        again = device.send(record)
        run.require((again.status, again.json()) == (200, stored), f"cut: {again.status} instead of the first reply")
        run.rounds += 1


def _reorder(run: Run, device: Device, item: tuple[str, list[str]]) -> None:
    """Six answers to one item arrive in any order: each is kept, the item has one trail."""
    records = [device.queue(item[0], item[1][turn % 2], 2 + turn) for turn in range(6)]
    for record in random.sample(records, len(records)):
        reply = device.send(record)
        run.require(reply.status in {200, 409}, f"reordered: {reply.status}")
        _same(run, reply, device.send(record), "reordered and replayed")


def _two_tabs(run: Run, device: Device, item: tuple[str, list[str]]) -> None:
    for turn in range(10):
        record, replies = device.queue(item[0], item[1][turn % 2], 2 + turn), []
        tabs = [threading.Thread(target=lambda: replies.append(device.send(record))) for _ in range(4)]  # noqa: B023
        for tab in tabs:
            tab.start()
        for tab in tabs:
            tab.join()
        for reply in replies[1:]:
            _same(run, replies[0], reply, "from two tabs")


def _foreign(run: Run, device: Device, first: list[Queued]) -> None:
    """Another person's session sends the queue, and another payload comes under a known UUID: nothing is stored."""
    other = run.world.headers(run.world.editors[0])
    for record in first[:5]:
        reply = device.send(record, headers=other)
        run.require(reply.status == 403 and reply.json().get("code") == "user", f"sent as another: {reply.status}")
        altered = record.body.replace(b'"note": ""', b'"note": "lain"')
        reply = device.send(record, body=altered)
        run.require(reply.status == 422 and reply.json().get("code") == "uuid-reused", f"altered: {reply.status}")
        run.rounds += 2


def _photo(run: Run, device: Device) -> None:
    import hashlib

    photo = unlike(photos(1)[0])
    item = next(iter(run.world.items))
    what = Sent(str(uuid.uuid4()), device.person, device.sheet, item, hashlib.sha256(photo).hexdigest(), is_file=True)
    body, kind = form({"uuid": what.uuid, "camera_time": ""}, photo)
    run.ledger.send(what)
    path = f"/supervisi/jawaban/{run.world.answers[str(device.sheet)][item]}/bukti/"
    record = Queued(what, path, run.world.headers(device.person) | {"Content-Type": kind}, body)
    device.cut(record)
    for _ in range(2):
        reply = device.send(record)
        run.require(reply.status == 200, f"photo cut and sent again: {reply.status}")
        run.rounds += 1


DRILLS = [
    Drill("device-queue", device_queue, "Antrean perangkat diulang, diacak, dari dua tab, diputus sesudah tersimpan",
          load={"editors": 7}),
]  # fmt: skip
