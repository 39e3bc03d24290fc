"""Measure the planner: `python -m bench.planner SHEETS`; prints its figures as JSON. No database.

Random sheets of the LKE from far below WBK to just below WBBM, each planned to WBBM as the page does it, the engine's
proof and the gates after each step included. Timed by the processor: what else a machine does is not the code's.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from fractions import Fraction
from typing import Any

from supervisi.instrument_files import read_instrument_file
from supervisi.scoring.instrument import Instrument
from supervisi.scoring.plan_options import is_survey
from supervisi.scoring.planner import make_plan

SEED = 1
# How many of the letters are the best ones, the others drawn.
_GOOD = (0.2, 0.4, 0.5, 0.6, 0.7, 0.8)


def random_sheet(instrument: Instrument, draw: random.Random) -> dict[str, Any]:
    """Answer every item; surveys around their gate."""
    good, answers = draw.choice(_GOOD), {}
    for item in instrument.items:
        if item.options:
            best = max(item.options, key=lambda option: option.value)
            answers[item.code] = (best if draw.random() < good else draw.choice(item.options)).code
        elif is_survey(item):
            answers[item.code] = f"{draw.uniform(3.4, 3.9):.2f}"
        else:
            answers[item.code] = {entry.key: draw.randint(1, 200) for entry in item.inputs}
    return answers


def main() -> None:
    """Plan the sheets and print p50 and p95 in milliseconds, and how many needed steps."""
    instrument, draw = read_instrument_file("lke-2021").instrument, random.Random(SEED)
    spent, planned, least = [], 0, 0
    make_plan(instrument, random_sheet(instrument, draw), "wbbm")  # loads the solver
    for _ in range(int(sys.argv[1])):
        answers, margin = random_sheet(instrument, draw), Fraction(draw.choice([0, 1, 2, 4]), 2)
        began = time.process_time()
        plan = make_plan(instrument, answers, "wbbm", margin=margin)
        spent.append((time.process_time() - began) * 1000)
        planned += bool(plan.steps)
        least += plan.is_least
    parts = statistics.quantiles(spent, n=20)
    print(
        json.dumps(
            {
                "sheets": len(spent),
                "planned": planned,
                "least": least,
                "items": len(instrument.items),
                "p50": statistics.median(spent),
                "p95": parts[18],
            }
        )
    )


if __name__ == "__main__":
    main()
