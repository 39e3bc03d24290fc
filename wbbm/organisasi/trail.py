"""The audit trail in words: what an act is called, and what it changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from .clock import moment_text
from .models import AuditEvent, User
from .services.audit import HASHED

_MOST = 200
OTHER_ACT = "Perubahan"
_acts = {
    "factor.approved": "Faktor kedua dikonfirmasi",
    "factor.codes-made": "Kode pemulihan baru dibuat",
    "factor.recovery-used": "Kode pemulihan dipakai",
    "factor.refused": "Kode salah",
    "factor.removed": "Faktor kedua dilepas",
    "factor.replaced": "Faktor kedua dipasang ulang",
    "factor.reset-asked": "Reset faktor kedua diminta",
    "factor.reset-by-server": "Faktor kedua direset penjaga server",
    "factor.reset-confirmed": "Faktor kedua direset",
    "factor.reset-refused": "Reset faktor kedua ditolak orangnya",
    "factor.reset-withdrawn": "Permintaan reset faktor kedua ditarik",
    "factor.set-up": "Faktor kedua dipasang",
    "import.applied": "Daftar diimpor",
    "link.made": "Tautan sekali pakai dibuat",
    "link.mailed": "Tautan sekali pakai dikirim ke surel",
    "link.used": "Tautan sekali pakai dipakai",
    "lockout.cleared": "Penguncian dihapus",
    "notices.mail-tested": "Surel uji dikirim",
    "notices.preferences": "Pilihan surel harian diubah",
    "password.changed": "Kata sandi diganti",
    "password.required": "Kata sandi baru diminta",
    "person.changed": "Data orang diubah",
    "person.closed": "Akun ditutup",
    "person.created": "Orang ditambahkan",
    "person.erased": "Data pribadi disamarkan",
    "person.reopened": "Akun dibuka kembali",
    "person.signed-out-everywhere": "Keluar dari semua perangkat",
    "posting.added": "Penugasan ditambahkan",
    "posting.approved": "Penugasan disetujui",
    "posting.changed": "Penugasan diubah",
    "posting.ended": "Penugasan diakhiri",
    "predicate.recorded": "Predikat dicatat",
    "holiday.recorded": "Hari libur dicatat",
    "holiday.changed": "Hari libur diubah",
    "holiday.year-confirmed": "Daftar hari libur setahun ditetapkan",
    "sign-in": "Masuk",
    "sign-in.locked": "Terkunci setelah salah kata sandi",
    "sign-in.refused": "Salah kata sandi",
    "sign-out": "Keluar",
    "step-up.refused": "Salah kata sandi saat konfirmasi",
    "unit.changed": "Satuan diubah",
    "unit.created": "Satuan dibuat",
    "unit.moved": "Satuan dipindahkan",
    "unit.merged": "Satuan digabung",
    "unit.closed": "Satuan ditutup",
}
_fields = {
    "parent": "satuan di atasnya",
    "into": "digabung ke",
    "new": "baris baru",
    "changed": "baris berubah",
    "same": "baris tetap",
    "user": "orang",
    "removed": "data pribadi",
    "text": "kata-kata",
}


def register_acts(words: dict[str, str]) -> None:
    """Let an app above say what its acts are called; called in ready()."""
    _acts.update(words)


def act_words(action: str) -> str:
    """Return what an act is called."""
    return _acts.get(action, OTHER_ACT)


@dataclass(frozen=True)
class TrailLine:
    """One act as a page shows it."""

    at: str
    act: str
    by: str
    changes: tuple[str, ...]
    reason: str


def read_trail(obj: Model, user: User) -> tuple[TrailLine, ...]:
    """Read the latest acts about an object, as far as the person may read them, newest first (one query)."""
    events = AuditEvent.objects.visible_to(user).about(obj).select_related("actor", "posting", "unit")
    return tuple(
        TrailLine(
            at=moment_text(event.at, event.unit),
            act=act_words(event.action),
            by=by_words(event),
            changes=change_words(event, type(obj)),
            reason=event.reason,
        )
        for event in events[:_MOST]
    )


def by_words(event: AuditEvent) -> str:
    """Say who acted, by which office."""
    if event.actor is None:
        return "Tanpa akun"
    return f"{event.posting} ({event.actor})" if event.posting is not None else str(event.actor)


def change_words(event: AuditEvent, model: type[Model] | None) -> tuple[str, ...]:
    """Say what an act changed: name of the field, old and new value."""
    return tuple(
        f"{_label(model, name)}: {_shown(model, name, values[0])} → {_shown(model, name, values[1])}"
        for name, values in event.changes.items()
        if isinstance(values, list) and len(values) == 2
    )


def _field(model: type[Model] | None, name: str) -> Any:
    try:
        return model._meta.get_field(name) if model is not None else None
    except FieldDoesNotExist:
        return None


def _label(model: type[Model] | None, name: str) -> str:
    field = _field(model, name)
    words = str(field.verbose_name) if field is not None else _fields.get(name, name)
    return words[:1].upper() + words[1:]


def _shown(model: type[Model] | None, name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(model, name, each) for each in value) or "kosong"
    if value in (None, "", "None"):
        return "kosong"
    if isinstance(value, str) and value.startswith(HASHED):
        # The same mark is the same value.
        return f"(data pribadi, sidik {value.removeprefix(HASHED)[:6]})"
    field = _field(model, name)
    choices = dict(field.choices or ()) if field is not None else {}
    return str(choices.get(value, value))
