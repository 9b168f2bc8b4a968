"""What a TLS connection costs in memory, beside a plain one to the same Mosquitto."""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))

from brokers import Mosquitto  # noqa: E402
from certificates import Authority  # noqa: E402


def measured(interpreter: str, url: str, ca: str) -> list[int]:
    """Heap bytes, process kB, process kB at the peak of connecting: the median of five runs."""
    command = [ROOT / ".tools/bin" / interpreter, ROOT / "tools/bench/tls_memory.py", url, ca]
    runs = []
    for _ in range(5):
        done = subprocess.run(
            command, env={"MICROPYPATH": f"{ROOT}:.frozen"}, capture_output=True, text=True,
            timeout=60, check=True,
        )  # fmt: skip
        runs.append([int(word) for word in done.stdout.split()])
    return [sorted(column)[2] for column in zip(*runs, strict=True)]


def main():
    print(f"{'':12}{'':12}{'heap, bytes':>14}{'process, kB':>14}{'at its peak, kB':>18}")
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        authority.issue("good", "IP:127.0.0.1")
        for interpreter in ("micropython", "micropython32"):
            with Mosquitto() as broker:
                plain = measured(interpreter, broker.url, "-")
            with Mosquitto(listener=authority.listener("good", "")) as broker:
                secure = measured(
                    interpreter, broker.url.replace("mqtt:", "mqtts:"), authority.path
                )
            for name, figures in (("plain", plain), ("TLS", secure)):
                print(
                    f"{interpreter:<14}{name:<10}{figures[0]:>14}{figures[1]:>14}{figures[2]:>18}"
                )


main()
