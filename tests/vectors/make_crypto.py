"""Makes crypto.json: keys, signatures, JWKs and thumbprints of all four algorithms, and a node's keys, computed a second time.

keys: one entry per algorithm: alg, secret, point, jwk, kid, message, sig (R||S, hexadecimal). ES256K, Ed25519: a signer must give
these very bytes. ES256: the nonce of RFC 6979; SM2: a nonce from SHA-256; a verifier must accept both.
ed25519_small_r: a signature by the Ed25519 key above whose R has small order. node: the keys of the seed 00 01 .. 1f. `openssl pkeyutl -verify -rawin` agreed with every signature but ES256K's and ES256's, which
`openssl dgst -sha256 -verify` confirmed. Make again: python3 make_crypto.py (hashlib must know SM3)
"""
import hashlib
import hmac
import json

from primitives import G, L, b64u, ec_sign, ec_times, ed_encode, ed_expand, ed_public, ed_sign, seed, subkey, thumbprint, write

MESSAGE = "qizheng 契证".encode()


class Curve:
    """y^2 = x^3 - 3x + b over a prime field, of prime order."""

    def __init__(self, p, b, n, g):
        self.p, self.b, self.n, self.g = p, b, n, g
        assert (g[1] ** 2 - g[0] ** 3 + 3 * g[0] - b) % p == 0 and self.times(n, g) is None

    def add(self, a, b):
        if a is None or b is None:
            return a or b
        if a[0] == b[0] and (a[1] + b[1]) % self.p == 0:
            return None
        if a == b:
            slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, self.p) % self.p
        else:
            slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, self.p) % self.p
        x = (slope * slope - a[0] - b[0]) % self.p
        return x, (slope * (a[0] - x) - a[1]) % self.p

    def times(self, k, point):
        total = None
        while k:
            if k & 1:
                total = self.add(total, point)
            point = self.add(point, point)
            k >>= 1
        return total


# FIPS 186-4 appendix D.1.2.3
P256 = Curve(
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)
# GB/T 32918.5-2017
SM2 = Curve(
    0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF,
    0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93,
    0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123,
    (
        0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
        0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
    ),
)


def b32(number):
    return number.to_bytes(32, "big")


def num(data):
    return int.from_bytes(data, "big")


def sm3(data):
    return hashlib.new("sm3", data).digest()


def p256_sign(secret, message):
    """ECDSA with the nonce of RFC 6979 section 3.2, then the low S."""
    n, digest = P256.n, hashlib.sha256(message).digest()
    v, k = b"\x01" * 32, bytes(32)
    for mark in (b"\x00", b"\x01"):
        k = hmac.digest(k, v + mark + secret + b32(num(digest) % n), "sha256")
        v = hmac.digest(k, v, "sha256")
    nonce = num(hmac.digest(k, v, "sha256"))
    assert 0 < nonce < n
    r = P256.times(nonce, P256.g)[0] % n
    s = pow(nonce, n - 2, n) * (num(digest) + r * num(secret)) % n
    return b32(r) + b32(min(s, n - s))


def sm2_sign(secret, message, nonce, user=b"1234567812345678"):
    """GB/T 32918.2-2016 sections 5.5 and 6.1."""
    n, d = SM2.n, num(secret)
    x, y = SM2.times(d, SM2.g)
    z = sm3((8 * len(user)).to_bytes(2, "big") + user + b32(SM2.p - 3) + b32(SM2.b) + b32(SM2.g[0]) + b32(SM2.g[1]) + b32(x) + b32(y))
    r = (num(sm3(z + message)) + SM2.times(nonce, SM2.g)[0]) % n
    s = pow(1 + d, n - 2, n) * (nonce - r * d) % n
    assert r and s and r + nonce != n
    return b32(r) + b32(s)


def ec_jwk(crv, point):
    return {"crv": crv, "kty": "EC", "x": b64u(b32(point[0])), "y": b64u(b32(point[1]))}


def entry(alg):
    secret = seed("crypto " + alg)
    if alg == "Ed25519":
        point, sig = ed_public(secret), ed_sign(secret, MESSAGE)
        key = {"crv": "Ed25519", "kty": "OKP", "x": b64u(point)}
    else:
        curve = {"ES256": P256, "SGD_SM3_SM2": SM2}.get(alg)
        pair = curve.times(num(secret), curve.g) if curve else ec_times(num(secret), G)
        point = b32(pair[0]) + b32(pair[1])
        key = ec_jwk({"ES256K": "secp256k1", "ES256": "P-256", "SGD_SM3_SM2": "SM2-P-256"}[alg], pair)
        if alg == "ES256K":
            sig = ec_sign(secret, MESSAGE)
        elif alg == "ES256":
            sig = p256_sign(secret, MESSAGE)
        else:
            sig = sm2_sign(secret, MESSAGE, num(seed("crypto nonce")))
    return {"alg": alg, "secret": secret.hex(), "point": point.hex(), "jwk": key, "kid": thumbprint(key), "message": MESSAGE.hex(), "sig": sig.hex()}


def small_r(secret, message):
    """R = the neutral element (nonce 0): S B = R + k A holds, and a strict verifier refuses it all the same."""
    point, neutral = ed_public(secret), ed_encode((0, 1))
    k = int.from_bytes(hashlib.sha512(neutral + point + message).digest(), "little") % L
    return neutral + (k * ed_expand(secret)[0] % L).to_bytes(32, "little")


def node_key(master, number):
    secret = subkey(master, number)
    return {"secret": secret.hex(), "public": ed_public(secret).hex(), "kid": thumbprint({"crv": "Ed25519", "kty": "OKP", "x": b64u(ed_public(secret))})}


if __name__ == "__main__":
    # RFC 6979 appendix A.2.5, "sample" with SHA-256; its S is high
    example = p256_sign(bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"), b"sample")
    assert example[:32].hex() == "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    assert P256.n - num(example[32:]) == 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    # GB/T 32918.5-2017 annex A.2
    example = sm2_sign(
        bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"),
        b"message digest",
        0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21,
    )
    assert example.hex().startswith("f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8")
    master = bytes(range(32))
    made = {
        "keys": [entry(alg) for alg in ("ES256K", "Ed25519", "ES256", "SGD_SM3_SM2")],
        "ed25519_small_r": small_r(seed("crypto Ed25519"), MESSAGE).hex(),
        "node": {"seed": master.hex(), "log": node_key(master, 1), "cosigner": node_key(master, 2), "auth": node_key(master, 3)},
    }
    write("crypto.json", json.dumps(made, indent=1, sort_keys=True).encode() + b"\n")
