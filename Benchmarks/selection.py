"""Measures how well `gesso mask --select` finds what a folder of masks marks, beside OpenCV's grabCut.

    Benchmarks/selection.py PHOTOS [path of gesso] [--jitter N] [--large]

PHOTOS holds pairs NAME.png and NAME_mask.png. Each thing is selected by the bounds of its mask, then with
one to three strokes, drawn as a person would: along the middle of the largest part that is still wrong.
Stated is the intersection over union with the mask, of the border that is found (`--select-margin 0`) and of the
selection as it comes, with a margin by the object's size. Masks for repainting are painted with a margin, too,
which no border in the picture follows; so strokes to keep are drawn within the mask less --margin pixels, and
the comparison is grown by as many. --jitter adds N boxes a
thing with each side moved by up to a tenth, as people draw them, and one that is larger by a fifth on all
sides. --large times a picture of 12 megapixels. Needs numpy, scipy, Pillow and, for the comparison, opencv-python-headless.
"""

import argparse
import pathlib
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image
from scipy import ndimage

parser = argparse.ArgumentParser()
parser.add_argument("photos", type=pathlib.Path)
parser.add_argument("gesso", nargs="?", default=".build/release/gesso")
parser.add_argument("--margin", type=int, default=6)
parser.add_argument("--jitter", type=int, default=0)
parser.add_argument("--large", action="store_true")
options = parser.parse_args()
folder = pathlib.Path(tempfile.mkdtemp(prefix="gesso-select."))


def overlap(a, b):
    return (a & b).sum() / max((a | b).sum(), 1)


