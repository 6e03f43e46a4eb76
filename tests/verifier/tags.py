"""Evidence of tags (docs/FORMATS.md "Tags"): whether it leads to the tag that stands in a record. VOPRF of RFC 9497, mode 0x01, ristretto255-SHA512.

The group is that of tests/vectors/make_voprf.py, which is Python on its own and checked against the RFC's vectors."""
import datetime
import functools
import hashlib
import os
import re
import sys
import unicodedata

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors"))
from make_voprf import BASE, CONTEXT, decode, encode, hash_to_group, hash_to_scalar, sized  # noqa: E402
from primitives import L, ed_add, ed_times  # noqa: E402
from strict import need, members, unbase64url, word  # noqa: E402

NUMBER_LEN = 64
HIDDEN = re.compile("[\0-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


# -- the number --


def _resident(number):
    """GB 11643: 17 digits with a real date, and the check character; 15 digits are of the twentieth century."""
    if re.fullmatch("[0-9]{15}", number, re.ASCII):
        number = number[:6] + "19" + number[6:]
        total = sum(int(digit) * 2 ** (17 - at) for at, digit in enumerate(number))
        number += "10X98765432"[total % 11]
    need(re.fullmatch("[0-9]{17}[0-9X]", number, re.ASCII), "a resident number has 18 characters")
    total = sum((10 if one == "X" else int(one)) * 2 ** (17 - at) for at, one in enumerate(number))
    need(total % 11 == 1, "the check character is another")
    try:
        born = datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        born = None
    need(born and 1800 <= born.year <= 2100, "no real date")
    return number


def normalised(id_type, number):
    need(1 <= len(number.encode()) <= NUMBER_LEN, "a number has 1 to 64 bytes")
    half = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in number if unicodedata.category(c) != "Zs")
    need(half and not HIDDEN.search(half), "nothing left, or a character that nobody sees")
    upper = "".join(c.upper() if "a" <= c <= "z" else c for c in half)
    return _resident(upper) if id_type == "resident-id" else upper


# -- the proof --


def _element(data):
    try:
        need(len(data) == 32, "an element has 32 bytes")
        return decode(data)
    except AssertionError:
        need(False, "no element of ristretto255")


def _scalar(data):
    value = int.from_bytes(data, "little")
    need(len(data) == 32 and 0 < value < L, "no scalar")
    return value


def _sum(a, one, b, two):
    return ed_add(ed_times(a, one), ed_times(b, two))


def proof_check(public, blinded, evaluated, proof):
    """RFC 9497 section 2.2.2 for one element."""
    for data in (public, blinded, evaluated):
        need(data != bytes(32), "the neutral element")
    key, c_point, d_point = map(_element, (public, blinded, evaluated))
    c, s = _scalar(proof[:32]), _scalar(proof[32:])
    seed = hashlib.sha512(sized(public, b"Seed-" + CONTEXT)).digest()
    weight = hash_to_scalar(sized(seed) + bytes(2) + sized(blinded, evaluated) + b"Composite")
    m, z = ed_times(weight, c_point), ed_times(weight, d_point)
    t2, t3 = _sum(s, BASE, c, key), _sum(s, m, c, z)
    need(c == hash_to_scalar(sized(public, *map(encode, (m, z, t2, t3))) + b"Challenge"), "the proof does not hold")


@functools.lru_cache(maxsize=64)
def _tag(domain, id_type, number, blind, public, element, proof):
    """Section 3.3.2: the first half of the output."""
    text = sized(domain.encode(), id_type.encode(), number.encode())
    blinded = encode(ed_times(blind, hash_to_group(text)))
    proof_check(public, blinded, element, proof)
    unblinded = encode(ed_times(pow(blind, -1, L), _element(element)))
    return hashlib.sha512(sized(text, unblinded) + b"Finalize").digest()[:32]


# -- evidence --


def _binary(value, name, length):
    need(isinstance(value[name], str), f"{name} is base64url")
    data = unbase64url(value[name])
    need(len(data) == length, f"{name} has {length} bytes")
    return data


def tag_of(evidence, domain, key):
    """The tag that it leads to. key: the ledger's of that domain, or None where that is not known."""
    members(evidence, ("id_type", "id_number", "blind", "evaluations"))
    need(word(evidence["id_type"]) and isinstance(evidence["id_number"], str), "an id type and a number")
    blind = _scalar(_binary(evidence, "blind", 32))
    listed = evidence["evaluations"]
    need(isinstance(listed, list) and len(listed) == 1, "one evaluation")
    members(listed[0], ("pk", "element", "proof"))
    public, element, proof = (_binary(listed[0], name, length) for name, length in (("pk", 32), ("element", 32), ("proof", 64)))
    need(key in (None, public), "made with another key than the ledger's")
    number = normalised(evidence["id_type"], evidence["id_number"])
    return _tag(domain, evidence["id_type"], number, blind, public, element, proof)


def evidence_check(evidence, claims, genesis):
    """genesis: that of a chain that holds, or None."""
    need(isinstance(evidence, dict) and evidence, "an object from role to evidence")
    for role, one in evidence.items():
        tag = claims.get("tags", {}).get(role)
        need(tag, "for a role in which the record has no tag")
        key = None
        if genesis:
            key = genesis.tag_key(tag["d"])
            need(key and tag["v"] == 1, "the genesis has no such key")
        need(tag_of(one, tag["d"], key) == unbase64url(tag["t"]), "it leads to another tag")
