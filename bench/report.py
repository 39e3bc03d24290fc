"""What the measuring of a country says: rows with their aims, as a table for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

# Aims of the design; a missed one is said with why and what would help, and is no error of the run.
BARE, GROWTH, FLAT = 0.6, 1.3, 1.5
PAGES = {
    "dashboard-polsek": "Dasbor Polsek",
    "dashboard-polres": "Dasbor Polres",
    "dashboard-polda": "Dasbor Polda",
    "dashboard-mabes": "Dasbor Mabes",
    "list-units": "Daftar satuan",
    "list-visits": "Daftar kunjungan Polres",
    "list-visits-mabes": "Daftar kunjungan Mabes",
    "area": "Satu area lembar",
}
# The most that a page may cost, in latencies of the one-query view.
TIMES = {"list-units": 10, "list-visits": 10, "list-visits-mabes": 10, "area": 15, "save": 8} | {
    key: 10 for key in PAGES if key.startswith("dashboard")
}
_WHY = {
    "recompute": "Satu proses Python membaca jawaban dan semua baris tersimpan, menilai tiap lembar sampai tiap simpul "
    "dan ambang, dan membandingkannya dengan yang tersimpan dan dengan periode lalu; SQL pembanding hanya menjumlah "
    "huruf berbobot. Yang menolong: dua proses, masing-masing separuh satuan.",
    "bare": "Pembanding tidak merender apa pun. Waktu halaman hampir seluruhnya menyusun kueri ORM, objek halaman dan "
    "templat Django di Python. Yang menolong: potongan templat tersimpan (menu, kepala tabel) dan proses web per inti.",
    "growth": "Negara besar punya lebih banyak baris di halaman itu. Yang menolong: lebih sedikit kolom per baris.",
    "times": "Waktunya menyusun kueri dan merender di Python. Yang menolong: potongan templat tersimpan.",
    "writers": "Web, PostgreSQL, dan pembeban berbagi inti mesin ini. Yang menolong: inti lebih, web di mesin sendiri.",
    "rollup": "Jalannya empat pekerjaan berurutan; di mesin yang sibuk tiap pekerjaan menunggu inti.",
    "plan": "Lihat docs/perencana.md.",
}


@dataclass(frozen=True)
class Row:
    """One line: what was measured, how much, the ratio that is judged, and its aim."""

    key: str
    title: str
    value: float
    unit: str
    ratio: float | None = None
    aim: str = ""
    met: bool | None = None
    why: str = ""
    against: str = ""


def _most(limit: float, found: float) -> dict[str, Any]:
    return {"aim": f"<= {limit:g}", "met": found <= limit}


def _least(limit: float, found: float) -> dict[str, Any]:
    return {"aim": f">= {limit:g}", "met": found >= limit}


def rows_of(found: dict[str, Any]) -> list[Row]:
    """Return every line of a country."""
    return [*_scores(found), *_pages(found["pages"]), *_compared(found["pages"]), *_files(found)]


def _scores(found: dict[str, Any]) -> Iterator[Row]:
    yield Row("simulate", f"Mengisi {found['fill']['units']} satuan, {found['fill']['answers']} jawaban",
              found["fill"]["seconds"], "detik")  # fmt: skip
    one = found["recompute"]
    yield Row(
        "recompute", f"Menghitung ulang satu periode ({one['answers']} jawaban)", one["seconds"], "detik", one["ratio"],
        **_most(3, one["ratio"]), why="recompute", against=f"jumlah berbobot dalam SQL, {one['floor']:.2f} detik",
    )  # fmt: skip
    yield Row("recompute-memory", "Memori tertinggi selama itu", one["peak_mb"], "MB")
    words = {
        "save": "Satu jawaban tersimpan sampai rekap nasional",
        "submit": "Satu lembar diserahkan sampai rekap nasional",
    }
    for act, title in words.items():
        least = found["rollup"][0][act]
        for step in found["rollup"]:
            ratio = step[act] / least
            yield Row(
                f"rollup-{act}-{step['units']}", f"{title}, {step['units']} satuan", step[act], "ms", ratio,
                **_most(FLAT, ratio), why="rollup", against=f"{found['rollup'][0]['units']} satuan",
            )  # fmt: skip


def _pages(pages: dict[str, Any]) -> Iterator[Row]:
    for key, title in PAGES.items():
        page = pages[key]
        yield from _loaded(key, f"{title} ({page['queries']} kueri, {page['size'] // 1000} kB)", page)
        growth = page["small"]["rate"] / page["page"]["rate"]
        yield Row(
            f"{key}-growth", f"{title}: seluruh negara", page["page"]["p50"], "ms p50", growth, **_most(GROWTH, growth),
            why="growth", against="halaman yang sama, 20 satuan",
        )  # fmt: skip
    yield from _loaded("save", f"Menyimpan jawaban ({pages['save']['queries']} kueri)", pages["save"]["loads"])


def _loaded(key: str, title: str, page: dict[str, Any]) -> Iterator[Row]:
    mine, bare, one = page["page"]["rate"], page["bare"]["rate"], page["one"]["rate"]
    ratio = mine / bare
    yield Row(
        key, f"{title}, 32 klien", mine, "permintaan/detik", ratio, **_least(BARE, ratio), why="bare",
        against=f"tampilan kosong setara, {bare:.0f}/detik; satu kueri {one:.0f}/detik ({mine / one:.2f})",
    )  # fmt: skip
    yield Row(
        f"{key}-p95", f"{title}, p95", page["page"]["p95"], "ms", page["page"]["p95"] / page["bare"]["p95"],
        against=f"tampilan kosong setara, {page['bare']['p95']:.0f} ms",
    )  # fmt: skip


def _compared(pages: dict[str, Any]) -> Iterator[Row]:
    """What users would pick instead is told in multiples of the one-query view; so is ours."""
    for key, limit in TIMES.items():
        alone = pages[key]["alone"]
        ratio = alone["page"]["p50"] / alone["one"]["p50"]
        title = PAGES.get(key, "Menyimpan jawaban")
        yield Row(
            f"{key}-times", f"{title}, satu klien", alone["page"]["p50"], "ms", ratio, **_most(limit, ratio),
            why="times", against=f"tampilan satu kueri, {alone['one']['p50']:.1f} ms",
        )  # fmt: skip
    rate = pages["save"]["writers"]["page"]["rate"]
    yield Row("save-writers", "Menyimpan jawaban, 8 penulis", rate, "simpan/detik", **_least(150, rate), why="writers")


def _files(found: dict[str, Any]) -> Iterator[Row]:
    for key, title in (("workbook", "Buku kerja LKE"), ("csv", "CSV semua kunjungan negara")):
        made = found[key]
        yield Row(key, f"{title} ({made['size'] // 1000} kB)", made["seconds"], "detik")
        yield Row(f"{key}-memory", f"{title}, memori tertinggi", made["peak_mb"], "MB")
    if "paper" in found:
        paper = found["paper"]
        yield Row("pdf", f"PDF laporan {paper['items']} butir, {paper['photos']} foto", paper["seconds"], "detik")
        yield Row("pdf-memory", "PDF, memori tertinggi pekerja", paper["peak_mb"], "MB")
    plan = found["plan"]
    title, p95 = f"Rencana WBBM, {plan['sheets']} lembar acak, p95", plan["p95"]
    yield Row("plan", title, p95, "ms prosesor", **_most(150, p95), why="plan")


def as_json(rows: list[Row]) -> dict[str, dict[str, Any]]:
    """Return name → value, unit, ratio, aim, met."""
    kept = ("value", "unit", "ratio", "aim", "met")
    return {row.key: {name: value for name, value in asdict(row).items() if name in kept} for row in rows}


def as_table(rows: list[Row]) -> list[str]:
    """Return the table, and below it why an aim is missed and what would help."""
    lines = [
        "| Yang diukur | Terukur | Rasio | Terhadap | Sasaran | Tercapai |",
        "| --- | ---: | ---: | --- | ---: | --- |",
    ]
    for row in rows:
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        met = {True: "ya", False: "**belum**", None: ""}[row.met]
        lines.append(f"| {row.title} | {row.value:.1f} {row.unit} | {ratio} | {row.against} | {row.aim} | {met} |")
    missed = [row for row in rows if row.met is False]
    if missed:
        lines += ["", "### Yang belum tercapai, sebabnya, dan yang menolong", ""]
        for why in dict.fromkeys(row.why for row in missed):
            names = ", ".join(f"`{row.key}`" for row in missed if row.why == why)
            lines.append(f"- {names}: {_WHY[why]}")
    return [*lines, ""]


OTHERS = """\
## Yang dipakai orang bila bukan portal ini

Diukur pada mesin yang sama saat portal dirancang, sebagai kelipatan waktu tampilan satu kueri. Angka portal ini ada di
tabel atas (baris "satu klien").

| Alat | Daftar | Satu lembar | Menyimpan | Dasbor |
| --- | ---: | ---: | ---: | ---: |
| Portal GRC Django, 500 penilaian × 120 butir | 301 | 124 | 5.345 (8 penulis: 0,33 per detik) | 39.000 |
| Server pengumpul data, menerima satu formulir | | | 6 | |
| Lembar sebar, menghitung ulang satu LKE | | | 0,87 detik | |
| Sasaran portal ini | 10 | 15 | 8 (8 penulis: 150 per detik) | 10 |
""".splitlines()
