"""Both verifiers on receipts that were changed at random: mutate.py BUILD [--count N] [--seed S].

Changes happen at every level: bytes, characters of base64 fields, decoded bytes, JSON values, lines of proofs and policies; and records,
disclosures, key bindings, links, the genesis and checkpoints are changed and signed again, so that the deep steps are reached. Outcome, every
step's result and the times shown have to agree. Case i depends on the seed and i alone; a disagreement is printed with both reasons, and
`--only i` shows its request."""
import argparse
import base64
import collections
import copy
import functools
import json
import os
import random
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "vectors")]
import forge  # noqa: E402
from conformance import ask, brief, commands, read  # noqa: E402
from primitives import b64u, jcs  # noqa: E402

BATCH = 250
TAGS = 0.02  # and of those with evidence of tags, which is arithmetic in Python
TIMESTAMPS = 0.03  # share of receipts with tokens: each takes two runs of `openssl`
HASH = forge.sha256(b"mutation")
VALUES = [None, True, False, 0, 1, -1, 2**53 - 1, 2**53, 2**64, 1.5, "", "x", "0", "\0", "é", "\u2028", "_sd", "...", "sha-256", "sm3", "ES256", "EdDSA", "none",
          "admit", "rotate", "registrar", "acme", "firm", "ab" * 32, "AB" * 32, b64u(HASH), b64u(HASH)[:-1] + "_", b64u(bytes(16)), b64u(bytes(15)),
          "x" * 300, [], {}, [[]], [None], {"_sd": []}, [{"...": "x"}],
          [[[[[[[[]]]]]]]], 1795420543, 1795420543123]
NAMES = ["x-own", "extra", "_sd", "...", "cnf", "tags", "ref", "replaces", "doc", "to", "leaf", "membership", "timestamps", "act"]
ISSUERS = [("registrar", "registrar", (0,))] * 3 + [("acme", "acme", (0,)), ("firm", "firm2", (6, 0)), ("firm", "firm", (4, 2, 0)), ("bureau", "bureau", (2, 0))]
ORDERS = [0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141, 2**252 + 27742317777372353535851937790883648493]
TOKENS = ["sha256", "sm3", "sha256", "sm3", "bare", "sha1", "other_data", "not_for_time"]
ANCHORS = ["anchor", "anchor", "authority", "intermediate", "other_anchor"]
PERSONS = [("11010519491231002X", "resident-id"), ("E12345678", "passport")]
NUMBERS = ["11010519491231002x", "110105491231002", "１１０１０５　１９４９１２３１　００２ｘ", " 110105 19491231 002X", "1101051949123100２X", "11010519491231002\u200bX", "e 1234 5678", "E12345678\t",
           "e\u00a012345678", "\u3000", "", "110105491331002", "11010519490229002X", "E" * 64, "E" * 65, "E12345678\n", "ｅ１２３４５６７８", "é12345678"]
LINES = ["", "\n", "x", "index 1", "extra aGk=", "extra ", "quorum none", "log x", "witness a b", "# comment",
         "group g any node-1", "quorum nodes", "\u2014 a AAAAAAA=", "08"]


def _unjson(data):
    return json.loads(data.decode("utf-8", "surrogateescape"))


@functools.lru_cache(maxsize=None)
def tag_of(number, id_type):
    return forge.Ledger.tag(number, id_type=id_type)


