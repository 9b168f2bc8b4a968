"""Pulses of a bouncing contact, counted and timed."""

from firmware import pulse_input
from firmware.pulse_input import PulseInput


class Contact:
    """A pin with a contact to ground, and the clock."""

    IRQ_FALLING = 2
    IRQ_RISING = 1

    def __init__(self, now=0):
        self.now_us = now * 1000
        self._level = 1
        self._handler = None
        pulse_input.time = self

    def ticks_ms(self):
        return self.now_us // 1000

    def value(self):
        return self._level

    def irq(self, handler, trigger):
        assert trigger == 3
        self._handler = handler

    def go(self, level, ms):
        """Take this level and keep it for a while."""
        if level != self._level:
            self._level = level
            self._handler(self)
        self.now_us += int(ms * 1000)

    def bounce(self, level, count=8, ms=0.3):
        for _ in range(count):
            self.go(level, ms)
            self.go(1 - level, ms)


def test_a_hundred_pulses_a_second_are_counted():
    contact = Contact()
    pulses = PulseInput(contact)
    contact.go(1, 20)
    for _ in range(1000):
        contact.go(0, 5)
        contact.go(1, 5)
    contact.go(0, 5)
    assert pulses.value() == 1000


def test_bounce_of_five_milliseconds_is_rejected():
    contact = Contact()
    pulses = PulseInput(contact)
    contact.go(1, 100)
    for number in range(50):
        begin = contact.ticks_ms()
        contact.bounce(0)
        contact.go(0, 30)
        contact.bounce(1)
        contact.go(1, 200)
        assert pulses.value() == number + 1
        assert 0 <= pulses.at - begin <= 5


def test_spikes_are_no_pulses():
    contact = Contact()
    pulses = PulseInput(contact)
    for _ in range(100):
        contact.go(1, 50)
        contact.go(0, 2)
    contact.go(1, 50)
    assert pulses.value() == 0 and pulses.at is None


def test_the_ticks_may_wrap_between_pulses():
    contact = Contact((1 << 30) - 50)
    pulses = PulseInput(contact)
    for _ in range(5):
        contact.go(1, 20)
        contact.go(0, 20)
    contact.go(1, 20)
    assert pulses.value() == 5


def test_a_contact_may_be_read_as_a_switch():
    contact = Contact()
    pulses = PulseInput(contact)
    assert not pulses.closed()
    contact.go(0, 1000)
    assert pulses.closed()
