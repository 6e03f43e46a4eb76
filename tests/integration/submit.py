"""Submissions good and bad against a real node: each refusal is the right one, says why, and leaves no leaf.

    submit.py URL LEDGER     participants emp-a (ES256K, key "a") and emp-b (Ed25519, key "b") are registered already"""
import concurrent.futures
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from client import Key, Node, b64u, contract, high_s, jcs, jws, record_id, resigned, same_receipt  # noqa: E402

node, ledger = Node(sys.argv[1]), sys.argv[2]
a, b, stranger = Key("ES256K", "a"), Key("Ed25519", "b"), Key("ES256K", "stranger")
failed = False


def ok(name, condition, said=""):
    global failed
    print(("ok " if condition else "FAIL ") + name, "" if condition else said)
    failed |= not condition


def refused(name, body, status, code, media="application/jose", pointer=None, rule=None):
    before = node.size()
    got, head, reply = node.post_record(body, media)
    right = got == status and reply.get("code") == code and reply.get("type") == "urn:qizheng:problem:" + code and reply.get("status") == status
    right = right and head.get("content-type", "").startswith("application/problem+json") and len(reply.get("detail", "")) > 10 and reply.get("title_zh")
    right = right and (pointer is None or reply.get("pointer") == pointer) and (rule is None or (reply.get("rule") == rule and reply.get("law")))
    ok(f"{name}: {status} {code}, no leaf", right and node.size() == before, f"got {got} {reply}")


def of(key=a, issuer="emp-a", **changes):
    return jws(key, contract(ledger, issuer, **changes))


def accepted(name, text, status=201):
    got, head, reply = node.post_record(text)
    good = got == status and reply.get("id") == record_id(text) and reply.get("receipt", {}).get("proof", "").startswith("c2sp.org/tlog-proof@v1\n")
    ok(name, good and head.get("location", "").endswith(record_id(text) + "/receipt"), f"got {got} {reply}")
    return reply


# -- what is taken --
first = of()
size = node.size()
reply = accepted("a lawful contract is taken with its receipt", first)
ok("it is one leaf", node.size() == size + 1)
again = accepted("the same bytes again give the same leaf", first, 200)
ok("with the same index", again["index"] == reply["index"])
other = accepted("the same signing input with the other S form gives the same leaf", high_s(first), 200)
ok("and the stored canonical record", other["receipt"]["record"] == first + "~", other["receipt"].get("record"))
other = accepted("the same signing input with another nonce gives the same leaf", resigned(a, first), 200)
ok("and the stored record, whose hash the leaf carries", other["receipt"]["record"] == first + "~", other["receipt"].get("record"))
refused("the same signing input with a false signature", first.rsplit(".", 1)[0] + "." + b64u(bytes([1]) * 64), 400, "signature_invalid")
got, _, made = node.post_record(of(key=b, issuer="emp-b") + "~", "application/sd-jwt")
ok("application/sd-jwt with one tilde is taken, signed with Ed25519", got == 201, made)
got, _, made = node.post_record(of(), Prefer="respond-async")
ok("respond-async is answered 202 with where to look", got == 202 and made.get("id"), made)
same = of()
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    size = node.size()
    replies = list(pool.map(lambda _: node.post_record(same), range(32)))
time.sleep(0.2)
ok("32 at once of the same record make one leaf", {r[2]["index"] for r in replies if "index" in r[2]} .__len__() == 1 and all(r[0] in (200, 201) for r in replies),
   [r[0] for r in replies])
flagged = accepted("a contract that lacks mandatory terms is taken", of(elements=["employer", "worker", "term"]))
ok("and flagged by LC-10 with a finding", any(f["rule"] == "LC-10" and f["result"] == "FAIL" and f.get("finding") for f in flagged.get("findings", [])), flagged.get("findings"))

