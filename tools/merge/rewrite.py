"""Rewrites one module for its unit: names in their new form, line by line where they were.

Only names are touched. Every line stays on its number, so that the place of an error in a merged
file can be told: docs/budget.md.
"""

import ast
import re
from collections import defaultdict

from names import CONST, Names, Thing
from scopes import COMPREHENSIONS, DEFINITIONS, bound

# From here on integers in constant tuples are frozen as long ones, whatever the controller, and
# every sum with them allocates. Built when the module is loaded, a tuple has short ones.
_SHORT = 0x2000
_KEYWORD = re.compile(rb"(async\s+)?def\s+|class\s+")


def rewritten(module: str, root: str, names: Names, known: set) -> str:
    """The text of a module as a part of the unit `root`.

    `known` are the things that the unit has imported so far; what this module adds to them is
    imported where its first import was.
    """
    work = _Rewriter(module, root, names)
    tree = work.visit(names.modules[module].tree)
    wanted = [thing for thing in work.wanted if thing not in known]
    known.update(wanted)
    line = _imports(root, wanted, names)
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            work.replace(node, line)
            line = ""
    if line:
        raise ValueError(f"{module} has no line for its imports")
    return work.text()


def _imports(root: str, wanted: list, names: Names) -> str:
    """One line that imports these things into a unit."""
    found = defaultdict(list)
    for thing in wanted:
        module, name = names.imported_as(thing)
        here = names.called(root, thing)
        if not name:
            module, _, name = module.rpartition(".")
        found[module].append(name if name == here else f"{name} as {here}")
    return "; ".join(
        f"from {module} import {', '.join(parts)}" if module else f"import {', '.join(parts)}"
        for module, parts in found.items()
    )


