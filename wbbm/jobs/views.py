"""Health of the running portal."""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .health import DatabaseSilent, silent_queues

log = logging.getLogger(__name__)
# What this process said last: a monitor that asks all the time fills no log.
_said: list[str] = []


@never_cache
@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if the database answers and each queue's canary came back within 30 s, else 503 with the part."""
    try:
        silent = [f"antrean {queue}" for queue in silent_queues()]
    except DatabaseSilent:
        silent = ["basis data"]
    _log_change(silent)
    if not silent:
        return JsonResponse({"status": "baik"})
    response = JsonResponse({"status": "gangguan", "bagian": silent}, status=503)
    # Django would call each of these answers an error of ours.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _log_change(silent: list[str]) -> None:
    """Write a line when other parts are silent than at the last question; two threads may both do so."""
    if silent == _said:
        return
    _said[:] = silent
    if silent:
        log.warning("silent: %s", ", ".join(silent))
    else:
        log.info("all parts answer again")
