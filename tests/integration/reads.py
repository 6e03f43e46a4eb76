"""Authorised reads by the independent client: its own tokens, its own model of who may see what.

    reads.py URL list NAME ISSUER        all records that ISSUER sees, page by page, against the public log: complete, once, in order
    reads.py URL refused NAME ISSUER     tokens and cursors that must be refused
    reads.py URL resume NAME ISSUER      the event stream cut behind every event and taken up again

NAME: of an Ed25519 key that is registered for the participant ISSUER."""
import base64
import hashlib
import http.client
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from client import Key, Node, b64u, record_id, tile_path, token  # noqa: E402

node, what, name, issuer = Node(sys.argv[1]), *sys.argv[2:5]
key = Key("Ed25519", name)
status = json.loads(node.get("/v1/status")[2])


def ask(path, **changes):
    code, _, data = node.call("GET", path, None, {"Authorization": "Bearer " + token(key, issuer, status["node"], "GET", path, None, **changes)})
    return code, json.loads(data)


def pages(path, member, limit):
    """Every element of a list, and the size that the last page holds for."""
    found, after = [], ""
    while True:
        code, page = ask(f"{path}{'&' if '?' in path else '?'}limit={limit}{after}")
        assert code == 200, (code, page)
        found += page[member]
        if "next" not in page:
            return found, page["size"]
        after = "&after=" + page["next"]


def leaves(size):
    """Hashes of the log's leaves, from the public entry bundles."""
    found = []
    while len(found) < size:
        data = node.get(tile_path("entries", len(found) // 256, min(256, size - len(found) // 256 * 256)))[2]
        entries = []
        while data:
            length = int.from_bytes(data[:2], "big")
            entries.append(data[2 + 9:2 + length])
            data = data[2 + length:]
        found += entries[len(found) % 256:]
    return found


def list_all():
    for limit in (1, 2, 7, 100):
        records, size = pages("/v1/records", "records", limit)
        log = leaves(size)
        indices = [record["index"] for record in records]
        assert indices == sorted(set(indices)), f"twice or out of order: {indices}"
        for record in records if limit == 7 else []:
            code, full = ask(f"/v1/records/{record['id']}")
            assert code == 200 and record_id(full["record"]) == record["id"], full
            assert hashlib.sha256(full["record"].encode()).digest() == log[record["index"]], "not the leaf's"
            claims = json.loads(base64.urlsafe_b64decode(full["record"].split(".")[1] + "=="))
            assert claims == full["claims"] and claims["act"] == record["act"]
            assert record["id"] in [link["id"] for link in full["chain"]]
    everything = [record["index"] for record in records]
    if name in ("court", "auditor"):
        assert everything == list(range(1, size)), "a court sees every record"
    for kind in {record["type"] for record in records}:
        for who in {record["issuer"] for record in records}:
            if ":" not in who:
                mine = [r["index"] for r in records if r["type"] == kind and r["issuer"] == who]
                assert [r["index"] for r in pages(f"/v1/records?type={kind}&issuer={who}", "records", 2)[0]] == mine
    print(len(records))


def refused():
    code, page = ask("/v1/records?limit=1")
    assert code == 200 and "next" in page
    raw = bytearray(base64.urlsafe_b64decode(page["next"] + "=" * (-len(page["next"]) % 4)))
    for at in range(len(raw)):
        raw[at] ^= 1
        code, problem = ask(f"/v1/records?limit=1&after={b64u(bytes(raw))}")
        assert code == 400 and problem["code"] == "request", (at, code, problem)
        raw[at] ^= 1
    assert ask(f"/v1/records?type=labour-contract&after={page['next']}")[0] == 400
    assert ask(f"/v1/findings?after={page['next']}")[0] == 400
    assert ask(f"/v1/records?after={page['next']}")[0] == 200
    assert ask("/v1/records", aud="another")[0] == 401 and ask("/v1/records", htu="/v1/findings")[0] == 401
    same = token(key, issuer, status["node"], "GET", "/v1/records", None)
    codes = [node.call("GET", "/v1/records", None, {"Authorization": "Bearer " + same})[0] for _ in range(2)]
    assert codes == [200, 401], codes
    print("refused")


def stream(place, limit):
    """Events as (event, id, data), read as they come."""
    headers = {"Authorization": "Bearer " + token(key, issuer, status["node"], "GET", "/v1/events", None), "Last-Event-ID": place}
    connection = http.client.HTTPConnection(node.address.hostname, node.address.port, timeout=30)
    connection.request("GET", f"/v1/events?limit={limit}", headers=headers)
    reply = connection.getresponse()
    assert reply.status == 200 and reply.getheader("content-type") == "text/event-stream", reply.status
    found, event = [], {}
    for line in reply:
        text = line.decode().rstrip("\n")
        if not text and "data" in event:
            found.append((event["event"], event["id"], json.loads(event["data"])))
            event = {}
        elif text and not text.startswith(":"):
            field, _, value = text.partition(": ")
            event[field] = value
    connection.close()
    return found


def resume():
    size = json.loads(node.get("/v1/status")[2])["final_size"]
    records = [record for record in pages("/v1/records", "records", 100)[0] if record["index"] < size]
    findings = pages("/v1/findings", "findings", 100)[0]
    whole = stream("0", len(records) + len(findings) + 1)
    assert [e[2]["id"] for e in whole if e[0] == "record"] == [r["id"] for r in records]
    assert sorted(e[2]["id"] for e in whole if e[0] == "finding") == sorted(f["id"] for f in findings)
    assert whole[-1][0] == "checkpoint" and whole[-1][2]["size"] == size
    for cut in range(1, len(whole), 1 + len(whole) // 10):
        rest = stream(whole[cut - 1][1], len(whole) - cut)
        # A checkpoint of the same size may have been cosigned again meanwhile.
        assert rest[:-1] == whole[cut:-1] and rest[-1][:2] == whole[-1][:2], f"behind {whole[cut - 1][1]}: {[e[:2] for e in rest]}, not {[e[:2] for e in whole[cut:]]}"
    print(len(whole))


{"list": list_all, "refused": refused, "resume": resume}[what]()
