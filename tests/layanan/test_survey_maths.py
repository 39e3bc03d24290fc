"""The arithmetic of surveys: tables of the regulations, examples reckoned by hand, and what must always hold."""

import datetime
import statistics
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layanan.survey_maths import (
    CONVERSIONS,
    SKM,
    Tally,
    Window,
    binomial_tail,
    chance_to_pass,
    half_up,
    interval,
    is_monotone,
    is_rush,
    last_months,
    last_quarters,
    more_for_margin,
    poisson_tail,
    quality,
    sample_size,
    showable,
)

RATIO, RANGE = CONVERSIONS["ratio"], CONVERSIONS["range"]
# Krejcie and Morgan 1970, table 1: population → sample.
TABLE = """
10-10 15-14 20-19 25-24 30-28 35-32 40-36 45-40 50-44 55-48 60-52 65-56 70-59 75-63 80-66 85-70 90-73 95-76 100-80
110-86 120-92 130-97 140-103 150-108 160-113 170-118 180-123 190-127 200-132 210-136 220-140 230-144 240-148 250-152
260-155 270-159 280-162 290-165 300-169 320-175 340-181 360-186 380-191 400-196 420-201 440-205 460-210 480-214 500-217
550-226 600-234 650-242 700-248 750-254 800-260 850-265 900-269 950-274 1000-278 1100-285 1200-291 1300-297 1400-302
1500-306 1600-310 1700-313 1800-317 1900-320 2000-322 2200-327 2400-331 2600-335 2800-338 3000-341 3500-346 4000-351
4500-354 5000-357 6000-361 7000-364 8000-367 9000-368 10000-370 15000-375 20000-377 30000-379 40000-380 50000-381
75000-382 1000000-384
"""


def test_all_pairs_of_krejcie_and_morgan():
    pairs = [tuple(map(int, pair.split("-"))) for pair in TABLE.split()]
    assert len(pairs) == 90
    assert [(population, sample_size(population)) for population, _ in pairs] == pairs
    assert sample_size(0) == 0


@pytest.mark.parametrize(
    ("value", "letter"),
    [
        ("25", "D"), ("64.99", "D"), ("64.994999", "D"), ("64.995", "C"), ("65", "C"), ("76.60", "C"),
        ("76.604999", "C"), ("76.605", "B"), ("76.61", "B"), ("88.30", "B"), ("88.304999", "B"), ("88.305", "A"),
        ("88.31", "A"), ("100", "A"),
    ],
)  # fmt: skip
def test_letters_hold_from_their_lower_bound_on_the_rounded_value(value, letter):
    assert quality(Fraction(value))[0] == letter


def test_an_index_reckoned_by_hand():
    # Three people, eight statements: totals 48, 44 and 40 of 48 stars; means 6, 5,5 and 5.
    answers = [(6,) * 8, (6, 5, 6, 5, 6, 5, 6, 5), (5,) * 8]
    tally = Tally.of(answers, 8)
    assert (tally.count, tally.sums, tally.squares) == (3, (17, 16, 17, 16, 17, 16, 17, 16), 48**2 + 44**2 + 40**2)
    assert tally.means[:2] == (Fraction(17, 3), Fraction(16, 3))
    assert tally.mean == Fraction(11, 2)
    # 5,5 × 4/6 = 3,666…; (5,5 − 1) × 3/5 + 1 = 3,70.
    assert RATIO.of(tally.mean) == Fraction(11, 3)
    assert RANGE.of(tally.mean) == Fraction(37, 10)
    assert tally.variance == Fraction(1, 4)
    # 1,96 × 0,5 × 4/6 ÷ √3 = 0,3772; of 12 served: × √(9/11) = 0,3412.
    found = interval(tally, RATIO)
    assert (round(found.half, 4), round(found.low, 4), found.high) == (0.3772, 3.2895, 4.0)
    assert round(interval(tally, RATIO, 12).half, 4) == 0.3412
    assert interval(tally, RATIO, 3).half == 0
    # (1,96 × 0,3333 ÷ 0,05)² = 170,7: 171 answers, 168 more; of 200 served 171 become 92,3: 93.
    assert more_for_margin(tally, RATIO, 0.05) == 168
    assert more_for_margin(tally, RATIO, 0.05, 200) == 90
    # (3,6667 − 3,60) ÷ (0,3333 × √(1/3 + 1/30)) = 0,3303: Φ = 0,629.
    assert round(chance_to_pass(tally, RATIO, Fraction(36, 10)), 3) == 0.629


