"""The Celery app: a doorbell between web and workers (docs/keputusan/0002-tabel-pekerjaan.md)."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wbbm.settings")

app = Celery("wbbm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["wbbm.jobs"])


def is_worker() -> bool:
    """Tell whether this process is a Celery worker, by `celery … worker` or by `python -m celery … worker`."""
    return "worker" in sys.argv[1:] and "celery" in Path(sys.argv[0]).parts[-2:]


def transport_options() -> dict[str, Any]:
    """Return the broker's options for this process.

    A web process gives up after half a second: the job table remembers, the sweep rings again. A worker waits longer,
    but not for ever for a host that is gone; kombu's own default would look for lost messages every 100 s only.
    """
    from django.conf import settings

    if not settings.REDIS_URL:
        folder = settings.DATA_DIR / "antrean"
        control = settings.DATA_DIR / "antrean-kendali"
        folder.mkdir(parents=True, exist_ok=True)
        control.mkdir(parents=True, exist_ok=True)
        return {
            "data_folder_in": str(folder),
            "data_folder_out": str(folder),
            "control_folder": str(control),
            "store_processed": False,
            "polling_interval": 0.1,
        }
    worker = {"visibility_timeout": 3600, "unacked_restore_interval": 2, "unacked_restore_throttle": 1}
    if is_worker():
        return worker | {"socket_timeout": 10, "socket_connect_timeout": 4, "socket_keepalive": True}
    return worker | {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "max_retries": 0, "retry_on_timeout": False}


TRANSPORT_ALIASES["filesystem"] = "wbbm.jobs.folder_broker:Transport"
# The folder broker has no host; kombu would warn about it at every start.
logging.getLogger("kombu.connection").setLevel(logging.ERROR)
app.conf.broker_transport_options = transport_options()
app.conf.broker_connection_timeout = 4 if is_worker() else 0.5
app.conf.broker_connection_retry_on_startup = True
app.conf.broker_connection_max_retries = None
app.conf.task_default_queue = "cepat"
app.conf.worker_prefetch_multiplier = 1
app.conf.worker_send_task_events = False
app.conf.worker_enable_remote_control = False
app.conf.task_acks_late = True
app.conf.task_reject_on_worker_lost = True
