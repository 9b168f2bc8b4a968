"""The pulse counter as `esp32.PCNT` shows it, on the same counter as `machine.Counter`."""

from peripherals import Counter


class PCNT:
    """A unit that counts edges of one pin."""

    IGNORE = 0
    INCREMENT = 1
    DECREMENT = 2

    def __init__(self, id, **options):
        self._counter = Counter(id)
        self._filter_ns = 0
        if options:
            self.init(**options)

    def init(self, *, pin=None, rising=IGNORE, falling=IGNORE, filter=None, value=None, **_):
        if filter is not None:
            if not 0 <= filter <= 1023:
                raise ValueError("filter must be from 0 to 1023")
            self._filter_ns = filter * 25 // 2
        if pin is not None:
            edge = (Counter.RISING if rising else 0) | (Counter.FALLING if falling else 0)
            self._counter.init(pin, edge=edge, filter_ns=self._filter_ns)
        if value is not None:
            self._counter.value(value)

    def start(self):
        pass

    def value(self, value=None) -> int:
        return self._counter.value(value)

    def deinit(self):
        self._counter.deinit()
