#!/usr/bin/env python3
"""Makes Fixtures/Images: small picture files, good and bad, with what is expected of each.

Good/NAME comes with NAME.json: size, channels, depth and all samples (base64, 16-bit ones
little-endian) as they must be decoded, and what else must be found. Bad/NAME comes with NAME.json:
the exit code and a piece of the error text. Resampling.json holds pictures resized by Pillow.

PNG files are put together here, chunk by chunk, from known samples; JPEG and WebP files come from
Pillow, whose decoders are also their reference; image_formats.py makes the other formats. Needs numpy,
Pillow (made with Pillow 13.0, libjpeg-turbo 3.2), pillow-heif, tifffile, imagecodecs, tiff2rgba
(libtiff-tools) and jpegtran (libjpeg-turbo-progs). The output is the same on every run.

    Scripts/make-image-corpus.py
"""

import base64
import ctypes
import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
from PIL import Image, ImageCms

import image_formats

ROOT = pathlib.Path(__file__).resolve().parent.parent / "Fixtures" / "Images"
GOOD, BAD = ROOT / "Good", ROOT / "Bad"
SIGNATURE = b"\x89PNG\r\n\x1a\n"


# Writing files ---------------------------------------------------------------------------------


def good(name, data, samples, tolerance=0, **expected):
    """Writes a file with its expected samples, an array [height, width, channels]."""
    (GOOD / name).write_bytes(data)
    height, width, channels = samples.shape
    depth = 16 if samples.dtype == np.uint16 else 8
    raw = samples.astype("<u2" if depth == 16 else "u1").tobytes()
    write_json(
        GOOD / f"{name}.json",
        dict(
            width=width, height=height, channels=channels, depth=depth, tolerance=tolerance,
            samples=base64.b64encode(raw).decode(), **expected),
    )


def bad(name, data, error, code=65):
    (BAD / name).write_bytes(data)
    write_json(BAD / f"{name}.json", dict(code=code, error=error))


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n")


# PNG, by hand ----------------------------------------------------------------------------------


class Bits:
    """Bits of deflate: numbers with their lowest bit first, codes with their highest first (RFC 1951, 3.1.1)."""

    def __init__(self):
        self.all = []

    def number(self, value, count):
        self.all += [value >> place & 1 for place in range(count)]

    def code(self, text):
        self.all += [int(bit) for bit in text]

    def bytes(self):
        return np.packbits(np.array(self.all, np.uint8), bitorder="little").tobytes()


def packed_run(value, count, start=b""):
    """zlib's format of `start` (at most 65535 bytes) and one byte `count` times: the same everywhere, for zlib's
    versions compress long runs differently."""
    bits = Bits()
    bits.number(0b101, 3)  # the last block, with codes of its own
    bits.number(29, 5)
    bits.number(0, 5)
    # Codes of lengths: 0, 1 and 2 have two bits, 17 and 18 (runs of zeros) have three.
    lengths = {0: 2, 1: 2, 2: 2, 17: 3, 18: 3}
    codes = {0: "00", 1: "01", 2: "10", 17: "110", 18: "111"}
    order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1]
    bits.number(len(order) - 4, 4)
    for symbol in order:
        bits.number(lengths.get(symbol, 0), 3)

    def zeros(count):
        while count > 0:
            part = min(count, 138)
            if part >= 11:
                bits.code(codes[18])
                bits.number(part - 11, 7)
            elif part >= 3:
                bits.code(codes[17])
                bits.number(part - 3, 3)
            else:
                bits.code(codes[0] * part)
            count -= part

    # The byte and the end have codes of two bits, 258 times the byte before has one of one bit.
    zeros(value)
    bits.code(codes[2])
    zeros(255 - value)
    bits.code(codes[2])
    zeros(285 - 257)
    bits.code(codes[1] + codes[1])
    repeats = (count - 1) // 258
    bits.code("10" + "00" * repeats + "10" * (count - 1 - 258 * repeats) + "11")
    stored = struct.pack("<BHH", 0, len(start), len(start) ^ 65535) + start if start else b""
    return b"\x78\x01" + stored + bits.bytes() + struct.pack(
        ">I", zlib.adler32(start + bytes([value]) * count))


def chunk(name, data=b"", crc_error=0):
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body) ^ crc_error)


def header(width, height, bits, color, interlace=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, interlace))


def packed_rows(values, bits):
    """Rows of samples [height, n] as PNG packs them."""
    if bits == 16:
        return [row.astype(">u2").tobytes() for row in values]
    if bits == 8:
        return [row.astype(np.uint8).tobytes() for row in values]
    rows = []
    for row in values:
        ones = ((row[:, None] >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8).ravel()
        rows.append(np.packbits(ones).tobytes())
    return rows


def paeth(a, b, c):
    estimate = a + b - c
    distances = abs(estimate - a), abs(estimate - b), abs(estimate - c)
    return (a, b, c)[distances.index(min(distances))]


def filtered(rows, step, kinds):
    """PNG's row filters; row i gets kind kinds[i % len(kinds)]."""
    out, above = b"", None
    for index, row in enumerate(rows):
        kind = kinds[index % len(kinds)]
        above = above or bytes(len(row))
        out += bytes([kind])
        for i, value in enumerate(row):
            left = row[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            guess = [0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner)][kind]
            out += bytes([(value - guess) & 255])
        above = row
    return out


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
         (0, 1, 1, 2)]


