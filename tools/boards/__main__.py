"""`make check-board`: judges the tables of firmware/boards/, all of them or BOARD=name.

Prints what the firmware would refuse, what deserves a look, and the voltages at the converter to
compare with a multimeter's. Ends with 1 when a table is refused.
"""

import argparse
import sys

import report


def told(name: str) -> int:
    """Print everything about one board; 1 when the firmware refuses it."""
    print(name)
    found = report.problems(name)
    for line in found:
        print(f"  refused: {line}")
    if found:
        return 1
    board = report.table(name)
    for line in report.warnings(board):
        print(f"  look at: {line}")
    levels = [f"{mv / 1000:+.0f} V {adc} mV" for mv, adc in report.pilot(board)]
    print(f"  pilot at GPIO {board['pilot_adc']}: {', '.join(levels)}")
    cables = [f"{ohm} Ohm {mv} mV" for ohm, mv in report.proximity(board)]
    if cables:
        print(f"  cable at GPIO {board['proximity_adc']}: {', '.join(cables)}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="make check-board", description=__doc__)
    parser.add_argument("boards", nargs="*", help="names without .py; none: all of them")
    parser.add_argument(
        "--divider", nargs=3, type=float, metavar="OHM", help="to the pilot, to 3.3 V, to ground"
    )
    options = parser.parse_args()
    if options.divider:
        factor, offset_mv = report.divider(*options.divider)
        print(f"factor {factor:.2f}, offset {offset_mv:.0f} mV")
        return 0
    names = options.boards or report.names()
    missing = [name for name in names if name not in report.names()]
    if missing:
        print(f"there is no firmware/boards/{missing[0]}.py", file=sys.stderr)
        return 1
    return max([told(name) for name in names])


sys.exit(main())
