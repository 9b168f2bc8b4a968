"""What stands goes into the ledger and comes back out of it."""

from firmware.charge import faults
from firmware.charge.limits import Limits
from firmware.charge.point import ChargePoint
from firmware.charge.signals import Fitted
from firmware.keepsake import Keepsake
from firmware.log import Log
from tests.unit.charge.bench import FULL

_RESIDUAL = 1 << faults.RESIDUAL


class Ledger:
    """As the real one: values are only ever raised."""

    def __init__(self):
        self.values = {}
        self.flushed = 0

    def value(self, name):
        return self.values.get(name, 0)

    def raise_to(self, name, value):
        assert len(name) <= 8 and 0 < value < 1 << 64
        self.values[name] = max(value, self.value(name))

    def flush(self):
        self.flushed += 1


class Box:
    """One life of the box; the ledger goes from one to the next."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.log = Log(None, None)
        self.point = ChargePoint(Fitted(FULL), Limits(), {"phase_switching": True})
        self.keepsake = Keepsake(self.point, ledger, self.log)
        self.keepsake.restore()

    def low(self):
        return self.ledger.value("E1.keep") & 0xFFFFFFFF

    def high(self):
        return self.ledger.value("E1.keep") >> 32


def _placed(box, one=False):
    box.point.phases.active = box.point.phases.wanted = 1 if one else 3
    box.point.phases.place(True)
    box.point.phases.joined = box.point.phases.active
    box.keepsake.look()
    return box


def test_nothing_is_written_while_nothing_is_known_and_nothing_stands():
    box = Box(Ledger())
    box.keepsake.look()
    assert box.ledger.values == {} and box.ledger.flushed == 0


def test_a_fault_is_written_at_once_and_stands_in_the_next_life():
    box = _placed(Box(Ledger()))
    before = box.ledger.flushed
    box.point.faults.report(faults.RESIDUAL, 0)
    box.keepsake.look()
    box.keepsake.look()
    assert box.ledger.flushed == before + 1 and box.low() == _RESIDUAL | 4 << 24
    box = Box(box.ledger)
    assert box.point.faults.active == _RESIDUAL
    assert "residual_current still stands" in list(box.log.after(0))[0][4]
    before = box.high()
    box.keepsake.look()
    assert box.low() & 0xFFFFFF == _RESIDUAL and box.high() == before, "nothing has changed"


def test_what_cleared_is_gone_in_the_next_life_although_the_ledger_only_grows():
    box = Box(Ledger())
    box.point.faults.report(faults.RESIDUAL, 0)
    box.keepsake.look()
    box.point.faults.unplugged()
    box.point.faults.update(30000)
    box.point.faults.update(1)
    before = box.ledger.value("E1.keep")
    box.keepsake.look()
    assert box.ledger.value("E1.keep") > before and box.low() == 0
    assert not Box(box.ledger).point.faults.active


def test_a_fault_does_not_make_unknown_phases_known_nor_forget_known_ones():
    box = Box(Ledger())
    box.point.faults.report(faults.RESIDUAL, 0)
    box.keepsake.look()
    assert box.low() == _RESIDUAL
    box = _placed(Box(Ledger()), True)
    box = Box(box.ledger)
    box.point.faults.report(faults.RESIDUAL, 0)
    box.keepsake.look()
    box = Box(box.ledger)
    assert box.point.phases.active == 1 and box.low() == _RESIDUAL | 7 << 24


def test_the_phases_in_use_are_known_in_the_next_life():
    for one in (True, False):
        box = _placed(Box(Ledger()), one)
        assert box.ledger.flushed == 1
        assert Box(box.ledger).point.phases.active == (1 if one else 3)


def test_a_wish_that_changes_all_the_time_does_not_wear_the_flash():
    box = _placed(Box(Ledger()))
    for phases in (1, 3, 1, 3, 1):
        box.point.request_phases(phases)
        box.keepsake.look()
    assert box.ledger.flushed == 1
    assert Box(box.ledger).point.phases.wanted == 1


def test_bits_that_mean_nothing_do_no_harm():
    ledger = Ledger()
    ledger.raise_to("E1.keep", 0xFFFFFFFF_F0C00001)
    box = Box(ledger)
    assert not box.point.faults.active and not box.point.phases.kept()
