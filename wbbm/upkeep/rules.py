"""The rules of what the floors below keep: sign-ins, sessions, lists, jobs, notices, small pictures."""

from __future__ import annotations

import datetime

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.db.models import F

from wbbm.files import thumbnails
from wbbm.jobs import registry
from wbbm.jobs.models import Job
from wbbm.notices.models import Notice
from wbbm.notices.services import KEEP_READ
from wbbm.organisasi.models import AccessLink, FactorReset, ImportDraft, ResetRequest, SignInPace

from . import stray_files
from .retention import Rule, register_rows, register_rule

SIGN_INS = datetime.timedelta(days=30)
FACTOR_RESETS = datetime.timedelta(days=90)
JOBS = datetime.timedelta(days=30)


def register() -> None:
    """Register them all."""
    register_rows(
        "sign-ins",
        what="percobaan masuk, tautan sekali pakai, permintaan kata sandi baru",
        keeps=f"{SIGN_INS.days} hari",
        stays="masuk, gagal masuk, dan pembuatan tautan di jejak audit",
        rows=lambda now: [
            AccessAttempt.objects.filter(attempt_time__lt=now - SIGN_INS),
            AccessFailureLog.objects.filter(attempt_time__lt=now - SIGN_INS),
            AccessLog.objects.filter(attempt_time__lt=now - SIGN_INS),
            SignInPace.objects.filter(last_at__lt=now - SIGN_INS),
            ResetRequest.objects.filter(at__lt=now - SIGN_INS),
            AccessLink.objects.filter(expires_at__lt=now - SIGN_INS),
        ],
    )
    register_rows(
        "factor-resets",
        what="permintaan reset faktor kedua dan alasannya",
        keeps=f"{FACTOR_RESETS.days} hari",
        stays="siapa meminta dan siapa mengonfirmasi, di jejak audit",
        rows=lambda now: [FactorReset.objects.filter(asked_at__lt=now - FACTOR_RESETS)],
    )
    register_rows(
        "sessions",
        what="sesi peramban yang sudah berakhir",
        keeps="sampai berakhir",
        stays="tidak ada",
        rows=lambda now: [Session.objects.filter(expire_date__lt=now)],
    )
    register_rows(
        "imports",
        what="isi daftar orang dan satuan yang diunggah untuk impor",
        keeps="24 jam",
        stays="orang dan satuan yang sudah diimpor, dan catatannya di jejak audit",
        rows=lambda now: [ImportDraft.objects.expired(now)],
    )
    register_rows(
        "notices",
        what="pemberitahuan yang sudah dibaca",
        keeps=f"{KEEP_READ.days} hari sejak dibaca",
        stays="pemberitahuan yang belum dibaca",
        rows=lambda now: [Notice.objects.filter(read_at__lt=now - KEEP_READ)],
    )
    register_rows(
        "jobs",
        what="pekerjaan yang sudah selesai, atau yang jenisnya tidak ada lagi",
        keeps=f"{JOBS.days} hari",
        stays="pekerjaan yang belum selesai atau gagal",
        rows=lambda now: [
            Job.objects.filter(done__gte=F("wanted"), token=None, done_at__lt=now - JOBS),
            # Of an older release: nobody will ever do it.
            Job.objects.exclude(kind__in=registry.names()).filter(token=None, wanted_at__lt=now - JOBS),
        ],
    )
    register_rule(
        Rule(
            "thumbnails",
            what="gambar kecil foto",
            keeps=f"{thumbnails.KEEP.days} hari; dibuat lagi bila dibuka",
            stays="fotonya sendiri",
            due=thumbnails.due,
            purge=thumbnails.purge,
        )
    )
    register_rule(
        Rule(
            "stray-files",
            what="berkas yang tidak ditunjuk satu baris pun (unggahan yang ditolak atau terputus)",
            keeps="1 hari",
            stays="setiap berkas yang masih ditunjuk, juga oleh riwayat",
            due=stray_files.due,
            purge=stray_files.purge,
        )
    )
