"""Addresses of meters: every form, and what is wrong with others."""

from firmware.codec.meter_address import AddressError, MeterAddress

CASES = (
    ("COM1,9600,8,e,1", "rtu", {"port": 1, "baud": 9600, "bits": 8, "parity": 0, "stop": 1}),
    ("com2, 115200, 8, N, 2", "rtu", {"port": 2, "baud": 115200, "parity": None, "stop": 2}),
    ("COM1,1200,7,o,1", "rtu", {"baud": 1200, "bits": 7, "parity": 1}),
    ("192.168.1.5:4702", "tcp", {"host": "192.168.1.5", "port": 4702}),
    ("meter.local", "tcp", {"host": "meter.local", "port": 502}),
    ("http://10.0.0.7", "http", {"host": "10.0.0.7", "port": 80, "user": "", "path": ""}),
    ("http://admin:a%40b%3Ac@shelly:8080/base/", "http",
        {"host": "shelly", "port": 8080, "user": "admin", "password": "a@b:c", "path": "/base"}),
    ("http://u:p@w@host", "http", {"host": "host", "user": "u", "password": "p@w"}),
)  # fmt: skip

WRONG = (
    "", "x" * 201, "COM1,9600", "COM1,9600,8,x,1", "COM0,9600,8,n,1", "COM1,300,8,n,1",
    "COM1,9600,9,n,1", "COM1,9600,8,n,3", "COM1,x,8,n,1", "host:0", "host:65536", "host:x",
    ":502", "a b", "https://host", "ftp://host", "http://", "http://u:%zz@host", "http://a:b:c/",
)  # fmt: skip


def test_every_form_is_understood():
    for text, kind, parts in CASES:
        address = MeterAddress(text)
        assert address.kind == kind, text
        for name, value in parts.items():
            assert getattr(address, name) == value, (text, name, getattr(address, name))


def test_a_topic_is_taken_as_it_is():
    address = MeterAddress("home/meter", mqtt=True)
    assert address.kind == "topic" and address.path == "home/meter"


def test_devices_on_the_same_line_share_it():
    assert MeterAddress("a:502").line() == MeterAddress("a").line()
    assert MeterAddress("a:503").line() != MeterAddress("a").line()
    assert MeterAddress("COM1,9600,8,n,1").line() == MeterAddress("COM1,9600,8,e,1").line()


def test_other_texts_are_refused():
    for text in WRONG:
        try:
            MeterAddress(text)
        except AddressError:
            continue
        raise AssertionError(text)
