"""What survey answers amount to: pure arithmetic, without Django, database or clock (docs/keputusan/0015).

Means and indices are exact fractions; only what needs a square root or a distribution is a float.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist

# Two-sided 95 per cent of the normal distribution.
Z95 = NormalDist().inv_cdf(0.975)
# Respondents of an official survey (PermenPANRB 90/2021), and what is public at least.
ZI_LEAST = 30
PUBLIC_LEAST = 10
# Gates of the predicates on the scale of 0 to 4 (PermenPANRB 90/2021, Tabel 6).
GATES = {"spkp": (Fraction(32, 10), Fraction(36, 10)), "spak": (Fraction(36, 10),)}
# PermenPANRB 14/2017: letter, and from which rounded value it holds.
QUALITY = (
    ("A", Decimal("88.31"), "sangat baik"),
    ("B", Decimal("76.61"), "baik"),
    ("C", Decimal("65.00"), "kurang baik"),
    ("D", Decimal("25.00"), "tidak baik"),
)


@dataclass(frozen=True)
class Tally:
    """What many answers of one questionnaire amount to.

    `sums` has one sum for each statement; `squares` is the sum of the squares of each answer's own total.
    """

    count: int
    sums: tuple[int, ...]
    squares: int

    @classmethod
    def of(cls, answers: list[tuple[int, ...]], length: int) -> Tally:
        """Count answers one by one."""
        sums = tuple(sum(answer[place] for answer in answers) for place in range(length))
        return cls(len(answers), sums, sum(sum(answer) ** 2 for answer in answers))

    def __add__(self, other: Tally) -> Tally:
        """Put two tallies of the same questionnaire together."""
        sums = tuple(mine + theirs for mine, theirs in zip(self.sums, other.sums, strict=True))
        return Tally(self.count + other.count, sums, self.squares + other.squares)

    @property
    def means(self) -> tuple[Fraction, ...]:
        """The mean of each statement; empty without answers."""
        return tuple(Fraction(total, self.count) for total in self.sums) if self.count else ()

    @property
    def mean(self) -> Fraction | None:
        """The mean over all statements, each with the same weight; None without answers."""
        return Fraction(sum(self.sums), self.count * len(self.sums)) if self.count else None

    @property
    def variance(self) -> Fraction | None:
        """The sample variance of one answer's mean; None below two answers."""
        if self.count < 2:
            return None
        spread = self.squares - Fraction(sum(self.sums) ** 2, self.count)
        return spread / (self.count - 1) / len(self.sums) ** 2


@dataclass(frozen=True)
class Conversion:
    """How the mean of the stars becomes an index: mean × slope + offset, between two bounds."""

    code: str
    slope: Fraction
    offset: Fraction
    low: Fraction
    high: Fraction
    words: str

    def of(self, mean: Fraction) -> Fraction:
        """Return the index of a mean."""
        return mean * self.slope + self.offset


# SE MenPANRB 04/2023 asks for an index on the scale of 4 from stars 1-6 and doesn't say how.
CONVERSIONS = {
    "ratio": Conversion("ratio", Fraction(4, 6), Fraction(0), Fraction(4, 6), Fraction(4), "rata-rata bintang × 4/6"),
    "range": Conversion(
        "range", Fraction(3, 5), Fraction(2, 5), Fraction(1), Fraction(4), "(rata-rata bintang − 1) × 3/5 + 1"
    ),
}
# PermenPANRB 14/2017: weights of 1/9 (not the printed 0,11), times 25.
SKM = Conversion("skm", Fraction(25), Fraction(0), Fraction(25), Fraction(100), "rata-rata unsur (bobot 1/9) × 25")


def half_up(value: Fraction, places: int = 2) -> Decimal:
    """Round a value that is not negative, halves upwards."""
    scaled = value * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole).scaleb(-places)


def quality(ikm: Fraction) -> tuple[str, str]:
    """Return the letter and words of a value of 25 to 100: rounded to two decimals first, then the lower bounds."""
    rounded = half_up(ikm)
    return next(((letter, words) for letter, least, words in QUALITY if rounded >= least), ("D", "tidak baik"))


@dataclass(frozen=True)
class Interval:
    """Between what and what the index lies at 95 per cent, and half the width."""

    low: float
    high: float
    half: float


def _deviation(tally: Tally, conversion: Conversion) -> float | None:
    variance = tally.variance
    return None if variance is None else math.sqrt(variance) * float(conversion.slope)


def interval(tally: Tally, conversion: Conversion, population: int | None = None) -> Interval | None:
    """Return the 95 per cent interval of the index (normal approximation), None below two answers.

    Args:
        population: how many were served, where it is known: the finite-population correction.
    """
    deviation, mean = _deviation(tally, conversion), tally.mean
    if deviation is None or mean is None:
        return None
    half = Z95 * deviation / math.sqrt(tally.count)
    if population is not None and population > 1:
        half *= math.sqrt(max(0, population - tally.count) / (population - 1))
    index = float(conversion.of(mean))
    return Interval(max(float(conversion.low), index - half), min(float(conversion.high), index + half), half)


