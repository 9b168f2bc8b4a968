"""What disturbs a scenario: all of it happens at the worst moment, and again and again."""

_EVERY_MS = {"flood": 20, "collection": 1000, "burn": 3000, "erase": 5000}
# One message of 200 bytes on an ESP32: reading, JSON, answering; from the table of costs.
_MESSAGE_MS = 4
_APART_MS = 300  # one disturbance at a time
_HOLDS_MS = {"collection": 15, "burn": 50, "erase": 45}
_FLOOD = (
    ("set/M9", '{"power_w":1234,"current":[1000,2000,3000],"voltage":[230,231,229]}'),
    ("api/cmd=get_params", ""),
    ("api/cmd=nonsense", "[1,2"),
    ("ctl", '{"E9":{"cur":16000}}'),
    ("nowhere", "x" * 200),
)


class Interference:
    """One kind of disturbance, from its construction on.

    name: "flood", "broker", "meter", "collection", "burn" or "erase". The stalled broker is a real
    one that accepts and never answers; the configuration must name it (see `stalled_broker`).
    """

    def __init__(self, bench, name: str):
        if name not in _EVERY_MS and name not in ("broker", "meter"):
            raise ValueError(f"unknown interference {name}")
        self._bench = bench
        self._name = name
        self._sent = 0
        self._next_at = 0
        bench.injected_ms = _HOLDS_MS.get(name, 0)
        if name == "meter":
            bench.silence(True)
        elif name in _EVERY_MS:
            self._again(None)

    def acted(self):
        """Something has just happened to the box: the worst moment to be held."""
        if self._name in _HOLDS_MS:
            self._hold()

    def _again(self, _):
        self._bench.clock.after(_EVERY_MS[self._name] * 1000, self._again)
        if self._bench.app is None:
            return
        if self._name == "flood":
            self._message()
        else:
            self._hold()

    def _hold(self):
        bench = self._bench
        if bench.now() >= self._next_at:
            self._next_at = bench.now() + _APART_MS
            bench.clock.hold(_HOLDS_MS[self._name])

    def _message(self):
        topic, payload = _FLOOD[self._sent % len(_FLOOD)]
        self._sent += 1
        self._bench.deliver("cfos_mqtt/" + topic, payload)
        self._bench.clock.hold(_MESSAGE_MS)


def stalled_broker() -> tuple:
    """A listening socket that nobody accepts on, and its port: it connects, and stays silent."""
    import usocket

    for port in range(38830, 38930):
        ear = usocket.socket()
        try:
            ear.bind(usocket.getaddrinfo("127.0.0.1", port)[0][-1])
            ear.listen(5)
        except OSError:
            ear.close()
        else:
            return ear, port
    raise OSError("no free port")
