"""`manage.py score_lke`: the contract, and one clear line for every bad file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

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


def test_a_missing_file_gets_one_line_and_no_trace(tmp_path):
    done = run(tmp_path / "tidak-ada.json")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
