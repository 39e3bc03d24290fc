"""How long supervision keeps what can be asked for again (docs/operasi.md)."""

from __future__ import annotations

from supervisi.models import ListFile, WorkbookImport
from supervisi.models.list_files import FILE_LASTS
from supervisi.models.workbooks import IMPORT_LASTS
from supervisi.services import list_files
from wbbm.upkeep.retention import Rule, register_rows, register_rule
from wbbm.upkeep.stray_files import register_column


def register() -> None:
    """Register the rules, and where rows name files."""
    register_column(ListFile, "path", folder="daftar", name=r"[0-9a-f]{32}(?:_\w+)?\.(?:csv|xlsx)")
    register_rule(
        Rule(
            "list-files",
            what="daftar CSV dan XLSX yang dibuat di latar belakang",
            keeps=f"{FILE_LASTS.total_seconds() / 3600:.0f} jam",
            stays="catatan bahwa daftar itu diminta, di jejak audit",
            due=list_files.count_expired,
            purge=list_files.purge_list_files,
        )
    )
    register_rows(
        "workbook-imports",
        what="isi buku kerja Excel yang diunggah untuk dibandingkan",
        keeps=f"{IMPORT_LASTS.days} hari",
        stays="butir yang diterima, dengan riwayatnya",
        rows=lambda now: [WorkbookImport.objects.expired(now)],
    )
