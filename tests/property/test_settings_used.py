"""A setting that can be set does something; the others say that they do not."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "docs"))

from api_reference import WITHOUT_EFFECT  # noqa: E402

from firmware import schema  # noqa: E402


def used():
    """Every word in the firmware outside of the table itself, comments included."""
    words = set()
    for path in (ROOT / "firmware").rglob("*.py"):
        if path.name != "schema.py" and path.parent.name != "boards":
            words.update(re.findall(r"[a-z_0-9]+", path.read_text()))
    return words


def test_every_setting_is_used_or_said_to_be_without_effect():
    words = used()
    unused = {
        f"{section}.{row[0]}"
        for section in schema.TABLES
        for row in schema.rows(section)
        if row[0] not in words
    }
    assert unused == set(WITHOUT_EFFECT)