def image_data(values, bits, interlace=False, kinds=(0, 1, 2, 3, 4)):
    """The uncompressed data stream of samples [height, width, channels] as stored."""
    height, width, channels = values.shape
    step = max(bits * channels // 8, 1)
    passes = ADAM7 if interlace else [(0, 0, 1, 1)]
    stream = b""
    for x, y, dx, dy in passes:
        part = values[y::dy, x::dx]
        if part.size:
            rows = packed_rows(part.reshape(part.shape[0], -1), bits)
            stream += filtered(rows, step, kinds)
    return stream


def png(values, bits, color, before=b"", after=b"", interlace=False, stream=None, pieces=1):
    height, width, _ = values.shape
    data = zlib.compress(stream if stream is not None else image_data(values, bits, interlace), 9)
    cuts = [len(data) * i // pieces for i in range(pieces + 1)]
    idat = b"".join(chunk(b"IDAT", data[a:b]) for a, b in zip(cuts, cuts[1:]))
    return (SIGNATURE + header(width, height, bits, color, int(interlace)) + before + idat + after
            + chunk(b"IEND"))


CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def stored(width, height, bits, color, seed):
    generator = np.random.RandomState(seed)
    return generator.randint(0, 1 << bits, (height, width, CHANNELS[color])).astype(np.int64)


def decoded(values, bits):
    """Stored samples as they must come out: fewer bits are stretched to 8."""
    if bits == 16:
        return values.astype(np.uint16)
    return (values * (255 // ((1 << bits) - 1))).astype(np.uint8)


def with_alpha(samples, opaque):
    full = 65535 if samples.dtype == np.uint16 else 255
    alpha = np.where(opaque, full, 0).astype(samples.dtype)
    return np.concatenate([samples, alpha[:, :, None]], axis=2)


def make_good_png():
    names = {0: "grey", 2: "rgb", 4: "grey-alpha", 6: "rgba"}
    for color, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 4: [8, 16], 6: [8, 16]}.items():
        for bits in depths:
            for interlace in [False, True]:
                values = stored(13, 11, bits, color, 100 * color + bits)
                suffix = "-interlaced" if interlace else ""
                good(f"{names[color]}-{bits}{suffix}.png",
                     png(values, bits, color, interlace=interlace), decoded(values, bits))

    for bits in [1, 2, 4, 8]:
        values = stored(13, 11, bits, 3, 300 + bits)
        generator = np.random.RandomState(bits)
        palette = generator.randint(0, 256, (1 << bits, 3)).astype(np.uint8)
        alpha = generator.randint(0, 256, (1 << bits) // 2).astype(np.uint8)
        plte, trns = chunk(b"PLTE", palette.tobytes()), chunk(b"tRNS", alpha.tobytes())
        colors = palette[values[:, :, 0]]
        all_alpha = np.concatenate([alpha, np.full((1 << bits) - len(alpha), 255, np.uint8)])
        transparent = np.concatenate([colors, all_alpha[values]], axis=2)
        for interlace in [False, True]:
            suffix = "-interlaced" if interlace else ""
            good(f"palette-{bits}{suffix}.png",
                 png(values, bits, 3, plte, interlace=interlace), colors)
            good(f"palette-{bits}-transparent{suffix}.png",
                 png(values, bits, 3, plte + trns, interlace=interlace), transparent)

    for bits in [2, 8, 16]:
        values = stored(13, 11, bits, 0, 400 + bits)
        values[2:5, 3:9] = key = 1
        good(f"grey-{bits}-transparent.png",
             png(values, bits, 0, chunk(b"tRNS", struct.pack(">H", key))),
             with_alpha(decoded(values, bits), values[:, :, 0] != key))
    for bits in [8, 16]:
        values = stored(13, 11, bits, 2, 420 + bits)
        key = [200, 100, 50] if bits == 8 else [50000, 300, 7]
        values[2:5, 3:9] = key
        good(f"rgb-{bits}-transparent.png",
             png(values, bits, 2, chunk(b"tRNS", struct.pack(">3H", *key))),
             with_alpha(decoded(values, bits), (values != key).any(axis=2)))

    for width, height in [(1, 1), (7, 5), (3, 2), (5, 9)]:
        values = stored(width, height, 8, 6, width)
        for interlace in [False, True]:
            suffix = "-interlaced" if interlace else ""
            good(f"{width}x{height}{suffix}.png", png(values, 8, 6, interlace=interlace),
                 decoded(values, 8))

    values = stored(9, 6, 8, 2, 7)
    plain = decoded(values, 8)
    text = chunk(b"tEXt", b"Title\0na\xefve")
    good("many-pieces.png", png(values, 8, 2, pieces=9), plain)
    good("gamma.png", png(values, 8, 2, chunk(b"gAMA", struct.pack(">I", 100000))
                          + chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1))),
         plain, chunks=["gAMA", "pHYs"])
    linear = chunk(b"gAMA", struct.pack(">I", 100000))
    points = chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))
    for name, chunks, expected in [
            ("points", points, {}), ("standard-and-gamma", chunk(b"sRGB", b"\0") + linear, dict(profileBytes=0)),
            ("gamma-0", chunk(b"gAMA", bytes(4)), dict(warnings=["described without a profile"])),
            ("code-points", chunk(b"cICP", bytes([12, 13, 0, 1])) + linear, {}),
            ("code-points-narrow", chunk(b"cICP", bytes([12, 13, 0, 0])),
             dict(warnings=["described without a profile"])),
            ("code-points-pq-light", chunk(b"cICP", bytes([9, 16, 0, 1]))
             + chunk(b"mDCV", struct.pack(">8H2I", 35400, 14600, 8500, 39850, 6550, 2300, 15635, 16450, 10000000, 1))
             + chunk(b"cLLI", struct.pack(">2I", 10000000, 4000000)),
             dict(warnings=["HDR (PQ)", "HDR metadata is left out"], chunks=["cICP"])),
            ("code-points-pq", chunk(b"cICP", bytes([9, 16, 0, 1])), dict(warnings=["HDR (PQ)"]))]:
        good(f"{name}.png", png(values, 8, 2, chunks), plain, **expected)
    grey = stored(9, 6, 8, 0, 7)
    good("gamma-grey.png", png(grey, 8, 0, linear), decoded(grey, 8))
    good("texts.png", png(
        values, 8, 2,
        text + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"caf\xe9"))
        + chunk(b"iTXt", b"workflow\0\0\0\0\0" + '{"π": 3}'.encode()),
        after=chunk(b"iTXt", b"Author\0\1\0de\0Autor\0" + zlib.compress("Łódź".encode()))
        + chunk(b"tEXt", b"parameters\0a hill\nSteps: 20")),
        plain, parameters="a hill\nSteps: 20",
        text={"Title": "naïve", "Comment": "café", "workflow": '{"π": 3}', "Author": "Łódź"})
    good("ancillary-crc.png", png(values, 8, 2, chunk(b"tEXt", b"Title\0x", crc_error=1)), plain,
         text={"Title": "x"}, warnings=["wrong checksum"])
    good("end-crc.png", png(values, 8, 2)[:-1] + b"x", plain, warnings=["its end is damaged"])
    good("nonsense-behind-pixels.png", png(values, 8, 2, after=chunk(b"\0\1\2\3", b"x")), plain,
         warnings=["its end is damaged"])
    good("wrong-lengths.png", png(
        values, 8, 2, chunk(b"gAMA", b"\0\0\xb1") + chunk(b"pHYs", b"\0") + chunk(b"bKGD", b"\0")
        + chunk(b"tRNS", b"\0\0")), plain, chunks=[],
        warnings=["(gAMA)", "(pHYs)", "(bKGD)", "its transparency is broken"])
    rows = b"\0" + bytes(range(256)) * 3
    far = zlib.compressobj(9, zlib.DEFLATED, 15)
    stream = far.compress(rows * 2) + far.flush()
    small = bytes([0x08, 0x1d])  # a window of 256 bytes; matches are 769 bytes away
    good("window-too-small.png", SIGNATURE + header(256, 2, 8, 2) + chunk(
        b"IDAT", small + stream[2:]) + chunk(b"IEND"), np.frombuffer(
            bytes(range(256)) * 6, np.uint8).reshape(2, 256, 3))
    more = image_data(values, 8)
    good("more-than-pixels.png", SIGNATURE + header(9, 6, 8, 2) + chunk(
        b"IDAT", zlib.compress(more + more)) + chunk(b"IEND"), plain,
        warnings=["beyond its last pixel"])
    good("trailing-zip.png", png(values, 8, 2) + b"PK\3\4 and so on", plain,
         warnings=["14 bytes after"])
    text = chunk(b"tEXt", b"Title\0a hill")
    for name, data, cut in [
        ("no-end", png(values, 8, 2), 12), ("no-end-interlaced", png(values, 8, 2, interlace=True), 12),
        ("half-end", png(values, 8, 2), 5), ("cut-in-last-text", png(values, 8, 2, after=text), 18)]:
        good(f"{name}.png", data[:-cut], plain, warnings=["its end is missing"])
    good("animated.png", png(
        values, 8, 2, chunk(b"acTL", struct.pack(">II", 2, 0)),
        after=chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 9, 6, 0, 0, 1, 10, 0, 0))
        + chunk(b"fdAT", struct.pack(">I", 1) + zlib.compress(image_data(values, 8)))),
        plain, warnings=["first frame"])
    good("text-bomb.png", png(
        values, 8, 2, chunk(b"zTXt", b"Bomb\0\0" + packed_run(0, 5 << 20)) + text),
        plain, text={"Title": "naïve"}, warnings=["zTXt"])
    good("many-bombs.png", png(
        values, 8, 2, chunk(b"zTXt", b"Bomb\0\0" + packed_run(ord("x"), 3 << 20)) * 14 + text),
        plain, warnings=["insufficient memory", "truncated"])
    good("many-texts.png", png(values, 8, 2, chunk(b"tEXt", b"k\0v") * 1100), plain,
         warnings=["100 pieces of metadata"])
    good("profile.png", png(
        values, 8, 2, chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(profile()))), plain,
        profileBytes=len(profile()))
    for name, padding in [("padded", bytes(7)), ("followed", profile())]:
        good(f"profile-{name}.png", png(
            values, 8, 2, chunk(b"iCCP", b"x\0\0" + zlib.compress(profile() + padding))), plain,
            profileBytes=len(profile()), warnings=["bytes behind the end"])
    good("profile-broken.png", png(
        values, 8, 2, chunk(b"iCCP", b"x\0\0" + zlib.compress(profile()[:-40]))), plain,
        profileBytes=0, warnings=["profile is broken"])
    good("profile-stream-broken.png", png(
        values, 8, 2, chunk(b"iCCP", b"x\0\0" + zlib.compress(profile())[:-90])), plain,
        profileBytes=0, warnings=["profile is broken"])
    good("profile-for-grey.png", png(
        values, 8, 2, chunk(b"iCCP", b"x\0\0" + zlib.compress(
            profile()[:16] + b"GRAY" + profile()[20:]))), plain,
        profileBytes=0, warnings=["profile is broken"])
    # libpng writes none of these; other programs do.
    for name, color, space in [("one-way", 2, b"RGB "), ("one-way-grey", 0, b"GRAY")]:
        data = png(stored(9, 6, 8, color, 7), 8, color,
                   chunk(b"iCCP", b"x\0\0" + zlib.compress(scanner_profile(space))))
        good(f"profile-{name}.png", data, by_profile(data, scanner_profile(space), True), tolerance=2,
             profileBytes=0, warnings=["converted to sRGB by its profile"])
    for name, data in refused_profiles().items():
        good(f"{name}.png", png(
            values, 8, 2, chunk(b"iCCP", b"x\0\0" + zlib.compress(data))), plain,
            profileBytes=len(data))
    for orientation in range(1, 9):
        samples = turned(plain, orientation)
        good(f"orientation-{orientation}.png",
             png(values, 8, 2, chunk(b"eXIf", exif(orientation))), samples, exif=True)
    good("exif-broken.png", png(values, 8, 2, chunk(b"eXIf", b"II*\0\xff\xff\xff\x7f")), plain,
         exif=False, warnings=["EXIF"])


