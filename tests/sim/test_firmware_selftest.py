"""Self-test and calibration, typed at the whole firmware, with each part broken in turn."""

from chip import Chip, until
from firmware_bench import app, box, charging, started
from firmware_terminal import PROMPT, shown, typed
from scenario_setup import commission, initial_document
from silicon import SILICON
from world.car import Car
from world.world import World

from firmware import wiring

_RELAY = "Close the contactor for a second [no]? "
_MOVE = "Move them [no]? "
_EAR = "Did the relay click twice [no]? "
_LOCK = "three seconds [no]? "
_SCAN = "10 s) [no]? "
_B = "Connect 2.74 kOhm (Enter: pass over): "
_C = "Connect 882 Ohm (Enter: pass over): "


def answering(chip, say=None, resistors=False):
    """For stories: go through a self-test; what the terminal showed. `say`: other answers."""
    say = say or {}
    line = SILICON.serial
    heard = ""
    text = yield from _heard("selftest()")
    while True:
        heard += text
        if text.endswith(PROMPT):
            return heard
        if text.endswith(_B) and resistors:
            chip.world.plug(Car({}))
            chip.world.car.force("B")
            yield from shown(_C, 60000)
            chip.world.car.force("C")
            yield from until(lambda: line.text.endswith((_SCAN, PROMPT)), 60000, line.text)
            chip.world.unplug()
            yield 1000
            text = line.text
            line.text = ""
            continue
        for question, answer in (
            (_RELAY, "yes"),
            (_MOVE, "yes"),
            (_EAR, "no"),
            (_LOCK, "yes"),
            (_SCAN, "no"),
            (_B, ""),
            (_C, ""),
        ):
            if text.endswith(question):
                text = yield from _heard(say.get(question, answer))
                break


def _heard(text):
    line = SILICON.serial
    line.text = ""
    line.type(text + "\r")
    ends = (PROMPT, _RELAY, _MOVE, _EAR, _LOCK, _SCAN, _B, _C)
    yield from until(lambda: len(line.text) > 30 and line.text.endswith(ends), 60000, line.text)
    heard, line.text = line.text, ""
    return heard


def line_of(text: str, what: str) -> str:
    """The line of a report about one thing."""
    for line in text.split("\n"):
        if line[11:].startswith(what):
            return line
    raise AssertionError(f"{what} is not in {text}")


def volts(text: str, what: str) -> tuple:
    """What a line about the relay measured, joined and cut, in tenths of a volt."""
    words = line_of(text, what).split()
    return tuple(
        (int(words[place - 1].replace(".", "")) + 5) // 10
        for place, word in enumerate(words)
        if word == "V"
    )


def board_box(name):
    """A box with another board of firmware/boards/."""
    chip = Chip(World(wiring.named(name)), root=".")
    commission(chip.world, initial_document(""), "")
    return chip


def tested(lever=None, say=None, resistors=False, board=None):
    """(report, world) of a self-test after `lever(world)` was pulled."""
    SILICON.new()
    chip = board_box(board) if board else box()
    # Loading a module from its source takes memory that compiled ones do not.
    SILICON.heap.size = 8000000
    found = []

    def story():
        yield from started(chip)
        app(chip).settings.remove("devices", "M3")
        app(chip).devices.renew()
        yield 5000
        if lever:
            lever(chip.world)
            yield 3000
        found.append((yield from answering(chip, say, resistors)))
        yield 3000
        point = app(chip).point
        assert not point.trial.standing or point.faults.active
        assert not point.outputs.contactor
        assert app(chip).pace.worst_closed_ms <= 30 and chip.boots == 1

    chip.run(story(), limit_ms=400000)
    return found[0], chip.world


def test_a_sound_box_passes():
    text, world = tested(resistors=True, say={_SCAN: "yes"})
    for what in (
        "pilot +12 V",
        "emergency stop",
        "RDC-DD ",
        "RDC-DD test",
        "contactor ",
        "pilot relay",
        "contactor L2/L3",
        "lock",
        "pilot at 2.74 kOhm",
        "relay at 2.74 kOhm",
        "PWM",
        "pilot -12 V",
        "pilot at 882 Ohm",
        "temperature",
        "meter M1",
        "meter M2",
        "RS485",
        "S0 input 1",
        "flash",
        "Wi-Fi",
    ):
        assert line_of(text, what).startswith("pass  "), (what, text)
    assert "unit 101" in line_of(text, "RS485")
    assert "0 FAIL" in text
    assert world.contactor.closings == 1, "it clicks once and never for the resistor"
    assert volts(text, "pilot relay") == (120, 14)
    assert volts(text, "relay at 2.74 kOhm") == (90, 14)
    moves = line_of(text, "contactor L2/L3")
    assert "open after" in moves and "closed after" in moves
    assert world.phase_contactor.closings == 2, "at boot, and back in the self-test"
    assert world.phase_contactor.closed and not world.pilot.relay_open


def failing(lever, what, part, say=None, resistors=False):
    text, world = tested(lever, say, resistors)
    line = line_of(text, what)
    assert line.startswith("FAIL  ") and part in line, (line, text)
    assert " 1 FAIL" in text or " 2 FAIL" in text, text
    return text, world


