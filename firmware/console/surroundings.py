"""The part of the self-test that only looks: sensors, meters, flash, network."""

import os

from micropython import const

from firmware.console.report import FAIL, NOT_FITTED, SKIPPED

_NO_CABLE_OHM = const(5000)
_COLDEST_DC = const(-250)
_WARMEST_DC = const(600)
_LOOK_MS = const(10)
_LOOKS = const(50)
_LEAST_FREE = const(65536)
_SCANNED = tuple(range(1, 11)) + tuple(range(101, 106))
# The DTS353's factory setting, as in firmware/meters.py.
_FRAME = (9600, 8, 0, 1)


async def examine(test):
    """One after the other."""
    await _cable(test)
    await _temperature(test)
    await _meters(test)
    await _scan(test)
    await _pulses(test)
    await _flash(test)
    await _network(test)


async def _cable(test):
    ohm = test.point.inputs.proximity_ohm
    if ohm is None:
        await test.tell(NOT_FITTED, "cable coding")
    elif not test.point.transaction.open:
        text = "no cable" if ohm > _NO_CABLE_OHM else f"{ohm} Ohm with nothing plugged in"
        await test.judge(ohm > _NO_CABLE_OHM, "cable coding", text)
    else:
        rating = test.point.chores.cable.rating_ma
        await test.judge(rating > 0, "cable coding", f"{ohm} Ohm, {rating // 1000} A")


async def _temperature(test):
    value = test.point.inputs.temperature_dc
    if not test.point.fitted.temperature:
        await test.tell(NOT_FITTED, "temperature")
    elif value is None:
        await test.tell(FAIL, "temperature", "cannot be read: sensor broken or not connected")
    else:
        good = _COLDEST_DC < value < _WARMEST_DC
        await test.judge(good, "temperature", f"{value / 10:.1f} degrees Celsius")


async def _meters(test):
    now = test.app.board.now()
    for device in test.app.devices:
        if device.dev_id[0] == "M":
            silent = device.reading.stale(now)
            kind = device.entry["dev_type"][6:]
            text = f"{kind}: " + ("no answer" if silent else f"{device.reading.power_w or 0} W")
            await test.judge(not silent, f"meter {device.dev_id}", text)


async def _scan(test):
    app = test.app
    if not test.wiring.get("rs485"):
        await test.tell(NOT_FITTED, "RS485")
        return
    if not await test.yes("\nScan the RS485 line for meters (1-10, 101-105; 10 s)"):
        await test.tell(SKIPPED, "RS485")
        return
    bus = app.meters.bus or app.meters.line(*_FRAME)
    app.box.bus = bus
    found = []
    for unit in _SCANNED:
        if await _answers(bus, unit):
            found.append(str(unit))
    text = "no unit answers: A and B swapped, speed, parity, supply?"
    if found:
        text = f"unit{'s' if len(found) > 1 else ''} {', '.join(found)} at {_FRAME[0]} baud"
    await test.judge(bool(found), "RS485", text)


async def _answers(bus, unit: int) -> bool:
    from firmware.link.question import BusError, read

    try:
        await read(bus, unit, 3, 0, 1)
    except BusError as error:
        return error.code != 0  # it refuses, so it is there
    return True


async def _pulses(test):
    pins = test.wiring.get("s0") or ()
    if not pins:
        await test.tell(NOT_FITTED, "S0")
        return
    from firmware.probe import closed as is_closed

    for number, pin in enumerate(pins, 1):
        closed = 0
        for _ in range(_LOOKS):
            closed += is_closed(pin)
            await test.session.pause(_LOOK_MS)
        text = "open, as between pulses" if not closed else "pulses"
        if closed == _LOOKS:
            text = "closed all the time: shorted, or a contact that hangs"
        await test.judge(closed < _LOOKS, f"S0 input {number}", text)


async def _flash(test):
    wear = test.app.memory.wear
    if test.app.closed():  # counting what is free reads the whole directory: 50 ms
        await test.judge(not wear.failures, "flash", f"good for {wear.years()} years")
        return
    free = 0
    try:
        found = os.statvfs("/data")
        free = found[0] * found[3]
    except OSError:
        pass
    text = f"{free // 1024} KiB free, {wear.failures} failures, good for {wear.years()} years"
    await test.judge(free >= _LEAST_FREE and not wear.failures, "flash", text)


async def _network(test):
    app = test.app
    if not app.wifi:
        await test.tell(SKIPPED, "Wi-Fi", "none is set")
    else:
        state = app.wifi.status()
        text = f"{state['ssid']}: {state['address'] or 'not connected'}"
        await test.judge(state["connected"], "Wi-Fi", text)
    if not app.mqtt:
        await test.tell(SKIPPED, "MQTT", "no broker is set")
        return
    for client in app.mqtt.status():
        text = f"{client['broker']} {client['state']} {client['last_error']}"
        await test.judge(client["state"] == "connected", "MQTT", text)
