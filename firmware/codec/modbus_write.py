"""The long request of Modbus: several registers at once (function 16). Imported when used."""


def block(head, values) -> bytearray:
    """`head` (up to the number of registers), the byte count and the registers."""
    data = bytearray(head)
    data.append(2 * len(values))
    for value in values:
        data.append(value >> 8 & 0xFF)
        data.append(value & 0xFF)
    return data
