"""The self-test of a box: tries what is connected and prints what it found, line by line.

It drives the charge point through firmware/charge/trial.py only, which works at an empty socket
and ends by itself, whatever becomes of this.
"""

from micropython import const

from firmware.charge.signals import Refused
from firmware.console.report import FAIL, NOT_FITTED, PASS, SKIPPED, Report

_CYCLE_MS = const(10)
_CLICK_MS = const(1600)
_LOCK_MS = const(5500)
_RESIDUAL_MS = const(6000)
_READINGS = const(20)
# The window of IEC 61851-1 table A.4 as test equipment quotes it, in mV.
_A = (11400, 12600)
_RELAY_WARNING = """
The contactor can close for one second. The contacts of an empty socket or plug are live then:
switch the power part off, or keep everybody away.
"""
_PILOT_HELP = """
Now the pilot: 2.74 kOhm between CP and PE shows B, 882 Ohm shows C (or a test adapter). With a
diode in series, anode at CP, the negative half is tested, too. Nothing is switched on meanwhile.
Enter passes over what you do not have.
"""


async def selftest(session, arguments: dict):
    """Everything that can be tried now."""
    if not session.running:
        await session.say("The firmware is stopped: restart(), then selftest().\n")
        return
    trial = session.app.point.trial
    alone = not arguments.get("car")
    try:
        if alone:
            trial.begin()
    except Refused as error:
        if not session.app.point.faults.active:
            await session.say(
                f"Not now: {error}. selftest(car=True) leaves relays and pilot alone.\n"
            )
            return
        alone = False
    test = SelfTest(session, alone)
    try:
        await test.run()
    finally:
        trial.end()


