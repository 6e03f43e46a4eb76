"""Makes the receipt conformance set: receipts/manifest.json, receipts/cases/* and receipts/policies/* (receipts/README.md says how to use it).

Every case is one receipt with the verdict that docs/FORMATS.md and the standards that it names ask for, written down here by hand: one letter a step in the order
of the steps, P passes, F fails, - is not applicable. A verifier never had a say in it. The ledger is forge.py's; the files of the C tests (receipts/*.verdict.json,
written by the unit test proof_verify) and tokens of receipts/timestamps.json join as they are. Make again: python3 make_receipts.py; with --check it compares only.
"""
import json
import os
import sys

import forge
from forge import COSIGNED_S, DOCUMENT, HIDDEN, b64, b64u, body_of, compact, cosignature, digest_of, disclosure, flip_s, header_of, log_line, mth, proof_of, sha256
from primitives import HERE, jcs, vkey

STEPS = ("document", "record", "disclosures", "leaf", "inclusion", "checkpoint", "quorum", "issuer", "membership", "timestamp", "status")
WORDS = {"P": "pass", "F": "fail", "-": "not_applicable"}
FOLDER = os.path.join(HERE, "receipts")

GOOD = "-PPPPPPP---"
PLAIN = "-P-PPPPP---"  # without disclosures
NO_RECEIPT = "---F-------"
NO_RECORD = "-F---PP----"
NO_DISCLOSURE = "-PFPPPPP---"
NO_INCLUSION = "--PPFPP----"
NO_PROOF = "--PPF------"
NO_NOTE = "--PPPF-----"
NO_LOG = "--PPPFP----"
NO_QUORUM = "--PPPPF----"
NO_ISSUER = "--PPPPPF---"
NO_ISSUER_PLAIN = "---PPPPF---"

files, cases = {}, []
L = forge.Ledger()
ACME, REGISTRAR = L.keys["acme"], L.keys["registrar"]


def case(name, about, receipt, steps, outcome=None, policy="two_of_three", document=None, tsa=None, demand=None, existed_by=None):
    """about: what is wrong or right, and which text says so."""
    files[f"cases/{name}.json"] = receipt if isinstance(receipt, bytes) else forge.text(receipt)
    made = {"name": name, "about": about, "receipt": f"cases/{name}.json", "policy": f"policies/{policy}.txt"}
    if document:
        made["document"] = document
    if tsa:
        made["tsa"] = tsa
    if demand:
        made["key_binding"] = demand
    if existed_by:
        made["existed_by_s"] = existed_by
    made["outcome"] = outcome or ("invalid" if "F" in steps else "valid")
    made["steps"] = {step: WORDS[letter] for step, letter in zip(STEPS, steps)}
    cases.append(made)


def policy(name, text):
    files[f"policies/{name}.txt"] = text if isinstance(text, bytes) else text.encode()
    return name


def good(**changes):
    """acme's contract with all three fields shown, vouched for by the genesis."""
    return {**L.receipt(1, HIDDEN), **changes}


def edit(old, new, receipt=None):
    """The receipt's text with one place changed."""
    whole = forge.text(receipt or good())
    old, new = (part if isinstance(part, bytes) else part.encode() for part in (old, new))
    assert whole.count(old) == 1, (old, whole.count(old))
    return whole.replace(old, new)


def logged(jws, hidden=(), links=(0,)):
    """A receipt for this record, which stands in the log whatever it says."""
    ledger = L.copy()
    return ledger.receipt(ledger.append(jws), hidden, links)


def contract(hidden=(), /, **more):
    return L.contract("acme", hidden, **more)


def proof(index=1, path=None, note=None, extra=""):
    """The good receipt with another proof."""
    return good(proof=proof_of(index, forge.path_of(1, L.leaves) if path is None else path, note or L.note(), extra))


# -- good ones --


def case_good():
    case("good_document", "Everything passes, with the document", good(), "P" + GOOD[1:], document="document.txt")
    case("good", "The same without a document; three witnesses, so no clock may lie, and the earliest counts", good(), GOOD, existed_by=COSIGNED_S)
    case("good_no_disclosures", "A holder may drop disclosures: all of them", L.receipt(1), PLAIN)
    case("good_one_disclosure", "A holder may drop disclosures: all but one", L.receipt(1, HIDDEN[1:2]), GOOD)
    case("good_order_of_disclosures", "The order of disclosures is the holder's affair", L.receipt(1, HIDDEN[::-1]), GOOD)
    case("good_ed25519", "Signed with Ed25519; the chain ends at once", L.receipt(2), PLAIN)
    case("good_es256", "Signed with ES256 by an admitted participant", L.receipt(3, (), (2, 0)), PLAIN)
    case("good_sm2", "Signed with SGD_SM3_SM2; a chain of three", L.receipt(5, (), (4, 2, 0)), PLAIN)
    case("good_rotated", "The key came with `rotate`", L.receipt(7, (), (6, 0)), PLAIN)
    header = header_of(REGISTRAR, alg="EdDSA")
    case("good_eddsa", "EdDSA is another name of Ed25519 (RFC 9864)", logged(compact(REGISTRAR, L.contract("registrar"), header)), PLAIN)
    spaced = json.dumps({"typ": forge.TYP, "kid": ACME.kid, "alg": "ES256K"}, indent=1).encode()
    case("good_header_spaces", "A header's spaces and order are free (RFC 7515)", logged(compact(ACME, contract(), spaced)), PLAIN)
    case("good_no_issuer", "Without a chain nothing proves who signed: `record` and `issuer` do not apply", L.receipt(1, HIDDEN, ()), "--PPPPP----")
    case("good_leaf", "The leaf alone, where the record may not be read", L.leaf_receipt(1), "---PPPP----")
    case("good_tool_members", "Members that begin with x- are ignored", good(**{"x-file": {"name": "a.pdf"}, "x-": [1]}), GOOD)
    case("good_membership_empty", "`membership` may be there", good(membership=[]), GOOD)
    loose = json.dumps(L.receipt(1, HIDDEN), indent=2).encode()
    case("good_json_escapes", "JSON's spaces and \\u escapes are free (RFC 8259)", b"\r\n\t " + loose + b"\n", GOOD)
    case("good_older_and_newer", "Links may lead to other checkpoints than the record", {**L.receipt(3, (), (2,), 4), "issuer": [L.link(2), L.link(0, 1)]}, PLAIN)
    case("good_eight_levels", "JSON of eight levels", good(**{"x-deep": [[[[[[[]]]]]]]}), GOOD)
    case("good_largest_integer", "2^53 - 1 is an integer", good(**{"x-most": 2**53 - 1}), GOOD)


# -- what is no receipt --


