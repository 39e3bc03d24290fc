"""Figures of backups: when the last one was made, and when one was last proved to be restorable."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from wbbm.upkeep.backups import archive, engines, keys, places, state
from wbbm.upkeep.backups.state import Run
from wbbm.upkeep.models import BackupKind

from .figures import Figure, State, age_words, register_figure, size_words

_HOUR, _DAY = 3600.0, 86_400.0
# Watched, and red, when the last good one is older (seconds).
_FULL = (26 * _HOUR, 50 * _HOUR)
_CHANGES = (0.5 * _HOUR, 3 * _HOUR)
_CHECK = (9 * _DAY, 30 * _DAY)
_MAKE = "Buat sekarang dengan manage.py backup, dan periksa ruang serta BACKUP_DIR; lihat docs/operasi.md."
_PROVE = "Coba sendiri: manage.py restore BERKAS --check. Cadangan yang tidak pernah dicoba bukan cadangan."
_ARCHIVE = (
    "Bila cakram basis data rusak, semua sejak cadangan penuh terakhir hilang: sampai sehari. Pasang arsip WAL menurut "
    "docs/operasi.md, bagian PostgreSQL."
)
_STALLED = (
    "Yang sesudahnya hilang bila cakram basis data rusak, dan WAL menumpuk di cakram itu sampai penuh. Periksa apakah "
    "cakram cadangan terpasang dan tidak penuh (df -h), lalu catatan PostgreSQL; lihat docs/operasi.md."
)


def register() -> None:
    """Register them."""
    register_figure("Cadangan", backup_figures, order=20)


def backup_figures() -> Iterator[Figure]:
    """Say how backups stand (one query; on PostgreSQL two)."""
    known = state.runs()
    yield _place()
    yield _figure("Cadangan penuh terakhir", known[BackupKind.FULL], _FULL, _MAKE)
    if engines.is_sqlite():
        yield _figure("Cadangan perubahan terakhir", known[BackupKind.CHANGES], _CHANGES, _MAKE)
    yield _figure("Uji pemulihan terakhir", known[BackupKind.CHECK], _CHECK, _PROVE)
    wal = archive.read_archive()
    if wal is not None:
        yield _archive(wal)


def _place() -> Figure:
    """Say whether sets are made at all, and whether they outlive the disk of the data."""
    label = "Tempat cadangan"
    if not keys.parted(settings.BACKUP_KEY):
        advice = "Tanpa BACKUP_KEY tidak ada cadangan yang dibuat. Isi kuncinya; lihat docs/operasi.md."
        return Figure(label, "kuncinya belum diisi", State.BAD, advice)
    folder = Path(settings.BACKUP_DIR)
    if not folder.is_dir() and folder != settings.DATA_DIR / "cadangan":
        advice = "Pasang cakramnya, atau perbaiki BACKUP_DIR; kecuali mesin lain yang membuat cadangannya."
        return Figure(label, f"{folder} tidak ada di mesin ini", State.WATCH, advice)
    if places.is_same_disk():
        advice = "Bila cakram ini rusak, keduanya hilang. Pasang cakram lain, lalu atur BACKUP_DIR."
        return Figure(label, "di cakram yang sama dengan datanya", State.WATCH, advice)
    return Figure(label, "di cakram lain daripada datanya")


def _archive(wal: archive.Archive) -> Figure:
    """Say whether the last minutes would outlive the disk of the database."""
    label = "Arsip WAL"
    if not wal.is_on:
        return Figure(label, "belum dipasang", State.WATCH, _ARCHIVE)
    if wal.is_stalled:
        what = "gagal" if wal.is_failing else "macet"
        return Figure(label, f"{what}; segmen terakhir {age_words(wal.age)}", State.BAD, _STALLED)
    return Figure(label, "baru mulai" if wal.age is None else f"segmen terakhir {age_words(wal.age)}")


def _figure(label: str, run: Run, limits: tuple[float, float], advice: str) -> Figure:
    if run.failed_at is not None:
        return Figure(label, f"gagal {_ago(run.failed_at)}: {run.fault}", State.BAD, advice)
    if run.at is None:
        return Figure(label, "belum ada", State.WATCH, advice)
    age = (timezone.now() - run.at).total_seconds()
    if -age > places.AHEAD.total_seconds():
        advice = "Jam mesin ini pernah terlalu cepat, atau sekarang terlambat. Periksa dengan timedatectl."
        return Figure(label, f"bertanggal {timezone.localtime(run.at):%d-%m-%Y}", State.BAD, advice)
    grade = State.BAD if age > limits[1] else State.WATCH if age > limits[0] else State.GOOD
    size = f", {size_words(run.size)}" if run.size else ""
    return Figure(label, f"{age_words(age)}{size}", grade, advice)


def _ago(moment: datetime.datetime) -> str:
    return age_words((timezone.now() - moment).total_seconds())
