"""Meters over a real Mosquitto: values right, stale when messages stop, nonsense survived."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brokers import Mosquitto, tool
from meter_boxes import never_wrong, run_box

STATUS = {
    "a_current": 16.0, "a_voltage": 230.4, "a_act_power": 3680.0,
    "b_current": 15.98, "b_voltage": 229.6, "b_act_power": 3670.0,
    "c_current": 10.0, "c_voltage": 231.0, "c_act_power": -2290.0, "total_act_power": 5060.0,
}  # fmt: skip
COUNTERS = {"total_act": 12345.67, "total_act_ret": 1.5}


def say(port: int, topic: str, payload: str):
    command = [tool("mosquitto_pub"), "-p", str(port), "-t", topic, "-m", payload]
    subprocess.run(command, check=True)


def test_a_meter_is_read_from_its_topics_and_grows_stale_without_them():
    with Mosquitto() as broker:
        lines = []
        arguments = ("mqtt", "127.0.0.1", str(broker.port), "shelly_pro3em_mqtt", "shelly/1")
        box = threading.Thread(target=lambda: lines.extend(run_box(9, *arguments)))
        box.start()
        time.sleep(1)
        for _ in range(6):
            say(broker.port, "shelly/1/status/em:0", json.dumps(STATUS))
            say(broker.port, "shelly/1/status/emdata:0", json.dumps(COUNTERS))
            say(broker.port, "shelly/2/status/em:0", json.dumps({"total_act_power": 6666}))
            time.sleep(0.4)
        for nonsense in (
            "",
            "{",
            "[]",
            "null",
            "\\x00",
            "x" * 3000,
            '{"total_act_power": "high"}',
        ):
            say(broker.port, "shelly/1/status/em:0", nonsense)
        box.join(60)
    never_wrong(lines)
    fresh = [line["meters"][0] for line in lines if not line["meters"][0]["stale"]]
    assert fresh and fresh[-1]["current_ma"] == [16000, 15980, -10000]
    assert fresh[-1]["import_wh"] == 12346 and fresh[-1]["voltage_v"] == [230, 230, 231]
    last = lines[-1]["meters"][0]
    assert last["stale"] and last["import_wh"] == 12346 and last["errors"] > 0
