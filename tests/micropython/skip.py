"""How a test on MicroPython says that it does not apply here."""


class Skip(Exception):
    """Raised by a test with the reason, as in `raise Skip("ticks wrap at 2^62 on this port")`."""
