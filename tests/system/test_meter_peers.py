"""Meters read from real peers: pymodbus servers over TCP and over a pseudo-terminal."""

import asyncio
import os
import select
import sys
import threading
import time
import tty
from pathlib import Path

import pytest
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

sys.path.insert(0, str(Path(__file__).parent))

from brokers import free_port
from meter_boxes import never_wrong, run_box

FLOAT = DataType.FLOAT32
POWER = 5060.0


def sdm630(unit: int, power: float = POWER) -> SimDevice:
    """A SDM630's input registers; floats, high word first."""
    return SimDevice(
        unit,
        [
            SimData(0, values=[230.4, 229.6, 231.0, 16.0, 15.98, 10.0], datatype=FLOAT),
            SimData(12, values=[3680.0, 3670.0, power - 7350.0], datatype=FLOAT),
            SimData(0x34, values=[power], datatype=FLOAT),
            SimData(0x48, values=[12345.67, 1.5], datatype=FLOAT),
        ],
    )


class Peer:
    """A pymodbus server in a thread; `make` is called in its loop."""

    def __init__(self, make):
        self._make = make
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._loop.run_forever()

    async def _start(self):
        self._server = self._make()
        await self._server.serve_forever(background=True)
        self._ready.set()


class Wire:
    """Two pseudo-terminals joined by a thread, which may spoil what the peer says."""

    def __init__(self, spoil=None):
        self._spoil = spoil
        self._ends = [os.openpty() for _ in range(2)]
        for _, slave in self._ends:
            tty.setraw(slave)
        self.paths = [os.ttyname(slave) for _, slave in self._ends]
        self._stop = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._stop = True
        self._thread.join(5)
        for pair in self._ends:
            for end in pair:
                os.close(end)

    def _run(self):
        box, peer = self._ends[0][0], self._ends[1][0]
        while not self._stop:
            for end in select.select([box, peer], [], [], 0.05)[0]:
                data = os.read(end, 512)
                if end == peer and self._spoil:
                    data = self._spoil(data)
                if data:
                    os.write(peer if end == box else box, data)


def tcp_server(port: int, devices, **options):
    return lambda: ModbusTcpServer(devices, address=("127.0.0.1", port), **options)


def test_a_tcp_meter_is_read():
    port = free_port()
    with Peer(tcp_server(port, [sdm630(1)])):
        lines = run_box(3, "tcp", "127.0.0.1", str(port), "1:eastron_sdm630")
    meter = lines[-1]["meters"][0]
    assert not meter["stale"] and meter["power_w"] == 5060 and meter["errors"] == 0
    assert meter["voltage_v"] == [230, 230, 231]
    assert meter["current_ma"] == [16000, 15980, -10000]
    assert abs(meter["import_wh"] - 12345670) <= 2 and meter["export_wh"] == 1500
    assert lines[-1]["link"]["answered"] >= 10
    never_wrong(lines)


def test_several_meters_share_a_connection_and_a_missing_one_harms_nobody():
    port = free_port()
    devices = [sdm630(1), sdm630(2, 1000.0)]
    with Peer(tcp_server(port, devices, ignore_missing_devices=True)):
        specs = ["1:eastron_sdm630", "2:eastron_sdm630", "9:eastron_sdm630"]
        lines = run_box(6, "tcp", "127.0.0.1", str(port), *specs)
    never_wrong(lines)
    never_wrong(lines, 1, 1000)
    first, second, missing = lines[-1]["meters"]
    assert not first["stale"] and not second["stale"] and missing["stale"]
    assert missing["power_w"] is None


def test_a_tcp_meter_that_appears_late_and_restarts_is_found_again():
    port = free_port()
    lines = []
    box = threading.Thread(
        target=lambda: lines.extend(run_box(12, "tcp", "127.0.0.1", str(port), "1:eastron_sdm630"))
    )
    box.start()
    time.sleep(1.5)
    with Peer(tcp_server(port, [sdm630(1)])):
        time.sleep(4.5)
    with Peer(tcp_server(port, [sdm630(1)])):
        box.join(40)
    assert lines[0]["meters"][0]["stale"] and not lines[-1]["meters"][0]["stale"]
    never_wrong(lines)


@pytest.mark.parametrize("interpreter", ["micropython", "micropython32"])
def test_an_rtu_meter_is_read(interpreter):
    wire = Wire()
    make = lambda: ModbusSerialServer(  # noqa: E731
        [sdm630(1), sdm630(2, 1000.0)], port=wire.paths[1], baudrate=9600
    )
    try:
        with Peer(make):
            specs = ["1:eastron_sdm630", "2:eastron_sdm630"]
            lines = run_box(4, "rtu", wire.paths[0], "0", *specs, interpreter=interpreter)
    finally:
        wire.close()
    never_wrong(lines)
    never_wrong(lines, 1, 1000)
    for meter in lines[-1]["meters"]:
        assert not meter["stale"] and meter["errors"] == 0
        assert abs(meter["import_wh"] - 12345670) <= 2


def noisy(data: bytes) -> bytes:
    """Every seventh answer gets a flipped bit, every eleventh a byte more."""
    noisy.count += 1
    if noisy.count % 7 == 0:
        return bytes([data[0] ^ 4]) + data[1:]
    return data + b"\x55" * 3 if noisy.count % 11 == 0 else data


noisy.count = 0


def test_a_noisy_rtu_line_gives_right_values_or_none():
    wire = Wire(noisy)
    make = lambda: ModbusSerialServer([sdm630(1)], port=wire.paths[1], baudrate=9600)  # noqa: E731
    try:
        with Peer(make):
            lines = run_box(10, "rtu", wire.paths[0], "0", "1:eastron_sdm630")
    finally:
        wire.close()
    never_wrong(lines)
    assert lines[-1]["link"]["garbled"] + lines[-1]["link"]["silent"] > 0
    assert lines[-1]["link"]["answered"] > 5
