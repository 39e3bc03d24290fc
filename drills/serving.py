"""`serve` whose workers know the drills' kinds of jobs, with more workers beside them: `python -m drills.serving`."""

from __future__ import annotations

import os
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from wbbm.jobs import supervise  # noqa: E402
from wbbm.jobs.management.commands import serve  # noqa: E402


class Command(serve.Command):
    """The same parts; the workers run our app."""

    def _worker(self, queue: str) -> supervise.Child:
        child = super()._worker(queue)
        child.command = ["drills.worker_app" if word == "wbbm" else word for word in child.command]
        return child


def more_workers(children: list[supervise.Child], *arguments: Any, **options: Any) -> None:
    """Supervise the parts, and as many workers of the fast queue again as the drill asks for."""
    first = next(child for child in children if child.name == "pekerja cepat")
    for number in range(int(os.environ.get("DRILL_WORKERS", "0"))):
        command = [word.replace("cepat@", f"cepat-{number}@") for word in first.command]
        children.append(supervise.Child(f"pekerja cepat {number}", command, is_quiet=True))
    supervise.supervise(children, *arguments, **options)


if __name__ == "__main__":
    serve.supervise = more_workers
    call_command(Command())
