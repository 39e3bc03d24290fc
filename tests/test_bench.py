"""The benchmark runs, measures every line it has a limit for, and goes red above one."""

import json
import os
import subprocess
import sys

import pytest

from bench import report, run
from tests.portal import ROOT


@pytest.mark.servers
@pytest.mark.once
def test_a_small_run_measures_every_line(tmp_path):
    kept = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "wbbm.settings"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.measure", "2", "3", "1"], cwd=ROOT, env=kept, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert {figure["key"] for figure in figures} == set(run.LINES)
    assert all(figure["ratio"] > 0 and figure["ms"] > 0 for figure in figures)
    by_key = {figure["key"]: figure for figure in figures}
    # Show 5: the same number of queries at both sizes.
    assert by_key["dashboard-small"]["queries"] == by_key["dashboard-big"]["queries"] <= 10
    assert by_key["area"]["queries"] <= 12
    assert by_key["save"]["queries"] <= 12


@pytest.mark.servers
@pytest.mark.once
@pytest.mark.pdf
def test_a_report_of_113_items_with_200_photos_is_made_in_time_while_answers_roll_up(tmp_path):
    kept = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "wbbm.settings"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.documents", run.PHOTOS], cwd=ROOT, env=kept, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["items"], figures["photos"], figures["status"]) == (113, 200, "ready")
    assert figures["saves"] >= 3
    assert run.paper_table("SQLite", figures)[1] == []


def test_a_document_above_its_limit_or_not_made_is_named():
    figures = {"status": "ready", "items": 113, "photos": 200, "saves": 9, "seconds": 31, "peak_mb": 501,
               "slowest_rollup": 2.1}  # fmt: skip
    assert len(run.paper_table("SQLite", figures)[1]) == 3
    fine = figures | {"seconds": 1, "peak_mb": 1, "slowest_rollup": 1}
    assert run.paper_table("SQLite", fine)[1] == []
    assert run.paper_table("SQLite", fine | {"status": "failed"})[1] != []


@pytest.mark.once
def test_the_planner_is_measured_and_what_is_above_its_limit_is_named(tmp_path):
    kept = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "bench.planner", "12"], cwd=ROOT, env=kept, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["sheets"], figures["least"], figures["items"]) == (12, 12, 113)
    assert figures["planned"] > 6
    assert 0 < figures["p50"] <= figures["p95"]
    slow = figures | {"p50": 76, "p95": 151, "least": 11}
    assert len(run.plan_table(slow)[1]) == 3


@pytest.mark.parametrize(("ratio", "count"), [(1.0, 0), (1000.0, 1)])
def test_a_ratio_above_its_limit_is_named(ratio, count):
    figure = {"key": "save", "ms": ratio, "floor_ms": 1.0, "ratio": ratio, "queries": 9}
    lines, above = run.table("SQLite", [figure], ("20", "200", "1"))
    assert len(above) == count
    assert "Menyimpan satu jawaban" in lines[-2]


def _country(rate):
    """What the measuring of a country finds, every page as fast as told, its bare view at 100 a second."""
    sides = {"page": {"rate": rate, "p50": 5.0, "p95": 9.0}}
    sides |= {name: {"rate": 100.0, "p50": 2.0, "p95": 3.0} for name in ("bare", "one", "small")}
    page = sides | {"queries": 9, "size": 40_000, "alone": sides}
    save = {"queries": 10, "loads": sides, "writers": sides, "alone": sides}
    file = {"seconds": 1.0, "size": 9000, "idle_mb": 90, "peak_mb": 99.0}
    return {
        "fill": {"units": 20, "answers": 5000, "seconds": 5.0},
        "recompute": {"seconds": 2.0, "floor": 1.0, "ratio": 2.0, "answers": 2500, "peak_mb": 300.0},
        "rollup": [{"units": units, "save": 40.0, "submit": 50.0} for units in (20, 500, 5537)],
        "pages": dict.fromkeys(report.PAGES, page) | {"save": save},
        "workbook": file, "csv": file, "plan": {"sheets": 300, "p95": 40.0},
    }  # fmt: skip


@pytest.mark.once
def test_every_line_of_a_country_has_its_figure_and_a_missed_aim_says_why():
    good, bad = (report.rows_of(_country(rate)) for rate in (160.0, 20.0))
    assert [row.key for row in good if row.met is False] == []
    found = report.as_json(good)
    assert set(found["area"]) == {"value", "unit", "ratio", "aim", "met"}
    assert {"recompute", "rollup-save-5537", "dashboard-mabes-growth", "save-writers", "csv-memory", "plan"} <= set(
        found
    )
    assert found["area"] == {"value": 160.0, "unit": "permintaan/detik", "ratio": 1.6, "aim": ">= 0.6", "met": True}
    missed = {row.key for row in bad if row.met is False}
    assert missed == {key for key in found if key in {*report.PAGES, "save", "save-writers"} or key.endswith("-growth")}
    text = "\n".join(report.as_table(bad))
    assert text.count("**belum**") == len(missed) and "Yang menolong" in text
