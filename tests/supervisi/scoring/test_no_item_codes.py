"""No code names an item: what an instrument says stands in its file, and nowhere else."""

import re
from pathlib import Path

from supervisi.instrument_files import available_codes, read_instrument_file

ROOT = Path(__file__).resolve().parents[3]
# The instruments' own files, and example data: answers and findings of a made-up district.
DATA = (ROOT / "supervisi" / "instruments", ROOT / "supervisi" / "demo")


def codes():
    """Return all codes of nodes and items that are long enough to be told from a word."""
    found = set()
    for code in available_codes():
        instrument = read_instrument_file(code).instrument
        found |= {*instrument.nodes, *(item.code for item in instrument.items)}
    return {code for code in found if "." in code}


def sources():
    places = [ROOT / "supervisi", ROOT / "wbbm", ROOT / "layanan", ROOT / "templates", ROOT / "static" / "js"]
    for place in places:
        for path in place.rglob("*"):
            if path.suffix in {".py", ".html", ".js", ".txt"} and not any(
                path.is_relative_to(folder) for folder in DATA
            ):
                yield path


def test_no_code_names_an_item_or_a_node_of_an_instrument():
    pattern = re.compile(r"(?<![\w.])(" + "|".join(re.escape(code) for code in sorted(codes())) + r")(?![\w])")
    read, named = 0, []
    for path in sources():
        read += 1
        named += [f"{path.relative_to(ROOT)}: {found}" for found in pattern.findall(path.read_text())]
    assert read > 100
    assert named == []


def test_the_search_finds_a_code_where_there_is_one():
    assert {"A.I.1.i.a", "A.II.5", "B.I", "P.2.2.ii.a", "P.1"} <= codes()