def test_a_contactor_that_welds_when_it_clicks():
    text, _ = failing(lambda world: world.contactor.weld(), "contactor", "welded")
    assert line_of(text, "lock").startswith("skipped"), "nothing more is driven"


def test_a_contactor_that_is_welded_already():
    text, _ = failing(lambda world: world.contactor.weld_closed(), "contactor", "welded")
    assert line_of(text, "fault welded").startswith("FAIL")


def test_a_contactor_that_does_not_close():
    failing(lambda world: world.contactor.stick(), "contactor", "did not close")


def test_a_residual_current_sensor_that_is_dead():
    def kill(world):
        world.residual.dead = True

    failing(kill, "RDC-DD test", "no answer")


def test_a_pilot_that_is_off():
    def bend(world):
        world.pilot.gain_permille = 930
        world.pilot.refresh()

    failing(bend, "pilot +12 V", "11.1")


def test_a_pilot_source_without_its_negative_half():
    def cut(world):
        world.pilot.negative_missing = True
        world.pilot.refresh()

    text, _ = tested(cut, resistors=True)
    assert line_of(text, "pilot -12 V").startswith("FAIL"), text


def test_a_lock_that_jams():
    def jam(world):
        world.lock.jammed = True

    failing(jam, "lock", "did not lock within 3 s")


def test_a_meter_that_is_silent():
    def hush(world):
        world.meter.silent = True

    failing(hush, "RS485", "no unit answers", say={_SCAN: "yes"})


def test_a_temperature_sensor_that_is_broken():
    text, _ = tested(lambda world: world.analogue.set_temperature(None))
    assert line_of(text, "temperature").startswith("FAIL")
    assert line_of(text, "fault sensor").startswith("FAIL")


def test_an_s0_input_that_hangs():
    def short(world):
        SILICON.drive(world.board["s0"][1], 0)

    failing(short, "S0 input 2", "closed all the time")


def test_an_emergency_stop_that_is_pressed():
    text, _ = tested(lambda world: world.press_emergency(True))
    assert line_of(text, "emergency stop").startswith("FAIL")
    assert line_of(text, "contactor").startswith("skipped")


def test_nothing_is_tried_without_a_yes():
    text, world = tested(say={_RELAY: "", _MOVE: "", _LOCK: "n"})
    assert line_of(text, "pilot relay").startswith("skipped    pilot relay           not moved")
    assert "told to close, reports closed" in line_of(text, "contactor L2/L3")
    assert world.phase_contactor.closings == 1
    assert line_of(text, "contactor").startswith("skipped") and world.contactor.closings == 0
    assert line_of(text, "lock").startswith("skipped")


def test_with_a_car_it_refuses_unless_asked_and_then_drives_nothing():
    chip = box()
    SILICON.heap.size = 8000000

    def story():
        yield from started(chip)
        yield from charging(chip)
        text = yield from typed("selftest()")
        assert "Not now: a car" in text and "selftest(car=True)" in text
        SILICON.serial.type("selftest(car=True)\r")
        yield from shown(_SCAN)
        text = yield from typed("yes", limit_ms=60000)
        assert line_of(text, "RS485").startswith("pass")
        assert chip.world.contactor.closed and chip.world.contactor.closings == 1
        assert app(chip).pace.held == 0 and not app(chip).point.trial.standing

    chip.run(story(), limit_ms=200000)


def test_l2_and_l3_that_weld_are_named():
    text, world = failing(
        lambda world: world.phase_contactor.weld(), "contactor L2/L3", "welded", resistors=True
    )
    assert "still closed 400 ms after it was told to open" in line_of(text, "contactor L2/L3")
    assert line_of(text, "lock").startswith("skipped"), "nothing more is driven"
    assert not world.contactor.closed and not world.pilot.relay_open


def test_l2_and_l3_that_do_not_pull_in_are_named():
    def stick(world):
        world.phase_contactor.stick()

    text, _ = failing(stick, "contactor L2/L3", "does not pull in")
    assert "still open 400 ms after it was told to close" in line_of(text, "contactor L2/L3")


def test_a_pilot_relay_that_is_stuck_is_named_at_the_empty_socket():
    def stick(world):
        world.pilot.relay_stuck = True

    text, _ = tested(stick, resistors=True)
    for what, before in (("pilot relay", 120), ("relay at 2.74 kOhm", 90)):
        assert line_of(text, what).startswith("FAIL") and "not open" in line_of(text, what), text
        assert volts(text, what) == (before, before)
    assert "2 FAIL" in text


def test_a_relay_behind_the_point_of_measurement_is_heard_or_shown_by_the_resistor():
    for stuck, verdict in ((False, "pass"), (True, "FAIL")):

        def stick(world):
            world.pilot.relay_stuck = stuck

        text, _ = tested(stick, {_RELAY: "no"}, True, "smartevse3")
        told = line_of(text, "pilot relay")
        assert told.startswith("skipped") and "cannot be seen here" in told, text
        assert line_of(text, "relay at 2.74 kOhm").startswith(verdict), text
    text, world = tested(say={_RELAY: "no", _EAR: "yes"}, board="smartevse3")
    told = line_of(text, "pilot relay")
    assert told.startswith("pass") and "heard; " in told
    told = line_of(text, "contactor L2/L3")
    assert told.startswith("skipped") and "no mirror contact proves the contactor open" in told
    assert world.phase_contactor.closings == 1, "at boot"


