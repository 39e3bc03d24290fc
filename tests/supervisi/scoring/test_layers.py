"""Layers side by side: claims upheld, and the estimate where only a part was seen."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisi.instrument_files import read_instrument_file
from supervisi.scoring.engine import item_share, score_sheet
from supervisi.scoring.instrument import TOTAL
from supervisi.scoring.layers import Confirmation, confirm, estimate, moved_points

POLSEK = read_instrument_file("polsek-2026").instrument
LETTERS = [item for item in POLSEK.items if item.options]
BEST = {item.code: max(item.options, key=lambda option: option.value).code for item in LETTERS}
WORST = {item.code: min(item.options, key=lambda option: option.value).code for item in LETTERS}
FIRST = [item for item in LETTERS if item.area_key == "1"]


@st.composite
def letters(draw):
    """Answers to every item with letters."""
    return {item.code: draw(st.sampled_from(item.options)).code for item in LETTERS}


def value(code, letter):
    return POLSEK.item(code).option(letter).value


def test_a_claim_is_upheld_by_as_much_or_more_and_a_claim_of_nothing_is_none():
    a, b, c = (item.code for item in FIRST[:3])
    found = confirm(POLSEK, {a: BEST[a], b: WORST[b], c: BEST[c]}, {a: BEST[a], b: BEST[b], c: WORST[c]})
    assert found["1"] == Confirmation(upheld=1, verified=2)
    assert found[TOTAL] == Confirmation(upheld=1, verified=2)
    assert found[TOTAL].rate == Fraction(1, 2)
    assert found["2"].rate is None


def test_where_nothing_was_looked_at_there_is_no_estimate():
    assert estimate(POLSEK, BEST, {}) is None
    assert estimate(POLSEK, {}, BEST) is None


def test_an_area_takes_its_own_rate_and_one_without_a_look_that_of_the_sheet():
    first, second = FIRST[:2]
    other = next(item for item in LETTERS if item.area_key == "2")
    seen = {first.code: BEST[first.code], second.code: WORST[second.code]}
    guess = estimate(POLSEK, BEST, seen)
    unseen = next(item for item in FIRST[2:])
    assert guess.item_values[unseen.code] == Fraction(1, 2)
    assert guess.item_values[other.code] == Fraction(1, 2)
    assert guess.item_values[first.code] == 1
    assert guess.item_values[second.code] == value(second.code, WORST[second.code])


@given(letters(), st.data())
def test_a_claim_upheld_everywhere_is_its_own_estimate(claims, data):
    codes = data.draw(st.sets(st.sampled_from(sorted(claims)), min_size=1))
    seen = {code: claims[code] for code in codes}
    guess = estimate(POLSEK, claims, seen)
    if confirm(POLSEK, claims, seen)[TOTAL].verified:
        assert guess.complete == score_sheet(POLSEK, claims).complete
    else:
        assert guess is None


@given(letters(), letters(), st.data())
def test_an_estimate_lies_between_nothing_and_the_better_of_claim_and_sight(claims, found, data):
    codes = data.draw(st.sets(st.sampled_from(sorted(claims)), min_size=1))
    seen = {code: found[code] for code in codes}
    guess = estimate(POLSEK, claims, seen)
    if guess is None:
        return
    claimed = score_sheet(POLSEK, claims)
    better = {code: max(claims[code], seen.get(code, claims[code]), key=lambda letter, c=code: value(c, letter))
              for code in claims}  # fmt: skip
    assert 0 <= guess.complete[TOTAL] <= score_sheet(POLSEK, better).complete[TOTAL]
    if all(value(code, seen[code]) <= value(code, claims[code]) for code in codes):
        assert guess.complete[TOTAL] <= claimed.complete[TOTAL]
        assert all(guess.complete[code] <= claimed.complete[code] for code in claimed.complete)


@given(letters(), letters())
def test_a_whole_look_leaves_nothing_to_estimate_and_its_points_add_up(claims, seen):
    old, new = score_sheet(POLSEK, claims), score_sheet(POLSEK, seen)
    guess = estimate(POLSEK, claims, seen)
    assert guess is None or guess.complete[TOTAL] == new.complete[TOTAL]
    moved = moved_points(POLSEK, old, new)
    assert sum(moved.values()) == new.complete[TOTAL] - old.complete[TOTAL]


@pytest.mark.parametrize("item", FIRST[:2], ids=lambda item: item.code)
def test_the_points_of_an_item_are_what_the_score_moves_by(item):
    old = score_sheet(POLSEK, BEST)
    new = score_sheet(POLSEK, BEST | {item.code: WORST[item.code]})
    fall = value(item.code, WORST[item.code]) - 1
    assert moved_points(POLSEK, old, new)[item.code] == fall * item_share(POLSEK, new, item)
    assert moved_points(POLSEK, old, new)[item.code] == new.complete[TOTAL] - old.complete[TOTAL]
