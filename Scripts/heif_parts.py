"""Puts HEIF files together box by box (ISO/IEC 23008-12), out of pictures that pillow-heif coded."""

import io
import struct

import pillow_heif


def box(kind, *parts):
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full(kind, *parts, version=0, flags=0):
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def boxes(data):
    position = 0
    while position + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[position:position + 8])
        yield kind, data[position + 8:position + size]
        position += size


def inner(data, *path):
    for kind in path:
        data = next(body for found, body in boxes(data) if found == kind)
        data = data[4:] if kind in (b"meta",) else data
    return data


def encoded(image):
    """A picture as a HEIC."""
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=90, chroma=444)
    return out.getvalue()


def coded(image):
    """The configuration and the data of a coded picture."""
    data = encoded(image)
    configuration = inner(data, b"meta", b"iprp", b"ipco", b"hvcC")
    return box(b"hvcC", configuration), inner(data, b"mdat")


def size(width, height):
    return full(b"ispe", struct.pack(">II", width, height))


def bits(*depths):
    return full(b"pixi", bytes([len(depths), *depths]))


def auxiliary(kind):
    return full(b"auxC", kind.encode() + b"\0")


def grid(rows, columns, width, height):
    return struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)


def heif(items, references=(), primary=1, brand=b"heic", tail=b""):
    """A file of items (number, kind, data, properties, is hidden) and references (kind, from, to)."""
    known, places = [], {}
    for _, _, _, properties, _ in items:
        for item in properties:
            if item not in known:
                known.append(item)
    infos = b"".join(
        full(b"infe", struct.pack(">HH4s", number, 0, kind), b"\0",
             b"application/rdf+xml\0" if kind == b"mime" else b"", version=2, flags=int(hidden))
        for number, kind, _, _, hidden in items)
    links = b"".join(
        box(kind, struct.pack(">HH", source, len(targets)),
            b"".join(struct.pack(">H", target) for target in targets))
        for kind, source, targets in references)
    associations = b"".join(
        struct.pack(">HB", number, len(properties))
        + bytes(known.index(item) + 1 for item in properties)
        for number, _, _, properties, _ in items)

    def meta(start):
        position, entries = start, b""
        for number, _, data, _, _ in items:
            entries += struct.pack(">HHHII", number, 0, 1, position, len(data))
            position += len(data)
        return full(
            b"meta",
            full(b"hdlr", struct.pack(">I4s", 0, b"pict"), bytes(12), b"\0"),
            full(b"pitm", struct.pack(">H", primary)),
            full(b"iloc", struct.pack(">HH", 0x4400, len(items)), entries),
            full(b"iinf", struct.pack(">H", len(items)), infos),
            full(b"iref", links) if references else b"",
            box(b"iprp", box(b"ipco", *known),
                full(b"ipma", struct.pack(">I", len(items)), associations)))

    begin = box(b"ftyp", brand, bytes(4), b"mif1", brand)
    start = len(begin) + len(meta(0)) + 8
    return begin + meta(start) + box(b"mdat", *(data for _, _, data, _, _ in items)) + tail