def test_what_is_not_fitted_is_said_and_nothing_is_asked():
    text, _ = tested(say={_RELAY: "no"}, board="esp32evse")
    for what in ("pilot relay", "contactor L2/L3"):
        assert line_of(text, what).startswith("not fitted"), text
    assert _MOVE not in text


def moving(act, at_ms):
    """Something comes `at_ms` after the yes to moving relays; the world some time later."""
    chip = box()
    SILICON.heap.size = 8000000

    def story():
        yield from started(chip)
        yield 5000
        yield from typed("selftest()", _RELAY)
        yield from typed("no", _MOVE)
        SILICON.serial.type("yes\r")
        yield at_ms
        yield from act(chip)
        assert not chip.world.contactor.closed and chip.world.contactor.closings == 0
        assert app(chip).point.phases.active == 3 and not app(chip).point.trial.standing
        assert chip.world.phase_contactor.closed and not chip.world.pilot.relay_open
        assert chip.boots == 1 and not app(chip).point.faults.active
        yield from charging(chip)

    chip.run(story(), limit_ms=200000)


def test_a_car_that_comes_while_relays_move_gets_no_current_and_finds_three_phases_later():
    def plug(chip):
        chip.world.plug(Car({}))
        yield 15000
        assert chip.world.contactor.closings == 0
        assert "not moved" in SILICON.serial.text or "skipped    contactor L2/L3" in (
            SILICON.serial.text
        )
        SILICON.serial.type("\x03")
        yield 5000
        assert chip.world.contactor.closings == 0, "it has to leave first"
        chip.world.unplug()
        yield 6000

    for at_ms in (300, 1500, 2100, 2700, 3600):
        moving(plug, at_ms)


def test_ctrl_c_while_relays_move_leaves_them_to_come_back_by_themselves():
    def stop(chip):
        SILICON.serial.type("\x03")
        yield 6000

    for at_ms in (300, 1500, 2700, 3300, 3900, 4500):
        moving(stop, at_ms)


def test_a_car_that_comes_in_the_middle_gets_no_current_and_leaves_with_the_trial():
    chip = box()

    def story():
        yield from started(chip)
        yield 5000
        yield from typed("selftest()", _RELAY)
        chip.world.plug(Car({}))
        yield 20000
        assert not chip.world.contactor.closed
        SILICON.serial.type("yes\r")
        yield 5000
        assert chip.world.contactor.closings == 0, SILICON.serial.text
        SILICON.serial.type("\x03")
        yield 20000
        assert not chip.world.contactor.closed
        chip.world.unplug()
        yield 3000
        yield from charging(chip)

    chip.run(story(), limit_ms=200000)


def test_ctrl_c_in_the_middle_of_a_click_leaves_it_to_open_by_itself():
    chip = box()

    def story():
        yield from started(chip)
        yield 5000
        yield from typed("selftest()", _RELAY)
        SILICON.serial.type("yes\r")
        yield from until(lambda: chip.world.contactor.closed, 2000)
        SILICON.serial.type("\x03")
        took = yield from until(lambda: not chip.world.contactor.closed, 2000)
        assert took <= 1200, took
        yield 2000
        assert not app(chip).point.trial.standing and chip.boots == 1

    chip.run(story(), limit_ms=100000)


def calibrated(gain, offset_mv, empty="12.00", loaded="6.00"):
    """What a calibration says on a converter that is off; the level in the box's next life."""
    chip = box()
    found = []

    def story():
        wire = chip.world.pilot
        wire.gain_permille, wire.offset_mv = gain, offset_mv
        wire.refresh()
        yield from started(chip)
        yield 5000
        yield from typed("calibrate()", "[12.00] V? ")
        yield from typed(empty, "Now connect the resistor.\n")
        chip.world.plug(Car({}))
        chip.world.car.force("C")
        yield from shown("[6.00] V? ")
        found.append((yield from typed(loaded)))
        chip.world.unplug()
        yield 2000
        chip.reset()
        yield from started(chip, 2)
        yield 3000
        found.append(app(chip).point.inputs.high_mv)

    chip.run(story(), limit_ms=200000)
    return found


def test_a_calibration_makes_the_levels_true_from_the_next_start_on():
    for gain, offset_mv in ((960, 0), (1030, -150), (1000, 0)):
        text, high_mv = calibrated(gain, offset_mv)
        assert "Taken: slope" in text, text
        assert abs(high_mv - 12000) < 60, (gain, offset_mv, high_mv)


def test_a_calibration_that_cannot_be_is_not_taken():
    for empty, loaded in (("24", "12"), ("12", "11.9"), ("9", "4.5")):
        text, high_mv = calibrated(1000, 0, empty, loaded)
        assert "Not taken:" in text, (empty, loaded, text)
        assert abs(high_mv - 12000) < 60
