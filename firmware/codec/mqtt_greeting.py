"""The first packet to a broker, and what its refusals mean; needed once for each connection."""

from micropython import const

_CONNECT = const(0x10)

# Return codes of CONNACK from 1 on, 3.1.1 section 3.2.2.3
_REFUSALS = const("version|client id|unavailable|user or password|not authorised")


def connect(encoder, hello):
    """Put CONNECT; `hello` carries client_id, keepalive_s, clean, will, user and password.

    `will` is None or (topic, payload, qos, retain); texts are bytes. MQTT 5 also wants
    receive_limit.
    """
    five = encoder.five
    will = hello.will
    flags = 2 if hello.clean else 0
    texts = []
    if will:
        flags |= 4 | will[2] << 3 | (32 if will[3] else 0)
        texts.extend(will[:2])
    for text, flag in ((hello.user, 128), (hello.password, 64)):
        if text is not None:
            flags |= flag
            texts.append(text)
    between = b"\0" if five and will else b""  # the will's own properties: none
    properties = five.connect_properties(hello) if five else b""
    size = 12 + len(hello.client_id) + len(properties) + len(between)
    for text in texts:
        size += 2 + len(text)
    encoder.head(_CONNECT, size)
    encoder.text(b"MQTT")
    encoder.byte(5 if five else 4)
    encoder.byte(flags)
    encoder.number(hello.keepalive_s)
    encoder.extend(properties)
    encoder.text(hello.client_id)
    encoder.extend(between)
    for text in texts:
        encoder.text(text)


def refusal(code: int, five) -> str:
    """CONNACK's code in words; `five` is codec.mqtt5 if that is spoken."""
    if code == 1 or code == 0x84:
        return "version"
    if five and code >= 0x80:
        return five.reason(code)
    return _REFUSALS.split("|")[code - 1] if code < 6 else f"code {code}"
