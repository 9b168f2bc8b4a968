"""The composition root: builds every part, joins them, runs them. The one place that knows all."""

import asyncio
import gc
import sys
from os import urandom

import micropython
from micropython import const

from firmware import choices
from firmware.api.box import Box
from firmware.api.chores import Chores
from firmware.api.commands import Commands
from firmware.api.devices import Devices
from firmware.api.evse_device import EvseDevice
from firmware.board import Board, reset
from firmware.charge.limits import Limits
from firmware.charge.point import ChargePoint
from firmware.charge.signals import Fitted, Refused
from firmware.clock import Clock
from firmware.console.reader import Reader
from firmware.front import Front
from firmware.keepsake import Keepsake
from firmware.log import Log
from firmware.memory import Memory
from firmware.meters import Meters
from firmware.pace import Pace
from firmware.pilot_loop import PilotLoop
from firmware.recorder import Recorder
from firmware.sessions import Sessions
from firmware.settings import BUILT_IN
from firmware.store.once import forget
from firmware.supervisor import Supervisor
from firmware.system import System, unix_time

_SECOND_MS = const(1000)
# Who was left alone at the REPL for half an hour goes on by itself.
_REPL_MS = const(1800000)
# Meters report their counts every few seconds: before a restart the last ones are waited for.
_LAST_COUNTS_MS = const(5000)
# A second leaves some 7 KB of garbage; a collection takes 7 to 14 ms on an ESP32. A threshold
# would count the frames of calls, too, which are freed at once, and collect nine times as often.
_COLLECT_SECONDS = const(2)


class Restarting(Exception):
    """Somebody asked for a restart, and everything is saved."""