class SelfTest:
    """`alone`: the socket is empty and no fault stands, so that relays may be tried."""

    def __init__(self, session, alone: bool):
        self.session = session
        self.app = session.app
        self.point = session.app.point
        self.wiring = session.app.board.wiring
        self.report = Report()
        self.alone = alone

    async def run(self):
        """All parts, one after the other, and the result."""
        app, say = self.app, self.session.say
        name, serial = self.wiring["name"], app.system.serial
        await say(f"Self-test of {name}, {serial}, version {app.system.version}\n\n")
        for fault in self.point.faults.status():
            measured = "" if fault["unit"] == "-" else f", {fault['measured']} {fault['unit']}"
            await self.tell(FAIL, f"fault {fault['name']}", fault["text"] + measured)
        await self._idle()
        await self._residual()
        await self._contactor()
        await self._relays()
        await self._lock()
        await self._resistors()
        await self._others()
        await say("\n" + self.report.summary())

    async def tell(self, verdict: str, what: str, text: str = ""):
        await self.session.say(self.report.add(verdict, what, text))

    async def judge(self, good: bool, what: str, text: str):
        await self.tell(PASS if good else FAIL, what, text)

    async def _others(self):
        from firmware.console import surroundings

        await self.session.pause(_CYCLE_MS)
        await surroundings.examine(self)

    async def yes(self, question: str) -> bool:
        answer = await self.session.ask(f"{question} [no]? ")
        return answer.lower() in ("y", "yes")

    async def until(self, condition, limit_ms: int) -> int | None:
        """Milliseconds until it holds; None when it did not."""
        now = self.app.board.now
        began = now()
        while not condition():
            if (now() - began) & 0x3FFFFFFF >= limit_ms:
                return None
            await self.session.pause(_CYCLE_MS)
        return (now() - began) & 0x3FFFFFFF

    async def levels(self) -> tuple:
        """Mean of both halves of the pilot over some cycles, in mV; None without readings."""
        high = low = count = 0
        inputs = self.point.inputs
        for _ in range(_READINGS):
            await self.session.pause(_CYCLE_MS)
            if inputs.levels_known:
                high += inputs.high_mv
                low += inputs.low_mv
                count += 1
        return (high // count, low // count) if count else (None, None)

    async def _idle(self):
        inputs = self.point.inputs
        if self.alone:
            high_mv, _ = await self.levels()
            if high_mv is None:
                await self.tell(FAIL, "pilot +12 V", "cannot be read: is the converter connected?")
            else:
                await self.session.say(self.report.within("pilot +12 V", high_mv, _A))
        else:
            await self.tell(SKIPPED, "pilot +12 V")
        if inputs.emergency_stop is None:
            await self.tell(NOT_FITTED, "emergency stop")
        else:
            text = "pressed, or its wire is broken" if inputs.emergency_stop else "loop closed"
            await self.judge(not inputs.emergency_stop, "emergency stop", text)

    async def _residual(self):
        fitted, residual = self.point.fitted, self.point.chores.residual
        if not fitted.residual_sensor:
            await self.tell(NOT_FITTED, "RDC-DD")
            return
        tripped = self.point.inputs.residual_tripped
        await self.judge(not tripped, "RDC-DD", "tripped, or wire broken" if tripped else "quiet")
        if not fitted.residual_test:
            await self.tell(NOT_FITTED, "RDC-DD test")
        elif not self.alone:
            text = "the last one failed" if residual.passed is False else "needs an empty socket"
            await self.tell(FAIL if residual.passed is False else SKIPPED, "RDC-DD test", text)
        else:
            residual.ask()
            took = await self.until(
                lambda: not residual.due and not residual.running(), _RESIDUAL_MS
            )
            good = took is not None and bool(residual.passed)
            text = (
                "tripped and came back"
                if good
                else "no answer to the test output: wiring, supply?"
            )
            await self.judge(good, "RDC-DD test", text)

    async def _contactor(self):
        mirror = self.point.inputs.contactor_mirror
        if not self.possible():
            if mirror and not self.point.outputs.contactor:
                await self.tell(
                    FAIL, "contactor", "reports closed although it is told to open: welded"
                )
            else:
                await self.tell(SKIPPED, "contactor", self.why_not())
            return
        if not await self.yes(_RELAY_WARNING + "Close the contactor for a second"):
            await self.tell(SKIPPED, "contactor")
            return
        await self.ready()
        try:
            self.point.trial.click()
        except Refused as error:
            await self.tell(SKIPPED, "contactor", str(error))
            return
        await self._clicked(mirror is not None)

    async def ready(self):
        """After a click the contactor has to be proved open first, and the pilot to be joined."""
        trial = self.point.trial
        await self.until(lambda: not trial.why_not(), _CLICK_MS)

    def possible(self) -> bool:
        return self.alone and not self.point.faults.active

    def why_not(self) -> str:
        return "a fault stands" if self.point.faults.active else "a car is plugged in"

    async def _clicked(self, mirrored: bool):
        outputs = self.point.outputs
        if await self.until(lambda: outputs.contactor, 500) is None:
            await self.tell(FAIL, "contactor", "did not click: " + self.point.trial.why_not())
        elif mirrored:
            await self._mirrored()
        else:
            await self.until(lambda: not outputs.contactor, _CLICK_MS)
            heard = await self.yes("No mirror contact is fitted. Did it click twice")
            await self.judge(heard, "contactor", "heard" if heard else "not heard")

    async def _mirrored(self):
        outputs, inputs = self.point.outputs, self.point.inputs
        on = await self.until(lambda: inputs.contactor_mirror, 400)
        await self.until(lambda: not outputs.contactor, _CLICK_MS)
        off = await self.until(lambda: not inputs.contactor_mirror, 400)
        text = f"closed after {on} ms, open after {off} ms"
        if on is None:
            text = "did not close, or its mirror contact does not show it"
        elif off is None:
            text = "still closed 400 ms after it was told to open: welded"
        await self.judge(on is not None and off is not None, "contactor", text)

    async def _relays(self):
        from firmware.console import relays

        await self.session.pause(_CYCLE_MS)
        await relays.examine(self)

    async def _lock(self):
        if not self.point.fitted.lock:
            await self.tell(NOT_FITTED, "lock")
            return
        inputs = self.point.inputs
        if not self.possible():
            await self.tell(SKIPPED, "lock", self.why_not())
            return
        if not await self.yes("\nDrive the lock of the socket for three seconds"):
            await self.tell(SKIPPED, "lock")
            return
        await self.ready()
        try:
            self.point.trial.drive_lock()
        except Refused as error:
            await self.tell(SKIPPED, "lock", str(error))
            return
        if inputs.lock_closed is None:
            heard = await self.yes("No feedback is fitted. Did it lock and unlock")
            await self.judge(heard, "lock", "heard" if heard else "not heard")
        else:
            await self._locked(inputs)

    async def _locked(self, inputs):
        on = await self.until(lambda: inputs.lock_closed, 2900)
        off = await self.until(lambda: not inputs.lock_closed, _LOCK_MS) if on is not None else 0
        text = f"locked after {on} ms" if off is not None else "locked, and did not unlock"
        if on is None:
            text = "did not lock within 3 s: jammed, or its feedback does not show it"
        await self.judge(on is not None and off is not None, "lock", text)

    async def _resistors(self):
        what = ("pilot at 2.74 kOhm", "PWM", "pilot -12 V", "pilot at 882 Ohm")
        if not self.possible():
            for name in what:
                await self.tell(SKIPPED, name, self.why_not())
            return
        from firmware.console import resistors

        await self.session.pause(_CYCLE_MS)
        await self.session.say(_PILOT_HELP)
        await resistors.examine(self)
