"""Paths into a JSON document: `a.b`, `a[0]`, `a["x y"]`, `a[{"el1":"v1","el2":3}].value`."""

from micropython import const

from firmware.codec.relaxed_json import JsonError, loads

_LONGEST = const(200)
_NAME_ENDS = ".["


class QueryError(Exception):
    """What is wrong with the text of a query; `position` counts characters from 0."""

    def __init__(self, problem: str, position: int):
        self.problem = problem
        self.position = position

    def __str__(self):
        return f"{self.problem} at position {self.position}"


def compile_query(text: str) -> list:
    """Steps for `find`: a str for a member, an int for an element, a dict for the first element
    with these members. Raises QueryError."""
    if len(text) > _LONGEST:
        raise QueryError(f"longer than {_LONGEST} characters", _LONGEST)
    steps = []
    at = 0
    while at < len(text):
        if text[at] == "[":
            end = _closing(text, at)
            steps.append(_bracket(text[at + 1 : end], at))
            at = end + 1
            continue
        if text[at] == "." and steps:
            at += 1
        end = at
        while end < len(text) and text[end] not in _NAME_ENDS:
            end += 1
        if end == at:
            raise QueryError("a name is missing", at)
        steps.append(text[at:end])
        at = end
    return steps


def _closing(text: str, at: int) -> int:
    quoted = ""
    for end in range(at + 1, len(text)):
        char = text[end]
        if quoted:
            quoted = "" if char == quoted else quoted
        elif char in "\"'":
            quoted = char
        elif char == "]":
            return end
    raise QueryError("'[' is never closed", at)


def _bracket(inside: str, at: int):
    try:
        step = loads(inside)
    except JsonError:
        raise QueryError("between [ and ] belongs a number, a text or an object", at)
    if isinstance(step, bool) or not isinstance(step, (int, str, dict)):
        raise QueryError("between [ and ] belongs a number, a text or an object", at)
    return step


def find(document, steps: list):
    """What the steps lead to in a parsed document; None when it is not there."""
    for step in steps:
        if isinstance(document, dict):
            document = document.get(step) if isinstance(step, str) else None
        elif isinstance(document, list):
            document = _element(document, step)
        else:
            return None
    return document


def _element(elements: list, step):
    if isinstance(step, int):
        return elements[step] if -len(elements) <= step < len(elements) else None
    if isinstance(step, dict):
        for element in elements:
            if isinstance(element, dict) and _matches(element, step):
                return element
    return None


def _matches(element: dict, wanted: dict) -> bool:
    for name, value in wanted.items():
        if name not in element or element[name] != value:
            return False
    return True
