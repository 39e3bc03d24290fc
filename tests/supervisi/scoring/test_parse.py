"""The validator of instrument files names file, code and fault."""

import copy

import pytest

from supervisi.instrument_files import available_codes, read_instrument_file
from supervisi.scoring.instrument import InstrumentFaults
from supervisi.scoring.parse import parse_instrument

DOCUMENT = read_instrument_file("polsek-2026").document


def first_item(document):
    return document["nodes"][0]["children"][0]["children"][0]["items"][0]


def spoil(name, document):
    item = first_item(document)
    if name == "weight":
        document["nodes"][0]["children"][0]["weight"] = "9"
        return "P.1"
    if name == "double code":
        item["code"] = document["nodes"][0]["children"][0]["children"][0]["items"][1]["code"]
        return item["code"]
    if name == "scale":
        item["scale"] = "abcdef"
        return item["code"]
    if name == "supports":
        item["supports"] = ["A.I.99.z"]
        return item["code"]
    if name == "gate":
        document["predicates"][0]["gates"][0]["code"] = "P.9"
        return "P.9"
    if name == "severe option":
        item["severe_options"] = ["Z"]
        return item["code"]
    if name == "formula":
        ratio = document["nodes"][0]["children"][0]["children"][0]["items"][1]
        ratio["formula"]["numerator"] = "tidak_ada"
        return ratio["code"]
    if name == "mean of nodes":
        document["nodes"][0]["rule"] = "mean"
        return "P.1"
    if name == "reserved code":
        document["nodes"][2]["code"] = "total"
        return "total"
    if name == "area twice":
        document["areas"][1]["key"] = "1"
        return "1"
    if name == "area inside an area":
        document["areas"][7]["nodes"] = ["P.1.1.i"]
        return "P.1.1.i"
    if name == "item without area":
        document["areas"][0]["nodes"] = []
        return item["code"]
    if name == "input twice":
        ratio = document["nodes"][0]["children"][0]["children"][0]["items"][1]
        ratio["inputs"] += [ratio["inputs"][0]]
        return ratio["code"]
    document["team_plan"][0]["nodes"] = []
    return item["code"]


@pytest.mark.parametrize(
    "name",
    [
        "weight",
        "double code",
        "scale",
        "supports",
        "gate",
        "severe option",
        "formula",
        "team",
        "mean of nodes",
        "reserved code",
        "area twice",
        "area inside an area",
        "item without area",
        "input twice",
    ],
)
def test_a_fault_is_named_with_file_and_code(name):
    document = copy.deepcopy(DOCUMENT)
    code = spoil(name, document)
    with pytest.raises(InstrumentFaults) as fault:
        parse_instrument(document, supported_codes={"A.I.1.i.a"} if name == "supports" else None)
    assert code in [place for place, _ in fault.value.faults]
    assert "polsek-2026.yaml" in str(fault.value)


def test_a_document_without_its_parts_is_refused_and_not_a_crash():
    with pytest.raises(InstrumentFaults):
        parse_instrument({"code": "kosong"})


def test_the_files_that_ship_are_right():
    assert available_codes() == ["lke-2021", "polsek-2026"]
    for code in available_codes():
        assert read_instrument_file(code).instrument.weight == 100
