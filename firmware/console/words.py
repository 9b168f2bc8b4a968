"""What can be typed at the console: names, arguments, and what to say when they are wrong."""

from firmware.checks import take
from firmware.console.call import CallError

# Name, module of this room, parameters (name:type:lowest:highest as in firmware/schema.py, "?"
# when it may be left out); then how to type it, then what it does.
TABLE = """
help show name:text:1:20?
 help() or help("wifi")
 Lists the commands, or tells what one of them does.
status show
 status()
 What car, charge point, meters and network do now.
watch show
 watch()
 A line of live values each second, until Enter is pressed.
log show count:int:1:64?
 log() or log(50)
 The last things that happened.
wizard wizard
 wizard()
 Asks for everything a new box needs, one thing after the other.
wifi network ssid:text:0:32? password:text:0:63?
 wifi("name of the network", "password")
 The network to join, at once or from the next start on; wifi("") for none, wifi() shows it.
mqtt network url:text:0:200?
 mqtt("mqtt://user:password@192.168.1.10:1883")
 The MQTT broker to use from the next start on; mqtt("") for none, mqtt() shows it.
meter meters kind:text:1:32? address:any? number:int:1:100000?
 meter("dts353", 101) or meter("s0", 1, 1000) or meter("shelly_3em", "http://192.168.1.9")
 The meter of this charge point: kind; Modbus address, S0 input or URL; with S0 the pulses per
 kWh. meter() lists the kinds and the meters there are, meter("none", "M1") removes one.
selftest selftest car:bool?
 selftest()
 Tries what is connected and prints a report; asks before a relay clicks. With a car plugged in
 only selftest(car=True), which leaves relays and pilot alone.
calibrate calibrate reset:bool?
 calibrate() or calibrate(reset=True)
 Adjusts the measuring of the control pilot to two voltages that you read from a multimeter.
cmd control query:text:1:2000 body:any?
 cmd("get_params") or cmd("set_params", {"title": "Garage"})
 Any command of the API; cmd("help") lists them.
restart control
 restart()
 Starts the box again, as soon as the contactor is open and everything is saved.
factory_reset control
 factory_reset()
 Forgets all settings and starts again; asks first. Energy counts stay.
"""
_FAR = 3


def names() -> list:
    """All commands, in the order of the table."""
    return [line.split(" ")[0] for line in TABLE.strip().split("\n") if line[0] != " "]


def row(name: str) -> tuple:
    """(module, [parameters], how to type it, what it does); CallError for an unknown name."""
    start = TABLE.find("\n" + name + " ") + 1
    if not start or not name:
        raise CallError(f"{name}: no such command. {_suggestion(name)}")
    lines = TABLE[start:].split("\n")
    columns = lines[0].split(" ")
    text = []
    for line in lines[2:]:
        if line[:1] != " ":
            break
        text.append(line.strip())
    return columns[1], columns[2:], lines[1].strip(), " ".join(text)


def find(name: str, given: list, named: dict) -> tuple:
    """(module, name, {parameter: value}) of a call; CallError says what is wrong with it."""
    module, parameters, form, _ = row(name)
    if len(given) > len(parameters):
        count = "no arguments" if not parameters else f"at most {len(parameters)}"
        raise CallError(f"{name} takes {count}. Like this: {form}")
    keys = [parameter.split(":")[0].rstrip("?") for parameter in parameters]
    arguments = dict(zip(keys, given))
    for key, value in named.items():
        if key not in keys:
            raise CallError(f"{name} has no {key}. Like this: {form}")
        if key in arguments:
            raise CallError(f"{key} is given twice. Like this: {form}")
        arguments[key] = value
    for key, parameter in zip(keys, parameters):
        if arguments.get(key) is not None:
            arguments[key] = _taken(key, parameter.rstrip("?"), arguments[key], form)
        elif parameter[-1] != "?":
            raise CallError(f"{key} is missing. Like this: {form}")
    return module, name, arguments


def _taken(key, parameter, value, form):
    kind, lowest, highest = (parameter.split(":")[1:] + ["", ""])[:3]
    if kind == "any":
        return value
    if kind == "text" and isinstance(value, (int, float)):  # a number has lost its zeros already
        raise CallError(f"{key}: a text in quotes expected. Like this: {form}")
    try:
        return take(kind, lowest, highest, value)
    except ValueError as error:
        raise CallError(f"{key}: {error.args[0]} expected. Like this: {form}") from None


def _suggestion(name) -> str:
    nearest = min(names(), key=lambda known: distance(name, known))
    if distance(name, nearest) < min(_FAR, len(name)):
        return f"Did you mean {nearest}()?"
    return "help() lists them."


def distance(one: str, other: str) -> int:
    """How many letters have to be changed, added, left out or swapped; case does not count."""
    one, other = one.lower(), other.lower()
    before, last = [], list(range(len(other) + 1))
    for i, letter in enumerate(one):
        line = [i + 1]
        for k, wanted in enumerate(other):
            cost = min(last[k + 1] + 1, line[k] + 1, last[k] + (letter != wanted))
            if i and k and letter == other[k - 1] and one[i - 1] == wanted:
                cost = min(cost, before[k - 1] + 1)
            line.append(cost)
        before, last = last, line
    return last[-1]