# -- form --
refused("an empty body", b"", 400, "jws")
refused("one dot", b"a.b", 400, "jws")
refused("three dots", first + ".x", 400, "jws")
refused("a space in the JWS", first.replace(".", ". ", 1), 400, "base64")
refused("padding", first + "==", 400, "base64")
refused("JSON instead of a JWS", b"{}", 400, "jws")
refused("a header with crit", jws(a, contract(ledger, "emp-a"), {"alg": "ES256K", "kid": a.kid, "typ": "qizheng-record+sd-jwt", "crit": ["b64"]}), 400, "jws")
refused("a header with an embedded key", jws(a, contract(ledger, "emp-a"), {"alg": "ES256K", "kid": a.kid, "typ": "qizheng-record+sd-jwt", "jwk": a.jwk}), 400, "jws")
refused("alg none", jws(a, contract(ledger, "emp-a"), {"alg": "none", "kid": a.kid, "typ": "qizheng-record+sd-jwt"}, b""), 400, "jws")
refused("another typ", jws(a, contract(ledger, "emp-a"), {"alg": "ES256K", "kid": a.kid, "typ": "qizheng-auth+jwt"}), 400, "jws")
refused("a duplicate name", jws(a, jcs(contract(ledger, "emp-a"))[:-1] + b',"act":"conclude"}'), 400, "malformed_json")
refused("a fraction", jws(a, jcs(contract(ledger, "emp-a"))[:-1] + b',"x":1.5}'), 400, "malformed_json")
refused("depth 9", jws(a, jcs(contract(ledger, "emp-a"))[:-1] + b',"x":' + b"[" * 9 + b"]" * 9 + b"}"), 400, "malformed_json")
refused("a payload that is no object", jws(a, b"[]"), 422, "schema")
refused("more than 16 KiB", of(changed=["x" * 17000]), 413, "too_large")
refused("a megabyte", b"a" * 1000000, 413, "too_large")
refused("a form", first, 415, "media_type", media="application/x-www-form-urlencoded")
refused("plain text", first, 415, "media_type", media="text/plain")
refused("a disclosure behind the record", first + "~" + b64u(b'["c2FsdHNhbHRzYWx0c2FsdA","post","x"]') + "~", 422, "disclosure_submitted", media="application/sd-jwt")

# -- who --
bad = bytearray(a.sign(b"x"))
refused("a signature over something else", jws(a, contract(ledger, "emp-a"), sig=bytes(bad)), 400, "signature_invalid")
refused("a signature of zeros", jws(a, contract(ledger, "emp-a"), sig=bytes(64)), 400, "signature_invalid")
refused("a key that nobody registered", of(key=stranger), 403, "issuer_unknown")
refused("another's name over one's own key", of(key=b, issuer="emp-a"), 403, "issuer_unknown")
refused("another algorithm than the registered key's", jws(a, contract(ledger, "emp-a"), {"alg": "ES256", "kid": a.kid, "typ": "qizheng-record+sd-jwt"}), 403, "alg_mismatch")
refused("a record for another ledger", of(aud="00" * 32), 422, "audience")
refused("a draft of last month", of(iat=int(time.time()) - 30 * 86400), 422, "window")
refused("a date in the future", of(iat=int(time.time()) + 3600), 422, "window")
admit = {"iss": "emp-a", "aud": ledger, "iat": int(time.time()), "jti": b64u(os.urandom(16)), "vct": "urn:qizheng:participant:1", "act": "admit", "id": "mallory", "name": "x",
         "uscc": "91999999FAKE00013K", "roles": ["registrar"], "keys": [{"jwk": stranger.jwk, "from": 0}]}
refused("an employer that admits participants", jws(a, admit), 403, "role")

# -- what it says --
refused("an unknown type", of(vct="urn:qizheng:marriage:1"), 422, "schema", pointer="/vct")
refused("an unknown act", of(act="celebrate"), 422, "schema", pointer="/act")
refused("an unknown claim", of(colour="red"), 422, "schema", pointer="/colour")
refused("no document", of(doc=None), 422, "schema")
refused("a short jti", of(jti=b64u(b"short")), 422, "schema", pointer="/jti")
refused("no jti", of(jti=None), 422, "schema", pointer="/jti")
refused("the 30th of February", of(start="2026-02-30"), 422, "schema", pointer="/start")
refused("a text where a number belongs", of(probation_months="6"), 422, "schema", pointer="/probation_months")
refused("an id number in the clear", of(signatures=[{"role": "employer", "cert_serial": "11010519491231002X"}, {"role": "worker"}]), 422, "personal_field")
refused("seven months of probation", of(probation_months=7), 409, "rule", rule="LC-03")
refused("three months of probation in a term of two years", of(end="2027-12-31", probation_months=3), 409, "rule", rule="LC-03")
refused("only the employer signed", of(signatures=[{"role": "employer"}]), 409, "rule", rule="LC-09")

