"""Every check that needs no run of the firmware: `make check`."""

import sys
import time
from pathlib import Path

from checks import CHECKS

ROOT = Path(__file__).resolve().parent.parent.parent


def main(chosen) -> int:
    """Run the chosen checks, or all; every one runs, whatever the others say."""
    failed = []
    for name in chosen or CHECKS:
        started = time.monotonic()
        complaint = CHECKS[name](ROOT)
        verdict = "FAILED" if complaint else "ok"
        if complaint:
            failed.append(name)
            print(complaint)
        print(f"check: {name:<24} {verdict:<7} {time.monotonic() - started:5.1f} s", flush=True)
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
