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
    "not a number": ('{"answers": {"B.I.a": NaN}}', "NaN"),
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


def test_a_missing_file_gets_one_line_and_no_trace(tmp_path):
    done = run(tmp_path / "tidak-ada.json")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
