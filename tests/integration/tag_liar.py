"""A node that lies about tags, in front of one that does not: `python3 tag_liar.py NODE_URL MODE`, the file MODE read anew for every request. Prints its port.

    pass       forwards everything
    other_key  evaluates with a key of its own, proves it well, and says in `pk` whose it is
    swapped    exchanges the first two elements, proofs and all        crossed   exchanges their proofs alone
    short      leaves the last element out                             bent      an element that is no encoding
    genesis    hands out a genesis with a key of its own               ledger    and names that ledger in its status, too
    later      429 with Retry-After 1 once, then pass                  never     429 with Retry-After 3600
    deaf       503 for every record that is sent
"""
import base64
import hashlib
import http.server
import json
import os
import sys
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors"))
import make_voprf as v  # noqa: E402
from primitives import L  # noqa: E402

node, mode_file = sys.argv[1], sys.argv[2]
SECRET = 12345678901234567890
PUBLIC = v.encode(v.ed_times(SECRET, v.BASE))


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def false_genesis():
    with urllib.request.urlopen(node + "/v1/genesis") as reply:
        genesis = json.loads(reply.read())
    genesis["nodes"][0]["voprf"] = {domain: b64u(PUBLIC) for domain in genesis["nodes"][0]["voprf"]}
    return json.dumps(genesis, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def own_answer(question):
    elements, proofs = [], []
    for text in question["blinded"]:
        blinded = unb64u(text)
        evaluated = v.encode(v.ed_times(SECRET, v.decode(blinded)))
        elements.append(b64u(evaluated))
        proofs.append(b64u(v.prove(SECRET, [blinded], [evaluated], int.from_bytes(os.urandom(40), "big") % L)))
    return {"domain": question["domain"], "version": question["version"], "pk": b64u(PUBLIC), "evaluated": elements, "proofs": proofs}


def changed(mode, question, answer):
    if mode in ("other_key", "genesis", "ledger"):
        return own_answer(question)
    elements, proofs = answer["evaluated"], answer["proofs"]
    if mode == "swapped":
        elements[0], elements[1] = elements[1], elements[0]
    if mode in ("swapped", "crossed"):
        proofs[0], proofs[1] = proofs[1], proofs[0]
    if mode == "short":
        elements.pop()
    if mode == "bent":
        elements[0] = b64u(b"\xff" * 32)
    return answer


class Liar(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self, body=None):
        request = urllib.request.Request(node + self.path, data=body)
        for name in ("Content-Type", "Prefer", "Accept", "Authorization"):
            if self.headers[name]:
                request.add_header(name, self.headers[name])
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status, reply.headers.get("Content-Type"), reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("Content-Type"), error.read()

    def answer(self, status, kind, body, *headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def mode(self):
        with open(mode_file, encoding="ascii") as file:
            return file.read().strip()

    def problem(self, status, code, wait):
        self.answer(status, "application/problem+json", json.dumps({"code": code, "detail": "Not now."}).encode(), ("Retry-After", str(wait)))

    def do_GET(self):
        status, kind, body = self.forward()
        if self.path == "/v1/genesis" and self.mode() in ("genesis", "ledger"):
            body = false_genesis()
        if self.path == "/v1/status" and self.mode() == "ledger":
            body = json.dumps({**json.loads(body), "ledger": hashlib.sha256(false_genesis()).hexdigest()}).encode()
        self.answer(status, kind, body)

    def do_POST(self):
        body, mode = self.rfile.read(int(self.headers["Content-Length"])), self.mode()
        if self.path != "/v1/tags":
            return self.problem(503, "no_order", 1) if mode == "deaf" else self.answer(*self.forward(body))
        if mode == "later":
            with open(mode_file, "w", encoding="ascii") as file:
                file.write("pass")
            return self.problem(429, "rate", 1)
        if mode == "never":
            return self.problem(429, "rate", 3600)
        status, kind, answer = self.forward(body)
        if status == 200 and mode not in ("pass", "deaf"):
            answer = json.dumps(changed(mode, json.loads(body), json.loads(answer))).encode()
        return self.answer(status, kind, answer)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
