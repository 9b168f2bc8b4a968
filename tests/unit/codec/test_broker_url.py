"""Broker URLs as users write them, right and wrong."""

from firmware.codec.broker_url import UrlError, broker_url, parse

GOOD = (
    # text, secure, version, may fall back, host, port, user, password
    ("mqtt://broker", False, 4, False, "broker", 1883, None, None),
    ("mqtts://broker", True, 4, False, "broker", 8883, None, None),
    ("mqtt3://10.0.0.7:1884", False, 4, False, "10.0.0.7", 1884, None, None),
    ("mqtts3://broker.lan", True, 4, False, "broker.lan", 8883, None, None),
    ("mqtt5://broker.local/", False, 5, True, "broker.local", 1883, None, None),
    ("mqtts5://b:1", True, 5, True, "b", 1, None, None),
    ("MQTT://Broker:65535", False, 4, False, "broker", 65535, None, None),
    ("mqtt://me@broker", False, 4, False, "broker", 1883, b"me", None),
    ("mqtt://me:@broker", False, 4, False, "broker", 1883, b"me", b""),
    ("mqtt://me:p%40ss%3aw@broker", False, 4, False, "broker", 1883, b"me", b"p@ss:w"),
    ("mqtt://m%C3%BC:a@b@broker", False, 4, False, "broker", 1883, b"m\xc3\xbc", b"a@b"),
    ("  mqtt://broker \n", False, 4, False, "broker", 1883, None, None),
)

BAD = (
    ("broker", "starts with none"),
    ("http://broker", "starts with none"),
    ("mqtt:/broker", "starts with none"),
    ("mqtt://", "no host"),
    ("mqtt://user@", "no host"),
    ("mqtt://:1883", "no host"),
    ("mqtt://broker:", "port"),
    ("mqtt://broker:0", "port"),
    ("mqtt://broker:65536", "port"),
    ("mqtt://broker:1883x", "port"),
    ("mqtt://broker:-1", "port"),
    ("mqtt://256.1.1.1", "not an IPv4"),
    ("mqtt://1.2.3", "not an IPv4"),
    ("mqtt://1.2.3.4.5", "not an IPv4"),
    ("mqtt://a..b", "empty"),
    ("mqtt://" + "a" * 64, "overlong"),
    ("mqtt://" + "a." * 130 + "b", "253"),
    ("mqtt://bro ker", "' '"),
    ("mqtt://broker/topic", "'/'"),
    ("mqtt://[::1]", "'['"),
    ("mqtt://u%4:p@broker", "hexadecimal"),
    ("mqtt://u:p%zz@broker", "hexadecimal"),
    ("mqtt://u:p%+1@broker", "hexadecimal"),
    ("mqtt://u:p%@broker", "hexadecimal"),
)


def test_good_urls_say_what_they_mean():
    for text, secure, version, falls_back, host, port, user, password in GOOD:
        url = broker_url(text)
        assert (url.secure, url.version, url.may_fall_back) == (secure, version, falls_back), text
        assert (url.host, url.port, url.user, url.password) == (host, port, user, password), text


def test_bad_urls_are_refused_with_the_reason():
    for text, reason in BAD:
        try:
            broker_url(text)
        except UrlError as error:
            assert reason in str(error), (text, str(error))
        else:
            raise AssertionError(text)


def test_the_empty_text_is_off_and_the_bare_word_is_the_default():
    default = parse("mqtt://broker")
    assert broker_url("") is None
    assert broker_url("  ", default) is None
    assert broker_url("mqtt", default) is default
    assert broker_url("mqtt") is None


def test_a_password_never_shows():
    url = parse("mqtts://user:secret@broker")
    assert "secret" not in repr(url) and repr(url) == "mqtts://broker:8883"
    try:
        parse("mqtt://user:secret@bro ker")
    except UrlError as error:
        assert "secret" not in str(error)


def test_urls_that_mean_the_same_share_one_key():
    assert parse("mqtt://Broker").key == parse("mqtt://broker:1883/").key
    assert parse("mqtt://a@broker").key != parse("mqtt://b@broker").key
    assert parse("mqtt://broker").key != parse("mqtts://broker:1883").key
