"""`make image`: builds the image into build/image and prints what takes how much of the flash."""

import argparse
import sys
from collections import Counter
from pathlib import Path

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


def main() -> int:
    parser = argparse.ArgumentParser(prog="make image", description=__doc__)
    parser.add_argument("--output", type=Path, default=image.ROOT / "build" / "image")
    output = parser.parse_args().output
    try:
        manifest = image.build(output)
    except image.ImageError as error:
        print(f"image: {error}", file=sys.stderr)
        return 1
    print(table(manifest))
    print(f"image: version {manifest['version']}, revision {manifest['revision']}, in {output}")
    if manifest["size"] > _LARGEST_BYTES:
        print(f"image: larger than the budget of {_LARGEST_BYTES} bytes", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
