"""The world behind the pins: pilot levels, contactors, the car's habits, and exact energy."""

import install
from bench import BOARD, powered

install.install()

import machine  # noqa: E402
from registers import LEVELS  # noqa: E402
from silicon import SILICON  # noqa: E402
from world.car import Car, offered_ma  # noqa: E402
from world.pilot import node_mv  # noqa: E402

_MS = 1000


def advance(ms):
    SILICON.clock.advance(ms * _MS)


def piloted(percent=None, car=None):
    """A world with the pilot at this duty and the contactors' pins driven low."""
    world = powered()
    pwm = machine.PWM(machine.Pin(19, machine.Pin.OUT), freq=1000, duty_u16=65535)
    if percent is not None:
        pwm.duty_u16(65535 * percent // 100)
    world.coil = machine.Pin(27, machine.Pin.OUT, value=0)
    world.phase_coil = machine.Pin(26, machine.Pin.OUT, value=0)
    world.pwm = pwm
    if car is not None:
        world.plug(car)
    return world


def charging(car=None):
    world = piloted(60, car or Car())
    world.coil.on()
    world.phase_coil.on()
    advance(20000)
    return world


def test_levels_of_the_pilot_are_those_of_its_resistors():
    cases = (
        # source, load (ohm, diode drop, blocking), short, level
        (12000, None, None, 12000),
        (12000, (2740, 700, True), None, 8978),
        (12000, (882, 700, True), None, 5995),
        (12000, (246, 700, True), None, 2931),
        (-12000, (882, 700, True), None, -12000),
        (-12000, (882, 0, False), None, -5624),
        (-12000, (2740, 0, False), None, -8792),
        (12000, None, 80, 888),
        (-12000, None, 80, -889),
        (12000, (882, 700, True), 80, 871),
        (12000, None, 0, 0),
    )
    for source, load, short, expected in cases:
        found = node_mv(source, load, short)
        assert abs(found - expected) <= 3, (source, load, short, found)


def test_what_the_converter_sees_is_the_pilot_through_the_boards_divider():
    world = piloted(50, Car())
    world.pilot.noise_mv = 0
    world.pilot.edge_us = 0
    world.pilot.refresh()
    adc = machine.ADC(machine.Pin(36), atten=machine.ADC.ATTN_11DB)
    seen = set()
    for _ in range(200):
        seen.add((adc.read_uv() // 1000 - 1300) * 11)
    assert len(seen) == 2
    assert abs(max(seen) - world.pilot.high_mv) < 12 and abs(min(seen) + 12000) < 12


def test_noise_stays_within_its_amplitude_and_is_the_same_every_time():
    rows = []
    for _ in range(2):
        world = piloted(None)
        world.pilot.noise_mv = 110
        world.pilot.refresh()
        adc = machine.ADC(machine.Pin(36), atten=machine.ADC.ATTN_11DB)
        rows.append([adc.read_uv() for _ in range(500)])
    assert rows[0] == rows[1]
    assert 2380000 <= min(rows[0]) < max(rows[0]) <= 2402000
    assert len(set(rows[0])) > 8


def test_faults_of_the_pilot_line():
    world = piloted(50, Car())
    pilot = world.pilot
    pilot.short(80)
    assert pilot.high_mv < 1000 and pilot.low_mv > -1000
    pilot.short(None)
    pilot.cut(True)
    assert pilot.high_mv == 12000 and pilot.state == -1
    pilot.cut(False)
    machine.Pin(25, machine.Pin.OUT, value=1)
    assert pilot.relay_open and pilot.high_mv == 12000
    pilot.behind_relay = True
    pilot.refresh()
    assert pilot.high_mv == pilot.low_mv == 1400, "the divider alone"
    machine.Pin(25, machine.Pin.OUT, value=0)
    assert pilot.high_mv == 8978
    pilot.relay_stuck = True
    machine.Pin(25, machine.Pin.OUT, value=1)
    assert not pilot.relay_open and pilot.high_mv == 8978
    machine.Pin(25, machine.Pin.OUT, value=0)
    pilot.relay_stuck = False
    pilot.negative_missing = True
    pilot.refresh()
    assert pilot.low_mv == 0 and abs(pilot.high_mv - 8978) < 3
    world.car.settings["diode"] = "shorted"
    pilot.negative_missing = False
    pilot.refresh()
    assert abs(pilot.low_mv + 8792) < 3


def test_offered_current_follows_the_table_of_the_standard():
    table = ((0, 0), (79, 0), (80, 6000), (99, 6000), (100, 6000), (267, 16020), (533, 31980))
    table += ((850, 51000), (892, 63000), (960, 80000), (970, 80000), (971, 0), (1000, 0))
    for permille, expected in table:
        found = offered_ma((permille * 65535 + 999) // 1000)
        assert abs(found - expected) <= 60, (permille, found)


def test_a_contactor_needs_its_time_and_reports_by_its_mirror_contact():
    world = piloted()
    mirror = machine.Pin(BOARD["contactor_mirror"], machine.Pin.IN, machine.Pin.PULL_UP)
    assert mirror.value() == 1
    closing, opening = set(), set()
    for _ in range(12):
        world.coil.on()
        began = SILICON.clock.now()
        while not world.contactor.closed:
            advance(1)
        closing.add((SILICON.clock.now() - began) // _MS)
        advance(20)
        assert mirror.value() == 0
        world.coil.off()
        began = SILICON.clock.now()
        while world.contactor.closed:
            advance(1)
        opening.add((SILICON.clock.now() - began) // _MS)
        advance(20)
        assert mirror.value() == 1
    assert min(closing) >= 30 and max(closing) <= 111 and len(closing) > 3
    assert min(opening) >= 20 and max(opening) <= 101 and len(opening) > 3
    assert world.contactor.closings == 12 and world.contactor.openings_under_load == 0


def test_a_short_pulse_on_the_coil_moves_nothing():
    world = piloted()
    world.coil.on()
    advance(20)
    world.coil.off()
    advance(500)
    assert not world.contactor.closed and world.contactor.closings == 0


def test_welded_stuck_and_lying_contactors():
    world = piloted()
    contactor = world.contactor
    contactor.stick()
    world.coil.on()
    advance(500)
    assert not contactor.closed
    contactor.free()
    assert contactor.closed
    contactor.weld()
    world.coil.off()
    advance(500)
    assert contactor.closed and LEVELS[32] == 0
    contactor.free()
    advance(20)
    assert not contactor.closed
    contactor.mirror_stuck = True
    contactor.refresh_mirror()
    assert LEVELS[32] == 0
    contactor.weld_closed()
    assert contactor.closed


def test_a_car_closes_s2_waits_for_power_and_ramps_up():
    world = piloted(60, Car({"close_after_ms": 2000, "draw_after_ms": 1000}))
    advance(1900)
    assert world.car.level == "B"
    advance(200)
    assert world.car.level == "C" and abs(world.pilot.high_mv - 5995) < 4
    advance(5000)
    assert world.car.current_ma == 0
    world.coil.on()
    world.phase_coil.on()
    while not world.contactor.closed:
        advance(1)
    advance(1010)
    assert world.car.current_ma == 8000
    advance(1000)
    assert 9800 <= world.car.current_ma <= 10200
    advance(5000)
    assert world.mains.current_ma == [15918, 15918, 15918]


def test_a_car_follows_the_duty_down_and_stops_when_the_pwm_goes():
    world = charging(Car({"open_after_ms": 400}))
    world.pwm.duty_u16(65535 * 10 // 100 + 1)
    advance(6000)
    assert abs(world.car.current_ma - 5926) < 5
    world.pwm.duty_u16(65535)
    advance(390)
    assert world.car.closed
    advance(20)
    assert not world.car.closed and world.car.current_ma == 0 and world.car.level == "B"
    assert world.contactor.openings_under_load == 0


def test_opening_under_load_is_counted():
    world = charging()
    world.coil.off()
    advance(120)
    assert world.contactor.openings_under_load == 1 and world.car.current_ma == 0
    assert world.mains.power_mw == [0, 0, 0]


def test_only_the_phases_that_are_joined_carry_current():
    world = charging(Car({"phases": 1, "current_ma": 32000}))
    assert world.mains.current_ma[1:] == [0, 0] and world.mains.current_ma[0] > 31000
    world = charging()
    world.phase_coil.off()
    advance(200)
    assert world.mains.current_ma == [15918, 0, 0]
    assert world.phase_contactor.openings_under_load == 1
    world = charging(Car({"phases_below": [[8000, 2]]}))
    world.pwm.duty_u16(65535 * 11 // 100)
    advance(6000)
    assert world.mains.current_ma[2] == 0 and world.mains.current_ma[1] > 6000


def test_the_account_of_energy_is_exact():
    world = charging(Car({"power_factor": 1000}))
    before = world.mains.energy_mws()
    advance(3600000)
    after = world.mains.energy_mws()
    for phase in range(3):
        expected = 230000 * 15918 // 1000 * 3600 // 1000 * 1000
        assert abs(after[phase] - before[phase] - expected) <= 4000, (after, expected)
    world.mains.set_voltage(1, 115000)
    advance(3600000)
    last = world.mains.energy_mws()
    gained = [last[phase] - after[phase] for phase in range(3)]
    assert abs(gained[1] * 2 - gained[0]) <= 10 and gained[0] == gained[2]


def test_an_s0_meter_counts_the_energy_of_the_mains():
    world = charging()
    counter = machine.Counter(0, machine.Pin(18, machine.Pin.IN, 2), edge=machine.Counter.FALLING)
    pulses, energy = world.s0[0].pulses, world.mains.energy_wh()
    advance(3600000)
    counted = world.s0[0].pulses - pulses
    assert abs(counted - (world.mains.energy_wh() - energy)) <= 1
    assert abs(counter.value() - counted) <= 1 and counted > 10000
    world.s0[0].bounces = 2
    before = counter.value()
    advance(60000)
    assert counter.value() - before > 400


def test_the_second_s0_meter_counts_a_power_of_its_own():
    world = piloted()
    counter = machine.Counter(1, machine.Pin(14, machine.Pin.IN, 2), edge=machine.Counter.FALLING)
    world.s0[1].set_power(3600000)
    advance(10100)
    assert counter.value() == 10
    world.s0[1].set_power(0)
    advance(10000)
    assert counter.value() == 10


def test_a_battery_fills_up_and_the_car_stops_by_itself():
    world = charging(Car({"battery_wh": 20000, "soc_permille": 700}))
    advance(1200 * _MS)
    assert world.car.charge() > 800 and world.car.current_ma < 15000
    for _ in range(60):
        advance(120 * _MS)
    assert world.car.charge() == 1000 and world.car.level == "B" and not world.car.current_ma


def test_habits_from_the_zoo():
    simple = piloted(60, Car({"simplified": True}))
    assert simple.car.level == "C"
    asleep = piloted(60, Car({"asleep": True, "wakes_after_gap_ms": 4000}))
    advance(10000)
    assert asleep.car.level == "B"
    for gap_ms, level in ((3000, "B"), (4000, "C")):
        machine.Pin(25, machine.Pin.OUT, value=1)
        advance(gap_ms + 1)
        machine.Pin(25, machine.Pin.OUT, value=0)
        advance(5000)
        assert asleep.car.level == level, gap_ms
    pulses = piloted(60, Car({"start": [["C", 250], ["B", 1000]], "close_after_ms": 500}))
    seen = ""
    for _ in range(300):
        advance(10)
        if not seen or seen[-1] != pulses.car.level:
            seen += pulses.car.level
    assert seen == "BCBC"
    kona = charging(Car({"open_after_ms": None}))
    kona.pwm.duty_u16(65535)
    advance(20000)
    assert kona.car.closed and kona.car.current_ma == 0
    tavascan = charging(Car({"notices_gap_ms": 45000}))
    for gap_ms, closed in ((20000, False), (46000, True)):
        machine.Pin(25, machine.Pin.OUT, value=1)
        advance(gap_ms)
        machine.Pin(25, machine.Pin.OUT, value=0)
        advance(20000)
        assert tavascan.car.closed == closed, gap_ms


def test_a_car_gives_up_after_too_many_interruptions_until_it_is_unplugged():
    car = Car({"interruptions": 2})
    world = charging(car)
    for closed in (True, False):
        world.pwm.duty_u16(65535)
        advance(5000)
        world.pwm.duty_u16(65535 * 30 // 100)
        advance(10000)
        assert car.closed == closed
    world.unplug()
    world.plug(car)
    advance(10000)
    assert car.closed


def test_the_residual_current_sensor_trips_after_the_time_of_its_current():
    world = piloted()
    trip = machine.Pin(4, machine.Pin.IN, machine.Pin.PULL_UP)
    for ua, ms in ((6000, 700), (60000, 240), (300000, 20)):
        assert trip.value() == 0
        world.residual.leak(ua)
        advance(ms - 2)
        assert trip.value() == 0, ua
        advance(4)
        assert trip.value() == 1, ua
        world.residual.leak(0)
        advance(1000)
    test = machine.Pin(23, machine.Pin.OUT, value=1)
    advance(300)
    assert trip.value() == 1
    test.off()
    advance(500)
    assert trip.value() == 0 and world.residual.tests == 1
    world.residual.dead = True
    test.on()
    advance(500)
    assert trip.value() == 0
    world.residual.broken_wire = True
    world.residual.refresh()
    assert trip.value() == 1


def test_temperature_cable_lock_and_emergency_stop():
    world = piloted()
    ntc = machine.ADC(machine.Pin(34), atten=machine.ADC.ATTN_11DB)
    cable = machine.ADC(machine.Pin(39), atten=machine.ADC.ATTN_11DB)
    for tenths, ohm in ((250, 10000), (750, 1490), (0, 33600)):
        world.analogue.set_temperature(tenths)
        mv = ntc.read_uv() // 1000
        assert abs(mv * 10000 // (3300 - mv) - ohm) < ohm // 20, tenths
    assert cable.read_uv() > 3000000
    world.plug(Car())
    mv = cable.read_uv() // 1000
    assert abs(mv * 1000 // (3300 - mv) - 220) < 15
    lock = machine.Pin(22, machine.Pin.OUT, value=1)
    feedback = machine.Pin(35, machine.Pin.IN)
    advance(300)
    assert feedback.value() == 0
    advance(100)
    assert feedback.value() == 1
    world.lock.jammed = True
    lock.off()
    advance(1000)
    assert feedback.value() == 1
    stop = machine.Pin(13, machine.Pin.IN, machine.Pin.PULL_UP)
    assert stop.value() == 0
    world.press_emergency(True)
    assert stop.value() == 1


def test_a_dip_of_the_mains_stops_the_car_for_a_while():
    world = charging()
    world.mains.dip(500)
    assert world.mains.total_mw == 0
    advance(10000)
    assert world.mains.current_ma[0] > 15000


def test_unplugging_takes_the_car_off_the_wires():
    world = charging()
    car = world.car
    world.unplug()
    assert world.car is None and world.mains.total_mw == 0 and world.pilot.high_mv == 12000
    advance(100000)
    assert car.current_ma == 0
