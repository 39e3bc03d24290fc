"""Loading of instrument files into the database. A loaded version never changes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal

from django.db import IntegrityError, transaction

from supervisi.instrument_cache import engine_instrument
from supervisi.instrument_files import InstrumentFile, read_instrument_file
from supervisi.models import Instrument, InstrumentDraft, Item, Node
from supervisi.scoring.crosswalk import by_code
from supervisi.scoring.instrument import Node as EngineNode
from wbbm.errors import DomainError


class InstrumentChanged(DomainError):
    """A file was changed under a version that is loaded already."""


def load_instrument(code: str) -> tuple[Instrument, bool]:
    """Load a file that ships; return its row and whether it is new. Loading again changes nothing.

    Raises:
        InstrumentFaults: the file is wrong.
        InstrumentChanged: the same version was loaded from other content.
    """
    file = read_instrument_file(code)
    return store_instrument(file)


def store_instrument(file: InstrumentFile) -> tuple[Instrument, bool]:
    """Store a read file as rows, once."""
    known = Instrument.objects.filter(code=file.instrument.code, version=file.instrument.version).first()
    if known is not None:
        return _same(known, file), False
    try:
        with transaction.atomic():
            return create_instrument(file), True
    except IntegrityError:
        # Another process loaded it at the same moment.
        return _same(Instrument.objects.get(code=file.instrument.code, version=file.instrument.version), file), False


def _same(known: Instrument, file: InstrumentFile) -> Instrument:
    if known.sha256 != file.sha256:
        raise InstrumentChanged(
            f"{file.instrument.code}.yaml berubah, padahal versi {known.version} sudah dimuat. "
            "Naikkan `version` di berkas itu, atau kembalikan isinya."
        )
    return known


def create_instrument(file: InstrumentFile, *, starts_on: datetime.date | None = None) -> Instrument:
    """Write the rows of a version; the caller holds the transaction.

    Args:
        file: what was read and checked.
        starts_on: periods that begin on this day or later use it; None: all from now on.
    """
    engine = file.instrument
    row = Instrument.objects.create(
        code=engine.code,
        version=engine.version,
        name=engine.name,
        label=engine.label,
        is_official=engine.is_official,
        period_kind=engine.period_kind,
        unit_kinds=list(engine.unit_kinds),
        sha256=file.sha256,
        definition=file.document,
        starts_on=starts_on,
    )
    nodes = _create_nodes(row, engine.nodes.values())
    Item.objects.bulk_create(
        Item(
            instrument=row,
            node=nodes[item.node_code],
            code=item.code,
            question=item.question,
            area_key=item.area_key,
            position=item.position,
        )
        for item in engine.items
    )
    return row


def _create_nodes(row: Instrument, engine_nodes: Iterable[EngineNode]) -> dict[str, Node]:
    """Write the nodes of a version, a level at a time: a child names its parent, which stands before it."""
    levels: dict[int, list[tuple[int, EngineNode]]] = {}
    for position, node in enumerate(engine_nodes):
        levels.setdefault(node.depth, []).append((position, node))
    nodes: dict[str, Node] = {}
    for _, level in sorted(levels.items()):
        made = Node.objects.bulk_create(
            Node(
                instrument=row,
                parent=nodes.get(node.parent_code),
                code=node.code,
                name=node.name,
                weight=_weight(node),
                position=position,
            )
            for position, node in level
        )
        nodes |= {node.code: node for node in made}
    return nodes


def _weight(node: EngineNode) -> Decimal:
    return Decimal(node.weight.numerator) / Decimal(node.weight.denominator)


def current_instrument(code: str) -> Instrument:
    """Return the newest loaded version of an instrument.

    Raises:
        DomainError: it isn't loaded.
    """
    found = Instrument.objects.current().filter(code=code).first()
    if found is None:
        raise DomainError(f"Instrumen {code} belum dimuat. Jalankan: manage.py load_instruments")
    return found


def versions_on(rows: Iterable[Instrument], first_day: datetime.date) -> list[Instrument]:
    """Return of each instrument among the rows the version that periods beginning on the day use, by code."""
    found: dict[str, Instrument] = {}
    for row in sorted(rows, key=lambda row: row.pk):
        if row.holds_on(first_day):
            found[row.code] = row
    return [found[code] for code in sorted(found)]


def crosswalk_between(old: Instrument, new: Instrument) -> dict[str, str | None]:
    """Return what each item of a version has become in a later one, over the published crosswalks (one query).

    Where a version came without one, from a file that ships, the same code is the same item.
    """
    if old.pk == new.pk:
        return _identity(old)
    steps = {
        draft.instrument_id: draft
        for draft in InstrumentDraft.objects.published().filter(code=new.code).only("base", "instrument", "crosswalk")
    }
    pairs, at = _identity(new), new.pk
    while at != old.pk:
        step = steps.get(at)
        if step is None or step.base_id >= at:
            return by_code(engine_instrument(old), engine_instrument(new))
        pairs = {before: pairs.get(after) if after is not None else None for before, after in step.pairs.items()}
        at = step.base_id
    return pairs


def _identity(instrument: Instrument) -> dict[str, str | None]:
    return {item.code: item.code for item in engine_instrument(instrument).items}
