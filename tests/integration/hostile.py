"""Callers that mean harm, from raw sockets, against a node with nothing before it; and a good one who must be served all the while.

    hostile.py URL PID LOG UPLOADS ISSUER FLOOD_SECONDS

ISSUER's key is Ed25519 of the name "hostile". Whatever is sent carries MARK where it carries text: the node's log must not. Each table below is (property, bytes, what must come back)."""
import concurrent.futures
import json
import multiprocessing
import os
import random
import re
import select
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from client import Key, Node, b64u, contract, jws, record_id, token  # noqa: E402

node, pid, log, uploads, issuer, flood_s = Node(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5], float(sys.argv[6])
address = (node.address.hostname, node.address.port)
status = json.loads(node.get("/v1/status")[2])
ledger, limits, name_of_node = status["ledger"], status["limits"], status["node"]
key, failures = Key("Ed25519", "hostile"), 0
MARK, THREADS, HEAD_S, IDLE_S, REQUEST_S = "ZzMARKzZ", 256, 2.5, 5, 10  # configs/node.yaml: threads; a quarter of request_timeout_ms; server.c; request_timeout_ms
LINES = "application/vnd.qizheng.jose-lines"
HOST = b"Host: h\r\n"


def ok(name, good, said=""):
    global failures
    print(("ok " if good else "FAIL ") + name + (f": {said}"[:700] if not good else ""), flush=True)
    failures += not good


def fresh(**changes):
    return jws(key, contract(ledger, issuer, **changes)).encode()


OTHER = key.sign(b"something else")


def junk():
    """A record that is right in everything but its signature, which is a good one of something else: it must be computed to be found out."""
    return jws(key, contract(ledger, issuer), sig=OTHER).encode()


def request(method, path, body=None, *more, media="application/jose"):
    head = f"{method} {path} HTTP/1.1\r\nHost: h\r\n".encode() + b"".join(line.encode() + b"\r\n" for line in more)
    if body is not None:
        head += f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n".encode()
    return head + b"\r\n" + (body or b"")


