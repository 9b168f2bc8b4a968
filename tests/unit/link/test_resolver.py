"""The resolver against a server on this machine, in virtual time."""

import ports

from firmware.codec.dns import question
from firmware.link.resolver import Resolver
from firmware.link.stream import LinkError


class Server:
    """A DNS server on a port of its own that answers when it is told to."""

    def __init__(self):
        self.socket, port = ports.udp_server()
        self.place = ("127.0.0.1", port)

    def asked(self):
        """(question, its sender) or None."""
        try:
            return self.socket.recvfrom(512)
        except OSError:
            return None

    def answer(self, packet, sender, address=b"\x0a\x00\x00\x07", ttl=60, code=0):
        record = b"\xc0\x0c\0\x01\0\x01" + ttl.to_bytes(4, "big") + b"\0\x04" + address
        head = packet[:2] + bytes([0x81, 0x80 | code, 0, 1, 0, 0 if code else 1, 0, 0, 0, 0])
        self.socket.sendto(head + packet[12:] + (b"" if code else record), sender)

    def close(self):
        self.socket.close()


def settled(resolver, name, now):
    """lookup() until the packet on its way has arrived."""
    for _ in range(1000):
        found = resolver.lookup(name, now)
        if found:
            return found
    return None


def test_asks_once_and_keeps_the_answer_for_its_time():
    server = Server()
    try:
        resolver = Resolver(lambda: [server.place])
        assert resolver.lookup("broker.example", 0) is None
        packet, sender = server.asked()
        assert packet[2:] == question("broker.example", 0)[2:]
        assert resolver.lookup("broker.example", 10) is None and server.asked() is None
        server.answer(packet, sender)
        assert settled(resolver, "broker.example", 20) == "10.0.0.7"
        assert resolver.lookup("broker.example", 59000) == "10.0.0.7" and server.asked() is None
        assert resolver.lookup("broker.example", 61000) is None and server.asked()
    finally:
        server.close()


def test_asks_again_and_another_server_then_gives_up():
    first, second = Server(), Server()
    try:
        resolver = Resolver(lambda: [first.place, second.place])
        for now in range(0, 6000, 100):
            assert resolver.lookup("broker.example", now) is None
        counts = []
        for server in (first, second):
            count = 0
            while server.asked():
                count += 1
            counts.append(count)
        assert counts == [2, 2]
        try:
            resolver.lookup("broker.example", 6100)
        except LinkError as error:
            assert str(error) == "no DNS server answers"
        else:
            raise AssertionError
    finally:
        first.close()
        second.close()


def test_a_name_that_does_not_exist_is_said_at_once():
    server = Server()
    try:
        resolver = Resolver(lambda: [server.place])
        resolver.lookup("broker.example", 0)
        server.answer(*server.asked(), code=3)
        try:
            settled(resolver, "broker.example", 5)
        except LinkError as error:
            assert str(error) == "no such name"
        else:
            raise AssertionError
    finally:
        server.close()


def test_an_old_address_is_better_than_none():
    server = Server()
    try:
        resolver = Resolver(lambda: [server.place])
        resolver.lookup("broker.example", 0)
        server.answer(*server.asked())
        settled(resolver, "broker.example", 5)
        for now in range(100000, 106000, 500):
            assert resolver.lookup("broker.example", now) is None
        assert resolver.lookup("broker.example", 106100) == "10.0.0.7"
    finally:
        server.close()


def test_local_names_go_to_the_multicast_address_and_foreign_answers_are_ignored():
    server = Server()
    try:
        resolver = Resolver(list)
        resolver.multicast = server.place
        assert resolver.lookup("broker.local", 0) is None
        packet, sender = server.asked()
        server.answer(bytes([packet[0] ^ 1]) + packet[1:], sender, b"\x06\x06\x06\x06")
        server.answer(packet, sender)
        for _ in range(1000):
            found = resolver.lookup("broker.local", 10)
            if found:
                break
        assert found == "10.0.0.7"
    finally:
        server.close()


def test_without_servers_it_says_so():
    try:
        Resolver(list).lookup("broker.example", 0)
    except LinkError as error:
        assert str(error) == "no DNS server known"
    else:
        raise AssertionError
