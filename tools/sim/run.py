"""`make run`: the firmware on the simulated board, live in the terminal or through a scenario.

Started without --inside it hands itself to the launcher, which starts the broker, prepares the
terminal and starts this again.
"""

import os
import sys

_HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
_ROOT = _HERE + "/../.."
_FIRST_CAR = "plain_11kw_overnight"
_LAST_LINES = 40
_CONSOLE_US = 3000000


def options(arguments: list) -> dict:
    """`--name=value` and `--name` as a dict; the launcher has checked them."""
    given = {}
    for argument in arguments:
        name, _, value = argument[2:].partition("=")
        given[name] = value or True
    return given


def launched(arguments: list) -> int:
    """Run the launcher with these arguments; its exit code."""
    quoted = " ".join("'" + argument.replace("'", "'\\''") + "'" for argument in arguments)
    status = os.system(f"exec python3 '{_HERE}/launch.py' {quoted}")
    return status >> 8 if status > 255 else status and 1


def prepare(flash_path):
    """A chip on the simulated board; imports happen here, after the twins are in place."""
    from chip import Chip

    sys.path.append(_ROOT)
    from scenario_bench import Bench
    from world.world import World

    from firmware.boards.sim import BOARD

    return Bench(Chip(World(BOARD, flash_path=flash_path), root=_ROOT), _HERE)


def live(given: dict) -> int:
    """The panel; ends with the user's wish."""
    flash_path = given["folder"] + "/flash.bin"
    if "fresh" in given:
        forget(flash_path)
    bench = prepare(flash_path)
    from panel_live import Live
    from panel_view import View
    from scenario_setup import commission

    port = int(given["port"]) if "port" in given else None
    broker = f"mqtt://127.0.0.1:{port}" if port else ""
    commission(bench.world, None, broker, f"127.0.0.1:{given['time']}" if "time" in given else "")
    bench.clock.set_speed(int(given.get("speed", 1)))
    screen = console = None
    if "screen" in given:
        screen = open(f"/dev/fd/{given['screen']}", "w")
        console = open(given["folder"] + "/console.log")
    control = open(f"/dev/fd/{given['control']}", "w") if "control" in given else None
    first = given.get("car", _FIRST_CAR)
    names = sorted(name[:-5] for name in os.listdir(_HERE + "/cars") if name.endswith(".json"))
    cars = [first] + [name for name in names if name != first]
    panel = Live(bench, cars, View(bench, port), (screen, console, control))
    if "console" in given:
        bench.clock.after(_CONSOLE_US, lambda what: panel.talk())
    bench.chip.run(panel.story())
    return 0


def forget(path: str):
    try:
        os.remove(path)
    except OSError:
        pass


def judged(given: dict) -> int:
    """Play a scenario in virtual time; 0 when it passed, otherwise 1."""
    from scenario import ScenarioError, parse

    try:
        with open(given["scenario"]) as file:
            steps = parse(file.read())
    except OSError:
        print(f"no such scenario: {given['scenario']}")
        return 1
    except ScenarioError as error:
        print(f"{given['scenario']}: {error}")
        return 1
    bench = prepare(None)
    from scenario_report import Run

    run = Run(bench, steps, given.get("interfere"))
    run.play()
    lines = run.json() if "json" in given else run.lines(given["scenario"].rsplit("/", 1)[-1])
    for line in lines:
        print(line)
    return 0 if run.passed else 1


def main() -> int:
    arguments = sys.argv[1:]
    if "--inside" not in arguments:
        return launched(arguments)
    given = options(arguments)
    return judged(given) if "scenario" in given else live(given)


if __name__ == "__main__":
    sys.exit(main())
