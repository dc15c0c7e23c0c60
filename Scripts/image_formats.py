"""The files of Fixtures/Images beyond PNG, JPEG and WebP: made by Scripts/make-image-corpus.py.

HEIC and AVIF are coded by pillow-heif and Pillow, TIFF by tifffile and Pillow, which are their reference,
too; GIF and BMP come from Pillow and from here.
"""

import io
import struct

import imagecodecs
import numpy as np
import pillow_heif
import tifffile
from PIL import Image, ImageCms

from heif_parts import auxiliary, bits, box, coded, encoded, grid, heif, inner, size

corpus = None  # the script that calls


def color(width=21, height=18):
    y, x = np.mgrid[0:height, 0:width]
    planes = [(x * (9 - 2 * c) + y * (3 + 3 * c) + 40 * c) % 256 for c in range(3)]
    return np.stack(planes, 2).astype(np.uint8)


def smooth(width=24, height=16):
    """What codecs keep well."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [40 + 168 * x // width, 50 + 144 * y // height, 230 - 80 * x // width - 80 * y // height]
    return np.stack(planes, 2).astype(np.uint8)


def file_of(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def decoded(data):
    return np.asarray(pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False))


def heic(name, data, tolerance=2, **expected):
    samples = decoded(data)
    if samples.dtype == np.uint16:
        # Ten bits come shifted to the left; here they are stretched to 16.
        samples = np.rint((samples >> 6) * (65535 / 1023)).astype(np.uint16)
    corpus.good(name, data, samples, tolerance, **expected)


def avif(name, values, depth):
    shape = "yuv400" if values.ndim == 2 else "yuv444"
    data = imagecodecs.avif_encode(values, level=90, bitspersample=depth, pixelformat=shape)
    found = imagecodecs.avif_decode(data)
    if found.ndim == 2:
        found = np.repeat(found[:, :, None], 3, 2)
    if depth > 8:
        found = np.rint(found.astype(float) * (65535 / ((1 << depth) - 1))).astype(np.uint16)
    corpus.good(name, data, found, 2 if depth == 8 else 260)


EXIF = b"MM\0*\0\0\0\x08\0\1\x01\x0e\0\2\0\0\0\4Hi!\0\0\0\0\0"


def make_good_heif():
    picture = Image.fromarray(smooth())
    alpha = np.dstack([smooth(), np.full((16, 24), 200, np.uint8)])
    alpha[4:8, :, 3] = 60
    heic("plain.heic", encoded(picture))
    heic("alpha.heic", encoded(Image.fromarray(alpha)), 3)
    deep = io.BytesIO()
    values = (smooth().astype(np.uint16) * 257)
    pillow_heif.from_bytes("RGB;16", (24, 16), values.tobytes()).save(deep, quality=90, chroma=444)
    heic("ten-bits.heic", deep.getvalue(), 260)
    for name, values, count in [("plain", smooth(), 8), ("alpha", alpha, 8), ("grey", smooth()[:, :, 0], 8),
                                ("ten-bits", smooth().astype(np.uint16) * 4, 10),
                                ("twelve-bits", smooth().astype(np.uint16) * 16, 12)]:
        avif(f"{name}.avif", values, count)
    code, data = coded(Image.fromarray(smooth(64, 64)))
    plain = [code, size(64, 64), bits(8, 8, 8)]
    whole = decoded(heif([(1, b"hvc1", data, plain, 0)]))
    turned = lambda *more: heif([(1, b"hvc1", data, plain + list(more), 0)])
    corpus.good("turned-left.heic", turned(box(b"irot", b"\1")), np.rot90(whole, 1), 2)
    corpus.good("turned-half.heic", turned(box(b"irot", b"\2")), np.rot90(whole, 2), 2)
    corpus.good("mirrored.heic", turned(box(b"imir", b"\1")), whole[:, ::-1], 2)
    corpus.good("cut-out.heic", turned(box(b"clap", struct.pack(">8I", 40, 1, 30, 1, 0, 1, 0, 1))),
                whole[17:47, 12:52], 2)
    # EXIF of a HEIF says nothing of how it is turned, whatever it says.
    tagged = [(1, b"hvc1", data, plain, 0), (2, b"Exif", bytes(4) + EXIF, [], 1)]
    corpus.good("exif.heic", heif(tagged, [(b"cdsc", 2, [1])]), whole, 2, exif=True)
    p3 = box(b"colr", b"nclx", struct.pack(">HHHB", 12, 13, 6, 128))
    corpus.good("display-p3.heic", turned(p3), whole, 2, profileBytes=584)
    pq = box(b"colr", b"nclx", struct.pack(">HHHB", 9, 16, 9, 128))
    samples = decoded(turned(pq))
    corpus.good("pq.heic", turned(pq), samples, 2, warnings=["HDR (PQ)"])
    tiles = [coded(Image.fromarray(smooth(64, 64)[:, ::-1 if n % 2 else 1])) for n in range(4)]
    pieces = [(n + 1, b"hvc1", tile, [c, size(64, 64), bits(8, 8, 8)], 1)
              for n, (c, tile) in enumerate(tiles)]
    file = heif(pieces + [(9, b"grid", grid(2, 2, 120, 100), [size(120, 100), bits(8, 8, 8)], 0)],
                [(b"dimg", 9, [1, 2, 3, 4])], 9)
    parts = [decoded(heif([(1, b"hvc1", tile, [c, size(64, 64), bits(8, 8, 8)], 0)]))
             for c, tile in tiles]
    both = np.vstack([np.hstack(parts[:2]), np.hstack(parts[2:])])
    corpus.good("grid.heic", file, both[:100, :120], 2)
    small = coded(Image.fromarray(smooth(64, 64)[::-1]))
    other = [small[0], size(64, 64), bits(8, 8, 8)]
    companions = [(1, b"hvc1", data, plain, 0), (2, b"hvc1", small[1], other, 1)]
    corpus.good("thumbnail.heic", heif(companions, [(b"thmb", 2, [1])]), whole, 2)
    for name, kind, word in [
            ("depth", "urn:mpeg:hevc:2015:auxid:2", "depth map"),
            ("gain-map", "urn:com:apple:photo:2020:aux:hdrgainmap", "HDR layer"),
            ("matte", "urn:com:apple:photo:2018:aux:portraiteffectsmatte", "other pictures")]:
        items = [companions[0], (2, b"hvc1", small[1], other + [auxiliary(kind)], 1)]
        corpus.good(f"{name}.heic", heif(items, [(b"auxl", 2, [1])]), whole, 2, lost=[word])
    two = [companions[0], (2, b"hvc1", data, plain, 0)]
    corpus.good("two.heic", heif(two), whole, 2, warnings=["holds 2 pictures"])
    tone = [companions[0], (2, b"hvc1", small[1], other, 1),
            (3, b"tmap", bytes(60), [size(64, 64)], 0)]
    corpus.good("tone-map.heic", heif(tone, [(b"dimg", 3, [1, 2])]), whole, 2, lost=["HDR layer"])
    # What nothing leads to from the primary picture may be broken or of a kind that libheif does not know.
    tone[1] = (2, b"jpeg", bytes(20), [size(64, 64)], 1)
    corpus.good("tone-map-of-jpeg.heic", heif(tone, [(b"dimg", 3, [1, 2])]), whole, 2, lost=["HDR layer"])
    lone = [companions[0], (9, b"grid", grid(1, 2, 128, 64), [size(128, 64), bits(8, 8, 8)], 1)]
    corpus.good("lone-grid-without-tiles.heic", heif(lone, [(b"dimg", 9, [7, 8])]), whole, 2)
    gain = [companions[0], (2, b"jpeg", bytes(20), [size(64, 64), auxiliary("urn:com:apple:photo:2020:aux:hdrgainmap")], 1)]
    corpus.good("gain-map-of-jpeg.heic", heif(gain, [(b"auxl", 2, [1])]), whole, 2)


def make_bad_heif():
    code, data = coded(Image.fromarray(smooth(64, 64)))
    plain = [code, size(64, 64), bits(8, 8, 8)]
    item = (1, b"hvc1", data, plain, 0)
    whole = heif([item])
    corpus.bad("cut-in-header.heic", whole[:60], "damaged HEIC")
    corpus.bad("cut-in-data.heic", whole[:-20], "damaged HEIC")
    corpus.bad("nonsense.heic", heif([(1, b"hvc1", bytes(len(data)), plain, 0)]), "HEIC")
    corpus.bad("no-primary.heic", heif([item], primary=7), "HEIC")
    corpus.bad("no-items.heic", heif([]), "HEIC")
    corpus.bad("unknown-codec.heic", heif([(1, b"vvc1", data, plain, 0)]), "HEIC")
    corpus.bad("30000x30000.heic", heif([(1, b"hvc1", data, [code, size(30000, 30000)], 0)]), "HEIC is not")
    huge = [(1, b"hvc1", data, [code, size(20000, 10000)], 1),
            (9, b"grid", grid(16, 16, 320, 240), [size(320, 240), bits(8, 8, 8)], 0)]
    corpus.bad("grid-of-large-tiles.heic", heif(huge, [(b"dimg", 9, [1] * 256)], 9),
               "more pixels together")
    loop = [(1, b"iden", b"", [size(64, 64)], 1), (9, b"iden", b"", [size(64, 64)], 0)]
    round_trip = heif(loop, [(b"dimg", 9, [1]), (b"dimg", 1, [9])], 9)
    corpus.bad("loop.heic", round_trip, "more pixels together")
    # libheif takes no notice of the size that a reference says.
    for name, place, says in [("long", 1, 10_000), ("short", 0, 8)]:
        parts = round_trip.split(b"dimg")
        parts[place] = parts[place][:-4] + struct.pack(">I", says)
        corpus.bad(f"loop-of-{name}-reference.heic", b"dimg".join(parts), "more pixels together")
    corpus.bad("part-that-is-not-there.heic", heif(loop, [(b"dimg", 9, [103])], 9),
               "a part that it is put together of is no picture or is not there")
    alpha = [size(64, 64), auxiliary("urn:mpeg:hevc:2015:auxid:1")]
    derived = [item, (2, b"iden", b"", alpha, 1), (3, b"mime", bytes(20), [], 1)]
    corpus.bad("alpha-of-no-picture.heic", heif(derived, [(b"auxl", 2, [1]), (b"dimg", 2, [3])]),
               "a part that it is put together of is no picture or is not there")
    tiles = [(1, b"hvc1", data, plain, 1), *derived[1:],
             (9, b"grid", grid(1, 1, 64, 64), [size(64, 64), bits(8, 8, 8)], 0)]
    corpus.bad("alpha-of-tile-of-no-picture.heic",
               heif(tiles, [(b"dimg", 9, [1]), (b"auxl", 2, [1]), (b"dimg", 2, [3])], 9),
               "a part that it is put together of is no picture or is not there")
    both = [(1, b"hvc1", data, plain + alpha[1:], 0), (2, b"hvc1", data, plain + alpha[1:], 1)]
    corpus.bad("alpha-of-each-other.heic", heif(both, [(b"auxl", 2, [1]), (b"auxl", 1, [2])]),
               "more pixels together")
    whole = imagecodecs.avif_encode(smooth(), level=90, pixelformat="yuv444")
    corpus.bad("cut-in-data.avif", whole[:-20], "damaged AVIF")
    data = inner(whole, b"mdat")
    corpus.bad("nonsense.avif", whole.replace(data, b"\xff" * len(data)), "AVIF")


def tiff(values, **options):
    out = io.BytesIO()
    tifffile.imwrite(out, values, metadata=None, software=False, **options)
    return out.getvalue()


def make_good_tiff():
    plain = color()
    deep = np.minimum(plain.astype(np.uint32) * 257 + np.arange(21)[None, :, None], 65535).astype(np.uint16)
    alpha = np.dstack([plain, plain[:, :, :1]])
    rgb = dict(photometric="rgb")
    good = lambda name, *rest, **more: corpus.good(f"{name}.tif", *rest, **more)
    for name, values in [("rgb-8", plain), ("rgb-16", deep)]:
        good(name, tiff(values, **rgb), values)
        good(f"{name}-lzw", tiff(values, compression="lzw", predictor=True, **rgb), values)
        good(f"{name}-deflate", tiff(values, compression="zlib", predictor=True, **rgb), values)
        good(f"{name}-packbits", tiff(values, compression="packbits", **rgb), values)
        good(f"{name}-tiles", tiff(values, tile=(16, 16), compression="zlib", **rgb), values)
        good(f"{name}-strips", tiff(values, rowsperstrip=5, **rgb), values)
        good(f"{name}-planes", tiff(np.moveaxis(values, 2, 0).copy(), planarconfig="separate",
                                    **rgb), values)
        good(f"{name}-big", tiff(values, bigtiff=True, **rgb), values)
        good(f"{name}-motorola", tiff(values, byteorder=">", **rgb), values)
        good(f"{name}-planar-tiles", tiff(
            np.moveaxis(values, 2, 0).copy(), planarconfig="separate", tile=(16, 16), **rgb), values)
        grey = values[:, :, :1]
        good(name.replace("rgb", "grey"), tiff(grey[:, :, 0], photometric="minisblack"), grey)
    good("alpha", tiff(alpha, extrasamples=["unassalpha"], **rgb), alpha)
    multiplied = np.dstack([(plain.astype(int) * 128 + 127) // 255, np.full((18, 21), 128)])
    divided = np.minimum((multiplied[:, :, :3] * 255 + 64) // 128, 255)
    good("premultiplied", tiff(multiplied.astype(np.uint8), extrasamples=["assocalpha"], **rgb),
         np.dstack([divided, multiplied[:, :, 3]]).astype(np.uint8))
    good("grey-alpha", tiff(alpha[:, :, 2:], photometric="minisblack",
                            extrasamples=["unassalpha"]), alpha[:, :, 2:])
    good("extra", tiff(alpha, extrasamples=["unspecified"], **rgb), plain,
         warnings=["samples beside"])
    floats = (plain / 200).astype(np.float32)
    sixteen = np.floor(np.minimum(floats, 1) * np.float32(65535) + np.float32(0.5)).astype(np.uint16)
    good("float", tiff(floats, compression="zlib", **rgb), sixteen, 1, warnings=["floating-point"])
    good("double", tiff(floats.astype(np.float64), **rgb), sixteen, 1, warnings=["floating-point"])
    good("32-bits", tiff(plain.astype(np.uint32) << 24, **rgb), (plain.astype(np.uint16) << 8),
         warnings=["32-bit"])
    black = plain[:, :, :1] > 128
    good("bilevel", tiff(black[:, :, 0], photometric="minisblack"), (255 * black).astype(np.uint8))
    good("white-is-zero", tiff(plain[:, :, 0], photometric="miniswhite"), 255 - plain[:, :, :1])
    pillow = Image.fromarray(plain)
    for name, kind in [("group-4", "group4"), ("group-3", "group3")]:
        good(name, file_of(pillow.convert("1"), "TIFF", compression=kind),
             np.asarray(pillow.convert("1").convert("L"))[:, :, None])
    palette = pillow.quantize(16)
    good("palette", file_of(palette, "TIFF"), np.asarray(palette.convert("RGB")))
    inside = file_of(pillow, "TIFF", compression="jpeg", quality=90)
    good("jpeg", inside, np.asarray(Image.open(io.BytesIO(inside))), 3)
    inks = Image.merge("CMYK", pillow.split() + (pillow.split()[0].point(lambda v: v // 3),))
    good("cmyk", tiff(np.asarray(inks), photometric="separated"), np.asarray(inks.convert("RGB")), 1,
         warnings=["converted from CMYK"])
    good("pages", file_of(pillow, "TIFF", save_all=True, append_images=[pillow.rotate(180)]), plain,
         warnings=["holds 2 pictures"])
    turns = {3: lambda a: a[::-1, ::-1], 6: lambda a: np.rot90(a, -1)}
    for orientation, turn in turns.items():
        tags = [(274, "H", 1, orientation, True), (315, "s", 4, "Ann", True)]
        good(f"orientation-{orientation}", tiff(plain, extratags=tags, **rgb), turn(plain), exif=True)
    icc = corpus.profile()
    good("profile", tiff(plain, iccprofile=icc, **rgb), plain, profileBytes=len(icc))
    make_uncommon_tiff()


def make_uncommon_tiff():
    """Samples that tifffile and Pillow do not write."""
    plain = color()
    # Of sRGB, so that nothing is cut off.
    lab = ImageCms.profileToProfile(
        Image.fromarray(plain), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"),
        outputMode="LAB")
    back = np.asarray(ImageCms.profileToProfile(
        lab, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOOPTIMIZE))
    # L* from 0, a* and b* with a sign.
    signed = np.asarray(lab)
    unsigned = signed ^ np.array([0, 128, 128], np.uint8)
    light, others = signed[:, :, :1].astype(np.uint16), unsigned[:, :, 1:].astype(np.uint16)
    deep = np.dstack([light * 257, (others << 8) ^ 0x8000])
    for name, values, photometric in [
            ("lab", signed, 8), ("lab-16", deep, 8), ("icc-lab", unsigned, 9),
            ("icc-lab-16", np.dstack([light << 8, others << 8]), 9)]:
        expected = back if values.dtype == np.uint8 else back.astype(np.uint16) * 257
        corpus.good(f"{name}.tif", plain_tiff(values.tobytes(), photometric, 8 * values.itemsize), expected,
                    2 if values.dtype == np.uint8 else 514, warnings=["from L*a*b* to sRGB"])
    for bits in [10, 12, 14]:
        largest = (1 << bits) - 1
        values = (plain.astype(np.uint32) * largest // 255 + np.arange(21)[None, :, None]) & largest
        rows = [np.unpackbits(row.reshape(-1, 1).astype(">u2").view(np.uint8), axis=1)[:, 16 - bits:]
                for row in values]
        data = b"".join(np.packbits(row.ravel()).tobytes() for row in rows)
        corpus.good(f"rgb-{bits}.tif", plain_tiff(data, 2, bits),
                    ((values * 65535 + largest // 2) // largest).astype(np.uint16))
    halves = (plain / 200).astype(np.float16)
    sixteen = np.floor(np.minimum(halves.astype(float), 1) * 65535 + 0.5).astype(np.uint16)
    corpus.good("half.tif", plain_tiff(halves.tobytes(), 2, 16, (339, 3, 3)), sixteen,
                warnings=["floating-point"])
    corpus.good("layers.tif", plain_tiff(plain.tobytes(), 2, 8, (37724, 1, 65)), plain, lost=["layers"])
    corpus.good("on-a-map.tif", plain_tiff(plain.tobytes(), 2, 8, (34735, 3, 1), (33922, 12, 1)), plain,
                lost=["GeoTIFF"])


def plain_tiff(data, photometric, bits, *more):
    """One strip of three samples a pixel, 21x18; of more tags each number is there once a sample."""
    tags = [(256, 4, 21), (257, 4, 18), (258, 3, bits), (259, 3, 1), (262, 3, photometric), (277, 3, 3),
            (278, 4, 18), (279, 4, len(data)), *more]
    end = 8 + 2 + 12 * (len(tags) + 1) + 4
    entries, values = [], b""
    for tag, kind, value in [*tags, (273, 4, None)]:
        if tag in (258, 339):
            entries.append((tag, kind, 3, end + len(values)))
            values += struct.pack("<3H", value, value, value)
        else:
            entries.append((tag, kind, 1, value))
    start = end + len(values)
    body = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    for tag, kind, count, value in sorted(entries):
        body += struct.pack("<HHII", tag, kind, count, start if tag == 273 else value)
    return body + bytes(4) + values + data


def make_bad_tiff():
    plain = color()
    whole = tiff(plain, photometric="rgb")
    corpus.bad("cut-in-data.tif", whole[:-40], "damaged TIFF")
    corpus.bad("cut-in-header.tif", whole[:20], "damaged TIFF")
    corpus.bad("cut-in-first-bytes.tif", whole[:6], "damaged TIFF")
    packed = bytearray(tiff(plain, photometric="rgb", compression="zlib"))
    packed[-60:-20] = b"\x55" * 40
    corpus.bad("nonsense-data.tif", bytes(packed), "damaged TIFF")

    def classic(*entries):
        body = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
        for tag, kind, count, value in entries:
            body += struct.pack("<HHII", tag, kind, count, value)
        return body + bytes(4) + bytes(64)

    sized = lambda w, h, *more: classic(
        (256, 4, 1, w), (257, 4, 1, h), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, 100), (277, 3, 1, 1), (278, 4, 1, h), (279, 4, 1, 64), *more)
    corpus.bad("60000x60000.tif", sized(60000, 60000), "pixels exceed")
    corpus.bad("14000x14000.tif", sized(14000, 14000), "damaged TIFF")
    corpus.bad("0x5.tif", sized(0, 5), "damaged TIFF")
    corpus.bad("huge-tiles.tif", classic(
        (256, 4, 1, 16), (257, 4, 1, 16), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1),
        (277, 3, 1, 1), (322, 4, 1, 1 << 20), (323, 4, 1, 1 << 20), (324, 4, 1, 150),
        (325, 4, 1, 8)), "damaged TIFF")
    corpus.bad("no-compression-known.tif", sized(8, 8).replace(
        struct.pack("<HHII", 259, 3, 1, 1), struct.pack("<HHII", 259, 3, 1, 60000)), "compression")
    corpus.bad("raw.tif", sized(8, 8).replace(
        struct.pack("<HHII", 256, 4, 1, 8), struct.pack("<HHII", 254, 4, 1, 1), 1), "damaged TIFF")
    dng = tiff(plain, photometric="rgb", extratags=[(50706, "B", 4, (1, 4, 0, 0), True)])
    corpus.bad("dng.tif", dng, "camera's raw file")
    preview = tiff(plain, photometric="rgb", subfiletype=1)
    corpus.bad("preview-first.tif", preview, "camera's raw file")
    loop = bytearray(sized(8, 8))
    struct.pack_into("<I", loop, 10 + 12 * 9, 8)
    corpus.good("directory-loop.tif", bytes(loop), np.frombuffer(
        bytes(loop)[100:164].ljust(64, b"\0"), np.uint8).reshape(8, 8, 1))
    complex_samples = tiff(plain[:, :, 0].astype(np.complex64), photometric="minisblack")
    corpus.bad("complex.tif", complex_samples, "TIFF is not supported")


def gif_blocks(data):
    return b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255]
                    for i in range(0, len(data), 255)) + b"\0"


def make_gif():
    picture = Image.fromarray(color()).quantize(32)
    plain = np.asarray(picture.convert("RGB"))
    corpus.good("plain.gif", file_of(picture, "GIF"), plain)
    corpus.good("interlaced.gif", file_of(picture, "GIF", interlace=1), plain)
    settings = "a hill\nSteps: 20, Seed: 1"
    corpus.good("settings.gif", file_of(picture, "GIF", comment=settings.encode()), plain, parameters=settings, text={})
    corpus.good("comment.gif", file_of(picture, "GIF", comment=b"caf\xe9 " * 60), plain,
                text={"Comment": "café " * 60})
    grey = Image.fromarray(color()[:, :, 0])
    corpus.good("grey.gif", file_of(grey, "GIF"), np.asarray(grey.convert("RGB")))
    clear = picture.copy()
    clear.info["transparency"] = 3
    data = file_of(clear, "GIF", transparency=3)
    shown = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    corpus.good("transparent.gif", data, shown)
    moving = file_of(picture, "GIF", save_all=True, append_images=[picture.rotate(180)])
    first = np.asarray(Image.open(io.BytesIO(moving)).convert("RGB"))
    corpus.good("animated.gif", moving, first, warnings=["animated"])
    noise = np.random.RandomState(3).randint(0, 256, (90, 90)).astype(np.uint8)
    full_table = Image.fromarray(noise)
    corpus.good("full-table.gif", file_of(full_table, "GIF"), np.repeat(noise[:, :, None], 3, 2))
    # A frame that covers a part of the canvas.
    canvas = struct.pack("<6sHHBBB", b"GIF89a", 5, 4, 0x80, 0, 0) + bytes([0, 0, 0, 250, 10, 20])
    frame = lambda x, y, w, h: b"\x2c" + struct.pack("<HHHHB", x, y, w, h, 0)
    ones = b"\2" + gif_blocks(bytes([0x4C, 0x12, 0x05]))  # clear, 1, 1, 1, 1, end
    expected = np.zeros((4, 5, 4), np.uint8)
    expected[1:3, 2:4] = [250, 10, 20, 255]
    corpus.good("part.gif", canvas + frame(2, 1, 2, 2) + ones + b";", expected)
    whole = file_of(picture, "GIF")
    corpus.good("no-trailer.gif", whole[:-1], plain)
    corpus.bad("cut-in-data.gif", whole[:-60], "damaged GIF")
    corpus.bad("cut-in-header.gif", whole[:12], "damaged GIF")
    corpus.bad("cut-in-palette.gif", whole[:40], "damaged GIF")
    corpus.bad("no-picture.gif", canvas + b";", "no picture")
    corpus.bad("no-palette.gif", struct.pack("<6sHHBBB", b"GIF89a", 2, 2, 0, 0, 0)
               + frame(0, 0, 2, 2) + ones + b";", "palette is missing")
    corpus.bad("65535x65535.gif", canvas + frame(0, 0, 65535, 65535) + ones + b";", "pixels exceed")
    corpus.bad("14000x14000.gif", canvas + frame(0, 0, 14000, 14000) + ones + b";", "damaged GIF")
    corpus.bad("code-size.gif", canvas + frame(0, 0, 2, 2) + b"\x0c" + ones[1:] + b";", "damaged GIF")
    corpus.bad("wrong-code.gif", canvas + frame(0, 0, 2, 2) + b"\2" + gif_blocks(b"\xfc\xff") + b";",
               "damaged GIF")


def bmp(width, height, bits, data, palette=b"", compression=0, header=40, extra=b""):
    info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(data), 0, 0,
                       len(palette) // 4, 0) + extra
    start = 14 + len(info) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(data), 0, 0, start) + info + palette + data


def make_bmp():
    picture = Image.fromarray(color())
    plain = color()
    corpus.good("rgb.bmp", file_of(picture, "BMP"), plain)
    for name, image in [("palette-8", picture.quantize(200)), ("palette-4", picture.quantize(16)),
                        ("grey", picture.convert("L")), ("bilevel", picture.convert("1"))]:
        corpus.good(f"{name}.bmp", file_of(image, "BMP"), np.asarray(image.convert("RGB")))
    rows = np.dstack([plain[:, :, ::-1], np.full((18, 21), 9, np.uint8)])
    corpus.good("rgbx.bmp", bmp(21, 18, 32, rows[::-1].tobytes()), plain)
    corpus.good("top-down.bmp", bmp(21, -18, 32, rows.tobytes()), plain)
    masks = struct.pack("<4I", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    rgba = np.dstack([plain, plain[:, :, 1]])
    extra = masks + b"BGRs" + bytes(48)
    corpus.good("alpha.bmp", bmp(21, 18, 32, rgba[::-1].tobytes(), compression=3, header=108,
                                 extra=extra), rgba)
    empty = np.dstack([plain, plain[:, :, 1] * 0])
    corpus.good("alpha-zero.bmp", bmp(21, 18, 32, empty[::-1].tobytes(), compression=3, header=108, extra=extra),
                np.dstack([plain, plain[:, :, 1] * 0 + 255]), warnings=["would hide all of it"])
    five = (plain >> 3).astype(int)
    packed = (five[:, :, 0] << 10 | five[:, :, 1] << 5 | five[:, :, 2]).astype("<u2")
    padded = np.pad(packed, ((0, 0), (0, 1)))
    wide = (five * 255 // 31).astype(np.uint8)
    corpus.good("555.bmp", bmp(21, 18, 16, padded[::-1].tobytes()), wide)
    six = (plain[:, :, 1] >> 2).astype(int)
    packed = (five[:, :, 0] << 11 | six << 5 | five[:, :, 2]).astype("<u2")
    wide = np.dstack([wide[:, :, 0], (six * 255 // 63).astype(np.uint8), wide[:, :, 2]])
    corpus.good("565.bmp", bmp(21, 18, 16, np.pad(packed, ((0, 0), (0, 1)))[::-1].tobytes(),
                               compression=3, extra=struct.pack("<3I", 0xF800, 0x7E0, 0x1F)), wide)
    colors = bytes([0, 0, 0, 0, 30, 20, 10, 0, 60, 50, 40, 0])
    shades = np.array([[0, 0, 0], [10, 20, 30], [40, 50, 60]], np.uint8)
    runs = bytes([3, 1, 0, 0, 0, 3, 2, 1, 2, 0, 0, 0, 0, 2, 1, 0, 2, 2, 0, 1])
    corpus.good("rle8.bmp", bmp(3, 3, 8, runs, colors, 1),
                shades[np.array([[0, 2, 2], [2, 1, 2], [1, 1, 1]])])
    runs = bytes([3, 0x12, 0, 0, 0, 3, 0x21, 0x20, 0, 1])
    corpus.good("rle4.bmp", bmp(3, 2, 4, runs, colors, 2),
                shades[np.array([[2, 1, 2], [1, 2, 1]])])
    old = struct.pack("<2sIHHIIHHHH", b"BM", 0, 0, 0, 32, 12, 2, 2, 1, 8) + bytes(
        [9, 8, 7, 30, 20, 10]) + bytes([1, 0, 0, 0, 0, 1, 0, 0])
    corpus.good("os2.bmp", old, np.array(
        [[[7, 8, 9], [10, 20, 30]], [[10, 20, 30], [7, 8, 9]]], np.uint8))
    whole = file_of(picture, "BMP")
    corpus.bad("cut-in-data.bmp", whole[:-40], "ends early")
    corpus.bad("cut-in-header.bmp", whole[:30], "ends early")
    corpus.bad("60000x60000.bmp", bmp(60000, 60000, 24, b""), "pixels exceed")
    corpus.bad("14000x14000.bmp", bmp(14000, 14000, 8, b"", colors), "ends early")
    corpus.bad("0x5.bmp", bmp(0, 5, 24, b""), "no size")
    corpus.bad("13-bits.bmp", bmp(5, 5, 13, bytes(99)), "bits a pixel")
    corpus.bad("jpeg-inside.bmp", bmp(5, 5, 24, bytes(99), compression=4), "inside of a BMP")
    corpus.bad("outside-palette.bmp", bmp(4, 1, 8, b"\7\7\7\7", colors), "outside the palette")
    corpus.bad("long-run.bmp", bmp(3, 3, 8, bytes([9, 1, 0, 1]), colors, 1), "leaves its row")
    corpus.bad("cut-run.bmp", bmp(3, 3, 8, bytes([0, 9, 1]), colors, 1), "ends early")
    corpus.bad("more-than-runs.bmp", bmp(9731, 19778, 8, bytes([3, 1, 0, 1]), colors, 1),
               "more pixels than its runs can fill")
    corpus.bad("rle-of-24-bits.bmp", bmp(3, 3, 24, bytes(99), compression=1), "damaged BMP")


def make(script):
    global corpus
    corpus = script
    make_good_heif()
    make_bad_heif()
    make_good_tiff()
    make_bad_tiff()
    make_gif()
    make_bmp()
