"""What `serve` does by itself: a full set each night, on SQLite the changes every few minutes, a check each week."""

from __future__ import annotations

import contextlib
import datetime
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from wbbm.jobs import services as jobs
from wbbm.jobs import ticks
from wbbm.jobs.models import Queue
from wbbm.upkeep.models import BackupKind

from . import engines, keep, keys, making, places, restore, state
from .errors import BackupFailed, SetRefused
from .making import Made
from .warning import warn_admins

log = logging.getLogger(__name__)

KIND = "backup"
CHECK_KIND = "backup-check"
# Beginning every four minutes, a set is on the other disk within five of whatever it holds.
EVERY_SECONDS = 240.0
# A full set of a whole province, or its check.
_LONGEST = 2 * 3600.0
_JUST_NOW = datetime.timedelta(seconds=EVERY_SECONDS * 0.6)
_NIGHT = datetime.timedelta(hours=1)
_CHECK_EVERY = datetime.timedelta(days=7)


@dataclass
class _Begin:
    """A process that has just started leaves its first minutes to the people; short-lived ones make no sets."""

    at: float | None = None

    def is_over(self) -> bool:
        """Tell whether the process runs for long enough; the first question starts the clock."""
        now = time.monotonic()
        if self.at is None:
            self.at = now
        return now - self.at >= EVERY_SECONDS * 0.9


_begin = _Begin()


def register() -> None:
    """Register the jobs, and what the sweep does for them."""
    jobs.register(KIND, _do, queue=Queue.HEAVY, limit_seconds=_LONGEST)
    jobs.register(CHECK_KIND, _check, queue=Queue.HEAVY, limit_seconds=_LONGEST)
    ticks.every(EVERY_SECONDS, want)


def want() -> bool:
    """Ask for the next set; tell whether it was asked for."""
    if not _begin.is_over() or not keys.parted(settings.BACKUP_KEY):
        return False
    jobs.request(KIND, "auto")
    return True


def _do(claim: jobs.Claim) -> None:
    # What fails is remembered and told; the next look is soon enough.
    with contextlib.suppress(BackupFailed):
        run()


def run(now: datetime.datetime | None = None) -> Made | None:
    """Make what is due: the night's full set, else the changes.

    Raises:
        BackupFailed: it couldn't; remembered, and told to the admins once a day.
    """
    now = now or timezone.now()
    known = state.runs()
    full = _before(now, known[BackupKind.FULL].at)
    if full is None or _night_of(full) < _night_of(now):
        warn_of_disks()
        made = make(BackupKind.FULL, settings.BACKUP_KEEP)
        checked = _before(now, known[BackupKind.CHECK].at)
        if checked is None or checked < now - _CHECK_EVERY:
            jobs.request(CHECK_KIND, "auto")
        return made
    last = _before(now, state.last_backup().at)
    if not engines.is_sqlite() or (last is not None and last > now - _JUST_NOW):
        return None
    return make(BackupKind.CHANGES, settings.BACKUP_KEEP)


def _before(now: datetime.datetime, moment: datetime.datetime | None) -> datetime.datetime | None:
    """Return a moment unless it has yet to come: what a clock that was ahead noted holds no set back."""
    return moment if moment is None or moment < now + places.AHEAD else None


def _night_of(moment: datetime.datetime) -> datetime.date:
    return (timezone.localtime(moment) - _NIGHT).date()


