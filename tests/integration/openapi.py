"""Walks /openapi.json: every route, asked well and badly, answers only what the document allows; and nothing answers that is not in it.

    openapi.py URL RECEIPT      RECEIPT: of a record of that ledger; an employer emp-walk has the Ed25519 key of the name "walker"

What a route needs for a good answer stands in Good below. A route that is added to the node must be added there: the walk fails where a successful answer of the
document was never seen."""
import base64
import copy
import json
import os
import re
import socket
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import openapi  # noqa: E402
from client import Key, Node, b64u, contract, jws, record_id, token  # noqa: E402

node, receipt = Node(sys.argv[1]), json.load(open(sys.argv[2], encoding="utf-8"))
key = Key("Ed25519", "walker")
reader = (key, "emp-walk")
status = json.loads(node.get("/v1/status")[2])
doc = json.loads(node.get("/openapi.json")[2])
book = openapi.Book(doc)
failures, requests = [], 0


def ok(name, bad):
    bad = list(bad)
    print(("FAIL " if bad else "ok ") + name, *bad[:8], sep="\n  " if bad else "")
    failures.extend(bad)


def of_emp(**changes):
    return jws(key, contract(status["ledger"], "emp-walk", **changes)).encode()


def own_checkpoint(more):
    """The node's newest checkpoint, handed back to it."""
    note = node.get("/checkpoint")[2]
    return b"old %d\n\n" % (int(note.split(b"\n")[1]) + more) + note


def upload_done():
    """The id of an upload of a good line, a known one and junk, when it is worked off."""
    lines = b"\n".join([of_emp(), key_known, b"junk", b""])
    url = node.call("POST", "/v1/batches", lines, {"Content-Type": "application/vnd.qizheng.jose-lines"})[1]["location"]
    for _ in range(300):
        if json.loads(node.get(url)[2])["state"] == "done":
            return url.rsplit("/", 1)[1]
        time.sleep(0.1)
    raise TimeoutError(url)


key_known = of_emp()
# An element that is one: RFC 9496's base point.
BASE_POINT = "4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY"


def cursor(path):
    """`next` of a page of one, as a query without filters gets it; where there is no second page, none that will do."""
    answer = node.call("GET", path + "?limit=1", None, {"Authorization": "Bearer " + token(*reader, status["node"], "GET", path, None)})
    return json.loads(answer[2]).get("next", "none")


def awake():
    """A node that has just started takes no token for a moment; the walk begins behind it."""
    for _ in range(100):
        if node.call("GET", "/v1/records", None, {"Authorization": "Bearer " + token(*reader, status["node"], "GET", "/v1/records", None)})[0] == 200:
            return
        time.sleep(0.1)
    raise TimeoutError("the node takes no token")


awake()


