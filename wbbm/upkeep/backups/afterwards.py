"""What is proved and what is put right once the database is back; apps above register theirs in ready()."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from wbbm.files.models import StoredFile
from wbbm.jobs.models import Job
from wbbm.notices.models import Digest, DigestState
from wbbm.organisasi.guards import install_guards, missing_guards
from wbbm.organisasi.models import AccessLink, FactorReset, ResetRequest, TimeZone, User
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.services.seals import seal_all
from wbbm.organisasi.services.verify import verify
from wbbm.upkeep.models import BackupState

ACT = "upkeep.restored"
_NOT_SENT = "Dipulihkan dari cadangan: yang lama tidak dikirim lagi."

Check = Callable[[], list[str]]
Step = Callable[[], object]
_checks: list[tuple[str, Check]] = []
_steps: list[Step] = []


def register_check(what: str, find: Check) -> None:
    """Let an app prove something after a restore: `find` returns one line for each fault."""
    _checks.append((what, find))


def register_step(do: Step) -> None:
    """Let an app put right what must not go on from before a restore (no mail, no old key to a door)."""
    _steps.append(do)


@dataclass(frozen=True)
class Finding:
    """What was proved, and each fault in it."""

    what: str
    faults: list[str]


def settle(set_name: str) -> None:
    """End what began before the restore: sessions, one-time links, mail that may have been sent since."""
    now = timezone.now()
    with transaction.atomic():
        Session.objects.all().delete()
        AccessLink.objects.usable(now).update(expires_at=now)
        ResetRequest.objects.waiting().update(mailed_at=now)
        FactorReset.objects.unsettled().update(ended_at=now)
        # Who held a job then is gone.
        Job.objects.exclude(token=None).update(token=None, lease_until=None)
        _hold_mail_back(now)
        BackupState.objects.all().delete()
        for do in _steps:
            do()
        record(ACT, by=None, reason=set_name)


def _hold_mail_back(now: datetime.datetime) -> None:
    """Count all that was told until now as mailed: it can't be known what went out after the set was made."""
    Digest.objects.filter(state__in=[DigestState.WAITING, DigestState.SENDING]).update(
        state=DigestState.UNCLEAR, until=now, last_error=_NOT_SENT
    )
    days = {now.astimezone(zoneinfo.ZoneInfo(zone)).date() for zone in TimeZone.values}
    people = list(User.objects.open().exclude(email="").values_list("pk", flat=True))
    for day in days:
        of_day = Digest.objects.filter(day=day)
        of_day.update(until=now)
        facts = {"day": day, "state": DigestState.UNCLEAR, "until": now, "last_error": _NOT_SENT}
        rows = [Digest(person_id=pk, **facts) for pk in people]
        Digest.objects.bulk_create(rows, ignore_conflicts=True)


def missing_files() -> list[str]:
    """Return the files that the database names and the storage doesn't hold, or not as long as they were."""
    found = []
    for path, size in StoredFile.objects.order_by("pk").values_list("path", "size").iterator():
        try:
            is_there = default_storage.size(path) == size
        except OSError:
            is_there = False
        if not is_there:
            found.append(path)
    return found


def prove() -> list[Finding]:
    """Prove the restored portal: guards, audit trail, and what the apps above registered."""
    if missing_guards():
        install_guards()
    # What waited for its seal when the set was made gets it now.
    seal_all()
    found = [Finding("Pelindung basis data", missing_guards())]
    found.append(Finding("Jejak audit", [fault.text for fault in verify().faults]))
    found += [Finding(what, find()) for what, find in _checks]
    return found
