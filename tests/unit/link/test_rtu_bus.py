"""The RS485 bus against every kind of misbehaving meter, on virtual time."""

from firmware.codec.rtu import crc16
from firmware.link import rtu
from firmware.meter.modbus_meter import ModbusMeter
from firmware.meter.register_map import RegisterMap

ONE = "power_w 0 uint16 1"
BOTH = "power_w 0 uint16 1\nimport_wh 100 uint16 1"


class Clock:
    """Stands in for `time` and for `asyncio` in the module under test."""

    def __init__(self, now=0):
        self.now = now
        self.longest_sleep = 0

    def ticks_ms(self):
        return self.now

    def sleep_ms(self, delay):
        self.longest_sleep = max(self.longest_sleep, delay)
        return Sleep(delay)


class Sleep:
    def __init__(self, delay):
        self._delay = delay

    def __iter__(self):
        yield self._delay

    __await__ = __iter__


class Line:
    """An RS485 line in memory: devices hear what is written, and answer after a while."""

    def __init__(self, clock, baud=9600):
        self.devices = {}
        self.sending = False
        self._clock = clock
        self._baud = baud
        self._arriving = []  # (time, number, octet), in order
        self._said = 0

    def enable(self, sending):
        self.sending = bool(sending)

    def write(self, data):
        assert self.sending, "the driver is enabled before sending"
        data = bytes(data)
        assert crc16(data, len(data)) == 0
        device = self.devices.get(data[0])
        if device:
            for delay, answer in device(data):
                self.say(self._clock.now + 10 + delay, answer)
        return len(data)

    def say(self, at, data):
        for i in range(len(data)):
            self._said += 1
            self._arriving.append((at + i * 11000 // self._baud, self._said, data[i]))
        self._arriving.sort()

    def any(self):
        return sum(1 for byte in self._arriving if byte[0] <= self._clock.now)

    def readinto(self, buffer, length):
        assert not self.sending, "nothing is heard while sending"
        count = min(length, self.any())
        for i in range(count):
            buffer[i] = self._arriving.pop(0)[2]
        return count or None


class Log:
    def __init__(self):
        self.entries = []

    def warning(self, topic, text):
        self.entries.append(text)


class Bench:
    """A bus with a line and virtual time; `run` lets both go on."""

    def __init__(self, now=0, baud=9600, **options):
        self.clock = Clock(now)
        rtu.asyncio = rtu.time = self.clock
        self.line = Line(self.clock, baud)
        self.log = Log()
        self.bus = rtu.RtuBus(self.line, self.line.enable, self.log, baud, **options)
        self._task = self.bus.run()
        self._spent = 0

    def meter(self, unit, device, text=ONE):
        meter = ModbusMeter(unit, RegisterMap(text))
        self.line.devices[unit] = device
        self.bus.rota.add(meter)
        return meter

    def run(self, ms, check=None):
        end = self._spent + ms
        while self._spent < end:
            delay = self._task.send(None)
            step = max(delay, 1)
            self._spent += step
            self.clock.now = (self.clock.now + step) % (1 << 30)
            if check:
                check(self.clock.now)


def sealed(data):
    crc = crc16(data, len(data))
    return bytes(data) + bytes((crc & 255, crc >> 8))


def answer(request, number, count=None):
    """The right answer: every register asked for holds `number`."""
    count = (request[4] << 8 | request[5]) if count is None else count
    words = bytes((number >> 8, number & 255)) * count
    return sealed(bytes((request[0], request[1], 2 * count)) + words)


def good(number=1000, delay=30):
    return lambda request: ((delay, answer(request, number)),)


def silent(request):
    return ()


def test_a_meter_is_read_every_second():
    bench = Bench()
    meter = bench.meter(1, good(1234))
    bench.run(10000)
    assert meter.reading.power_w == 1234 and not meter.reading.stale(bench.clock.now)
    assert 9 <= bench.bus.answered <= 10 and bench.bus.asked == bench.bus.answered
    assert bench.bus.silent == bench.bus.garbled == bench.bus.stray == 0


def test_every_baud_rate_works_and_keeps_its_silence():
    for baud in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200):
        bench = Bench(baud=baud)
        meters = [bench.meter(unit, good(unit * 100)) for unit in (1, 2, 3)]
        bench.run(8000)
        for unit, meter in enumerate(meters):
            assert meter.reading.power_w == (unit + 1) * 100, baud
        assert bench.bus.silent == bench.bus.garbled == 0, baud


def test_the_ticks_may_wrap():
    bench = Bench(now=(1 << 30) - 5000)
    meter = bench.meter(1, good())
    bench.run(10000)
    assert not meter.reading.stale(bench.clock.now) and bench.bus.answered >= 9


def misbehaving():
    """Every fault, by name: what the device does with each request."""

    def flipped(request):
        data = bytearray(answer(request, 6666))
        data[4] ^= 16
        return ((30, data),)

    def split(request):
        whole = answer(request, 1000)
        return ((30, whole[:3]), (90, whole[3:5]), (200, whole[5:]))

    def wrong_unit(request):
        return ((30, sealed(b"\x07" + answer(request, 6666)[1:-2])),)

    def wrong_function(request):
        return ((30, sealed(bytes((request[0], 4)) + answer(request, 6666)[2:-2])),)

    return {
        "silent": (silent, None),
        "slow": (good(1000, 450), 1000),
        "split": (split, 1000),
        "wrong CRC": (flipped, None),
        "wrong unit": (wrong_unit, None),
        "wrong function": (wrong_function, None),
        "short": (lambda request: ((30, answer(request, 6666, 0)),), None),
        "long": (lambda request: ((30, answer(request, 6666, 2)),), None),
        "cut": (lambda request: ((30, answer(request, 6666)[:5]),), None),
        "twice": (lambda request: ((30, 2 * answer(request, 1000)),), 1000),
        "noise before": (lambda request: ((30, b"\xff\0" + answer(request, 1000)),), 1000),
        "noise behind": (lambda request: ((30, answer(request, 1000) + b"\0"),), 1000),
        "noise only": (lambda request: ((30, bytes(range(3, 60))),), None),
        "refusing": (lambda request: ((30, sealed(bytes((request[0], 0x83, 2)))),), None),
        "busy": (lambda request: ((30, sealed(bytes((request[0], 0x83, 6)))),), None),
        "too late": (good(6666, 1400), None),
    }


def test_whatever_a_meter_does_its_value_is_right_or_stale():
    for name, (device, expected) in misbehaving().items():
        bench = Bench()
        meter = bench.meter(9, device)
        other = bench.meter(1, good(555))

        def check(now, name=name, meter=meter, other=other):
            assert meter.reading.stale(now) or meter.reading.power_w == 1000, name
            assert other.reading.stale(now) or other.reading.power_w == 555, name

        bench.run(60000, check)
        assert meter.reading.power_w == expected, name
        assert meter.reading.stale(bench.clock.now) == (expected is None), name
        assert not other.reading.stale(bench.clock.now), name


def test_a_late_answer_is_not_taken_for_that_to_the_next_question():
    for delay in range(400, 1500, 37):
        calls = []

        def device(request, delay=delay, calls=calls):
            # Counters answer 200, power 100; every fourth answer is late.
            calls.append(1)
            late = delay if len(calls) % 4 == 0 else 30
            return ((late, answer(request, 200 if request[2] else 100)),)

        bench = Bench()
        meter = bench.meter(9, device, BOTH)

        def check(now, meter=meter, delay=delay):
            assert meter.reading.power_w in (None, 100), delay
            assert meter.reading.import_wh in (None, 200), delay

        bench.run(120000, check)
        assert meter.reading.power_w == 100 and meter.reading.import_wh == 200, delay


def test_one_dead_meter_does_not_slow_the_others():
    answered = []
    for dead in (False, True):
        bench = Bench()
        for unit in range(1, 6):
            bench.meter(unit, good())
        if dead:
            bench.meter(9, silent)
        bench.run(90000)
        before = bench.bus.answered
        bench.run(120000)
        answered.append(bench.bus.answered - before)
    assert answered[1] > answered[0] * 97 // 100, answered
    assert bench.bus.silent <= 12


def test_a_meter_that_comes_back_is_read_again_within_the_longest_pause():
    bench = Bench()
    meter = bench.meter(1, silent)
    bench.run(200000)
    assert meter.reading.stale(bench.clock.now)
    bench.line.devices[1] = good(77)
    bench.run(31000)
    assert meter.reading.power_w == 77 and not meter.reading.stale(bench.clock.now)


def test_a_dead_meter_is_said_once():
    bench = Bench()
    bench.meter(4, silent)
    bench.run(300000)
    assert bench.log.entries == ["unit 4: no answer"]


def test_a_line_that_never_falls_silent_blocks_nobody_for_ever():
    bench = Bench()
    meter = bench.meter(1, good())
    bench.line.say(0, bytes(3000))
    bench.run(3300)
    assert bench.bus.stray > 500 and meter.reading.power_w is None
    bench.run(10000)
    assert meter.reading.power_w == 1000


def test_the_driver_is_released_when_the_task_is_cancelled():
    bench = Bench()
    bench.meter(1, good())
    while not bench.line.sending:
        bench.run(1)
    bench._task.close()
    assert not bench.line.sending


def test_a_bus_without_driver_enable_works():
    bench = Bench()
    bench.bus = rtu.RtuBus(bench.line, None, bench.log)
    bench.line.write = lambda data: bench.line.say(bench.clock.now + 30, answer(bytes(data), 5))
    meter = ModbusMeter(1, RegisterMap(ONE))
    bench.bus.rota.add(meter)
    bench._task = bench.bus.run()
    bench.run(3000)
    assert meter.reading.power_w == 5
