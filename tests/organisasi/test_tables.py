"""The file of a list: numbers as numbers, days as days, no formula, in both forms."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from wbbm.organisasi.tables import figure, table_bytes, table_of

DAY, MOMENT = datetime.date(2026, 9, 17), datetime.datetime(2026, 9, 17, 10, 32)
ROW = ("=1+1", "+62", "-", "@a", "\tx", Decimal("75.40"), Decimal("-0.58"), 3, DAY, MOMENT, None, "", "Polsek Senori")
TABLE = table_of("daftar", tuple(f"K{number}" for number in range(len(ROW))), [ROW])


@pytest.mark.parametrize("is_demo", [False, True])
def test_both_forms_hold_the_same_and_nothing_that_runs(settings, is_demo):
    settings.IS_DEMO = is_demo
    text = table_bytes(TABLE, "csv")
    assert text.startswith(b"\xef\xbb\xbf")
    lines = text.decode("utf-8-sig").split("\r\n")
    assert lines[0].startswith("DATA CONTOH") == is_demo
    assert lines[-2] == ("'=1+1;'+62;'-;'@a;'\tx;75,40;-0,58;3;17/09/2026;17/09/2026 10:32;;;Polsek Senori")
    cells = list(load_workbook(io.BytesIO(table_bytes(TABLE, "xlsx"))).active.iter_rows())
    assert str(cells[0][0].value).startswith("DATA CONTOH") == is_demo
    row = cells[-1]
    assert [cell.data_type for cell in row] == ["s"] * 5 + ["n"] * 3 + ["d"] * 2 + ["n"] * 2 + ["s"]
    assert [cell.value for cell in row[:5]] == ["'=1+1", "'+62", "'-", "'@a", "'\tx"]
    assert [cell.value for cell in row[5:10]] == [75.4, -0.58, 3, datetime.datetime(2026, 9, 17), MOMENT]
    assert [row[5].number_format, row[8].number_format] == ["0.00", "dd/mm/yyyy"]


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        ("75,40", "75.40"),
        ("\N{MINUS SIGN}0,58", "-0.58"),
        ("+3", "3"),
        ("62%", "62"),
        ("0,6667…", "0.6667"),
        ("", None),
    ],
)
def test_a_figure_of_a_page_is_read_as_a_number(shown, value):
    assert figure(shown) == (Decimal(value) if value else None)
