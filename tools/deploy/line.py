"""The serial line to a board: what runs at its other end, and the prompt that tools need."""

import contextlib
import errno
import io
import json
import os
import re
import struct
import time

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport
from serial.tools import list_ports

_CHARGING = (3, 4)  # states C and D of IEC 61851-1, as the API counts them
_ANSWER_S = 4.0
_QUIET_S = 1.5
_SILENCE_S = 15.0
# A start that we have ended is not one that a version on trial has failed.
_UNCOUNT = """
import os
try:
    with open("/data/slots/choice") as file:
        _words = file.read().split()
    if _words[1:2] == ["trial"] and int(_words[2]):
        with open("/data/slots/choice.new", "w") as file:
            file.write("%s trial %d" % (_words[0], int(_words[2]) - 1))
        os.rename("/data/slots/choice.new", "/data/slots/choice")
except (OSError, ValueError, IndexError):
    pass
"""
# What main.py prints before it resets a firmware that has failed, contactors open.
_FAILED = 'File "main.py", line'
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class DeployError(Exception):
    """What was asked cannot be done; the text says why, and what to do."""


class Nothing:
    """No firmware runs: a prompt is shown, the board is asked for, or main.py has failed."""

    charging = False
    info = None


class Unknown:
    """Nothing is answered: the board may be running something, or there is none."""

    charging = None
    info = None


class Running:
    """The firmware runs; `info` is the answer to get_dev_info."""

    def __init__(self, info: dict):
        self.info = info
        states = [device for device in info.get("devices", []) if device.get("dev_id") == "E1"]
        model = next((device.get("model", "") for device in states), "")
        self.version = (model.split(",") + [""] * 4)[3]
        self.charging = any(device.get("state") in _CHARGING for device in states)


class Line:
    """An open serial port. Use as a context manager; `transport` is mpremote's."""

    def __init__(self, port: str):
        if not port:
            raise DeployError(f"say which port: PORT=/dev/ttyUSB0. {present()}")
        self.port = port
        try:
            self.transport = SerialTransport(port, baudrate=115200, timeout=_SILENCE_S)
        except TransportError:
            raise DeployError(refusal(port)) from None
        self._serial = self.transport.serial
        self.heard = ""  # what was said last to a question

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self._serial.close()

    def what_runs(self, patience_s: float = _ANSWER_S):
        """Ask without stopping anything: Nothing, Running or Unknown."""
        for _ in range(2):  # an entry of the log may come into the middle of an answer
            said = self._say(b'\r\ncmd("get_dev_info")\r\n', patience_s)
            if found := self.judge(said):
                return found
            if not said:
                # A raw prompt that somebody has left open: Ctrl-D has it run what was typed.
                said = self._say(b"\x04", _QUIET_S)
                return Nothing() if said.startswith("OK") or "\x04>" in said else Unknown()
        return Unknown()

    @staticmethod
    def judge(said: str):
        """What an answer tells about who gave it; None when it tells nothing."""
        if ">>> " in said or "Board (" in said or _FAILED in said:
            return Nothing()
        for line in lines(said):
            with contextlib.suppress(ValueError):
                value = json.loads(line)
                if isinstance(value, dict) and "devices" in value:
                    return Running(value)
        return None

    def ask(self, call: str, patience_s: float = _ANSWER_S):
        """The JSON that the running firmware's console prints for a call; None without one."""
        said = self._say(b"\r\n" + call.encode() + b"\r\n", patience_s)
        for line in lines(said):
            with contextlib.suppress(ValueError):
                return json.loads(line)
        return None

    def _say(self, words: bytes, patience_s: float) -> str:
        """What comes back until it ends in a prompt, or nothing comes for a while."""
        said = b""
        with unplugged(self.port):
            self._serial.reset_input_buffer()
            self._serial.write(words)
            end = time.monotonic() + patience_s
            while time.monotonic() < end:
                if self._serial.in_waiting:
                    said += self._serial.read(self._serial.in_waiting)
                    end = max(end, time.monotonic() + _QUIET_S)
                    if self.judge(said.decode(errors="replace")):
                        break
                time.sleep(0.02)
        self.heard = said.decode(errors="replace").replace("\r", "")
        return self.heard

    def last_words(self) -> str:
        """What was said last, indented, for a message; a dash when that was nothing."""
        said = self.heard.strip().splitlines()[-8:] or ["-"]
        return "".join("\n  " + line for line in said)

    def take(self):
        """Stop what runs (the firmware opens its contactors then) and get the raw prompt."""
        for _ in range(2):
            # mpremote prints what it did not expect.
            with unplugged(self.port), contextlib.redirect_stdout(io.StringIO()):
                try:
                    self.transport.enter_raw_repl(soft_reset=False)
                    return
                except TransportError:
                    time.sleep(0.5)
        raise DeployError(
            f"no MicroPython answers at {self.port}: is it the right port, is the board powered, "
            "and is MicroPython on it (`make flash`)?"
        )

    def soft_reset(self):
        """Start boot.py and not main.py, with all memory free."""
        self.run(_UNCOUNT)
        with unplugged(self.port), contextlib.redirect_stdout(io.StringIO()):
            try:
                self.transport.enter_raw_repl(soft_reset=True, timeout_overall=30)
            except TransportError:
                raise DeployError("the board did not come back from a soft reset") from None

    def run(self, program: str, patience_s: float = 10.0) -> str:
        """What a program prints on the chip; DeployError with its last line when it fails."""
        # mpremote prints what it did not expect.
        with unplugged(self.port), contextlib.redirect_stdout(io.StringIO()):
            try:
                printed, failed = self.transport.exec_raw(program, timeout=patience_s)
            except (TransportError, struct.error) as error:
                raise DeployError(f"the board has fallen silent ({error})") from None
        if failed:
            raise DeployError(explained(failed.decode(errors="replace")))
        return printed.decode(errors="replace")

    def call_first(self, program: str):
        """The JSON that a program prints last."""
        return json.loads(self.run(program).strip().rpartition("\n")[2])

    def call(self, expression: str, patience_s: float = 10.0):
        """The value of an expression on the chip, as JSON carries it."""
        printed = self.run(f"_value = {expression}\nprint(json.dumps(_value))", patience_s)
        return json.loads(printed.strip().rpartition("\n")[2])

    def restart(self):
        """Reset the chip; it starts with what is on its flash."""
        with contextlib.suppress(DeployError):
            self.run(_UNCOUNT)
        with contextlib.suppress(OSError, serial.SerialException, TransportError, struct.error):
            self.transport.exec_raw_no_follow("import machine\nmachine.reset()")
            time.sleep(0.2)
            self.transport.in_raw_repl = False

    def listen(self, duration_s: float) -> str:
        """What comes within this time."""
        heard = b""
        end = time.monotonic() + duration_s
        with unplugged(self.port):
            while time.monotonic() < end:
                heard += self._serial.read(self._serial.in_waiting)
                time.sleep(0.02)
        return heard.decode(errors="replace").replace("\r", "")


