"""Small changes to a syntax tree, one at a time: what a tired programmer might have written."""

import ast

_COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.RShift: ast.LShift,
    ast.LShift: ast.RShift,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


class Mutant:
    """One change: where and what; `node` and `way` find it again."""

    def __init__(self, line: int, what: str, node: int, way: int):
        self.line = line
        self.what = what
        self.node = node
        self.way = way

    def tree(self, source: str):
        """The syntax tree of the source with this change in it."""
        tree = ast.parse(source)
        node = _at(tree, self.node)
        change = [change for _, change in _changes(node)][self.way]
        change(node)
        return ast.fix_missing_locations(tree)


def mutants(source: str):
    """All mutants of a module's source.

    A counter of milliseconds that starts at, or is cut at, 1 instead of 0 is no mutant: a pilot
    step lasts ten of them, so that nothing in the world could tell.
    """
    tree = ast.parse(source)
    spared = _milliseconds(tree)
    for index, node in enumerate(ast.walk(tree)):
        if id(node) in spared:
            continue
        for way, (what, _) in enumerate(_changes(node)):
            yield Mutant(getattr(node, "lineno", 0), what, index, way)


def _milliseconds(tree) -> set:
    found = set()
    for node in ast.walk(tree):
        sets = isinstance(node, (ast.Assign, ast.AugAssign, ast.Compare))
        if sets and "_ms" in ast.unparse(node):
            found |= {id(part) for part in ast.walk(node) if _is_zero(part)}
    return found


def _is_zero(node) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0 and node.value is not False


def _at(tree, wanted: int):
    for index, node in enumerate(ast.walk(tree)):
        if index == wanted:
            return node
    raise IndexError(wanted)


def _changes(node):
    """(description, function that changes the node) for each way to spoil it."""
    for kind, ways in _WAYS:
        if isinstance(node, kind):
            yield from ways(node)


def _comparisons(node):
    for place, operator in enumerate(node.ops):
        other = _COMPARISONS[type(operator)]
        yield f"{_text(node)}: {other.__name__}", _compare(place, other)


def _operators(node):
    other = _OPERATORS.get(type(node.op))
    if other:
        yield f"{_text(node)}: {other.__name__}", lambda twin: setattr(twin, "op", other())


def _entries(node):
    for place, key in enumerate(node.keys):
        yield f"{_text(node)}: without {_text(key)}", _without(place)


def _branch(node):
    yield f"if {_text(node.test)}: never", _never


def _constants(node):
    value = node.value
    if isinstance(value, bool):
        yield f"{value}: {not value}", lambda twin: setattr(twin, "value", not value)
    elif isinstance(value, int):
        other = value + (value // 10 or 1)
        yield f"{value}: {other}", lambda twin: setattr(twin, "value", other)


def _statements(node):
    for place, statement in enumerate(node.body):
        if isinstance(statement, (ast.Assign, ast.AugAssign)) or (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        ):
            yield f"without {_text(statement)}", _emptied(place)


def _compare(place, other):
    return lambda twin: twin.ops.__setitem__(place, other())


def _without(place):
    def change(twin):
        del twin.keys[place], twin.values[place]

    return change


def _never(twin):
    twin.test = ast.Constant(False)


def _emptied(place):
    return lambda twin: twin.body.__setitem__(place, ast.Pass())


def _text(node) -> str:
    return " ".join(ast.unparse(node).split())[:60]


_WAYS = (
    (ast.Compare, _comparisons),
    (ast.BinOp, _operators),
    (ast.AugAssign, _operators),
    (ast.BoolOp, _operators),
    (ast.Constant, _constants),
    (ast.Dict, _entries),
    (ast.If, _branch),
    (ast.FunctionDef, _statements),
)
