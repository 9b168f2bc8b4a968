"""Fetches the other brokers into .tools/brokers through the machine's own pip and npm."""

import subprocess
import sys
import venv
from pathlib import Path

PLACE = Path(__file__).resolve().parent.parent.parent / ".tools" / "brokers"
PYTHON = ("amqtt==0.11.3", "mqttools==0.50.0")
AEDES = "aedes@0.51.3"


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


if __name__ == "__main__":
    sys.exit(main())
