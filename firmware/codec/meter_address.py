"""Where a meter is: "COM1,9600,8,e,1", "192.168.1.5:502", "http://user:pw@host/", or a topic."""

RTU = "rtu"
TCP = "tcp"
HTTP = "http"
TOPIC = "topic"


class AddressError(Exception):
    """What is wrong with the text of an address."""


class MeterAddress:
    """The parts of an address; `kind` is one of RTU, TCP, HTTP, TOPIC. Raises AddressError.

    rtu    port (1 = COM1), baud, bits, parity (None, 0 = even, 1 = odd), stop
    tcp    host, port
    http   host, port, user, password, path (what stands before the paths of the definition)
    topic  path
    """

    def __init__(self, text: str, mqtt: bool = False):
        self.host = self.user = self.password = self.path = ""
        self.port = 0
        if not text or len(text) > 200:
            raise AddressError("an address has 1 to 200 characters")
        if mqtt:
            self.kind = TOPIC
            self.path = text
        elif text[:3].upper() == "COM" and "," in text:
            self._line(text)
        elif text.startswith("http://"):
            self._http(text[7:])
        elif "://" in text:
            raise AddressError("only http:// is known here")
        else:
            self.kind = TCP
            self._host(text, 502)

    def _line(self, text: str):
        self.kind = RTU
        fields = [field.strip() for field in text[3:].split(",")]
        parities = {"n": None, "e": 0, "o": 1}
        if len(fields) != 5 or fields[3].lower() not in parities:
            raise AddressError("a line is COM1,baud,bits,parity,stop")
        self.port = _number(fields[0], 1, 9, "port of a line")
        self.baud = _number(fields[1], 1200, 115200, "baud rate")
        self.bits = _number(fields[2], 7, 8, "bits")
        self.parity = parities[fields[3].lower()]
        self.stop = _number(fields[4], 1, 2, "stop bits")

    def _http(self, text: str):
        self.kind = HTTP
        place, slash, path = text.partition("/")
        self.path = (slash + path).rstrip("/")
        secret, at, host = place.rpartition("@")
        if at:
            user, _, password = secret.partition(":")
            self.user = _decoded(user)
            self.password = _decoded(password)
        self._host(host, 80)

    def _host(self, text: str, port: int):
        host, colon, number = text.partition(":")
        if not host or any(char not in _HOST for char in host):
            raise AddressError("no name or address of a host")
        self.host = host
        self.port = _number(number, 1, 65535, "port") if colon else port

    def line(self) -> tuple:
        """What devices on the same line share."""
        if self.kind == RTU:
            return (self.kind, self.port)
        return (self.kind, self.host, self.port)


_HOST = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"


def _number(text: str, lowest: int, highest: int, what: str) -> int:
    if not text.isdigit() or len(text) > 6 or not lowest <= int(text) <= highest:
        raise AddressError(f"{what}: a number from {lowest} to {highest} is wanted")
    return int(text)


def _decoded(text: str) -> str:
    """%40 and its like."""
    parts = text.split("%")
    decoded = parts[0]
    for part in parts[1:]:
        try:
            decoded += chr(int(part[:2], 16)) + part[2:]
        except ValueError:
            raise AddressError("a % is followed by two hexadecimal digits")
    return decoded
