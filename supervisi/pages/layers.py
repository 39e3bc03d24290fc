"""One unit's layers side by side: per item, area and total, what differs most first; a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist, ChecklistStatus, Instrument, Layer, Period, Scope
from supervisi.pages.dashboard_data import OVERSEERS
from supervisi.pages.dashboard_stations import score_text
from supervisi.scoring.engine import SheetScore, score_sheet
from supervisi.scoring.instrument import TOTAL
from supervisi.scoring.instrument import Instrument as EngineInstrument
from supervisi.scoring.instrument import Item as EngineItem
from supervisi.scoring.layers import Confirmation, confirm, estimate, moved_points
from supervisi.scoring.rounding import shown
from supervisi.services.layers import choose_layers
from supervisi.services.replies import show_answer
from wbbm.organisasi.models import Role, Unit, User

_NAMES = {Layer.SELF: "Mandiri", Layer.SUPERVISION: "Supervisi", Layer.TPI: "TPI"}
_ZERO = Fraction()
DIFFERENT = "beda"


@dataclass(frozen=True)
class Cell:
    """A figure of one layer, and by how much it lies above or below the first layer's."""

    name: str
    text: str
    delta: str = ""
    # "up" or "down" against the first layer.
    direction: str = ""


@dataclass(frozen=True)
class Column:
    """One layer: its sheet, whether it is a sample, and its score with the difference; a sample has no score."""

    name: str
    checklist: Checklist
    due: int
    score: Cell

    @property
    def is_sample(self) -> bool:
        """Tell whether only drawn items were looked at."""
        return self.checklist.scope == Scope.SAMPLE


@dataclass(frozen=True)
class Confirmed:
    """A confirmation rate in words: "83,33%" of "5 dari 6"."""

    rate: str
    count: str


@dataclass(frozen=True)
class AreaLine:
    """One area in every layer."""

    key: str
    label: str
    cells: tuple[Cell, ...]
    confirmed: Confirmed


@dataclass(frozen=True)
class ItemLine:
    """One item in every layer; `points` is the greatest difference."""

    item: EngineItem
    cells: tuple[Cell, ...]
    points: Fraction
    is_different: bool


@dataclass(frozen=True)
class Choice:
    """A period and instrument that can be compared."""

    period: Period
    instrument: Instrument
    layers: int
    is_current: bool = False

    @property
    def query(self) -> str:
        """What asks for it."""
        return f"?periode={self.period.pk}&instrumen={self.instrument.pk}"


@dataclass(frozen=True)
class LayersPage:
    """What the page shows; without columns there is nothing past draft that the viewer may see."""

    unit: Unit
    choices: tuple[Choice, ...]
    chosen: Choice | None
    columns: tuple[Column, ...]
    areas: tuple[AreaLine, ...]
    items: tuple[ItemLine, ...]
    different: int
    only_different: bool
    # None where no claim was looked at.
    confirmed: Confirmed | None
    # Of the claim's total, where only a part of the items was seen; empty otherwise.
    estimate: str
    reads_below: bool

    @property
    def item_sheet(self) -> int:
        """The sheet on which an item is read: what was seen, else the only one."""
        return self.columns[1 if len(self.columns) > 1 else 0].checklist.pk

    @property
    def item_total(self) -> int:
        """How many items there are."""
        return len(engine_instrument(self.chosen.instrument).items) if self.chosen else 0


def read_layers(
    user: User, unit_id: int, *, period_id: int | None, instrument_id: int | None, only_different: bool
) -> LayersPage | None:
    """Read a unit's comparison, or None when the unit is out of the person's sight (four queries)."""
    in_sight = user.scope.within("path", *OVERSEERS) | user.scope.at("path", Role.OPERATOR)
    unit = Unit.objects.filter(in_sight, pk=unit_id).first()
    if unit is None:
        return None
    visible = Checklist.objects.visible_to(user).filter(unit=unit).exclude(status=ChecklistStatus.DRAFT)
    sheets = list(visible.with_frame().order_by("pk"))
    choices = _choices(sheets)
    chosen = _chosen(choices, period_id, instrument_id)
    here = [sheet for sheet in sheets if chosen is not None and _key(sheet) == (chosen.period.pk, chosen.instrument.pk)]
    compared = _Compared.of(here)
    items = compared.items() if compared is not None else ()
    return LayersPage(
        unit=unit,
        choices=tuple(Choice(each.period, each.instrument, each.layers, each == chosen) for each in choices),
        chosen=chosen,
        columns=compared.columns() if compared is not None else (),
        areas=compared.areas() if compared is not None else (),
        items=tuple(line for line in items if line.is_different) if only_different else items,
        different=sum(line.is_different for line in items),
        only_different=only_different,
        confirmed=compared.confirmed_in_all() if compared is not None else None,
        estimate=compared.estimate() if compared is not None else "",
        reads_below=user.scope.posting_over(unit, *OVERSEERS) is not None,
    )


def _key(sheet: Checklist) -> tuple[int, int]:
    return sheet.period_id, sheet.instrument_id


def _choices(sheets: Iterable[Checklist]) -> list[Choice]:
    """Return what can be compared, the newest period first."""
    groups: dict[tuple[int, int], list[Checklist]] = {}
    for sheet in sheets:
        groups.setdefault(_key(sheet), []).append(sheet)
    found = [
        Choice(group[0].period, group[0].instrument, len(choose_layers(group).present())) for group in groups.values()
    ]
    return sorted(found, key=lambda choice: (choice.period.first_day, choice.instrument.pk), reverse=True)


