from skip import Skip

from firmware.link.mqtt import ALWAYS
from firmware.mqtt_door import MqttDoor
from firmware.sessions import Sessions
from firmware.store.transactions import Transactions
from tests.unit.api.bench import Bench


class Meters:
    """No meter listens to MQTT, but `wanted` may say so."""

    def __init__(self, wanted=()):
        self.wanted = wanted
        self.taken = []

    def topics(self):
        return list(self.wanted)

    def received(self, topic, payload, now):
        if str(bytes(topic), "utf-8") not in self.wanted:
            return False
        self.taken.append(bytes(payload))
        return True


class Message:
    qos = 1
    response_topic = None
    correlation = None

    def __init__(self, retain=False, duplicate=False):
        self.retain = retain
        self.duplicate = duplicate


def door(meters=None, **settings):
    box = Bench().box
    box.settings.change({"mqtt.broker": "mqtt://127.0.0.1"})
    box.settings.change({"mqtt." + name: value for name, value in settings.items()})
    made = MqttDoor(box, meters or Meters(), None)
    made.connect()
    return box, made


def sent(made, topic, payload=b"", **flags):
    made._received(topic, memoryview(payload), Message(**flags))


def test_functions_that_name_the_same_broker_share_one_connection():
    _, made = door(log_broker="mqtt://10.0.0.9", log=True)
    assert len(made.clients) == 2


def test_a_function_without_a_broker_has_no_client_and_publishing_for_it_is_no_error():
    _, made = door(log_broker="")
    made.publish("log", "cfos_mqtt/log", b"x")
    assert len(made.clients) == 1


def test_a_request_that_the_broker_repeats_is_done_once():
    box, made = door()
    topic = b"cfos_mqtt/api/cmd=set_params"
    sent(made, topic, b'{"max_total_cur_prc": 70}')
    box.settings.change({"params.max_total_cur_prc": 55})
    sent(made, topic, b'{"max_total_cur_prc": 70}', duplicate=True)
    assert box.settings.params.max_total_cur_prc == 55


def test_values_of_meters_are_taken_as_often_as_they_come():
    box, made = door()
    box.settings.put("devices", {"dev_id": "M3", "dev_type": "meter_ajax"})
    box.devices.renew()
    topic = b"cfos_mqtt/set/M3"
    sent(made, topic, b'{"power_w": 5}')
    box.devices.get("M3").reading.power_w = None
    sent(made, topic, b'{"power_w": 5}')
    assert box.devices.get("M3").reading.power_w == 5


def test_a_message_for_a_meter_is_no_command():
    meters = Meters(("tele/house/SENSOR",))
    box, made = door(meters)
    sent(made, b"tele/house/SENSOR", b"{}")
    assert meters.taken == [b"{}"]


def test_a_broker_that_is_none_is_named_in_the_log_and_the_others_serve():
    box, made = door()
    box.settings.mqtt.log_broker = "mqtt://:1:2:3"
    made.connect()
    assert any("mqtt.log_broker" in entry[4] for entry in box.log.after(0))
    assert made.clients


def test_the_transaction_log_goes_to_its_own_broker_with_qos_1_and_hears_of_its_delivery():
    box, made = door(ta_log_broker="mqtt://10.0.0.9", ta_log=True)
    client = made.clients["mqtt://10.0.0.9"]
    sent = []
    client.publish = lambda *message, **flags: sent.append((message, flags)) or True
    point = box.devices.get("E1").point
    sessions = Sessions(point, Transactions(None, None, box.log), box.clock, box.log)
    made.keep_log(sessions)
    sessions.opened()
    (topic, payload, qos), flags = sent[0]
    assert topic == "cfos_mqtt/ta_log" and qos == 1 and flags["keep"] == ALWAYS
    assert '"event": "begin"' in payload.text() or '"event":"begin"' in payload.text()
    heard = []
    made.ta_log.delivered = heard.append
    client.on_delivered(b"cfos_mqtt/ta_log", payload)
    assert heard == [payload]


def test_without_a_broker_for_it_there_is_no_transaction_log():
    box, made = door(ta_log_broker="", ta_log=True)
    sessions = Sessions(box.devices.get("E1").point, Transactions(None, None, None), None, None)
    made.keep_log(sessions)
    assert made.ta_log is None and sessions.publish is None


