"""SunSpec: discovery wherever the models stand, every model read, devices that come and go."""

import struct

from firmware.codec.rtu import FrameError
from firmware.meter.sunspec import SunSpecMeter


class Device:
    """Holding registers, and the master that reads them."""

    def __init__(self, base, models):
        self.registers = {}
        self.silent = False
        at = base
        for word in (0x5375, 0x6E53):
            self.registers[at] = word
            at += 1
        for number, words in models:
            for word in [number, len(words)] + list(words):
                self.registers[at] = word & 0xFFFF
                at += 1
        self.registers[at] = 0xFFFF
        self.registers[at + 1] = 0

    def ask(self, unit, function, address, count):
        assert function == 3 and 0 < count <= 125
        self.address = address
        self.count = count

    def there(self):
        return all(self.address + i in self.registers for i in range(self.count))

    def word(self, index):
        assert index < self.count
        return self.registers[self.address + index]


def run(meter, device, start=0, until=3000, step=50):
    for now in range(start, until, step):
        if meter.due(now):
            meter.ask(device, now)
            if device.silent:
                meter.failed(FrameError("no answer"), now)
            elif device.there():
                meter.answered(device, now)
            else:
                error = FrameError("exception 2")
                error.code = 2
                meter.failed(error, now)


def words_of(length, **places):
    """A model's registers: unnamed ones not implemented; names are p<offset>."""
    words = [0x8000] * length
    for place, number in places.items():
        at = int(place[1:])
        if isinstance(number, tuple):
            for word in number:
                words[at] = word
                at += 1
        else:
            words[at] = number
    return words


def floats(length, **places):
    words = [0x7FC0, 0] * (length // 2)
    for place, number in places.items():
        at = int(place[1:])
        words[at : at + 2] = struct.unpack(">HH", struct.pack(">f", number))
    return words


COMMON = (1, [0x2020] * 66)
METER_203 = words_of(105, p0=4198, p1=1600, p2=1598, p3=-1000, p4=-2, p6=2304, p7=2296, p8=2310,
    p13=-1, p16=506, p20=1, p36=(0, 1500), p44=(188, 24989), p52=0)  # fmt: skip
METER_213 = floats(124, p2=16, p4=15.98, p6=-10, p10=230.4, p12=229.6, p14=231, p26=5060,
    p58=1500, p66=12345757)  # fmt: skip
INVERTER_103 = words_of(50, p1=100, p2=101, p3=99, p4=-1, p8=230, p9=231, p10=229, p11=0, p12=690,
    p13=1, p22=(1, 0), p24=2)  # fmt: skip
INVERTER_113 = floats(60, p2=10, p4=10.1, p6=9.9, p14=230, p16=231, p18=229, p20=6900, p30=6553600)
STORAGE_124 = words_of(24, p6=553, p20=-1)
BATTERY_802 = words_of(62, p9=55, p54=0, p45=-123, p61=1)
MPPT_160 = words_of(
    48, p0=-2, p1=-1, p2=1, p3=3, p6=2, p19=200, p20=(0, 100), p39=300, p40=(0, 50)
)

NONE = [None] * 3
HOUSE = ([16000, 15980, -10000], [230, 230, 231], 5060, 12345757, 1500, None)
SUN = ([10000, 10100, 9900], [230, 231, 229], 6900, 6553600, None)

# Models; mA, V, W, import and export in Wh, %.
CASES = (
    ([COMMON, (203, METER_203)], HOUSE),
    ([COMMON, (213, METER_213)], HOUSE),
    ([COMMON, (103, INVERTER_103)], SUN + (None,)),
    ([COMMON, (113, INVERTER_113)], SUN + (None,)),
    ([COMMON, (120, [0] * 26), (103, INVERTER_103), (124, STORAGE_124), (64000, [1] * 7)],
        SUN + (55,)),
    ([COMMON, (802, BATTERY_802)], (NONE, NONE, -1230, None, None, 55)),
    ([COMMON, (160, MPPT_160)], (NONE, NONE, 5000, 150000, None, None)),
)  # fmt: skip


def seen(reading):
    counts = (reading.power_w, reading.import_wh, reading.export_wh, reading.soc)
    return (reading.current_ma, reading.voltage_v) + counts


def test_every_model_is_found_and_read_at_every_base():
    for base in (40000, 50000, 0):
        for models, expected in CASES:
            device = Device(base, models)
            meter = SunSpecMeter(1)
            run(meter, device)
            assert seen(meter.reading) == expected, (base, seen(meter.reading))
            assert not meter.reading.stale(3000)
            assert meter.models == [model[0] for model in models]


def test_a_device_without_the_mark_is_asked_again_later():
    device = Device(40000, [])
    device.registers = {}
    meter = SunSpecMeter(1)
    run(meter, device, 0, 30000)
    assert meter.reading.stale(30000) and meter.errors <= 6
    device.registers = Device(40000, CASES[0][0]).registers
    run(meter, device, 30000, 70000)
    assert meter.reading.power_w == 5060


def test_models_that_moved_are_found_again():
    device = Device(40000, CASES[0][0])
    meter = SunSpecMeter(1)
    run(meter, device)
    device.registers = Device(50000, CASES[2][0]).registers
    run(meter, device, 3000, 80000)
    assert meter.reading.power_w == 6900


def test_silence_makes_the_values_stale():
    device = Device(40000, CASES[0][0])
    meter = SunSpecMeter(1)
    run(meter, device)
    device.silent = True
    run(meter, device, 3000, 40000)
    assert meter.reading.stale(40000)
    device.silent = False
    run(meter, device, 40000, 80000)
    assert not meter.reading.stale(80000) and meter.reading.power_w == 5060


def test_a_point_that_is_not_there_is_unknown():
    words = list(METER_203)
    words[16] = 0x8000
    words[13] = 0x8000
    meter = SunSpecMeter(1)
    run(meter, Device(40000, [COMMON, (203, words)]))
    assert meter.reading.power_w is None and meter.reading.voltage_v == [None] * 3
    assert meter.reading.current_ma[0] == 16000


def test_endless_or_broken_chains_of_models_end():
    for models in ([(1, [])], [(7, [1])] * 60, [(203, [1, 2, 3])], [(1, [0] * 3000)]):
        meter = SunSpecMeter(1)
        run(meter, Device(0, models), 0, 20000)
        assert meter.reading.stale(20000)
