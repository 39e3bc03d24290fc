"""Requests from many clients at once, each with a kept connection; timed outside the portal's processes."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Target:
    """What is asked for: address by client, headers, and for a POST the body by client and its turn."""

    path: str | Callable[[int], str]
    headers: dict[str, str]
    body: bytes | Callable[[int, int], bytes] | None = None

    def path_of(self, client: int) -> str:
        """Return the address that a client asks for."""
        return self.path if isinstance(self.path, str) else self.path(client)

    def body_of(self, client: int, turn: int) -> bytes | None:
        """Return what a client sends."""
        return self.body if self.body is None or isinstance(self.body, bytes) else self.body(client, turn)


@dataclass
class Load:
    """What was measured: milliseconds of each request, and the seconds that it took."""

    seconds: float = 0.0
    spent: list[float] = field(default_factory=list)
    size: int = 0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.spent) / self.seconds

    @property
    def p50(self) -> float:
        """The middle, in milliseconds."""
        return statistics.median(self.spent)

    @property
    def p95(self) -> float:
        """Ninety-five of a hundred are faster, in milliseconds."""
        return statistics.quantiles(self.spent, n=20)[18] if len(self.spent) > 1 else self.spent[0]

    def add(self, other: Load) -> None:
        """Put another round to this one."""
        self.seconds += other.seconds
        self.spent += other.spent
        self.size = other.size or self.size


def run_load(port: int, target: Target, clients: int, seconds: float) -> Load:
    """Ask from so many clients for so long; an answer that is not 200 ends the run."""
    found, faults, until = Load(), [], time.perf_counter() + seconds

    def client(number: int) -> None:
        path = target.path_of(number)
        link, turn = http.client.HTTPConnection("127.0.0.1", port, timeout=60), 0
        while time.perf_counter() < until and not faults:
            body = target.body_of(number, turn)
            began = time.perf_counter()
            link.request("GET" if body is None else "POST", path, body, target.headers)
            reply = link.getresponse()
            content = reply.read()
            found.spent.append((time.perf_counter() - began) * 1000)
            if reply.status != 200:
                faults.append(f"{path}: {reply.status} {content[:200]!r}")
            found.size = len(content)
            turn += 1
        link.close()

    began = time.perf_counter()
    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.seconds = time.perf_counter() - began
    if faults:
        raise AssertionError(faults[0])
    return found


def by_turns(sides: dict[str, tuple[int, Target]], clients: int, seconds: float, rounds: int) -> dict[str, Load]:
    """Load each side in turn, round after round: what else the machine does meets all alike."""
    found = {name: Load() for name in sides}
    for port, target in sides.values():
        run_load(port, target, min(clients, 4), 0.3)  # warms up
    for _ in range(rounds):
        for name, (port, target) in sides.items():
            found[name].add(run_load(port, target, clients, seconds))
    return found
