"""Makes tlog.json: trees, proofs, tiles, notes, tlog-proof and tlog-witness texts (FORMATS, section 4), straight from the recursive
definitions of RFC 6962 section 2.1 and the C2SP texts, with nothing of the C code but the format of the answers.

Leaf i is the ASCII text entry-<i>. Log and cosigner keys: seed("tlog log"), seed("tlog cosigner") of primitives.py.
Make again: python3 make_tlog.py
"""
import base64
import functools
import hashlib
import json

from primitives import ed_public, ed_sign, seed, vkey, write

ORIGIN = "qizheng.invalid/0badc0de"
COSIGNER = ORIGIN + "/node/1"
TIME = 1795420544
SIZES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 255, 256, 257, 300]


def b64(data):
    return base64.b64encode(data).decode()


def leaf(i):
    return b"entry-%d" % i


def split(n):
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


@functools.lru_cache(maxsize=None)
def mth(start, end):
    """RFC 6962 section 2.1, over leaves start..end-1."""
    if start == end:
        return hashlib.sha256(b"").digest()
    if end - start == 1:
        return hashlib.sha256(b"\x00" + leaf(start)).digest()
    k = split(end - start)
    return hashlib.sha256(b"\x01" + mth(start, start + k) + mth(start + k, end)).digest()


def path(m, start, end):
    """Section 2.1.1."""
    if end - start == 1:
        return []
    k = split(end - start)
    if m < k:
        return path(m, start, start + k) + [mth(start + k, end)]
    return path(m - k, start + k, end) + [mth(start, start + k)]


def subproof(m, start, end, whole):
    """Section 2.1.2."""
    if m == end - start:
        return [] if whole else [mth(start, end)]
    k = split(end - start)
    if m <= k:
        return subproof(m, start, start + k, whole) + [mth(start + k, end)]
    return subproof(m - k, start + k, end, False) + [mth(start, start + k)]


def tile(level, index, width):
    """tlog-tiles: MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l])"""
    span = 256 ** level
    return b"".join(mth((index * 256 + i) * span, (index * 256 + i + 1) * span) for i in range(width))


def bundle(index, width):
    leaves = [leaf(index * 256 + i) for i in range(width)]
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in leaves)


def line(name, kind, public, sig):
    key_id = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]
    return f"\u2014 {name} {b64(key_id + sig)}\n"


def checkpoint(size):
    log, cosigner = seed("tlog log"), seed("tlog cosigner")
    body = f"{ORIGIN}\n{size}\n{b64(mth(0, size))}\n"
    stamped = f"cosignature/v1\ntime {TIME}\n{body}".encode()
    return body, [line(ORIGIN, 1, ed_public(log), ed_sign(log, body.encode())),
                  line(COSIGNER, 4, ed_public(cosigner), TIME.to_bytes(8, "big") + ed_sign(cosigner, stamped))]


def main():
    hashes = lambda proof: "".join(b64(h) + "\n" for h in proof)
    body, lines = checkpoint(300)
    note = body + "\n" + "".join(lines)
    out = {
        "origin": ORIGIN, "cosigner": COSIGNER, "time": TIME,
        "log_seed": seed("tlog log").hex(), "cosigner_seed": seed("tlog cosigner").hex(),
        "log_vkey": vkey(ORIGIN, 1, ed_public(seed("tlog log"))),
        "cosigner_vkey": vkey(COSIGNER, 4, ed_public(seed("tlog cosigner"))),
        "roots": [{"size": n, "root": mth(0, n).hex()} for n in SIZES],
        "inclusion": [{"index": i, "size": n, "proof": [h.hex() for h in path(i, 0, n)]}
                      for n in SIZES for i in sorted({0, n // 3, n // 2, n - 1}) if 0 <= i < n],
        "consistency": [{"old": m, "new": n, "proof": [h.hex() for h in subproof(m, 0, n, True)]}
                        for n in SIZES for m in SIZES if 0 < m <= n],
        "tiles": [{"path": p, "sha256": hashlib.sha256(d).hexdigest()} for p, d in [
            ("/tile/0/000", tile(0, 0, 256)), ("/tile/0/001.p/44", tile(0, 1, 44)), ("/tile/0/000.p/7", tile(0, 0, 7)),
            ("/tile/1/000.p/1", tile(1, 0, 1)), ("/tile/entries/000", bundle(0, 256)), ("/tile/entries/001.p/44", bundle(1, 44))]],
        "checkpoint": body, "log_line": lines[0], "cosignature_line": lines[1],
        "tlog_proof": "c2sp.org/tlog-proof@v1\nindex 299\n" + hashes(path(299, 0, 300)) + "\n" + note,
        "add_checkpoint": "old 257\n" + hashes(subproof(257, 0, 300, True)) + "\n" + note,
    }
    write("tlog.json", json.dumps(out, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n")


main()
