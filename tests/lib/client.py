"""A second, independent client for tests: signs records and checks notes in pure Python, and speaks HTTP. It shares nothing with the C code but the documents."""
import base64
import hashlib
import http.client
import json
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors"))
import primitives as p  # noqa: E402


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jcs(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Key:
    """ES256K or Ed25519 from a name."""

    def __init__(self, alg, name):
        self.alg = alg
        self.secret = hashlib.sha256(("client " + name).encode()).digest()
        if alg == "ES256K":
            x, y = p.ec_times(int.from_bytes(self.secret, "big"), p.G)
            self.jwk = {"kty": "EC", "crv": "secp256k1", "x": b64u(x.to_bytes(32, "big")), "y": b64u(y.to_bytes(32, "big"))}
        else:
            self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64u(p.ed_public(self.secret))}
        self.kid = b64u(hashlib.sha256(jcs(self.jwk)).digest())

    def sign(self, message):
        return p.ec_sign(self.secret, message) if self.alg == "ES256K" else p.ed_sign(self.secret, message)


def jws(key, payload, header=None, sig=None):
    head = {"alg": key.alg, "kid": key.kid, "typ": "qizheng-record+sd-jwt"} if header is None else header
    head = head if isinstance(head, bytes) else jcs(head)
    body = payload if isinstance(payload, bytes) else jcs(payload)
    signing = (b64u(head) + "." + b64u(body)).encode()
    return signing.decode() + "." + b64u(key.sign(signing) if sig is None else sig)


def token(key, iss, aud, method, path, body=None, /, **changes):
    """An access token for one request, whose body is `body`; a change to None takes the claim away, and body= changes the claim of that name."""
    now = int(time.time())
    claims = {"iss": iss, "aud": aud, "iat": now, "exp": now + 60, "jti": b64u(os.urandom(16)), "htm": method, "htu": path.split("?")[0], "purpose": "test-walk"}
    if body:
        claims["body"] = b64u(hashlib.sha256(body).digest())
    claims.update(changes)
    return jws(key, {name: value for name, value in claims.items() if value is not None}, {"alg": key.alg, "kid": key.kid, "typ": "qizheng-auth+jwt"})


def record_id(text):
    return hashlib.sha256(text.rsplit(".", 1)[0].encode()).hexdigest()


def high_s(text):
    """The other valid form of an ES256K signature."""
    signing, sig = text.rsplit(".", 1)
    raw = base64.urlsafe_b64decode(sig + "==")
    return signing + "." + b64u(raw[:32] + (p.N - int.from_bytes(raw[32:], "big")).to_bytes(32, "big"))


def resigned(key, text):
    """The same signing input under another valid ES256K signature: another nonce."""
    signing = text.rsplit(".", 1)[0]
    z = int.from_bytes(hashlib.sha256(signing.encode()).digest(), "big")
    k = int.from_bytes(os.urandom(32), "big") % (p.N - 1) + 1
    r = p.ec_times(k, p.G)[0] % p.N
    s = pow(k, p.N - 2, p.N) * (z + r * int.from_bytes(key.secret, "big")) % p.N
    return signing + "." + b64u(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def receipt_in(answer):
    """The bytes of the receipt in an answer's object, or a line's: its last member."""
    return answer.rstrip(b"\n").partition(b',"receipt":')[2][:-1]


def same_receipt(one, other):
    """Byte for byte; where the head was signed anew meanwhile, but for the proofs, of the record and of every link."""
    if one == other or not one or not other:
        return bool(one) and one == other
    receipts = [json.loads(one), json.loads(other)]
    heads = [receipt["proof"].split("\n\n", 1)[1] for receipt in receipts]
    for receipt in receipts:
        for part in [receipt] + receipt.get("issuer", []):
            del part["proof"]
    return heads[0] != heads[1] and receipts[0] == receipts[1]


class Node:
    def __init__(self, url):
        self.address = urllib.parse.urlparse(url)

    def call(self, method, path, body=None, headers=None, timeout=60):
        """(status, headers with lower-case names, body bytes)"""
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=timeout)
        connection.request(method, path, body=body, headers=headers or {})
        reply = connection.getresponse()
        data = reply.read()
        connection.close()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, data

    def get(self, path, **headers):
        return self.call("GET", path, headers=headers)

    def post_record(self, text, media="application/jose", **headers):
        status, head, data = self.call("POST", "/v1/records", text.encode() if isinstance(text, str) else text, {"Content-Type": media, **headers})
        return status, head, json.loads(data) if data else {}

    def receipts(self, text, key, issuer, media="application/jose"):
        """Posts a record: (status, the receipt in the answer, the one that GET .../receipt then makes from the store for that issuer), as bytes."""
        status, _, told = self.call("POST", "/v1/records", text.encode(), {"Content-Type": media})
        return status, receipt_in(told), self.receipt(record_id(text.rstrip("~")), key, issuer)

    def receipt(self, record, key, issuer):
        """GET /v1/records/{id}/receipt in the issuer's name. A node takes no token that was made within two seconds of its start: then a new one is made."""
        path = f"/v1/records/{record}/receipt"
        name = json.loads(self.get("/v1/status")[2])["node"]
        for _ in range(20):
            status, _, data = self.get(path, Authorization="Bearer " + token(key, issuer, name, "GET", path))
            if status != 401:
                break
            time.sleep(0.25)
        assert status == 200, (status, data)
        return data

    def size(self):
        return int(self.get("/checkpoint")[2].split(b"\n")[1])


