"""Ways to tamper with a signed PNG."""

import hashlib
import struct
import zlib

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


class Box:
    """A box of JUMBF: a superbox with its description and children, or a payload."""

    def __init__(self, kind, payload=b"", head=b"", children=()):
        self.kind, self.payload, self.head, self.children = kind, payload, head, list(children)

    @staticmethod
    def read(data):
        boxes = []
        while data:
            size, kind = struct.unpack(">I4s", data[:8])
            body = data[8:size]
            if kind == b"jumb":
                first = struct.unpack(">I", body[:4])[0]
                boxes.append(Box(kind, head=body[:first], children=Box.read(body[first:])))
            else:
                boxes.append(Box(kind, payload=body))
            data = data[size:]
        return boxes

    def bytes(self):
        body = self.payload if self.kind != b"jumb" else self.hashed()
        return struct.pack(">I4s", len(body) + 8, self.kind) + body

    def hashed(self):
        return self.head + b"".join(child.bytes() for child in self.children)

    @property
    def label(self):
        return self.head[25:].split(b"\0")[0].decode()

    def child(self, label):
        return next(child for child in self.children if child.kind == b"jumb" and child.label == label)

    @property
    def value(self):
        return cbor2.loads(self.children[0].payload)

    @value.setter
    def value(self, value):
        self.children[0].payload = cbor2.dumps(value)


class File:
    """A PNG with a store, taken apart."""

    def __init__(self, data):
        self.chunks, position = [], 8
        while position < len(data):
            size, kind = struct.unpack(">I4s", data[position:position + 8])
            self.chunks.append([kind, data[position + 8:position + 8 + size]])
            position += size + 12
        self.store = Box.read(self.chunks[self.place][1])[0]

    @property
    def place(self):
        return next(i for i, (kind, _) in enumerate(self.chunks) if kind == b"caBX")

    @property
    def active(self):
        return self.store.children[-1]

    @property
    def claim(self):
        return next(c for c in self.active.children if c.label.startswith("c2pa.claim"))

    @property
    def signature(self):
        return self.active.child("c2pa.signature")

    @property
    def assertions(self):
        return self.active.child("c2pa.assertions")

    def bytes(self):
        self.chunks[self.place][1] = self.store.bytes()
        parts = [struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))
                 for kind, body in self.chunks]
        return b"\x89PNG\r\n\x1a\n" + b"".join(parts)

    def assertion(self, prefix):
        return next(a for a in self.assertions.children if a.label.startswith(prefix))

    def hash_again(self, box):
        """Makes the claim name an assertion's new hash."""
        claim = self.claim.value
        for key in ["created_assertions", "gathered_assertions"]:
            for reference in claim.get(key, []):
                if reference["url"].endswith("/" + box.label):
                    reference["hash"] = hashlib.sha256(box.hashed()).digest()
        self.claim.value = claim

    def sign_again(self, authority, certificate=None, key=None, beside=lambda protected, signature: {}):
        """Signs the claim anew, with the right hash of the file.

        `beside` makes the headers that are not signed, always as long, from the others and the signature."""
        certificate = certificate or authority.signing
        key = key or authority.signing_key
        chain = [certificate.public_bytes(serialization.Encoding.DER)]
        protected = cbor2.dumps({1: -7, 33: chain})
        self.signature.value = cbor2.CBORTag(18, [protected, beside(protected, bytes(64)), None, bytes(64)])
        binding = self.assertion("c2pa.hash.data")
        value = binding.value
        for _ in range(4):
            whole, store = self.bytes(), self.store.bytes()
            start = whole.index(b"caBX") - 4
            value["exclusions"] = [{"start": start, "length": len(store) + 12}]
            rest = whole[:start] + whole[start + len(store) + 12:]
            value["hash"] = hashlib.sha256(rest).digest()
            binding.value = value
            self.hash_again(binding)
        message = cbor2.dumps(["Signature1", protected, b"", self.claim.children[0].payload])
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        self.signature.value = cbor2.CBORTag(18, [protected, beside(protected, signature), None, signature])


def flipped(data, position):
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1:]


def changed(box, body):
    value = box.value
    result = body(value)
    box.value = value if result is None else result


