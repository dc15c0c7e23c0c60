#!/usr/bin/env python3
"""Measures an edit of a large JPEG without a model: decode, mask, fill, composite, prove and write.

    python3 Benchmarks/photos.py [--gesso PATH] [--runs 3] [--sizes 12 48 108]

A photo of Fixtures/Pictures is enlarged to so many megapixels. Gesso fills a box by its edges with no steps
of a model and proves the file it wrote. Pillow does the same as far as it can: it decodes, fills the box,
encodes with the source's tables, decodes again and compares what is outside the box. Prints seconds and the
most resident memory of each, the best of the runs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
PILLOW = """
import sys, numpy as np
from PIL import Image, ImageChops
Image.MAX_IMAGE_PIXELS = None
source, target, *box = sys.argv[1:]
left, top, width, height = map(int, box)
photo = Image.open(source)
photo.load()
old = photo.copy()
edge = photo.crop((left, top, left + width, top + 1)).resize((width, height))
photo.paste(edge, (left, top))
photo.save(target, "JPEG", qtables=Image.open(source).quantization, subsampling=2, optimize=True)
found = np.asarray(ImageChops.difference(Image.open(target).convert("RGB"), old)).max(2)
found[top:top + height, left:left + width] = 0
print(int((found > 0).sum()), "pixels differ outside")
"""


def measure(command):
    """Seconds and mebibytes of a command."""
    begun = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed")
    return time.monotonic() - begun, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gesso", default=ROOT / ".build/release/gesso")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=[12, 48, 108])
    options = parser.parse_args()
    print(f"{'photo':>18} {'mask':>12} {'Gesso':>18} {'Pillow':>18}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = folder / "pillow.py"
        script.write_text(PILLOW)
        for megapixels in options.sizes:
            height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
            width = round(height * 4 / 3)
            source, target = folder / "photo.jpg", folder / "edited.jpg"
            photo = Image.open(ROOT / "Fixtures" / "Pictures" / "landscape.jpg").convert("RGB")
            photo.resize((width, height), Image.Resampling.LANCZOS).save(source, quality=92)
            box = [width // 3, height // 3, 500, 600]
            mask = "rect:" + ",".join(map(str, box))
            commands = {
                "gesso": [options.gesso, "inpaint", source, "--mask", mask, "--fill", "edge", "--steps", "0",
                          "-o", target, "--overwrite", "--quiet"],
                "pillow": [sys.executable, script, source, target, *box]}
            row = {}
            for kind, command in commands.items():
                runs = [measure(command) for _ in range(options.runs)]
                row[kind] = f"{min(run[0] for run in runs):.2f} s {max(run[1] for run in runs):5.0f} MiB"
            print(f"{width:>6}x{height:<5} {megapixels:>3} MP {box[2]}x{box[3]:<6} {row['gesso']:>18} {row['pillow']:>18}")


if __name__ == "__main__":
    main()
