"""The mutants of a module: every small change of its text that a test should notice.

Messages for people, log lines, annotations and asserts are left alone: nothing may depend on them.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lib.settings import ROOT

#: Operator → its opposite, and its neighbour at the border.
_COMPARED: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: (r"is\s+not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: (r"not\s+in", ("in",)),
}
_COUNTED: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: (r"\+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: (r"\*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: (r"\*\*", "*"),
}
_SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}
#: Statements that a mutant leaves out.
_DELETED = ast.Raise | ast.Continue | ast.Break | ast.AugAssign | ast.Expr | ast.Assign
#: What only tells people or machines that watch; no decision reads it.
_TOLD = {"note"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a module's text."""

    module: str
    #: Qualified name of the outermost function that it is in; empty for the module's own lines.
    function: str
    line: int
    #: The line as it stands, and as it becomes.
    was: str
    becomes: str
    source: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is known by when lines move."""
        return (self.module, self.function, self.was, self.becomes)


def source_of(module: str) -> str:
    """Return the text of a module."""
    return (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")


@functools.cache
def mutants_of(module: str) -> list[Mutant]:
    """Return every mutant of a module, in the order of its lines, each text once."""
    return mutants_in(source_of(module), module)


def mutants_in(source: str, module: str) -> list[Mutant]:
    """Return every mutant of a text that is a module's."""
    tree = ast.parse(source)
    whole = _Text(source)
    found: dict[str, Mutant] = {}
    for node, function in _walk(tree):
        for start, end, text in _changes(node, whole):
            mutated = whole.with_span(start, end, text)
            if mutated == source or mutated in found or not _is_python(mutated):
                continue
            was, becomes = whole.lines_of(start, end, text)
            found[mutated] = Mutant(module, function, whole.line(start), was, becomes, mutated)
    return sorted(found.values(), key=lambda mutant: mutant.line)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


