from firmware.thermistor import linear_dc, temperature_dc


def test_the_table_points_are_exact():
    for ohm, expected in ((200204, -300), (33621, 0), (12535, 200), (698, 1000), (407, 1200)):
        assert temperature_dc(ohm) == expected, ohm


def test_between_the_points_the_error_stays_under_a_degree():
    for ohm, expected in ((10000, 250), (2988, 650 - 100), (1488, 750), (11263, 225)):
        assert abs(temperature_dc(ohm) - expected) <= 10, ohm


def test_a_broken_or_shorted_sensor_has_no_temperature():
    assert temperature_dc(1000000) is None
    assert temperature_dc(0) is None
    assert temperature_dc(406) is None
    assert temperature_dc(200205) is None


def test_temperature_falls_as_resistance_rises():
    last = 1201
    for ohm in range(407, 200204, 211):
        now = temperature_dc(ohm)
        assert now <= last, ohm
        last = now


def test_a_sensor_with_a_voltage_is_linear_and_ends_where_the_other_ends():
    for mv, expected in ((500, 0), (750, 250), (400, -100), (200, -300), (1700, 1200)):
        assert linear_dc(mv, 500, 10) == expected, mv
    for mv in (0, 198, 1702, 3100):
        assert linear_dc(mv, 500, 10) is None, mv
