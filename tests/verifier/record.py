"""Records: compact JWS, claims, disclosures (docs/FORMATS.md "Record"; RFC 7515, RFC 9901), and what participants and genesis say of keys."""
import hashlib
import re

from keys import ALG_NAMES, canonical, key_of
from strict import Refused, base64url, hex256, is_int, members, need, participant_id, unbase64url, unjson, word

RECORD_LEN = 16 * 1024
DISCLOSURE_LEN = 16 * 1024
DISCLOSURES = 128
RECORD_TYP = "qizheng-record+sd-jwt"
ROLES = {"employer", "payer", "certifier", "registrar", "court", "auditor", "operator"}
THUMBPRINT = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:"
COMMON = {"iss", "aud", "iat", "jti", "vct", "act", "ref", "replaces", "doc", "tags", "_sd", "_sd_alg", "cnf"}
RESERVED = {"_sd", "_sd_alg", "..."}


class Jws:
    """A compact JWS in strict form. canonical: the text with the low S, which is what the ledger hashed."""

    def __init__(self, text, typ, members_of_header=("alg", "kid", "typ")):
        need(len(text.encode()) <= RECORD_LEN, "longer than 16 KiB")
        parts = text.split(".")
        need(len(parts) == 3, "a compact JWS has three parts")
        header = members(unjson(unbase64url(parts[0])), members_of_header)
        need(isinstance(header["alg"], str) and header["alg"] in ALG_NAMES, "an unknown alg")
        need(header["typ"] == typ, "another typ")
        self.alg, self.kid = ALG_NAMES[header["alg"]], header.get("kid")
        if "kid" in header:
            need(isinstance(self.kid, str) and len(unbase64url(self.kid)) == 32, "kid is no SHA-256 thumbprint")
        self.payload = unbase64url(parts[1])
        self.sig = unbase64url(parts[2])
        need(len(self.sig) == 64, "a signature has 64 bytes")
        self.signing_input = (parts[0] + "." + parts[1]).encode()
        self.is_canonical = canonical(self.alg, self.sig) == self.sig
        self.canonical = self.signing_input + b"." + base64url(canonical(self.alg, self.sig)).encode()

    def signed_by(self, key):
        return self.alg == key.alg and self.kid in (None, key.kid) and key.verify(self.sig, self.signing_input)


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
    for role, tag in value.items():
        members(tag, ("d", "v", "t"))
        need(word(role) and word(tag["d"]), "a tag's role and domain are words")
        need(is_int(tag["v"]) and 1 <= tag["v"] < 2**32, "a tag's key version is a positive integer")
        need(isinstance(tag["t"], str) and len(unbase64url(tag["t"])) == 32, "a tag has 32 bytes")


def _sd(claims):
    if "_sd" not in claims:
        need("_sd_alg" not in claims, "_sd_alg without _sd")
        return
    need(claims.get("_sd_alg") == "sha-256", "_sd_alg is sha-256")
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


def is_holder(claims):
    """Whether iss names a key, not a participant (RFC 9278)."""
    iss = claims.get("iss")
    if not isinstance(iss, str) or not iss.startswith(THUMBPRINT):
        return False
    return len(unbase64url(iss[len(THUMBPRINT):])) == 32


def claims_check(claims):
    need(isinstance(claims, dict), "claims are an object")
    need("..." not in claims, "the name ... is reserved")
    _nested(claims, True)
    need(participant_id(claims.get("iss")) or is_holder(claims), "iss is a participant id or a thumbprint URI")
    need(hex256(claims.get("aud")), "aud is a ledger id")
    need(is_int(claims.get("iat")) and claims["iat"] >= 0, "iat is in seconds")
    need(isinstance(claims.get("jti"), str) and len(unbase64url(claims["jti"])) >= 16, "jti has 16 bytes or more")
    vct = claims.get("vct")
    need(isinstance(vct, str) and re.fullmatch(r"urn:qizheng:[a-z][a-z0-9-]{0,62}:[1-9][0-9]{0,4}", vct, re.ASCII), "vct is urn:qizheng:<type>:<version>")
    need(int(vct.rsplit(":", 1)[1]) < 2**16, "a version beyond 65535")
    act = claims.get("act")
    need(isinstance(act, str) and re.fullmatch(r"[a-z-]{1,31}", act, re.ASCII), "act is a verb")
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


