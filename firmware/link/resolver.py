"""Host names to addresses over UDP without ever blocking; `.local` names by multicast DNS."""

from micropython import const

from firmware.link.stream import LinkError
from firmware.store.once import forget
from firmware.ticks import after, since

_SHORTEST_S = const(30)
_LONGEST_S = const(3600)
_KNOWN = const(8)


class Resolver:
    """Asks the servers in turn, keeps answers for their time, and old ones as a last resort.

    `servers()` gives [(address, port), ...], such as what DHCP has told; it may be empty.
    """

    def __init__(self, servers):
        self.multicast = ("224.0.0.251", 5353)  # RFC 6762 section 3
        self._servers = servers
        self._known = {}  # name: (address, ticks until which it holds)
        self._queries = {}

    def lookup(self, name: str, now: int) -> str | None:
        """The address, or None while it is being asked for: then call again. Raises LinkError."""
        query = self._queries.get(name)
        known = self._known.get(name)
        if query is None:
            if known and since(known[1], now) > 0:
                return known[0]
            self._queries[name] = query = _query(name)
        try:
            found = query.step(self._places(name), now)
        except LinkError:
            self._end(name)
            if known:
                return known[0]
            raise
        if found is None:
            return None
        self._end(name)
        self._keep(name, found, now)
        return found[0]

    def _places(self, name: str):
        return [self.multicast] if name.endswith(".local") else self._servers()

    def _end(self, name: str):
        self._queries.pop(name).close()
        if not self._queries:
            forget("query", "firmware.link")
            forget("dns", "firmware.codec")

    def _keep(self, name: str, found, now: int):
        if len(self._known) >= _KNOWN:
            self._known.clear()
        address, seconds = found
        seconds = min(max(seconds, _SHORTEST_S), _LONGEST_S)
        self._known[name] = (address, after(now, seconds * 1000))


def _query(name: str):
    """One question; how to ask it is loaded for as long as there are any."""
    from firmware.link.query import Query

    return Query(name)
