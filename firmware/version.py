"""The version of this firmware.

Clients of the cFos API read major and minor as the level of that API (2.0 is the newest that was
seen in the wild), so the first two numbers follow it; the third one is ours.
"""

VERSION = "2.0.100"
PRODUCT = "Open Wallbox"
