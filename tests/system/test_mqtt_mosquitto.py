"""The client against a real Mosquitto that lives, dies, stalls and refuses."""

import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brokers import Mosquitto, tool, until
from mqtt_boxes import BLOCKED_US, BoxProcess


def test_messages_of_all_qualities_in_both_directions():
    with Mosquitto() as broker, broker.listen("from/#", more=("-q", "2")) as heard:
        with BoxProcess(broker.url, [["to/#", 2]]) as box:
            broker.wait_for_subscriber()
            for qos in range(3):
                box.do("publish", topic=f"from/{qos}", payload=f"hello {qos}", qos=qos)
                assert heard.wait(f"from/{qos}") == f"hello {qos}"
                broker.publish(f"to/{qos}", f"hi {qos}", "-q", str(qos))
            box.wait("message", 3)
            box.wait("delivered", 2)
            expected = [(f"to/{qos}", f"hi {qos}", qos, False) for qos in range(3)]
            assert sorted(box.messages()) == expected


def test_retained_messages_say_so_and_large_ones_pass_or_are_skipped():
    with Mosquitto() as broker:
        broker.publish("to/kept", "old", "-r")
        broker.publish("to/large", "x" * 9000, "-r", "-q", "1")
        with BoxProcess(broker.url, [["to/#", 1]]) as box:
            box.wait("message")
            assert ("to/kept", "old", 0, True) in box.messages()
            box.wait_for_text("skipped")
            broker.publish("to/some", "y" * 3000)
            box.wait("message", 2)
            assert box.messages()[1][:2] == ("to/some", "3000 bytes")
            with broker.listen("from/#") as heard:
                box.do("publish", topic="from/big", payload="0123456789", times=700)
                assert heard.wait("from/big") == "0123456789" * 700


def test_the_will_speaks_for_a_box_that_was_cut_off_and_the_box_itself_at_a_good_bye():
    will = ["box/online", "offline", 1, True]
    with Mosquitto() as broker, broker.listen("box/#") as heard:
        for count in (1, 2):
            with BoxProcess(broker.url, will=will) as box:
                box.wait("connected")
                if count == 2:
                    box.quit()
                    until(lambda: "Received DISCONNECT from box" in broker.log(), "good-bye")
            heard.wait_for("box/online", ["offline"] * count)


def test_back_soon_after_a_restart_with_subscriptions_and_the_queue():
    with Mosquitto() as broker, BoxProcess(broker.url, [["to/#", 1]]) as box:
        box.wait("connected")
        broker.kill()
        box.wait_for_text("closed by the broker")
        # Retained: it may reach the broker before the listener does.
        box.do("publish", topic="from/state", payload="1", qos=1, retain=True)
        box.do("publish", topic="from/state", payload="2", qos=1, retain=True)
        time.sleep(3)
        broker.start()
        with broker.listen("from/#") as heard:
            box.wait("connected", 2, 20)  # it looks again every 8 s
            assert heard.wait("from/state") == "2"
        broker.publish("to/it", "still there", "-q", "1")
        box.wait("message")
        assert box.status()["worst_us"] < BLOCKED_US


def test_a_frozen_broker_is_noticed_and_found_again():
    with Mosquitto() as broker:
        with BoxProcess(broker.url, [["to/#", 1]], options={"keepalive_s": 2}) as box:
            box.wait("connected")
            broker.stop()
            box.wait_for_text("no answer to a ping", 20)
            broker.cont()
            box.wait("connected", 2, 20)
            time.sleep(0.2)
            broker.publish("to/it", "again", "-q", "1")
            box.wait("message")
            assert box.status()["worst_us"] < BLOCKED_US


def test_password_and_refusals():
    broker = Mosquitto(anonymous=False)
    passwords = broker.folder / "passwords"
    rules = broker.folder / "acl"
    rules.write_text("user me\ntopic readwrite open/#\n")
    subprocess.run([tool("mosquitto_passwd"), "-b", "-c", passwords, "me", "s3cr&t"], check=True)
    passwords.chmod(0o600)
    rules.chmod(0o600)
    broker._options = f"per_listener_settings false\npassword_file {passwords}\nacl_file {rules}"
    with broker:
        place = f"127.0.0.1:{broker.port}"
        with BoxProcess(f"mqtt://me:s3cr%26t@{place}", [["open/#", 1], ["closed/#", 1]]) as box:
            box.wait("connected")
            # Retained: it may reach the broker before the subscription does.
            box.do("publish", topic="open/a", payload="mine", qos=1, retain=True)
            box.wait("message")
        with BoxProcess(f"mqtt://me:wrong@{place}") as box:
            box.wait_for_text("not authorised")
            assert "wrong" not in "".join(box.output)
        with BoxProcess(f"mqtt://{place}") as box:
            box.wait_for_text("not authorised")


def test_thousands_of_messages_leave_no_garbage_behind_and_none_is_lost():
    unlimited = Mosquitto("max_queued_messages 0")
    with unlimited as broker, BoxProcess(broker.url, [["to/#", 1]]) as box:
        box.wait("connected")
        lines = "\n".join(f"message {number:05}" for number in range(3000))
        before = box.status()["memory"]
        subprocess.run(
            [tool("mosquitto_pub"), "-p", str(broker.port), "-t", "to/x", "-q", "1", "-l"],
            input=lines.encode(),
            check=True,
            timeout=30,
        )
        until(
            lambda: len(box.messages()) >= 3000,
            "all messages",
            lambda: str(box.output[-3:]) + str(len(box.messages())) + broker.log()[-500:],
            20,
        )
        assert [m[1] for m in box.messages()] == lines.split("\n")
        assert box.status()["memory"] - before < 4000


def test_mqtt_5_in_both_directions_with_aliases_and_limits():
    with Mosquitto("max_packet_size 5000") as broker:
        url = broker.url.replace("mqtt:", "mqtt5:")
        with broker.listen("from/#", more=("-V", "5")) as heard:
            with BoxProcess(url, [["to/#", 2]]) as box:
                box.wait("connected")
                assert box.status()["version"] == 5
                for qos in range(3):
                    box.do("publish", topic="from/x", payload=f"{qos}", qos=qos, keep=2)
                    heard.wait("from/x", f"{qos}")
                    for number in range(3):
                        more = ("-V", "5", "-q", str(qos), "-D", "publish", "response-topic", "r")
                        broker.publish("to/x", f"{qos} {number}", *more)
                box.wait("message", 9)
                box.do("publish", topic="from/x", payload="z", times=6000, qos=1)
                box.wait_for_text("too large for the broker")
                box.do("publish", topic="from/x", payload="after", qos=1)
                heard.wait("from/x", "after")


def test_a_session_that_is_kept_loses_nothing_while_the_box_is_away():
    options = {"clean": False}
    for scheme in ("mqtt", "mqtt5"):
        with Mosquitto() as broker:
            url = broker.url.replace("mqtt:", scheme + ":")
            with BoxProcess(url, [["to/#", 1]], options=options) as box:
                broker.wait_for_subscriber()
                broker.publish("to/it", "first", "-q", "1")
                box.wait("message")
            for number in range(5):
                broker.publish("to/it", f"missed {number}", "-q", "1")
            with BoxProcess(url, [["to/#", 1]], options=options) as box:
                box.wait("message", 5)
                assert [m[1] for m in box.messages()] == [f"missed {n}" for n in range(5)]
