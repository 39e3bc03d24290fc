"""The validator of instrument files names file, code and fault, for every class of faults."""

import copy

import pytest

from supervisi import instrument_files
from supervisi.instrument_files import available_codes, read_instrument_file
from supervisi.models import PeriodKind, Severity
from supervisi.scoring import validate
from supervisi.scoring.instrument import InstrumentFaults
from supervisi.scoring.parse import parse_instrument
from wbbm.organisasi.models import UnitKind

FILES = {code: read_instrument_file(code) for code in ("lke-2021", "polsek-2026")}
LETTER, RATIO, SUB, AREA = "P.1.1.i.a", "P.1.1.i.b", "P.1.1.i", "P.1.1"


def find(document, code):
    """Return the node or item with the code."""

    def walk(parts):
        for part in parts:
            if part["code"] == code:
                return part
            found = walk([*part.get("children", ()), *part.get("items", ())])
            if found:
                return found
        return None

    return walk(document["nodes"])


def change(code, /, **keys):
    return lambda document: find(document, code).update(keys)


def drop(code, key):
    return lambda document: find(document, code).pop(key)


def formula(code, /, **keys):
    return lambda document: find(document, code).update(formula=keys)


def gate(**keys):
    return lambda document: document["predicates"][0]["gates"][0].update(keys)


def top(**keys):
    return lambda document: document.update(keys)


def area(position, **keys):
    return lambda document: document["areas"][position].update(keys)


def part(position, **keys):
    return lambda document: document["team_plan"][position].update(keys)


