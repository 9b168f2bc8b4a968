"""Console commands that have the box do something: any API command, restart, factory reset."""

from firmware.api.commands import OWNER
from firmware.codec.json_stream import JsonStream

_PATIENCE_MS = 10000
_LOOK_MS = 20


async def cmd(session, arguments: dict):
    """A command of the API, with the owner's role; its answer is printed as JSON."""
    query, body = arguments["query"], arguments.get("body")
    if not query.startswith("cmd="):
        query = "cmd=" + query
    if body is not None and not isinstance(body, str):
        body = JsonStream(body).text()
    answer = session.app.commands.call(query, body, OWNER)
    if hasattr(answer, "then"):
        answer = await _brought(session, answer)
    for chunk in JsonStream(answer).chunks():
        await session.say(str(chunk, "utf-8"))
    await session.say("\n")


async def _brought(session, later):
    """The answer of a command that takes time."""
    waited_ms = 0
    while not later.ready:
        if not session.running or waited_ms > _PATIENCE_MS:
            from firmware.api.errors import ApiError

            return ApiError("no_answer", "nothing was heard; is the firmware running?").answer()
        await session.pause(_LOOK_MS)
        waited_ms += _LOOK_MS
    return later.answer


async def restart(session, arguments: dict):
    """Start again in good order."""
    session.app.system.restart()
    closed = session.running and session.app.closed()
    await session.say(
        "The box starts again "
        + ("as soon as charging has stopped.\n" if closed else "in a few seconds.\n")
    )


async def factory_reset(session, arguments: dict):
    """Forget all settings, after a question."""
    answer = await session.ask("All settings, users and meters are forgotten. Type yes: ")
    if answer.lower() != "yes":
        await session.say("Nothing is changed.\n")
        return
    session.app.system.factory_reset()
    await session.say("Settings are forgotten, and the box starts again.\n")
