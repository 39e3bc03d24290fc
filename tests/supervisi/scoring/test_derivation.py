"""The derivation adds up: whoever follows it with pen and paper comes to the engine's figures, exactly."""

import random
from fractions import Fraction

import pytest

from supervisi.instrument_files import read_instrument_file
from supervisi.scoring.derivation import FULL, MEAN, NOTHING, PARTS, WEIGHTED, derive
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.instrument import TOTAL


def random_sheet(instrument, seed):
    """Answer most items; some stay empty, some can't be answered."""
    dice = random.Random(seed)
    answers = {}
    for item in instrument.items:
        if dice.random() < 0.15:
            continue
        if item.options:
            answers[item.code] = dice.choice(item.options).code
        elif item.inputs:
            answers[item.code] = {entry.key: dice.randrange(0, 4) for entry in item.inputs}
        else:
            answers[item.code] = f"{dice.randrange(0, 400) / 100:.2f}"
    return answers


def by_hand(step, steps):
    """Work a node out of what the derivation shows of it."""
    if step.kind == PARTS:
        return sum((by_hand(steps[child.code], steps) for child in step.node.children), Fraction())
    if step.kind == WEIGHTED:
        return sum((item.points for item in step.items), Fraction())
    if step.kind == MEAN:
        return step.sum_of_values / step.counted * step.node.weight
    return step.node.weight if step.kind == FULL else Fraction()


@pytest.mark.parametrize("code", ["lke-2021", "polsek-2026"])
def test_every_node_is_what_its_lines_add_up_to(code):
    instrument = read_instrument_file(code).instrument
    kinds = set()
    for seed in range(20):
        answers = random_sheet(instrument, seed)
        found = derive(instrument, answers)
        assert found.score == score_sheet(instrument, answers)
        steps = {step.node.code: step for step in found.nodes}
        assert set(steps) == set(instrument.nodes)
        assert {item.item.code for step in found.nodes for item in step.items} == {i.code for i in instrument.items}
        for node, step in steps.items():
            assert by_hand(step, steps) == step.complete == found.score.complete[node]
            kinds.add(step.kind)
        assert sum((steps[root.code].complete for root in instrument.root), Fraction()) == found.score.complete[TOTAL]
    assert kinds >= {PARTS, MEAN} | ({WEIGHTED} if code == "lke-2021" else set())


def test_a_part_without_any_item_that_can_be_answered_says_so():
    instrument = read_instrument_file("lke-2021").instrument
    nothing = {entry.key: 0 for entry in instrument.item("A.II.5.ii.a").inputs}
    steps = {step.node.code: step for step in derive(instrument, {"A.II.5.ii.a": nothing}).nodes}
    full = next(step for step in steps.values() if step.kind == FULL)
    assert full.complete == full.node.weight
    lone = next(node for node in instrument.nodes.values() if len(node.items) == 1 and node.when_empty != "full"
                and node.items[0].inputs and node.items[0].formula.kind == "ratio")  # fmt: skip
    zeros = {lone.items[0].code: {entry.key: 0 for entry in lone.items[0].inputs}}
    step = next(step for step in derive(instrument, zeros).nodes if step.node.code == lone.code)
    assert (step.kind, step.complete) == (NOTHING, 0)
