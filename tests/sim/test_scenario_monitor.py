"""What the monitor knows, with the world it watches."""

from bench import BOARD
from chip import Chip
from scenario_bench import Bench
from world.world import World


def test_a_hold_is_known_while_it_lasts():
    world = World(BOARD | {"ventilation": False})
    bench = Bench(Chip(world), "")
    began = bench.now()
    found = []
    world.clock.after(20000, lambda _: found.append(bench.longer_ms(began)))
    world.clock.pass_quietly(45000)
    assert found == [50] == [bench.longer_ms(began)]
