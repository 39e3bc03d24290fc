"""Run the benchmark on each database that is here, print its table, keep it in bench/RESULTS.md.

Exit code 1 where a ratio is above its limit. With arguments `SMALL BIG ROUNDS` it runs smaller and keeps nothing.
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
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests import servers

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).with_name("RESULTS.md")
SIZES = ("20", "200", "11")

# What is measured, against which floor, and the highest ratio that is still good: about twice what was measured when
# the limit was set. A limit is lowered when the code gets faster, never raised to get green.
LINES = {
    "dashboard-small": ("Dasbor Polres, {small} Polsek", "halaman depan `/`", 35),
    "dashboard-big": ("Dasbor Polres, {big} Polsek", "halaman depan `/`", 130),
    "dashboard-rows": ("Dasbor Polres, {big} Polsek", "membaca baris tersimpan yang sama", 60),
    "dashboard-growth": ("Dasbor, {big} Polsek", "dasbor, {small} Polsek", 6),
    "area": ("Satu area lembar", "halaman depan `/`", 35),
    "save": ("Menyimpan satu jawaban lewat HTTP", "UPDATE dan INSERT-nya saja", 25),
    "score-polsek-2026": ("Nilai {big} lembar `polsek-2026`", "satu jumlah berbobot tiap butir", 4),
    "score-lke-2021": ("Nilai {big} lembar `lke-2021`", "satu jumlah berbobot tiap butir", 4),
    "recompute": ("Menghitung ulang semuanya", "membaca semua jawaban, menilai tiap lembar sekali", 90),
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


def environments(stack: ExitStack) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the name and the environment of each database that this machine can run."""
    yield "SQLite", {}
    if servers.postgres_bin() is not None and shutil.which("redis-server") is not None:
        yield (
            "PostgreSQL",
            {
                "DATABASE_URL": stack.enter_context(servers.postgres()),
                "REDIS_URL": stack.enter_context(servers.redis()),
                "SECRET_KEY": "kunci-untuk-ukur-saja-" * 4,
                "REPORT_KEY": "kunci-ukur-yang-lain-" * 4,
            },
        )


def measure(environment: dict[str, str], sizes: tuple[str, ...], module: str = "bench.measure") -> Any:
    """Run a measuring process on an empty database of its own; return its last line."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with tempfile.TemporaryDirectory(prefix="wbbm-bench-") as folder:
        env = kept | {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "wbbm.settings"} | environment
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
    sizes = tuple(sys.argv[1:4]) or SIZES
    began = time.monotonic()
    lines, above = [], []
    with ExitStack() as stack:
        for name, environment in environments(stack):
            shown, over = table(name, measure(environment, sizes), sizes)
            lines += shown
            above += over
            if sizes == SIZES:
                shown, over = paper_table(name, measure(environment, (PHOTOS,), "bench.documents"))
                lines += shown
                above += over
    if sizes == SIZES:
        shown, over = plan_table(measure({}, (SHEETS,), "bench.planner"))
        lines += shown
        above += over
    print("\n".join(lines))
    for line in above:
        print(f"DI ATAS BATAS: {line}")
    if sizes == SIZES:
        machine = f"{os.cpu_count()} inti, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
        head = [
            "# Hasil ukur terakhir",
            "",
            f"`make bench` pada {time.strftime('%Y-%m-%d')}, {machine}, {time.monotonic() - began:.0f} detik.",
            "Yang dinilai hanya rasio terhadap lantai yang diukur bergantian pada saat yang sama; milidetik hanya",
            "keterangan. Lembar contoh: satu per Polsek, 59 butir, empat dari lima sudah diserahkan.",
            "",
        ]
        RESULTS.write_text("\n".join([*head, *lines]).rstrip() + "\n")
    return 1 if above else 0


if __name__ == "__main__":
    raise SystemExit(main())
