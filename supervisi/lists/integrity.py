"""The registers of integrity as tables: gratuity reports of the UPG, pledges by unit."""

from __future__ import annotations

from django.utils import timezone

from layanan.pages.commitment import chosen_year, read_lines, units_in_sight
from layanan.pages.gratuities import ASKED, Line, Wanted, is_upg, register_lines, wanted_reports
from supervisi.lists.asked import Asked
from wbbm.organisasi.models import User
from wbbm.organisasi.tables import Cell, Table, table_of

_COLUMNS = (
    "Nomor", "Satuan", "Jabatan", "Yang diberikan", "Bentuk", "Nilai (Rp)", "Hubungan pemberi", "Peristiwa",
    "Yang dilakukan", "Diterima", "Wajib lapor", "Tenggat KPK", "Perkiraan", "Hari kerja terlambat", "Status",
    "Diserahkan ke UPG", "Di KPK", "Nomor KPK", "Penetapan",
)  # fmt: skip


def gratuities(user: User, asked: Asked) -> Table | None:
    """Return the register of the UPG, narrowed and ordered as on its page."""
    if not is_upg(user):
        return None
    rows = list(wanted_reports(user, Wanted(**asked.renamed(ASKED))))
    return table_of("register-gratifikasi", _COLUMNS, map(_gratuity, register_lines(rows)))


def _gratuity(line: Line) -> tuple[Cell, ...]:
    report, clock = line.report, line.clock
    return (
        report.number, report.unit.name, str(report.posting), report.what, report.get_form_display(), report.value,
        report.get_relation_display(), report.get_occasion_display(), report.get_response_display(),
        report.received_on, "ya" if clock.verdict.must_report else "tidak", clock.due_on,
        "ya" if clock.is_estimate else "", clock.late or None, report.get_status_display(), report.submitted_on,
        report.forwarded_on, report.kpk_number, report.get_decision_display(),
    )  # fmt: skip


def commitment(user: User, asked: Asked) -> Table | None:
    """Return the units in sight with their pledges and declarations, as on their page."""
    if not user.scope.postings:
        return None
    year = chosen_year(asked.text("tahun"), timezone.localdate())
    lines, _ = read_lines(user, list(units_in_sight(user, asked.text("cari"))), year)
    columns = (
        "Satuan", "Tahun", "Orang", "Menandatangani", "Persen", "Orang dengan bawahan", "Menandatangani dengan bawahan",
        "Persen dengan bawahan", "Pencanangan",
    )  # fmt: skip
    rows = [
        (line.unit.name, year, line.own.people, line.own.signed, line.own.percent, line.total.people, line.total.signed,
         line.total.percent, line.declaration.day if line.declaration else None)
        for line in lines
    ]  # fmt: skip
    return table_of("komitmen", columns, rows)
