"""A generic ESP32 devkit with external driver circuits: the reference wiring.

All analogue inputs are on ADC1 (GPIO 32-39), because ADC2 is unusable while Wi-Fi runs. Nothing
that moves power sits on a strapping pin (0, 2, 5, 12, 15) or a flash pin (6-11).
"""

BOARD = {
    "name": "devkit",
    # Control pilot: the PWM pin drives the +12/-12 V source (high = +12 V), the ADC sees the
    # pilot at the connector as (adc_mv - offset_mv) * factor. Where no whole factor fits, or the
    # converter bends, two or more measured points take its place: ((adc_mv, connector_mv), ...).
    "pilot_pwm": 19,
    "pilot_adc": 36,
    "pilot_scale": (11, 1300),
    # Relay in the pilot wire: high = cut. Seen: the ADC is behind it, at the connector, so that
    # the level shows whether it opens. Leave that out where the ADC is at the source, or unknown.
    "pilot_disconnect": 25,
    "pilot_relay_seen": True,
    # Coil drivers, active high, with hardware pull-downs.
    "contactor": 27,
    "phase_contactor": 26,
    # Mirror contacts, closed to ground while the main contacts are closed: low = closed.
    "contactor_mirror": 32,
    "phase_mirror": 33,
    # RDC-DD: low = no residual current; tripped or broken wire = high. The test output is
    # active high.
    "residual_trip": 4,
    "residual_test": 23,
    # Closed loop to ground: low = may charge, high (pressed or broken wire) = stop.
    "emergency_stop": 13,
    # Cable coding resistor to PE with this pull-up (ohm, mV).
    "proximity_adc": 39,
    "proximity_pullup": (1000, 3300),
    # NTC 10 kOhm, B = 3950 K, to ground with a 10 kOhm pull-up to 3.3 V. A sensor with a voltage
    # (MCP9700A, TMP36) has "temperature_linear": (mV at 0 degC, mV per kelvin) beside it.
    "temperature_adc": 34,
    # Socket lock: high = locked; feedback high = bolt in place.
    "lock": 22,
    "lock_feedback": 35,
    # A supervisor of the supply, if there is one: high = in range, low = failing. None here.
    "supply_ok": None,
    # S0 inputs, closed to ground by a pulse; RS485: UART, TX, RX, driver enable.
    "s0": (18, 14),
    "rs485": (2, 17, 16, 21),
    "led": 2,
    "button": 0,
    # GPIO 16 and 17 are free on a module without PSRAM (WROOM), and only there.
    "psram": False,
    # What this hardware can carry.
    "max_current_ma": 32000,
    "phases": 3,
    "ventilation": False,
}
