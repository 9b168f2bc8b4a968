from firmware.api.chores import Chores
from firmware.api.plans import limit_at
from firmware.charge import faults
from firmware.codec.json_stream import JsonStream
from firmware.codec.rtu import FrameError
from firmware.log import DEBUG, INFO
from firmware.meter.rota import Rota
from tests.unit.api.bench import Bench

ENTRY = {
    "nr": 1,
    "dev_id": "E1",
    "begin": 1700000000,
    "end": 1700003600,
    "duration_s": 3600,
    "charging_s": 3000,
    "energy_wh": 11000,
    "meter_begin_wh": 5,
    "meter_end_wh": 11005,
    "user": '=cmd|"x",1',
    "rfid": "…56",
    "reason": "unplugged",
}


class Transactions:
    def entries(self, first, last):
        for entry in (ENTRY, ENTRY | {"nr": 2, "user": None, "end": None}):
            if first <= entry["begin"] <= last:
                yield entry


def test_restart_reset_and_sync_are_only_asked_for():
    bench = Bench()
    assert bench.ask("cmd=restart", None, 0)["error"]["code"] == "not_allowed"
    assert bench.ask("cmd=restart") == "ok" and bench.ask("cmd=sync") == "ok"
    assert bench.ask("cmd=factory_reset")["error"]["parameter"] == "confirm"
    assert bench.ask("cmd=factory_reset&confirm=0")["error"]["parameter"] == "confirm"
    assert bench.ask("cmd=factory_reset&confirm=1") == "ok"
    assert bench.box.system.asked == ["restart", "sync", "factory_reset"]


def test_clearing_faults_needs_an_admin_and_a_cause_that_is_gone():
    bench = Bench()
    standing = bench.point.faults
    standing.report(faults.RESIDUAL, 0)
    standing.report(faults.WELDED, 260)
    assert bench.ask("cmd=clear_faults", None, 0)["error"]["code"] == "not_allowed"
    standing.update(30000)
    standing.update(1)
    assert standing.active
    standing.report(faults.WELDED, 260)
    assert bench.ask("cmd=clear_faults") == "ok"
    standing.update(29999)
    standing.update(1)
    assert standing.active, "the cause was seen less than 30 s ago"
    standing.update(1)
    assert not standing.active


def test_the_log_is_read_from_a_number_on():
    bench = Bench()
    for number in range(10):
        bench.box.log.info("test", f"entry {number}")
    bench.box.log.error("test", "bad")
    entries = bench.ask("cmd=get_log&after=8")
    assert [entry["text"] for entry in entries] == ["entry 8", "entry 9", "bad"]
    assert entries[0] == {
        "nr": 9, "time": 1700000000, "level": "info", "topic": "test", "text": "entry 8"
    }  # fmt: skip
    assert [entry["text"] for entry in bench.ask("cmd=get_log&level=warning")] == ["bad"]
    assert len(bench.ask("cmd=get_log&count=3")) == 3


def test_diagnostic_logging_ends_by_itself():
    bench = Bench()
    chores = Chores(bench.box)
    assert bench.ask("cmd=set_diag_logging&enable=1") == "ok"
    chores.tick(bench.now)
    assert bench.box.log.level == DEBUG
    bench.now += 300000
    chores.tick(bench.now)
    assert bench.box.log.level == INFO and bench.box.debug_until is None


def test_transactions_come_as_objects_or_as_lines_for_a_spreadsheet():
    bench = Bench()
    assert bench.ask("cmd=get_transactions")["error"]["code"] == "not_supported"
    bench.box.transactions = Transactions()
    assert [entry["nr"] for entry in bench.ask("cmd=get_transactions")] == [1, 2]
    assert bench.ask("cmd=get_transactions&from=1700000001") == []
    lines = bench.ask("cmd=get_transactions&format=csv")
    assert lines[0].split(",")[:3] == ["nr", "dev_id", "begin"]
    assert lines[1].startswith("1,E1,1700000000,1700003600,3600,3000,11000,5,11005,")
    assert '"\'=cmd|""x"",1"' in lines[1]
    assert lines[2].startswith("2,E1,1700000000,,3600")


