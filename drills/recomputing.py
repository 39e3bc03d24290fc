"""Compute everything anew all the while, as an admin does whom the figures puzzle: `python -m drills.recomputing`."""

from __future__ import annotations

import signal
import threading

import django

django.setup()

from django.db import DatabaseError, close_old_connections, connection  # noqa: E402

from supervisi.services.recompute import recompute  # noqa: E402


def main() -> None:
    """Go on through every fault, until told to stop."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while not stop.wait(1):
        try:
            close_old_connections()
            recompute(is_dry_run=False)
        except (DatabaseError, OSError):
            connection.close()


if __name__ == "__main__":
    main()
