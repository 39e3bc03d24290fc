"""The one Celery task: do the job with this id."""

from __future__ import annotations

from celery import shared_task

from wbbm.roomy import roomy

from .services import run_from_queue


@shared_task(name="jobs.run", ignore_result=True)
@roomy
def run_job(job_id: int) -> None:
    """Do a job; safe to run twice, for the claim is taken once."""
    run_from_queue(job_id)
