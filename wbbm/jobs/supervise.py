"""Supervision of child processes: restarts what dies, ends all, leaves no orphan."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_PR_SET_PDEATHSIG = 1
_END_SECONDS = 8.0


def _die_with_parent() -> None:
    """Ask Linux to kill this child when its parent is gone, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class Child:
    """One process that must run."""

    name: str
    command: list[str]
    # A program whose banner tells nobody anything; errors are shown all the same.
    is_quiet: bool = False
    # Ended while the portal is being updated, and started again afterwards.
    may_rest: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None)
    is_resting: bool = field(default=False)

    def rest(self) -> None:
        """Let the process end once, after what it is at; starting it again is no fault then."""
        if self.is_running and not self.is_resting:
            self.is_resting = True
            self.signal(signal.SIGTERM)

    def start(self) -> None:
        """Start the process in a group of its own, and say so where it had died."""
        if self.process is not None and not self.is_resting:
            sys.stderr.write(f"{self.name} berhenti; dijalankan lagi\n")
        self.is_resting = False
        self.process = subprocess.Popen(  # noqa: S603 (our own commands)
            self.command,
            env=os.environ.copy(),
            preexec_fn=_die_with_parent,
            start_new_session=True,
            stdout=subprocess.DEVNULL if self.is_quiet else None,
        )

    @property
    def is_running(self) -> bool:
        """Tell whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal to the process."""
        if self.process is not None and self.is_running:
            self.process.send_signal(number)


def supervise(children: list[Child], stop: threading.Event, resting: Callable[[], bool] = lambda: False) -> None:
    """Keep the children running until `stop` is set, then end them all; those that may rest only while nobody rests."""
    try:
        while not stop.is_set():
            is_rest = resting()
            for child in children:
                if is_rest and child.may_rest:
                    child.rest()
                elif not child.is_running and not stop.is_set():
                    child.start()
            stop.wait(0.3)
    finally:
        _end(children)


def _end(children: list[Child]) -> None:
    for child in children:
        child.signal(signal.SIGTERM)
    until = time.monotonic() + _END_SECONDS
    while time.monotonic() < until and any(child.is_running for child in children):
        time.sleep(0.1)
    for child in children:
        child.signal(signal.SIGKILL)
        if child.process is not None:
            child.process.wait(timeout=5)
