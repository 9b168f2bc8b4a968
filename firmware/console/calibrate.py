"""Adjusts the measuring of the control pilot to two voltages that a person reads from a meter."""

from micropython import const

from firmware import calibration
from firmware.charge import pilot
from firmware.charge.signals import Refused
from firmware.console.session import Stopped
from firmware.store.small import write

_FILE = "/data/pilot"
_LOOK_MS = const(20)
_READINGS = const(100)
_PLUG_MS = const(300000)
_UNSTEADY_MV = const(400)
_SPAN_MV = const(2500)
_WHOLE = const(10000)
_INTRODUCTION = """
You need a multimeter (20 V DC) between CP and PE, and a resistor of 882 Ohm (2.74 kOhm also
does). Nothing is switched on meanwhile; Ctrl-C or "stop" ends.
"""


async def calibrate(session, arguments: dict):
    """Two levels, a check, a file; it holds from the next start on."""
    if not session.running:
        await session.say("The firmware is stopped: restart(), then calibrate().\n")
        return
    if arguments.get("reset"):
        write(_FILE, "10000 0\n")
        await session.say("The board's own scale holds from the next start on. restart()\n")
        return
    trial = session.app.point.trial
    trial.begin()
    try:
        await session.say(_INTRODUCTION)
        await _levels(session)
    finally:
        trial.end()


async def _levels(session):
    empty = await _level(session, "Nothing connected. What does the multimeter show", "12.00")
    await _wait_for_resistor(session)
    loaded = await _level(session, "Resistor connected. What does it show now", "6.00")
    if empty is None or loaded is None:
        await session.say("The pilot is not steady, or cannot be read. Nothing is changed.\n")
        return
    gain, offset_mv, problem = judged(empty, loaded, calibration.known())
    if problem:
        await session.say(f"Not taken: {problem}. Check resistor, multimeter, wiring and board.\n")
        return
    write(_FILE, f"{gain} {offset_mv}\n")
    await session.say(
        f"Taken: slope {gain / 100:.2f} %, zero {offset_mv} mV; restart() puts it into force.\n"
        "Take the resistor off. selftest() checks the levels.\n"
    )


def judged(empty: tuple, loaded: tuple, known: tuple) -> tuple:
    """(gain, offset, what is wrong or "") from two pairs (mV measured, mV true).

    What was measured is corrected by `known` already; the answer takes its place.
    """
    span_mv, true_span_mv = empty[0] - loaded[0], empty[1] - loaded[1]
    if min(span_mv, true_span_mv) < _SPAN_MV:
        return 0, 0, "both levels are nearly the same"
    step = true_span_mv * _WHOLE // span_mv
    gain = known[0] * step // _WHOLE
    offset_mv = empty[1] - (empty[0] - known[1]) * step // _WHOLE
    return gain, offset_mv, calibration.doubtful(gain, offset_mv)


async def _wait_for_resistor(session):
    point = session.app.point
    await session.say("Now connect the resistor.\n")
    waited_ms = 0
    while point.level not in (pilot.B, pilot.C) or point.pilot.seen_ms < 600:
        await session.pause(_LOOK_MS)
        waited_ms += _LOOK_MS
        if waited_ms > _PLUG_MS or session.answer == "stop":
            raise Stopped
        if point.faults.active:
            raise Refused(f"a fault stands: {point.faults.status()[0]['name']}")


async def _level(session, question: str, usual: str):
    """(measured, true) in mV; None while the pilot is not steady."""
    while True:
        answer = await session.ask(f"{question} [{usual}] V? ")
        if answer == "stop":
            raise Stopped
        try:
            true_mv = int(float(answer.replace(",", ".") or usual) * 1000)
        except ValueError:
            await session.say("  A voltage such as 11.97 is expected.\n")
            continue
        measured_mv = await _mean(session)
        if measured_mv is not None:
            await session.say(f"  The box measures {measured_mv / 1000:.2f} V.\n")
        return None if measured_mv is None else (measured_mv, true_mv)


async def _mean(session) -> int | None:
    inputs = session.app.point.inputs
    total, least, most = 0, 32000, -32000
    for _ in range(_READINGS):
        await session.pause(_LOOK_MS // 2)
        if not inputs.levels_known:
            return None
        total += inputs.high_mv
        least, most = min(least, inputs.high_mv), max(most, inputs.high_mv)
    return total // _READINGS if most - least <= _UNSTEADY_MV else None
