"""Bars, rings, cells and trends: finished strings."""

from fractions import Fraction

import pytest

from supervisi import charts


def bar(percent, **options):
    return charts.score_bar(Fraction(percent), low=Fraction(60), high=Fraction(75), label="Area", **options)


@pytest.mark.parametrize(
    ("percent", "tone"), [("59.999", "bad"), ("60", "warn"), ("74.9999", "warn"), ("75", "ok"), ("100", "ok")]
)
def test_a_bar_is_coloured_by_the_exact_gates(percent, tone):
    assert bar(percent).tone == tone


def test_a_bar_carries_both_marks_unless_it_has_no_gates():
    assert [(mark.x, mark.is_low) for mark in bar(50).marks] == [("60.00", True), ("75.00", False)]
    assert bar(50, has_gates=False).marks == ()
    assert bar(50, has_gates=False).label == "Area: 50,00; tanpa ambang"


@pytest.mark.parametrize(("percent", "said"), [("74.996", "74,996"), ("59.9999", "59,9999"), ("61.234", "61,23")])
def test_the_label_of_a_bar_hides_no_missed_gate(percent, said):
    assert bar(percent).label == f"Area: {said}; ambang 60 dan 75"


@pytest.mark.parametrize(
    ("value", "text"), [("12.5", "12.50"), ("-3", "0.00"), ("130", "100.00"), ("33.33333", "33.33")]
)
def test_coordinates_have_a_full_stop_and_stay_inside(value, text):
    assert charts.coordinate(Fraction(value)) == text


@pytest.mark.parametrize(
    ("done", "total", "percent", "is_done"),
    [(0, 0, 0, False), (13, 20, 65, False), (199, 200, 99, False), (5, 5, 100, True)],
)
def test_a_ring_is_full_only_when_nothing_is_left(done, total, percent, is_done):
    ring = charts.progress_ring(done, total, "x")
    assert (ring.percent, ring.is_done, ring.dash) == (percent, is_done, f"{percent} 100")


@pytest.mark.parametrize(
    ("share", "band", "cut"),
    [("59.99", 1, 59), ("60", 2, 60), ("74.999", 2, 74), ("75", 3, 75), ("89.9", 3, 89), ("90", 4, 90)],
)
def test_a_cell_is_cut_off_and_banded_exactly(share, band, cut):
    assert (charts.band(Fraction(share)), charts.cut(Fraction(share))) == (band, cut)


def test_the_nearest_missed_gate_is_the_lowest_above():
    gates = (Fraction(75), Fraction(85))
    assert charts.nearest_missed(Fraction(70), gates) == 75
    assert charts.nearest_missed(Fraction(75), gates) == 85
    assert charts.nearest_missed(Fraction(90), gates) is None


@pytest.mark.parametrize(("value", "text"), [("75", "75"), ("19.5", "19,5"), ("18.25", "18,25"), ("100", "100")])
def test_limits_lose_empty_decimals(value, text):
    assert charts.trimmed(Fraction(value)) == text


def trend(*scores):
    named = [(f"Triwulan {n}", str(n), Fraction(score)) for n, score in enumerate(scores, start=1)]
    return charts.trend(named, low=Fraction(75), high=Fraction(85), label="Nilai")


def test_a_trend_runs_from_left_to_right_and_up_with_the_score():
    drawn = trend("66.2", "70", "80")
    xs = [Fraction(point.x) for point in drawn.points]
    ys = [Fraction(point.y) for point in drawn.points]
    assert (xs, ys) == (sorted(xs), sorted(ys, reverse=True))
    assert all(0 <= x <= 320 for x in xs)
    assert all(0 <= y <= 132 for y in ys)
    assert drawn.path.startswith("M")
    assert drawn.path.count("L") == 2
    assert drawn.label == "Nilai: Triwulan 1 66,20; Triwulan 2 70,00; Triwulan 3 80,00"


def test_a_trend_draws_a_gate_where_a_score_on_it_would_stand():
    drawn = trend("75", "85")
    assert [level.y for level in drawn.levels] == [point.y for point in drawn.points]
    assert [level.is_low for level in drawn.levels] == [True, False]


def test_a_trend_hides_no_missed_gate():
    assert trend("60", "74.996").points[1].value == "74,996"
