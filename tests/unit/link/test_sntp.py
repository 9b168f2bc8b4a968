"""The time client against a server on this machine, in virtual time."""

import ports

from firmware.link.sntp import Sntp
from firmware.link.stream import LinkError
from firmware.ticks import after, since

_UNIX_1900 = 2208988800
_NOON = 1780315200


class Server:
    """Answers by the clock of the test."""

    def __init__(self):
        self.socket, self.port = ports.udp_server()
        self.name = f"127.0.0.1:{self.port}"
        self.change = None
        self.count = 0

    def asked(self):
        try:
            packet, self.sender = self.socket.recvfrom(512)
        except OSError:
            return None
        self.count += 1
        return packet

    def answer(self, packet, seconds, ms=0):
        answer = bytearray(48)
        answer[:4] = b"\x24\x02\x06\xe9"
        answer[24:32] = packet[40:48]
        stamp = (seconds + _UNIX_1900).to_bytes(4, "big") + bytes((ms * 256 // 1000, 0, 0, 0))
        answer[32:40] = answer[40:48] = stamp
        if self.change:
            self.change(answer)
        self.send(answer)

    def send(self, data):
        self.socket.sendto(data, self.sender)

    def close(self):
        self.socket.close()


class Network:
    time_server = ""


class Bench:
    """The client, its server, its log, and what it has offered."""

    def __init__(self, name=None, lookup=None):
        self.server = Server()
        self.network = Network()
        self.network.time_server = name or self.server.name
        if name == "ntp.example":
            self.network.time_server += f":{self.server.port}"
        self.now = 1 << 30  # close to the wrap
        self.now = (1 << 30) - 100000
        self.offered = []
        self.refusal = ""
        self.lines = []
        self.online = True
        self.client = Sntp(self.network, lookup, self.offer, self)
        self.client.up = lambda: self.online

    def offer(self, seconds, ms):
        self.offered.append((seconds, ms))
        return self.refusal

    def warning(self, topic, text):
        self.lines.append(text)

    def step(self, gone_ms=0):
        self.now = after(self.now, gone_ms)
        self.client.step(self.now)

    def until_asked(self, limit_s=100000):
        """(seconds until the next question, the question)"""
        began = self.now
        self.step()
        for _ in range(limit_s):
            packet = self.server.asked()
            if packet:
                return since(self.now, began) // 1000, packet
            self.step(1000)
        return None, None

    def settle(self, count):
        """Look until so many answers have been read."""
        for _ in range(2000):
            self.step()
            if len(self.offered) + len(self.lines) >= count:
                return
        raise AssertionError(self.lines)

    def unanswered(self):
        """Wait until the client has given up on this question."""
        for _ in range(5):
            self.step(1000)


def changed(place, value):
    """A change of one byte of an answer."""

    def change(answer):
        answer[place] = value

    return change


def bench(story, **options):
    made = Bench(**options)
    try:
        story(made)
    finally:
        made.server.close()


def test_the_time_is_the_servers_and_half_the_way():
    def story(made):
        waited, packet = made.until_asked()
        assert 16 <= waited <= 21, waited
        made.now = after(made.now, 200)
        made.server.answer(packet, _NOON, 500)
        made.settle(1)
        assert made.offered == [(_NOON, 600)] and not made.lines
        waited, packet = made.until_asked()
        assert 4096 <= waited <= 5121, waited

    bench(story)


def test_half_of_the_way_may_reach_into_the_next_second():
    def story(made):
        _, packet = made.until_asked()
        made.now = after(made.now, 400)
        made.server.answer(packet, _NOON, 900)
        made.settle(1)
        seconds, ms = made.offered[0]
        assert seconds == _NOON + 1 and 90 <= ms <= 100, made.offered

    bench(story)


def test_a_silent_server_is_asked_less_and_less_often_and_said_once():
    def story(made):
        waits = []
        for _ in range(12):
            waits.append(made.until_asked()[0])
            made.unanswered()
        for index, waited in enumerate(waits[1:]):
            wait_s = min(16 << index + 1, 4096)
            assert wait_s - 6 <= waited <= wait_s * 5 // 4 + 1, waits
        assert made.lines == [f"{made.server.name}: no answer"]

    bench(story)


def test_it_is_never_asked_more_often_than_every_16_seconds_whatever_it_answers():
    def story(made):
        for kind in range(40):
            waited, packet = made.until_asked()
            assert waited >= 16 or kind == 0
            made.server.change = (changed(1, 0), changed(0, 0xE4), None)[kind % 3]
            made.refusal = "no" if kind % 2 else ""
            before = len(made.offered)
            made.server.answer(packet, _NOON)
            for _ in range(50):
                made.step()
            assert len(made.offered) <= before + 1
            began = made.now
            made.step(1000)
            assert made.server.asked() is None or since(made.now, began) >= 16000

    bench(story)


def test_forged_answers_neither_count_nor_end_the_waiting_and_fill_no_log():
    def story(made):
        _, packet = made.until_asked()
        for cut in range(48):
            made.server.send(bytes(cut))
        forged = bytearray(packet)
        forged[40] ^= 1
        for _ in range(100):
            made.server.answer(forged, _NOON + 1000)
            made.step()
        made.server.answer(packet, _NOON)
        for _ in range(400):
            made.step()
        assert made.offered == [(_NOON, 0)], made.offered
        assert len(made.lines) == 1 and "ignored" in made.lines[0], made.lines

    bench(story)


def test_an_answer_that_comes_after_the_time_is_not_read():
    def story(made):
        _, packet = made.until_asked()
        made.unanswered()
        made.server.answer(packet, _NOON)
        for _ in range(50):
            made.step(10)
        assert made.offered == []

    bench(story)


def test_a_slow_answer_says_little():
    def story(made):
        _, packet = made.until_asked()
        made.now = after(made.now, 1500)
        made.server.answer(packet, _NOON)
        made.settle(1)
        assert made.offered == [] and "1500 ms on its way" in made.lines[0], made.lines

    bench(story)


def test_a_refused_time_has_its_reason_in_the_log():
    def story(made):
        made.refusal = "it would set the clock by 99999 s"
        _, packet = made.until_asked()
        made.server.answer(packet, _NOON)
        made.settle(2)
        assert made.lines[0].endswith("refused: it would set the clock by 99999 s")

    bench(story)


def test_who_is_sent_away_stays_away():
    def story(made):
        def deny(answer):
            answer[1] = 0
            answer[12:16] = b"DENY"

        made.server.change = deny
        _, packet = made.until_asked()
        made.server.answer(packet, _NOON)
        made.settle(1)
        assert "the server refuses: DENY" in made.lines[0]
        assert made.until_asked(30000) == (None, None)
        assert "has sent us away" in made.lines[-1]

    bench(story)


def test_a_server_that_asks_for_patience_gets_it():
    def story(made):
        def rate(answer):
            answer[1] = 0
            answer[12:16] = b"RATE"

        _, packet = made.until_asked()
        made.server.change = rate
        made.server.answer(packet, _NOON)
        made.settle(1)
        waited, packet = made.until_asked()
        assert waited >= 63, waited
        made.server.answer(packet, _NOON)
        for _ in range(50):
            made.step()
        waited, packet = made.until_asked()
        assert waited >= 255, waited

    bench(story)


def test_a_name_is_looked_up_and_a_failure_said():
    asked = []

    def lookup(name, now):
        asked.append(name)
        if len(asked) == 1:
            return None
        if len(asked) == 2:
            raise LinkError("no such name")
        return "127.0.0.1"

    def story(made):
        _, packet = made.until_asked()
        assert asked == ["ntp.example"] * 3
        assert made.lines == [made.network.time_server + ": no such name"]
        made.server.answer(packet, _NOON)
        for _ in range(50):
            made.step()
        assert made.offered

    bench(story, name="ntp.example", lookup=lookup)


def test_nothing_is_asked_without_a_network_or_without_a_server_however_long():
    def story(made):
        made.online = False
        for _ in range(20):
            made.step(100000000)  # 23 days, two turns of the ticks
        assert made.server.asked() is None
        made.online = True
        waited, _ = made.until_asked()
        assert waited <= 9, waited
        made.unanswered()
        made.network.time_server = ""
        assert made.until_asked(10000) == (None, None)

    bench(story)


def test_what_is_no_server_is_said_and_does_no_harm():
    for name, words in (
        ("127.0.0.1:x", "name:port expected"),
        ("127.0.0.1:123456", ""),
        ("127.0.0.1:9", ""),
        ("127.0.0.1:-1", ""),
    ):

        def story(made, words=words):
            for _ in range(100):
                made.step(1000)
            assert made.lines and words in made.lines[0], made.lines
            assert made.server.asked() is None

        bench(story, name=name)


def test_any_bytes_are_endured():
    def story(made):
        state = 5
        _, packet = made.until_asked()
        for length in (0, 1, 47, 48, 49, 500):
            for _ in range(100):
                data = bytearray(length)
                for index in range(length):
                    state = (state * 1103515245 + 12345) & 0x7FFFFFFF
                    data[index] = state >> 16 & 255
                if length >= 48 and state & 1:
                    data[24:32] = packet[40:48]
                made.server.send(data)
                made.step()
        assert made.offered == [] or made.client._socket is None

    bench(story)
