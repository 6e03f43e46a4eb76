"""The receipt and its verdict, step by step (docs/FORMATS.md "Receipt"). Reasons are in English and free; results are what counts.

Each step looks only at what the steps that it builds on have read. Where one of those could not be read the step is not applicable, so
that a fault shows once, where it is."""
import hashlib

import stamps
from log import Checkpoint, Judged, Note, Policy, Proof, leaf_hash, root_of
from record import Genesis, Participant, Record, disclosed, presentation_cut, refused
from strict import Refused, is_int, members, need, unbase64, unbase64url, unjson

MEDIA_TYPE = "application/vnd.qizheng.receipt+json;version=1"
STEPS = ("document", "record", "disclosures", "leaf", "inclusion", "checkpoint", "quorum", "issuer", "membership", "timestamp", "status")
RECEIPT_LEN = 512 * 1024
CHAIN = 64
TOKENS = 16
LEAF_LEN = 41
PASS, FAIL, NOT_APPLICABLE = "pass", "fail", "not_applicable"


# -- form --


def _time(value):
    need(is_int(value) and value >= 0, "time is in milliseconds")
    return value


def _text(value, name):
    need(isinstance(value, str) and value, f"{name} is a text")
    return value


class Link:
    """One link of the issuer chain: record (text) or genesis (bytes), time, proof (text)."""

    def __init__(self, value, last):
        members(value, ("genesis" if last else "record", "time", "proof"))
        self.genesis = unbase64url(_text(value["genesis"], "genesis")) if last else None
        need(not last or self.genesis, "an empty genesis")
        self.record = None if last else _text(value["record"], "record")
        self.time, self.proof = _time(value["time"]), _text(value["proof"], "proof")


class Receipt:
    """What stands in the file: record or leaf, time, proof, links, tokens."""

    def __init__(self, data):
        need(len(data) <= RECEIPT_LEN, "a receipt beyond 512 KiB")
        value = unjson(data)
        need(isinstance(value, dict), "a receipt is an object")
        own = {name: one for name, one in value.items() if not name.startswith("x-")}
        members(own, ("mediaType", "time", "proof"), ("record", "leaf", "issuer", "membership", "timestamps"))
        need(own["mediaType"] == MEDIA_TYPE, "another mediaType")
        need(("record" in own) != ("leaf" in own), "record or leaf, one of them")
        self.record = _text(own["record"], "record") if "record" in own else None
        self.leaf = self._leaf(own["leaf"]) if "leaf" in own else None
        self.time, self.proof = _time(own["time"]), _text(own["proof"], "proof")
        need(isinstance(own.get("membership", []), list), "membership is a list")
        self.links = self._links(own["issuer"]) if "issuer" in own else []
        self.tokens = self._tokens(own["timestamps"]) if "timestamps" in own else []

    @staticmethod
    def _leaf(value):
        leaf = unbase64(_text(value, "leaf"))
        need(len(leaf) == LEAF_LEN, "a leaf has 41 bytes")
        return leaf

    @staticmethod
    def _links(value):
        need(isinstance(value, list) and 1 <= len(value) <= CHAIN, "issuer is a list of links")
        return [Link(one, at == len(value) - 1) for at, one in enumerate(value)]

    @staticmethod
    def _tokens(value):
        need(isinstance(value, list) and 1 <= len(value) <= TOKENS, "timestamps is a list of tokens")
        for one in value:
            members(one, ("type", "token"))
            need(one["type"] == "rfc3161", "a timestamp of another type")
            _text(one["token"], "token")
        return [one["token"] for one in value]


# -- proofs --


def leaf_of(time, digest):
    return b"\1" + time.to_bytes(8, "big") + digest


