"""How long the public side keeps what it knows of people (docs/operasi.md)."""

from __future__ import annotations

from layanan.services import report_ending, simba_emptying, survey_register
from wbbm.upkeep.retention import Rule, register_rule


def register() -> None:
    """Register the rules."""
    register_rule(
        Rule(
            "simba",
            what="nama, telepon dan kode peserta SIMBA",
            keeps=f"{simba_emptying.KEEP_DAYS} hari sesudah jadwalnya",
            stays="jumlah pendaftar dan yang hadir",
            due=lambda now: simba_emptying.old_sessions(now).count(),
            purge=simba_emptying.empty_old_sessions,
        )
    )
    register_rule(
        Rule(
            "survey-contacts",
            what="nama dan telepon responden survei (SE 04/2023)",
            keeps=f"{survey_register.KEEP_DAYS} hari",
            stays="jumlah responden per hari dan layanan",
            due=lambda now: survey_register.old_contacts(now).count(),
            purge=survey_register.empty_old_contacts,
        )
    )
    register_rule(
        Rule(
            "reports",
            what="laporan warga yang sudah berakhir: isi, percakapan, foto, penerima",
            keeps=f"2 tahun ({report_ending.KEEP_DAYS} hari) sejak berakhir",
            stays="angka tahunan yang sudah dirilis",
            due=lambda now: report_ending.old_reports(now).count(),
            purge=report_ending.delete_old_reports,
        )
    )