class Mutation:
    def __init__(self, ledger, seed, number):
        self.rng = random.Random(f"{seed} {number}")
        self.ledger = ledger.copy()

    # -- bits and pieces --

    def bytes(self, data):
        """One to three edits of bytes."""
        data = bytearray(data)
        for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
            at = self.rng.randrange(len(data) + 1)
            kind = self.rng.randrange(6)
            if kind == 0 and data:
                data[at % len(data)] ^= 1 << self.rng.randrange(8)
            elif kind == 1:
                data[at:at] = bytes([self.rng.choice(b"\0\n\r\t \"\\{}[],:~.=-_+/0129eE\x7f\xff\xc2")])
            elif kind == 2:
                del data[at:at + self.rng.choice((1, 1, 2, 4, 40))]
            elif kind == 3:
                data[at:at] = data[at:at + self.rng.choice((1, 4, 43, 80))]
            elif kind == 4 and data:
                data[at % len(data)] = self.rng.choice(b"AZaz09-_+/=. ")
            elif kind == 5 and self.rng.random() < 0.2:
                del data[at:]
        return bytes(data)

    def text(self, text):
        return self.bytes(text.encode()).decode("utf-8", "replace")

    def base64(self, text, url=True):
        """Another text of a base64 field: changed characters, or changed bytes."""
        if self.rng.random() < 0.5:
            return self.text(text)
        try:
            data = self.bytes(base64.urlsafe_b64decode(text + "==") if url else base64.b64decode(text + "=="))
        except ValueError:
            return self.text(text)
        return b64u(data) if url else forge.b64(data)

    def lines(self, text):
        """One line is changed, removed, repeated, moved or put in."""
        parts = text.split("\n")
        at, kind = self.rng.randrange(len(parts)), self.rng.randrange(6)
        if kind == 0:
            parts[at] = self.text(parts[at])
        elif kind == 1:
            del parts[at]
        elif kind == 2:
            parts.insert(at, parts[at])
        elif kind == 3:
            parts.insert(self.rng.randrange(len(parts)), parts.pop(at))
        elif kind == 4:
            parts.insert(at, self.rng.choice(LINES))
        else:
            words = parts[at].split(" ")
            words[-1] = self.base64(words[-1], False)
            parts[at] = " ".join(words)
        return "\n".join(parts)

    def value(self, root):
        """A copy of a JSON value with one place changed."""
        root = copy.deepcopy(root)
        places = []

        def walk(value):
            for name in value if isinstance(value, dict) else range(len(value)):
                places.append((value, name))
                if isinstance(value[name], (dict, list)):
                    walk(value[name])

        walk(root)
        if not places:
            return root
        self._place(*self.rng.choice(places))
        return root

    def _place(self, inside, name):
        kind, old = self.rng.randrange(8), inside[name]
        if kind == 0:
            del inside[name]
        elif kind == 1 and isinstance(inside, dict):
            inside[self.rng.choice(NAMES)] = self._other()
        elif kind == 1:
            inside.insert(name, copy.deepcopy(self.rng.choice(inside)))
        elif kind == 2 and isinstance(inside, list):
            self.rng.shuffle(inside)
        elif kind in (2, 3) and isinstance(old, str):
            inside[name] = self.base64(old)
        elif kind == 4 and isinstance(old, int) and not isinstance(old, bool):
            inside[name] = old + self.rng.choice((-1, 1, 1000, -old, 2**53))
        elif kind == 5 and isinstance(inside, dict):
            inside[self.text(name)] = inside.pop(name)
        else:
            inside[name] = self._other()

    def _other(self):
        return copy.deepcopy(self.rng.choice(VALUES))

    def dump(self, value):
        """JSON in one of its many spellings."""
        style = self.rng.randrange(4)
        made = json.dumps(value, ensure_ascii=style != 1, indent=1 if style == 2 else None, sort_keys=style == 3)
        if self.rng.random() < 0.1:
            made = re.sub(r"[a-z]", lambda match: f"\\u{ord(match[0]):04x}" if self.rng.random() < 0.02 else match[0], made)
        return made.encode("utf-8", "surrogatepass")

    # -- receipts --

    def base(self):
        """A good receipt of some kind, as a dict."""
        ledger = self.ledger
        index, links = self.rng.choice(((1, (0,)), (1, (0,)), (1, ()), (2, (0,)), (3, (2, 0)), (7, (6, 0)), (4, (2, 0)), (5, (4, 2, 0))))
        if self.rng.random() < 0.1:
            return ledger.leaf_receipt(index)
        hidden = [one for one in forge.HIDDEN if self.rng.random() < 0.7] if index == 1 else ()
        return ledger.receipt(index, hidden, links, note=ledger.note(cosigners=self.rng.choice(((0, 1), (1, 2), (0, 1, 2)))))

    def of_bytes(self):
        return self.bytes(self.dump(self.base()))

    def of_json(self):
        receipt = self.base()
        for _ in range(self.rng.choice((1, 1, 2))):
            receipt = self.value(receipt)
        return self.dump(receipt)

    def of_field(self):
        receipt = self.base()
        links = receipt.get("issuer", [])
        inside = self.rng.choice([receipt, receipt, *links])
        name = self.rng.choice([name for name in ("record", "leaf", "genesis", "proof") if name in inside])
        if name == "record":
            parts = re.split("([.~])", inside[name])
            at = self.rng.choice(range(0, len(parts), 2))
            parts[at] = self.base64(parts[at])
            if self.rng.random() < 0.1:
                self.rng.shuffle(parts)
            inside[name] = "".join(parts)
        elif name == "proof":
            inside[name] = self.lines(inside[name])
        else:
            inside[name] = self.base64(inside[name], name == "genesis")
        return self.dump(receipt)

    def of_record(self):
        """A record with other claims or another header, rightly signed and in the log."""
        ledger = self.ledger
        name, key, links = self.rng.choice(ISSUERS)
        signer = ledger.keys[key]
        claims, header = ledger.contract(name, forge.HIDDEN if self.rng.random() < 0.5 else ()), forge.header_of(signer)
        if self.rng.random() < 0.75:
            claims = self.value(claims)
        else:
            header = self.value(header)
        parts = [self.dump(header) if self.rng.random() < 0.5 else jcs(header), self.dump(claims)]
        if self.rng.random() < 0.1:
            parts[1] = self.bytes(parts[1])
        jws = forge.compact(signer, parts[1], parts[0], self.signature if self.rng.random() < 0.1 else None)
        shown = forge.HIDDEN[:self.rng.randrange(3)] if "_sd" in claims else ()
        return self.dump(ledger.receipt(ledger.append(jws), shown, links))

    def signature(self, sig):
        order = self.rng.choice(ORDERS)
        s = int.from_bytes(sig[32:], "big")
        return self.rng.choice((sig[:32] + ((order - s) % 2**256).to_bytes(32, "big"), sig[32:] + sig[:32], sig[:63], bytes(64), self.bytes(sig)))

    def of_disclosures(self):
        """Disclosures of another form whose digests are in _sd, in a signed record."""
        ledger, shown = self.ledger, []
        for one in forge.HIDDEN:
            raw = base64.urlsafe_b64decode(one + "==")
            pick = self.rng.random()
            if pick < 0.4:
                shown.append(b64u(self.dump(self.value(json.loads(raw)))))
            elif pick < 0.5:
                shown.append(b64u(self.bytes(raw)))
            elif pick < 0.6:
                shown.append(self.base64(one))
            else:
                shown.append(one)
        extra = {"worker_name": "x"} if self.rng.random() < 0.1 else {}
        jws = forge.compact(ledger.keys["registrar"], ledger.contract("registrar", sorted(set(shown)), **extra))
        if self.rng.random() < 0.2:
            shown.append(self.rng.choice(shown))
        return self.dump(ledger.receipt(ledger.append(jws), shown))

    def of_link(self):
        """A participant record of another form, rightly signed, that is to vouch for somebody."""
        ledger, signer = self.ledger, self.ledger.keys[self.rng.choice(("registrar", "registrar", "registrar", "shady"))]
        claims = {**ledger.person("firm", "firm2", ["employer"]), **ledger.claims("registrar", "participant", self.rng.choice(("admit", "rotate")))}
        if self.rng.random() < 0.8:
            claims = self.value(claims)
        at = ledger.append(forge.compact(signer, self.dump(claims)))
        index = ledger.append(forge.compact(ledger.keys["firm2"], ledger.contract("firm")))
        receipt = ledger.receipt(index, (), (at, 0))
        if self.rng.random() < 0.15:
            receipt["issuer"] = [ledger.link(self.rng.randrange(len(ledger.leaves))) for _ in range(self.rng.randrange(4))] + [ledger.link(0)]
        return self.dump(receipt)

    def of_genesis(self):
        """A ledger that began with another genesis."""
        changed = self.value(self.ledger.founding())
        raw = jcs(changed) if self.rng.random() < 0.8 else self.dump(changed)
        ledger = self.ledger.refounded(raw)
        return self.dump(ledger.receipt(ledger.append(forge.compact(ledger.keys["registrar"], ledger.contract("registrar")))))

    def of_checkpoint(self):
        """A checkpoint of another text, signed by the same nodes, or the same with other lines."""
        ledger, receipt = self.ledger, self.base()
        index = int(re.search(r"index (\d+)", receipt["proof"])[1])
        body = self.lines(ledger.body()) if self.rng.random() < 0.6 else ledger.body()
        note = forge.note_of(ledger.nodes, body, self.some(), self.some(), *(["other.invalid"] if self.rng.random() < 0.1 else []))
        if self.rng.random() < 0.4:
            note = self.lines(note)
        path = forge.path_of(index, ledger.leaves)
        if self.rng.random() < 0.2:
            path = self.rng.sample(path, self.rng.randrange(len(path) + 1))
            index = self.rng.choice((index, index ^ 1, len(ledger.leaves), 2**63, 0))
        inside = receipt if self.rng.random() < 0.7 or "issuer" not in receipt else receipt["issuer"][-1]
        inside["proof"] = forge.proof_of(index, path, note)
        return self.dump(receipt)

    def of_key_binding(self):
        """A holder's presentation, its key binding changed and signed again, or torn from its place."""
        ledger, name = self.ledger, self.rng.choice(("holder", "holder2"))
        signer, index = ledger.keys[name], ledger.named(name, forge.HIDDEN)
        receipt = ledger.receipt(index, forge.HIDDEN[:self.rng.randrange(3)])
        shown = receipt["record"]
        said = {"iat": forge.COSIGNED_S, "aud": "a", "nonce": "n", "sd_hash": forge.digest_of(shown)}
        header = {"alg": signer.alg, "typ": "kb+jwt"}
        pick = self.rng.random()
        if pick < 0.4:
            said = self.value(said)
        elif pick < 0.6:
            header = self.value(header)
        elif pick < 0.7:
            signer = ledger.keys["shady"]
        elif pick < 0.8:
            said[self.rng.choice(("nbf", "exp"))] = self.rng.choice((0, -1, forge.COSIGNED_S, forge.COSIGNED_S + 400, "1", None))
        bound = forge.compact(signer, self.dump(said), self.dump(header), self.signature if self.rng.random() < 0.1 else None)
        receipt["record"] = shown + (self.base64(bound) if self.rng.random() < 0.1 else bound) + self.rng.choice(("", "", "", "", "", "~"))
        return self.dump(receipt)

    def of_acknowledgement(self):
        """A holder's own record and the record that names it, changed and signed again."""
        ledger, pick = self.ledger, self.rng.random()
        named = ledger.contract("acme", (), cnf={"jwk": ledger.keys["holder"].jwk})
        at = ledger.append(forge.compact(ledger.keys["acme" if pick < 0.9 else "shady"], self.dump(self.value(named) if pick < 0.3 else named)))
        own = ledger.acknowledgement(at)
        if 0.3 < pick < 0.7:
            own = self.value(own)
        signer = ledger.keys["holder" if pick < 0.8 or pick > 0.9 else "holder2"]
        index = ledger.append(forge.compact(signer, self.dump(own)))
        links = self.rng.choice(((at, 0),) * 6 + ((0,), (1, 0), (at, 2, 0), (6, 0)))
        return self.dump(ledger.receipt(index, (), links))

    def of_timestamp(self):
        """The tokens of receipts/timestamps.json, changed in their bytes or about another checkpoint."""
        receipt, made = json.loads(read("good.json")), json.loads(read("timestamps.json"))
        tokens = [made[self.rng.choice(TOKENS)] for _ in range(self.rng.choice((1, 1, 2)))]
        if self.rng.random() < 0.6:
            tokens[0] = self.base64(tokens[0], False)
        receipt["timestamps"] = [{"type": "rfc3161", "token": token} for token in tokens]
        if self.rng.random() < 0.2:
            receipt["proof"] = self.lines(receipt["proof"])
        return self.dump(receipt)

    def of_tag(self):
        """Evidence of a tag, changed, with its digest in a signed record."""
        ledger, person = self.ledger, self.rng.choice(PERSONS)
        tag, evidence = copy.deepcopy(tag_of(*person))
        tags, shown = {"worker": tag}, {"worker": evidence}
        pick = self.rng.random()
        if pick < 0.6:
            shown = self.value(shown)
        elif pick < 0.7:
            tags = self.value(tags)
        elif pick < 0.8:
            shown["worker"] = {**evidence, "id_number": self.rng.choice(NUMBERS)}
        one = b64u(self.dump([b64u(HASH[:16]), "tag_evidence", shown]))
        jws = forge.compact(ledger.keys["registrar"], self.dump(ledger.contract("registrar", [one], tags=tags)))
        return self.dump(ledger.receipt(ledger.append(jws), [one], self.rng.choice(((0,), (0,), ()))))

    def some(self):
        return self.rng.choice(((0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2), ()))

    def policy(self):
        """The policy, sometimes another rule or a damaged text."""
        rules = ("group nodes all node-1 node-2 node-3\nquorum nodes\n", "group nodes any node-1 node-2 node-3\nquorum nodes\n", "quorum none\n", "quorum node-2\n",
                 "group a all node-1 node-2\ngroup b 1 a node-3\nquorum b\n")
        pick = self.rng.random()
        text = self.ledger.policy(self.rng.choice(rules)) if pick < 0.15 else self.ledger.policy()
        if pick > 0.93:
            text = self.lines(text)
        return self.bytes(text.encode()) if pick > 0.98 else text.encode()

    def request(self):
        kinds = (self.of_bytes, self.of_json, self.of_field, self.of_field, self.of_record, self.of_record, self.of_disclosures, self.of_link,
                 self.of_genesis, self.of_key_binding, self.of_acknowledgement, self.of_checkpoint, self.of_checkpoint)
        kind = self.rng.choice(kinds)
        made = {"receipt": kind(), "policy": self.policy()}
        rare = self.rng.random()
        if rare > 1 - TAGS:
            kind = self.of_tag
            made["receipt"] = kind()
        elif rare < TIMESTAMPS:
            kind = self.of_timestamp
            anchor = json.loads(read("timestamps.json"))[self.rng.choice(ANCHORS)]
            made = {"receipt": kind(), "policy": read("policy.txt"), "tsa": anchor.encode()}
        if self.rng.random() < 0.3:
            made["document"] = forge.DOCUMENT if self.rng.random() < 0.8 else b"another"
        request = {name: base64.b64encode(data).decode() for name, data in made.items()}
        if self.rng.random() < (0.3 if kind == self.of_key_binding else 0.03):
            now = self.rng.choice((-forge.COSIGNED_S, 0, 299, 300, 301, -300, -301)) + forge.COSIGNED_S
            request["key_binding"] = {"audience": "a", "nonce": self.rng.choice("nnnm"), "now": now, "max_age": self.rng.choice((0, 300))}
        return kind.__name__, request