def case_json():
    def bad(name, about, receipt):
        case("json_" + name, about, receipt, NO_RECEIPT)

    bad("empty", "No bytes", b"")
    bad("cut", "The last brace is missing", forge.text(good())[:-1])
    bad("tail", "Something behind the end", forge.text(good()) + b"{}")
    bad("array", "No object", b"[]")
    bad("duplicate_name", "Names are unique (RFC 8259 section 4; I-JSON)", edit('"time":1795420543123}', '"time":1795420543123,"time":1795420543123}'))
    bad("duplicate_name_inside", "In a link, too", edit('{"genesis":', '{"time":1795420542123,"genesis":'))
    bad("duplicate_by_escape", "Names are compared unescaped", edit('"mediaType":', '"\\u0074ime":1795420543123,"mediaType":'))
    bad("float", "Numbers are integers", edit('"time":1795420543123}', '"time":1795420543123.0}'))
    bad("exponent", "An exponent makes a number no integer", edit('"time":1795420543123}', '"time":1795420543123e0}'))
    bad("beyond_2_53", "2^53 is beyond what every reader keeps", good(**{"x-most": 2**53}))
    bad("nine_levels", "At most eight levels deep", good(**{"x-deep": [[[[[[[[]]]]]]]]}))
    bad("nul", "U+0000 is in no text", good(**{"x-nul": "a\0b"}))
    bad("half_surrogate", "A text is Unicode: half a surrogate pair is not", edit('"mediaType":', '"x-half":"\\ud83d","mediaType":'))
    bad("not_utf8", "A byte that is no UTF-8", edit('"mediaType":', b'"x-\xff":1,"mediaType":'))
    bad("bom", "No byte order mark", b"\xef\xbb\xbf" + forge.text(good()))
    bad("comma", "A comma before the brace", edit('"time":1795420543123}', '"time":1795420543123,}'))


def case_members():
    def bad(name, about, receipt):
        case("member_" + name, about, receipt, NO_RECEIPT)

    def without(name):
        return {key: value for key, value in good().items() if key != name}

    bad("unknown", "An unknown member", good(file="a.pdf"))
    bad("unknown_upper", "X- is not x-", good(**{"X-file": 1}))
    bad("media_type", "Another version", good(mediaType=forge.MEDIA.replace("=1", "=2")))
    bad("no_media_type", "No mediaType", without("mediaType"))
    bad("no_record", "Neither record nor leaf", without("record"))
    bad("record_and_leaf", "Record and leaf", good(leaf=b64(L.leaves[1])))
    bad("record_type", "The record is no text", good(record=[L.bodies[1]]))
    bad("no_time", "No time", without("time"))
    bad("time_text", "The time is a text", good(time=str(L.times[1])))
    bad("time_negative", "A time before 1970", good(time=-1))
    bad("no_proof", "No proof", without("proof"))
    bad("leaf_40", "A leaf of 40 bytes", {**L.leaf_receipt(1), "leaf": b64(L.leaves[1][:40])})
    bad("leaf_no_padding", "base64 has its padding", {**L.leaf_receipt(1), "leaf": b64(L.leaves[1]).rstrip("=")})
    bad("leaf_unused_bits", "base64 has no unused bits", {**L.leaf_receipt(1), "leaf": _unused_bit(b64(L.leaves[1]))})
    bad("issuer_empty", "A chain of no links", good(issuer=[]))
    bad("issuer_no_genesis", "A chain that does not end in the genesis", good(issuer=[L.link(2)]))
    bad("issuer_two_geneses", "The genesis ends the chain", good(issuer=[L.link(0), L.link(0)]))
    bad("link_unknown", "A link has no other member, x- neither", good(issuer=[{**L.link(0), "x-a": 1}]))
    bad("link_genesis_padded", "The genesis is base64url, without padding", good(issuer=[{**L.link(0), "genesis": L.link(0)["genesis"] + "="}]))
    bad("membership_object", "membership is a list", good(membership={}))
    bad("timestamp_type", "Timestamps are rfc3161", good(timestamps=[{"type": "rfc9999", "token": "MAA="}]))


