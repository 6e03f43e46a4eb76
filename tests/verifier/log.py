"""The public log from outside: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof and tlog-policy, and RFC 9162 section 2.1."""
import hashlib
import re

from keys import ed25519_usable, ed25519_verify
from strict import Refused, need, unbase64, utf8

U64 = 2**64 - 1
TYPE_LOG, TYPE_COSIGNATURE = 1, 4
NOTE_LEN = 64 * 1024
NOTE_LINES = 200
POLICY_LEN = 64 * 1024
POLICY_NAMES = 256
PROOF_HASHES = 63
HEADER = "c2sp.org/tlog-proof@v1"
# signed-note: "the key name ... MUST be non-empty, well-formed UTF-8 containing neither Unicode spaces nor plus"
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
NAME = re.compile(f"[^+\0-\x1f{SPACES}]+")


def number(text):
    """"ASCII decimal with no leading zeroes", 64 bits."""
    need(re.fullmatch(r"0|[1-9][0-9]{0,19}", text, re.ASCII) and int(text) <= U64, "no decimal number")
    return int(text)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hash32(text):
    data = unbase64(text)
    need(len(data) == 32, "a hash has 32 bytes")
    return data


# -- RFC 9162 section 2.1 --


def leaf_hash(leaf):
    return sha256(b"\0", leaf)


def root_of(index, size, leaf, path):
    """Section 2.1.3.2, step by step. None where the path has another length."""
    if index >= size:
        return None
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = sha256(b"\1", p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\1", r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


# -- notes and checkpoints --


class Vkey:
    """`name+hex8+base64(type || key)`"""

    def __init__(self, text, kind):
        parts = text.split("+", 2)
        need(len(parts) == 3 and NAME.fullmatch(parts[0]), "a vkey is name+id+key")
        need(len(parts[0].encode()) <= 200, "a key name beyond 200 bytes")
        typed = unbase64(parts[2])
        self.name, self.id, self.kind, self.public = parts[0], sha256(parts[0].encode(), b"\n", typed)[:4], typed[:1], typed[1:]
        need(re.fullmatch(r"[0-9a-f]{8}", parts[1], re.ASCII) and bytes.fromhex(parts[1]) == self.id, "the key id is not that of name and key")
        need(self.kind == bytes([kind]), f"a key of type 0x{kind:02x} belongs here")
        need(ed25519_usable(self.public), "no usable Ed25519 key")

    def time_of(self, sig, text):
        """True for a log's line, the time for a cosignature; Refused where it does not verify."""
        if self.kind == bytes([TYPE_LOG]):
            need(ed25519_verify(self.public, sig, text), "a listed key's line does not verify")
            return True
        need(len(sig) == 72, "a cosignature has 8 and 64 bytes")
        seconds = int.from_bytes(sig[:8], "big")
        need(seconds < 2**63, "a cosignature time beyond 2^63 - 1")
        stamped = b"cosignature/v1\ntime %d\n" % seconds + text
        need(ed25519_verify(self.public, sig[8:], stamped), "a listed key's line does not verify")
        return seconds


class Note:
    """text and lines [(name, id, signature)]"""

    def __init__(self, raw):
        need(len(raw) <= NOTE_LEN, "a note beyond 64 KiB")
        whole = utf8(raw)
        need(not re.search("[\0-\x09\x0b-\x1f]", whole), "a control character")
        cut = whole.rfind("\n\n")
        need(cut > 0 and whole.endswith("\n"), "a note is text, empty line, signatures")
        self.text = whole[:cut + 1].encode()
        lines = whole[cut + 2:].split("\n")[:-1]
        need(1 <= len(lines) <= NOTE_LINES, "no signature lines, or too many")
        self.lines = [self._line(line) for line in lines]

    @staticmethod
    def _line(line):
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "\u2014" and NAME.fullmatch(parts[1]), "a signature line is dash, name, base64")
        data = unbase64(parts[2])
        need(len(data) > 4, "a signature line without signature")
        return parts[1], data[:4], data[4:]


class Checkpoint:
    """origin, size, root of a note's text"""

    def __init__(self, text):
        lines = utf8(text).split("\n")
        need(len(lines) >= 4 and lines[-1] == "" and all(lines[:-1]), "a checkpoint is origin, size, root, each on its line")
        self.origin, self.size, self.root = lines[0], number(lines[1]), hash32(lines[2])
        need(self.size or self.root == sha256(), "the empty tree has another root")


