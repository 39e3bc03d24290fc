"""Decimals as people and tables see them."""

from fractions import Fraction

import pytest

from supervisi.scoring.rounding import decimal_string, from_units, shown, to_units


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [("0.125", 2, "0.13"), ("-0.125", 2, "-0.13"), ("0.004", 2, "0.00"), ("12", 0, "12"), ("1/3", 10, "0.3333333333")],
)
def test_halves_go_up(value, places, text):
    assert decimal_string(Fraction(value), places) == text


def test_stored_scores_come_back():
    assert from_units(to_units(Fraction("83.13"))) == Fraction("83.13")


@pytest.mark.parametrize(
    ("value", "gate", "text"),
    [
        ("74.996", "75", "74,996"),
        ("75", "75", "75,00"),
        ("74.99", "75", "74,99"),
        ("74.9999999999999", "75", "74,9999999999"),
        ("83.125", None, "83,13"),
    ],
)
def test_a_missed_gate_is_never_rounded_over(value, gate, text):
    assert shown(Fraction(value), gate=Fraction(gate) if gate else None) == text