class _Rewriter(ast.NodeTransformer):
    """Walks a module's tree, changes it, and notes what that means for the text."""

    def __init__(self, module: str, root: str, names: Names):
        self.wanted = {}  # things of other units, in the order of their use
        self._module = module
        self._root = root
        self._names = names
        self._lines = names.modules[module].text.encode().split(b"\n")
        self._edits = []
        self._scopes = []
        self._quiet = 0  # within an f-string, whose parts have no place of their own
        self._changed = False
        self._searched = False  # the next node is only searched for a value

    def text(self) -> str:
        """The module's text with all that was noted."""
        # What is put in where something else begins comes before that.
        for (first, begin), (last, end), new in sorted(self._edits, reverse=True):
            tail = self._lines[last][end:]
            rest = [b""] * (last - first)
            self._lines[first : last + 1] = [self._lines[first][:begin] + new.encode(), *rest]
            self._lines[last] += tail
        return b"\n".join(self._lines).decode()

    def _edit(self, begin: tuple, end: tuple, new: str):
        """Note that what is between two places (line, column), counted from 0, reads `new`."""
        self._edits.append((begin, end, new))

    def replace(self, node, new: str):
        """Note that a node reads differently."""
        self._changed = True
        if not self._quiet:
            end = node.end_lineno - 1, node.end_col_offset
            self._edit((node.lineno - 1, node.col_offset), end, new)

    def visit(self, node):
        """Visit a node, whatever it is."""
        if isinstance(node, DEFINITIONS):
            return self._defined(node)
        if isinstance(node, COMPREHENSIONS):
            return self._comprehension(node)
        return super().visit(node)

    # Names.

    def visit_Name(self, node):
        thing = self._names.thing(self._module, node.id)
        if self._local(node.id):
            in_class = self._scopes[-1][0] is ast.ClassDef and isinstance(node.ctx, ast.Load)
            if in_class and thing is not None and node.id in self._scopes[-1][1]:
                raise ValueError(f"{self._place(node)}: {node.id} of the class, or of the module?")
            return node
        return node if thing is None else self._refer(node, thing)

    def visit_Attribute(self, node):
        if isinstance(node.value, ast.Name) and not self._local(node.value.id):
            thing = self._names.thing(self._module, node.value.id)
            if thing and not thing.name and thing.module in self._names.modules:
                found = self._names.thing(thing.module, node.attr)
                if found is None:
                    raise ValueError(f"{self._place(node)}: {thing.module} has no {node.attr}")
                if self._names.merged(thing.module) or found.module != thing.module:
                    return self._refer(node, found)
        return self.generic_visit(node)

    def _refer(self, node, thing: Thing):
        """Let a name or an attribute stand for a thing."""
        if not thing.name and self._names.merged(thing.module):
            raise ValueError(f"{self._place(node)}: {thing.module} itself is used, and merged")
        if thing == CONST:
            return node
        own = self._names.root.get(thing.module) == self._root
        if thing in self._names.values and not own:
            value = self._names.values[thing]
            self.replace(node, f"({value})" if value < 0 else str(value))
            return ast.copy_location(ast.Constant(value), node)
        if not own:
            self.wanted[thing] = None
        name = self._names.called(self._root, thing)
        if isinstance(node, ast.Name) and node.id == name:
            return node
        if self._local(name):
            raise ValueError(f"{self._place(node)}: {name} would be a local name here")
        self.replace(node, name)
        return ast.copy_location(ast.Name(name, node.ctx), node)

    def _place(self, node) -> str:
        return f"{self._module}, line {node.lineno}"

    def _local(self, name: str) -> bool:
        for number, (kind, own) in enumerate(reversed(self._scopes)):
            if name in own and (number == 0 or kind is not ast.ClassDef):
                return True
        return False

    def visit_Tuple(self, node):
        searched, self._searched = self._searched, False
        if not searched and any(self._is_long(part) for part in node.elts) and self._folded(node):
            self._unfold(node)
        return self.generic_visit(node)

    def visit_Compare(self, node):
        node.left = self.visit(node.left)
        for number, part in enumerate(node.comparators):
            self._searched = isinstance(node.ops[number], (ast.In, ast.NotIn))
            node.comparators[number] = self.visit(part)
            self._searched = False
        return node

    def _is_long(self, node) -> bool:
        value = self._names.value(node, self._module)
        return isinstance(value, int) and not -_SHORT <= value < _SHORT

    def _folded(self, node) -> bool:
        """Whether the compiler makes one constant of a tuple."""
        return isinstance(node, ast.Constant) or (
            all(self._folded(part) for part in node.elts)
            if isinstance(node, ast.Tuple)
            else self._names.value(node, self._module) is not None
        )

    def _unfold(self, node):
        first, last = node.lineno - 1, node.end_lineno - 1
        begin, end = node.col_offset, node.end_col_offset
        if self._quiet:
            raise ValueError(f"{self._place(node)}: a tuple of long integers in an f-string")
        paren = self._lines[first][begin : begin + 1] == b"("
        self._edit((first, begin), (first, begin + paren), "tuple([")
        self._edit((last, end - paren), (last, end), "])")

    # What has names of its own.

    def _defined(self, node):
        self._outer(node)
        if not self._scopes:
            thing = Thing(self._module, node.name)
            name = self._names.called(self._root, thing)
            if name != node.name:
                line = self._lines[node.lineno - 1]
                start = _KEYWORD.match(line, node.col_offset).end()
                at = node.lineno - 1
                self._edit((at, start), (at, start + len(node.name.encode())), name)
                node.name = name
        self._scopes.append((type(node), bound(node)))
        node.body = [self.visit(part) for part in node.body]
        self._scopes.pop()
        return node

    def _outer(self, node):
        """What a definition has evaluated outside of it: decorators, defaults, base classes."""
        for part in getattr(node, "decorator_list", ()):
            self.visit(part)
        if isinstance(node, ast.ClassDef):
            node.bases = [self.visit(part) for part in node.bases]
        else:
            given = node.args
            given.defaults = [self.visit(part) for part in given.defaults]
            given.kw_defaults = [part and self.visit(part) for part in given.kw_defaults]

    def visit_Lambda(self, node):
        self._outer(node)
        self._scopes.append((ast.Lambda, bound(node)))
        node.body = self.visit(node.body)
        self._scopes.pop()
        return node

    def _comprehension(self, node):
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        self._scopes.append((type(node), bound(node)))
        for number, generator in enumerate(node.generators):
            if number:
                generator.iter = self.visit(generator.iter)
            generator.ifs = [self.visit(part) for part in generator.ifs]
        for part in ("key", "value", "elt"):
            if hasattr(node, part):
                setattr(node, part, self.visit(getattr(node, part)))
        self._scopes.pop()
        return node

    def visit_JoinedStr(self, node):
        before, self._changed = self._changed, False
        self._quiet += 1
        self.generic_visit(node)
        self._quiet -= 1
        if self._changed:
            self.replace(node, ast.unparse(node))
        self._changed = self._changed or before
        return node

    # Imports.

    def visit_ImportFrom(self, node):
        if not self._scopes:
            return node  # see rewritten()
        new = []
        for alias in node.names:
            here = alias.asname or alias.name
            inner = f"{node.module}.{alias.name}"
            if inner in self._names.modules:  # a merged one answers under its old name, too
                new.append((node.module, alias.name, here))
                continue
            thing = Thing(node.module, alias.name)
            if node.module in self._names.modules:
                thing = self._names.thing(node.module, alias.name)
            if thing in self._names.values:
                new.append((None, self._names.values[thing], here))
            else:
                new.append((*self._names.imported_as(thing), here))
        line = "; ".join(_late(*one) for one in new)
        if any(module != node.module for module, _, _ in new):
            self.replace(node, line)
        return node

    def visit_Global(self, node):
        raise ValueError(f"{self._place(node)}: global names cannot be merged")


def _late(module, name, here) -> str:
    if module is None:
        return f"{here} = {name!r}"
    return f"from {module} import {name}" + ("" if name == here else f" as {here}")
