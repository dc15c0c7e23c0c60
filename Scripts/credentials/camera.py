"""A camera that signs what it takes, by c2pa-python, and that implementation's verdicts."""

import ctypes
import datetime
import io
import json

import numpy as np
from c2pa import c2pa
from c2pa import Builder, C2paSignerInfo, Context, Reader, Settings, Signer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image
from pillow_heif import register_heif_opener

from . import stamps

register_heif_opener()

TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "avif": "image/avif",
         "tif": "image/tiff", "heic": "image/heic"}
SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def name(organization):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
                      x509.NameAttribute(NameOID.COMMON_NAME, organization)])


class Authority:
    """A root, and the keys that it vouches for."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self.certificate("Test Root", self.key.public_key(), authority=True)
        self.root_pem = self.root.public_bytes(serialization.Encoding.PEM)
        self.signing_key = ec.generate_private_key(ec.SECP256R1())
        self.signing = self.certificate("Camera Maker", self.signing_key.public_key())

    def certificate(self, holder, key, authority=False, days=36500, starts=-2,
                    purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION, critical=False):
        """A certificate of the profile, or one that differs from it in one way."""
        now = datetime.datetime.now(datetime.timezone.utc)
        issuer = self.key.public_key()
        usage = dict(digital_signature=not authority, key_cert_sign=authority, crl_sign=authority,
                     content_commitment=False, key_encipherment=False, data_encipherment=False,
                     key_agreement=False, encipher_only=False, decipher_only=False)
        builder = (
            x509.CertificateBuilder().subject_name(name(holder)).issuer_name(name("Test Root"))
            .public_key(key).serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=starts))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False))
        if purpose and not authority:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=critical)
        return builder.sign(self.key, hashes.SHA256())

    def signer(self, clock=None):
        """Signs; `clock` is the address of who stamps the time."""
        key = self.signing_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        chain = self.signing.public_bytes(serialization.Encoding.PEM)
        return Signer.from_info(C2paSignerInfo(b"es256", chain, key, clock and clock.encode()))


def picture(seed, width=64, height=48):
    noise = np.random.default_rng(seed)
    small = noise.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image, ending, **words):
    file = io.BytesIO()
    form = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "avif": "AVIF", "tif": "TIFF", "heic": "HEIF"}
    image.save(file, form[ending], quality=90, **words)
    return file.getvalue()


def signed(authority, data, ending, parent=None, large=False, claim=2, clock=None, parts=None):
    """The bytes with credentials: of a photo, or of an edit of one.

    `clock` is the address of who stamps the time; `parts` has a BMFF hashed in parts of so many KiB."""
    kind = TYPES[ending]
    action = ({"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}} if parent
              else {"action": "c2pa.created", "digitalSourceType": SOURCES + "digitalCapture"})
    more = [{"action": "c2pa.color_adjustments"}] if parent else []
    assertions = [{"label": "c2pa.actions" + (".v2" if claim == 2 else ""),
                   "data": {"actions": [action] + more}}]
    if large:
        assertions.append({"label": "org.test.notes", "data": {"text": "note " * 30000}})
    definition = {"claim_generator_info": [{"name": "Camera", "version": "1.0"}], "title": "photo",
                  "format": kind, "assertions": assertions, "claim_version": claim}
    settings = Settings.from_dict({
        "builder": {"thumbnail": {"enabled": False}},
        "core": {"merkle_tree_chunk_size_in_kb": parts} if parts else {},
        "verify": {"verify_after_sign": False}})
    builder = Builder(definition, context=Context(settings))
    if parent:
        builder.add_ingredient(
            {"title": "photo." + ending, "relationship": "parentOf", "label": "parent"}, kind,
            io.BytesIO(parent))
    file = io.BytesIO()
    builder.sign(authority.signer(clock), kind, io.BytesIO(data), file)
    return file.getvalue()


def signed_by_boxes(authority, data, ending):
    """The bytes of a JPEG or PNG with credentials that list its parts (`c2pa.hash.boxes`).

    c2pa-python has no method for it, so its library is called."""
    kind = TYPES[ending]
    definition = {"claim_generator_info": [{"name": "Camera", "version": "1.0"}], "title": "photo",
                  "format": kind, "claim_version": 2, "assertions": [{
                      "label": "c2pa.actions.v2", "data": {"actions": [
                          {"action": "c2pa.created", "digitalSourceType": SOURCES + "digitalCapture"}]}}]}
    settings = Settings.from_dict(
        {"builder": {"thumbnail": {"enabled": False}, "prefer_box_hash": True}})
    builder = Builder(definition, context=Context(settings, authority.signer()))
    library, bytes_type = c2pa._lib, ctypes.POINTER(ctypes.c_ubyte)
    update, sign = library.c2pa_builder_update_hash_from_stream, library.c2pa_builder_sign_embeddable
    update.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    sign.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(bytes_type)]
    sign.restype = ctypes.c_int64
    stream = c2pa.Stream(io.BytesIO(data))
    assert update(builder._handle, kind.encode(), ctypes.cast(stream._stream, ctypes.c_void_p)) == 0
    blocks = bytes_type()
    count = sign(builder._handle, kind.encode(), ctypes.byref(blocks))
    assert count > 0
    # Behind the header, where the library expects them.
    place = 33 if ending == "png" else 4 + int.from_bytes(data[4:6], "big")
    return data[:place] + bytes(blocks[:count]) + data[place:]


def shots(authority, folder):
    """Files that a camera and a first editor have signed, by name."""
    found = {}

    def keep(name, ending, data):
        found[name] = folder / f"camera-{name}.{ending}"
        found[name].write_bytes(data)

    for number, ending in enumerate(TYPES):
        data = encoded(picture(number), ending)
        (folder / f"plain-source.{ending}").write_bytes(data)
        keep(ending, ending, signed(authority, data, ending))
        keep("large-" + ending, ending, signed(authority, data, ending, large=True))
    photo, edit = found["png"].read_bytes(), encoded(picture(7), "png")
    second = signed(authority, edit, "png", parent=photo)
    keep("chain", "png", signed(authority, encoded(picture(8), "png"), "png", parent=second))
    keep("map", "png", signed(authority, encoded(picture(9), "png"), "png"))
    keep("big", "tif", signed(authority, encoded(picture(4), "tif", big_tiff=True), "tif"))
    keep("v1", "jpg", signed(authority, encoded(picture(3), "jpg"), "jpg", claim=1))
    for ending in ["jpg", "png"]:
        keep("boxes-" + ending, ending, signed_by_boxes(authority, encoded(picture(5), ending), ending))
    scans = encoded(picture(6, 200, 150), "jpg", progressive=True, restart_marker_blocks=4)
    keep("boxes-scans", "jpg", signed_by_boxes(authority, scans, "jpg"))
    with stamps.TimeAuthority(authority) as clock:
        for name, ending, words in [("time", "png", {}), ("time-v1", "jpg", {"claim": 1})]:
            data = encoded(picture(2), ending)
            keep(name, ending, signed(authority, data, ending, clock=clock.url, **words))
    for ending in ["avif", "heic"]:
        data = encoded(picture(1, 200, 150), ending)
        keep("parts-" + ending, ending, signed(authority, data, ending, parts=1))
    broken = bytearray(found["jpg"].read_bytes())
    broken[-40] ^= 1
    keep("broken", "jpg", bytes(broken))
    (folder / "batch-in").mkdir()
    for ending in ["png", "jpg"]:
        (folder / "batch-in" / f"one-{ending}.{ending}").write_bytes(found[ending].read_bytes())
    return found


def reader(path, anchors=None):
    settings = {"verify": {"verify_trust": True}}
    if anchors:
        settings["trust"] = {"user_anchors": anchors.read_text()}
    context = Context(Settings.from_dict(settings))
    with open(path, "rb") as file:
        return Reader(TYPES[path.suffix[1:]], file, context=context)


def read(path):
    return json.loads(reader(path).json())


def verdict(path, anchors=None):
    """The state and the codes of what is wrong; what cannot be read is invalid."""
    try:
        document = json.loads(reader(path, anchors).json())
    except Exception:
        return "invalid", []
    codes = [status["code"] for status in document.get("validation_status", [])
             if status["code"] != "signingCredential.untrusted"]
    return document["validation_state"].lower(), codes
