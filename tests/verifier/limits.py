"""Both verifiers at every limit of docs/FORMATS.md and one beyond: limits.py BUILD. At the limit the receipt is valid, beyond it is not, and both agree in every step.

Made anew each time, since the files would be large; one line "ok NAME" or "FAIL NAME" each."""
import base64
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "vectors")]
import forge  # noqa: E402
from conformance import ask, brief, commands  # noqa: E402
from primitives import b64u, jcs, vkey  # noqa: E402

L = forge.Ledger()
REGISTRAR = L.keys["registrar"]
SHADY = L.keys["shady"]


def signed(claims, shown=()):
    """The receipt of a record with these claims, by the registrar."""
    ledger = L.copy()
    return ledger.receipt(ledger.append(forge.compact(REGISTRAR, claims)), shown)


def contract(hidden=(), /, **more):
    return L.contract("registrar", hidden, **more)


def padded(make, size):
    """A pad with which make(pad) has that length, or one more where no base64url has it."""
    pad = (size - len(make(""))) // 4 * 3 - 3
    while len(make("x" * pad)) < size:
        pad += 1
    assert len(make("x" * pad)) <= size + 1
    return "x" * pad


def participant(**changes):
    """shady's record, who was admitted with these changes."""
    ledger = L.copy()
    claims = {**L.person("shady", "shady", ["employer"]), **L.claims("registrar", "participant", "admit"), **changes}
    at = ledger.append(forge.compact(REGISTRAR, claims))
    return ledger.receipt(ledger.append(forge.compact(SHADY, ledger.contract(claims["id"]))), (), (at, 0))


def founded(**changes):
    ledger = L.refounded(jcs({**L.founding(), **changes}))
    return ledger.receipt(ledger.append(forge.compact(REGISTRAR, ledger.contract("registrar"))))


def noted(note):
    return {**L.receipt(2), "proof": L.proof(2, note=note)}


# Each takes the number that is the limit, or one more, and gives a receipt, or (receipt, policy).


def receipt_bytes(n):
    receipt = {**L.receipt(2), "x-pad": ""}
    return {**receipt, "x-pad": "x" * (n - len(forge.text(receipt)))}


def record_bytes(n):
    return signed(contract(note=padded(lambda pad: forge.compact(REGISTRAR, contract(note=pad)), n)))


def disclosure_bytes(n):
    one = forge.disclosure("a", padded(lambda pad: forge.disclosure("a", pad), n))
    return signed(contract([one]), [one])


def presented_bytes(n):
    some = [forge.disclosure(f"a{i}", "x" * 11000) for i in range(4)]
    length = len(signed(contract(some + [forge.disclosure("last", "")]), some)["record"]) + 1
    last = forge.disclosure("last", padded(lambda pad: forge.disclosure("last", pad), n - length))
    return signed(contract(some + [last]), some + [last])


def disclosures(n):
    some = [forge.disclosure(f"a{i}", i) for i in range(n)]
    return signed(contract(some), some)


def marks(n):
    """Commas and opening brackets of the whole receipt."""
    text = forge.text({**L.receipt(2), "x-many": []}).decode()
    outside = "".join(text.split('"')[::2])
    return {**L.receipt(2), "x-many": [0] * (n - sum(map(outside.count, ",[{")) + 1)}


def note_lines(n):
    known = L.note()
    more = n - known.count("\u2014")
    return noted(known + "".join(forge.line(f"w{i}", 4, L.nodes[0].cosigner, bytes(72)) for i in range(more)))


