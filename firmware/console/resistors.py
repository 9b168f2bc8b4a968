"""The part of the self-test for which somebody holds resistors to the pilot."""

from micropython import const

from firmware.charge import pilot, states
from firmware.charge.signals import Refused
from firmware.console import relays
from firmware.console.report import FAIL, SKIPPED

_RELAY = "relay at 2.74 kOhm"
_PLUG_MS = const(120000)
_LOOK_MS = const(20)
_SENT_MS = const(6000)  # 5 s may have to pass since the pilot last changed
_WINDOW_MS = const(2000)
_DUTY_OFF = const(15)  # thousandths: what counting by software can tell
_ROUNDS = const(5)
# The windows of IEC 61851-1 table A.4 as test equipment quotes them, in mV.
_B = (8360, 9560)
_C = (5480, 6490)
_MINUS = (-12600, -11400)


async def examine(test):
    """B, then 1 kHz, then C; each can be passed over."""
    if not await _shown(test, pilot.B, "Connect 2.74 kOhm (Enter: pass over): "):
        for name in ("pilot at 2.74 kOhm", "PWM", "pilot -12 V"):
            await test.tell(SKIPPED, name)
    else:
        high_mv = await _level(test, "pilot at 2.74 kOhm", _B)
        await _cut(test, high_mv)
        await _sent(test)
    if not await _shown(test, pilot.C, "Connect 882 Ohm (Enter: pass over): "):
        await test.tell(SKIPPED, "pilot at 882 Ohm")
    else:
        await _level(test, "pilot at 882 Ohm", _C)
    if test.point.level != pilot.A:
        await test.session.say("Take the resistor off again.\n")


async def _shown(test, level: int, question: str) -> bool:
    """Wait for a level of the pilot, or for Enter."""
    session, point = test.session, test.point
    session.answer = None
    await session.say(question)
    session.question = question
    settled = await test.until(
        lambda: session.answer is not None or _settled(point, level) or point.faults.active,
        _PLUG_MS,
    )
    session.question = ""
    if session.answer is None:
        await session.say("\n")
    if settled is None:
        await session.say("Nothing came in two minutes.\n")
    return session.answer is None and _settled(point, level)


def _settled(point, level) -> bool:
    return point.level == level and point.pilot.seen == level and point.pilot.seen_ms >= 600


async def _level(test, name: str, window: tuple) -> int | None:
    high_mv, _ = await test.levels()
    if high_mv is None:
        await test.tell(FAIL, name, "cannot be read")
    else:
        await test.session.say(test.report.within(name, high_mv, window))
    return high_mv


async def _cut(test, high_mv):
    """Cut the pilot as for a car that sleeps: wherever it is measured, the level must change."""
    point = test.point
    if not point.fitted.pilot_disconnect:
        return
    try:
        point.wake()
        apart_mv = await relays.cut_mv(test)
    except Refused as error:
        await relays.ended(test, _RELAY, error)
        return
    text = relays.seen(high_mv, apart_mv)
    good = relays.changed(high_mv, apart_mv)
    await test.judge(good, _RELAY, text if good else text + ": the relay does not open")
    await test.until(lambda: _settled(point, pilot.B) or point.faults.active, _SENT_MS)


async def _sent(test):
    """1 kHz for a moment: is the duty what was asked for, and how low is the negative half?"""
    point, outputs = test.point, test.point.outputs
    before = None
    try:
        if point.limits.offer_ma:
            before = await _begun(test, outputs)
    except Refused as error:
        await test.tell(SKIPPED, "PWM", str(error))
        return
    if before is None:
        why = "nothing is offered: " + (", ".join(point.status()["blocked"]) or "limits below 6 A")
        await test.tell(SKIPPED, "PWM", why)
        await test.tell(SKIPPED, "pilot -12 V", why)
        return
    wanted = outputs.duty * 1000 // 65536
    measured = await _measured(test)
    lows = point.inputs.low_mv if point.inputs.levels_known else None
    text = f"{measured / 10:.1f} % high, {wanted / 10:.1f} % sent"
    await test.judge(abs(measured - wanted) <= _DUTY_OFF, "PWM", text)
    if lows is None:
        await test.tell(FAIL, "pilot -12 V", "cannot be read")
    elif -9600 < lows < -7900:
        await test.tell(SKIPPED, "pilot -12 V", f"{lows / 1000:.2f} V: a resistor without a diode")
    else:
        await test.session.say(test.report.within("pilot -12 V", lows, _MINUS))


async def _begun(test, outputs):
    """Have 1 kHz sent; None when it does not come within some seconds."""
    for _ in range(_SENT_MS // _WINDOW_MS):
        if test.point.state == states.B1:
            test.point.trial.send()
        came = await test.until(lambda: 0 < outputs.duty < 65535, _WINDOW_MS)
        if came is not None:
            await test.session.pause(2 * _LOOK_MS)
            return came
    return None


async def _measured(test) -> int:
    """For how many thousandths of the time the pin is high."""
    from firmware.probe import high_permille

    total = 0
    for _ in range(_ROUNDS):
        total += high_permille(test.wiring["pilot_pwm"])
        await test.session.pause(_LOOK_MS)
    return total // _ROUNDS
