#!/usr/bin/env python3
"""Tries every verb on photos of 12 to 108 megapixels as cameras, telephones and tools write them.

Sixteen photos are enlarged or drawn (Scripts/photos/sources.py): landscape, portrait, turned, progressive, grey,
HEIC, TIFF and PNG of 16 bits, WebP, AVIF, Ultra HDR, a panorama. Each is repainted, filled, extended, made larger,
masked, compared and verified with the built-in model, and planned with another model. Each result must have the
right size, show the photo the right way up, keep what the camera noted, show nothing of what was removed, and hold
the photo's own pixels off the mask, as other programs read them. A plan must not refuse a photo, and inpainting
a part of one must cost hardly more than inpainting a small picture.

    Scripts/try-photos.py [--gesso PATH] [--cases NAME ...] [--pictures FOLDER] [--model FOLDER]
                          [--instruct FOLDER] [--keep FOLDER]

Needs exiftool, heif-convert (Debian's libheif-examples), Pillow, numpy, opencv-python-headless, tifffile and pillow-heif.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import cv2
import numpy as np
import pillow_heif
import tifffile
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Scripts"))
from photos.sources import photos  # noqa: E402

pillow_heif.register_heif_opener()
EDIT = ["--prompt", "a stone", "--seed", "7", "--quiet"]
# What is painted is not looked at: a few steps will do.
FEW = ["--steps", "4"]
# Pixels of a JPEG beside a mask that share a block with it, and the ones beside those.
MARGIN = 17
# Pixels along the sides of a picture that `outpaint` repaints.
OVERLAP = 32
# What decoders of another version may make of the same file, in levels.
ROUNDING = {".heic": 1}
TURNS = {
    1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1), 7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: lambda a: np.rot90(a, 1)}
TRACES = ("ThumbnailImage", "PreviewImage", "MPImage", "GainMap", "DepthMap", "AuxiliaryImage")


class Trial:
    """A photo and what is tried on it."""

    def __init__(self, gesso, source, orientation, folder):
        self.gesso, self.source, self.folder, self.orientation = gesso, source, folder, orientation
        self.old = noted(source)
        self.photo = upright(source, 1 if source.suffix == ".heic" else orientation)
        self.height, self.width = self.photo.shape[:2]
        self.failures = []
        # Seconds and mebibytes by verb.
        self.row = {}

    def check(self, truth, what):
        if not truth:
            self.failures.append(f"{self.source.name}: {what}")

    def run(self, verb, *words):
        """Runs the tool and notes its seconds and mebibytes; what it printed, or nothing if it failed."""
        out, errors = self.folder / "stdout", self.folder / "stderr"
        with open(out, "wb") as output, open(errors, "wb") as messages:
            begun = time.monotonic()
            process = subprocess.Popen([self.gesso, *map(str, words)], stdout=output, stderr=messages)
            memory = 0
            while (status := process.poll()) is None:
                memory = max(memory, most_memory(process.pid))
                time.sleep(0.02)
        self.row[verb] = f"{time.monotonic() - begun:.1f} s {memory:.0f}"
        self.messages = errors.read_text(errors="replace")
        self.check(status == 0, f"{verb}: exit code {status}: {self.messages.strip()[-200:]}")
        return out.read_text(errors="replace") if status == 0 else None

    @property
    def ending(self):
        """Of results: the photo's own where it can be written."""
        return {".heic": ".png"}.get(self.source.suffix, self.source.suffix)

    @property
    def scale(self):
        """How much larger it is made: to 200 megapixels at most, which is the limit."""
        return 1.5 if self.width * self.height < 30e6 else 1.25

    @property
    def aspect(self):
        """Of a canvas around it: of 200 megapixels at most, too."""
        if self.width >= 2 * self.height:
            return "6:1"
        return "16:9" if max(self.width, self.height * 16 / 9) ** 2 * 9 / 16 <= 200e6 else "4:3"

    @property
    def box(self):
        return self.width // 3, self.height // 3, 500, 600

    def result(self, verb):
        return self.folder / f"{verb}{self.ending}"

    # What results must be ------------------------------------------------------------------------

    def judge(self, verb, size, box=None):
        """Checks a result; what is off the box must be the photo's."""
        path = self.result(verb)
        new = noted(path)
        turned = new.get("Orientation", 1)
        found = upright(path, turned)
        self.check((found.shape[1], found.shape[0]) == size, f"{verb}: {found.shape[1]}x{found.shape[0]}, not {size}")
        self.check(found.dtype == self.photo.dtype, f"{verb}: {found.dtype}")
        for tag in ("Make", "Artist", "Title", "ProfileDescription", "By-line"):
            self.check(new.get(tag) == self.old.get(tag), f"{verb}: {tag} is {new.get(tag)}, not {self.old.get(tag)}")
        if "GPSLatitude" in self.old:
            self.check(abs(float(new.get("GPSLatitude", 0)) - 48.1) < 1e-4, f"{verb}: no place")
        self.check("Warning" not in new, f"{verb}: {new.get('Warning')}")
        left = [name for name in new if name.startswith(TRACES)]
        self.check(not left, f"{verb}: {left} of the source are left")
        if verb in ("inpaint", "patch") and self.ending == ".jpg":
            self.check(turned == self.orientation, f"{verb}: orientation {turned}")
        return found

    def faces(self, verb, found):
        """Whether a picture is turned as the photo is, and not otherwise."""
        photo, other = small(self.photo), small(found)
        distances = {turn: np.abs(TURNS[turn](other) - photo).mean() for turn in TURNS}
        self.check(min(distances, key=distances.get) == 1, f"{verb}: turned: {distances}")

    def agree(self, one, other):
        """Where samples are the same but for rounding."""
        most = ROUNDING.get(self.source.suffix, 0)
        return (np.maximum(one, other) - np.minimum(one, other)) <= most

    def keeps(self, verb, found, at=(0, 0), box=None):
        """Whether the photo's pixels are on a picture, but for those of a box."""
        left, top = at
        part = found[top:top + self.height, left:left + self.width]
        same = self.agree(part, self.photo).reshape(self.height, self.width, -1).all(2)
        margin = MARGIN if self.ending == ".jpg" else 0
        if box:
            x, y, width, height = box
            same[max(y - margin, 0):y + height + margin, max(x - margin, 0):x + width + margin] = True
        else:
            # Along its sides a picture on a canvas is repainted, too.
            margin += OVERLAP
            for edge in (same[:margin], same[-margin:], same[:, :margin], same[:, -margin:]):
                edge[...] = True
        self.check(same.all(), f"{verb}: {int((~same).sum())} pixels off the mask differ")

    def place(self, found):
        """Where the photo is on a larger picture: the offset, near the middle, with the same pixels."""
        middle = slice(self.height // 2, self.height // 2 + 8), slice(self.width // 2, self.width // 2 + 64)
        strip = self.photo[middle]
        down, across = found.shape[0] - self.height, found.shape[1] - self.width
        for top in range(max(down // 2 - 16, 0), min(down // 2 + 16, down) + 1):
            for left in range(max(across // 2 - 16, 0), min(across // 2 + 16, across) + 1):
                y, x = top + self.height // 2, left + self.width // 2
                if self.agree(found[y:y + 8, x:x + 64], strip).all():
                    return left, top
        return None

    # The verbs -------------------------------------------------------------------------------------

    def edit(self):
        mask = "rect:" + ",".join(map(str, self.box))
        size = (self.width, self.height)
        for verb, own in (("inpaint", FEW), ("patch", ["--fill", "patch", "--steps", "0"])):
            words = ["inpaint", self.source, "--mask", mask, *own, "-o", self.result(verb), *EDIT]
            if self.run(verb, *words) is None:
                continue
            found = self.judge(verb, size)
            self.keeps(verb, found, box=self.box)
            if self.source.suffix == ".heic":
                continue
            self.run("verify", "verify", self.source, self.result(verb), "--mask", mask)
            told = self.run("compare", "compare", self.source, self.result(verb), "--mask", mask, "--json")
            if told is not None and self.ending != ".jpg":
                outside = json.loads(told)["outside"]
                self.check(outside.get("differing_pixels", 0) == 0, f"compare: {outside}")
        if self.source.stem == "ultra-hdr":
            told = subprocess.run(
                [self.gesso, "info", self.source], capture_output=True, text=True).stdout
            self.check("gain map" in told, f"info: {told}")
        if self.run("img2img", "img2img", self.source, "--strength", "0.4", "-o", self.result("img2img"),
                    *FEW, *EDIT) is not None:
            found = self.judge("img2img", size)
            self.faces("img2img", found)
        if self.run("outpaint", "outpaint", self.source, "--aspect", self.aspect, "-o", self.result("outpaint"),
                    *FEW, *EDIT) is not None:
            across, down = map(int, self.aspect.split(":"))
            wide = max(self.width, round(self.height * across / down))
            found = self.judge("outpaint", (wide, max(self.height, round(self.width * down / across))))
            place = self.place(found)
            self.check(place is not None, "outpaint: the photo is not on the canvas")
            if place:
                self.keeps("outpaint", found, place)

    def measure(self):
        larger = self.folder / f"upscale{self.ending}"
        if self.run("upscale", "upscale", self.source, "--scale", self.scale, "--strength", "0", "-o", larger,
                    *EDIT) is not None:
            found = self.judge("upscale", (round(self.width * self.scale), round(self.height * self.scale)))
            self.faces("upscale", found)
        drawn = self.folder / "mask.png"
        mask = "rect:" + ",".join(map(str, self.box))
        if self.run("mask", "mask", self.source, "--mask", mask, "--mask-grow", "8", "-o", drawn,
                    "--overwrite") is not None:
            white = cv2.imread(str(drawn), cv2.IMREAD_GRAYSCALE)
            self.check(white.shape == (self.height, self.width), f"mask: {white.shape}")
            x, y, width, height = self.box
            self.check(white[y + height // 2, x + width // 2] == 255 and white[y - 20, x] == 0, "mask: elsewhere")

    def plan(self, model, instruct, cost):
        """Plans with a model of Stable Diffusion's size; `cost` is what a small inpaint costs."""
        mask = "rect:" + ",".join(map(str, self.box))
        plans = {"inpaint": ["--mask", mask], "img2img": [], "outpaint": ["--aspect", self.aspect],
                 "upscale": ["--scale", self.scale]}
        if instruct:
            plans["instruct"] = []
        for verb, own in plans.items():
            told = self.run(
                f"plan {verb}", verb, self.source, *own, "-o", self.folder / "plan.png", "--model",
                instruct if verb == "instruct" else model, "--dry-run", "--json", *EDIT)
            if told is None:
                continue
            plan = json.loads(told)
            sides = [side for part in plan["passes"] for side in (part["work_width"], part["work_height"])]
            self.check(max(sides) <= 1024, f"plan {verb}: the model is to work at {max(sides)} pixels")
            if verb == "inpaint":
                self.check(plan["estimated_seconds"] <= 1.15 * cost,
                           f"plan inpaint: {plan['estimated_seconds']:.0f} s, a small one takes {cost:.0f} s")


def most_memory(process):
    """The most resident memory of a process so far, in mebibytes. What wait4 tells counts this program's, too."""
    try:
        status = pathlib.Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    lines = [line.split() for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0][1]) / 1024 if lines else 0


def noted(path):
    """What exiftool finds in a file, by name."""
    found = subprocess.run(["exiftool", "-j", "-n", "-ee", path], capture_output=True).stdout
    return json.loads(found)[0]


def stored(path):
    """The samples of a file as they are stored."""
    if path.suffix == ".tif":
        return tifffile.imread(path)
    if path.suffix == ".avif":
        # Where colours have half the size, decoders differ in how they enlarge them: this is libheif's.
        with tempfile.NamedTemporaryFile(suffix=".png") as plain:
            subprocess.run(["heif-convert", path, plain.name], check=True, capture_output=True)
            return np.asarray(Image.open(plain.name).convert("RGB"))
    if path.suffix in (".heic", ".webp"):
        return np.asarray(Image.open(path).convert("RGB"))
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    return found if found.ndim == 2 else found[..., ::-1]


def upright(path, orientation):
    return TURNS[orientation](stored(path))


def small(picture):
    """Thirty-two pixels a side of grey."""
    values = picture if picture.ndim == 2 else picture[..., 1]
    step = max(min(values.shape) // 256, 1)
    values = np.ascontiguousarray(values[::step, ::step]).astype(np.float32)
    return cv2.resize(values / np.iinfo(picture.dtype).max, (32, 32), interpolation=cv2.INTER_AREA)


def cost_of_small(gesso, model, folder):
    """The seconds that an inpaint of 512x512 pixels is planned to take."""
    source = folder / "small.png"
    Image.new("RGB", (512, 512)).save(source)
    told = subprocess.run(
        [gesso, "inpaint", source, "--mask", "rect:100,100,300,300", "-o", folder / "x.png", "--model", model,
         "--dry-run", "--json", *EDIT], capture_output=True, check=True).stdout
    return json.loads(told)["estimated_seconds"]


def main():
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("--gesso", default=ROOT / ".build/release/gesso")
    parser.add_argument("--cases", nargs="+", help="only these")
    parser.add_argument("--pictures", type=pathlib.Path, help="folder of pictures to enlarge")
    parser.add_argument("--model", help="a model to plan with, with the shapes of Stable Diffusion 1.5")
    parser.add_argument("--instruct", help="a model that follows instructions, to plan with")
    parser.add_argument("--keep", type=pathlib.Path, help="keep photos and results in this folder")
    options = parser.parse_args()
    os.environ.setdefault("GESSO_MODELS", str(ROOT / "Fixtures/Models"))
    files = sorted(options.pictures.glob("*.png")) if options.pictures else []
    files = [file for file in files if not file.stem.endswith("_mask")]
    files = files or [ROOT / "Fixtures/Pictures" / name for name in ("landscape.jpg", "astronaut.jpg")]
    pictures = [Image.open(file).convert("RGB") for file in files]
    failures = []
    with tempfile.TemporaryDirectory() as name:
        top = options.keep or pathlib.Path(name)
        top.mkdir(parents=True, exist_ok=True)
        cost = options.model and cost_of_small(options.gesso, options.model, top)
        for case, make, orientation in photos(top, pictures):
            if options.cases and case not in options.cases:
                continue
            made = next(iter(top.glob(f"{case}.*")), None)
            source = made or make()
            with tempfile.TemporaryDirectory(dir=top) as own:
                folder = pathlib.Path(own)
                if options.keep:
                    folder = top / case
                    folder.mkdir(exist_ok=True)
                    for old in folder.iterdir():
                        old.unlink()
                trial = Trial(options.gesso, source, orientation, folder)
                trial.edit()
                trial.measure()
                if options.model:
                    trial.plan(options.model, options.instruct, cost)
            print(f"{case} {trial.width}x{trial.height}: "
                  + ", ".join(f"{verb} {row} MiB" for verb, row in trial.row.items()), flush=True)
            for failure in trial.failures:
                print("FAILED:", failure, flush=True)
            failures += trial.failures
            if not options.keep:
                source.unlink()
    print(f"{len(failures)} failed")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
