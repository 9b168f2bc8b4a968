"""JSON as people type it: unquoted keys, single quotes, comments, trailing commas, hex numbers."""

from micropython import const

from firmware.codec.json_text import LONGEST, JsonError

_DEEPEST = const(16)
_SKIPPED = b" \t\r\n/"
_WORD = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$.+-"
_NAMES = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_REFUSED = ("NaN", "nan", "Infinity", "-Infinity", "+Infinity", "inf", "-inf")


def loads(text, longest: int = LONGEST):
    """The value in `text`: str or bytes-like, UTF-8. JsonError says where it stops making sense.

    Beyond JSON: keys without quotes, single quotes, trailing commas, // and /* comments,
    hexadecimal numbers, a leading plus. Refused: duplicate keys, NaN and infinities, numbers of
    more than 15 digits, more than 16 levels, texts longer than `longest` bytes.
    """
    data = text.encode() if isinstance(text, str) else bytes(text)
    if len(data) > longest:
        raise JsonError(f"the limit of {longest} bytes is reached", longest)
    reader = _Reader(data)
    value = reader.value(0)
    reader.skip()
    if reader.position < len(data):
        raise JsonError("unexpected text after the end", reader.position)
    return value


class _Reader:
    def __init__(self, data):
        # The NUL at the end means nothing anywhere, so that nobody has to look for the end.
        self._data = data + b"\0"
        self.position = 0

    def skip(self):
        """Move to the next byte that means something and return it; 0 at the end."""
        data = self._data
        byte = data[self.position]
        while byte in _SKIPPED:
            if byte == 0x2F:
                self._comment()
            else:
                self.position += 1
            byte = data[self.position]
        return byte

    def _comment(self):
        start = self.position
        if self._at(start + 1, b"/"):
            end = self._data.find(b"\n", start)
            self.position = end if end >= 0 else len(self._data) - 1
            return
        if not self._at(start + 1, b"*"):
            raise JsonError("expected a comment after /", start)
        end = self._data.find(b"*/", start + 2)
        if end < 0:
            raise JsonError("unclosed comment", start)
        self.position = end + 2

    def _at(self, position, expected):
        return self._data.startswith(expected, position)

    def value(self, depth):
        byte = self.skip()
        if depth >= _DEEPEST and byte in b"{[":
            raise JsonError(f"nested more than {_DEEPEST} levels deep", self.position)
        if byte == 0x7B:
            return self._object(depth)
        if byte == 0x5B:
            return self._array(depth)
        if byte in (0x22, 0x27):
            return self._string(byte)
        return self._plain()

    def _object(self, depth):
        members = {}
        self.position += 1
        while self.skip() != 0x7D:
            start = self.position
            key = self._key()
            if key in members:
                raise JsonError(f"the key {key[:32]!r} comes a second time", start)
            if self.skip() != 0x3A:
                raise JsonError("expected a colon after the key", self.position)
            self.position += 1
            members[key] = self.value(depth + 1)
            self._separator(0x7D, "expected a comma or }")
        self.position += 1
        return members

    def _array(self, depth):
        items = []
        self.position += 1
        while self.skip() != 0x5D:
            items.append(self.value(depth + 1))
            self._separator(0x5D, "expected a comma or ]")
        self.position += 1
        return items

    def _separator(self, end, expected):
        byte = self.skip()
        if byte == 0x2C:
            self.position += 1
        elif byte != end:
            raise JsonError(expected, self.position)

    def _key(self):
        byte = self.skip()
        if byte in (0x22, 0x27):
            return self._string(byte)
        start = self.position
        word = self._word()
        if not word:
            raise JsonError("expected a key", start)
        return word

    def _word(self):
        data = self._data
        start = self.position
        end = start
        while data[end] in _WORD:
            end += 1
        self.position = end
        return str(data[start:end], "ascii")

    def _plain(self):
        start = self.position
        word = self._word()
        if word in _NAMES:
            return _NAMES[word]
        if word in _REFUSED:
            raise JsonError(f"{word} is not accepted as a number", start)
        if not word or word[0] not in "+-.0123456789":
            raise JsonError("expected a value", start)
        return self._number(word, start)

    def _number(self, word, start):
        if len(word) > 24 or "_" in word:
            raise JsonError("malformed number", start)
        try:
            if "x" in word or "X" in word:
                value = int(word, 16)
            elif "." in word or "e" in word or "E" in word:
                value = float(word)
            else:
                value = int(word)
        except ValueError:
            raise JsonError(f"{word} is not a number", start) from None
        if not -1000000000000000 < value < 1000000000000000:
            raise JsonError("the number is too large", start)
        return value

    def _string(self, quote):
        data = self._data
        mark = b'"' if quote == 0x22 else b"'"
        text = ""
        start = self.position + 1
        while True:
            end = data.find(mark, start)
            escape = data.find(b"\\", start, end) if end >= 0 else data.find(b"\\", start)
            if escape < 0:
                break
            text += self._decoded(start, escape)
            self.position = escape + 1
            text += self._escape()
            start = self.position
        if end < 0:
            raise JsonError("unclosed text", start)
        text += self._decoded(start, end)
        self.position = end + 1
        return text

    def _decoded(self, start, end):
        piece = self._data[start:end]
        if piece and min(piece) < 0x20:
            raise JsonError("control character in a text", start)
        try:
            return str(piece, "utf-8")
        except UnicodeError:
            raise JsonError("invalid UTF-8", start) from None

    def _escape(self):
        at = self.position
        letter = chr(self._data[at])
        self.position += 1
        if letter == "u":
            return self._unicode()
        if letter not in _ESCAPES and letter not in ('"', "'", "\\", "/"):
            raise JsonError("unknown escape", at)
        return _ESCAPES.get(letter, letter)

    def _unicode(self):
        code = self._four_digits()
        if 0xD800 <= code < 0xDC00 and self._at(self.position, b"\\u"):
            self.position += 2
            low = self._four_digits()
            if 0xDC00 <= low < 0xE000:
                code = 0x10000 + ((code - 0xD800) << 10) + low - 0xDC00
        if 0xD800 <= code < 0xE000:
            raise JsonError("half of a surrogate pair", self.position)
        return chr(code)

    def _four_digits(self):
        digits = self._data[self.position : self.position + 4]
        if len(digits) != 4 or not all(digit in b"0123456789abcdefABCDEF" for digit in digits):
            raise JsonError("expected four hexadecimal digits after \\u", self.position)
        self.position += 4
        return int(str(digits, "ascii"), 16)
