"""Which list of which page is a table, by the word that stands in its address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from supervisi.lists import (
    findings,
    instruments,
    integrity,
    people,
    public_side,
    services,
    sheets,
    surveys,
    trends,
    units,
    visits,
)
from supervisi.lists.asked import Asked
from wbbm.organisasi.models import User
from wbbm.organisasi.tables import Table

# Up to so many rows a file is written while the person waits (a second or two); more is made by a worker.
MOST_AT_ONCE = 5000

# Returns None where the page itself would not be found.
Read = Callable[[User, Asked], Table | None]


@dataclass(frozen=True)
class ListKind:
    """A list: what it is called, the routes of the pages that show it, and how it is read."""

    title: str
    routes: tuple[str, ...]
    read: Read
    # About people themselves, or what they reported: who takes it along proves himself once more.
    is_personal: bool = False


LISTS = {
    "satuan": ListKind("Daftar satuan", ("supervisi:unit-list",), units.units),
    "peringkat": ListKind("Peringkat satuan", ("supervisi:unit-dashboard", "supervisi:own-unit"), units.ranking),
    "selisih": ListKind("Mandiri dan supervisi", ("supervisi:layer-gaps",), units.gaps_below),
    "dukungan": ListKind("Dukungan Polsek untuk LKE", ("supervisi:support",), units.support),
    "rencana": ListKind("Rencana satuan", ("supervisi:plan-stations",), units.plans_below),
    "rerata": ListKind("Hitungan rerata", ("supervisi:rollup-derivation",), units.means),
    "riwayat": ListKind("Riwayat satuan", ("supervisi:unit-history",), units.history),
    "perkembangan": ListKind("Perkembangan satuan", ("supervisi:trend",), trends.trend),
    "perkembangan-bawahan": ListKind("Perkembangan satuan di bawah", ("supervisi:trend-below",), trends.trends_below),
    "periode": ListKind("Daftar periode", ("supervisi:period-list",), units.periods),
    "layanan": ListKind("Kelengkapan layanan", ("layanan:manage-gaps",), services.service_gaps),
    # Names who has no password and no second factor.
    "kelengkapan": ListKind("Yang perlu dilengkapi", ("supervisi:gaps",), units.incomplete, is_personal=True),
    "instrumen": ListKind("Daftar instrumen", ("supervisi:instrument-list",), instruments.versions),
    "perbedaan": ListKind("Perbedaan instrumen", ("supervisi:instrument-draft",), instruments.changes),
    "padanan": ListKind("Padanan butir", ("supervisi:instrument-crosswalk",), instruments.pairs),
    "dampak": ListKind("Dampak versi instrumen", ("supervisi:instrument-effect",), instruments.effect),
    "kunjungan": ListKind("Daftar kunjungan", ("supervisi:visit-list",), visits.visits),
    "kalender": ListKind("Kalender kunjungan", ("supervisi:visit-calendar",), visits.month),
    "harian": ListKind("Kunjungan satu hari", ("supervisi:visit-day",), visits.day),
    "usulan": ListKind("Usulan kunjungan", ("supervisi:visit-next",), visits.upcoming),
    "temuan": ListKind("Daftar temuan", ("supervisi:finding-list",), findings.findings),
    "temuan-berat": ListKind("Temuan berat", ("supervisi:integrity",), findings.severe_findings),
    "gratifikasi": ListKind(
        "Register gratifikasi", ("layanan:gratuity-register",), integrity.gratuities, is_personal=True
    ),
    "komitmen": ListKind("Komitmen satuan", ("layanan:commitment-list",), integrity.commitment),
    "bukti": ListKind("Daftar bukti", ("supervisi:evidence-list", "supervisi:own-evidence"), findings.evidence),
    "hak-jawab": ListKind("Hak jawab", ("supervisi:reply-round",), findings.replies),
    "perbandingan": ListKind("Perbandingan lembar", ("supervisi:comparison",), sheets.comparison),
    "lapisan": ListKind("Lapisan per butir", ("supervisi:layer-comparison",), sheets.layers),
    "jejak": ListKind("Jejak audit", ("supervisi:auditor",), sheets.trail),
    "simba": ListKind("Jadwal SIMBA", ("layanan:simba-manage",), public_side.sessions),
    "inovasi": ListKind("Daftar inovasi", ("layanan:innovation-manage",), public_side.innovations),
    "hasil-survei": ListKind("Hasil survei satuan", ("layanan:survey-list",), surveys.indices),
    "survei-satuan": ListKind("Hasil survei satu satuan", ("layanan:survey-unit-staff",), surveys.elements),
    "responden-survei": ListKind("Responden survei", ("layanan:survey-contacts",), surveys.contacts, is_personal=True),
    "data-orang": ListKind(
        "Data seseorang", ("upkeep:person-data", "upkeep:own-data"), people.personal_data, is_personal=True
    ),
    "kepala-jejak": ListKind("Kepala jejak audit", ("audit-heads",), sheets.heads),
}
