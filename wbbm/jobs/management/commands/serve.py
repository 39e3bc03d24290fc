"""Serve the portal on one machine: web, two workers and the sweep, supervised."""

from __future__ import annotations

import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from wbbm.jobs.models import Queue
from wbbm.jobs.supervise import Child, supervise


class Command(BaseCommand):
    """Run gunicorn, the workers `cepat` and `berat`, and the sweep until SIGTERM."""

    help = "Melayani portal: web, dua pekerja dan pengawas, sampai dihentikan (Ctrl+C)."
    requires_migrations_checks = True

    def handle(self, *args: Any, **options: Any) -> None:
        """Start all parts, say where they serve, end them on SIGTERM or Ctrl+C."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        threading.Thread(target=self._announce, args=[stop], daemon=True).start()
        supervise([self._web(), *(self._worker(queue) for queue in Queue.values), self._sweep()], stop)

    def _web(self) -> Child:
        options = ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
        bind = ["--bind", f"{settings.BIND}:{settings.PORT}", "--log-level", "warning", "--graceful-timeout", "5"]
        return Child("web", [sys.executable, "-m", "gunicorn", *options, *bind, "wbbm.wsgi"])

    def _worker(self, queue: str) -> Child:
        options = ["--pool", "solo", "--queues", queue, "--loglevel", "warning", "--without-gossip", "--without-mingle"]
        extra = ["--without-heartbeat", "--hostname", f"{queue}@%h"]
        quiet = ["-W", "ignore:You're running the worker"]
        return Child(
            f"pekerja {queue}",
            [sys.executable, *quiet, "-m", "celery", "-A", "wbbm", "worker", *options, *extra],
            is_quiet=True,
        )

    def _sweep(self) -> Child:
        return Child("pengawas", [sys.executable, "manage.py", "sweep"])

    def _announce(self, stop: threading.Event) -> None:
        """Print the address once the portal answers, and the demo accounts where there are any."""
        host = "127.0.0.1" if settings.BIND in {"0.0.0.0", "::"} else settings.BIND  # noqa: S104 (comparison)
        while not stop.wait(0.3):
            try:
                with urllib.request.urlopen(f"http://{host}:{settings.PORT}/healthz", timeout=1):
                    break
            except urllib.error.HTTPError as answer:
                if answer.code == 503 and self._is_web_up():
                    break
            except OSError:
                continue
        if not stop.is_set():
            self.stdout.write(self._welcome())
            self.stdout.flush()

    def _is_web_up(self) -> bool:
        """Wait a little for the first canaries; the web itself answers already."""
        time.sleep(0.5)
        return True

    def _welcome(self) -> str:
        lines = ["", f"Portal siap: {settings.SITE_URL}", "Hentikan dengan Ctrl+C; data tetap ada."]
        if settings.IS_DEMO:
            lines += [
                "",
                "DATA CONTOH, bukan keadaan sebenarnya. Akun contoh, kata sandi semuanya: " + settings.DEMO_PASSWORD,
                "  Polres : kapolres, wakapolres, kabagren (ketua tim), tim1 sampai tim7, bagren, siwas, admin",
                "  Polsek : kapolsek.senori, kapolsek.tuban, dan seterusnya",
                "  Polda  : kapolda, auditor, admin.polda",
            ]
        return "\n".join(lines)