# Metadata --------------------------------------------------------------------------------------


def profile():
    """A small valid sRGB profile. The date is fixed: Pillow puts in the present one."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    data[84:100] = bytes(16)
    return bytes(data)


def refused_profile():
    """An sRGB profile of our own that libpng takes for Hewlett-Packard's of 1998, the commonest there is,
    which it calls incorrect and does not write. It knows it by length, Adler-32 and CRC-32, so free
    bytes in a private tag are chosen to give these."""
    adler, crc, length = 0xF784F3FB, 0x182EA552, 3144
    base = profile()
    count = struct.unpack(">I", base[128:132])[0]
    tags = [struct.unpack(">4sII", base[132 + 12 * i:144 + 12 * i]) for i in range(count)]
    table = b"".join(struct.pack(">4sII", name, start + 12, size) for name, start, size in tags)
    head = base[4:128] + struct.pack(">I", count + 1) + table
    start = 4 + len(head) + 12 + len(base[132 + 12 * count:])
    room = length - start
    body = bytearray(struct.pack(">I", length) + head + struct.pack(">4sII", b"free", start, room)
                     + base[132 + 12 * count:] + b"data" + bytes(4) + b"\x80" * (room - 8))
    # Adler-32: the sum of the bytes, and of the bytes by their distance to the end. Triples first get
    # the second sum about right, then single bytes the rest.
    free = range(start + 8, length)

    def gap():
        now = zlib.adler32(bytes(body))
        return ((adler & 0xFFFF) - (now & 0xFFFF)) % 65521, ((adler >> 16) - (now >> 16)) % 65521

    generator = np.random.RandomState(1)
    for _ in range(100000):
        first, second = gap()
        if (first, second) == (0, 0):
            break
        first = first if first < 32760 else first - 65521
        # Spread what the sum lacks, then move one unit from a place to another, `second` farther.
        if first:
            step = max(-40, min(40, first))
            place = int(generator.choice(free))
            if 30 <= body[place] + step <= 220:
                body[place] += step
            continue
        second = second if second < 32760 else second - 65521
        distance = max(-400, min(400, second))
        place = int(generator.choice(free))
        if place + distance in free and body[place] < 220 and body[place + distance] > 30:
            body[place + distance] -= 1
            body[place] += 1
    assert gap() == (0, 0)
    # CRC-32 is linear: of triples that +1, -2, +1 leaves both sums of, those are changed that give it.
    triples = [i for i in range(start + 8, length - 3, 4)]
    rows = []
    for index, place in enumerate(triples):
        changed = bytearray(body)
        for offset, step in enumerate((1, -2, 1)):
            changed[place + offset] += step
        rows.append([zlib.crc32(bytes(changed)) ^ zlib.crc32(bytes(body)), 1 << index])
    wanted, chosen = zlib.crc32(bytes(body)) ^ crc, 0
    for bit in range(31, -1, -1):
        pivot = next((row for row in rows if row[0] >> bit & 1), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        for row in rows:
            if row[0] >> bit & 1:
                row[0] ^= pivot[0]
                row[1] ^= pivot[1]
        if wanted >> bit & 1:
            wanted ^= pivot[0]
            chosen ^= pivot[1]
    for index, place in enumerate(triples):
        if chosen >> index & 1:
            for offset, step in enumerate((1, -2, 1)):
                body[place + offset] += step
    assert (len(body), zlib.adler32(bytes(body)), zlib.crc32(bytes(body))) == (length, adler, crc)
    return bytes(body)


def refused_profiles():
    """Profiles that libpng does not write: the commonest, and two that break a rule of its own."""
    intent = bytearray(profile())
    intent[64:68] = b"\xff\xff\0\0"
    uneven = bytearray(profile() + b"\0")
    uneven[0:4] = struct.pack(">I", len(uneven))
    return {"profile-refused": refused_profile(), "profile-odd-intent": bytes(intent),
            "profile-uneven": bytes(uneven)}


def exif(orientation=None, loop=False, order="<"):
    """A TIFF structure of one directory with an orientation; `loop`: it is its own next one."""
    mark = b"II" if order == "<" else b"MM"
    entries = [] if orientation is None else [
        struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)]
    return (mark + struct.pack(order + "HI", 42, 8) + struct.pack(order + "H", len(entries))
            + b"".join(entries) + struct.pack(order + "I", 8 if loop else 0))


SETTINGS = "ein Hügel, 丘 🏔\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, Seed: 7, Size: 64x64"


def exif_comment(encoded, order=">"):
    """A TIFF structure with EXIF's user comment, as AUTOMATIC1111 and others write settings there."""
    mark = b"II" if order == "<" else b"MM"
    pointer = struct.pack(order + "HHHII", 1, 0x8769, 4, 1, 26)
    comment = struct.pack(order + "HHHII", 1, 0x9286, 7, len(encoded), 44)
    end = struct.pack(order + "I", 0)
    return mark + struct.pack(order + "HI", 42, 8) + pointer + end + comment + end + encoded


