"""`make merged`: the firmware as it is frozen, with most of its modules merged into a few.

Written to build/merged. What is printed is which file took in what. With --where FILE:LINE, as a
traceback of a frozen firmware names a place, it is the place in the source that is printed.
"""

import argparse
import sys
from pathlib import Path

import merge

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="make merged", description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "merged")
    parser.add_argument("--where", metavar="FILE:LINE", help="such as firmware/app.py:4312")
    options = parser.parse_args()
    try:
        merged = merge.merge(ROOT, options.output)
        if options.where:
            print(merge.origin(options.output, options.where))
            return 0
    except (ValueError, OSError) as error:
        print(f"merge: {error}", file=sys.stderr)
        return 1
    for root, members in merged.items():
        print(f"{merge.path(root)}: {len(members)} modules")
        for one in members:
            print(f"    {merge.path(one)}")
    return 0


sys.exit(main())