def sample_size(population: int) -> int:
    """Return the sample of Krejcie and Morgan: χ² 3,841, P = 0,5, d = 0,05, rounded to the nearest number."""
    if population < 1:
        return 0
    chance = Fraction(3841, 1000) * population / 4
    size = chance / (Fraction(25, 10_000) * (population - 1) + Fraction(3841, 4000))
    return int(half_up(size, 0))


def more_for_margin(tally: Tally, conversion: Conversion, margin: float, population: int | None = None) -> int | None:
    """Return how many more answers bring the interval to ± margin; None below two answers."""
    deviation = _deviation(tally, conversion)
    if deviation is None:
        return None
    needed = (Z95 * deviation / margin) ** 2
    if population is not None and population > 0:
        needed = needed * population / (needed + population - 1) if needed else 0.0
    # What is needed exactly must not become one more by the last binary digit.
    return max(0, math.ceil(needed - 1e-9) - tally.count)


def chance_to_pass(tally: Tally, conversion: Conversion, gate: Fraction, respondents: int = ZI_LEAST) -> float | None:
    """Return how likely an official survey of so many respondents reaches the gate (normal approximation).

    Both are samples of the same visitors: the official mean strays by its own size and by ours.
    """
    deviation, mean = _deviation(tally, conversion), tally.mean
    if deviation is None or mean is None:
        return None
    distance = float(conversion.of(mean) - gate)
    error = deviation * math.sqrt(1 / tally.count + 1 / respondents)
    if error == 0:
        return 1.0 if conversion.of(mean) >= gate else 0.0
    return NormalDist().cdf(distance / error)


# --- bursts -------------------------------------------------------------------------------------------

# A day is looked at from so many answers on, and improbable below this chance.
BURST_LEAST = 10
BURST_CHANCE = 1e-4


def poisson_tail(count: int, expected: float) -> float:
    """Return the chance of `count` or more where `expected` are usual."""
    if count <= 0:
        return 1.0
    if expected <= 0:
        return 0.0
    term = math.exp(count * math.log(expected) - expected - math.lgamma(count + 1))
    total, number = 0.0, count
    # Beyond the expected number the terms only fall.
    while number <= expected or term > total * 1e-16:
        total += term
        number += 1
        term *= expected / number
    return min(1.0, total)


def binomial_tail(hits: int, count: int, chance: float) -> float:
    """Return the chance of `hits` or more out of `count`."""
    return min(1.0, sum(math.comb(count, k) * chance**k * (1 - chance) ** (count - k) for k in range(hits, count + 1)))


def is_rush(count: int, usual: float) -> bool:
    """Tell whether so many answers on one day are improbable where `usual` (at least one) come a day."""
    return count >= BURST_LEAST and poisson_tail(count, max(usual, 1.0)) < BURST_CHANCE


def is_monotone(flat: int, count: int, usual: float) -> bool:
    """Tell whether so many answers of a day with the same star throughout are improbable.

    Args:
        usual: the share of such answers on other days; at least one half, for content people tap the same star often.
    """
    return count >= BURST_LEAST and binomial_tail(flat, count, max(usual, 0.5)) < BURST_CHANCE


# --- what may be public ---------------------------------------------------------------------------------


def showable(counts: Mapping[str, int], least: int = PUBLIC_LEAST) -> frozenset[str]:
    """Return which parts of a published whole may be shown by themselves.

    A part below `least` is hidden; so is what would give it away when it is taken from the whole: the smallest shown
    parts, until those hidden together hold nothing or at least `least`.
    """
    shown = {key for key, count in counts.items() if count >= least}
    hidden = sum(count for key, count in counts.items() if key not in shown)
    for key in sorted(shown, key=lambda name: (counts[name], name)):
        if hidden == 0 or hidden >= least:
            break
        shown.discard(key)
        hidden += counts[key]
    return frozenset(shown)


# --- windows ------------------------------------------------------------------------------------------


def month_of(day: datetime.date) -> datetime.date:
    """Return the first day of the day's month."""
    return day.replace(day=1)


def shifted(month: datetime.date, months: int) -> datetime.date:
    """Return the first day of the month that lies so many months later."""
    number = month.year * 12 + month.month - 1 + months
    return datetime.date(number // 12, number % 12 + 1, 1)


@dataclass(frozen=True)
class Window:
    """Full months, by the first day of the first and of the last one."""

    first: datetime.date
    last: datetime.date

    @property
    def months(self) -> tuple[datetime.date, ...]:
        """The months, in order."""
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        return tuple(shifted(self.first, number) for number in range(count))


def last_months(day: datetime.date, count: int = 3) -> Window:
    """Return the last so many full months before the day's own (SE 04/2023: at least three)."""
    last = shifted(month_of(day), -1)
    return Window(shifted(last, 1 - count), last)


def last_quarters(day: datetime.date, count: int = 4) -> tuple[Window, ...]:
    """Return the last closed quarters of the calendar, the latest first: windows that never overlap."""
    begin = datetime.date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return tuple(Window(shifted(begin, -3 * number), shifted(begin, 2 - 3 * number)) for number in range(1, count + 1))