@contextlib.contextmanager
def unplugged(port: str):
    """A port that vanishes is a cable that was pulled."""
    try:
        yield
    except (OSError, serial.SerialException):
        raise DeployError(f"{port} is gone: was the cable pulled?") from None


def lines(said: str) -> list[str]:
    """Answers start on lines of their own; what a terminal needs is taken out."""
    return [line.strip() for line in _ESCAPES.sub("", said).replace("\r", "\n").split("\n")]


def explained(traceback: str) -> str:
    """The end of a traceback in words, where its meaning is known."""
    last = traceback.strip().rpartition("\n")[2].strip()
    if "ENOSPC" in last or last == "OSError: 28":
        return "the flash of the board is full"
    if last.startswith("MemoryError"):
        return "the board has not enough memory for this"
    return f"the board says: {last}"


def present() -> str:
    """The serial ports of this machine in a sentence."""
    names = sorted(found.device for found in list_ports.comports() if found.vid is not None)
    return (
        f"Boards may be at: {', '.join(names)}." if names else "No USB serial port is plugged in."
    )


def refusal(port: str) -> str:
    """Why a port could not be opened."""
    if not os.path.exists(port):
        return f"there is no {port}. {present()}"
    try:
        serial.Serial(port, exclusive=True).close()
    except serial.SerialException as error:
        if error.errno == errno.EACCES:
            return f"{port} may not be opened: add yourself to its group (dialout), log in anew"
        if error.errno in (errno.EAGAIN, errno.EBUSY) or "lock" in str(error):
            return f"{port} is in use: close the other program that has it open"
        if error.errno == errno.ENOTTY or "configure port" in str(error):
            return f"{port} is no serial port. {present()}"
        return f"{port} cannot be opened: {error}"
    return f"{port} could not be opened just now: try again"
