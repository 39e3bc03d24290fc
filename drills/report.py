"""The table of the drills, for the terminal and for docs/ketahanan.md."""

from __future__ import annotations

import os
import platform
import re
import time
from typing import Any

from drills.registry import DRILLS
from drills.sabotage import BY_DRILL
from drills.stack import ROOT

PAGE = ROOT / "docs/ketahanan.md"
BEGIN, END = "<!-- hasil -->", "<!-- akhir hasil -->"
HEAD = (
    "| Latihan | Di atas | Putaran | Diakui | Hilang | Ganda | Pelanggaran | Terlama tanpa simpan, detik |"
    " Simpan p95, ms | Tanpa pengaman |"
)


def table(lines: list[dict[str, Any]]) -> str:
    """Return the table in Markdown, in the order of the drills."""
    plain = {line["name"]: line for line in lines if not line["sabotaged"]}
    other = {line["name"]: line for line in lines if line["sabotaged"]}
    rows = [HEAD, "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"]
    for name, drill in DRILLS.items():
        if name not in plain | other:
            continue
        rows.append(_row(f"`{name}`: {drill.title}", plain.get(name, {}), other.get(name), BY_DRILL[name].title))
    return "\n".join(rows)


def _row(title: str, line: dict[str, Any], other: dict[str, Any] | None, guard: str) -> str:
    names = ("stack", "rounds", "acknowledged", "lost", "doubled", "violations")
    figures = [str(line.get(name, "–")) for name in names]
    figures += [str(line.get("longest_unavailability_s", "–")).replace(".", ","), str(line.get("save_p95_ms", "–"))]
    shown = "" if other is None else "**tetap hijau**" if other["passed"] else "merah"
    result = f"{guard}: {shown or 'tidak dijalankan'}"
    return f"| {' | '.join([title, *figures, result])} |"


def write(lines: list[dict[str, Any]], seconds: float) -> None:
    """Keep the table, with day and machine, between the marks of the page."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    others = f"beban mesin di akhir {os.getloadavg()[2]:.1f} (rata-rata 15 menit)".replace(".", ",")
    head = (
        f"`make drills` pada {time.strftime('%Y-%m-%d')}: {os.cpu_count()} inti, {memory:.0f} GB, {system}; "
        f"{seconds / 60:.0f} menit, {others}."
    )
    text = PAGE.read_text()
    part = f"{BEGIN}\n{head}\n\n{table(lines)}\n{END}"
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: part, text, flags=re.DOTALL))
