"""The main menu of the public pages, and what the public side puts into the menu of those who sign in."""

from __future__ import annotations

from dataclasses import dataclass

from wbbm.organisasi.models import Role
from wbbm.organisasi.shell import Entry, register_nav

_SERVICE_KEEPERS = frozenset({Role.OPERATOR, Role.ADMIN})
_COMMITMENT_READERS = frozenset({Role.COMMANDER, Role.OPERATOR, Role.INTEGRITY_OFFICER, Role.AUDITOR})
# One place in the main menu for all that residents see.
_GROUP = "Layanan"


@dataclass(frozen=True)
class PublicEntry:
    """One entry of the public menu: where it leads, and under whose address its pages lie."""

    label: str
    url_name: str


PUBLIC: tuple[PublicEntry, ...] = (
    PublicEntry("Layanan", "home"),
    PublicEntry("Tarif", "layanan:tariffs"),
    PublicEntry("SIMBA", "layanan:simba-list"),
    PublicEntry("Inovasi", "layanan:innovation-list"),
    PublicEntry("Hasil survei", "layanan:survey-results"),
    PublicEntry("Lapor", "layanan:report-start"),
)


def register() -> None:
    """Add the entries of those who sign in."""
    watchers = frozenset({Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR})
    own_unit = frozenset({Role.OPERATOR, Role.COMMANDER})
    register_nav(
        Entry("Standar dan loket", "layanan:manage", _SERVICE_KEEPERS, 18, group=_GROUP),
        Entry("Kelengkapan", "layanan:manage-gaps", watchers, 17, _SERVICE_KEEPERS, "layanan:manage", group=_GROUP),
        Entry("Register gratifikasi", "layanan:gratuity-register", frozenset({Role.INTEGRITY_OFFICER}), 16),
        Entry("Komitmen", "layanan:commitment-list", _COMMITMENT_READERS, 34, group=_GROUP),
        Entry("Pakta integritas", "layanan:pledge-sign", frozenset(Role.values), 89, is_personal=True),
        Entry("Lapor gratifikasi", "layanan:gratuity-list", frozenset(Role.values), 90, is_personal=True),
        Entry("SIMBA", "layanan:simba-manage", own_unit, 18, group=_GROUP),
        Entry("Inovasi", "layanan:innovation-manage", own_unit, 19, group=_GROUP),
        Entry(
            "Survei",
            "layanan:survey-list",
            frozenset({Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR, Role.OPERATOR}),
            33,
            group=_GROUP,
        ),
        Entry("Laporan warga", "layanan:report-list", frozenset({Role.INTEGRITY_OFFICER}), 14),
    )
