"""`make image`: builds build/image and the one file build/wallbox.img, and prints the sizes.

With --application (`make application FILE=...`): build/wallbox-app.img, of a built micropython.bin
with the firmware of this checkout frozen into it (tools/board/README.md).
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import application
import image

_LARGEST_BYTES = 400 * 1024


def table(manifest: dict) -> str:
    """Sizes by folder, largest first, and their sum."""
    sizes = Counter()
    counts = Counter()
    for name, (size, _) in manifest["files"].items():
        folder = name.rpartition("/")[0] or "(root)"
        sizes[folder] += size
        counts[folder] += 1
    lines = [f"{'folder':<32}{'files':>7}{'bytes':>9}"]
    lines += [f"{name:<32}{counts[name]:>7}{size:>9}" for name, size in sizes.most_common()]
    lines.append(f"{'sum':<32}{len(manifest['files']):>7}{manifest['size']:>9}")
    lines.append(f"{'in blocks of the flash':<39}{image.on_flash(manifest):>9}")
    return "\n".join(lines)


def report(header: dict) -> str:
    """The one file in a sentence, and what is left of the budget."""
    size = image.HEADER + header["size"]
    free = _LARGEST_BYTES - size
    return f"image: one file of {size} bytes, {free} below the budget of {_LARGEST_BYTES}"


def wrap(binary: Path, target: Path) -> int:
    """The file for boxes with a frozen firmware, and a sentence about it."""
    try:
        header = application.wrap(binary, target)
    except image.ImageError as error:
        print(f"application: {error}", file=sys.stderr)
        return 1
    size = image.HEADER + header["size"]
    free = application.LARGEST_BYTES - header["size"]
    print(f"application: version {header['version']}, revision {header['revision']}, {target}")
    print(f"application: one file of {size} bytes, {free} bytes of the partition are left")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make image", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--output", type=Path, default=image.ROOT / "build" / "image", help="the folder to build"
    )
    parser.add_argument(
        "--application",
        type=Path,
        metavar="MICROPYTHON.BIN",
        help="make wallbox-app.img beside that folder of this file, and nothing else",
    )
    given = parser.parse_args()
    output = given.output
    if given.application:
        return wrap(given.application, output.with_name("wallbox-app.img"))
    try:
        manifest = image.build(output)
        header = image.pack(output, output.with_name("wallbox.img"))
    except image.ImageError as error:
        print(f"image: {error}", file=sys.stderr)
        return 1
    print(table(manifest))
    print(f"image: version {manifest['version']}, revision {manifest['revision']}, in {output}")
    print(report(header))
    if image.HEADER + header["size"] > _LARGEST_BYTES:
        print(f"image: larger than the budget of {_LARGEST_BYTES} bytes", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
