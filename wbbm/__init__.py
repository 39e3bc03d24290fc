"""The portal's project: settings, URLs, errors, and the floors below supervision."""

from .celery import app as celery_app

__all__ = ["celery_app"]
