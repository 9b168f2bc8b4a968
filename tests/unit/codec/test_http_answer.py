"""Answers to HTTP requests: every framing, whole and byte by byte, and within their bounds."""

from firmware.codec.http_answer import Answer, AnswerError

OK = b"HTTP/1.1 200 OK\r\n"
# Bytes, status, body, keep.
CASES = (
    (OK + b"Content-Length: 5\r\n\r\nhello", 200, b"hello", True),
    (OK + b"content-length:0\r\n\r\n", 200, b"", True),
    (OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
    (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok", 200, b"ok",
        True),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n", 200,
        b"abcdefg", True),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nTrailer: x\r\n\r\n", 200, b"a", True),
    (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", 401, b"", True),
    (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx", 200, b"x", True),
    (b"HTTP/1.1 200\nContent-Length: 2\n\nok", 200, b"ok", True),
)  # fmt: skip

WRONG = (
    (b"SSH-2.0\r\n", "no HTTP"),
    (b"\r\n", "no HTTP"),
    (b"HTTP/1.1 x\r\n", "no HTTP"),
    (b"\xff\xfe\r\n", "no HTTP"),
    (OK + b"Content-Length: -1\r\n\r\n", "no content length"),
    (OK + b"Content-Length: 99999\r\n\r\n" + b"x" * 200, "longer than 100 bytes"),
    (OK + b"\r\n" + b"x" * 101, "longer than 100 bytes"),
    (OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "no chunk size"),
    (OK + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + b"x" * 200, "longer than 100 bytes"),
    (OK + b"X: " + b"y" * 600, "a line is too long"),
    (OK + b"X: y\r\n" * 50, "too many lines"),
)


def test_answers_are_read_whole_and_byte_by_byte():
    for data, status, body, keep in CASES:
        for size in (1, 2, 7, 1000):
            answer = Answer()
            done = False
            for at in range(0, len(data), size):
                assert not done, (data, size)
                part = data[at : at + size]
                done = answer.receive(part, len(part))
            assert done, (data, size)
            assert (answer.status, bytes(answer.body), answer.keep) == (status, body, keep), data


def test_an_answer_may_end_with_its_connection():
    answer = Answer()
    data = OK + b"\r\nuntil the end"
    assert not answer.receive(data, len(data))
    assert answer.closed() and bytes(answer.body) == b"until the end" and not answer.keep
    answer.restart()
    data = OK + b"Content-Length: 5\r\n\r\nhell"
    assert not answer.receive(data, len(data)) and not answer.closed()
    answer.restart()
    assert not answer.receive(OK, len(OK)) and not answer.closed()


def test_what_is_wrong_is_named():
    for data, expected in WRONG:
        try:
            Answer(100).receive(data, len(data))
        except AnswerError as error:
            assert str(error) == expected, (data, str(error))
        else:
            raise AssertionError(data)


def test_many_small_chunks_are_no_mistake():
    answer = Answer()
    data = OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 200 + b"0\r\n\r\n"
    assert answer.receive(data, len(data)) and bytes(answer.body) == b"x" * 200
