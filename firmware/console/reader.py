"""The console's resident part: bytes of the serial line become lines; session.py does the rest.

Ctrl-C is a byte here, so that nobody stops a charging box by accident: it gives up the line or
the command. With nothing to give up, the second within two seconds stops the firmware, which opens
the contactors. Programs that want the REPL (mpremote) send Enter and Ctrl-C, or Ctrl-C twice, in
one go: that stops it at once, and what follows is left for the REPL.
"""

import asyncio
import select
import sys

import micropython
from micropython import const

from firmware.ticks import since

_LOOK_MS = const(20)  # 230 characters of a paste at 115200 baud; the chip keeps 260
_BURST_MS = const(50)
_TWICE_MS = const(2000)
_LONGEST = const(200)
_AT_ONCE = const(16)
_AGAIN = "^C  Once more stops the firmware, and the contactors open.\n"


class Reader:
    """`line` is what has been typed (or put there to begin with), `session` what runs."""

    def __init__(self, app):
        self.app = app
        self.line = bytearray()
        self.session = None
        self._before = self._at = self._asked_at = 0
        self._used = self._asked = False

    async def run(self):
        """Read for ever; KeyboardInterrupt when the firmware shall stop."""
        micropython.kbd_intr(-1)
        poll = select.poll()
        poll.register(sys.stdin, select.POLLIN)
        stream, byte = sys.stdin.buffer, bytearray(1)
        self.app.log.echo = self.echo
        if self.line:
            self._enter()
        while True:
            for _ in range(_AT_ONCE):
                if not any(poll.ipoll(0)) or not stream.readinto(byte):  # pyright: ignore
                    break
                self.take(byte[0], self.app.board.now())
            await asyncio.sleep_ms(_LOOK_MS)

    def take(self, byte: int, now: int):
        """One byte has come."""
        before, self._before = self._before, byte
        burst = 0 <= since(now, self._at) <= _BURST_MS
        self._at = now
        self._used = True
        if byte == 3:
            self._interrupt(now, burst and before in (3, 10, 13))
        elif byte == 13 or (byte == 10 and before != 13):
            self._enter()
        elif byte in (8, 127) and self.line:
            while self.line[-1] & 0xC0 == 0x80:  # the later bytes of a letter beyond ASCII
                self.line = self.line[:-1]
            self.line = self.line[:-1]
            sys.stdout.write("\b \b")
        elif before == 27:
            self._before = 27 if byte == 91 else 0  # the letter after ESC [ is an arrow key
        elif 32 <= byte != 127 and len(self.line) < _LONGEST:
            self.line.append(byte)
            sys.stdout.write("*" if self.session and self.session.hidden else bytes((byte,)))

    def _enter(self):
        from firmware.console.session import entered

        sys.stdout.write("\n")
        line, self.line = self.line, bytearray()
        entered(self, line)

    def _interrupt(self, now, program):
        if program or (self._asked and 0 <= since(now, self._asked_at) <= _TWICE_MS):
            raise KeyboardInterrupt
        self._asked = not (self.line or self.session)
        self._asked_at = now
        self.line = bytearray()
        sys.stdout.write(_AGAIN if self._asked else "^C\n")
        if self.session:
            self.session.task.cancel()
        else:
            self.prompt()

    def prompt(self):
        """Show what is asked, and what has been typed so far."""
        session = self.session
        sys.stdout.write(session.question if session else "wallbox> ")
        sys.stdout.write("*" * len(self.line) if session and session.hidden else self.line)

    def echo(self, text: str):
        """A line of the log goes above what is being typed."""
        session = self.session
        if self._used:
            speaks = session and session.within and not session.question
            sys.stdout.write(("\n" if speaks else "\r\x1b[K") + text + "\n")
            self.prompt()
        else:
            print(text)
