"""Serve the portal on one machine: web, two workers and the sweep, supervised."""

from __future__ import annotations

import errno
import signal
import socket
import sys
import threading
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from wbbm import maintenance
from wbbm.jobs.models import Queue
from wbbm.jobs.supervise import Child, supervise


class Command(BaseCommand):
    """Run gunicorn, the workers `cepat` and `berat`, and the sweep until SIGTERM."""

    help = "Melayani portal: web, dua pekerja dan pengawas, sampai dihentikan (Ctrl+C)."
    requires_migrations_checks = True

    def get_check_kwargs(self, options: dict[str, Any]) -> dict[Any, Any]:
        """Check the database too: example data are never served as real ones."""
        return {"databases": ["default"]}

    def handle(self, *args: Any, **options: Any) -> None:
        """Start all parts, say where they serve, end them on SIGTERM or Ctrl+C."""
        self._require_free_port()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        threading.Thread(target=self._announce, args=[stop], daemon=True).start()
        children = [self._web(), *(self._worker(queue) for queue in Queue.values), self._sweep()]
        supervise(children, stop, resting=maintenance.is_on)

    def _require_free_port(self) -> None:
        """Say in one line that another program has the port; gunicorn would be restarted for ever."""
        family = socket.AF_INET6 if ":" in settings.BIND else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.BIND, settings.PORT))
            except OSError as fault:
                if fault.errno != errno.EADDRINUSE:
                    raise CommandError(f"BIND={settings.BIND} PORT={settings.PORT}: {fault.strerror}") from fault
                text = f"Pintu {settings.PORT} sudah dipakai program lain. Pakai yang lain, misalnya PORT=8080."
                raise CommandError(text) from fault

    def _address(self) -> str:
        host = f"[{settings.BIND}]" if ":" in settings.BIND else settings.BIND
        return f"{host}:{settings.PORT}"

    def _web(self) -> Child:
        options = ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
        bind = ["--bind", self._address(), "--log-level", "warning", "--graceful-timeout", "5"]
        more = ["--config", "wbbm/gunicorn_config.py"]
        return Child("web", [sys.executable, "-m", "gunicorn", *options, *bind, *more, "wbbm.wsgi"])

    def _worker(self, queue: str) -> Child:
        options = ["--pool", "solo", "--queues", queue, "--loglevel", "warning", "--without-gossip", "--without-mingle"]
        extra = ["--without-heartbeat", "--hostname", f"{queue}@%h"]
        quiet = ["-W", "ignore:You're running the worker"]
        return Child(
            f"pekerja {queue}",
            [sys.executable, *quiet, "-m", "celery", "-A", "wbbm", "worker", *options, *extra],
            is_quiet=True,
            may_rest=True,
        )

    def _sweep(self) -> Child:
        return Child("pengawas", [sys.executable, "manage.py", "sweep"], may_rest=True)

    def _announce(self, stop: threading.Event) -> None:
        """Print the address once the portal answers, and the demo accounts where there are any."""
        address = self._address().replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]")  # noqa: S104 (comparison)
        while not stop.wait(0.3):
            try:
                urllib.request.urlopen(f"http://{address}/healthz", timeout=1).close()
                break
            except urllib.error.HTTPError as answer:
                # 503: the web answers, the first canaries are still on their way.
                answer.close()
                break
            except OSError:
                continue
        if not stop.is_set():
            self.stdout.write(self._welcome())
            self.stdout.flush()

    def _welcome(self) -> str:
        lines = ["", f"Portal siap: {settings.SITE_URL}", "Hentikan dengan Ctrl+C; data tetap ada."]
        if settings.IS_DEMO:
            lines += [
                "",
                "DATA CONTOH, bukan keadaan sebenarnya. Akun contoh, kata sandi semuanya: " + settings.DEMO_PASSWORD,
                "  Polres : kapolres, wakapolres, kabagren (ketua tim), tim1 sampai tim7, bagren, siwas, admin",
                "  Polsek : kapolsek.senori, kapolsek.tuban, dan seterusnya",
                "  Polda  : kapolda, auditor, itwasda.pengaduan, admin.polda",
            ]
        return "\n".join(lines)