def comments():
    """The settings in each encoding that is met: the first is AUTOMATIC1111's."""
    unicode = b"UNICODE\0"
    return {
        "unicode": exif_comment(unicode + SETTINGS.encode("utf-16-be")),
        "unicode-little": exif_comment(unicode + SETTINGS.encode("utf-16-le"), "<"),
        "unicode-other-order": exif_comment(unicode + SETTINGS.encode("utf-16-be"), "<"),
        "unicode-mark": exif_comment(unicode + b"\xff\xfe" + SETTINGS.encode("utf-16-le")),
        "utf-8": exif_comment(b"ASCII\0\0\0" + SETTINGS.encode()),
        "undefined": exif_comment(bytes(8) + SETTINGS.encode())}


def other_comments():
    """Settings in encodings that say their own names wrongly or are rare, each with its text."""
    def of(words):
        return f"{words}\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, Seed: 7, Size: 64x64"

    japanese, german, english = of("山と湖"), of("ein Hügel für uns"), of("a hill by a lake")
    jis = b"JIS\0\0\0\0\0"
    return {
        "jis": (exif_comment(jis + japanese.encode("iso2022_jp")), japanese),
        "shift-jis": (exif_comment(jis + japanese.encode("shift_jis")), japanese),
        "utf-8-called-jis": (exif_comment(jis + SETTINGS.encode()), SETTINGS),
        "latin": (exif_comment(b"ASCII\0\0\0" + german.encode("latin-1")), german),
        "no-code": (exif_comment(english.encode()), english),
        "charset": (exif_comment(bytes(8) + b"charset=Unicode " + english.encode()), english)}


def windows_comment():
    """The settings in the comment that Windows shows: UTF-16, little-endian, in single bytes."""
    text = SETTINGS.encode("utf-16-le") + bytes(2)
    entry = struct.pack("<HHHII", 1, 0x9C9C, 1, len(text), 26)
    return b"II" + struct.pack("<HI", 42, 8) + entry + struct.pack("<I", 0) + text


def turned(samples, orientation):
    """The upright picture for stored samples, in the words of the EXIF standard: where row 0 and
    column 0 of the stored picture are to be seen."""
    steps = {
        1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1),
        7: lambda a: a.swapaxes(0, 1)[::-1, ::-1], 8: lambda a: np.rot90(a, 1)}
    return steps[orientation](samples)


# JPEG, by Pillow -------------------------------------------------------------------------------


