"""What is known of one MQTT broker; codec/broker_url.py makes it of a text."""


class Broker:
    """Where it is and how it is spoken to; the same text gives the same `key`.

    `version` is the protocol level tried first (4 is MQTT 3.1.1, 5 is MQTT 5) and
    `may_fall_back` tells whether 3.1.1 may be tried when the broker refuses 5.
    `user` is None without a login, `password` None without a password; both are bytes.
    """

    def __init__(self, host: str, port: int):
        self.host = host
        self.port = port
        self.secure = self.may_fall_back = False
        self.version = 4
        self.user = self.password = self.key = None

    def __repr__(self):
        return f"{'mqtts' if self.secure else 'mqtt'}://{self.host}:{self.port}"


def is_address(host: str) -> bool:
    """True for a literal IPv4 address such as 192.168.1.20."""
    parts = host.split(".")
    for part in parts:
        if not part.isdigit() or len(part) > 3 or int(part) > 255:
            return False
    return len(parts) == 4
