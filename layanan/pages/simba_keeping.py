"""What the unit reads of its own SIMBA sessions: the list, and who registered."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils import timezone

from layanan.access import posting_to_operate
from layanan.models import (
    PLACED,
    ExamResult,
    Outcome,
    PracticeSession,
    Registration,
    RegistrationStatus,
)
from layanan.pages.simba import SessionCard, session_card
from layanan.services.registrations import MARK_BEFORE
from layanan.services.simba_emptying import KEEP_DAYS
from wbbm.notices.share import whatsapp_url
from wbbm.organisasi.models import Posting, Role, User

_PER_PAGE = 30


def keeps_simba(user: User) -> bool:
    """Tell whether the person is operator or commander somewhere."""
    return user.scope.has_role(Role.OPERATOR, Role.COMMANDER)


def keeping_postings(user: User) -> list[Posting]:
    """Return the operator's postings: at each of their units he may offer sessions."""
    return list({p.unit_id: p for p in user.scope.postings if p.role == Role.OPERATOR}.values())


@dataclass(frozen=True)
class KeepingPage:
    """The unit's sessions: those to come, then those before."""

    coming: tuple[SessionCard, ...]
    past: tuple[SessionCard, ...]
    page: Page[PracticeSession]
    can_add: bool


def kept_sessions(user: User) -> QuerySet[PracticeSession]:
    """Return the sessions of the person's own units, the latest first."""
    return PracticeSession.objects.visible_to(user).select_related("unit").order_by("-starts_at", "-pk")


def read_keeping(user: User, *, number: str) -> KeepingPage:
    """Read the sessions of the person's own units (two queries)."""
    now = timezone.now()
    page = Paginator(kept_sessions(user), _PER_PAGE).get_page(number)
    cards = [session_card(session, now) for session in page]
    return KeepingPage(
        coming=tuple(reversed([card for card in cards if card.session.ends_at > now])),
        past=tuple(card for card in cards if card.session.ends_at <= now),
        page=page,
        can_add=bool(keeping_postings(user)),
    )


@dataclass(frozen=True)
class Tap:
    """A button that notes something of somebody; `is_on` when it is so already."""

    mark: str
    label: str
    is_on: bool


@dataclass(frozen=True)
class PersonRow:
    """Somebody who registered, with what the officer may note."""

    registration: Registration
    status: str
    tone: str
    taps: tuple[Tap, ...]
    later: tuple[Tap, ...]
    remind_url: str
    can_cancel: bool
    shares_number: bool


@dataclass(frozen=True)
class PeoplePage:
    """A session with everybody who registered."""

    card: SessionCard
    placed: tuple[PersonRow, ...]
    waiting: tuple[PersonRow, ...]
    cancelled: int
    can_keep: bool
    can_mark: bool
    is_over: bool
    is_begun: bool
    kept_until: datetime.date


def read_people(session: PracticeSession, user: User) -> PeoplePage:
    """Read a session's people: those with a place by number, then those who wait (one query)."""
    now = timezone.now()
    card = session_card(session, now)
    can_keep = posting_to_operate(user, session.unit) is not None
    rows = list(session.registrations.order_by("place_number", "pk"))
    kept = [row for row in rows if not row.is_cancelled]
    phones = [row.phone for row in kept if row.phone]
    can_mark = not session.is_cancelled and session.emptied_at is None and now >= session.starts_at - MARK_BEFORE

    def line(row: Registration) -> PersonRow:
        return PersonRow(
            registration=row,
            # That somebody has a place is said by the heading.
            status="" if row.status == RegistrationStatus.CONFIRMED else str(row.get_status_display()),
            tone=_TONES[row.status],
            taps=_attendance(row) if can_keep and can_mark and not row.is_waiting else (),
            later=_results(row) if can_keep and can_mark and row.has_attended else (),
            remind_url=_reminder(card, row, now) if row.phone and can_keep else "",
            can_cancel=can_keep and now < session.ends_at and row.status in _OPEN and not session.is_cancelled,
            shares_number=phones.count(row.phone) > 1,
        )

    return PeoplePage(
        card=card,
        placed=tuple(line(row) for row in kept if row.status in PLACED),
        waiting=tuple(line(row) for row in kept if row.is_waiting),
        cancelled=len(rows) - len(kept),
        can_keep=can_keep,
        can_mark=can_mark,
        is_over=session.is_cancelled or now >= session.ends_at,
        is_begun=now >= session.starts_at,
        kept_until=(session.ends_at + datetime.timedelta(days=KEEP_DAYS)).astimezone(session.zone).date(),
    )


_OPEN = (RegistrationStatus.CONFIRMED, RegistrationStatus.WAITING)
_TONES: dict[str, str] = {
    RegistrationStatus.CONFIRMED: "info",
    RegistrationStatus.WAITING: "warn",
    RegistrationStatus.ATTENDED: "ok",
    RegistrationStatus.ABSENT: "bad",
}


def _attendance(row: Registration) -> tuple[Tap, ...]:
    return (
        Tap("attended", "Hadir", row.has_attended),
        Tap("absent", "Tidak hadir", row.status == RegistrationStatus.ABSENT),
    )


def _results(row: Registration) -> tuple[Tap, ...]:
    return (
        Tap("passed", "Lulus latihan", row.outcome == Outcome.PASSED),
        Tap("again", "Perlu latihan lagi", row.outcome == Outcome.AGAIN),
        Tap("exam-yes", "Lulus ujian SIM", row.exam_result == ExamResult.YES),
        Tap("exam-no", "Belum lulus ujian SIM", row.exam_result == ExamResult.NO),
    )


def _reminder(card: SessionCard, row: Registration, now: datetime.datetime) -> str:
    """Return the link that hands a prepared text for this person to WhatsApp; the officer sends it himself."""
    session = card.session
    about = f"latihan SIMBA ({row.get_licence_display()}) {card.day}, {card.hours}, di {session.place}"
    if session.is_cancelled:
        text = f"Mohon maaf, {about} dibatalkan: {session.cancel_reason} Silakan pilih jadwal lain di"
    elif row.is_waiting:
        text = f"Anda ada di daftar tunggu {about}. Gratis. Keterangan:"
    elif now >= session.ends_at:
        text = f"Terima kasih sudah mengikuti {about}. Bila sudah ujian SIM, kabari kami hasilnya. Keterangan:"
    else:
        text = f"Pengingat: {about}. Tempat Anda nomor {row.place_number}. Gratis, jangan memberi apa pun. Keterangan:"
    return whatsapp_url(text, session.get_absolute_url(), phone=row.phone)
