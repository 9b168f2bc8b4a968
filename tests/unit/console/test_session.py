from firmware.console import session as module
from firmware.console.session import Session


class Terminal:
    """Stands for `sys`: the pieces that are written."""

    def __init__(self):
        self.stdout = self
        self.pieces = []

    def write(self, piece):
        self.pieces.append(piece)


class Reader:
    app = None


async def said(text):
    terminal = Terminal()
    kept = module.sys
    module.sys = terminal
    try:
        await Session(Reader).say(text)
    finally:
        module.sys = kept
    return terminal.pieces


async def test_a_question_is_one_piece_whatever_stands_above_it():
    above = "Its name, letter by letter; 2.4 GHz. none: no Wi-Fi.\n"
    for blank in range(60):
        pieces = await said("\n" * blank + above + "Wi-Fi network [none]: ")
        assert pieces[-1] == "Wi-Fi network [none]: ", pieces


async def test_pieces_are_bounded_and_nothing_is_lost():
    for text in ("", "x", "x" * 64, "x" * 65, "x" * 200 + "\n" + "y" * 70, "a\n" * 100, "\n"):
        pieces = await said(text)
        assert "".join(pieces) == text
        assert all(0 < len(piece) <= 64 for piece in pieces), pieces
