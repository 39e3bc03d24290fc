"""Run the benchmark: a simulated country on PostgreSQL, then one district on SQLite; keep RESULTS.md and results.json.

Servers are started here on free ports and ended. Exit code 1 where a ratio of a district is above its limit. With
`SIZE=small` a small country is measured in a minute or two, and nothing is kept.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from bench import report
from tests import servers

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).with_name("RESULTS.md")
FIGURES = Path(__file__).with_name("results.json")
SIZES = ("20", "200", "7")

# What is measured, against which floor, and the highest ratio that is still good: about twice what was measured when
# the limit was set. A limit is lowered when the code gets faster, never raised to get green.
LINES = {
    "dashboard-small": ("Dasbor Polres, {small} Polsek", "halaman depan `/`", 35),
    "dashboard-big": ("Dasbor Polres, {big} Polsek", "halaman depan `/`", 130),
    "dashboard-rows": ("Dasbor Polres, {big} Polsek", "membaca baris tersimpan yang sama", 60),
    "dashboard-growth": ("Dasbor, {big} Polsek", "dasbor, {small} Polsek", 6),
    "area": ("Satu area lembar", "halaman depan `/`", 35),
    "save": ("Menyimpan satu jawaban lewat HTTP", "UPDATE dan INSERT-nya saja", 25),
    "score-polsek-2026": ("Nilai {big} lembar `polsek-2026`", "satu jumlah berbobot tiap butir", 1),
    "score-lke-2021": ("Nilai {big} lembar `lke-2021`", "satu jumlah berbobot tiap butir", 1),
    "recompute": ("Menghitung ulang semuanya", "membaca semua jawaban, menilai tiap lembar sekali", 5),
}


# A report of 113 items, made by a real worker while answers are saved: what is measured, and the most that is allowed.
PHOTOS = "200"
PAPER = {
    "seconds": ("Laporan {items} butir dengan {photos} foto, detik", 30),
    "peak_mb": ("Memori tertinggi pekerja `berat`, MB", 500),
    "slowest_rollup": ("Rekap paling lambat dari {saves} jawaban selama itu, detik", 2),
}


# Plans to WBBM of random sheets, as their page makes them: what is measured, and the most that is allowed.
SHEETS = "300"
PLANS = {
    "p50": (
        "Rencana WBBM dari lembar acak {items} butir ({sheets} lembar, {planned} dengan langkah), tengah, ms prosesor",
        75,
    ),
    "p95": ("Yang sama, persentil 95, ms prosesor", 150),
}


@dataclass(frozen=True)
class Size:
    """How large the three countries are, and how long each page is loaded: seconds of a round, rounds."""

    nations: tuple[tuple[str, str, str], ...]
    load: tuple[str, str]
    rounds: str
    rollups: str
    sheets: str


COUNTRY = {
    # 20, 500 and 5,537 units.
    "full": Size((("1", "2", "16"), ("4", "45", "450"), ("36", "500", "5000")), ("1.2", "3"), "5", "12", SHEETS),
    "small": Size((("1", "2", "16"), ("1", "3", "30"), ("2", "8", "60")), ("0.5", "1"), "1", "2", "12"),
}


def country(size: Size, *, has_paper: bool) -> dict[str, Any]:
    """Fill three databases of one server and measure; return everything that was found."""
    with ExitStack() as stack:
        server = stack.enter_context(servers.postgres())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="wbbm-bench-"))
        env = {
            "REDIS_URL": stack.enter_context(servers.redis()),
            "SECRET_KEY": "kunci-untuk-ukur-saja-" * 4,
            "REPORT_KEY": "kunci-ukur-yang-lain-" * 4,
            "DEMO": "1",
        }
        names = ("kecil", "sedang", "negara")
        addresses = [f"{server.rsplit('/', 1)[0]}/{name}" for name in names]
        found: dict[str, Any] = {"rollup": []}
        for name, address, units in zip(names, addresses, size.nations, strict=True):
            link = psycopg2.connect(server)
            link.autocommit = True
            link.cursor().execute(f"CREATE DATABASE {name}")
            link.close()
            found["fill"] = step(env | {"DATABASE_URL": address}, folder, "fill", *units)
        big = env | {"DATABASE_URL": addresses[-1]}
        found["recompute"] = step(big, folder, "recompute", size.rounds)
        found["pages"] = step(big, folder, "pages", *size.load, addresses[0])
        for address in addresses:
            found["rollup"].append(step(env | {"DATABASE_URL": address}, folder, "rollup", size.rollups))
        for kind in ("workbook", "csv"):
            found[kind] = step(big, folder, "files", kind)
        if has_paper:
            paper = env | {"DATABASE_URL": stack.enter_context(servers.postgres()), "DEMO": "0"}
            found["paper"] = measure(paper, (PHOTOS,), "bench.documents")
    found["plan"] = measure({}, (size.sheets,), "bench.planner")
    return found


def step(environment: dict[str, str], folder: str, *words: str) -> Any:
    """Run one step on a filled database in a process of its own; return its last line."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "bench.nation", *words], cwd=ROOT, env=_env(folder) | environment, check=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    print(
        f"{words[0]} {environment['DATABASE_URL'].rsplit('/', 1)[1]}: {time.monotonic() - began:.0f} detik", flush=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _env(folder: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "wbbm.settings"}


