"""What `ctl` may ask of a charge point: the members, and the check of them."""

from firmware.api.errors import ApiError
from firmware.checks import take

# Type and bounds; phs stands by itself, because 2 is none of its values.
_MEMBERS = (("cur", "int", "0", "80000"), ("ena", "bool", "0", "1"), ("wke", "bool", "0", "1"))


def controls(members) -> dict:
    """The members of one device's `ctl`, all of them checked; ApiError otherwise."""
    if not isinstance(members, dict):
        raise ApiError("bad_value", "an object such as {cur: 8000} expected", "ctl")
    taken = {}
    known = {row[0]: row[1:] for row in _MEMBERS}
    for name, value in members.items():
        try:
            if name == "phs":
                taken[name] = take("int", "1", "3", value)
                if taken[name] == 2:
                    raise ValueError("1 or 3")
            elif name in known:
                taken[name] = take(*known[name], value)
            else:
                raise ApiError("unknown_parameter", f"no such member: {name[:16]!r}", name[:16])
        except ValueError as error:
            raise ApiError("bad_value", f"{name}: {error.args[0]} expected", name) from None
    return taken
