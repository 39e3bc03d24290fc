"""What residents read of SIMBA: coming sessions, one session, their own registration."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.utils import timezone

from layanan.models import PracticeSession, Registration, RegistrationStatus
from layanan.pages.moments import span_words
from layanan.services.registrations import MOST_WAITING, grouped, place_in_queue
from wbbm.organisasi.models import Unit

_PER_PAGE = 30


@dataclass(frozen=True)
class SessionCard:
    """A session as people see it: when, where, and whether there is room."""

    session: PracticeSession
    day: str
    hours: str
    licences: str
    room: str
    tone: str
    takes_people: bool
    map_url: str

    @property
    def url(self) -> str:
        """Where one registers."""
        return self.session.get_absolute_url()


def session_card(session: PracticeSession, now: datetime.datetime) -> SessionCard:
    """Put a session into words (no query; its unit is read already)."""
    day, hours = span_words(session.starts_at, session.ends_at, session.unit.time_zone)
    room, tone = _room(session, now)
    point = f"{session.latitude},{session.longitude}"
    return SessionCard(
        session=session,
        day=day,
        hours=hours,
        licences=_listed(session.licence_names),
        room=room,
        tone=tone,
        takes_people=session.takes_people(now) and (session.places_left > 0 or session.waiting < MOST_WAITING),
        map_url=f"https://www.google.com/maps/search/?api=1&query={point}" if session.latitude is not None else "",
    )


def _room(session: PracticeSession, now: datetime.datetime) -> tuple[str, str]:
    """Say whether there is room, and how it is marked."""
    if session.is_cancelled:
        return "Dibatalkan", "bad"
    if now >= session.starts_at:
        return ("Selesai" if now >= session.ends_at else "Sedang berlangsung"), "info"
    if not session.is_open:
        return "Pendaftaran ditutup", "warn"
    if session.places_left:
        return f"{session.places_left} tempat lagi", "ok"
    return ("Daftar tunggu" if session.waiting < MOST_WAITING else "Penuh"), "warn"


def _listed(names: tuple[str, ...]) -> str:
    """Write the classes as one says them: SIM A dan C."""
    short = [name.removeprefix("SIM ") for name in names]
    return "SIM " + (", ".join(short[:-1]) + f" dan {short[-1]}" if len(short) > 1 else short[0])


@dataclass(frozen=True)
class ComingPage:
    """The list of coming sessions."""

    cards: tuple[SessionCard, ...]
    page: Page[PracticeSession]
    search: str
    unit: Unit | None


def read_coming(*, search: str, unit_pk: int | None, number: str) -> ComingPage:
    """Read the sessions to come, the next first (at most three queries)."""
    now = timezone.now()
    unit = Unit.objects.filter(pk=unit_pk).first() if unit_pk is not None else None
    rows = PracticeSession.objects.coming(now).select_related("unit").at_or_below_named(search)
    page = Paginator(rows.under(unit) if unit is not None else rows, _PER_PAGE).get_page(number)
    return ComingPage(tuple(session_card(session, now) for session in page), page, search, unit)


def next_sessions(unit: Unit | None = None, *, most: int = 2) -> tuple[SessionCard, ...]:
    """Read the next sessions of a unit and of those below it, or of all (one query)."""
    now = timezone.now()
    rows = PracticeSession.objects.coming(now).select_related("unit")
    return tuple(session_card(session, now) for session in (rows.under(unit) if unit else rows)[:most])


@dataclass(frozen=True)
class ReceiptPage:
    """A registration as its owner reads it."""

    registration: Registration
    card: SessionCard
    code: str
    title: str
    tone: str
    said: str
    can_cancel: bool
    licence: str

    @property
    def code_parts(self) -> list[str]:
        """The code in groups."""
        return self.code.split("-")


def read_receipt(registration: Registration, code: str) -> ReceiptPage:
    """Put a registration into words (at most one query)."""
    session, now = registration.session, timezone.now()
    title, tone, said = _standing(registration, now)
    is_kept = registration.status in (RegistrationStatus.CONFIRMED, RegistrationStatus.WAITING)
    return ReceiptPage(
        registration=registration,
        card=session_card(session, now),
        code=grouped(code),
        title=title,
        tone=tone,
        said=said,
        can_cancel=is_kept and not session.is_cancelled and now < session.starts_at,
        licence=str(registration.get_licence_display()),
    )


def _standing(registration: Registration, now: datetime.datetime) -> tuple[str, str, str]:
    """Say where somebody stands: title, mark, what to do next."""
    session = registration.session
    if registration.is_cancelled:
        again = " Anda boleh mendaftar lagi selama masih ada tempat." if session.takes_people(now) else ""
        return "Pendaftaran Anda dibatalkan", "info", f"Nama dan nomor Anda sudah dihapus.{again}"
    if session.is_cancelled:
        return "Latihan ini dibatalkan", "bad", f"{session.cancel_reason} Silakan pilih jadwal lain."
    if registration.has_attended:
        result = str(registration.get_outcome_display()) if registration.outcome else "Hasil latihan belum dicatat"
        return "Anda sudah mengikuti latihan", "ok", f"{result}. Terima kasih sudah datang."
    if now >= session.ends_at:
        return "Latihan sudah selesai", "info", "Belum sempat datang? Silakan pilih jadwal lain."
    if registration.is_waiting:
        place = place_in_queue(registration)
        said = "Bila ada yang batal, Anda naik sendiri dan petugas memberi tahu. Buka halaman ini untuk melihatnya."
        return f"Anda di daftar tunggu, urutan {place}", "warn", said
    said = "Datanglah sepuluh menit lebih awal. Bila berhalangan, batalkan di halaman ini supaya tempatnya terpakai."
    return f"Anda mendapat tempat nomor {registration.place_number}", "ok", said