def contract(ledger, issuer, **changes):
    """A lawful labour contract; a change to None takes the claim away."""
    now = int(time.time())
    claims = {
        "iss": issuer, "aud": ledger, "iat": now, "jti": b64u(os.urandom(16)), "vct": "urn:qizheng:labour-contract:1", "act": "conclude",
        "kind": "fixed", "form": "full", "start": "2026-01-01", "end": "2028-12-31", "work_start": "2026-01-01", "signed_on": "2025-12-20",
        "probation_months": 6, "elements": ["employer", "worker", "term", "work", "hours", "pay", "insurance", "protection", "other"],
        "signatures": [{"role": "employer", "alg": "ES256"}, {"role": "worker", "alg": "ES256"}],
        "doc": [{"alg": "sha-256", "digest": b64u(os.urandom(32))}],
    }
    claims.update(changes)
    return {name: value for name, value in claims.items() if value is not None}


# -- Ed25519 and RFC 6962, for auditing --

def ed_decode(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= p.P:
        return None
    xx = (y * y - 1) * pow(p.D * y * y + 1, p.P - 2, p.P) % p.P
    x = pow(xx, (p.P + 3) // 8, p.P)
    if x * x % p.P != xx:
        x = x * pow(2, (p.P - 1) // 4, p.P) % p.P
    if x * x % p.P != xx:
        return None
    return ((p.P - x) % p.P if x & 1 != sign else x, y)


def ed_verify(public, message, sig):
    point, r = ed_decode(public), ed_decode(sig[:32])
    s = int.from_bytes(sig[32:], "little")
    if point is None or r is None or s >= p.L:
        return False
    k = int.from_bytes(hashlib.sha512(sig[:32] + public + message).digest(), "little") % p.L
    return p.ed_times(s, p.ed_base()) == p.ed_add(r, p.ed_times(k, point))


def leaf_hash(leaf):
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(root_of(hashes[:split]), root_of(hashes[split:]))


def prove_consistency(hashes, old, new, whole=True):
    """RFC 9162 section 2.1.4.1, SUBPROOF."""
    hashes = hashes[:new]
    if old == new:
        return [] if whole else [root_of(hashes)]
    split = 1
    while split * 2 < new:
        split *= 2
    if old <= split:
        return prove_consistency(hashes[:split], old, split, whole) + [root_of(hashes[split:])]
    return prove_consistency(hashes[split:], old - split, new - split, False) + [root_of(hashes[:split])]


class Vkey:
    def __init__(self, text):
        self.name, self.id, key = text.split("+", 2)
        raw = base64.b64decode(key)
        self.type, self.key = raw[0], raw[1:]
        assert hashlib.sha256(self.name.encode() + b"\n" + raw).digest()[:4].hex() == self.id, "key id"

    def verify(self, note):
        """Whether one line of the note is by this key and right: the signed time (0 for a log), or None."""
        text, lines = note.split("\n\n", 1)
        text += "\n"
        for line in lines.splitlines():
            dash, name, sig = line.split(" ")
            raw = base64.b64decode(sig, validate=True)
            if dash != "\u2014" or name != self.name or raw[:4].hex() != self.id:
                continue
            if self.type == 1:
                return 0 if ed_verify(self.key, text.encode(), raw[4:]) else None
            seconds = int.from_bytes(raw[4:12], "big")
            message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
            return seconds if ed_verify(self.key, message, raw[12:]) else None
        return None


def tile_path(kind, index, width):
    text = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        text = f"x{index % 1000:03d}/" + text
    return f"/tile/{kind}/{text}" + ("" if width == 256 else f".p/{width}")
