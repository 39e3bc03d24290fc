"""Match the rows of a workbook with the items of an instrument: by outline, place and text, never by a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from supervisi.scoring.answers import AnswerFault, parse_answer
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.instrument import Instrument, Item, Node

from .cells import plain
from .outline import SCALE_WORDS, has_sum
from .package import EMPTY, Cell

# A text tells its item when it is this near to the item's own, and this much nearer than to any other.
_NEAR, _NEARER = 0.6, 0.3
NOTE_LIMIT = 4000
# Points by which a file's own figure may differ: some round to two decimals.
_OWN_MARGIN = 0.006


@dataclass(frozen=True)
class Row:
    """One row below the header. `column` is that of the marker, or of the text where there is no marker."""

    number: int
    column: int
    marker: str
    text: str
    # A scale, `input`, `slip` where an answer stands in its place, or empty.
    scale: str
    answer: Cell
    note: Cell
    # What the file itself computes for the row.
    own: Cell = EMPTY


@dataclass(frozen=True)
class FoundItem:
    """An item that the file has. `answer` is as `Answer.value` stores it; None when empty or refused."""

    code: str
    row: int
    answer: Any
    note: str
    # Rows of the inputs by key: where a filled-in template gets its numbers.
    inputs: dict[str, int]


@dataclass(frozen=True)
class Problem:
    """A row, or what stands in it, that was not taken over, and why."""

    row: int
    text: str
    message: str


@dataclass
class _Question:
    row: Row
    inputs: list[Row] = field(default_factory=list)


@dataclass
class _Group:
    """Questions below one heading. `root` is the marker of the component."""

    root: str
    node: Node | None
    questions: list[_Question] = field(default_factory=list)
    heading: Row | None = None


def match(instrument: Instrument, rows: Sequence[Row]) -> tuple[list[FoundItem], list[Problem]]:
    """Return the items that rows were found for, in the file's order, and what can't be matched."""
    return _Matcher(instrument).run(rows)


class _Matcher:
    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.paths: dict[tuple[str, ...], Node] = {}
        self.leaves: list[Node] = [node for node in instrument.nodes.values() if node.items]
        self.roots: dict[str, list[Node]] = {}
        for root in instrument.root:
            self._know(root, ())
        self.items: list[FoundItem] = []
        self.problems: list[Problem] = []

    def _know(self, node: Node, above: tuple[str, ...]) -> None:
        path = (*above, _last(node.code))
        self.paths[path] = node
        if node.items:
            self.roots.setdefault(path[0], []).append(node)
        for child in node.children:
            self._know(child, path)

    def run(self, rows: Sequence[Row]) -> tuple[list[FoundItem], list[Problem]]:
        groups = [group for group in self._groups(rows) if group.questions]
        self._by_order(groups)
        for group in groups:
            if group.node is None:
                self._unmatched(question.row for question in group.questions)
                continue
            self._match_group(group.node, group.questions)
        self._check_own(groups)
        return self.items, sorted(self.problems, key=lambda problem: problem.row)

    # --- outline ------------------------------------------------------------------------------

    def _groups(self, rows: Sequence[Row]) -> list[_Group]:
        """Part the questions by the headings above them."""
        ranks = {column: rank for rank, column in enumerate(sorted({row.column for row in rows if row.marker}))}
        path: list[str] = []
        by_node: dict[str, _Group] = {}
        groups = [_Group("", None)]
        for place, row in enumerate(rows):
            question = groups[-1].questions[-1] if groups[-1].questions else None
            if self._is_input(row, question):
                if question is None or question.row.scale != "percent":
                    self._unmatched([row])
                else:
                    question.inputs.append(row)
            elif row.scale and not self._is_only_heading(rows, place):
                groups[-1].questions.append(_Question(row))
            elif row.marker and row.marker != "-":
                path = self._deeper(path, ranks[row.column], row.marker.casefold(), groups[-1].node)
                node = self._node_of(path)
                fresh = _Group(path[0] if path else "", node, heading=row)
                group = by_node.setdefault(node.code, fresh) if node is not None else fresh
                groups.append(group)
        return list({id(group): group for group in groups}.values())

    @staticmethod
    def _is_input(row: Row, question: _Question | None) -> bool:
        if row.scale == "input":
            return True
        is_below_percent = question is not None and question.row.scale == "percent"
        return is_below_percent and not row.scale and not row.marker and _is_count(row.text)

    def _is_only_heading(self, rows: Sequence[Row], place: int) -> bool:
        """Tell whether a row with `%` is a heading: no inputs follow it."""
        if rows[place].scale != "percent":
            return False
        after = rows[place + 1] if place + 1 < len(rows) else None
        return after is None or not (after.scale == "input" or (not after.scale and _is_count(after.text)))

    def _deeper(self, path: list[str], rank: int, marker: str, present: Node | None) -> list[str]:
        """Return the path with the heading's marker; one that would lead back is a heading inside the present sub."""
        wanted = [*path[:rank], marker]
        node = self.paths.get(tuple(wanted))
        if node is not None and present is not None and node.items:
            order = [leaf.code for leaf in self.leaves]
            if order.index(node.code) <= order.index(present.code):
                return path
        return wanted

    def _node_of(self, path: list[str]) -> Node | None:
        for length in range(len(path), 0, -1):
            node = self.paths.get(tuple(path[:length]))
            if node is not None:
                return node if node.items else None
        return None

    def _by_order(self, groups: list[_Group]) -> None:
        """Give groups whose markers say nothing the subs that are left in their component, if sizes agree."""
        taken = {group.node.code for group in groups if group.node is not None}
        for root, leaves in self.roots.items():
            left = [leaf for leaf in leaves if leaf.code not in taken]
            open_groups = [group for group in groups if group.node is None and group.root == root]
            if [len(leaf.items) for leaf in left] == [len(group.questions) for group in open_groups]:
                for leaf, group in zip(left, open_groups, strict=True):
                    group.node = leaf

    # --- items --------------------------------------------------------------------------------

    def _match_group(self, node: Node, questions: list[_Question]) -> None:
        """By a text that leaves no doubt, then by place, if the file has as many rows as the sub has items."""
        pairs = dict(self._by_text(node.items, questions))
        if len(questions) == len(node.items):
            for place, item in enumerate(node.items):
                if place not in pairs and item not in pairs.values():
                    pairs[place] = item
        for place, question in enumerate(questions):
            found = pairs.get(place)
            if found is None:
                self._unmatched([question.row])
            elif self._fits(found, question.row):
                self._take(found, question)

    @staticmethod
    def _by_text(items: Sequence[Item], questions: list[_Question]) -> Iterator[tuple[int, Item]]:
        taken: set[str] = set()
        for place, question in enumerate(questions):
            scores = sorted(((_likeness(question.row.text, item.question), -n) for n, item in enumerate(items)))[::-1]
            best, rest = scores[0], scores[1:]
            item = items[-best[1]]
            if best[0] >= _NEAR and all(best[0] - other[0] >= _NEARER for other in rest) and item.code not in taken:
                taken.add(item.code)
                yield place, item

    def _fits(self, item: Item, row: Row) -> bool:
        if row.scale == item.scale or (row.scale == "slip" and item.options):
            return True
        theirs = SCALE_WORDS.get(row.scale, "lain").replace("\n", " ")
        ours = SCALE_WORDS[item.scale].replace("\n", " ")
        self._problem(row, f"Pilihan Jawaban di berkas {theirs}, sedangkan butir {item.code} memakai {ours}.")
        return False

    def _take(self, item: Item, question: _Question) -> None:
        row, inputs = question.row, self._inputs(item, question)
        if inputs is None:
            return
        raw: Any = {key: _count(entry.answer) for key, entry in inputs.items()} if item.inputs else row.answer.text
        if row.scale == "slip" and not row.answer.text.strip():
            self._problem(
                row, "Kolom Pilihan Jawaban berisi jawaban; kolom Jawaban kosong, jadi tidak ada yang diambil."
            )
        try:
            answer = parse_answer(item, raw if item.inputs else raw.strip() or None).raw
        except AnswerFault as fault:
            self._problem(row, f"Jawaban tidak diambil: {fault.message}")
            answer = None
        note = plain(row.note.text).strip()
        if len(note) > NOTE_LIMIT:
            self._problem(row, f"Catatan {len(note)} huruf tidak diambil; batasnya {NOTE_LIMIT}.")
            note = ""
        places = {key: entry.number for key, entry in inputs.items()}
        self.items.append(FoundItem(item.code, row.number, answer, note, places))

    def _inputs(self, item: Item, question: _Question) -> dict[str, Row] | None:
        """Return the rows of the inputs by key; None when they can't be told apart."""
        rows, count = question.inputs, len(item.inputs)
        if len(rows) == count + 1 and has_sum(item):
            self._check_sum(item, rows)
            rows = rows[1:]
        if len(rows) != count:
            self._problem(
                question.row, f"Butir {item.code} mempunyai {count} masukan; di berkas ada {len(rows)} baris."
            )
            return None
        return {entry.key: row for entry, row in zip(item.inputs, rows, strict=True)}

    def _check_sum(self, item: Item, rows: list[Row]) -> None:
        """Say when the sum above the inputs, often typed over, is another than theirs."""
        below = item.formula.denominators if item.formula is not None else ()
        parts = [_count(row.answer) for entry, row in zip(item.inputs, rows[1:], strict=True) if entry.key in below]
        told = _count(rows[0].answer)
        if isinstance(told, int) and all(isinstance(part, int) for part in parts) and told != sum(parts):
            self._problem(
                rows[0], f"Jumlah {told} tidak sama dengan rinciannya, {sum(parts)}. Yang dipakai rinciannya."
            )

    def _check_own(self, groups: list[_Group]) -> None:
        """Say where the file computes something else from the same answers; a part that wasn't read whole is left out.

        One workbook that circulates leaves one part out of a sub of the reform side.
        """
        answers = {found.code: found.answer for found in self.items}
        score, wrong = score_sheet(self.instrument, answers), []
        for group in groups:
            node, heading = group.node, group.heading
            if node is None or heading is None or not isinstance(heading.own.value, float):
                continue
            ours = score.provisional[node.code]
            if all(item.code in answers for item in node.items) and abs(heading.own.value - ours) > _OWN_MARGIN:
                wrong.append((heading, f"{node.code} {_shown(heading.own.value)}, portal {_shown(float(ours))}"))
        if wrong:
            told = "; ".join(text for _, text in wrong[:3]) + ("; …" if len(wrong) > 3 else "")
            self._problem(
                wrong[0][0],
                f"Nilai yang dihitung berkas lain pada {len(wrong)} bagian ({told}). Yang dipakai hitungan portal.",
            )

    # --- problems -----------------------------------------------------------------------------

    def _unmatched(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._problem(row, "Baris ini tidak dapat dicocokkan dengan butir mana pun.")

    def _problem(self, row: Row, message: str) -> None:
        self.problems.append(Problem(row.number, row.text[:200], message))


def _shown(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".").replace(".", ",")


def _last(code: str) -> str:
    return code.rsplit(".", 1)[-1].casefold()


def _is_count(text: str) -> bool:
    """Tell whether a text without a marker is that of an input."""
    return text.startswith(("-", "–")) or text.casefold().startswith("jumlah")


def _count(cell: Cell) -> Any:
    """Return an input as the engine reads it: a whole number where it is one."""
    if isinstance(cell.value, float) and cell.value.is_integer():
        return int(cell.value)
    return cell.text.strip() or None


def _likeness(one: str, other: str) -> float:
    """Return how much of two texts' words is the same, 0 to 1."""
    first, second = set(re.findall(r"\w+", one.casefold())), set(re.findall(r"\w+", other.casefold()))
    return len(first & second) / len(first | second) if first and second else 0.0
