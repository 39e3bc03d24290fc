"""Answers: a token is used up and its answer kept in one transaction, and nothing ties the two together.

No act here is written into the audit trail: a trail with moments would be the tie (docs/keputusan/0015).
"""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from layanan.models import Questionnaire, SurveyAnswer, SurveyTally, SurveyToken
from layanan.models.surveys import MOST_STATEMENTS
from layanan.survey_maths import month_of
from wbbm.errors import DomainError
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Unit

# Open answers of one unit and day; who wants to spoil them spoils nothing that counts.
MOST_OPEN_A_DAY = 200


class TokenUsed(DomainError):
    """The token has answered already: the reply is the same thanks."""

    status = 409
    code = "used"


class TooManyOpen(DomainError):
    """The unit got more open answers today than anybody reads."""

    status = 429
    code = "busy"


@dataclass(frozen=True)
class Filled:
    """One questionnaire, filled in."""

    questionnaire: Questionnaire
    marks: tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Where a service was finished."""

    unit: Unit
    service: str


def redeem(token: SurveyToken, filled: Sequence[Filled], *, now: datetime.datetime | None = None) -> None:
    """Use the token up and keep its answers: exactly one of many requests at once does both.

    Raises:
        TokenUsed: another request was first; nothing is kept of this one.
    """
    place = Place(token.batch.unit, token.batch.service)
    with transaction.atomic():
        if not _claim(token):
            raise TokenUsed("Jawaban untuk kode ini sudah diterima. Terima kasih.")
        _keep(place, filled, local_day(place.unit, now), is_open=False)


def _claim(token: SurveyToken) -> bool:
    return SurveyToken.objects.filter(pk=token.pk, is_used=False).update(is_used=True) == 1


def add_open_answer(
    place: Place, filled: Sequence[Filled], *, form: uuid.UUID, now: datetime.datetime | None = None
) -> None:
    """Keep what somebody without a token says; a form that is sent twice is kept once.

    Args:
        form: the number that the form was made with.

    Raises:
        TooManyOpen: nothing is kept.
    """
    day = local_day(place.unit, now)
    own = [_open_id(form, each) for each in filled]
    if SurveyAnswer.objects.filter(pk__in=own).exists():
        return
    if SurveyAnswer.objects.filter(unit=place.unit, day=day, is_open=True).count() >= MOST_OPEN_A_DAY:
        raise TooManyOpen("Hari ini sudah banyak jawaban terbuka untuk satuan ini. Silakan kirim lagi besok.")
    with transaction.atomic():
        _keep(place, filled, day, is_open=True, ids=own)


def _open_id(form: uuid.UUID, filled: Filled) -> uuid.UUID:
    return uuid.UUID(bytes=hashlib.sha256(f"{form}:{filled.questionnaire.code}".encode()).digest()[:16], version=4)


def _keep(
    place: Place,
    filled: Sequence[Filled],
    day: datetime.date,
    *,
    is_open: bool,
    ids: Sequence[uuid.UUID] = (),
) -> None:
    rows = [
        SurveyAnswer(
            id=ids[number] if ids else uuid.uuid4(),
            unit=place.unit,
            service=place.service,
            questionnaire=each.questionnaire,
            day=day,
            marks="".join(map(str, each.marks)),
            is_flat=len(set(each.marks)) == 1,
            is_open=is_open,
        )
        for number, each in enumerate(filled)
    ]
    SurveyAnswer.objects.bulk_create(rows)
    # Always in the same order: two requests that wait for each other's row would wait for ever.
    for each in sorted(filled, key=lambda each: each.questionnaire.pk):
        _count(place, each, month_of(day), is_open)


def _count(place: Place, filled: Filled, month: datetime.date, is_open: bool) -> None:
    """Move the month's tally by one answer; the row is made when the month begins."""
    key = {
        "unit": place.unit,
        "service": place.service,
        "questionnaire": filled.questionnaire,
        "month": month,
        "is_open": is_open,
    }
    moves = {
        "count": F("count") + 1,
        "squares": F("squares") + sum(filled.marks) ** 2,
    } | {f"s{number}": F(f"s{number}") + mark for number, mark in enumerate(filled.marks, start=1)}
    assert len(filled.marks) <= MOST_STATEMENTS
    if SurveyTally.objects.filter(**key).update(**moves):
        return
    SurveyTally.objects.bulk_create([SurveyTally(**key)], ignore_conflicts=True)
    SurveyTally.objects.filter(**key).update(**moves)


def is_expired(token: SurveyToken, now: datetime.datetime | None = None) -> bool:
    """Tell whether the token's last day is over at its unit."""
    return token.batch.expires_on < local_day(token.batch.unit, now or timezone.now())
