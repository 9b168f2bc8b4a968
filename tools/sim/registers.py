"""The memory that clock, world and twins share, as flat arrays so that native code reads it.

A pilot loop reads pins and the ADC some fifty times per cycle; these arrays let such a read cost a
tenth of a microsecond of the host's time instead of several.

`TIME` holds 32-bit integers; their places are named by `_` constants in the files that use them:

0 now            microseconds since the clock's epoch, below 2^28 (the clock moves its epoch)
1 due            `now` at which the clock must look at its events; below `now` = at once
2 phase          `now` at which a PWM period began
3 phase_tenths   tenths of a microsecond to add to it
4 high_tenths    how long the pilot pin is high, in tenths of a microsecond; 0 and >= period: DC
5 period_tenths  length of a PWM period in tenths of a microsecond
6 ticks          `ticks_ms()` at the epoch, which is always a whole millisecond
7 fed            `now` when the watchdog was fed
8 pin_us         what a call of `Pin.value()` costs
9 adc_us         what a call of `ADC.read_uv()` costs before the sample is taken
10 convert_us    and after it
11 high_uv       pilot ADC pin while the pilot pin is high, in microvolts
12 low_uv        and while it is low
13 noise         index of the next noise sample
14 noise_uv      amplitude of the ADC's noise in microvolts
15 pilot_adc     number of the pilot ADC pin, -1 for none
16 edge_tenths   how long after an edge the pilot still slews
17 round_us      what a round of the scheduler costs in virtual time; 0 in real time
18 rounds        how often the scheduler has looked for work, wrapping
19 pilot_top_uv  the highest voltage that the pilot ADC pin can tell
"""

from array import array

PINS = 40

# What LEVELS may hold; PILOT and PULSED: the level follows from the phase of the PWM.
LOW = 0
HIGH = 1
PILOT = 2
PULSED = 3

TIME = array("i", [0] * 20)
LEVELS = bytearray(PINS)
# One place per pin: its mode (0 = not set up, others in silicon.py), what its ADC sees, and the
# highest voltage that the ADC can tell, in microvolts.
MODES = bytearray(PINS)
ADC_UV = array("i", [0] * PINS)
ADC_TOP_UV = array("i", [1100000] * PINS)
NOISE = array("h", [0] * 1024)


def seed_noise(seed: int):
    """Fill NOISE with a bell-shaped sequence, 1024 at most, the same for the same seed."""
    state = seed & 0xFFFFF
    for i in range(len(NOISE)):
        total = 0
        for _ in range(4):
            state = (state * 1021 + 12345) & 0xFFFFF  # full period: 1020 is a multiple of 4
            total += (state >> 8) & 511
        NOISE[i] = total - 1022
