"""The clock: virtual days, wrapping ticks, holds, real sockets; asyncio runs on it unchanged."""

import install
import ports
from bench import powered, refused

install.install()

import asyncio  # noqa: E402
import select  # noqa: E402
import socket  # noqa: E402
import time  # noqa: E402

import utime  # noqa: E402
from silicon import SILICON  # noqa: E402

_PERIOD = 1 << 30


def test_events_happen_in_the_order_of_their_times():
    powered()
    clock = SILICON.clock
    seen = []
    for delay in (300, 100, 200, 100):
        clock.after(delay, lambda d: seen.append((d, clock.now())), delay)
    forgotten = clock.after(150, seen.append)
    clock.cancel(forgotten)
    clock.cancel(None)
    clock.advance(1000)
    assert seen == [(100, 100), (100, 100), (200, 200), (300, 300)], seen


def test_an_event_may_ask_for_another_one_at_once():
    powered()
    clock = SILICON.clock
    seen = []
    clock.after(10, lambda _: clock.after(0, lambda _: seen.append(clock.now())))
    clock.advance(20)
    assert seen == [10]


def test_ticks_wrap_at_two_to_the_thirty_everywhere():
    powered()
    SILICON.clock.set_ticks(_PERIOD - 5)
    assert time.ticks_ms() == _PERIOD - 5
    SILICON.clock.advance(7000)
    assert time.ticks_ms() == 2
    assert time.ticks_diff(2, _PERIOD - 5) == 7
    assert time.ticks_diff(_PERIOD - 5, 2) == -7
    assert time.ticks_add(_PERIOD - 1, 1) == 0 and time.ticks_add(0, -1) == _PERIOD - 1
    assert 0 <= time.ticks_us() < _PERIOD and 0 <= time.ticks_cpu() < _PERIOD


