"""Plain functions that make one object of the public side each."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

from django.utils import timezone

from layanan.models import Innovation, PracticeSession, Registration
from layanan.services.registrations import Applicant, code_hash, code_of_form, new_form_key
from wbbm.organisasi.models import Unit, User

_count = itertools.count(1)


def make_session(unit: Unit, by: User, days: float = 3, **changes: Any) -> PracticeSession:
    """Make a session of two hours that begins in so many days."""
    starts_at = timezone.now() + datetime.timedelta(days=days)
    fields = {
        "unit": unit, "created_by": by, "place": f"Lapangan {next(_count)}", "starts_at": starts_at,
        "ends_at": starts_at + datetime.timedelta(hours=2), "day": timezone.localdate(starts_at), "licences": ["c"],
        "capacity": 3, "guide_title": "Bhabinkamtibmas",
    } | changes  # fmt: skip
    return PracticeSession.objects.create(**fields)


def make_registration(session: PracticeSession, **changes: Any) -> Registration:
    """Make somebody with a place; the counter follows."""
    number = session.registrations.count() + 1
    fields = {
        "session": session, "name": f"Peserta {number}", "phone": f"+6280000{next(_count):06d}", "licence": "c",
        "code_hash": code_hash(new_code()), "place_number": number, "status": "confirmed",
    } | changes  # fmt: skip
    PracticeSession.objects.filter(pk=session.pk).update(taken=number)
    return Registration.objects.create(**fields)


def make_innovation(unit: Unit, by: User, **changes: Any) -> Innovation:
    """Make a draft that began half a year ago."""
    fields = {
        "unit": unit, "created_by": by, "title": f"Inovasi {next(_count)}", "summary": "Ringkas", "problem": "Jauh",
        "how_it_works": "Didatangi", "since": datetime.date.today() - datetime.timedelta(days=180),
    } | changes  # fmt: skip
    return Innovation.objects.create(**fields)


def new_code() -> str:
    """Return the code of a fresh form."""
    code = code_of_form(new_form_key())
    assert code is not None
    return code


def applicant(number: int = 1, **changes: Any) -> Applicant:
    """Return somebody who registers; nobody has this number."""
    fields = {"name": f"Peserta {number}", "phone": f"+62800000{number:04d}", "licence": "c"} | changes
    return Applicant(**fields)
