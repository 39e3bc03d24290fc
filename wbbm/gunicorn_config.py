"""What gunicorn can't be told by its options: its log, and the listener for metrics."""

from __future__ import annotations

import os
from typing import Any

logger_class = "wbbm.gunicorn_log.SafeLogger"


def on_starting(server: Any) -> None:
    """Open the second listener where METRICS_PORT is set, before the first process starts."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wbbm.settings")
    from django.conf import settings

    from wbbm import metrics

    if settings.METRICS_PORT:
        metrics.begin()
        server.cfg.set("bind", [*server.cfg.bind, f"{metrics.LOOPBACK}:{settings.METRICS_PORT}"])
