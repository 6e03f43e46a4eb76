"""Second, independent computation of what the vectors here hold. Standard library only; slow and not constant time: for vectors.

Ed25519 after RFC 8032, ECDSA over secp256k1 with the nonce of RFC 6979, JWS and thumbprints after RFC 7515 and RFC 7638, the node
keys after libsodium's documentation of crypto_kdf (BLAKE2b with the subkey id as salt and the context as personalisation).
"""
import base64
import hashlib
import hmac
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jcs(value):
    """RFC 8785 for integers, ASCII member names and texts without control characters."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def seed(name):
    return hashlib.sha256(("qizheng test vector " + name).encode()).digest()


def write(name, data):
    with open(os.path.join(HERE, name), "wb") as out:
        out.write(data)


def read(name):
    with open(os.path.join(HERE, name), "rb") as src:
        return src.read()


def subkey(master, number):
    """crypto_kdf_derive_from_key, 32 bytes, context "qizheng_"."""
    salt = number.to_bytes(8, "little") + bytes(8)
    return hashlib.blake2b(b"", digest_size=32, key=master, salt=salt, person=b"qizheng_" + bytes(8)).digest()


# -- Ed25519 (RFC 8032 section 5.1) --

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def ed_add(a, b):
    x1, y1 = a
    x2, y2 = b
    k = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P
    return x, y


def ed_base():
    y = 4 * pow(5, P - 2, P) % P
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (P - x if x & 1 else x), y


def ed_add_extended(a, b):
    """RFC 8032 section 5.1.4: (X, Y, Z, T) with x = X/Z, y = Y/Z, x y = T/Z; no inversion."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    m, n, c, d = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P, 2 * t1 * D * t2 % P, 2 * z1 * z2 % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def ed_times(k, point):
    total, step = (0, 1, 1, 0), (point[0], point[1], 1, point[0] * point[1] % P)
    while k:
        if k & 1:
            total = ed_add_extended(total, step)
        step = ed_add_extended(step, step)
        k >>= 1
    z = pow(total[2], P - 2, P)
    return total[0] * z % P, total[1] * z % P


def ed_encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def ed_expand(secret):
    h = hashlib.sha512(secret).digest()
    a = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return a, h[32:]


def ed_public(secret):
    return ed_encode(ed_times(ed_expand(secret)[0], ed_base()))


def ed_sign(secret, message):
    a, prefix = ed_expand(secret)
    public = ed_public(secret)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    big_r = ed_encode(ed_times(r, ed_base()))
    k = int.from_bytes(hashlib.sha512(big_r + public + message).digest(), "little") % L
    return big_r + ((r + k * a) % L).to_bytes(32, "little")


# -- secp256k1 (SEC 2), ECDSA with RFC 6979 nonces, low S --

Q = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def ec_add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % Q == 0:
        return None
    if a == b:
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, Q) % Q
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, Q) % Q
    x = (slope * slope - a[0] - b[0]) % Q
    return x, (slope * (a[0] - x) - a[1]) % Q


def ec_times(k, point):
    total = None
    while k:
        if k & 1:
            total = ec_add(total, point)
        point = ec_add(point, point)
        k >>= 1
    return total


def rfc6979(secret, digest):
    """Section 3.2 for a 256-bit order and SHA-256; the first candidate is always in range here."""
    v, k = b"\x01" * 32, bytes(32)
    reduced = (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    for mark in (b"\x00", b"\x01"):
        k = hmac.digest(k, v + mark + secret + reduced, "sha256")
        v = hmac.digest(k, v, "sha256")
    v = hmac.digest(k, v, "sha256")
    nonce = int.from_bytes(v, "big")
    assert 0 < nonce < N
    return nonce


def ec_sign(secret, message):
    digest = hashlib.sha256(message).digest()
    k = rfc6979(secret, digest)
    r = ec_times(k, G)[0] % N
    s = pow(k, N - 2, N) * (int.from_bytes(digest, "big") + r * int.from_bytes(secret, "big")) % N
    return r.to_bytes(32, "big") + min(s, N - s).to_bytes(32, "big")


def flip_s(sig):
    return sig[:32] + (N - int.from_bytes(sig[32:], "big")).to_bytes(32, "big")


# -- JOSE --


def jwk(alg, secret):
    if alg == "Ed25519":
        return {"crv": "Ed25519", "kty": "OKP", "x": b64u(ed_public(secret))}
    x, y = ec_times(int.from_bytes(secret, "big"), G)
    return {"crv": "secp256k1", "kty": "EC", "x": b64u(x.to_bytes(32, "big")), "y": b64u(y.to_bytes(32, "big"))}


def thumbprint(key):
    return b64u(hashlib.sha256(jcs(key)).digest())


def sign(alg, secret, message):
    return ed_sign(secret, message) if alg == "Ed25519" else ec_sign(secret, message)


def signing_input(alg, secret, typ, payload):
    header = {"alg": alg, "kid": thumbprint(jwk(alg, secret)), "typ": typ}
    return (b64u(jcs(header)) + "." + b64u(payload)).encode()


# -- C2SP signed-note --


def vkey(name, kind, public):
    typed = bytes([kind]) + public
    key_id = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    return name + "+" + key_id.hex() + "+" + base64.b64encode(typed).decode()


if __name__ == "__main__":
    # RFC 8032 section 7.1, test 2
    secret = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    assert ed_public(secret).hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert ed_sign(secret, b"\x72").hex().startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")
    # secp256k1: 2G, and a signature that Bitcoin's libraries share (key 1, RFC 6979, low S)
    assert ec_times(2, G)[0] == 0xC6047F9441ED7D6D3045406E95C07CD85C778E4B8CEF3CA7ABAC09B95C709EE5
    assert ec_sign((1).to_bytes(32, "big"), b"Satoshi Nakamoto").hex().startswith("934b1ea10a4b3c1757e2b0c017d0b614")
    # RFC 8037 appendix A.3
    example = {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(example) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    print("primitives agree with the RFCs' own examples")
