"""TLS against Mosquitto: who is trusted, who is not, and why."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brokers import Mosquitto, until
from certificates import Authority
from mqtt_boxes import BoxProcess

HOSTS = "DNS:broker.example,IP:127.0.0.1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("ca"))
    made.issue("good", HOSTS)
    made.issue("other", "DNS:other.example")
    made.issue("expired", HOSTS, 0)
    made.issue("client", "DNS:box")
    return made


def connected(authority, name, trust, more=""):
    """Whether a box with this trust gets in; the log's text of the first refusal otherwise."""
    with Mosquitto(listener=authority.listener(name, more)) as broker:
        url = broker.url.replace("mqtt:", "mqtts:")
        with BoxProcess(url, [["to/#", 1]], trust=trust) as box:
            box.wait_for_text(f":{broker.port} ")
            if not box.events("connected"):
                return next(line for line in box.output if "warning" in line)
            box.do("publish", topic="to/me", payload="hello", times=600, qos=1)
            box.wait("message")
            return "connected"


def test_a_certificate_of_the_ca_for_that_host_is_trusted(authority):
    assert connected(authority, "good", {"ca": authority.path}) == "connected"


def test_a_pinned_certificate_is_trusted_without_a_ca(authority):
    trust = {"fingerprint": authority.fingerprint("other").replace(":", "").lower()}
    assert connected(authority, "other", trust) == "connected"


def test_unverified_only_when_asked_for(authority):
    assert connected(authority, "expired", {"unverified": True}) == "connected"
    assert "needs a CA file or a fingerprint" in connected(authority, "good", {})


@pytest.mark.parametrize(
    ("name", "trust", "reason"),
    [
        ("other", {}, "does not match with the expected CN"),
        ("expired", {}, "validity has expired"),
        ("good", {"fingerprint": "00" * 32}, "fingerprint is "),
        ("good", {"ca": "/no/such/file"}, "cannot read /no/such/file"),
        ("good", {"ca": __file__}, "no use for what is in"),
    ],
)
def test_every_refusal_says_why(authority, name, trust, reason):
    text = connected(authority, name, {"ca": authority.path, **trust})
    assert reason in text


def test_a_stranger_s_ca_is_refused(authority, tmp_path):
    stranger = Authority(tmp_path)
    assert "not correctly signed" in connected(authority, "good", {"ca": stranger.path})


def test_a_client_certificate_opens_the_door_that_is_closed_without(authority):
    trust = {"ca": authority.path}
    own = {
        "certificate": str(authority.folder / "client.pem"),
        "key": str(authority.folder / "client.key"),
    }
    require = "require_certificate true"
    refusal = connected(authority, "good", trust, require)
    # The broker's alert may be overtaken by the end of the connection.
    assert "refused by the server's TLS" in refusal or "reset by the other side" in refusal
    assert connected(authority, "good", {**trust, **own}, require) == "connected"


def test_a_server_without_tls_is_left(authority):
    with (
        Mosquitto() as broker,
        BoxProcess(broker.url.replace("mqtt:", "mqtts:"), trust={"ca": authority.path}) as box,
    ):
        box.wait_for_text("securing: ", 40)
        assert not box.events("connected")


def test_the_handshake_waits_for_the_contactor(authority):
    with Mosquitto(listener=authority.listener("good")) as broker:
        url = broker.url.replace("mqtt:", "mqtts:")
        with BoxProcess(url, trust={"ca": authority.path, "held": True}) as box:
            until(lambda: box.status()["state"] == "held", "held handshake")
            box.do("contactor", open=True)
            box.wait("connected")
        trust = {"ca": authority.path, "held": True, "longest_wait_ms": 1500}
        with BoxProcess(url, trust=trust) as box:
            until(lambda: box.status()["state"] == "held", "held handshake")
            box.wait("connected")
