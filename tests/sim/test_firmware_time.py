"""The clock in the whole firmware: set over the network, kept over resets, estimated without."""

import ports
from chip import until
from firmware_bench import app, box, charging, logged, started
from scenario_setup import initial_document

_UNIX_1900 = 2208988800
_NOON = 1780315200  # 2026-06-01T12:00:00Z


class TimeServer:
    """A time server on this machine that answers by the world's clock."""

    def __init__(self, unix=_NOON):
        self.socket, self.port = ports.udp_server()
        self.unix = unix  # at the start of the simulation
        self.asked = []
        self.silent = False
        self.change = None
        self._chip = None

    def serve(self, chip):
        """A story: look every 50 ms."""
        self._chip = chip
        while True:
            try:
                packet, sender = self.socket.recvfrom(512)
            except OSError:
                yield 50
                continue
            self.asked.append(self._chip.clock.ms())
            if not self.silent:
                answer = self.answer(packet)
                if self.change:
                    self.change(answer)
                self.socket.sendto(answer, sender)

    def answer(self, packet):
        ms = self._chip.clock.ms()
        now = (self.unix + _UNIX_1900 + ms // 1000).to_bytes(4, "big")
        now += (ms % 1000 * 65536 // 1000).to_bytes(2, "big") + b"\0\0"
        answer = bytearray(48)
        answer[:4] = b"\x24\x02\x06\xe9"
        answer[24:32] = packet[40:48]
        answer[32:40] = answer[40:48] = now
        return answer

    def close(self):
        self.socket.close()


def boxed():
    server = TimeServer()
    document = initial_document("")
    document["network"]["time_server"] = f"127.0.0.1:{server.port}"
    chip = box(document)
    chip.play(server.serve(chip))
    return chip, server


def told(chip, server, story, minutes):
    try:
        return chip.run(story(), limit_ms=minutes * 60000)
    finally:
        server.close()


def right(chip, server):
    """How far the firmware's clock is ahead of the world's, in s."""
    return app(chip).clock.estimate() - server.unix - chip.clock.ms() // 1000


def known(chip):
    return app(chip).clock.status()["source"] == "known"


def test_the_clock_is_set_once_there_is_a_network():
    chip, server = boxed()

    def story():
        yield from started(chip)
        assert app(chip).clock.status()["source"] == "none"
        assert app(chip).box.minute_of_day() is None
        yield from until(lambda: known(chip), 60000)
        assert abs(right(chip, server)) <= 1
        assert app(chip).box.minute_of_day() == 14 * 60, "summer time in Berlin"
        yield 2 * 60000
        assert len(server.asked) == 1, server.asked
        assert abs(right(chip, server)) <= 1
        assert app(chip).pace.worst_ms <= 30

    told(chip, server, story, 240)


def test_resets_ask_no_more_often_than_every_16_seconds_and_keep_the_time():
    chip, server = boxed()

    def story():
        yield from started(chip)
        yield from until(lambda: known(chip), 60000)
        for life in range(2, 5):
            chip.reset()
            yield from started(chip, life)
            assert known(chip) and abs(right(chip, server)) <= 1
            yield 14000
        yield 20000
        gaps = [b - a for a, b in zip(server.asked, server.asked[1:])]
        assert gaps and min(gaps) >= 15000, gaps

    told(chip, server, story, 10)


def test_hostile_answers_are_refused_and_the_reason_is_in_the_log():
    for place, value, words in (
        (0, 0xE4, "does not know the time"),
        (24, None, "not answer our question"),
        (1, 0, "the server refuses"),
        (32, 0xFF, "before its question came"),
    ):
        chip, server = boxed()

        def change(answer, place=place, value=value):
            answer[place] = value if value is not None else answer[place] ^ 1

        server.change = change

        def story(chip=chip, words=words):
            yield from started(chip)
            yield from until(lambda: logged(chip, words), 60000, words)
            yield 5000
            assert not known(chip)

        told(chip, server, story, 3)


def test_a_session_that_began_without_a_clock_gets_its_time_when_it_becomes_known():
    chip, server = boxed()
    server.silent = True

    def story():
        yield from started(chip)
        began = server.unix + chip.clock.ms() // 1000
        yield from charging(chip)
        yield 60000
        session = app(chip).sessions.current()
        assert session["begin"] is None and session["duration_s"] is None
        server.silent = False
        yield from until(lambda: known(chip), 1200000)
        session = app(chip).sessions.current()
        assert abs(session["begin"] - began) <= 2 and not session["estimated"], session
        chip.world.unplug()
        yield 10000
        (kept,) = list(app(chip).sessions.entries(0))
        assert abs(kept["begin"] - began) <= 2 and kept["end"] > began + 60, kept
        assert not kept["estimated"]

    told(chip, server, story, 40)


def test_after_a_power_cut_a_session_has_an_estimated_time_and_says_so():
    chip, server = boxed()

    def story():
        yield from started(chip)
        yield from until(lambda: known(chip), 60000)
        yield 6 * 60000
        server.silent = True
        chip.cut_power(1000)
        yield from started(chip, 2)
        assert app(chip).clock.status()["source"] == "estimated"
        assert app(chip).box.minute_of_day() is None, "a plan needs the time, not an estimate"
        behind = -right(chip, server)
        assert 0 <= behind <= 330, behind
        yield from charging(chip)
        session = app(chip).sessions.current()
        assert session["estimated"] and session["begin"] is not None
        yield 10000
        chip.world.unplug()
        yield 10000
        (kept,) = list(app(chip).sessions.entries(0))
        assert kept["estimated"] and kept["begin"] == session["begin"], kept
        assert 10 <= kept["duration_s"] <= 30
        chip.reset()
        yield from started(chip, 3)
        (again,) = list(app(chip).sessions.entries(0))
        assert again == kept
        assert app(chip).clock.status()["source"] == "estimated"
        assert right(chip, server) <= 0

    told(chip, server, story, 40)


def test_a_session_over_a_power_cut_keeps_its_begin_and_gets_its_duration_back():
    chip, server = boxed()

    def story():
        yield from started(chip)
        yield from until(lambda: known(chip), 60000)
        yield from charging(chip)
        begun = app(chip).sessions.current()["begin"]
        yield 60000
        chip.cut_power(2000)
        yield from started(chip, 2)
        yield from until(lambda: known(chip), 120000)
        session = app(chip).sessions.current()
        assert session["begin"] == begun and not session["estimated"]
        assert app(chip).point.transaction.duration_s >= 65

    told(chip, server, story, 40)


def test_the_clock_costs_one_write_in_the_life_of_the_box():
    programs = []
    for answers in (True, False):
        chip, server = boxed()
        server.silent = not answers

        def story(chip=chip, answers=answers):
            yield from started(chip)
            yield 6 * 60000
            assert known(chip) == answers
            programs.append(app(chip).memory.wear.total["ledger"][1])

        told(chip, server, story, 90)
    # The name of its counter; the counter itself goes along with the minutes of operation.
    assert programs[0] - programs[1] == 1, programs
