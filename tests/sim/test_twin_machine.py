"""The twin of `machine` offers what the ESP32 offers and refuses what it refuses."""

import install
from bench import BOARD, powered, refused

install.install()

import machine  # noqa: E402
import umachine  # noqa: E402
from silicon import SILICON  # noqa: E402


def test_pins_that_do_not_exist_or_belong_to_the_flash_are_refused():
    powered()
    for number in (-1, 6, 11, 20, 24, 28, 31, 40):
        assert refused(ValueError, machine.Pin, number), number
    assert refused(TypeError, machine.Pin, "27")


def test_pins_34_to_39_are_inputs_without_pulls():
    powered()
    for number in (34, 39):
        assert refused(ValueError, machine.Pin, number, machine.Pin.OUT)
        assert refused(ValueError, machine.Pin, number, machine.Pin.IN, machine.Pin.PULL_UP)
        assert refused(ValueError, machine.PWM, machine.Pin(number), freq=1000)
        assert machine.Pin(number, machine.Pin.IN).value() in (0, 1)


def test_writing_through_a_pin_that_is_no_output_is_refused():
    powered()
    pin = machine.Pin(27)
    assert refused(ValueError, pin.value, 1)
    pin.init(machine.Pin.IN)
    assert refused(ValueError, pin.on)
    pin.init(machine.Pin.OUT, value=1)
    assert pin.value() == 1 and pin() == 1
    pin.off()
    assert pin.value() == 0


def test_pulls_decide_what_an_open_input_reads():
    powered()
    assert machine.Pin(5, machine.Pin.IN, machine.Pin.PULL_UP).value() == 1
    assert machine.Pin(5, machine.Pin.IN, machine.Pin.PULL_DOWN).value() == 0
    SILICON.drive(5, 1)
    assert machine.Pin(5).value() == 1


def test_a_signal_can_invert_a_pin():
    world = powered()
    signal = umachine.Signal(machine.Pin(27, machine.Pin.OUT), invert=True)
    signal.off()
    assert world.contactor.coil and signal.value() == 0


def test_an_interrupt_calls_its_handler_on_the_edges_it_asked_for():
    powered()
    pin = machine.Pin(18, machine.Pin.IN, machine.Pin.PULL_UP)
    edges = []
    pin.irq(lambda p: edges.append(p.value()), machine.Pin.IRQ_FALLING)
    for level in (0, None, 0, None):
        SILICON.drive(18, level)
        SILICON.clock.advance(1000)
    assert len(edges) == 2
    assert refused(ValueError, pin.irq, handler=print, trigger=machine.Pin.IRQ_FALLING, hard=True)
    pin.irq(None)
    SILICON.drive(18, 0)
    SILICON.clock.advance(1000)
    assert len(edges) == 2


def test_the_converter_reads_its_own_pins_only():
    powered()
    for number in (5, 18, 19, 21, 23):
        assert refused(ValueError, machine.ADC, machine.Pin(number)), number
    for number in (32, 36, 39):
        machine.ADC(machine.Pin(number))
    assert refused(ValueError, machine.ADC, machine.Pin(36), atten=4)


def test_the_second_converter_is_taken_while_wifi_is_on():
    world = powered()
    adc = machine.ADC(machine.Pin(25))
    assert adc.read_uv() == 0
    world.wifi.interface(0).activate(True)
    assert refused(OSError, adc.read_uv)
    assert refused(OSError, adc.read)
    world.wifi.interface(0).activate(False)
    assert adc.read_u16() == 0


def test_the_attenuation_bounds_what_is_read_and_little_reads_as_nothing():
    world = powered()
    world.pilot.noise_mv = 0
    world.pilot.refresh()
    adc = machine.ADC(machine.Pin(BOARD["pilot_adc"]))
    assert adc.read_uv() == 950000
    assert adc.read() == 4095 and adc.read_u16() == 65535
    adc.atten(machine.ADC.ATTN_11DB)
    assert abs(adc.read_uv() - 2390000) <= 1000  # +12 V: 12000 / 11 + 1300 mV
    world.pilot.offset_mv = -26000
    world.pilot.refresh()
    assert adc.read_uv() == 0


def test_reading_takes_the_time_it_takes_on_the_chip():
    powered()
    adc = machine.ADC(machine.Pin(36))
    pin = machine.Pin(19)
    began = SILICON.clock.now()
    for _ in range(10):
        pin.value()
        adc.read_uv()
    assert SILICON.clock.now() - began == 10 * (8 + 37)


