"""What does not fit the memory any more is left out at the start, and said."""

from skip import Skip

from firmware import join
from tests.unit.api.bench import Bench
from tests.unit.app.test_mqtt_door import Meters


class Memory:
    """Stands in for `gc`, with as much free memory as a controller may have."""

    def __init__(self, free):
        self.free = free

    def collect(self):
        pass

    def mem_free(self):
        return self.free


class Sessions:
    publish = None


class App:
    """As much of the app as is needed to join it to its networks."""

    def __init__(self, **settings):
        self.box = Bench().box
        self.settings = self.box.settings
        self.settings.change({name.replace("__", "."): settings[name] for name in settings})
        self.log = self.box.log
        self.meters = Meters()
        self.sessions = Sessions()
        self.network_up = None
        self.started = []

    def start(self, name, run, *arguments):
        self.started.append(name)

    def said(self):
        return [entry[4] for entry in self.log.after(0) if entry[3] == "memory"]


def joined(app, name, free):
    real = join.gc
    join.gc = Memory(free)
    try:
        return getattr(join, name)(app, app.start)
    finally:
        join.gc = real


def test_with_psram_the_log_is_longer():
    for free, kept in ((90000, 22), (2000000, 200)):
        app = App()
        joined(app, "room", free)
        for number in range(200):
            app.log.info("meter", f"entry number {number} of many in a row")
        assert kept - 5 < len(list(app.log.after(0))) <= kept, free


def test_http_without_room_is_left_out_and_said():
    app = App(network__http=True, network__http_port=18291)
    assert joined(app, "web", 31999) is None
    assert "HTTP needs 32000 bytes, 31999 are free" in app.said()[0]
    assert not app.started


def test_tls_without_room_is_left_out_and_other_brokers_are_not():
    broker = {"mqtt__broker": "mqtt://10.0.0.1", "mqtt__log_broker": "mqtts://10.0.0.2"}
    app = App(**broker)
    door = joined(app, "brokers", 59999)
    assert list(door.clients) == ["mqtt://10.0.0.1"] and app.started == ["publish", "mqtt"]
    assert "TLS needs 60000 bytes, 59999 are free" in app.said()[0]


def test_tls_with_room_is_joined():
    try:
        import tls
    except ImportError:
        raise Skip("this port has no TLS")
    assert tls
    broker = {"mqtt__broker": "mqtt://10.0.0.1", "mqtt__log_broker": "mqtts://10.0.0.2"}
    app = App(**broker)
    assert sorted(joined(app, "brokers", 60000).clients) == ["mqtt://10.0.0.1", "mqtts://10.0.0.2"]
    assert not app.said()


def test_each_tls_connection_needs_its_own_room():
    app = App(mqtt__broker="mqtts://10.0.0.1", mqtt__log_broker="mqtts://10.0.0.2")
    assert not joined(app, "brokers", 119999).clients
    assert "120000" in app.said()[0]


def test_without_tls_nobody_asks_for_room():
    app = App(mqtt__broker="mqtt://10.0.0.1")
    assert len(joined(app, "brokers", 0).clients) == 1 and not app.said()
