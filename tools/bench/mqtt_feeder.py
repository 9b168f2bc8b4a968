"""Publishes many messages as fast as a broker takes them."""

import socket
import threading

from mqtt_scripted import publish_packet


class Feeder:
    """A publisher of its own, so that measuring needs no client library."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(b"\x10\x12\x00\x04MQTT\x04\x02\x00\x00\x00\x06feeder")
        self._socket.recv(4)

    def publish(self, topic: bytes, payload: bytes, qos: int, count: int):
        """Send `count` messages; acknowledgements are read and not waited for."""
        threading.Thread(target=self._drain, daemon=True).start()
        for first in range(0, count, 100):
            packets = [
                publish_packet(topic, payload, qos, number % 65535 + 1)
                for number in range(first, min(first + 100, count))
            ]
            self._socket.sendall(b"".join(packets))

    def _drain(self):
        while self._socket.recv(65536):
            pass
