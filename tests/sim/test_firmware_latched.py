"""What a reset and a power cut may not forget: faults that wait for somebody, phases in use."""

from firmware_bench import app, box, charging, logged, started
from scenario_setup import initial_document

_MINUTE = 60000
_ADMIN = 3


def _switching():
    return initial_document("") | {"charge": {"phase_switching": True, "phase_pause_s": 60}}


def _leaked(chip):
    """A car charges, and a direct current leaks for a moment."""
    yield from started(chip)
    yield from charging(chip)
    chip.world.residual.leak(10000)
    yield 3000
    assert not chip.world.contactor.closed and _faults(chip) == ["residual_current"]
    chip.world.residual.leak(0)
    yield 5000


def _faults(chip):
    return [fault["name"] for fault in app(chip).point.faults.status()]


def _waits_for_the_plug(interrupt):
    chip = box()

    def story():
        yield from _leaked(chip)
        for life in (2, 3):
            interrupt(chip)
            yield from started(chip, life)
            for _ in range(60):
                yield 1000
                assert not chip.world.contactor.closed and _faults(chip) == ["residual_current"]
            assert logged(chip, "residual_current still stands")
        chip.world.unplug()
        yield 40000
        assert _faults(chip) == []
        yield from charging(chip)
        assert app(chip).sessions.current()["nr"] == 2, "one session for each car"

    chip.run(story(), limit_ms=10 * _MINUTE)
    assert chip.boots == 3


def test_after_a_residual_current_a_reset_charges_no_car_before_it_was_unplugged():
    _waits_for_the_plug(lambda chip: chip.reset())


def test_after_a_residual_current_a_power_cut_charges_no_car_before_it_was_unplugged():
    _waits_for_the_plug(lambda chip: chip.cut_power(3000))


def test_a_restart_over_the_network_clears_no_fault_but_clear_faults_does():
    chip = box()

    def story():
        yield from _leaked(chip)
        assert app(chip).commands.call("cmd=restart", None, _ADMIN) == "ok"
        yield from started(chip, 2)
        yield 60000
        assert _faults(chip) == ["residual_current"]
        assert app(chip).commands.call("cmd=clear_faults", None, _ADMIN) == "ok"
        yield 5000
        assert chip.world.contactor.closed and _faults(chip) == []
        chip.reset()
        yield from started(chip, 3)
        yield 10000
        assert chip.world.contactor.closed and _faults(chip) == []

    chip.run(story(), limit_ms=10 * _MINUTE)


def _on_one_phase(interrupt):
    chip = box(_switching())

    def story():
        yield from started(chip)
        yield 5000
        app(chip).point.request_phases(1)
        yield 5000
        yield from charging(chip)
        world = chip.world
        assert not world.phase_contactor.closed
        interrupt(chip)
        yield from started(chip, 2)
        for _ in range(300):
            yield 100
            assert not world.phase_contactor.closed and not world.pilot.relay_open
        assert world.contactor.closed and app(chip).point.phases.active == 1
        app(chip).point.request_phases(3)
        without_ms = 0
        for _ in range(3500):
            yield 100
            without_ms += 100 if world.pilot.relay_open else 0
            if world.phase_contactor.closed and world.contactor.closed:
                break
        assert world.contactor.closed and world.phase_contactor.closed
        assert without_ms >= 59000, without_ms

    chip.run(story(), limit_ms=10 * _MINUTE)
    assert chip.boots == 2


def test_a_car_on_one_phase_stays_on_one_over_a_reset_and_changes_only_with_the_gap():
    _on_one_phase(lambda chip: chip.reset())


def test_a_car_on_one_phase_stays_on_one_over_a_power_cut_and_changes_only_with_the_gap():
    _on_one_phase(lambda chip: chip.cut_power(2000))


def test_a_reset_in_the_gap_makes_it_begin_anew():
    chip = box(_switching())

    def story():
        yield from started(chip)
        yield 5000
        yield from charging(chip)
        world = chip.world
        assert world.phase_contactor.closed
        app(chip).point.request_phases(1)
        for _ in range(200):
            yield 100
            if world.pilot.relay_open and not world.phase_contactor.closed:
                break
        yield 5000
        assert world.pilot.relay_open
        chip.reset()
        yield from started(chip, 2)
        without_ms = 0
        for _ in range(4000):
            yield 100
            without_ms += 100 if world.pilot.relay_open else 0
            if world.contactor.closed and not world.phase_contactor.closed:
                break
        assert app(chip).point.phases.active == 1 and world.contactor.closed
        assert without_ms >= 59000, without_ms

    chip.run(story(), limit_ms=15 * _MINUTE)
