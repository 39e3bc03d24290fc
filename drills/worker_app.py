"""The portal's Celery app with the drills' kinds of jobs, as tests/worker_app.py has those of the tests."""

from __future__ import annotations

import django

django.setup()

from drills import kinds  # noqa: E402
from wbbm.celery import app  # noqa: E402

__all__ = ["app"]

kinds.register()
