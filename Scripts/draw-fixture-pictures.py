#!/usr/bin/env python3
"""Draws Fixtures/Pictures: a small landscape by the sea and a mask over the house in it.

Everything is painted here from gradients, noise and polygons: the pictures are the project's own.
Needs numpy and Pillow; the output is the same on every run with the same Pillow.

    Scripts/draw-fixture-pictures.py
"""

import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Fixtures" / "Pictures"
WIDTH, HEIGHT = 384, 256
SCALE = 4  # drawn larger and shrunk, for smooth edges
W, H = WIDTH * SCALE, HEIGHT * SCALE
HORIZON = 0.52
SUN = (0.27, 0.36)

generator = np.random.RandomState(7)
Y, X = np.mgrid[0:H, 0:W] / np.array([H, W]).reshape(2, 1, 1)


def gradient(stops, position):
    """Colours between (position, colour) stops, for an array of positions."""
    places = [place for place, _ in stops]
    return np.stack(
        [np.interp(position, places, [color[c] for _, color in stops]) for c in range(3)], axis=2)


def clouds(octaves=5, stretch=4.0, seed=0):
    """Smooth noise around 0, drawn out sideways."""
    random = np.random.RandomState(seed)
    total = np.zeros((H, W))
    for octave in range(octaves):
        rows = 3 * 2**octave
        columns = max(int(rows * W / H / stretch), 2)
        grid = Image.fromarray(random.rand(rows, columns).astype(np.float32))
        total += np.asarray(grid.resize((W, H), Image.Resampling.BICUBIC)) / 2**octave
    return (total - total.mean()) / total.std()


def over(picture, color, alpha):
    """Paints a colour (or an array of colours) over the picture."""
    alpha = np.asarray(alpha)[..., None]
    return picture * (1 - alpha) + np.broadcast_to(color, picture.shape) * alpha


def shape(points):
    """1 inside a polygon of relative coordinates."""
    layer = Image.new("L", (W, H))
    ImageDraw.Draw(layer).polygon([(x * W, y * H) for x, y in points], fill=255)
    return np.asarray(layer) / 255


def sky():
    picture = gradient(
        [(0, (64, 108, 168)), (0.3, (136, 170, 202)), (0.46, (244, 208, 164)),
         (0.53, (250, 190, 136))], Y)
    distance = np.hypot((X - SUN[0]) * W / H, Y - SUN[1])
    picture = over(picture, (255, 226, 170), 0.75 * np.exp(-(distance / 0.16) ** 2))
    veil = np.clip(clouds(stretch=5, seed=3) * 0.5 - 0.15 + 0.4 * (0.4 - Y), 0, 0.75)
    picture = over(picture, gradient([(0, (236, 238, 242)), (0.5, (255, 222, 190))], Y), veil)
    return over(picture, (255, 248, 222), np.clip((0.047 - distance) / 0.004, 0, 1))


def sea(picture):
    depth = np.clip((Y - HORIZON) / (1 - HORIZON), 0, 1)
    water = gradient([(0, (150, 166, 172)), (0.12, (70, 118, 146)), (1, (22, 66, 98))], depth)
    waves = np.sin((depth + 0.02) ** 0.5 * 430 + clouds(4, 9, seed=5) * 2.2)
    water = water + (waves * (5 + 10 * depth))[..., None]
    glitter = np.exp(-((X - SUN[0]) / (0.028 + 0.1 * depth)) ** 2) * (0.4 + 0.5 * (waves > 0.1))
    water = over(water, (255, 224, 170), np.clip(glitter * (1 - 0.6 * depth), 0, 0.9))
    picture = over(picture, water, (Y > HORIZON).astype(float))
    island = HORIZON - 0.035 * np.clip(1 - ((X - 0.08) / 0.16) ** 2, 0, 1) ** 0.7
    return over(picture, (122, 138, 160), (Y > island) & (Y < HORIZON))


def hill_line(x):
    return 0.83 - 0.33 / (1 + np.exp(-(x - 0.5) * 11)) + 0.03 * np.sin(x * 7 + 0.6)


def hills(picture):
    far = 0.545 - 0.16 * np.clip((X - 0.5) / 0.5, 0, 1) ** 1.3 - 0.012 * np.sin(X * 23)
    haze = gradient([(0.35, (126, 146, 138)), (0.6, (150, 158, 140))], Y)
    picture = over(picture, haze, (Y > far) & (X > 0.5) & (Y < 0.7))
    grass = gradient(
        [(0, (146, 160, 78)), (0.15, (104, 136, 62)), (0.5, (56, 90, 44))], Y - hill_line(X))
    blades = clouds(7, 1.2, seed=11) * 7 + generator.randn(H, W) * 7
    light = np.clip(1.1 - 0.35 * X, 0, 2)[..., None]
    picture = over(picture, (grass + blades[..., None]) * light, Y > hill_line(X))
    path = np.abs(X - (0.735 + 0.16 * (Y - 0.62) - 0.55 * np.clip(Y - 0.62, 0, 1) ** 1.5))
    width = 0.008 + 0.075 * np.clip(Y - 0.6, 0, 1)
    return over(picture, (196, 172, 128), np.clip((width - path) / 0.006, 0, 0.85) * (Y > 0.615))


