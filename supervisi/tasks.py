"""Kinds of jobs of supervision, registered with wbbm.jobs."""


def register() -> None:
    """Register the handlers."""
