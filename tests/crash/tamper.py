"""Changes files of a stopped ledger behind its back, one at a time, and watches who notices.

    tamper.py LEDGER ACKS BUILD POLICY ROUNDS SEED

For every kind of file: bits flipped, the file cut short, the file gone; then the whole data folder and the file of last-signed sizes put back as they were earlier. After each change fsck
looks, and the node is started and, where it starts, given a record. Two things must hold, whatever was done:

1. nothing contradictory is signed: a checkpoint that the node gives has, for its size, the root that the log had before, or continues it;
2. what is gone or wrong is found: either fsck says so or the node does not start, or nothing that anybody was promised is missing (LevelDB keeps files that it no longer needs)."""
import base64
import glob
import http.client
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "lib"))
from client import Key, Node, contract, jws, leaf_hash, root_of, tile_path  # noqa: E402

ledger, acks, build, policy = (os.path.abspath(path) for path in sys.argv[1:5])
rounds, seed = int(sys.argv[5]), int(sys.argv[6])
KINDS = {"tables": "data/db/*.ldb", "log": "data/db/*.log", "manifest": "data/db/MANIFEST-*", "current": "data/db/CURRENT", "bodies": "data/bodies/*.seg", "genesis": "data/genesis.json",
         "seed": "keys/node.seed", "last-signed": "keys/last-signed"}
key = Key("Ed25519", "tamper")
failures, tally = 0, {}


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


