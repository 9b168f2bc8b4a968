"""The ESP32 reference wiring of the esp32-evse project: a DevKitC with its pilot circuit.

Facts from github.com/dzurikmiroslav/esp32-evse, board-config/esp32devkitc.yaml at commit
0239314a5a66 (pins, pilot and proximity thresholds), and from the measured levels of its
documentation, github.com/dzurikmiroslav/esp32-evse-docs, docs/10-hardware/CP-calibration.md at
commit 21dce70f5ea9. High drives +12 V (components/peripherals/src/pilot.c at commit c557973d0c80).

Not usable with this firmware: the meter made of a current and a voltage transformer on GPIO 34 and
35, and the 1-Wire thermometer on GPIO 16 (there is no temperature, so no protection by it). The
board has one relay, no mirror contact, no residual current sensor, no lock and no S0 input: a
welded relay is not seen, and charge.phase_switching stays off. See docs/boards.md.
"""

BOARD = {
    "name": "esp32evse",
    "pilot_pwm": 27,
    "pilot_adc": 36,
    # Measured there at -6, 3, 6, 9 and 12 V; 12 V is a little above where the converter is exact.
    "pilot_scale": ((728, -6000), (1636, 3000), (1948, 6000), (2251, 9000), (2560, 12000)),
    "contactor": 26,
    # Its thresholds of 1650, 820 and 430 mV are 1000, 331 and 150 Ohm below 1 kOhm to 3.3 V.
    "proximity_adc": 39,
    "proximity_pullup": (1000, 3300),
    "rs485": (2, 25, 32, 33),
    "led": 19,
    "button": 0,
    # The relay drives a contactor of the owner's choice: charge.phases says how many poles it has.
    "max_current_ma": 32000,
    "phases": 3,
    "ventilation": False,
}