def _unused_bit(text):
    """The same bytes in base64 that is not canonical: the last character before the padding becomes the next one."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body, padding = text.rstrip("="), text[len(text.rstrip("=")):]
    assert padding
    return body[:-1] + alphabet[alphabet.index(body[-1]) + 1] + padding


# -- records --


def case_record_form():
    def bad(name, about, jws, links=(0,)):
        case("record_" + name, about, logged(jws, (), links), NO_RECORD)

    def header(name, about, **changes):
        bad("header_" + name, about, compact(ACME, contract(), {key: value for key, value in header_of(ACME, **changes).items() if value is not None}))

    def claim(name, about, **changes):
        bad("claim_" + name, about, compact(ACME, contract(**changes)))

    body = L.bodies[1]
    case("record_no_tilde", "A presentation is <JWS>~", good(record=body), NO_RECORD)
    bad("two_parts", "A compact JWS has three parts", body.rsplit(".", 1)[0])
    bad("four_parts", "and not four", body + ".")
    bad("padded", "base64url has no padding", body + "=")
    bad("unused_bits", "base64url has no unused bits: 64 bytes end in A, Q, g or w", _last_bit(body))
    bad("signature_63", "A signature has 64 bytes", compact(ACME, contract(), sig=lambda s: s[:63]))
    bad("signature_der", "and is R||S", compact(ACME, contract(), sig=lambda s: b"\x30\x44\x02\x20" + s[:32] + b"\x02\x20" + s[32:]))
    header("none", "alg none", alg="none")
    header("unknown_alg", "An alg that is not in the table", alg="RS256")
    header("crit", "Exactly three members: crit", crit=["b64"], b64=False)
    header("jwk", "Exactly three members: jwk", jwk=ACME.jwk)
    header("no_kid", "Exactly three members: no kid", kid=None)
    header("typ", "Another typ", typ="dc+sd-jwt")
    header("kid_short", "kid is a SHA-256 thumbprint", kid=ACME.kid[:-1])
    bad("header_duplicate", "A header's names are unique", compact(ACME, contract(), jcs(header_of(ACME))[:-1] + b',"typ":"' + forge.TYP.encode() + b'"}'))
    bad("payload_array", "Claims are an object", compact(ACME, b"[]"))
    bad("payload_duplicate", "Claims have unique names", compact(ACME, jcs(contract())[:-1] + b',"act":"conclude"}'))
    bad("payload_float", "Claims have integers only", compact(ACME, jcs(contract())[:-1] + b',"wage":1.5}'))
    bad("payload_nine_levels", "Claims are at most eight levels deep", compact(ACME, contract(deep=[[[[[[[[]]]]]]]])))
    bad("too_long", "A record has at most 16 KiB", compact(ACME, contract(note="x" * 12300)))
    claim("no_iss", "Every record has iss", iss=None)
    claim("no_jti", "Every record has jti", jti=None)
    claim("no_act", "Every record has act", act=None)
    claim("aud_upper", "aud is lower-case hex", aud=L.ledger_id.upper())
    claim("iat_text", "iat is an integer", iat=str(forge.CREATED_MS // 1000))
    claim("jti_short", "jti has 16 bytes or more", jti=b64u(bytes(15)))
    claim("vct", "vct is urn:qizheng:<type>:1", vct="https://example.org/contract")
    claim("doc_alg", "doc is of sha-256 or sm3", doc=[{"alg": "sha-1", "digest": b64u(bytes(20))}])
    claim("doc_digest", "A doc digest has 32 bytes", doc=[{"alg": "sha-256", "digest": b64u(bytes(31))}])
    claim("ref", "ref is a record id", ref="ab" * 31)
    claim("sd_unsorted", "_sd is sorted", _sd=sorted(map(digest_of, HIDDEN), reverse=True), _sd_alg="sha-256")
    claim("sd_repeated", "_sd holds no digest twice", _sd=[digest_of(HIDDEN[0])] * 2, _sd_alg="sha-256")
    claim("sd_alg", "_sd_alg is sha-256", _sd=[digest_of(HIDDEN[0])], _sd_alg="sha-512")
    claim("sd_nested", "_sd stands at the top level only", pay={"_sd": [digest_of(HIDDEN[0])]})
    claim("sd_array", "and no list has withheld elements", elements=[{"...": digest_of(HIDDEN[0])}])


def _last_bit(text):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def case_record_signature():
    def other(sig):
        return sig[:32] + ACME.sign(b"another text")[32:]

    false = "-F-PPPPP---"
    case("signature_false", "A signature that does not verify, in the log all the same", logged(compact(ACME, contract(), sig=other)), false)
    case("signature_alg", "The alg is the registered key's own; the key itself is bound", logged(compact(ACME, contract(), header_of(ACME, alg="ES256"))), false)
    case("signature_zero", "R = S = 0", logged(compact(ACME, contract(), sig=lambda s: bytes(64))), false)
    case("signature_high_s", "Only the low S is what the ledger hashed", _high_s(1, ACME, (0,)), false)
    case("signature_high_s_es256", "the same with ES256", _high_s(3, L.keys["bureau"], (2, 0)), false)
    case("signature_high_s_no_issuer", "and where nothing binds the key", _high_s(1, ACME, ()), "-F-PPPP----")
    sm2 = L.keys["firm"]
    swapped = compact(sm2, L.contract("firm"), sig=lambda s: s[32:] + s[:32])
    case("signature_sm2_swapped", "An SM2 signature s||r", logged(swapped, (), (4, 2, 0)), false)


def _high_s(index, signer, links):
    """The record as it is in the log, presented with the other S."""
    jws = L.bodies[index]
    text, sig = jws.rsplit(".", 1)
    raw = signer.sign(text.encode())
    assert b64u(raw) == sig
    return {**L.receipt(index, (), links), "record": text + "." + b64u(flip_s(signer.alg, raw)) + "~"}


# -- disclosures --


def case_disclosures():
    def bad(name, about, *shown, hidden=None, **more):
        """shown, from a record that withholds `hidden` (by default the same)."""
        receipt = logged(compact(ACME, contract(sorted(set(hidden or shown)), **more)), shown)
        case("disclosure_" + name, about, receipt, NO_DISCLOSURE)

    wage = HIDDEN[0]
    bad("value", "Another value: its digest is not in _sd (RFC 9901 section 7.1)", disclosure("wage_amount", 950000), hidden=HIDDEN)
    bad("twice", "The same disclosure twice", wage, wage)
    bad("none_withheld", "A disclosure where the record withholds nothing", wage, hidden=HIDDEN[1:])
    case("disclosure_no_sd", "A disclosure to a record without _sd", logged(compact(ACME, contract()), HIDDEN[:1]), NO_DISCLOSURE)
    case("disclosure_cut", "The last tilde is missing", good(record=good()["record"][:-1]), NO_DISCLOSURE)
    case("disclosure_empty", "An empty disclosure between two tildes", good(record=good()["record"] + "~"), NO_DISCLOSURE)
    bad("padded", "base64url has no padding", disclosure("a", "xx") + "=")
    bad("salt_120_bits", "A salt has 128 bits or more", disclosure("wage_amount", 1, salt=b64u(bytes(15))))
    bad("salt_form", "A salt is base64url", disclosure("wage_amount", 1, salt="this is a salt of 128 bits"))
    bad("salt_number", "A salt is a text", disclosure("wage_amount", 1, text='[5,"wage_amount",1]'))
    bad("two_elements", "An array element's disclosure: there are none here", disclosure("", "", text=f'["{b64u(bytes(16))}",1]'))
    bad("object", "A disclosure is an array", disclosure("", "", text='{"a":1}'))
    bad("name_clear", "A name that is a clear claim", disclosure("start", "2027-02-01"))
    bad("name_twice", "Two disclosures of one name", disclosure("a", 1), disclosure("a", 2, salt=b64u(bytes(16))))
    bad("name_sd", "The name _sd is reserved (RFC 9901 section 4.2.1)", disclosure("_sd", []))
    bad("name_dots", "The name ... is reserved", disclosure("...", "x"))
    bad("name_number", "A name is a text", disclosure("", "", text=f'["{b64u(bytes(16))}",1,1]'))
    bad("value_float", "JSON is as strict here: no fraction", disclosure("a", 1.5))
    bad("value_duplicate", "nor a repeated name", disclosure("", "", text=f'["{b64u(bytes(16))}","a",{{"b":1,"b":1}}]'))
    bad("recursive", "No disclosure withholds more", disclosure("address", {"_sd": [digest_of(wage)]}))


# -- leaf, inclusion --


def case_leaf():
    leaf = L.leaves[1]

    def bad(name, about, changed, steps):
        case("leaf_" + name, about, {**L.leaf_receipt(1), "leaf": b64(changed)}, steps)

    bad("version", "A leaf begins with 01", b"\2" + leaf[1:], "---F-PP----")
    bad("time", "The leaf's time is the receipt's", leaf[:8] + bytes([leaf[8] ^ 1]) + leaf[9:], "---F-PP----")
    bad("hash", "Another hash is another leaf, which is not in the tree", leaf[:9] + sha256(leaf), "---PFPP----")


def case_inclusion():
    path = forge.path_of(1, L.leaves)

    def bad(name, about, receipt):
        case("inclusion_" + name, about, receipt, NO_INCLUSION)

    bad("time", "A time one millisecond later", good(time=L.times[1] + 1))
    bad("wrong_index", "The neighbour's index", proof(index=3))
    bad("index_0", "Index 0 is the genesis's", proof(index=0))
    bad("index_size", "An index that is the tree's size", proof(index=len(L.leaves)))
    bad("index_largest", "An index of 2^64 - 1", proof(index=2**64 - 1))
    bad("short", "The last hash is missing (RFC 9162 section 2.1.3.2)", proof(path=path[:-1]))
    bad("none", "No hash at all", proof(path=[]))
    bad("long", "One hash too many", proof(path=path + [path[0]]))
    bad("swapped", "Two hashes change places", proof(path=[path[1], path[0]] + path[2:]))
    bad("hash", "One bit of a hash", proof(path=[bytes([path[0][0] ^ 1]) + path[0][1:]] + path[1:]))
    empty = forge.note_of(L.nodes, body_of(0, mth([])))
    bad("size_0", "The empty tree holds nothing", proof(index=0, path=[], note=empty))
    bad("other_size", "Rightly signed, with the same root and another size", proof(note=forge.note_of(L.nodes, body_of(len(L.leaves) + 1, mth(L.leaves)))))
    bad("root", "Rightly signed, with another root", proof(note=forge.note_of(L.nodes, body_of(len(L.leaves), mth(L.leaves[1:])))))
    last = len(L.leaves) - 1
    case("inclusion_last", "The last leaf of a tree that is no power of two", L.receipt(7, (), (6, 0)), PLAIN)
    case("inclusion_long_last", "The last leaf of seven, with a hash too many", {**L.receipt(last - 1, (), (2, 0), 7), "proof": _long_last()}, "---PFPP----")


def _long_last():
    return proof_of(6, forge.path_of(6, L.leaves[:7]) + [sha256(b"more")], L.note(7))


def case_proof():
    def bad(name, about, text):
        case("proof_" + name, about, good(proof=text), NO_PROOF)

    whole = good()["proof"]
    hashes = whole.split("\n")
    bad("version", "c2sp.org/tlog-proof@v1 and nothing else", whole.replace("@v1", "@v2", 1))
    bad("no_index", "The index line is missing", whole.replace("index 1\n", "", 1))
    bad("index_zero_before", "No leading zeroes", whole.replace("index 1\n", "index 01\n", 1))
    bad("index_sign", "No sign", whole.replace("index 1\n", "index +1\n", 1))
    bad("index_65_bits", "2^64 is no index", whole.replace("index 1\n", f"index {2**64}\n", 1))
    bad("hash_31", "A hash has 32 bytes", whole.replace(hashes[2], b64(bytes(31)), 1))
    bad("hash_unused_bits", "base64 has no unused bits", whole.replace(hashes[2], _unused_bit(hashes[2]), 1))
    bad("hash_base64url", "base64, not base64url", whole.replace(hashes[2], b64(b"\xff" * 32).replace("/", "_"), 1))
    bad("hashes_64", "64 hashes: no tree is so high", proof(path=[sha256(b"x")] * 64)["proof"])
    bad("carriage_return", "Lines end in a newline alone", whole.replace("\n", "\r\n", 1))
    bad("no_checkpoint", "Nothing behind the empty line", whole.split("\n\n")[0] + "\n\n")
    bad("extra_after_index", "extra stands before index", whole.replace("index 1\n", "index 1\nextra aGk=\n", 1))
    case("proof_extra", "An extra line is allowed and ignored", proof(extra="extra aGVsbG8=\n"), GOOD)


# -- notes, checkpoints --


def case_note():
    body, note = L.body(), L.note()
    first = log_line(L.nodes[0], body)
    stranger = forge.Node(9)

    def bad(name, about, changed, steps=NO_PROOF):
        assert changed != note
        case("note_" + name, about, proof(note=changed), steps)

    def signed(changed):
        return forge.note_of(L.nodes, changed)

    unknown = "".join(forge.line(f"example.org/w{i}", 4, stranger.cosigner, bytes(72)) for i in range(16))
    bad("unknown_lines", "Sixteen lines of unknown keys are ignored (signed-note)", note + unknown, GOOD)
    bad("unknown_type", "A line of unknown type under a known name is ignored", note + forge.line(L.nodes[0].name, 6, stranger.cosigner, bytes(80)), GOOD)
    bad("unknown_id", "The same name with another key id is ignored", note + forge.line(L.nodes[2].name, 4, stranger.cosigner, bytes(72)), GOOD)
    bad("twice", "A true line may stand there twice", note + first, GOOD)
    bad("hyphen", "A signature line begins with U+2014", note.replace("\u2014", "-", 1))
    bad("line_base64", "Signature lines are strict base64", note.replace("=\n", "\n", 1) if "=\n" in note.split("\n\n")[1] else note[:-2] + "\n")
    bad("no_lines", "No signature at all", body + "\n")
    bad("no_empty_line", "No empty line between text and signatures", body + note[len(body) + 1:])
    bad("no_last_newline", "The last line has its newline", note[:-1])
    bad("carriage_return", "No control character but the newline", note.replace("\n", "\r\n", 1))
    bad("spaces", "One space each", note.replace("\u2014 ", "\u2014  ", 1))
    bad("known_false", "A known log key's line that does not verify rejects the note (signed-note)", note + log_line(L.nodes[1], L.body(7)), NO_NOTE)
    bad("known_false_cosigner", "A known cosigner's, too, though two others would do", note + cosignature(L.nodes[2], L.body(7), COSIGNED_S), NO_NOTE)
    bad("known_false_twice", "Beside a true line of the same key, too", note + cosignature(L.nodes[0], L.body(7), COSIGNED_S), NO_NOTE)
    bad("known_time", "The cosignature's time is signed", note.replace(_cosigned_b64(body, 0), _cosigned_b64(body, 1), 1), NO_NOTE)
    bad("known_short", "A known cosigner's line of another length", note + forge.line(L.nodes[2].name, 4, L.nodes[2].cosigner, bytes(64)), NO_NOTE)
    bad("extension", "An extension line, signed with the rest, is allowed (tlog-checkpoint)", signed(body + "extension 1\n"), GOOD)
    bad("extension_unsigned", "but not added later", note.replace(body, body + "extension 1\n", 1), NO_NOTE)
    bad("extension_empty", "Extension lines are not empty", signed(body + "\nextension 1\n"))
    bad("size_zero_before", "A size has no leading zeroes", signed(body.replace("\n8\n", "\n08\n")))
    bad("size_sign", "and no sign", signed(body.replace("\n8\n", "\n+8\n")))
    bad("size_65_bits", "2^64 is no size", signed(body.replace("\n8\n", f"\n{2**64}\n")))
    bad("root_31", "A root has 32 bytes", signed(f"{forge.ORIGIN}\n8\n{b64(bytes(31))}\n"))
    bad("root_unused_bits", "and no unused bits", signed(f"{forge.ORIGIN}\n8\n{_unused_bit(b64(mth(L.leaves)))}\n"))
    bad("two_lines", "A checkpoint has three lines", signed(f"{forge.ORIGIN}\n8\n"))
    bad("empty_root", "The empty tree has one root", signed(body_of(0, mth(L.leaves))))
    bad("no_log", "No listed log signed it", forge.note_of(L.nodes, body, logs=()), NO_LOG)
    bad("second_log", "Any one listed log will do", forge.note_of(L.nodes, body, logs=(2,)), GOOD)
    other = L.body(origin="qizheng.invalid/other")
    bad("other_origin", "The log's key name is not this origin (tlog-checkpoint)", other + "\n" + log_line(L.nodes[0], other) + _cosigned(other), NO_LOG)


def _cosigned(body):
    return "".join(cosignature(L.nodes[i], body, COSIGNED_S) for i in (0, 1))


def _cosigned_b64(body, later):
    """The base64 of node 1's cosignature, its time field moved by so many seconds."""
    made = cosignature(L.nodes[0], body, COSIGNED_S).split(" ")[2].strip()
    raw = forge.base64.b64decode(made)
    return b64(raw[:4] + (COSIGNED_S + later).to_bytes(8, "big") + raw[12:])


