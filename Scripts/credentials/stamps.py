"""A time stamping authority (RFC 3161) on this machine, which answers by `openssl ts`, and ways to tamper
with a time stamp."""

import http.server
import pathlib
import subprocess
import tempfile
import threading
import time

import cbor2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from . import tampering

CONFIGURATION = """
[tsa]
default_tsa = authority
[authority]
serial = {folder}/serial
signer_cert = {folder}/certificate.pem
signer_key = {folder}/key.pem
certs = {folder}/chain.pem
signer_digest = sha256
default_policy = 1.3.6.1.4.1.62558.99.1
digests = sha256, sha384, sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class TimeAuthority:
    """Answers requests while it is open."""

    def __init__(self, authority, holder="Time Maker", days=36500, starts=-2,
                 purpose=ExtendedKeyUsageOID.TIME_STAMPING):
        self.place = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.place.name)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = authority.certificate(
            holder, key.public_key(), days=days, starts=starts, purpose=purpose, critical=True)
        pem = serialization.Encoding.PEM
        (self.folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
        (self.folder / "chain.pem").write_bytes(authority.root_pem)
        (self.folder / "key.pem").write_bytes(key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        (self.folder / "serial").write_text("1000\n")
        (self.folder / "tsa.conf").write_text(CONFIGURATION.format(folder=self.folder))

    def answer(self, request):
        """The TimeStampResp to a TimeStampReq."""
        query, reply = self.folder / "query", self.folder / "reply"
        query.write_bytes(request)
        subprocess.run(["openssl", "ts", "-reply", "-config", self.folder / "tsa.conf", "-queryfile", query,
                        "-out", reply], check=True, capture_output=True)
        return reply.read_bytes()

    def token(self, message, digest="sha256"):
        """The time stamp of bytes (TimeStampToken)."""
        data, query, reply = (self.folder / name for name in ["data", "own-query", "own-reply"])
        data.write_bytes(message)
        subprocess.run(["openssl", "ts", "-query", "-data", data, "-" + digest, "-cert", "-out", query],
                       check=True, capture_output=True)
        reply.write_bytes(self.answer(query.read_bytes()))
        return subprocess.run(["openssl", "ts", "-reply", "-in", reply, "-token_out"], check=True,
                              capture_output=True).stdout

    def __enter__(self):
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                request = self.rfile.read(int(self.headers["Content-Length"]))
                asked = self.headers["Content-Type"] == "application/timestamp-query"
                body = authority.answer(request) if asked else b""
                self.send_response(200 if asked else 415)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()
        self.place.cleanup()


def beside(token):
    """The headers with a time stamp, always as long."""
    room = 4000
    assert 256 <= len(token) <= room - 256
    return {"sigTst2": {"tstTokens": [{"val": token}]}, "pad": bytes(room - len(token))}


def of_signature(authority, **words):
    """Makes the headers with the right time stamp of a signature."""
    return lambda protected, signature: beside(authority.token(
        cbor2.dumps(["CounterSignature", protected, b"", cbor2.dumps(signature)]), **words))


def expiring(data, authority, headers, seconds=4):
    """A PNG signed anew with a certificate that ends a few seconds later, and these headers."""
    file = tampering.File(data)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.certificate("Camera Maker", key.public_key(), days=seconds / 86400)
    file.sign_again(authority, certificate, key, headers)
    return file


def ways(data, authority, other):
    """Files whose certificates have expired since, by name: the first with a time stamp of when they had not.

    `other` is an authority that no one trusts."""
    made = {}
    with (TimeAuthority(authority) as own, TimeAuthority(other, "Someone") as stranger,
          TimeAuthority(authority, days=-1) as late):
        def keep(name, headers):
            made[name] = expiring(data, authority, headers)

        keep("time-stamped", of_signature(own))
        keep("time-stamped-sha512", of_signature(own, digest="sha512"))
        keep("time-none", lambda protected, signature: {})
        keep("time-stranger", of_signature(stranger))
        keep("time-late-authority", of_signature(late))
        keep("time-of-other", lambda protected, signature: beside(own.token(b"other")))
        keep("time-of-signature-alone", lambda protected, signature: beside(
            own.token(cbor2.dumps(signature))))
        right = of_signature(own)

        def altered(change):
            return lambda *signed: change(dict(right(*signed)))

        def with_token(change):
            def body(headers):
                token = change(headers["sigTst2"]["tstTokens"][0]["val"])
                return headers | {"sigTst2": {"tstTokens": [{"val": token}]}}
            return altered(body)

        def another_time(token):
            place = token.index(b"\x18\x0f20") + 2
            return token[:place + 3] + b"0" + token[place + 4:]

        keep("time-changed", with_token(another_time))
        keep("time-signature-byte", with_token(lambda t: tampering.flipped(t, len(t) - 5)))
        keep("time-cut", with_token(lambda t: t[:-300] + bytes(300)))
        keep("time-twice", altered(lambda headers: headers | {
            "sigTst2": {"tstTokens": headers["sigTst2"]["tstTokens"] * 2}, "pad": bytes(300)}))
        keep("time-earlier-form", altered(lambda headers: {
            "sigTst": headers["sigTst2"], "pad": headers["pad"]}))
    time.sleep(5)
    return {name: file.bytes() for name, file in made.items()}
