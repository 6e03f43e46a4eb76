"""Records: compact JWS, claims, disclosures (docs/FORMATS.md "Record"; RFC 7515, RFC 9901), and what participants and genesis say of keys."""
import hashlib
import re

from keys import ALG_NAMES, canonical, key_of
from strict import Refused, base64url, hex256, is_int, members, need, unbase64url, unjson

RECORD_LEN = 16 * 1024
PRESENTED_LEN = 64 * 1024
DISCLOSURES = 128
RECORD_TYP = "qizheng-record+sd-jwt"
ROLES = {"employer", "payer", "certifier", "registrar", "court", "auditor", "operator"}
RESERVED = {"_sd", "_sd_alg", "..."}


class Jws:
    """A compact JWS in strict form. canonical: the text with the low S, which is what the ledger hashed."""

    def __init__(self, text, typ):
        need(len(text) <= RECORD_LEN, "longer than 16 KiB")
        parts = text.split(".")
        need(len(parts) == 3, "a compact JWS has three parts")
        header = members(unjson(unbase64url(parts[0])), ("alg", "kid", "typ"))
        need(header["alg"] in tuple(ALG_NAMES), "an unknown alg")
        need(isinstance(header["kid"], str) and len(unbase64url(header["kid"])) == 32, "kid is no SHA-256 thumbprint")
        need(header["typ"] == typ, "another typ")
        self.alg, self.kid = ALG_NAMES[header["alg"]], header["kid"]
        self.payload = unbase64url(parts[1])
        self.sig = unbase64url(parts[2])
        need(len(self.sig) == 64, "a signature has 64 bytes")
        self.signing_input = (parts[0] + "." + parts[1]).encode()
        self.is_canonical = canonical(self.alg, self.sig) == self.sig
        self.canonical = self.signing_input + b"." + base64url(canonical(self.alg, self.sig)).encode()

    def signed_by(self, key):
        return self.alg == key.alg and self.kid == key.kid and key.verify(self.sig, self.signing_input)


# -- claims --


def _docs(value):
    need(isinstance(value, list) and 1 <= len(value) <= 8, "doc is a list of one to eight digests")
    for doc in value:
        members(doc, ("alg", "digest"))
        need(doc["alg"] in ("sha-256", "sm3"), "doc of an unknown alg")
        need(isinstance(doc["digest"], str) and len(unbase64url(doc["digest"])) == 32, "a doc digest has 32 bytes")
    need(len({(doc["alg"], doc["digest"]) for doc in value}) == len(value), "a doc digest occurs twice")


def _tags(value):
    need(isinstance(value, dict) and 1 <= len(value) <= 8, "tags is an object of one to eight roles")
    for tag in value.values():
        members(tag, ("d", "v", "t"))
        need(isinstance(tag["d"], str) and tag["d"], "a tag's domain is a text")
        need(is_int(tag["v"]) and tag["v"] >= 1, "a tag's key version is a positive integer")
        need(isinstance(tag["t"], str) and len(unbase64url(tag["t"])) == 32, "a tag has 32 bytes")


def _sd(claims):
    if "_sd" not in claims:
        need("_sd_alg" not in claims, "_sd_alg without _sd")
        return
    need(claims.get("_sd_alg", "sha-256") == "sha-256", "_sd_alg is sha-256")
    digests = claims["_sd"]
    need(isinstance(digests, list) and 1 <= len(digests) <= DISCLOSURES, "_sd is a list of digests")
    for digest in digests:
        need(isinstance(digest, str) and len(unbase64url(digest)) == 32, "_sd holds SHA-256 digests")
    need(all(a < b for a, b in zip(digests, digests[1:])), "_sd is sorted and without repetition")


def _nested(value, top):
    """Disclosures hang on the top level only: no other place may have their members."""
    if isinstance(value, list):
        for one in value:
            _nested(one, False)
    elif isinstance(value, dict):
        need(top or not RESERVED & set(value), "a disclosure's member below the top level")
        for one in value.values():
            _nested(one, False)


