#!/usr/bin/env python3
"""Checks with other programs' eyes what Gesso leaves of a picture file and what it writes into it.

exiftool judges metadata, OpenCV and `gesso verify` the pixels outside of masks, a hundred random ones
among them; sd-prompt-reader and sd-parsers read the settings, the decoder of invisible-watermark the
watermark; and `gesso info` reads the texts of four other programs. Needs exiftool, Pillow, numpy, opencv-python-headless, PyWavelets,
invisible-watermark, sd-parsers and sd-prompt-reader.

    Scripts/check-metadata.py [PATH-OF-GESSO]
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np
from PIL import Image, PngImagePlugin

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROFILES = ROOT / "Fixtures" / "Images" / "Profiles"
GESSO = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / ".build" / "release" / "gesso")
EDIT = ["--prompt", "a hill, at dawn", "--negative-prompt", "rain", "--steps", "2",
        "--guidance-scale", "1", "--seed", "7", "--quiet"]
SOURCE_TYPE = "compositeWithTrainedAlgorithmicMedia"
# Pixels beside a mask that may differ: those that share a block with it, which is two by two where colour has
# half the pixels, and the one beside it.
MARGIN = {".png": 0, ".webp": 0, ".jpg": 17}
done, failures = 0, []


def check(truth, what):
    global done
    done += 1
    if not truth:
        failures.append(what)
        print("FAILED:", what)


def gesso(*words, input=None):
    run = subprocess.run([GESSO, *map(str, words)], capture_output=True, input=input)
    return run.returncode, run.stdout.decode(), run.stderr.decode()


def exiftool(path):
    found = subprocess.run(
        ["exiftool", "-j", "-G1", "-n", path], capture_output=True, check=False).stdout
    return {key.split(":")[-1]: value for key, value in json.loads(found)[0].items()}


def tag(path, orientation):
    """A camera's tags, as exiftool writes them."""
    subprocess.run(
        ["exiftool", "-q", "-overwrite_original", "-n", f"-Orientation={orientation}",
         "-Artist=Ann", "-GPSLatitude=48.1", "-GPSLatitudeRef=N", "-GPSLongitude=11.5",
         "-GPSLongitudeRef=E", "-XMP-dc:Title=Harbour", "-XMP-exif:GPSLatitude=48.1", path],
        check=True)


def samples(width, height, channels, depth):
    y, x = np.mgrid[0:height, 0:width]
    planes = [(x * 7 + y * 3 + c * 40) * (257 if depth == 16 else 1) for c in range(channels)]
    values = np.stack(planes, 2) % (65536 if depth == 16 else 256)
    return values.astype(np.uint16 if depth == 16 else np.uint8)


def write(path, values, profile=None):
    """16 bit by OpenCV, the rest by Pillow."""
    if values.dtype == np.uint16:
        cv2.imwrite(str(path), values)
        if profile:
            subprocess.run(
                ["exiftool", "-q", "-overwrite_original", f"-ICC_Profile<={profile}", path],
                check=True)
        return
    image = Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)
    options = {"icc_profile": profile.read_bytes()} if profile else {}
    if path.suffix == ".webp":
        options |= {"lossless": True, "exact": True}
    image.save(path, **options)


def upright(path, orientation):
    """The samples as they are to be seen."""
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    a = cv2.imread(str(path), flags)
    turn = {2: lambda: a[:, ::-1], 3: lambda: a[::-1, ::-1], 4: lambda: a[::-1],
            5: lambda: a.swapaxes(0, 1), 6: lambda: np.rot90(a, -1),
            7: lambda: a.swapaxes(0, 1)[::-1, ::-1], 8: lambda: np.rot90(a, 1)}
    return turn.get(orientation, lambda: a)()


