#!/usr/bin/env python
"""Judges how well holes are filled: Gesso's fills beside OpenCV's and scikit-image's.

    python Benchmarks/fill.py [--photos FOLDER] [--program FILE] [--fills patch ...] [--seed N] [--keep FOLDER]
    python Benchmarks/fill.py --time [--megapixels 12]

Holes are cut into photographs and drawn textures with fixed seeds, so what was there is known. Half of them
are blobs, bars and strokes; the others have the shapes of the photographs' own masks (NAME_mask.png), moved.
A method is judged inside the holes alone: PSNR of RGB in decibels, structural similarity of luma (mean of
the 11x11 map), and the distance of the histograms of gradients (0 alike, 1 disjoint), which is large where a
fill is duller or sharper than the picture. Each is given as a mean and as the mean of the worst tenth.

With --time, one run measures how long fills take on a large picture with masks of 1 % and 5 %, and how long
it takes to compare two such pictures (peak signal to noise and structural similarity) and to enlarge one by
Lanczos, beside Pillow and scikit-image. Fills of the others have picture and mask in memory; all else reads and
writes files. Biharmonic fills are left out: they solve one system of equations of all that is unknown.

Needs numpy, Pillow, opencv-python-headless and scikit-image. Methods: patch and other fills by Gesso;
telea and navier-stokes by OpenCV (radius 5); biharmonic by scikit-image.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from skimage.metrics import structural_similarity
from skimage.restoration import inpaint_biharmonic

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = ROOT.parent / "shared/photos"
SIDE = 512
HOLES_A_PHOTO = 9
HOLES_A_TEXTURE = 3


# Pictures

def fractal(random, exponent):
    """Noise whose amplitude falls with the frequency to that power, in 0...1."""
    y, x = np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None]
    radius = np.maximum(np.hypot(x, y), 1 / SIDE)
    spectrum = np.fft.fft2(random.normal(size=(SIDE, SIDE))) / radius**exponent
    field = np.fft.ifft2(spectrum).real
    return np.clip((field - field.mean()) / field.std() / 5 + 0.5, 0, 1)


def colored(field, dark, light):
    return np.array(dark) + field[..., None] * (np.array(light, float) - np.array(dark))


def textures():
    """Drawn pictures by name: patterns, lines that cross the holes, noises and borders between them."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(float)
    grain = random.normal(0, 4, (SIDE, SIDE, 1))

    row = y // 24
    joint = ((y % 24) < 3) | (((x + row % 2 * 30) % 60) < 3)
    tone = random.normal(0, 12, (64, 64))[(row % 64).astype(int), ((x + row % 2 * 30) // 60).astype(int)]
    yield "bricks", np.where(joint[..., None], [205, 200, 190], [165, 75, 55] + tone[..., None]) + grain

    far = np.maximum(y - 150, 1)
    tiles = ((40000 / far // 40) + ((x - SIDE / 2) / far * 8 // 1)) % 2
    floor = colored(tiles, [60, 60, 70], [190, 185, 170])
    yield "floor", np.where((y < 160)[..., None], colored(y / 160, [90, 130, 200], [210, 220, 235]), floor) + grain

    waves = np.sin((x + 40 * fractal(random, 1.5)) / 5 + 18 * fractal(random, 1.8))
    yield "wood", colored(0.5 + 0.3 * waves + 0.2 * fractal(random, 0.8), [95, 60, 30], [200, 150, 95])

    yield "clouds", colored(fractal(random, 1.7), [80, 120, 190], [250, 250, 252]) + grain / 2

    yield "sand", colored(fractal(random, 0.35), [120, 95, 60], [230, 205, 160])

    sky = colored(y / SIDE, [70, 120, 200], [200, 220, 240])
    roof = y > 180 + 0.35 * x
    ground = colored(fractal(random, 0.6), [60, 80, 40], [140, 160, 80])
    yield "slope", np.where(roof[..., None], ground, sky + grain / 2)

    wires = (np.abs((x + y) % 38 - 19) < 2) | (np.abs((x - y) % 38 - 19) < 2)
    yield "fence", np.where(wires[..., None], [70, 72, 75], colored(fractal(random, 1.2), [30, 90, 30], [150, 190, 90]))

    window = ((x % 64) > 18) & ((x % 64) < 48) & ((y % 80) > 20) & ((y % 80) < 64)
    frame = window & (((x % 64) < 22) | ((x % 64) > 44) | (np.abs(y % 80 - 42) < 2))
    wall = colored(fractal(random, 0.8), [185, 165, 130], [215, 195, 160])
    yield "windows", np.where(frame[..., None], 235, np.where(window[..., None], [50, 60, 80], wall)) + grain

    rings = np.hypot(x - 200, y - 330)
    yield "rings", colored(0.5 + 0.5 * np.sign(np.sin(rings / 9)), [40, 90, 120], [235, 225, 205]) + grain

    beams = ((0.6 * x + y) % 90) < 14
    mortar = colored(fractal(random, 0.9), [170, 165, 155], [225, 220, 210])
    yield "beams", np.where(beams[..., None], colored(fractal(random, 0.6), [50, 35, 25], [95, 70, 50]), mortar)


def pictures(photos):
    """Name and RGB of every picture, with how many holes it gets."""
    for file in sorted(photos.glob("*.png")):
        if not file.stem.endswith("_mask"):
            photo = Image.open(file).convert("RGB").resize((SIDE, SIDE), Image.LANCZOS)
            yield file.stem[:12], np.asarray(photo), HOLES_A_PHOTO
    for name, field in textures():
        yield name, np.clip(field, 0, 255).round().astype(np.uint8), HOLES_A_TEXTURE


# Holes

def blob(random):
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radius = random.uniform(24, 70) * (1 + sum(
        random.uniform(0, 0.3 / k) * np.cos(k * angle + random.uniform(0, 6.3)) for k in range(1, 6)))
    center = random.uniform(60, SIDE - 60, 2)
    points = np.stack([center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle)], 1)
    return cv2.fillPoly(np.zeros((SIDE, SIDE), np.uint8), [points.round().astype(np.int32)], 255)


def bar(random):
    size = random.uniform(30, 130, 2)
    box = cv2.boxPoints((tuple(random.uniform(70, SIDE - 70, 2)), tuple(size), random.uniform(0, 90)))
    return cv2.fillPoly(np.zeros((SIDE, SIDE), np.uint8), [box.round().astype(np.int32)], 255)


def stroke(random):
    hole = np.zeros((SIDE, SIDE), np.uint8)
    point, heading = random.uniform(80, SIDE - 80, 2), random.uniform(0, 6.3)
    for _ in range(random.integers(3, 7)):
        heading += random.uniform(-0.9, 0.9)
        end = point + random.uniform(20, 60) * np.array([np.cos(heading), np.sin(heading)])
        cv2.line(hole, tuple(point.astype(int).tolist()), tuple(end.astype(int).tolist()), 255,
                 int(random.integers(8, 30)))
        point = end
    return hole


def silhouette(random, shapes):
    """The largest part of a photograph's own mask, made smaller and moved."""
    shape = shapes[random.integers(len(shapes))]
    height = random.integers(90, 220)
    width = max(int(shape.shape[1] * height / shape.shape[0]), 20)
    if width > 220:
        width, height = 220, int(height * 220 / width)
    small = cv2.resize(shape, (int(width), int(height)), interpolation=cv2.INTER_NEAREST)
    hole = np.zeros((SIDE, SIDE), np.uint8)
    top, left = random.integers(10, SIDE - height - 10), random.integers(10, SIDE - width - 10)
    hole[top:top + height, left:left + width] = small
    return hole


def own_shapes(photos):
    shapes = []
    for file in sorted(photos.glob("*_mask.png")):
        mask = (np.asarray(Image.open(file).convert("L")) > 127).astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
        x, y, width, height, _ = stats[1 + stats[1:, cv2.CC_STAT_AREA].argmax()]
        shapes.append((labels[y:y + height, x:x + width] > 0).astype(np.uint8) * 255)
    return shapes


def cases(photos, seed=1000):
    shapes = own_shapes(photos)
    kinds = [blob, lambda r: silhouette(r, shapes), bar, lambda r: silhouette(r, shapes), stroke]
    if not shapes:
        kinds = [blob, bar, stroke]
    number = 0
    for name, picture, count in pictures(photos):
        for index in range(count):
            hole = kinds[number % len(kinds)](np.random.default_rng(seed + number))
            number += 1
            yield f"{number:02}-{name}", picture, hole


# Methods

def by_gesso(program, fill, folder):
    def method(picture, hole):
        source, mask, result = (f"{folder}/{name}.png" for name in ["source", "mask", "result"])
        Image.fromarray(picture).save(source, compress_level=1)
        Image.fromarray(hole).save(mask, compress_level=1)
        start = time.monotonic()
        subprocess.run([program, "inpaint", source, "--mask", mask, "--steps", "0", "--fill", fill,
                        "--mask-feather", "0", "-o", result, "--overwrite", "--quiet"],
                       check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - start
        return np.asarray(Image.open(result).convert("RGB")), seconds
    return method


def timed(work):
    def method(picture, hole):
        start = time.monotonic()
        result = work(picture, hole)
        return result, time.monotonic() - start
    return method


def biharmonic(picture, hole):
    filled = inpaint_biharmonic(picture / 255, hole > 0, channel_axis=-1)
    return np.clip(filled * 255, 0, 255).round().astype(np.uint8)


def methods(chosen, folder):
    for fill in chosen.fills:
        yield fill, by_gesso(chosen.program, fill, folder)
    yield "telea", timed(lambda p, h: cv2.inpaint(p, h, 5, cv2.INPAINT_TELEA))
    yield "navier-stokes", timed(lambda p, h: cv2.inpaint(p, h, 5, cv2.INPAINT_NS))
    if not chosen.without_biharmonic:
        yield "biharmonic", timed(biharmonic)


# Measures

def grey(picture):
    return np.asarray(Image.fromarray(picture).convert("L")).astype(float)


def gradients(picture, hole):
    light = grey(picture)
    down, right = np.gradient(light)
    strength = np.log2(1 + np.hypot(down, right)[hole > 0])
    counts, _ = np.histogram(strength, bins=24, range=(0, 8))
    return counts / counts.sum()


def measured(result, truth, hole):
    inside = hole > 0
    assert (result[~inside] == truth[~inside]).all(), "pixels outside of the hole changed"
    error = ((result[inside].astype(float) - truth[inside]) ** 2).mean()
    _, similarity = structural_similarity(
        grey(truth), grey(result), data_range=255, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True)
    distance = np.abs(gradients(result, hole) - gradients(truth, hole)).sum() / 2
    return {"psnr": 10 * np.log10(255**2 / max(error, 1e-3)), "ssim": similarity[inside].mean(),
            "gradients": distance}


def judge(chosen, folder):
    found = {}
    for name, truth, hole in cases(chosen.photos, chosen.seed):
        for method, work in methods(chosen, folder):
            damaged = truth.copy()
            damaged[hole > 0] = [255, 0, 255]
            result, seconds = work(damaged, hole)
            found.setdefault(method, []).append(measured(result, truth, hole) | {"seconds": seconds, "case": name})
            if chosen.keep:
                Image.fromarray(result).save(chosen.keep / f"{name}-{method}.png")
        if chosen.keep:
            Image.fromarray(damaged).save(chosen.keep / f"{name}-hole.png")
    count = len(next(iter(found.values())))
    print(f"{count} holes; mean and, in brackets, mean of the worst tenth")
    print(f"{'method':14} {'PSNR dB':>16} {'SSIM inside':>16} {'gradients':>16} {'seconds':>8}")
    for method, rows in found.items():
        line = f"{method:14}"
        for key, sign in [("psnr", 1), ("ssim", 1), ("gradients", -1)]:
            values = np.sort([sign * row[key] for row in rows])
            worst = sign * values[:max(count // 10, 1)].mean()
            digits = 2 if key == "psnr" else 3
            line += f"{sign * values.mean():9.{digits}f} ({worst:.{digits}f})".rjust(17)
        print(line + f"{np.mean([row['seconds'] for row in rows]):9.2f}")
    if chosen.keep:
        (chosen.keep / "cases.json").write_text(json.dumps(found, indent=1))


def measure_time(chosen, folder):
    _, photo, _ = next(pictures(chosen.photos))
    width = int((chosen.megapixels * 1e6 * 4 / 3) ** 0.5)
    height = width * 3 // 4
    large = cv2.resize(photo, (width, height), interpolation=cv2.INTER_LANCZOS4)
    for share in [0.01, 0.05]:
        radius = int((share * width * height / np.pi) ** 0.5)
        hole = cv2.circle(np.zeros((height, width), np.uint8), (width // 2, height // 2), radius, 255, -1)
        for method, work in methods(chosen, folder):
            if method == "biharmonic":
                continue
            _, seconds = work(large, hole)
            print(f"{width}x{height}, mask {share:.0%}: {method:14} {seconds:7.2f} s", flush=True)
    Image.fromarray(large).save(f"{folder}/large.jpg", quality=95)
    changed = large.copy()
    changed[::7, ::5] ^= 31
    Image.fromarray(changed).save(f"{folder}/changed.jpg", quality=95)
    Image.fromarray(large).resize((width // 2, height // 2)).save(f"{folder}/small.jpg", quality=95)
    for name, ours, theirs in [
        ("compare", ["compare", "large.jpg", "changed.jpg"], lambda: compared(folder)),
        ("enlarge", ["upscale", "small.jpg", "--scale", "2", "--strength", "0", "--prompt", "", "--quality", "95",
                     "-o", "enlarged.jpg", "--overwrite", "-q"], lambda: enlarged(folder, width, height)),
    ]:
        start = time.monotonic()
        subprocess.run([chosen.program, *ours], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        middle = time.monotonic()
        theirs()
        print(f"{width}x{height}, {name}: gesso {middle - start:7.2f} s, Pillow and scikit-image "
              f"{time.monotonic() - middle:7.2f} s", flush=True)


def compared(folder):
    first, second = (np.asarray(Image.open(f"{folder}/{name}.jpg")) for name in ["large", "changed"])
    error = ((first.astype(float) - second) ** 2).mean()
    return 10 * np.log10(255**2 / error), structural_similarity(
        grey(first), grey(second), data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)


def enlarged(folder, width, height):
    Image.open(f"{folder}/small.jpg").resize((width, height), Image.LANCZOS).save(
        f"{folder}/theirs.jpg", quality=95)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--photos", type=Path, default=PHOTOS)
    options.add_argument("--program", type=Path, default=ROOT / ".build/release/gesso")
    options.add_argument("--fills", nargs="*", default=["patch"])
    options.add_argument("--without-biharmonic", action="store_true")
    options.add_argument("--keep", type=Path, metavar="FOLDER", help="where to leave all pictures")
    options.add_argument("--seed", type=int, default=1000, help="of the holes")
    options.add_argument("--time", action="store_true")
    options.add_argument("--megapixels", type=float, default=12)
    chosen = options.parse_args()
    if chosen.keep:
        chosen.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        (measure_time if chosen.time else judge)(chosen, folder)


if __name__ == "__main__":
    main()
