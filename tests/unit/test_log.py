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


def test_the_newest_are_kept_in_so_many_bytes():
    log = Log(None, None, 96)
    for number in range(200):
        log.info("x", str(number))
    # 8 bytes beside the texts: eight entries of 12 bytes
    assert texts(log) == [str(number) for number in range(192, 200)]
    assert [entry[0] for entry in log.after(0)] == list(range(193, 201))
    assert log.number == 200
    log.info("long", "y" * 70)
    assert texts(log) == ["199", "y" * 70] and texts(log, 201) == []
    log.info("x", "z")
    assert texts(log) == ["y" * 70, "z"]


def test_times_levels_and_letters_of_every_width_come_back():
    log = Log(lambda: 0xFFFFFFFE, None)
    log.note(ERROR, "mètre", "ü€😀" * 100)
    assert list(log.after(0)) == [(1, 0xFFFFFFFE, ERROR, "mètre", ("ü€😀" * 100)[:200])]


def test_who_reads_while_entries_come_misses_only_what_has_gone():
    log = Log(None, None, 96)
    for number in range(8):
        log.info("x", str(number))
    seen = []
    for entry in log.after(0):
        seen.append(entry[4])
        if len(seen) == 2:
            for number in range(8, 14):
                log.info("x", str(number))
    # There is room for nine, so that 5 to 13 were there when the next one was asked for.
    assert seen == ["0", "1"] + [str(number) for number in range(5, 14)], seen


def test_a_larger_log_begins_with_what_there_is():
    log = Log(None, None, 96)
    for number in range(8):
        log.info("x", str(number))
    log.enlarge(400)
    for number in range(8, 20):
        log.info("x", str(number))
    assert texts(log) == [str(number) for number in range(20)]


def test_a_long_text_is_cut():
    log = Log(None, None)
    log.info("x", "a" * 1000)
    assert len(texts(log)[0]) == 200