def _chosen(choices: list[Choice], period_id: int | None, instrument_id: int | None) -> Choice | None:
    """Return what was asked for, else the newest with two layers, else the newest."""
    asked = [choice for choice in choices if choice.period.pk == period_id]
    exact = [choice for choice in asked if choice.instrument.pk == instrument_id]
    several = [choice for choice in choices if choice.layers > 1]
    return next(iter([*exact, *asked, *several, *choices]), None)


class _Compared:
    """The sheets of one period and instrument with their answers and scores."""

    def __init__(self, sheets: list[Checklist], answers: dict[int, dict[str, Any]], due: dict[int, int]) -> None:
        self._sheets, self._due = sheets, due
        self._engine: EngineInstrument = engine_instrument(sheets[0].instrument)
        self._answers = [answers.get(sheet.pk, {}) for sheet in sheets]
        self._scores = [score_sheet(self._engine, given) for given in self._answers]
        first = self._scores[0]
        self._moved = [moved_points(self._engine, first, score) for score in self._scores]
        self._confirmed = self._confirm()

    @classmethod
    def of(cls, sheets: list[Checklist]) -> _Compared | None:
        """Choose the layers' sheets and read their answers (one query)."""
        present = choose_layers(sheets).present()
        if not present:
            return None
        answers: dict[int, dict[str, Any]] = {}
        due: dict[int, int] = {}
        rows = Answer.objects.filter(checklist__in=present).values_list(
            "checklist_id", "item__code", "value", "version", "is_due"
        )
        for sheet_id, code, value, version, is_due in rows:
            due[sheet_id] = due.get(sheet_id, 0) + is_due
            if version:
                answers.setdefault(sheet_id, {})[code] = value.get("answer")
        return cls(present, answers, due)

    def _confirm(self) -> dict[str, Confirmation]:
        if self._sheets[0].layer != Layer.SELF or len(self._sheets) < 2:
            return {}
        return confirm(self._engine, self._answers[0], self._answers[1])

    def columns(self) -> tuple[Column, ...]:
        """Return the layers."""
        first = self._scores[0].complete[TOTAL]
        return tuple(
            Column(
                _NAMES[Layer(sheet.layer)],
                sheet,
                self._due.get(sheet.pk, 0),
                self._figure(
                    place,
                    score_text(self._engine, score.complete[TOTAL]),
                    score.complete[TOTAL] - first,
                    self._moved[place],
                ),
            )
            for place, (sheet, score) in enumerate(zip(self._sheets, self._scores, strict=True))
        )

    def _figure(self, place: int, text: str, difference: Fraction, moved: dict[str, Fraction]) -> Cell:
        """Return a sum's figure; of a sample, or against one, only what moved on the items seen."""
        first, here = (self._sheets[each].scope == Scope.SAMPLE for each in (0, place))
        return self._cell(place, "" if here else text, sum(moved.values(), _ZERO) if first or here else difference)

    def _cell(self, place: int, text: str, points: Fraction) -> Cell:
        name = _NAMES[Layer(self._sheets[place].layer)]
        if not place or not points:
            return Cell(name, text)
        return Cell(name, text, signed(points), "up" if points > 0 else "down")

    def areas(self) -> tuple[AreaLine, ...]:
        """Return every area in every layer."""
        return tuple(self._area(area.key, area.label) for area in self._engine.areas)

    def _area(self, key: str, label: str) -> AreaLine:
        codes = {item.code for item in self._engine.items_of_area(key)}
        first = self._scores[0].area(key)
        cells = []
        for place, score in enumerate(self._scores):
            area = score.area(key)
            moved = {code: points for code, points in self._moved[place].items() if code in codes}
            cells.append(self._figure(place, f"{shown(area.percent)}%", area.complete - first.complete, moved))
        return AreaLine(key, label, tuple(cells), _confirmed(self._confirmed.get(key)))

    def items(self) -> tuple[ItemLine, ...]:
        """Return every item, the greatest difference first."""
        lines = [self._item(item) for item in self._engine.items]
        return tuple(sorted(lines, key=lambda line: (not line.is_different, -line.points, line.item.position)))

    def _item(self, item: EngineItem) -> ItemLine:
        values = [score.item_values[item.code] for score in self._scores]
        cells = []
        for place, given in enumerate(self._answers):
            answer = show_answer(item, given.get(item.code))
            cells.append(self._cell(place, answer.letter, self._moved[place].get(item.code, _ZERO)))
        known = [value for value in values if value is not None]
        points = max(abs(moved.get(item.code, _ZERO)) for moved in self._moved)
        return ItemLine(item, tuple(cells), points, len(set(known)) > 1)

    def confirmed_in_all(self) -> Confirmed | None:
        """Return the unit's confirmation rate."""
        total = self._confirmed.get(TOTAL)
        return _confirmed(total) if total is not None and total.verified else None

    def estimate(self) -> str:
        """Return the estimate of the claim's total, where a sample was looked at."""
        if not self._confirmed or self._sheets[1].scope != Scope.SAMPLE:
            return ""
        guess: SheetScore | None = estimate(self._engine, self._answers[0], self._answers[1])
        return shown(guess.complete[TOTAL]) if guess is not None else ""


def signed(points: Fraction) -> str:
    """Write points with their sign: "+0,42", "−0,42"."""
    sign = "+" if points > 0 else "\N{MINUS SIGN}" if points < 0 else ""
    return f"{sign}{shown(abs(points))}"


def _confirmed(found: Confirmation | None) -> Confirmed:
    if found is None or found.rate is None:
        return Confirmed("", "")
    return Confirmed(f"{shown(found.rate * 100)}%", f"{found.upheld} dari {found.verified}")