class Proof:
    """tlog-proof v1: index, path, note, checkpoint"""

    def __init__(self, text):
        head, empty, rest = text.partition("\n\n")
        need(empty and rest, "a proof has an empty line before its checkpoint")
        lines = head.split("\n")
        need(lines[0] == HEADER, "no tlog-proof v1")
        at = 1
        if len(lines) > 1 and lines[1].startswith("extra "):
            need(unbase64(lines[1][6:]), "an empty extra line")
            at = 2
        need(len(lines) > at and lines[at].startswith("index "), "no index line")
        self.index = number(lines[at][6:])
        need(len(lines) - at - 1 <= PROOF_HASHES, "more hashes than a tree is high")
        self.path = [hash32(line) for line in lines[at + 1:]]
        self.raw = rest.encode()


# -- policy --


class Policy:
    """logs, witnesses by name, and the rule of the quorum as a nested list: a Vkey, or (k, [rule])"""

    def __init__(self, data):
        need(len(data) <= POLICY_LEN, "a policy beyond 64 KiB")
        need(data.endswith(b"\n"), "a policy's last line has no newline")
        self.logs, self.names, self.used, self.quorum = [], {}, set(), ()
        for raw in data[:-1].split(b"\n"):
            need(not re.search(rb"[\0-\x08\x0b-\x1f\x7f]", raw), "a control character")
            # Names may be any bytes, so they are compared as such.
            items = [item.decode("latin-1") for item in re.split(rb"[ \t]+", raw.strip(b" \t"))]
            if items != [""] and not items[0].startswith("#"):
                self._line(items[0], items[1:])
        need(self.quorum != (), "no quorum line")

    def _line(self, word, items):
        read = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}.get(word)
        need(read, f"{word} is no line of a policy")
        read(items)

    @staticmethod
    def _vkey(text, kind):
        return Vkey(utf8(text.encode("latin-1")), kind)

    def _log(self, items):
        need(1 <= len(items) <= 2, "log <vkey> [url]")
        key = self._vkey(items[0], TYPE_LOG)
        need(all(key.public != other.public for other in self.logs), "a log is listed twice, be it under another name")
        need(len(self.logs) < POLICY_NAMES, "too many logs")
        self.logs.append(key)

    def _define(self, name, rule):
        need(name != "none" and name not in self.names, "a name that is taken")
        need(len(self.names) < POLICY_NAMES, "too many names")
        self.names[name] = rule

    def _witness(self, items):
        need(2 <= len(items) <= 3, "witness <name> <vkey> [url]")
        key = self._vkey(items[1], TYPE_COSIGNATURE)
        need(all(key.public != other.public for other in self.witnesses()), "a witness is listed twice")
        self._define(items[0], key)

    def _group(self, items):
        need(len(items) >= 3, "group <name> all|any|<k> <member>...")
        name, threshold, inner = items[0], items[1], items[2:]
        for one in inner:
            need(one in self.names and one not in self.used, "a member that is unknown or in a group already")
            self.used.add(one)
        k = {"all": len(inner), "any": 1}.get(threshold) or number(threshold)
        need(1 <= k <= len(inner), "a threshold beyond its group")
        self._define(name, (k, [self.names[one] for one in inner]))

    def _quorum(self, items):
        need(self.quorum == (), "a second quorum line")
        need(len(items) == 1, "quorum <name>")
        need(items[0] == "none" or items[0] in self.names, "the quorum's name is not defined")
        self.quorum = None if items[0] == "none" else self.names[items[0]]

    def witnesses(self):
        return [rule for rule in self.names.values() if isinstance(rule, Vkey)]

    def signers(self, note):
        """{vkey: True or its earliest time} of the listed keys that signed; Refused where one of their lines is false."""
        listed, found = {(key.name, key.id): key for key in self.logs + self.witnesses()}, {}
        for name, key_id, sig in note.lines:
            key = listed.get((name, key_id))
            if key:
                time = key.time_of(sig, note.text)
                found[key] = min(time, found.get(key, time))
        return found

    def counted(self, rule=None):
        """The witnesses under the quorum: no others say anything."""
        rule = self.quorum if rule is None else rule
        if rule is None:
            return []
        return [rule] if isinstance(rule, Vkey) else [key for one in rule[1] for key in self.counted(one)]

    def met(self, found):
        return self.quorum is None or self._met(self.quorum, found)

    def _met(self, rule, found):
        if isinstance(rule, Vkey):
            return rule in found
        return sum(self._met(one, found) for one in rule[1]) >= rule[0]


class Judged:
    """A proof's checkpoint against a policy: log (a listed log key of that origin signed), quorum."""

    def __init__(self, note, checkpoint, policy):
        found = policy.signers(note)
        self.log = any(key in found and key.name == checkpoint.origin for key in policy.logs)
        self.quorum = policy.met(found)
        counted = policy.counted()
        times, liars = sorted(found[key] for key in counted if key in found), (len(counted) - 1) // 3
        self.existed_by = times[liars] if self.log and self.quorum and 0 <= liars < len(times) else None


__all__ = ["Checkpoint", "Judged", "Note", "Policy", "Proof", "Refused", "leaf_hash", "root_of"]
