import json

from firmware.api.chores import Chores
from firmware.api.guard import same
from tests.unit.api.bench import Bench

USER = {"id": "u-0815", "name": "Anna", "dev_ids": ["E1"], "rfids": [{"id": "123456"}]}


def with_user(**card):
    bench = Bench()
    user = dict(USER)
    user["rfids"] = [{"id": "123456"} | card]
    assert bench.ask("cmd=set_user", json.dumps(user)) == "ok"
    bench.chores = Chores(bench.box)
    return bench


def plug(bench, letter):
    bench.point.shown = letter
    bench.now += 1000
    bench.chores.tick(bench.now)


def offered(bench):
    return bench.point.limits.ruling()


def test_without_users_everybody_may_charge():
    bench = Bench()
    bench.chores = Chores(bench.box)
    plug(bench, "B")
    assert offered(bench)[1] > 0


def test_an_assigned_user_makes_everybody_show_a_card():
    bench = with_user()
    plug(bench, "B")
    assert offered(bench) == ("authorisation", 0)
    assert bench.box.devices.get("E1").info(0)["needs_auth"] is True
    assert bench.ask("cmd=enter_rfid&rfid=999", None, 0)["error"]["code"] == "unknown_card"
    assert offered(bench) == ("authorisation", 0)
    assert bench.ask("cmd=enter_rfid&rfid=123456&dev_id=E1", None, 0) == "ok"
    assert offered(bench)[1] > 0
    assert bench.point.transaction.authorised == "Anna"
    plug(bench, "C")
    assert offered(bench)[1] > 0
    plug(bench, "F")
    assert offered(bench)[1] > 0
    plug(bench, "A")
    assert offered(bench) == ("authorisation", 0)


def test_the_limit_is_there_as_soon_as_a_user_is_assigned():
    bench = Bench()
    bench.box.settings.changed = lambda names: bench.box.devices.get("E1").follow(bench.now)
    assert bench.ask("cmd=set_user", json.dumps(USER)) == "ok"
    assert offered(bench) == ("authorisation", 0)


def test_a_card_shown_before_the_plug_holds_for_a_minute():
    bench = with_user()
    plug(bench, "A")
    assert bench.ask("cmd=enter_rfid&rfid=123456", None, 0) == "ok"
    bench.now += 50000
    plug(bench, "B")
    assert offered(bench)[1] > 0
    plug(bench, "A")
    assert bench.ask("cmd=enter_rfid&rfid=u-0815", None, 0) == "ok"
    bench.now += 70000
    plug(bench, "A")
    plug(bench, "B")
    assert offered(bench) == ("authorisation", 0)


def test_a_card_may_only_toggle():
    bench = with_user(ac_auth=False, ac_ovch=True)
    plug(bench, "B")
    assert bench.ask("cmd=enter_rfid&rfid=123456", None, 0) == "ok"
    assert bench.box.devices.get("E1").overrides == 1
    assert offered(bench)[1] == 0


def test_guessing_cards_slows_down():
    bench = with_user()
    for number in range(5):
        answer = bench.ask(f"cmd=enter_rfid&rfid=99{number}", None, 0)
        assert answer["error"]["code"] == "unknown_card"
    assert bench.ask("cmd=enter_rfid&rfid=123456", None, 0)["error"]["code"] == "slow_down"
    bench.now += 2000
    assert bench.ask("cmd=enter_rfid&rfid=123456", None, 0) == "ok"


def test_cards_are_masked_in_the_log():
    bench = with_user()
    bench.ask("cmd=enter_rfid&rfid=77777777", None, 0)
    bench.ask("cmd=enter_rfid&rfid=123456", None, 0)
    assert not any("123456" in line or "7777777" in line for line in bench.lines)
    assert any("56 accepted" in line for line in bench.lines)


def test_overrides_last_until_unplug_and_need_admin_or_card():
    bench = with_user()
    bench.ask("cmd=enter_rfid&rfid=123456")
    plug(bench, "B")
    assert bench.ask("cmd=override_device&dev_id=E1&flags=C", None, 0)["error"]
    assert bench.ask("cmd=override_device&dev_id=E1&flags=C&rfid=123456", None, 0) == "ok"
    assert offered(bench)[1] == 0
    answer = bench.ask("cmd=override_device&dev_id=E1&flags=E&rfid=123456", None, 0)
    assert answer["error"]["code"] == "not_allowed"
    assert bench.ask("cmd=override_device&dev_id=E1&flags=cEU&mamps=10000") == "ok"
    evse = bench.box.devices.get("E1")
    assert evse.info(0)["overrides"] == 6 and offered(bench) == ("override", 10000)
    assert bench.ask("cmd=override_device&dev_id=E1&flags=X")["error"]["parameter"] == "flags"
    assert bench.ask("cmd=override_device&dev_id=E1&mamps=0") == "ok"
    assert offered(bench)[1] > 10000
    plug(bench, "A")
    assert evse.info(0)["overrides"] == 0


