"""Findings, evidence and replies as tables: the rows and cells that the person may see."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from django.utils import timezone

from supervisi.lists.asked import Asked
from supervisi.models import Checklist, Evidence, Finding
from supervisi.pages.dashboard_data import READERS
from supervisi.pages.findings import ASKED as FINDINGS_ASKED
from supervisi.pages.findings import Wanted as WantedFindings
from supervisi.pages.findings import wanted_findings
from supervisi.pages.first_pages import read_integrity_page
from supervisi.pages.replies import read_round
from supervisi.pages.validity import validity
from supervisi.pages.vault import ASKED as EVIDENCE_ASKED
from supervisi.pages.vault import Wanted as WantedEvidence
from supervisi.pages.vault import find_unit, wanted_evidence
from supervisi.scoring.rounding import from_units, shown
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Role, Unit, User
from wbbm.organisasi.tables import Cell, Table, figure, table_of

_COLUMNS = (
    "Nomor", "Satuan", "Tingkat", "Status", "Yang ditemukan", "Rekomendasi", "Jabatan pemilik", "Satuan pemilik",
    "Butir", "Nilai", "Disampaikan", "Tenggat", "Hari terlambat", "Dijawab", "Ditutup",
)  # fmt: skip


def findings(user: User, asked: Asked) -> Table | None:
    """Return the findings in sight, narrowed and ordered as on their list, in a fixed number of queries."""
    if not user.scope.has_role(*READERS):
        return None
    now = timezone.now()
    rows = wanted_findings(user, WantedFindings(**asked.renamed(FINDINGS_ASKED)), now)
    lines = (_finding(row, now) for row in rows.iterator(chunk_size=1000))
    return Table("daftar-temuan", _COLUMNS, lines, rows.count())


def _finding(finding: Finding, now: datetime.datetime) -> tuple[Cell, ...]:
    is_shown: bool = finding.is_stake_shown  # type: ignore[attr-defined]  # annotated by with_stake
    late = finding.days_late(local_day(finding.unit, now))
    return (
        finding.number, finding.unit.name, finding.get_severity_display(), finding.get_status_display(),
        finding.observation, finding.recommendation, finding.owner_title, finding.owner_unit.name,
        finding.item.code if finding.item else "",
        figure(shown(from_units(finding.points))) if is_shown and finding.points else None,
        _day(finding.unit, finding.handed_over_at), finding.due_on, late or None,
        _day(finding.unit, finding.answered_at), _day(finding.unit, finding.closed_at),
    )  # fmt: skip


def _day(unit: Unit, at: datetime.datetime | None) -> datetime.date | None:
    return local_day(unit, at) if at else None


def severe_findings(user: User, asked: Asked) -> Table | None:
    """Return the open severe findings of an integrity officer's units."""
    if not user.scope.has_role(Role.INTEGRITY_OFFICER):
        return None
    lines = [
        (line.finding.number, line.finding.unit.name, line.finding.get_status_display(), line.finding.observation,
         line.finding.owner_title, line.finding.due_on, line.days_late or None)
        for line in read_integrity_page(user, most=None)
    ]  # fmt: skip
    columns = ("Nomor", "Satuan", "Status", "Yang ditemukan", "Jabatan pemilik", "Tenggat", "Hari terlambat")
    return table_of("temuan-berat", columns, lines)


def evidence(user: User, asked: Asked) -> Table | None:
    """Return what a unit keeps and what is shared with it, narrowed as on its page."""
    unit = find_unit(user, asked.id)
    if unit is None:
        return None
    today = local_day(unit)
    rows = wanted_evidence(user, unit, WantedEvidence(**asked.renamed(EVIDENCE_ASKED)), today)
    columns = (
        "Nomor", "Revisi", "Judul", "Nomor surat", "Tanggal surat", "Berlaku sejak", "Berlaku sampai", "Masa berlaku",
        "Penanda", "Dipakai butir", "Milik",
    )  # fmt: skip
    return Table("bukti", columns, _evidence_lines(rows.iterator(chunk_size=1000), today), rows.count())


def _evidence_lines(rows: Iterable[Evidence], today: datetime.date) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        yield (
            row.number, row.revision, row.title, row.document_number, row.dated_on, row.valid_from, row.valid_until,
            validity(row, today).words, row.tags.strip(",").replace(",", ", "), vars(row)["uses"], row.unit.name,
        )  # fmt: skip


def replies(user: User, asked: Asked) -> Table | None:
    """Return the items of a sheet's right of reply."""
    checklist = Checklist.objects.visible_to(user).with_frame().filter(pk=asked.id).first()
    page = read_round(checklist, user) if checklist is not None else None
    if page is None:
        return None
    lines = [
        (line.item.code, line.item.question, line.claimed.letter, line.found.letter, figure(line.points), line.state)
        for line in page.lines
    ]
    columns = ("Butir", "Pertanyaan", "Satuan", page.checklist.get_layer_display(), "Poin", "Keadaan")
    return table_of("hak-jawab", columns, lines)