class Good:
    """What makes a good request of each operation: values of parameters by their name in the document, and requests (values, headers, body); a body that must be
    fresh is a function."""
    known = key_known
    node.call("POST", "/v1/records", known, {"Content-Type": "application/jose"})
    node.call("POST", "/v1/records", of_emp(), {"Content-Type": "application/jose"})
    note = node.get("/checkpoint")[2]
    size = int(note.split(b"\n")[1])
    own = base64.urlsafe_b64decode(receipt["record"].split(".")[1] + "==")
    digest = base64.urlsafe_b64decode(json.loads(own)["doc"][0]["digest"] + "=").hex()
    values = {
        "records.id": record_id(known.decode()),  # one that the walker may read, put in first
        "records.after": cursor("/v1/records"),
        "findings.after": cursor("/v1/findings"),
        "documents.digest": digest,
        "batches.id": upload_done(),
        "contracts.id": record_id(known.decode()),
        "participants.id": "emp-walk",
        "tile.tile": f"0/000.p/{size}",
    }
    # Sent with every request of the operation that has none of its own: a stream would last for minutes.
    headers = {"getEvents": {"Prefer": "wait=0"}}
    lines = {"Content-Type": "application/vnd.qizheng.jose-lines"}
    jose, verify = {"Content-Type": "application/jose"}, {"Content-Type": "application/json"}
    more = {
        "postRecords": [
            ({}, jose, known), ({}, jose, known), ({}, {"Content-Type": "application/sd-jwt"}, of_emp() + b"~"),
            ({}, {**jose, "Prefer": "respond-async"}, of_emp()), ({}, {**jose, "Prefer": "wait=0"}, of_emp()),
            ({}, jose, of_emp(jti="short")), ({}, jose, of_emp(aud="0" * 64)), ({}, jose, of_emp(iat=1)), ({}, jose, of_emp(probation_months=60)),
            ({}, jose, of_emp(act="end", ref="0" * 64)), ({}, jose, of_emp(iss="nobody")), ({}, jose, of_emp(iss="emp-0001")), ({}, jose, of_emp(act="fly")),
            ({}, jose, jws(Key("Ed25519", "stranger"), contract(status["ledger"], "emp-walk"))), ({}, jose, known[:-4] + b"AAAA"),
            ({}, jose, of_emp(worker_name="样例")), ({}, {"Content-Type": "application/sd-jwt"}, of_emp() + b"~WyJhIiwiYiIsMV0~"),
        ],
        "postBatches": [({}, lines, of_emp), ({}, lines, lambda: of_emp() + b"\r\n" + key_known), ({}, lines, b"\n\n"), ({}, lines, b"\n" * 10001)],
        "getRecordsIdReceipt": [({}, {"Accept": "text/plain"}, None), ({}, {"Accept": "application/json"}, None)],
        "postVerifications": [
            ({}, verify, json.dumps({"receipt": receipt})), ({}, verify, json.dumps({"document": {"alg": "sha-256", "digest": digest}})),
            ({}, verify, json.dumps({"receipt": receipt, "document": {"alg": "sm3", "digest": digest}})), ({}, verify, json.dumps({"receipt": {}})),
            ({}, verify, json.dumps({"receipt": {**receipt, "time": 1}})),
        ],
        "postAddCheckpoint": [({}, {}, lambda: own_checkpoint(0)), ({}, {}, lambda: own_checkpoint(1)), ({}, {}, b"old 0\n\n" + note)],
        "postTags": [
            ({}, verify, json.dumps({"domain": "labour", "version": 1, "blinded": [BASE_POINT] * 3})), ({}, verify, json.dumps({"domain": "benefit", "version": 1, "blinded": [BASE_POINT]})),
            ({}, verify, json.dumps({"domain": "labour", "version": 1, "blinded": [BASE_POINT, b64u(bytes(32))]})),
        ],
        "getTileTile": [({"tile.tile": f"entries/000.p/{size}"}, {}, None)],
        "getParticipants": [({}, {}, None)],
        "getEvents": [({}, {"Last-Event-ID": "1.0"}, None), ({}, {"Last-Event-ID": "x"}, None)],
        "getDocumentsAlgDigest": [({"documents.alg": "sm3"}, {}, None), ({"documents.digest": "0" * 64}, {}, None)],
    }


def fill(path, operation, values):
    """The path with its parameters. Values are sent as they are."""
    for name, parameter in openapi.parameters(doc, operation):
        if parameter["in"] == "path":
            value = values.get(name, Good.values.get(name, parameter["example"]))
            path = path.replace("{" + parameter["name"] + "}", str(value))
    return path


def ask(path, method, url, body=None, headers=None):
    """One request of a documented operation; what is wrong with its answer, or None."""
    global requests
    requests += 1
    body = body() if callable(body) else body
    body = body.encode() if isinstance(body, str) else body
    operation = doc["paths"][path][method.lower()]
    headers = {**Good.headers.get(operation["operationId"], {}), **(headers or {})}
    if operation.get("security") and "Authorization" not in headers and headers.pop("Anybody", None) is None:
        headers = {**headers, "Authorization": "Bearer " + token(*reader, status["node"], method, url, body)}
    answer = node.call(method, url, body, headers)
    wrong = book.judge(path, method, *answer)
    shown = {name: value for name, value in (headers or {}).items() if name != "Authorization"}
    return wrong and f"{method} {url[:90]} {shown or ''} {(body or b'')[:40]!r}: {wrong}"


def first_body(operation):
    """A good body of an operation: (headers, body)."""
    for _, headers, body in Good.more.get(operation["operationId"], []):
        if body is not None:
            body = body() if callable(body) else body
            return headers, body.encode() if isinstance(body, str) else body
    media, content = next(iter(operation["requestBody"]["content"].items()))
    example = openapi.deref(doc, content.get("schema", {})).get("example", "")
    return {"Content-Type": media}, json.dumps(example).encode() if "json" in media else str(example).encode()


def is_optional(operation):
    """A token may come with it and need not."""
    return {} in operation.get("security", [])