# -- chains --
opening = of()
head = accepted("a contract to follow", opening)["id"]
amend = dict(act="amend", ref=head, changed_fields=["post"], effective_date="2026-03-01", kind=None, form=None, start=None, end=None, work_start=None, signed_on=None,
             probation_months=None, elements=None)
refused("another employer's amendment", of(key=b, issuer="emp-b", **amend), 403, "scope")
amended = of(**amend)
accepted("an amendment", amended)
refused("a second amendment of the same head", of(**amend), 409, "stale_ref")
refused("an amendment of nothing", of(**{**amend, "ref": "ab" * 32}), 409, "stale_ref")
refused("an amendment without ref", of(**{**amend, "ref": None}), 422, "schema", pointer="/ref")
ending = dict(act="end", ref=record_id(amended), reason_code="44-1", date="2026-12-31", doc=None, kind=None, form=None, start=None, end=None, work_start=None,
              signed_on=None, probation_months=None, elements=None, signatures=None)
ended = of(**ending)
accepted("an end", ended)
refused("an amendment after the end", of(**{**amend, "ref": record_id(ended)}), 409, "state")
correction = of(act="correct", ref=record_id(ended), replaces=head)
accepted("a correction of the opening record after the end", correction)
refused("a second correction of the same record", of(act="correct", ref=record_id(correction), replaces=head), 409, "state")

# -- an answer's receipt, made from memory, is the one that the store gives --
worker = Key("Ed25519", "worker")
names_worker = of(cnf={"jwk": worker.jwk})
word = {"iss": "urn:ietf:params:oauth:jwk-thumbprint:sha-256:" + worker.kid, "aud": ledger, "iat": int(time.time()), "jti": b64u(os.urandom(16)), "vct": "urn:qizheng:labour-contract:1",
        "act": "acknowledge", "ref": record_id(names_worker)}
hidden = {"_sd": [b64u(os.urandom(32)) for _ in range(3)], "_sd_alg": "sha-256"}
hidden["_sd"].sort()
after = of(**{**amend, "ref": record_id(jws(worker, word))})
for name, text, status, media, key, issuer in (
        ("with the other S", high_s(of()), 201, "application/jose", a, "emp-a"), ("signed with Ed25519", of(key=b, issuer="emp-b"), 201, "application/jose", b, "emp-b"),
        ("with hidden fields and a tilde", of(**hidden) + "~", 201, "application/sd-jwt", a, "emp-a"), ("with findings", of(elements=["employer", "worker", "term"]), 201, "application/jose", a, "emp-a"),
        ("that names a holder", names_worker, 201, "application/jose", a, "emp-a"), ("by that holder", jws(worker, word), 201, "application/jose", a, "emp-a"),
        ("that follows it", after, 201, "application/jose", a, "emp-a"), ("that is known", first, 200, "application/jose", a, "emp-a"),
        ("that is known with another signature", resigned(a, first), 200, "application/jose", a, "emp-a")):
    got, told, read = node.receipts(text, key, issuer, media)
    ok(f"a record {name} has the receipt that the store gives", got == status and same_receipt(told, read), (got, told[:300], read[:300]))

# -- the receipt's public half, and what is not there --
status, headers, data = node.get(f"/v1/records/{head}/receipt")
public = json.loads(data)
ok("the public receipt has the leaf and not the record", status == 200 and "leaf" in public and "record" not in public and "issuer" not in public, data[:200])
status, headers, data = node.get(f"/v1/records/{head}/receipt", Accept="text/plain")
ok("as plain text it is the bare tlog-proof", status == 200 and data.startswith(b"c2sp.org/tlog-proof@v1\nindex ") and headers["content-type"].startswith("text/plain"), data[:100])
for path, want in (("/v1/records/" + "0" * 64 + "/receipt", 404), ("/v1/records/xyz/receipt", 404), ("/nowhere", 404), ("/v1/records", 401), ("/v1/batches", 405), ("/v1/documents/md5/00", 404), ("/tile/0/001", 404)):
    status, headers, data = node.get(path)
    ok(f"GET {path} is {want} with a problem", status == want and json.loads(data)["status"] == want, data[:200])
sys.exit(failed)
