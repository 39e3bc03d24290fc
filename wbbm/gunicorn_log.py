"""Gunicorn's log in the portal's own words: by itself it writes addresses, and paths with one-time links."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger

from .logs import ContextFilter, JsonFormatter, LineFormatter
from .traceless import TracelessFilter


class SafeLogger(Logger):
    """Writes errors as the portal does, and no access log."""

    def setup(self, cfg: Any) -> None:
        """Let each handler write by our formatter."""
        super().setup(cfg)
        formatter = JsonFormatter() if settings.LOG_FORMAT == "json" else LineFormatter()
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter)
            handler.addFilter(TracelessFilter())
            handler.addFilter(ContextFilter())

    def access(self, *args: Any, **named: Any) -> None:
        """Write nothing: nobody's visits are kept."""