def good(path, method, operation):
    url = fill(path, operation, {})
    headers, body = first_body(operation) if "requestBody" in operation else ({}, None)
    yield ask(path, method, url, body, headers)
    if is_optional(operation):
        yield ask(path, method, url, body, {**headers, "Anybody": "yes"})
        yield tells_more(path, method, url)
    for values, headers, body in Good.more.get(operation["operationId"], []):
        yield ask(path, method, fill(path, operation, values), body, headers)
    for name, parameter in openapi.parameters(doc, operation):
        value = Good.values.get(name, parameter["example"])
        if parameter["in"] == "query":
            yield ask(path, method, f"{url}?{parameter['name']}={value}")


def tells_more(path, method, url):
    """What a token is for where it may be left away: members that the public answer has not. What is wrong, or None."""
    given = {"Authorization": "Bearer " + token(*reader, status["node"], method, url, None)}
    public, own = (json.loads(node.call(method, url, None, headers)[2]) for headers in ({}, given))
    more = {"/v1/records/{id}/receipt": {"record", "issuer"}, "/v1/documents/{alg}/{digest}": {"records"}}[path]
    return None if more <= set(own) and not more & set(public) else f"{url}: {sorted(own)} with a token, {sorted(public)} without"


def bad_tokens(path, method, operation):
    """Of an operation that takes a token: none where it needs one, and every kind that must be refused as 401."""
    headers, body = first_body(operation) if "requestBody" in operation else ({}, None)
    url = fill(path, operation, {})
    given = lambda *who, **changes: "Bearer " + token(*who, status["node"], method, url, body, **changes)  # noqa: E731
    used = given(*reader)
    headers = {**Good.headers.get(operation["operationId"], {}), **headers}
    node.call(method, url, body, {**headers, "Authorization": used})
    record = jws(key, {"iss": "emp-walk"})
    bad = {
        "none": None, "empty": "Bearer ", "another scheme": "Basic " + given(*reader)[7:], "junk": "Bearer x.y.z", "long": "Bearer " + "x" * 6000, "a record": "Bearer " + record,
        "used": used, "a stranger's": given(Key("ES256K", "stranger"), "emp-walk"), "another's name": given(key, "emp-0001"), "nobody's": given(key, "nobody"),
        "expired": given(*reader, iat=1, exp=61), "future": given(*reader, iat=2**40, exp=2**40 + 60), "long-lived": given(*reader, exp=2**40), "no exp": given(*reader, exp=None),
        "another node": given(*reader, aud="elsewhere"), "another method": given(*reader, htm="PUT"), "another path": given(*reader, htu="/v1/other"), "another body": given(*reader, body=b64u(bytes(32))),
        "no jti": given(*reader, jti=None), "short jti": given(*reader, jti="AAAA"), "no purpose": given(*reader, purpose=None), "a name for a purpose": given(*reader, purpose="样例"),
        "changed": given(*reader)[:-4] + "AAAA", "not yet": given(*reader, nbf=2**40),
    }
    if is_optional(operation):
        del bad["none"]
    for name, value in bad.items():
        answer = node.call(method, url, body, {**headers, **({"Authorization": value} if value else {})})
        wrong = book.judge(path, method, *answer)
        if answer[0] != 401 or "www-authenticate" not in answer[1] or wrong:
            yield f"{method} {url}: a token that is {name} is answered {answer[0]} {answer[2][:200]} {wrong}"


BAD_VALUES = ("", "-1", "0", "00", "99999999999999999999", "x" * 200, "X" * 64, "a" * 64, "0" * 63, "..", "%2e%2e", "%00", "%", "é".encode().decode("latin-1"), "a b".replace(" ", "+"), "null", "*", "{}")


def bad_parameters(path, method, operation):
    headers, body = first_body(operation) if "requestBody" in operation else ({}, None)
    url = fill(path, operation, {})
    for name, parameter in openapi.parameters(doc, operation):
        for value in BAD_VALUES:
            sent = urllib.parse.quote(value, safe="%+*{}.")
            if parameter["in"] == "query":
                yield ask(path, method, f"{url}?{parameter['name']}={sent}", body, headers)
            elif parameter["in"] == "path":
                if value:  # without it, it is another path
                    yield ask(path, method, fill(path, operation, {name: sent}), body, headers)
            else:
                # A stream that does not understand how long it may last ends after its first event.
                yield ask(path, method, url + ("?limit=1" if operation["operationId"] in Good.headers else ""), body, {**headers, parameter["name"]: sent})
        if parameter["in"] == "query":
            yield ask(path, method, f"{url}?{parameter['name']}", body, headers)
            yield ask(path, method, f"{url}?{parameter['name']}={parameter['example']}&{parameter['name']}={parameter['example']}", body, headers)
    for query in ("frob=1", "=", "&", "=&=", "%00", "a" * 300, "limit"):
        yield ask(path, method, f"{url}?{query}", body, headers)


