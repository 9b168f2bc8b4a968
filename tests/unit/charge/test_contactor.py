from firmware.charge import faults
from firmware.charge.contactor import Contactor
from firmware.charge.events import Events
from firmware.charge.faults import Faults

_CODES = (faults.WELDED, faults.NOT_CLOSED, faults.DROPPED)


def _built(mirrored=True):
    standing = Faults(Events())
    return Contactor(mirrored, standing, _CODES), standing


def _feed(contactor, closed, mirror, ms):
    for _ in range(ms // 10):
        contactor.update(closed, mirror, 10)


def test_the_mirror_may_lag_for_250_ms():
    for mirror, code in ((False, faults.NOT_CLOSED), (True, faults.WELDED)):
        contactor, standing = _built()
        closed = not mirror
        _feed(contactor, mirror, mirror, 1000)
        _feed(contactor, closed, mirror, 250)
        assert not standing.active, code
        _feed(contactor, closed, mirror, 10)
        assert standing.active == 1 << code


def test_a_contactor_that_falls_is_noticed_in_30_ms():
    contactor, standing = _built()
    _feed(contactor, True, True, 100)
    _feed(contactor, True, False, 20)
    assert not standing.active
    _feed(contactor, True, False, 10)
    assert standing.active == 1 << faults.DROPPED


def test_a_contactor_that_closes_unasked_counts_as_welded():
    contactor, standing = _built()
    _feed(contactor, False, False, 1000)
    _feed(contactor, False, True, 30)
    assert standing.active == 1 << faults.WELDED
    assert not contactor.proved_open()


def test_bounces_of_the_mirror_are_forgiven():
    contactor, standing = _built()
    _feed(contactor, True, True, 100)
    for _ in range(20):
        _feed(contactor, True, False, 20)
        _feed(contactor, True, True, 10)
    assert not standing.active


def test_open_is_proved_by_the_mirror_and_a_quarter_of_a_second():
    contactor, _ = _built()
    _feed(contactor, False, False, 240)
    assert not contactor.proved_open()
    _feed(contactor, False, False, 10)
    assert contactor.proved_open()
    _feed(contactor, False, True, 10)
    assert not contactor.proved_open(), "while the mirror disagrees"
    _feed(contactor, True, False, 10)
    assert not contactor.proved_open()
    _feed(contactor, True, True, 1000)
    assert not contactor.proved_open()


def test_without_a_mirror_open_is_assumed_after_500_ms():
    contactor, standing = _built(False)
    _feed(contactor, True, None, 5000)
    _feed(contactor, False, None, 490)
    assert not contactor.proved_open()
    _feed(contactor, False, None, 20)
    assert contactor.proved_open() and not standing.active


def test_a_mirror_that_is_fitted_but_silent_disagrees():
    contactor, standing = _built()
    _feed(contactor, False, None, 300)
    assert standing.active == 1 << faults.WELDED


def test_closings_are_counted():
    contactor, _ = _built()
    for _ in range(3):
        _feed(contactor, True, True, 100)
        _feed(contactor, False, False, 100)
    assert contactor.switches == 3


def test_after_boot_the_mirror_has_250_ms_as_after_any_order():
    contactor, standing = _built()
    _feed(contactor, False, True, 240)
    assert not standing.active and not contactor.proved_open()
    _feed(contactor, False, True, 20)
    assert standing.active == 1 << faults.WELDED