def test_a_backup_brings_everything_back_and_hides_passwords():
    bench = Bench()
    bench.meter("M3", role=3)
    bench.ask("cmd=set_params", "{title: 'A', network: {wifi_password: 'hush-hush'}}")
    document = bench.ask("cmd=backup")
    assert "hush" not in str(document)
    assert "hush" in str(bench.ask("cmd=backup&secrets=1"))
    text = JsonStream(document).text()
    bench.ask("cmd=set_params", "{title: 'B'}")
    answer = bench.ask("cmd=restore&dry=1", text)
    assert answer == {"changes": ["params.title: 'B' -> 'A'"], "messages": []}
    assert bench.box.settings.params.title == "B"
    assert bench.ask("cmd=restore", text)["changes"] == answer["changes"]
    assert bench.box.settings.params.title == "A"
    assert bench.box.settings.network.wifi_password == "hush-hush"
    assert bench.box.devices.get("M3").value("role") == 3


def test_a_bad_backup_changes_nothing_or_says_what_it_left_out():
    bench = Bench()
    for body in ("[]", "{}", "{version: 2}", "{version: 'x'}", "7"):
        assert "error" in bench.ask("cmd=restore", body), body
    before = bench.box.settings.document()
    answer = bench.ask("cmd=restore", "{version: 1, params: {title: 7, colour: 1}, devices: [1]}")
    assert len(answer["messages"]) == 2, answer
    assert bench.box.settings.params.title == "7"
    assert bench.box.devices.get("E1") is not None
    assert before["params"] != bench.box.settings.document()["params"]


def test_limits_of_a_plan_follow_the_clock():
    plan = [{"st": 1380, "dr": 120, "lm": 8000}, {"st": 1400, "dr": 10, "lm": 6000}]
    for minute, limit in ((0, 8000), (59, 8000), (60, None), (1379, None), (1380, 8000),
                          (1405, 6000), (1410, 8000)):  # fmt: skip
        assert limit_at(plan, minute) == limit, minute


def test_a_plan_becomes_a_limit_and_goes_again():
    bench = Bench()
    chores = Chores(bench.box)
    bench.box.settings.change({"network.time_zone": "UTC0"})
    revision = bench.box.settings.revision
    bench.time = 1700000000 - 1700000000 % 86400
    assert (
        bench.ask("cmd=set_cplan&dev_id=E1&tmp=1", "{cplan: [{st: 60, dr: 60, lm: 7000}]}") == "ok"
    )
    assert bench.box.settings.revision == revision
    for minute, limit in ((0, 16000), (60, 7000), (119, 7000), (120, 16000)):
        chores.tick(bench.now)
        bench.time = 1700000000 - 1700000000 % 86400 + minute * 60
        chores.tick(bench.now)
        expected = limit if limit == 7000 else 32000
        assert bench.point.limits.ruling()[1] == expected, minute
    assert bench.ask("cmd=get_cplan&dev_id=E1")["limit"] is None
    assert bench.ask("cmd=set_cplan&dev_id=$G", "{cplan: [{lm: 9000}]}") == "ok"
    assert bench.box.settings.revision == revision + 1
    chores.tick(bench.now)
    assert bench.point.limits.ruling() == ("plan", 9000)
    bench.time = None
    chores.tick(bench.now)
    assert bench.point.limits.ruling()[1] == 32000
    assert bench.ask("cmd=set_cplan&dev_id=$G", "{cplan: []}") == "ok"
    assert bench.box.settings.plans == []
    for body in ("{}", "{cplan: 5}", "{cplan: [{lm: -1}]}", "{cplan: [{st: 1440}]}", "7"):
        assert "error" in bench.ask("cmd=set_cplan&dev_id=E1", body), body
    assert "error" in bench.ask("cmd=set_cplan&dev_id=E7", "{cplan: []}")


def test_registers_read_as_the_vendor_documents_them():
    bench = Bench()
    for query, answer in (
        ("read=8002", 1),
        ("read=8000d", -821755904),
        ("read=8016s", "Open Wallbox"),
        ("read=8008s", "W00-0001"),
        ("read=8002&count=3", [1, 256, 512]),
        ("read=8058q", 1234567),
        ("read=8062d", 0),
        ("read=8092", 0),
        ("read=8094", 1),
        ("read=8062q", "bad modbus register size"),
        ("read=8002d", "bad modbus register size"),
        ("read=8044", "bad modbus register"),
        ("read=8002s", "bad modbus register"),
        ("read=x", "bad modbus register"),
        ("read=8113&count=9", "bad modbus register"),
        ("write=8044&value=7", "bad modbus register"),
        ("write=8062&value=7", "bad modbus register"),
        ("write=8093d&value=7", "bad modbus register size"),
    ):
        assert bench.ask("cmd=modbus&device=evse&" + query) == answer, query
    assert bench.ask("cmd=modbus&device=meter1&read=8002") == "unknown device"
    assert bench.ask("cmd=modbus&device=E1&read=8002") == "unknown device"
    assert bench.ask("cmd=modbus&device=evse&read=all")["8008s"] == "W00-0001"


