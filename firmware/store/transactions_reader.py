"""Where the ring of firmware/store/transactions.py ends, and what was left open. Boot only."""

from micropython import const

# The part of a slot for the end of a transaction, in front of the mark of delivery.
_END = const(72)
_SENT = const(112)


def find(store, first: list, places: dict, found: dict):
    """The block in use and its first free slot.

    Fills in the first number of each block in `first` (0 for none), the transactions of the two
    newest blocks in `found`, and in `places` where the end of one can still be written.
    """
    blocks = len(first)
    for block in range(blocks):
        first[block] = _first_number(store, block)
    # A repaired transaction may be the first of two blocks; the later one is in use.
    newest = max(first)
    last = 0
    for block in range(blocks):
        if first[block] == newest and first[(block + 1) % blocks] != newest:
            last = block
    _walk(store, (last - 1) % blocks, places, found)
    return last, _walk(store, last, places, found)


def _first_number(store, block):
    for slot in range(store.slots):
        store.read(block, slot)
        entry = store.parsed()
        if entry:
            return entry["number"]
        if store.blank():
            return 0
    return 0


def _walk(store, block, places, found):
    used = 0
    for slot in range(store.slots):
        store.read(block, slot)
        if store.blank():
            continue
        used = slot + 1
        entry = store.parsed()
        if entry and "end" not in found.get(entry["number"], ()):
            found[entry["number"]] = entry
            if store.blank(_END, _SENT):
                places[entry["number"]] = (block, slot)
    return used
