"""The third door: commands typed at the REPL."""

from firmware.api.commands import OWNER
from firmware.api.errors import ApiError
from firmware.codec.json_stream import JsonStream


class ConsoleDoor:
    """`cmd("get_params")`, `cmd("set_params", {"title": "Garage"})`, `cmd("cmd=help&name=sync")`.

    `write(text)` gets the answer piece by piece.
    """

    def __init__(self, box, write):
        self._box = box
        self._write = write

    def cmd(self, query: str, body=None, running: bool = True):
        """Have a command done and print its answer; a body may be JSON text or a dict.

        With `running` False no task is there that could bring an answer later.
        """
        if not query.startswith("cmd="):
            query = "cmd=" + query
        if body is not None and not isinstance(body, str):
            body = JsonStream(body).text()
        answer = self._box.commands.call(query, body, OWNER)
        if hasattr(answer, "then"):
            answer.then = self._print
            if not running:
                text = "the answer would come later, but the firmware is stopped"
                self._print(ApiError("not_supported", text).answer())
        else:
            self._print(answer)

    def _print(self, answer):
        for chunk in JsonStream(answer).chunks():
            self._write(str(chunk, "utf-8"))
        self._write("\n")