def test_registers_control_the_charge_point():
    bench = Bench()
    assert bench.ask("cmd=modbus&device=evse&write=8093&value=100") == "ok"
    assert bench.point.limits.ruling() == ("controller", 10000)
    assert bench.ask("cmd=modbus&device=evse&write=8094&value=0") == "ok"
    assert not bench.point.enabled
    assert bench.ask("cmd=modbus&device=evse&write=8087&value=1") == "ok"
    assert bench.point.asked_phases == 1
    assert bench.ask("cmd=modbus&device=evse&write=8086&value=5")["error"]["code"] == "refused"
    assert bench.ask("cmd=modbus&device=evse&write=8083&values=[600]") == "ok"
    assert bench.box.settings.charge.control_ttl_s == 600
    assert bench.ask("cmd=modbus&device=evse&write=8085&value=9999")["error"]
    assert bench.ask("cmd=modbus&device=evse&write=8094")["error"]["parameter"] == "value"


class Master:
    def __init__(self, words):
        self.words = words
        self.asked = None

    def ask(self, *question):
        self.asked = question

    def order(self, *question):
        self.asked = question

    def order_many(self, *question):
        self.asked = question

    def word(self, index):
        return self.words[index]


class Line:
    """The RS485 line, as far as the proxy knows it."""

    def __init__(self):
        self.rota = Rota()


def test_the_proxy_asks_other_devices():
    bench = Bench()
    query = "cmd=modbus_get&addr=COM1,9600,8,N,1&id=5&reg=0x10"
    assert bench.ask(query)["error"]["code"] == "not_supported"
    bench.box.bus = Line()
    line = bench.box.bus.rota
    for tail, words, asked, answer in (
        ("", [513], (5, 3, 16, 1), 513),
        ("&type=d", [65535, 65534], (5, 3, 16, 2), -2),
        ("&type=d&order=lh&func=4", [2, 1], (5, 4, 16, 2), 65538),
        ("&type=f", [0x4366, 0x0000], (5, 3, 16, 2), 230.0),
        ("&type=s&cnt=2", [0x4142, 0x4300], (5, 3, 16, 2), "ABC"),
    ):
        later = bench.box.commands.call(query + tail, None, 2)
        turn = line.next(0)
        assert not later.ready and turn.device is later
        master = Master(words)
        later.ask(master, 0)
        assert master.asked == asked, tail
        line.answered(turn, master, 0)
        assert later.ready and later.answer == answer, tail
        assert line.next(0) is None
    later = bench.box.commands.call(query, None, 2)
    line.failed(line.next(0), FrameError("no answer"), 0)
    assert later.answer["error"]["code"] == "no_answer"
    later = bench.box.commands.call("cmd=modbus_set&id=5&reg=7&val=-2&type=d", None, 2)
    master = Master([])
    turn = line.next(10000)
    turn.device.ask(master, 10000)
    line.answered(turn, master, 10000)
    assert master.asked == (5, 7, [65535, 65534]) and later.answer == "ok"
    for bad in (
        "&id=5&reg=70000&val=1",
        "&id=5&reg=x&val=1",
        "&id=5&reg=1&val=70000",
        "&id=5&reg=1&val=x",
        "&id=0&reg=1&val=1",
        "&id=5&reg=1&val=1&addr=1.2.3.4:502",
    ):
        assert "error" in bench.box.commands.call("cmd=modbus_set" + bad, None, 2), bad


def test_a_dry_run_names_each_change_and_hides_secrets():
    from firmware.api.differences import differences

    old = {
        "version": 1,
        "params": {"title": "A"},
        "network": {"wifi_password": "old-secret"},
        "mqtt": {"broker": "mqtt://me:old-secret@host"},
        "devices": [{"dev_id": "E1", "name": "x"}, {"dev_id": "M1", "role": 3}],
        "users": [{"id": "4711", "name": "Eve"}],
    }
    new = {
        "version": 1,
        "params": {"title": "A", "min_pause_time": 60},
        "network": {"wifi_password": "new-secret"},
        "mqtt": {"broker": "mqtt://me:new-secret@host"},
        "devices": [{"dev_id": "M1", "role": 4}, {"dev_id": "E1", "name": "x"}],
        "users": [],
    }
    lines = list(differences(old, new))
    assert "params.min_pause_time: - -> 60" in lines
    assert "devices.M1.role: 3 -> 4" in lines
    assert len([line for line in lines if line.startswith("devices")]) == 1
    assert not any("secret" in line or "Eve" in line for line in lines), lines
    assert len(lines) == 5, lines
