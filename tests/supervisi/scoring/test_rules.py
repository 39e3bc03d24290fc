"""Every rule of the official calculation, one by one."""

from fractions import Fraction

import pytest

from supervisi.instrument_files import read_instrument_file
from supervisi.scoring.answers import AnswerFault, parse_answer
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.gates import judge

LKE = read_instrument_file("lke-2021").instrument
POLSEK = read_instrument_file("polsek-2026").instrument


def value(code, raw, instrument=LKE):
    return parse_answer(instrument.item(code), raw)


@pytest.mark.parametrize(
    ("code", "letters"),
    [
        ("A.I.1.i.a", {"Ya": "1", "Tidak": "0"}),
        ("A.I.1.i.b", {"A": "1", "B": "0.5", "C": "0"}),
        ("A.I.1.iii.a", {"A": "1", "B": "0.67", "C": "0.33", "D": "0"}),
        ("B.I.b", {"A": "1", "B": "0.75", "C": "0.5", "D": "0.25", "E": "0"}),
    ],
)
def test_letters_have_the_official_values_in_either_case(code, letters):
    for letter, expected in letters.items():
        assert value(code, letter).value == Fraction(expected)
        assert value(code, letter.lower()).value == Fraction(expected)
        assert value(code, letter.lower()).raw == letter


def test_b_of_four_letters_is_exactly_two_decimals_and_not_two_thirds():
    assert value("A.I.1.iii.a", "B").value == Fraction(67, 100)


@pytest.mark.parametrize(("code", "raw"), [("A.I.1.iii.a", "E"), ("A.I.1.i.a", "A"), ("A.I.1.i.b", 1), ("B.I.a", "x")])
def test_an_option_that_the_scale_lacks_is_an_error(code, raw):
    with pytest.raises(AnswerFault) as fault:
        value(code, raw)
    assert fault.value.item_code == code


@pytest.mark.parametrize(("index", "expected"), [("3,60", "0.9"), ("4", "1"), ("0", "0"), (" 3.56 ", "0.89")])
def test_an_index_takes_comma_and_full_stop(index, expected):
    assert value("B.I.a", index).value == Fraction(expected)


@pytest.mark.parametrize("index", ["4.01", "-0.1", "NaN", "Infinity", "1e999999", "9" * 40, "3,5,6", True, [3]])
def test_an_index_outside_its_range_is_an_error(index):
    with pytest.raises(AnswerFault):
        value("B.I.a", index)


@pytest.mark.parametrize(
    ("code", "inputs", "expected"),
    [
        ("A.II.1.i.a", {"agen": 4, "perubahan": 3}, "3/4"),
        ("A.II.1.i.a", {"agen": 2, "perubahan": 5}, "1"),
        ("A.II.1.i.b", {"perubahan": 4, "terintegrasi": 1}, "1/4"),
        ("A.II.3.iii.a", {"sebelumnya": 4, "sekarang": 1, "disanksi": 0}, "3/4"),
        ("A.II.3.iii.a", {"sebelumnya": 0, "sekarang": 0, "disanksi": 0}, "1"),
        ("A.II.3.iii.a", {"sebelumnya": 0, "sekarang": 2, "disanksi": 0}, "0"),
        ("A.II.3.iii.a", {"sebelumnya": 1, "sekarang": 3, "disanksi": 0}, "0"),
        ("A.II.4.i.a", {"sasaran": 3, "tercapai": 2}, "2/3"),
        ("A.II.5.ii.a", {"harus": 12, "proses": 3, "selesai": 9}, "3/4"),
        ("A.II.5.iii.a", {"kepala": 1, "pejabat": 2, "lainnya": 1, "sudah": 3}, "3/4"),
        ("A.II.5.iii.b", {"eselon3": 1, "eselon4": 2, "fungsional_pelaksana": 5, "sudah": 4}, "1/2"),
        ("A.II.6.i.b", {"terdaftar": 8, "dipermudah": 2}, "1/4"),
    ],
)
def test_percent_items_follow_their_formula(code, inputs, expected):
    assert value(code, inputs).value == Fraction(expected)


def test_a_missing_input_leaves_the_item_unanswered_and_is_kept():
    parsed = value("A.II.5.ii.a", {"harus": 12, "selesai": 9})
    assert not parsed.is_answered
    assert parsed.raw == {"harus": 12, "selesai": 9}


@pytest.mark.parametrize("bad", [-1, 1.5, "1.5", "satu", True, 10**12])
def test_inputs_are_whole_numbers_from_zero_on(bad):
    with pytest.raises(AnswerFault):
        value("A.II.1.i.a", {"agen": bad, "perubahan": 1})


def test_a_sub_is_the_mean_of_its_items_times_its_weight():
    score = score_sheet(LKE, {"A.I.1.ii.a": "Ya", "A.I.1.ii.b": "C", "A.I.1.ii.c": "A"})
    assert score.complete["A.I.1.ii"] == Fraction(2, 3)