def select(photo, box, keep, drop, margin=None):
    out = folder / "mask.png"
    words = [options.gesso, "mask", photo, "-q", "--overwrite", "-o", out, "--mask-feather", "0"]
    words += ["--select-margin", str(margin)] if margin is not None else []
    words += ["--select", "box:" + ",".join(map(str, box))]
    for name, strokes in (("--keep", keep), ("--drop", drop)):
        for stroke in strokes:
            words += [name, ",".join(f"{v:.1f}" for point in stroke for v in point)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return np.asarray(Image.open(out).convert("L")) > 127


def disc(radius):
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return x * x + y * y <= radius * radius


def walk(start, where):
    """The farthest place from another within a part, and the way there."""
    came = {start: None}
    queue = [start]
    for place in queue:
        y, x = place
        for near in ((y, x + 1), (y, x - 1), (y + 1, x), (y - 1, x)):
            if near not in came and 0 <= near[0] < where.shape[0] and 0 <= near[1] < where.shape[1]:
                if where[near]:
                    came[near] = place
                    queue.append(near)
    path, place = [], queue[-1]
    while place is not None:
        path.append(place)
        place = came[place]
    return queue[-1], path


def stroke(wrong):
    """A line along the middle of the largest part, and the part's area; nothing where it is thin."""
    labels, count = ndimage.label(wrong)
    if not count:
        return None, 0
    areas = ndimage.sum_labels(wrong, labels, range(1, count + 1))
    part = labels == 1 + int(np.argmax(areas))
    depth = ndimage.distance_transform_cdt(np.pad(part, 1), "chessboard")[1:-1, 1:-1]
    if depth.max() < 3:
        return None, 0
    core = depth >= max(2, depth.max() // 2)
    end, _ = walk(tuple(np.unravel_index(np.argmax(depth), depth.shape)), core)
    _, path = walk(end, core)
    return [(x + 0.5, y + 0.5) for y, x in path[::4]], areas.max()


def peer(photo, box, keep, drop):
    """What OpenCV's grabCut finds with the same box and strokes."""
    try:
        import cv2
    except ImportError:
        return None
    cv2.setRNGSeed(0)
    picture = cv2.imread(str(photo))
    x, y, width, height = box
    found = np.zeros(picture.shape[:2], np.uint8)
    found[y : y + height, x : x + width] = cv2.GC_PR_FGD
    thickness = max(1, round(max(found.shape) / 128))
    for strokes, value in ((drop, cv2.GC_BGD), (keep, cv2.GC_FGD)):
        for stroke in strokes:
            cv2.polylines(found, [np.int32(stroke)], False, value, thickness)
    back, front = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(picture, found, None, back, front, 5, cv2.GC_INIT_WITH_MASK)
    return found & 1 == 1


def moved(box, shares, size):
    """A box with its sides moved outwards by shares of its width and height, within the picture."""
    x, y, width, height = box
    left, right = x - shares[0] * width, x + width + shares[2] * width
    top, bottom = y - shares[1] * height, y + height + shares[3] * height
    left, top = max(round(left), 0), max(round(top), 0)
    return left, top, min(round(right), size[1]) - left, min(round(bottom), size[0]) - top


rows, jittered = [], []
for path in sorted(options.photos.glob("*_mask.png")):
    photo = path.with_name(path.name.replace("_mask", ""))
    truth = np.asarray(Image.open(path).convert("L")) > 127
    core = ndimage.binary_erosion(truth, disc(options.margin), border_value=1)
    ys, xs = np.where(truth)
    box = tuple(map(int, (xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1)))
    keep, drop = [], []
    row, peers = [], []
    for strokes in range(4):
        found = select(photo, box, keep, drop, margin=0)
        row += [overlap(found, truth), overlap(select(photo, box, keep, drop), truth)]
        if strokes in (0, 3):
            peers.append(peer(photo, box, keep, drop))
        missing, lack = stroke(core & ~found)
        surplus, excess = stroke(found & ~truth)
        if missing and lack >= excess:
            keep.append(missing)
        elif surplus:
            drop.append(surplus)
    for other in peers:
        both = (other, other is not None and ndimage.binary_dilation(other, disc(options.margin)))
        row += [np.nan if other is None else overlap(mask, truth) for mask in both]
    row.append(overlap(core, truth))
    rows.append(row)
    generator = np.random.default_rng(5)
    for number in range(options.jitter + bool(options.jitter)):
        shares = generator.uniform(-0.1, 0.1, 4) if number < options.jitter else [0.2] * 4
        drawn = moved(box, shares, truth.shape)
        both = (select(photo, drawn, [], []), peer(photo, drawn, [], []))
        jittered.append((number < options.jitter, [
            overlap(both[0], truth), np.nan if both[1] is None
            else overlap(ndimage.binary_dilation(both[1], disc(options.margin)), truth)]))
    print(f"{photo.stem[:24]:24}", " ".join(f"{v:.3f}" for v in row))
print(f"{'mean':24}", " ".join(f"{v:.3f}" for v in np.mean(rows, axis=0)))
print("Columns: box, with one, two and three strokes, grabCut with the box and with all strokes;")
print("each also with the margin; last the mask without its margin, which no exact border exceeds")

for isNear, name in ((True, "sides moved by up to 10 %"), (False, "boxes larger by 20 %")):
    values = [value for near, value in jittered if near == isNear]
    if values:
        mean = np.mean(values, axis=0)
        print(f"{name}, with the margin: {mean[0]:.3f}, grabCut {mean[1]:.3f}")

if options.large:
    large = folder / "large.png"
    Image.open(photo).convert("RGB").resize((4000, 3000)).save(large, compress_level=1)
    scale = (4000 / truth.shape[1], 3000 / truth.shape[0])
    words = [options.gesso, "mask", large, "-q", "--overwrite", "-o", folder / "mask.png"]
    x, y, w, h = (round(v * scale[i % 2]) for i, v in enumerate(box))
    for name, more in (
        ("selected", ["--select", f"box:{x},{y},{w},{h}"]),
        ("the same as a rectangle, for reading and writing", ["--mask", f"rect:{x},{y},{w},{h}"]),
    ):
        start = time.monotonic()
        subprocess.run(words + more, check=True, stdout=subprocess.DEVNULL)
        print(f"4000x3000 {name}: {time.monotonic() - start:.2f} s")
