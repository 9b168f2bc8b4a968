"""What the monitor knows, with the world it watches."""

import install
from bench import BOARD
from chip import Chip
from scenario_bench import Bench
from world.world import World

install.install()

import gc  # noqa: E402

from silicon import SILICON  # noqa: E402


def test_a_hold_is_known_while_it_lasts():
    world = World(BOARD | {"ventilation": False})
    bench = Bench(Chip(world), "")
    began = bench.now()
    found = []
    world.clock.after(20000, lambda _: found.append(bench.longer_ms(began)))
    world.clock.pass_quietly(45000)
    assert found == [50] == [bench.longer_ms(began)]


def test_a_collection_that_the_firmware_asks_for_is_a_hold():
    world = World(BOARD | {"ventilation": False})
    bench = Bench(Chip(world), "")
    SILICON.heap.begin(world.clock)
    began = bench.now()
    gc.collect()
    assert bench.now() - began == SILICON.heap.collection_us // 1000
    assert bench.longer_ms(began) == 50
