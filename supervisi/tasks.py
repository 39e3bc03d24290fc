"""Kinds of jobs of supervision, registered with wbbm.jobs."""

from wbbm.jobs.services import register as register_kind

from .rollup_key import KIND


def register() -> None:
    """Register the handlers."""
    from .services.scores import roll_up

    register_kind(KIND, roll_up)
