"""The genesis (docs/FORMATS.md "Genesis"): everybody has to read the same ledger out of it, so its form is checked whole."""
import hashlib
import json
import re

from keys import Key, key_of
from log import TYPE_COSIGNATURE, TYPE_LOG, Vkey
from record import Participant
from strict import base64url, is_int, members, need, participant_id, unbase64url, unjson

GENESIS_LEN = 256 * 1024
NODES = 64


def _plain(value, ascii_only=False):
    """No control character anywhere, and member names in ASCII, so that the canonical form is what json.dumps gives."""
    if isinstance(value, str):
        need(not re.search("[\0-\x1f\x7f]", value) and (value.isascii() or not ascii_only), "a control character, or a name that is not ASCII")
    elif isinstance(value, list):
        for one in value:
            _plain(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            _plain(name, True)
            _plain(one)


def _key_name(value):
    return isinstance(value, str) and re.fullmatch(r"[!-*,-~]{1,200}", value, re.ASCII) is not None


class Genesis:
    """ledger_id, origin, created, participants by id"""

    def __init__(self, data):
        value = unjson(data)
        _plain(value)
        need(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == data, "not in canonical form (RFC 8785)")
        members(value, ("format", "created", "origin", "protocol", "nodes", "participants", "quorum", "parameters", "rules"))
        need(value["format"] == "urn:qizheng:genesis:1" and value["quorum"] == "bft", "no genesis of this format")
        need(is_int(value["created"]) and value["created"] >= 0, "created is in milliseconds")
        need(is_int(value["protocol"]) and value["protocol"] >= 1, "protocol is 1 or more")
        need(_key_name(value["origin"]), "an origin is a key name")
        self.ledger_id = hashlib.sha256(data).hexdigest()
        self.origin, self.created = value["origin"], value["created"]
        self.kids, self.names, self.voprf = set(), {self.origin}, []
        self._nodes(value["nodes"])
        self._participants(value["participants"])
        for node in value["nodes"]:
            operator = self.participants.get(node["operator"])
            need(operator and "operator" in operator.roles, "a node's operator is no participant with that role")
        self._rules(value["parameters"], value["rules"])

    def _once(self, kid):
        need(kid not in self.kids, "a key has one use")
        self.kids.add(kid)

    def _nodes(self, nodes):
        need(isinstance(nodes, list) and 1 <= len(nodes) <= NODES, "1 to 64 nodes")
        for node in nodes:
            members(node, ("name", "operator", "log_vkey", "cosigner_vkey", "auth", "voprf"))
            need(_key_name(node["name"]) and node["name"] not in self.names, "a node has a name of its own")
            self.names.add(node["name"])
            need(isinstance(node["operator"], str), "a node has an operator")
            for member, name, kind in (("log_vkey", self.origin, TYPE_LOG), ("cosigner_vkey", node["name"], TYPE_COSIGNATURE)):
                need(isinstance(node[member], str), "a vkey is a text")
                vkey = Vkey(node[member], kind)
                need(vkey.name == name, "a vkey under another name")
                self._once(Key({"kty": "OKP", "crv": "Ed25519", "x": base64url(vkey.public)}).kid)
            auth = key_of(node["auth"])
            need(auth.alg == "Ed25519", "an auth key is an Ed25519 key")
            self._once(auth.kid)
            self._voprf(node["voprf"])
            self.voprf.append(node["voprf"])

    @staticmethod
    def _voprf(voprf):
        need(isinstance(voprf, dict), "voprf is an object")
        for domain, public in voprf.items():
            need(participant_id(domain), "a domain's name")
            need(isinstance(public, str) and len(unbase64url(public)) == 32, "a public key of 32 bytes")

    def tag_key(self, domain):
        """The first node's that lists the domain; None where none does."""
        for voprf in self.voprf:
            if domain in voprf:
                return unbase64url(voprf[domain])
        return None

    def _participants(self, listed):
        need(isinstance(listed, list) and listed, "participants")
        self.participants = {}
        for one in listed:
            who = Participant(one, alone=True)
            need(who.id not in self.participants, "a participant occurs twice")
            self.participants[who.id] = who
            for kid in who.keys:
                self._once(kid)
        need(any("registrar" in who.roles for who in self.participants.values()), "no registrar")

    @staticmethod
    def _rules(parameters, rules):
        need(isinstance(parameters, dict) and isinstance(rules, list), "parameters is an object, rules a list")
        ids = set()
        for rule in rules:
            members(rule, ("id", "version", "action", "parameters"))
            need(isinstance(rule["id"], str) and 1 <= len(rule["id"].encode()) <= 15 and rule["id"] not in ids, "a rule has an id of its own")
            ids.add(rule["id"])
            need(is_int(rule["version"]) and rule["version"] >= 1, "a rule has a version")
            need(rule["action"] in ("reject", "flag", "off") and isinstance(rule["parameters"], dict), "a rule has an action and parameters")
