"""What must hold for any sheet of any instrument of this shape (Hypothesis)."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from supervisi.instrument_files import read_instrument_file
from supervisi.scoring.answers import parse_answer
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.gates import judge
from supervisi.scoring.parse import parse_instrument

FILES = [read_instrument_file(code) for code in ("lke-2021", "polsek-2026")]
INSTRUMENTS = [file.instrument for file in FILES]
SCALES = {
    "yes_no": {"Ya": "1", "Tidak": "0"},
    "abcd": {"A": "1", "B": "0.67", "C": "0.33", "D": "0"},
    "percent": {},
    "index": {},
}
FORMULAS = {
    "ratio": {"kind": "ratio", "numerator": "a", "denominators": ["b", "c"]},
    "decline": {"kind": "decline", "before": "a", "now": "b"},
}


def small_item(draw, code, scales):
    scale = draw(st.sampled_from(scales))
    item = {"code": code, "question": "?", "scale": scale}
    if scale == "index":
        return item | {"formula": {"kind": "index", "maximum": "4"}}
    if scale == "percent":
        formula = FORMULAS[draw(st.sampled_from(sorted(FORMULAS)))]
        return item | {"formula": formula, "inputs": [{"key": key, "label": key} for key in "abc"]}
    return item | {"criteria": dict.fromkeys(SCALES[scale], "kriteria")}


def small_sub(draw, code, weight):
    """A sub by mean, or one whose items carry weights of their own (the last one what is left)."""
    count = draw(st.integers(1, 4))
    node = {"code": code, "name": code, "weight": str(weight)}
    if draw(st.booleans()):
        items = [small_item(draw, f"{code}.{number}", sorted(SCALES)) for number in range(count)]
        return node | {"rule": "mean", "when_empty": draw(st.sampled_from(["zero", "full"])), "items": items}
    parts = [Fraction(weight, count + 1)] * (count - 1)
    parts.append(weight - sum(parts, Fraction()))
    items = [
        small_item(draw, f"{code}.{number}", ["abcd", "index"]) | {"weight": str(part)}
        for number, part in enumerate(parts)
    ]
    return node | {"rule": "sum", "items": items}


@st.composite
def small_instruments(draw):
    """A random tree: two components of subs with random weights that sum to 100."""
    first = draw(st.integers(1, 99))
    nodes = []
    for index, weight in enumerate((first, 100 - first)):
        code, share = f"X.{index}", Fraction(weight, draw(st.integers(1, 3)))
        subs = [small_sub(draw, f"{code}.{number}", share) for number in range(int(weight / share))]
        nodes.append({"code": code, "name": code, "weight": str(weight), "rule": "sum", "children": subs})
    return parse_instrument(
        {
            "code": "kecil",
            "version": "1",
            "name": "Kecil",
            "label": "uji",
            "is_official": False,
            "period_kind": "year",
            "unit_kinds": ["polsek"],
            "scales": SCALES,
            "areas": [{"key": "1", "label": "Satu", "nodes": ["X.0"]}, {"key": "2", "label": "Dua", "nodes": ["X.1"]}],
            "nodes": nodes,
        }
    )


any_instrument = st.one_of(st.sampled_from(INSTRUMENTS), small_instruments())


def raw_answers(item, *, partial=False):
    """Any answer that the item can have; with `partial` some inputs may be missing."""
    if item.options:
        return st.sampled_from([option.code for option in item.options])
    if item.formula.kind == "index":
        return st.integers(0, 400).map(lambda hundredths: str(Fraction(hundredths, 100).__float__()))
    counts = {entry.key: st.integers(0, 6) for entry in item.inputs}
    return st.fixed_dictionaries({}, optional=counts) if partial else st.fixed_dictionaries(counts)


@st.composite
def sheets(draw, *, complete=False):
    instrument = draw(any_instrument)
    answers = {}
    for item in instrument.items:
        if complete or draw(st.booleans()):
            answers[item.code] = draw(raw_answers(item, partial=not complete))
    return instrument, answers


@given(sheets())
def test_every_score_lies_between_nothing_and_its_weight(sheet):
    instrument, answers = sheet
    score = score_sheet(instrument, answers)
    for code, node in instrument.nodes.items():
        assert 0 <= score.complete[code] <= score.provisional[code] <= node.weight
    assert score.complete["total"] <= score.provisional["total"] <= instrument.weight


@given(sheets(complete=True))
def test_both_scores_are_equal_once_everything_is_answered(sheet):
    instrument, answers = sheet
    score = score_sheet(instrument, answers)
    assert not score.unanswered
    assert score.complete == score.provisional


@given(sheets(), st.randoms(use_true_random=False))
def test_the_order_of_answers_does_not_matter(sheet, random):
    instrument, answers = sheet
    shuffled = list(answers.items())
    random.shuffle(shuffled)
    assert score_sheet(instrument, dict(shuffled)) == score_sheet(instrument, answers)


@given(sheets(), st.data())
def test_a_better_option_never_lowers_any_score(sheet, data):
    instrument, answers = sheet
    item = data.draw(st.sampled_from(instrument.items))
    first, second = data.draw(raw_answers(item)), data.draw(raw_answers(item))
    values = [parse_answer(item, raw) for raw in (first, second)]
    if any(value.is_unanswerable for value in values):
        return
    assert all(value.is_answered for value in values)
    worse, better = sorted((first, second), key=lambda raw: parse_answer(item, raw).value)
    low = score_sheet(instrument, answers | {item.code: worse})
    high = score_sheet(instrument, answers | {item.code: better})
    for code in low.complete:
        assert low.complete[code] <= high.complete[code]
        assert low.provisional[code] <= high.provisional[code]
    for before, after in zip(judge(instrument, low), judge(instrument, high), strict=True):
        assert before.passed <= after.passed
        assert all(was.distance <= now.distance for was, now in zip(before.gates, after.gates, strict=True))


@given(sheets(), st.data())
def test_answering_one_more_item_never_lowers_the_complete_score(sheet, data):
    instrument, answers = sheet
    item = data.draw(st.sampled_from(instrument.items))
    answers.pop(item.code, None)
    before = score_sheet(instrument, answers).complete
    after = score_sheet(instrument, answers | {item.code: data.draw(raw_answers(item))}).complete
    assert all(before[code] <= after[code] for code in before)


def renamed(document):
    """Return the document with every code replaced by a meaningless one, and old codes by new ones."""
    codes = {"total": "total"}

    def node(raw):
        codes[raw["code"]] = code = f"Q{len(codes) * 7919 % 1009}"
        items = []
        for entry in raw.get("items", ()):
            codes[entry["code"]] = f"{code}.{len(codes)}"
            items.append(entry | {"code": codes[entry["code"]], "supports": []})
        parts = {"children": [node(child) for child in raw["children"]]} if "children" in raw else {"items": items}
        return raw | {"code": code} | parts

    nodes = [node(raw) for raw in document["nodes"]]
    areas = [area | {"nodes": [codes[code] for code in area["nodes"]]} for area in document["areas"]]
    predicates = [
        rule | {"gates": [gate | {"code": codes.get(gate["code"], gate["code"])} for gate in rule["gates"]]}
        for rule in document["predicates"]
    ]
    changed = {"nodes": nodes, "areas": areas, "predicates": predicates, "team_plan": [], "finding_texts": []}
    return parse_instrument(document | changed), codes


RENAMED = [renamed(file.document) for file in FILES]


def verdicts(instrument, score):
    return [[(gate.actual, gate.distance, gate.passed) for gate in rule.gates] for rule in judge(instrument, score)]


@given(st.sampled_from([0, 1]), st.data())
def test_scores_are_equal_after_all_codes_are_renamed(index, data):
    instrument, (other, codes) = INSTRUMENTS[index], RENAMED[index]
    answers = {item.code: data.draw(raw_answers(item)) for item in instrument.items if data.draw(st.booleans())}
    score = score_sheet(instrument, answers)
    moved = score_sheet(other, {codes[code]: raw for code, raw in answers.items()})
    for kind in ("provisional", "complete"):
        assert {codes[code]: value for code, value in getattr(score, kind).items()} == getattr(moved, kind)
    assert tuple(codes[code] for code in score.unanswerable) == moved.unanswerable
    assert verdicts(instrument, score) == verdicts(other, moved)


@given(sheets())
def test_a_sheet_equals_the_definition_computed_by_hand(sheet):
    """A second, slow reading of the rules, straight from the definition."""
    instrument, answers = sheet

    def points(node, *, is_complete):
        if node.children:
            return sum(points(child, is_complete=is_complete) for child in node.children)
        parsed = [(item, parse_answer(item, answers.get(item.code))) for item in node.items]
        if node.rule == "sum":
            return sum((value.value or 0) * item.weight for item, value in parsed)
        counting = [value for _, value in parsed if not value.is_unanswerable]
        if not counting:
            return node.weight if node.when_empty == "full" else 0
        if not is_complete:
            counting = [value for value in counting if value.is_answered]
        return sum((value.value or 0 for value in counting), Fraction()) * node.weight / max(1, len(counting))

    score = score_sheet(instrument, answers)
    for code, node in instrument.nodes.items():
        assert score.complete[code] == points(node, is_complete=True)
        assert score.provisional[code] == points(node, is_complete=False)
