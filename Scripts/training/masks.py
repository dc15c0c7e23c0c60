"""Masks of what an inpainting model is asked to fill: boxes, strokes, new sides of a canvas, everything."""

import numpy as np
from PIL import Image, ImageDraw


def boxes(draw, width, height, rng):
    """One or two boxes of the size of a thing and its surroundings, mostly where things stand."""
    for _ in range(int(rng.integers(1, 3))):
        wide, tall = rng.uniform(0.15, 0.6) * height, rng.uniform(0.15, 0.5) * height
        x, y = rng.uniform(0, 1) * width, np.clip(rng.normal(0.56, 0.15), 0.05, 0.95) * height
        draw.rectangle((x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2), fill=255)


def stroke(draw, width, height, rng):
    """A wandering brush."""
    x, y, angle = rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height, rng.uniform(0, 7)
    radius = rng.uniform(0.04, 0.12) * height
    for _ in range(int(rng.integers(15, 60))):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        angle += rng.normal(0, 0.5)
        x = np.clip(x + 0.04 * height * np.cos(angle), 0, width)
        y = np.clip(y + 0.04 * height * np.sin(angle), 0, height)


def border(draw, width, height, rng):
    """A picture on a larger canvas: new on the left and right, on one side, or all around."""
    left, top, right, bottom = 0, 0, width, height
    kind = rng.random()
    if kind < 0.6:
        left, right = rng.uniform(0.12, 0.3) * width, width - rng.uniform(0.12, 0.3) * width
    elif kind < 0.85:
        side, share = int(rng.integers(4)), rng.uniform(0.15, 0.5)
        left, right = (share * width if side == 0 else 0), width * (1 - share if side == 1 else 1)
        top, bottom = (share * height if side == 2 else 0), height * (1 - share if side == 3 else 1)
    else:
        left, right = rng.uniform(0.1, 0.25) * width, width - rng.uniform(0.1, 0.25) * width
        top, bottom = rng.uniform(0.1, 0.25) * height, height - rng.uniform(0.1, 0.25) * height
    draw.rectangle((0, 0, width, height), fill=255)
    draw.rectangle((left, top, right - 1, bottom - 1), fill=0)


def random_masks(count, height, width, rng):
    """Pixel masks float32 [count, 1, height, width], 1 where to repaint."""
    out = np.zeros((count, 1, height, width), np.float32)
    for mask in out[:, 0]:
        kind = rng.random()
        if kind < 0.06:
            mask[:] = 1
            continue
        picture = Image.new("L", (width, height))
        shape = boxes if kind < 0.5 else stroke if kind < 0.65 else border
        shape(ImageDraw.Draw(picture), width, height, rng)
        mask[:] = np.asarray(picture, np.float32) / 255
    return out
