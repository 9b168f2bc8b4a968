"""An amqtt broker on 127.0.0.1 at the port given as the argument; runs in its own environment."""

import asyncio
import sys

from amqtt.broker import Broker


async def main():
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{sys.argv[1]}"}},
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
            },
        }
    )
    await broker.start()
    await asyncio.Event().wait()


asyncio.run(main())