class Place:
    """Where a proof says that a leaf is: each part is None where it could not be read."""

    def __init__(self, text):
        self.why, self.proof = refused(Proof, text)
        self.why_note, self.note = refused(Note, self.proof.raw) if self.proof else (self.why, None)
        self.why_checkpoint, self.checkpoint = refused(Checkpoint, self.note.text) if self.note else (self.why_note, None)

    def holds(self, leaf):
        return root_of(self.proof.index, self.checkpoint.size, leaf_hash(leaf), self.proof.path) == self.checkpoint.root

    def judged(self, policy):
        return refused(Judged, self.note, self.checkpoint, policy)

    def proves(self, leaf, policy):
        """Refused unless the leaf is in a tree that the policy accepts."""
        need(self.checkpoint, self.why_checkpoint)
        why, judged = self.judged(policy)
        need(judged, why)
        need(judged.log and judged.quorum, "its checkpoint does not meet the policy")
        need(self.holds(leaf), "its inclusion proof does not give the root")


# -- the issuer chain --


class Chain:
    """Walks from the record's issuer to the genesis and finds the key of each signature on the way."""

    def __init__(self, record, place, links, policy):
        self.links, self.policy, self.origin = links, policy, place.checkpoint.origin
        self.genesis = Genesis(links[-1].genesis)
        need(record.claims["aud"] == self.genesis.ledger_id, "the record is for another ledger")
        self.key = None  # of the receipt's own record
        signed, index, is_link = record, place.proof.index, False
        for at, link in enumerate(links):
            try:
                signed, index = self._step(link, signed, index, is_link)
            except Refused as error:
                raise Refused(f"link {at + 1} of {len(links)}: {error}") from error
            is_link = True

    def _step(self, link, signed, index, is_link):
        """The link binds the key of `signed`, which stands at `index`. What it carries is the next to be bound."""
        place = Place(link.proof)
        record = None if link.genesis else Record(link.record)
        digest = bytes.fromhex(self.genesis.ledger_id) if link.genesis else record.hash
        if record:
            need(record.jws.is_canonical, "its signature is not in canonical form")
            need(record.claims["vct"] == "urn:qizheng:participant:1" and record.claims["act"] in ("admit", "rotate"), "it admits nobody")
            need(record.claims["aud"] == self.genesis.ledger_id, "it is for another ledger")
        place.proves(leaf_of(link.time, digest), self.policy)
        need(place.checkpoint.origin == self.origin, "its checkpoint is of another origin")
        need(place.proof.index < index, "it does not stand before what it vouches for")
        who = self._who(link, record, place, signed.claims["iss"])
        self._bind(who, signed, is_link)
        return record, place.proof.index

    def _who(self, link, record, place, iss):
        if record:
            who = Participant(record.claims)
            need(who.id == iss, "it is about another participant")
            return who
        need(place.proof.index == 0 and self.genesis.created == link.time, "the genesis is leaf 0 at the time it was created")
        need(self.genesis.origin == self.origin, "the genesis is of another log")
        need(iss in self.genesis.participants, "the genesis does not have this participant")
        return self.genesis.participants[iss]

    def _bind(self, who, signed, is_link):
        key = who.keys.get(signed.jws.kid)
        need(key, "it does not hold this key")
        if not is_link:
            self.key = key
            return
        need("registrar" in who.roles, "who signed the link before is no registrar")
        need(signed.jws.signed_by(key), "the signature of the link before does not verify")


# -- the verdict --