# class of fault: (what is spoilt in the file, the code that is named, words of the fault)
POLSEK = {
    "parts weigh less than the whole": (change(SUB, weight="3"), AREA, "bobot bagian 7,5, seharusnya 8"),
    "the whole isn't 100": (lambda document: document["nodes"].pop(), "total", "jumlah bobot 90, seharusnya 100"),
    "a weight is no number": (change(SUB, weight="tiga"), SUB, "'tiga' bukan bilangan"),
    "a weight is missing": (drop(SUB, "weight"), SUB, "bukan bilangan"),
    "a weight is negative": (change(SUB, weight="-1"), SUB, "di atas 0"),
    "a code is used twice": (change(RATIO, code=LETTER), LETTER, "dua kali"),
    "a code of a node is used twice": (change("P.1.2", code=AREA), AREA, "dua kali"),
    "a code is reserved": (change("P.3", code="total"), "total", "dua kali"),
    "a code is not below its sub": (change(LETTER, code="P.9.a"), "P.9.a", "tidak berada di bawah P.1.1.i"),
    "a code is missing": (drop(LETTER, "code"), "?", "tidak berada di bawah"),
    "a scale is unknown": (change(LETTER, scale="abcdef"), LETTER, "skala 'abcdef' tidak dikenal"),
    "a scale of the file is unknown": (lambda document: document["scales"].update(x={"A": "1"}), "x", "tidak dikenal"),
    "an option is worth more than all": (
        lambda document: document["scales"]["abc"].update(A="1.5"), "abc", "antara 0 dan 1",
    ),
    "an option has no criterion": (lambda document: find(document, LETTER)["criteria"].pop("B"), LETTER, "kriteria"),
    "a criterion has no option": (
        lambda document: find(document, LETTER)["criteria"].update(F="?"), LETTER, "kriteria",
    ),
    "a supported item doesn't exist": (change(LETTER, supports=["A.I.99.z"]), LETTER, "mendukung 'A.I.99.z'"),
    "a supported area doesn't exist": (change(AREA, supports=["A.III.1"]), AREA, "mendukung 'A.III.1'"),
    "a supported item is no list": (change(LETTER, supports="A.I.1.i.a"), LETTER, "supports harus berupa daftar"),
    "a severe option doesn't exist": (change(LETTER, severe_options=["Z"]), LETTER, "pemicu berat 'Z'"),
    "a share is severe on letters": (change(LETTER, severe_below_full=True), LETTER, "hanya untuk skala percent"),
    "a kind of formula is unknown": (formula(RATIO, kind="eval"), RATIO, "rumus 'eval' tidak cocok"),
    "a formula is missing": (drop(RATIO, "formula"), RATIO, "rumus None tidak cocok"),
    "a formula has a foreign part": (
        formula(RATIO, kind="ratio", numerator="selesai", denominators=["rekomendasi"], script="1/0"),
        RATIO, "kunci 'script' tidak dikenal",
    ),
    "a formula names an unknown input": (
        formula(RATIO, kind="ratio", numerator="lain", denominators=["rekomendasi"]), RATIO, "masukan 'lain'",
    ),
    "a formula counts an input twice": (
        formula(RATIO, kind="ratio", numerator="selesai", denominators=["selesai"]), RATIO, "dua kali",
    ),
    "a ratio has no denominator": (
        formula(RATIO, kind="ratio", numerator="selesai", denominators=[]), RATIO, "memerlukan penyebut",
    ),
    "a decline names no input": (formula(RATIO, kind="decline", before="lalu", now="kini"), RATIO, "masukan 'lalu'"),
    "an index stands on a percent item": (formula(RATIO, kind="index", maximum="4"), RATIO, "rumus 'index'"),
    "letters carry a formula": (formula(LETTER, kind="ratio"), LETTER, "hanya untuk skala percent dan index"),
    "an input comes twice": (
        lambda document: find(document, RATIO)["inputs"].append(find(document, RATIO)["inputs"][0]), RATIO, "dua kali",
    ),
    "an input has no label": (lambda document: find(document, RATIO)["inputs"][0].pop("label"), RATIO, "'label'"),
    "a question is empty": (change(LETTER, question=""), LETTER, "pertanyaannya kosong"),
    "hints are no list": (change(LETTER, evidence_hints="Sprin"), LETTER, "evidence_hints harus berupa daftar"),
    "a key is misspelt": (change(LETTER, wants_foto=True), LETTER, "kunci 'wants_foto' tidak dikenal"),
    "a key of a node is misspelt": (change(SUB, when_empy="full"), SUB, "kunci 'when_empy' tidak dikenal"),
    "criteria have the wrong shape": (change(LETTER, criteria=3), LETTER, "bentuknya salah"),
    "a rule is unknown": (change(SUB, rule="max"), SUB, "cara hitung 'max'"),
    "an unknown rule when empty": (change(SUB, when_empty="half"), SUB, "when_empty 'half'"),
    "a mean of nodes": (change("P.1", rule="mean"), "P.1", "rerata hanya untuk simpul yang berisi butir"),
    "an item of a mean weighs": (change(LETTER, weight="1"), LETTER[:-2], "tidak membawa bobot sendiri"),
    "an item of a sum weighs nothing": (change(SUB, rule="sum"), LETTER, "memerlukan bobot"),
    "a node is empty": (change(SUB, items=[]), SUB, "tidak keduanya dan tidak kosong"),
    "a gate names no node": (gate(code="P.9"), "P.9", "menyebut simpul yang tidak ada"),
    "a gate names an item of a mean": (gate(code=LETTER), LETTER, "butir tanpa bobot sendiri"),
    "a gate comes twice": (gate(code="P.1"), "P.1", "dua kali"),
    "a gate measures something else": (gate(measure="points"), "total", "ukuran ambang 'points'"),
    "a gate asks for more than all": (gate(measure="percent", required="101"), "total", "di luar 0 sampai 100"),
    "a gate's limit is no number": (gate(required="banyak"), "total", "'banyak' bukan bilangan"),
    "a gate has no label": (
        lambda document: document["predicates"][0]["gates"][0].pop("label"), "total", "'label' tidak ada",
    ),
    "a predicate has no gates": (
        lambda document: document["predicates"][0].update(gates=[]), "siap_wbk", "tanpa ambang",
    ),
    "a predicate comes twice": (
        lambda document: document["predicates"][1].update(code="siap_wbk"), "siap_wbk", "dua kali",
    ),
    "an area has no node": (area(0, nodes=[]), "1", "tidak menyebut simpul"),
    "an area names no node": (area(0, nodes=["P.8"]), "1", "simpul 'P.8' yang tidak ada"),
    "an item has no area": (area(0, nodes=["P.8"]), LETTER, "tidak termasuk area mana pun"),
    "a node lies in two areas": (area(1, nodes=["P.1.1", "P.1.2"]), "P.1.1", "dua area"),
    "an area lies inside another": (area(7, nodes=["P.3", "P.1.1.i"]), "P.1.1.i", "sudah termasuk area 1"),
    "an area's key comes twice": (area(1, key="1"), "1", "dua kali"),
    "an area's key is a code": (area(0, key="P.1"), "P.1", "sama dengan sebuah kode"),
    "nobody checks an item": (part(0, nodes=[]), LETTER, "diperiksa 0 orang"),
    "two check an item": (part(1, nodes=["P.1.1", "P.1.2.i", "P.1.4"]), LETTER, "diperiksa 2 orang"),
    "a part of the team checks nothing known": (part(0, nodes=["P.1.1", "P.7"]), "P.7", "pembagian tim 1"),
    "a part of the team has no role": (lambda document: document["team_plan"][0].pop("role"), "tim 1", "'role'"),
    "a text of a finding names no item": (
        lambda document: document["finding_texts"][0].update(item="P.0"), "P.0", "butir yang tidak ada",
    ),
    "a finding is of an unknown severity": (
        lambda document: document["finding_texts"][0].update(severity="gawat"), "P.2.2.ii.a", "'gawat'",
    ),
    "a kind of period is unknown": (top(period_kind="week"), "period_kind", "'week'"),
    "a kind of unit is unknown": (top(unit_kinds=["rw"]), "unit_kinds", "'rw'"),
    "the version is missing": (lambda document: document.pop("version"), "berkas", "'version' tidak ada"),
    "the tree is missing": (lambda document: document.pop("nodes"), "berkas", "'nodes' tidak ada"),
}  # fmt: skip
LKE = {
    "a condition comes twice": (
        lambda document: document["predicates"][1]["conditions"][1].update(code="held-wbk"), "held-wbk", "dua kali",
    ),
    "a condition is of an unknown level": (
        lambda document: document["predicates"][0]["conditions"][0].update(level="dunia"), "audit-follow-up", "'dunia'",
    ),
    "an index has no maximum": (formula("B.I.a", kind="index"), "B.I.a", "bukan bilangan"),
    "an index ends at nothing": (formula("B.I.a", kind="index", maximum="0"), "B.I.a", "di atas 0"),
    "a weighted item weighs nothing": (change("B.I.a", weight="0"), "B.I.a", "di atas 0"),
    "a ratio stands on an index": (formula("B.I.a", kind="ratio"), "B.I.a", "rumus 'ratio' tidak cocok"),
    "an instrument supports none": (change("A.I.1.i.a", supports=["A.I.1.i.b"]), "A.I.1.i.a", "mendukung 'A.I.1.i.b'"),
}  # fmt: skip
CASES = [("polsek-2026", name, *case) for name, case in POLSEK.items()]
CASES += [("lke-2021", name, *case) for name, case in LKE.items()]
SUPPORTED = {
    "polsek-2026": {item.code for item in FILES["lke-2021"].instrument.items} | set(FILES["lke-2021"].instrument.nodes),
    "lke-2021": set(),
}