# -- quorum, policies --


def case_quorum():
    def with_cosigners(cosigners):
        return good(proof=proof_of(1, forge.path_of(1, L.leaves), L.note(cosigners=cosigners)))

    everyone = "group nodes {} node-1 node-2 node-3\nquorum nodes\n"
    three, none = policy("all", L.policy(everyone.format("all"))), policy("quorum_none", L.policy("quorum none\n"))
    one, single = policy("any", L.policy(everyone.format("any"))), policy("single_witness", L.policy("quorum node-3\n"))
    nested = policy("nested", L.policy("group pair all node-1 node-2\ngroup outer any pair node-3\nquorum outer\n"))
    case("quorum_one_of_two", "One cosignature where two are needed", with_cosigners((1,)), NO_QUORUM)
    case("quorum_none_there", "No cosignature", with_cosigners(()), NO_QUORUM)
    twice = L.note(cosigners=(0,)) + cosignature(L.nodes[0], L.body(), COSIGNED_S + 60)
    case("quorum_twice", "Two cosignatures of one witness are one", proof(note=twice), NO_QUORUM)
    case("quorum_all_met", "all: three of three", good(proof=proof_of(1, forge.path_of(1, L.leaves), L.note(cosigners=(0, 1, 2))),
         issuer=[{**L.link(0), "proof": L.proof(0, note=L.note(cosigners=(0, 1, 2)))}]), GOOD, policy=three)
    case("quorum_all_missed", "all: two of three", good(), NO_QUORUM, policy=three)
    case("quorum_any_met", "any: one of three", with_cosigners((2,)), GOOD, policy=one)
    case("quorum_any_missed", "any: none of three", with_cosigners(()), NO_QUORUM, policy=one)
    case("quorum_single_missed", "A witness that is the quorum by itself did not sign", good(), NO_QUORUM, policy=single)
    case("quorum_nested_met", "A group in a group: both of the pair", good(), GOOD, policy=nested)
    case("quorum_nested_missed", "One of the pair is no pair", with_cosigners((0,)), NO_QUORUM, policy=nested)
    case("quorum_none", "quorum none: the log alone", with_cosigners(()), GOOD, policy=none)
    fourth = forge.Node(9)
    four = policy("three_of_four", L.policy(f"witness node-4 {fourth.cosigner_vkey}\ngroup nodes 3 node-1 node-2 node-3 node-4\nquorum nodes\n"))
    late = L.note(cosigners=(1, 2)) + cosignature(fourth, L.body(), 1)
    case("quorum_one_clock_may_lie", "Four witnesses, one of whom may lie: the second smallest time counts", {**L.receipt(1, (), ()), "proof": L.proof(1, note=late)},
         "---PPPP----", policy=four, existed_by=COSIGNED_S + 10)
    earlier = L.note() + cosignature(L.nodes[1], L.body(), COSIGNED_S - 5)
    case("quorum_earliest_of_one", "Of two cosignatures of one witness the earlier counts", proof(note=earlier), GOOD, existed_by=COSIGNED_S - 5)
    strangers = "".join(f"log {node.log_vkey}\n" for node in L.nodes) + f"witness w {forge.Node(9).cosigner_vkey}\nquorum w\n"
    case("quorum_strangers", "A policy of other witnesses", good(), NO_QUORUM, policy=policy("strangers", strangers))
    cluster = f"log {forge.Node(9).log_vkey}\n" + "".join(f"witness n{i} {node.cosigner_vkey}\n" for i, node in enumerate(L.nodes)) + "group g 2 n0 n1 n2\nquorum g\n"
    case("quorum_other_log", "A policy of another log key", good(), NO_LOG, policy=policy("other_log", cluster))


