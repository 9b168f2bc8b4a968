"""Turns on a shared line: fair, and a dead device costs the others next to nothing."""

from firmware.codec.rtu import FrameError
from firmware.meter.rota import Rota


class Device:
    def __init__(self, name):
        self.name = self.unit = name
        self.wants = True
        self.errors = []
        self.answers = 0

    def due(self, now):
        return self.wants

    def answered(self, master, now):
        self.answers += 1

    def failed(self, error, now):
        self.errors.append(str(error))


def rota_of(*devices):
    rota = Rota(late_ms=1000, longest_ms=30000)
    for device in devices:
        rota.add(device)
    return rota


def test_an_empty_rota_asks_nobody():
    assert Rota().next(0) is None


def test_everybody_gets_his_turn():
    devices = [Device(i) for i in range(3)]
    rota = rota_of(*devices)
    seen = []
    for _ in range(9):
        seen.append(rota.next(0).device.name)
    assert sorted(seen[:3]) == [0, 1, 2] and seen[:3] == seen[3:6] == seen[6:]
    devices[seen[0]].wants = False
    assert rota.next(0).device.name == seen[1]


def test_a_device_may_leave():
    a, b = Device("a"), Device("b")
    rota = rota_of(a, b)
    rota.remove(a)
    rota.remove(a)
    assert rota.next(0).device is b
    rota.remove(b)
    assert rota.next(0) is None


def test_a_failed_device_waits_longer_and_longer():
    dead = Device("dead")
    rota = rota_of(dead)
    now = (1 << 30) - 2000  # across the wrap of the ticks
    for pause in (1000, 1000, 2000, 4000, 8000, 16000, 30000, 30000):
        turn = rota.next(now)
        rota.failed(turn, FrameError("no answer"), now)
        assert rota.next((now + pause - 1) % (1 << 30)) is None, pause
        now = (now + pause) % (1 << 30)
    turn = rota.next(now)
    rota.answered(turn, None, now)
    assert rota.next(now) is turn and turn.failures == 8 and turn.last_error == "no answer"


def test_the_pause_is_for_all_who_ask_the_same_unit():
    a, b, other = Device("a"), Device("b"), Device("other")
    b.unit = "a"
    rota = rota_of(a, b)
    rota.failed(rota.turns[0], FrameError("no answer"), 0)
    late = Device("late")
    late.unit = "a"
    rota.add(late)
    rota.add(other)
    for _ in range(5):
        assert rota.next(500).device is other
    assert {rota.next(1000).device.name for _ in range(4)} == {"a", "b", "late", "other"}


def test_a_refusal_is_a_sign_of_life():
    device = Device("refusing")
    rota = rota_of(device)
    error = FrameError("exception 2")
    error.code = 2
    rota.failed(rota.next(0), error, 0)
    assert rota.next(0).device is device and device.errors == ["exception 2"]


def test_one_dead_device_among_ten_takes_two_percent_of_the_time():
    devices = [Device(i) for i in range(10)]
    rota = rota_of(*devices)
    now = lost = 0
    while now < 600000:
        turn = rota.next(now)
        if turn.device is devices[0]:
            now += 500
            lost += 500
            rota.failed(turn, FrameError("no answer"), now)
        else:
            now += 60
            rota.answered(turn, None, now)
    assert lost < 600000 * 25 // 1000, lost
