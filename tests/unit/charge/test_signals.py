from firmware.charge.signals import Fitted, Inputs, Measured, Outputs


def test_before_the_first_reading_nothing_is_known():
    inputs = Inputs()
    assert inputs.levels_known is False
    assert (inputs.now, inputs.high_mv, inputs.low_mv) == (0, 0, 0)
    for name in (
        "contactor_mirror",
        "phase_mirror",
        "residual_tripped",
        "emergency_stop",
        "lock_closed",
        "proximity_ohm",
        "temperature_dc",
        "supply_ok",
    ):
        assert getattr(inputs, name) is None, name


def test_before_the_first_step_everything_is_off_and_12_v_is_on_the_pilot():
    outputs = Outputs()
    assert outputs.duty == 65535 and outputs.pilot_connected is True
    for name in ("contactor", "phase_contactor", "lock", "residual_test"):
        assert getattr(outputs, name) is False, name
    assert outputs.led == 0


def test_without_a_meter_nothing_is_measured():
    measured = Measured()
    assert measured.known is False and measured.energy_wh is None
    assert (measured.at, measured.power_w, measured.current_ma) == (0, 0, [0, 0, 0])


def test_what_a_profile_does_not_mention_is_not_there():
    bare = Fitted({})
    assert (bare.max_current_ma, bare.phases, bare.pwm_bits) == (16000, 3, 16)
    for name in (
        "phase_contactor",
        "contactor_mirror",
        "phase_mirror",
        "residual_sensor",
        "residual_test",
        "proximity",
        "lock",
        "ventilation",
        "temperature",
        "emergency_stop",
        "pilot_disconnect",
    ):
        assert getattr(bare, name) is False, name
        assert getattr(Fitted({name: True}), name) is True, name
