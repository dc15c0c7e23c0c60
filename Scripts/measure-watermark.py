#!/usr/bin/env python3
"""Measures what watermarks survive: Gesso's own mark (`--watermark on`), and the two methods without weights
of the package invisible-watermark, dwtDct and dwtDctSvd, both as Gesso writes them and as the package does.

Two kinds of pictures, each with regions of 128 to 1024 pixels a side:
whole     photos of that size that were painted over;
part      photos of 1536x1152 pixels with a painted square of that size, not at a multiple of anything.
They are marked, damaged and read. A table shows how many photos give back the whole mark. The last line of
each has the distortion: the peak signal-to-noise ratio of the marked part against the same edit without
a mark, in dB.

Needs invisible-watermark, opencv-python-headless, PyWavelets, numpy and Pillow.

    Scripts/measure-watermark.py PATH-OF-GESSO PHOTO ...
    Scripts/measure-watermark.py --record            # makes Fixtures/Watermarks anew
"""

import io
import json
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np
from PIL import Image, ImageFilter

from imwatermark.dwtDctSvd import EmbedDwtDctSvd
from imwatermark.maxDct import EmbedMaxDct

ROOT = pathlib.Path(__file__).resolve().parent.parent
MARK = b"Gs1:abcd"
SIZES = [128, 256, 512, 1024]
METHODS = {"dwtDct": EmbedMaxDct, "dwtDctSvd": EmbedDwtDctSvd}
BILINEAR, BICUBIC = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC


def jpeg(quality):
    def damage(image):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file).convert("RGB")
    return damage


def scaled(factor, back=False, way=BICUBIC):
    def damage(image):
        other = image.resize([round(side * factor) for side in image.size], way)
        return other.resize(image.size, way) if back else other
    return damage


