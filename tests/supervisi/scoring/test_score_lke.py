"""`manage.py score_lke`: the contract, and one clear line for every bad file."""

import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from supervisi.instrument_files import read_instrument_file

ROOT = Path(__file__).resolve().parents[3]


def run(path, *options):
    """Run the command as a user does, with a database that doesn't exist."""
    env = os.environ | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": ""}
    command = [sys.executable, "manage.py", "score_lke", str(path), *options]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def write(tmp_path, content):
    path = tmp_path / "lembar.json"
    # A lone surrogate is legal as an escape in JSON, though not as text.
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_it_works_without_a_database(tmp_path):
    done = run(write(tmp_path, {"instrument": "lke-2021", "answers": {"A.I.1.i.a": "ya", "B.I.a": 3.6}}))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["complete"]["B.I.a"] == "15.7500000000"
    assert result["complete"]["A.I.1.i"] == "0.2500000000"
    assert result["provisional"]["A.I.1.i"] == "0.5000000000"
    assert list(result["predicates"]) == ["wbk", "wbbm"]
    gate = result["predicates"]["wbbm"]["gates"][0]
    assert gate == {
        "code": "total",
        "label": "Nilai total",
        "node": "total",
        "measure": "score",
        "required": "85.0000000000",
        "actual": "16.0000000000",
        "distance": "-69.0000000000",
        "passed": False,
    }
    assert sorted(result["area_percent"]) == ["1", "2", "3", "4", "5", "6"]
    assert len(result["unanswered"]) == 111