def measure(environment: dict[str, str], sizes: tuple[str, ...], module: str = "bench.measure") -> Any:
    """Run a measuring process on an empty database of its own; return its last line."""
    with tempfile.TemporaryDirectory(prefix="wbbm-bench-") as folder:
        env = _env(folder) | environment
        done = subprocess.run(
            [sys.executable, "-m", module, *sizes], cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE
        )
    return json.loads(done.stdout.splitlines()[-1])


def paper_table(name: str, figures: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the table of a large document and what is above its limit; one that is not made is above all."""
    lines = ["| Dokumen | Terukur | Batas |", "| --- | ---: | ---: |"]
    above = [] if figures["status"] == "ready" else [f"{name}: dokumen tidak jadi ({figures['status']})"]
    for key, (title, limit) in PAPER.items():
        words = title.format(**figures)
        lines.append(f"| {words} | {figures[key]:.1f} | {limit} |")
        if figures[key] > limit:
            above.append(f"{name}: {words}: {figures[key]:.1f} di atas batas {limit}")
    return [*lines, ""], above


def plan_table(figures: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the table of the planner and what is above its limit; a plan that ran out of time is above all."""
    lines = ["## Rencana", "", "| Yang diukur | Terukur | Batas |", "| --- | ---: | ---: |"]
    late = figures["sheets"] - figures["least"]
    above = [f"Rencana: {late} dari {figures['sheets']} kehabisan waktu"] if late else []
    for key, (title, limit) in PLANS.items():
        words = title.format(**figures)
        lines.append(f"| {words} | {figures[key]:.1f} | {limit} |")
        if figures[key] > limit:
            above.append(f"Rencana: {words}: {figures[key]:.1f} di atas batas {limit}")
    return [*lines, ""], above


def table(name: str, figures: list[dict[str, Any]], sizes: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the table of one database and what is above its limit."""
    words = {"small": sizes[0], "big": sizes[1]}
    lines = [
        f"## {name}",
        "",
        "| Yang diukur | ms | Lantai | ms | Rasio | Batas | Kueri |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    above = []
    for figure in figures:
        title, floor, limit = LINES[figure["key"]]
        ratio = figure["ratio"]
        if ratio > limit:
            above.append(f"{name}: {title.format(**words)}: rasio {ratio:.1f} di atas batas {limit}")
        cells = (
            title.format(**words), f"{figure['ms']:.1f}", floor.format(**words), f"{figure['floor_ms']:.2f}",
            f"{ratio:.1f}", str(limit), str(figure["queries"] or ""),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""], above


def main() -> int:
    """Measure, print, keep."""
    is_full = os.environ.get("SIZE", "full") != "small"
    began = time.monotonic()
    lines, above = [], []
    if servers.postgres_bin() is not None and shutil.which("redis-server") is not None:
        found = country(COUNTRY["full" if is_full else "small"], has_paper=is_full)
        rows = report.rows_of(found)
        units, answers = found["fill"]["units"], found["fill"]["period_answers"]
        lines += [f"## Negara contoh: {units} satuan, {answers} jawaban satu periode, PostgreSQL", ""]
        lines += [*report.as_table(rows), *report.OTHERS, ""]
        if is_full:
            FIGURES.write_text(json.dumps(report.as_json(rows), indent=1) + "\n")
            shown, above = paper_table("PostgreSQL", found["paper"])
            lines += shown
    if is_full:
        shown, over = table("Satu Polres, SQLite", measure({}, SIZES), SIZES)
        lines, above = lines + shown, above + over
    print("\n".join(lines))
    for line in above:
        print(f"DI ATAS BATAS: {line}")
    if is_full:
        RESULTS.write_text("\n".join([*_head(time.monotonic() - began), *lines]).rstrip() + "\n")
    return 1 if above else 0


def _head(seconds: float) -> list[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    machine = f"{os.cpu_count()} inti, {memory:.0f} GB, {system}"
    return [
        "# Hasil ukur terakhir",
        "",
        f"`make bench` pada {time.strftime('%Y-%m-%d')}, {machine}, {seconds:.0f} detik.",
        "Yang dinilai hanya rasio terhadap lantai yang diukur bergantian pada saat yang sama; waktu hanya keterangan.",
        "Web: gunicorn 2 × 4 utas; pembeban, web, PostgreSQL, dan Redis berbagi mesin ini. `bench/results.json` memuat",
        "angka yang sama untuk mesin.",
        "",
    ]


if __name__ == "__main__":
    raise SystemExit(main())
