"""The RS485 line: characters take their time, the driver must be enabled, meters misbehave."""

import struct

import install
from bench import powered

install.install()

import machine  # noqa: E402
from silicon import SILICON  # noqa: E402
from world.bus import crc16  # noqa: E402

_CHARACTER_US = 1145


def request(unit=101, function=3, address=0x0E, count=2):
    frame = struct.pack(">BBHH", unit, function, address, count)
    crc = crc16(frame)
    return frame + bytes([crc & 255, crc >> 8])


def line(**uart):
    world = powered()
    options = {"baudrate": 9600, "bits": 8, "parity": 0, "stop": 1}
    options.update(uart)
    port = machine.UART(2, tx=17, rx=16, **options)
    return world, port, machine.Pin(21, machine.Pin.OUT, value=0)


def ask(port, enable, frame, wait_ms=200, release=True):
    """Send, release the line, wait; what came back."""
    enable.on()
    port.write(frame)
    while not port.txdone():
        SILICON.clock.advance(100)
    if release:
        enable.off()
    SILICON.clock.advance(wait_ms * 1000)
    return port.read() or b""


def values(reply):
    assert crc16(reply[:-2]) == reply[-2] | reply[-1] << 8
    return struct.unpack(">" + "f" * (reply[2] // 4), reply[3:-2])


def test_a_checksum_of_a_known_frame():
    assert crc16(b"\x01\x03\x00\x00\x00\x0a") == 0xCDC5


def test_the_meter_answers_with_the_values_of_the_world():
    world, port, enable = line()
    world.mains.set_voltage(1, 229000)
    reply = ask(port, enable, request(address=0x0E, count=6))
    assert reply[:3] == b"\x65\x03\x0c"
    assert [round(value) for value in values(reply)] == [230, 229, 230]
    world.coil = machine.Pin(27, machine.Pin.OUT, value=1)
    SILICON.clock.advance(200000)
    world.mains.draw([10000, 0, 0], 1000)
    SILICON.clock.advance(3600000000)
    reply = values(ask(port, enable, request(address=0x16, count=8), 300))
    assert round(reply[0] * 10) == 100 and round(reply[3] * 100) == 230
    energy = values(ask(port, enable, request(address=0x108, count=4)))
    assert abs(energy[0] - 1234 - 2.3) < 0.01 and abs(energy[1] - 2.3) < 0.01


def test_characters_arrive_one_by_one_at_the_speed_of_the_line():
    _, port, enable = line()
    enable.on()
    port.write(request())
    began = SILICON.clock.now()
    while not port.txdone():
        SILICON.clock.advance(50)
    assert abs(SILICON.clock.now() - began - 8 * _CHARACTER_US) < 200
    enable.off()
    arrivals = []
    seen = 0
    while seen < 9:
        SILICON.clock.advance(50)
        if port.any() > seen:
            seen = port.any()
            arrivals.append(SILICON.clock.now() - began)
    assert len(arrivals) == 9
    silence = arrivals[0] - 8 * _CHARACTER_US
    assert 25000 < silence < 32000, silence
    assert abs(arrivals[8] - arrivals[0] - 8 * _CHARACTER_US) < 300


def test_without_the_driver_or_with_it_left_on_nothing_gets_through():
    world, port, enable = line()
    port.write(request())
    SILICON.clock.advance(200000)
    assert port.read() is None and world.bus.requests == 0 and world.bus.lost == 8
    assert ask(port, enable, request(), release=False) == b""
    assert world.bus.requests == 1 and world.bus.lost == 8 + 9


def test_releasing_the_line_too_early_cuts_the_request():
    world, port, enable = line()
    enable.on()
    port.write(request())
    SILICON.clock.advance(5000)
    enable.off()
    SILICON.clock.advance(200000)
    assert world.bus.requests == 0 and port.read() is None


def test_another_speed_or_parity_is_not_understood():
    for options in ({"baudrate": 19200}, {"parity": None}, {"stop": 2}):
        world, port, enable = line(**options)
        assert ask(port, enable, request()) == b"", options
        assert world.bus.requests == 0


def test_another_unit_a_wrong_checksum_and_foreign_registers():
    world, port, enable = line()
    assert ask(port, enable, request(unit=7)) == b""
    assert ask(port, enable, request()[:-1] + b"\x00") == b""
    assert ask(port, enable, request(address=0x70))[:3] == b"\x65\x83\x02"
    assert ask(port, enable, request(function=6))[:3] == b"\x65\x86\x01"
    world.meter.exception = 6
    assert ask(port, enable, request())[:3] == b"\x65\x83\x06"


def test_faults_of_the_meter():
    world, port, enable = line()
    good = ask(port, enable, request())
    meter = world.meter
    meter.silent = True
    assert ask(port, enable, request()) == b""
    meter.silent = False
    meter.reply_ms = 450
    assert ask(port, enable, request(), 400) == b""
    SILICON.clock.advance(200000)
    assert port.read() == good
    meter.reply_ms = 20
    meter.wrong_crc = True
    wrong = ask(port, enable, request())
    assert wrong[:-2] == good[:-2] and wrong != good
    meter.wrong_crc = False
    meter.wrong_unit = True
    assert ask(port, enable, request())[0] == 100
    meter.wrong_unit = False
    meter.noise = b"\x00\xff"
    assert ask(port, enable, request()) == b"\x00\xff" + good
    meter.noise = b""
    meter.split_ms = 50
    assert ask(port, enable, request(), 40) == good[:4]
    SILICON.clock.advance(200000)
    assert port.read() == good[4:]
    meter.split_ms = 0
    meter.frozen = True
    world.mains.set_voltage(0, 100000)
    assert ask(port, enable, request()) == good


def test_a_full_receive_buffer_loses_characters():
    world, port, enable = line(rxbuf=129)
    for _ in range(3):
        enable.on()
        port.write(request(address=0x00, count=40))
        port.flush()
        enable.off()
        SILICON.clock.advance(400000)
    assert port.any() == 129 and port.overruns == 3 * 85 - 129
    assert world.bus.requests == 3