def mutations(value):
    """JSON values that differ from this one in one place: a member gone, one too many, one of another kind."""
    if isinstance(value, dict):
        yield {**value, "frob": 1}
        for name, child in value.items():
            yield {other: value[other] for other in value if other != name}
            for bad in (None, -1, "", [], {}, "x" * 5000, True, 1.5):
                yield {**value, name: bad}
            if name in ("document", "receipt"):
                for changed in mutations(child):
                    yield {**value, name: changed}


def bad_bodies(path, method, operation):
    url = fill(path, operation, {})
    if "requestBody" not in operation:
        yield ask(path, method, url, b"{}", {"Content-Type": "application/json"})
        yield ask(path, method, url, b"x" * 100000)
        return
    headers, body = first_body(operation)
    limit = operation["requestBody"]["x-max-bytes"]
    documented = list(operation["requestBody"]["content"])
    for media in ["", "text/html", "application/octet-stream", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json", "/", ";", "x" * 300] + documented:
        yield ask(path, method, url, body, {"Content-Type": media})
    for media in documented:
        for text in (b"", b"\x00", b"{}", b"[]", b"null", b'"x"', b"\xff\xfe", b"{" * 500, b"[" * 500, b"a.b.c", b"...", b"~", b"=", b"x" * limit, body[:-1], body[: len(body) // 2], body + b"x", body + b"\n"):
            yield ask(path, method, url, text, {"Content-Type": media})
    # It is refused by what it says of itself: of a very large one the rest need not be sent.
    answer = node.call(method, url, b"x" * min(limit + 1, 1 << 20), {**headers, "Content-Length": str(limit + 1)})
    yield None if answer[0] == 413 and not book.judge(path, method, *answer) else f"{method} {url}: {limit + 1} bytes are answered {answer}"
    if body[:1] == b"{":
        for value in mutations(json.loads(body)):
            yield ask(path, method, url, json.dumps(value), headers)


def other_methods(path, item):
    """405 with the path's own methods wherever one is missing; HEAD as GET; OPTIONS without a body."""
    operation = next(item[method] for method in openapi.METHODS if method in item)
    url = fill(path, operation, {})
    have = {method.upper() for method in item} | ({"HEAD"} if "get" in item else set())
    code, headers, _ = node.call("OPTIONS", url)
    if code == 204:
        have.add("OPTIONS")
        if headers.get("access-control-allow-methods") is None:
            yield f"OPTIONS {url}: no CORS"
    for method in {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} - have:
        for body in (None, b"x"):
            code, headers, data = node.call(method, url, body)
            allow = set(re.split(r",\s*", headers.get("allow", "")))
            if code != 405 or allow != have or (method != "HEAD" and json.loads(data)["code"] != "method"):
                yield f"{method} {url}: {code}, Allow {allow}, not {have}"
    if "get" in item:
        wanted, got = node.call("GET", url), node.call("HEAD", url)
        if (got[0], got[1]["content-type"], got[2]) != (wanted[0], wanted[1]["content-type"], b""):
            yield f"HEAD {url}: {got}"


def outside():
    """Paths beside the documented ones, under which nothing may answer."""
    patterns = [re.compile(re.sub(r"\\{[^}]*\\}", ".+" if path.startswith("/tile/") else "[^/]+", re.escape(path)) + "$") for path in doc["paths"]]
    paths = {"/", "/v1", "/v1/", "/v2/status", "/index.html", "/favicon.ico", "/openapi", "/openapi.yaml", "/v1/openapi.json", "/.well-known/security.txt", "/..", "/%2e%2e/etc/passwd", "/admin", "/debug"}
    for path, _, operation in openapi.operations(doc):
        url = fill(path, operation, {})
        parts = url.split("/")
        paths |= {"/".join(parts[:n]) or "/" for n in range(1, len(parts))}
        paths |= {url + "/", url + "/x", "/" + url, "/v1" + url, url.upper(), url + "%20", url + ";a=1", url.replace("/", "//"), "/." + url}
    for path in sorted(paths):
        if any(pattern.match(path) for pattern in patterns):
            continue
        for method, body in (("GET", None), ("POST", b"{}"), ("OPTIONS", None), ("DELETE", None)):
            code, _, data = node.call(method, path, body)
            if code != 404 or json.loads(data)["code"] != "not_found":
                yield f"{method} {path} answers {code} and is not in the document"


def raw_once(text):
    """What comes back for these bytes. A server that closes over unread bytes resets the connection, and the answer may be lost with it: then nothing."""
    data = b""
    with socket.create_connection((node.address.hostname, node.address.port), timeout=20) as connection:
        try:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                data += chunk
        except TimeoutError:
            raise
        except OSError:  # reset, or not even connected any more
            pass
    return data


def raw(text):
    """An answer to bytes that are hardly a request: its status, and whether it is a problem `request`. Asked again where the answer was lost."""
    for _ in range(20):
        head, _, body = raw_once(text).partition(b"\r\n\r\n")
        if body:
            return int(head.split(b" ")[1]), b"application/problem+json" in head and json.loads(body)["code"] == "request"
    return 0, False


def no_requests():
    for text in (b"GET\r\n\r\n", b"FROB /healthz HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n", b"GET /healthz HTTP/1.1\r\n\r\n", b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
                 b"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"POST /v1/records HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"):
        code, is_problem = raw(text)
        if code // 100 not in (4, 5) or not is_problem:
            yield f"{text[:40]} is answered {code}, a problem: {is_problem}"


def metric_labels():
    """Every operation was asked, by the node's own count, and nothing else answers."""
    names = {f"{method} {path}" for path, method, _ in openapi.operations(doc)}
    counted = set(re.findall(r'^qizheng_http_requests_total\{route="([^"]*)"', node.get("/metrics")[2].decode(), re.M)) - {"other"}
    yield from (f"{name} was never asked" for name in sorted(names - counted))
    yield from (f"{name} answers and is not in the document" for name in sorted(counted - names))


def unseen():
    for path, method, operation in openapi.operations(doc):
        for code, response in operation["responses"].items():
            for media in response["content"]:
                if code.startswith("2") and (operation["operationId"], int(code), media) not in book.seen:
                    yield f"{method} {path}: {code} {media} is documented and was never seen; what it takes belongs into Good"


def notices():
    """The lint and the judge find what is planted."""
    planted = {
        "a second operationId": lambda d: d["paths"]["/readyz"]["get"].update(operationId="getHealthz"),
        "a schema that is gone": lambda d: d["components"]["schemas"].pop("Status"),
        "a schema that nobody uses": lambda d: d["components"]["schemas"].update(Idle={}),
        "a path parameter that is gone": lambda d: d["paths"]["/v1/participants/{id}"]["get"]["parameters"].clear(),
        "a bad example": lambda d: d["components"]["parameters"]["records.id"].update(example="x"),
        "no answers": lambda d: d["paths"]["/readyz"]["get"]["responses"].clear(),
        "a bad schema": lambda d: d["components"]["schemas"]["Health"].update(type="thing"),
        "another version": lambda d: d.update(openapi="3.0.3"),
    }
    for name, plant in planted.items():
        changed = copy.deepcopy(doc)
        plant(changed)
        if not openapi.lint(changed):
            yield f"{name} is not noticed"
    head = {"content-type": "application/json", "x-request-id": "1"}
    for code, headers, body in ((200, head, b'{"status":"ok","frob":1}'), (200, head, b'{"status":"bad"}'), (200, head, b"{"), (200, {**head, "content-type": "text/html"}, b'{"status":"ok"}'),
                                (404, {**head, "content-type": "application/problem+json"}, b"{}"), (200, {**head, "x-request-id": "x"}, b'{"status":"ok"}')):
        if not openapi.Book(doc).judge("/healthz", "GET", code, headers, body):
            yield f"{code} {headers} {body} passes"
    if openapi.Book(doc).judge("/healthz", "GET", 200, head, b'{"status":"ok"}'):
        yield "a good answer does not pass"


ok("the document keeps the rules of OpenAPI 3.1", openapi.lint(doc))
ok("what breaks them, and answers that are not documented, are noticed", notices())
for path, method, operation in openapi.operations(doc):
    for what in (good, bad_tokens, bad_parameters, bad_bodies):
        if what != bad_tokens or operation.get("security"):
            ok(f"{method} {path}: {what.__name__.replace('_', ' ')}", filter(None, what(path, method, operation)))
for path, item in doc["paths"].items():
    ok(f"{path}: other methods", other_methods(path, item))
ok("nothing answers beside the document", outside())
ok("what is no request is a problem", no_requests())
ok("the node's own count has the same routes", metric_labels())
ok("every successful answer of the document was seen", unseen())
codes = {(one[0], one[2]) for one in book.seen if "/" not in one[2]}
print(f"{requests} requests, {len(codes)} problems of routes seen")
sys.exit(bool(failures))
