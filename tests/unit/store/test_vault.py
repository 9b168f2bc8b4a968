"""Sealed passwords: not readable in the file, readable on the device, useless on another."""

import os

from firmware.store.config import ConfigStore
from firmware.store.vault import Vault, device_key
from firmware.store.wear import Wear
from tests.unit.store import littlefs
from tests.unit.store.littlefs import FOLDER
from tests.unit.store.nor import Quiet

NAMES = ("wifi_password",)
DOCUMENT = {
    "version": 1,
    "network": {"wifi_password": "s3cret-s3cret-s3cret-s3cret-s3cret-s3cret", "ssid": "home"},
    "mqtt": {"broker": "mqtt://me:pa55word@host", "other": "mqtt://host"},
    "devices": [{"name": "sealed:not", "wifi_password": ""}],
}


class Nvs:
    def __init__(self):
        self.blobs = {}

    def get_blob(self, key, buffer):
        if key not in self.blobs:
            raise OSError(-0x1102)
        buffer[:] = self.blobs[key]
        return len(buffer)

    def set_blob(self, key, data):
        self.blobs[key] = bytes(data)

    def commit(self):
        pass


def vault(unique_id=b"abcdef", nvs=None):
    return Vault(device_key(unique_id, nvs or Nvs(), os.urandom), NAMES)


def store(vault):
    return ConfigStore(FOLDER, Quiet(), Wear(), 1, lambda: vault)


def test_the_key_is_made_once():
    nvs = Nvs()
    key = device_key(b"abcdef", nvs, os.urandom)
    assert device_key(b"abcdef", nvs, os.urandom) == key
    assert device_key(b"abcdeg", nvs, os.urandom) != key
    assert device_key(b"abcdef", Nvs(), os.urandom) != key


def test_the_file_shows_no_password_and_the_device_reads_it_back():
    littlefs.fresh()
    safe = vault()
    keeper = store(safe)
    keeper.load()
    assert keeper.save(DOCUMENT)
    content = littlefs.read("config.0.json")
    assert b"s3cret" not in content and b"pa55word" not in content
    assert b"home" in content and b"mqtt://host" in content
    assert store(safe).load() == (DOCUMENT, [])


def test_an_unchanged_document_is_not_written_again():
    littlefs.fresh()
    keeper = store(vault())
    keeper.load()
    assert keeper.save(DOCUMENT)
    assert not keeper.save(DOCUMENT)


def test_on_another_device_the_passwords_are_empty_and_it_is_said():
    littlefs.fresh()
    keeper = store(vault())
    keeper.load()
    keeper.save(DOCUMENT)
    document, messages = store(vault()).load()
    assert document["network"] == {"wifi_password": "", "ssid": "home"}
    assert document["mqtt"] == {"broker": "", "other": "mqtt://host"}
    assert len(messages) == 3 and "wifi_password" in " ".join(messages)


def test_spoilt_seals_open_to_nothing():
    safe = vault()
    sealed = safe.sealed("wifi_password", "hello")
    for text in ("sealed:", "sealed:!", sealed[:-4], sealed[:9] + "AAAA" + sealed[13:]):
        messages = []
        assert safe.opened({"wifi_password": text}, messages) == {"wifi_password": ""}
        assert messages
    messages = []
    assert safe.opened({"other": sealed}, messages) == {"other": ""}


def test_texts_of_every_length_come_back():
    safe = vault()
    for length in range(1, 100):
        text = "\u00e4" * length
        sealed = safe.sealed("wifi_password", text)
        assert text not in sealed and sealed.startswith("sealed:")
        assert safe.opened(sealed, [], "wifi_password") == text
