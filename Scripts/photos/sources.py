"""Photos as cameras, telephones and tools write them, enlarged from small pictures or drawn."""

import struct
import subprocess

import numpy as np
import pillow_heif
import tifffile
from PIL import Image, ImageCms

Image.MAX_IMAGE_PIXELS = None
TAGS = ["-Make=Gesso", "-Artist=Ann", "-GPSLatitude=48.1", "-GPSLatitudeRef=N", "-GPSLongitude=11.5",
        "-GPSLongitudeRef=E", "-XMP-dc:Title=Harbour", "-IPTC:By-line=Ann"]
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def tagged(path, *more):
    """The file with what a camera notes."""
    tags = [tag for tag in TAGS if "IPTC" not in tag or path.suffix in (".jpg", ".tif")]
    subprocess.run(["exiftool", "-q", "-n", "-m", "-overwrite_original", *tags, *more, path], check=True)
    return path


def enlarged(picture, width, height):
    """A photo of that size, cut to its shape, with grain as a sensor's."""
    side = min(picture.width / width, picture.height / height)
    across, down = side * width, side * height
    left, top = (picture.width - across) / 2, (picture.height - down) / 2
    large = picture.resize((width, height), Image.Resampling.BICUBIC, (left, top, left + across, top + down))
    grain = np.random.default_rng(width).integers(-4, 5, (512, 512, 1), np.int8)
    values = np.asarray(large).copy()
    for y in range(0, height, 512):
        for x in range(0, width, 512):
            part = values[y:y + 512, x:x + 512]
            noisy = part + grain[:part.shape[0], :part.shape[1]].astype(np.int16)
            part[:] = noisy.clip(0, 255).astype(np.uint8)
    return Image.fromarray(values)


def drawn(width, height):
    """A drawn picture of 16 bits: slopes, rings and hard edges."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    rings = np.sin(np.hypot(x - width / 3, y - height / 4) / 60)
    planes = [x / width, y / height, 0.5 + 0.4 * rings]
    values = np.stack(planes, 2) * 0.9 + 0.1 * ((x // 400 + y // 300) % 2)[..., None]
    return (values * 65535).round().astype(np.uint16)


# Ultra HDR -------------------------------------------------------------------------------------


def segment(marker, body):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def xmp(inner):
    packet = ("<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
              "<rdf:Description xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' "
              "xmlns:Container='http://ns.google.com/photos/1.0/container/' "
              f"xmlns:Item='http://ns.google.com/photos/1.0/container/item/' {inner}</rdf:RDF></x:xmpmeta>")
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode())


def index(first, second, offset):
    """The index of two pictures (CIPA DC-007): their sizes, and where the second is from the index's header."""
    def entry(tag, kind, count, value):
        return struct.pack(">HHI", tag, kind, count) + value
    directory = struct.pack(">H", 3) + b"".join([
        entry(0xB000, 7, 4, b"0100"), entry(0xB001, 4, 1, struct.pack(">I", 2)),
        entry(0xB002, 7, 32, struct.pack(">I", 50))]) + bytes(4)
    entries = struct.pack(">IIIHH", 0x30000, first, 0, 0, 0) + struct.pack(">IIIHH", 0, second, offset, 0, 0)
    return segment(0xE2, b"MPF\0" + b"MM\0*" + struct.pack(">I", 8) + directory + entries)