def case_policy():
    whole = L.policy()

    def bad(name, about, text):
        case("policy_" + name, about, good(), "--PPP------", "unchecked", policy=policy("bad_" + name, text))

    urls = whole.replace("\n", " https://example.org/\n", 1).replace(" ", "\t", 1)
    case("policy_comments_urls", "Comments, blank lines, tabs and URLs (tlog-policy)", good(), GOOD, policy=policy("comments", "# sizes 0 -\n\n \t\n" + urls))
    bad("empty", "No policy", "")
    bad("no_quorum", "No quorum line", whole.replace("quorum nodes\n", ""))
    bad("two_quorums", "Two quorum lines", whole + "quorum nodes\n")
    bad("unknown_word", "A line of another kind", whole.replace("log ", "logs ", 1))
    bad("unknown_member", "A group of an undefined witness", whole.replace("node-3\nquorum", "node-4\nquorum"))
    bad("threshold_0", "A threshold of 0", whole.replace("nodes 2", "nodes 0"))
    bad("threshold_4", "A threshold beyond the group", whole.replace("nodes 2", "nodes 4"))
    bad("threshold_zero_before", "A threshold with a leading zero", whole.replace("nodes 2", "nodes 02"))
    bad("name_twice", "Two witnesses of one name", whole.replace("witness node-2", "witness node-1"))
    renamed = [vkey("other", kind, forge.ed_public(secret)) for kind, secret in ((1, L.nodes[1].log), (4, L.nodes[1].cosigner))]
    bad("log_key_twice", "Two logs of one key, though of two names", f"log {renamed[0]}\n" + whole)
    bad("witness_key_twice", "Two witnesses of one key, though of two names", f"witness other {renamed[1]}\n" + whole)
    bad("vkey_id", "A vkey whose id is not its key's", whole.replace("+", "+0", 1).replace("+0", "+", 1).replace(L.nodes[0].log_vkey.split("+")[1], "00000000", 1))
    bad("vkey_type", "A cosigner's vkey for a log", whole.replace(f"log {L.nodes[0].log_vkey}", f"log {L.nodes[0].cosigner_vkey}", 1))
    bad("no_newline", "The last line has its newline", whole[:-1])
    case("policy_bad_receipt", "What is no receipt is invalid under any policy", b"{}", NO_RECEIPT, policy="bad_empty")
    case("policy_bad_inclusion", "So is a record that is none", good(record="x~"), "-F---------", policy="bad_empty")


# -- issuer chain --


