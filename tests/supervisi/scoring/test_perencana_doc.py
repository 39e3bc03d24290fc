"""The tables of docs/perencana.md are computed again."""

from fractions import Fraction
from pathlib import Path

import pytest

from supervisi.instrument_files import read_instrument_file
from supervisi.scoring.answers import UNANSWERED
from supervisi.scoring.plan_options import default_half_days
from supervisi.scoring.planner import make_plan
from supervisi.scoring.rounding import shown
from tests.supervisi.dashboards import best_answers
from tests.supervisi.scoring.test_penilaian_doc import answer, number, tables

LKE = read_instrument_file("lke-2021").instrument
TABLES = tables((Path(__file__).resolve().parents[3] / "docs" / "perencana.md").read_text())


def rows_of(*columns):
    return [(heading, rows) for heading, found, rows in TABLES if found == columns]


def test_the_usual_work_is_what_the_page_says():
    [(_, rows)] = rows_of("Skala", "Hari dari nol sampai penuh")
    expected = {
        "butir berbobot sendiri (Hasil)" if item.weight is not None else item.scale: default_half_days(item, UNANSWERED)
        for item in LKE.items
    }
    assert {name: 2 * int(days) for name, days in rows} == expected


def plan_of(heading):
    """Return the plan of an example: its heading names what is locked."""
    [(_, given)] = rows_of("Butir", "Jawaban")
    answers = best_answers(LKE) | {code: answer(raw) for code, raw in given}
    locked = heading.split(": ")[1].removesuffix(" terkunci").split(", ") if heading.endswith("terkunci") else []
    return make_plan(LKE, answers, "wbbm", locked=locked, margin=Fraction(2))


@pytest.mark.parametrize(("heading", "rows"), rows_of("Langkah", "Butir", "Menjadi", "Hari", "Poin", "Total"))
def test_the_examples_come_out_as_written(heading, rows):
    plan = plan_of(heading)
    assert [
        (
            step.item.code,
            step.better.raw,
            Fraction(step.better.half_days, 2),
            shown(step.points),
            shown(step.total_after),
        )
        for step in plan.steps
    ] == [(code, answer(raw), number(days), points, total) for _, code, raw, days, points, total in rows]
    assert [row[0] for row in rows] == [str(place) for place in range(1, len(rows) + 1)]


def test_what_is_out_of_reach_is_as_written():
    [(heading, rows)] = rows_of("Ambang", "Batas dan cadangan", "Tertinggi", "Terbuka dengan")
    assert [
        (
            each.target.gate.code,
            shown(each.target.required + each.target.margin),
            shown(each.most),
            ", ".join(each.opened_by),
        )
        for each in plan_of(heading).unreachable
    ] == rows