def test_an_mqtt_5_answer_is_streamed_like_any_other():
    box, made = door(broker="mqtt5://127.0.0.1")
    sent = []
    client = made.clients["mqtt5://127.0.0.1"]
    client.publish = lambda topic, payload, **flags: sent.append((topic, None, payload))
    client.respond = lambda *answer: sent.append(answer)
    message = Message()
    message.response_topic, message.correlation = b"answers/mine", b"7"
    made._received(b"cfos_mqtt/api/cmd=get_dev_info", b"", message)
    for _ in range(50):
        made._topics.due(box.now())
    answers = [entry for entry in sent if entry[0] in ("cfos_mqtt/api_res", "answers/mine")]
    assert [entry[1] for entry in answers] == [None, b"7"]
    for _, _, payload in answers:
        sizes = [len(chunk) for chunk in payload.chunks()]
        assert sum(sizes) == payload.length() > 512 >= max(sizes)


def test_a_request_that_is_not_repeated_is_named_in_the_log_without_its_query():
    box, made = door()
    topic = b"cfos_mqtt/api/cmd=enter_rfid&rfid=98765432"
    sent(made, topic)
    sent(made, topic, duplicate=True)
    texts = [entry[4] for entry in box.log.after(0)]
    assert any("not done again: cfos_mqtt/api/" in text for text in texts)
    assert not any("98765" in text for text in texts)


def test_ctl_is_answered_on_the_broker_of_ctl():
    box, made = door(control_broker="mqtt://10.0.0.7", api_broker="")
    heard = []
    made.clients["mqtt://10.0.0.7"].publish = lambda *message, **flags: heard.append(message)
    sent(made, b"cfos_mqtt/ctl", b"{E1: {cur: 8000}}")
    assert [entry[0] for entry in heard] == ["cfos_mqtt/api_res"]


def test_a_request_that_is_too_long_to_be_read_is_answered():
    box, made = door()
    (client,) = made.clients.values()
    heard = []
    client.publish = lambda *message, **flags: heard.append(message)
    for topic in (b"cfos_mqtt/ctl", b"cfos_mqtt/api/cmd=set_params", b"cfos_mqtt/set/M3"):
        client.on_skipped(memoryview(topic), 65536)
    client.on_skipped(memoryview(b"tele/house/SENSOR"), 65536)
    for _ in range(10):
        made._topics.due(box.now())
    assert [message[0] for message in heard] == ["cfos_mqtt/api_res"] * 3
    assert all("65536" in message[1].text() for message in heard)
    assert all('"code":"too_long"' in message[1].text().replace(" ", "") for message in heard)


def test_the_transaction_log_hears_of_a_refusal():
    box, made = door(ta_log=True)
    (client,) = made.clients.values()
    sessions = Sessions(box.devices.get("E1").point, Transactions(None, None, None), None, None)
    made.keep_log(sessions)
    heard = []
    made.ta_log.refused = heard.append
    client.on_refused(b"cfos_mqtt/ta_log", "x")
    assert heard == ["x"]


def test_the_settings_for_tls_and_sizes_reach_the_client():
    from firmware.codec.broker_url import parse

    try:
        import tls
    except ImportError:
        raise Skip("this port has no TLS")
    assert tls

    box, made = door(
        max_message=2048,
        tls_ca_file="/data/ca.pem",
        tls_certificate_file="/data/own.pem",
        tls_key_file="/data/own.key",
        tls_wait_s=600,
    )
    options = made._options(parse("mqtts://broker"))
    trust = options.trust
    assert options.receive_limit == 2048
    assert (trust.ca, trust.certificate, trust.key) == (
        "/data/ca.pem",
        "/data/own.pem",
        "/data/own.key",
    )
    assert trust.longest_wait_ms == 600000 and trust.may_handshake is box.may_hold


def test_a_transaction_log_that_is_off_is_not_even_loaded():
    box, made = door()
    sessions = Sessions(box.devices.get("E1").point, Transactions(None, None, None), None, None)
    made.keep_log(sessions)
    assert made.ta_log is None
    box.settings.change({"mqtt.ta_log": True})
    made.look(box.now())
    assert made.ta_log is not None and sessions.publish == made.ta_log.told
