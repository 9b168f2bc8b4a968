from home import home

from firmware.console import reader
from firmware.console.reader import Reader

module = home(reader)


class Terminal:
    """Stands for `sys`: what is written is kept."""

    def __init__(self):
        self.text = ""
        self.stdout = self

    def write(self, text):
        self.text += text if isinstance(text, str) else "".join([chr(byte) for byte in text])


class Running:
    """A session that waits."""

    def __init__(self, question="", hidden=False):
        self.question, self.hidden, self.within = question, hidden, False
        self.task = self
        self.cancelled = False

    def cancel(self):
        self.cancelled = True


class Bench:
    def __init__(self, session=None):
        self.terminal = Terminal()
        self.entered = []
        self.now = 1000
        self.reader = Reader(None)
        self.reader.session = session
        self.reader._enter = self._enter
        self._kept = module.sys
        module.sys = self.terminal

    def _enter(self):
        self.entered.append(bytes(self.reader.line))
        self.reader.line = bytearray()

    def type(self, data, gap_ms=100):
        for byte in data.encode() if isinstance(data, str) else data:
            self.now += gap_ms
            self.reader.take(byte, self.now)

    def stops(self, data, gap_ms=100):
        try:
            self.type(data, gap_ms)
        except KeyboardInterrupt:
            return True
        return False

    def close(self):
        module.sys = self._kept


def entered(data, gap_ms=1):
    bench = Bench()
    try:
        bench.type(data, gap_ms)
        return bench.entered
    finally:
        bench.close()


def test_lines_with_every_kind_of_end():
    assert entered("status()\r") == [b"status()"]
    assert entered("status()\n") == [b"status()"]
    assert entered("a\r\nb\r\n") == [b"a", b"b"]
    assert entered("\r\r") == [b"", b""]


def test_backspace_takes_whole_letters():
    assert entered("statux\x7fs\r") == [b"status"]
    assert entered("ab\x08\x08\x08c\r") == [b"c"]
    assert entered("Kä\x7fo\r") == [b"Ko"]
    assert entered("☀\x7f\r") == [b""]


def test_arrows_and_other_controls_are_no_letters():
    assert entered("a\x1b[Ab\x1b[Dc\x01\x02\x04\x00\r") == [b"abc"]


def test_a_line_is_bounded():
    assert entered("x" * 1000 + "\r") == [b"x" * 200]


def test_ctrl_c_gives_up_a_line_and_nothing_else():
    bench = Bench()
    try:
        assert not bench.stops("stat\x03")
        assert bench.reader.line == b"" and "^C" in bench.terminal.text
        bench.now += 1000
        assert not bench.stops("\x03"), "the first with an empty line only warns"
        assert "Once more stops the firmware" in bench.terminal.text
        bench.now += 2500
        assert not bench.stops("\x03"), "too late for the second"
        bench.now += 1000
        assert bench.stops("\x03")
    finally:
        bench.close()


def test_ctrl_c_gives_up_a_command_and_the_firmware_goes_on():
    session = Running()
    bench = Bench(session)
    try:
        assert not bench.stops("\x03")
        assert session.cancelled
        bench.reader.session = None
        bench.now += 500
        assert not bench.stops("\x03"), "the one that gave up a command does not count"
    finally:
        bench.close()


def test_a_program_that_wants_the_repl_stops_the_firmware_at_once():
    for data in (b"\r\x03", b"\x03\x03", b"abc\x03\x03", b"\r\x03\x03", b"\n\x03"):
        for session in (None, Running()):
            bench = Bench(session)
            try:
                assert bench.stops(data, 1), (data, session)
            finally:
                bench.close()
    bench = Bench()
    try:
        assert not bench.stops(b"\r\x03", 60), "a person is slower"
    finally:
        bench.close()


def test_secrets_are_shown_as_stars():
    bench = Bench(Running("Password: ", True))
    try:
        bench.type("secret")
        assert bench.terminal.text == "******"
        bench.reader.prompt()
        assert bench.terminal.text.endswith("Password: ******")
    finally:
        bench.close()


def test_a_line_of_the_log_goes_above_what_is_typed():
    bench = Bench()
    try:
        bench.type("stat")
        bench.terminal.text = ""
        bench.reader.echo("info: charge: state B1")
        assert bench.terminal.text == "\r\x1b[Kinfo: charge: state B1\nwallbox> stat"
        bench.reader.session = Running()
        bench.reader.session.within = True
        bench.reader.line = bytearray()
        bench.terminal.text = ""
        bench.reader.echo("info")
        assert bench.terminal.text == "\ninfo\n"
    finally:
        bench.close()


def test_the_resident_part_is_small():
    with open("firmware/console/reader.py") as file:
        lines = [line for line in file.read().split("\n") if line.strip()]
    assert len(lines) < 100, len(lines)
