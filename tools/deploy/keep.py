"""`make backup`, `make restore`, `make factory-reset`: what a board keeps under /data."""

import hashlib
import io
import json
import tarfile
import time
from pathlib import Path

from chip import Chip, stop
from line import DeployError, Line

_MANIFEST = "backup.json"
_COUNTERS = ("/data/ledger/", "/data/transactions/")
_BLOCK = 4096
_LOST = """\
A factory reset forgets what the board was told: settings, Wi-Fi and broker with their passwords,
users and cards, devices and meters, variables, charging plans. It then charges with the defaults
of its board. It keeps the board's name, the firmware, the energy counters and the transactions."""


def backup(port: str, target: Path | None, force: bool):
    """Copy everything under /data but the firmware into a file."""
    with Line(port) as line:
        stop(line, force, "a backup")
        try:
            chip = Chip(line)
            files = {path: chip.get_file(path) for path in chip.call("kept()")}
            number = chip.call("binascii.hexlify(machine.unique_id()).decode()")
        finally:
            line.restart()
    if not files:
        raise DeployError("there is nothing on this board that could be kept")
    target = target or Path(f"wallbox-{number}-{time.strftime('%Y%m%d-%H%M%S')}.tar.gz")
    _write(target, number, files)
    print(f"{len(files)} files are in {target}. Passwords in it open on this one chip only.")


def _write(target: Path, number: str, files: dict[str, bytes]):
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    manifest = json.dumps({"backup": 1, "chip": number, "files": hashes}, indent=1).encode()
    beside = target.with_name(target.name + ".new")
    with tarfile.open(beside, "w:gz") as archive:
        for path, data in [(_MANIFEST, manifest), *files.items()]:
            member = tarfile.TarInfo(path.lstrip("/"))
            member.size = len(data)
            member.mtime = int(time.time())
            archive.addfile(member, io.BytesIO(data))
    beside.chmod(0o600)
    beside.rename(target)


def opened(source: Path) -> dict[str, bytes]:
    """The files of a backup, each as it was; DeployError for anything else."""
    try:
        with tarfile.open(source) as archive:
            held = {
                member.name: archive.extractfile(member).read()  # pyright: ignore
                for member in archive.getmembers()
                if member.isfile()
            }
        hashes = json.loads(held[_MANIFEST])["files"]
        files = {path: held[path.lstrip("/")] for path in hashes}
    except OSError as error:
        raise DeployError(f"{source}: {error.strerror or error}") from None
    except (tarfile.TarError, KeyError, ValueError, EOFError):
        raise DeployError(f"{source} is no backup, or is damaged") from None
    for path, data in files.items():
        if hashlib.sha256(data).hexdigest() != hashes[path] or not path.startswith("/data/"):
            raise DeployError(f"{source} is damaged: {path} is not what was saved")
    return files


def restore(port: str, source: Path, force: bool):
    """Bring the files of a backup back; counters never go down."""
    files = opened(source)
    with Line(port) as line:
        stop(line, force, "restoring")
        try:
            _bring_back(Chip(line), files)
        finally:
            line.restart()


def _bring_back(chip: Chip, files: dict[str, bytes]):
    present = set(chip.call("kept()"))
    counted = any(path.startswith(_COUNTERS) for path in present)
    wanted = {
        path: data for path, data in files.items() if not (counted and path.startswith(_COUNTERS))
    }
    _put_beside(chip, wanted)
    for path in wanted:
        chip.call(f"os.rename({path + '.new'!r}, {path!r})")
    for path in present - set(files):
        if path.startswith("/data/config."):
            chip.call(f"remove({path!r})")
    print(f"{len(wanted)} files are back.")
    if counted:
        print("Energy counters and transactions of the board stay: they never go down.")


def _put_beside(chip: Chip, wanted: dict[str, bytes]):
    """All files under names of their own, read back."""
    chip.call("folders()")
    for folder in sorted({path.rpartition("/")[0] for path in wanted}):
        chip.call(f"None if exists({folder!r}) else os.mkdir({folder!r})")
    for path, data in wanted.items():
        beside = f"{path}.new"
        if path.startswith(_COUNTERS):
            chip.put_file(beside, data.rstrip(b"\xff"), pad_to=_BLOCK)
        else:
            chip.put_file(beside, data)
        if chip.call(f"hash_of({beside!r})") != hashlib.sha256(data).hexdigest():
            chip.call(f"remove({beside!r})")
            raise DeployError(f"{path} came over damaged; nothing of the old files is gone")


def factory_reset(port: str, confirmed: bool, force: bool):
    """Forget the configuration; what is lost is said first."""
    print(_LOST)
    if not confirmed:
        raise DeployError("nothing was done. CONFIRM=yes does it; `make backup` comes before")
    with Line(port) as line:
        stop(line, force, "a factory reset")
        try:
            chip = Chip(line)
            names = [path for path in chip.call("kept()") if path.startswith("/data/config.")]
            for path in names:
                chip.call(f"remove({path!r})")
        finally:
            line.restart()
    print(f"{len(names)} files of settings are gone; the board starts with its defaults.")
