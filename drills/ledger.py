"""The ledger: what was sent and what was acknowledged, held against the database at the end."""

from __future__ import annotations

import hashlib
import itertools
import statistics
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

SAVED, CONFLICT = "saved", "conflict"


@dataclass(frozen=True)
class Sent:
    """One operation or upload, as the device made it."""

    uuid: str
    author: int
    sheet: int
    item: str
    # The letter of an answer; the SHA-256 of a file.
    content: str
    is_file: bool = False


@dataclass(frozen=True)
class Try:
    """One request and its end; status 0 is a line that broke."""

    kind: str
    began: float
    ended: float
    status: int
    is_good: bool
    author: int = 0


@dataclass
class Ledger:
    """Everything that the clients know, and what is wrong with it."""

    sent: dict[str, Sent] = field(default_factory=dict)
    # By UUID: the code and the version that the person was told.
    told: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    told_at: dict[str, float] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    tries: list[Try] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0
    false_saved: int = 0
    others: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # --- while it runs ------------------------------------------------------------------------------------

    def send(self, what: Sent) -> None:
        """Note what leaves a device for the first time."""
        with self._lock:
            self.sent[what.uuid] = what

    def tell(self, uuid: str, code: str, version: int | None) -> None:
        """Note what a person was told; told twice, it must be the same."""
        with self._lock:
            before = self.told.setdefault(uuid, (code, version))
            self.told_at.setdefault(uuid, time.monotonic())
        if before != (code, version):
            self.wrong(f"{uuid}: told {before}, then {(code, version)}")

    def refuse(self, uuid: str, status: int) -> None:
        """Note a refusal that the device takes as final."""
        with self._lock:
            self.refused[uuid] = status

    def note(self, attempt: Try) -> None:
        """Note a request."""
        with self._lock:
            self.tries.append(attempt)

    def wrong(self, text: str) -> None:
        """Note a violation that is neither loss nor doubling."""
        with self._lock:
            self.others.append(text)

    def claim_falsely(self, text: str) -> None:
        """Note a reply that says "tersimpan" with nothing behind it."""
        with self._lock:
            self.false_saved += 1
            self.others.append(text)

    def forgive(self, since: float) -> None:
        """Let what was acknowledged since then be stored or not: the machine was lost, and the backup is older."""
        for uuid in [uuid for uuid, at in self.told_at.items() if at >= since]:
            del self.told[uuid]

    def failures(self, since: float, until: float | None = None, kind: str = "") -> list[Try]:
        """Return the requests that began in a span of time and failed."""
        end = time.monotonic() if until is None else until
        with self._lock:
            return [
                each for each in self.tries
                if since <= each.began <= end and not each.is_good and each.kind != "ended" and kind in ("", each.kind)
            ]  # fmt: skip

    def successes(self, since: float, kind: str = "save") -> int:
        """Return how many requests that began since then went well."""
        with self._lock:
            return sum(each.began >= since and each.is_good and each.kind == kind for each in self.tries)

    # --- afterwards ---------------------------------------------------------------------------------------

    @property
    def acknowledged(self) -> int:
        """How many operations and uploads were said to be stored."""
        return sum(code == SAVED for code, _ in self.told.values())

    @property
    def violations(self) -> int:
        """How much is wrong."""
        return len(self.others)

    def longest_gap(self) -> float:
        """Return the longest time in seconds in which nobody's save was acknowledged."""
        ends = sorted(each.ended for each in self.tries if each.kind == "save" and each.is_good)
        return max((later - sooner for sooner, later in itertools.pairwise(ends)), default=0.0)

    def save_p95(self) -> float:
        """Return the time of a save in milliseconds that 95 of 100 stay below."""
        spent = [(each.ended - each.began) * 1000 for each in self.tries if each.kind == "save" and each.is_good]
        return statistics.quantiles(spent, n=20)[18] if len(spent) > 1 else 0.0

    def check(self, sheets: list[int]) -> None:
        """Hold everything against the database: each acknowledged write once, as told, and nothing else."""
        self._check_answers(sheets)
        self._check_versions(sheets)
        self._check_files(sheets)

    def _check_answers(self, sheets: list[int]) -> None:
        from supervisi.models import AnswerRevision

        rows = {str(row.uuid): row for row in AnswerRevision.objects.filter(checklist__in=sheets)}
        outcomes = {SAVED: "accepted", CONFLICT: "conflict"}
        for uuid, (code, version) in self.told.items():
            what = self.sent[uuid]
            if what.is_file:
                continue
            row = rows.get(uuid)
            facts = row and (row.outcome, row.value["answer"], row.author_id, row.checklist_id)
            if row is None or facts != (outcomes[code], what.content, what.author, what.sheet):
                self._lose(f"{what.item} {uuid}: told {code}, stored {facts}")
            elif code == SAVED and row.new_version != version:
                self.wrong(f"{what.item} {uuid}: told version {version}, stored {row.new_version}")
        for uuid in rows.keys() - self.told.keys():
            # What was sent and never answered may be stored or not; what was refused, or never sent, may not.
            if uuid not in self.sent or uuid in self.refused:
                self._double(f"{uuid}: stored, but {self.refused.get(uuid, 'never sent')}")

    def _check_versions(self, sheets: list[int]) -> None:
        from supervisi.models import Answer, AnswerRevision

        trails: dict[int, list[tuple[int, Any]]] = defaultdict(list)
        kept = AnswerRevision.objects.filter(checklist__in=sheets, outcome="accepted").order_by("new_version")
        for answer, version, value in kept.values_list("answer", "new_version", "value"):
            trails[answer].append((version, value))
        for answer in Answer.objects.filter(checklist__in=sheets):
            trail = trails.get(answer.pk, [])
            if [version for version, _ in trail] != list(range(1, answer.version + 1)):
                self._double(f"answer {answer.pk}: versions {[version for version, _ in trail]} of {answer.version}")
            elif trail and trail[-1][1] != answer.value:
                self._lose(f"answer {answer.pk}: its value is not the last accepted one")

    def _check_files(self, sheets: list[int]) -> None:
        from supervisi.models import AnswerEvidence

        links = AnswerEvidence.objects.filter(answer__checklist__in=sheets).select_related("evidence__file")
        rows = {str(link.uuid): link for link in links}
        for uuid in (uuid for uuid in self.told if self.sent[uuid].is_file):
            link = rows.get(uuid)
            if link is None or link.evidence.file.original_sha256 != self.sent[uuid].content:
                self._lose(f"file {uuid}: told saved, stored {link and link.evidence.file.original_sha256}")
        for uuid in rows.keys() - self.told.keys():
            if uuid not in self.sent or uuid in self.refused:
                self._double(f"file {uuid}: stored, but {self.refused.get(uuid, 'never sent')}")
        counted = Counter(link.evidence.file.original_sha256 for link in links)
        for digest, count in counted.items():
            if count > 1:
                self._double(f"file {digest[:12]} is attached {count} times")
        for link in links:
            self._check_bytes(link.evidence.file)

    def _check_bytes(self, file: Any) -> None:
        from django.core.files.storage import default_storage

        try:
            with default_storage.open(file.path) as kept:
                digest = hashlib.sha256(kept.read()).hexdigest()
            is_whole = digest == file.sha256 and default_storage.size(file.thumbnail_path) > 0
        except OSError:
            is_whole = False
        if not is_whole:
            self._lose(f"file {file.path}: its bytes are missing or not those of its row")

    def _lose(self, text: str) -> None:
        self.lost += 1
        self.others.append(text)

    def _double(self, text: str) -> None:
        self.doubled += 1
        self.others.append(text)

    def figures(self) -> dict[str, Any]:
        """Return what the line of a drill says."""
        return {
            "acknowledged": self.acknowledged,
            "lost": self.lost,
            "doubled": self.doubled,
            "false_saved": self.false_saved,
            "violations": self.violations,
            "longest_unavailability_s": round(self.longest_gap(), 1),
            "save_p95_ms": round(self.save_p95()),
            "wrong": self.others[:5],
        }
