"""Builds of the portal with one guard taken out: a copy of the tree in which a few lines are others.

Each edit must match exactly once; where the code has moved on, the drill says so instead of staying green for nothing.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from drills.stack import ROOT

_COPIED = ("wbbm", "supervisi", "layanan", "drills", "tests")
_LINKED = ("templates", "static", "CHANGELOG.md")


@dataclass(frozen=True)
class Edit:
    """A place in a file, and what stands there in the sabotaged build."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Sabotage:
    """What is taken out, in words, and how."""

    title: str
    edits: tuple[Edit, ...]

    def build(self, folder: Path) -> Path:
        """Make the build; return its folder."""
        for name in _COPIED:
            shutil.copytree(ROOT / name, folder / name)
        for name in _LINKED:
            (folder / name).symlink_to(ROOT / name)
        shutil.copy2(ROOT / "manage.py", folder)
        for path, text in self.changed().items():
            (folder / path).write_text(text)
        return folder

    def changed(self) -> dict[str, str]:
        """Return the changed files as they are in the sabotaged build, by path.

        Raises:
            LookupError: the guard is not where it was.
        """
        texts: dict[str, str] = {}
        for edit in self.edits:
            text = texts.get(edit.path) or (ROOT / edit.path).read_text()
            if text.count(edit.old) != 1:
                raise LookupError(f"{edit.path}: {text.count(edit.old)} places for {edit.old!r}")
            texts[edit.path] = text.replace(edit.old, edit.new)
        return texts


_SAVE = "        outcome = save_operation(checklist=checklist, operation=read_body(request), by=user)\n"
_LATER = """\
        operation = read_body(request)
        import threading
        known = {"checklist": checklist, "operation": operation, "by": user}
        threading.Timer(1.0, save_operation, kwargs=known).start()
        return JsonResponse({"code": "saved", "version": operation.base_version + 1})
"""
EARLY_REPLY = Sabotage("dibalas sebelum disimpan", (Edit("supervisi/views/operations.py", _SAVE, _LATER),))
NO_SWEEP = Sabotage(
    "pengawas tidak membunyikan ulang",
    (Edit("wbbm/jobs/sweep.py", "list(waiting(longer_than=EVERY_SECONDS))", "[]"),),
)
LOUD_BELL = Sabotage(
    "bel yang gagal menggagalkan simpan",
    (
        Edit("wbbm/jobs/services.py", "functools.partial(_ring_key, kind, key, queue), robust=True",
             "functools.partial(_ring_key, kind, key, queue)"),
        Edit("wbbm/jobs/doorbell.py", "    except (OperationalError, OSError) as fault:\n",
             "    except (OperationalError, OSError) as fault:\n        raise\n"),
    ),
)  # fmt: skip
PATIENT_BELL = Sabotage(
    "bel menunggu Redis tanpa batas",
    (
        Edit("wbbm/celery.py", '"socket_timeout": 0.5, "socket_connect_timeout": 0.5',
             '"socket_timeout": 60, "socket_connect_timeout": 60'),
        Edit("wbbm/celery.py", "4 if is_worker() else 0.5", "4 if is_worker() else 60"),
    ),
)  # fmt: skip
LAZY_COMMIT = Sabotage(
    "basis data membalas sebelum menulis ke cakram (synchronous_commit=off)",
    (
        Edit("wbbm/settings.py", '["OPTIONS"].setdefault("connect_timeout", 5)',
             '["OPTIONS"] = {"connect_timeout": 5, "options": "-c synchronous_commit=off"}'),
    ),
)  # fmt: skip
STALE_LINES = Sabotage(
    "sambungan basis data tidak diperiksa sebelum dipakai",
    (Edit("wbbm/settings.py", '["CONN_HEALTH_CHECKS"] = True', '["CONN_HEALTH_CHECKS"] = False'),),
)

