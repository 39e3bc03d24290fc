"""What supervision puts into the main menu, by role."""

from wbbm.organisasi.models import Role
from wbbm.organisasi.shell import Entry, register_nav

_READERS = frozenset({Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR})


def register() -> None:
    """Add the entries."""
    register_nav(
        Entry("Dasbor", "dashboard", frozenset({Role.COMMANDER}), 10, unless=frozenset({Role.OPERATOR})),
        Entry("Kunjungan saya", "supervisi:visit-list", frozenset({Role.SUPERVISOR}), 11),
        Entry("Periksa", "supervisi:auditor", frozenset({Role.AUDITOR}), 12),
        Entry("Kelengkapan", "supervisi:gaps", frozenset({Role.ADMIN}), 13),
        Entry("Periode", "supervisi:period-list", frozenset({Role.ADMIN}), 35),
        Entry("Instrumen", "supervisi:instrument-list", frozenset({Role.ADMIN}), 36),
        Entry("Tugas saya", "supervisi:todo", frozenset({Role.OPERATOR}), 14),
        Entry("Dasbor", "supervisi:own-unit", frozenset({Role.OPERATOR}), 15),
        Entry("Temuan", "supervisi:finding-board", frozenset({Role.OPERATOR}), 16),
        Entry("Bukti", "supervisi:own-evidence", frozenset({Role.OPERATOR}), 17),
        Entry(
            "Temuan",
            "supervisi:finding-review",
            _READERS,
            31,
            unless=frozenset({Role.OPERATOR}),
            section="supervisi:finding-board",
        ),
        Entry("Yang janggal", "supervisi:oddity-list", _READERS, 32, unless=frozenset({Role.OPERATOR})),
        Entry("Temuan berat", "supervisi:integrity", frozenset({Role.INTEGRITY_OFFICER}), 15),
        Entry("Satuan", "supervisi:unit-list", _READERS, 20),
        Entry("Kunjungan", "supervisi:visit-list", frozenset({Role.COMMANDER, Role.AUDITOR, Role.OPERATOR}), 30),
    )
