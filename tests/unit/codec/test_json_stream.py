import json

from firmware.codec.json_stream import Items, JsonStream, Live, plain

VALUES = (
    None,
    True,
    0,
    -5,
    1.5,
    "",
    "ok",
    'quote " and \\ and \n',
    "\u00e4\u20ac",
    [],
    {},
    [1, "a", None],
    (1, 2),
    {"a": 1, "b": [{"c": "d"}, []], "e": {}},
    ["x" * 1000],
    {"long": "\u20ac" * 700, "k": "y" * 65},
    [list(range(300))],
)


def written(stream):
    return b"".join(bytes(chunk) for chunk in stream.chunks())


def test_what_is_written_reads_back_and_has_the_announced_length():
    for value in VALUES:
        stream = JsonStream(value)
        length = stream.length()
        data = written(stream)
        assert len(data) == length, value
        expected = list(value) if isinstance(value, tuple) else value
        assert json.loads(data) == expected, value
        assert written(JsonStream(value)) == data


def test_an_array_can_come_from_an_iterator():
    stream = JsonStream({"all": Items(lambda: ({"n": n} for n in range(100)))})
    assert stream.length() == len(written(stream))
    assert json.loads(written(stream))["all"][99] == {"n": 99}


def test_no_chunk_is_longer_than_512_bytes_and_they_are_well_filled():
    stream = JsonStream([{"number": i, "text": "z" * 300} for i in range(50)])
    lengths = [len(chunk) for chunk in stream.chunks()]
    assert max(lengths) <= 512
    assert min(lengths[:-1]) >= 128


def test_a_chunk_ends_before_a_live_part_and_measuring_pauses_there():
    made = []

    def make(number):
        made.append(number)
        return {"n": number}

    stream = JsonStream([1, Live(lambda: make(1)), Live(lambda: make(2))])
    pauses = []
    for enough in stream.steps():
        pauses.append((enough, len(made)))
    assert [count for enough, count in pauses if enough] == [0, 1, 1, 2]
    made.clear()
    counts = [(bytes(chunk), len(made)) for chunk in stream.chunks()]
    assert [count for _, count in counts] == [0, 1, 2], counts
    assert counts[0][0] == b"[1,"


def test_numbers_that_json_cannot_say_become_null():
    assert JsonStream([float("inf"), float("nan"), -float("inf")]).text() == "[null,null,null]"


def test_live_parts_may_change_between_measuring_and_writing():
    reading = {"power": 1}
    stream = JsonStream({"a": Live(lambda: reading), "b": [Live(lambda: {"n": len(reading)})]})
    length = stream.length()
    reading["power"] = 123456789
    data = written(stream)
    assert len(data) == length
    assert json.loads(data) == {"a": {"power": 123456789}, "b": [{"n": 1}]}


def test_a_live_part_that_outgrew_its_room_loses_members_but_the_length_stays():
    reading = {}
    for size in range(0, 300, 7):
        reading.clear()
        reading["n"] = 1
        stream = JsonStream([Live(lambda: reading), 5])
        length = stream.length()
        reading["text"] = "x" * size
        reading["list"] = [1, 2, 3]
        data = written(stream)
        assert len(data) == length, size
        read, five = json.loads(data)
        assert five == 5 and (read == reading or set(read) < set(reading)), (size, read)


def test_live_parts_that_became_empty_are_still_as_long():
    reading = {"n": 1}
    stream = JsonStream(Live(lambda: reading))
    length = stream.length()
    reading.clear()
    assert len(written(stream)) == length and stream.length() == length


def test_without_measuring_live_parts_are_written_without_blanks():
    assert JsonStream([Live(dict), Live(lambda: {"a": [1]})]).text() == '[{},{"a":[1]}]'


def test_live_parts_are_made_one_at_a_time():
    alive = []

    def make(number):
        alive.append(number)
        return {"n": number}

    stream = JsonStream([Live(lambda n=n: make(n)) for n in range(25)])
    steps = stream.steps()
    next(steps)
    assert len(alive) <= 2
    for _ in steps:
        pass
    assert alive == list(range(25))


def test_a_stream_can_be_written_twice():
    stream = JsonStream([Live(lambda: {"a": 1.5}), "b"])
    stream.length()
    assert written(stream) == written(stream)


def test_plain_makes_all_parts():
    assert plain({"a": [Live(lambda: {"b": Items(lambda: iter("xy"))})]}) == {
        "a": [{"b": ["x", "y"]}]
    }