def test_an_unanswered_item_is_left_out_provisionally_and_zero_in_the_complete_score():
    score = score_sheet(LKE, {"A.I.1.i.a": "Ya"})
    assert score.provisional["A.I.1.i"] == Fraction(1, 2)
    assert score.complete["A.I.1.i"] == Fraction(1, 4)
    assert "A.I.1.i.b" in score.unanswered


def test_a_sub_without_any_answer_scores_nothing_and_is_named():
    score = score_sheet(LKE, {})
    assert score.provisional["total"] == 0
    assert "A.I.1.i" in score.empty_nodes


def test_a_missing_index_scores_nothing_and_is_named():
    score = score_sheet(LKE, {"B.I.b": "A"})
    assert score.provisional["B.I"] == 5
    assert [code for code in score.empty_nodes if code.startswith("B")] == ["B.I.a", "B.II.a"]


def test_an_unanswerable_part_beside_an_unanswered_one_leaves_nothing_to_score():
    score = score_sheet(LKE, {"A.II.5.iii.a": NOBODY_MUST_REPORT})
    assert score.provisional["A.II.5.iii"] == score.complete["A.II.5.iii"] == 0
    assert "A.II.5.iii" in score.empty_nodes
    assert "A.II.5.iii.b" in score.unanswered


def test_b_is_the_sum_of_its_items_by_weight():
    score = score_sheet(LKE, {"B.I.a": "3.60", "B.I.b": "B", "B.II.a": "3.2"})
    assert score.complete["B.I.a"] == Fraction("15.75")
    assert score.complete["B.I.b"] == Fraction("3.75")
    assert score.complete["B.II.a"] == 14
    assert score.complete["B.I"] == Fraction("19.5")


NOBODY_MUST_REPORT = {"kepala": 0, "pejabat": 0, "lainnya": 0, "sudah": 0}


def test_a_zero_denominator_is_unanswerable_and_leaves_its_weight_to_the_other_part():
    score = score_sheet(
        LKE,
        {
            "A.II.5.iii.a": NOBODY_MUST_REPORT,
            "A.II.5.iii.b": {"eselon3": 2, "eselon4": 0, "fungsional_pelaksana": 0, "sudah": 1},
        },
    )
    assert score.unanswerable == ("A.II.5.iii.a",)
    assert "A.II.5.iii.a" not in score.unanswered
    assert score.complete["A.II.5.iii"] == 1


def test_an_unanswered_part_does_not_leave_its_weight_in_the_complete_score():
    score = score_sheet(LKE, {"A.II.5.iii.a": {"kepala": 1, "pejabat": 0, "lainnya": 0, "sudah": 1}})
    assert score.provisional["A.II.5.iii"] == 2
    assert score.complete["A.II.5.iii"] == 1


def test_no_complaint_to_handle_scores_the_full_weight():
    score = score_sheet(LKE, {"A.II.5.ii.a": {"harus": 0, "proses": 0, "selesai": 0}})
    assert score.complete["A.II.5.ii"] == LKE.node("A.II.5.ii").weight


def test_every_other_sub_without_answerable_items_scores_nothing():
    score = score_sheet(
        LKE,
        {
            "A.II.5.iii.a": NOBODY_MUST_REPORT,
            "A.II.5.iii.b": {"eselon3": 0, "eselon4": 0, "fungsional_pelaksana": 0, "sudah": 0},
        },
    )
    assert score.complete["A.II.5.iii"] == 0
    assert score.provisional["A.II.5.iii"] == 0


def test_area_gates_test_compliance_and_reform_together():
    score = score_sheet(LKE, {})
    gate = next(gate for gate in judge(LKE, score)[1].gates if gate.code == "5")
    assert (gate.required, gate.distance) == (75, Fraction("-11.25"))


@pytest.mark.parametrize(("index", "passed"), [("3.60", True), ("3.5999999999", False)])
def test_a_gate_is_decided_on_its_exact_border(index, passed):
    gates = {gate.code: gate for gate in judge(LKE, score_sheet(LKE, {"B.I.a": index}))[1].gates}
    assert gates["B.I.a"].passed is passed
    assert gates["B.I.a"].required == Fraction("15.75")


def test_gates_stand_in_the_order_of_the_contract():
    for result in judge(LKE, score_sheet(LKE, {})):
        codes = [gate.code for gate in result.gates]
        assert codes == ["total", "A", "1", "2", "3", "4", "5", "6", "B.I", "B.I.a", "B.I.b", "B.II.a"]
    codes = [gate.code for gate in judge(POLSEK, score_sheet(POLSEK, {}))[0].gates]
    assert codes == ["total", "P.1", "1", "2", "3", "4", "5", "6", "P.2"]


def test_the_two_instruments_have_their_counts():
    assert len(LKE.items) == 113
    assert len(LKE.items_under("A.I")) == 87
    assert len(LKE.items_under("A.II")) == 23
    assert len(LKE.items_under("B")) == 3
    assert len(POLSEK.items) == 59
    scales = {scale: sum(item.scale == scale for item in POLSEK.items) for scale in ("yes_no", "abc", "abcd", "abcde")}
    assert scales == {"yes_no": 4, "abc": 8, "abcd": 24, "abcde": 8}
    assert sum(item.scale == "percent" for item in POLSEK.items) == 15
    assert sum(item.minutes for item in POLSEK.items) == 755
    assert sum(item.wants_photo for item in POLSEK.items) == 36
    assert [len(POLSEK.items_of_area(key)) for key in "12345678"] == [5, 4, 5, 5, 10, 7, 17, 6]


