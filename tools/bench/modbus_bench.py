"""Our Modbus RTU master against umodbus's own on the same simulated line, side by side.

python tools/bench/modbus_bench.py: polls of 16 registers per second, the longest time the loop
was held, bytes allocated per poll, with five good meters and with a silent one beside them.
"""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 8


def measure(master: str, baud: int, silent: int, interpreter: str = "micropython32") -> dict:
    """The figures of one run of tools/bench/modbus_line.py."""
    done = subprocess.run(
        [
            ROOT / ".tools/bin" / interpreter,
            *("-X", "heapsize=8m"),
            ROOT / "tools/bench/modbus_line.py",
            *(master, str(baud), str(silent), str(SECONDS)),
        ],
        cwd=ROOT,
        env={**os.environ, "MICROPYPATH": f"{ROOT}:{ROOT}/lib:.frozen"},
        capture_output=True,
        text=True,
        timeout=SECONDS + 60,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def rows():
    """Yield the lines of the table as they are measured."""
    yield "Modbus RTU, 5 meters of 16 registers  polls/s  loop held  bytes/poll     RAM"
    for baud in (9600, 115200):
        for silent in (0, 1):
            for master in ("ours", "umodbus"):
                got = measure(master, baud, silent)
                what = f"{baud} baud, {silent} silent, {master}"
                yield (
                    f"{what:<37} {got['polls_s']:>7.1f} {got['worst_ms']:>7.1f} ms"
                    f" {got['bytes']:>11} {got['ram']:>7}"
                )


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
