"""The way to a predicate: the least work, every gate proved by the engine, nothing locked, and what is out of reach."""

import random
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisi.instrument_files import read_instrument_file
from supervisi.scoring import planner
from supervisi.scoring.engine import parse_answers, score_sheet
from supervisi.scoring.gates import judge
from supervisi.scoring.parse import parse_instrument
from supervisi.scoring.plan_options import better_answers, is_survey, work_of
from supervisi.scoring.plan_program import Choice, Row, Solution, solve
from supervisi.scoring.planner import make_plan
from tests.supervisi.dashboards import best_answers

LKE, POLSEK = (read_instrument_file(code).instrument for code in ("lke-2021", "polsek-2026"))
SURVEYS = [item.code for item in LKE.items if is_survey(item)]


def random_sheet(instrument, seed):
    """A believable sheet: mostly good, some blank, surveys above their gate."""
    draw, answers = random.Random(seed), best_answers(instrument)
    for item in instrument.items:
        if item.options and draw.random() < 0.5:
            answers[item.code] = draw.choice([*(option.code for option in item.options), None])
        elif item.inputs and draw.random() < 0.5:
            answers[item.code] = {entry.key: draw.randint(1, 300) for entry in item.inputs}
    return answers | dict.fromkeys(SURVEYS if instrument is LKE else (), "3.7")


def applied(answers, plan):
    return answers | {step.better.item_code: step.better.raw for step in plan.steps}


def distances(instrument, answers, plan):
    """Return by how much each gate of the plan is passed, by the engine alone."""
    results = judge(instrument, score_sheet(instrument, answers))
    gates = next(result.gates for result in results if result.code == plan.predicate)
    return {gate.code: gate.distance for gate in gates}


@pytest.mark.parametrize("instrument", [LKE, POLSEK], ids=lambda found: found.code)
@pytest.mark.parametrize("seed", range(5))
def test_a_plan_passes_every_gate_when_the_engine_computes_it_again(instrument, seed):
    answers, locked = (
        random_sheet(instrument, seed),
        {item.code for item in instrument.items[seed::15] if item.weight is None},
    )
    goal, margin = instrument.predicates[-1].code, Fraction(seed, 4)
    plan = make_plan(instrument, answers, goal, locked=locked, margin=margin)
    assert plan.steps
    assert plan.is_least
    assert not plan.unreachable
    after = applied(answers, plan)
    reached = distances(instrument, after, plan)
    assert all(reached[target.gate.code] >= target.margin for target in plan.targets)
    assert plan.targets[0].margin == margin
    assert not {step.item.code for step in plan.steps} & (locked | set(SURVEYS))
    # The figures on the way are the engine's, and no step is there for nothing.
    assert plan.steps[-1].total_after == score_sheet(instrument, after).complete["total"]
    for step in plan.steps:
        without = distances(instrument, after | {step.item.code: answers.get(step.item.code)}, plan)
        assert any(without[target.gate.code] < target.margin for target in plan.targets)
    assert make_plan(instrument, answers, goal, locked=locked, margin=margin) == plan


SCALES = {
    "abc": {"A": "1", "B": "0.5", "C": "0"},
    "abcd": {"A": "1", "B": "0.67", "C": "0.33", "D": "0"},
    "percent": {},
}


@st.composite
def small_problems(draw):
    """A sheet of four or five items in two areas, its gates, work and locks."""
    nodes, answers, work = [], {}, {}
    for place, weight in enumerate((40, 60)):
        items = []
        for number in range(draw(st.integers(2, 3 - place))):
            code, scale = f"X.{place}.{number}", draw(st.sampled_from(sorted(SCALES)))
            item = {"code": code, "question": "?", "scale": scale}
            if scale == "percent":
                item |= {"formula": {"kind": "ratio", "numerator": "a", "denominators": ["b"]},
                         "inputs": [{"key": key, "label": key} for key in "ab"]}  # fmt: skip
                below = draw(st.integers(1, 7))
                answers[code] = {"a": draw(st.integers(0, below)), "b": below}
            else:
                item |= {"criteria": dict.fromkeys(SCALES[scale], "kriteria")}
                answers[code] = draw(st.sampled_from([*SCALES[scale], None]))
            work[code] = draw(st.integers(1, 5))
            items.append(item)
        nodes.append({"code": f"X.{place}", "name": "?", "weight": str(weight), "rule": "mean", "when_empty": "zero",
                      "items": items})  # fmt: skip
    gates = [("total", "score", draw(st.integers(40, 95))), ("1", "percent", draw(st.integers(30, 95)))]
    document = {
        "code": "kecil", "version": "1", "name": "Kecil", "label": "uji", "is_official": False, "period_kind": "year",
        "unit_kinds": ["polsek"], "scales": SCALES, "nodes": nodes,
        "areas": [{"key": str(place + 1), "label": "?", "nodes": [f"X.{place}"]} for place in (0, 1)],
        "predicates": [{"code": "siap", "label": "Siap", "conditions": [], "gates": [
            {"code": code, "label": code, "measure": measure, "required": str(limit)} for code, measure, limit in gates
        ]}],
    }  # fmt: skip
    locked = draw(st.sets(st.sampled_from(sorted(work)), max_size=1))
    return parse_instrument(document), answers, work, locked, Fraction(draw(st.integers(0, 4)), 2)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(small_problems())