SILENT_STORE = Sabotage(
    "kegagalan penyimpanan berkas ditelan",
    (
        Edit(
            "wbbm/files/services.py",
            '        logger.error("Penyimpanan menolak',
            '        return\n        logger.error("Penyimpanan menolak',
        ),
    ),
)
SILENT_DATABASE = Sabotage(
    "galat basis data dibalas tersimpan",
    (
        Edit("supervisi/services/answers.py", "    except LockedChecklist:\n",
             "    except __import__('django').db.OperationalError:\n"
             '        return Outcome(SAVED, {"code": SAVED, "version": operation.base_version + 1})\n'
             "    except LockedChecklist:\n"),
    ),
)  # fmt: skip
LOOK_THEN_WRITE = Sabotage(
    "status dibaca dulu lalu ditulis tanpa syarat",
    (
        Edit(
            "supervisi/services/checklists.py", "pk=checklist.pk, status=step.old).update(", "pk=checklist.pk).update("
        ),
    ),
)
NO_VERSION = Sabotage(
    "versi tidak diperiksa ketika menulis",
    (Edit("supervisi/services/answers.py", "is_due=True, version=base).update(", "is_due=True).update("),),
)
NO_CLAIM = Sabotage(
    "pekerjaan diambil tanpa syarat",
    (
        Edit(
            "wbbm/jobs/services.py",
            "Job.objects.claimable(now).filter(pk=job_id).update(",
            "Job.objects.filter(pk=job_id).update(",
        ),
    ),
)
NO_MEMORY = Sabotage(
    "UUID yang pernah datang tidak dikenali",
    (
        Edit(
            "supervisi/services/answers.py",
            "    if first is None:\n        return None\n",
            "    if True:\n        return None\n",
        ),
    ),
)
SAME_SESSION = Sabotage(
    "sesi tidak diganti ketika masuk",
    (
        Edit("wbbm/wsgi.py", "connections.close_all()\n",
             "connections.close_all()\n"
             "from django.contrib.sessions.backends.base import SessionBase\n"
             "SessionBase.cycle_key = SessionBase.flush = lambda session: None\n"),
    ),
)  # fmt: skip
KEPT_SCOPE = Sabotage(
    "hak disimpan di memori web",
    (
        Edit("wbbm/organisasi/models/people.py", "        return read_scope(self)\n",
             '        kept = globals().setdefault("_kept", {})\n'
             "        return kept.setdefault(self.pk, read_scope(self))\n"),
    ),
)  # fmt: skip
LONG_TRANSACTION = Sabotage(
    "transaksi dibuka sebelum kiriman selesai dibaca",
    (
        Edit("supervisi/views/operations.py", "@require_POST\n",
             "from django.db.transaction import atomic\n@require_POST\n@atomic\n"),
    ),
)  # fmt: skip
NOTHING_ENDED = Sabotage(
    "pemulihan tidak mengakhiri sesi lama",
    (Edit("wbbm/upkeep/backups/restore.py", "    afterwards.settle(source)\n", ""),),
)
NO_LIMITS = Sabotage(
    "pekerjaan tanpa batas waktu",
    (Edit("wbbm/jobs/services.py", "limits.time_limit(kind.limit_seconds), ", ""),),
)

ENDLESS_LEASE = Sabotage(
    "sewa pekerja yang mati tidak pernah habis",
    (Edit("wbbm/jobs/models.py", "Q(lease_until__isnull=True) | Q(lease_until__lt=now)", "lease_until__isnull=True"),),
)

BY_DRILL: dict[str, Sabotage] = {
    "smoke": EARLY_REPLY,
    "kill-web": EARLY_REPLY,
    "kill-worker": NO_SWEEP,
    "kill-all": EARLY_REPLY,
    "kill-all-sqlite": EARLY_REPLY,
    "redis-stopped": LOUD_BELL,
    "redis-hung": PATIENT_BELL,
    "redis-empty": NO_SWEEP,
    "postgres-restarted": LAZY_COMMIT,
    "connections-killed": STALE_LINES,
    "disk-upload": SILENT_STORE,
    "disk-save": SILENT_DATABASE,
    "disk-save-sqlite": SILENT_DATABASE,
    "two-finalise": LOOK_THEN_WRITE,
    "eight-editors": NO_VERSION,
    "duplicate-delivery": NO_CLAIM,
    "poison": NO_LIMITS,
    "device-queue": NO_MEMORY,
    "session-fixed": SAME_SESSION,
    "posting-ended": KEPT_SCOPE,
    "lines-dropped": LONG_TRANSACTION,
    "restore": NOTHING_ENDED,
    "restore-sqlite": NOTHING_ENDED,
    "several-hosts": ENDLESS_LEASE,
}
