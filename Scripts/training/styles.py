"""What a finished scene looks like as a photo, a painting, a drawing, pixel art or a poster."""

import numpy as np
from PIL import Image
from scipy import ndimage

NAMES = ["photo", "watercolor", "oil", "pencil", "pixel", "poster"]


def luminance(rgb):
    return rgb @ np.array([0.299, 0.587, 0.114], np.float32)


def blurred(rgb, sigma):
    return ndimage.gaussian_filter(rgb, (sigma, sigma, 0)[: rgb.ndim])


def displaced(rgb, dx, dy):
    """Each sample taken from (dx, dy) samples away."""
    height, width = rgb.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    rows = np.clip(np.rint(rows + dy), 0, height - 1).astype(int)
    columns = np.clip(np.rint(columns + dx), 0, width - 1).astype(int)
    return rgb[rows, columns]


def photo(canvas, rgb):
    unit = canvas.height
    x, y = canvas.x / canvas.aspect - 0.5, canvas.y - 0.5
    rgb = rgb * (1 - 0.35 * (x * x + y * y))[..., None]
    rgb = rgb + 0.02 * canvas.fractal(24, 2)[..., None]
    return rgb + canvas.rng.normal(0, 0.008, (unit, canvas.width, 1)).astype(np.float32)


def watercolor(canvas, rgb):
    unit = canvas.height
    bleed = 0.012 * unit
    rgb = displaced(rgb, bleed * canvas.noise(14), bleed * canvas.noise(14))
    soft = blurred(rgb, 0.008 * unit)
    edge = luminance(np.abs(soft - blurred(soft, 0.012 * unit)))
    wash = soft * 0.74 + 0.24 + 0.09 * canvas.fractal(4, 4)[..., None]
    return wash - 1.1 * edge[..., None] + 0.02 * canvas.noise(64)[..., None]


def oil(canvas, rgb):
    unit = canvas.height
    reach = 0.022 * unit
    angle = 2.5 * canvas.noise(4)
    stroke = canvas.noise(40)
    rgb = displaced(rgb, reach * stroke * np.cos(angle), reach * stroke * np.sin(angle))
    smooth = ndimage.median_filter(rgb, size=(3, 3, 1)) if unit <= 160 else blurred(rgb, 0.8)
    grey = luminance(smooth)[..., None]
    rich = grey + (smooth - grey) * 1.3
    return rich + 0.045 * stroke[..., None]


def pencil(canvas, rgb):
    grey = np.clip(luminance(rgb), 0, 1)
    soft = ndimage.gaussian_filter(grey, 0.004 * canvas.height)
    edge = np.hypot(ndimage.sobel(soft, 0), ndimage.sobel(soft, 1)) * canvas.height / 128
    hatch = np.sin((canvas.x + canvas.y) * 190) * 0.5 + 0.5
    shade = np.clip(1.0 - grey, 0, 1)
    paper = 0.98 - 0.42 * shade**1.3 - 0.12 * shade * hatch - np.clip(edge * 0.9, 0, 0.5)
    paper = paper + 0.02 * canvas.noise(60)
    return np.repeat(paper[..., None], 3, 2) * np.array([1.0, 0.995, 0.98], np.float32)


def pixel(canvas, rgb):
    rows = 32
    columns = max(8, round(rows * canvas.aspect))
    small = Image.fromarray((np.clip(rgb, 0, 1) * 255).astype(np.uint8))
    small = np.asarray(small.resize((columns, rows), Image.BOX), np.float32) / 255
    small = np.round(small * 7) / 7
    large = Image.fromarray((small * 255).astype(np.uint8))
    return np.asarray(large.resize((canvas.width, canvas.height), Image.NEAREST), np.float32) / 255


def poster(canvas, rgb):
    soft = blurred(rgb, 0.01 * canvas.height)
    grey = luminance(soft)[..., None]
    vivid = np.clip(grey + (soft - grey) * 1.7, 0, 1)
    steps = 4
    level = vivid * steps
    whole = np.floor(level)
    return (whole + np.clip((level - whole - 0.5) * 8 + 0.5, 0, 1)) / steps


def apply(name, canvas):
    """The canvas in the named style, clamped to 0...1."""
    style = {"photo": photo, "watercolor": watercolor, "oil": oil,
             "pencil": pencil, "pixel": pixel, "poster": poster}[name]
    return np.clip(style(canvas, canvas.rgb), 0, 1)