def cropped(image):
    width, height = image.size
    return image.crop((width // 20, height // 20, width - width // 20, height - height // 20))


def chained(*damages):
    def damage(image):
        for one in damages:
            image = one(image)
        return image
    return damage


def blurred(sigma):
    return lambda image: image.filter(ImageFilter.GaussianBlur(sigma))


DAMAGES = {
    "none": lambda image: image,
    **{f"JPEG {quality}": jpeg(quality) for quality in [95, 90, 80, 70, 60]},
    **{f"scaled by {factor}": scaled(factor) for factor in [0.5, 0.75, 0.9, 1.5, 2]},
    **{f"scaled by {factor} and back": scaled(factor, back=True) for factor in [0.5, 0.75]},
    "cropped by 10 %": cropped,
    "screenshot at 80 %": chained(cropped, scaled(0.8, way=BILINEAR), jpeg(85)),
    "screenshot at 125 %": chained(cropped, scaled(1.25, way=BILINEAR), jpeg(85)),
    **{f"blurred, sigma {sigma}": blurred(sigma) for sigma in [0.5, 1, 2]},
}


def bits(data):
    return np.unpackbits(np.frombuffer(data, np.uint8))


def bgr(image):
    return cv2.cvtColor(np.array(image), cv2.COLOR_RGB2BGR)


def by_package(image, method):
    marked = METHODS[method](list(bits(MARK)), wmLen=8 * len(MARK)).encode(bgr(image))
    return Image.fromarray(cv2.cvtColor(marked, cv2.COLOR_BGR2RGB))


def read(image, method):
    # The package's own front refuses small pictures; its methods do not.
    found = METHODS[method]([], wmLen=8 * len(MARK)).decode(bgr(image))
    return np.packbits(np.array(found).astype(np.uint8).ravel()).tobytes()


class Gesso:
    def __init__(self, program, folder):
        self.program, self.folder = pathlib.Path(program).resolve(), folder

    def __call__(self, *words):
        return subprocess.run([self.program, *map(str, words)], cwd=self.folder, check=True,
                              capture_output=True, text=True).stdout

    def edited(self, image, mask, watermark):
        """The picture after an edit, and what its mark says."""
        image.save(self.folder / "in.png")
        words = ["inpaint", "in.png", "--mask", mask, "--region", "mask"] if mask else [
            "img2img", "in.png"]
        self(*words, "-o", "out.png", "--overwrite", "--quiet", "--prompt", "a street", "--steps", 2,
             "--strength", 0.5, "--guidance-scale", 1, "--seed", 1, "--watermark", watermark,
             "--credentials", "off", "--receipt", "out.json")
        receipt = json.loads((self.folder / "out.json").read_text())
        return Image.open(self.folder / "out.png").convert("RGB"), receipt["result"].get("watermark")

    def mark(self, image):
        image.save(self.folder / "seen.png")
        document = json.loads(self("info", "seen.png", "--find-watermark", "--json"))
        return (document.get("watermark") or {}).get("value")


def distortion(first, second, box):
    first, second = (np.array(image.crop(box)).astype(float) for image in (first, second))
    return 10 * np.log10(255 ** 2 / max(np.mean((first - second) ** 2), 1e-9))


def measure(gesso, photos, size, is_part):
    ways = {"on": None, "dwtDct": "dwtDct:", "dwtDctSvd": "dwtDctSvd:"}
    names = list(ways) + ([] if is_part else ["package dwtDct", "package dwtDctSvd"])
    marked, values, decibels = {name: [] for name in names}, [], {name: [] for name in names}
    for photo in photos:
        box = (253, 67, 253 + size, 67 + size) if is_part else (0, 0, size, size)
        source = photo.resize((1536, 1152) if is_part else (size, size), Image.Resampling.LANCZOS)
        mask = f"rect:{box[0]},{box[1]},{size},{size}" if is_part else None
        plain, _ = gesso.edited(source, mask, "off")
        for name in names:
            if name.startswith("package"):
                result = by_package(plain, name.split()[1])
            else:
                words = ways[name] + MARK.decode() if ways[name] else name
                result, value = gesso.edited(source, mask, words)
                values += [value] if name == "on" else []
            marked[name].append(result)
            decibels[name].append(distortion(plain, result, box))
    print(f"\n{'part' if is_part else 'whole'}, {size} pixels\n\n| damage | " + " | ".join(names) + " |")
    print("|---|" + "---|" * len(names))
    for damage, body in DAMAGES.items():
        cells = []
        for name in names:
            seen = [body(picture) for picture in marked[name]]
            whole = (sum(gesso.mark(picture) == value for picture, value in zip(seen, values))
                     if name == "on" else
                     sum(read(picture, name.split()[-1]) == MARK for picture in seen))
            cells.append(f"{whole}/{len(seen)}")
        print(f"| {damage} | " + " | ".join(cells) + " |", flush=True)
    print("| distortion | " + " | ".join(f"{np.mean(decibels[name]):.1f}" for name in names) + " |")


def record():
    """Pictures that the package has marked, also compressed, and the bits that it reads from them."""
    folder = ROOT / "Fixtures" / "Watermarks"
    folder.mkdir(exist_ok=True)
    photo = Image.open(ROOT / "Fixtures" / "Pictures" / "landscape.jpg").convert("RGB").crop((90, 60, 250, 180))
    found = {}
    for method in METHODS:
        marked = by_package(photo, method)
        # Numbers of dwtDct may be exactly between two intervals once it is compressed.
        pictures = [("marked", marked)] + [("compressed", jpeg(80)(marked))] * (method == "dwtDctSvd")
        for state, picture in pictures:
            name = f"{method}-{state}.png"
            picture.save(folder / name)
            found[name] = list(read(picture, method))
    (folder / "bits.json").write_text(json.dumps(found, indent=2) + "\n")


def main():
    if sys.argv[1:] == ["--record"]:
        return record()
    photos = [Image.open(path).convert("RGB") for path in sys.argv[2:]]
    with tempfile.TemporaryDirectory() as name:
        gesso = Gesso(sys.argv[1], pathlib.Path(name))
        for is_part in [False, True]:
            for size in SIZES:
                measure(gesso, photos, size, is_part)


main()
