"""SmartEVSE v3.0: a DIN-rail controller for a socket or a fixed cable, with two contactors.

Facts from github.com/SmartEVSE/SmartEVSE-3, SmartEVSE-3/src/esp32.h at commit 02285e5b34be (pins),
and github.com/dingo35/SmartEVSE-3.5, SmartEVSE-3/src/esp32.cpp at commit 001883db2ddd (levels,
polarity, sensors) and SmartEVSE-3/src/main.cpp (thresholds of the pilot: 3055, 2735, 2400 and
2000 mV between 12, 9, 6, 3 and 0 V, and 100 to 300 mV for -12 V).

Not usable with this firmware: the lock of the socket (a motor or solenoid that wants pulses on
GPIO 17 and 18), the display and its buttons but the left one, the switch input, and the red and
blue light. The board has no mirror contacts and no test of the residual current sensor: a welded
contactor is not seen, and charge.phase_switching stays off. Without a sensor of its type on the
RCM terminal, copy this file and set residual_trip to None. Not for v3.1, whose sensor is on a pin
without a pull-up, and not for v4, where another chip drives the pilot. See docs/boards.md.
"""

BOARD = {
    "name": "smartevse3",
    "pilot_pwm": 19,
    "pilot_adc": 39,
    # Half way between the nominal levels, and at -12 V: in the upper part, above 2.45 V, the
    # converter bends, and these points with it.
    "pilot_scale": ((200, -12000), (2000, 1500), (2400, 4500), (2735, 7500), (3055, 10500)),
    # High cuts the pilot. GPIO 15 has a pull-up of its own while the chip is in reset: cut.
    "pilot_disconnect": 15,
    "contactor": 32,
    "phase_contactor": 27,
    # High = tripped; the chip's pull-up makes a broken wire a trip.
    "residual_trip": 13,
    # 680, 220 and 100 Ohm give 1.3, 0.6 and 0.3 V.
    "proximity_adc": 34,
    "proximity_pullup": (1000, 3300),
    # MCP9700A.
    "temperature_adc": 36,
    "temperature_linear": (500, 10),
    "rs485": (1, 21, 23, 22),
    "led": 4,
    "button": 0,
    "max_current_ma": 32000,
    "phases": 3,
    "ventilation": False,
}
