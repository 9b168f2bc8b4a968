"""What a meter says: integers in house units, None where it says nothing, and how old it is."""

from firmware.ticks import since


class Reading:
    """The last known values of one meter; filled by its driver, read by everybody else.

    power_w     W, import positive
    current_ma  [L1, L2, L3] mA, negative while feeding in
    voltage_v   [L1, L2, L3] V
    import_wh, export_wh  Wh, never going down
    soc         % of a battery
    counters    None, or two Counters that judge new counts of import and export
    """

    soc = None  # of the class, where there is no battery: one attribute more takes 16 bytes

    def __init__(self, timeout_ms: int = 15000):
        self.timeout_ms = timeout_ms
        self.at = None
        self.power_w = None
        self.current_ma = [None, None, None]
        self.voltage_v = [None, None, None]
        self.import_wh = None
        self.export_wh = None
        self.counters = None

    def touch(self, now: int):
        """Say that the values were measured at `now`."""
        self.at = now

    def stale(self, now: int) -> bool:
        """True when nothing was measured within the time-out; stays so until the next `touch`.

        The stamp is forgotten then, so that a meter silent for longer than the ticks
        can tell apart (six days) does not look fresh again. A `now` a little before the stamp is
        that of an answer which was begun before the meter's.
        """
        if self.at is not None and abs(since(now, self.at)) > self.timeout_ms:
            self.at = None
        return self.at is None

    def count_import(self, wh: int) -> bool:
        """Take a new import count; False, and the old one stays, when it would go down."""
        if self.counters:
            wh = self.counters[0].accept(wh)
        if self.import_wh is not None and wh < self.import_wh:
            return False
        self.import_wh = wh
        return True

    def count_export(self, wh: int) -> bool:
        """Take a new export count; False, and the old one stays, when it would go down."""
        if self.counters:
            wh = self.counters[1].accept(wh)
        if self.export_wh is not None and wh < self.export_wh:
            return False
        self.export_wh = wh
        return True