def landscape(width, height, mode="RGB"):
    """Something smooth, so that a coarse JPEG still looks like it."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [40 + 8 * x, 210 - 9 * y, 90 + 5 * (x + y) % 128, 20 + 3 * x]
    count = len(Image.new(mode, (1, 1)).getbands())
    values = np.stack(planes[:count], axis=2).clip(0, 255).astype(np.uint8)
    return Image.fromarray(values[:, :, 0] if count == 1 else values, mode if count == 4 else None)


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def reference(data):
    """What Pillow decodes, [height, width, channels]; CMYK converted the naive way."""
    image = Image.open(io.BytesIO(data))
    image.load()
    image = image if image.mode == "L" else image.convert("RGB")
    samples = np.asarray(image)
    return samples[:, :, None] if samples.ndim == 2 else samples


def restart_places(data):
    """Where the restart markers of a JPEG are, as lists, one for each scan."""
    scans, place = [], data.index(b"\xff\xda")
    while place < len(data) - 1:
        if data[place] == 0xFF and data[place + 1] == 0xDA:
            scans.append([])
        elif data[place] == 0xFF and 0xD0 <= data[place + 1] < 0xD8:
            scans[-1].append(place)
        place += 1
    return scans


def renumbered(data, number):
    """The same with other numbers of the restart markers, by how many came before each in its scan."""
    data = bytearray(data)
    for scan in restart_places(data):
        for index, place in enumerate(scan):
            data[place + 1] = 0xD0 + number(index) % 8
    return bytes(data)


def with_markers(data, *markers):
    """Puts (number, payload) behind the start marker."""
    added = b"".join(
        struct.pack(">BBH", 255, number, len(payload) + 2) + payload for number, payload in markers)
    return data[:2] + added + data[2:]


def profile_parts(data, count, order=None):
    size = -(-len(data) // count)
    return [(0xE2, b"ICC_PROFILE\0" + bytes([i + 1, count]) + data[i * size:(i + 1) * size])
            for i in (order or range(count))]


def make_good_jpeg():
    def close(name, data, **expected):
        good(name, data, reference(data), tolerance=1, **expected)

    color, grey = landscape(21, 18), landscape(21, 18, "L")
    close("grey.jpg", jpeg(grey, quality=90))
    close("444.jpg", jpeg(color, quality=90, subsampling=0))
    close("422.jpg", jpeg(color, quality=85, subsampling=1))
    close("420.jpg", jpeg(color, quality=80, subsampling=2))
    close("progressive.jpg", jpeg(color, quality=80, progressive=True))
    close("progressive-grey.jpg", jpeg(grey, quality=80, progressive=True))
    close("other-scans.jpg", jpeg_of_scans(color))
    close("restarts.jpg", jpeg(color, quality=80, restart_marker_blocks=1))
    close("rgb.jpg", jpeg(color, quality=90, keep_rgb=True))
    cmyk = jpeg(landscape(21, 18, "CMYK"), quality=90)
    close("cmyk.jpg", cmyk, warnings=["CMYK"])
    place = cmyk.index(b"Adobe") + 11
    close("ycck.jpg", cmyk[:place] + b"\2" + cmyk[place + 1:], warnings=["CMYK"])
    base = jpeg(color, quality=90)
    close("really-a-jpeg.png", base)
    close("trailing.jpg", base + bytes(100), warnings=["100 bytes after"])
    close("stray-bytes.jpg", base[:-2] + bytes(14) + base[-2:], warnings=["stray bytes"])
    restarts = jpeg(color, quality=80, restart_marker_blocks=1)
    slow = jpeg(color, quality=80, progressive=True, restart_marker_blocks=1)
    for name, data in [("restart", restarts), ("restart-progressive", slow)]:
        place = data.index(b"\xff\xd1")
        good(f"bytes-before-{name}.jpg", data[:place] + b"\1\2\3\4\5" + data[place:],
             reference(data), tolerance=1, warnings=["stray bytes"])
    place = base.index(b"\xff\xda")
    good("bytes-before-scan.jpg", base[:place] + b"\1\2" + base[place:], reference(base), tolerance=1,
         warnings=["stray bytes"])
    place = restarts.index(b"\xff\xd0")
    good("fill-before-restart.jpg", restarts[:place] + b"\xff\xff" + restarts[place:],
         reference(restarts), tolerance=1)
    for name, data in [("", base), ("-progressive", jpeg(color, quality=80, progressive=True)),
                       ("-grey", jpeg(grey, quality=90))]:
        good(f"no-end-marker{name}.jpg", data[:-2], reference(data), tolerance=1,
             warnings=["end marker is missing"])
    # libjpeg keeps a few bytes to itself, and does not count them.
    for name, count, notes in [("few", 5, []), ("many", 38, ["stray bytes"])]:
        good(f"{name}-bytes-for-end-marker.jpg", base[:-2] + stray(count), reference(base), tolerance=1,
             warnings=notes + ["end marker is missing"])
    good("half-end-marker.jpg", base[:-1], reference(base), tolerance=1,
         warnings=["end marker is missing"])
    progressive = jpeg(color, quality=80, progressive=True)
    for name, data in [("zeros-for-end", base[:-2] + bytes(3000)),
                       ("zeros-before-end", base[:-2] + bytes(3000) + base[-2:]),
                       ("zeros-for-end-restarts", restarts[:-2] + bytes(3000)),
                       ("zeros-for-end-progressive", progressive[:-2] + bytes(3000))]:
        whole = {"zeros-for-end-restarts": restarts, "zeros-for-end-progressive": progressive}
        note = "stray bytes" if name == "zeros-before-end" else "end marker is missing"
        good(f"{name}.jpg", data, reference(whole.get(name, base)), tolerance=1,
             warnings=[note])
    place = restarts.index(b"\xff\xd1")
    good("zeros-before-restart.jpg", restarts[:place] + bytes(400) + restarts[place:],
         reference(restarts), tolerance=1, warnings=["stray bytes"])
    for name, data, number in [("from-1", restarts, lambda i: i + 1), ("from-3", restarts, lambda i: i + 3),
                               ("all-0", restarts, lambda i: 0), ("progressive", slow, lambda i: 5 * i + 2)]:
        good(f"restart-numbers-{name}.jpg", renumbered(data, number), reference(data), tolerance=1,
             warnings=["restart markers are numbered wrongly"])
    for name, block in comments().items():
        close(f"settings-{name}.jpg", with_markers(base, (0xE1, b"Exif\0\0" + block)), exif=True,
              parameters=SETTINGS)
    for name, (block, text) in other_comments().items():
        close(f"settings-{name}.jpg", with_markers(base, (0xE1, b"Exif\0\0" + block)), exif=True,
              parameters=text)
    close("windows-comment.jpg", with_markers(base, (0xE1, b"Exif\0\0" + windows_comment())), exif=True)
    make_mended_jpeg(base, progressive)
    for name, data in refused_profiles().items():
        close(f"{name}.jpg", with_markers(base, *profile_parts(data, 1)), profileBytes=len(data))

    for orientation in range(1, 9):
        block = exif(orientation, order="><"[orientation % 2])
        data = with_markers(base, (0xE1, b"Exif\0\0" + block))
        good(f"orientation-{orientation}.jpg", data, turned(reference(base), orientation),
             tolerance=1, exif=True)
    for orientation in [0, 9, 0xFFFF]:
        data = with_markers(base, (0xE1, b"Exif\0\0" + exif(orientation)))
        good(f"orientation-{orientation}.jpg", data, reference(base), tolerance=1, exif=True)
    close("exif-loop.jpg", with_markers(base, (0xE1, b"Exif\0\0" + exif(1, loop=True))), exif=True)
    close("exif-broken.jpg", with_markers(base, (0xE1, b"Exif\0\0nonsense")), exif=False,
          warnings=["EXIF"])

    icc = profile()
    close("profile.jpg", with_markers(base, *profile_parts(icc, 1)), profileBytes=len(icc))
    close("profile-parts.jpg", with_markers(base, *profile_parts(icc, 3, [2, 0, 1])),
          profileBytes=len(icc))
    close("profile-part-missing.jpg", with_markers(base, *profile_parts(icc, 3)[:2]),
          profileBytes=0, warnings=["missing"])
    parts = profile_parts(icc, 3)
    whole, other = profile_parts(icc, 1), profile_parts(refused_profile(), 1)
    numbered = [(marker, data[:12] + bytes([data[12] - 1, 9]) + data[14:]) for marker, data in parts]
    for name, markers in [("twice", whole + whole), ("part-twice", parts + parts[1:2]),
                          ("numbers-off", numbered)]:
        close(f"profile-{name}.jpg", with_markers(base, *markers), profileBytes=len(icc))
    close("profile-and-another.jpg", with_markers(base, *whole, *other), profileBytes=0, warnings=["missing"])
    bogus = struct.pack(">I", len(icc) + 5) + icc[4:]
    close("profile-bogus-size.jpg", with_markers(base, *profile_parts(bogus, 1)), profileBytes=0,
          warnings=["profile is broken"])
    for name, padding in [("padded", bytes(7)), ("followed", icc)]:
        close(f"profile-{name}.jpg", with_markers(base, *profile_parts(icc + padding, 1)),
              profileBytes=len(icc), warnings=["bytes behind the end"])
    nonsense = icc[:128] + b"\xff" * 64 + icc[192:]
    close("profile-nonsense.jpg", with_markers(base, *profile_parts(nonsense, 1)), profileBytes=0,
          warnings=["profile is broken"])
    inks = jpeg(landscape(21, 18, "CMYK"), quality=95)
    data = with_markers(inks, *profile_parts(cmyk_profile(), 1))
    good("cmyk-profile.jpg", data, by_profile(data, cmyk_profile()), tolerance=2, profileBytes=0,
         warnings=["converted from CMYK to sRGB by its profile"])
    data = with_markers(base, *profile_parts(scanner_profile(), 1))
    good("profile-one-way.jpg", data, by_profile(data, scanner_profile(), True), tolerance=2, profileBytes=0,
         warnings=["converted to sRGB by its profile"])


def cmyk_profile():
    """A CMYK profile of few colours: white paper, inks that take away what they should."""
    table = b""
    for c in (0, .5, 1):
        for m in (0, .5, 1):
            for y in (0, .5, 1):
                for k in (0, .5, 1):
                    light = (1 - .9 * k) * (1 - .35 * c - .3 * m - .1 * y)
                    table += bytes([
                        round(255 * light), round(128 + 60 * (m - c) * (1 - k)),
                        round(128 + 70 * (y - .6 * c - .2 * m) * (1 - k))])
    return table_profile(b"CMYK", b"prtr", table)


def scanner_profile(space=b"RGB "):
    """A profile that only says which colours samples have: darker and less vivid than sRGB has them."""
    levels = [value / 4 for value in range(5)]
    if space == b"GRAY":
        return table_profile(space, b"scnr", b"".join(bytes([round(200 * v * v), 128, 128]) for v in levels))
    table = b""
    for r in levels:
        for g in levels:
            for b in levels:
                light = (.25 * r + .65 * g + .1 * b) ** 1.2
                table += bytes([round(250 * light), round(128 + 50 * (r - g)), round(128 + 45 * (g - b))])
    return table_profile(space, b"scnr", table)


def table_profile(space, kind, table):
    """A profile of one table from samples to L*a*b*."""
    inputs = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}[space]
    points = round((len(table) // 3) ** (1 / inputs))
    ramp = bytes(range(256))
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    lut = b"mft1" + bytes(4) + bytes([inputs, 3, points, 0]) + identity + ramp * inputs + table + ramp * 3
    lut += bytes(-len(lut) % 4)
    description = b"desc" + bytes(4) + struct.pack(">I", 5) + b"inks\0" + bytes(79)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    words = b"text" + bytes(4) + b"free" + bytes(4)
    tags, body, start = b"", b"", 128 + 4 + 4 * 12
    for name, value in [(b"desc", description), (b"wtpt", white), (b"cprt", words), (b"A2B0", lut)]:
        tags += struct.pack(">4sII", name, start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s", start + len(body), b"\0\0\0\0", 0x02400000, kind, space, b"Lab ",
        struct.pack(">6H", 2020, 1, 1, 0, 0, 0), b"acsp")
    header += bytes(28) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    return header + struct.pack(">I", 4) + tags + body


def by_profile(data, inks, exactly=False):
    """The picture in sRGB, as Little CMS converts it for Pillow, by way of a table or not."""
    image = Image.open(io.BytesIO(data))
    converted = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(io.BytesIO(inks)), ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION
        | (ImageCms.Flags.NOOPTIMIZE if exactly else ImageCms.Flags.NONE))
    return np.asarray(converted)


# WebP, by Pillow -------------------------------------------------------------------------------


def webp(image, **options):
    out = io.BytesIO()
    image.save(out, "WEBP", **options)
    return out.getvalue()


def webp_chunks(*chunks):
    body = b"WEBP"
    for name, data in chunks:
        body += name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(flags, width, height):
    return (b"VP8X", bytes([flags, 0, 0, 0]) + struct.pack("<I", width - 1)[:3]
            + struct.pack("<I", height - 1)[:3])


def webp_samples(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return np.asarray(image)


def make_good_webp():
    def same(name, data, **expected):
        good(name, data, webp_samples(data), **expected)

    color = landscape(21, 18)
    alpha = landscape(21, 18, "RGBA")
    for name, image in [("rgb", color), ("rgba", alpha)]:
        same(f"{name}-lossless.webp", webp(image, lossless=True, exact=True))
        same(f"{name}-lossy.webp", webp(image, quality=80, exact=True))
    for width, height in [(1, 1), (7, 5)]:
        same(f"{width}x{height}.webp", webp(landscape(width, height), lossless=True))
    plain = np.asarray(color)
    for orientation in range(1, 9):
        block = exif(orientation, order="><"[orientation % 2])
        data = webp(color, lossless=True, exif=b"Exif\0\0" * (orientation % 2) + block)
        good(f"orientation-{orientation}.webp", data, turned(plain, orientation), exif=True)
    for name, block in comments().items():
        lead = b"Exif\0\0" if name == "unicode" else b""
        same(f"settings-{name}.webp", webp(color, lossless=True, exif=lead + block), exif=True,
             parameters=SETTINGS)
    icc = profile()
    same("profile.webp", webp(color, lossless=True, icc_profile=icc), profileBytes=len(icc))
    same("profile-padded.webp", webp(color, lossless=True, icc_profile=icc + bytes(5)),
         profileBytes=len(icc), warnings=["bytes behind the end"])
    same("profile-broken.webp", webp(color, lossless=True, icc_profile=icc[:-40]), profileBytes=0,
         warnings=["profile is broken"])
    frames = [landscape(21, 18), Image.fromarray(np.full((18, 21, 3), 90, np.uint8))]
    moving = webp(frames[0], lossless=True, save_all=True, append_images=frames[1:])
    good("animated.webp", moving, plain, warnings=["animated"])
    same("trailing.webp", webp(color, lossless=True) + b"PK\3\4", warnings=["4 bytes after"])


def make_bad_webp():
    color = landscape(21, 18)
    for name, data in [("vp8", webp(color, quality=80)), ("vp8l", webp(color, lossless=True))]:
        bad(f"cut-{name}.webp", data[:-40], "ends early")
        short = data[:16] + struct.pack("<I", 60) + data[20:80]
        bad(f"short-{name}.webp", short[:4] + struct.pack("<I", 72) + short[8:], "damaged WebP")
    bad("cut-in-signature.webp", webp(color)[:11], "cut off within its first bytes")
    bad("cut-in-header.webp", webp(color)[:18], "ends early")
    frame = webp(color, lossless=True)[12:]
    picture = (frame[:4], frame[8:8 + struct.unpack("<I", frame[4:8])[0]])
    bad("canvas-differs.webp", webp_chunks(canvas(0, 40, 30), picture), "damaged WebP")
    bad("canvas-only.webp", webp_chunks(canvas(0, 21, 18)), "damaged WebP")
    bad("canvas-huge.webp", webp_chunks(canvas(0, 1 << 24, 1 << 24), picture), "damaged WebP")
    # Code lengths that overfill the tables of a decoder from before 2023 (CVE-2023-4863).
    bits = "".join(f"{0x2f:08b}"[::-1]) + f"{0:014b}"[::-1] + f"{0:014b}"[::-1] + "0" + "000"
    bits += "0" * 3 + "0" + f"{15:04b}"[::-1] + "111" * 19 + "0" + "1" * 3000
    data = bytes(int(bits[i:i + 8][::-1].ljust(8, "0"), 2) for i in range(0, len(bits), 8))
    bad("code-lengths.webp", webp_chunks((b"VP8L", data)), "damaged WebP")


# Bad files -------------------------------------------------------------------------------------


def make_bad_png():
    values = stored(9, 6, 8, 2, 7)
    whole = png(values, 8, 2)
    idat = whole.index(b"IDAT")
    end = whole.index(b"IEND") - 4
    ihdr_only = lambda w, h, bits=8, color=2: (
        SIGNATURE + header(w, h, bits, color) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND"))
    bad("cut-in-signature.png", whole[:5], "cut off within its first bytes")
    bad("cut-in-header.png", whole[:20], "damaged PNG file: the file ends early")
    bad("cut-in-data.png", whole[:idat + 60], "the file ends early")
    bad("cut-in-checksum.png", whole[:end - 2], "the file ends early")
    bad("header-crc.png", SIGNATURE + chunk(
        b"IHDR", struct.pack(">IIBBBBB", 9, 6, 8, 2, 0, 0, 0), 1) + whole[33:], "CRC")
    bad("data-crc.png", whole[:end - 1] + bytes([whole[end - 1] ^ 1]) + whole[end:], "CRC")
    data = zlib.compress(image_data(values, 8))
    rebuilt = lambda stream: (
        SIGNATURE + header(9, 6, 8, 2) + chunk(b"IDAT", stream) + chunk(b"IEND"))
    bad("adler.png", rebuilt(data[:-1] + bytes([data[-1] ^ 1])), "data check")
    bad("stream-short.png", rebuilt(zlib.compress(image_data(values, 8)[:-3])), "Not enough")
    bad("stream-cut.png", rebuilt(data[:-20]), "damaged PNG")
    bad("stream-nonsense.png", rebuilt(b"\x78\x9c" + bytes(range(40))), "damaged PNG")
    bad("filter.png", rebuilt(zlib.compress(b"\7" + image_data(values, 8)[1:])), "filter")
    bad("65535x65535.png", ihdr_only(65535, 65535), "65535x65535 pixels exceed the limit")
    bad("20000x20000.png", ihdr_only(20000, 20000), "200 megapixels")
    bad("0x5.png", ihdr_only(0, 5), "width is zero")
    bad("2147483647x1.png", ihdr_only(2**31 - 1, 1), "2147483647x1 pixels exceed")
    bad("4294967295x1.png", ihdr_only(2**32 - 1, 1), "pixels exceed")
    bad("bit-depth.png", ihdr_only(9, 6, 3, 2), "bit depth")
    palette = stored(9, 6, 8, 3, 9)
    bad("no-palette.png", png(palette, 8, 3), "PLTE")
    bad("outside-palette.png", png(palette, 8, 3, chunk(b"PLTE", bytes(30))), "outside the palette")
    bad("critical-chunk.png", png(values, 8, 2, chunk(b"ABCD", b"?")), "unhandled critical chunk")
    bad("no-data.png", SIGNATURE + header(9, 6, 8, 2) + chunk(b"IEND"), "damaged PNG")
    start = struct.pack(">I", len(profile()) + (16 << 20)) + profile()[4:]
    bad("profile-16-mib.png", png(
        values, 8, 2, chunk(b"iCCP", b"x\0\0" + packed_run(0, 16 << 20, start))), "colour profile of more")


def jpeg_of_scans(image, scans=None):
    """A JPEG of other scans than libjpeg's own, put together by jpegtran (libjpeg-turbo-progs)."""
    scans = scans or "0,1,2: 0-0, 0, 0; 0: 1-9, 0, 1; 2: 1-63, 0, 0; 1: 1-63, 0, 0; 0: 10-63, 0, 0; 0: 1-9, 1, 0;"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "scans").write_text(scans)
        (folder / "in.jpg").write_bytes(jpeg(image, quality=80))
        return subprocess.run(["jpegtran", "-scans", folder / "scans", folder / "in.jpg"],
                              capture_output=True, check=True).stdout