@pytest.mark.parametrize(
    ("code", "name", "spoil", "place", "words"), CASES, ids=[f"{case[0]}: {case[1]}" for case in CASES]
)
def test_a_fault_is_named_with_file_code_and_words(code, name, spoil, place, words):
    document = copy.deepcopy(FILES[code].document)
    spoil(document)
    with pytest.raises(InstrumentFaults) as fault:
        parse_instrument(document, name="berkas-uji.yaml", supported_codes=SUPPORTED[code])
    assert any(found == place and words in text for found, text in fault.value.faults), fault.value.faults
    assert f"berkas-uji.yaml: {place}: " in str(fault.value)


def test_all_faults_are_named_at_once():
    document = copy.deepcopy(FILES["polsek-2026"].document)
    change(LETTER, scale="abcdef")(document)
    gate(code="P.9")(document)
    with pytest.raises(InstrumentFaults) as fault:
        parse_instrument(document)
    assert {LETTER, "P.9"} <= {place for place, _ in fault.value.faults}


def test_a_document_without_its_parts_is_refused_and_not_a_crash():
    for document in ({"code": "kosong"}, {"code": "kosong", "scales": []}, {"scales": {"abc": 3}}):
        with pytest.raises(InstrumentFaults):
            parse_instrument(document)


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        ("code: [", "berkas", "YAML rusak"),
        ("- satu", "berkas", "bukan objek"),
        ("", "berkas", "bukan objek"),
        ("\x00", "berkas", "YAML rusak"),
        ("code: uji\nname: satu\nname: dua\n", "berkas", "'name' ditulis dua kali"),
        ("code: lain\n", "code", "'lain' tidak sama dengan nama berkas"),
        ("code: uji\nsupports_instrument: lke-1999\n", "supports_instrument", "'lke-1999' tidak ada"),
        ("code: uji\nsupports_instrument: uji\n", "supports_instrument", "'uji' sendiri salah"),
    ],
)
def test_a_broken_file_is_named(tmp_path, monkeypatch, content, place, words):
    monkeypatch.setattr(instrument_files, "FOLDER", tmp_path)
    (tmp_path / "uji.yaml").write_text(content)
    with pytest.raises(InstrumentFaults) as fault:
        read_instrument_file("uji")
    assert fault.value.name == "uji.yaml"
    assert "\n" not in str(fault.value)
    [(found, text)] = fault.value.faults
    assert (found, words in text) == (place, True)


def test_a_missing_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(instrument_files, "FOLDER", tmp_path)
    with pytest.raises(InstrumentFaults, match=r"uji\.yaml: berkas: tidak ada"):
        read_instrument_file("uji")


def test_the_files_that_ship_are_right():
    assert available_codes() == ["lke-2021", "polsek-2026"]
    for code in available_codes():
        assert read_instrument_file(code).instrument.weight == 100


def test_the_validator_knows_the_same_words_as_the_models():
    assert set(validate.PERIOD_KINDS) == set(PeriodKind.values)
    assert set(validate.UNIT_KINDS) == set(UnitKind.values)
    assert set(validate.SEVERITIES) == set(Severity.values)
