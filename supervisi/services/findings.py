"""Findings: the record of a weakness, with a number of its own for ever."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from supervisi.access import posting_to_write
from supervisi.models import Answer, Checklist, Finding, Item, Layer, Severity, VisitStatus
from supervisi.services.checklists import hold_draft
from supervisi.services.operations import is_storable
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.access import local_day
from wbbm.organisasi.services.audit import record

if TYPE_CHECKING:
    from wbbm.organisasi.models import Unit, User

TEXT_LIMIT = 4000
TITLE_LIMIT = 120
_TRIES = 20


def record_finding(
    *,
    checklist: Checklist,
    item_code: str,
    severity: str,
    observation: str,
    recommendation: str,
    owner_title: str,
    by: User,
) -> Finding:
    """Record a finding at an item of a sheet that is still a draft.

    The unit sees it once the team leader hands the findings over; one recorded after that is handed over at once.

    Raises:
        NotAllowed: the person may not write on the sheet, or the sheet is the unit's own.
        LockedChecklist: the sheet is no draft.
        DomainError: unknown item or severity, empty or unusable text.
    """
    posting = posting_to_write(by, checklist)
    if posting is None or checklist.layer == Layer.SELF:
        raise NotAllowed("Temuan dicatat oleh tim yang mengisi lembar ini.")
    if severity not in Severity.values:
        raise DomainError("Pilih tingkat temuan: berat, sedang, atau ringan.")
    texts = {
        "observation": _text(observation, "Yang ditemukan", TEXT_LIMIT),
        "recommendation": _text(recommendation, "Rekomendasi", TEXT_LIMIT),
        "owner_title": _text(owner_title, "Jabatan yang menindaklanjuti", TITLE_LIMIT),
    }
    with transaction.atomic():
        hold_draft(checklist)
        item = _item(checklist, item_code)
        finding = _create(checklist, item, severity=severity, created_by=by, **texts)
        changes = {"severity": [None, severity], "item": [None, item.code]}
        record("finding.recorded", by=by, posting=posting, about=finding, unit=checklist.unit, changes=changes)
    return finding


def _item(checklist: Checklist, code: str) -> Item:
    known = len(code) <= 20 and is_storable(code)
    item = Item.objects.filter(instrument_id=checklist.instrument_id, code=code).first() if known else None
    if item is None:
        raise DomainError("Butir ini tidak ada pada lembar. Buka dari kartu butirnya.")
    return item


def _letter(checklist: Checklist, item: Item) -> str:
    """Return the option that was chosen when the finding was recorded; empty for numbers."""
    value = Answer.objects.filter(checklist=checklist, item=item).values_list("value", flat=True).first() or {}
    answer = value.get("answer")
    return answer if isinstance(answer, str) and len(answer) <= 10 else ""


def _text(raw: str, label: str, limit: int) -> str:
    text = raw.replace("\r\n", "\n").strip()
    if len(text) < 3:
        raise DomainError(f"{label}: tulis dengan beberapa kata.")
    if len(text) > limit or not is_storable(text):
        raise DomainError(f"{label}: paling banyak {limit} huruf, tanpa tanda yang tidak terbaca.")
    return text


def _create(checklist: Checklist, item: Item, **fields: Any) -> Finding:
    """Give the finding the next number of its unit and year; two at once try again."""
    prefix = number_prefix(checklist.unit)
    handed_over = checklist.visit is not None and checklist.visit.status == VisitStatus.DONE
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                return Finding.objects.create(
                    number=f"{prefix}{_last(prefix) + 1 + attempt:03d}",
                    checklist=checklist,
                    unit=checklist.unit,
                    visit=checklist.visit,
                    item=item,
                    option_code=_letter(checklist, item),
                    owner_unit=checklist.unit,
                    handed_over_at=timezone.now() if handed_over else None,
                    **fields,
                )
        except IntegrityError:
            continue
    raise DomainError("Banyak temuan dicatat bersamaan. Coba lagi.")


def number_prefix(unit: Unit) -> str:
    """Return what the numbers of a unit's findings begin with this year: T-2026-SENORI-."""
    short = unit.code.removeprefix("polsek-").upper()
    return f"T-{local_day(unit).year}-{short}-"


def _last(prefix: str) -> int:
    numbers = Finding.objects.filter(number__startswith=prefix).values_list("number", flat=True)
    running = (re.fullmatch(r"\d+", number.removeprefix(prefix)) for number in numbers)
    return max((int(found.group()) for found in running if found), default=0)
