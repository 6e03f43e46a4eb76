"""A small ledger made in Python, for receipts of every kind, good and forged: make_receipts.py keeps some as vectors, ../verifier/mutate.py makes thousands.

Every key follows from a name, every time is fixed and every signature is deterministic, so the same calls give the same bytes everywhere. Ed25519 is
signed by python3-cryptography, which is fast and gives the bytes of RFC 8032; the rest by primitives.py and make_crypto.py.

    leaf 0  genesis: operator, registrar (Ed25519), acme (employer, ES256K)
         1  acme's contract, three fields hidden              4  bureau admits firm (employer, SM2)
         2  registrar admits bureau (registrar, ES256)        5  firm's contract, signed with SM2
         3  bureau's own record, signed with ES256            6  registrar rotates firm to a second key (Ed25519)
                                                              7  a contract with that key"""
import base64
import copy
import functools
import hashlib
import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from make_crypto import P256, SM2, b32, ec_jwk, num, p256_sign, sm2_sign, sm3
from make_voprf import BASE, derive, encode, evaluate, sized
from primitives import L as ED_ORDER
from primitives import N, b64u, ec_sign, ed_times, jcs, jwk, seed, subkey, thumbprint, vkey

ORIGIN = "qizheng.invalid/5ec0dd"
CREATED_MS = 1795420542123
COSIGNED_S = 1795420600
TYP = "qizheng-record+sd-jwt"
MEDIA = "application/vnd.qizheng.receipt+json;version=1"
THUMBPRINT = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:"
DOCUMENT = "劳动合同：李四，2027-01-01 起。\n".encode()
ALGS = {"operator": "Ed25519", "registrar": "Ed25519", "acme": "ES256K", "bureau": "ES256", "firm": "SGD_SM3_SM2", "firm2": "Ed25519", "shady": "ES256K",
        "holder": "Ed25519", "holder2": "ES256K"}
CURVES = {"ES256": ("P-256", P256), "SGD_SM3_SM2": ("SM2-P-256", SM2)}


def b64(data):
    return base64.b64encode(data).decode()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# -- keys --


def _ed(secret):
    return ed25519.Ed25519PrivateKey.from_private_bytes(secret)


@functools.lru_cache(maxsize=None)
def ed_public(secret):
    return _ed(secret).public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class Signer:
    """A participant's key: alg, jwk, kid, sign."""

    def __init__(self, alg, name):
        self.alg, self.secret = alg, seed("forge " + name)
        if alg in CURVES:
            crv, curve = CURVES[alg]
            self.jwk = ec_jwk(crv, curve.times(num(self.secret), curve.g))
        else:
            self.jwk = jwk(alg, self.secret)
        self.kid = thumbprint(self.jwk)

    @functools.lru_cache(maxsize=None)
    def sign(self, message):
        if self.alg == "Ed25519":
            return _ed(self.secret).sign(message)
        if self.alg == "SGD_SM3_SM2":
            return sm2_sign(self.secret, message, num(sha256(self.secret, message)) % SM2.n)
        return (ec_sign if self.alg == "ES256K" else p256_sign)(self.secret, message)


def flip_s(alg, sig):
    order = N if alg == "ES256K" else P256.n
    return sig[:32] + b32(order - num(sig[32:]))


class Node:
    def __init__(self, number):
        master = seed(f"forge node {number}")
        self.name, self.log, self.cosigner = f"{ORIGIN}/node/{number}", subkey(master, 1), subkey(master, 2)
        self.log_vkey = vkey(ORIGIN, 1, ed_public(self.log))
        self.cosigner_vkey = vkey(self.name, 4, ed_public(self.cosigner))
        self.auth = {"crv": "Ed25519", "kty": "OKP", "x": b64u(ed_public(subkey(master, 3)))}

    def json(self):
        return {"name": self.name, "operator": "operator", "log_vkey": self.log_vkey, "cosigner_vkey": self.cosigner_vkey, "auth": self.auth, "voprf": {}}


# -- notes --


def line(name, kind, secret, sig):
    key_id = sha256(name.encode(), b"\n", bytes([kind]), ed_public(secret))[:4]
    return f"\u2014 {name} {b64(key_id + sig)}\n"


def log_line(node, body, origin=ORIGIN):
    return line(origin, 1, node.log, _ed(node.log).sign(body.encode()))


def cosignature(node, body, seconds):
    stamped = f"cosignature/v1\ntime {seconds}\n{body}".encode()
    return line(node.name, 4, node.cosigner, seconds.to_bytes(8, "big") + _ed(node.cosigner).sign(stamped))


def body_of(size, root, origin=ORIGIN, more=""):
    return f"{origin}\n{size}\n{b64(root)}\n{more}"


def note_of(nodes, body, logs=(0,), cosigners=(0, 1), origin=ORIGIN):
    """A checkpoint that these nodes (by index) signed and cosigned, node i at 10 i seconds."""
    signed = "".join(log_line(nodes[i], body, origin) for i in logs)
    return body + "\n" + signed + "".join(cosignature(nodes[i], body, COSIGNED_S + 10 * i) for i in cosigners)


