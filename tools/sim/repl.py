"""The prompt of the simulated chip: MicroPython's friendly REPL, raw REPL and raw paste.

The interpreter that the simulator runs on keeps its own prompt for itself, so the chip's one is
made here, after the protocol that MicroPython documents for tools that talk to a board.
"""

from chip_sys import host
from micropython import const
from silicon import SILICON

_CTRL_A = const(1)
_CTRL_B = const(2)
_CTRL_C = const(3)
_CTRL_D = const(4)
_CTRL_E = const(5)
_BACKSPACE = (8, 127)
_RETURN = const(13)
_NEWLINE = const(10)
_WINDOW = const(128)
_LETTER_R = const(82)

_RAW_BANNER = "raw REPL; CTRL-B to exit\r\n"


class Repl:
    """Reads from `port` and runs what it reads with `names` as globals, until the chip resets.

    banner: the first line of the friendly mode. `raw` is the mode, and lives on after a soft
    reset, which `soft_reset()` does.
    """

    def __init__(self, port, banner: str, soft_reset):
        self.raw = False
        self._port = port
        self._banner = banner
        self._soft_reset = soft_reset
        self._names = {}

    def run(self, names: dict):
        """Serve the prompt for ever."""
        self._names = names
        while True:
            if self.raw:
                self._raw_mode()
            else:
                self._friendly_mode()

    # Raw mode: no echo, a whole program up to Ctrl-D.

    def _raw_mode(self):
        self._say(_RAW_BANNER)
        while self.raw:
            self._say(">")
            program = self._program()
            if program is None:
                continue
            self._say("OK")
            if not program:
                self._restart()
            self._run_raw(program)

    def _program(self):
        """The bytes up to Ctrl-D; None when another mode was asked for, or it is done already."""
        program = bytearray()
        while True:
            byte = self._port.get()
            if byte == _CTRL_D:
                return self._special(program)
            if byte == _CTRL_A:
                if program != b"\x05A":
                    self._say(_RAW_BANNER)
                    return None
                self._paste()
                return None
            if byte == _CTRL_B:
                self._say("\r\n")
                self.raw = False
                return None
            if byte == _CTRL_C:
                program = bytearray()
            else:
                program.append(byte)

    def _special(self, program):
        """What begins with Ctrl-E asks for a feature that this chip does not have."""
        if program[:1] == b"\x05":
            self._say("R\x00")
            return None
        return bytes(program)

    def _paste(self):
        """Raw paste: the sender may send a window ahead, and gets leave for each further one."""
        self._port.send(bytes((_LETTER_R, 1, _WINDOW, 0, 1)))
        program = bytearray()
        left = _WINDOW
        while True:
            byte = self._port.get()
            if byte == _CTRL_C:
                self._say("\x04\x04\x04")
                return
            if byte == _CTRL_D:
                break
            program.append(byte)
            left -= 1
            if not left:
                left = _WINDOW
                self._say("\x01")
        self._say("\x04")
        self._run_raw(bytes(program))

    def _run_raw(self, program: bytes):
        leaving = False
        try:
            self._execute(program, "exec")
        except SystemExit:
            leaving = True
        except (Exception, KeyboardInterrupt) as error:
            self._say("\x04")
            host.print_exception(error)
        else:
            self._say("\x04")
        self._say("\x04\x04" if leaving else "\x04")
        if leaving:
            self._restart()

    # Friendly mode: for people.

    def _friendly_mode(self):
        self._say(f'{self._banner}\r\nType "help()" for more information.\r\n')
        while not self.raw:
            statement = self._statement()
            if statement.strip():
                self._run_friendly(statement)

    def _statement(self) -> str:
        """A statement, over several lines where it takes them; empty when a mode has changed."""
        statement = ""
        prompt = ">>> "
        while True:
            self._say(prompt)
            line, end = self._line()
            if end == _CTRL_E:
                return self._pasted()
            if end != _RETURN:
                return ""
            statement += line + "\n"
            if not _goes_on(statement, line):
                return statement
            prompt = "... "

    def _line(self):
        """A line that was typed, and the character that ended it."""
        line = ""
        while True:
            byte = self._port.get()
            if byte in (_RETURN, _NEWLINE):
                self._say("\r\n")
                return line, _RETURN
            if byte == _CTRL_C:
                self._say("\r\n")
                return "", byte
            if byte in _BACKSPACE and line:
                line = line[:-1]
                self._say("\b \b")
            elif byte < 32 and not line:
                if self._control(byte):
                    return "", byte
            elif byte >= 32 and byte != 127:
                line += chr(byte)
                self._say(chr(byte))

    def _control(self, byte: int) -> bool:
        """A control character at the start of a line; True when it ends the line."""
        if byte == _CTRL_A:
            self.raw = True
        elif byte == _CTRL_B:
            self._say(f"\r\n{self._banner}\r\n")
        elif byte == _CTRL_D:
            self._say("\r\n")
            self._restart()
        return byte in (_CTRL_A, _CTRL_B, _CTRL_E)

    def _pasted(self) -> str:
        self._say("\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ")
        text = ""
        while True:
            byte = self._port.get()
            if byte in (_CTRL_C, _CTRL_D):
                self._say("\r\n")
                return text if byte == _CTRL_D else ""
            letter = "\n" if byte == _RETURN else chr(byte)
            text += letter
            self._say("\r\n=== " if letter == "\n" else letter)

    def _run_friendly(self, statement: str):
        try:
            self._execute(statement, "exec" if "\n" in statement.strip() else "single")
        except SystemExit:
            self._restart()
        except (Exception, KeyboardInterrupt) as error:
            host.print_exception(error)

    # Both.

    def _execute(self, program, kind: str):
        if isinstance(program, bytes):
            program = str(program, "utf-8")
        serial = SILICON.serial
        serial.interrupt = _CTRL_C
        serial.running = True
        try:
            exec(compile(program, "<stdin>", kind), self._names)
        finally:
            serial.running = False
            SILICON.clock.no_interrupt()

    def _restart(self):
        self._say("MPY: soft reboot\r\n")
        self._soft_reset()

    def _say(self, text: str):
        self._port.say(text)


def _goes_on(statement: str, line: str) -> bool:
    """Whether more lines belong to it: inside brackets, or inside a block until an empty line."""
    opened = sum(statement.count(bracket) for bracket in "([{")
    closed = sum(statement.count(bracket) for bracket in ")]}")
    if opened > closed:
        return True
    in_block = statement.rstrip().endswith(":") or "\n" in statement.strip()
    return in_block and line.strip() != ""
