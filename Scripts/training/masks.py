"""Masks of what an inpainting model is asked to fill: boxes, strokes, new sides of a canvas, everything."""

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import maximum_filter


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


def border(draw, width, height, rng, thing):
    """A picture on a larger canvas: new on the left and right, above and below, on one side, or all around. Mostly no
    more of it than leaves `thing` in the picture, so that new sides do not ask for things."""
    kind = rng.random()
    new = np.zeros(4)            # left, top, right, bottom, as shares
    if kind < 0.45:
        new[[0, 2]] = rng.uniform(0.12, 0.3, 2)
    elif kind < 0.6:
        new[[1, 3]] = rng.uniform(0.12, 0.36, 2)
    elif kind < 0.8:
        new[int(rng.integers(4))] = rng.uniform(0.15, 0.5)
    else:
        new[:] = rng.uniform(0.1, 0.25, 4)
    left, top, right, bottom = new * [width, height, -width, -height] + [0, 0, width, height]
    cover = thing > 0.05
    if cover.any() and rng.random() < 0.8:
        rows, columns = (np.nonzero(cover.any(axis))[0] * 8 for axis in (1, 0))
        left, right = min(left, columns[0]), max(right, columns[-1] + 8)
        top, bottom = min(top, rows[0]), max(bottom, rows[-1] + 8)
    draw.rectangle((0, 0, width, height), fill=255)
    draw.rectangle((left, top, right - 1, bottom - 1), fill=0)


def around(thing, rng):
    """What `thing`, a share of each 8x8 pixels, covers and a little more: in its shape or as a box."""
    cover = thing > 0.05
    if rng.random() < 0.5:
        rows, columns = np.nonzero(cover)
        cover[rows.min():rows.max() + 1, columns.min():columns.max() + 1] = True
    reach = int(rng.integers(0, 5))
    return np.kron(maximum_filter(cover, 2 * reach + 1), np.ones((8, 8), np.float32))


def random_masks(things, rng):
    """Pixel masks float32 [count, 1, height, width], 1 where to repaint; `things` [count, height / 8, width / 8]
    are the pictures' small things. Where one is given, a third of the masks have its shape: the picture's own, which
    is to be painted again, or another picture's, so that the shape alone does not ask for a thing. Also whether each
    is new sides of a canvas, bool [count]."""
    height, width = (side * 8 for side in things.shape[1:])
    out, wider = np.zeros((len(things), 1, height, width), np.float32), np.zeros(len(things), bool)
    for place, mask in enumerate(out[:, 0]):
        thing = things[place if rng.random() < 0.6 else int(rng.integers(len(things)))]
        if thing.max() > 0.5 and rng.random() < 1 / 3:
            mask[:] = around(thing, rng)
            continue
        kind = rng.random()
        if kind < 0.06:
            mask[:] = 1
            continue
        picture = Image.new("L", (width, height))
        draw = ImageDraw.Draw(picture)
        if kind < 0.36:
            boxes(draw, width, height, rng)
        elif kind < 0.48:
            stroke(draw, width, height, rng)
        else:
            border(draw, width, height, rng, things[place])
            wider[place] = True
        mask[:] = np.asarray(picture, np.float32) / 255
    return out, wider
