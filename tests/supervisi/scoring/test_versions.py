"""Two versions of an instrument: what differs, which item is which, and which answers come along."""

import copy
import time
from fractions import Fraction

import pytest

from supervisi.instrument_files import read_instrument_file
from supervisi.scoring import difference
from supervisi.scoring.crosswalk import by_code, carry, check_crosswalk, keeps_answer, propose
from supervisi.scoring.difference import compare, share_of
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.instrument import InstrumentFaults
from supervisi.scoring.parse import parse_instrument

DOCUMENT = read_instrument_file("polsek-2026").document
OLD = read_instrument_file("polsek-2026").instrument


def part_of(document, code):
    def walk(parts):
        for part in parts:
            if part["code"] == code:
                return part
            if found := walk([*part.get("children", ()), *part.get("items", ())]):
                return found
        return None

    return walk(document["nodes"])


def version(*changes):
    document = copy.deepcopy(DOCUMENT)
    document["version"] = "2027.1"
    for change in changes:
        change(document)
    return parse_instrument(document)


def put(code, /, **keys):
    return lambda document: part_of(document, code).update(keys)


def drop(node, code):
    def change(document):
        items = part_of(document, node)["items"]
        items[:] = [each for each in items if each["code"] != code]

    return change


def add(node, code, question, **keys):
    def change(document):
        item = copy.deepcopy(part_of(document, "P.2.3.ii.b")) | {"code": code, "question": question} | keys
        part_of(document, node)["items"].append(item)

    return change


def pairs_of(old, new):
    return {line.old: line.new for line in propose(old, new)}


def changes_of(new, pairs=None):
    found = compare(OLD, new, pairs or pairs_of(OLD, new))
    return {(change.new or change.old).code: change for change in found.items}, found


def test_the_same_file_differs_in_nothing_and_every_item_is_itself():
    new = version()
    lines = propose(OLD, new)
    assert [(line.old, line.new, line.how, line.likeness) for line in lines] == [
        (item.code, item.code, "code", 100) for item in OLD.items
    ]
    found = compare(OLD, new, pairs_of(OLD, new))
    assert (found.items, found.frame, found.same) == ((), (), 59)


def test_every_kind_of_change_is_named_with_old_and_new_value():
    gate = {"code": "7", "label": "Loket", "measure": "percent", "required": "70"}
    letters = {"A": "baik", "B": "cukup", "C": "kurang", "D": "tidak ada"}
    new = version(
        put("P.1.1.i.a", question="Apakah tim dan rencana aksi ZI Polsek tahun ini dijalankan?"),
        lambda document: part_of(document, "P.1.2.ii.b")["criteria"].update(B="sebagian"),
        put("P.1.5.i", weight="6"),
        put("P.1.5.ii", weight="4"),
        put("P.1.3.i.c", scale="abcd", criteria=letters, severe_options=["D"]),
        put("P.1.5.iii.b", how_to_check="Lihat buku jaga."),
        drop("P.3.1.i", "P.3.1.i.c"),
        add("P.2.2.ii", "P.2.2.ii.c", "Apakah antrean pemohon dari luar kecamatan dicatat?"),
        lambda document: document["predicates"][0]["gates"].append(gate),
        lambda document: document["predicates"][0]["gates"][0].update(required="76"),
        lambda document: document["predicates"][1]["conditions"].append(
            {"code": "wbk", "label": "Sudah WBK", "level": "unit"}
        ),
    )
    changes, found = changes_of(new)
    assert changes["P.3.1.i.c"].kinds == {difference.GONE}
    assert changes["P.2.2.ii.c"].kinds == {difference.NEW}
    assert changes["P.1.1.i.a"].kinds == {difference.REWORDED}
    assert changes["P.1.5.iii.b"].kinds == {difference.GUIDANCE}
    assert changes["P.1.3.i.c"].kinds == {difference.REWORDED, difference.RESCALED}
    told = {change.about: (change.old, change.new) for change in changes["P.1.3.i.c"].changes}
    assert told["scale"] == ("abc", "abcd")
    assert told["severe"] == ((), ("D",))
    (wording,) = changes["P.1.2.ii.b"].changes
    assert (wording.about, wording.old, wording.new) == (
        "option B", OLD.item("P.1.2.ii.b").option("B").criterion, "sebagian",
    )  # fmt: skip
    # A node's weight moves the share of each of its items; so does the number of items in it.
    (weight,) = changes["P.1.5.i.a"].changes
    assert (weight.kind, weight.old, weight.new) == (difference.REWEIGHTED, Fraction(11, 6), Fraction(2))
    (thinner,) = changes["P.2.2.ii.a"].changes
    assert (thinner.old, thinner.new) == (Fraction(5, 4), Fraction(5, 6))
    assert sum((share_of(new, item) for item in new.items), Fraction()) == 100
    frame = {(change.part, change.code): change.changes[0] for change in found.frame}
    assert (frame["node", "P.1.5.i"].old, frame["node", "P.1.5.i"].new) == (Fraction(11, 2), Fraction(6))
    assert (frame["gate", "total"].old, frame["gate", "total"].new) == (75, 76)
    assert frame["gate", "7"].kind == difference.NEW
    assert frame["condition", "wbk"].kind == difference.NEW
    assert found.same + len(found.items) == len(new.items) + 1
    assert {kind: found.count(kind) for kind in (difference.NEW, difference.GONE, difference.RESCALED)} == {
        difference.NEW: 1, difference.GONE: 1, difference.RESCALED: 1,
    }  # fmt: skip