def claims_check(claims):
    need(isinstance(claims, dict), "claims are an object")
    need("..." not in claims, "the name ... is reserved")
    _nested(claims, True)
    need(isinstance(claims.get("iss"), str) and 0 < len(claims["iss"]) <= 88, "iss is a participant id")
    need(hex256(claims.get("aud")), "aud is a ledger id")
    need(is_int(claims.get("iat")) and claims["iat"] >= 0, "iat is in seconds")
    need(isinstance(claims.get("jti"), str) and len(unbase64url(claims["jti"])) >= 16, "jti has 16 bytes or more")
    vct = claims.get("vct")
    need(isinstance(vct, str) and re.fullmatch(r"urn:qizheng:[a-z-]+:1", vct, re.ASCII), "vct is urn:qizheng:<type>:1")
    need(isinstance(claims.get("act"), str) and claims["act"], "act is a verb")
    for name in ("ref", "replaces"):
        need(name not in claims or hex256(claims[name]), f"{name} is a record id")
    if "doc" in claims:
        _docs(claims["doc"])
    if "tags" in claims:
        _tags(claims["tags"])
    if "cnf" in claims:
        members(claims["cnf"], ("jwk",))
        key_of(claims["cnf"]["jwk"])
    _sd(claims)


class Record:
    """A record in strict form: jws, claims."""

    def __init__(self, text):
        self.jws = Jws(text, RECORD_TYP)
        self.claims = unjson(self.jws.payload)
        claims_check(self.claims)
        self.hash = hashlib.sha256(self.jws.canonical).digest()


# -- disclosures --


def presentation_cut(text):
    """`<JWS>~<disclosure>~...~`: the JWS and the disclosures."""
    need(len(text) <= PRESENTED_LEN, "longer than 64 KiB")
    jws, tilde, rest = text.partition("~")
    need(tilde, "a presentation is <JWS>~ and disclosures, each ended by ~")
    return jws, rest


def disclosed(rest, claims):
    """The fields that the disclosures show. Refused where one does not belong to this record."""
    need(rest.endswith("~"), "the last disclosure is cut off")
    shown, seen, digests = {}, set(), set(claims.get("_sd", ()))
    items = rest[:-1].split("~")
    need(len(items) <= DISCLOSURES, "too many disclosures")
    for text in items:
        value = unjson(unbase64url(text))
        need(isinstance(value, list) and len(value) == 3, "a disclosure is [salt, name, value]")
        salt, name, content = value
        need(isinstance(salt, str) and len(unbase64url(salt)) >= 16, "a salt has 128 bits or more")
        need(isinstance(name, str) and name not in RESERVED, "a reserved name")
        need(name not in claims and name not in shown, "a name that is there already")
        _nested(content, False)
        digest = base64url(hashlib.sha256(text.encode()).digest())
        need(digest in digests and digest not in seen, "its digest is not in _sd, or it is there twice")
        seen.add(digest)
        shown[name] = content
    return shown


# -- who holds which key --


class Participant:
    """id, roles, keys by kid: a member of the genesis, or the claims of an `admit` or `rotate`."""

    def __init__(self, value):
        need(isinstance(value, dict), "a participant is an object")
        need(isinstance(value.get("id"), str) and value["id"], "a participant has an id")
        self.id = value["id"]
        roles = value.get("roles")
        need(isinstance(roles, list) and roles and all(isinstance(role, str) and role in ROLES for role in roles), "roles are of the list")
        need(len(set(roles)) == len(roles), "a role occurs twice")
        self.roles = set(roles)
        self.keys = self._keys(value.get("keys"))

    @staticmethod
    def _keys(value):
        need(isinstance(value, list) and 1 <= len(value) <= 16, "keys is a list")
        keys = {}
        for one in value:
            members(one, ("jwk", "from"), ("to",))
            need(is_int(one["from"]) and one["from"] >= 0, "from is in seconds")
            need("to" not in one or is_int(one["to"]) and one["to"] > one["from"], "to is later than from")
            key = key_of(one["jwk"])
            need(key.kid not in keys, "a key occurs twice")
            keys[key.kid] = key
        return keys


class Genesis:
    """What the chain needs of it: ledger id, origin, time, participants."""

    def __init__(self, data):
        value = unjson(data)
        need(isinstance(value, dict) and value.get("format") == "urn:qizheng:genesis:1", "no genesis")
        need(isinstance(value.get("origin"), str) and value["origin"], "a genesis names its origin")
        need(is_int(value.get("created")) and value["created"] >= 0, "a genesis says when it was made")
        need(isinstance(value.get("participants"), list), "a genesis has participants")
        self.ledger_id = hashlib.sha256(data).hexdigest()
        self.origin, self.created = value["origin"], value["created"]
        self.participants = {}
        for one in value["participants"]:
            who = Participant(one)
            need(who.id not in self.participants, "a participant occurs twice")
            self.participants[who.id] = who


def refused(function, *arguments):
    """(None, what it gives) or (the reason, None)."""
    try:
        return None, function(*arguments)
    except Refused as error:
        return str(error), None
