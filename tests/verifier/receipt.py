"""The receipt and its verdict, step by step (docs/FORMATS.md "Receipt"). Reasons are in English and free; results are what counts.

Each step looks only at what the steps that it builds on have read. Where one of those could not be read the step is not applicable, so
that a fault shows once, where it is."""
import hashlib

import stamps
from genesis import GENESIS_LEN, Genesis
from keys import key_of
from log import Checkpoint, Judged, Note, Policy, Proof, leaf_hash, root_of
from record import THUMBPRINT, Participant, Record, disclosed, is_holder, key_binding_check, presentation_cut, refused
from strict import Refused, is_int, members, need, unbase64, unbase64url, unjson
from tags import evidence_check

MEDIA_TYPE = "application/vnd.qizheng.receipt+json;version=1"
STEPS = ("document", "record", "disclosures", "leaf", "inclusion", "checkpoint", "quorum", "issuer", "membership", "timestamp", "status")
RECEIPT_LEN = 512 * 1024
PRESENTED_LEN = 64 * 1024
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
        need(not last or 0 < len(self.genesis) <= GENESIS_LEN, "a genesis of no bytes or beyond 256 KiB")
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
        need(not self.record or len(self.record.encode()) <= PRESENTED_LEN, "a record beyond 64 KiB with what is shown of it")
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
    """Walks from the record's issuer to the genesis and finds the key of each signature on the way. key: the record's own."""

    def __init__(self, record, place, links, policy):
        self.policy, self.origin, self.record = policy, place.checkpoint.origin, record
        self.key, self.index, self.genesis = None, place.proof.index, None
        signed, role = record, None
        for at, link in enumerate(links):
            try:
                found = self._genesis(link) if link.genesis else self._link(link, signed)
                signed, role = self._bind(link, found, signed, role)
            except Refused as error:
                raise Refused(f"link {at + 1} of {len(links)}: {error}") from error

    def _stands(self, link, digest):
        """The link is in the same log, before what it vouches for."""
        place = Place(link.proof)
        place.proves(leaf_of(link.time, digest), self.policy)
        need(place.checkpoint.origin == self.origin, "its checkpoint is of another origin")
        need(place.proof.index < self.index, "it does not stand before what it vouches for")
        self.index = place.proof.index

    def _link(self, link, signed):
        record = Record(link.record)
        need(record.jws.is_canonical, "its signature is not in canonical form")
        need(record.claims["aud"] == self.record.claims["aud"], "it is for another ledger")
        if not is_holder(signed.claims):
            need(record.claims["vct"] == "urn:qizheng:participant:1" and record.claims["act"] in ("admit", "rotate"), "it admits nobody")
        self._stands(link, record.hash)
        return record

    def _genesis(self, link):
        genesis = Genesis(link.genesis)
        need(genesis.ledger_id == self.record.claims["aud"], "the record is for another ledger")
        need(genesis.origin == self.origin, "the genesis is of another log")
        need(genesis.created == link.time, "the genesis is of the time when it was created")
        self._stands(link, bytes.fromhex(genesis.ledger_id))
        need(self.index == 0, "the genesis is leaf 0")
        self.genesis = genesis
        return genesis

    def _bind(self, link, found, signed, role):
        """Checks what was vouched for, and gives what is to be vouched for next and the role that its signer needs."""
        if is_holder(signed.claims):
            need(not link.genesis, "a holder is named by a record")
            key, held, role_next = self._held(found, signed), set(), None
        else:
            if link.genesis:
                who = found.participants.get(signed.claims["iss"])
            else:
                who = Participant(found.claims)
            need(who and who.id == signed.claims["iss"], "it is about another participant")
            key, held, role_next = who.keys.get(signed.jws.kid), who.roles, "registrar"
        need(key, "it does not hold this key")
        need(role is None or role in held, f"who signed the link before is no {role}")
        if self.key is None:
            self.key = key
        else:
            need(signed.jws.signed_by(key), "the signature of the link before does not verify")
        return found, role_next

    @staticmethod
    def _held(found, signed):
        """The holder's key, as the record says that his own names in ref."""
        claims = found.claims
        need(hashlib.sha256(found.jws.signing_input).hexdigest() == signed.claims.get("ref"), "it is not the record that ref names")
        need(claims["vct"] == signed.claims["vct"] and not is_holder(claims), "it is of another type, or no participant's")
        key = key_of(claims["cnf"]["jwk"]) if "cnf" in claims else None
        need(key and key.kid == signed.jws.kid and signed.claims["iss"] == THUMBPRINT + key.kid, "it does not name the key as its holder's")
        return key


# -- the verdict --


class Verdict:
    def __init__(self, data, policy, document=None, anchors=None, demand=None):
        self.items = {step: (NOT_APPLICABLE, "not asked, or what it builds on could not be read") for step in STEPS}
        self.unchecked, self.time = False, {}
        self.document, self.anchors, self.demand = document, anchors, demand
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
        self.record, self.key, self.genesis, self.shown = None, None, None, {}
        self.place = Place(self.receipt.proof)
        if self.receipt.record is not None:
            self._read_record()
        elif self.demand:
            self._set("disclosures", FAIL, "a key binding is demanded, and a leaf has none")
        leaf = self._leaf()
        self._log(leaf)
        self._issuer()
        self._record()
        self._evidence()
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
        elif cut[1] or cut[2] or self.demand:
            why, shown = refused(disclosed, cut[1], self.record.claims)
            before = self.receipt.record[:len(self.receipt.record) - len(cut[2])]
            why = why or refused(key_binding_check, cut[2], before, self.record.claims, self.demand)[0]
            if self._judge("disclosures", why is None, why):
                self.shown = shown

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
        if leaf and self._judge("inclusion", place.holds(leaf), "the path does not lead to the root"):
            self.time["leaf_ms"] = self.receipt.time
        if not self.policy:
            return
        why, judged = place.judged(self.policy)
        if judged and judged.existed_by and self._passed("leaf", "inclusion"):
            self.time["existed_by_s"] = judged.existed_by
        if self._judge("checkpoint", judged and judged.log, why or "no listed log signed it"):
            self._judge("quorum", judged.quorum, "too few cosigners for the policy")
        elif judged:
            self._judge("quorum", judged.quorum, "too few cosigners for the policy")

    def _issuer(self):
        if self.record and self.receipt.links and self._passed("leaf", "inclusion", "checkpoint", "quorum"):
            why, chain = refused(Chain, self.record, self.place, self.receipt.links, self.policy)
            if self._judge("issuer", chain is not None, why):
                self.key, self.genesis = chain.key, chain.genesis

    def _record(self):
        if not self.record:
            return
        if not self.record.jws.is_canonical:
            self._set("record", FAIL, "its signature is not in the canonical form, with the low S")
        elif self.key:
            self._judge("record", self.record.jws.signed_by(self.key), "its signature does not verify")

    def _evidence(self):
        if "tag_evidence" in self.shown:
            why = refused(evidence_check, self.shown["tag_evidence"], self.record.claims, self.genesis)[0]
            self._judge("disclosures", why is None, f"tag_evidence: {why}")

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
        if not self.receipt.tokens or not self.place.checkpoint or not stamps.are_anchors(self.anchors):
            return
        good = [token for token in self.receipt.tokens if stamps.verifies(token, self.place.proof.raw, self.anchors)]
        self._judge("timestamp", bool(good), "no token of a trusted authority is over this checkpoint")

    def full(self):
        steps = [{"step": step, "result": result, "reason": reason} for step, (result, reason) in self.items.items()]
        return {"outcome": self.outcome, "steps": steps, "time": self.time}
