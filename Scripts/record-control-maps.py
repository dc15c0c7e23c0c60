#!/usr/bin/env python3
"""Records what OpenCV makes of pictures into Fixtures/ControlMaps, for the tests of control maps.

    .venv/bin/pip install opencv-python-headless numpy Pillow
    .venv/bin/python Scripts/record-control-maps.py

`canny` is OpenCV's own; `line-art`, `scribble` and `soft-edge` are their formulas with OpenCV's blur and
numpy.
"""

import json
import pathlib

import cv2
import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "Fixtures" / "ControlMaps"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    listed = []
    for name, pixels in pictures().items():
        Image.fromarray(pixels).save(FOLDER / f"{name}.png", optimize=True)
        for low, high in ((100, 200), (30.7, 90.2), (250, 60)):
            listed.append(
                {"picture": name, "kind": "canny", "low": low, "high": high}
                | save(f"{name}-canny-{low}-{high}", cv2.Canny(pixels, low, high))
            )
        for kind, make in (
            ("blur", blur), ("line-art", line_art), ("scribble", scribble), ("soft-edge", soft_edge)
        ):
            listed.append({"picture": name, "kind": kind} | save(f"{name}-{kind}", make(pixels)))
    (FOLDER / "maps.json").write_text(json.dumps(listed, indent=1) + "\n")


def save(name: str, pixels: numpy.ndarray) -> dict:
    Image.fromarray(pixels).save(FOLDER / f"{name}.png", optimize=True)
    return {"map": f"{name}.png"}


def pictures() -> dict[str, numpy.ndarray]:
    """Shapes with soft and hard borders, noise of two grains, one column."""
    random = numpy.random.default_rng(5)
    y, x = numpy.mgrid[0:96, 0:128].astype(float)
    shapes = numpy.stack([60 + x, 200 - 1.5 * y, 90 + 0 * x], -1)
    for cx, cy, radius, color in ((40, 40, 25, (250, 220, 80)), (90, 60, 18, (30, 40, 160))):
        shapes[numpy.hypot(x - cx, y - cy) < radius] = color
    shapes[(abs(x - y) < 2) & (x > 20)] = (10, 10, 10)
    shapes[(y > 80) & (x.astype(int) % 9 < 2)] = (240, 240, 240)
    fine = random.integers(0, 256, (61, 83, 3))
    coarse = cv2.GaussianBlur(random.integers(0, 256, (70, 90, 3)).astype("float32"), (0, 0), 2.5)
    coarse = (coarse - coarse.min()) / (coarse.max() - coarse.min()) * 255
    narrow = random.integers(0, 256, (40, 1, 3))
    return {
        "shapes": cv2.GaussianBlur(shapes, (0, 0), 0.8).clip(0, 255).round().astype("uint8"),
        "fine": fine.astype("uint8"),
        "coarse": coarse.round().astype("uint8"),
        "narrow": narrow.astype("uint8"),
    }


def gaussian(pixels: numpy.ndarray, sigma: float) -> numpy.ndarray:
    return cv2.GaussianBlur(pixels.astype("float32"), (0, 0), sigma)


def blur(pixels: numpy.ndarray) -> numpy.ndarray:
    return gaussian(pixels, 9).round().clip(0, 255).astype("uint8")


def line_art(pixels: numpy.ndarray) -> numpy.ndarray:
    depth = (gaussian(pixels, 6) - pixels.astype("float32")).min(2).clip(0, 255)
    lines = depth[depth > 8]
    depth = depth / max(16, numpy.median(lines) if lines.size else 0) * 127
    return depth.clip(0, 255).astype("uint8")


def scribble(pixels: numpy.ndarray) -> numpy.ndarray:
    excess = (gaussian(pixels, 5) - gaussian(pixels, 0.5)).min(2)
    kept = (255 - excess).clip(0, 255).astype("uint8")
    return numpy.where(2 * (255 - kept.astype(float)) > 32, 255, 0).astype("uint8")


def soft_edge(pixels: numpy.ndarray) -> numpy.ndarray:
    luma = gaussian(pixels, 1) @ numpy.array([0.299, 0.587, 0.114], "float32")
    dx = cv2.Sobel(luma, cv2.CV_32F, 1, 0, borderType=cv2.BORDER_REPLICATE)
    dy = cv2.Sobel(luma, cv2.CV_32F, 0, 1, borderType=cv2.BORDER_REPLICATE)
    length = numpy.sqrt(dx * dx + dy * dy)
    return (length / max(length.max(), 1) * 255).clip(0, 255).astype("uint8")


if __name__ == "__main__":
    main()
