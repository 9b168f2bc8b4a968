"""A meter's registers as compact rows, and the few requests that fetch them."""

from micropython import const

from firmware.codec.modbus_values import LOW_FIRST, TYPES, width

NAMES = (
    "voltage_l1 voltage_l2 voltage_l3 current_l1 current_l2 current_l3 "
    "power_w import_wh export_wh soc"
)
BRIDGE = const(-1)  # a register read only because it lies between two wanted ones
_COUNTERS = (BRIDGE, 7, 8, 9)  # what changes slowly: import_wh, export_wh, soc
_GAP = const(16)  # a longer gap costs more line time than a second request


class RegisterMap:
    """What to ask a kind of meter, shared by all meters of that kind.

    text       lines `name address type resolution [lh]`: name from NAMES or "-" for a bridge;
               values times resolution are V, mA, W, Wh or %
    function   3 = holding, 4 = input registers
    rows       8 bytes per value, in the order of the addresses: address (2), kind, target,
               numerator (3), decimal places of the denominator
    blocks     (address, count, first row, end row); the first `fast` ones belong to every
               round, the rest hold only counters
    reserved   raw values that mean "nothing" and count as 0
    extras     how many names beyond NAMES there are
    """

    def __init__(self, text: str = "", function: int = 3, longest: int = 100):
        self.function = function
        self.longest = longest
        self.gaps = False
        self.reserved = ()
        self.extras = 0
        self.poll_ms = 1000
        self.settle(_rows(text))

    def settle(self, rows: list):
        """Take rows (address, kind, target, numerator, decimal places) and plan the requests."""
        rows.sort()
        self.rows = b"".join([_packed(row) for row in rows])
        slow = []
        fast = []
        for block in _blocks(rows, self.longest, self.gaps):
            counters = all(rows[i][2] in _COUNTERS for i in range(block[2], block[3]))
            (slow if counters else fast).append(block)
        self.fast = len(fast) or len(slow)
        self.blocks = fast + slow


def _rows(text: str) -> list:
    names = NAMES.split()
    rows = []
    for line in text.split("\n"):
        fields = line.split()
        if fields:
            target = names.index(fields[0]) if fields[0] != "-" else BRIDGE
            kind = TYPES.index(fields[2]) | (LOW_FIRST if fields[4:] else 0)
            rows.append((int(fields[1], 16), kind, target, int(fields[3]), 0))
    return rows


def _packed(row: tuple) -> bytes:
    address, kind, target, numerator, places = row
    numerator &= 0xFFFFFF
    return bytes((address >> 8, address & 0xFF, kind, target & 0xFF)) + bytes(
        (numerator >> 16, numerator >> 8 & 0xFF, numerator & 0xFF, places)
    )


def _blocks(rows: list, longest: int, gaps: bool) -> list:
    blocks = []
    first = start = end = 0
    for index, row in enumerate(rows):
        after = row[0] + width(row[1])
        near = row[0] <= end or (gaps and row[0] - end <= _GAP)
        if index and (not near or after - start > longest):
            blocks.append((start, end - start, first, index))
            first = index
        if index == first:
            start = row[0]
            end = start
        end = max(end, after)
    if rows:
        blocks.append((start, end - start, first, len(rows)))
    return blocks
