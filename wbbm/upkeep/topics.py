"""The topics of what the floors below hold about a person."""

from __future__ import annotations

from axes.models import AccessAttempt, AccessLog
from django.contrib.admin.models import LogEntry
from django.db.models import Q

from wbbm.files.models import StoredFile
from wbbm.notices.models import Digest, Notice, NoticeKind, Preference
from wbbm.organisasi.models import (
    AccessLink,
    AuditEvent,
    FactorReset,
    HolidayYear,
    ImportDraft,
    Posting,
    ResetRequest,
    SecondFactor,
    SignInPace,
    UnitChange,
    User,
)

from .personal import Topic, own_file_kinds, register_erasure, register_topics

FOREVER = "tetap: bagian dari pembuktian"


def register() -> None:
    """Register them all, and what goes with a person."""
    register_topics(
        Topic(
            "Akun: nama pengguna, NRP, nama, pangkat, surel",
            "supaya orangnya dapat masuk dan dikenali rekan kerjanya",
            "selama akun ada; dapat disamarkan setelah akun ditutup",
            count=_account,
        ),
        Topic(
            "Penugasan",
            "hak di portal hanya berasal dari penugasan; riwayat jabatan menjelaskan siapa berwenang apa",
            FOREVER,
            ((Posting, "user"),),
        ),
        Topic(
            "Masuk: percobaan, tautan sekali pakai, permintaan kata sandi baru",
            "menahan tebakan kata sandi",
            "30 hari",
            ((AccessLink, "user"), (ResetRequest, "person")),
            count=_sign_ins,
        ),
        Topic(
            "Faktor kedua dan permintaan resetnya",
            "kata sandi yang bocor saja tidak cukup untuk masuk; kuncinya tersandi",
            "sampai dilepas; permintaan reset 90 hari",
            ((SecondFactor, "user"), (FactorReset, "person")),
        ),
        Topic(
            "Jejak audit perbuatannya, dengan alamat jaringan (IP) perangkatnya",
            "siapa berbuat apa, dari mana, dan menurut jabatan mana; dihitung yang boleh dibaca pembuka halaman ini",
            FOREVER,
            ((AuditEvent, "actor"),),
            seen=frozenset({AuditEvent}),
        ),
        Topic(
            "Pemberitahuan dan surel harian",
            "memberi tahu apa yang menunggu",
            "90 hari sejak dibaca",
            ((Notice, "person"), (Preference, "person"), (Digest, "person")),
            narrowed={Notice: ~Q(kind__in=[NoticeKind.REPORT, NoticeKind.INTEGRITY])},
        ),
        Topic(
            "Berkas yang diunggah",
            "bukti dukung dan lampiran",
            FOREVER,
            ((StoredFile, "created_by"),),
            narrowed={StoredFile: ~Q(kind__in=own_file_kinds)},
        ),
        Topic(
            "Pekerjaan sebagai admin: penugasan, tautan, satuan, impor, hari libur",
            "siapa memberi hak kepada siapa",
            FOREVER,
            (
                (Posting, "created_by"), (Posting, "approved_by"), (AccessLink, "created_by"), (UnitChange, "by"),
                (SecondFactor, "approved_by"), (FactorReset, "asked_by"), (FactorReset, "confirmed_by"),
                (HolidayYear, "confirmed_by"), (ImportDraft, "owner"), (LogEntry, "user"),
            ),
        ),
    )  # fmt: skip
    register_erasure(_erase)


def _account(person: User) -> int:
    return User.objects.filter(pk=person.pk).count()


def _sign_ins(person: User) -> int:
    rows = (AccessAttempt, AccessLog, SignInPace)
    return sum(model._default_manager.filter(username=person.username).count() for model in rows)


def _erase(person: User) -> None:
    for model in (AccessAttempt, AccessLog, SignInPace):
        model._default_manager.filter(username=person.username).delete()
    AccessLink.objects.filter(user=person).delete()
    ResetRequest.objects.filter(person=person).delete()
    SecondFactor.objects.filter(user=person).delete()
    FactorReset.objects.filter(person=person).delete()
    ImportDraft.objects.filter(owner=person).delete()
    Notice.objects.filter(person=person).delete()
    Preference.objects.filter(person=person).delete()
    Digest.objects.filter(person=person).delete()
