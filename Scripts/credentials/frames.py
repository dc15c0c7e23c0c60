"""Ways to tamper with a signed TIFF, AVIF or HEIC: with what is around the store, not with the store."""

import struct

KIND = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def flipped(data, position):
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1:]


def boxes(data):
    """The outermost boxes, by their kinds, with where they are."""
    found, position = [], 0
    while position < len(data):
        size, kind = struct.unpack(">I4s", data[position:position + 8])
        found.append((kind.decode(), position, position + size))
        position += size
    return found


def box(kind, body):
    return struct.pack(">I4s", len(body) + 8, kind) + body


def ways_of_boxes(data):
    place = {}
    for kind, start, end in boxes(data):
        place.setdefault(kind, (start, end))
    store, meta, picture = place["uuid"], place["meta"], place["mdat"]
    items = data.index(b"iloc", meta[0])
    yield "frame-picture", flipped(data, picture[1] - 9)
    yield "frame-size", flipped(data, data.index(b"ispe", meta[0]) + 11)
    yield "frame-items", flipped(data, items + 20)
    yield "frame-appended", data + b"more"
    yield "frame-box-added", data + box(b"abcd", b"more")
    yield "frame-uuid-added", data + box(b"uuid", bytes(16) + b"more")
    yield "frame-store-twice", data + data[store[0]:store[1]]
    yield "frame-store-moved", data[:store[0]] + data[store[1]:] + data[store[0]:store[1]]
    yield "frame-store-byte", flipped(data, store[1] - 30)
    yield "frame-purpose", data.replace(KIND + b"\0\0\0\0manifest", KIND + b"\0\0\0\0manifesu")
    yield "frame-cut", data[:picture[1] - 5]
    yield "frame-box-gone", data[:picture[0]] + data[picture[1]:]
    yield "frame-picture-twice", data + data[picture[0]:picture[1]]


def ways_of_tags(data):
    order = "<" if data[:2] == b"II" else ">"
    first = struct.unpack(order + "I", data[4:8])[0]
    count = struct.unpack(order + "H", data[first:first + 2])[0]
    entries = {}
    for index in range(count):
        entry = first + 2 + 12 * index
        tag, kind, number, value = struct.unpack(order + "HHII", data[entry:entry + 12])
        entries[tag] = (entry, number, value)
    strip = entries[273][2] if entries[273][1] == 1 else struct.unpack(
        order + "I", data[entries[273][2]:entries[273][2] + 4])[0]
    entry, size, store = entries[52545]
    yield "frame-picture", flipped(data, strip + 6)
    yield "frame-height", flipped(data, entries[257][0] + (8 if order == "<" else 9))
    yield "frame-header", data[:4] + struct.pack(order + "I", first ^ 2) + data[8:]
    yield "frame-appended", data + b"more"
    yield "frame-store-byte", flipped(data, store + size - 30)
    yield "frame-store-longer", data[:entry + 4] + struct.pack(order + "I", size + 1) + data[entry + 8:] + b"m"
    yield "frame-store-moved", (data[:entry + 8] + struct.pack(order + "I", len(data)) + data[entry + 12:]
                                + data[store:store + size])
    yield "frame-tag-kind", flipped(data, entry + (2 if order == "<" else 3))
    yield "frame-tag-name", flipped(data, entry + (0 if order == "<" else 1))
    yield "frame-cut", data[:-20]


def ways(data):
    """The names of all ways, with the files that come of them."""
    yield from ways_of_tags(data) if data[:2] in (b"II", b"MM") else ways_of_boxes(data)
