"""The portal with the bare views of the benchmark beside its pages (gunicorn bench.wsgi)."""

from django.conf import settings

from wbbm.wsgi import application

__all__ = ["application"]

# Read with the first request, which is still to come.
settings.ROOT_URLCONF = "bench.urls"