def note_bytes(n):
    for name in ("w", "ww", "www", "wwww"):  # base64 comes in fours, names do not
        empty = L.note() + forge.line(name, 9, L.nodes[0].log, bytes(2))  # with the key id six bytes, that is no padding
        rest = n - len(empty.encode())
        if rest % 4 == 0:
            return noted(L.note() + forge.line(name, 9, L.nodes[0].log, bytes(2 + rest // 4 * 3)))
    raise AssertionError("one of four names has to do")


def policy_names(n):
    chain = "group g0 2 node-1 node-2 node-3\n" + "".join(f"group g{i} all g{i - 1}\n" for i in range(1, n - 3))
    return L.receipt(2), L.policy(f"{chain}quorum g{n - 4}\n")


def policy_logs(n):
    return L.receipt(2), "".join(f"log {vkey(forge.ORIGIN, 1, forge.ed_public(forge.sha256(b'%d' % i)))}\n" for i in range(n - 3)) + L.policy()


def policy_bytes(n):
    return L.receipt(2), L.policy() + "#" * (n - len(L.policy()) - 1) + "\n"


def policy_key_name(n):
    return L.receipt(2), f"log {vkey('l' * n, 1, forge.ed_public(bytes(32)))}\n" + L.policy()


def timestamps(n):
    return {**L.receipt(2), "timestamps": [{"type": "rfc3161", "token": "MAA="}] * n}


def binding_text(n):
    ledger, holder = L.copy(), L.keys["holder"]
    receipt = ledger.receipt(ledger.named())
    return {**receipt, "record": receipt["record"] + forge.key_binding(holder, receipt["record"], nonce="n" * n)}


def keys(n):
    made = [{"jwk": forge.Signer("Ed25519", f"limit {i}").jwk, "from": 0} for i in range(n - 1)]
    return participant(keys=made + [{"jwk": SHADY.jwk, "from": 0}])


def chain(n):
    """Registrars who admit registrars, the last of whom signs."""
    ledger, ats, by = L.copy(), [], "registrar"
    ledger.keys = dict(L.keys)
    for i in range(n - 1):
        ledger.keys[f"r{i}"] = forge.Signer("Ed25519", f"limit {i}")
        ats.append(ledger.append(ledger.admit(f"r{i}", f"r{i}", ["registrar"], by)))
        by = f"r{i}"
    index = ledger.append(forge.compact(ledger.keys[by], ledger.contract(by)))
    return ledger.receipt(index, (), ats[::-1] + [0])


def genesis_bytes(n):
    pad = n - len(jcs({**L.founding(), "parameters": {"pad": ""}}))
    return founded(parameters={"pad": "x" * pad})


def origin(n):
    return founded(nodes=[{**node.json(), "name": "n" * (n - i), "cosigner_vkey": vkey("n" * (n - i), 4, forge.ed_public(node.cosigner))} for i, node in enumerate(L.nodes)])


def tags(n):
    return signed(contract(tags={f"role-{i}": {"d": "labour", "v": 1, "t": b64u(bytes(32))} for i in range(n)}))


def tag(**changes):
    return signed(contract(tags={"worker": {"d": "labour", "v": 1, "t": b64u(bytes(32)), **changes}}))


def docs(n):
    return signed(contract(doc=[{"alg": "sha-256", "digest": b64u(forge.sha256(bytes([i])))} for i in range(n)]))


LIMITS = {
    receipt_bytes: 512 * 1024, disclosure_bytes: 16 * 1024, record_bytes: 16 * 1024, presented_bytes: 64 * 1024, disclosures: 128, marks: 32767,
    note_lines: 200, note_bytes: 64 * 1024, policy_names: 256, policy_logs: 256, policy_bytes: 64 * 1024, policy_key_name: 200, timestamps: 16, binding_text: 512, keys: 16, chain: 64, genesis_bytes: 256 * 1024, origin: 200, tags: 8, docs: 8,
}
MORE = {
    "act": (31, lambda n: signed(contract(act="a" * n))),
    "type": (63, lambda n: signed(contract(vct=f"urn:qizheng:{'t' * n}:1"))),
    "version": (65535, lambda n: signed(contract(vct=f"urn:qizheng:labour-contract:{n}"))),
    "tag_version": (2**32 - 1, lambda n: tag(v=n)),
    "tag_domain": (31, lambda n: tag(d="d" * n)),
    "integer": (2**53 - 1, lambda n: signed(contract(more=n))),
    "integer_below": (2**53 - 1, lambda n: signed(contract(more=-n))),
    "participant_id": (88, lambda n: participant(id="p" * n)),
    "participant_name": (200, lambda n: participant(name="n" * n)),
    "rule_id": (15, lambda n: founded(rules=[{"id": "r" * n, "version": 1, "action": "flag", "parameters": {}}])),
}


def cases():
    """(name, is it within, request)"""
    made = [(function.__name__, limit, function) for function, limit in LIMITS.items()]
    made += [(name, limit, function) for name, (limit, function) in MORE.items()]
    for name, limit, function in made:
        for number in (limit, limit + 1):
            answer = function(number)
            receipt, policy = answer if isinstance(answer, tuple) else (answer, L.policy())
            request = {"receipt": base64.b64encode(forge.text(receipt)).decode(), "policy": base64.b64encode(policy.encode()).decode()}
            yield f"{name}_{number}", number == limit, request


def main():
    listed, bad = list(cases()), 0
    first, second = (ask(command, [request for *_, request in listed]) for command in commands(sys.argv[1]).values())
    for (name, within, _), one, two in zip(listed, first, second):
        good = brief(one) == brief(two) and (one["outcome"] == "valid") == within
        bad += not good
        print("ok" if good else "FAIL", "limit_" + name)
        if not good:
            for answer in (one, two):
                print("   ", answer["outcome"], *(f"{step['step']}: {step['reason']}" for step in answer["steps"] if step["result"] == "fail"))
    return bool(bad or not listed)


if __name__ == "__main__":
    sys.exit(main())
