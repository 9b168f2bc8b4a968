"""The head of an HTTP request: what a small server has to know of it."""


class HeadError(Exception):
    """A head that is not answered: `status` is the HTTP status that says why."""

    def __init__(self, status: int, problem: str):
        self.status = status
        self.problem = problem

    def __str__(self):
        return self.problem


class Head:
    """`method`, `path`, `query`, `length` of the body and the headers that matter here."""

    def __init__(self, data: bytes):
        """Read everything up to the empty line; HeadError when it makes no sense."""
        try:
            lines = str(data, "utf-8").split("\r\n")
        except UnicodeError:
            raise HeadError(400, "the head is not UTF-8") from None
        parts = lines[0].split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise HeadError(400, "no HTTP/1 request")
        self.method = parts[0]
        self.path, _, self.query = parts[1].partition("?")
        self.length = 0
        self._kept = dict.fromkeys(("authorization", "expect", "host", "origin", "referer"), "")
        for line in lines[1:]:
            if line:
                self._header(line)

    def _header(self, line):
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise HeadError(400, "a header without colon")
        name, value = name.lower(), value.strip()
        if name == "content-length":
            if not value.isdigit() or len(value) > 9:
                raise HeadError(400, "a bad Content-Length")
            self.length = int(value)
        elif name == "transfer-encoding" and value.lower() != "identity":
            raise HeadError(411, "a body needs Content-Length")
        elif name in self._kept:
            self._kept[name] = value

    @property
    def authorization(self) -> str:
        """The value of the header, or an empty text."""
        return self._kept["authorization"]

    @property
    def host(self) -> str:
        """The name by which the client knows us, in lower case and without a port."""
        return self._kept["host"].split(":")[0].lower()

    @property
    def expects(self) -> bool:
        """Whether the client waits for a word before it sends the body."""
        return self._kept["expect"].lower() == "100-continue"

    def cross_site(self) -> bool:
        """Whether a browser sends this for a page that came from elsewhere."""
        for name in ("origin", "referer"):
            _, _, address = self._kept[name].partition("//")
            if self._kept[name] and address.split("/")[0] != self._kept["host"]:
                return True
        return False
