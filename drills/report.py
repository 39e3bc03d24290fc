"""The table of the drills, for the terminal and docs/ketahanan.md; the last line of each is kept in results.json."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import re
import time
from typing import Any

from drills.registry import DRILLS
from drills.sabotage import BY_DRILL
from drills.stack import ROOT

PAGE, KEPT = ROOT / "docs/ketahanan.md", ROOT / "drills/results.json"
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
        if name in plain | other:
            title = f"`{name}`: {drill.title}"
            rows.append(_row(title, plain.get(name, {}), other.get(name), BY_DRILL[name].title))
    return "\n".join(rows)


def _row(title: str, line: dict[str, Any], other: dict[str, Any] | None, guard: str) -> str:
    names = ("stack", "rounds", "acknowledged", "lost", "doubled", "violations")
    figures = [str(line.get(name, "–")) for name in names]
    figures += [str(line.get("longest_unavailability_s", "–")).replace(".", ","), str(line.get("save_p95_ms", "–"))]
    return f"| {' | '.join([title, *figures])} | {guard}: {_colour(other)} |"


def _colour(other: dict[str, Any] | None) -> str:
    if other is None or not other["started"]:
        return "**tidak dijalankan**"
    return "**tetap hijau**" if other["passed"] else "merah"


def keep(line: dict[str, Any]) -> None:
    """Keep a line in the place of the drill's last one, and write the page anew."""
    load = os.getloadavg()[0]
    with KEPT.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        lines = json.loads(file.read() or "[]")
        key = (line["name"], line["sabotaged"])
        lines = [each for each in lines if (each["name"], each["sabotaged"]) != key and each["name"] in DRILLS]
        lines.append(line | {"day": time.strftime("%Y-%m-%d"), "load": round(load, 1), "wrong": len(line["wrong"])})
        lines.sort(key=lambda each: (list(DRILLS).index(each["name"]), each["sabotaged"]))
        file.truncate(0)
        file.write("[\n" + ",\n".join(json.dumps(each) for each in lines) + "\n]\n")
        file.flush()
        _write_page(lines)


def _write_page(lines: list[dict[str, Any]]) -> None:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    days, loads = sorted({each["day"] for each in lines}), [each["load"] for each in lines]
    when = days[0] if len(days) == 1 else f"{days[0]} sampai {days[-1]}"
    busy = f"{min(loads):.1f}–{max(loads):.1f}".replace(".", ",")
    head = (
        f"`make drills WRITE=1` pada {when}: {os.cpu_count()} inti, {memory:.0f} GB, {system}; beban mesin {busy}"
        " (rata-rata satu menit; di atas banyaknya inti berarti mesin sedang dipakai pekerjaan lain juga)."
    )
    part = f"{BEGIN}\n{head}\n\n{table(lines)}\n{END}"
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: part, PAGE.read_text(), flags=re.DOTALL))
