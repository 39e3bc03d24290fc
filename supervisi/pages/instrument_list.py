"""The versions of instruments: which is in use, which comes, and the drafts that the admin of the top unit works on."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import dateformat, timezone

from supervisi.access import posting_to_version
from supervisi.models import Instrument, InstrumentDraft
from wbbm.organisasi.models import Role, User


@dataclass(frozen=True)
class VersionLine:
    """One loaded version."""

    instrument: Instrument
    since: str
    state: str
    tone: str
    # The record of how it was published; only its own admin may open it.
    record: InstrumentDraft | None


@dataclass(frozen=True)
class InstrumentList:
    """What the page shows."""

    versions: tuple[VersionLine, ...]
    drafts: tuple[InstrumentDraft, ...]
    can_upload: bool


def read_instruments(user: User) -> InstrumentList | None:
    """Read the list for an admin; None for everybody else (two queries)."""
    if not user.scope.has_role(Role.ADMIN):
        return None
    rows = list(Instrument.objects.visible_to(user).defer("definition").order_by("code", "-pk"))
    drafts = list(InstrumentDraft.objects.visible_to(user).with_frame().defer("definition", "crosswalk", "source"))
    records = {draft.instrument_id: draft for draft in drafts if not draft.is_draft}
    return InstrumentList(
        versions=tuple(_line(row, rows, records) for row in rows),
        drafts=tuple(draft for draft in drafts if draft.is_draft),
        can_upload=posting_to_version(user) is not None,
    )


def _line(row: Instrument, rows: list[Instrument], records: dict[int | None, InstrumentDraft]) -> VersionLine:
    today = timezone.localdate()
    in_use = next((each for each in rows if each.code == row.code and each.holds_on(today)), None)
    since = f"periode mulai {_day(row)}" if row.starts_on else "sejak dimuat"
    if not row.holds_on(today):
        state, tone = "Akan berlaku", "info"
    elif in_use is not None and in_use.pk == row.pk:
        state, tone = "Dipakai", "ok"
    else:
        state, tone = "Digantikan", ""
    return VersionLine(row, since, state, tone, records.get(row.pk))


def _day(row: Instrument) -> str:
    return dateformat.format(row.starts_on, "j F Y") if row.starts_on else ""
