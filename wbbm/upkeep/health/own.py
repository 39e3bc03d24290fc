"""The figures that the portal has wherever it runs: jobs, disk, database, mail, versions."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.db import connection

from wbbm.jobs.models import Queue
from wbbm.jobs.state import QueueState, read_state
from wbbm.upkeep.backups import places, state
from wbbm.version import VERSION

from .figures import Figure, State, age_words, percent_words, register_figure, size_words, span_words

MAIL = "Surel"
# Older work than this waits too long (seconds): watched, and red.
_LATE = {Queue.FAST: (60, 300), Queue.HEAVY: (900, 3600)}
_HEARD = (30, 120)
_SHARES = (places.LOW_SHARE, 0.05)
_FULL = "Tambah ruang sebelum habis: penyimpanan yang penuh ditolak dengan jelas. Jangan menghapus isi folder files."
_WHAT = {Queue.FAST: "nilai dan dasbor", Queue.HEAVY: "dokumen, berkas dan surel"}


def register() -> None:
    """Register them."""
    register_figure("Pekerjaan", job_figures, order=10)
    register_figure("Penyimpanan", storage_figures, order=30)
    register_figure(MAIL, mail_figures, order=40)
    register_figure("Versi", version_figures, order=90)


def _graded(value: float, limits: tuple[float, float]) -> State:
    return State.BAD if value > limits[1] else State.WATCH if value > limits[0] else State.GOOD


def job_figures() -> Iterator[Figure]:
    """Say what waits, whether the workers and the sweep are heard, and what is dead (one query)."""
    jobs = read_state()
    for queue in Queue:
        yield _queue_figure(queue, jobs.queues[queue])
        yield _worker_figure(queue, jobs.queues[queue])
    is_heard = jobs.swept is not None and jobs.swept <= _HEARD[1]
    yield Figure(
        "Pengawas", f"berkeliling {age_words(jobs.swept)}", State.GOOD if is_heard else State.BAD,
        "Yang tertinggal tidak dibangunkan. Server: systemctl restart portal-sweep. Laptop: systemctl restart portal.",
    )  # fmt: skip
    yield Figure(
        "Pekerjaan mati", str(jobs.dead) if jobs.dead else "tidak ada", State.BAD if jobs.dead else State.GOOD,
        "Baca sebabnya di atas, perbaiki bila dapat, lalu ulangi. Bila mati lagi: hubungi pengelola kode.",
    )  # fmt: skip


def _queue_figure(queue: Queue, facts: QueueState) -> Figure:
    value = (
        f"{facts.waiting} menunggu, tertua {span_words(facts.oldest)}" if facts.waiting else "tidak ada yang menunggu"
    )
    return Figure(
        f"Antrean {queue.value} ({_WHAT[queue]})", value, _graded(facts.oldest, _LATE[queue]),
        "Tunggu sebentar bila baru saja ramai. Bila tidak berkurang: periksa Redis, lalu mulai ulang pekerjanya.",
    )  # fmt: skip


def _worker_figure(queue: Queue, facts: QueueState) -> Figure:
    heard = State.BAD if facts.heard is None else _graded(facts.heard, _HEARD)
    return Figure(
        f"Pekerja {queue.value}", f"terdengar {age_words(facts.heard)}", heard,
        f"Sedang mengerjakan yang panjang, atau berhenti. Server: systemctl restart portal-worker@{queue.value}. "
        "Laptop: systemctl restart portal.",
    )  # fmt: skip


def storage_figures() -> Iterator[Figure]:
    """Say how much room is left where data, evidence and backups lie, and how large the database is (one query)."""
    for disk in state.disk():
        words = f"{size_words(disk.free)} bebas dari {size_words(disk.total)} ({percent_words(disk.share)})"
        yield Figure(f"Ruang: {disk.what}", words, _room(disk.share), _FULL)
    yield Figure("Basis data", size_words(database_bytes()), State.NONE)


def _room(share: float) -> State:
    return State.BAD if share < _SHARES[1] else State.WATCH if share < _SHARES[0] else State.GOOD


def database_bytes() -> int:
    """Return how large the database is (one query; on SQLite none)."""
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        return sum(place.stat().st_size for place in (Path(name), Path(f"{name}-wal")) if place.exists())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def mail_figures() -> Iterator[Figure]:
    """Say where mail goes; whether it arrives, the test mail tells."""
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        yield Figure("Server surel", f"{settings.EMAIL_HOST}, pintu {settings.EMAIL_PORT}", State.NONE)
        return
    advice = "Tanpa EMAIL_URL tidak ada surel yang terkirim; kotak masuk di portal tetap memuat semuanya."
    yield Figure("Server surel", "belum diatur", State.NONE, advice)


def version_figures() -> Iterator[Figure]:
    """Say which release this is, and what it runs on."""
    yield Figure("Portal", VERSION, State.NONE)
    yield Figure("Python dan Django", f"{platform.python_version()} dan {django.get_version()}", State.NONE)
    yield Figure("Mesin basis data", _engine(), State.NONE)


def _engine() -> str:
    if connection.vendor == "sqlite":
        from sqlite3 import sqlite_version

        return f"SQLite {sqlite_version}"
    number = connection.connection.server_version if connection.connection is not None else 0
    return f"PostgreSQL {number // 10000}.{number % 10000}"
