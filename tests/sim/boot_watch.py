"""Notes what the next start of the firmware does, until its first pilot cycle is over."""

import builtins
import sys


class Start:
    """`events` are ("file", path), ("module", name) and ("pin", number, level) in their order.

    reads, programs, erased: what the flash of /data had to do meanwhile.
    """

    def __init__(self, chip):
        from machine import WDT  # the twin's, which is in place once there is a chip

        self._flash = chip.world.flash
        self._put_back = []
        self.reads = self.programs = self.erased = 0
        self._begin()
        self._replace(builtins, "open", self._open)
        self._replace(builtins, "__import__", self._import)
        self._replace(WDT, "feed", self._feed)
        self._pin_driven = chip.world.pin_driven
        chip.world.pin_driven = self._pin

    def _begin(self):
        self.events = []
        self.over = False
        self._feeds = 0
        self._before = self._flash_counts()

    def end(self):
        """Put everything back."""
        for place, name, original in self._put_back:
            setattr(place, name, original)
        self._put_back.clear()

    def files(self) -> list:
        return [event[1] for event in self.events if event[0] == "file"]

    def modules(self) -> list:
        return [event[1] for event in self.events if event[0] == "module"]

    def _flash_counts(self):
        flash = self._flash
        return flash.reads, flash.programs, sum(flash.erased)

    def _replace(self, place, name, make):
        original = getattr(place, name)
        self._put_back.append((place, name, original))
        setattr(place, name, make(original))

    def _note(self, *event):
        if not self.over:
            self.events.append(event)

    def _open(self, original):
        def noted(path, *arguments, **named):
            if path[-7:] == "boot.py":
                self._begin()
            self._note("file", path)
            return original(path, *arguments, **named)

        return noted

    def _import(self, original):
        def noted(name, *arguments):
            if len(arguments) > 3 and arguments[3]:  # asyncio alone imports relatively
                name = "asyncio." + name if name else "asyncio"
                arguments = (None, None, arguments[2])
            known = set(sys.modules)
            module = original(name, *arguments)
            for new in sys.modules:
                event = ("module", new)
                if new not in known and new[:9] == "firmware." and event not in self.events:
                    self._note(*event)
            return module

        return noted

    def _feed(self, original):
        def noted(watchdog):
            # The first feed is the watchdog's own, when the loop makes it.
            self._feeds += 1
            if self._feeds == 2:
                self.over = True
                now = self._flash_counts()
                self.reads, self.programs, self.erased = [
                    after - before for before, after in zip(self._before, now)
                ]
            original(watchdog)

        return noted

    def _pin(self, number, level):
        self._note("pin", number, level)
        self._pin_driven(number, level)