def proof_of(index, path, note, extra=""):
    return f"c2sp.org/tlog-proof@v1\n{extra}index {index}\n" + "".join(b64(p) + "\n" for p in path) + "\n" + note


# -- trees: RFC 9162 sections 2.1.1 and 2.1.3 --


def mth(leaves):
    if len(leaves) < 2:
        return sha256(b"\0", leaves[0]) if leaves else sha256()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1", mth(leaves[:k]), mth(leaves[k:]))


def path_of(m, leaves):
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return path_of(m, leaves[:k]) + [mth(leaves[k:])] if m < k else path_of(m - k, leaves[k:]) + [mth(leaves[:k])]


# -- records --


def disclosure(name, value, salt=None, text=None):
    """One encoded disclosure: of [salt, name, value], or of the text as it stands."""
    salt = b64u(sha256(b"forge salt", name.encode())[:16]) if salt is None else salt
    return b64u(text.encode() if text is not None else json.dumps([salt, name, value], separators=(",", ":"), ensure_ascii=False).encode())


def digest_of(text):
    return b64u(sha256(text.encode()))


def header_of(signer, **changes):
    return {"alg": signer.alg, "kid": signer.kid, "typ": TYP, **changes}


def compact(signer, payload, header=None, sig=None):
    """The JWS over payload (bytes or claims); header: a dict or raw bytes; sig: what to do with the signature."""
    header = header_of(signer) if header is None else header
    raw = [part if isinstance(part, bytes) else jcs(part) for part in (header, payload)]
    text = ".".join(map(b64u, raw)).encode()
    made = signer.sign(text)
    return text.decode() + "." + b64u(sig(made) if sig else made)


def key_binding(signer, presentation, aud="https://court.example/cases/1", nonce="4f2a9c", iat=COSIGNED_S, header=None, sig=None, **more):
    """RFC 9901 section 4.3, over `presentation` with its last tilde."""
    said = {"iat": iat, "aud": aud, "nonce": nonce, "sd_hash": digest_of(presentation), **more}
    return compact(signer, {name: value for name, value in said.items() if value is not None}, header or {"alg": signer.alg, "typ": "kb+jwt"}, sig)


HIDDEN = [disclosure("wage_amount", 850000), disclosure("contract_no", "HT-2027-0001"), disclosure("worker_name", "李四")]