def case_issuer():
    def bad(name, about, receipt, steps=NO_ISSUER_PLAIN):
        case("issuer_" + name, about, receipt, steps)

    firm = L.receipt(5, (), (4, 2, 0))

    def moved(**proof):
        """With another proof of the first link."""
        return {**firm, "issuer": [{**L.link(4), "proof": L.proof(4, **proof)}, L.link(2), L.link(0)]}

    bad("wrong_order", "Links in the wrong order", {**firm, "issuer": [L.link(2), L.link(4), L.link(0)]})
    bad("skipped", "A link is missing", {**firm, "issuer": [L.link(4), L.link(0)]})
    bad("too_many", "A link too many", {**firm, "issuer": [L.link(4), L.link(2), L.link(2), L.link(0)]})
    bad("other_participant", "A link about somebody else", {**firm, "issuer": [L.link(2), L.link(0)]})
    bad("genesis_only", "The genesis does not know him", {**firm, "issuer": [L.link(0)]})
    bad("no_admission", "A contract admits nobody", {**firm, "issuer": [L.link(3), L.link(2), L.link(0)]})
    bad("old_key", "The key that signed came with a rotation, not with this admission", L.receipt(7, (), (4, 2, 0)))
    bad("later", "A link that stands behind what it vouches for", L.receipt(5, (), (6, 0)))
    bad("link_time", "A link with another time", {**firm, "issuer": [{**L.link(4), "time": L.times[4] + 1}, L.link(2), L.link(0)]})
    bad("link_proof", "A link with another's proof", {**firm, "issuer": [{**L.link(4), "proof": L.proof(2)}, L.link(2), L.link(0)]})
    bad("link_quorum", "A link under a checkpoint with one cosignature", moved(note=L.note(cosigners=(0,))))
    bad("link_no_log", "A link under a checkpoint that no log signed", moved(note=L.note(logs=())))
    bad("link_garbage", "A link whose record is none", {**firm, "issuer": [{**L.link(4), "record": "x"}, L.link(2), L.link(0)]})
    bad("link_tilde", "A link's record is a JWS, not a presentation", {**firm, "issuer": [{**L.link(4), "record": L.bodies[4] + "~"}, L.link(2), L.link(0)]})
    bad("genesis_time", "The genesis with another time", {**firm, "issuer": [L.link(4), L.link(2), {**L.link(0), "time": L.times[0] + 1}]})
    other = b64u(L.genesis.replace(b'"protocol":1', b'"protocol":2'))
    bad("genesis_changed", "Another genesis", {**firm, "issuer": [L.link(4), L.link(2), {**L.link(0), "genesis": other}]})
    bad("genesis_no_json", "A genesis that is no JSON", {**firm, "issuer": [L.link(4), L.link(2), {**L.link(0), "genesis": b64u(b"genesis")}]})
    bad("genesis_index", "A genesis proven at another index", {**firm, "issuer": [L.link(4), L.link(2), {**L.link(0), "proof": L.proof(1)}]})
    case_issuer_forged(bad)


