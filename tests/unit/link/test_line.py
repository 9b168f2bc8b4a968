"""How a peer is reached: what the client's tests do not see of link/line.py."""

from firmware.link.line import Line


class Stream:
    """TCP, and TLS on top of it; `steps` counts how often the handshake went on."""

    def __init__(self):
        self.steps = 0
        self.done = False

    def ready(self):
        self.steps += 1
        return self.done

    def close(self):
        pass


class Secure:
    def __init__(self, stream):
        self.stream = stream
        self.hold = False

    def held(self, now):
        return self.hold

    def wrap(self, stream, now):
        return self.stream


def test_a_handshake_that_has_begun_waits_while_a_contactor_is_closed():
    handshake = Stream()
    tcp = Stream()
    tcp.done = True
    line = Line("127.0.0.1", 8883)
    line.open = lambda address, port: tcp
    line.secure = Secure(handshake)
    for now in range(0, 100, 10):
        line.advance(now)
    assert line.state == "securing" and handshake.steps > 0
    line.secure.hold = True
    steps = handshake.steps
    for now in range(100, 1000, 10):
        line.advance(now)
    assert handshake.steps == steps, "went on with a closed contactor"
    line.secure.hold = False
    handshake.done = True
    assert line.advance(1000)
