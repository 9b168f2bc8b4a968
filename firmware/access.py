"""Opens the access point for somebody without a computer: its name, its password, its page."""

import hashlib
from os import urandom

from micropython import const

from firmware import radio
from firmware.link.portal import Portal
from firmware.store.vault import device_key

# Letters and digits that are not taken for each other, 32 of them.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_LETTERS = const(12)


def label(board) -> tuple:
    """(name, password) of the access point, as they belong on the label of the box.

    The password comes from the secret of this device, which is made at the first start, lies in
    the NVS and survives a factory reset: 60 bits that nothing on the air gives away. OSError when
    the NVS cannot be used.
    """
    key = device_key(board.unique_id(), board.nvs("wallbox"), urandom)
    digest = hashlib.sha256(b"access point" + key).digest()
    password = "".join(_ALPHABET[byte & 31] for byte in digest[:_LETTERS])
    return f"Wallbox {board.unique_id().hex()[-6:].upper()}", password


async def opened(app, front):
    """Keep the access point open until it is not wanted any more."""
    try:
        name, password = label(app.board)
        address = radio.open_access_point(name, password)
    except (OSError, radio.RadioError) as error:
        app.log.error("access", f"the access point stays closed: {error}")
        return
    # Not through the log: that can be read over the network.
    print(f"access point {name}, password {password}, page http://{address}/")
    portal = Portal(app.box, address, radio.scan, lambda: app.joined("network"))
    portal.wifi = lambda: app.wifi
    try:
        if app.http and app.settings.network.http_port == 80:
            portal.share(app.http)
        front.access = portal
        await portal.run()
    finally:
        radio.close_access_point()
        portal.close()
