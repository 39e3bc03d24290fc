"""A small spreadsheet program: computes the workbook's formulas anew, without trusting a cached value."""

import ast
import re

FUNCTIONS = ("IF", "SUM", "COUNT", "COUNTIF", "AVERAGE", "MIN", "MAX", "UPPER", "TRIM", "ROUND", "ISNUMBER")
_CELL = r"(?:(\w+)!)?(\$?[A-Z]+\$?\d+)(?::(\$?[A-Z]+\$?\d+))?"
_TOKEN = re.compile(rf'("[^"]*")|{_CELL}|(<>|<=|>=|=)|([A-Z]+)(?=\()')


class Program:
    """Formulas and contents of a whole book, computed on demand: {sheet: {cell: value or "=formula"}}."""

    def __init__(self, sheets):
        self.sheets, self.known = sheets, {}

    def value(self, sheet, cell):
        key = sheet, cell
        if key not in self.known:
            raw = self.sheets[sheet].get(cell)
            self.known[key] = self.compute(sheet, raw[1:]) if isinstance(raw, str) and raw[:1] == "=" else raw
        return self.known[key]

    def compute(self, sheet, formula):
        """Evaluate lazily, as a spreadsheet's IF does: the branch not taken may divide by nothing."""
        return self._walk(ast.parse(_TOKEN.sub(lambda found: _python(found, sheet), formula), mode="eval").body)

    def _walk(self, node):
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.BinOp):
            left, right = (self._number(self._walk(side)) for side in (node.left, node.right))
            return {
                ast.Add: lambda: left + right, ast.Sub: lambda: left - right, ast.Mult: lambda: left * right,
                ast.Div: lambda: left / right,
            }[type(node.op)]()  # fmt: skip
        if isinstance(node, ast.Compare):
            left, right = self._walk(node.left), self._walk(node.comparators[0])
            left, right = (0 if side is None else side for side in (left, right))
            if isinstance(left, str) != isinstance(right, str):
                assert isinstance(node.ops[0], ast.Eq), "a text is compared with a number"
                return False
            return {
                ast.Eq: lambda: left == right, ast.Lt: lambda: left < right, ast.GtE: lambda: left >= right,
            }[type(node.ops[0])]()  # fmt: skip
        assert isinstance(node, ast.Call), ast.dump(node)
        return self._call(node.func.id, node.args)

    @staticmethod
    def _number(value):
        assert not isinstance(value, str), "a text in a sum"
        return value or 0

    def _call(self, name, args):
        if name == "IF":
            return self._walk(args[1] if self._walk(args[0]) else args[2])
        if name == "cell":
            return self.value(*(part.value for part in args))
        found = [value for part in args for value in self._many(part)]
        numbers = [value for value in found if isinstance(value, int | float)]
        if name == "COUNTIF":
            return sum(value == found[-1] for value in found[:-1])
        if name == "ROUND":
            return round(found[0], int(found[1]))
        if name in {"UPPER", "TRIM"}:
            text = "" if found[0] is None else str(found[0])
            return text.upper() if name == "UPPER" else " ".join(text.split())
        return {
            "SUM": lambda: sum(numbers), "COUNT": lambda: len(numbers), "MIN": lambda: min(numbers),
            "MAX": lambda: max(numbers), "AVERAGE": lambda: sum(numbers) / len(numbers),
            "ISNUMBER": lambda: len(numbers) == 1,
        }[name]()  # fmt: skip

    def _many(self, part):
        if not (isinstance(part, ast.Call) and part.func.id == "block"):
            return [self._walk(part)]
        sheet, first, last = (each.value for each in part.args)
        column, low = re.fullmatch(r"([A-Z]+)(\d+)", first).groups()
        assert last.startswith(column), "blocks are of one column"
        return [self.value(sheet, f"{column}{row}") for row in range(int(low), int(last[len(column) :]) + 1)]


def _python(found, sheet):
    text, other, first, last, sign, function = found.groups()
    if text is not None:
        return repr(text[1:-1])
    if sign:
        return {"=": "==", "<>": "!="}.get(sign, sign)
    if function:
        assert function in FUNCTIONS, f"{function} is a function that this program doesn't have"
        return function
    place, first = repr(other or sheet), repr(first.replace("$", ""))
    return f"block({place},{first},{last.replace('$', '')!r})" if last else f"cell({place},{first})"
