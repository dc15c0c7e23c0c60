#!/usr/bin/env python3
"""Writes Fixtures/Pictures/Hidden: pictures with settings in the lowest bits of their samples.

Run it in an environment that has numpy and Pillow, from anywhere:
    python Scripts/hide-text.py
"""

import gzip
import json
import pathlib
import struct

import numpy
from PIL import Image

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Fixtures/Pictures/Hidden"
INFOTEXT = (
    "a lake\nNegative prompt: blurry\n"
    "Steps: 4, Sampler: Euler a, CFG scale: 7, Seed: 12, Size: 64x48, Version: v1.10.1"
)
NOVELAI = {
    "Description": "a lake",
    "Software": "NovelAI",
    "Comment": json.dumps(
        {"prompt": "a lake", "uc": "blurry", "steps": 28, "scale": 5, "seed": 12,
         "sampler": "k_euler_ancestral", "noise_schedule": "native"}
    ),
}


def hide(name, text, packed=True, colors=False, length=None):
    """A picture of 96x48 pixels with a text in alpha, or in red, green and blue."""
    data = gzip.compress(text.encode(), mtime=0) if packed else text.encode()
    signature = f"stealth_{'rgb' if colors else 'png'}{'comp' if packed else 'info'}"
    bits = struct.pack(">I", len(data) * 8 if length is None else length)
    bits = numpy.unpackbits(numpy.frombuffer(signature.encode() + bits + data, numpy.uint8))
    samples = numpy.full((48, 96, 4), 200, numpy.uint8)
    samples[..., 3] = 254
    channels = slice(0, 3) if colors else slice(3, 4)
    columns = samples[..., channels].transpose(1, 0, 2).reshape(-1).copy()
    columns[: len(bits)] = (columns[: len(bits)] & 254) | bits
    samples[..., channels] = columns.reshape(96, 48, -1).transpose(1, 0, 2)
    image = Image.fromarray(samples, "RGBA")
    (image.convert("RGB") if colors else image).save(FOLDER / name)


FOLDER.mkdir(parents=True, exist_ok=True)
hide("alpha-packed.png", INFOTEXT)
hide("alpha-plain.png", INFOTEXT, packed=False)
hide("colors-packed.png", INFOTEXT, colors=True)
hide("novelai.png", json.dumps(NOVELAI))
hide("too-long.png", INFOTEXT, length=2**32 - 1)
hide("cut.png", INFOTEXT, length=8 * 20)