class Verdict:
    def __init__(self, data, policy, document=None, anchors=None):
        self.items = {step: (NOT_APPLICABLE, "not asked, or what it builds on could not be read") for step in STEPS}
        self.unchecked = False
        self.document, self.anchors = document, anchors
        self.why_policy, self.policy = refused(Policy, policy)
        why, self.receipt = refused(Receipt, data)
        if self.receipt:
            self._all()
        else:
            self._set("leaf", FAIL, f"no receipt: {why}")
        results = [result for result, _ in self.items.values()]
        self.unchecked |= not self.policy
        self.outcome = "invalid" if FAIL in results else "unchecked" if self.unchecked else "valid"

    def _set(self, step, result, reason):
        self.items[step] = (result, reason)

    def _judge(self, step, good, reason):
        self._set(step, PASS if good else FAIL, reason if not good else "as it has to be")
        return good

    def _passed(self, *steps):
        return all(self.items[step][0] == PASS for step in steps)

    def _all(self):
        self.record, self.key = None, None
        self.place = Place(self.receipt.proof)
        if self.receipt.record is not None:
            self._read_record()
        leaf = self._leaf()
        self._log(leaf)
        self._issuer()
        self._record()
        self._document()
        self._timestamp()
        self._set("membership", NOT_APPLICABLE, "this verifier does not judge node changes")
        self._set("status", NOT_APPLICABLE, "off line nobody knows")

    def _read_record(self):
        why, cut = refused(presentation_cut, self.receipt.record)
        if cut:
            why, self.record = refused(Record, cut[0])
        if not self.record:
            self._set("record", FAIL, why)
        elif cut[1]:
            why, fields = refused(disclosed, cut[1], self.record.claims)
            self._judge("disclosures", fields is not None, why)

    def _leaf(self):
        """The leaf that the proof is about; None where it cannot be told."""
        if self.receipt.leaf is None:
            if self.record:
                self._judge("leaf", True, "")
                return leaf_of(self.receipt.time, self.record.hash)
            return None
        leaf = self.receipt.leaf
        good = leaf[:9] == leaf_of(self.receipt.time, b"")
        return leaf if self._judge("leaf", good, "its version or time is another than the receipt's") else None

    def _log(self, leaf):
        place = self.place
        if not place.checkpoint:
            self._set("inclusion", FAIL, place.why_checkpoint)
            return
        if leaf:
            self._judge("inclusion", place.holds(leaf), "the path does not lead to the root")
        if not self.policy:
            return
        why, judged = place.judged(self.policy)
        if self._judge("checkpoint", judged and judged.log, why or "no listed log signed it"):
            self._judge("quorum", judged.quorum, "too few cosigners for the policy")
        elif judged:
            self._judge("quorum", judged.quorum, "too few cosigners for the policy")

    def _issuer(self):
        if self.record and self.receipt.links and self._passed("leaf", "inclusion", "checkpoint", "quorum"):
            why, chain = refused(Chain, self.record, self.place, self.receipt.links, self.policy)
            if self._judge("issuer", chain is not None, why):
                self.key = chain.key

    def _record(self):
        if not self.record:
            return
        if not self.record.jws.is_canonical:
            self._set("record", FAIL, "its signature is not in the canonical form, with the low S")
        elif self.key:
            self._judge("record", self.record.jws.signed_by(self.key), "its signature does not verify")

    def _document(self):
        if self.document is None:
            return
        if not self.record:
            self.unchecked = True
            return
        named = self.record.claims.get("doc")
        if not named:
            self._set("document", FAIL, "the record names no document")
            return
        have = {alg: stamps.b64url_digest(alg, self.document) for alg in ("sha-256", "sm3")}
        for alg in have:
            digests = [doc["digest"] for doc in named if doc["alg"] == alg]
            if digests and have[alg] not in digests:
                self._set("document", FAIL, f"its {alg} is another")
                return
        self._set("document", PASS, "its digests are the record's")

    def _timestamp(self):
        if not self.anchors or not self.receipt.tokens or not self.place.note:
            return
        good = [token for token in self.receipt.tokens if stamps.verifies(token, self.place.proof.raw, self.anchors)]
        self._judge("timestamp", bool(good), "no token of a trusted authority is over this checkpoint")

    def brief(self):
        return {"outcome": self.outcome, "steps": {step: result for step, (result, _) in self.items.items()}}

    def full(self):
        steps = [{"step": step, "result": result, "reason": reason} for step, (result, reason) in self.items.items()]
        return {"outcome": self.outcome, "steps": steps}


def receipt_id(record):
    return hashlib.sha256(record.jws.signing_input).hexdigest()