def case_issuer_forged(bad):
    """Records that stand in the log although nobody should have admitted them."""

    def after(link, signer, iss, links):
        ledger = L.copy()
        at = ledger.append(link)
        index = ledger.append(compact(signer, ledger.contract(iss)))
        return ledger.receipt(index, (), [at if one is None else one for one in links])

    shady = L.keys["shady"]
    bad("no_registrar", "Admitted by an employer, who is no registrar", after(L.admit("shady", "shady", ["employer"], "acme"), shady, "shady", (None, 0)))
    claims = {**L.person("shady", "shady", ["employer"]), **L.claims("registrar", "participant", "admit")}
    false, unheld = compact(REGISTRAR, claims, sig=lambda s: s[:32] + bytes(32)), L.admit("shady", "shady", ["employer"], "registrar", signer="shady")
    bad("link_signature", "An admission whose signature is false", after(false, shady, "shady", (None, 0)))
    bad("link_key", "An admission signed with a key that its issuer does not hold", after(unheld, shady, "shady", (None, 0)))
    bad("suspend", "`suspend` binds no key", after(L.admit("shady", "shady", ["employer"], "registrar", act="suspend"), shady, "shady", (None, 0)))
    foreign = compact(REGISTRAR, {**L.person("shady", "shady", ["employer"]), **L.claims("registrar", "participant", "admit"), "aud": "ab" * 32})
    bad("link_aud", "An admission to another ledger", after(foreign, shady, "shady", (None, 0)))
    bad("aud", "A record for another ledger", logged(compact(ACME, contract(aud="ab" * 32))))
    bad("iss", "A record in another's name", logged(compact(ACME, contract(iss="registrar"))))
    bad("kid", "A kid that the issuer does not hold", logged(compact(shady, contract())))
    two = {**L.person("acme", "shady", ["employer"]), **L.claims("registrar", "participant", "rotate")}
    two["keys"].append({"jwk": ACME.jwk, "from": forge.CREATED_MS // 1000, "to": forge.CREATED_MS // 1000 + 5})
    case("issuer_two_keys", "`rotate` with the new key and the old one, which still signed", after(compact(REGISTRAR, two), ACME, "acme", (None, 0)), PLAIN)
    case_participants(bad, after)
    high = L.admit("shady", "shady", ["employer"], "bureau")
    text, sig = high.rsplit(".", 1)
    receipt = after(high, shady, "shady", (None, 2, 0))
    receipt["issuer"][0]["record"] = text + "." + b64u(flip_s("ES256", forge.base64.urlsafe_b64decode(sig + "==")))
    bad("link_high_s", "A link's record has the canonical form, too", receipt)


def case_participants(bad, after):
    """Participants and geneses of another form: who reads them otherwise would read another ledger."""
    shady = L.keys["shady"]

    def form(name, about, **changes):
        claims = {**L.person("shady", "shady", ["employer"]), **L.claims("registrar", "participant", "admit"), **changes}
        bad("participant_" + name, about, after(compact(REGISTRAR, claims), shady, "shady", (None, 0)))

    key = L.person("shady", "shady", [])["keys"][0]
    form("uscc", "uscc has 18 characters", uscc="91350100M000100Y4")
    form("role", "A role of the list", roles=["employer", "king"])
    form("no_roles", "One role at least", roles=[])
    form("key_twice", "A key stands there once", keys=[key, key])
    form("key_to", "to is later than from", keys=[{**key, "to": key["from"]}])
    form("key_member", "A key has no other member", keys=[{**key, "use": "sig"}])
    form("key_secret", "A JWK with its secret part", keys=[{**key, "jwk": {**key["jwk"], "d": b64u(bytes(32))}}])
    form("key_off_curve", "A point that is not on the curve", keys=[key, {**key, "jwk": {**key["jwk"], "y": b64u(bytes(31) + b"\1")}}])

    def genesis(name, about, steps=NO_ISSUER_PLAIN, raw=None, **changes):
        ledger = L.refounded(raw or jcs({**L.founding(), **changes}))
        index = ledger.append(compact(REGISTRAR, ledger.contract("registrar")))
        case("genesis_" + name, about, ledger.receipt(index), steps)

    genesis("good", "A ledger of two leaves", PLAIN)
    genesis("not_canonical", "The genesis is in canonical form (RFC 8785)", raw=jcs(L.founding()).replace(b'"rules":', b'"rules": '))
    genesis("member", "No other member", more=1)
    genesis("format", "Another format", format="urn:qizheng:genesis:2")
    genesis("no_registrar", "One registrar at least", participants=[{**one, "roles": ["operator"]} for one in L.founding()["participants"]])
    genesis("node_operator", "A node's operator is a participant with that role", nodes=[{**L.nodes[0].json(), "operator": "acme"}])
    genesis("node_twice", "No key twice", nodes=[L.nodes[0].json(), {**L.nodes[1].json(), "log_vkey": L.nodes[0].log_vkey}])
    genesis("vkey_name", "Log keys are named as the origin", origin="qizheng.invalid/other")


# -- holders: key binding, their own records --


def case_key_binding():
    ledger = L.copy()
    holder, index = L.keys["holder"], ledger.named(hidden=HIDDEN)
    shown = ledger.receipt(index, HIDDEN[:2])
    base = shown["record"]
    wanted = {"audience": "https://court.example/cases/1", "nonce": "4f2a9c", "now": COSIGNED_S, "max_age": 300}

    def bound(name, about, steps, binding, demand=wanted, record=base):
        case("binding_" + name, about, {**shown, "record": record + binding}, steps, demand=demand)

    right = forge.key_binding(holder, base)
    bound("good", "Bound by the holder to what the verifier demands (RFC 9901 section 7.3)", GOOD, right)
    bound("not_demanded", "Nobody demanded it: form, signature and sd_hash are judged", GOOD, right, None)
    bound("missing", "Demanded and not there", NO_DISCLOSURE, "")
    case("binding_leaf", "A leaf has none", ledger.leaf_receipt(index), "--FPPPP----", demand=wanted)
    no_fields = ledger.receipt(index)
    no_fields["record"] += forge.key_binding(holder, no_fields["record"])
    case("binding_alone", "A binding without disclosures", no_fields, GOOD, demand=wanted)
    bound("other_nonce", "Another nonce", NO_DISCLOSURE, right, {**wanted, "nonce": "4f2a9d"})
    bound("other_audience", "Another audience", NO_DISCLOSURE, right, {**wanted, "audience": "https://other.example"})
    bound("too_old", "Older than the verifier allows", NO_DISCLOSURE, right, {**wanted, "now": COSIGNED_S + 301})
    bound("just_young_enough", "As old as the verifier allows", GOOD, right, {**wanted, "now": COSIGNED_S + 300})
    bound("of_the_future", "More than 5 minutes ahead", NO_DISCLOSURE, right, {**wanted, "now": COSIGNED_S - 301})
    bound("expired", "exp counts where it is there", NO_DISCLOSURE, forge.key_binding(holder, base, exp=COSIGNED_S))
    bound("signature", "Signed by another key", NO_DISCLOSURE, forge.key_binding(L.keys["firm2"], base), None)
    bound("alg", "The alg is the key's own", NO_DISCLOSURE, forge.key_binding(holder, base, header={"alg": "ES256K", "typ": "kb+jwt"}), None)
    bound("typ", "typ is kb+jwt", NO_DISCLOSURE, forge.key_binding(holder, base, header={"alg": "Ed25519", "typ": "JWT"}), None)
    bound("kid", "The header has alg and typ alone", NO_DISCLOSURE, forge.key_binding(holder, base, header={"alg": "Ed25519", "typ": "kb+jwt", "kid": holder.kid}), None)
    bound("no_nonce", "nonce is there", NO_DISCLOSURE, forge.key_binding(holder, base, nonce=None), None)
    bound("iat_float", "iat is an integer", NO_DISCLOSURE, forge.key_binding(holder, base, iat=1.5), None)
    dropped = base.rsplit("~", 2)[0] + "~"
    bound("dropped", "A disclosure was dropped since: sd_hash is of another presentation", NO_DISCLOSURE, right, None, dropped)
    bound("two", "Two key bindings", NO_DISCLOSURE, right + "~" + right, None)
    case("binding_no_cnf", "The record names no holder", {**good(), "record": good()["record"] + forge.key_binding(holder, good()["record"])}, NO_DISCLOSURE)


def case_holder():
    def own(signer="holder", links=None, named=None, **more):
        """acknowledge, about a contract of acme's at 8."""
        ledger = L.copy()
        at = ledger.append(named) if named else ledger.named()
        index = ledger.append(compact(L.keys[signer], ledger.acknowledgement(at, **more)))
        return ledger.receipt(index, (), links or (at, 0))

    def bad(name, about, receipt, steps=NO_ISSUER_PLAIN):
        case("holder_" + name, about, receipt, steps)

    bad("good", "A holder's own record: the first link is the record that it names in ref", own(), PLAIN)
    bad("no_link", "Without that record", own(links=(0,)))
    bad("other_ref", "ref names another record", own(ref="ab" * 32))
    bad("no_ref", "ref names none", own(ref=None))
    bad("other_key", "Signed with another key than cnf's", own(signer="holder2"))
    bad("other_iss", "iss is another key's URI", own(iss=forge.THUMBPRINT + L.keys["holder2"].kid))
    bad("participant_iss", "iss is a participant, who has no such key", own(iss="acme", links=(0,)))
    bad("no_cnf", "The record that ref names has no holder", own(named=compact(ACME, contract())))
    bad("other_type", "The record that ref names is of another type", own(vct="urn:qizheng:benefit:1"))
    bad("link_signature", "Its signature is false", own(named=compact(ACME, contract(cnf={"jwk": L.keys["holder"].jwk}), sig=lambda s: s[:32] + ACME.sign(b"x")[32:])))
    bad("iss_form", "A thumbprint of 31 bytes", own(iss=forge.THUMBPRINT + b64u(bytes(31))), NO_RECORD)
    bad("cnf_form", "cnf is {jwk} alone", logged(compact(ACME, contract(cnf={"kid": "x"}))), NO_RECORD)


def case_tags():
    person = "11010519491231002X"  # of GB 11643-1999's own example
    tag, evidence = L.tag(person)

    def shown(name, about, steps, evidence, issuer=True, tags=None):
        one = disclosure("tag_evidence", evidence)
        receipt = logged(compact(ACME, contract([one], tags={"worker": tag} if tags is None else tags)), [one])
        if not issuer:
            del receipt["issuer"]
        case("tag_" + name, about, receipt, steps)

    def changed(**parts):
        return {"worker": {**evidence, "evaluations": [{**evidence["evaluations"][0], **parts}]}}

    shown("good", "Evidence that leads to the record's tag, under the genesis's key (RFC 9497)", GOOD, {"worker": evidence})
    shown("good_no_issuer", "Without a chain the evidence is checked in itself", "--PPPPP----", {"worker": evidence}, False)
    shown("good_full_width", "The number counts as it is normalised", GOOD, {"worker": {**evidence, "id_number": "１１０１０５　１９４９１２３１　００２ｘ"}})
    shown("good_15_digits", "A number of the first generation", GOOD, {"worker": {**evidence, "id_number": "110105491231002"}})
    shown("other_person", "Another person's number", NO_DISCLOSURE, {"worker": {**evidence, "id_number": "440524188001010014"}})
    shown("other_tag", "Right in itself, but of another person", NO_DISCLOSURE, {"worker": L.tag("440524188001010014")[1]})
    shown("other_blind", "Another blind", NO_DISCLOSURE, {"worker": {**evidence, "blind": L.tag("440524188001010014")[1]["blind"]}})
    shown("proof", "A false proof", NO_DISCLOSURE, changed(proof=b64u(b"\1" + bytes(31) + b"\1" + bytes(31))))
    shown("other_key", "Made with another key than the genesis's", NO_DISCLOSURE, *_own_key(person))
    shown("no_key", "The genesis has no key of this domain", NO_DISCLOSURE, *_own_key(person, "benefit"))
    shown("no_role", "For a role in which the record has no tag", NO_DISCLOSURE, {"person": evidence})
    shown("check_digit", "A resident number with another check character", NO_DISCLOSURE, {"worker": {**evidence, "id_number": "110105194912310021"}})
    shown("form", "Evidence with another member", NO_DISCLOSURE, {"worker": {**evidence, "x": 1}})
    shown("empty", "No role at all", NO_DISCLOSURE, {})
    version = {"worker": {**tag, "v": 2}}
    shown("version", "A key version that the genesis does not have", NO_DISCLOSURE, {"worker": evidence}, True, version)


def _own_key(person, domain="labour"):
    """Evidence and tag that agree with each other, under a key of somebody's own: (evidence, issuer, tags)."""
    if domain == "labour":
        class Other(forge.Ledger):
            @staticmethod
            def tag_secret(domain):
                return forge.derive(bytes(32), domain.encode())
        tag, evidence = Other.tag(person)
    else:
        tag, evidence = L.tag(person, domain=domain)
    return {"worker": evidence}, True, {"worker": tag}


# -- document, timestamps --


def case_document():
    files["cases/other_document.txt"] = b"another document\n"
    files["cases/empty_document.txt"] = b""

    def doc(name, about, steps, outcome=None, document="document.txt", receipt=None, **changes):
        receipt = receipt or logged(compact(ACME, contract(**changes)))
        case("document_" + name, about, receipt, steps, outcome, document=document)

    right, wrong = L.contract("acme")["doc"], [{"alg": a, "digest": b64u(bytes(32))} for a in ("sha-256", "sm3")]
    doc("other", "Another document", "F" + PLAIN[1:], document="cases/other_document.txt")
    doc("empty", "An empty document is a document", "F" + PLAIN[1:], document="cases/empty_document.txt")
    doc("none_named", "A record that names no document is about none", "F" + PLAIN[1:], doc=None)
    doc("sha256_alone", "Named by SHA-256 alone", "P" + PLAIN[1:], doc=right[:1])
    doc("sm3_alone", "Named by SM3 alone", "P" + PLAIN[1:], doc=right[1:])
    doc("sm3_differs", "Every algorithm that the record names has to agree", "F" + PLAIN[1:], doc=[right[0], wrong[1]])
    doc("sha256_differs", "SHA-256 included", "F" + PLAIN[1:], doc=[wrong[0], right[1]])
    doc("one_of_two", "One of two documents that the record names", "P" + PLAIN[1:], doc=[wrong[0], right[0]])
    doc("leaf", "A leaf cannot be compared with a document", "---PPPP----", "unchecked", receipt=L.leaf_receipt(1))


def case_timestamps():
    made = json.loads(_read("timestamps.json"))
    receipt = json.loads(_read("good.json"))
    for name in ("anchor", "other_anchor", "authority"):
        files[f"cases/{name}.pem"] = made[name].encode()

    def stamped(name, about, tokens, steps, anchor="anchor"):
        listed = [{"type": "rfc3161", "token": made.get(token, token)} for token in tokens]
        case("timestamp_" + name, about, {**receipt, "timestamps": listed}, steps, policy="world", tsa=f"cases/{anchor}.pem" if anchor else None)

    policy("world", _read("policy.txt"))
    yes, no = "-PPPPPPP-P-", "-PPPPPPP-F-"
    stamped("sha256", "A token over the checkpoint, by SHA-256", ["sha256"], yes)
    stamped("sm3", "by SM3", ["sm3"], yes)
    stamped("one_of_two", "One token of a trusted authority is enough", ["other_data", "sha256"], yes)
    stamped("authority", "Any certificate on the way may be the anchor", ["sha256"], yes, "authority")
    stamped("other_anchor", "Another anchor", ["sha256"], no, "other_anchor")
    stamped("other_data", "A token over other bytes", ["other_data"], no)
    stamped("sha1", "A token over a weak digest", ["sha1"], no)
    stamped("not_for_time", "A certificate that is not for time stamping", ["not_for_time"], no)
    stamped("no_base64", "A token that is no base64", ["not base64"], no)
    files["cases/garbage.pem"] = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    stamped("garbage_anchor", "nor with anchors that are no certificates", ["sha256"], "-PPPPPPP---", "garbage")
    stamped("no_anchor", "Without anchors tokens are not checked", ["sha256"], "-PPPPPPP---", None)


# -- files --


def _read(name):
    with open(os.path.join(FOLDER, name), "rb") as source:
        return source.read()


def case_world():
    """The receipts of the C tests' own ledger (tests/lib/world.h)."""
    files["cases/another_document.txt"] = b"another document"
    for name in sorted(os.listdir(FOLDER)):
        if name.endswith(".verdict.json"):
            verdict, name = json.loads(_read(name)), name.split(".")[0]
            document = "cases/another_document.txt" if name == "other_document" else "document.txt"
            cases.append({"name": "world_" + name, "about": "See README.md", "receipt": name + ".json", "policy": "policy.txt", "document": document, **verdict})


def gather():
    policy("two_of_three", L.policy())
    for one in (case_good, case_json, case_members, case_record_form, case_record_signature, case_disclosures, case_leaf, case_inclusion, case_proof, case_note,
                case_quorum, case_policy, case_issuer, case_key_binding, case_holder, case_tags, case_document, case_timestamps, case_world):
        one()
    files["cases/document.txt"] = DOCUMENT
    for made in cases:
        if made.get("document") == "document.txt" and made["receipt"].startswith("cases/"):
            made["document"] = "cases/document.txt"
    assert len({made["name"] for made in cases}) == len(cases)
    files["manifest.json"] = json.dumps({"steps": STEPS, "cases": cases}, indent=1, ensure_ascii=False).encode() + b"\n"


def main():
    gather()
    bad = []
    for name, data in files.items():
        path = os.path.join(FOLDER, name)
        if "--check" in sys.argv:
            if not os.path.exists(path) or _read(name) != data:
                bad.append(name)
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(data)
    for folder in ("cases", "policies"):
        bad += [f"{folder}/{name}" for name in os.listdir(os.path.join(FOLDER, folder)) if f"{folder}/{name}" not in files]
    print(f"{len(cases)} cases", *(f"\n{name} is not what make_receipts.py makes" for name in bad))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
