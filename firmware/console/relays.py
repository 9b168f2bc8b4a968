"""The part of the self-test that moves what carries no current: the pilot's relay, and L2/L3."""

from micropython import const

from firmware.charge.signals import Refused
from firmware.console.report import FAIL, NOT_FITTED, PASS, SKIPPED

RELAY = "pilot relay"
_L2_L3 = "contactor L2/L3"
_QUESTION = """
The relay of the pilot and the contactor of L2 and L3 can move there and back, if they are fitted.
The main contactor stays open.
"""
_BEGIN_MS = const(500)
_TRAVEL_MS = const(100)
_MIRROR_MS = const(400)
_THERE_MS = const(4000)  # back in a second gap, once the socket has been seen empty again
_CHANGE_MV = const(1500)  # half of what lies between two levels


class _Wrong(Exception):
    """The contactor did something else than it was told."""


async def examine(test):
    """The pilot cut for a second; L2/L3 to the other position and back."""
    fitted = test.point.fitted
    if not fitted.pilot_disconnect:
        await test.tell(NOT_FITTED, RELAY)
    if not fitted.phase_contactor:
        await test.tell(NOT_FITTED, _L2_L3)
    if not fitted.pilot_disconnect:
        if fitted.phase_contactor:
            await _stays(test, test.point.phases.why_not())
        return
    why = "" if test.possible() else test.why_not()
    if not why and not await test.yes(_QUESTION + "Move them"):
        why = "not moved"
    if why:
        await test.tell(SKIPPED, RELAY, why)
    else:
        await _relay(test)
    if fitted.phase_contactor:
        await _phases(test, why)


async def _stays(test, why: str):
    """L2/L3 may not move: only what the mirror contact says."""
    told, mirror = test.point.outputs.phase_contactor, test.point.inputs.phase_mirror
    text = f"told to {'close' if told else 'open'}, reports {'closed' if mirror else 'open'}"
    if mirror not in (None, told):
        await test.tell(FAIL, _L2_L3, text)
    else:
        await test.tell(SKIPPED, _L2_L3, why if mirror is None else f"{why}; {text}")


async def cut_mv(test) -> int | None:
    """The level while the pilot is cut, which has been asked for; None: it cannot be read."""
    outputs = test.point.outputs
    if await test.until(lambda: not outputs.pilot_connected, _BEGIN_MS) is None:
        raise Refused(_cause(test.point))
    await test.session.pause(_TRAVEL_MS)
    high_mv, _ = await test.levels()
    if outputs.pilot_connected:
        raise Refused(_cause(test.point))
    return high_mv


def _cause(point) -> str:
    """What came first, or in between."""
    names = [fault["name"] for fault in point.faults.status()]
    if names:
        return "fault " + ", ".join(names)
    return point.trial.why_not() or "something else came first"


async def ended(test, what: str, why: Refused):
    """A step that did not come to its end; a fault that did this is a finding."""
    await test.tell(FAIL if test.point.faults.active else SKIPPED, what, str(why))


def seen(before_mv, after_mv) -> str:
    """What was measured, in words."""
    if before_mv is None or after_mv is None:
        return "the level cannot be read"
    return f"{before_mv / 1000:.2f} V joined, {after_mv / 1000:.2f} V cut"


def changed(before_mv, after_mv) -> bool:
    return None not in (before_mv, after_mv) and abs(before_mv - after_mv) >= _CHANGE_MV


async def _relay(test):
    await test.ready()
    joined_mv, _ = await test.levels()
    try:
        test.point.trial.cut(False)
        apart_mv = await cut_mv(test)
    except Refused as error:
        await ended(test, RELAY, error)
        return
    text = seen(joined_mv, apart_mv)
    if changed(joined_mv, apart_mv):
        await test.tell(PASS, RELAY, text)
    elif test.wiring.get("pilot_relay_seen") or None in (joined_mv, apart_mv):
        await test.tell(FAIL, RELAY, text + ", a change expected: it does not open")
    elif await test.yes(f"{text}: not to be seen here. Did the relay click twice"):
        await test.tell(PASS, RELAY, "heard; " + text)
    else:
        await test.tell(SKIPPED, RELAY, f"cannot be seen here: {text}; 2.74 kOhm shows it")


async def _phases(test, why: str):
    point = test.point
    why = why or point.phases.why_not() or ("" if test.possible() else test.why_not())
    if why:
        await _stays(test, why)
        return
    await test.ready()
    told = point.outputs.phase_contactor
    try:
        point.trial.cut(True)
        texts = [await _moved(test, not told), await _moved(test, told)]
    except _Wrong as error:
        await test.tell(FAIL, _L2_L3, str(error))
        return
    except Refused as error:
        await ended(test, _L2_L3, error)
        return
    if point.inputs.phase_mirror is None:
        heard = await test.yes("No mirror contact is fitted. Did L2/L3 click twice")
        await test.judge(heard, _L2_L3, "heard" if heard else "not heard")
    else:
        await test.tell(PASS, _L2_L3, ", ".join(texts))


async def _moved(test, closed: bool) -> str:
    """Wait for the contactor's move to this position; Refused: it was not told to."""
    point = test.point
    outputs, inputs = point.outputs, point.inputs
    came = await test.until(lambda: outputs.phase_contactor is closed, _THERE_MS)
    if came is None:
        raise Refused("was not moved: " + _cause(point))
    if inputs.phase_mirror is None:
        return ""
    took = await test.until(lambda: inputs.phase_mirror is closed, _MIRROR_MS)
    if took is not None:
        return f"{'closed' if closed else 'open'} after {took} ms"
    if closed:
        raise _Wrong(f"still open {_MIRROR_MS} ms after it was told to close: does not pull in")
    raise _Wrong(f"still closed {_MIRROR_MS} ms after it was told to open: welded")
