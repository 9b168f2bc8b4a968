"""Random and adversarial lives of a charge point; the invariants hold in every step of them.

HYPOTHESIS_PROFILE=ci lives 20,000 of them, the default 2,000. A life that breaks a rule is shrunk
and written to build/counterexample.scenario.
"""

import os
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.property.charge_script import ACTS, Broken, Stage, play, scenario

_ROOT = Path(__file__).resolve().parents[2]
_PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "default")
_EXAMPLES = 20_000 if _PROFILE == "ci" else 2_000
_STAGE = Stage()


@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.binary(min_size=3, max_size=33))
@example(bytes(15) + b"\xa9\x01\xe9\x01\xe8\x00D\x01")  # a click with a silent pilot
@example(b"\x02a\x01\x01\x00u\x03")  # a weld of L2/L3 found in the gap after a boot
def test_the_invariants_hold_in_every_life(script):
    try:
        play(_STAGE, script)
    except Broken as broken:
        text = scenario(script, str(broken))
        folder = _ROOT / "build"
        folder.mkdir(exist_ok=True)
        (folder / "counterexample.scenario").write_text(text)
        raise AssertionError(f"{broken}\n{text}")


def test_lives_are_full_of_events():
    """The same bytes in every run: what they reach shows that the property is not empty."""
    closings = faults = 0
    for seed in range(400):
        script = bytes((seed * 7 + place * place * 13 + place * seed) % 256 for place in range(33))
        play(_STAGE, script)
        bench = _STAGE._scenes[script[0] % 4][0]
        closings += bench.point.contactor.switches > script[0] % 2
        faults += bench.point.faults.active != 0
    assert closings > 10 and faults > 50, (closings, faults)


def test_every_act_can_be_written_as_a_scenario():
    for what in range(len(ACTS)):
        for argument in (0, 1, 37, 255):
            lines = scenario(bytes([1, what, argument]), "a test").split("\n")
            assert len(lines) >= 5 and all(lines[:-1]), what
