"""Versions of instruments as tables: which there are, what differs, which item is which, and the effect on units."""

from __future__ import annotations

from supervisi.lists.asked import Asked
from supervisi.models import InstrumentDraft
from supervisi.pages.instrument_crosswalk import read_crosswalk
from supervisi.pages.instrument_draft import Line, read_draft
from supervisi.pages.instrument_effect import read_effect
from supervisi.pages.instrument_list import read_instruments
from wbbm.organisasi.models import User
from wbbm.organisasi.tables import Cell, Table, figure, table_of


def _find(user: User, asked: Asked) -> InstrumentDraft | None:
    return InstrumentDraft.objects.visible_to(user).with_frame().filter(pk=asked.id).first()


def versions(user: User, asked: Asked) -> Table | None:
    """Return the versions that are loaded, and the drafts."""
    page = read_instruments(user)
    if page is None:
        return None
    lines = [(row.instrument.code, row.instrument.version, row.instrument.name, row.since, row.state)
             for row in page.versions]  # fmt: skip
    lines += [(draft.code, draft.version, draft.name, "", "Rancangan") for draft in page.drafts]
    return table_of("instrumen", ("Instrumen", "Versi", "Nama", "Berlaku", "Keadaan"), lines)


def changes(user: User, asked: Asked) -> Table | None:
    """Return what differs between a draft and the version that it follows, narrowed as on its page."""
    draft = _find(user, asked)
    if draft is None:
        return None
    page = read_draft(draft, asked.text("jenis"))
    lines: list[tuple[Cell, ...]] = []
    for frame in page.frame:
        lines += [(frame.title, "", frame.tag, *fact) for fact in _facts(frame.lines)]
    for item in page.items:
        head = (item.code, item.old_code, ", ".join(item.tags))
        lines += [(*head, *fact) for fact in _facts(item.lines) or [("Pertanyaan", "", item.question)]]
    columns = ("Butir atau bagian", "Kode lama", "Perubahan", "Tentang", "Dahulu", "Sekarang")
    return table_of("perbedaan-instrumen", columns, lines)


def _facts(lines: tuple[Line, ...]) -> list[tuple[str, str, str]]:
    return [
        (line.about, "".join(part.text for part in line.old), "".join(part.text for part in line.new)) for line in lines
    ]


def pairs(user: User, asked: Asked) -> Table | None:
    """Return which old item is which new one."""
    draft = _find(user, asked)
    if draft is None:
        return None
    page = read_crosswalk(draft)
    lines = [
        (line.code, line.question, line.value, line.new_question, line.how, "ya" if line.loses_answer else "")
        for line in (*page.unsure, *page.sure)
    ]
    lines += [("", "", item.code, item.question, "butir baru", "") for item in page.fresh]
    columns = ("Butir lama", "Pertanyaan lama", "Butir baru", "Pertanyaan baru", "Dasar", "Jawaban tidak ikut")
    return table_of("padanan-instrumen", columns, lines)


def effect(user: User, asked: Asked) -> Table | None:
    """Return which units gain or lose a predicate; all of them, not only the first page."""
    draft = _find(user, asked)
    if draft is None:
        return None
    page = read_effect(draft, user, asked.text("hasil"), is_whole=True)
    lines = [
        (line.name, line.layer, line.outcome, figure(line.before), figure(line.complete), figure(line.provisional),
         line.unanswered, "; ".join(f"{each.label}: {each.before} menjadi {each.after}" for each in line.verdicts))
        for line in page.lines
    ]  # fmt: skip
    columns = ("Satuan", "Lapisan", "Akibat", "Nilai lama", "Nilai baru", "Sementara", "Belum terjawab", "Predikat")
    return table_of("dampak-instrumen", columns, lines)
