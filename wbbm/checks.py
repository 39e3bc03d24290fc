"""System checks of a deployment: each names what is wrong and what to do (manage.py check, serve, prepare)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError


@register(Tags.security)
def check_proxies(**kwargs: Any) -> list[CheckMessage]:
    """TRUSTED_PROXIES must be addresses, and https needs one: behind none every page would lead to itself."""
    found: list[CheckMessage] = []
    for proxy in settings.TRUSTED_PROXIES:
        try:
            ipaddress.ip_address(proxy)
        except ValueError:
            text = f"TRUSTED_PROXIES: {proxy!r} bukan alamat IP."
            found.append(Error(text, hint="Tulis alamat proksi, misalnya 127.0.0.1.", id="wbbm.E001"))
    if settings.IS_HTTPS and not settings.TRUSTED_PROXIES:
        text = "SITE_URL memakai https, tetapi TRUSTED_PROXIES kosong: setiap halaman akan dialihkan tanpa akhir."
        hint = "Isi TRUSTED_PROXIES dengan alamat nginx, misalnya 127.0.0.1; lihat docs/operasi.md."
        found.append(Warning(text, hint=hint, id="wbbm.W001"))
    return found


@register(Tags.security)
def check_backups(**kwargs: Any) -> list[CheckMessage]:
    """A server without BACKUP_KEY makes no backups: it starts, and says so."""
    if settings.BACKUP_KEY.strip(", "):
        return []
    hint = "Buat kunci, taruh di portal.env, dan simpan salinannya di luar mesin; lihat docs/operasi.md."
    return [Warning("BACKUP_KEY kosong: tidak ada cadangan yang dibuat.", hint=hint, id="wbbm.W002")]


@register(Tags.security, deploy=True)
def check_no_demo_in_deployment(**kwargs: Any) -> list[CheckMessage]:
    """A deployment never runs as demo: its accounts have a password that everybody knows."""
    if not settings.IS_DEMO:
        return []
    return [Error("DEMO=1 tidak boleh dipakai pada pemasangan sungguhan.", hint="Hapus DEMO.", id="wbbm.E002")]


@register(Tags.security, deploy=True)
def check_second_factor(**kwargs: Any) -> list[CheckMessage]:
    """Whoever may read reports or hand out rights proves himself by more than a password."""
    if settings.IS_DEMO or settings.SECOND_FACTOR == "required":
        return []
    text = "SECOND_FACTOR=optional: admin, auditor, dan petugas integritas dapat masuk hanya dengan kata sandi."
    return [Warning(text, hint="Hapus SECOND_FACTOR; lihat docs/operasi.md.", id="wbbm.W002")]


@register(Tags.database)
def check_demo_data(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Example data and real data never pass for each other."""
    if not databases:
        return []
    try:
        has_demo = apps.get_model("organisasi", "User").objects.filter(is_demo=True).exists()
        has_units = apps.get_model("organisasi", "Unit").objects.exists()
    except DatabaseError:
        return []  # not there yet, or not reachable: whoever needs it says so
    if has_demo and not settings.IS_DEMO:
        hint = "Jalankan dengan DEMO=1, atau pakai basis data lain (DATA_DIR atau DATABASE_URL) untuk data sungguhan."
        return [Error("Basis data ini berisi data contoh, tetapi DEMO tidak 1.", hint=hint, id="wbbm.E003")]
    if settings.IS_DEMO and has_units and not has_demo:
        hint = "Hapus DEMO: dengan DEMO=1 setiap halaman akan menyebut data sungguhan ini data contoh."
        return [Error("DEMO=1, tetapi basis data ini berisi satuan sungguhan.", hint=hint, id="wbbm.E004")]
    return []
