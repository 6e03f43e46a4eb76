"""Public keys as JWK and the signatures of the four algorithms of docs/FORMATS.md.

ES256K, ES256 and Ed25519 come from python3-cryptography; SM2 (GB/T 32918.2-2016), which it lacks, is computed here."""
import functools
import hashlib
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

from strict import Refused, base64url, need, unbase64url

CURVES = {"secp256k1": ec.SECP256K1(), "P-256": ec.SECP256R1()}
FIELDS = {"secp256k1": 2**256 - 2**32 - 977, "P-256": 2**256 - 2**224 + 2**192 + 2**96 - 1}
ORDERS = {
    "ES256K": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
}
ALG_OF_CURVE = {"secp256k1": "ES256K", "P-256": "ES256", "SM2-P-256": "SGD_SM3_SM2", "Ed25519": "Ed25519"}
ALG_NAMES = {"ES256K": "ES256K", "ES256": "ES256", "Ed25519": "Ed25519", "EdDSA": "Ed25519", "SGD_SM3_SM2": "SGD_SM3_SM2"}


def _num(data):
    return int.from_bytes(data, "big")


# -- Ed25519: RFC 8032, and strict: no point of small order, no second encoding --

P25519 = 2**255 - 19
_D = -121665 * pow(121666, -1, P25519) % P25519


def _small_order_ys():
    """The y of the eight points whose order divides 8. One of order 8 doubles to one of order 4, whose y is 0, so x^2 + y^2 = 0;
    with -x^2 + y^2 = 1 + d x^2 y^2 that gives d y^4 + 2 y^2 - 1 = 0."""
    ys = {0, 1, P25519 - 1}
    root = _sqrt(1 + _D)
    for sign in (root, -root):
        square = (-1 + sign) * pow(_D, -1, P25519) % P25519
        y = _sqrt(square)
        if y is not None:
            ys |= {y, P25519 - y}
    return ys


