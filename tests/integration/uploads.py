"""Uploads by an independent client: what each line becomes, what is cut, too long or of another kind. uploads.py URL LEDGER FOLDER: an employer emp-up has the
Ed25519 key of the name "uploader"; FOLDER is the node's folder of uploads."""
import http.client
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from client import Key, Node, contract, jws, receipt_in, record_id, same_receipt  # noqa: E402

node, ledger, folder = Node(sys.argv[1]), sys.argv[2], sys.argv[3]
key = Key("Ed25519", "uploader")
MEDIA = {"Content-Type": "application/vnd.qizheng.jose-lines"}
bad = 0


def ok(name, value, seen=""):
    global bad
    print(("ok " if value else "FAIL ") + name, "" if value else repr(seen)[:400])
    bad += not value


def signed(**changes):
    return jws(key, contract(ledger, "emp-up", **changes))


def post(body, headers=MEDIA):
    status, head, data = node.call("POST", "/v1/batches", body, headers)
    return status, head, json.loads(data)


def done(url):
    for _ in range(600):
        progress = json.loads(node.get(url)[2])
        if progress["state"] == "done":
            return progress
        time.sleep(0.05)
    raise TimeoutError(progress)


def results(url):
    status, head, data = node.get(url + "/results")
    assert status == 200 and head["content-type"] == "application/x-ndjson", (status, head)
    return [json.loads(line) for line in data.splitlines()]


def files():
    return sorted(os.listdir(folder))


# -- every kind of line --

before = signed()
assert node.post_record(before)[0] == 201
good = [signed() for _ in range(20)]
forged = signed()
lines = [good[0], "junk", before, "", signed(probation_months=60), good[1], good[1], "x" * 100000, signed(iss="nobody"), forged[:-8] + "AAAAAAAA", good[2] + "~", "a.b.c"] + good[3:]
size = node.size()
status, head, body = post("\r\n".join(lines).encode())  # the last line has no end
url = head["location"]
ok("an upload is 202 with where it is and how large", status == 202 and body["received"] == len(lines) and url == f"/v1/batches/{body['id']}", (status, body))
progress = done(url)
out = results(url)
ok("there is a result for each line, in order", [one["line"] for one in out] == list(range(1, len(lines) + 1)), out)
want = ["recorded", "refused", "known", "refused", "refused", "recorded", "known", "refused", "refused", "refused", "recorded", "refused"] + ["recorded"] * 17
ok("each has the status that it should", [one["status"] for one in out] == want, [one["status"] for one in out])
codes = {2: "jws", 4: "jws", 5: "rule", 8: "too_large", 9: "issuer_unknown", 10: "signature_invalid"}
ok("a refusal has its problem", all(out[line - 1]["problem"]["code"] == code and out[line - 1]["problem"]["detail"] for line, code in codes.items()), out)
ok("words in Chinese", all(one["status_zh"] for one in out) and progress["state_zh"] == "已完成")
taken = [one for one in out if one["status"] != "refused"]
ok("who was taken has id, leaf and receipt", all(one["receipt"]["record"] and one["id"] == record_id(one["receipt"]["record"].rstrip("~")) for one in taken))
lines_told = [line for line in node.get(url + "/results")[2].splitlines() if b'"receipt":' in line]
pairs = [(receipt_in(line), node.receipt(json.loads(line)["id"], key, "emp-up")) for line in lines_told]
ok("and it is the receipt that its record's own address gives", len(pairs) == len(taken) and all(same_receipt(*pair) for pair in pairs), pairs[:1])
ok("the same record twice has one leaf", out[5]["index"] == out[6]["index"])
ok("leaves follow the order of the lines", [one["index"] for one in out if one["status"] == "recorded"] == list(range(size, size + 20)), node.size())
ok("progress counts them", (progress["received"], progress["checked"], progress["ordered"], progress["final"], progress["refused"]) == (len(lines), len(lines), len(taken), len(taken), len(lines) - len(taken)), progress)
ok("nothing else became a leaf", node.size() == size + 20, node.size())
again = done(post(("\n".join(good) + "\n").encode())[1]["location"])
ok("all of it again is known", (again["received"], again["final"], again["refused"]) == (20, 20, 0) and node.size() == size + 20, again)
ok("the lines are gone, the outcomes stay", all(name.endswith(".out") for name in files()), files())

# -- what is no upload --

ok("another media type is 415", post(b"x", {"Content-Type": "text/plain"})[0] == 415)
ok("an empty one is 400", post(b"")[0] == 400)
kept = files()
ok("10,001 lines are 413", post(b"\n" * 10001)[0] == 413)
ok("another id is 404", node.get("/v1/batches/" + "0" * 32)[0] == 404 and node.get("/v1/batches/x/results")[0] == 404)


def until(is_so):
    """Whether it is so within 30 s."""
    began = time.time()
    while not is_so() and time.time() - began < 30:
        time.sleep(0.02)
    return is_so()


def cut(half_close):
    """The head of a large upload and a part of it, then the end. Whatever is answered."""
    with socket.create_connection((node.address.hostname, node.address.port), timeout=20) as connection:
        connection.sendall(b"POST /v1/batches HTTP/1.1\r\nHost: a\r\nContent-Type: application/vnd.qizheng.jose-lines\r\nContent-Length: 5000000\r\n\r\n" + signed().encode() + b"\n" + b"x" * 300000)
        if not half_close:  # not before the node has begun to keep it: what has not come yet is not gone
            return until(lambda: any(name.endswith(".part") for name in files()))
        connection.shutdown(socket.SHUT_WR)
        reply = http.client.HTTPResponse(connection)
        reply.begin()
        return reply.status, json.loads(reply.read())["code"]


size = node.size()
ok("one that is cut is 400", cut(True) == (400, "request"))
ok("of one that is cut the node has kept a part", cut(False))
ok("what was cut goes", until(lambda: files() == kept), files())
ok("nothing of it was recorded", node.size() == size)
ok("one of 32 MiB arrives", post(b"\n" * 9999 + b"x" * (32 * 1024 * 1024 - 9999))[0] == 202)
sys.exit(bool(bad))
