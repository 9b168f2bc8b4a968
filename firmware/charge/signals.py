"""What the charge point sees, does and is built of: plain objects, written in place."""


class Refused(Exception):
    """A request or an option that this box cannot follow; the text says why."""


class Inputs:
    """Readings of one pilot cycle, written by the board. None means: not fitted."""

    def __init__(self):
        self.now = 0  # ticks_ms, 30 bit
        self.levels_known = False  # enough pilot samples in this cycle
        self.high_mv = 0  # control pilot at the connector, positive half
        self.low_mv = 0  # negative half; equal to high_mv while the pilot is DC
        self.contactor_mirror = None  # True: main contactor reports closed
        self.phase_mirror = None  # True: contactor of L2 and L3 reports closed
        self.residual_tripped = None  # RDC-DD output
        self.emergency_stop = None
        self.lock_closed = None
        self.proximity_ohm = None  # coding resistor of the cable, large = open
        self.temperature_dc = None  # tenths of a degree Celsius
        self.supply_ok = None


class Outputs:
    """Commands of one pilot cycle, written by the charge point, applied by the board."""

    def __init__(self):
        self.duty = 65535  # duty_u16: 65535 = +12 V DC, 0 = -12 V DC, else 1 kHz
        self.pilot_connected = True  # control pilot relay
        self.contactor = False
        self.phase_contactor = False  # L2 and L3
        self.lock = False
        self.residual_test = False
        self.led = 0  # pattern of the state; 16 + fault code while a fault stands


# What the hardware has when its description does not say.
_FITTED = (
    ("max_current_ma", 16000),
    ("phases", 3),
    ("phase_contactor", False),
    ("contactor_mirror", False),
    ("phase_mirror", False),
    ("residual_sensor", False),
    ("residual_test", False),
    ("proximity", False),
    ("lock", False),
    ("ventilation", False),
    ("temperature", False),
    ("emergency_stop", False),
    ("pilot_disconnect", False),
    ("pwm_bits", 16),
)


class Fitted:
    """What the board has, from its profile: attributes named as the keys of the dict."""

    def __init__(self, profile: dict):
        for name, usual in _FITTED:
            setattr(self, name, profile.get(name, usual))


class Measured:
    """The meter of this charge point, written by the app when a reading arrives."""

    def __init__(self):
        self.at = 0  # ticks_ms of the reading
        self.known = False  # False: no meter, or its readings are stale
        self.current_ma = [0, 0, 0]
        self.power_w = 0
        self.energy_wh = None  # import counter; None when the meter has none
