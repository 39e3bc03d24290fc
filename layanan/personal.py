"""What the public side holds about people who sign in."""

from __future__ import annotations

from layanan.models import (
    CatalogueRevision,
    Declaration,
    GratuityEvent,
    GratuityReport,
    Innovation,
    InnovationFigure,
    InnovationFile,
    Pledge,
    PracticeSession,
    ReportRecipient,
    ServedMonth,
    ViolationStatement,
)
from layanan.services.gratuities import FILE_KIND
from wbbm.organisasi.models import User
from wbbm.upkeep.personal import Topic, own_file_kinds, register_topics

_FOREVER = "tetap: bagian dari pembuktian"


def register() -> None:
    """Register the topics."""
    own_file_kinds.append(FILE_KIND)
    register_topics(
        Topic(
            "Pakta integritas",
            "bukti komitmen per orang dan tahun",
            _FOREVER,
            ((Pledge, "person"),),
        ),
        Topic(
            "Laporan gratifikasi",
            "kewajiban lapor menurut Peraturan KPK",
            _FOREVER,
            ((GratuityReport, "by"), (GratuityEvent, "by")),
            is_own=True,
        ),
        Topic(
            "Laporan warga yang dapat dibacanya",
            "penerima dicatat saat laporan masuk",
            "2 tahun sejak laporan berakhir",
            count=_received,
            is_own=True,
        ),
        Topic(
            "Pekerjaan layanan: standar, SIMBA, inovasi, pencanangan, angka bulanan",
            "siapa menulis apa pada halaman warga",
            _FOREVER,
            (
                (CatalogueRevision, "by"), (PracticeSession, "created_by"), (Innovation, "created_by"),
                (InnovationFigure, "by"), (InnovationFile, "added_by"), (Declaration, "created_by"),
                (Pledge, "recorded_by"), (ViolationStatement, "stated_by"), (ServedMonth, "by"),
            ),
        ),
    )  # fmt: skip


def _received(person: User) -> int:
    return ReportRecipient.objects.filter(posting__user=person).count()
