"""Figures for a monitor (Prometheus): `/metrics` on a listener of its own, bound to 127.0.0.1 and METRICS_PORT.

The portal's address has no such page: what comes through nginx never reaches this listener. Requests are counted by the
name of their route and the class of their status; pages on which nobody may be known are not counted at all.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from .cookieless import PREFIXES as UNKNOWN
from .traceless import is_traceless

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

    from wbbm.jobs.state import JobsState

log = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]
LOOPBACK = "127.0.0.1"
PATH = "/metrics"
# Each process of the web writes into files of its own here; whichever is asked adds them up.
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_PROXIED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA")


def is_on() -> bool:
    """Tell whether this process counts: a port is set, and gunicorn's master made the folder."""
    return bool(settings.METRICS_PORT and os.environ.get(_FOLDER))


def begin() -> None:
    """Make the folder anew; gunicorn's master does it before its processes start (wbbm/gunicorn_config.py)."""
    folder: Path = settings.DATA_DIR / f"metrik-{settings.PORT}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    os.environ[_FOLDER] = str(folder)


# --- counting ---------------------------------------------------------------------------------------


class MetricsMiddleware:
    """Counts requests and measures how long they take."""

    def __init__(self, get_response: GetResponse) -> None:
        if not is_on():
            raise MiddlewareNotUsed
        # Imported here: what the library writes to is decided at its import.
        from prometheus_client import Counter, Histogram

        self.get_response = get_response
        labels = ["route", "status"]
        self.requests = Counter("portal_requests", "Requests by route and class of status.", labels, registry=None)
        self.seconds = Histogram(
            "portal_request_seconds", "How long requests took.", ["route"], registry=None, buckets=_BUCKETS
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Count the request, unless nobody may know that there was one."""
        if is_traceless(request.path_info) or request.path_info.startswith(UNKNOWN):
            return self.get_response(request)
        began = time.perf_counter()
        response = self.get_response(request)
        route = route_of(request)
        self.requests.labels(route, f"{response.status_code // 100}xx").inc()
        self.seconds.labels(route).observe(time.perf_counter() - began)
        return response


def route_of(request: HttpRequest) -> str:
    """Return the name of the request's route; a path that leads nowhere has none, whatever it says."""
    match = request.resolver_match
    if match is not None:
        return match.view_name or "unnamed"
    return "static" if request.path_info.startswith(f"/{settings.STATIC_URL.strip('/')}/") else "none"


# --- answering --------------------------------------------------------------------------------------


def with_metrics(application: WSGIApplication) -> WSGIApplication:
    """Return the application, with `/metrics` beside it on its own listener where that is on."""
    if not is_on():
        return application

    def by_listener(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # By the socket that took the connection; nothing that a client says decides this.
        if environ.get("SERVER_PORT") != str(settings.METRICS_PORT):
            return application(environ, start_response)
        return answer(environ, start_response)

    return by_listener


def may_ask(environ: WSGIEnvironment) -> bool:
    """Tell whether somebody on this very machine asks, himself and by its own name; a page in his browser can't."""
    host = str(environ.get("HTTP_HOST", "")).rsplit(":", 1)[0]
    return (
        environ.get("REMOTE_ADDR") == LOOPBACK
        and host in {LOOPBACK, "localhost"}
        and environ.get("REQUEST_METHOD") == "GET"
        and environ.get("PATH_INFO") == PATH
        and not any(name in environ for name in _PROXIED)
    )


def answer(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer a request to the listener for metrics; whatever isn't plainly in order is not there."""
    page = b""
    if may_ask(environ):
        try:
            page = write_page()
        except Exception:
            log.exception("no metrics")
    if not page:
        start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return []
    head = [("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Content-Length", str(len(page)))]
    start_response("200 OK", [*head, ("Cache-Control", "no-store")])
    return [page]


def write_page() -> bytes:
    """Return all figures: those of requests from every process, those of jobs and database as they are now."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    _register_now(registry)
    return generate_latest(registry)


def _register_now(registry: CollectorRegistry) -> None:
    from wbbm.jobs.health import DatabaseSilent, ask
    from wbbm.jobs.state import read_state

    try:
        state: JobsState | None = ask(read_state)
    except DatabaseSilent:
        state = None
    registry.register(_Now(state))


class _Now:
    """The figures of this moment, for the registry."""

    def __init__(self, state: JobsState | None) -> None:
        self.state = state

    def collect(self) -> Iterator[Metric]:
        """Give each figure; of a database that is silent only that."""
        from prometheus_client.core import GaugeMetricFamily

        state = self.state
        up = 0 if state is None else 1
        yield GaugeMetricFamily("portal_database_up", "1 if the database answered in time.", value=up)
        if state is None:
            return
        figures: dict[str, tuple[str, Callable[[Any], float | None]]] = {
            "portal_jobs_waiting": ("Jobs that wait.", lambda queue: queue.waiting),
            "portal_jobs_oldest_seconds": ("How long the oldest of them has waited.", lambda queue: queue.oldest),
            "portal_jobs_dead": ("Jobs that nobody tries any more.", lambda queue: queue.dead),
            "portal_canary_age_seconds": ("Since a job last came back through the queue.", lambda queue: queue.heard),
        }
        for name, (words, read) in figures.items():
            family = GaugeMetricFamily(name, words, labels=["queue"])
            for queue, facts in state.queues.items():
                value = read(facts)
                if value is not None:
                    family.add_metric([queue], value)
            yield family
        if state.swept is not None:
            yield GaugeMetricFamily("portal_sweep_age_seconds", "Since the sweep last went round.", value=state.swept)
