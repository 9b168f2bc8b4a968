"""Fetches the other brokers into .tools/brokers: pip, npm, and Debian's packages unpacked."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / ".tools" / "brokers"
PYTHON = ("amqtt==0.11.3", "mqttools==0.50.0")
AEDES = "aedes@0.51.3"
# RabbitMQ 3.10 speaks 3.1.1 only; with Erlang it takes 70 MB.
SUITE = "bookworm"
UNPACKED = ("erlang-", "rabbitmq-server", "libwrap")


def main():
    PLACE.mkdir(parents=True, exist_ok=True)
    if not (PLACE / "venv/bin/mqttools").exists():
        venv.create(PLACE / "venv", with_pip=True)
        subprocess.run([PLACE / "venv/bin/pip", "install", "--quiet", *PYTHON], check=True)
    if not (PLACE / "node_modules/aedes").exists():
        command = [
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--silent",
            "--ignore-scripts",
            AEDES,
        ]
        subprocess.run(command, cwd=PLACE, check=True)
    if not (PLACE / "rabbitmq").exists():
        rabbitmq(PLACE / "rabbitmq")


def rabbitmq(target: Path):
    """Unpack RabbitMQ and Erlang, which use the machine's own C library; or say why not."""
    sys.path.insert(0, str(ROOT / "tools" / "setup"))
    import debian
    from workspace import SetupError

    if not debian.available():
        print("without RabbitMQ: no apt here")
        return
    scratch, unpacked = PLACE / "apt", PLACE / "unpacked"
    for folder in (scratch, unpacked):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        apt = debian.PrivateApt(scratch, debian.architecture(), SUITE)
        apt.update()
        for package in apt.fetch(["rabbitmq-server"]):
            if package.name.startswith(UNPACKED):
                subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
    except SetupError as error:
        print(f"without RabbitMQ: {error}")
        return
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    _moved(unpacked / "usr/lib/erlang")
    unpacked.rename(target)


def _moved(erlang: Path):
    """Erlang's start script knows only the folder that Debian puts it in."""
    script = erlang / "bin/erl"
    text = script.read_text()
    script.write_text(text.replace("ROOTDIR=/usr/lib/erlang", 'ROOTDIR="$ERL_ROOTDIR"'))


if __name__ == "__main__":
    sys.exit(main())
