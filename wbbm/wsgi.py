"""WSGI entry of the portal (gunicorn wbbm.wsgi)."""

import gc
import os

from django.core.checks import Tags
from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application
from django.db import connections

from wbbm.metrics import with_metrics
from wbbm.roomy import roomy

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wbbm.settings")
application = roomy(with_metrics(get_wsgi_application()))
# Whoever starts the web, and however: example data are never served as real ones (wbbm/checks.py).
BaseCommand().check(tags=[Tags.database], databases=["default"])
connections.close_all()
# Looking for cycles at Python's usual pace takes a sixth of a request's time. What stands now stays for good, and each
# request leaves few cycles behind, so that looking less often costs little memory.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 50)
