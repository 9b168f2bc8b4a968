"""Runs on MicroPython: reads meters over the link that is asked for and prints what it sees.

meter_box.py tcp HOST PORT SECONDS UNIT:DEFINITION...
meter_box.py rtu DEVICE 0 SECONDS UNIT:DEFINITION...
meter_box.py http HOST PORT SECONDS DEFINITION [USER:PASSWORD]
meter_box.py mqtt HOST PORT SECONDS DEFINITION ADDRESS
One JSON object per line and quarter second: {"t": ms, "worst": ms, "meters": [...], "link": {}}.
"""

import asyncio
import json
import select
import sys
import time

from firmware.log import Log
from firmware.meter.checks import Checks
from firmware.meter.definition import Definition
from firmware.meter.modbus_meter import ModbusMeter
from firmware.ticks import PERIOD


class PtyUart:
    """A pseudo-terminal with the methods of machine.UART that the bus uses."""

    def __init__(self, path):
        self._file = open(path, "r+b", buffering=0)
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)

    def any(self):
        return 32 if self._poll.poll(0) else 0

    def readinto(self, buffer, length):
        count = 0  # one by one: the file's own methods wait until all of `length` is there
        while count < length and self._poll.poll(0):
            buffer[count] = self._file.read(1)[0]
            count += 1
        return count

    def write(self, data):
        return self._file.write(data)


def now():
    return time.ticks_ms() & (PERIOD - 1)


def described(name):
    with open(f"firmware/meter/definitions/{name}.json") as file:
        return Definition(file.read())


def modbus(link, specs):
    meters = []
    for spec in specs:
        unit, name = spec.split(":")
        definition = described(name)
        definition.registers.poll_ms = 200
        meter = ModbusMeter(int(unit), definition.registers)
        meter.reading.timeout_ms = 2000
        meter.finish = Checks(definition, meter.reading).finish
        link.rota.add(meter)
        meters.append(meter)
    return meters


def make(kind, host, port, rest):
    log = Log()
    if kind == "tcp":
        from firmware.link.modbus_tcp import ModbusTcp

        link = ModbusTcp(host, port, log, timeout_ms=500)
        return link, modbus(link, rest)
    if kind == "rtu":
        from firmware.link.rtu import RtuBus

        link = RtuBus(PtyUart(host), None, log, 9600, timeout_ms=300)
        return link, modbus(link, rest)
    if kind == "mqtt":
        return mqtt(host, port, log, rest)
    from firmware.link.http_get import HttpMeter
    from firmware.meter.json_meter import JsonMeter
    from firmware.meter.outputs import Outputs

    definition = described(rest[0])
    meter = JsonMeter(definition)
    meter.poll_ms = 200
    meter.reading.timeout_ms = 2000
    checks = Checks(definition, meter.reading)
    meter.finish = checks.finish
    link = HttpMeter(meter, host, port, log)
    relay = "/relay?turn=${if power_w > 5000`on`off}"
    outputs = [{"address": relay}, {"address": "/p", "body": "{}"}]
    link.outputs = Outputs(outputs, checks.value)
    if len(rest) > 1:
        link.login(*rest[1].split(":"))
    return link, [meter]


def mqtt(host, port, log, rest):
    """The client hands messages to MeterLines, as the firmware's MQTT door does."""
    from firmware.codec.broker_url import broker_url
    from firmware.link.meter_lines import MeterLines
    from firmware.link.mqtt import MqttClient

    with open(f"firmware/meter/definitions/{rest[0]}.json") as file:
        text = file.read()
    lines = MeterLines(log, None, None)
    meter = lines.make({"address": rest[1]}, text)
    meter.reading.timeout_ms = 2000
    client = MqttClient(broker_url(f"mqtt://{host}:{port}"), "meter-box", log)
    client.on_message = lambda topic, payload, message: lines.received(topic, payload, now())
    for topic, _, _ in lines.topics:
        client.subscribe(topic)
    return client, [meter]


class Pace:
    """The longest time that nobody but the link can have held the loop."""

    def __init__(self):
        self.worst = 0

    async def run(self):
        last = time.ticks_us()
        while True:
            await asyncio.sleep_ms(1)
            here = time.ticks_us()
            self.worst = max(self.worst, time.ticks_diff(here, last) - 1000)
            last = here


def seen(meter):
    reading = meter.reading
    return {
        "stale": reading.stale(now()),
        "power_w": reading.power_w,
        "voltage_v": reading.voltage_v,
        "current_ma": reading.current_ma,
        "import_wh": reading.import_wh,
        "export_wh": reading.export_wh,
        "errors": meter.errors,
    }


async def main(kind, host, port, seconds, rest):
    link, meters = make(kind, host, int(port), rest)
    pace = Pace()
    tasks = [asyncio.create_task(link.run()), asyncio.create_task(pace.run())]
    began = time.ticks_ms()
    while (gone := time.ticks_diff(time.ticks_ms(), began)) < float(seconds) * 1000:
        await asyncio.sleep_ms(250)
        counts = {}
        for name in ("asked", "answered", "silent", "garbled", "refused", "stray"):
            counts[name] = getattr(link, name, 0)
        line = {"t": gone, "worst": pace.worst // 1000, "link": counts}
        line["meters"] = [seen(meter) for meter in meters]
        print("@@" + json.dumps(line))
    for task in tasks:
        task.cancel()


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:]))
