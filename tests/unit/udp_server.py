"""UDP servers on this machine, each at a port of its own: other tests may run at the same time."""

import os
import socket


def server():
    """(socket that does not block, its port)"""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    for _ in range(100):
        port = 20000 + int.from_bytes(os.urandom(2), "big") % 12000
        try:
            made.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])
        except OSError:
            continue
        return made, port
    raise OSError("no free port")
