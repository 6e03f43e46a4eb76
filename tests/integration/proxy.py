"""A proxy between a client and a node that misbehaves as the file MODE says, read anew for every POST: `python3 proxy.py NODE_URL MODE`. Prints its port.

    pass      forwards                         drop    forwards, then closes the connection without an answer
    busy      503 with Retry-After once, then pass      full  429 without an end
    hang      answers nothing for a minute     forbid  403 in plain words, as a gateway says it
    other     forwards, and answers with the receipt of another record, from the file MODE.other
"""
import http.server
import sys
import time
import urllib.error
import urllib.request

node, mode_file = sys.argv[1], sys.argv[2]


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self, body=None):
        request = urllib.request.Request(node + self.path, data=body)
        for name in ("Content-Type", "Prefer", "Accept"):
            if self.headers[name]:
                request.add_header(name, self.headers[name])
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status, reply.headers.get("Content-Type"), reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("Content-Type"), error.read()

    def answer(self, status, kind, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(*self.forward())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(mode_file) as file:
            mode = file.read().strip()
        if mode == "busy":
            with open(mode_file, "w") as file:
                file.write("pass")
            problem = b'{"code":"no_order","detail":"later"}'
            self.answer(503, "application/problem+json", problem, [("Retry-After", "1")])
        elif mode == "full":
            self.answer(429, "application/problem+json", b'{"code":"queue_full","detail":"full"}')
        elif mode == "forbid":
            self.answer(403, "text/plain", b"not through this gateway")
        elif mode == "hang":
            time.sleep(60)
        elif mode == "drop":
            self.forward(body)
            self.close_connection = True
        elif mode == "other":
            self.forward(body)
            with open(mode_file + ".other", "rb") as file:
                self.answer(201, "application/json", b'{"receipt":' + file.read() + b"}")
        else:
            self.answer(*self.forward(body))

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
