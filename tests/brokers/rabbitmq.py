"""A RabbitMQ with nothing but MQTT on 127.0.0.1. Arguments: folder of the programs, port.

Runs in the foreground with its children, in a folder that is its own while it lives.
"""

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

SETTINGS = """\
listeners.tcp = none
mqtt.listeners.tcp.default = 127.0.0.1:{port}
mqtt.allow_anonymous = true
log.console = true
"""


def main():
    place, port = Path(sys.argv[1]), int(sys.argv[2])
    erlang = place / "usr/lib/erlang"
    home = Path(tempfile.mkdtemp(prefix=f"rabbitmq-{port}-"))
    (home / "plugins").write_text("[rabbitmq_mqtt].\n")
    (home / "rabbitmq.conf").write_text(SETTINGS.format(port=port))
    with socket.create_server(("127.0.0.1", 0)) as free:
        names = free.getsockname()[1]
    environment = {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": f"{erlang}/bin:/usr/bin:/bin",
        "LD_LIBRARY_PATH": ":".join(str(path) for path in (place / "usr/lib").glob("*-linux-*")),
        "ERL_ROOTDIR": str(erlang),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_NODENAME": f"box{port}@localhost",
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(home),
        "RABBITMQ_LOG_BASE": str(home),
        "RABBITMQ_SCHEMA_DIR": str(home),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(home),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(home / "features"),
        "RABBITMQ_PID_FILE": str(home / "pid"),
    }
    # Erlang's register of names: started here, or Erlang would leave one behind for ever
    subprocess.Popen([*erlang.glob("erts-*/bin/epmd"), "-port", str(names)], env=environment)
    server = next(place.glob("usr/lib/rabbitmq/lib/*/sbin/rabbitmq-server"))
    os.execve(server, [str(server)], environment)


main()