# -- disclosures, key binding --


def presentation_cut(text):
    """`<JWS>~<disclosure>~...~[<key binding>]`: the JWS, the disclosures, the key binding."""
    parts = text.split("~")
    need(len(parts) > 1, "a presentation is <JWS>~ and disclosures, each ended by ~")
    return parts[0], parts[1:-1], parts[-1]


def disclosed(items, claims):
    """The fields that the disclosures show. Refused where one does not belong to this record."""
    shown, digests = {}, set(claims.get("_sd", ()))
    need(len(items) <= DISCLOSURES, "too many disclosures")
    for text in items:
        need(len(text) <= DISCLOSURE_LEN, "a disclosure beyond 16 KiB")
        value = unjson(unbase64url(text))
        need(isinstance(value, list) and len(value) == 3, "a disclosure is [salt, name, value]")
        salt, name, content = value
        need(isinstance(salt, str) and len(unbase64url(salt)) >= 16, "a salt has 128 bits or more")
        need(isinstance(name, str) and name not in RESERVED, "a reserved name")
        need(name not in claims and name not in COMMON and name not in shown, "a name that is there already, or is never withheld")
        _nested(content, False)
        need(base64url(hashlib.sha256(text.encode()).digest()) in digests, "its digest is not in _sd")
        shown[name] = content
    return shown


def key_binding_check(text, presentation, claims, demand):
    """RFC 9901 section 7.3. presentation: everything to the last ~. demand: {"audience", "nonce", "now", "max_age"} or None."""
    need(text or not demand, "a key binding is demanded and not there")
    if not text:
        return
    jws = Jws(text, "kb+jwt", ("alg", "typ"))
    said = unjson(jws.payload)
    need(isinstance(said, dict), "claims are an object")
    for name in ("aud", "nonce"):
        need(isinstance(said.get(name), str) and 1 <= len(said[name].encode()) <= 512, f"{name} has 1 to 512 bytes")
    need(is_int(said.get("iat")) and said["iat"] >= 0, "iat is in seconds")
    for name in ("nbf", "exp"):
        need(name not in said or is_int(said[name]) and said[name] >= 0, f"{name} is in seconds")
    need("cnf" in claims, "the record names no holder's key")
    need(jws.signed_by(key_of(claims["cnf"]["jwk"])), "the holder's signature does not verify")
    need(said.get("sd_hash") == base64url(hashlib.sha256(presentation.encode()).digest()), "it is over another presentation")
    if demand:
        _demanded(said, demand)


def _demanded(said, demand):
    need(said["aud"] == demand["audience"] and said["nonce"] == demand["nonce"], "it is for another verifier or occasion")
    now, age = demand.get("now"), demand.get("max_age")
    if not now:
        return
    need(said["iat"] <= now + 300 and said.get("nbf", 0) <= now + 300, "it is of the future")
    need(not age or said["iat"] >= now - age, "it is too old")
    need("exp" not in said or now < said["exp"], "it has expired")


# -- who holds which key --


class Participant:
    """id, roles, keys by kid: a member of the genesis (which has no other members), or the claims of an `admit` or `rotate`."""

    def __init__(self, value, alone=False):
        need(isinstance(value, dict), "a participant is an object")
        if alone:
            members(value, ("id", "name", "uscc", "roles", "keys"))
        need(participant_id(value.get("id")), "a participant has an id")
        self.id = value["id"]
        name, uscc, roles = value.get("name"), value.get("uscc"), value.get("roles")
        need(isinstance(name, str) and 1 <= len(name.encode()) <= 200 and not re.search("[\0-\x1f\x7f]", name), "a name has 1 to 200 bytes")
        need(isinstance(uscc, str) and re.fullmatch("[0-9A-HJ-NPQRTUWXY]{18}", uscc), "uscc is of GB 32100's form")
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


def refused(function, *arguments):
    """(None, what it gives) or (the reason, None)."""
    try:
        return None, function(*arguments)
    except Refused as error:
        return str(error), None
