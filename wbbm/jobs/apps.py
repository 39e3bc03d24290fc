"""App configuration of the jobs."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The job table and its workers."""

    name = "wbbm.jobs"
    label = "jobs"
    verbose_name = "Pekerjaan"

    def ready(self) -> None:
        """Load the Celery app, so that tasks bind to it, the portal's checks, and the canaries."""
        from wbbm import checks  # noqa: F401
        from wbbm.celery import app  # noqa: F401
        from wbbm.jobs import canary

        canary.register_canaries()