def cases():
    for ending in ("png", "webp", "jpg"):
        for orientation in range(1, 9):
            yield f"turned-{orientation}.{ending}", (40, 31, 3, 8), None, orientation
        for profile in ("adobe-rgb", "display-p3"):
            yield f"{profile}.{ending}", (40, 31, 3, 8), profile, 1
        for size in ((427, 640), (1, 1), (7, 5), (3001, 17)):
            yield f"{size[0]}x{size[1]}.{ending}", (*size, 3, 8), None, 1
    yield "alpha.webp", (40, 31, 4, 8), "display-p3", 1
    yield "grey.jpg", (40, 31, 1, 8), "grey", 1
    for name, channels, depth, profile in (
            ("16-bit", 3, 16, None), ("16-bit-profile", 3, 16, "adobe-rgb"), ("grey", 1, 8, "grey"),
            ("grey-16", 1, 16, None), ("alpha", 4, 8, None), ("alpha-16", 4, 16, "display-p3")):
        yield f"{name}.png", (40, 31, channels, depth), profile, 1
    yield from combined_cases()


def combined_cases():
    """All at once: every orientation with 16 bit, grey, alpha, profiles and odd sizes."""
    sizes = ((427, 640), (1, 1), (7, 5), (3001, 17))
    for orientation in range(1, 9):
        size = sizes[orientation % 4]
        other = sizes[(orientation + orientation // 5 + 1) % 4]
        profile = ("adobe-rgb", "display-p3")[orientation % 2]
        yield f"all-{orientation}.png", (*size, 4, 16), profile, orientation
        yield f"all-rgb-{orientation}.png", (*other, 3, 16), profile, orientation
        yield f"all-grey-{orientation}.png", (*other, 1, 16), "grey", orientation
        yield f"all-{orientation}.webp", (*size, 4, 8), profile, orientation
        yield f"all-{orientation}.jpg", (*other, 3, 8), profile, orientation


def check_case(folder, name, shape, profile, orientation):
    path = folder / name
    profile = profile and PROFILES / f"{profile}.icc"
    write(path, samples(*shape), profile)
    tag(path, orientation)
    ending = path.suffix
    source = upright(path, orientation)
    height, width = source.shape[:2]
    half = f"rect:0,0,{(width + 1) // 2},{(height + 1) // 2}"
    verbs = {
        "img2img": ["--strength", "0"], "inpaint": ["--mask", half],
        "outpaint": ["--right", "8", "--overlap", "0"]}
    for verb, own in verbs.items():
        out = folder / f"{path.stem}-{verb}{ending}"
        status, _, errors = gesso(verb, path, "-o", out, *own, *EDIT)
        what = f"{verb} {name}"
        check(status == 0, f"{what}: {errors}")
        if status:
            continue
        found, old = exiftool(out), exiftool(path)
        turned = found.get("Orientation", 1)
        result = upright(out, turned)
        outside = np.ones((height, width), bool)
        if verb == "inpaint":
            outside[:(height + 1) // 2 + MARGIN[ending], :(width + 1) // 2 + MARGIN[ending]] = False
        check(result.shape[:2] == (height, width + 8 * (verb == "outpaint")), f"{what}: size")
        check(result.dtype == source.dtype, f"{what}: depth")
        # A JPEG that grows by other than whole blocks, or of which none are left, is encoded anew.
        keeps_blocks = ending != ".jpg" or verb != "outpaint" and outside.any()
        if keeps_blocks:
            kept = result[:height, :width]
            check((kept[outside] == source[outside]).all(), f"{what}: pixels outside")
        if ending != ".jpg":
            check(turned == 1, f"{what}: orientation {turned}")
        elif keeps_blocks:
            check(turned == orientation, f"{what}: orientation {turned}")
        else:
            check(turned in (1, orientation), f"{what}: orientation {turned}")
        check(found.get("Artist") == "Ann", f"{what}: EXIF")
        check(found.get("Title") == "Harbour", f"{what}: XMP")
        check(abs(float(found.get("GPSLatitude", 0)) - 48.1) < 1e-6, f"{what}: GPS kept")
        check(found.get("ProfileDescription") == old.get("ProfileDescription")
              and ("ProfileDescription" in found) == bool(profile), f"{what}: profile")
        check("Warning" not in found, f"{what}: {found.get('Warning')}")
        if verb != "img2img":
            check(SOURCE_TYPE in str(found.get("DigitalSourceType")), f"{what}: source type")
    out = folder / f"{path.stem}-stripped{ending}"
    gesso("inpaint", path, "-o", out, "--mask", half, "--strip-gps", *EDIT)
    found = exiftool(out)
    check(not any("GPS" in key for key in found), f"strip-gps {name}")
    check(found.get("Artist") == "Ann" and found.get("Title") == "Harbour", f"strip-gps {name}: rest")
    check("Warning" not in found, f"strip-gps {name}: {found.get('Warning')}")


def check_readers(folder):
    from sd_parsers import ParserManager
    from sd_prompt_reader.image_data_reader import ImageDataReader

    for ending in ("png", "jpg", "webp"):
        out = folder / f"read.{ending}"
        status, _, errors = gesso(
            "txt2img", "-o", out, "--width", "64", "--height", "64", *EDIT)
        check(status == 0, f"txt2img {ending}: {errors}")
        found = ParserManager().parse(str(out))
        check(found is not None and found.prompts[0].value == "a hill, at dawn"
              and found.negative_prompts[0].value == "rain", f"sd-parsers {ending}: {found}")
        seeds = [sampler.parameters.get("seed") for sampler in found.samplers] if found else []
        check([str(seed) for seed in seeds] == ["7"], f"sd-parsers {ending}: seed {seeds}")
        reader = ImageDataReader(str(out))
        check(reader.positive.strip() == "a hill, at dawn" and reader.negative.strip() == "rain"
              and str(reader.parameter.get("seed", "")) == "7",
              f"sd-prompt-reader {ending}: {reader.positive!r} {reader.parameter}")
        check("trainedAlgorithmicMedia" in str(exiftool(out).get("DigitalSourceType")),
              f"txt2img {ending}: source type")


FOREIGN = {
    "a1111": {"parameters": "a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, "
                            "CFG scale: 7, Seed: 5, Size: 64x64, Model: x"},
    "comfyui": {"prompt": json.dumps({"3": {"class_type": "KSampler", "inputs": {"seed": 5}}}),
                "workflow": json.dumps({"nodes": []})},
    "invokeai": {"invokeai_metadata": json.dumps({"positive_prompt": "a cat", "seed": 5})},
    "fooocus": {"parameters": json.dumps({"prompt": "a cat", "seed": 5}), "fooocus_scheme": "fooocus"},
}


def check_foreign(folder):
    for name, texts in FOREIGN.items():
        info = PngImagePlugin.PngInfo()
        for keyword, text in texts.items():
            info.add_text(keyword, text)
        path = folder / f"{name}.png"
        Image.fromarray(samples(16, 16, 3, 8)).save(path, pnginfo=info)
        status, told, _ = gesso("info", path)
        check(status == 0, f"info {name}")
        for keyword, text in texts.items():
            for piece in ["a cat"] if "a cat" in text else [text[:40]]:
                check(piece in told, f"info {name}: {keyword}: {told}")
        out = folder / f"{name}-kept.png"
        gesso("img2img", path, "-o", out, "--strength", "0.5", *EDIT)
        kept = Image.open(out).text
        for keyword, text in texts.items():
            if keyword != "parameters":
                check(kept.get(keyword) == text, f"{name}: {keyword} kept")


def check_random_masks(folder):
    """`gesso verify` after edits with a hundred random masks, and OpenCV beside it."""
    dice = np.random.default_rng(5)
    source, mask, out = folder / "photo.png", folder / "mask.png", folder / "edit.png"
    for number in range(100):
        depth, channels = (8, 16)[number % 2], (1, 3, 4)[number % 3]
        write(source, samples(61, 47, channels, depth))
        blobs = cv2.GaussianBlur(dice.random((47, 61)), (0, 0), 1 + number % 6)
        white = blobs > np.quantile(blobs, dice.uniform(0.2, 0.97))
        write(mask, (255 * white[:, :, None]).astype(np.uint8))
        status, _, errors = gesso(
            "inpaint", source, "--mask", mask, "-o", out, "--overwrite", *EDIT)
        check(status == 0, f"random mask {number}: {errors}")
        status, told, errors = gesso("verify", source, out, "--mask", mask)
        check(status == 0 and told.startswith("0 of "), f"verify {number}: {told}{errors}")
        before, after = upright(source, 1), upright(out, 1)
        check((before[~white] == after[~white]).all(), f"random mask {number}: pixels outside")


def check_watermark(folder):
    from imwatermark import WatermarkDecoder

    photo = ROOT / "Fixtures" / "Pictures" / "landscape.jpg"
    big = folder / "big.png"
    Image.open(photo).resize((448, 320)).save(big)
    for message in ("gesso", "SDV2", "by Ann"):
        for verb, own in (("img2img", ["--strength", "0.5"]),
                          ("inpaint", ["--mask", "rect:0,0,448,250"])):
            for ending in ("png", "webp"):
                out = folder / f"marked.{ending}"
                status, _, errors = gesso(
                    verb, big, "-o", out, "--overwrite", "--watermark", message, *own, *EDIT)
                check(status == 0, errors)
                bgr = cv2.imread(str(out), cv2.IMREAD_COLOR)
                read = WatermarkDecoder("bytes", 8 * len(message)).decode(bgr, "dwtDct")
                check(read == message.encode(), f"watermark {verb} {ending} {message}: {read}")
                if verb == "inpaint":
                    old = cv2.imread(str(big), cv2.IMREAD_COLOR)
                    check((bgr[250:] == old[250:]).all(), f"watermark outside the mask {ending}")


# Names of tags that hold or announce another picture, as exiftool calls them.
TRACES = ("Thumbnail", "Preview", "MPImage", "OtherImage", "JpgFromRaw", "PhotoshopThumbnail",
          "DepthImage", "DepthMap", "GainMap", "HDRGainMap", "MotionPhoto", "EmbeddedImage", "AuxiliaryImage")


def traces(path):
    """What a file holds beside its picture."""
    found = subprocess.run(["exiftool", "-a", "-ee", "-G1", "-s", path], capture_output=True).stdout
    return [line for line in found.decode(errors="replace").splitlines()
            if any(name in line for name in TRACES)]


def with_traces(folder):
    """A file for each way of keeping a smaller picture beside the picture."""
    small, big = folder / "small.jpg", folder / "big.jpg"
    Image.fromarray(samples(32, 24, 3, 8)).save(small)
    Image.fromarray(samples(96, 64, 3, 8)).save(big)

    def tagged(name, *words, source=big):
        out = folder / f"trace-{name}"
        subprocess.run(["exiftool", "-q", *words, "-o", out, source], check=True)
        return out

    yield tagged("exif.jpg", f"-ThumbnailImage<={small}")
    yield tagged("photoshop.jpg", f"-PhotoshopThumbnail<={small}")
    yield tagged("xmp.jpg", f"-XMP-xmp:ThumbnailImage<={small}", "-XMP-xmp:ThumbnailFormat=JPEG",
                 "-XMP-xmp:ThumbnailWidth=32", "-XMP-xmp:ThumbnailHeight=24")
    png = folder / "big.png"
    Image.open(big).save(png)
    yield tagged("exif.png", f"-ThumbnailImage<={small}", source=png)
    block = Image.open(folder / "trace-exif.jpg").info["exif"]
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(block):8d}\n{block.hex()}\n", zip=True)
    Image.open(big).save(folder / "trace-raw-profile.png", pnginfo=info)
    yield folder / "trace-raw-profile.png"
    Image.open(big).save(folder / "trace-exif.webp", lossless=True, exif=block)
    yield folder / "trace-exif.webp"
    # The second of two pictures, as MPF has it.
    first, second = Image.fromarray(samples(96, 64, 3, 8)), Image.fromarray(samples(32, 24, 3, 8))
    first.save(folder / "trace-pages.tif", save_all=True, append_images=[second])
    yield folder / "trace-pages.tif"
    first.save(folder / "trace-mpf.jpg", "MPO", save_all=True, append_images=[second])
    yield folder / "trace-mpf.jpg"
    jpeg = big.read_bytes()
    extension = b"JFXX\0\x10" + small.read_bytes()
    (folder / "trace-jfxx.jpg").write_bytes(
        jpeg[:20] + b"\xff\xe0" + (len(extension) + 2).to_bytes(2, "big") + extension + jpeg[20:])
    yield folder / "trace-jfxx.jpg"
    for name in ("thumbnail", "depth", "gain-map", "matte"):
        yield ROOT / "Fixtures" / "Images" / "Good" / f"{name}.heic"


def check_traces(folder):
    for source in with_traces(folder):
        for ending in ("jpg", "png", "webp", "avif", "tif"):
            out = folder / f"{source.stem}-{source.suffix[1:]}.{ending}"
            status, _, errors = gesso(
                "inpaint", source, "-o", out, "--mask", "rect:4,4,12,12", *EDIT)
            check(status == 0, f"{source.name} as {ending}: {errors}")
            if status == 0:
                check(not traces(out), f"{source.name} as {ending}: {traces(out)}")
        if source.suffix != ".heic" and "pages" not in source.name and "raw" not in source.name:
            check(traces(source), f"{source.name} has none itself")


# What IPTC's older data says, and the property of XMP for it.
IPTC = {"ObjectName": ("Harbour", "Title"), "By-line": ("Ann", "Creator"), "City": ("München", "City"),
        "Caption-Abstract": ("Boats & <sea>", "Description"), "Keywords": (["sea", "boats"], "Subject"),
        "CopyrightNotice": ("(c) Ann", "Rights"), "DateCreated": ("2026:11:29", "DateCreated")}


def check_iptc(folder):
    """IPTC's older data from a JPEG and a TIFF in all that is written; what has no place there is in a note."""
    for source in (folder / "iptc.jpg", folder / "iptc.tif", folder / "iptc.png"):
        Image.fromarray(samples(96, 64, 3, 8)).save(source)
        words = [f"-IPTC:{tag}={value}" for tag, (text, _) in IPTC.items()
                 for value in (text if isinstance(text, list) else [text])]
        subprocess.run(["exiftool", "-q", "-m", "-overwrite_original", "-codedcharacterset=utf8", *words,
                        "-IPTC:Contact=+49", source], check=True)
        for ending in ("jpg", "png", "webp", "avif", "tif"):
            out = folder / f"iptc-{source.suffix[1:]}.{ending}"
            what = f"{source.name} as {ending}"
            status, _, errors = gesso(
                "inpaint", source, "-o", out, "--mask", "rect:4,4,12,12", *EDIT[:-1])
            check(status == 0, f"{what}: {errors}")
            found = subprocess.run(["exiftool", "-j", "-G", out], capture_output=True).stdout
            found = json.loads(found)[0] if status == 0 else {}
            as_xmp = ending in ("webp", "avif")
            for tag, (text, property) in IPTC.items():
                value = found.get(f"XMP:{property}" if as_xmp else f"IPTC:{tag}")
                check(value == text, f"{what}: {tag} is {value!r}")
            check(as_xmp == ("2:118 (contact)" in errors), f"{what}: {errors}")
            check(as_xmp or found.get("IPTC:Contact") in ("+49", 49), f"{what}: contact")
            check("ExifTool:Warning" not in found, f"{what}: {found.get('ExifTool:Warning')}")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for case in cases():
            check_case(folder, *case)
        check_traces(folder)
        check_iptc(folder)
        check_readers(folder)
        check_foreign(folder)
        check_watermark(folder)
        check_random_masks(folder)
    print(f"{done} checks, {len(failures)} failed")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