BAD = {
    "unknown code": ({"answers": {"A.I.9.i.a": "A"}}, "A.I.9.i.a"),
    "wrong option": ({"answers": {"A.I.1.iii.a": "E"}}, "A.I.1.iii.a"),
    "wrong type": ({"answers": {"A.I.1.i.b": 3}}, "A.I.1.i.b"),
    "index above 4": ({"answers": {"B.I.a": 4.5}}, "B.I.a"),
    "fraction of people": ({"answers": {"A.II.1.i.a": {"agen": 1.5, "perubahan": 1}}}, "A.II.1.i.a"),
    "negative": ({"answers": {"A.II.1.i.a": {"agen": -1, "perubahan": 1}}}, "A.II.1.i.a"),
    "unknown input": ({"answers": {"A.II.1.i.a": {"agn": 1}}}, "A.II.1.i.a"),
    "no answers": ({"instrument": "lke-2021"}, "answers"),
    "a list": ([1], "objek"),
    "unknown instrument": ({"instrument": "lke-1999", "answers": {}}, "lke-1999"),
    "not a number": ('{"answers": {"B.I.a": NaN}}', "B.I.a"),
    "infinite": ('{"answers": {"B.I.a": -Infinity}}', "B.I.a"),
    "not a number of people": ('{"answers": {"A.II.1.i.a": {"agen": NaN}}}', "A.II.1.i.a"),
    "exponent beyond decimals": ('{"answers": {"B.I.a": 1e99999999999999999999}}', "B.I.a"),
    "number where a letter belongs": ('{"answers": {"A.I.1.i.a": NaN}}', "A.I.1.i.a"),
    "letter for an index": ({"answers": {"B.I.a": "A"}}, "B.I.a"),
    "letter for inputs": ({"answers": {"A.II.1.i.a": "A"}}, "A.II.1.i.a"),
    "truth for a letter": ({"answers": {"A.I.1.i.a": True}}, "A.I.1.i.a"),
    "truth for an input": ({"answers": {"A.II.1.i.a": {"agen": True}}}, "A.II.1.i.a"),
    "text for an input": ({"answers": {"A.II.1.i.a": {"agen": "2", "perubahan": 1}}}, "A.II.1.i.a"),
    "text in place of an object": ("halo", "baris 1"),
    "empty": ("", "baris 1"),
    "answers as a list": ({"answers": []}, "answers"),
    "strange code": ({"answers": {"A\r\n\u2028\ud800": "A"}}, "tidak ada butir"),
    "strange instrument": ({"instrument": ["lke-2021"], "answers": {}}, "instrument"),
    "item of the other instrument": ({"answers": {"P.1.1.i.a": "A"}}, "P.1.1.i.a"),
    "node instead of item": ({"answers": {"A.I.1": "A"}}, "A.I.1"),
    "text for an index": ({"answers": {"B.I.a": "3.6"}}, "B.I.a"),
    "nothing for an index": ({"answers": {"B.I.a": ""}}, "B.I.a"),
    "nothing for a letter": ({"answers": {"A.I.1.i.a": ""}}, "A.I.1.i.a"),
    "a list for a letter": ({"answers": {"A.I.1.i.a": ["Ya"]}}, "A.I.1.i.a"),
    "an object for an index": ({"answers": {"B.I.a": {"indeks": 3}}}, "B.I.a"),
    "negative index": ({"answers": {"B.I.a": -0.01}}, "B.I.a"),
    "index just above 4": ('{"answers": {"B.I.a": 4.0000000000000000000000001}}', "B.I.a"),
    "index of a million digits": ('{"answers": {"B.I.a": 3.' + "1" * 1_000_000 + "}}", "B.I.a"),
    "double input": ('{"answers": {"A.II.1.i.a": {"agen": 1, "agen": 2}}}', "agen"),
    "huge exponent": ('{"answers": {"B.I.a": 1e999999999}}', "B.I.a"),
    "huge integer": ('{"answers": {"A.II.1.i.a": {"agen": ' + "9" * 6000 + "}}}", "terlalu besar"),
    "double key": ('{"answers": {"B.I.a": 3, "B.I.a": 4}}', "B.I.a"),
    "broken JSON": ('{"answers": {', "baris 1"),
    "deep": ("[" * 100_000, "dalam"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_file_gets_one_line_that_names_the_place(tmp_path, capsys, name):
    content, place = BAD[name]
    with pytest.raises(SystemExit) as end:
        call_command("score_lke", str(write(tmp_path, content)))
    said = capsys.readouterr()
    assert end.value.code == 1
    assert said.out == ""
    assert place in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert "Traceback" not in said.err


def test_an_index_is_read_as_the_decimal_that_stands_in_the_file(tmp_path, capsys):
    for index, passed in (
        ("3.60", True),
        ("3.59999999999999999999999999", False),
        ("3.6000000000000000000000001", True),
    ):
        path = write(tmp_path, '{"answers": {"B.I.a": %s}}' % index)  # noqa: UP031
        call_command("score_lke", str(path))
        gates = json.loads(capsys.readouterr().out)["predicates"]["wbbm"]["gates"]
        assert next(gate for gate in gates if gate["code"] == "B.I.a")["passed"] is passed


def test_the_station_sheet_has_its_own_nodes_and_predicates(tmp_path, capsys):
    path = write(tmp_path, {"instrument": "polsek-2026", "answers": {"P.1.1.i.a": "A"}})
    call_command("score_lke", str(path))
    result = json.loads(capsys.readouterr().out)
    assert result["instrument"] == "polsek-2026"
    assert list(result["predicates"]) == ["siap_wbk", "siap_wbbm"]
    assert list(result["area_percent"]) == ["1", "2", "3", "4", "5", "6"]
    assert result["provisional"]["P.1.1.i"] == "3.5000000000"


def test_the_instrument_option_must_agree_with_the_file(tmp_path, capsys):
    path = write(tmp_path, {"instrument": "polsek-2026", "answers": {}})
    with pytest.raises(SystemExit):
        call_command("score_lke", str(path), instrument="lke-2021")
    assert "polsek-2026" in capsys.readouterr().err


def test_the_whole_contract_is_kept(tmp_path, capsys):
    """Every component, area, sub, B item and the total; every gate of both predicates; in the order of the sheet."""
    answers = {"A.II.4.i.a": {"sasaran": 0, "tercapai": 0}, "A.I.4.i.a": "a", "B.I.b": "C", "A.II.1.i.a": {"agen": 1}}
    call_command("score_lke", str(write(tmp_path, {"answers": answers})))
    result = json.loads(capsys.readouterr().out)
    expected_keys = [
        "instrument",
        "provisional",
        "complete",
        "area_percent",
        "unanswered",
        "unanswerable",
        "predicates",
    ]
    assert list(result) == expected_keys
    lke = read_instrument_file("lke-2021").instrument
    codes = {*lke.nodes, "B.I.a", "B.I.b", "B.II.a", "total"}
    assert len(codes) == 64
    for kind in ("provisional", "complete"):
        assert set(result[kind]) == codes
        assert all(re.fullmatch(r"\d+\.\d{10}", text) for text in result[kind].values())
    assert result["provisional"]["A.I.4.i"] == "2.5000000000"
    assert result["complete"]["A.I.4.i"] == "0.8333333333"
    assert result["area_percent"] == dict.fromkeys("12356", "0.000000") | {"4": "25.000000"}
    assert result["unanswerable"] == ["A.II.4.i.a"]
    assert result["unanswered"] == [
        item.code for item in lke.items if item.code not in {"A.II.4.i.a", "A.I.4.i.a", "B.I.b"}
    ]
    for code, limits in (
        ("wbk", ["75", "40", *["60"] * 6, "18.25", "15.75", "2.5", "14"]),
        ("wbbm", ["85", "48", *["75"] * 6, "19.5", "15.75", "3.75", "15.75"]),
    ):
        predicate = result["predicates"][code]
        assert list(predicate) == ["passed", "gates"]
        gates = predicate["gates"]
        assert predicate["passed"] is False
        names = ["total", "A", "1", "2", "3", "4", "5", "6", "B.I", "B.I.a", "B.I.b", "B.II.a"]
        assert [gate["code"] for gate in gates] == [gate["node"] for gate in gates] == names
        assert [gate["measure"] for gate in gates] == ["score"] * 2 + ["percent"] * 6 + ["score"] * 4
        assert [Decimal(gate["required"]) for gate in gates] == [Decimal(limit) for limit in limits]
        assert all(gate["label"] for gate in gates)
    # On the complete score: 0.83 of 10 points is 8.33 %, and what is missing of 60 % stands in points.
    gate = result["predicates"]["wbk"]["gates"][5]
    assert (gate["actual"], gate["distance"]) == ("8.3333333333", "-5.1666666667")
    gate = result["predicates"]["wbk"]["gates"][10]
    assert (gate["actual"], gate["distance"], gate["passed"]) == ("2.5000000000", "0.0000000000", True)


def test_a_byte_order_mark_and_a_null_are_no_fault(tmp_path, capsys):
    path = write(tmp_path, '\ufeff{"answers": {"A.I.1.i.a": null, "A.II.1.i.a": {"agen": 1, "perubahan": null}}}')
    call_command("score_lke", str(path))
    assert {"A.I.1.i.a", "A.II.1.i.a"} <= set(json.loads(capsys.readouterr().out)["unanswered"])


@pytest.mark.parametrize(
    ("content", "words"), [(b"\xff\xfe{}", "UTF-8"), (b'{"answers": "\xe9"}', "UTF-8"), (None, "dibaca")]
)
def test_what_is_no_text_gets_one_line(tmp_path, capsys, content, words):
    path = tmp_path / "lembar.json"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(SystemExit) as end:
        call_command("score_lke", str(path))
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (1, "")
    assert words in said.err
    assert len(said.err.splitlines()) == 1


def test_a_missing_file_gets_one_line_and_no_trace(tmp_path):
    done = run(tmp_path / "tidak-ada.json")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
