"""A connection that is not made, or breaks, says why in words."""

import errno
import time

import ports

from firmware.link.stream import LinkError, TcpStream, failure


def test_numbers_of_errors_are_told_in_words():
    for number, words in (
        (errno.ECONNREFUSED, "nothing listens there"),
        (errno.ECONNRESET, "reset by the other side"),
        (-errno.ECONNRESET, "reset by the other side"),
        (-0x7780, "refused by the server's TLS"),
        (errno.EHOSTUNREACH, "EHOSTUNREACH"),
        (-0x2700, "error -9984"),
    ):
        assert str(failure(OSError(number))) == words, number


def test_a_port_on_which_nobody_listens_refuses():
    stream = None
    try:
        stream = TcpStream("127.0.0.1", ports.free_tcp_port())
        for _ in range(100):
            stream.ready()
            time.sleep_ms(10)
    except LinkError as error:
        assert error.refused and str(error) == "nothing listens there"
    else:
        assert False, "no error"
    finally:
        if stream:
            stream.close()


def test_a_port_on_which_somebody_listens_is_ready_soon():
    listener, port = ports.tcp_listener()
    stream = TcpStream("127.0.0.1", port)
    for _ in range(100):
        if stream.ready():
            break
        time.sleep_ms(10)
    assert stream.ready()
    assert stream.socket.readinto(bytearray(1), 1) is None
    stream.close()
    listener.close()
