"""Every table of docs/penilaian.md is computed again; one with unknown columns fails."""

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest

from supervisi.instrument_files import read_instrument_file
from supervisi.pages import next_visit
from supervisi.scoring.answers import parse_answer
from supervisi.scoring.document import check_answers, read_document, result_document
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.gates import judge
from supervisi.scoring.rounding import shown, to_units

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "penilaian.md").read_text()
FILES = {code: read_instrument_file(code) for code in ("lke-2021", "polsek-2026")}
LKE = FILES["lke-2021"].instrument


def cells(line):
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


def tables(text=TEXT):
    """Return (heading, columns, rows) of every table, in order."""
    found, heading, lines = [], "", []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            lines.append(line)
            continue
        if lines:
            found.append((heading, cells(lines[0]), [cells(row) for row in lines[2:]]))
            lines = []
        if line.startswith("#"):
            heading = line.lstrip("# ")
    return found


TABLES = tables()


def number(text):
    return Fraction(text.replace(",", "."))


def answer(text):
    """Read `agen 4, perubahan 3` as inputs, everything else as it stands."""
    if re.fullmatch(r"\w+ \d+(, \w+ \d+)*", text):
        return {key: int(count) for key, count in (pair.split() for pair in text.split(", "))}
    return text


def answers_under(heading):
    given = next(rows for place, columns, rows in TABLES if (place, columns) == (heading, ("Butir", "Jawaban")))
    return {code: answer(raw) for code, raw in given}


def check_nodes(rows, _heading, _columns):
    for code, node, weight, count in rows:
        instrument = FILES[code].instrument
        items = instrument.items if node == "total" else instrument.items_under(node)
        assert len(items) == int(count)
        assert (instrument.weight if node == "total" else instrument.node(node).weight) == number(weight)


def check_areas(rows, _heading, _columns):
    for code, key, nodes, weight in rows:
        instrument = FILES[code].instrument
        assert instrument.area(key).nodes == tuple(nodes.split(", "))
        assert instrument.area_weight(key) == number(weight)


def check_scales(rows, _heading, _columns):
    for scale, letters, values in rows:
        expected = dict(zip(letters.split(", "), (number(value) for value in values.split("; ")), strict=True))
        for file in FILES.values():
            for item in file.instrument.items:
                if item.scale == scale:
                    assert {option.code: option.value for option in item.options} == expected


def check_items(rows, _heading, _columns):
    for code, raw, expected in rows:
        parsed = parse_answer(LKE.item(code), answer(raw))
        if expected == "tidak dapat dinilai":
            assert parsed.is_unanswerable
        elif expected == "belum diisi":
            assert not parsed.is_answered
        else:
            assert parsed.value == number(expected)


def check_answers_given(rows, heading, _columns):
    for code, raw in rows:
        assert parse_answer(LKE.item(code), answer(raw)).raw is not None
    assert any(place == heading and columns[0] != "Butir" for place, columns, _ in TABLES), "answers without a result"


def check_scores(rows, heading, _columns):
    score = score_sheet(LKE, answers_under(heading))
    for code, provisional, complete in rows:
        assert (score.provisional[code], score.complete[code]) == (number(provisional), number(complete)), code


def check_gates(rows, heading, columns):
    results = {result.code: result for result in judge(LKE, score_sheet(LKE, answers_under(heading)))}
    gates = {gate.code: gate for gate in results[columns[0].split()[1]].gates}
    for code, required, actual, distance, passed in rows:
        gate = gates[code]
        assert (gate.required, gate.actual, gate.distance) == (number(required), number(actual), number(distance)), code
        assert gate.passed is {"ya": True, "tidak": False}[passed]


def check_limits(rows, _heading, columns):
    instrument = FILES[columns[0].split()[1]].instrument
    assert tuple(rule.code for rule in instrument.predicates) == columns[2:]
    for index, rule in enumerate(instrument.predicates, start=2):
        expected = [(row[0], row[1], number(row[index])) for row in rows]
        assert [(gate.code, gate.measure, gate.required) for gate in rule.gates] == expected


def check_stored(rows, _heading, _columns):
    for exact, stored in rows:
        assert to_units(number(exact)) == int(stored)


def check_shown(rows, _heading, _columns):
    for exact, gate, text in rows:
        assert shown(number(exact), gate=None if gate == "-" else number(gate)) == text


def check_keys(rows, _heading, _columns):
    named = {key for row in rows for key in re.findall(r"`(\w+)`", row[0])}
    for file in FILES.values():
        assert named <= set(file.document)


def check_proposals(rows, _heading, _columns):
    near, unrated, days, late, evidence = rows
    assert near[0].endswith(f"kurang dari {next_visit.GATE_REACH} poin")
    assert near[1].startswith(f"{next_visit.GATE_WEIGHT} tiap poin yang kurang dari {next_visit.GATE_REACH},")
    assert int(near[2]) == next_visit.GATE_REACH * next_visit.GATE_WEIGHT
    assert unrated[1:] == (f"{next_visit.UNRATED}",) * 2
    assert days[1:] == (
        f"1 tiap {next_visit.DAYS_PER_POINT} hari",
        f"{next_visit.MOST_FOR_DAYS}, juga bila belum pernah",
    )
    assert late[1:] == (f"{next_visit.LATE_WEIGHT} tiap temuan", f"{next_visit.MOST_FOR_LATE}")
    assert evidence[0].endswith(f"dalam {next_visit.EVIDENCE_DAYS} hari")
    assert evidence[1:] == (f"{next_visit.EVIDENCE_WEIGHT} tiap bukti", f"{next_visit.MOST_FOR_EVIDENCE}")


CHECKS = {
    ("Instrumen", "Simpul", "Bobot", "Butir"): check_nodes,
    ("Instrumen", "Area", "Simpul dalam area", "Bobot"): check_areas,
    ("Skala", "Pilihan", "Nilai"): check_scales,
    ("Butir", "Jawaban butir", "Nilai butir"): check_items,
    ("Butir", "Jawaban"): check_answers_given,
    ("Simpul", "Nilai sementara", "Nilai lengkap"): check_scores,
    ("Ambang wbk", "Diminta", "Dicapai", "Jarak", "Tercapai"): check_gates,
    ("Ambang wbbm", "Diminta", "Dicapai", "Jarak", "Tercapai"): check_gates,
    ("Ambang lke-2021", "Ukuran", "wbk", "wbbm"): check_limits,
    ("Ambang polsek-2026", "Ukuran", "siap_wbk", "siap_wbbm"): check_limits,
    ("Nilai tepat", "Tersimpan"): check_stored,
    ("Nilai tepat", "Ambang", "Tertulis"): check_shown,
    ("Kunci berkas", "Isi"): check_keys,
    ("Alasan", "Menambah", "Paling banyak"): check_proposals,
}


@pytest.mark.parametrize(
    ("heading", "columns", "rows"), TABLES, ids=[f"{heading} | {columns[0]}" for heading, columns, _ in TABLES]
)
def test_a_table_of_the_document_is_right(heading, columns, rows):
    assert rows
    CHECKS[columns](rows, heading, columns)


def test_every_kind_of_table_is_there():
    assert {columns for _, columns, _ in TABLES} == set(CHECKS)


def test_the_example_file_can_be_scored():
    document = read_document(re.search(r"```json\n(.+?)```", TEXT, re.DOTALL).group(1))
    check_answers(LKE, document["answers"])
    assert json.dumps(result_document(LKE, document["answers"]))
