"""The portal's Celery app with two kinds of jobs for tests: a long one, and one that can be killed on the way."""

from __future__ import annotations

import time

import django

django.setup()

from wbbm.celery import app  # noqa: E402
from wbbm.jobs.services import Claim, register  # noqa: E402

__all__ = ["app"]


def _sleep(claim: Claim) -> None:
    """Work for as many seconds as the payload says."""
    time.sleep(float(claim.payload["seconds"]))


register("tidur", _sleep, queue="berat")
register("tidur-cepat", _sleep, queue="cepat")