def make(kind: str, rule: str, folder: Path | None = None) -> Made | None:
    """Make a set, remember how it went, and let go what the rule doesn't keep.

    What somebody makes elsewhere is his own: it stands for no automatic set, and hides no failure of one.

    Raises:
        BackupFailed: it couldn't be made.
    """
    begun = time.monotonic()
    if folder is not None and folder != Path(settings.BACKUP_DIR):
        with _said():
            own = making.make_full(folder) if kind == BackupKind.FULL else making.make_changes(folder)
        prune(folder, rule)
        return own
    try:
        place = folder or places.usual_folder()
        with _said():
            made = making.make_full(place) if kind == BackupKind.FULL else making.make_changes(place)
    except BackupFailed as fault:
        state.went_wrong(kind, fault.message)
        warn_admins(f"backup-{kind}", f"Cadangan gagal: {fault.message}")
        raise
    if made is None:
        # Nothing changed: the last set is as good as one of this moment.
        last = state.last_backup()
        state.went_well(BackupKind.CHANGES, name=last.name, size=last.size, seconds=time.monotonic() - begun)
        return None
    done = BackupKind.FULL if made.manifest.kind == places.FULL else BackupKind.CHANGES
    state.went_well(done, name=str(made.path), size=made.size, seconds=time.monotonic() - begun)
    if made.manifest.missing:
        count = len(made.manifest.missing)
        warn_admins("backup-files", f"{count} berkas hilang dari penyimpanan atau berubah; lihat docs/operasi.md.")
    if rule:
        prune(place, rule)
    return made


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """Say what the disk says, in a line: full, gone, or not ours."""
    try:
        yield
    except OSError as fault:
        where = f"{fault.filename}: " if fault.filename else ""
        raise BackupFailed(f"{where}{fault.strerror or fault}. Tidak ada yang setengah jadi.") from fault


def prune(folder: Path, rule: str) -> list[Path]:
    """Delete this portal's sets that the rule doesn't keep; never the newest full one, never what isn't ours.

    What else stays whatever the rule says: keep.obsolete().

    Without a rule nothing goes; nor does a set that a clock which was ahead dated later than now, and no set is
    superfluous on its account.
    """
    if not rule:
        return []
    now = timezone.now()
    sets = [each for each in places.sets_in(folder) if each.made_at < now + places.AHEAD]
    full = {each.path.name: timezone.localtime(each.made_at) for each in sets if each.header.kind == places.FULL}
    changes = {
        each.path.name: keep.Changes(each.made_at, each.header.base)
        for each in sets
        if each.header.kind == places.CHANGES
    }
    gone = keep.obsolete(full, changes, keep.parse(rule), now)
    for name in gone:
        with contextlib.suppress(FileNotFoundError):
            (folder / name).unlink()
    return [folder / name for name in sorted(gone)]


def _check(claim: jobs.Claim) -> None:
    with contextlib.suppress(SetRefused, BackupFailed):
        check_newest()


def check_newest() -> None:
    """Prove the newest set as a restore would, and remember it.

    Raises:
        SetRefused: it can't be restored; told to the admins.
    """
    begun = time.monotonic()
    opening = keys.parted(settings.BACKUP_KEY)
    try:
        path = restore.reading.newest_in(places.usual_folder(), opening)
        with _said():
            restore.check(path, opening)
    except (SetRefused, BackupFailed) as fault:
        state.went_wrong(BackupKind.CHECK, fault.message)
        warn_admins("backup-check", f"Uji pemulihan gagal: {fault.message}")
        raise
    state.went_well(BackupKind.CHECK, name=str(path), size=path.stat().st_size, seconds=time.monotonic() - begun)


def warn_of_disks() -> None:
    """Tell the admins of disks with less than 15 % free, of sets on the disk they are to outlive, of unkept keys."""
    for disk in state.disk():
        if disk.is_low:
            free = f"{int(disk.share * 100)} % ({places.megabytes(disk.free)})"
            warn_admins(f"disk-{disk.path}", f"Cakram {disk.what.lower()} tinggal {free}.")
    if places.is_same_disk():
        warn_admins("backup-same-disk", "Cadangan ada di cakram yang sama dengan datanya. Atur BACKUP_DIR.", days=30)
    if state.runs()[BackupKind.KEYS].at is None:
        warn_admins("backup-keys", "Kunci cadangan belum disimpan di luar: manage.py backup --keys BERKAS.", days=30)
