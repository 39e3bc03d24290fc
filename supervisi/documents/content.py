"""What a document shows, as plain data: the template writes it, and its hash tells whether anything has changed."""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Head:
    """A letterhead."""

    lines: tuple[str, ...]
    address: str
    town: str


@dataclass(frozen=True)
class Member:
    """A person of the team, by office."""

    number: int
    office: str
    name: str
    duty: str
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Signature:
    """One signature: in which capacity, by which office; the name is empty where the office is vacant."""

    capacity: str
    office: str
    name: str
    rank: str


@dataclass(frozen=True)
class FindingRow:
    """A finding; option and points are empty where the unit may not know them yet."""

    number: str
    item: str
    severity: str
    observation: str
    recommendation: str
    owner: str
    due: str
    status: str
    target: str
    points: str


@dataclass(frozen=True)
class AreaRow:
    """One area in a summary; scores are empty where they are not told."""

    key: str
    label: str
    answered: int
    due: int
    on_site: int
    findings: int
    weight: str
    score: str
    percent: str


@dataclass(frozen=True)
class GateRow:
    """One limit of a predicate."""

    label: str
    required: str
    actual: str
    distance: str
    passed: bool


@dataclass(frozen=True)
class PredicateBlock:
    """A predicate with its gates."""

    label: str
    passed: bool
    gates: tuple[GateRow, ...]

    @property
    def met(self) -> int:
        """How many gates are reached."""
        return sum(gate.passed for gate in self.gates)


@dataclass(frozen=True)
class Photo:
    """A photo by the id of its file."""

    file_id: int
    caption: str
    sha256: str


@dataclass(frozen=True)
class ItemRow:
    """One item in the annex."""

    code: str
    question: str
    letter: str
    text: str
    is_severe: bool
    value: str
    checked: str
    note: str
    papers: tuple[str, ...]
    photos: tuple[Photo, ...]


@dataclass(frozen=True)
class Section:
    """Items under one heading."""

    heading: str
    items: tuple[ItemRow, ...]


@dataclass(frozen=True)
class AreaBlock:
    """The items of one area."""

    key: str
    label: str
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Proof:
    """How anybody verifies the final sheet that the document tells of."""

    code: str
    url: str
    content_hash: str


@dataclass(frozen=True)
class Content:
    """A whole document, without its number and the day on which it is made."""

    kind: str
    title: str
    unit: str
    period: str
    instrument: str
    instrument_label: str
    layer: str
    head: Head
    sprin: str = ""
    visit_days: str = ""
    opening: str = ""
    team: tuple[Member, ...] = ()
    signatures: tuple[Signature, ...] = ()
    # The day under which it is signed; None: the day on which it is made.
    signed_on: datetime.date | None = None
    findings: tuple[FindingRow, ...] = ()
    areas: tuple[AreaRow, ...] = ()
    score: str = ""
    weight: str = ""
    predicates: tuple[PredicateBlock, ...] = ()
    annex: tuple[AreaBlock, ...] = ()
    # State of the sheet that it tells of, and whether it tells of scores, options or points.
    shown_status: str = ""
    status_words: str = ""
    shows_result: bool = False
    # None until the sheet is final.
    proof: Proof | None = None

    @property
    def photos(self) -> frozenset[int]:
        """Ids of the photos that the document shows; its renderer reads no others."""
        items = (item for area in self.annex for section in area.sections for item in section.items)
        return frozenset(photo.file_id for item in items for photo in item.photos)

    @property
    def severe(self) -> int:
        """How many findings are severe."""
        return sum(row.severity == "Berat" for row in self.findings)

    def digest(self) -> str:
        """Hash everything that the document shows (SHA-256 of canonical JSON)."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()
