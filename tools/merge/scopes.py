"""Which names are a function's, a class's or a comprehension's own."""

import ast

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bound(node) -> set:
    """The names that are a scope's own."""
    if isinstance(node, COMPREHENSIONS):
        targets = [part for generator in node.generators for part in ast.walk(generator.target)]
        return {one.id for one in targets if isinstance(one, ast.Name)}
    found = set() if isinstance(node, ast.ClassDef) else _parameters(node.args)
    left = list(node.body) if isinstance(node.body, list) else [node.body]
    while left:
        one = left.pop()
        found.update(_given(one))
        if isinstance(one, COMPREHENSIONS):
            inner = (part for part in ast.walk(one) if isinstance(part, ast.NamedExpr))
            found |= {part.target.id for part in inner}
        elif not isinstance(one, (*DEFINITIONS, ast.Lambda)):
            left.extend(ast.iter_child_nodes(one))
    return found


def _parameters(given: ast.arguments) -> set:
    every = (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg)
    return {one.arg for one in every if one}


def _given(node):
    """Yield the names that a node itself gives a value in the scope around it."""
    if isinstance(node, DEFINITIONS):
        yield node.name
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name for alias in node.names)
