"""Small drawn scenes with captions, for the stand-in model to learn from."""

import numpy

COLOURS = {
    "red": (205, 45, 40),
    "orange": (235, 140, 45),
    "yellow": (245, 215, 70),
    "green": (60, 150, 70),
    "blue": (55, 95, 190),
    "purple": (125, 65, 150),
    "pink": (240, 160, 185),
    "brown": (120, 80, 50),
    "black": (25, 25, 30),
    "white": (240, 240, 235),
    "grey": (135, 135, 140),
}


def draw_scene(chance: numpy.random.Generator, size: int = 64) -> tuple[numpy.ndarray, str]:
    """A [size, size, 3] picture in -1 … 1 of one large form before a field, and its caption."""
    field, form = chance.choice(list(COLOURS), 2, replace=False)
    shape = chance.choice(["round", "square", "wall", "flower"])
    y, x = (numpy.mgrid[0:size, 0:size] + 0.5) / size
    pixels = shaded(COLOURS[field], x, y, chance)
    for _ in range(chance.integers(0, 3)):  # something small behind, which the caption leaves out
        colour = COLOURS[chance.choice(list(COLOURS))]
        pixels = blended(pixels, shaded(colour, x, y, chance), coverage("round", x, y, chance, 0.1))
    pixels = blended(
        pixels, shaded(COLOURS[form], x, y, chance), coverage(shape, x, y, chance, 0.3)
    )
    pixels = pixels + chance.normal(0, chance.uniform(0, 6), pixels.shape)
    return (pixels / 127.5 - 1).clip(-1, 1).astype("float32"), f"a {form} {shape} on {field}"


def shaded(colour: tuple[int, int, int], x, y, chance: numpy.random.Generator) -> numpy.ndarray:
    """The colour, lighter towards a side."""
    across, down, level = chance.normal(0, 25, 3)
    light = across * (x - 0.5) + down * (y - 0.5) + 0.4 * level
    return numpy.array(colour, float) + light[..., None]


def coverage(shape: str, x, y, chance: numpy.random.Generator, scale: float) -> numpy.ndarray:
    """How much of each pixel the form covers, 0 … 1, with an edge of about a pixel."""
    middle = chance.uniform(0.25, 0.75, 2)
    radius = scale * chance.uniform(0.6, 1.3)
    across, down = x - middle[0], y - middle[1]
    if shape == "round":
        inside = radius - numpy.hypot(across, down)
    elif shape == "square":
        inside = radius - numpy.maximum(abs(across), abs(down))
    elif shape == "wall":
        inside = down - 0.2 * chance.normal() * across
    else:
        angle = numpy.arctan2(down, across) + chance.uniform(0, 6)
        inside = radius * (0.75 + 0.25 * numpy.cos(5 * angle)) - numpy.hypot(across, down)
    return (inside * len(x) + 0.5).clip(0, 1)[..., None]


def blended(under: numpy.ndarray, over: numpy.ndarray, cover: numpy.ndarray) -> numpy.ndarray:
    return under * (1 - cover) + over * cover