def test_an_ikm_reckoned_by_hand():
    # Two people: all 3, and all 4 but one 3. Means 3,5 (eight times) and 3: 31/9 × 25 = 86,11, B.
    tally = Tally.of([(3,) * 9, (4,) * 8 + (3,)], 9)
    value = SKM.of(tally.mean)
    assert (value, half_up(value), quality(value)) == (Fraction(775, 9), Decimal("86.11"), ("B", "baik"))


def test_the_usual_marks_of_both_conversions():
    assert [RATIO.of(Fraction(mean)) for mean in ("6", "5.4", "4.8")] == [4, Fraction(18, 5), Fraction(16, 5)]
    assert [RANGE.of(Fraction(mean)) for mean in (1, 6)] == [1, 4]


def test_nothing_is_said_of_too_few():
    nobody, one = Tally(0, (0,) * 5, 0), Tally.of([(6, 6, 6, 6, 5)], 5)
    assert (nobody.mean, nobody.means, interval(one, RATIO)) == (None, (), None)
    assert (more_for_margin(one, RATIO, 0.05), chance_to_pass(one, RATIO, Fraction(36, 10))) == (None, None)
    same = Tally.of([(6,) * 5] * 12, 5)
    assert chance_to_pass(same, RATIO, Fraction(4)) == 1.0
    assert chance_to_pass(Tally.of([(5,) * 5] * 12, 5), RATIO, Fraction(36, 10)) == 0.0


MARKS = st.lists(st.tuples(*[st.integers(1, 6)] * 5), min_size=2, max_size=40)


@given(MARKS, MARKS, st.integers(0, 500))
def test_tallies_add_up_and_say_what_statistics_says(first, second, others):
    both = Tally.of(first, 5) + Tally.of(second, 5)
    assert both == Tally.of(first + second, 5)
    means = [Fraction(sum(answer), 5) for answer in first + second]
    assert both.mean == statistics.mean(means)
    assert both.variance == statistics.variance(means)
    everybody = both.count + others
    narrow, wide = interval(both, RATIO, everybody), interval(both, RATIO)
    assert narrow.half <= wide.half
    assert 0.6666 <= wide.low <= float(RATIO.of(both.mean)) <= wide.high <= 4.0
    assert sample_size(everybody) <= everybody
    more = more_for_margin(both, RATIO, 0.1)
    reached = Tally(both.count + more, both.sums, both.squares)
    # With as many more of the same spread the interval is narrow enough, and with one less it is not.
    half = wide.half * (both.count / reached.count) ** 0.5
    assert half <= 0.1 + 1e-6
    assert more == 0 or wide.half * (both.count / (reached.count - 1)) ** 0.5 > 0.1 - 1e-6


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 40)))
def test_no_small_part_can_be_told_from_the_whole(counts):
    shown = showable(counts)
    hidden = sum(count for key, count in counts.items() if key not in shown)
    assert all(counts[key] >= 10 for key in shown)
    assert hidden == 0 or hidden >= 10 or not shown
    # Nothing is hidden that could be shown: without a small part everything is there.
    if all(count == 0 or count >= 10 for count in counts.values()):
        assert shown == {key for key, count in counts.items() if count}


def test_a_hidden_part_takes_the_smallest_shown_one_along():
    assert showable({"a": 30, "b": 12, "c": 4}) == {"a"}
    assert showable({"a": 30, "b": 6, "c": 4}) == {"a"}
    assert showable({"a": 30, "b": 12}) == {"a", "b"}


def test_tails_and_bursts():
    # 1 − e⁻² (1 + 2 + 2 + 4/3) = 0,1429; 5 of 5 heads = 1/32.
    assert round(poisson_tail(4, 2.0), 4) == 0.1429
    assert binomial_tail(5, 5, 0.5) == 1 / 32
    assert (poisson_tail(0, 3.0), poisson_tail(3, 0.0)) == (1.0, 0.0)
    assert is_rush(24, 0.3)
    assert is_rush(10, 1.0)
    # A busy office has busy days; nine answers are never looked at.
    assert not is_rush(30, 22.0)
    assert not is_rush(9, 0.0)
    assert is_monotone(14, 14, 0.3)
    assert not is_monotone(13, 13, 0.3)
    assert not is_monotone(24, 24, 0.9)


def test_windows_are_full_months_and_quarters_never_overlap():
    day = datetime.date(2026, 2, 28)
    assert last_months(day) == Window(datetime.date(2025, 11, 1), datetime.date(2026, 1, 1))
    quarters = last_quarters(day, 5)
    assert quarters[0] == Window(datetime.date(2025, 10, 1), datetime.date(2025, 12, 1))
    months = [month for quarter in quarters for month in quarter.months]
    assert len(set(months)) == len(months) == 15
    assert max(months) < day.replace(month=1, day=1)
