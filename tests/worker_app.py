"""The portal's Celery app with two kinds of jobs for tests, and a sign that a worker is at work.

WBBM_TEST_SLOW makes a roll-up pause, by chance up to so many seconds, between reading and writing, so that others come
in between. With WBBM_TEST_WITHOUT_LEASE the worker works without claims: the twin, in which the guard is missing.
"""

from __future__ import annotations

import os
import random
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import django

django.setup()

from celery.signals import worker_ready  # noqa: E402
from django.db.models import F  # noqa: E402

from supervisi.services import scores  # noqa: E402
from wbbm.celery import app  # noqa: E402
from wbbm.jobs import registry, services  # noqa: E402
from wbbm.jobs.models import Job  # noqa: E402

__all__ = ["app"]


def _sleep(claim: services.Claim) -> None:
    """Work for as many seconds as the payload says."""
    time.sleep(float(claim.payload["seconds"]))


services.register("tidur", _sleep, queue="berat")
services.register("tidur-cepat", _sleep, queue="cepat")


def _spin(claim: services.Claim) -> None:
    """Never return, and let no error out."""
    while True:
        with suppress(Exception):
            time.sleep(0.01)


# What no job may do to the others (tests/jobs/test_dead_jobs.py); "bukan" is the good one behind them.
# The lease of what never returns outlasts its limit: the limit is to end it, not the sweep.
_POISON = {
    "keluar": (lambda claim: os._exit(3), 1.0),
    "putar": (_spin, 60.0),
    "bukan": (lambda claim: None, 1.0),
}
for _name, (_handler, _lease) in _POISON.items():
    registry.add(registry.Kind(f"racun-{_name}", _handler, "cepat", _lease, None, 1.0))


class _Unclaimed(services.Claim):
    """A job that anybody may be at as well; done is whatever is wanted at its end."""

    def complete(self) -> None:
        """Set the job done without asking whose it is."""
        Job.objects.filter(pk=self.job_id).update(done=F("wanted"))
        self.is_complete = True


def take_without_lease(job_id: int) -> services.Claim | None:
    """Take an open job, whoever else is at it."""
    job = Job.objects.open().filter(pk=job_id).first()
    Job.objects.filter(pk=job_id).update(rings=0)
    return _Unclaimed(job.pk, job.kind, job.key, job.payload, uuid.uuid4(), job.wanted) if job else None


_compute = scores.compute_result


def _compute_slowly(subject: scores.Subject) -> scores.Result:
    """Compute a unit's row; take a while before it can be written, where there is something below."""
    result = _compute(subject)
    if not subject.unit.is_leaf():
        time.sleep(random.uniform(0, float(os.environ["WBBM_TEST_SLOW"])))
    return result


if "WBBM_TEST_WITHOUT_LEASE" in os.environ:
    services.claim = take_without_lease
if "WBBM_TEST_SLOW" in os.environ:
    scores.compute_result = _compute_slowly


@worker_ready.connect
def _tell(**_: Any) -> None:
    """Leave a file behind: from now on the worker takes jobs."""
    if "WBBM_TEST_READY" in os.environ:
        Path(os.environ["WBBM_TEST_READY"]).touch()