def test_pwm_refuses_what_is_out_of_range():
    powered()
    pwm = machine.PWM(machine.Pin(19, machine.Pin.OUT), freq=1000, duty_u16=0)
    for duty in (-1, 65536):
        assert refused(ValueError, pwm.duty_u16, duty)
        assert pwm.duty_u16() == 0
    assert refused(ValueError, pwm.duty, 1024)
    assert refused(ValueError, pwm.duty_ns, 1000001)
    assert refused(ValueError, pwm.freq, 0)
    assert refused(ValueError, machine.PWM, machine.Pin(2), duty=1, duty_u16=1)
    assert pwm.freq() == 998  # 65536 steps of the 80 MHz clock


def test_setting_the_frequency_again_is_recorded_as_a_glitch():
    powered()
    pin = machine.Pin(19, machine.Pin.OUT)
    pwm = machine.PWM(pin, freq=1000, duty_u16=1000)
    pwm.duty_u16(2000)
    assert SILICON.glitches == []
    pwm.freq(1000)
    machine.PWM(pin, freq=1000)
    pwm.init(freq=1000)
    pin.init(machine.Pin.OUT)
    what = [glitch[2] for glitch in SILICON.glitches]
    assert what == ["freq", "created again", "init", "pin mode changed"]


def test_the_pwm_pin_is_high_for_its_duty():
    powered()
    pin = machine.Pin(19, machine.Pin.OUT)
    for percent in (10, 53, 96):
        machine.PWM(pin, freq=1000, duty_u16=65535 * percent // 100)
        highs = 0
        for _ in range(5000):
            highs += pin.value()
            SILICON.clock.charge(29)
        assert abs(highs - 50 * percent) < 60, (percent, highs)


def test_a_stopped_pwm_leaves_its_pin_low():
    world = powered()
    pwm = machine.PWM(machine.Pin(19, machine.Pin.OUT), freq=1000, duty_u16=65535)
    assert world.pilot.high_mv == 12000 and world.pilot.state == 65535
    pwm.deinit()
    assert world.pilot.state == 0
    assert refused(RuntimeError, pwm.duty_u16, 100)


def test_timers_fire_once_or_for_ever():
    powered()
    calls = []
    timer = machine.Timer(0)
    timer.init(period=10, mode=machine.Timer.PERIODIC, callback=lambda t: calls.append("p"))
    machine.Timer(1, period=25, mode=machine.Timer.ONE_SHOT, callback=lambda t: calls.append("o"))
    SILICON.clock.advance(45000)
    assert calls == ["p", "p", "o", "p", "p"]
    timer.deinit()
    SILICON.clock.advance(100000)
    assert len(calls) == 5
    for number in (-1, 4):
        assert refused(ValueError, machine.Timer, number)
    assert refused(ValueError, timer.init, period=1, hard=True)


def test_a_counter_counts_the_edges_it_was_asked_for_and_filters_the_short_ones():
    powered()
    counter = machine.Counter(0, machine.Pin(14, machine.Pin.IN, machine.Pin.PULL_UP), edge=2)
    filtered = machine.Counter(1, machine.Pin(18, machine.Pin.IN, 2), edge=2, filter_ns=12700)
    for _ in range(3):
        for pin in (14, 18):
            SILICON.drive(pin, 0)
        SILICON.clock.advance(5)
        SILICON.drive(18, None)
        SILICON.clock.advance(5)
        SILICON.drive(18, 0)
        SILICON.clock.advance(50000)
        for pin in (14, 18):
            SILICON.drive(pin, None)
        SILICON.clock.advance(50000)
    assert counter.value() == 3
    assert filtered.value() == 3
    assert counter.value(100) == 3 and counter.value() == 100
    assert refused(ValueError, machine.Counter, 8)


def test_serial_ports_1_and_2_only():
    powered()
    for number in (0, 3):
        assert refused(ValueError, machine.UART, number)
    assert refused(ValueError, machine.UART, 1, 9600, rxbuf=64)
    assert refused(ValueError, machine.UART, 1, 0)
    uart = machine.UART(2, 9600, bits=8, parity=0, stop=1, tx=17, rx=16)
    assert uart.any() == 0 and uart.read() is None and uart.readinto(bytearray(4)) is None


def test_sending_takes_the_time_of_the_characters():
    powered()
    uart = machine.UART(2, 9600, 8, 0, 1, tx=17, rx=16)
    assert uart.write(b"12345678") == 8
    began = SILICON.clock.now()
    assert not uart.txdone()
    uart.flush()
    assert uart.txdone()
    assert 9100 <= SILICON.clock.now() - began <= 9200  # 8 characters of 11 bits
    assert SILICON.clock.blocked_us > 9000


def test_the_watchdog_needs_a_time_and_its_one_number():
    powered()
    assert refused(ValueError, machine.WDT, 1)
    assert refused(ValueError, machine.WDT, 0, 0)


def test_rtc_memory_is_bounded():
    powered()
    rtc = machine.RTC()
    rtc.memory(b"x" * 2048)
    assert rtc.memory() == b"x" * 2048
    assert refused(ValueError, rtc.memory, b"x" * 2049)


def test_the_clock_starts_in_2000_and_can_be_set():
    powered()
    import time

    assert time.time() < 5 and time.gmtime()[0] == 2000
    machine.RTC().datetime((2026, 2, 28, 0, 23, 59, 58, 0))
    SILICON.clock.advance(3500000)
    assert time.localtime()[:6] == (2026, 3, 1, 0, 0, 1)
    assert isinstance(time.time(), int)
    assert machine.RTC().datetime()[:3] == (2026, 3, 1)
    for moment in ((2000, 1, 1), (2000, 2, 29), (2024, 2, 29), (2026, 12, 31), (2099, 7, 4)):
        seconds = time.mktime(moment + (12, 34, 56, 0, 0))
        assert time.gmtime(seconds)[:6] == moment + (12, 34, 56), moment


def test_the_chip_has_the_frequencies_of_an_esp32():
    powered()
    assert machine.freq() == 160000000
    machine.freq(240000000)
    assert machine.freq() == 240000000
    assert refused(ValueError, machine.freq, 100)
    assert len(machine.unique_id()) == 6


def test_storage_keeps_what_was_committed():
    powered()
    import esp32

    nvs = esp32.NVS("settings")
    nvs.set_i32("boots", 7)
    nvs.set_blob("name", b"box")
    assert refused(OSError, esp32.NVS("settings").get_i32, "boots")
    nvs.commit()
    other = esp32.NVS("settings")
    buffer = bytearray(8)
    assert other.get_i32("boots") == 7
    assert other.get_blob("name", buffer) == 3 and buffer[:3] == b"box"
    other.erase_key("boots")
    other.commit()
    assert refused(OSError, nvs.get_i32, "boots")
    assert refused(OSError, nvs.get_blob, "name", bytearray(2))
    assert refused(OSError, nvs.set_i32, "a" * 16, 1)


def test_wifi_connects_after_a_while_and_can_be_taken_away():
    world = powered()
    import network

    wlan = network.WLAN(network.WLAN.IF_STA)
    assert refused(OSError, wlan.connect, "sim", "key")
    wlan.active(True)
    wlan.connect("sim", "key")
    assert not wlan.isconnected() and wlan.status() == network.STAT_CONNECTING
    SILICON.clock.advance(2000000)
    assert wlan.isconnected() and wlan.status() == network.STAT_GOT_IP
    assert wlan.ifconfig()[0] == "127.0.0.1" and wlan.status("rssi") < 0
    world.wifi.go()
    assert not wlan.isconnected()
    SILICON.clock.advance(5000000)
    assert wlan.status() == network.STAT_NO_AP_FOUND
    world.wifi.come()
    SILICON.clock.advance(5000000)
    assert wlan.isconnected()
    assert refused(ValueError, network.WLAN, 2)


def test_a_handler_that_raises_is_not_called_again():
    powered()
    calls = []

    def handler(_):
        calls.append(1)
        raise ValueError("in a handler")

    timer = machine.Timer(0, period=10, callback=handler)
    pin = machine.Pin(18, machine.Pin.IN, machine.Pin.PULL_UP)
    pin.irq(handler, machine.Pin.IRQ_FALLING)
    SILICON.clock.advance(35000)
    assert len(calls) == 1
    for level in (0, None, 0):
        SILICON.drive(18, level)
        SILICON.clock.advance(1000)
    assert len(calls) == 2
    timer.deinit()
