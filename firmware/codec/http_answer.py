"""The answer to an HTTP/1.1 request: bytes in, status and body out, never more than agreed.

Message syntax and chunks: RFC 9112 sections 4, 6 and 7.
"""

from micropython import const

_LONGEST_LINE = const(512)
_MOST_LINES = const(40)

_STATUS = const(0)
_HEADER = const(1)
_BODY = const(2)  # _left bytes of it, or up to the end of the connection
_SIZE = const(3)  # a chunk's
_CHUNK = const(4)
_CHUNK_END = const(5)
_TRAILER = const(6)
_DONE = const(7)


class AnswerError(Exception):
    """What is wrong with an answer; the connection is of no use any more."""


class Answer:
    """One answer after another; `restart` before each.

    status, body, and `keep`: whether the connection may be used again
    """

    def __init__(self, longest: int = 4096):
        self.body = bytearray()
        self._longest = longest
        self.restart()

    def restart(self):
        self.body = bytearray()
        self.status = 0
        self.keep = True
        self._line = bytearray()
        self._lines = 0
        self._left = None
        self._chunked = False
        self._state = _STATUS

    def receive(self, data, length: int) -> bool:
        """Take bytes as they come; True once the answer is complete. Raises AnswerError."""
        at = 0
        while at < length and self._state != _DONE:
            if self._state in (_BODY, _CHUNK):
                at += self._take_body(data, at, length)
            else:
                self._take(data[at])
                at += 1
        return self._state == _DONE

    def closed(self) -> bool:
        """The peer has hung up: True if the answer is complete by that."""
        return self._state == _DONE or (self._state == _BODY and self._left is None)

    def _take_body(self, data, at: int, length: int) -> int:
        count = length - at
        if self._left is not None:
            count = min(count, self._left)
            self._left -= count
        if len(self.body) + count > self._longest:
            raise AnswerError(f"longer than {self._longest} bytes")
        self.body.extend(memoryview(data)[at : at + count])
        if self._left == 0:
            self._state = _CHUNK_END if self._chunked else _DONE
        return count

    def _take(self, octet: int):
        if octet != 10:
            if len(self._line) >= _LONGEST_LINE:
                raise AnswerError("a line is too long")
            self._line.append(octet)
            return
        try:
            line = bytes(self._line).decode().strip()
        except UnicodeError:
            raise AnswerError("no HTTP")
        self._line = bytearray()
        self._lines += 1
        if self._lines > _MOST_LINES:
            raise AnswerError("too many lines")
        self._read(line)

    def _read(self, line: str):
        if self._state == _STATUS:
            self._read_status(line)
        elif self._state == _SIZE:
            self._read_size(line)
        elif self._state == _CHUNK_END:
            self._state = _SIZE
            self._lines -= 2  # chunks are bounded by the body
        elif line:
            if self._state == _HEADER:
                self._read_header(line)
        elif self._state == _TRAILER:
            self._state = _DONE
        else:
            self._begin_body()

    def _read_status(self, line: str):
        parts = line.split(None, 2)
        if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
            raise AnswerError("no HTTP")
        self.status = int(parts[1])
        self.keep = parts[0] != "HTTP/1.0"
        self._state = _HEADER

    def _read_header(self, line: str):
        name, _, value = line.partition(":")
        name = name.lower()
        value = value.strip().lower()
        if name == "content-length":
            if not value.isdigit() or len(value) > 9:
                raise AnswerError("no content length")
            self._left = int(value)
        elif name == "transfer-encoding":
            self._chunked = value == "chunked"
        elif name == "connection":
            self.keep = value == "keep-alive" if value in ("keep-alive", "close") else self.keep

    def _begin_body(self):
        if 100 <= self.status < 200:
            self._state = _STATUS  # an interim answer; the real one follows
        elif self._chunked:
            self._state = _SIZE
        elif self._left == 0 or self.status in (204, 304):
            self._state = _DONE
        else:
            self._state = _BODY
            if self._left is None:
                self.keep = False

    def _read_size(self, line: str):
        size = line.split(";")[0].strip()
        if not 0 < len(size) <= 6 or any(char not in "0123456789abcdefABCDEF" for char in size):
            raise AnswerError("no chunk size")
        self._left = int(size, 16)
        self._state = _CHUNK if self._left else _TRAILER
