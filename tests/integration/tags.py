"""Tags by a client that shares nothing with the C code: ristretto255 and the VOPRF in Python, from the texts of the standards.

    tags.py jwk NAME                              the public key of a participant
    tags.py same URL NAME DOMAIN TYPE NUMBER TAG  makes the tag and compares it with DOMAIN:1:TAG
    tags.py hostile URL PAYER EMPLOYER            everything that the node must refuse, by participants of these names
    tags.py spend URL NAME COUNT                  asks for COUNT tags at once: exit 0 where they came, 1 where the budget was spent"""
import base64
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from client import Key, Node, b64u, token  # noqa: E402  (finds tests/vectors, too)
import make_voprf as v  # noqa: E402
from primitives import L  # noqa: E402

BASE_POINT = v.encode(v.BASE)


def unb64u(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_of(name):
    return Key("Ed25519", name)


def post(node, name, asked, **changes):
    """(status, headers, JSON) of a question that participant `name` asks; changes are those of its token."""
    text = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    aud = json.loads(node.get("/v1/status")[2])["node"]
    bearer = token(key_of(name), name, aud, "POST", "/v1/tags", text, **changes)
    status, headers, data = node.call("POST", "/v1/tags", text, {"Content-Type": "application/json", "Authorization": "Bearer " + bearer})
    return status, headers, json.loads(data)


def question(domain, *elements):
    return {"domain": domain, "version": 1, "blinded": [b64u(element) for element in elements]}


def public_key(node, domain):
    """From the genesis, which is the ledger's: its hash is the id."""
    genesis = node.get("/v1/genesis")[2]
    assert hashlib.sha256(genesis).hexdigest() == json.loads(node.get("/v1/status")[2])["ledger"], "another ledger's genesis"
    return unb64u(json.loads(genesis)["nodes"][0]["voprf"][domain])


def proof_holds(public, blinded, evaluated, proof):
    """RFC 9497 section 2.2.2, VerifyProof, for one element."""
    c, s = (int.from_bytes(part, "little") for part in (proof[:32], proof[32:]))
    seed = hashlib.sha512(v.sized(public, b"Seed-" + v.CONTEXT)).digest()
    weight = v.hash_to_scalar(v.sized(seed) + b"\x00\x00" + v.sized(blinded, evaluated) + b"Composite")
    m, z = v.ed_times(weight, v.decode(blinded)), v.ed_times(weight, v.decode(evaluated))
    t2 = v.ed_add(v.ed_times(s, v.BASE), v.ed_times(c, v.decode(public)))
    t3 = v.ed_add(v.ed_times(s, m), v.ed_times(c, z))
    return c == v.hash_to_scalar(v.sized(public, *map(v.encode, (m, z, t2, t3))) + b"Challenge")


def make(node, name, domain, id_type, number):
    text = v.sized(domain.encode(), id_type.encode(), number.encode())
    blind = int.from_bytes(os.urandom(64), "little") % L
    blinded = v.encode(v.ed_times(blind, v.hash_to_group(text)))
    status, _, answer = post(node, name, question(domain, blinded))
    assert status == 200, answer
    public = public_key(node, domain)
    evaluated, proof = unb64u(answer["evaluated"][0]), unb64u(answer["proofs"][0])
    assert unb64u(answer["pk"]) == public, "the answer names another key than the genesis"
    assert proof_holds(public, blinded, evaluated, proof), "the proof does not hold"
    assert not proof_holds(public, blinded, evaluated, bytes([proof[0] ^ 1]) + proof[1:]), "a changed proof holds"
    unblinded = v.encode(v.ed_times(pow(blind, L - 2, L), v.decode(evaluated)))
    return b64u(hashlib.sha512(v.sized(text, unblinded) + b"Finalize").digest()[:32])


def hostile(node, payer, employer):
    good = question("labour", BASE_POINT)
    not_one = [
        b"", b"\x00" * 32, b"\x01" + b"\x00" * 31, b"\xff" * 32, BASE_POINT[:31], BASE_POINT + b"\x00",
        bytes.fromhex("00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),  # RFC 9496 A.3: not canonical
        bytes.fromhex("f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        bytes.fromhex("0100000000000000000000000000000000000000000000000000000000000000"),  # negative
        bytes.fromhex("26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371"),  # not on the curve
        bytes.fromhex("3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e"),  # xy is negative
    ]
    bad = [(f"element {at}", payer, question("labour", BASE_POINT, element), 422, "schema") for at, element in enumerate(not_one)]
    bad += [
        ("no element", payer, question("labour"), 422, "schema"),
        ("too many", payer, question("labour", *[BASE_POINT] * 257), 422, "schema"),
        ("an unknown domain", payer, {**good, "domain": "health"}, 422, "schema"),
        ("an unknown version", payer, {**good, "version": 2}, 422, "schema"),
        ("no JSON", payer, b"{", 400, "malformed_json"),
        ("a name twice", payer, b'{"domain":"labour","domain":"benefit","version":1,"blinded":[]}', 400, "malformed_json"),
        ("one member more", payer, {**good, "id": "x"}, 422, "schema"),
        ("a domain of another role", employer, question("benefit", BASE_POINT), 403, "role"),
    ]
    for what, name, body, status, code in bad:
        answer = post(node, name, body)
        assert (answer[0], answer[2]["code"]) == (status, code), f"{what}: {answer[0]} {answer[2]}"
    answer = post(node, payer, good, body=b64u(bytes(32)))
    assert (answer[0], answer[2]["code"]) == (401, "token_invalid"), f"a token for another body: {answer}"


def main():
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "jwk":
        print(json.dumps(key_of(rest[0]).jwk))
    elif what == "same":
        url, name, domain, id_type, number, expected = rest
        made = f"{domain}:1:{make(Node(url), name, domain, id_type, number)}"
        assert made == expected, f"{made} is not {expected}"
    elif what == "hostile":
        hostile(Node(rest[0]), rest[1], rest[2])
    elif what == "spend":
        status, headers, answer = post(Node(rest[0]), rest[1], question("labour", *[BASE_POINT] * int(rest[2])))
        print(status, headers.get("retry-after"), answer.get("detail"))
        assert status in (200, 413, 429)
        assert status != 429 or (answer["code"] == "rate" and 0 < int(headers["retry-after"]) <= 86400)
        sys.exit(0 if status == 200 else 1)


main()