def test_users_are_read_and_changed_by_those_who_may():
    bench = with_user()
    assert bench.ask("cmd=get_users", None, 0)["error"]["code"] == "not_allowed"
    assert bench.ask("cmd=get_users")[0]["name"] == "Anna"
    assert bench.ask("cmd=get_user&id=u-0815", None, 0)["name"] == "Anna"
    assert bench.ask("cmd=get_user&id=guess", None, 0)["error"]["code"] == "unknown_user"
    assert bench.ask("cmd=set_user", '{"id": "u-0815", "name": "Ann"}', 0) == "ok"
    assert bench.ask("cmd=set_user", '{"id": "u-0815", "dev_ids": []}', 0)["error"]
    assert bench.ask("cmd=set_user", '{"id": "other", "name": "Eve"}', 0)["error"]
    assert bench.ask("cmd=set_user", '{"id": "x", "rfids": [{"id": "123456"}]}')["error"]
    assert bench.ask("cmd=set_user", '{"id": "x", "rfids": [7]}')["error"]
    assert bench.ask("cmd=set_user", '{"id": "x", "dev_ids": ["E9"]}')["error"]
    assert bench.ask("cmd=get_dev_info")["auth_cnt"] == 1
    assert len(bench.ask("cmd=get_new_user_id")) == 16
    assert bench.ask("cmd=del_user&id=u-0815") == "ok"
    assert bench.ask("cmd=get_users") == []


def test_the_admin_password_is_kept_as_a_salted_hash():
    bench = Bench()
    assert bench.ask("cmd=change_admin_pwd&old_pwd=x&new_pwd=secret", None, 0)["error"]
    assert bench.ask("cmd=change_admin_pwd&new_pwd=secret", None, 0) == "ok"
    kept = bench.box.settings.network.admin_password
    assert "secret" not in kept and len(kept) == 16 + 1 + 64
    assert bench.ask("cmd=change_admin_pwd&new_pwd=other", None, 0)["error"]
    assert bench.ask("cmd=change_admin_pwd&old_pwd=secret&new_pwd=other", None, 0) == "ok"
    assert bench.box.guard.admin("other") and not bench.box.guard.admin("secret")
    assert not any("secret" in line or "other" in line for line in bench.lines)


def test_the_guard_slows_down_and_a_success_forgets():
    bench = Bench()
    from firmware.api.errors import ApiError
    from firmware.api.guard import guard

    judge = guard(bench.box)
    for wait_ms in (1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000):
        while True:
            try:
                assert not judge.admin("wrong")
            except ApiError as error:
                assert error.code == "slow_down"
                break
        bench.now += wait_ms
    assert judge.admin("")
    for _ in range(4):
        assert not judge.admin("wrong")
    assert judge.admin("")


def test_whoever_keeps_the_sessions_learns_who_may_charge_and_when_that_is_over():
    bench = with_user()
    told = []
    bench.box.devices.get("E1").on_authorised = lambda *who: told.append(who)
    assert bench.ask("cmd=enter_rfid&rfid=999", None, 0)["error"]
    assert bench.ask("cmd=enter_rfid&rfid=123456", None, 0) == "ok"
    assert told == [("Anna", "123456")]
    for _ in range(62):
        plug(bench, "A")
    assert told == [("Anna", "123456"), ("", "")]
    assert bench.ask("cmd=enter_rfid&rfid=123456", None, 0) == "ok"
    plug(bench, "B")
    for _ in range(70):
        plug(bench, "C")
    plug(bench, "A")
    assert told[2:] == [("Anna", "123456")]


class Watched:
    """Bytes that count how often they are looked at."""

    def __init__(self, data):
        self.data = data
        self.looks = 0

    def __len__(self):
        return len(self.data)

    def __getitem__(self, place):
        self.looks += 1
        return self.data[place]


def test_a_wrong_password_takes_as_many_steps_wherever_it_is_wrong():
    wanted = b"0123456789abcdef"
    looks = set()
    for given in (wanted, b"x" * 16, b"0" + b"x" * 15, wanted[:15] + b"x"):
        watched = Watched(given)
        assert same(watched, wanted) is (given == wanted)
        looks.add(watched.looks)
    assert looks == {16}
    assert not same(b"", wanted) and not same(wanted, b"") and same(b"", b"")
    assert not same(wanted * 2, wanted)