def make_mended_jpeg(base, progressive):
    """Files whose headers are wrong while every sample can be read."""
    scan = base.index(b"\xff\xda")
    wrong = bytearray(base)
    wrong[scan + 12], wrong[scan + 13] = 0, 0x11
    good("scan-header-wrong.jpg", bytes(wrong), reference(base), tolerance=1,
         warnings=["the header of its scan is wrong"])
    renamed = bytearray(base)
    for index in range(3):
        renamed[scan + 5 + 2 * index] = 7 + index
    good("scan-names-wrong.jpg", bytes(renamed), reference(base), tolerance=1,
         warnings=["names its components wrongly"])
    for name, whole in [("", base), ("-progressive", progressive)]:
        good(f"height-behind-scan{name}.jpg", height_behind_scan(whole), reference(whole), tolerance=1, warnings=[])
    short = b"\xff\xe5" + struct.pack(">H", 6) + b"\x55" * 700
    good("block-length-too-small.jpg", base[:2] + short + base[2:], reference(base), tolerance=1,
         warnings=["stray bytes"])
    second = progressive.index(b"\xff\xda", progressive.index(b"\xff\xda") + 2)
    good("bytes-before-second-scan.jpg", progressive[:second] + b"\1\2\3" + progressive[second:],
         reference(progressive), tolerance=1, warnings=["stray bytes"])
    coarse = progressive[:progressive.rindex(b"\xff\xda")] + b"\xff\xd9"
    good("last-scan-missing.jpg", coarse, reference(coarse), tolerance=1, warnings=["it lacks scans"])


