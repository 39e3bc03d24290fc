"""A worker that takes open jobs straight from the table, as fast as it can: for races."""

import time

import django

django.setup()

from django.db import OperationalError, close_old_connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from wbbm.jobs.models import Job  # noqa: E402
from wbbm.jobs.services import run  # noqa: E402


def main() -> None:
    """Do open jobs until killed."""
    while True:
        try:
            open_jobs = list(Job.objects.claimable(timezone.now()).order_by("?").values_list("pk", flat=True)[:5])
            for pk in open_jobs:
                run(pk)
            if not open_jobs:
                time.sleep(0.02)
        except OperationalError:
            close_old_connections()
            time.sleep(0.2)


if __name__ == "__main__":
    main()
