"""Ports of this machine for one test each: the same test runs on other interpreters meanwhile.

They lie below those that Linux gives to outgoing connections by itself (from 32768 on).
"""

import os

import usocket

_FIRST = 20000
_COUNT = 12000


def tcp_listener():
    """(a socket that listens on 127.0.0.1, its port)"""
    for port in _some():
        made = usocket.socket()
        try:
            made.bind(usocket.getaddrinfo("127.0.0.1", port)[0][-1])
            made.listen(1)
        except OSError:
            made.close()
            continue
        return made, port
    raise OSError("no free port")


def udp_server():
    """(a socket on 127.0.0.1 that does not block, its port)"""
    made = usocket.socket(usocket.AF_INET, usocket.SOCK_DGRAM)
    made.setblocking(False)
    for port in _some():
        try:
            made.bind(usocket.getaddrinfo("127.0.0.1", port)[0][-1])
        except OSError:
            continue
        return made, port
    raise OSError("no free port")


def free_tcp_port():
    """A port on which nobody listens at this moment."""
    listener, port = tcp_listener()
    listener.close()
    return port


def _some():
    for _ in range(100):
        yield _FIRST + int.from_bytes(os.urandom(2), "big") % _COUNT