async def _count(seconds, step, seen):
    for _ in range(seconds // step):
        await asyncio.sleep(step)
        seen[0] += 1


def test_twenty_days_of_two_tasks_pass_across_the_wrap():
    powered()
    seen = [0]

    async def both():
        await asyncio.gather(_count(1728000, 60, seen), _count(1728000, 600, seen))

    asyncio.new_event_loop()
    asyncio.run(both())
    assert seen[0] == 28800 + 2880
    assert 1728000 <= SILICON.clock.now() // 1000000 < 1728100
    assert time.time() == SILICON.clock.now() // 1000000


def test_a_sleep_across_the_wrap_lasts_as_long_as_any_other():
    powered()
    SILICON.clock.set_ticks(_PERIOD - 100)

    async def sleep():
        began = SILICON.clock.now()
        await asyncio.wait_for_ms(_sleep(250), 1000)
        return SILICON.clock.now() - began

    asyncio.new_event_loop()
    assert 250000 <= asyncio.run(sleep()) < 252000


async def _sleep(duration):
    await asyncio.sleep_ms(duration)


async def _waits(event, seen):
    await event.wait()
    seen.append("woken")


async def _sleeps(seen):
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        seen.append("cancelled")
        raise


def test_tasks_are_woken_cancelled_awaited_and_timed_out():
    powered()
    seen = []

    async def main():
        event = asyncio.Event()
        waiter = asyncio.create_task(_waits(event, seen))
        sleeper = asyncio.create_task(_sleeps(seen))
        await asyncio.sleep_ms(10)
        event.set()
        await waiter
        sleeper.cancel()
        assert waiter.done()
        try:
            await sleeper
        except asyncio.CancelledError:
            seen.append("seen")
        try:
            await asyncio.wait_for_ms(_sleep(1000), 100)
        except asyncio.TimeoutError:
            seen.append("timeout")
        assert not waiter.cancel()
        return SILICON.clock.ms()

    asyncio.new_event_loop()
    assert asyncio.run(main()) < 130
    assert seen == ["woken", "cancelled", "seen", "timeout"]


def test_an_exception_of_an_awaited_task_reaches_who_awaits_it():
    powered()

    async def fail():
        await asyncio.sleep_ms(1)
        raise ValueError("no")

    async def main():
        await asyncio.create_task(fail())

    asyncio.new_event_loop()
    assert refused(ValueError, asyncio.run, main())


def test_a_task_that_only_yields_does_not_stop_time():
    powered()

    async def main():
        while SILICON.clock.ms() < 100:
            await asyncio.sleep_ms(0)

    asyncio.new_event_loop()
    asyncio.run(main())
    assert 100 <= SILICON.clock.ms() < 102


def test_a_hold_keeps_the_firmware_and_lets_the_world_go_on():
    powered()
    clock = SILICON.clock
    seen = []

    async def main():
        clock.after(20000, lambda _: clock.hold(45))
        clock.after(40000, lambda _: seen.append(clock.ms()))
        began = time.ticks_ms()
        await asyncio.sleep_ms(25)
        return time.ticks_diff(time.ticks_ms(), began)

    asyncio.new_event_loop()
    assert 65 <= asyncio.run(main()) <= 67
    assert seen == [40]


def test_blocking_sleeps_are_counted():
    powered()
    time.sleep_ms(30)
    time.sleep(0.5)
    assert SILICON.clock.blocked_us == 530000
    assert SILICON.clock.ms() == 530


def test_a_poll_without_streams_lets_its_time_pass():
    powered()
    poller = select.poll()
    assert poller.poll(70000) == []
    assert 70000 <= SILICON.clock.ms() <= 70002


def _pair():
    server, port = ports.tcp_listener()
    client = socket.socket()
    client.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
    accepted = server.accept()[0]
    server.close()
    for end in (client, accepted):
        end.setblocking(False)
    return client, accepted


def test_real_sockets_are_polled_for_real_in_virtual_time():
    powered()
    near, far = _pair()
    poller = select.poll()
    poller.register(near, select.POLLIN)
    assert poller.poll(1000) == []
    assert 1000 <= SILICON.clock.ms() <= 1002
    far.write(b"now")
    assert len(poller.poll(100000)) == 1
    assert SILICON.clock.ms() < 60000
    poller.unregister(near)
    assert not poller.real
    near.close()
    far.close()


def test_virtual_time_waits_for_the_peer_of_a_real_socket():
    powered()
    SILICON.clock.socket_rate = 100
    near, far = _pair()
    poller = select.poll()
    poller.register(near, select.POLLIN)
    utime.sleep_ms(60)  # a host that was busy: the peer has had no time from that
    began = utime.ticks_ms()
    poller.poll(5000)
    assert utime.ticks_diff(utime.ticks_ms(), began) >= 40
    near.close()
    far.close()


def test_accelerated_time_takes_its_share_of_real_time():
    powered()
    began = utime.ticks_ms()
    SILICON.clock.set_speed(50)
    select.poll().poll(5000)
    took = utime.ticks_diff(utime.ticks_ms(), began)
    SILICON.clock.set_speed(0)
    assert took >= 95, took


def test_real_time_answers_a_socket_at_once():
    powered()
    SILICON.clock.set_speed(1)
    near, far = _pair()
    poller = select.poll()
    poller.register(near, select.POLLIN)
    far.write(b"now")
    began = utime.ticks_ms()
    assert len(poller.poll(60000)) == 1
    assert utime.ticks_diff(utime.ticks_ms(), began) < 30000  # it did not wait for the end
    near.close()
    far.close()
    SILICON.clock.set_speed(0)


def test_only_a_connection_that_was_made_slows_virtual_time_down():
    powered()
    import socket as twin

    peers = SILICON.clock.peers
    port = ports.free_tcp_port()
    listener = twin.socket()
    address = twin.getaddrinfo("127.0.0.1", port)[0][-1]
    listener.bind(address)
    listener.listen(1)
    assert peers.present
    peers.look()
    assert not peers.present
    made = twin.socket()
    made.connect(address)
    SILICON.clock.advance(200000)
    assert peers.present
    made.close()
    peers.look()
    assert not peers.present
    peers.close()
    assert refused(OSError, listener.accept) and SILICON.lookups == []


def test_garbage_is_collected_by_wish_by_threshold_and_when_the_heap_is_full():
    powered()
    import gc

    assert gc is __import__("collector")
    heap = SILICON.heap
    began = SILICON.clock.now()
    gc.collect()
    assert SILICON.clock.now() - began == 14000 and heap.collections == 1
    assert 71000 <= gc.mem_alloc() < 81000 and gc.mem_alloc() + gc.mem_free() == 148000
    for limit, amount in ((-1, 90000), (12000, 15000)):
        gc.threshold(limit)
        before = heap.collections
        SILICON.clock.advance(1000000)
        assert heap.collections == before
        SILICON.clock.after(1000, len, "")
        for _ in range(amount // 500):
            bytearray(1000)
        SILICON.clock.advance(1000000)
        assert heap.collections == before + 1, limit
    assert gc.threshold() == 12000 and gc.isenabled()
