"""Ways to tamper with a JPEG whose credentials list its parts (`c2pa.hash.boxes`)."""

from .tampering import flipped


def parts(data):
    """The markers before the samples, with where they are."""
    found, position = [], 2
    while data[position + 1] != 0xDA:
        end = position + 2 + int.from_bytes(data[position + 2:position + 4], "big")
        found.append((data[position + 1], position, end))
        position = end
    return found, position


def ways(data):
    """The names of all ways, with the files that come of them."""
    found, scan = parts(data)
    place = {marker: (start, end) for marker, start, end in found}
    store, table, frame = place[0xEB], place[0xDB], place[0xC0]
    comment = b"\xff\xfe\x00\x06more"
    yield "boxes-samples", flipped(data, scan + 40)
    yield "boxes-table", flipped(data, table[0] + 9)
    yield "boxes-size", flipped(data, frame[0] + 8)
    yield "boxes-header", flipped(data, 12)
    yield "boxes-comment", data[:scan] + comment + data[scan:]
    yield "boxes-table-gone", data[:table[0]] + data[table[1]:]
    yield "boxes-swapped", data[:table[0]] + data[frame[0]:frame[1]] + data[table[1]:frame[0]] + data[
        table[0]:table[1]] + data[frame[1]:]
    yield "boxes-store-moved", data[:store[0]] + data[store[1]:scan] + data[store[0]:store[1]] + data[scan:]
    yield "boxes-store-byte", flipped(data, store[1] - 30)
    yield "boxes-cut", data[:-9] + data[-2:]
