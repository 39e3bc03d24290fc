"""One survey's outcome in words and figures: index with its uncertainty, elements, what is still needed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from django.conf import settings
from django.utils import dateformat

from layanan.models import Questionnaire, SurveyKind, SurveyTally
from layanan.pages.moments import month_words
from layanan.survey_maths import (
    CONVERSIONS,
    GATES,
    SKM,
    ZI_LEAST,
    Conversion,
    Interval,
    Tally,
    Window,
    chance_to_pass,
    half_up,
    interval,
    more_for_margin,
    quality,
    sample_size,
)

INTERNAL = "Survei internal, bukan survei resmi TPN"
# The margin that is aimed at: of the index on the scale of 4, and of the IKM on that of 100.
MARGINS = {"spkp": 0.05, "spak": 0.05, "skm": 1.0}
_INDEX_NAMES = {"spkp": "Indeks pelayanan (IPKP)", "spak": "Indeks anti korupsi (IPAK)", "skm": "Indeks kepuasan (IKM)"}
_MOST_PLACES = 8
# Below so many answers the normal approximation says nothing.
_ENOUGH = 10


def comma(value: float | Fraction, places: int = 2) -> str:
    """Write a figure for people."""
    if isinstance(value, Fraction):
        return str(half_up(value, places)).replace(".", ",")
    return f"{value:.{places}f}".replace(".", ",")


def index_text(index: Fraction, gates: Iterable[Fraction] = ()) -> str:
    """Write an index with two decimals; with more where two would hide that a gate is not reached."""
    for places in range(2, _MOST_PLACES):
        rounded = Fraction(half_up(index, places))
        if not any(index < gate <= rounded for gate in gates):
            return comma(index, places)
    return comma(index, _MOST_PLACES)


def conversion_of(code: str) -> Conversion:
    """Return how the mean of a questionnaire becomes an index: the stated setting, and that of the SKM."""
    return SKM if code == SurveyKind.SKM else CONVERSIONS[settings.SURVEY_INDEX]


def window_words(window: Window) -> str:
    """Write a window: "Agustus sampai Oktober 2026"."""
    if window.first == window.last:
        return month_words(window.first)
    first = dateformat.format(window.first, "F" if window.first.year == window.last.year else "F Y")
    return f"{first} sampai {month_words(window.last)}"


@dataclass(frozen=True)
class GateLine:
    """A gate of a predicate: how far the index is from it, and the chance of an official survey to reach it."""

    name: str
    least: str
    is_reached: bool
    distance: str
    chance: str


@dataclass(frozen=True)
class ElementLine:
    """The mean of one statement, and its bar (0 to 100, with a full stop for SVG)."""

    name: str
    mean: str
    bar: str


@dataclass(frozen=True)
class Outcome:
    """What the answers of one questionnaire amount to, over some months and services."""

    code: str
    scale: int
    names: tuple[str, ...]
    tally: Tally
    # How many were served in the same months, where that is known.
    population: int | None = None

    @property
    def count(self) -> int:
        """How many answered."""
        return self.tally.count

    @property
    def short(self) -> str:
        """SPKP, SPAK or SKM."""
        return self.code.upper()

    @property
    def index_name(self) -> str:
        """What the index is called."""
        return _INDEX_NAMES[self.code]

    @property
    def conversion(self) -> Conversion:
        """How the mean becomes the index."""
        return conversion_of(self.code)

    @property
    def index(self) -> Fraction | None:
        """The index, exactly."""
        mean = self.tally.mean
        return None if mean is None else self.conversion.of(mean)

    @property
    def text(self) -> str:
        """The index for people."""
        index = self.index
        return "" if index is None else index_text(index, GATES.get(self.code, ()))

    @property
    def top(self) -> str:
        """Out of what."""
        return comma(self.conversion.high)

    @property
    def interval(self) -> Interval | None:
        """The 95 per cent interval; None where there are too few answers for one."""
        return interval(self.tally, self.conversion, self.population) if self.count >= _ENOUGH else None

    @property
    def range_text(self) -> str:
        """The interval for people."""
        found = self.interval
        return f"{comma(found.low)} sampai {comma(found.high)}" if found is not None else ""

    @property
    def quality(self) -> str:
        """The letter of the IKM with its words; empty for the others."""
        if self.code != SurveyKind.SKM or self.index is None:
            return ""
        letter, words = quality(self.index)
        return f"{letter} ({words})"

    @property
    def elements(self) -> tuple[ElementLine, ...]:
        """The statements, in order."""
        return tuple(
            ElementLine(name, comma(mean), f"{float(mean / self.scale * 100):.1f}")
            for name, mean in zip(self.names, self.tally.means, strict=False)
        )

    @property
    def gates(self) -> tuple[GateLine, ...]:
        """The gates of the predicates, with the distance and the chance."""
        if self.index is None:
            return ()
        return tuple(self._gate(gate, number) for number, gate in enumerate(GATES.get(self.code, ())))

    def _gate(self, gate: Fraction, number: int) -> GateLine:
        index = self.index
        assert index is not None
        names = ("WBK", "WBBM") if len(GATES[self.code]) > 1 else ("WBK dan WBBM",)
        chance = chance_to_pass(self.tally, self.conversion, gate) if self.count >= _ENOUGH else None
        away = index - gate
        sign = "+" if away > 0 else "\N{MINUS SIGN}"
        # A distance that two decimals would show as nothing is shown with as many as it takes.
        places = next((n for n in range(2, _MOST_PLACES) if half_up(abs(away), n)), _MOST_PLACES)
        distance = "pas" if away == 0 else f"{sign}{comma(abs(away), places)}"
        words = "" if chance is None else f"{min(99, max(1, round(chance * 100)))}%"
        return GateLine(names[number], comma(gate), index >= gate, distance, words)

    @property
    def needs(self) -> tuple[str, ...]:
        """What is still missing, in words; the largest step last."""
        lines = []
        if self.count < ZI_LEAST:
            lines.append(f"perlu {ZI_LEAST - self.count} jawaban lagi untuk {ZI_LEAST} responden (batas ZI)")
        if self.population:
            more = sample_size(self.population) - self.count
            if more > 0:
                lines.append(
                    f"perlu {more} jawaban lagi untuk sampel Krejcie-Morgan ({sample_size(self.population)} dari "
                    f"{self.population} yang dilayani)"
                )
        margin = MARGINS[self.code]
        more_answers = more_for_margin(self.tally, self.conversion, margin, self.population)
        if more_answers and self.count >= _ENOUGH:
            lines.append(f"perlu {more_answers} jawaban lagi supaya rentangnya ± {comma(margin)}")
        return tuple(lines)


def total(rows: Iterable[SurveyTally], questionnaire: Questionnaire, population: int | None = None) -> Outcome:
    """Add up tallies of one kind of questionnaire: its versions have the same statements in the same order."""
    length = len(questionnaire.statements)
    tally = Tally(0, (0,) * length, 0)
    for row in rows:
        tally += row.tally(length)
    names = tuple(statement["name"] for statement in questionnaire.statements)
    return Outcome(questionnaire.code, questionnaire.scale, names, tally, population)