def test_eight_people_check_every_item_once():
    assert len(POLSEK.team_plan) == 8
    assert sum(part.minutes for part in POLSEK.team_plan) == 755
    checked = [item.code for part in POLSEK.team_plan for code in part.nodes for item in POLSEK.items_under(code)]
    assert sorted(checked) == sorted(item.code for item in POLSEK.items)
    for part in POLSEK.team_plan:
        assert part.minutes == sum(item.minutes for code in part.nodes for item in POLSEK.items_under(code))


def test_everything_below_a_node_is_found_by_the_tree_and_not_by_its_code():
    assert [item.code for item in LKE.items_under("A.I.1.i")] == ["A.I.1.i.a", "A.I.1.i.b"]
    assert [item.code for item in LKE.items_under("B.I.b")] == ["B.I.b"]
    assert LKE.items_under("A.I.99") == ()


def test_the_station_sheet_never_calls_itself_official():
    assert LKE.is_official
    assert not POLSEK.is_official
    assert "internal" in POLSEK.label
    assert all("internal" in rule.label for rule in POLSEK.predicates)


def test_sheets_belong_to_their_period_and_kind_of_unit():
    assert (LKE.period_kind, LKE.unit_kinds) == ("year", ("polres",))
    assert (POLSEK.period_kind, POLSEK.unit_kinds) == ("quarter", ("polsek",))


def test_only_wbbm_asks_for_a_predicate_held_before():
    wbk, wbbm = ({condition.code: condition for condition in rule.conditions} for rule in LKE.predicates)
    assert "held-wbk" not in wbk
    assert wbbm["held-wbk"].source == "held_predicate"
    for conditions in (wbk, wbbm):
        assert {"audit-follow-up", "wealth-reports", "sakip-unit", "one-year"} <= set(conditions)


SEVERE = {
    "P.1.3.ii.b": ["D"],
    "P.1.4.ii.b": "below full",
    "P.1.4.ii.c": ["D"],
    "P.1.5.i.c": "below full",
    "P.2.1.i.c": ["D"],
    "P.2.2.ii.a": ["Tidak"],
    "P.2.4.ii.a": ["D"],
}


def test_these_answers_always_are_severe_findings():
    found = {}
    for item in POLSEK.items:
        letters = [option.code for option in item.options if option.is_severe]
        if letters or item.severe_below_full:
            found[item.code] = letters or "below full"
    assert found == SEVERE
    assert {item.code for item in POLSEK.items if item.has_severe_trigger} == set(SEVERE)
    assert not any(item.has_severe_trigger for item in LKE.items)


@pytest.mark.parametrize("code", sorted(SEVERE))
def test_a_severe_trigger_is_told_by_option_and_by_a_share_below_full(code):
    item = POLSEK.item(code)
    if item.severe_below_full:
        assert item.is_severe({}, {code: Fraction(1, 2)})
        assert not item.is_severe({}, {code: Fraction(1)})
        assert not item.is_severe({}, {code: None})
    else:
        severe = next(option for option in item.options if option.is_severe)
        assert item.is_severe(severe.code, {})
        assert item.is_severe(severe.code.lower(), {})
        assert not item.is_severe(item.options[0].code, {})
        assert not item.is_severe(None, {})


def test_every_item_of_the_station_sheet_says_how_to_check_it_and_what_it_supports():
    lke = {item.code for item in LKE.items} | set(LKE.nodes)
    for item in POLSEK.items:
        assert item.how_to_check.split()[0] in {"Lihat", "Tanya", "Sampel", "Telepon"}
        assert item.evidence_hints
        assert set(item.supports) <= lke
        assert item.effort_days > 0 < item.minutes


def test_rows_and_numbers_of_the_official_template_are_all_there_once():
    document = read_instrument_file("lke-2021").document
    rows, numbers = [], []

    def walk(part):
        rows.append(part.get("template_row"))
        numbers.append(part.get("portal_id"))
        for below in (*part.get("children", ()), *part.get("items", ()), *part.get("inputs", ())):
            walk(below)

    for node in document["nodes"]:
        walk(node)
    rows, numbers = ([found for found in values if found is not None] for values in (rows, numbers))
    # 42 subs, 113 items, 22 inputs; 127 questions of the national list.
    assert (len(rows), len(set(rows))) == (177, 177)
    assert sorted(numbers) == list(range(1, 128))


def test_the_station_sheet_brings_its_examples():
    document = read_instrument_file("polsek-2026").document
    assert len(document["finding_texts"]) == 10
    assert {text["severity"] for text in document["finding_texts"]} == {"severe", "moderate", "minor"}
    assert len(document["innovation_examples"]) == 12
    for example in document["innovation_examples"]:
        assert set(example) == {"name", "desk", "problem", "method", "measure"}
