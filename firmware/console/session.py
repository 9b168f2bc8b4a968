"""One command at the console, from its line to its end: what it says and what it asks."""

import asyncio
import sys

from micropython import const

# Writing waits for the line when the UART's buffer (128 bytes) is full: 64 characters take 6 ms.
_PIECE = const(64)
_PIECE_MS = const(8)
_LOOK_MS = const(20)


def entered(reader, line):
    """A line was typed: the answer to a question, or a command."""
    try:
        text = str(line, "utf-8").strip()
    except UnicodeError:
        text = "?"
    if reader.session:
        reader.session.answer = text
        reader.session.question = ""  # answered: what the log says now does not repeat it
    elif text:
        session = reader.session = Session(reader)
        session.task = asyncio.create_task(_done(reader, session.run(text)))
    else:
        _forget()
        reader.prompt()


async def _done(reader, running):
    try:
        await running
    except asyncio.CancelledError:
        pass
    except Exception as error:  # a failure of one command is not one of the console
        sys.print_exception(error)
    reader.session = None
    _forget()
    reader.prompt()


def _forget():
    """This room but for the reader goes; the next command brings what it needs."""
    package = sys.modules["firmware.console"]
    for name in list(sys.modules):
        if name.startswith("firmware.console.") and not name.endswith(".reader"):
            del sys.modules[name]
            delattr(package, name.rsplit(".", 1)[1])


class Stopped(Exception):
    """Whoever was asked does not want to go on."""


class Session:
    """What commands are given; `running` tells whether the charge point runs beside them."""

    running = True

    def __init__(self, reader):
        self.app = reader.app
        self.question = ""
        self.hidden = self.within = False  # within: a line has begun and not ended
        self.answer = None
        self.task = None
        self._reader = reader

    async def run(self, text: str):
        """Do what a line says, or say what is wrong with it."""
        # Loading a module may hold the loop for 20 ms: never two of them without a pause.
        await self.pause(_LOOK_MS)
        from firmware.console.call import CallError, parse

        await self.pause(_LOOK_MS)
        from firmware.console.words import find

        await self.pause(_LOOK_MS)
        try:
            module, name, arguments = find(*parse(text))
        except CallError as error:
            await self.say(f"{error}\n")
            return
        await done(self, module, name, arguments)

    async def say(self, text: str):
        """Write, in pieces that hold nobody up; what the log says goes between two of them.

        So a piece ends with a line where it can: a question is never cut in two.
        """
        end = 0
        while end < len(text):
            start = end
            end = text.rfind("\n", start, start + _PIECE) + 1 or start + _PIECE
            piece = text[start:end]
            sys.stdout.write(piece)
            self.within = piece[-1] != "\n"
            await self.pause(_PIECE_MS)

    async def ask(self, question: str, hidden: bool = False) -> str:
        """The line that is typed after `question`; hidden: stars are shown instead."""
        self.answer = None
        await self.say(question)
        self.question, self.hidden = question[question.rfind("\n") + 1 :], hidden
        while self.answer is None:
            await self.pause(_LOOK_MS)
        self.question, self.hidden = "", False
        return self.answer

    def key(self) -> bool:
        """Whether something has been typed since the last question."""
        return bool(self._reader.line) or self.answer is not None

    async def pause(self, ms: int):
        await asyncio.sleep_ms(ms)


async def done(session, module: str, name: str, arguments: dict):
    """Have a command done; what it refuses is said in its own words."""
    from firmware.api.errors import ApiError
    from firmware.charge.signals import Refused
    from firmware.console.call import CallError
    from firmware.schema import SettingError
    from firmware.store.errors import StoreError

    loaded = __import__("firmware.console." + module, None, None, (name,))
    await session.pause(_LOOK_MS)
    try:
        await getattr(loaded, name)(session, arguments)
    except (ApiError, CallError, Refused, SettingError, StoreError) as error:
        await session.say(f"{error}\n")
    except Stopped:
        await session.say("Stopped.\n")
