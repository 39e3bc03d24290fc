"""WSGI entry of the portal (gunicorn wbbm.wsgi)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wbbm.settings")
application = get_wsgi_application()
