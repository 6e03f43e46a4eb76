"""Digests of documents, and RFC 3161 timestamp tokens over a checkpoint (by the `openssl` program)."""
import hashlib
import os
import re
import subprocess
import tempfile
import time

from cryptography import x509

from strict import Refused, base64url, unbase64

NAMES = {"sha-256": "sha256", "sm3": "sm3"}


def b64url_digest(alg, data):
    return base64url(hashlib.new(NAMES[alg], data).digest())


def _openssl(*arguments):
    return subprocess.run(["openssl", "ts", *arguments], capture_output=True, text=True, check=False, errors="replace")


def _seconds(text):
    """The token's own time, at which certificates have to be valid."""
    match = re.search(r"^Time stamp: (\w+ +\d+ \d\d:\d\d:\d\d)(?:\.\d+)? (\d{4}) GMT", text, re.M)
    return int(time.mktime(time.strptime(f"{match[1]} {match[2]} UTC", "%b %d %H:%M:%S %Y %Z")) - time.timezone) if match else None


def are_anchors(pem):
    """Whether that text is certificates in PEM, one at least."""
    blocks = re.findall(b"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----|-----BEGIN.*", pem or b"", re.S)
    try:
        return bool(blocks) and all(x509.load_pem_x509_certificate(block) for block in blocks)
    except ValueError:
        return False


def verifies(token, data, anchors):
    """Whether the token (base64) is over data, by SHA-256 or SM3, and signed by an authority under one of the anchors (PEM)."""
    try:
        der = unbase64(token)
    except Refused:
        return False
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, content in (("token", der), ("data", data), ("anchors", anchors)):
            paths[name] = os.path.join(folder, name)
            with open(paths[name], "wb") as out:
                out.write(content)
        said = _openssl("-reply", "-in", paths["token"], "-token_in", "-token_out", "-text")
        at = _seconds(said.stdout)
        if said.returncode or at is None or not re.search(r"^Hash Algorithm: (sha256|sm3)$", said.stdout, re.M):
            return False
        check = ["-data", paths["data"], "-in", paths["token"], "-token_in", "-CAfile", paths["anchors"], "-untrusted", paths["anchors"]]
        return _openssl("-verify", *check, "-partial_chain", "-attime", str(at)).returncode == 0
