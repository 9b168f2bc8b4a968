"""The very image over real HTTP into the whole firmware, which then runs from it."""

import base64
import http.client
import json
import socket
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brokers import free_port, until
from firmware_process import Firmware, document
from slots_images import Images

LOGIN = "Basic " + base64.b64encode(b"admin:").decode()


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return Images(tmp_path_factory.mktemp("i")).path("base").read_bytes()


@pytest.fixture
def box(tmp_path):
    with Firmware(tmp_path / "flash", "", document("", free_port())) as firmware:
        yield firmware


def posted(box, data, **headers):
    """(status, answer) of POST /update."""
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=60)
    connection.request("POST", "/update", data, {"Authorization": LOGIN, **headers})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def status(box):
    return box.tell("cmd", "update_status")


def test_a_refused_image_is_answered_and_the_next_one_runs_after_the_restart(box, image):
    assert posted(box, image, Authorization="Basic eA==")[0] == 401
    code, answer = posted(box, image[:-1] + bytes([image[-1] ^ 1]))
    assert code == 400 and "SHA-256" in answer["error"]["text"]
    code, answer = posted(box, b"<html>" * 60000)
    assert code == 400 and "no image" in answer["error"]["text"]

    # Cut in the middle, and once more while another one is under way.
    cut = socket.create_connection(("127.0.0.1", box.port))
    head = (
        f"POST /update HTTP/1.1\r\nAuthorization: {LOGIN}\r\nContent-Length: {len(image)}\r\n\r\n"
    )
    cut.sendall(head.encode() + image[:100000])
    until(lambda: status(box)["received"], "part of the image")
    code, answer = posted(box, image)
    assert code == 503 and "another update" in answer["error"]["text"]
    cut.close()
    until(lambda: status(box)["received"] is None, "end of the cut update")

    assert status(box)["slot"] is None
    code, answer = posted(box, image)
    assert (code, answer["slot"], answer["restarts"]) == (200, "a", True), answer
    until(lambda: any("is on trial for" in it for it in box.lines), "restart", seconds=60)
    found = status(box)
    assert (found["slot"], found["state"]) == ("a", "trial"), found
