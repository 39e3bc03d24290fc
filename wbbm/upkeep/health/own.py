"""The figures that the portal has wherever it runs: jobs, disk, database, mail, versions."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.db import connection

from wbbm.jobs.models import Queue
from wbbm.jobs.state import QueueState, read_state

from .figures import Figure, State, age_words, percent_words, register_figure, size_words, span_words

MAIL = "Surel"
# Older work than this waits too long (seconds): watched, and red.
_LATE = {Queue.FAST: (60, 300), Queue.HEAVY: (900, 3600)}
_HEARD = (30, 120)
_DISK = (0.15, 0.05)
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
    state = read_state()
    for queue in Queue:
        yield _queue_figure(queue, state.queues[queue])
        yield _worker_figure(queue, state.queues[queue])
    is_heard = state.swept is not None and state.swept <= _HEARD[1]
    yield Figure(
        "Pengawas", f"berkeliling {age_words(state.swept)}", State.GOOD if is_heard else State.BAD,
        "Yang tertinggal tidak dibangunkan. Server: systemctl restart portal-sweep. Laptop: systemctl restart portal.",
    )  # fmt: skip
    yield Figure(
        "Pekerjaan mati", str(state.dead) if state.dead else "tidak ada", State.BAD if state.dead else State.GOOD,
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
    state = State.BAD if facts.heard is None else _graded(facts.heard, _HEARD)
    return Figure(
        f"Pekerja {queue.value}", f"terdengar {age_words(facts.heard)}", state,
        f"Sedang mengerjakan yang panjang, atau berhenti. Server: systemctl restart portal-worker@{queue.value}. "
        "Laptop: systemctl restart portal.",
    )  # fmt: skip


def storage_figures() -> Iterator[Figure]:
    """Say how much room is left where data and evidence lie, and how large the database is (one query)."""
    places = {"Ruang untuk data": settings.DATA_DIR}
    if settings.STORAGE_URL.startswith("file://"):
        places["Ruang untuk bukti"] = Path(settings.STORAGE_URL.removeprefix("file://"))
    seen: set[int] = set()
    for label, place in places.items():
        folder = _nearest(place)
        if folder.stat().st_dev not in seen:
            seen.add(folder.stat().st_dev)
            usage = shutil.disk_usage(folder)
            yield _disk_figure(label, usage.free, usage.total)
    yield Figure("Basis data", size_words(database_bytes()), State.NONE)


def _nearest(place: Path) -> Path:
    """Return the folder, or the nearest one above it that is there: an empty store has none yet."""
    return next(folder for folder in (place, *place.parents) if folder.exists())


def _disk_figure(label: str, free: int, total: int) -> Figure:
    share = free / total if total else 0.0
    state = State.BAD if share < _DISK[1] else State.WATCH if share < _DISK[0] else State.GOOD
    value = f"{size_words(free)} bebas dari {size_words(total)} ({percent_words(share)})"
    advice = (
        "Tambah ruang sebelum habis: penyimpanan yang penuh ditolak dengan jelas. Jangan menghapus isi folder files."
    )
    return Figure(label, value, state, advice)


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
    """Say what the portal runs on."""
    yield Figure("Python dan Django", f"{platform.python_version()} dan {django.get_version()}", State.NONE)
    yield Figure("Mesin basis data", _engine(), State.NONE)


def _engine() -> str:
    if connection.vendor == "sqlite":
        from sqlite3 import sqlite_version

        return f"SQLite {sqlite_version}"
    number = connection.connection.server_version if connection.connection is not None else 0
    return f"PostgreSQL {number // 10000}.{number % 10000}"