class _Text:
    """A module's text, by the byte offsets that ``ast`` counts in."""

    def __init__(self, source: str) -> None:
        self.bytes = source.encode()
        lines = self.bytes.splitlines(keepends=True)
        self.starts = [0]
        for line in lines:
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        start = self.starts[node.lineno - 1] + node.col_offset
        return start, self.starts[node.end_lineno - 1] + node.end_col_offset

    def of(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.bytes[start:end].decode()

    def between(self, left: int, right: int) -> str:
        return self.bytes[left:right].decode()

    def line(self, start: int) -> int:
        return self.bytes.count(b"\n", 0, start) + 1

    def with_span(self, start: int, end: int, text: str) -> str:
        return (self.bytes[:start] + text.encode() + self.bytes[end:]).decode()

    def lines_of(self, start: int, end: int, text: str) -> tuple[str, str]:
        """Return the lines that a change touches, before and after, with single spaces."""
        first = self.bytes.rfind(b"\n", 0, start) + 1
        last = self.bytes.find(b"\n", end)
        last = len(self.bytes) if last < 0 else last
        after = self.bytes[first:start].decode() + text + self.bytes[end:last].decode()
        return _plain(self.bytes[first:last].decode()), _plain(after)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _walk(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield every node that may be changed, with the name of its outermost function."""

    def visit(node: ast.AST, function: str, classes: str) -> Iterator[tuple[ast.AST, str]]:
        if _is_left_alone(node):
            return
        yield node, function
        if isinstance(node, ast.ClassDef):
            classes += f"{node.name}."
        inside = function
        if isinstance(node, ast.FunctionDef) and not function:
            inside = f"{classes}{node.name}"
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            owner = inside if name == "body" else function
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from visit(child, owner, classes)

    for child in tree.body:
        yield from visit(child, "", "")


def _is_left_alone(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr | ast.Assert | ast.Import | ast.ImportFrom | ast.Delete):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring
    if isinstance(node, ast.Assign) and _is_alias(node.value):
        return True
    told = node.value if isinstance(node, ast.Expr) else None
    return isinstance(told, ast.Call) and _called(told) in _TOLD


def _is_alias(value: ast.expr) -> bool:
    """Tell whether this is a type under a name of its own."""
    if isinstance(value, ast.Subscript):
        return isinstance(value.value, ast.Name) and value.value.id[0].isupper()
    union = isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr)
    return union and all(n.id[0].isupper() for n in ast.walk(value) if isinstance(n, ast.Name))


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _changes(node: ast.AST, text: _Text) -> Iterator[tuple[int, int, str]]:
    """Yield the changes at one node: where from, where to, and what stands there then."""
    kinds = (_of_condition, _of_comparison, _of_logic, _of_number, _of_statement, _of_call)
    for kind in kinds:
        yield from kind(node, text)


def _of_condition(node: ast.AST, text: _Text) -> Iterator[tuple[int, int, str]]:
    if isinstance(node, ast.If | ast.IfExp):
        yield *text.span(node.test), "True"
        yield *text.span(node.test), "False"
    elif isinstance(node, ast.While):
        yield *text.span(node.test), "False"
    elif isinstance(node, ast.comprehension):
        for condition in node.ifs:
            yield *text.span(condition), "True"


def _of_comparison(node: ast.AST, text: _Text) -> Iterator[tuple[int, int, str]]:
    if not isinstance(node, ast.Compare):
        return
    sides = [node.left, *node.comparators]
    for left, right, operator in zip(sides, sides[1:], node.ops, strict=False):
        pattern, others = _COMPARED[type(operator)]
        yield from _between(text, left, right, pattern, others)


def _between(
    text: _Text, left: ast.AST, right: ast.AST, pattern: str, others: tuple[str, ...]
) -> Iterator[tuple[int, int, str]]:
    """Put other operators between two operands."""
    start, end = text.span(left)[1], text.span(right)[0]
    found = re.search(pattern, text.between(start, end))
    for other in others if found else ():
        yield start + found.start(), start + found.end(), other


def _of_logic(node: ast.AST, text: _Text) -> Iterator[tuple[int, int, str]]:
    if isinstance(node, ast.BoolOp):
        word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from _between(text, left, right, rf"\b{word}\b", (other,))
        for gone in node.values:
            rest = [f"({text.of(value)})" for value in node.values if value is not gone]
            yield *text.span(node), f" {word} ".join(rest)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield *text.span(node), f"({text.of(node.operand)})"
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield *text.span(node), f"({text.of(node.left)})"
        yield *text.span(node), f"({text.of(node.right)})"


def _of_number(node: ast.AST, text: _Text) -> Iterator[tuple[int, int, str]]:
    if isinstance(node, ast.BinOp) and type(node.op) in _COUNTED:
        pattern, other = _COUNTED[type(node.op)]
        yield from _between(text, node.left, node.right, pattern, (other,))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield *text.span(node), str(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield *text.span(node), str(node.value + 1)
        yield *text.span(node), f"({node.value - 1})"
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        members = _enums().get(node.value.id, ())
        if node.attr in members:
            other = members[(members.index(node.attr) + 1) % len(members)]
            yield *text.span(node), f"{node.value.id}.{other}"


@functools.cache
def _enums() -> dict[str, tuple[str, ...]]:
    """Return the members of every enum of ours by the enum's name."""
    found = {}
    for file in sorted((ROOT / "lib").rglob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(b) for b in node.bases):
                members = [s.targets[0] for s in node.body if isinstance(s, ast.Assign)]
                found[node.name] = tuple(m.id for m in members if isinstance(m, ast.Name))
    return found


def _of_statement(node: ast.AST, text: _Text) -> Iterator[tuple[int, int, str]]:
    if isinstance(node, ast.Return):
        value = node.value.value if isinstance(node.value, ast.Constant) else node.value
        if value == "":
            yield *text.span(node), 'return "mutant"'
        elif isinstance(value, ast.expr):  # for what is no constant; True and False turn round
            yield *text.span(node), "return None"
    elif isinstance(node, _DELETED):
        named = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name | ast.Tuple)
        if not named:  # a name that was never given is no mutant, but an error
            yield *text.span(node), "pass"
    elif isinstance(node, ast.For):
        yield *text.span(node.iter), "()"
    elif isinstance(node, ast.ExceptHandler):
        start, end = text.span(node.body[0])[0], text.span(node.body[-1])[1]
        yield start, end, "raise"


def _of_call(node: ast.AST, text: _Text) -> Iterator[tuple[int, int, str]]:
    if not isinstance(node, ast.Call):
        return
    other = _SWAPPED.get(_called(node))
    if other:
        yield *text.span(node.func), other
    for keyword in node.keywords:
        if keyword.arg is not None:
            start, end = text.span(keyword)
            comma = re.match(r"\s*,", text.bytes[end:].decode())
            yield start, end + (comma.end() if comma else 0), ""
