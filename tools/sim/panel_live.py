"""The live panel's loop: keys in, levers pulled, a screen (or a line per second) out."""

import uselect
from chip_sys import host as sys
from panel import Panel, status_line
from silicon import SILICON

_LOOK_MS = 50
_DRAW_LOOKS = 10
_SPEEDS = (1, 2, 5, 10, 60, 300)
_ESCAPE = "\x1b"
_LOG_LINES = 60
_BACK = "\x1d"  # Ctrl-]
_HINT = "The box's console, as on its serial line: help(). Ctrl-] goes back to the panel.\n"


class Live:
    """Runs beside the firmware as a story: `chip.run(live.story())` ends when the user quits.

    view: a panel_view.View. files: (screen to draw on, or None for one line per second on
    standard output; what the firmware prints, read for the panel's log, or None; requests to the
    launcher, or None).
    """

    def __init__(self, bench, cars: list, view, files: tuple):
        self._bench = bench
        self._cars = cars
        self._car = 0
        self._view = view
        self._screen, self._console, self._control = files
        self._size = (80, 24)
        self._poll = uselect.poll()
        self._poll.register(sys.stdin, uselect.POLLIN)
        self._partial = ""
        self._over = False
        self._talking = False  # keys go to the box's console, and what it writes to the screen
        self._listening = True
        self._keys = {
            "p": self._plug,
            "c": self._want,
            "n": self._next_car,
            "b": self._broker,
            "w": self._weld,
            "x": lambda: self._act("power", "off", "2s"),
            "r": lambda: self._act("reset"),
            "d": lambda: self._toggle("diode"),
            "s": lambda: self._toggle("pilot_short"),
            "g": lambda: self._toggle("residual_current"),
            "e": lambda: self._toggle("emergency_stop"),
            "m": lambda: self._bench.silence("meter_silent" not in self._bench.injected),
            "h": lambda: self._act("hold", "60ms"),
            "u": lambda: self._bench.world.press_button(not self._bench.world.button),
            "+": lambda: self._faster(1),
            "-": lambda: self._faster(-1),
            "t": self.talk,
            "?": self._help,
            "q": self._quit,
            "\x03": self._quit,
            "\x04": self._quit,
        }

    def story(self):
        """Until the user quits; looks at the keys twenty times a (real) second."""
        self._plug()
        if self._screen:
            self._screen.write("\x1b[?1049h\x1b[?25l\x1b[2J")
        else:
            for what, line in self._view.gathered()["commands"]:
                print(f"{line}   # {what}")
        looks = 0
        while not self._over:
            if self._talking:
                self._read_keys()
                self._read_console()
            elif self._read_keys() or looks % _DRAW_LOOKS == 0:
                self._draw(looks)
            looks += 1
            yield _LOOK_MS * max(1, self._bench.clock.speed)

    def _draw(self, looks):
        self._read_console()
        view = self._view.gathered()
        if self._screen is None:
            if looks % (2 * _DRAW_LOOKS) == 0:
                print(status_line(view))
            return
        width, height = self._size
        lines = Panel(True).lines(view, width, height)
        text = "\x1b[H" + "\x1b[K\r\n".join(lines) + "\x1b[K\x1b[J"
        self._screen.write(text)

    def _read_console(self):
        if self._console is None:
            return
        text = self._console.read()
        if self._talking and text:
            self._screen.write(text)
        text = self._partial + text
        lines = text.split("\n")
        self._partial = lines.pop()
        log = self._view.log
        log.extend(lines)
        if len(log) > _LOG_LINES:
            del log[:-_LOG_LINES]

    def _read_keys(self) -> bool:
        """Whether a key was pressed."""
        pressed = False
        while self._listening and self._poll.poll(0):
            key = sys.stdin.buffer.read(1)
            if not key:
                self._listening = False
                break
            key = chr(key[0])
            if key == _ESCAPE:
                self._read_escape()
            elif self._talking and key == _BACK:
                self._stop_talking()
            elif self._talking:
                SILICON.serial.type(bytes((ord(key),)))
            elif key in self._keys:
                self._keys[key]()
            pressed = True
        return pressed

    def _read_escape(self):
        """Only the report of the terminal's size means something: ESC [ 8 ; lines ; columns t."""
        text = ""
        while self._poll.poll(0) and len(text) < 20:
            text += chr(sys.stdin.buffer.read(1)[0])
            if text[-1] in "tABCDHF~":
                break
        parts = text[1:-1].split(";")
        if text[-1:] == "t" and len(parts) == 3:
            self._size = (max(20, int(parts[2])), max(8, int(parts[1])))
            if self._screen:
                self._screen.write("\x1b[2J")

    # What the keys do.

    def _act(self, verb, *words):
        self._bench.act(verb, list(words))

    def _toggle(self, name):
        self._act("clear" if name in self._bench.injected else "fault", name)

    def _plug(self):
        if self._bench.world.car is None:
            self._act("plug", self._cars[self._car])
            self._view.car = self._bench.world.car.settings["name"]
        else:
            self._act("unplug")

    def _next_car(self):
        if self._bench.world.car is not None:
            self._act("unplug")
        self._car = (self._car + 1) % len(self._cars)
        self._view.car = self._cars[self._car]

    def _want(self):
        car = self._bench.world.car
        if car is not None:
            car.want(not car.wants)

    def _weld(self):
        self._toggle("weld")

    def _broker(self):
        self._view.broker_runs = not self._view.broker_runs
        self._ask("broker " + ("start\n" if self._view.broker_runs else "stop\n"))

    def _faster(self, steps):
        clock = self._bench.clock
        known = [speed for speed in _SPEEDS if speed <= clock.speed]
        index = max(0, len(known) - 1) + steps
        clock.set_speed(_SPEEDS[max(0, min(index, len(_SPEEDS) - 1))])

    def talk(self):
        """Have the terminal talk to the firmware's console instead of the panel."""
        if self._screen is None:
            return
        self._read_console()
        self._talking = True
        self._screen.write("\x1b[?25h\x1b[2J\x1b[H" + _HINT)
        self._ask("keys raw\n")
        SILICON.serial.type("\r")

    def _stop_talking(self):
        self._talking = False
        self._screen.write("\x1b[?25l\x1b[2J")
        self._ask("keys panel\n")

    def _ask(self, request):
        if self._control:
            self._control.write(request)

    def _help(self):
        self._view.help = not self._view.help

    def _quit(self):
        self._over = True
