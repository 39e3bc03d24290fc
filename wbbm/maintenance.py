"""Whether the portal is being updated: one file says so.

`manage.py maintenance on` writes it. Every page then says that the portal comes back in a moment
(wbbm/maintenance_page.py), and `serve` lets its workers rest (wbbm/jobs/supervise.py).
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from django.conf import settings


def _flag() -> Path:
    return Path(settings.DATA_DIR) / "pembaruan"


def is_on() -> bool:
    """Tell whether the portal is being updated."""
    return _flag().exists()


def turn_on() -> None:
    """Say that it is; safe to do twice."""
    _flag().touch(mode=0o600)


def turn_off() -> None:
    """Say that it is no longer; safe to do twice."""
    with contextlib.suppress(FileNotFoundError):
        _flag().unlink()