def _sqrt(a):
    a %= P25519
    x = pow(a, (P25519 + 3) // 8, P25519)
    if x * x % P25519 != a:
        x = x * pow(2, (P25519 - 1) // 4, P25519) % P25519
    return x if x * x % P25519 == a else None


_SMALL = _small_order_ys()


def _strict_point(data):
    y = int.from_bytes(data, "little") & (2**255 - 1)
    return y < P25519 and y not in _SMALL


def ed25519_verify(public, sig, message):
    if len(sig) != 64 or not _strict_point(public) or not _strict_point(sig[:32]):
        return False
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(sig, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def ed25519_usable(public):
    """A point on the curve, in its one encoding, not of small order, and of the prime-order group."""
    if len(public) != 32 or not _strict_point(public):
        return False
    y = int.from_bytes(public, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(_D * y * y + 1, -1, P25519) % P25519
    return _sqrt(square) is not None and _in_main_group(square, y)


@functools.lru_cache(maxsize=None)
def _in_main_group(square, y):
    """Whether the prime order times the point is neutral; the sign of x does not matter for that."""
    order = 2**252 + 27742317777372353535851937790883648493
    point, total = (_sqrt(square), y), (0, 1)
    while order:
        if order & 1:
            total = _ed_add(total, point)
        point = _ed_add(point, point)
        order >>= 1
    return total == (0, 1)


def _ed_add(a, b):
    k = _D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + k, -1, P25519) % P25519
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P25519) % P25519
    return x, y


# -- SM2: GB/T 32918.2-2016 section 7.1 over the curve of GB/T 32918.5-2017 --


class SM2:
    p = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
    a = p - 3
    b = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
    n = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
    g = (0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7, 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0)
    user = b"1234567812345678"

    @classmethod
    def add(cls, one, two):
        if one is None or two is None:
            return one or two
        if one[0] == two[0]:
            if (one[1] + two[1]) % cls.p == 0:
                return None
            slope = (3 * one[0] * one[0] + cls.a) * pow(2 * one[1], -1, cls.p)
        else:
            slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, cls.p)
        x = (slope * slope - one[0] - two[0]) % cls.p
        return x, (slope * (one[0] - x) - one[1]) % cls.p

    @classmethod
    def sum_of_two(cls, k, one, m, two):
        """k * one + m * two, both at once (Shamir's trick)."""
        both, total = cls.add(one, two), None
        for bit in range(255, -1, -1):
            total = cls.add(total, total)
            pick = (k >> bit & 1) + 2 * (m >> bit & 1)
            total = cls.add(total, (None, one, two, both)[pick])
        return total


def _sm3(data):
    return hashlib.new("sm3", data).digest()


def sm2_verify(x, y, sig, message):
    r, s = _num(sig[:32]), _num(sig[32:])
    t = (r + s) % SM2.n
    if not (0 < r < SM2.n and 0 < s < SM2.n and t):
        return False
    parameters = b"".join(v.to_bytes(32, "big") for v in (SM2.a, SM2.b, *SM2.g, x, y))
    z = _sm3((8 * len(SM2.user)).to_bytes(2, "big") + SM2.user + parameters)
    point = SM2.sum_of_two(s, SM2.g, t, (x, y))
    return point is not None and (_num(_sm3(z + message)) + point[0]) % SM2.n == r


# -- keys --


class Key:
    """alg, kid, and verify(sig, message)."""

    def __init__(self, jwk):
        need(isinstance(jwk, dict), "a JWK is an object")
        need(set(jwk) <= {"kty", "crv", "x", "y", "alg", "use", "kid", "key_ops"}, "a JWK with its secret part, or an unknown member")
        crv = jwk.get("crv")
        need(isinstance(crv, str) and crv in ALG_OF_CURVE, "a JWK of an unknown curve")
        self.alg = ALG_OF_CURVE[crv]
        need("alg" not in jwk or isinstance(jwk["alg"], str) and ALG_NAMES.get(jwk["alg"]) == self.alg, "an alg of another curve")
        names = ("x",) if crv == "Ed25519" else ("x", "y")
        need(jwk.get("kty") == ("OKP" if crv == "Ed25519" else "EC"), "kty and crv do not belong together")
        for name in names:
            need(isinstance(jwk.get(name), str), f"a JWK without {name}")
        need(len(names) == 2 or "y" not in jwk, "Ed25519 has no y")
        self.parts = [unbase64url(jwk[name]) for name in names]
        need(all(len(part) == 32 for part in self.parts), "a coordinate that has not 32 bytes")
        self._check(crv)
        self._kid(crv, jwk, names)

    def _check(self, crv):
        if crv == "Ed25519":
            need(ed25519_usable(self.parts[0]), "no usable Ed25519 key")
        elif crv == "SM2-P-256":
            x, y = map(_num, self.parts)
            need(x < SM2.p and y < SM2.p and (y * y - x * x * x - SM2.a * x - SM2.b) % SM2.p == 0, "not on the curve")
        else:
            need(all(_num(part) < FIELDS[crv] for part in self.parts), "a coordinate beyond the field")
            try:
                numbers = ec.EllipticCurvePublicNumbers(*map(_num, self.parts), CURVES[crv])
                self.public = numbers.public_key()
            except ValueError as error:
                raise Refused("not on the curve") from error

    def _kid(self, crv, jwk, names):
        """RFC 7638: the members that the kind requires, in order of their names, without spaces."""
        brief = {"crv": crv, "kty": jwk["kty"], **{name: jwk[name] for name in names}}
        text = json.dumps(brief, sort_keys=True, separators=(",", ":"))
        self.kid = base64url(hashlib.sha256(text.encode()).digest())

    def verify(self, sig, message):
        if self.alg == "Ed25519":
            return ed25519_verify(self.parts[0], sig, message)
        if self.alg == "SGD_SM3_SM2":
            return sm2_verify(*map(_num, self.parts), sig, message)
        try:
            der = utils.encode_dss_signature(_num(sig[:32]), _num(sig[32:]))
            self.public.verify(der, message, ec.ECDSA(hashes.SHA256()))
            return True
        except (InvalidSignature, ValueError):
            return False


@functools.lru_cache(maxsize=512)
def _key(text):
    return Key(json.loads(text))


def key_of(jwk):
    """The same key object for the same JWK, since making one costs more than using it."""
    return _key(json.dumps(jwk, sort_keys=True))


def canonical(alg, sig):
    """ES256K and ES256 have two signatures for one: the one with the low S stands for both."""
    order = ORDERS.get(alg)
    s = _num(sig[32:])
    if order is None or not order // 2 < s < order:
        return sig
    return sig[:32] + (order - s).to_bytes(32, "big")
