"""Loading of instrument files into the database. A loaded version never changes."""

from __future__ import annotations

from decimal import Decimal

from django.db import IntegrityError, transaction

from supervisi.instrument_files import InstrumentFile, read_instrument_file
from supervisi.models import Instrument, Item, Node
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
            return _create(file), True
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


def _create(file: InstrumentFile) -> Instrument:
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
    )
    nodes: dict[str, Node] = {}
    for position, node in enumerate(engine.nodes.values()):
        nodes[node.code] = Node.objects.create(
            instrument=row,
            parent=nodes.get(node.parent_code),
            code=node.code,
            name=node.name,
            weight=_weight(node),
            position=position,
        )
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


def _weight(node: EngineNode) -> Decimal:
    return Decimal(node.weight.numerator) / Decimal(node.weight.denominator)


def current_instrument(code: str) -> Instrument:
    """Return the newest loaded version of an instrument.

    Raises:
        DomainError: it isn't loaded.
    """
    found = Instrument.objects.filter(code=code).order_by("-pk").first()
    if found is None:
        raise DomainError(f"Instrumen {code} belum dimuat. Jalankan: manage.py load_instruments")
    return found