def ultra_hdr(photo, path):
    """A JPEG with a gain map behind it, as Ultra HDR 1.0 has it: a directory in XMP, an index of pictures, and
    a grey JPEG with the map's numbers in its own XMP."""
    plain, gain = path.with_suffix(".plain.jpg"), path.with_suffix(".gain.jpg")
    photo.save(plain, quality=92, icc_profile=PROFILE)
    small = photo.convert("L").resize((photo.width // 4, photo.height // 4))
    small.save(gain, quality=80)
    second = gain.read_bytes()
    second = second[:2] + xmp("hdrgm:Version='1.0' hdrgm:GainMapMax='2.3' hdrgm:HDRCapacityMax='2.3'/>") + second[2:]
    directory = (
        "hdrgm:Version='1.0'><Container:Directory><rdf:Seq>"
        "<rdf:li rdf:parseType='Resource'><Container:Item Item:Semantic='Primary' Item:Mime='image/jpeg'/></rdf:li>"
        "<rdf:li rdf:parseType='Resource'><Container:Item Item:Semantic='GainMap' Item:Mime='image/jpeg' "
        f"Item:Length='{len(second)}'/></rdf:li></rdf:Seq></Container:Directory></rdf:Description>")
    first = plain.read_bytes()
    head = first[:2] + xmp(directory)
    length = len(head) + len(index(0, 0, 0)) + len(first) - 2
    # Offsets count from the header of the index, behind its marker, length and name.
    found = index(length, len(second), length - len(head) - 8)
    path.write_bytes(head + found + first[2:] + second)
    plain.unlink()
    gain.unlink()
    return path


# The photos ------------------------------------------------------------------------------------


def photos(folder, pictures):
    """Names, functions that make the file, and the orientation, of every case.

    - pictures: small pictures to enlarge.
    """
    def jpeg(name, width, height, picture, orientation=1, grey=False, **options):
        def make():
            photo = enlarged(pictures[picture % len(pictures)], width, height)
            path = folder / f"{name}.jpg"
            (photo.convert("L") if grey else photo).save(
                path, **({"quality": 92, "icc_profile": None if grey else PROFILE} | options))
            return tagged(path, f"-Orientation={orientation}")
        return name, make, orientation

    def other(name, ending, write):
        return name, lambda: tagged(write(folder / f"{name}.{ending}")), 1

    def heic(path):
        photo = pillow_heif.from_pillow(enlarged(pictures[0], 4032, 3024))
        photo.save(path, quality=80, chroma=420)
        return path

    def tiff(path):
        tifffile.imwrite(
            path, drawn(4000, 3000), photometric="rgb", compression="zlib", predictor=True, rowsperstrip=64,
            iccprofile=PROFILE)
        return path

    def png(path):
        import cv2
        cv2.imwrite(str(path), drawn(3000, 4000)[..., ::-1])
        return path

    def saved(picture, width, height, **options):
        def write(path):
            enlarged(pictures[picture % len(pictures)], width, height).save(path, icc_profile=PROFILE, **options)
            return path
        return write

    def hdr(path):
        return ultra_hdr(enlarged(pictures[1 % len(pictures)], 4080, 3072), path)

    yield jpeg("landscape", 4032, 3024, 0, subsampling=2)
    yield jpeg("portrait", 3024, 4032, 1, subsampling=2)
    yield jpeg("turned-right", 4032, 3024, 2, orientation=6, subsampling=2)
    yield jpeg("turned-half", 6000, 4000, 3, orientation=3, subsampling=1)
    yield jpeg("transposed", 4624, 3468, 0, orientation=5, subsampling=0)
    yield jpeg("progressive", 6000, 4000, 1, progressive=True, subsampling=0)
    yield jpeg("grey", 4000, 3001, 2, grey=True)
    yield other("telephone", "heic", heic)
    yield other("scan", "tif", tiff)
    yield other("drawing", "png", png)
    yield other("web", "webp", saved(0, 4032, 3024, quality=90, method=0))
    yield other("small-file", "avif", saved(2, 4032, 3024, quality=70, speed=10))
    # Its own way of tagging would rebuild the file: only what exiftool keeps of the map is left.
    yield "ultra-hdr", lambda: hdr(folder / "ultra-hdr.jpg"), 1
    yield jpeg("panorama", 16000, 3000, 3, subsampling=2)
    yield jpeg("48-megapixels", 8064, 6048, 0, subsampling=2)
    yield jpeg("108-megapixels", 12000, 9000, 1, orientation=8, subsampling=2)
