"""What arrives on and leaves through the MQTT topics, and when."""

from micropython import const

from firmware.api.chores import entry_shown
from firmware.api.commands import ADMIN, ANYONE
from firmware.api.errors import ApiError
from firmware.codec import json_text
from firmware.codec.json_stream import JsonStream, Live
from firmware.log import NAMES
from firmware.ticks import since

_PERIOD = const(1000)
_AT_LEAST = const(60000)
_STEPS = const(6)
_AT_ONCE = const(10)
_MOST_ANSWERS = const(8)
_MOST_DEVICES = const(32)
_FUNCTIONS = ((b"api", "api"), (b"ctl", "control"), (b"set", "input"))


class Topics:
    """Executes set/…, ctl and api/…; says with `due` what is to be published.

    `publish(function, topic, payload, correlation=None)` hands a message to the client of the
    broker that serves `function` ("info", "input", "api", "control", "log"); payload is a
    JsonStream.
    """

    def __init__(self, box, publish):
        self._box = box
        self._publish = publish
        self._sent = {}
        self._signatures = {}
        self._signature = 0
        self._measured = None
        self._answers = []
        self._cursor = 0
        self._logged = 0
        mqtt = box.settings.mqtt
        self.root = f"cfos_mqtt_{box.system.serial}" if mqtt.use_serial_number else "cfos_mqtt"

    def filters(self):
        """Yield (function, topic filter) for everything to be subscribed, QoS 1."""
        # Also what is switched off: it is answered with the reason.
        yield "input", self.root + "/set/+"
        yield "control", self.root + "/ctl"
        yield "api", self.root + "/api/#"

    def received(self, topic, payload, message):
        """Do what an arriving message asks; views are only read during the call."""
        tail = self._tail(topic)
        if message.retain:
            # What a broker kept is what somebody wanted once, not what somebody wants now.
            text = f"retained message on {shown(_text(topic))} not executed"
            self._box.log.warning("mqtt", text)
        elif tail.startswith(b"api/"):
            self._api(_text(tail[4:]), payload, message)
        elif tail == b"ctl":
            self._answer("control", {"ctl": self._control(payload)}, message)
        elif tail.startswith(b"set/"):
            self._set(_text(tail[4:]), payload, message)
        else:
            self._box.log.warning("mqtt", f"no such topic: {shown(_text(topic))}")

    def skipped(self, topic, length: int):
        """Answer a request that is longer than the MQTT client reads."""
        function = dict(_FUNCTIONS).get(self._tail(topic).split(b"/", 1)[0])
        if function:
            text = f"{length} bytes are too many for a request over MQTT; HTTP takes longer ones"
            self._send(ApiError("too_long", text).answer(), (function, None, None))

    def _tail(self, topic) -> bytes:
        """What follows the root; as bytes, because for each new str names are looked through."""
        name = topic.encode() if isinstance(topic, str) else bytes(topic)
        root = self.root.encode() + b"/"
        return name[len(root) :] if name.startswith(root) else b""

    def _api(self, query, payload, message):
        mqtt = self._box.settings.mqtt
        role = ADMIN if mqtt.api_admin else ANYONE
        if not mqtt.api:
            answer = self._refused("not_allowed", "the API over MQTT is switched off (mqtt.api)")
        else:
            answer = self._box.commands.call(query, payload, role)
            if isinstance(answer, dict) and "error" in answer:
                self._box.log.warning("api", answer["error"]["text"])
        self._answer("api", answer, message)

    def _answer(self, function, answer, message):
        """Answer on the broker that the request came from."""
        response = _text(message.response_topic) if message.response_topic else None
        correlation = bytes(message.correlation) if message.correlation else None
        if hasattr(answer, "then"):
            answer.then = lambda made: self._send(made, (function, response, correlation))
        else:
            self._send(answer, (function, response, correlation))

    def _send(self, answer, to):
        stream = JsonStream(answer)
        self._answers.append((stream, stream.steps(), to))
        if len(self._answers) == 1:
            self._proceed(_AT_ONCE)
        elif len(self._answers) > _MOST_ANSWERS:
            self._answers.pop(0)
            self._box.log.warning("mqtt", "answers come too fast; one was left out")

    def _proceed(self, most: int):
        """Measure the first answer a little further; send it when its length is known."""
        stream, steps, (function, response, correlation) = self._answers[0]
        if not _finished(steps, most):
            return
        self._answers.pop(0)
        if stream.length() > self._box.settings.mqtt.max_answer:
            where = f"http://{self._box.system.address() or 'the box'}/cnf"
            text = f"answer of {stream.length()} bytes is too long for MQTT; ask {where}"
            stream = JsonStream(ApiError("too_long", text).answer())
        self._publish(function, self.root + "/api_res", stream)
        if response:
            self._publish(function, response, stream, correlation)

    def _set(self, dev_id, payload, message):
        name = "set_ajax_evse" if dev_id.startswith("E") else "set_ajax_meter"
        answer = self._attempt(lambda: self._box.commands.run(name, {"dev_id": dev_id}, payload))
        if answer != "ok":
            self._answer("input", {"set": {dev_id[:8]: answer}}, message)

    def _control(self, payload):
        settings = self._box.settings
        if not settings.mqtt.control:
            return self._refused("not_allowed", "control over MQTT is switched off (mqtt.control)")
        if settings.params.lb_enabled:
            return self._refused("not_allowed", "load management is on; ctl needs observe mode")
        document = self._attempt(lambda: self._box.commands.document(payload))
        if not isinstance(document, dict) or len(document) > _MOST_DEVICES:
            return self._refused("bad_value", "an object such as {E1: {cur: 8000}} expected")
        if "error" in document:
            return document
        return {dev_id[:8]: self._one(dev_id, asked) for dev_id, asked in document.items()}

    def _one(self, dev_id, members):
        device = self._box.devices.get(dev_id)
        if device is None or not dev_id.startswith("E"):
            return self._refused("unknown_device", f"no charge point {dev_id[:8]!r}", "dev_id")
        now = self._box.now()
        return self._attempt(lambda: device.control(members, now) or "ok")

    def _attempt(self, do):
        try:
            return do()
        except ApiError as error:
            return self._refused(error.code, error.text, error.parameter)
        except json_text.JsonError as error:
            return self._refused("unreadable", str(error), error.where)

    def _refused(self, code, text, parameter=""):
        self._box.log.warning("mqtt", text)
        return ApiError(code, text, parameter).answer()

    def busy(self) -> bool:
        """Whether something is being measured, so that `due` should soon be called again."""
        return bool(self._measured or self._answers)

    def due(self, now: int):
        """The next (function, topic, JsonStream) to publish; None when nothing is due.

        Looks at one topic per call and measures a long answer over several calls, so that many
        devices do not hold the loop: call it every 50 ms or so, and sooner while it is `busy`.
        Each topic is sent when its content changed, at most once per second and at least once per
        minute.
        """
        mqtt = self._box.settings.mqtt
        if self._answers:
            return self._proceed(_STEPS)
        if self._measured:
            return self._measure()
        if mqtt.log and self._logged < self._box.log.number:
            return self._entry(NAMES.index(mqtt.log_level))
        devices = self._box.devices
        self._cursor = (self._cursor + 1) % (len(devices) + 2)
        if self._cursor < 2 and not mqtt.info:
            return None
        if self._cursor == 0:
            self._look("get/dev_info", self._signature, now, "get_dev_info")
        elif self._cursor == 1:
            self._look("get/params", self._box.settings.changes, now, "get_params")
        else:
            self._device(devices.at(self._cursor - 2), now)
        return None

    def _device(self, device, now):
        signature = device.signature(now)
        if signature != self._signatures.get(device.dev_id):
            self._signatures[device.dev_id] = signature
            self._signature += 1
        if device.value("publish"):
            self._look("get/" + device.dev_id, signature, now, Live(lambda: device.info(now)))

    def _look(self, name, signature, now, value):
        sent = self._sent.get(name)
        if sent:
            age = since(now, sent[0])
            if 0 <= age < _PERIOD or (sent[1] == signature and 0 <= age < _AT_LEAST):
                return
        self._sent[name] = (now, signature)
        if isinstance(value, str):
            value = self._box.commands.run(value, {})
        stream = JsonStream(value)
        self._measured = ("info", f"{self.root}/{name}", stream), stream.steps()

    def _measure(self):
        ready, steps = self._measured
        if not _finished(steps, _STEPS):
            return None
        self._measured = None
        return ready

    def _entry(self, most):
        """The next entry of the log; what came faster than the log is long is lost."""
        entry = next(self._box.log.after(self._logged))
        self._logged = entry[0]
        if entry[2] > most:
            return None
        return "log", self.root + "/log", JsonStream(entry_shown(entry))


def _finished(steps, most: int) -> bool:
    """Measure a stream a little further; True when that was all."""
    for enough in steps:
        most -= 1
        if enough or not most:
            return False
    return True


def shown(topic: str) -> str:
    """A topic as the log may show it: queries hold the numbers of cards, and passwords."""
    place = topic.find("/api/")
    return topic[:60] if place < 0 else topic[:place] + "/api/…"


def _text(value) -> str:
    """Topic names come as views; what is not UTF-8 matches nothing."""
    if isinstance(value, str):
        return value
    try:
        return str(bytes(value), "utf-8")
    except UnicodeError:
        return ""