class Tally:
    """What came out: outcomes by kind of change, and how often each step had each result."""

    def __init__(self):
        self.outcomes, self.results, self.bad = collections.Counter(), collections.Counter(), 0
        self.reached = True

    def add(self, number, kind, answers):
        first, second = answers
        self.outcomes[kind, first["outcome"]] += 1
        self.results.update(brief(first)[1].items())
        if brief(first) == brief(second):
            return
        self.bad += 1
        print(f"FAIL mutation_{number}_{kind}: {first['outcome']} and {second['outcome']}; {brief(first)[2]} and {brief(second)[2]}")
        for one, two in zip(first["steps"], second["steps"]):
            if one["result"] != two["result"]:
                print(f"    {one['step']}: {one['result']}: {one['reason']}\n    {two['step']}: {two['result']}: {two['reason']}")

    def report(self, count):
        for step in ("document", "record", "disclosures", "leaf", "inclusion", "checkpoint", "quorum", "issuer", "timestamp"):
            counts = [self.results[step, result] for result in ("pass", "fail", "not_applicable")]
            print("ok" if all(counts) else "FAIL", f"mutations_reach_every_result_of_{step}:", *counts)
            self.reached &= all(counts)
        valid = sum(n for (_, outcome), n in self.outcomes.items() if outcome == "valid")
        print("FAIL" if self.bad else "ok", f"verifiers_agree_on_mutations: {count - self.bad} of {count}; {valid} valid")


def show(request):
    shown = {name: value if name == "key_binding" else base64.b64decode(value).decode("utf-8", "backslashreplace") for name, value in request.items()}
    print(json.dumps(shown, indent=1, ensure_ascii=False))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", default="qizheng")
    parser.add_argument("--only", type=int)
    asked = parser.parse_args()
    ledger, tally = forge.Ledger(), Tally()
    numbers = range(asked.count) if asked.only is None else [asked.only]
    for start in range(0, len(numbers), BATCH):
        batch = numbers[start:start + BATCH]
        made = [Mutation(ledger, asked.seed, number).request() for number in batch]
        answers = [ask(command, [request for _, request in made]) for command in commands(asked.build).values()]
        for number, (kind, request), *both in zip(batch, made, *answers):
            tally.add(number, kind, both)
            if asked.only is not None:
                show(request)
    tally.report(len(numbers))
    return bool(tally.bad or not tally.reached)


if __name__ == "__main__":
    sys.exit(main())
