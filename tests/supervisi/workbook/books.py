"""Workbooks for tests: random sheets, and what stands in an XLSX file."""

import io
import random

from openpyxl import load_workbook

from supervisi.instrument_files import read_instrument_file
from supervisi.workbook.write import Book, write_workbook

LKE, POLSEK = (read_instrument_file(code).instrument for code in ("lke-2021", "polsek-2026"))


def random_answers(instrument, seed, blank=0.15):
    """Every kind of answer: letters in either case, blanks, half-filled inputs, divisors of 0, an index."""
    draw, answers = random.Random(seed), {}
    for item in instrument.items:
        if draw.random() < blank:
            continue
        if item.options:
            answers[item.code] = draw.choice(item.options).code
        elif item.inputs:
            most = draw.choice([0, 3, 400])
            numbers = {entry.key: draw.randint(0, most) for entry in item.inputs}
            if draw.random() < blank:
                numbers.popitem()
            answers[item.code] = numbers
        else:
            answers[item.code] = f"{draw.uniform(0, 4):.2f}"
    return answers


def make_book(instrument=LKE, answers=None, **changes):
    facts = {"title": "Polres Uji", "predicate": instrument.predicates[-1].code, "side": "Unit"} | changes
    return Book(instrument=instrument, answers=random_answers(instrument, 1) if answers is None else answers, **facts)


def contents(content, *, values=False):
    """Return {sheet: {cell: content}} of a file, with formulas or with the cached values."""
    book = load_workbook(io.BytesIO(content), data_only=values)
    return {
        sheet.title: {
            cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None
        }
        for sheet in book
    }


def written(*args, **changes):
    return contents(write_workbook(make_book(*args, **changes)))