def house(picture):
    front = shape([(0.655, 0.625), (0.655, 0.455), (0.7, 0.375), (0.75, 0.455), (0.75, 0.635)])
    side = shape([(0.75, 0.455), (0.895, 0.445), (0.895, 0.615), (0.75, 0.635)])
    boards = (6 * np.sin(Y * H / SCALE * 1.3))[..., None]
    picture = over(picture, np.array((238, 224, 198)) + boards * 0.6, front)
    picture = over(picture, np.array((206, 186, 160)) + boards, side)
    roof = shape([(0.692, 0.362), (0.858, 0.355), (0.912, 0.452), (0.748, 0.466)])
    tiles = (9 * np.sin(Y * H / SCALE * 1.9) + 6 * np.sin(X * W / SCALE * 1.5))[..., None]
    picture = over(picture, np.array((168, 72, 52)) + tiles, roof)
    edge = shape([(0.645, 0.468), (0.696, 0.358), (0.704, 0.362), (0.656, 0.472)])
    picture = over(picture, (120, 52, 40), edge)
    chimney = shape([(0.81, 0.31), (0.834, 0.309), (0.834, 0.385), (0.81, 0.387)])
    picture = over(picture, (150, 84, 66), chimney)
    door = shape([(0.69, 0.53), (0.717, 0.53), (0.717, 0.632), (0.69, 0.63)])
    picture = over(picture, (94, 60, 44), door)
    windows = [(0.69, 0.435, 0.025, 0.05), (0.777, 0.5, 0.035, 0.06), (0.838, 0.496, 0.032, 0.058)]
    for x, y, w, h in windows:
        frame = shape([(x - 0.004, y - 0.006), (x + w + 0.004, y - 0.006),
                       (x + w + 0.004, y + h + 0.006), (x - 0.004, y + h + 0.006)])
        picture = over(picture, (246, 242, 232), frame)
        for i in range(2):
            for j in range(2):
                pane = shape([(x + (i + a) * w / 2 + (0.0015 if a == 0 else -0.0015),
                               y + (j + b) * h / 2 + (0.0025 if b == 0 else -0.0025))
                              for a, b in [(0, 0), (1, 0), (1, 1), (0, 1)]])
                glass = gradient(
                    [(0, (255, 214, 140)), (1, (70, 92, 118))], np.clip((Y - y) / h, 0, 1))
                picture = over(picture, glass, pane)
    shade = shape([(0.75, 0.635), (0.895, 0.615), (0.97, 0.655), (0.8, 0.68)])
    blurred = Image.fromarray((shade * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(8))
    return over(picture, (30, 48, 30), np.asarray(blurred) / 255 * 0.5)


def tree(picture, x, foot, size, seed):
    random = np.random.RandomState(seed)
    trunk = shape([(x - 0.012 * size, foot), (x - 0.006 * size, foot - 0.2 * size),
                   (x + 0.006 * size, foot - 0.2 * size), (x + 0.014 * size, foot)])
    picture = over(picture, (82, 62, 46), trunk)
    layer = Image.new("RGBA", (W, H))
    pen = ImageDraw.Draw(layer)
    for step in range(int(700 * size)):
        angle, radius = random.rand() * 2 * np.pi, random.rand() ** 0.5
        left = x + np.cos(angle) * radius * 0.075 * size
        top = foot - 0.29 * size + np.sin(angle) * radius * 0.15 * size
        bright = np.clip(
            0.45 + 0.315 * np.cos(angle - 0.75) * radius + 0.25 * random.rand()
            - 0.3 * np.sin(angle) * radius, 0.1, 1)
        if np.cos(angle) > 0:
            bright *= 0.8
        color = tuple(int(v) for v in np.array((116, 146, 66)) * bright + np.array((18, 34, 20)))
        r = (4 + 7 * random.rand()) * size * SCALE / 2.6
        box = [left * W - r, top * H - r, left * W + r, top * H + r * 0.8]
        pen.ellipse(box, fill=color + (235,))
    values = np.asarray(layer).astype(float)
    return over(picture, values[..., :3], values[..., 3] / 255)


def boat(picture):
    sail = shape([(0.412, 0.47), (0.412, 0.562), (0.445, 0.562)])
    picture = over(picture, (244, 240, 228), sail)
    jib = shape([(0.407, 0.49), (0.407, 0.562), (0.386, 0.562)])
    picture = over(picture, (226, 214, 196), jib)
    hull = shape([(0.382, 0.57), (0.452, 0.57), (0.44, 0.59), (0.393, 0.59)])
    return over(picture, (122, 54, 44), hull)


def shrunk(picture):
    values = np.clip(picture, 0, 255).astype(np.uint8)
    return Image.fromarray(values).resize((WIDTH, HEIGHT), Image.Resampling.BOX)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    picture = boat(sea(sky()))
    picture = house(hills(picture))
    trees = [(0.955, 0.66, 1.05, 1), (0.6, 0.68, 0.62, 2), (0.535, 0.78, 0.8, 4)]
    for x, foot, size, seed in trees:
        picture = tree(picture, x, foot, size, seed)
    small = np.asarray(shrunk(picture)).astype(float)
    grain = generator.randn(HEIGHT, WIDTH)[..., None] * 2.5
    landscape = Image.fromarray(np.clip(small + grain, 0, 255).astype(np.uint8))
    landscape.save(FOLDER / "landscape.jpg", quality=92, subsampling=0, optimize=True)

    outline = shape([(0.64, 0.645), (0.635, 0.465), (0.685, 0.345), (0.8, 0.345), (0.8, 0.295),
                     (0.845, 0.295), (0.845, 0.34), (0.87, 0.34), (0.925, 0.46), (0.91, 0.63),
                     (0.75, 0.66)])
    shrunk(outline * 255).save(FOLDER / "landscape-mask.png", optimize=True)


if __name__ == "__main__":
    main()
