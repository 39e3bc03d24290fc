"""Rules by which the portal proposes answers: their data fit the instrument, and figures lead to the right option."""

from __future__ import annotations

import pytest

from supervisi.instrument_files import read_instrument_file
from supervisi.scoring.answers import parse_answer
from supervisi.services.public_facts import READERS
from supervisi.suggestions.rules import NO_RULES, rules_of

LKE = "lke-2021"


@pytest.fixture(scope="module")
def instrument():
    return read_instrument_file(LKE).instrument


def test_every_rule_fits_its_item(instrument):
    for code, rule in rules_of(LKE).items.items():
        item = instrument.item(code)
        assert rule.fact in READERS, code
        assert [key for key, _ in rule.inputs] == ([entry.key for entry in item.inputs] if rule.inputs else [])
        for step in rule.steps:
            assert step.letter is None or parse_answer(item, step.letter).is_answered, f"{code} {step.letter}"
        least = [step.at_least for step in rule.steps]
        assert least == sorted(least, reverse=True), code


def test_only_items_of_an_index_have_a_survey_beside_them(instrument):
    indices = rules_of(LKE).indices
    assert {code for code in indices if instrument.item(code).formula.kind == "index"} == set(indices)
    assert set(indices.values()) == {"spak", "spkp"}
    assert not set(indices) & set(rules_of(LKE).items)


def rule_with(fact, figure):
    """Return the rule that asks for the figure."""
    return next(rule for rule in rules_of(LKE).items.values() if rule.fact == fact and figure in rule.figures)


@pytest.mark.parametrize(
    ("fact", "figure", "value", "letter"),
    [
        *(("surveys", "rounds", rounds, letter) for rounds, letter in enumerate("EDCBAA")),
        ("surveys", "is_published", 1, "A"),
        ("surveys", "is_published", 0, "C"),
        ("standards", "complete_percent", 100, "A"),
        ("standards", "complete_percent", 99, "D"),
        ("standards", "complete_percent", 0, None),
        ("standards", "is_published", 1, "Ya"),
        ("standards", "is_published", 0, "Tidak"),
        ("innovations", "running", 0, "E"),
        # Whether it is different from others' only a person can tell.
        ("innovations", "running", 3, None),
    ],
)
def test_a_figure_leads_to_its_option(fact, figure, value, letter):
    assert rule_with(fact, figure).propose({figure: value}) == letter


def test_inputs_are_proposed_whole_or_not_at_all():
    rule = rule_with("violations", "previous")
    figures = {"previous": 4, "current": 1, "sanctioned": 1}
    assert sorted(rule.propose(figures).values()) == [1, 1, 4]
    assert rule.propose(figures | {"sanctioned": None}) is None
    assert rule.missing(figures | {"sanctioned": None})
    # Nothing counted is a statement, not a gap.
    assert set(rule.propose(dict.fromkeys(figures, 0)).values()) == {0}


@pytest.mark.parametrize("code", ["polsek-2026", "tidak-ada", "../instruments/lke-2021", ""])
def test_an_instrument_without_rules_has_none(code):
    assert rules_of(code) == NO_RULES
