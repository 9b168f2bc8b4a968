"""Backup and restore: passwords only when asked for, and nothing without being shown first."""

import json

from firmware.store.backup import backup, changes, restored
from firmware.store.errors import StoreError
from firmware.store.vault import Vault

VAULT = Vault(b"k" * 32, ("wifi_password",))
DOCUMENT = {
    "version": 1,
    "network": {"wifi_password": "s3cret", "hostname": "box"},
    "mqtt": {"broker": "mqtt://me:pa55@host"},
    "devices": [
        {"dev_id": "M1", "address": "http://u:p4ss@meter", "id": 1},
        {"dev_id": "M2", "id": 2},
    ],
}


def taken(secrets):
    return "".join(backup(DOCUMENT, VAULT, secrets))


def test_a_backup_shows_passwords_only_when_asked():
    text = taken(False)
    assert "s3cret" not in text and "pa55" not in text and "p4ss" not in text
    assert "s3cret" in taken(True)
    assert json.loads(taken(True))["document"] == DOCUMENT


def test_a_backup_without_passwords_restores_with_those_of_the_box():
    assert restored(taken(False), DOCUMENT, VAULT) == DOCUMENT
    changed = json.loads(json.dumps(DOCUMENT))
    changed["network"]["hostname"] = "other"
    changed["devices"].pop()
    assert restored(taken(False), changed, VAULT) == DOCUMENT


def test_what_is_no_backup_is_refused():
    for text in ("", "x", "[]", "{}", '{"document":{}}', '{"wallbox_backup":2,"document":{}}'):
        try:
            restored(text, DOCUMENT, VAULT)
            assert False, text
        except StoreError:
            pass


def test_the_dry_run_lists_what_would_change():
    new = json.loads(json.dumps(DOCUMENT))
    new["network"] = {"wifi_password": "other", "hostname": "box2"}
    new["devices"] = [{"dev_id": "M2", "id": 7}, {"dev_id": "M3"}]
    lines = list(changes(DOCUMENT, new, VAULT))
    assert len(lines) == 5
    assert 'network.hostname: "box" -> "box2"' in lines
    assert "network.wifi_password: *** -> ***" in lines
    assert "devices.M2.id: 2 -> 7" in lines
    assert 'devices.M3: nothing -> {"dev_id": "M3"}' in lines
    text = " ".join(lines)
    assert "s3cret" not in text and "p4ss" not in text
    assert list(changes(DOCUMENT, DOCUMENT, VAULT)) == []