def ways(data, authority):
    """The names of all ways, with the files that come of them."""
    def way(name, body):
        file = File(data)
        body(file)
        return name, file.bytes()

    def repaint(file):
        place = next(i for i, (kind, _) in enumerate(file.chunks) if kind == b"IDAT")
        pixels = bytearray(zlib.decompress(b"".join(b for k, b in file.chunks if k == b"IDAT")))
        pixels[len(pixels) // 2] ^= 8
        file.chunks = [c for c in file.chunks if c[0] != b"IDAT"]
        file.chunks.insert(place, [b"IDAT", zlib.compress(bytes(pixels))])

    def insert_text(file):
        file.chunks.insert(file.place + 1, [b"tEXt", b"Comment\0new"])

    def replace_picture(file):
        other = File(data)
        repaint(other)
        file.chunks = [c for c in other.chunks]

    def signature(body):
        def change(file):
            tag = file.signature.value
            parts = list(tag.value)
            body(parts)
            file.signature.value = cbor2.CBORTag(18, parts)
        return change

    def swap_certificate(parts):
        key = ec.generate_private_key(ec.SECP256R1())
        other = authority.certificate("Someone Else", key.public_key())
        headers = dict(cbor2.loads(parts[0]))
        headers[33] = [other.public_bytes(serialization.Encoding.DER)]
        parts[0] = cbor2.dumps(headers)

    def no_parent(file):
        box = file.assertion("c2pa.actions")
        def body(value):
            value["actions"][0] = {"action": "c2pa.opened", "parameters": {}}
        changed(box, body)
        file.hash_again(box)
        file.sign_again(authority)

    def two_beginnings(file):
        box = file.assertion("c2pa.actions")
        def body(value):
            value["actions"].append({"action": "c2pa.created", "digitalSourceType": "x"})
        changed(box, body)
        file.hash_again(box)
        file.sign_again(authority)

    def no_actions(file):
        box = file.assertion("c2pa.actions")
        changed(box, lambda value: {"actions": []})
        file.hash_again(box)
        file.sign_again(authority)

    def other_certificate(**words):
        def change(file):
            key = ec.generate_private_key(ec.SECP256R1())
            file.sign_again(authority, authority.certificate("Other", key.public_key(), **words), key)
        return change

    def a_root_signs(file):
        file.sign_again(authority, authority.root, authority.key)

    def no_hash(file):
        box = file.assertion("c2pa.hash.data")
        def drop(value):
            for key in ["created_assertions", "gathered_assertions"]:
                if key in value:
                    value[key] = [r for r in value[key] if not r["url"].endswith(box.label)]
        file.sign_again(authority)
        changed(file.claim, drop)
        file.assertions.children.remove(box)
        claim = file.claim.children[0].payload
        parts = file.signature.value.value
        message = cbor2.dumps(["Signature1", parts[0], b"", claim])
        r, s = decode_dss_signature(authority.signing_key.sign(message, ec.ECDSA(hashes.SHA256())))
        file.signature.value = cbor2.CBORTag(
            18, [parts[0], {}, None, r.to_bytes(32, "big") + s.to_bytes(32, "big")])

    def wider_gap(file):
        box = file.assertion("c2pa.hash.data")
        changed(box, lambda value: value["exclusions"][0].update(
            length=value["exclusions"][0]["length"] + 40))

    yield "pixel", way("", repaint)[1]
    yield "appended", data + b"more"
    yield "text-added", way("", insert_text)[1]
    yield "other-picture", way("", replace_picture)[1]
    yield "header", flipped(data, 19)
    yield "claim-title", way("", lambda f: changed(f.claim, lambda v: v.update({"dc:title": "another"})))[1]
    yield "claim-generator", way("", lambda f: changed(
        f.claim, lambda v: v.update(claim_generator_info={"name": "Another"})))[1]
    yield "signature-byte", way("", signature(lambda p: p.__setitem__(3, flipped(p[3], 9))))[1]
    yield "signature-cut", way("", signature(lambda p: p.__setitem__(3, p[3][:-1])))[1]
    yield "signature-gone", way("", lambda f: f.active.children.remove(f.signature))[1]
    yield "certificate-swapped", way("", signature(swap_certificate))[1]
    yield "certificate-gone", way("", signature(lambda p: p.__setitem__(0, cbor2.dumps({1: -7}))))[1]
    yield "algorithm-swapped", way("", signature(lambda p: p.__setitem__(
        0, cbor2.dumps({**cbor2.loads(p[0]), 1: -37}))))[1]
    yield "action-changed", way("", lambda f: changed(f.assertion("c2pa.actions"), lambda v: v[
        "actions"].append({"action": "c2pa.cropped"})))[1]
    yield "hash-changed", way("", lambda f: changed(f.assertion("c2pa.hash.data"), lambda v: v.update(
        hash=bytes(32))))[1]
    yield "gap-wider", way("", wider_gap)[1]
    yield "assertion-gone", way("", lambda f: f.assertions.children.remove(
        f.assertion("c2pa.actions")))[1]
    yield "assertion-added", way("", lambda f: f.assertions.children.append(Box(
        b"jumb", head=f.assertion("c2pa.actions").head.replace(b"c2pa.actions", b"test.actions"),
        children=f.assertion("c2pa.actions").children)))[1]
    yield "renamed", way("", lambda f: setattr(
        f.active, "head", f.active.head.replace(b"urn:c2pa:", b"urn:c2pb:")))[1]
    yield "cut", data[:len(data) // 2]
    yield "store-cut", way("", lambda f: f.store.children.pop())[1] if len(File(
        data).store.children) > 1 else way("", lambda f: setattr(f.store, "children", []))[1]
    yield "no-parent", way("", no_parent)[1]
    yield "two-beginnings", way("", two_beginnings)[1]
    yield "no-actions", way("", no_actions)[1]
    yield "expired", way("", other_certificate(days=-1))[1]
    yield "not-yet", way("", other_certificate(starts=30))[1]
    yield "no-purpose", way("", other_certificate(purpose=None))[1]
    yield "root-signs", way("", a_root_signs)[1]
    yield "no-hash", way("", no_hash)[1]
    if len(File(data).store.children) > 1:
        yield "ingredient-gone", way("", lambda f: f.store.children.pop(0))[1]
        yield "ingredient-changed", way("", lambda f: changed(
            f.store.children[0].child("c2pa.assertions").children[0], lambda v: v.update(x=1)))[1]
        yield "ingredient-claim", way("", lambda f: changed(next(
            c for c in f.store.children[0].children if "claim" in c.label), lambda v: v.update(
                {"dc:title": "z"})))[1]
