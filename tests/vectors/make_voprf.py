"""Makes voprf.json: keys, evaluations with proofs, batches and tags, computed a second time from the texts of the standards.

RFC 9496 (ristretto255), RFC 9380 (expand_message_xmd), RFC 9497 (VOPRF, mode 0x01, ristretto255-SHA512), docs/FORMATS.md (tags).
Standard library only; slow and not constant time: for vectors. Make again: python3 make_voprf.py; --check FILE tests it against the RFC's own vectors.
"""
import hashlib
import json
import sys

from primitives import D, L, P, b64u, ed_add, ed_base, ed_times, seed, write

SQRT_M1 = pow(2, (P - 1) // 4, P)
A_MINUS_D = (-1 - D) % P
ONE_MINUS_D_SQ = (1 - D * D) % P
D_MINUS_ONE_SQ = (D - 1) * (D - 1) % P


def negative(x):
    return x & 1


def absolute(x):
    return P - x if negative(x) else x


def sqrt_ratio(u, v):
    """RFC 9496 section 4.2, SQRT_RATIO_M1."""
    r = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    check = v * r * r % P
    correct, flipped = check == u % P, check == -u % P
    flipped_i = check == -u * SQRT_M1 % P
    if flipped or flipped_i:
        r = r * SQRT_M1 % P
    return correct or flipped, absolute(r)


INVSQRT_A_MINUS_D = sqrt_ratio(1, A_MINUS_D)[1]
SQRT_AD_MINUS_ONE = sqrt_ratio((-D - 1) % P, 1)[1]
# The constant of RFC 9496 section 4.1 is the root that is not "absolute".
if SQRT_AD_MINUS_ONE != 25063068953384623474111414158702152701244531502492656460079210482610430750235:
    SQRT_AD_MINUS_ONE = P - SQRT_AD_MINUS_ONE
assert SQRT_AD_MINUS_ONE == 25063068953384623474111414158702152701244531502492656460079210482610430750235


def encode(point):
    """Section 4.3.2, for an affine point (z = 1)."""
    x, y = point
    u1, u2 = (1 + y) * (1 - y) % P, x * y % P
    invsqrt = sqrt_ratio(1, u1 * u2 * u2 % P)[1]
    den1, den2 = invsqrt * u1 % P, invsqrt * u2 % P
    z_inv = den1 * den2 * x * y % P
    if negative(x * y * z_inv % P):
        x, y = y * SQRT_M1 % P, x * SQRT_M1 % P
        den_inv = den1 * INVSQRT_A_MINUS_D % P
    else:
        den_inv = den2
    if negative(x * z_inv % P):
        y = -y % P
    return absolute(den_inv * (1 - y) % P).to_bytes(32, "little")


def decode(data):
    """Section 4.3.1."""
    s = int.from_bytes(data, "little")
    assert s < P and not negative(s)
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    square, invsqrt = sqrt_ratio(1, v * u2 * u2 % P)
    den_x = invsqrt * u2 % P
    den_y = invsqrt * den_x * v % P
    x = absolute(2 * s * den_x % P)
    y = u1 * den_y % P
    assert square and not negative(x * y % P) and y
    return x, y


def map_to_point(data):
    """Section 4.3.4, MAP."""
    t = (int.from_bytes(data, "little") & (1 << 255) - 1) % P
    r = SQRT_M1 * t * t % P
    u = (r + 1) * ONE_MINUS_D_SQ % P
    v = (-1 - r * D) * (r + D) % P
    square, s = sqrt_ratio(u, v)
    if not square:
        s = -absolute(s * t % P) % P
        c = r
    else:
        c = -1
    n = (c * (r - 1) * D_MINUS_ONE_SQ - v) % P
    w0, w1, w2, w3 = 2 * s * v, n * SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
    inverse = pow(w1 * w3, P - 2, P)
    return w0 * w3 * inverse % P, w2 * w1 * inverse % P


CONTEXT = b"OPRFV1-\x01-ristretto255-SHA512"
BASE = ed_base()


def expand(message, dst):
    """RFC 9380 section 5.3.1 for 64 bytes."""
    suffix = dst + bytes([len(dst)])
    b0 = hashlib.sha512(bytes(128) + message + b"\x00\x40\x00" + suffix).digest()
    return hashlib.sha512(b0 + b"\x01" + suffix).digest()


def hash_to_group(message):
    uniform = expand(message, b"HashToGroup-" + CONTEXT)
    return ed_add(map_to_point(uniform[:32]), map_to_point(uniform[32:]))


def hash_to_scalar(message, dst=b"HashToScalar-" + CONTEXT):
    return int.from_bytes(expand(message, dst), "little") % L


def sized(*parts):
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def derive(key_seed, info):
    for counter in range(256):
        secret = hash_to_scalar(key_seed + sized(info) + bytes([counter]), b"DeriveKeyPair" + CONTEXT)
        if secret:
            return secret
    raise ValueError("no key")


def composites(secret, public, blinded, evaluated):
    weights_seed = hashlib.sha512(sized(public, b"Seed-" + CONTEXT)).digest()
    total = (0, 1)
    for i, (c, d) in enumerate(zip(blinded, evaluated)):
        weight = hash_to_scalar(sized(weights_seed) + i.to_bytes(2, "big") + sized(c, d) + b"Composite")
        total = ed_add(total, ed_times(weight, decode(c)))
    return total, ed_times(secret, total)


def prove(secret, blinded, evaluated, r):
    public = encode(ed_times(secret, BASE))
    m, z = composites(secret, public, blinded, evaluated)
    t2, t3 = ed_times(r, BASE), ed_times(r, m)
    c = hash_to_scalar(sized(public, *map(encode, (m, z, t2, t3))) + b"Challenge")
    return c.to_bytes(32, "little") + ((r - c * secret) % L).to_bytes(32, "little")


def evaluate(secret, items, r):
    """items: (input, blind). One batch under one proof."""
    blinded = [encode(ed_times(blind, hash_to_group(text))) for text, blind in items]
    evaluated = [encode(ed_times(secret, decode(element))) for element in blinded]
    outputs = [
        hashlib.sha512(sized(text, encode(ed_times(pow(blind, L - 2, L), decode(element)))) + b"Finalize").digest()
        for (text, blind), element in zip(items, evaluated)
    ]
    return {
        "inputs": [text.hex() for text, _ in items],
        "blinds": [blind.to_bytes(32, "little").hex() for _, blind in items],
        "blinded": [element.hex() for element in blinded],
        "evaluated": [element.hex() for element in evaluated],
        "r": r.to_bytes(32, "little").hex(),
        "proof": prove(secret, blinded, evaluated, r).hex(),
        "outputs": [output.hex() for output in outputs],
    }


def scalar(name):
    return int.from_bytes(hashlib.sha512(seed(name)).digest(), "little") % L


def check(path):
    """Against RFC 9497 appendix A.1.2."""
    with open(path, encoding="utf-8") as source:
        suite = next(suite for suite in json.load(source) if suite["mode"] == 1)
    secret = derive(bytes.fromhex(suite["seed"]), bytes.fromhex(suite["keyInfo"]))
    assert secret.to_bytes(32, "little").hex() == suite["skSm"]
    assert encode(ed_times(secret, BASE)).hex() == suite["pkSm"]
    for vector in suite["vectors"]:
        texts, blinds = (vector[name].split(",") for name in ("Input", "Blind"))
        items = [(bytes.fromhex(a), int.from_bytes(bytes.fromhex(b), "little")) for a, b in zip(texts, blinds)]
        made = evaluate(secret, items, int.from_bytes(bytes.fromhex(vector["Proof"]["r"]), "little"))
        assert made["blinded"] == vector["BlindedElement"].split(",")
        assert made["evaluated"] == vector["EvaluationElement"].split(",")
        assert made["proof"] == vector["Proof"]["proof"]
        assert made["outputs"] == vector["Output"].split(",")
    print(f"{len(suite['vectors'])} of the RFC's vectors agree")


# The number of GB 11643-1999's own example, and people that do not exist.
PEOPLE = [
    ("labour", "resident-id", "11010519491231002X", "11010519491231002X"),
    ("labour", "resident-id", "110105491231002", "11010519491231002X"),
    ("labour", "resident-id", "１１０１０５　１９４９１２３１　００２ｘ", "11010519491231002X"),
    ("benefit", "resident-id", "11010519491231002x", "11010519491231002X"),
    ("benefit", "passport", "e 1234 5678", "E12345678"),
    ("labour", "officer-card", "军字第０１２３４５６号", "军字第0123456号"),
]


def tag(secret, number, person):
    domain, id_type, written, counts = person
    text = sized(domain.encode(), id_type.encode(), counts.encode())
    made = evaluate(secret, [(text, scalar(f"blind {number}"))], scalar(f"r {number}"))
    one = {"inputs": "input", "blinds": "blind", "outputs": "output"}
    entry = {one.get(name, name): value[0] if isinstance(value, list) else value for name, value in made.items()}
    return entry | {"domain": domain, "id_type": id_type, "id_number": written, "normalised": counts, "tag": entry["output"][:64]}


def make():
    keys, secrets = [], {}
    for domain in ("labour", "benefit"):
        secrets[domain] = derive(seed("voprf " + domain), domain.encode())
        secret = secrets[domain].to_bytes(32, "little")
        public = encode(ed_times(secrets[domain], BASE))
        keys.append({"domain": domain, "seed": seed("voprf " + domain).hex(), "info": domain.encode().hex(), "secret": secret.hex(), "public": public.hex()})
    batch = evaluate(secrets["labour"], [(b"batch %d" % i, scalar(f"batch {i}")) for i in range(5)], scalar("batch r"))
    tags = [tag(secrets[person[0]], number, person) for number, person in enumerate(PEOPLE)]
    # A ristretto255 encoding twice: the wire text of the base point is RFC 9496's.
    assert encode(BASE).hex() == "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"
    assert encode(decode(encode(ed_times(7, BASE)))) == encode(ed_times(7, BASE))
    text = {"keys": keys, "batch": batch, "tags": tags}
    write("voprf.json", (json.dumps(text, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())
    print("voprf.json:", len(tags), "tags; first", b64u(bytes.fromhex(tags[0]["tag"])))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        check(sys.argv[2])
    else:
        make()
