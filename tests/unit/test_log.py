from firmware.log import DEBUG, ERROR, Log


def texts(log, number=0):
    return [entry[4] for entry in log.after(number)]


def test_entries_are_numbered_echoed_and_read_back_in_order():
    echoed = []
    log = Log(lambda: 42, echoed.append)
    log.error("meter", "silent")
    log.info("mqtt", "connected")
    assert list(log.after(0)) == [
        (1, 42, ERROR, "meter", "silent"),
        (2, 42, 2, "mqtt", "connected"),
    ]
    assert texts(log, 1) == ["connected"]
    assert echoed == ["error: meter: silent", "info: mqtt: connected"]


def test_entries_above_the_level_are_dropped():
    log = Log(None, None)
    log.debug("x", "hidden")
    assert texts(log) == []
    log.level = DEBUG
    log.debug("x", "shown")
    assert texts(log) == ["shown"]


def test_the_ring_keeps_the_newest_64():
    log = Log(None, None)
    for number in range(200):
        log.info("x", str(number))
    assert texts(log) == [str(number) for number in range(136, 200)]
    assert log.number == 200


def test_a_long_text_is_cut():
    log = Log(None, None)
    log.info("x", "a" * 1000)
    assert len(texts(log)[0]) == 200
