"""The packed rows of a RegisterMap, one by one."""


def row_of(registers, index: int) -> tuple:
    """(address, kind, target, numerator, denominator) of row `index`."""
    row = registers.rows[8 * index : 8 * index + 8]
    numerator = row[4] << 16 | row[5] << 8 | row[6]
    numerator -= row[4] >> 7 << 24
    target = row[3] if row[3] < 0x80 else row[3] - 0x100
    return row[0] << 8 | row[1], row[2], target, numerator, 10 ** row[7]
