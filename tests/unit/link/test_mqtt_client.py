"""The client against a peer in memory, in virtual time."""

from mqtt_peer import Peer, SilentLog

from firmware.codec.broker_url import broker_url
from firmware.link.line import PATIENCE_MS
from firmware.link.mqtt import ALWAYS, LATEST, NEWEST, MqttClient, Options
from firmware.link.stream import LinkError
from firmware.ticks import PERIOD, after, since

ACCEPTED = b"\x20\x02\x00\x00"
RESUMED = b"\x20\x02\x01\x00"


class Bench:
    """One client, one peer, one clock."""

    def __init__(self, url="mqtt://10.0.0.1", start=PERIOD - 5000, **options):
        self.now = start
        self.peer = Peer()
        self.log = SilentLog()
        chosen = Options()
        for name, value in options.items():
            setattr(chosen, name, value)
        self.client = MqttClient(broker_url(url), "box", self.log, options=chosen)
        self.client.line.open = self.peer.open
        self.client.clock = lambda: self.now
        self.client.on_message = self._message
        self.client.on_delivered = lambda topic, payload: self.delivered.append(bytes(payload))
        self.messages = []
        self.delivered = []

    def _message(self, topic, payload, message):
        self.messages.append((bytes(topic), bytes(payload), message.qos, message.retain))

    def steps(self, count=20):
        for _ in range(count):
            self.client.step(self.now)

    def run(self, ms):
        """Let time pass as the loop would."""
        end = after(self.now, ms)
        while since(end, self.now) > 0:
            wait = max(1, self.client.step(self.now))
            self.now = after(self.now, wait)

    def connect(self, answer=ACCEPTED):
        self.steps(3)
        self.peer.take()
        self.peer.say(answer)
        self.steps(2)
        assert self.client.connected, self.log.texts
        return self


