"""Every packet that we send, read by an independent implementation; every duty has its test."""

import ast
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brokers import ROOT, Mosquitto, until
from mqtt_boxes import BoxProcess
from mqtt_duties import DUTIES

EXPECTED = (
    """CONNECT SUBSCRIBE UNSUBSCRIBE PUBLISH PUBACK PUBREC PUBREL PUBCOMP PINGREQ DISCONNECT"""
)


@pytest.mark.parametrize("scheme", ["mqtt", "mqtt5"])
@pytest.mark.parametrize("clean", [True, False])
def test_mosquitto_understands_every_packet_that_we_send(scheme, clean):
    options = {"keepalive_s": 2, "clean": clean}
    will = ["box/online", "offline", 1, True]
    with Mosquitto() as broker:
        url = broker.url.replace("mqtt:", scheme + ":")
        with BoxProcess(url, [["to/#", 2]], will=will, options=options) as box:
            box.wait("connected")
            for qos in range(3):
                for size in (0, 1, 100, 118, 3000):
                    text = "x" * size
                    box.do(
                        "publish", topic="to/me", payload=text, qos=qos, retain=size == 1, keep=2
                    )
            box.wait("message", 15)
            box.do("unsubscribe", topic="to/#")
            until(lambda: "Received PINGREQ from box" in broker.log(), "ping", broker.log)
            box.quit()
        log = broker.log()
        for name in EXPECTED.split():
            assert f"Received {name} from" in log or name == "CONNECT", name
        for complaint in ("malformed", "protocol error", "Protocol error", "invalid"):
            assert complaint not in log
        for size in (0, 1, 100, 118, 3000):
            assert log.count(f"'to/me', ... ({size} bytes)") >= 6, size


def test_every_duty_of_a_client_names_a_test_that_exists():
    tests = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                tests.setdefault(path.stem, set()).add(node.name)
    for duty, _, test in DUTIES:
        file, _, function = test.partition("::")
        assert function in tests.get(file, ()), (duty, test)
