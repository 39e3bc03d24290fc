"""Fixtures for all tests."""

from __future__ import annotations

import pytest
from django.conf import settings


def pytest_configure() -> None:
    """Make the folder that whitenoise looks for; tests serve static files from their sources."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    """Give every test a file store of its own, and a doorbell that is not silent from the test before."""
    from wbbm.jobs import doorbell

    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "files"), "base_url": None},
        }
    }
    doorbell.end_silence()
