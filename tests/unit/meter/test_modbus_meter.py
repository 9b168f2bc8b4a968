"""A Modbus meter without a line: rounds, decoding, refusals, silence."""

import micropython

from firmware.codec.rtu import FrameError, Master, crc16
from firmware.meter import dts353
from firmware.meter.modbus_meter import ModbusMeter
from firmware.meter.register_map import RegisterMap
from tests.unit.meter.map_rows import row_of

# A DTS353 at 3 x 16 A: 230.1 V, 229.9 V, 230.4 V; 16 A; 11.04 kW; 20000.002 / 1.5 kWh.
IMAGE = {
    0x0E: (0x4366, 0x199A), 0x10: (0x4365, 0xE666), 0x12: (0x4366, 0x6666),
    0x14: (0x4248, 0x0000), 0x16: (0x4180, 0x0000), 0x18: (0x417F, 0xBE77),
    0x1A: (0xC180, 0x0000), 0x1C: (0x4130, 0xA3D7), 0x108: (0x469C, 0x4001),
    0x10A: (0, 0), 0x10C: (0, 0), 0x10E: (0, 0), 0x110: (0x3FC0, 0x0000),
}  # fmt: skip


def answer_to(master, image=IMAGE):
    """What a device with these registers answers; None when it would refuse."""
    request = master.request
    address = request[2] << 8 | request[3]
    count = request[4] << 8 | request[5]
    data = bytearray((request[0], request[1], 2 * count))
    for register in range(address, address + count):
        words = image.get(register & ~1)
        if words is None:
            return None
        data.extend(bytes((words[register & 1] >> 8, words[register & 1] & 255)))
    crc = crc16(data, len(data))
    data.extend(bytes((crc & 255, crc >> 8)))
    return data


def poll(meter, master, now):
    meter.ask(master, now)
    answer = answer_to(master)
    assert master.receive(answer, len(answer))
    meter.answered(master, now)


def dts353_meter():
    return ModbusMeter(101, dts353.registers()), Master()


def error(text, code=0):
    made = FrameError(text)
    made.code = code
    return made


def test_a_dts353_is_read_by_two_requests():
    blocks = dts353.registers().blocks
    assert [block[:2] for block in blocks] == [(0x0E, 16), (0x108, 10)]
    assert dts353.registers().fast == 1


def test_a_dts353_is_read_into_house_units():
    meter, master = dts353_meter()
    assert meter.reading.stale(0)
    poll(meter, master, 0)
    poll(meter, master, 40)
    reading = meter.reading
    assert reading.voltage_v == [230, 230, 230]
    assert reading.current_ma == [16000, 15984, -16000]
    assert reading.power_w == 11040
    assert reading.import_wh == 20000002 and reading.export_wh == 1500
    assert not reading.stale(40)


def test_counters_are_asked_every_third_second_and_values_every_second():
    meter, master = dts353_meter()
    asked = []
    for now in range(0, 10000, 100):
        if meter.due(now):
            poll(meter, master, now)
            asked.append((now, master.request[3]))
    values = [now for now, register in asked if register == 0x0E]
    counters = [now for now, register in asked if register == 0x08]
    assert values == list(range(0, 10000, 1000)), values
    assert len(counters) == 4 and counters[1] - counters[0] >= 3000, counters


def test_silence_makes_the_values_stale_but_keeps_the_counters():
    meter, master = dts353_meter()
    poll(meter, master, 0)
    poll(meter, master, 0)
    for now in range(1000, 20000, 1000):
        meter.ask(master, now)
        meter.failed(error("no answer"), now)
    assert meter.reading.stale(20000) and meter.reading.import_wh == 20000002
    assert meter.errors == 19 and meter.error_at == 19000
    poll(meter, master, 21000)
    assert not meter.reading.stale(21000)


def test_a_refused_request_costs_only_its_own_values():
    meter, master = dts353_meter()
    poll(meter, master, 0)
    meter.ask(master, 0)
    meter.failed(error("exception 2", 2), 0)
    assert meter.reading.power_w == 11040 and meter.reading.import_wh is None
    assert not meter.reading.stale(0) and not meter.due(500)
    meter.ask(master, 1000)
    meter.failed(error("exception 3", 3), 1000)
    assert meter.reading.power_w is None, "a value the meter refuses is unknown"
    assert meter.reading.at == 0, "a round without any answer refreshes nothing"


def test_a_busy_device_keeps_its_values_until_they_are_stale():
    meter, master = dts353_meter()
    poll(meter, master, 0)
    for now in range(1000, 20000, 1000):
        if meter.due(now):
            meter.ask(master, now)
            meter.failed(error("exception 6", 6), now)
        assert meter.reading.power_w == 11040
    assert meter.reading.at == 0 and meter.reading.stale(20000)


def test_silent_counters_do_not_keep_the_values_from_growing_fresh():
    meter, master = dts353_meter()
    for now in range(0, 30000, 1000):
        if meter.due(now):
            meter.ask(master, now)
            if master.request[2]:
                meter.failed(error("no answer"), now)
            else:
                answer = answer_to(master)
                master.receive(answer, len(answer))
                meter.answered(master, now)
        assert not meter.reading.stale(now), now


def test_a_value_that_is_no_number_is_unknown():
    image = dict(IMAGE)
    image[0x1C] = (0x7FC0, 0)
    meter, master = dts353_meter()
    meter.ask(master, 0)
    answer = answer_to(master, image)
    master.receive(answer, len(answer))
    meter.answered(master, 0)
    assert meter.reading.power_w is None and meter.reading.voltage_v[0] == 230


def test_reading_a_meter_allocates_nothing():
    meter, master = dts353_meter()
    poll(meter, master, 0)
    poll(meter, master, 0)
    meter.ask(master, 1000)
    answer = answer_to(master)
    micropython.heap_lock()
    try:
        meter.due(1000)
        meter.ask(master, 1000)
        master.receive(answer, len(answer))
        meter.answered(master, 1000)
    finally:
        micropython.heap_unlock()
    assert meter.reading.at == 1000


def test_reads_are_planned_over_neighbours_and_allowed_gaps_up_to_the_maximum():
    cases = (
        ("soc 0 uint16 1\npower_w 1 int32 1", 100, False, [(0, 3)]),
        ("power_w 10 int32 1\nsoc 0 uint16 1", 100, False, [(0x10, 2), (0, 1)]),
        ("power_w 3 int32 1\nvoltage_l1 0 uint16 1", 100, True, [(0, 5)]),
        ("power_w 3 int32 1\nvoltage_l1 0 uint16 1", 4, True, [(0, 1), (3, 2)]),
        ("power_w 20 int32 1\nvoltage_l1 0 uint16 1", 100, True, [(0, 1), (0x20, 2)]),
        ("power_w 0 int32 1\ncurrent_l1 1 uint16 1", 100, False, [(0, 2)]),
        ("", 100, False, []),
    )
    for text, longest, gaps, expected in cases:
        registers = RegisterMap("", 3, longest)
        registers.gaps = gaps
        rows = RegisterMap(text)
        numbers = range(len(rows.rows) // 8)
        registers.settle([row_of(rows, i)[:4] + (0,) for i in numbers])
        assert [block[:2] for block in registers.blocks] == expected, text