def test_no_set_of_answers_with_less_work_passes(problem):
    instrument, answers, work, locked, margin = problem
    plan = make_plan(instrument, answers, "siap", half_days=work, locked=locked, margin=margin)
    values = parse_answers(instrument, answers)
    offers = [
        (None, *better_answers(item, values[item.code], work_of(item, values[item.code], work)))
        for item in instrument.items
        if item.code not in locked
    ]
    limits = {target.gate.code: target.margin for target in plan.targets}

    def passes(chosen):
        reached = distances(instrument, answers | {each.item_code: each.raw for each in chosen}, plan)
        return all(reached[code] >= margin for code, margin in limits.items())

    if plan.unreachable:
        most = [offer[-1] for offer in offers if offer[-1]]
        reached = distances(instrument, answers | {each.item_code: each.raw for each in most}, plan)
        missed = {code for code, margin in limits.items() if reached[code] < margin}
        assert {each.target.gate.code for each in plan.unreachable} == missed
        return
    assert passes([step.better for step in plan.steps])
    for picked in product(*offers):
        chosen = [each for each in picked if each]
        assert sum(each.half_days for each in chosen) >= plan.half_days or not passes(chosen)


def test_what_is_locked_is_never_chosen_and_a_gate_out_of_reach_names_what_would_open_it():
    area = [item for item in LKE.items_of_area("3") if item.options]
    answers = best_answers(LKE) | {item.code: item.options[-1].code for item in area}
    locked = {item.code for item in area}
    plan = make_plan(LKE, answers, "wbbm", locked=locked)
    missed = {each.target.gate.code: each for each in plan.unreachable}
    assert plan.steps == ()
    assert set(missed) >= {"3"}
    there = missed["3"]
    assert there.most < there.target.required
    assert set(there.opened_by) <= locked
    # What is named does open it, and one of them less does not.
    assert "3" not in [
        each.target.gate.code
        for each in make_plan(LKE, answers, "wbbm", locked=locked - set(there.opened_by)).unreachable
    ]
    kept = locked - set(there.opened_by[:-1])
    assert "3" in [each.target.gate.code for each in make_plan(LKE, answers, "wbbm", locked=kept).unreachable]


def test_a_survey_is_a_track_of_its_own_and_never_a_step():
    answers = random_sheet(LKE, 3) | dict.fromkeys(SURVEYS, "3.2")
    plan = make_plan(LKE, answers, "wbbm")
    assert {survey.item_code for survey in plan.surveys} == set(SURVEYS)
    assert not any(survey.passed for survey in plan.surveys)
    assert not {step.item.code for step in plan.steps} & set(SURVEYS)
    # The gate above one survey and one item is out of reach without the survey: it is taken at its own gate, and said.
    assert plan.waits_for_surveys
    reached = distances(LKE, applied(answers, plan) | dict.fromkeys(SURVEYS, "3.6"), plan)
    assert min(reached.values()) >= 0
    nothing = make_plan(LKE, best_answers(LKE) | dict.fromkeys(SURVEYS, "0"), "wbbm", locked=[])
    assert nothing.unreachable == () or all(each.is_survey for each in nothing.unreachable)


def test_a_margin_that_is_out_of_reach_says_that_it_is_the_margin():
    plan = make_plan(LKE, best_answers(LKE), "wbbm", margin=Fraction(16))
    assert [(each.target.gate.code, each.is_only_margin) for each in plan.unreachable] == [("total", True)]
    assert make_plan(LKE, best_answers(LKE), "wbbm", margin=Fraction(15)).steps == ()


TINY = Fraction(1, 10**30)


@pytest.mark.parametrize(("first", "chosen"), [(1 - TINY, (1,)), (Fraction(1), (0,)), (1 + TINY, (0,))])
def test_what_a_float_can_not_tell_apart_is_decided_exactly(first, chosen):
    choices = [Choice(item=0, work=1), Choice(item=1, work=3)]
    assert solve(choices, [Row((first, Fraction(1)), Fraction(1))], 2.0) == Solution(chosen, True)


def test_what_is_scaled_down_for_the_solver_loses_no_plan():
    # Two that reach the need exactly, in thirds of a large prime; a third one that does alone, for more work.
    part = Fraction(1000003, 3000017)
    choices = [Choice(item=place, work=work) for place, work in enumerate((1, 1, 10))]
    row = Row((part, 1 - part, Fraction(1)), Fraction(1))
    assert solve(choices, [row], 2.0) == Solution((0, 1), True)


@pytest.mark.parametrize(
    ("half_days", "expected"), [(1, [("A", 1)]), (2, [("C", 1), ("A", 2)]), (9, [("C", 3), ("B", 7), ("A", 9)])]
)
def test_of_two_options_with_the_same_work_the_better_one_is_offered(half_days, expected):
    item = next(item for item in LKE.items if item.scale == "abcd")
    found = better_answers(item, parse_answers(LKE, {item.code: "D"})[item.code], half_days)
    assert [(each.raw, each.half_days) for each in found] == expected


def test_when_time_is_over_the_plan_still_passes_and_says_that_it_may_not_be_the_least():
    answers = random_sheet(LKE, 1)
    plan = make_plan(LKE, answers, "wbbm", seconds=0)
    assert not plan.is_least
    assert min(distances(LKE, applied(answers, plan), plan).values()) >= 0
    assert plan.half_days >= make_plan(LKE, answers, "wbbm").half_days


def test_a_plan_that_the_engine_does_not_confirm_is_never_handed_out(monkeypatch):
    monkeypatch.setattr(planner, "solve", lambda choices, rows, seconds: Solution((0,), True))
    with pytest.raises(ArithmeticError, match="unproved"):
        make_plan(LKE, random_sheet(LKE, 2), "wbbm")
