"""Makes batch.hex, heartbeat.hex and head.hex for the ledger of genesis.json (FORMATS, section 3), in hexadecimal.

batch.hex      epoch 3, node 1, counter 258, clock 1795420544000, with the two records of records.json
heartbeat.hex  the same node's next batch, without records
head.hex       size 3, root SHA-256("root"), position (3, 4660), order state "order state"
Signed by the auth key of the genesis's node. Make again: python3 make_batch.py
"""
import hashlib
import json

from primitives import ed_sign, read, seed, subkey, write


def envelope(context, body):
    auth = subkey(seed("node 1"), 3)
    return body + ed_sign(auth, context + body)


def batch(ledger_id, counter, clock_ms, records):
    body = b"QZB1" + ledger_id + (3).to_bytes(4, "big") + (1).to_bytes(2, "big")
    body += counter.to_bytes(8, "big") + clock_ms.to_bytes(8, "big") + len(records).to_bytes(4, "big")
    for record in records:
        body += len(record).to_bytes(4, "big") + record
    return envelope(b"qizheng batch v1\n", body)


def head(ledger_id):
    body = b"QZH1" + ledger_id + (3).to_bytes(8, "big") + hashlib.sha256(b"root").digest()
    body += (3).to_bytes(4, "big") + (4660).to_bytes(8, "big") + b"order state"
    return envelope(b"qizheng head v1\n", body)


def main():
    ledger_id = bytes.fromhex(read("genesis.id").decode())
    records = [entry["jws"].encode() for entry in json.loads(read("records.json"))]
    write("batch.hex", batch(ledger_id, 258, 1795420544000, records).hex().encode() + b"\n")
    write("heartbeat.hex", batch(ledger_id, 259, 1795420554000, []).hex().encode() + b"\n")
    write("head.hex", head(ledger_id).hex().encode() + b"\n")


if __name__ == "__main__":
    main()
