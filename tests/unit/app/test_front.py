"""The button, bounce by bounce, and what the light says beside charging."""

from firmware import led
from firmware.front import LONG, NOTHING, RESET, SHORT, Button, Front
from firmware.ticks import after

_LOOK_MS = 50


class Finger:
    """Presses a button; `asked` is what came out of it."""

    def __init__(self, down=False):
        self.now = (1 << 30) - 7000  # the ticks wrap while it is held
        self.button = Button()
        self.asked = []
        self.hold(down, 200)

    def hold(self, down, for_ms):
        for _ in range(for_ms // _LOOK_MS):
            asked = self.button.step(down, self.now)
            if asked:
                self.asked.append(asked)
            self.now = after(self.now, _LOOK_MS)

    def press(self, for_ms):
        self.hold(True, for_ms)
        self.hold(False, 200)


def test_what_a_press_asks_for_depends_on_how_long_it_was():
    for for_ms, expected in (
        (50, []),  # one look: a bounce or a spark
        (200, [SHORT]),
        (4900, [SHORT]),
        (5200, [LONG]),
        (14900, [LONG]),
        (15200, [RESET]),
        (59000, [RESET]),
        (60200, []),  # stuck
        (600000, []),
    ):
        finger = Finger()
        finger.press(for_ms)
        assert finger.asked == expected, for_ms
        assert finger.button.held == NOTHING


def test_nothing_happens_before_it_is_let_go_and_held_tells_what_will():
    finger = Finger()
    for for_ms, held in ((1000, SHORT), (5000, LONG), (10000, RESET), (50000, NOTHING)):
        finger.hold(True, for_ms)
        assert finger.button.held == held and finger.asked == [], for_ms


def test_a_button_that_is_down_at_the_start_has_to_be_let_go_first():
    finger = Finger(down=True)
    finger.press(20000)
    assert finger.asked == []
    finger.press(6000)
    assert finger.asked == [LONG]


def test_a_stuck_button_works_again_once_it_is_free():
    finger = Finger()
    finger.press(120000)
    finger.press(5500)
    assert finger.asked == [LONG]


def test_a_bounce_while_it_is_held_does_not_end_the_press():
    finger = Finger()
    finger.hold(True, 3000)
    finger.hold(False, 50)
    finger.hold(True, 3000)
    finger.hold(False, 200)
    assert finger.asked == [LONG]


class Part:
    """A part of an app, with what is given as attributes."""

    def __init__(self, **parts):
        for name, value in parts.items():
            setattr(self, name, value)


class Log:
    def __init__(self):
        self.lines = []

    def warning(self, topic, text):
        self.lines.append(text)


def front(ssid="home", closed=False, up=True):
    network = Part(wifi_ssid=ssid)
    resets = []
    app = Part(
        settings=Part(network=network),
        closed=lambda: closed,
        network_up=lambda: up,
        log=Log(),
        system=Part(factory_reset=lambda: resets.append(1)),
        resets=resets,
        started=[],
    )
    return Front(app, lambda name, run: app.started.append(name)), app


def test_the_light_says_what_letting_go_would_do_and_else_what_is_missing():
    for held, closed, up, trial, access, expected in (
        (NOTHING, False, True, False, None, led.NO_NOTICE),
        (NOTHING, False, False, False, None, led.NO_NETWORK),
        (NOTHING, False, False, True, None, led.TRIAL),
        (NOTHING, False, False, True, object(), led.ACCESS_POINT),
        (SHORT, False, True, False, None, led.NO_NOTICE),
        (LONG, False, True, False, None, led.LONG_PRESS),
        (LONG, True, True, False, None, led.LONG_PRESS),
        (RESET, False, True, False, object(), led.RESET_ARMED),
        (RESET, True, True, False, None, led.NO_NOTICE),
    ):
        part, _ = front(closed=closed, up=up)
        part.trial = trial
        part.access = access
        part._button.held = held
        assert part._notice() == expected, (held, closed, up, trial)


def test_the_factory_reset_waits_for_an_open_contactor():
    for closed, resets in ((True, []), (False, [1])):
        part, app = front(closed=closed)
        part._asked(RESET)
        assert app.resets == resets and len(app.log.lines) == 1


def test_a_short_press_does_nothing_and_a_long_one_wants_the_access_point():
    part, app = front()
    part._asked(SHORT)
    assert not app.started and not app.log.lines
    part._asked(LONG)
    part._asked(LONG)
    assert app.started == ["access point"]


def test_a_box_without_wifi_wants_the_access_point_from_the_start():
    for ssid, wanted in (("home", False), ("", True)):
        assert bool(front(ssid=ssid)[1].started) == wanted
