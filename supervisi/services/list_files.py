"""Files of long lists: asked for by a person, made by the worker, told of when ready, deleted after some days."""

from __future__ import annotations

import datetime
import hashlib
import json
import secrets
import tempfile
from contextlib import ExitStack, suppress
from typing import IO

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from supervisi.lists.asked import Asked
from supervisi.lists.registry import LISTS
from supervisi.models import ListFile, ListFileStatus
from supervisi.models.list_files import posting_mark
from wbbm.errors import DomainError
from wbbm.jobs import services as jobs
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import tell
from wbbm.organisasi.models import User
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.shell import main_posting
from wbbm.organisasi.tables import Table, write_table

JOB_KIND = "list-file"
MOST_ATTEMPTS = 3
# What is longer lies on disk while it is written.
_IN_MEMORY = 2_000_000
_AT_ONCE = 200


def open_table(table: Table, suffix: str) -> IO[bytes]:
    """Write a table to a file of its own, and return it, to be read from its beginning."""
    with ExitStack() as opened:
        out: IO[bytes] = opened.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))
        write_table(table, suffix, out)
        out.seek(0)
        # From here on the reader closes it.
        opened.pop_all()
    return out


def list_address(name: str, suffix: str, asked: Asked) -> str:
    """Return where a list is asked for as a file."""
    query = urlencode(dict(asked.values))
    return reverse("supervisi:list-file", args=[name, suffix]) + (f"?{query}" if query else "")


def _mark(name: str, suffix: str, asked: Asked, postings: str) -> str:
    content = json.dumps([name, suffix, dict(asked.values), postings], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def known_file(name: str, suffix: str, asked: Asked, by: User) -> ListFile | None:
    """Return the last file that the person asked for just so, while it lasts."""
    mark = _mark(name, suffix, asked, posting_mark(by))
    return ListFile.objects.visible_to(by).filter(asked_mark=mark).first()


def request_file(*, name: str, suffix: str, asked: Asked, by: User) -> ListFile:
    """Ask for a long list as a file; asked for twice while it is being made, it is the same one."""
    held = posting_mark(by)
    mark = _mark(name, suffix, asked, held)
    facts = {"posting_mark": held, "name": name, "suffix": suffix, "asked": dict(asked.values), "asked_mark": mark}
    posting = main_posting(by.scope.postings)
    try:
        with transaction.atomic():
            made = ListFile.objects.create(person=by, **facts)
            unit = posting.unit if posting is not None else None
            record("list.requested", by=by, posting=posting, about=made, unit=unit)
            jobs.request(JOB_KIND, str(made.pk))
    except IntegrityError:
        # A second click meets the first one's.
        return ListFile.objects.at_work().get(person=by, asked_mark=mark)
    return made


# --- the worker ---------------------------------------------------------------------------------------


def make_list_file(claim: jobs.Claim) -> None:
    """Do the job of a file: read as its person reads now, write, keep, tell."""
    row = ListFile.objects.at_work().filter(pk=claim.key)
    if not row.update(attempts=F("attempts") + 1):
        return
    asked_for = ListFile.objects.select_related("person").get(pk=claim.key)
    # Whoever left or moved meanwhile sees another list, or none.
    is_his = asked_for.person.closed_at is None and posting_mark(asked_for.person) == asked_for.posting_mark
    try:
        table = LISTS[asked_for.name].read(asked_for.person, Asked(asked_for.asked)) if is_his else None
    except DomainError:
        table = None
    if table is None or asked_for.attempts > MOST_ATTEMPTS:
        _end(claim, asked_for, "gagal dibuat. Buka daftarnya dan minta lagi.", status=ListFileStatus.FAILED)
        return
    with open_table(table, asked_for.suffix) as content:
        path = default_storage.save(f"daftar/{secrets.token_hex(16)}.{asked_for.suffix}", File(content))
    try:
        until = f"{timezone.localtime(asked_for.lasts_until):%d-%m-%Y %H.%M}"
        _end(
            claim, asked_for, f"siap diunduh sampai {until}.", status=ListFileStatus.READY, path=path,
            rows=table.count, made_at=timezone.now(),
        )  # fmt: skip
    except jobs.LeaseLost:
        default_storage.delete(path)
        raise


def _end(claim: jobs.Claim, row: ListFile, words: str, *, status: ListFileStatus, **facts: object) -> None:
    """Write what became of the file and tell its person, if the job is still ours."""
    with transaction.atomic():
        claim.complete()
        if not ListFile.objects.at_work().filter(pk=row.pk).update(status=status, **facts):
            return
        posting = main_posting(row.person.scope.postings)
        if posting is None:
            return
        tell(
            [row.person],
            kind=NoticeKind.DOCUMENT,
            text=f"{LISTS[row.name].title} ({row.suffix.upper()}) {words}",
            url=list_address(row.name, row.suffix, Asked(row.asked)),
            unit=posting.unit,
            key=f"list-{row.pk}",
        )


# --- by the rules of retention --------------------------------------------------------------------------


def count_expired(now: datetime.datetime) -> int:
    """Count the files that nobody can download any more."""
    return ListFile.objects.expired(now).count()


def purge_list_files(now: datetime.datetime) -> int:
    """Delete some files after their hours, rows first; return how many that were."""
    gone = 0
    for row in ListFile.objects.expired(now)[:_AT_ONCE]:
        ListFile.objects.filter(pk=row.pk).delete()
        gone += 1
        if row.path:
            # Not there any more: so be it.
            with suppress(FileNotFoundError):
                default_storage.delete(row.path)
    return gone
