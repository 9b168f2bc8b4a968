"""The console's commands where no loop runs: at the REPL after Ctrl-C, and on a blank chip."""

import sys

from firmware.console import words
from firmware.console.call import CallError
from firmware.console.session import Stopped, done


class Plain:
    """A session that waits for the line itself, because nothing else wants to run."""

    running = False

    def __init__(self, app=None):
        self.app = app

    async def say(self, text: str):
        sys.stdout.write(text)

    async def ask(self, question: str, hidden: bool = False) -> str:
        sys.stdout.write(question)
        return _line(hidden)

    def key(self) -> bool:
        return True

    async def pause(self, ms: int):
        """Nothing happens meanwhile."""


def _line(hidden) -> str:
    typed = bytearray()
    byte = bytearray(1)
    while True:
        sys.stdin.buffer.readinto(byte)  # pyright: ignore  MicroPython has it
        code = byte[0]
        if code in (10, 13):
            sys.stdout.write("\n")
            return str(typed, "utf-8").strip()
        if code in (8, 127) and typed:
            typed = typed[:-1]
            sys.stdout.write("\b \b")
        elif code == 3:
            raise KeyboardInterrupt
        elif 32 <= code < 127:
            typed.append(code)
            sys.stdout.write("*" if hidden else chr(code))


def finish(coroutine):
    """Run a coroutine that waits for nothing to its end."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise RuntimeError("this needs the running firmware")


def functions(app) -> dict:
    """The console's commands as functions for the REPL, by name."""
    return {name: _function(app, name) for name in words.names()}


def _function(app, name):
    def command(*given, **named):
        try:
            call = words.find(name, list(given), named)
        except CallError as error:
            sys.stdout.write(f"{error}\n")
            return
        finish(done(Plain(app), *call))
        app.finish()

    return command


async def choose():
    """Ask for the board until one is chosen: without it nothing else can be done."""
    from firmware.console.wizard import boards, choose_board

    session = Plain()
    await session.say(
        "No board is chosen: /data/board names a file of firmware/boards/.\n"
        "A wrong choice drives wrong pins: the power part must be off now.\n"
    )
    while True:
        answer = await session.ask(f"Board ({', '.join(boards())}): ")
        try:
            await session.say(f"  Taken: {choose_board(answer)}\n")
            return
        except (ValueError, Stopped) as error:
            await session.say(f"  Not taken: {error.args[0]}\n")
