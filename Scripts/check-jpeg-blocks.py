#!/usr/bin/env python3
"""Checks with another program's eyes that an edited JPEG keeps its blocks: two hundred and twenty random masks
over twenty-two JPEGs of every kind, their coefficients read by jpeglib. A block that no pixel of the mask lies in
must have the same coefficients as before. Needs jpeglib, Pillow, numpy,
exiftool and cjpeg (libjpeg-turbo-progs).

Of masks that cover less than 5 % it also prints how file sizes change: of what codes the picture (tables and
scans), which is the source's own but for the blocks that were painted, and of the whole file, to which the note
of the edit adds some 300 bytes, which is much of a file of 3 kB.

    Scripts/check-jpeg-blocks.py [PATH-OF-GESSO]
"""

import math
import pathlib
import subprocess
import sys
import tempfile

import jpeglib
import numpy as np
from PIL import Image, ImageFilter

ROOT = pathlib.Path(__file__).resolve().parent.parent
GESSO = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / ".build" / "release" / "gesso")
# Another progression than libjpeg's own.
SCANS = "0,1,2: 0-0, 0, 0; 0: 1-9, 0, 0; 2: 1-63, 0, 0; 1: 1-63, 0, 0; 0: 10-63, 0, 0;"


def picture(width, height, grey, seed):
    """Something with edges, slopes and grain."""
    y, x = np.mgrid[0:height, 0:width]
    dice = np.random.default_rng(seed)
    planes = [120 + 60 * np.sin(x / (7 + c)) + 50 * np.cos(y / (11 - c)) for c in range(3)]
    values = np.stack(planes, 2) + dice.normal(0, 6, (height, width, 3))
    image = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    return image.convert("L") if grey else image


def sources(folder):
    """Twenty JPEGs: samplings, grey, progressive, restarts, all orientations, odd sizes."""
    kinds = [
        ("444", dict(subsampling=0)), ("422", dict(subsampling=1)), ("420", dict(subsampling=2)),
        ("411", dict(sample="4x1")), ("440", dict(sample="1x2")), ("grey", {}),
        ("progressive", dict(progressive=True)), ("progressive-444", dict(progressive=True, subsampling=0)),
        ("progressive-grey", dict(progressive=True)), ("restarts", dict(restart_marker_rows=1)),
        ("low", dict(quality=20)), ("high", dict(quality=98, subsampling=0)), ("optimised", dict(optimize=True)),
        ("other-scans", dict(scans=SCANS))]
    kinds += [(f"turned-{n}", dict(orientation=n, subsampling=(0, 1, 2)[n % 3])) for n in range(1, 9)]
    for index, (name, options) in enumerate(kinds):
        orientation = options.pop("orientation", None)
        size = (97 + 13 * index, 71 + 17 * (index % 7))
        path = folder / f"{name}.jpg"
        image = picture(*size, "grey" in name, index)
        if "sample" in options or "scans" in options:
            image.save(folder / "it.ppm")
            (folder / "scans.txt").write_text(options.get("scans", ""))
            words = ["-scans", folder / "scans.txt"] if "scans" in options else ["-sample", options["sample"]]
            subprocess.run(["cjpeg", *words, "-outfile", path, folder / "it.ppm"], check=True)
        else:
            image.save(path, **({"quality": 85} | options))
        if orientation:
            subprocess.run(["exiftool", "-q", "-overwrite_original", "-n",
                            f"-Orientation={orientation}", path], check=True)
        yield path, orientation or 1


def stored(mask, orientation):
    """An upright mask as the file's pixels are stored."""
    back = {1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1],
            4: lambda a: a[::-1], 5: lambda a: a.T, 6: lambda a: np.rot90(a, 1),
            7: lambda a: a[::-1, ::-1].T, 8: lambda a: np.rot90(a, -1)}
    return back[orientation](mask)


def blocks(path):
    """Each component's coefficients, [rows, columns, 8, 8]."""
    jpeg = jpeglib.read_dct(str(path))
    return [part for part in (jpeg.Y, jpeg.Cb, jpeg.Cr) if part is not None]


def coded_size(path):
    """Bytes of a JPEG but for its notes: all markers before the first scan but APPn and COM, and all behind."""
    data = path.read_bytes()
    position, notes = 2, 0
    while data[position + 1] != 0xDA:
        length = 2 + int.from_bytes(data[position + 2:position + 4], "big")
        if data[position + 1] == 0xFE or 0xE0 <= data[position + 1] <= 0xEF:
            notes += length
        position += length
    return len(data) - notes


def touched(mask, shape):
    """Which of the blocks of a component hold a pixel of the mask."""
    rows, columns = shape
    height, width = mask.shape
    # A block of this component stands for so many pixels: 8, 16 or 32 a side, the last ones beyond the edge.
    down = 8 * 2 ** max(0, round(math.log2(height / (8 * rows))))
    across = 8 * 2 ** max(0, round(math.log2(width / (8 * columns))))
    padded = np.zeros((rows * down, columns * across), bool)
    part = mask[:padded.shape[0], :padded.shape[1]]
    padded[:part.shape[0], :part.shape[1]] = part
    return padded.reshape(rows, down, columns, across).any(axis=(1, 3))


def main():
    checked = differing = 0
    growth, coded_growth = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        mask_path, out = folder / "mask.png", folder / "out.jpg"
        for number, (path, orientation) in enumerate(sources(folder)):
            before = blocks(path)
            width, height = Image.open(path).size
            upright = (width, height) if orientation < 5 else (height, width)
            for attempt in range(10):
                dice = np.random.default_rng(100 * number + attempt)
                noise = Image.fromarray(dice.integers(0, 256, upright[::-1], np.uint8))
                blobs = np.asarray(noise.filter(ImageFilter.GaussianBlur(2 + attempt))).astype(float)
                mask = blobs > np.quantile(blobs, dice.uniform(0.8, 0.999))
                Image.fromarray((255 * mask).astype(np.uint8)).save(mask_path)
                subprocess.run(
                    [GESSO, "inpaint", path, "--mask", mask_path, "--fill", "edge", "--steps", "0",
                     "-o", out, "--overwrite", "--quiet"], check=True, stdout=subprocess.DEVNULL)
                if Image.open(out).size != (width, height):
                    raise SystemExit(f"{path.name}: stored in another layout")
                if mask.mean() < 0.05:
                    growth.append(out.stat().st_size / path.stat().st_size - 1)
                    coded_growth.append(coded_size(out) / coded_size(path) - 1)
                after = blocks(out)
                for old, new in zip(before, after):
                    if old.shape != new.shape:
                        raise SystemExit(f"{path.name}: another grid of blocks")
                    outside = ~touched(stored(mask, orientation), old.shape[:2])
                    checked += int(outside.sum())
                    differing += int(((old != new).any(axis=(2, 3)) & outside).sum())
    print(f"{checked} blocks outside of masks, {differing} differ")
    for what, changes in ("coded picture", coded_growth), ("whole file", growth):
        print(f"masks below 5 %: size of the {what} {100 * np.median(changes):+.1f} % in the middle, "
              f"{100 * min(changes):+.1f} to {100 * max(changes):+.1f} %")
    sys.exit(differing != 0)


if __name__ == "__main__":
    main()