def dial(timeout=20):
    connection = socket.create_connection(address, timeout=timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def answers(data, is_head=False):
    """(status, body) of each answer in what came back; an answer that is cut or followed by something else is (0, what it is)."""
    out = []
    while data:
        head, found, rest = data.partition(b"\r\n\r\n")
        if not found or not re.match(rb"HTTP/1\.1 \d{3} ", head):
            return out + [(0, data)]
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        length = int(length[1]) if length and not is_head else 0
        out.append((int(head[9:12]), rest[:length]))
        data = rest[length:]
    return out


def talk(data, quiet=0.3):
    """What comes back until the node closes or has said nothing more for `quiet` seconds after its first answer: (answers, closed). Who cannot send all that it wanted to still reads what was said of it."""
    connection, got = dial(), b""
    try:
        connection.sendall(data)
    except OSError:
        pass  # the node had heard enough, and closed
    try:
        while chunk := connection.recv(65536):
            got += chunk
            connection.settimeout(quiet)
        closed = True
    except TimeoutError:
        closed = False
    except OSError:
        closed = True
    connection.close()
    return answers(got, data.startswith(b"HEAD ")), closed


def ask(*what, **how):
    """The only answer to one request: (status, problem code or None, body)."""
    got = talk(request(*what, "Connection: close", **how) if len(what) > 2 else request(*what, None, "Connection: close", **how))[0]
    if len(got) != 1:
        return 0, None, got
    try:
        code = json.loads(got[0][1]).get("code")
    except (ValueError, AttributeError):
        code = None
    return got[0][0], code, got[0][1]


def until(condition, seconds):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            return False
        time.sleep(0.05)
    return True


def rss():
    return int(open(f"/proc/{pid}/statm", encoding="ascii").read().split()[1]) * os.sysconf("SC_PAGESIZE")


def descriptors():
    return len(os.listdir(f"/proc/{pid}/fd"))


def stands(group):
    """After each group: the process, its health, and a good record."""
    alive = open(f"/proc/{pid}/stat", encoding="ascii").read().split(") ")[1][0] not in "ZX"
    health = ask("GET", "/healthz")
    code, _, reply = node.post_record(fresh().decode())
    ok(f"{group}: the node stands, is healthy and takes a record", alive and health[0] == 200 and json.loads(health[2]) == {"status": "ok"} and code == 201, (alive, health, code, reply))


# -- requests that somebody else might read as two --

def smuggling():
    hidden = fresh()  # one record that every one of them tries to bring in, and none does
    inner = request("POST", "/v1/records", hidden)

    def post(*lines, body=b"", path="/v1/verifications", version="1.1"):
        return f"POST {path} HTTP/{version}\r\nHost: h\r\n".encode() + b"".join(line if isinstance(line, bytes) else line.encode() + b"\r\n" for line in lines) + b"\r\n" + body

    chunked = b"0\r\n\r\n" + inner
    length = f"Content-Length: {len(inner)}"
    table = []
    for spelling in ("Transfer-Encoding: chunked", "transfer-encoding: CHUNKED", "Transfer-Encoding:chunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked",
                     "Transfer-Encoding: \x0bchunked", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked;q=1", "Transfer-Encoding: x", "Transfer-Encoding:", "Transfer-Encoding : chunked",
                     "Transfer-Encoding\t: chunked", " Transfer-Encoding: chunked", "X: y\r\n Transfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked", "X: y\rTransfer-Encoding: chunked",
                     "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer-Encoding\0: chunked", "Transfer-Encoding: chun\0ked", "X: \0\r\nTransfer-Encoding: chunked"):
        table.append((f"{spelling!r} before hidden chunks", post(spelling, body=chunked), 400))
        table.append((f"{spelling!r} beside a length", post(spelling, "Content-Length: 5", body=chunked), 400))
        table.append((f"a length beside {spelling!r}", post("Content-Length: 5", spelling, body=chunked), 400))
    for value in ("3x", "+3", "-1", "3 3", "3,3", "0x3", "3.0", "3e0", "\"3\"", "", " ", "٣", "18446744073709551616", "9" * 40, "-0", "3;", "\x0b3", "3\0", "3\0004"):
        table.append((f"a Content-Length of {value!r}", post("Content-Length: " + value, body=b"abc" + inner), (400, 411)))
    table += [
        ("two lengths that are one", post("Content-Length: 3", "Content-Length: 3", body=b"abc" + inner), 400),
        ("two lengths that differ", post("Content-Length: 3", length, body=b"abc" + inner), 400),
        ("two lengths that differ, the other way", post(length, "Content-Length: 3", body=b"abc" + inner), 400),
        ("two lengths in two spellings", post("Content-Length: 0", "content-length: 3", body=b"abc" + inner), 400),
        ("a length with white space before its colon", post("Content-Length : 3", body=b"abc" + inner), 400),
        ("a length on a folded line", post("X: y\r\n Content-Length: 3", body=b"abc" + inner), 400),
        ("a length behind a bare line feed", post("X: y\nContent-Length: 3", body=b"abc" + inner), 400),
        ("a length behind a bare carriage return", post("X: y\rContent-Length: 3", body=b"abc" + inner), 400),
        ("a header that ends in bare line feeds", b"POST /v1/verifications HTTP/1.1\nHost: h\n\n" + inner, 400),
        ("a header whose end is a bare line feed", b"POST /v1/verifications HTTP/1.1\r\nHost: h\r\n\n" + inner, 400),
        ("a header line without a colon", post("Content-Length 3", body=b"abc" + inner), 400),
        ("a header line without a name", post(": 3", body=inner), 400),
        ("no Host", b"GET /healthz HTTP/1.1\r\n\r\n" + inner, 400),
        ("two Hosts", b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + inner, 400),
        ("HTTP/0.9", b"GET /healthz\r\n\r\n" + inner, 400),
        ("HTTP/2's preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + inner, 400),
        ("HTTP/2.0", b"GET /healthz HTTP/2.0\r\nHost: h\r\n\r\n" + inner, (400, 505)),
        ("HTTP/1.2", b"GET /healthz HTTP/1.2\r\nHost: h\r\n\r\n" + inner, (400, 505)),
        ("HTTP/1.11", b"GET /healthz HTTP/1.11\r\nHost: h\r\n\r\n" + inner, (400, 505)),
        ("chunks in HTTP/1.0", post("Transfer-Encoding: chunked", body=chunked, version="1.0"), 400),
        ("CONNECT to an authority", b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: h\r\n\r\n" + inner, 400),
        ("TRACE", b"TRACE /healthz HTTP/1.1\r\nHost: h\r\n\r\n" + inner, 400),
        ("an unknown method", b"BREW /healthz HTTP/1.1\r\nHost: h\r\n\r\n" + inner, 400),
        ("a method in small letters", b"post /v1/records HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n" + inner, 400),
        ("a NUL in the target", b"GET /healthz\0 HTTP/1.1\r\nHost: h\r\n\r\n" + inner, 400),
        ("a third word in the request line", b"GET /healthz /x HTTP/1.1\r\nHost: h\r\n\r\n" + inner, 400),
        ("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + inner, 400),
        ("a body where none is taken", request("GET", "/healthz", inner), 200),
        ("a body for a method that the path lacks", request("DELETE", "/v1/records", inner), 405),
        ("a body for a path that is not there", request("POST", "/v1/record", inner), 404),
        ("a body that is too long", request("POST", "/add-checkpoint", inner + b"a" * limits["witness_body_bytes"]), 413),
        ("HTTP/1.0 and what lies behind it", post(body=inner, version="1.0"), (400, 415, 422)),
    ]
    for name, data, want in table:
        got, closed = talk(data)
        codes = [one[0] for one in got]
        good = len(got) == 1 and codes[0] in (want if isinstance(want, tuple) else (want,)) and closed
        ok(f"{name}: one answer, and the connection ends", good and node.get(f"/v1/records/{record_id(hidden.decode())}/receipt")[0] == 404, (codes, closed, got))
    framed = [
        ("a request inside a body stays a body", request("POST", "/v1/verifications", inner, media="application/json") + request("GET", "/healthz"), [400, 200]),
        ("and inside a record's", request("POST", "/v1/records", inner) + request("GET", "/healthz"), [400, 200]),
        ("CONNECT to a path", b"CONNECT /healthz HTTP/1.1\r\nHost: h\r\n\r\n" + request("GET", "/healthz"), [405, 200]),
        ("HEAD, then GET", request("HEAD", "/healthz"), [200]),
        ("one empty line before a request", b"\r\n" + request("GET", "/healthz") + b"\r\n" + request("GET", "/healthz"), [200, 200]),
        ("an upgrade that nobody grants", request("GET", "/healthz", None, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), [200]),
        ("a target that names another host", b"GET http://elsewhere/healthz HTTP/1.1\r\nHost: h\r\n\r\n" + inner, []),
        ("OPTIONS of everything", b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n" + inner, []),
    ]
    for name, data, want in framed:
        got, _ = talk(data)
        ok(f"{name}: {want or 'no answer'}", [one[0] for one in got] == want, got)
    # Two readers of this one see two requests: empty lines, then a head as long as what stands behind it. civetweb takes the empty lines for a whole header.
    for empty in (b"\r\n\r\n", b"\n\n", b"\r\n\r\n" + b" " * 12, b"\r\n\r\n\r\n\r\n", b" \r\n\r\n"):
        for path, media in (("/v1/verifications", "application/json"), ("/v1/batches", LINES), ("/v1/records", "application/jose")):
            head = lambda pad: f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: {media}\r\nX: {'a' * pad}\r\nContent-Length: {len(inner)}\r\n\r\n".encode()  # noqa: E731
            outer = head(len(inner) - len(head(0)) - len(empty) % 4)
            got, closed = talk(empty + outer + b"a" * (len(empty) % 4) + inner)
            got += talk(empty + head(len(inner) - len(head(0))) + inner)[0]
            good = all(one[0] == 400 for one in got) and closed and node.get(f"/v1/records/{record_id(hidden.decode())}/receipt")[0] == 404
            ok(f"{empty!r} before a POST to {path} lets nothing through", good, (closed, got))
    three = request("GET", "/healthz") + request("POST", "/v1/records", fresh()) + request("GET", "/nowhere")
    got, _ = talk(three, 2)
    ok("three requests at once are three answers, in their order", [one[0] for one in got] == [200, 201, 404], got)
    code, _, reply = node.post_record(hidden.decode())
    ok("no hidden record came in: sent openly it is new", code == 201, (code, reply))
    stands("smuggling")


# -- slow callers --

class Slow(threading.Thread):
    """Sends `first`, then `piece` every `gap` seconds, and never ends: how long until the node does, and what it says."""

    def __init__(self, first, piece, gap, reads=True):
        super().__init__(daemon=True)
        self.first, self.piece, self.gap, self.reads, self.took, self.got = first, piece, gap, reads, None, b""
        self.start()

    def run(self):
        began, connection = time.time(), dial(self.gap)
        try:
            connection.sendall(self.first)
            while time.time() - began < 60:
                try:
                    chunk = connection.recv(65536)
                    if not chunk:
                        break
                    self.got += chunk
                except TimeoutError:
                    if self.piece:
                        connection.sendall(self.piece)
        except OSError:
            pass
        self.took = time.time() - began
        connection.close()


class Sippers:
    """Callers who ask for a lot and take a little of it now and then, which keeps each single write alive."""

    def __init__(self, count):
        self.connections, self.ended = [self.one() for _ in range(count)], False
        self.thread = threading.Thread(target=self.sip, daemon=True)
        self.thread.start()

    def one(self):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 88)
        connection.connect(address)
        connection.setblocking(False)
        try:
            connection.send(request("GET", "/openapi.json") * 40)
        except OSError:
            pass
        return connection

    def sip(self):
        while not self.ended:
            for connection in self.connections:
                try:
                    connection.recv(600)
                except OSError:
                    pass
            time.sleep(0.3)

    def close(self):
        self.ended = True
        self.thread.join()
        for connection in self.connections:
            connection.close()


def slow():
    half = b"GET /healthz HTTP/1.1\r\nHost: h\r\n"
    body = lambda path, media, length: f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n\r\n".encode()  # noqa: E731
    table = [("nothing at all", Slow(b"", b"", 1), (), HEAD_S + 1), ("half a header", Slow(half, b"", 1), (400,), HEAD_S + 1), ("a header line a second", Slow(half, b"X: y\r\n", 0.9), (400,), HEAD_S + 2),
             ("a header byte at a time", Slow(half + b"X: ", b"a", 0.1), (400,), HEAD_S + 1), ("a connection kept and not used", Slow(half + b"\r\n", b"", 1), (200,), IDLE_S + 1),
             ("an upload a byte a second", Slow(body("/v1/batches", LINES, 1000000), b"a", 0.9), (408,), REQUEST_S + HEAD_S + 2),
             ("a body that is refused, a byte a second", Slow(body("/add-checkpoint", "text/plain", 100000), b"a", 0.9), (413,), 2 + HEAD_S),
             ("a body of no route, a byte a second", Slow(body("/nowhere", "text/plain", 100000), b"a", 0.9), (404,), 2 + HEAD_S)]
    for path, media in (("/v1/records", "application/jose"), ("/v1/verifications", "application/json"), ("/v1/tags", "application/json"), ("/add-checkpoint", "text/plain")):
        table.append((f"a body for {path} that stops", Slow(body(path, media, 1000), b"", 1), (408,), REQUEST_S + HEAD_S + 1))
        table.append((f"a body for {path}, a byte a second", Slow(body(path, media, 1000) + b"a" * 40, b"a", 0.9), (408,), REQUEST_S + HEAD_S + 2))
        table.append((f"a body for {path}, a byte every two seconds", Slow(body(path, media, 1000), b"a", 2), (408,), REQUEST_S + HEAD_S + 3))
    greedy, sippers = [dial() for _ in range(20)], Sippers(10)  # they ask and ask, and never read, or sip
    ok("callers who do not read their answers hold connections at first", until(lambda: descriptors() >= start[1] + 30, 5), descriptors())
    for connection in greedy:
        connection.setblocking(False)
        try:
            for _ in range(2000):
                connection.send(request("GET", "/v1/types") * 50)
        except OSError:
            pass
    took = []
    while any(one.is_alive() for _, one, _, _ in table):
        began = time.time()
        took.append((node.post_record(fresh().decode())[0], time.time() - began))
        time.sleep(0.2)
        if len(took) > 400:
            break
    for name, one, want, most in table:
        codes = tuple(answer[0] for answer in answers(one.got))
        ok(f"{name} is cut within {most:g} s", one.took is not None and one.took <= most + 1 and codes == want, (one.took, codes))
    ok("a good caller is served meanwhile", took and all(code == 201 for code, _ in took) and max(took, key=lambda x: x[1])[1] < 10, took)
    print(f"   {len(took)} records meanwhile, the slowest in {max(seconds for _, seconds in took):.2f} s")
    ok("callers who never read their answers, or sip them, hold no connection any more", until(lambda: descriptors() <= start[1] + 5, 3 * REQUEST_S), (start[1], descriptors()))
    sippers.close()
    for connection in greedy:
        connection.close()
    stands("slow callers")


# -- too much of everything --

def oversized():
    sized = lambda total: b"GET /healthz HTTP/1.1\r\nHost: h\r\nX: " + b"a" * (total - 39) + b"\r\n\r\n"  # noqa: E731
    assert len(sized(5000)) == 5000
    path = lambda length: "/v1/participants/" + "a" * (length - 17)  # noqa: E731
    table = [("a header of 16 KiB", sized(16384), 200), ("one byte more", sized(16385), 400), ("a header of 1 MiB", sized(1 << 20), 400), ("63 header lines", b"GET /healthz HTTP/1.1\r\nHost: h\r\n" + b"A: b\r\n" * 62 + b"\r\n", 200),
             ("64 header lines", b"GET /healthz HTTP/1.1\r\nHost: h\r\n" + b"A: b\r\n" * 63 + b"\r\n", 400), ("5,000 header lines", b"GET /healthz HTTP/1.1\r\nHost: h\r\n" + b"A:\r\n" * 5000 + b"\r\n", 400),
             ("a target of 512 bytes", request("GET", path(512)), 404), ("a target of 513", request("GET", path(513)), 404), ("a target of 16,000", request("GET", path(16000)), 404),
             ("a target of 100,000", request("GET", path(100000)), 400), ("a query of 16,000", request("GET", "/v1/participants?after=" + "a" * 16000), 400),
             ("a query of 2,000 parameters", request("GET", "/v1/participants?" + "limit=1&" * 1900), 400), ("a header name of 16,000", b"GET /healthz HTTP/1.1\r\nHost: h\r\n" + b"a" * 16000 + b": b\r\n\r\n", 200),
             ("a token of 4 KiB", request("GET", "/v1/records", None, "Authorization: Bearer " + "a" * 4096), 401), ("a token of 16,000", request("GET", "/v1/records", None, "Authorization: Bearer " + "a" * 16000), 401)]
    pool = concurrent.futures.ThreadPoolExecutor(16)
    for (name, data, want), (got, _) in zip(table, pool.map(lambda one: talk(one[1]), table)):
        ok(f"{name}: {want}", [one[0] for one in got] == [want], got)
    for path, media, limit in (("/v1/records", "application/jose", limits["record_presented_bytes"]), ("/v1/verifications", "application/json", limits["http_verification_bytes"]),
                               ("/v1/tags", "application/json", limits["http_body_bytes"]), ("/add-checkpoint", "text/plain", limits["witness_body_bytes"])):
        lengths = (("as large as may be", limit), ("a byte larger", limit + 1), ("of 3 GB, as it says", 3 << 30), ("of 2^63 - 1", (1 << 63) - 1))
        said = pool.map(lambda one: talk(f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: {media}\r\nContent-Length: {one[1]}\r\n\r\n".encode() + b"a" * min(one[1], limit + 1), 0.3 if one[1] == limit else 5), lengths)
        for (name, length), (got, closed) in zip(lengths, said):
            codes = [one[0] for one in got]
            is_large = length > limit
            good = len(codes) == 1 and (codes[0] == 413) == (is_large or path == "/v1/records") and (closed or not is_large) and codes[0] < 500
            ok(f"a body for {path} {name}: {codes}", good, got)
    before = sorted(os.listdir(uploads))
    for name, length, want in (("of 32 MiB and a byte", limits["upload_bytes"] + 1, 413), ("of 2^63 - 1", (1 << 63) - 1, 413)):
        got, closed = talk(f"POST /v1/batches HTTP/1.1\r\nHost: h\r\nContent-Type: {LINES}\r\nContent-Length: {length}\r\n\r\n".encode() + b"a" * 1000, 5)
        ok(f"an upload {name}: {want}", [one[0] for one in got] == [want] and closed, got)
    for name, length, want in (("as long as may be", limits["record_bytes"], {"jws", "base64"}), ("a byte longer", limits["record_bytes"] + 1, {"too_large"})):
        code, problem, said = ask("POST", "/v1/records", b"a" * length)
        ok(f"a record {name} is refused as {'/'.join(sorted(want))}", code in (400, 413) and problem in want, said)
    ok("nothing of what was too large is kept", sorted(os.listdir(uploads)) == before, os.listdir(uploads))
    stands("too much of everything")


# -- JSON that is meant to hurt --

def bombs():
    texts = {"20,000 arrays deep": b"[" * 20000, "20,000 closed ones": b"[" * 20000 + b"]" * 20000, "20,000 objects deep": b'{"a":' * 9000, "9 deep": b'{"receipt":' * 9 + b"1" + b"}" * 9,
             "a hundred thousand numbers": b"[" + b"1," * 30000 + b"1]", "30,000 members": b"{" + b",".join(b'"%d":0' % i for i in range(6000)) + b"}", "one name twice": b'{"receipt":{},"receipt":{}}',
             "a number of 60,000 digits": b'{"receipt":' + b"9" * 60000 + b"}", "an exponent": b'{"receipt":1e999999999}', "-0": b'{"receipt":-0}', "2^63": b'{"receipt":9223372036854775808}', "a fraction": b'{"receipt":0.1}',
             "a text of 60,000": b'{"receipt":"' + MARK.encode() * 7500 + b'"}', "60,000 escapes": b'{"receipt":"' + b"\\u0041" * 9900 + b'"}', "half a surrogate": b'{"receipt":"\\ud800"}', "a NUL": b'{"receipt":"\0"}',
             "an escaped NUL": b'{"receipt":"\\u0000"}', "bytes that are no UTF-8": b'{"receipt":"\xff\xfe\xc0\x80"}', "a byte order mark": b"\xef\xbb\xbf{}", "nothing": b"", "white space": b" " * 60000, "null": b"null", "NaN": b"NaN",
             "a comment": b"{}//", "two texts": b"{}{}"}
    b64 = lambda data: b64u(data).encode()  # noqa: E731
    head = b64(json.dumps({"alg": "EdDSA", "kid": key.kid, "typ": "qizheng-record+sd-jwt"}).encode())
    for name, text in texts.items():
        said = []
        for path in ("/v1/verifications", "/v1/tags"):
            more = ("Authorization: Bearer " + token(key, issuer, name_of_node, "POST", path, text),) if path == "/v1/tags" else ()
            code, _, answer = ask("POST", path, text, *more, media="application/json")
            said.append((path, 422 if code == 200 and b'"result":"fail"' in answer else code, answer[:200]))
        small = text[:9000]
        for part, body in (("payload", head + b"." + b64(small) + b"." + b64(bytes(64))), ("header", b64(small) + b"." + b64(b"{}") + b"." + b64(bytes(64)))):
            code, _, answer = ask("POST", "/v1/records", body)
            said.append((f"a record's {part}", code, answer[:200]))
            code, _, answer = ask("GET", "/v1/records", None, "Authorization: Bearer " + body[:6000].decode())
            said.append((f"a token's {part}", code, answer[:200]))
        ok(f"{name} is refused, or no proof of anything, wherever JSON is read", all(400 <= code < 500 for _, code, _ in said), said)
    receipt = json.loads(node.get(f"/v1/records/{'0' * 64}/receipt")[2])
    deep = {"receipt": {"leaf": "A" * 1000, "proof": "c2sp.org/tlog-proof@v1\n" + "index 1\n" * 10000, "x": [receipt] * 50}}
    code, _, answer = ask("POST", "/v1/verifications", json.dumps(deep).encode(), media="application/json")
    ok("a receipt of lies is judged or refused", code in (200, 400, 422) and b'"valid":true' not in answer, answer)
    lines = b"\n".join(text.replace(b"\n", b"")[:9000] for text in texts.values())
    code, _, answer = ask("POST", "/v1/batches", lines, media=LINES)
    ok("lines with a NUL in them are no upload", b"\0" in lines and code == 400, answer)
    code, _, answer = ask("POST", "/v1/batches", lines.replace(b"\0", b"0"), media=LINES)
    where = json.loads(answer).get("results_url", "/x")
    ok("all of them as lines of an upload are taken for what they are", code == 202, answer)
    ok("and each is refused by itself", until(lambda: all(json.loads(line)["status"] == "refused" for line in node.get(where)[2].splitlines()), 20), node.get(where)[2][:300])
    stands("JSON that is meant to hurt")


# -- tricks with paths --

def paths():
    description = json.loads(node.get("/openapi.json")[2])
    ids = {"id": "ab" * 32, "alg": "sha-256", "digest": "cd" * 32, "tile": "0/000"}
    tricks = {"a second slash": lambda p: "/" + p, "a slash inside": lambda p: p.replace("/", "//", 2), "/./": lambda p: "/." + p, "/../": lambda p: "/x/.." + p, "a slash behind": lambda p: p + "/", "/. behind": lambda p: p + "/.",
              "/.. behind": lambda p: p + "/..", "%2e%2e": lambda p: "/%2e%2e" + p, "%2f": lambda p: "/" + p[1:].replace("/", "%2f") + "%2f", "%00": lambda p: p + "%00", "%00 and an end": lambda p: p + "%00.json",
              ";": lambda p: p + ";a=b", "a backslash": lambda p: p + "\\", "great letters": lambda p: p.upper(), "an escaped letter": lambda p: f"/%{ord(p[1]):02x}" + p[2:], "a very long one": lambda p: p + "/" + "a" * 4000,
              "a file behind": lambda p: p + "/../../../../etc/passwd", "escaped dots to a file": lambda p: p + "/%2e%2e/%2e%2e/etc/passwd", "double escapes": lambda p: p + "%252e%252e%252f", "bytes that are no UTF-8": lambda p: p + "\xff\xfe",
              "an overlong dot": lambda p: p + "/%c0%ae%c0%ae/", "a tab": lambda p: p + "%09", "a fragment": lambda p: p + "#" + p}
    for trick, change in tricks.items():
        wrong = []
        for path, methods in description["paths"].items():
            plain = re.sub(r"\{(\w+)\}", lambda m: ids.get(m[1], "x"), path)
            for method in methods:
                sent = change(plain)
                if method not in ("get", "post") or sent == plain:
                    continue
                data = f"{method.upper()} ".encode() + sent.encode("latin-1") + b" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                got = talk(data)[0]
                codes = [one[0] for one in got]
                # A parameter may be any bytes: such a path is still its route's, which asks for a token, or the wrong content type, or finds nothing.
                allowed = (400, 404) + ((401, 405, 413, 415) if "{" in path or trick in ("great letters", "a fragment", "/. behind", "/.. behind") else ())
                if len(codes) != 1 or codes[0] not in allowed or b"root:" in got[0][1] or b"urn:qizheng:problem" not in got[0][1]:
                    wrong.append((method, sent[:80], codes, got[0][1][:120] if got else ""))
        ok(f"{trick}, on every path: nothing there, and never a file", not wrong, wrong)
    for method, path, want in (("GET", "/etc/passwd", 404), ("GET", "/node.yaml", 404), ("GET", "/", 404), ("GET", "/.", 404), ("GET", "/..", 404), ("GET", "/tile/../../keys/node.seed", 404), ("GET", "/tile/%2e%2e/node.seed", 404),
                               ("GET", "/tile/0/../0/000", 404), ("GET", "/tile/-1/000", 404), ("GET", "/tile/99999999999999999999/000", 404), ("GET", "/tile/0/x000", 404), ("GET", "/tile/0/000.p/0", 404), ("GET", "/tile/0/000.p/257", 404),
                               ("GET", "/v1/participants/..", 404), ("GET", "/v1/participants/%2e%2e", 404), ("GET", "/v1/batches/../status", 404), ("PUT", "/v1/records", 405), ("DELETE", "/v1/genesis", 405), ("PROPFIND", "/", 404),
                               ("MKCOL", "/x", 404), ("GET", "/v1/status?a=b", 400), ("GET", "/v1/participants?limit=0", 400), ("GET", "/v1/participants?limit=99999999999999999999", 400), ("GET", "/v1/participants?limit=1&limit=2", 400)):
        code = ask(method, path)[0]
        ok(f"{method} {path}: {want}", code == want, code)
    stands("tricks with paths")


# -- what is cut --

def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def cut():
    lines = [fresh() for _ in range(60)]
    body = b"\n".join(lines) + b"\n"
    whole = request("POST", "/v1/batches", body, media=LINES)
    head = len(whole) - len(body)
    before, size = sorted(os.listdir(uploads)), node.size()
    for name, at in (("in its request line", 10), ("in its header", head - 4), ("behind its header", head), ("in its first line", head + 100), ("behind its first line", head + len(lines[0]) + 1), ("in the middle", head + len(body) // 2),
                     ("before its last byte", len(whole) - 1)):
        for how in (socket.socket.close, reset, lambda one: (one.shutdown(socket.SHUT_WR), one.recv(4096), one.close())):
            connection = dial()
            connection.sendall(whole[:at])
            time.sleep(0.01)
            how(connection)
    ok("uploads that are cut, at each place and in each way, leave nothing", until(lambda: sorted(os.listdir(uploads)) == before, 20) and node.size() == size, (os.listdir(uploads), node.size(), size))
    connection = dial()
    connection.sendall(whole)
    reset(connection)
    code, _, answer = ask("POST", "/v1/batches", body, media=LINES)
    where = json.loads(answer).get("id")
    good = until(lambda: json.loads(node.get(f"/v1/batches/{where}")[2])["state"] == "done", 30)
    out = [json.loads(line) for line in node.get(f"/v1/batches/{where}/results")[2].splitlines()]
    ok("then a good one is taken, each line once, whatever became of one that left before its answer", code == 202 and good and len(out) == 60 and all(one["status"] in ("recorded", "known") and one.get("receipt") for one in out)
       and node.size() == size + 60, (code, answer, node.size() - size, out[:1]))
    results = request("GET", f"/v1/batches/{where}/results")
    for _ in range(12):
        connection = dial()
        connection.sendall(results)
        connection.recv(1000)
        reset(connection)
    ok("results that nobody reads to their end are read by the next", until(lambda: ask("GET", f"/v1/batches/{where}/results")[0] in (200, 0) and node.get(f"/v1/batches/{where}/results")[0] == 200, 10))
    records, size = [fresh() for _ in range(60)], node.size()
    for number, record in enumerate(records):
        connection = dial()
        connection.sendall(request("POST", "/v1/records", record))
        time.sleep(random.choice((0, 0.0005, 0.001, 0.002, 0.004)))
        reset(connection) if number % 2 else connection.close()
    again = [node.post_record(record.decode()) for record in records]
    indices = {reply.get("index") for _, _, reply in again}
    ok("a caller who leaves before the answer sends again: each record is there exactly once", all(code in (200, 201) and reply["receipt"]["record"] == record.decode() + "~" for (code, _, reply), record in zip(again, records))
       and len(indices) == 60 and node.size() == size + 60, ([code for code, _, _ in again], node.size() - size))
    print(f"   {sum(code == 200 for code, _, _ in again)} of 60 were there already")
    for at in range(1, len(whole), len(whole) // 40):
        connection = dial()
        connection.sendall(request("POST", "/v1/records", records[0])[:at])
        reset(connection)
    stands("what is cut")


# -- floods --

def hammer(requests, connections, seconds, ret_count):
    """One process: so many connections, each asking again as soon as it is answered, without ever reading what is said."""
    lines, end, at, count = {}, time.time() + seconds, 0, 0
    for _ in range(connections):
        try:
            one = dial(5)
        except OSError:
            continue
        lines[one.fileno()] = one
    poll = select.epoll()
    for number, one in lines.items():
        one.setblocking(False)
        poll.register(number, select.EPOLLIN)
        one.send(requests[number % len(requests)])
    while time.time() < end:
        for number, _ in poll.poll(0.5):
            one = lines[number]
            try:
                got = one.recv(65536)
                if got:
                    at += 1
                    count += 1
                    one.send(requests[at % len(requests)])
                    continue
            except OSError:
                pass
            poll.unregister(number)
            one.close()
            del lines[number]
            try:
                one = dial(5)
                one.setblocking(False)
                one.send(requests[at % len(requests)])
                lines[one.fileno()] = one
                poll.register(one.fileno(), select.EPOLLIN)
            except OSError:
                pass
    for one in lines.values():
        one.close()
    ret_count.value = count


def flood(name, requests, connections, seconds, bound=10, least=1):
    """A good caller sends one record after the other while the flood lasts: every one of them has its receipt."""
    counts = [multiprocessing.Value("q", 0) for _ in range(2)]
    workers = [multiprocessing.Process(target=hammer, args=(requests, connections // 2, seconds, count), daemon=True) for count in counts]
    for worker in workers:
        worker.start()
    time.sleep(0.2)
    took, wrong = [], []
    while any(worker.is_alive() for worker in workers):
        record = fresh().decode()
        began = time.time()
        code, _, reply = node.post_record(record)
        took.append(time.time() - began)
        if code != 201 or reply["receipt"]["record"] != record + "~":
            wrong.append((code, reply))
    for worker in workers:
        worker.join()
    took.sort()
    ok(f"{name}: every record of a good caller has its receipt, none later than {bound} s", not wrong and len(took) >= least and took[-1] < bound, (len(took), took[-3:], wrong[:3]))
    at = lambda share: took[min(len(took) - 1, int(share * len(took)))] * 1000  # noqa: E731
    print(f"   {sum(count.value for count in counts) / seconds:.0f} of them a second on {connections} connections; {len(took)} good records meanwhile: p50 {at(.5):.0f} ms, p90 {at(.9):.0f}, p99 {at(.99):.0f}, max {took[-1] * 1000:.0f}")


def floods():
    size = node.size()
    flood("a flood of junk signatures", [request("POST", "/v1/records", junk()) for _ in range(500)], 120, flood_s)
    mixed = [request("POST", "/v1/records", body, media="application/jose") for body in
             [MARK.encode() * 50, b"a.b.c", b"", b"a" * 16384, b"." * 16384, b"eyJ9." * 3000, os.urandom(3000).replace(b"\0", b"a")] + [jws(Key("Ed25519", "nobody"), contract(ledger, "nobody")).encode(), jws(key, contract("00" * 32, issuer)).encode()]]
    flood("a flood of junk records", mixed, 120, flood_s)
    body = json.dumps({"domain": "labour", "version": 1, "blinded": ["A" * 43] * 256}).encode()
    bearer = lambda method, path, data, **changes: "Authorization: Bearer " + token(key, issuer, name_of_node, method, path, data, **changes)  # noqa: E731
    signed = [bearer("GET", "/v1/records", None) for _ in range(20)]
    asked = [request("GET", "/v1/records", None, one[:-20] + "A" * 20) for one in signed] + [request("GET", "/v1/records", None, signed[0]), request("GET", "/v1/records", None, bearer("GET", "/v1/records", None, exp=1)),
                                                                                          request("GET", "/v1/events", None, "Authorization: Bearer " + MARK), request("POST", "/v1/tags", body, signed[0], media="application/json")]
    asked += [request("POST", "/v1/tags", body, bearer("POST", "/v1/tags", body)[:-20] + "A" * 20, media="application/json") for _ in range(10)]
    flood("a flood of junk tokens and of junk for tags", asked, 120, flood_s)
    if flood_s > REQUEST_S:  # else tests/unit/api_server.c alone says so
        flood("more callers that ask without end than there are threads", [request("GET", "/healthz"), request("GET", "/nowhere")], THREADS + 60, flood_s, bound=2 * REQUEST_S + IDLE_S, least=1)
    stands("floods")
    ok("nothing of a flood became a leaf but what the good caller sent", node.size() > size)


# -- as many connections as there are threads --

def held(count, first, piece):
    """So many connections that hold a thread each; what they send and when is up to the caller."""
    lines = []
    for _ in range(count):
        one = dial()
        one.setblocking(False)
        one.send(first)
        lines.append(one)
    return lines


def good_call(bound):
    began = time.time()
    try:
        code, _, reply = node.post_record(fresh().decode())
    except OSError as error:
        code, reply = 0, error
    return code == 201 and time.time() - began < bound, (code, time.time() - began, reply if code != 201 else "")


def threads():
    kinds = {"idle": (b"", b""), "kept and not used": (request("GET", "/healthz"), b""), "trickling header": (b"GET /healthz HTTP/1.1\r\nHost: h\r\nX: ", b"a"),
             "trickling body": (b"POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Type: application/jose\r\nContent-Length: 2000\r\n\r\n", b"a")}
    deadlines = {"idle": HEAD_S, "kept and not used": IDLE_S, "trickling header": HEAD_S, "trickling body": REQUEST_S + HEAD_S}
    for kind, (first, piece) in kinds.items():
        for count in (THREADS - 1, THREADS, THREADS + 50) if kind == "idle" else (THREADS - 1, THREADS + 50) if kind == "trickling body" else (THREADS + 50,):
            lines, done = held(count, first, piece), threading.Event()

            def trickle():
                while piece and not done.wait(0.9):
                    for one in lines:
                        try:
                            one.send(piece)
                        except OSError:
                            pass

            thread = threading.Thread(target=trickle, daemon=True)
            thread.start()
            time.sleep(0.1)
            bound = 2 if count < THREADS else deadlines[kind] * (2 if count > THREADS else 1) + 3
            began = time.time()
            health = ask("GET", "/healthz")[0]
            waited = time.time() - began
            served, said = good_call(bound)
            ok(f"{count} connections ({kind}): health and a good caller are served within {bound:g} s", health == 200 and waited < bound and served, (health, waited, said))
            print(f"   health after {waited:.1f} s, the record after {said[1]:.1f} s more")
            done.set()
            thread.join()
            for one in lines:
                one.close()
            ok("and once they are gone, at once", until(lambda: good_call(2)[0], 10))
    stands("connections up to the thread limit and beyond")


def afterwards(before):
    ok("descriptors come back", until(lambda: descriptors() <= before[1] + 40, 15), (before[1], descriptors()))
    grown = rss() - before[0]
    print(f"   memory: {before[0] >> 20} MiB before, {rss() >> 20} MiB after; descriptors: {before[1]} before, {descriptors()} after")
    if not is_sanitized:  # a sanitizer keeps what was freed, to see who still uses it
        ok("memory comes back to near what it was", grown < 96 << 20, (before[0] >> 20, rss() >> 20))
    text = open(log, "rb").read()
    ok("the log has lines, one an event", text.count(b"\n") > 100 and b"http_request" in text)
    ok("and nothing of what anybody sent", not any(word in text for word in (MARK.encode(), b"eyJ", b"aaaaaaaa", b"passwd", b"AAAAAAAA", b"Bearer", b"\0", key.kid.encode())),
       [text[max(0, text.find(word) - 100):text.find(word) + 100] for word in (MARK.encode(), b"eyJ", b"aaaaaaaa", b"passwd", b"AAAAAAAA", b"Bearer", b"\0", key.kid.encode()) if word in text][:2])


is_sanitized = any(name in open(f"/proc/{pid}/maps", encoding="utf-8").read() for name in ("libasan", "libtsan"))
for _ in range(30):
    node.post_record(fresh().decode())
# Every thread works once, so that what it keeps for itself is there before anything is compared.
warm = held(THREADS - 6, request("GET", "/v1/types"), b"")
time.sleep(1)
for connection in warm:
    connection.close()
time.sleep(0.5)
start = (rss(), descriptors())
for group in (smuggling, slow, oversized, bombs, paths, cut, floods, threads):
    began = time.time()
    only = os.environ.get("HOSTILE_ONLY")
    if not only or group.__name__ in only.split(","):
        group()
        print(f"   ({group.__name__}: {time.time() - began:.1f} s)", flush=True)
afterwards(start)
sys.exit(bool(failures))
