"""The text of a formula to the program that formula.py runs: operator precedence, no recursion."""

from micropython import const

_LONGEST = const(400)  # characters
_MOST = const(200)  # program bytes: a jump's target fits into one
_DEEPEST = const(40)  # operators and brackets that wait for their end

# The place in the text is the step in the program, see formula.py; and the ranks, from loose to
# tight. Two characters must come before one.
_BINARY = ("||", "&&", "|", "&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "^")
_RANKS = b"\x02\x03\x04\x05\x06\x06\x07\x07\x07\x07\x08\x08\x09\x09\x09\x0b"
_RANK_UNARY = const(10)
_POWER = const(15)
_NOT = const(16)
_NEGATE = const(17)
_FUNCTIONS = ("min", "max", "abs", "clamp", "round", "sqrt", "exists")
_FEWEST = b"\x01\x01\x01\x03\x01\x01\x01"
_HOSTED = ("min_price", "max_price", "min_price_secs", "max_price_secs", "param")
_CALL = const(20)
_NUMBER = const(30)
_NAME = const(31)
_EXISTS = const(32)
_HOST = const(33)
_JUMP = const(34)
_UNLESS = const(35)
_OR = const(36)

# What waits on the stack: (kind, number or name, place to patch or arguments so far, position)
_OPERATOR = const(0)
_BRACKET = const(1)
_FUNCTION = const(2)
_QUESTION = const(3)
_COLON = const(4)

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$"
_DIGITS = "0123456789"


def compile_formula(text: str):
    """(program, constants) of a formula; FormulaError with the position of what is wrong."""
    parser = _Parser(text)
    parser.run()
    return bytes(parser.program), tuple(parser.constants)


def _error(problem: str, position: int):
    from firmware.codec.formula import FormulaError

    return FormulaError(problem, position)


class _Parser:
    def __init__(self, text: str):
        self.program = []
        self.constants = []
        self._text = text
        self._at = 0
        self._stack = []

    def run(self):
        if len(self._text) > _LONGEST:
            raise _error(f"longer than {_LONGEST} characters", _LONGEST)
        operand = True  # what must come next
        while (char := self._next()) is not None:
            if operand:
                operand = self._operand(char)
            else:
                operand = self._operator(char)
        if operand:
            raise _error("a value is missing", len(self._text))
        self._unwind()
        if self._stack:
            raise _error("never closed", self._stack[-1][3])

    def _next(self) -> str | None:
        text = self._text
        while self._at < len(text) and text[self._at] in " \t\r\n":
            self._at += 1
        return text[self._at] if self._at < len(text) else None

    def _operand(self, char: str) -> bool:
        """Take a value or what may stand before one; True when a value must still follow."""
        if char in _DIGITS or char == ".":
            self._emit(_NUMBER, self._constant(self._number()))
            return False
        if char in _LETTERS:
            return self._name()
        if char == "(":
            self._wait(_BRACKET, 0, 0)
        elif char == "-":
            self._wait(_OPERATOR, _NEGATE, 0)
        elif char == "!":
            self._wait(_OPERATOR, _NOT, 0)
        elif char != "+":
            raise _error("a value is missing", self._at)
        self._at += 1
        return True

    def _operator(self, char: str) -> bool:
        """Take what may stand behind a value; True when another value must follow."""
        if char in "),":
            return self._close(char)
        if char == "?":
            self._unwind(with_colons=False)
            self._emit(_UNLESS, 0)
            self._wait(_QUESTION, 0, len(self.program) - 1)
            self._at += 1
        elif char == ":":
            self._colon()
        else:
            self._binary(char)
        return True

    def _binary(self, char: str):
        pair = self._text[self._at : self._at + 2]
        symbol = pair if pair in _BINARY else char
        if symbol not in _BINARY:
            raise _error("an operator is missing", self._at)
        code = _BINARY.index(symbol)
        self._unwind(_RANKS[code] + (code == _POWER), with_colons=False)
        place = 0
        if code < 2:
            self._emit(_OR + code, 0)
            place = len(self.program) - 1
        self._wait(_OPERATOR, code, place)
        self._at += len(symbol)

    def _colon(self):
        self._unwind()
        if not self._stack or self._stack[-1][0] != _QUESTION:
            raise _error("':' without '?'", self._at)
        _, _, place, _ = self._stack.pop()
        self._emit(_JUMP, 0)
        self.program[place] = len(self.program)
        self._wait(_COLON, 0, len(self.program) - 1)
        self._at += 1

    def _close(self, char: str) -> bool:
        self._unwind()
        kind, name, count, position = self._stack.pop() if self._stack else (-1, 0, 0, 0)
        if kind == _QUESTION:
            raise _error("'?' without ':'", position)
        if kind < 0 or (char == "," and kind != _FUNCTION):
            raise _error(f"'{char}' closes nothing" if char == ")" else "',' here", self._at)
        self._at += 1
        if char == ",":
            self._stack.append((kind, name, count + 1, position))
            return True
        if kind == _FUNCTION:
            self._function(name, count + 1, position)
        return False

    def _function(self, name: str, count: int, position: int):
        if name in _HOSTED:
            self._expect(1, count, name, position)
            self._emit(_HOST, self._constant(name))
            return
        code = _FUNCTIONS.index(name)
        if code == 6:
            self._expect(1, count, name, position)
            if len(self.program) < 2 or self.program[-2] != _NAME:
                raise _error("exists() wants a name", position)
            self.program[-2] = _EXISTS
            return
        if code > 1:
            self._expect(_FEWEST[code], count, name, position)
        self._emit(_CALL + code, count)

    def _expect(self, wanted: int, count: int, name: str, position: int):
        if count != wanted:
            raise _error(f"{name}() wants {wanted} value{'s' * (wanted > 1)}", position)

    def _name(self) -> bool:
        begin = self._at
        text = self._text
        while self._at < len(text) and (
            text[self._at] in _LETTERS or text[self._at] in "._0123456789"
        ):
            self._at += 1
        name = text[begin : self._at]
        if self._next() != "(":
            self._emit(_NAME, self._constant(name))
            return False
        if name not in _FUNCTIONS and name not in _HOSTED:
            raise _error(f"no function {name}()", begin)
        self._at += 1
        if self._next() == ")":
            raise _error("a value is missing", self._at)
        self._stack.append((_FUNCTION, name, 0, begin))
        self._bound(begin)
        return True

    def _number(self):
        begin = self._at
        text = self._text
        if text[begin : begin + 2] in ("0x", "0X"):
            self._at += 2
            self._while("0123456789abcdefABCDEF")
            if begin + 2 < self._at <= begin + 10:
                return int(text[begin + 2 : self._at], 16)
            raise _error("no hexadecimal number", begin)
        self._while(_DIGITS + ".")
        digits = self._at
        if text[digits : digits + 1] in ("e", "E"):
            self._at += 2 if text[digits + 1 : digits + 2] in ("+", "-") else 1
            self._while(_DIGITS)
        number = text[begin : self._at]
        try:
            if self._at - begin <= 20:
                return float(number) if "." in number or digits != self._at else int(number)
        except ValueError:
            pass
        raise _error("no number", begin)

    def _while(self, wanted: str):
        text = self._text
        while self._at < len(text) and text[self._at] in wanted:
            self._at += 1

    def _constant(self, constant) -> int:
        for index, known in enumerate(self.constants):
            if known == constant and type(known) is type(constant):
                return index
        self.constants.append(constant)
        return len(self.constants) - 1

    def _wait(self, kind: int, number: int, place: int):
        self._stack.append((kind, number, place, self._at))
        self._bound(self._at)

    def _bound(self, position: int):
        if len(self._stack) > _DEEPEST:
            raise _error("nested too deep", position)

    def _emit(self, code: int, argument: int | None = None):
        self.program.append(code)
        if argument is not None:
            self.program.append(argument)
        if len(self.program) > _MOST:
            raise _error("too long", self._at)

    def _unwind(self, rank: int = 0, with_colons: bool = True):
        """Emit the waiting operators of at least this rank; finish `a ? b : c` if told."""
        while self._stack:
            kind, code, place, _ = self._stack[-1]
            if kind == _COLON and with_colons:
                self._stack.pop()
                self.program[place] = len(self.program)
                continue
            if kind != _OPERATOR or (_RANKS[code] if code < _NOT else _RANK_UNARY) < rank:
                return
            self._stack.pop()
            self._emit(code)
            if code < 2:
                self.program[place] = len(self.program)
