"""The load: eight editors, a reader of the dashboard, a stranger at the door, a recomputation; each tells the ledger.

An editor is a device: what is not answered is sent again with the same UUID until it is answered.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import random
import secrets
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from drills.ledger import CONFLICT, SAVED, Ledger, Sent, Try
from drills.stack import Stack
from drills.world import World

RETRY_SECONDS = 0.4
TIMEOUT = 10.0
# One save in five comes with a photo.
UPLOAD_EVERY = 5
# A device that closes the page gives up; by then every fault is over.
RESOLVE_SECONDS = 30.0
HONEST = ("belum tersimpan", "tidak tersimpan", "belum dapat tersimpan")


@dataclass(frozen=True)
class Reply:
    """What came back; status 0 is a broken line."""

    status: int
    content: bytes
    began: float
    ended: float

    def json(self) -> dict[str, Any]:
        """Return the reply as a document; nothing when it is none."""
        try:
            found = json.loads(self.content)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def ask(port: int, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Reply:
    """Send one request on a line of its own, as the proxy in front does."""
    began = time.monotonic()
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        link.request(method, path, body, headers | {"Connection": "close"})
        answer = link.getresponse()
        return Reply(answer.status, answer.read(), began, time.monotonic())
    except (OSError, http.client.HTTPException):
        return Reply(0, b"", began, time.monotonic())
    finally:
        link.close()


def photos(count: int = 6) -> list[bytes]:
    """Make photos of about 1 MB; `unlike` makes each upload a file of its own."""
    found = []
    for number in range(count):
        grain = Image.effect_noise((1000, 750), 60 + number).convert("RGB")
        buffer = io.BytesIO()
        grain.save(buffer, "JPEG", quality=96, subsampling=0)
        found.append(buffer.getvalue())
    return found


def unlike(photo: bytes) -> bytes:
    """Return the photo with a comment that no other file has."""
    mark = secrets.token_bytes(16)
    return photo[:2] + b"\xff\xfe" + (len(mark) + 2).to_bytes(2, "big") + mark + photo[2:]


def form(fields: dict[str, str], file: bytes) -> tuple[bytes, str]:
    """Encode an upload; return the body and its type."""
    edge = secrets.token_hex(16)
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="foto.jpg"\r\n\r\n'.encode()
    return b"".join([*parts, head, file, f"\r\n--{edge}--\r\n".encode()]), f"multipart/form-data; boundary={edge}"


@dataclass
class Load:
    """All clients of a drill."""

    stack: Stack
    world: World
    ledger: Ledger
    editors: int = 8
    # Seconds between the saves of one editor; 0 is as fast as the portal answers.
    pace: float = 1.0
    uploads: bool = True
    # All on the same few items, or mostly each on a sheet of his own.
    is_crowded: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    gave_up: int = 0
    ended: set[int] = field(default_factory=set)
    _photos: list[bytes] = field(default_factory=list)

    # --- one editor -----------------------------------------------------------------------------------------

    def edit(self, number: int) -> None:
        """Save once a second, and now and then a photo, until told to stop."""
        person = self.world.editors[number]
        chance = random.Random(number)
        known: dict[tuple[int, str], int] = {}
        due, turn = time.monotonic() + chance.random() * self.pace, number
        while not self.stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + self.pace, time.monotonic())
            is_shared = self.is_crowded or chance.random() < 0.3
            sheet = self.world.sheets[0 if is_shared else number + 1]
            item = chance.choice(list(self.world.items))
            self.save(person, sheet, item, chance.choice(self.world.items[item]), known)
            turn += 1
            if self.uploads and turn % UPLOAD_EVERY == 0:
                self.upload(person, sheet, item, unlike(chance.choice(self._photos)))

    def save(
        self, person: int, sheet: int, item: str, letter: str, known: dict[tuple[int, str], int] | None = None
    ) -> Reply | None:
        """Deliver one answer, from the newest version that this device knows."""
        known = {} if known is None else known
        what = Sent(str(uuid.uuid4()), person, sheet, item, letter)
        value = {"answer": letter, "note": "", "checked": "site", "on_behalf_of": None}
        document = {"uuid": what.uuid, "item": item, "base": known.get((sheet, item), 0), "value": value}
        headers = self.world.headers(person) | {"Content-Type": "application/json", "X-WBBM-User": str(person)}
        reply = self._deliver(
            what, "save", f"/supervisi/lembar/{sheet}/operasi/", headers, json.dumps(document).encode()
        )
        if reply is not None and reply.status in {200, 409}:
            known[sheet, item] = reply.json().get("version", 0)
        return reply

    def upload(self, person: int, sheet: int, item: str, photo: bytes) -> Reply | None:
        """Deliver one photo to an answer."""
        what = Sent(str(uuid.uuid4()), person, sheet, item, hashlib.sha256(photo).hexdigest(), is_file=True)
        body, kind = form({"uuid": what.uuid, "camera_time": ""}, photo)
        headers = self.world.headers(person) | {"Content-Type": kind, "X-WBBM-User": str(person)}
        path = f"/supervisi/jawaban/{self.world.answers[str(sheet)][item]}/bukti/"
        return self._deliver(what, "upload", path, headers, body)

    def _deliver(self, what: Sent, kind: str, path: str, headers: dict[str, str], body: bytes) -> Reply | None:
        """Send until it is answered, as a device does; None when the drill ended before."""
        self.ledger.send(what)
        ends_at = float("inf")
        while True:
            reply = ask(self.stack.port, "POST", path, headers, body)
            is_answer = self._judge(what, kind, reply)
            if is_answer:
                return reply
            if self.stop.is_set():
                ends_at = min(ends_at, time.monotonic() + RESOLVE_SECONDS)
            if time.monotonic() > ends_at:
                self.gave_up += 1
                return None
            time.sleep(RETRY_SECONDS)

    def _judge(self, what: Sent, kind: str, reply: Reply) -> bool:
        """Note what a reply means; tell whether the device is done with it (static/js/queue.js)."""
        document = reply.json()
        code = document.get("code", "")
        is_told = (reply.status, code) in {(200, SAVED), (409, CONFLICT)}
        # Whose posting ended is refused from then on: no failure of the portal.
        kind = "ended" if what.author in self.ended else kind
        self.ledger.note(Try(kind, reply.began, reply.ended, reply.status, is_told, what.author))
        if is_told:
            self.ledger.tell(what.uuid, code, document.get("version"))
            if code == CONFLICT and not ("value" in document and document.get("author") and document.get("version")):
                self.ledger.wrong(f"{what.uuid}: a conflict without value, version or author")
            return True
        text = reply.content.decode(errors="replace").lower()
        for words in HONEST:
            text = text.replace(words, "")
        if 200 <= reply.status < 300 or '"saved"' in text or "tersimpan" in text:
            self.ledger.claim_falsely(f"{kind} {what.uuid}: {reply.status} {text[:80]!r}")
        if reply.status in {404, 413} or (400 <= reply.status < 500 and reply.status != 429 and code):
            self.ledger.refuse(what.uuid, reply.status)
            return True
        return False

    # --- the others -----------------------------------------------------------------------------------------

    def read(self) -> None:
        """Open the dashboard once a second."""
        headers = self.world.headers(self.world.reader) | {"Accept": "text/html"}
        while not self.stop.wait(1.0):
            reply = ask(self.stack.port, "GET", f"/supervisi/satuan/{self.world.polres}/", headers)
            self.ledger.note(Try("read", reply.began, reply.ended, reply.status, reply.status == 200))

    def knock(self) -> None:
        """Try as a stranger to read and write a sheet: whatever fails, no guard opens."""
        sheet, item = self.world.sheets[0], next(iter(self.world.items))
        headers = self.world.headers(self.world.stranger)
        while not self.stop.wait(1.0):
            value = {"answer": self.world.items[item][0], "note": "", "checked": "", "on_behalf_of": None}
            document = {"uuid": str(uuid.uuid4()), "item": item, "base": 0, "value": value}
            json_headers = headers | {"Content-Type": "application/json"}
            body = json.dumps(document).encode()
            replies = [
                ask(self.stack.port, "GET", f"/supervisi/lembar/{sheet}/area/1/", headers),
                ask(self.stack.port, "POST", f"/supervisi/lembar/{sheet}/operasi/", json_headers, body),
            ]
            for reply in replies:
                if reply.status in {200, 409}:
                    self.ledger.wrong(f"a guard opened: the stranger got {reply.status}")

    @contextmanager
    def running(self) -> Iterator[Load]:
        """Load for as long as the block lasts; what is on its way then is delivered first."""
        self._photos = photos() if self.uploads else []
        threads = [threading.Thread(target=self.edit, args=[number]) for number in range(self.editors)]
        threads += [threading.Thread(target=self.read), threading.Thread(target=self.knock)]
        recomputing = subprocess.Popen(
            [sys.executable, "-m", "drills.recomputing"], cwd=self.stack.build, env=self.stack.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            for thread in threads:
                thread.start()
            yield self
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()
            # Told, not killed: it gives back what it holds.
            recomputing.terminate()
            try:
                recomputing.wait(timeout=20)
            except subprocess.TimeoutExpired:
                recomputing.kill()
                recomputing.wait()
