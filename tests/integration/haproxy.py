"""Callers that mean harm, against the shipped haproxy in front of a node, and a good one who must be served meanwhile.

    haproxy.py PORT CA NODE_URL ISSUER COUNT

COUNT connections from as many addresses of 127/8 as it takes send a header line every second and never an end; the good caller sends records through the same port."""
import json
import os
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from client import Key, Node, contract, jws  # noqa: E402

port, ca, node, issuer, count = int(sys.argv[1]), sys.argv[2], Node(sys.argv[3]), sys.argv[4], int(sys.argv[5])
ledger = json.loads(node.get("/v1/status")[2])["ledger"]
key, failures = Key("Ed25519", "haproxy"), 0


def ok(name, good, said=""):
    global failures
    print(("ok " if good else "FAIL ") + name + (f": {said}" if not good else ""))
    failures += not good


def tls(source="127.0.0.1"):
    context = ssl.create_default_context(cafile=ca)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(source, 0)), server_hostname="localhost")


def ask(text, source="127.0.0.1"):
    """Status and body of one request, the connection closed behind it."""
    connection, data = tls(source), b""
    try:
        connection.sendall(text)
        while chunk := connection.recv(65536):
            data += chunk
    except OSError:
        pass
    connection.close()
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]) if head[:5] == b"HTTP/" else 0, body


def post(body, more=b""):
    return b"POST /v1/records HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/jose\r\n" + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def fresh():
    return jws(key, contract(ledger, issuer)).encode()


status, body = ask(post(fresh()))
ok("a record goes through TLS", status == 201, f"{status} {body[:300]}")
ok("metrics are for the operator alone", ask(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")[0] == 404)
before = node.size()
for name, more in (("a length beside chunks", b"Transfer-Encoding: chunked\r\n"), ("two lengths", b"Content-Length: 3\r\n"), ("a length with a sign", b"Content-Length: +3\r\n")):
    status, body = ask(post(fresh(), more))
    ok(f"{name} never becomes a record", status in (0, 400), f"{status} {body[:200]}")
smuggled = b"POST /v1/records HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n" + post(fresh())
status, body = ask(b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(smuggled) + smuggled)
ok("a request inside a body stays a body", node.size() == before, f"{status} {node.size()} leaves, not {before}")

# -- trickling callers --

lines, done, refused = [], threading.Event(), 0
raised = 0
for number in range(count):
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.setblocking(False)
    connection.bind((f"127.0.{1 + number // 250}.{1 + number % 250}", 0))
    error = connection.connect_ex(("127.0.0.1", port))
    raised += error not in (0, 115)
    lines.append(connection)
    if number % 200 == 199:
        time.sleep(0.02)
time.sleep(1)


inside = [tls(f"127.0.0.{100 + number % 100}") for number in range(200)]
for number, connection in enumerate(inside):
    connection.settimeout(1)
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n" if number % 2 else b"POST /v1/records HTTP/1.1\r\nHost: a\r\nContent-Type: application/jose\r\nContent-Length: 2000\r\n\r\n")


def trickle():
    """A TLS hello, one byte at a time; and 200 that have shaken hands, with headers and bodies a byte at a time."""
    hello, at = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), 0
    while not done.is_set():
        for connection in lines:
            try:
                connection.send(hello[at:at + 1] or b"\0")
            except OSError:
                pass
        for number, connection in enumerate(inside):
            try:
                connection.sendall(b"X-A: b\r\n" if number % 2 else b"a")
            except OSError:
                pass
        at += 1
        done.wait(1)


thread = threading.Thread(target=trickle)
thread.start()
latencies, answers = [], []
until = time.time() + 12
while time.time() < until:
    began = time.time()
    answers.append(ask(post(fresh()))[0])
    latencies.append(time.time() - began)
    time.sleep(0.1)
opened = sum(1 for connection in lines if connection.fileno() >= 0)
done.set()
thread.join()
for connection in lines + inside:
    connection.close()
ok(f"{count} trickling connections were made", raised == 0 and opened == count, f"{raised} of them failed")
ok("a good caller was served meanwhile, every time", answers and set(answers) == {201}, str(sorted(set(answers))))
print(f"   {len(answers)} records meanwhile, each within {max(latencies):.2f} s, half of them within {sorted(latencies)[len(latencies) // 2]:.2f} s")
sys.exit(bool(failures))
