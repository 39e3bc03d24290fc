"""Samples: what is proposed and why; the same seed draws the same."""

import hashlib

import pytest

from supervisi.instrument_files import read_instrument_file
from supervisi.scoring.engine import parse_answers, score_sheet
from supervisi.scoring.gates import judge
from supervisi.scoring.sampling import GATE, RANDOM, WEIGHT, draw, gate_deciders, propose_sample
from tests.supervisi.dashboards import best_answers, worst_letter

POLSEK, LKE = (read_instrument_file(code).instrument for code in ("polsek-2026", "lke-2021"))


def gates(answers):
    return [gate.passed for found in judge(POLSEK, score_sheet(POLSEK, answers)) for gate in found.gates]


def on_the_edge():
    """Return answers of which single items decide a gate."""
    answers = best_answers(POLSEK)
    for item in POLSEK.items:
        if item.options and item.area_key == "5":
            lowered = answers | {item.code: worst_letter(POLSEK, item.code)}
            if gates(lowered) != gates(answers):
                break
            answers = lowered
    return answers


@pytest.mark.parametrize("instrument", [POLSEK, LKE], ids=lambda found: found.code)
@pytest.mark.parametrize("is_claimed", [True, False])
def test_a_sample_holds_three_tenths_of_the_items_in_the_order_of_the_sheet(instrument, is_claimed):
    drawn = propose_sample(instrument, best_answers(instrument) if is_claimed else {}, "benih")
    codes = [each.item_code for each in drawn]
    assert len(codes) == len(set(codes)) == -(-len(instrument.items) * 3 // 10)
    assert codes == [item.code for item in instrument.items if item.code in codes]
    assert {WEIGHT, RANDOM} <= {each.why for each in drawn}


def test_the_same_seed_draws_the_same_and_another_something_else():
    answers = on_the_edge()
    first = propose_sample(POLSEK, answers, "a1b2")
    assert propose_sample(POLSEK, answers, "a1b2") == first
    other = propose_sample(POLSEK, answers, "a1b3")
    assert other != first
    # The seed decides nothing but the draw.
    fixed = [each for each in first if each.why != RANDOM]
    assert [each for each in other if each.why != RANDOM] == fixed


def test_the_draw_can_be_done_again_by_hand():
    codes = [item.code for item in POLSEK.items]
    by_hand = sorted(codes, key=lambda code: hashlib.sha256(f"benih:{code}".encode()).hexdigest())
    assert draw(codes, "benih", 7) == by_hand[:7]


def test_an_item_decides_a_gate_when_losing_it_or_having_it_full_turns_one():
    answers = on_the_edge()
    found = gate_deciders(POLSEK, parse_answers(POLSEK, answers))
    assert found
    for item in POLSEK.items:
        if not item.options:
            continue
        ends = (worst_letter(POLSEK, item.code), max(item.options, key=lambda option: option.value).code)
        lowest = item.option(ends[0]).value
        turns = any(gates(answers | {item.code: letter}) != gates(answers) for letter in ends)
        if lowest == 0:
            assert (item.code in found) == turns, item.code


def test_what_decides_a_gate_comes_first_and_without_a_claim_nothing_does():
    whys = [each.why for each in propose_sample(POLSEK, on_the_edge(), "benih")]
    assert 0 < whys.count(GATE) <= 7
    assert GATE not in [each.why for each in propose_sample(POLSEK, {}, "benih")]
