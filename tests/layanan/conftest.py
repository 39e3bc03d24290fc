"""Fixtures for the tests of the public's side."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from layanan import report_tokens


@pytest.fixture(autouse=True)
def _quiet_lanes(monkeypatch):
    """Begin with lanes that nobody used, and let all that a test sends fall into one window of ten minutes."""
    cache.clear()
    began = report_tokens.time.time()
    monkeypatch.setattr(report_tokens, "_window", lambda: int(began) // report_tokens.WINDOW_SECONDS)
