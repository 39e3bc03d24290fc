"""Exact fractions as people and tables see them. Nothing here decides anything."""

from __future__ import annotations

from fractions import Fraction

# Stored scores are integers of 10⁻¹⁰.
UNITS = 10**10
_MOST_PLACES = 10
_DOUBLE = 2 * UNITS


def half_up(value: Fraction, places: int) -> int:
    """Return value × 10^places as an integer, halves away from zero."""
    scaled = value * 10**places
    whole = (abs(scaled.numerator) * 2 + scaled.denominator) // (2 * scaled.denominator)
    return whole if scaled >= 0 else -whole


def to_units(value: Fraction) -> int:
    """Return the stored form of a score."""
    return scaled(value.numerator, value.denominator)


def scaled(above: int, below: int) -> int:
    """Return the stored form of above / below (which needs no lowest terms; below > 0): half up, once."""
    twice = (abs(above) * _DOUBLE + below) // (2 * below)
    return twice if above >= 0 else -twice


def from_units(stored: int) -> Fraction:
    """Return the score of its stored form."""
    return Fraction(stored, UNITS)


def decimal_string(value: Fraction, places: int) -> str:
    """Return a decimal with a full stop, for machines."""
    return _digits(half_up(value, places), places)


def _digits(scaled: int, places: int) -> str:
    sign = "-" if scaled < 0 else ""
    digits = str(abs(scaled)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def shown(value: Fraction, *, gate: Fraction | None = None, places: int = 2) -> str:
    """Return a decimal with a comma, for people.

    Two decimals, half up; where that would hide that `gate` is not reached, as many as show it (74,996 of 75).
    """
    while gate is not None and value < gate and Fraction(half_up(value, places), 10**places) >= gate:
        if places == _MOST_PLACES:
            # Closer than any decimals can show: cut off instead of rounding over the gate.
            cut = (value * 10**places).__floor__()
            return _digits(cut, places).replace(".", ",")
        places += 1
    return decimal_string(value, places).replace(".", ",")
