"""Health of the running portal."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .health import DatabaseSilent, silent_queues


@never_cache
@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if the database answers and each queue's canary came back within 30 s, else 503 with the part."""
    try:
        silent = silent_queues()
    except DatabaseSilent:
        return JsonResponse({"status": "gangguan", "bagian": ["basis data"]}, status=503)
    if silent:
        return JsonResponse({"status": "gangguan", "bagian": [f"antrean {queue}" for queue in silent]}, status=503)
    return JsonResponse({"status": "baik"})