class Started:
    """The node of a folder, where it starts."""

    def __init__(self, folder):
        text = open(f"{folder}/node.yaml", encoding="utf-8").read()
        open(f"{folder}/node.yaml", "w", encoding="utf-8").write(re.sub(r"(?m)^listen: .*", 'listen: "127.0.0.1:0"', text))
        self.path = f"{folder}/said"
        out = open(self.path, "w", encoding="utf-8")
        self.process = subprocess.Popen([f"{build}/qizhengd", "--config", f"{folder}/node.yaml"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.url = None
        for _ in range(200):
            found = re.search(r" started .*port=(\d+)", self.said())
            if found:
                self.url = f"http://127.0.0.1:{found[1]}"
                return
            if self.process.poll() is not None:
                return
            time.sleep(0.05)

    def said(self):
        return open(self.path, encoding="utf-8", errors="replace").read()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(60)


class Unreadable(Exception):
    """The node says that it cannot read what it was asked for."""


def get(node, path):
    status, _, data = node.get(path)
    if status != 200:
        raise Unreadable(path)
    return data


def head(node):
    lines = get(node, "/checkpoint").split(b"\n")
    return int(lines[1]), base64.b64decode(lines[2])


def leaves_of(node, size):
    hashes = []
    for index in range(0, size, 256):
        width = min(256, size - index)
        data = get(node, tile_path("entries", index // 256, width))
        for at in range(0, len(data), 43):
            hashes.append(leaf_hash(data[at + 2:at + 43]))
    return hashes


# On a copy: to start on it would change the very files.
copy = tempfile.mkdtemp(prefix="tamper")
shutil.copytree(ledger, copy, dirs_exist_ok=True)
started = Started(copy)
node = Node(started.url)
SIZE, ROOT = head(node)
LEAVES = leaves_of(node, SIZE)
assert root_of(LEAVES) == ROOT
LEDGER = re.search(r'"ledger":"([0-9a-f]{64})"', node.get("/v1/status")[2].decode())[1]
started.stop()
shutil.rmtree(copy)


def contradicts(node):
    """A checkpoint that the log of before does not lead to, or None."""
    size, root = head(node)
    if size < SIZE:
        return f"signed size {size} after {SIZE}"
    if size > SIZE + 1:
        return f"signed size {size}, from nowhere"
    if root_of(LEAVES if size == SIZE else LEAVES + leaves_of(node, size)[SIZE:]) != root:
        return f"signed another root at size {size}"
    return None


def judge(folder):
    """(what is contradicted, who noticed)"""
    code, text = run(f"{build}/qizheng", "fsck", "--dir", folder)
    if code < 0 or "Sanitizer" in text:
        return f"fsck ended with {code}: {text[-500:]}", None
    noticed = "fsck" if code else None
    started = Started(folder)
    if started.url is None:
        code = started.process.returncode
        return (f"the node ended with {code}: {started.said()[-500:]}" if code is None or code < 0 else None), "start-up" if noticed is None else noticed
    node = Node(started.url)
    wrong = None
    try:
        wrong = contradicts(node)
        if not wrong:
            node.post_record(jws(key, contract(LEDGER, "emp-tamper")), Prefer="wait=3")
            wrong = contradicts(node)
    except Unreadable:
        noticed = noticed or "who reads"
    except (OSError, http.client.HTTPException):
        noticed = noticed or "the node, which ended"
    if started.process.poll() is not None and started.process.returncode < 0:
        wrong = f"the node ended with {started.process.returncode}: {started.said()[-500:]}"
    promised = 0
    if not wrong and noticed is None and started.process.poll() is None:
        promised, text = run(f"{build}/qizheng-pound", "check", "--url", started.url, "--policy", policy, "--acks", acks)
    started.stop()
    if promised:
        return "nobody noticed, and promises are broken: " + text[-500:], None
    return wrong, noticed or "nobody, nothing is missing"


def flip(path, chance):
    data = bytearray(open(path, "rb").read())
    for _ in range(chance.choice([1, 1, 1, 8])):
        at = chance.randrange(len(data))
        data[at] ^= 1 << chance.randrange(8)
    open(path, "wb").write(data)


def cut(path, chance):
    os.truncate(path, chance.randrange(os.path.getsize(path)))


def remove(path, _):
    os.unlink(path)


def attempt(name, change):
    global failures
    folder = tempfile.mkdtemp(prefix="tamper")
    os.rmdir(folder)
    shutil.copytree(ledger, folder)
    change(folder)
    wrong, noticed = judge(folder)
    shutil.rmtree(folder)
    tally.setdefault(name, {}).setdefault(noticed, 0)
    tally[name][noticed] += 1
    if wrong:
        failures += 1
        print(f"FAIL {name} (seed {seed}): {wrong}")
    return noticed


def on_file(pattern, how, chance):
    def change(folder):
        path = chance.choice([path for path in sorted(glob.glob(f"{folder}/{pattern}")) if os.path.getsize(path)])
        os.chmod(path, 0o600)
        how(path, chance)
    return change


for kind, pattern in KINDS.items():
    for how in (flip, cut, remove):
        if not [path for path in glob.glob(f"{ledger}/{pattern}") if os.path.getsize(path)]:
            continue
        for number in range(rounds if how is flip else 1 if how is remove else (rounds + 1) // 2):
            attempt(f"{kind}: {how.__name__}", on_file(pattern, how, random.Random(f"{seed} {kind} {how.__name__} {number}")))


def put_back(folder, names):
    for name in names:
        shutil.rmtree(f"{folder}/{name}")
        shutil.copytree(f"{ledger}.earlier/{name}", f"{folder}/{name}")


for name, names in (("the data of earlier", ["data"]), ("the keys of earlier", ["keys"])):
    noticed = attempt(name, lambda folder: put_back(folder, names))
    if name == "the data of earlier" and noticed not in ("start-up", "fsck"):
        failures += 1
        print(f"FAIL data that are older than what was signed are started on: {noticed}")
for name, count in tally.items():
    print(f"   {name}: " + ", ".join(f"{who} {times}" for who, times in count.items()))
for kind in ("tables: flip", "bodies: flip", "bodies: cut", "genesis: flip", "current: cut"):
    if kind in tally and set(tally[kind]) == {"nobody, nothing is missing"}:
        failures += 1
        print(f"FAIL {kind}: never noticed")
if not failures:
    print(f"ok {sum(sum(count.values()) for count in tally.values())} changes behind the node's back: nothing contradictory was signed, and what is missing is found")
sys.exit(bool(failures))
