"""The list of findings as a file: the rows and cells that the person may see, in the order that he sees them."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.utils import timezone

from supervisi.models import Finding
from supervisi.pages.findings import Wanted, wanted_findings
from supervisi.scoring.rounding import from_units, shown
from wbbm.organisasi.access import local_day
from wbbm.organisasi.exports import DEMO_LINE, write_csv, write_xlsx
from wbbm.organisasi.models import User

COLUMNS = (
    "Nomor", "Satuan", "Tingkat", "Status", "Yang ditemukan", "Rekomendasi", "Jabatan pemilik", "Satuan pemilik",
    "Butir", "Nilai", "Disampaikan", "Tenggat", "Hari terlambat", "Dijawab", "Ditutup",
)  # fmt: skip


def findings_file(user: User, wanted: Wanted, suffix: str) -> bytes:
    """Return the findings in sight, narrowed and ordered as on the list, without paging (a fixed number of queries).

    Args:
        user: whose sight it is.
        wanted: how the list is narrowed and ordered.
        suffix: csv or xlsx.
    """
    now = timezone.now()
    lines: list[tuple[str, ...]] = [(DEMO_LINE,)] if settings.IS_DEMO else []
    rows = wanted_findings(user, wanted, now)
    lines += [COLUMNS, *(_cells(finding, now) for finding in rows.iterator(chunk_size=1000))]
    return write_csv(lines) if suffix == "csv" else write_xlsx(lines)


def _cells(finding: Finding, now: datetime.datetime) -> tuple[str, ...]:
    is_shown: bool = finding.is_stake_shown  # type: ignore[attr-defined]  # annotated by with_stake
    late = finding.days_late(local_day(finding.unit, now))
    return (
        finding.number, finding.unit.name, finding.get_severity_display(), finding.get_status_display(),
        finding.observation, finding.recommendation, finding.owner_title, finding.owner_unit.name,
        finding.item.code if finding.item else "",
        shown(from_units(finding.points)) if is_shown and finding.points else "",
        _moment(finding, finding.handed_over_at), _day(finding.due_on), str(late) if late else "",
        _moment(finding, finding.answered_at), _moment(finding, finding.closed_at),
    )  # fmt: skip


def _day(day: datetime.date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def _moment(finding: Finding, at: datetime.datetime | None) -> str:
    return _day(local_day(finding.unit, at)) if at else ""
