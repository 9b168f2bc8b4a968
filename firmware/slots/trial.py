"""Is a new version good? It has seven minutes to prove it; else boot.py goes back to the old one.

What counts: the pilot loop kept its pace, the network was there (where one is configured), the
store's task wrote its minutes, and no task failed again and again. A broker that does not answer
is no fault of the version.

Of an application the chip's bootloader is told as well; until then it leaves it at any reset.
"""

import asyncio

from micropython import const

from firmware.slots import choice

_SECONDS = const(420)
_LEAST_CYCLES = const(21000)  # half of what 10 ms make of it
_LEAST_MINUTES = const(6)
_MOST_RESTARTS = const(4)


async def watch(app, slot: str):
    """Confirm the version in `slot`, or mark it as bad and restart; with the contactor open."""
    cycles = app.pilot_loop.cycles
    minutes = app.ledger.value("min")
    reached = not app.settings.network.wifi_ssid
    app.log.info("update", f"version {app.system.version} is on trial for seven minutes")
    app.front.trial = True
    for _ in range(_SECONDS):
        await asyncio.sleep_ms(1000)
        reached = reached or app.system.address() is not None
    failed = [task.name for task in app.supervisor.tasks if task.restarts > _MOST_RESTARTS]
    if app.pilot_loop.cycles - cycles < _LEAST_CYCLES:
        failed.append("pilot loop")
    if app.ledger.value("min") - minutes < _LEAST_MINUTES:
        failed.append("store")
    if not reached:
        failed.append("network")
    app.front.trial = False
    while app.closed():
        await asyncio.sleep_ms(1000)
    if failed:
        choice.choose(slot, "bad")
        app.log.error("update", f"the version did not prove itself: {', '.join(failed)}")
        app.system.restart()
    else:
        choice.confirm(slot, app.system.image_partition())
        app.log.info("update", f"version {app.system.version} is confirmed")
