"""Sheets and acts as tables: two sheets side by side, a unit's layers, one answer's history, the audit trail."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterable, Iterator

from supervisi.lists.asked import Asked
from supervisi.models import Checklist
from supervisi.pages.comparison import comparable, read_comparison
from supervisi.pages.dashboard_data import READERS
from supervisi.pages.first_pages import wanted_events
from supervisi.pages.layers import DIFFERENT, read_layers
from wbbm.errors import NotAllowed
from wbbm.organisasi.models import AuditEvent, Role, TimeZone, User
from wbbm.organisasi.services.seals import read_seals
from wbbm.organisasi.tables import Cell, Table, figure, table_of
from wbbm.organisasi.trail import act_words, change_words


def comparison(user: User, asked: Asked) -> Table | None:
    """Return the items that differ between two sheets.

    Raises:
        NotAllowed: the sheet is a draft or a sample.
    """
    checklist = Checklist.objects.visible_to(user).with_frame().filter(pk=asked.id).first()
    if checklist is None:
        return None
    if checklist.is_draft or checklist.is_sample:
        raise NotAllowed("Lembar dapat dibandingkan setelah diserahkan; lembar sampel tidak mempunyai nilai.")
    other = comparable(user, checklist).with_frame().filter(pk=asked.number("dengan") or 0).first()
    if other is None:
        return None
    page = read_comparison(checklist, other, user)
    assert page.second is not None  # there is another one
    lines = [
        (line.item.code, line.item.question, line.first.answer.letter, line.first.author, line.second.answer.letter,
         line.second.author, figure(line.points))
        for line in page.items
    ]  # fmt: skip
    columns = (
        "Butir", "Pertanyaan", page.first.label, "Diisi oleh (pertama)", page.second.label, "Diisi oleh (kedua)",
        "Selisih poin",
    )  # fmt: skip
    return table_of("perbandingan-lembar", columns, lines)


def layers(user: User, asked: Asked) -> Table | None:
    """Return a unit's layers per item."""
    if not user.scope.has_role(*READERS):
        return None
    page = read_layers(
        user, asked.id, period_id=asked.number("periode"), instrument_id=asked.number("instrumen"),
        only_different=asked.text("saring") == DIFFERENT,
    )  # fmt: skip
    if page is None:
        return None
    names = [column.name for column in page.columns]
    lines = [
        (line.item.code, line.item.question, *(cell.text for cell in line.cells),
         *(figure(cell.delta) for cell in line.cells[1:]))
        for line in page.items
    ]  # fmt: skip
    columns = ("Butir", "Pertanyaan", *names, *(f"Selisih poin {name}" for name in names[1:]))
    return table_of("lapisan", columns, lines)


def trail(user: User, asked: Asked) -> Table | None:
    """Return the audit trail that an auditor may read, without signing in and out."""
    if not user.scope.has_role(Role.AUDITOR):
        return None
    events = wanted_events(user, asked.text("cari"))
    columns = ("Waktu", "Zona", "Tindakan", "Tentang", "Satuan", "Oleh", "Perubahan", "Alasan")
    return Table("jejak-audit", columns, _events(events.iterator(chunk_size=1000)), events.count())


def _events(events: Iterable[AuditEvent]) -> Iterator[tuple[Cell, ...]]:
    for event in events:
        zone = TimeZone(event.unit.time_zone) if event.unit is not None else TimeZone.WIB
        yield (
            _local(event.at, zone), str(zone.label), act_words(event.action), vars(event)["object_name"] or "",
            event.unit.name if event.unit is not None else "", str(event.posting or event.actor or "Sistem"),
            "; ".join(change_words(event, None)), event.reason,
        )  # fmt: skip


def _local(moment: datetime.datetime, zone: TimeZone) -> datetime.datetime:
    return moment.astimezone(zoneinfo.ZoneInfo(zone)).replace(tzinfo=None)


def heads(user: User, asked: Asked) -> Table | None:
    """Return the daily heads of the audit trail."""
    if not user.scope.has_role(Role.AUDITOR, Role.ADMIN, Role.COMMANDER):
        return None
    lines = [(head.day, head.number, head.hash) for head in read_seals().heads]
    return table_of("kepala-jejak-audit", ("Hari", "Nomor", "Sidik"), lines)
