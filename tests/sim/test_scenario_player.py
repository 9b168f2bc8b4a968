"""The player: when it acts, how it waits, what it judges and what it times."""

from tools.sim.scenario import parse
from tools.sim.scenario_play import Player


class Bench:
    """A contactor that opens `delay` ms after the unplug."""

    def __init__(self, delay=45):
        self.clock = 1000
        self.acts = []
        self.held_at = None
        self.delay = delay
        self.opens_at = None

    def now(self):
        return self.clock

    def longer_ms(self, since):
        return 50 if self.held_at is not None and self.held_at >= since else 0

    def act(self, verb, words):
        if verb == "fault":
            raise ValueError(f"unknown fault {words[0]}")
        self.acts.append((self.clock, verb, words))
        if verb == "unplug":
            self.opens_at = self.clock + self.delay

    def value(self, subject):
        if subject == "relay":
            return "off" if self.opens_at is not None and self.clock >= self.opens_at else "on"
        raise ValueError(f"unknown subject {subject}")


def play(text, bench):
    player = Player(parse(text), bench)
    while (pause := player.advance()) is not None:
        assert pause > 0
        bench.clock += pause
    return player


def test_steps_happen_at_their_times_counted_from_the_start():
    bench = Bench()
    player = play("plug zoe\nat 2s unplug\nrun 500ms\nplug leaf", bench)
    assert bench.acts == [(1000, "plug", ["zoe"]), (3000, "unplug", []), (3500, "plug", ["leaf"])]
    assert player.finished and player.failures == []


def test_an_expectation_is_timed_from_the_last_action():
    player = play("unplug\nexpect relay off within 50ms", Bench(45))
    reaction = player.reactions[0]
    assert (reaction.event, reaction.took, reaction.allowed) == ("unplug", 45, 50)
    assert player.failures == []


def test_a_late_reaction_fails_and_the_run_goes_on():
    bench = Bench(60)
    player = play("unplug\nexpect relay off within 50ms\nplug zoe", bench)
    assert player.failures == [(2, "expect relay off within 50ms", "found on after 50 ms")]
    assert player.reactions[0].took is None
    assert bench.acts[-1][1] == "plug"


def test_a_held_loop_lengthens_short_times_only():
    bench = Bench(95)
    bench.held_at = 1040
    player = play("unplug\nexpect relay off within 50ms", bench)
    assert player.failures == [] and player.reactions[0].allowed == 100
    bench = Bench(95)
    bench.held_at = 999
    assert len(play("unplug\nexpect relay off within 50ms", bench).failures) == 1
    bench = Bench(2040)
    bench.held_at = 1040
    assert len(play("unplug\nexpect relay off within 2s", bench).failures) == 1


def test_a_wait_that_fails_ends_the_run():
    bench = Bench()
    player = play("wait until relay off within 1s\nplug zoe", bench)
    assert len(player.failures) == 1 and bench.acts == [] and bench.clock == 2000


def test_an_expectation_without_time_is_judged_now():
    assert play("expect relay on", Bench()).failures == []
    assert len(play("expect relay off", Bench()).failures) == 1


def test_what_must_last_fails_when_it_ends_early():
    assert play("expect relay on for 2s", Bench()).failures == []
    failures = play("unplug\nexpect relay on for 2s", Bench(500)).failures
    assert failures == [(2, "expect relay on for 2s", "found off")]


def test_what_the_bench_does_not_know_ends_the_run_as_a_failure():
    for text in ("fault nonsense\nplug zoe", "expect weather fine\nplug zoe"):
        bench = Bench()
        player = play(text, bench)
        assert player.finished and len(player.failures) == 1 and bench.acts == []
        assert "unknown" in player.failures[0][2]
