"""Formulas such as `PB.input2 ? 25000 : 0`: compiled to a short program without loops.

Operators by rising precedence: `?:`, `||`, `&&`, `|`, `&`, `== !=`, `< <= > >=`, `+ -`, `* / %`,
`! -`, `^` (power, from the right). Functions: min, max, abs, clamp(x, low, high), round, sqrt,
exists(name). Numbers are integers as long as they can be; a fraction is a float.
"""

from micropython import const

_LARGEST = 1 << 53  # an integer beyond this becomes a float, so that none can grow without end

# The program: a byte per step, those from _CALL on followed by one more. Steps below 16 are the
# binary operators of formula_parser.py in its order.
_POWER = const(15)
_NOT = const(16)
_NEGATE = const(17)
_CALL = const(20)  # + the function's number; followed by the number of arguments
_NUMBER = const(30)
_EXISTS = const(32)
_HOST = const(33)  # a function of the host
_JUMP = const(34)
_UNLESS = const(35)  # jump if false
_OR = const(36)  # jump if true, and leave 1; 37: jump if false, and leave 0


class FormulaError(Exception):
    """What is wrong; `position` counts characters from 0, None when it shows only in use."""

    def __init__(self, problem: str, position: int | None = None):
        self.problem = problem
        self.position = position

    def __str__(self):
        if self.position is None:
            return self.problem
        return f"{self.problem} at position {self.position}"


class Formula:
    """A compiled formula; raises FormulaError for a text that is none."""

    def __init__(self, text: str):
        from firmware.codec.formula_parser import compile_formula

        self._program, self._constants = compile_formula(text)

    def names(self):
        """The names whose values are needed."""
        return [constant for constant in self._constants if isinstance(constant, str)]

    def value(self, lookup):
        """The result, an integer or a float; None when a value that is needed is unknown.

        `lookup(name)` gives a number, None for unknown. min_price and its like are asked as
        `lookup(name, argument)`. Raises FormulaError for a division by zero and its like.
        """
        stack = []
        at = 0
        program = self._program
        while at < len(program):
            code = program[at]
            at += 1
            if code < _CALL:
                _operate(code, stack)
                continue
            argument = program[at]
            at += 1
            if code >= _JUMP:
                at = _branch(code, stack, at, argument)
            elif code < _NUMBER:
                _call(code - _CALL, stack, argument)
            else:
                number = self._fetch(code, stack, argument, lookup)
                if number is None:
                    return None
                stack.append(number)
        return stack[0]

    def _fetch(self, code: int, stack: list, argument: int, lookup):
        constant = self._constants[argument]
        if code == _NUMBER:
            return constant
        if code == _HOST:
            return lookup(constant, stack.pop())
        number = lookup(constant)
        return (0 if number is None else 1) if code == _EXISTS else number


def _branch(code: int, stack: list, at: int, target: int) -> int:
    if code == _JUMP:
        return target
    if code == _UNLESS:
        return at if stack.pop() else target
    truth = 1 if stack.pop() else 0
    if truth == (code == _OR):
        stack.append(truth)
        return target
    return at


def _operate(code: int, stack: list):
    right = stack.pop()
    if code == _NOT:
        stack.append(0 if right else 1)
    elif code == _NEGATE:
        stack.append(-right)
    elif code < 2:  # || and && whose left side did not decide
        stack.append(1 if right else 0)
    elif code < 4:
        stack.append(_bounded(_bits(code, int(stack.pop()), int(right))))
    elif code < 10:
        stack.append(1 if _compare(code, stack.pop(), right) else 0)
    else:
        stack.append(_bounded(_reckon(code, stack.pop(), right)))


def _bits(code: int, left: int, right: int) -> int:
    return left | right if code == 2 else left & right


def _compare(code: int, left, right) -> bool:
    if code < 6:
        return (left == right) == (code == 4)
    if code < 8:
        return left < right or (code == 7 and left == right)
    return left > right or (code == 9 and left == right)


def _reckon(code: int, left, right):
    if code == 10:
        return left + right
    if code == 11:
        return left - right
    if code == 12:
        return left * right
    if code == _POWER:
        return _power(left, right)
    if right == 0:
        raise FormulaError("division by zero")
    if code == 14:
        return left % right
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return left / right


def _power(base, exponent):
    if isinstance(base, int) and isinstance(exponent, int) and 0 <= exponent <= 64:
        number = 1
        for _ in range(exponent):
            number = _bounded(number * base)
        return number
    if base <= 0:
        if base == 0 and exponent > 0:
            return 0
        if base == 0 or exponent != int(exponent):
            raise FormulaError("power without a result")
    try:
        return float(base) ** exponent
    except OverflowError:
        raise FormulaError("result too large")


def _bounded(number):
    """Integers of any size would be a way to hold the loop."""
    if isinstance(number, int):
        return number if -_LARGEST < number < _LARGEST else float(number)
    if number != number or number in (float("inf"), float("-inf")):
        raise FormulaError("result too large")
    return number


def _call(function: int, stack: list, count: int):
    first = len(stack) - count
    arguments = stack[first:]
    del stack[first:]
    number = arguments[0]
    if function < 2:
        number = (min, max)[function](arguments)
    elif function == 2:
        number = abs(number)
    elif function == 3:
        number = min(max(number, arguments[1]), arguments[2])
    elif function == 4:
        number = int(number + 0.5) if number >= 0 else -int(0.5 - number)
    elif number < 0:
        raise FormulaError("root of a negative number")
    else:
        number = float(number) ** 0.5
    stack.append(_bounded(number))
