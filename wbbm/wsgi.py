"""WSGI entry of the portal (gunicorn wbbm.wsgi)."""

import os

from django.core.checks import Tags
from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wbbm.settings")
application = get_wsgi_application()
# Whoever starts the web, and however: example data are never served as real ones (wbbm/checks.py).
BaseCommand().check(tags=[Tags.database], databases=["default"])
connections.close_all()
