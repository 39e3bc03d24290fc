"""Telling people, and what they do with it. The only place that writes notices."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils import dateformat, timezone

from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.access import nearest_people
from wbbm.organisasi.models import AuditHead, FactorReset, Posting, Role, SecondFactor, Unit, User
from wbbm.organisasi.services.audit import main_posting, record_own
from wbbm.organisasi.services.factor_approvals import is_awaited
from wbbm.organisasi.services.seals import offices_told_of_heads

from . import mail
from .models import Notice, NoticeKind, Preference

TEXT_LIMIT = 300
ENDING_DAYS = 14
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
    facts = {"kind": kind, "text": said, "url": url, "unit": unit, "key": key, "created_at": timezone.now()}
    rows = [Notice(person=person, **facts) for person in open_people.values()]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)


def mark_read(notice: Notice) -> None:
    """Note that the person has read it; the first time counts."""
    Notice.objects.unread().filter(pk=notice.pk).update(read_at=timezone.now())


def mark_all_read(person: User) -> int:
    """Note that the person has read everything that he sees; return how many that were."""
    return Notice.objects.visible_to(person).unread().update(read_at=timezone.now())


def settle(*, kind: str, url: str) -> None:
    """Note as read what asks for a step on a page where the next step has been taken: nothing waits there any more."""
    Notice.objects.unread().filter(kind=kind, url=url).update(read_at=timezone.now())


def daily(zone: str, day: datetime.date) -> None:
    """Do what is due each day: tell of postings that end."""
    tell_of_ending_postings(zone, day)


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


def tell_of_asked_reset(reset: FactorReset, posting: Posting) -> None:
    """Tell the admins who may confirm that a second factor is reset, and the person, who may refuse."""
    tell(
        nearest_people(posting.unit, Role.ADMIN, is_above=False, besides=[reset.person_id, posting.user_id]),
        kind=NoticeKind.POSTING,
        text="Reset faktor kedua seseorang menunggu admin kedua. Pastikan sendiri bahwa orangnya yang meminta.",
        url=reverse("factor-reset", args=[reset.person_id]),
        unit=posting.unit,
        key=f"factor-reset-{reset.pk}-waits",
    )
    _tell_owner(
        reset, "asked", "Seorang admin meminta faktor kedua Anda direset. Bukan Anda yang meminta? Tolak di sini."
    )


def tell_of_done_reset(reset: FactorReset) -> None:
    """Tell the person that his second factor is gone."""
    _tell_owner(
        reset, "done", "Faktor kedua Anda direset dua admin. Bukan Anda yang meminta? Beri tahu auditor sekarang."
    )


def tell_of_awaited_factor(person: User) -> None:
    """Tell the nearest admins that an integrity officer's new second factor waits to be seen."""
    if not is_awaited(person):
        return
    factor = SecondFactor.objects.get(user=person)
    for office in (held for held in person.scope.postings if held.role == Role.INTEGRITY_OFFICER):
        tell(
            nearest_people(office.unit, Role.ADMIN, is_above=False, besides=[person.pk]),
            kind=NoticeKind.POSTING,
            text=f"Faktor kedua {office} di {office.unit} menunggu konfirmasi admin yang tidak membuatkan tautannya.",
            url=reverse("factor-reset", args=[person.pk]),
            unit=office.unit,
            key=f"factor-{factor.pk}-waits",
        )


def _tell_owner(reset: FactorReset, step: str, text: str) -> None:
    office = main_posting(reset.person)
    if office is not None:
        tell(
            [reset.person],
            kind=NoticeKind.ACCOUNT,
            text=text,
            url=reverse("second-factor"),
            unit=office.unit,
            key=f"factor-reset-{reset.pk}-{step}",
        )


def tell_of_ending_postings(zone: str, day: datetime.date) -> None:
    """Tell the nearest admins of postings that end within two weeks; once for each last day."""
    ending = Posting.objects.running().filter(
        unit__time_zone=zone, ends_on__gte=day, ends_on__lte=day + datetime.timedelta(days=ENDING_DAYS)
    )
    for posting in ending.select_related("unit").order_by("pk"):
        last = posting.ends_on or day
        tell(
            nearest_people(posting.unit, Role.ADMIN, is_above=False, besides=[posting.user_id]),
            kind=NoticeKind.POSTING,
            text=f"Penugasan {posting} di {posting.unit} berakhir {dateformat.format(last, 'j F Y')}.",
            url=reverse("admin:organisasi_posting_change", args=[posting.pk]),
            unit=posting.unit,
            key=f"posting-{posting.pk}-ends-{last}",
        )


def tell_of_head(head: AuditHead) -> None:
    """Tell the two offices that keep them of the day's head of the audit trail; older ones ask for nothing more."""
    url = reverse("audit-heads")
    settle(kind=NoticeKind.AUDIT, url=url)
    day = dateformat.format(head.day, "j F Y")
    for posting in offices_told_of_heads():
        tell(
            [posting.user],
            kind=NoticeKind.AUDIT,
            text=f"Kepala harian jejak audit {day}: nomor {head.number}, sidik {head.grouped}. Simpan di luar portal.",
            url=url,
            unit=posting.unit,
            key=f"head-{head.day}",
        )


def mailed_kinds(person: User) -> set[str]:
    """Return the kinds that the person gets by the daily mail."""
    muted = Preference.objects.filter(person=person, is_mailed=False).values_list("kind", flat=True)
    return set(NoticeKind.values) - set(muted)


def set_mailed_kinds(person: User, kinds: Iterable[str]) -> None:
    """Keep which kinds come by the daily mail; the inbox always has them all."""
    wanted = set(kinds) & set(NoticeKind.values)
    with transaction.atomic():
        for kind in NoticeKind.values:
            Preference.objects.update_or_create(person=person, kind=kind, defaults={"is_mailed": kind in wanted})
        record_own("notices.preferences", person)


def send_test_mail(person: User) -> None:
    """Send a mail to the admin's own address, now.

    Raises:
        NotAllowed: he is no admin.
        DomainError: he has no address, or the mail didn't go out; says why.
    """
    if not person.scope.has_role(Role.ADMIN):
        raise NotAllowed("Surel uji hanya untuk admin.")
    if not person.email:
        raise DomainError("Akun Anda belum mempunyai alamat surel. Minta admin lain mengisinya.")
    try:
        mail.send(
            subject="Surel uji portal Zona Integritas", text=_TEST_TEXT.format(site=settings.SITE_URL), to=person.email
        )
    except mail.MailFault as fault:
        raise DomainError(f"Surel uji tidak terkirim: {fault}. Periksa EMAIL_URL.") from fault
    record_own("notices.mail-tested", person)


_TEST_TEXT = "Surel uji dari {site}. Bila Anda membacanya, pengaturan surel portal ini berjalan.\n"
