"""The charge point: one step per pilot cycle, from readings to outputs (IEC 61851-1 mode 3)."""

from firmware.charge.limits import Limits
from firmware.charge.signals import Fitted, Inputs, Measured, Outputs, Refused


class ChargePoint:
    """Everything the rest of the firmware may see of, and ask from, the charge point."""

    def __init__(self, fitted: Fitted, limits: Limits, options: dict | None = None):
        self.fitted = fitted
        self.limits = limits
        self.inputs = Inputs()
        self.outputs = Outputs()
        self.measured = Measured()
        self.state = 0
        self.level = 6
        self.offered_ma = 0
        self.enabled = True
        self.faults = None  # charge.faults.Faults
        self.events = None  # charge.events.Events: pop() -> (event, value) or None
        self.transaction = None  # charge.transaction.Transaction

    def step(self):
        """One pilot cycle: read self.inputs, fill self.outputs. Allocates nothing."""

    def enable(self, enabled: bool):
        """Allow or forbid charging; forbidding goes through the orderly stop."""
        self.enabled = enabled

    def wake(self):
        """Interrupt the pilot once for a sleeping car; raises Refused(reason)."""
        raise Refused("no car waits")

    def request_phases(self, phases: int):
        """Change to 1 or 3 phases when the rules allow; raises Refused(reason)."""
        raise Refused("not built yet")

    def acknowledge(self):
        """Clear the latched faults whose cause is gone."""

    def authorise(self, who: str):
        """Note who lets this car charge, for the transaction."""

    def configure(self, options: dict):
        """Check all of `options` against the board, then apply; raises Refused(reason)."""

    def state_name(self) -> str:
        return "A1"

    def shown(self) -> str:
        """Letter A to F for the outside world: steady while waking or switching phases."""
        return "A"

    def status(self) -> dict:
        """Plain values for the API and the panel."""
        return {"state": self.state_name(), "offered_ma": self.offered_ma}
