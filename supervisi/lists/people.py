"""What is held about a person, as a table."""

from __future__ import annotations

from supervisi.lists.asked import Asked
from wbbm.organisasi.models import User
from wbbm.organisasi.services.people import reaches_person
from wbbm.organisasi.tables import Cell, Table, table_of
from wbbm.upkeep.personal import Held, read_held

_COLUMNS = ("Isi", "Jumlah", "Mengapa disimpan", "Berapa lama")
_ACCOUNT = (
    ("Nama pengguna", "username"), ("Nama", "name"), ("Pangkat", "rank"), ("NRP/NIP", "nrp"), ("Surel", "email"),
)  # fmt: skip


def personal_data(user: User, asked: Asked) -> Table | None:
    """Return what the page says of the person: of himself, or of somebody whom the admin reaches."""
    person = user if asked.id == user.pk else User.objects.administered_by(user).filter(pk=asked.id).first()
    if person is None or (person.pk != user.pk and reaches_person(user, person) is None):
        return None
    facts: list[tuple[Cell, ...]] = [
        (f"{label}: {getattr(person, name) or 'tidak diisi'}", None, None, None) for label, name in _ACCOUNT
    ]
    return table_of("data-orang", _COLUMNS, facts + [_line(held) for held in read_held(person, by=user)])


def _line(held: Held) -> tuple[Cell, ...]:
    topic = held.topic
    count: Cell = "tidak ditampilkan" if held.count is None else held.count
    return (topic.title, count, topic.why, topic.keeps)