def height_behind_scan(data, height=None):
    """The file with no height in its frame, but behind the first scan (ITU-T T.81, B.2.5)."""
    frame = next(data.index(code) for code in [b"\xff\xc0", b"\xff\xc2"] if code in data) + 5
    end = data.index(b"\xff\xda") + 2
    while data[end] != 0xFF or data[end + 1] == 0:
        end += 1
    lines = data[frame:frame + 2] if height is None else height
    return data[:frame] + bytes(2) + data[frame + 2:end] + b"\xff\xdc\0\4" + lines + data[end:]


def stray(count):
    """Bytes that are no part of a JPEG, none of them the first of a marker."""
    return bytes((37 * place + 11) % 255 for place in range(count))


def scan_bomb():
    """A valid progressive JPEG of one grey block in 896 scans, one bit of one coefficient each."""
    huffman = lambda kind: b"\xff\xc4" + struct.pack(">HB", 20, kind) + b"\1" + bytes(15) + b"\0"
    data = b"\xff\xd8\xff\xdb\0\x43\0" + b"\1" * 64
    data += b"\xff\xc2\0\x0b\x08\0\x08\0\x08\1\1\x11\0" + huffman(0x00) + huffman(0x10)
    for k in range(64):
        for low in range(13, -1, -1):
            high = 0 if low == 13 else low + 1
            data += b"\xff\xda\0\x08\1\1\0" + bytes([k, k, high << 4 | low]) + b"\x7f"
    return data + b"\xff\xd9"


