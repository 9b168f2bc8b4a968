"""`make deploy`: the image into the slot that does not run, and the choice at the very end."""

import hashlib
import sys
import time
from pathlib import Path

from chip import Chip, stop
from image_file import ImageFile
from line import DeployError, Line, Nothing, Running

_SOURCES = ("boot.py", "main.py")
# An image in a file is executed from RAM: without PSRAM that has no room.
_LEAST_MEMORY = 400_000
_RESERVE = 32 * 1024
# The firmware's own blocks, which its first start makes (docs/storage.md).
_FIRST_START = 55 * 4096
_UP_S = 60.0


class Plan:
    """What has to be done to a board that is as `facts` say; DeployError when it cannot be."""

    def __init__(self, image: ImageFile, facts: dict, sources: dict):
        self.image = image
        self.facts = facts
        choice = facts["choice"]
        first = "a" if facts["a"] or not facts["b"] else "b"
        self.active = choice[0] if choice else first
        self.trial = bool(choice) and choice[1] == "trial"
        running = facts[self.active]
        self.current = bool(running) and running[1] == image.sha256
        none = not choice and not running
        self.target = self.active if none else "b" if self.active == "a" else "a"
        self.state = "trial" if running and self.target != self.active else "good"
        self.changed = [
            name
            for name, data in sources.items()
            if facts[name] != hashlib.sha256(data).hexdigest()
        ]
        there = facts[self.target]
        self.copied = bool(there) and there[1] == image.sha256

    def gives_way(self) -> bool:
        """Whether the version on trial is replaced, so that the good one stays to fall back to."""
        return self.trial and not self.current and bool(self.facts[self.target])

    def check(self, freed: int):
        """That the image fits; `freed` is what its old slot gives back."""
        facts, header = self.facts, self.image.header
        size = len(self.image.data)
        if facts["half"] and size > facts["half"]:
            raise DeployError(
                f"the image has {size} bytes, and a slot of this chip {facts['half']}"
            )
        if not facts["half"] and facts["memory"] < _LEAST_MEMORY:
            raise DeployError(
                "this chip has no PSRAM, and its MicroPython no partition for the firmware: "
                "flash the one that tools/board describes"
            )
        if facts["config"] > header.get("config", 1):
            raise DeployError(
                f"the settings on the board are of version {facts['config']}, and this firmware "
                f"knows {header.get('config', 1)} only: take a newer one, or factory-reset first"
            )
        self._check_room(size if not facts["half"] and not self.copied else 0, freed)

    def _check_room(self, size: int, freed: int):
        needed = size + _RESERVE + (0 if self.facts["ledger"] else _FIRST_START)
        if self.facts["free"] + freed < needed:
            raise DeployError(
                f"the flash of the board is full: {needed // 1024} KiB are needed and "
                f"{(self.facts['free'] + freed) // 1024} KiB are free"
            )


def deploy(port: str, path: Path, board: str, force: bool):
    """Bring the board at `port` to the image `path` and to boot.py and main.py beside it."""
    image = ImageFile(path)
    sources = {name: (path.parent / "image" / name).read_bytes() for name in _SOURCES}
    with Line(port) as line:
        stop(line, force, "deploying")
        try:
            changed = _bring(line, image, sources, (board, force))
        finally:
            line.restart()
        if changed:
            _come_up(line, image)


def _bring(line: Line, image: ImageFile, sources: dict, wanted: tuple) -> bool:
    header = image.header
    chip = Chip(line, header["chip"], header["micropython"], header["mpy"])
    plan = Plan(image, chip.call("facts()"), sources)
    board = _board(plan.facts["board"], image, wanted)
    if plan.gives_way():
        good = plan.target
        print(f"The version in slot {plan.active} was on trial; it gives way, {good} is kept.")
        chip.call(f"switch('{good} good 0', [])")
        chip.load()
        plan = Plan(image, chip.call("facts()"), sources)
    plan.check(chip.call(f"size_of({plan.target!r})"))
    if board == plan.facts["board"] and plan.current and not plan.changed:
        print(f"Nothing to do: version {image.version} is on the board already.")
        return False
    _carry_out(chip, plan, sources, board)
    return True


def _board(present: str, image: ImageFile, wanted: tuple) -> str:
    """The name for /data/board."""
    name, force = wanted
    known = ", ".join(image.boards)
    if not name and not present and sys.stdin.isatty():
        name = input(f"Which board is this? A wrong one drives wrong pins. ({known}): ").strip()
    if not name and not present:
        raise DeployError(f"say which board this is: BOARD=... with one of {known}")
    if name and present and name != present and not force:
        raise DeployError(
            f"this board was commissioned as {present}; BOARD={name} drives other pins. "
            "FORCE=1 changes it"
        )
    if (name or present) not in image.boards:
        raise DeployError(f"the image knows no board {name or present}, only {known}")
    return name or present


def _carry_out(chip: Chip, plan: Plan, sources: dict, board: str):
    image = plan.image
    chip.call("folders()")
    if not plan.current:
        _copy(chip, plan)
    for name in plan.changed:
        print(f"Copying {name}.")
        chip.put_file(f"/{name}.new", sources[name])
        if chip.call(f"hash_of('/{name}.new')") != hashlib.sha256(sources[name]).hexdigest():
            raise DeployError(f"{name} came over damaged; the old one stays")
    if board != plan.facts["board"]:
        chip.call(f"keep('/data/board', {board!r})")
    names = [f"/{name}" for name in plan.changed]
    choice = plan.facts["choice"]
    text = " ".join(choice) if choice else f"{plan.active} good 0"
    if not plan.current:
        text = f"{plan.target} {plan.state} 0"
    chip.call(f"switch({text!r}, {names!r})")
    if not plan.current and plan.state == "trial":
        print(
            f"Version {image.version} is on trial: it is kept once pilot loop, network and store "
            "have run for 7 minutes. Otherwise the version before comes back."
        )


def _copy(chip: Chip, plan: Plan):
    slot, image = plan.target, plan.image
    if plan.copied:
        print(f"Slot {slot} holds version {image.version} already, sound.")
        return
    print(
        f"Copying version {image.version}, {len(image.data)} bytes, into slot {slot}.", flush=True
    )
    chip.call(f"begin_slot({slot!r})")
    chip.put(image.data, _progress)
    chip.call("done()")
    if chip.call(f"look({slot!r})") != [image.version, image.sha256]:
        raise DeployError(
            f"slot {slot} does not hold what was sent: the old version stays. Try again; when "
            "that happens twice, the flash of the board is worn"
        )
    print(f"Slot {slot} was read back and is sound.")


def _progress(done: int, total: int):
    if sys.stdout.isatty():
        end = "\n" if done == total else ""
        print(f"\r  {done * 100 // total:3} %", end=end, flush=True)


def _come_up(line: Line, image: ImageFile):
    print("The board starts.", flush=True)
    end = time.monotonic() + _UP_S
    said = line.listen(2.0)
    while time.monotonic() < end:
        found = line.what_runs(2.0)
        if isinstance(found, Running):
            if found.version != image.version:
                raise DeployError(f"it went back to version {found.version}: `make logs`")
            print(f"It runs version {found.version} and answers.")
            return
        if isinstance(found, Nothing):
            break
    if "Traceback" in said:
        line.heard = said
    raise DeployError(f"the firmware does not run as it should. It said:{line.last_words()}")
