"""An independent C2SP client: checkpoint, tiles, entry bundles, proofs, and the node as a witness of a foreign log.

    c2sp.py URL LEDGER POLICY [restarted]"""
import base64
import concurrent.futures
import hashlib
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from client import Key, Node, Vkey, contract, jws, leaf_hash, node_hash, p, prove_consistency, root_of, tile_path  # noqa: E402

node, ledger = Node(sys.argv[1]), sys.argv[2]
restarted = len(sys.argv) > 4
lines = [line.split() for line in open(sys.argv[3], encoding="utf-8") if line.strip() and not line.startswith("#")]
log = Vkey(next(line[1] for line in lines if line[0] == "log"))
witness = Vkey(next(line[2] for line in lines if line[0] == "witness"))
failed = False


def ok(name, condition, said=""):
    global failed
    print(("ok " if condition else "FAIL ") + name, "" if condition else said)
    failed |= not condition


def checkpoint():
    status, headers, data = node.get("/checkpoint")
    assert status == 200, status
    return headers, data.decode()


def download(size):
    """All leaves and the level-0 hashes of a log of that size, from tiles alone."""
    leaves, hashes = [], []
    for index in range((size + 255) // 256):
        width = min(256, size - 256 * index)
        status, headers, data = node.get(tile_path("entries", index, width))
        assert status == 200, (status, index, width)
        while data:
            length = int.from_bytes(data[:2], "big")
            leaves.append(data[2:2 + length])
            data = data[2 + length:]
        status, headers, data = node.get(tile_path("0", index, width))
        assert status == 200 and len(data) == 32 * width
        hashes += [data[i:i + 32] for i in range(0, len(data), 32)]
    return leaves, hashes


# -- grow the log past one tile --
if not restarted:
    key = Key("Ed25519", "b")
    texts = [jws(key, contract(ledger, "emp-b")) for _ in range(300)]
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        codes = [reply[0] for reply in pool.map(node.post_record, texts)]
    ok("300 records are taken", codes == [201] * 300, set(codes))

headers, note = checkpoint()
origin, size, root = note.split("\n")[:3]
size = int(size)
ok("the checkpoint is text that is not to be stored", headers["content-type"] == "text/plain; charset=utf-8" and "no-store" in headers["cache-control"], headers)
ok("its origin is the log key's name", origin == log.name)
ok("it has exactly three lines before the signatures", note.split("\n\n")[0].count("\n") == 2)
ok("the log's line is first and verifies", note.split("\n\n")[1].splitlines()[0].split(" ")[1] == log.name and log.verify(note) == 0)
seconds = witness.verify(note)
ok("the cosignature verifies and is fresh", seconds is not None and abs(seconds - time.time()) < 120, seconds)
leaves, hashes = download(size)
ok("every leaf has 41 bytes and the version byte", len(leaves) == size and all(len(leaf) == 41 and leaf[0] == 1 for leaf in leaves))
times = [int.from_bytes(leaf[1:9], "big") for leaf in leaves]
ok("leaf times do not fall", times == sorted(times))
ok("leaf 0 is the genesis", leaves[0][9:].hex() == ledger)
ok("level 0 holds the leaf hashes", [leaf_hash(leaf) for leaf in leaves] == hashes)
ok("the root follows from the leaves", base64.b64decode(root) == root_of(hashes))
if size >= 256:
    status, headers, data = node.get("/tile/1/000.p/1")
    ok("level 1 follows from level 0", data == root_of(hashes[:256]))
    ok("a full tile may be stored for good", "immutable" in headers["cache-control"] and headers["content-type"] == "application/octet-stream", headers)
for width in (1, 2, 255):
    status, _, data = node.get(tile_path("0", 0, width))
    ok(f"a partial tile of width {width} is cut on request", status == 200 and data == b"".join(hashes[:width]))
for path in ("/tile/0/000.p/0", "/tile/0/000.p/256", "/tile/0/000.p/01", "/tile/0/0", "/tile/0/x000/000", f"/tile/0/001.p/{size % 256 + 1}", "/tile/64/000", "/tile/00/000", "/tile/-1/000",
             "/tile/entries/999", "/tile/0/000/", "/tile//000", "/tile/0/000.p", "/tile/0/000?x=1"):
    status, _, _ = node.get(path)
    ok(f"{path} does not exist", status in (400, 404), status)

# -- inclusion by record id --
some = jws(Key("Ed25519", "b"), contract(ledger, "emp-b"))
reply = node.post_record(some)[2]
text = reply["receipt"]["proof"]
head, proof_note = text.split("\n\n", 1)
index = int(head.split("\n")[1].split(" ")[1])
path = [base64.b64decode(line, validate=True) for line in head.split("\n")[2:]]
value, last, at = leaf_hash(b"\x01" + reply["time"].to_bytes(8, "big") + hashlib.sha256(some.encode()).digest()), int(proof_note.split("\n")[1]) - 1, index
for sibling in path:  # RFC 9162 section 2.1.3.2
    if at & 1 or at == last:
        value = node_hash(sibling, value)
        while not at & 1 and at:
            at, last = at >> 1, last >> 1
    else:
        value = node_hash(value, sibling)
    at, last = at >> 1, last >> 1
ok("a tlog-proof leads from the record to the signed root", value == base64.b64decode(proof_note.split("\n")[2]) and log.verify(proof_note) == 0)

# -- the node as a witness of a foreign log --
foreign = Key("Ed25519", "foreign log")
vkey_raw = b"\x01" + p.ed_public(foreign.secret)
vkey_id = hashlib.sha256(b"log.example.org\n" + vkey_raw).digest()[:4]
entries = [leaf_hash(b"entry %d" % i) for i in range(40)]


def foreign_note(size, hashes=entries, key=foreign, name="log.example.org"):
    body = f"{name}\n{size}\n{base64.b64encode(root_of(hashes[:size])).decode()}\n"
    return body + "\n" + f"\u2014 {name} {base64.b64encode(vkey_id + key.sign(body.encode())).decode()}\n"


def add(old, size, proof=None, text=None):
    proof = prove_consistency(entries, old, size) if proof is None and 0 < old <= size else proof or []
    body = f"old {old}\n" + "".join(base64.b64encode(h).decode() + "\n" for h in proof) + "\n" + (text or foreign_note(size))
    return node.call("POST", "/add-checkpoint", body.encode())


if not restarted:
    status, headers, data = add(0, 5)
    ok("the first checkpoint of a foreign log is cosigned", status == 200, (status, data))
    ok("and the cosignature verifies", witness.verify(foreign_note(5).split("\n\n")[0] + "\n\n" + data.decode()) is not None, data)
    status, headers, data = add(0, 9)
    ok("a wrong old size is answered 409 with the known one", status == 409 and headers["content-type"] == "text/x.tlog.size" and data == b"5\n", (status, headers, data))
    status, headers, data = add(5, 9, proof=[bytes(32)])
    ok("a false proof is 422", status == 422, (status, data))
    status, headers, data = add(5, 3)
    ok("an old size above the new one is 400", status == 400, (status, data))
    status, headers, data = add(5, 9, text=foreign_note(9, key=Key("Ed25519", "mallory")))
    ok("a signature by another key is 403", status == 403, (status, data))
    status, headers, data = add(5, 9, text=foreign_note(9, name="unknown.example.org"))
    ok("an unknown log is 404", status == 404, (status, data))
    status, headers, data = add(5, 9)
    ok("the right proof moves the witness on", status == 200, (status, data))
    status, headers, data = add(9, 9, text=foreign_note(9, entries[::-1]))
    ok("another root at the same size is 409 without a size", status == 409 and headers["content-type"] != "text/x.tlog.size", (status, headers))
    for name, body in (("no old line", "\n" + foreign_note(10)), ("a leading zero", "old 09\n\n" + foreign_note(9)), ("64 hashes", "old 9\n" + ("A" * 43 + "=\n") * 64 + "\n" + foreign_note(10)),
                       ("nothing", ""), ("no note", "old 9\n\n")):
        status, headers, data = node.call("POST", "/add-checkpoint", body.encode())
        ok(f"{name} is 400", status == 400, (status, data))
    status, headers, data = node.call("POST", "/add-checkpoint", b"old 9\n\n" + b"x" * 70000)
    ok("a large body is 413", status == 413, status)
else:
    status, headers, data = add(0, 12)
    ok("after a restart the witness still knows the size", status == 409 and data == b"9\n", (status, data))
    status, headers, data = add(9, 12)
    ok("and goes on from there", status == 200, (status, data))
# Its own log: only what its own store holds, and what it signed itself.
_, note = checkpoint()
size = int(note.split("\n")[1])
status, headers, data = node.call("POST", "/add-checkpoint", f"old {size}\n\n{note}".encode())
ok("its own checkpoint handed back is cosigned again", status == 200 and witness.verify(note.split("\n\n")[0] + "\n\n" + data.decode()) is not None, (status, data))
sys.exit(failed)
