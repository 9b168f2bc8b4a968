"""The transcripts of docs/api/console.md and docs/commissioning.md, typed at the firmware."""

from chip import until
from firmware_bench import box, started
from firmware_terminal import PROMPT
from silicon import SILICON

_ENDS = (PROMPT, "]: ", "]? ", "V? ")


def blocks(path: str) -> list:
    """Per block of the page its lines."""
    found = []
    inside = False
    with open(path) as file:
        for line in file.read().split("\n"):
            if line.startswith("```"):
                inside = line == "```wallbox"
                if inside:
                    found.append([])
            elif inside:
                found[-1].append(line)
    return found


def fits(wanted: str, line: str) -> bool:
    """Whether a line of the page is this line; "..." in it stands for anything."""
    place = 0
    parts = wanted.split("...")
    for number, part in enumerate(parts):
        found = line.find(part, place)
        if found < 0 or (number == 0 and found):
            return False
        place = found + len(part)
    return place == len(line) or parts[-1] == ""


def follows(wanted: list, shown: list) -> bool:
    """Whether the lines shown are those of the page; a line "..." stands for any number."""
    if not wanted:
        return not shown
    if wanted[0] == "...":
        return any(follows(wanted[1:], shown[start:]) for start in range(len(shown) + 1))
    return bool(shown) and fits(wanted[0], shown[0]) and follows(wanted[1:], shown[1:])


def typed(text):
    line = SILICON.serial
    begin = len(line.text)
    line.type(text + "\r")
    yield from until(
        lambda: line.text.endswith(_ENDS) and len(line.text) > begin + len(text) + 2,
        30000,
        f"{text!r} is not answered: {line.text[begin:]!r}",
    )
    yield 100


def play(block):
    """For stories: type what the page types, compare what it shows; how many lines it typed."""
    line = SILICON.serial
    line.type("\r")
    yield 500
    line.text = PROMPT
    asked = 0
    for wanted in block:
        for mark in (PROMPT, "]: "):
            place = wanted.find(mark)
            if place >= 0:
                asked += 1
                yield from typed(wanted[place + len(mark) :])
                break
    shown = [text.rstrip() for text in line.text.split("\n")]
    page = [text.rstrip() for text in block]
    kept = [text for text in shown if "\x1b" not in text]
    assert follows(page, kept[:-1]), "\n".join(["page:"] + page + ["shown:"] + kept)
    return asked


def played(path, least):
    asked = 0
    for block in blocks(path):
        chip = box()

        def story(block=block):
            yield from started(chip)
            yield 8000
            return (yield from play(block))

        asked += chip.run(story(), limit_ms=200000)
    assert asked >= least, asked


def test_the_transcripts_of_the_console_are_true():
    played("docs/api/console.md", 14)


def test_the_transcript_of_the_commissioning_is_true():
    played("docs/commissioning.md", 6)


def test_what_differs_from_the_page_is_found():
    assert follows(["a ... c", "...", "d"], ["a b c", "x", "y", "d"])
    assert (
        not follows(["a"], ["b"])
        and not follows(["a"], ["a", "b"])
        and not follows(["a..."], ["b"])
    )
    assert not fits("a...c", "abcd") and fits("...", "") and not fits("x...", "yx")