class App:
    """The running firmware; `status()` tells everything about it."""

    def __init__(self):
        from firmware import wiring

        self.log = Log(unix_time)
        table = wiring.chosen()
        forget("wiring", "firmware")
        if table is None:
            raise ValueError("no board is chosen: /data/board names a file of firmware/boards/")
        from firmware.calibration import corrected

        self.board = Board(corrected(table))
        forget("calibration", "firmware")
        for name in (table["name"], "devkit"):  # many a board is made from devkit's table
            forget(name, "firmware.boards")
        self.log.info("app", f"started after {self.board.reset_cause()}")
        self.supervisor = Supervisor(self.log, self.board.now)
        self.mqtt = None
        self._running = False
        self.first_line = b""  # typed at the console at the start, as by a person
        self.memory = Memory(self.board, self.log)
        self.settings = self.memory.settings
        self.ledger = self.memory.ledger
        self._build_charge_point()
        self._build_api()
        self._build_network()

    def _build_charge_point(self):
        self.limits = Limits()
        fitted = self.settings.fitted(self.board.fitted())
        self.point = ChargePoint(Fitted(fitted), self.limits)
        self.point.transaction.total_wh = self.ledger.value("E1.wh")
        self.point.enable(self.settings.charge.start_enabled)
        self.pace = Pace()
        self.pilot_loop = PilotLoop(self.board, self.point, self.pace, self._held)
        self.sessions = Sessions(self.point, self.memory.transactions, unix_time, self.log)
        self.clock = Clock(self.ledger, self.board.set_time, self.log)
        self.clock.known = self.sessions.clock_set
        self.sessions.estimate = self.clock.estimate
        self.sessions.resume()
        self.recorder = Recorder(self.point, self.ledger, self.sessions, self.log)
        self.recorder.keepsake = keepsake = Keepsake(self.point, self.ledger, self.log)
        keepsake.restore()

    def _build_api(self):
        self.box = box = Box()
        box.settings = self.settings
        box.log = self.log
        box.clock = unix_time
        box.now = self.board.now
        box.devices = self.devices = Devices(self.settings, self.log)
        box.transactions = self.sessions if self.memory.transactions.slots else None
        box.wear = self.memory.wear
        box.may_hold = lambda: not self.closed()
        box.commands = self.commands = Commands(box)
        self.meters = Meters(self.board, box, self.ledger, self._start)
        entry = self.settings.find("devices", "E1")
        if entry is None:
            self.settings.put("devices", {"dev_id": "E1", "dev_type": "evse_powerbrain"})
            entry = self.settings.find("devices", "E1")
        self.wifi = None
        box.system = self.system = System(self.board, self.status)
        name = self.board.wiring["name"]
        model = f"{System.product},{name},1,{System.version},{self.system.serial}"
        self.own = EvseDevice(self.devices, entry, self.point, self._energy_wh, model)
        self.own.on_authorised = self.sessions.authorised
        self.own.inside.clock = unix_time
        self.recorder.meters = self.meters
        self.recorder.listener = self.own.inside.happened
        self.devices.add(self.own)
        self.joined("network")
        self.front = Front(self, self._start)
        self.devices.renew()
        self.settings.changed = self._settings_changed
        self.settings.judge = choices.judge
        self.point.configure({"seed": urandom(1)[0] << 8 | urandom(1)[0]})
        self._settings_changed(())
        box.bus = self.meters.bus

    def joined(self, name: str):
        """Call a function of firmware/join.py, which is not kept; what it built."""
        from firmware import join

        built = getattr(join, name)(self, self._start)
        forget("join", "firmware")
        return built

    def _build_network(self):
        self.joined("room")
        self.mqtt = self.joined("brokers")
        self.http = self.joined("web")

    def network_up(self) -> bool:
        """Whether there is a network, as far as that is ours to say."""
        return self.wifi is None or self.wifi.connected

    def _start(self, name: str, run, *arguments):
        """Keep a task alive, now or as soon as the app runs."""
        task = self.supervisor.keep(name, run, *arguments)
        if self._running:
            asyncio.create_task(task)  # noqa: RUF006  the loop keeps it

    def _settings_changed(self, names):
        if any(name in BUILT_IN for name in names):
            self.log.warning("settings", f"{', '.join(BUILT_IN)} take effect at the next start")
        if not names or "devices" in names:
            self.devices.renew()
            if self.mqtt:
                self.mqtt.listen()
        self.own.follow(self.board.now())
        try:
            self.point.configure(choices.options(self.settings.charge))
        except Refused as error:
            self.log.error("settings", f"charge: {error}; the options in force stay")

    def _energy_wh(self) -> int:
        return self.ledger.value("E1.wh")

    def _held(self, gap_ms: int):
        name = self.supervisor.recent_name
        self.log.error("loop", f"held for {gap_ms} ms with the contactor closed, by {name}")

    def closed(self) -> bool:
        """Whether the contactor is commanded closed."""
        return self.point.outputs.contactor

    async def run(self):
        """Run everything; returns for a wanted restart, raises what the pilot loop raises."""
        self._keep_all()
        self._running = True
        self.supervisor.begin(self._wait_for_restart(), *self._begun())
        try:
            await self.pilot_loop.run()
        except asyncio.CancelledError:
            error = self.supervisor.error
            if isinstance(error, Restarting):
                return
            if not isinstance(error, Exception):  # a cancellation is none, main would miss it
                error = RuntimeError("a task was cancelled")
            raise error from None

    def _keep_all(self):
        keep = self.supervisor.keep
        keep("recorder", self.recorder.run)
        keep("meters", self.meters.read, self.point, self.board.now)
        keep("store", self.memory.keeper.run, self.closed, self.board.now)
        keep("memory", self._tidy)
        keep("chores", self._look_after)
        keep("front", self.front.run)
        reader = Reader(self)
        reader.line.extend(self.first_line)
        keep("console", reader.run)

    def _begun(self) -> list:
        # Not in run, whose frame would keep what it names for ever.
        from firmware.slots.start import begin

        return begin(self)

    async def _look_after(self):
        chores = Chores(self.box)
        while True:
            chores.tick(self.board.now())
            await asyncio.sleep_ms(_SECOND_MS)

    async def _wait_for_restart(self):
        while not self.system.wanted:
            if self.system.sync_wanted:
                self.system.sync_wanted = False
                self.memory.saver.force()
                self.ledger.flush()
            await asyncio.sleep_ms(_SECOND_MS)
        self.log.info("app", f"{self.system.wanted} wanted")
        self.point.enable(False)
        while self.closed():
            await asyncio.sleep_ms(_SECOND_MS)
        await asyncio.sleep_ms(_LAST_COUNTS_MS)
        if self.system.wanted == "factory reset":
            self.settings.load({})
            self.settings.renewed()
        await self.memory.keeper.settle(self.board.now)
        raise Restarting

    def cmd(self, query: str, body=None):
        """The door at the REPL: `app.cmd("get_params")`; see firmware/api/console.py."""
        from firmware.api.console import ConsoleDoor

        ConsoleDoor(self.box, sys.stdout.write).cmd(query, body, self._running)
        if not self._running:
            self.finish()

    def console(self) -> dict:
        """The console's commands as functions for the REPL: docs/api/console.md."""
        from firmware.console.plain import functions

        return functions(self)

    def finish(self):
        """No task is left that would do what a command has asked for."""
        if self.system.wanted == "factory reset":
            self.settings.load({})
        self.memory.store.save(self.settings.document())
        if self.system.wanted:
            reset()

    def pause(self):
        """Somebody wants the REPL: contactors open, nothing runs, a patient watchdog."""
        self.stop()
        self._running = False
        self.board.watch(_REPL_MS)

    def stop(self):
        """Open the contactors at once."""
        self.board.safe()
        micropython.kbd_intr(3)

    async def _tidy(self):
        """Collect garbage and measure the load."""
        seconds = 0
        while True:
            seconds += 1
            if seconds == _COLLECT_SECONDS:
                seconds = 0
                gc.collect()
            busy_us = self.supervisor.forget() + self.pilot_loop.busy_us
            self.pilot_loop.busy_us = 0
            self.system.load_percent = min(100, busy_us // 10000)
            await asyncio.sleep_ms(_SECOND_MS)

    def status(self) -> dict:
        """Everything about this box as plain values."""
        gc_used = gc.mem_alloc()
        return {
            "version": System.version,
            "serial": self.system.serial,
            "board": self.board.wiring["name"],
            "reset_cause": self.board.reset_cause(),
            "charge": self.point.status(),
            "limits": self.limits.table(self.board.now()),
            "energy_wh": self._energy_wh(),
            "time": self.clock.status(),
            "loop": self.pace.status(),
            "tasks": self.supervisor.status(),
            "memory": {"used": gc_used, "free": gc.mem_free()},
            "wifi": self.wifi.status() if self.wifi else None,
            "mqtt": self.mqtt.status() if self.mqtt else [],
            "flash": self.memory.wear.status(),
        }
