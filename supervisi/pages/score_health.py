"""Scores that wait to be computed, for the page of health."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.db.models import Count, Q
from django.utils import timezone

from supervisi.rollup_key import KIND
from wbbm.jobs.models import Job
from wbbm.upkeep.health.figures import Figure, State

_LATE = datetime.timedelta(minutes=5)


def score_figures() -> Iterator[Figure]:
    """Say how many results stand behind their answers (one query)."""
    late = Q(wanted_at__lt=timezone.now() - _LATE, dead_at__isnull=True)
    found = Job.objects.filter(Job.OPEN, kind=KIND).aggregate(
        late=Count("pk", filter=late), dead=Count("pk", filter=Q(dead_at__isnull=False))
    )
    stale = found["late"] + found["dead"]
    yield Figure(
        "Nilai yang tertinggal dari jawabannya",
        f"{stale} nilai, {found['dead']} di antaranya tidak dihitung lagi" if stale else "tidak ada",
        State.BAD if found["dead"] else State.WATCH if stale else State.GOOD,
        "Dasbor satuan itu menampilkan nilai lama. Ulangi pekerjaan mati di halaman ini, atau jalankan "
        "manage.py recompute_scores: nilainya dihitung lagi dari jawaban.",
    )