def make_bad_jpeg():
    color = landscape(21, 18)
    base, progressive = jpeg(color, quality=90), jpeg(color, quality=90, progressive=True)
    sof = base.index(b"\xff\xc0")
    bad("empty.jpg", b"", "is empty")
    bad("cut-in-marker.jpg", base[:2], "cut off within its first bytes")
    bad("cut-in-header.jpg", base[:100], "ends early")
    bad("cut-in-data.jpg", base[:-100], "ends early")
    last_scan = progressive.rindex(b"\xff\xda")
    bad("cut-before-last-scan.jpg", progressive[:last_scan], "ends early")
    first_scan = progressive.index(b"\xff\xda")
    bad("cut-before-second-scan.jpg",
        progressive[:progressive.index(b"\xff\xda", first_scan + 2)], "ends early")
    # A scan for each colour, of which one is missing.
    parts = jpeg_of_scans(color, "0; 1; 2;")
    bad("scan-of-a-colour-missing.jpg", parts[:parts.rindex(b"\xff\xda")] + b"\xff\xd9",
        "a scan of one of its colours is missing")
    bad("cut-in-last-bytes.jpg", base[:-6], "ends early")
    place = jpeg(color, quality=80, restart_marker_blocks=1).index(b"\xff\xd1")
    many = jpeg(color, quality=80, restart_marker_blocks=1)
    bad("many-bytes-before-restart.jpg", many[:place] + b"\x55" * 400 + many[place:], "damaged JPEG")
    bad("bytes-for-end-marker.jpg", base[:-2] + stray(400), "ends early")
    bad("many-bytes-before-end.jpg", base[:-2] + stray(38) + base[-2:], "damaged JPEG")
    bad("bytes-for-data.jpg", base[:-60] + stray(400), "ends early")
    # Zeros that stand for samples, more of them than are decoded, and intervals that are gone.
    for name, data, left in [("", base, 60), ("-progressive", progressive, 60), ("-restarts", many, 40)]:
        bad(f"zeros-for-data{name}.jpg", data[:-left] + bytes(3000), "damaged JPEG")
        bad(f"zeros-for-data{name}-with-end.jpg", data[:-left] + bytes(3000) + data[-2:], "damaged JPEG")
    places = restart_places(many)[0]
    lost = many[:places[1]] + many[places[2]:]
    bad("restart-lost.jpg", lost, "damaged JPEG")
    bad("restart-lost-numbers.jpg", renumbered(lost, lambda index: index + 4), "damaged JPEG")
    bad("cut-progressive.jpg", progressive[:-150], "ends early")
    bad("scans.jpg", scan_bomb(), "more than 100 scans")
    size = lambda w, h: base[:sof + 5] + struct.pack(">HH", h, w) + base[sof + 9:]
    bad("65500x65500.jpg", size(65500, 65500), "65500x65500 pixels exceed")
    bad("65535x10.jpg", size(65535, 10), "damaged JPEG")
    bad("21x0.jpg", size(21, 0), "damaged JPEG")
    bad("no-height-behind-scan.jpg", height_behind_scan(base, bytes(2)), "damaged JPEG")
    kind = lambda number: base[:sof + 1] + bytes([number]) + base[sof + 2:]
    bad("lossless.jpg", kind(0xC3), "lossless or hierarchical JPEG is not read")
    bad("arithmetic.jpg", kind(0xC9), "arithmetic coding is not read")
    bad("12-bit.jpg", base[:sof + 4] + b"\x0c" + base[sof + 5:], "not 8 bits a sample")
    scan = base.index(b"\xff\xda") + 14
    bad("nonsense-data.jpg", base[:scan] + b"\xfe" * 80 + base[-2:], "damaged JPEG")
    bad("marker-in-data.jpg", base[:scan + 20] + b"\xff\xd9", "damaged JPEG")
    two = jpeg(Image.fromarray(np.zeros((8, 8), np.uint8)))
    bad("no-tables.jpg", two[:2] + two[two.index(b"\xff\xc0"):], "damaged JPEG")


def make_foreign():
    picture = landscape(4, 4)
    out = io.BytesIO()
    picture.save(out, "PDF")
    bad("pdf.png", out.getvalue()[:400], "is a PDF, not a picture that is read")
    texts = {
        "svg": ('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG"),
        "html": ("<!DOCTYPE html><html><title>Log in</title></html>", "an HTML page"),
        "lfs-pointer": ("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        "text": ("just words\n", "of an unknown kind"),
    }
    for name, (text, said) in texts.items():
        bad(f"{name}.png", text.encode(), f"is {said}, not a picture that is read")
    bad("jpeg-xl.jpg", b"\xff\x0a" + bytes(16), "is a JPEG XL")
    bad("jpeg-xl-boxes.jpg", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(16), "djxl")
    bad("cr2.jpg", b"II*\0\x10\0\0\0CR\2\0" + bytes(40), "a camera's raw file")
    bad("video.jpg", b"\0\0\0\x18ftypisom" + bytes(16), "is a video")


# Colours ---------------------------------------------------------------------------------------


def lcms_profile(primaries, gamma):
    """A matrix profile (grey without primaries) by Little CMS itself; its date is taken out."""
    lcms = ctypes.CDLL("liblcms2.so.2")
    for name in ["cmsBuildGamma", "cmsCreateRGBProfile", "cmsCreateGrayProfile"]:
        getattr(lcms, name).restype = ctypes.c_void_p
    white = (ctypes.c_double * 3)(0.3127, 0.3290, 1)
    curve = ctypes.c_void_p(lcms.cmsBuildGamma(None, ctypes.c_double(gamma)))
    if primaries is None:
        made = ctypes.c_void_p(lcms.cmsCreateGrayProfile(white, curve))
    else:
        points = (ctypes.c_double * 9)(*[v for x, y in primaries for v in (x, y, 1)])
        made = ctypes.c_void_p(
            lcms.cmsCreateRGBProfile(white, points, (ctypes.c_void_p * 3)(*[curve.value] * 3)))
    size = ctypes.c_uint32()
    lcms.cmsSaveProfileToMem(made, None, ctypes.byref(size))
    data = ctypes.create_string_buffer(size.value)
    lcms.cmsSaveProfileToMem(made, data, ctypes.byref(size))
    return data.raw[:24] + bytes(12) + data.raw[36:84] + bytes(16) + data.raw[100:]


def make_colors():
    """Profiles, and what Pillow makes of colours in them."""
    profiles = {
        "adobe-rgb": lcms_profile([(.64, .33), (.21, .71), (.15, .06)], 563 / 256),
        "display-p3": lcms_profile([(.68, .32), (.265, .69), (.15, .06)], 2.2),
        "grey": lcms_profile(None, 1.8)}
    steps = [0, 51, 102, 153, 204, 255]
    colors = np.array([[r, g, b] for r in steps for g in steps for b in steps], np.uint8)
    greys = np.arange(0, 256, 5, dtype=np.uint8)[None]
    expected = {}
    for name, data in profiles.items():
        (ROOT / "Profiles").mkdir(exist_ok=True)
        (ROOT / "Profiles" / f"{name}.icc").write_bytes(data)
        source = Image.fromarray(greys if name == "grey" else colors[None])
        converted = ImageCms.profileToProfile(
            source, ImageCms.ImageCmsProfile(io.BytesIO(data)), ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)
        expected[name] = dict(
            samples=base64.b64encode(np.asarray(source).tobytes()).decode(),
            srgb=base64.b64encode(np.asarray(converted).tobytes()).decode())
    write_json(ROOT / "Colors.json", expected)


# Resampling ------------------------------------------------------------------------------------


def make_resampling():
    filters = {
        "nearest": Image.Resampling.NEAREST, "box": Image.Resampling.BOX,
        "bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC,
        "lanczos": Image.Resampling.LANCZOS}
    encode = lambda image: base64.b64encode(np.asarray(image).tobytes()).decode()
    cases = []
    for mode, channels in [("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4)]:
        values = np.random.RandomState(channels).randint(0, 256, (11, 13, channels))
        values = values.astype(np.uint8)
        source = Image.fromarray(values[:, :, 0] if channels == 1 else values, mode)
        # The last four: Pillow shrinks the height first where it loses more than twice the width.
        for width, height in [(7, 5), (29, 17), (13, 23), (5, 11), (20, 4), (10, 4), (12, 9), (12, 8)]:
            for name, method in filters.items():
                cases.append(dict(
                    channels=channels, filter=name, width=width, height=height,
                    source=encode(source),
                    expected=encode(source.resize((width, height), method))))
    write_json(ROOT / "Resampling.json", dict(width=13, height=11, cases=cases))


def main():
    for folder in [GOOD, BAD]:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
    make_good_png()
    make_good_jpeg()
    make_good_webp()
    make_bad_png()
    make_bad_jpeg()
    make_bad_webp()
    make_foreign()
    image_formats.make(sys.modules[__name__])
    make_colors()
    make_resampling()


if __name__ == "__main__":
    main()
