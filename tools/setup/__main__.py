"""Sets up all that building, running and testing needs, under this checkout: `make setup`."""

import sys
import time


def _steps(arguments) -> list:
    import libraries
    import programs
    import python_tools

    if "esp32like" in arguments:
        import esp32like

        return [python_tools.install, esp32like.install]
    if "frozen" in arguments:
        import frozen

        return [python_tools.install, frozen.install]
    if "esptool" in arguments:
        import flasher

        return [flasher.install]  # `make flash` has set up the rest
    return [programs.install, python_tools.install, libraries.install]


def main(arguments) -> int:
    if sys.version_info < (3, 9):
        print("set-up: needs Python 3.9 or later", file=sys.stderr)
        return 1
    from workspace import SetupError, clear_scratch, locked, say

    try:
        with locked():
            started = time.monotonic()
            clear_scratch()
            for step in _steps(arguments):
                step()
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("set-up: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    if time.monotonic() - started > 2:
        say(f"done in {time.monotonic() - started:.0f} s")
    return 0


sys.exit(main(sys.argv[1:]))