def test_renumbered_and_rewritten_items_are_proposed_by_their_words_and_new_ones_are_not():
    asked = OLD.item("P.2.3.ii.a")
    new = version(
        drop("P.2.3.ii", "P.2.3.ii.a"),
        add("P.2.3.i", "P.2.3.i.c", asked.question.replace("terpasang", "dipasang"), scale="yes_no",
            criteria={"Ya": "ya", "Tidak": "tidak"}),
        # Another question under a code that was taken before: the code alone proves nothing.
        put("P.1.6.i.b", question="Berapa kursi tunggu tersedia bagi pengunjung?"),
    )  # fmt: skip
    lines = {line.old: line for line in propose(OLD, new)}
    assert (lines["P.2.3.ii.a"].new, lines["P.2.3.ii.a"].how) == ("P.2.3.i.c", "text")
    assert 80 <= lines["P.2.3.ii.a"].likeness < 100
    assert (lines["P.1.6.i.b"].new, lines["P.1.6.i.b"].how) == (None, "none")
    assert list(check_crosswalk(OLD, new, pairs_of(OLD, new))) == []
    assert propose(OLD, new) == propose(OLD, new)
    change = changes_of(new)[0]["P.2.3.i.c"]
    assert change.old.code == "P.2.3.ii.a"
    assert difference.MOVED in change.kinds


def test_a_crosswalk_is_whole_one_to_one_and_knows_its_codes():
    new = version()
    pairs = by_code(OLD, new)
    faulty = pairs | {"P.1.1.i.a": "P.9", "P.1.1.i.b": "P.1.1.ii.a", "X": None}
    del faulty["P.1.2.i.a"]
    assert dict(check_crosswalk(OLD, new, faulty)) == {
        "P.1.1.i.a": "butir 'P.9' tidak ada pada versi baru",
        "P.1.1.ii.a": "butir P.1.1.ii.a sudah dipasangkan dengan P.1.1.i.b",
        "P.1.2.i.a": "belum diisi",
        "X": "tidak ada pada versi lama",
    }


def test_answers_come_along_only_where_they_mean_the_same():
    letters = {"A": "a", "B": "b", "C": "c", "D": "d"}
    new = version(
        put("P.1.3.i.c", scale="abcd", criteria=letters),
        drop("P.3.1.i", "P.3.1.i.c"),
        lambda document: document["scales"]["abc"].update(B="0.4"),
    )
    answers = {"P.1.3.i.c": "B", "P.3.1.i.c": "Ya", "P.2.2.ii.b": "B", "P.1.1.i.b": {"rekomendasi": 4, "selesai": 3}}
    carried = carry(OLD, new, pairs_of(OLD, new), answers)
    # A "B" of three letters is no "B" of four; what a letter is worth may change.
    assert carried == {"P.2.2.ii.b": "B", "P.1.1.i.b": {"rekomendasi": 4, "selesai": 3}}
    assert score_sheet(new, carried).item_values["P.2.2.ii.b"] == Fraction(2, 5)
    assert not keeps_answer(OLD.item("P.1.1.i.b"), OLD.item("P.1.2.i.b"))
    assert carry(OLD, OLD, {"P.1.1.i.a": None}, {"P.1.1.i.a": "A"}) == {}


def test_a_proposal_over_the_largest_instruments_stays_quick():
    def many(start):
        document = copy.deepcopy(DOCUMENT)
        sub = part_of(document, "P.1.1.i")
        item = sub["items"][0]
        sub["items"] = [
            item | {"code": f"P.1.1.i.{start}{n}", "question": f"{item['question']} {n}"} for n in range(240)
        ]
        document["team_plan"], document["finding_texts"] = [], []
        return parse_instrument(document)

    old, new = many("a"), many("b")
    begun = time.process_time()
    lines = propose(old, new)
    assert time.process_time() - begun < 3
    assert all(line.new == line.old.replace("i.a", "i.b", 1) for line in lines if line.old.startswith("P.1.1.i.a"))


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (put("P.1.1", weight="1e999999999"), "P.1.1", "bukan bilangan"),
        (put("P.1.1.i.a", effort_days="banyak"), "P.1.1.i.a", "effort_days harus bilangan bulat"),
        (put("P.1.1.i.a", how_to_check=["lihat"]), "P.1.1.i.a", "how_to_check harus berupa teks"),
        (put("P.1.1.i.a", question="x" * 5000), "P.1.1.i.a", "pertanyaan terlalu panjang"),
        (put("P.1.1.i.a", code="P.1.1.i.a/b"), "P.1.1.i.a/b", "kode hanya huruf"),
        (lambda document: document["areas"][0].update(key="satu dua"), "satu dua", "kode hanya huruf"),
        (lambda document: document.update(version="2027 / 1"), "version", "versi hanya huruf"),
        (lambda document: document.update(name=" "), "name", "kosong"),
        (lambda document: document["finding_texts"][0].update(observation=[1]), "P.2.2.ii.a", "observation harus"),
        (lambda document: document["finding_texts"][0].update(due_days="7"), "P.2.2.ii.a", "due_days harus"),
    ],
)
def test_what_pages_and_tables_could_not_hold_is_a_fault(change, code, words):
    with pytest.raises(InstrumentFaults) as fault:
        version(change)
    assert any(place == code and words in text for place, text in fault.value.faults), fault.value.faults
