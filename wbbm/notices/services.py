"""Telling people, and what they do with it. The only place that writes notices."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils import timezone

from wbbm.organisasi.access import nearest_people
from wbbm.organisasi.models import Posting, Role, Unit, User

from .models import Notice, NoticeKind

TEXT_LIMIT = 300
KEEP_READ = datetime.timedelta(days=90)


def tell(people: Iterable[User], *, kind: str, text: str, url: str, unit: Unit, key: str) -> None:
    """Write one row into each person's inbox, in the caller's transaction; once for each person and key.

    Args:
        people: who is told; somebody named twice is told once, a closed account never.
        kind: one of NoticeKind.
        text: what happened and what is to be done, in Indonesian, without anybody's name.
        url: path of the page it leads to, from the root.
        unit: whom it is about; the row vanishes from the inbox when the person's reach no longer holds the unit.
        key: what it is told for, e.g. ``visit-12-planned``; the same key again tells nobody anew.

    Raises:
        ValueError: a kind or an address that can't be right.
    """
    if kind not in NoticeKind.values:
        raise ValueError(f"unknown kind of notice: {kind!r}")
    if not url.startswith("/") or url.startswith("//"):
        raise ValueError(f"a notice leads to a page of the portal, not to {url!r}")
    said = text if len(text) <= TEXT_LIMIT else f"{text[: TEXT_LIMIT - 1]}…"
    open_people = {person.pk: person for person in people if person.closed_at is None}
    Notice.objects.bulk_create(
        [Notice(person=person, kind=kind, text=said, url=url, unit=unit, key=key) for person in open_people.values()],
        ignore_conflicts=True,
    )


def mark_read(notice: Notice) -> None:
    """Note that the person has read it; the first time counts."""
    Notice.objects.unread().filter(pk=notice.pk).update(read_at=timezone.now())


def mark_all_read(person: User) -> int:
    """Note that the person has read everything that he sees; return how many that were."""
    return Notice.objects.visible_to(person).unread().update(read_at=timezone.now())


def purge_read(now: datetime.datetime | None = None) -> int:
    """Delete what was read long ago; return how many that were."""
    return Notice.objects.filter(read_at__lt=(now or timezone.now()) - KEEP_READ).delete()[0]


def unread_count() -> Combinable:
    """Return the figure of the bell, for the query that reads the signed-in person."""
    rows = Notice.objects.filter(person_id=OuterRef("pk")).unread().within_reach().order_by().values("person_id")
    return Subquery(rows.annotate(count=Count("pk")).values("count"), output_field=IntegerField())


def tell_of_waiting_posting(posting: Posting) -> None:
    """Tell the admins who may approve a posting: neither who made it nor who is to hold it."""
    besides = [pk for pk in (posting.created_by_id, posting.user_id) if pk is not None]
    tell(
        nearest_people(posting.unit, Role.ADMIN, is_above=False, besides=besides),
        kind=NoticeKind.POSTING,
        text=f"Penugasan {posting} di {posting.unit} menunggu persetujuan admin kedua.",
        url=reverse("admin:organisasi_posting_change", args=[posting.pk]),
        unit=posting.unit,
        key=f"posting-{posting.pk}-waits",
    )