class Ledger:
    """Grows by append(); receipt() gives the parts of a receipt as a dict, to be changed at will before text()."""

    def __init__(self):
        self.nodes = [Node(i + 1) for i in range(3)]
        self.keys = {name: Signer(alg, name) for name, alg in ALGS.items()}
        self.genesis = jcs(self.founding())
        self.ledger_id = hashlib.sha256(self.genesis).hexdigest()
        self.bodies, self.times, self.leaves = [None], [], []
        self._leaf(bytes.fromhex(self.ledger_id))
        self._found()

    def founding(self):
        people = [self.person("operator", "operator", ["operator"]), self.person("registrar", "registrar", ["registrar"]), self.person("acme", "acme", ["employer"])]
        nodes = [node.json() for node in self.nodes]
        nodes[0]["voprf"] = {"labour": b64u(self.tag_public("labour"))}
        return {"format": "urn:qizheng:genesis:1", "created": CREATED_MS, "origin": ORIGIN, "protocol": 1, "nodes": nodes,
                "participants": people, "quorum": "bft", "parameters": {}, "rules": []}

    def _found(self):
        self.append(compact(self.keys["acme"], self.contract("acme", HIDDEN)))
        self.append(self.admit("bureau", "bureau", ["registrar"], "registrar"))
        self.append(compact(self.keys["bureau"], self.contract("bureau")))
        self.append(self.admit("firm", "firm", ["employer"], "bureau"))
        self.append(compact(self.keys["firm"], self.contract("firm")))
        self.append(self.admit("firm", "firm2", ["employer"], "registrar", act="rotate"))
        self.append(compact(self.keys["firm2"], self.contract("firm")))

    def refounded(self, genesis):
        """A ledger of the same nodes and keys that began with these bytes, and nothing else yet."""
        other = self.copy()
        other.genesis, other.ledger_id = genesis, hashlib.sha256(genesis).hexdigest()
        other.bodies, other.times, other.leaves = [None], [], []
        other._leaf(bytes.fromhex(other.ledger_id))
        return other

    def copy(self):
        other = copy.copy(self)
        other.bodies, other.times, other.leaves = self.bodies[:], self.times[:], self.leaves[:]
        return other

    # records

    def person(self, who, key, roles):
        return {"id": who, "name": "示例单位 " + who, "uscc": "91350100M000100Y43", "roles": roles, "keys": [{"jwk": self.keys[key].jwk, "from": CREATED_MS // 1000}]}

    def claims(self, iss, kind, act):
        jti = b64u(sha256(b"forge jti %d" % len(self.leaves))[:16])
        return {"iss": iss, "aud": self.ledger_id, "iat": CREATED_MS // 1000 + len(self.leaves), "jti": jti, "vct": f"urn:qizheng:{kind}:1", "act": act}

    def contract(self, iss, hidden=(), /, **more):
        doc = [{"alg": "sha-256", "digest": b64u(sha256(DOCUMENT))}, {"alg": "sm3", "digest": b64u(sm3(DOCUMENT))}]
        made = {**self.claims(iss, "labour-contract", "conclude"), "start": "2027-01-01", "doc": doc}
        if hidden:
            made.update(_sd=sorted(map(digest_of, hidden)), _sd_alg="sha-256")
        made.update(more)
        return {name: value for name, value in made.items() if value is not None}

    def named(self, holder="holder", hidden=(), **more):
        """Appends a contract of acme's that names the holder's key; its index."""
        return self.append(compact(self.keys["acme"], self.contract("acme", hidden, cnf={"jwk": self.keys[holder].jwk}, **more)))

    def acknowledgement(self, index, holder="holder", **more):
        """The claims of a holder's own record, about the one at index."""
        made = self.claims(THUMBPRINT + self.keys[holder].kid, "labour-contract", "acknowledge")
        made["ref"] = hashlib.sha256(self.bodies[index].rsplit(".", 1)[0].encode()).hexdigest()
        made.update(more)
        return {name: value for name, value in made.items() if value is not None}

    def admit(self, who, key, roles, by, act="admit", signer=None):
        return compact(self.keys[signer or by], {**self.person(who, key, roles), **self.claims(by, "participant", act)})

    def _leaf(self, digest):
        self.times.append(CREATED_MS + 1000 * len(self.leaves))
        self.leaves.append(b"\1" + self.times[-1].to_bytes(8, "big") + digest)

    def append(self, jws):
        """Puts it into the log whatever it says, hashed as it stands; its index."""
        self.bodies.append(jws)
        self._leaf(sha256(jws.encode()))
        return len(self.leaves) - 1

    # tags

    @classmethod
    def tag(cls, person, domain="labour", id_type="resident-id", counts=None):
        """(the tag, its evidence) of a person's number, under this ledger's key."""
        number = person if counts is None else counts
        text = sized(domain.encode(), id_type.encode(), number.encode())
        blind, r = (int.from_bytes(hashlib.sha512(f"forge {name} {text.hex()}".encode()).digest(), "little") % ED_ORDER for name in ("blind", "r"))
        made = evaluate(cls.tag_secret(domain), [(text, blind)], r)
        evaluation = {"pk": b64u(cls.tag_public(domain)), "element": b64u(bytes.fromhex(made["evaluated"][0])), "proof": b64u(bytes.fromhex(made["proof"]))}
        evidence = {"id_type": id_type, "id_number": person, "blind": b64u(bytes.fromhex(made["blinds"][0])), "evaluations": [evaluation]}
        return {"d": domain, "v": 1, "t": b64u(bytes.fromhex(made["outputs"][0])[:32])}, evidence

    @staticmethod
    def tag_secret(domain):
        return derive(seed("forge voprf " + domain), domain.encode())

    @classmethod
    def tag_public(cls, domain):
        return encode(ed_times(cls.tag_secret(domain), BASE))

    # the log

    def body(self, size=None, **changes):
        size = len(self.leaves) if size is None else size
        return body_of(size, mth(self.leaves[:size]), **changes)

    def note(self, size=None, **signed):
        return note_of(self.nodes, self.body(size), **signed)

    def proof(self, index, size=None, note=None, extra=""):
        size = len(self.leaves) if size is None else size
        return proof_of(index, path_of(index, self.leaves[:size]), note or self.note(size), extra)

    # receipts

    def link(self, index, size=None):
        made = {"time": self.times[index], "proof": self.proof(index, size)}
        return {"genesis": b64u(self.genesis), **made} if index == 0 else {"record": self.bodies[index], **made}

    def receipt(self, index, hidden=(), links=(0,), size=None, note=None):
        made = {"mediaType": MEDIA, "record": self.bodies[index] + "~" + "".join(d + "~" for d in hidden), "time": self.times[index],
                "proof": self.proof(index, size, note)}
        if links:
            made["issuer"] = [self.link(at, size) for at in links]
        return made

    def leaf_receipt(self, index):
        return {"mediaType": MEDIA, "leaf": b64(self.leaves[index]), "time": self.times[index], "proof": self.proof(index)}

    def policy(self, rule="group nodes 2 node-1 node-2 node-3\nquorum nodes\n"):
        logs = "".join(f"log {node.log_vkey}\n" for node in self.nodes)
        return logs + "".join(f"witness node-{i + 1} {node.cosigner_vkey}\n" for i, node in enumerate(self.nodes)) + rule


def text(receipt):
    return json.dumps(receipt, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