def test_connects_with_one_write_and_knows_it():
    bench = Bench()
    assert not bench.client.connected and bench.client.status()["state"] == "off"
    bench.steps(5)
    assert bench.peer.writes == [b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x1e\x00\x03box"]
    assert bench.peer.address == ("10.0.0.1", 1883)
    assert bench.client.status()["state"] == "greeting"
    bench.peer.say(ACCEPTED)
    bench.steps(1)
    assert bench.client.connected and bench.client.status()["state"] == "connected"


def test_user_password_and_will_go_out():
    peer, log = Peer(), SilentLog()
    url = broker_url("mqtt://me:p%77@10.0.0.1")
    client = MqttClient(url, "box", log, will=("box/online", "offline", 1, True))
    client.line.open = peer.open
    client.clock = lambda: 0
    for _ in range(6):
        client.step(0)
    body = b"\x00\x04MQTT\x04\xee\x00\x1e\x00\x03box"
    body += b"\x00\x0abox/online\x00\x07offline\x00\x02me\x00\x02pw"
    assert peer.take() == bytes([0x10, len(body)]) + body


def test_every_state_on_the_way_has_a_deadline_and_another_attempt_follows():
    def deaf(peer):
        peer.is_ready = False

    def mute(peer):
        peer.is_ready = True

    for state, prepare in (("connecting", deaf), ("greeting", mute)):
        bench = Bench()
        bench.peer.prepare = prepare
        bench.run(100)
        assert bench.client.line.state == state
        bench.run(dict(PATIENCE_MS)[state] + 100)
        assert bench.client.line.state == "waiting" and bench.peer.closed
        assert bench.client.line.last_error == f"{state}: no answer for 10 s"
        bench.run(3000)
        assert bench.peer.attempts == 2


def test_a_name_without_an_answer_has_a_deadline_too():
    class Resolver:
        asked = 0

        def lookup(self, host, now):
            self.asked += 1
            return "10.0.0.9" if self.asked > 1500 else None

    bench = Bench("mqtt://broker.example")
    bench.client.line.resolver = Resolver()
    bench.run(9000)
    assert bench.client.line.state == "resolving" and not bench.peer.attempts
    bench.run(2000)
    assert bench.client.line.last_error == "resolving: no answer for 10 s"
    bench.run(20000)
    assert bench.peer.address == ("10.0.0.9", 1883)


def test_refusals_are_told_in_words():
    for code, text in (
        (1, "refused: version"),
        (4, "refused: user or password"),
        (5, "refused: not authorised"),
        (9, "refused: code 9"),
    ):
        bench = Bench()
        bench.steps(5)
        bench.peer.say(b"\x20\x02\x00" + bytes([code]))
        bench.steps(2)
        assert bench.client.line.last_error == f"greeting: {text}"
        assert not bench.client.connected and bench.peer.closed


def test_the_back_off_grows_from_one_to_sixty_seconds_and_never_stops():
    bench = Bench()

    def unreachable(peer):
        peer.refusal = LinkError("no way to that address")

    bench.peer.prepare = unreachable
    waits = []
    last = bench.now
    while len(waits) < 30:
        attempts = bench.peer.attempts
        bench.run(50)
        if bench.peer.attempts > attempts:
            waits.append(since(bench.now, last))
            last = bench.now
    assert 900 <= waits[1] <= 1700
    assert waits[1] < waits[3] < waits[6]
    assert all(29000 <= wait <= 61000 for wait in waits[8:])
    assert len({wait // 100 for wait in waits[8:]}) > 5
    assert bench.client.status()["failures"] >= 29


def test_a_broker_that_is_merely_down_is_looked_for_every_few_seconds():
    bench = Bench()

    def refused(peer):
        peer.refusal = LinkError("nothing listens there", True)

    bench.peer.prepare = refused
    bench.run(300000)
    attempts = bench.peer.attempts
    bench.run(100000)
    assert bench.peer.attempts - attempts >= 11


def test_without_a_network_nothing_is_tried():
    bench = Bench()
    bench.connect()
    up = [False]
    bench.client.network_up = lambda: up[0]
    bench.peer.cut = True
    bench.run(60000)
    assert bench.peer.attempts == 1
    up[0] = True
    bench.run(100)
    assert bench.peer.attempts == 2


def test_a_message_of_each_quality_arrives_and_is_answered():
    bench = Bench().connect()
    bench.peer.say(
        b"\x31\x05\x00\x01ahi" + b"\x32\x07\x00\x01a\x00\x05yo" + b"\x34\x07\x00\x01a\x00\x06do"
    )
    bench.steps(3)
    assert bench.messages == [
        (b"a", b"hi", 0, True),
        (b"a", b"yo", 1, False),
        (b"a", b"do", 2, False),
    ]
    assert bench.peer.take() == b"\x40\x02\x00\x05\x50\x02\x00\x06"
    bench.peer.say(b"\x3c\x07\x00\x01a\x00\x06do\x62\x02\x00\x06")
    bench.steps(3)
    assert bench.peer.take() == b"\x50\x02\x00\x06\x70\x02\x00\x06"
    assert len(bench.messages) == 3
    bench.peer.say(b"\x34\x07\x00\x01a\x00\x06re")
    bench.steps(3)
    assert bench.messages[3] == (b"a", b"re", 2, False)


def test_publishing_at_each_quality():
    bench = Bench().connect()
    assert bench.client.publish("a", "hi", 0, True)
    assert bench.peer.take() == b"\x31\x05\x00\x01ahi"
    assert bench.client.publish(b"a", b"yo", 1)
    assert bench.peer.take() == b"\x32\x07\x00\x01a\x00\x01yo"
    assert bench.client.publish(b"a", b"do", 2)
    assert bench.peer.take() == b"\x34\x07\x00\x01a\x00\x02do"
    bench.peer.say(b"\x40\x02\x00\x01\x50\x02\x00\x02")
    bench.steps(2)
    assert bench.delivered == [b"yo"]
    assert bench.peer.take() == b"\x62\x02\x00\x02"
    bench.peer.say(b"\x70\x02\x00\x02\x40\x02\x00\x63")
    bench.steps(2)
    assert bench.delivered == [b"yo", b"do"]


def test_every_packet_leaves_in_one_write():
    bench = Bench().connect()
    bench.client.publish("topic", "x" * 1000, 1)
    bench.client.subscribe("a/#")
    assert [write[0] for write in bench.peer.writes] == [0x10, 0x32, 0x82]


def test_what_waits_goes_out_after_connecting_by_policy():
    bench = Bench(queue=4)
    client = bench.client
    for number in range(3):
        assert client.publish("state", f"s{number}", keep=LATEST)
    for number in range(9):
        client.publish("log", f"l{number}", keep=NEWEST)
    assert client.publish("bill", "b1", 1, keep=ALWAYS)
    assert client.publish("bill", "b2", 1, keep=ALWAYS)
    assert client.publish("bill", "b3", 1, keep=ALWAYS)
    assert client.publish("bill", "b4", 1, keep=ALWAYS)
    assert not client.publish("bill", "b5", 1, keep=ALWAYS)
    assert not client.publish("log", "late", keep=NEWEST)
    bench.connect()
    bench.steps(3)
    heard = bench.peer.take()
    places = [heard.find(b"b%d" % number) for number in range(1, 5)]
    assert places == sorted(places) and places[0] > 0
    assert b"b5" not in heard and b"late" not in heard
    assert client.status()["dropped"] > 0


def test_unacknowledged_messages_are_sent_again_with_dup_only_in_a_resumed_session():
    for answer, expected in (
        (RESUMED, b"\x3a\x07\x00\x01a\x00\x01yo\x3c\x07\x00\x01a\x00\x02do\x62\x02\x00\x03"),
        (
            ACCEPTED,
            b"\x32\x07\x00\x01a\x00\x04yo\x34\x07\x00\x01a\x00\x05do\x34\x07\x00\x01a\x00\x06re",
        ),
    ):
        bench = Bench(clean=False).connect()
        bench.client.publish(b"a", b"yo", 1)
        bench.client.publish(b"a", b"do", 2)
        bench.client.publish(b"a", b"re", 2)
        bench.peer.say(b"\x50\x02\x00\x03")
        bench.steps(2)
        bench.peer.cut = True
        bench.run(2500)
        bench.peer.take()
        bench.peer.say(answer)
        bench.run(100)
        heard = bench.peer.take()
        assert sorted(heard) == sorted(expected), heard


def test_subscriptions_are_renewed_on_each_connection():
    bench = Bench()
    bench.client.subscribe("a/#", 1)
    bench.client.subscribe("b", 0)
    bench.connect()
    bench.steps(3)
    first = bench.peer.take()
    assert b"\x00\x03a/#\x01" in first and b"\x00\x01b\x00" in first
    bench.peer.cut = True
    bench.run(2500)
    bench.peer.take()
    bench.peer.say(ACCEPTED)
    bench.run(50)
    second = bench.peer.take()
    assert b"\x00\x03a/#\x01" in second and b"\x00\x01b\x00" in second
    bench.client.unsubscribe("b")
    assert bench.peer.take()[0] == 0xA2


def test_a_refused_subscription_is_named():
    bench = Bench()
    bench.client.subscribe("secret/#", 1)
    bench.connect()
    bench.steps(2)
    packet = bench.peer.take()
    bench.peer.say(b"\x90\x03" + packet[2:4] + b"\x80")
    bench.steps(2)
    assert any("secret/#" in text for text in bench.log.texts)
    bench.run(30000 - 14000)
    assert bench.client.connected


def test_a_quiet_connection_is_pinged_and_a_mute_broker_noticed():
    bench = Bench(keepalive_s=20).connect()
    bench.run(10500)
    assert bench.peer.take() == b"\xc0\x00"
    bench.peer.say(b"\xd0\x00")
    bench.run(9000)
    assert bench.peer.take() == b"" and bench.client.connected
    bench.run(2000)
    assert bench.peer.take() == b"\xc0\x00"
    bench.run(11000)
    assert "no answer to a ping" in bench.client.line.last_error


def test_a_publisher_of_quality_0_still_notices_a_mute_broker():
    bench = Bench(keepalive_s=20).connect()
    for _ in range(30):
        bench.client.publish("a", "b")
        bench.run(1000)
    assert "ping" in bench.client.line.last_error


def test_a_broker_that_never_reads_is_left_and_nothing_grows():
    bench = Bench(keepalive_s=60, queue=8).connect()
    bench.peer.accepts = 100
    for number in range(500):
        bench.client.publish("a", f"{number}" * 50, 0, keep=NEWEST)
        bench.run(20)
        assert bench.client.status()["queued"] <= 8
    bench.run(13000)
    assert "reads nothing" in bench.client.line.last_error


def test_a_broker_that_owes_an_acknowledgement_is_left():
    bench = Bench(keepalive_s=60).connect()
    bench.client.publish("a", "b", 1)
    bench.run(21000)
    assert "no acknowledgement" in bench.client.line.last_error


def test_slow_peers_are_understood_byte_by_byte():
    bench = Bench()
    bench.client.subscribe("a")
    bench.connect()
    bench.peer.portion = 1
    bench.peer.say(b"\x32\x07\x00\x01a\x00\x05yo")
    bench.steps(3)
    assert bench.messages == [(b"a", b"yo", 1, False)]


def test_protocol_violations_end_in_a_clean_disconnect_with_the_reason():
    for data, reason in (
        (b"\x00\x00", "kind"),
        (b"\x20\x02\x00\x00", "order"),
        (b"\x30\x03\x00\x01\xff", "topic"),
        (b"\x36\x05\x00\x01a\x00\x01", "flags"),
    ):
        bench = Bench().connect()
        bench.peer.say(data)
        bench.steps(2)
        assert bench.peer.take() == b"\xe0\x00" and bench.peer.closed
        assert reason in bench.client.line.last_error
        assert not bench.client.connected


def test_anything_before_connack_is_refused():
    bench = Bench()
    bench.steps(4)
    bench.peer.say(b"\x30\x03\x00\x01a")
    bench.steps(2)
    assert "order" in bench.client.line.last_error and not bench.messages


def test_a_large_message_is_skipped_acknowledged_and_reported():
    bench = Bench(receive_limit=64).connect()
    bench.peer.say(b"\x32\xe8\x07\x00\x03a/b\x00\x09" + b"x" * 993 + b"\x30\x04\x00\x01az")
    bench.steps(10)
    assert bench.messages == [(b"a", b"z", 0, False)]
    assert bench.peer.take() == b"\x40\x02\x00\x09"
    assert bench.client.status()["skipped"] == 1
    assert any("1000 bytes" in text and "a/b" in text for text in bench.log.texts)


def test_a_skipped_message_is_told_of_and_its_query_is_not_logged():
    bench = Bench(receive_limit=64).connect()
    skipped = []
    bench.client.on_skipped = lambda topic, length: skipped.append((bytes(topic), length))
    bench.peer.say(b"\x30\xe8\x07\x00\x08api/r=77" + b"x" * 990)
    bench.steps(10)
    assert skipped == [(b"api/r=77", 1000)]
    assert not any("77" in text for text in bench.log.texts)


def test_with_5_a_message_that_the_broker_refuses_was_not_delivered():
    bench = Bench("mqtt5://10.0.0.1")
    bench.steps(6)
    bench.peer.say(ACCEPTED_5)
    bench.steps(2)
    refused = []
    bench.client.on_refused = lambda topic, payload: refused.append((topic, payload))
    bench.peer.take()
    bench.client.publish("a", "1", 1)
    bench.client.publish("b", "2", 1)
    said = bench.peer.take()
    first, second = said[5:7], said[14:16]
    bench.peer.say(b"\x40\x03" + first + b"\x87\x40\x03" + second + b"\x10")
    bench.steps(4)
    assert (refused, bench.delivered) == ([(b"a", b"1")], [b"2"]), said
    assert any("refused" in text for text in bench.log.texts)


def test_the_receiver_may_publish_from_within_its_call():
    bench = Bench(send_buffer=64).connect()

    def echo(topic, payload, message):
        bench.client.publish("back", "x" * 500, 0, keep=NEWEST)

    bench.client.on_message = echo
    for number in range(1, 6):
        bench.peer.say(b"\x32\x05\x00\x01a\x00" + bytes([number]))
    bench.run(200)
    heard = bench.peer.take()
    assert heard.count(b"\x00\x04back" + b"x" * 500) == 5
    for number in range(1, 6):
        assert b"\x40\x02\x00" + bytes([number]) in heard


def test_subscriptions_leave_before_the_first_message():
    bench = Bench()
    bench.client.subscribe("c", 0)
    bench.client.on_connected = lambda: bench.client.publish(b"a", b"b")
    bench.steps(3)
    bench.peer.take()
    bench.peer.say(ACCEPTED)
    bench.steps(3)
    sent = bench.peer.take()
    assert sent[0] == 0x82 and sent.endswith(b"\x30\x04\x00\x01ab")


def test_what_receivers_publish_leaves_together_and_in_order():
    bench = Bench().connect()
    for number in range(8):
        bench.client.publish("a", b"%d" % number, 1)
    bench.steps(2)
    writes = len(bench.peer.writes)
    bench.client.on_delivered = lambda topic, payload: bench.client.publish(
        topic, payload * 300, 1, keep=ALWAYS
    )
    bench.peer.take()
    bench.peer.say(b"".join(b"\x40\x02\0%c" % number for number in range(1, 9)))
    bench.steps(1)
    assert len(bench.peer.writes) - writes == 2
    sent = bench.peer.take()
    assert len(sent) == 8 * 308
    assert [sent[at + 8 : at + 9] for at in range(0, len(sent), 308)] == [
        b"%d" % number for number in range(8)
    ]


def test_a_receiver_that_publishes_to_a_broker_that_reads_nothing_is_told_so():
    bench = Bench(queue=4).connect()
    taken = []
    bench.client.on_message = lambda *_: taken.append(
        bench.client.publish("a", b"x" * 600, 0, keep=ALWAYS)
    )
    bench.peer.accepts = 0
    bench.peer.say(b"\x30\x03\0\x01a" * 8)
    bench.steps(1)
    assert taken == [True] * 6 + [False] * 2
    bench.peer.accepts = 10000
    bench.steps(5)
    assert len(bench.peer.take()) == 6 * 606


def test_one_step_takes_a_few_messages_only():
    bench = Bench().connect()
    bench.peer.say(b"\x30\x03\x00\x01a" * 100)
    assert bench.client.step(bench.now) == 0
    assert 1 <= len(bench.messages) <= 8
    bench.run(500)
    assert len(bench.messages) == 100


def test_closing_says_good_bye():
    bench = Bench().connect()
    bench.client.close()
    assert bench.peer.take() == b"\xe0\x00" and bench.peer.closed
    assert bench.client.status()["state"] == "off"


ACCEPTED_5 = b"\x20\x03\x00\x00\x00"


def spoken(bench):
    """The version in the CONNECT packets since the last call."""
    heard = bench.peer.take()
    return heard[heard.find(b"MQTT") + 4] if b"MQTT" in heard else 0


def test_falls_back_from_5_however_the_broker_refuses_it_and_remembers():
    for refusal in (b"\x20\x03\x00\x84\x00", b"\x20\x02\x00\x01", b"\x20\x02\x00\x02", None):
        bench = Bench("mqtt5://10.0.0.1")
        bench.steps(6)
        assert spoken(bench) == 5
        if refusal:
            bench.peer.say(refusal)
        else:
            bench.peer.cut = True
        bench.run(1500)
        if refusal == b"\x20\x02\x00\x02":  # a good answer to 5, but a no: 5 stays
            assert spoken(bench) == 5
            continue
        assert spoken(bench) == 4
        bench.peer.say(ACCEPTED)
        bench.steps(2)
        assert bench.client.connected and bench.client.status()["version"] == 4
        bench.peer.cut = True
        bench.run(2500)
        assert spoken(bench) == 4


def test_what_a_5_broker_said_is_forgotten_when_3_1_1_is_spoken():
    bench = Bench("mqtt5://10.0.0.1")
    bench.steps(6)
    bench.peer.say(b"\x20\x06\x00\x84\x03\x21\x00\x01")
    bench.run(1500)
    bench.peer.take()
    bench.peer.say(ACCEPTED)
    bench.steps(2)
    assert bench.client.connected
    bench.client.publish("a", "b", 1)
    assert bench.peer.take() == b"\x32\x06\x00\x01a\x00\x01b"


def test_a_write_that_is_refused_after_a_long_silence_has_its_time():
    bench = Bench(keepalive_s=200).connect()
    bench.run(50000)
    bench.peer.accepts = 0
    bench.client.publish("a", "b")
    bench.run(19000)
    assert bench.client.connected
    bench.peer.accepts = 1000
    bench.run(100)
    assert bench.client.connected and bench.peer.take() == b"\x30\x04\x00\x01ab"


def test_a_broker_that_was_only_starting_is_asked_for_5_again():
    bench = Bench("mqtt5://10.0.0.1")
    versions = []
    for _ in range(4):
        bench.run(9000)
        versions.append(spoken(bench))
        bench.peer.cut = True
    assert versions == [5, 4, 5, 4] or versions == [5, 4, 5, 0], versions


def test_a_forced_version_stays():
    for url, version in (("mqtt3://10.0.0.1", 4), ("mqtt://10.0.0.1", 4)):
        bench = Bench(url)
        bench.steps(6)
        assert spoken(bench) == version
        bench.peer.cut = True
        bench.run(1500)
        assert spoken(bench) == version


def test_with_5_the_brokers_limits_are_kept():
    bench = Bench("mqtt5://10.0.0.1")
    bench.steps(6)
    bench.peer.take()
    bench.peer.say(b"\x20\x10\x00\x00\x0d\x21\x00\x01\x24\x01\x13\x00\x05\x27\x00\x00\x00\x40")
    bench.steps(2)
    client = bench.client
    assert client.connected and client.keepalive_s == 5
    client.publish("a", "1", 2)
    client.publish("a", "2", 1, keep=ALWAYS)
    client.publish("b", "x" * 60, 0)
    assert bench.peer.take() == b"\x32\x07\x00\x01a\x00\x01\x001"
    bench.peer.say(b"\x40\x02\x00\x01")
    bench.steps(2)
    assert bench.peer.take() == b"\x32\x07\x00\x01a\x00\x02\x002"
    assert any("too large" in text for text in bench.log.texts)
    bench.run(3000)
    assert bench.peer.take() == b"\xc0\x00"


def test_with_5_a_will_that_the_broker_does_not_support_asks_for_less():
    bench = Bench("mqtt5://10.0.0.1")
    bench.client.will = (b"a", b"b", 1, True)
    for code, flags in ((0x9B, 0x2E), (0x9A, 0x26), (0, 0x06)):
        bench.run(4500)
        sent = bench.peer.take()
        assert sent[:1] == b"\x10" and sent[9] == flags, (code, sent)
        bench.peer.say(b"\x20\x03\x00%c\x00" % code)
        bench.steps(3)
    assert bench.client.connected
    assert bench.client.status()["last_error"] == "greeting: refused: retain not supported"


def test_with_5_what_a_broker_of_quality_0_takes_is_delivered_when_it_has_left():
    bench = Bench("mqtt5://10.0.0.1")
    refused = []
    bench.client.on_refused = lambda topic, payload: refused.append(bytes(payload))
    bench.steps(6)
    bench.peer.take()
    bench.peer.say(b"\x20\x05\x00\x00\x02\x24\x00")
    bench.steps(2)
    assert any("takes QoS 0 only" in text for text in bench.log.texts)
    bench.client.publish("a", "1", 1, keep=ALWAYS)
    bench.client.publish("a", "2", 0)
    assert bench.peer.take() == b"\x30\x05\x00\x01a\x001" + b"\x30\x05\x00\x01a\x002"
    bench.run(300)
    assert bench.delivered == [b"1"]
    bench.peer.accepts = 3
    bench.client.publish("a", "3", 2, keep=ALWAYS)
    bench.run(1000)
    assert bench.delivered == [b"1"] and not refused
    bench.peer.accepts = 3
    bench.run(300)
    assert bench.delivered == [b"1"]
    bench.peer.accepts = 100
    bench.run(300)
    assert bench.delivered == [b"1", b"3"]
    bench.peer.accepts = 3
    bench.client.publish("a", "4", 1, keep=ALWAYS)
    bench.peer.cut = True
    bench.run(100)
    assert bench.delivered == [b"1", b"3"] and refused == [b"4"]


def test_with_5_what_is_too_large_for_the_broker_is_refused():
    bench = Bench("mqtt5://10.0.0.1")
    refused = []
    bench.client.on_refused = lambda topic, payload: refused.append(len(payload))
    bench.steps(6)
    bench.peer.say(b"\x20\x08\x00\x00\x05\x27\x00\x00\x00\x40")
    bench.steps(2)
    bench.client.publish("a", "x" * 60, 1, keep=ALWAYS)
    bench.client.publish("a", "x" * 61, 0)
    bench.run(300)
    assert refused == [60] and not bench.delivered


def test_with_5_an_answer_carries_the_correlation_and_the_end_has_a_reason():
    bench = Bench("mqtt5://10.0.0.1")
    bench.steps(6)
    bench.peer.say(ACCEPTED_5)
    bench.steps(2)
    bench.peer.take()
    asked = []

    def answer(topic, payload, message):
        asked.append(message.response_topic)
        bench.client.respond(message.response_topic, message.correlation, b"ok")

    bench.client.on_message = answer
    bench.peer.say(b"\x30\x0d\x00\x01a\x08\x08\x00\x01r\x09\x00\x01c?")
    bench.steps(2)
    assert asked == [b"r"] and bench.peer.take() == b"\x30\x0a\x00\x01r\x04\x09\x00\x01cok"
    bench.peer.say(b"\xe0\x01\x8b")
    bench.steps(2)
    assert bench.client.line.last_error == "connected: ended by the broker: server shutting down"


def test_with_5_a_violation_is_answered_with_its_reason():
    bench = Bench("mqtt5://10.0.0.1")
    bench.steps(6)
    bench.peer.say(ACCEPTED_5)
    bench.steps(2)
    bench.peer.take()
    bench.peer.say(b"\x30\x07\x00\x01a\x03\x23\x00\x63")
    bench.steps(2)
    assert bench.peer.take() == b"\xe0\x01\x94"


class Streamed:
    """A payload that is made while it is sent."""

    def __init__(self, size):
        self.size = size

    def length(self):
        return self.size

    def chunks(self):
        for _ in range(self.size // 100):
            yield b"0123456789" * 10
        yield b"x" * (self.size % 100)


def test_streamed_payloads_leave_in_portions_and_whole():
    bench = Bench(send_buffer=256).connect()
    bench.client.publish("a", Streamed(5050))
    assert len(bench.peer.heard) < 1500
    bench.run(500)
    assert bench.peer.take() == b"\x30\xbd\x27\x00\x01a" + b"0123456789" * 500 + b"x" * 50


def test_a_streamed_payload_that_ends_early_ends_the_connection():
    bench = Bench(send_buffer=256).connect()
    streamed = Streamed(500)
    bench.client.publish("a", streamed, 1)
    streamed.length = lambda: 600
    bench.client.publish("b", streamed)
    bench.run(200)
    assert "shorter" in bench.client.line.last_error
