"""The official workbook's own figures, digit by digit."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from supervisi.instrument_files import read_instrument_file
from supervisi.scoring.document import check_answers, result_document

CASES = sorted((Path(__file__).parent / "oracle").glob("*.json"))
LKE = read_instrument_file("lke-2021").instrument


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_scores_equal_the_official_workbook(path):
    case = json.loads(path.read_text(), parse_float=Decimal)
    check_answers(LKE, case["document"]["answers"])
    result = result_document(LKE, case["document"]["answers"])
    expected = case["expected"]
    differing = {
        code: (value, result["provisional"][code])
        for code, value in expected["provisional"].items()
        if abs(Decimal(result["provisional"][code]) - Decimal(value)) > Decimal("1e-9")
    }
    assert len(expected["provisional"]) > 50
    assert not differing
    for key, value in expected.get("area_percent", {}).items():
        assert abs(Decimal(result["area_percent"][key]) - Decimal(value)) <= Decimal("1e-6")


def test_all_seven_cases_are_here():
    assert len(CASES) == 7
