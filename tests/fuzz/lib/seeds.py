#!/usr/bin/env python3
"""Writes the seeds of the fuzz corpora that are mere text, or come from tests/vectors: `seeds.py CORPUS`. What real ledgers give is seeds.c's."""

import base64
import hashlib
import json
import pathlib
import struct
import sys

CORPUS = pathlib.Path(sys.argv[1])
VECTORS = pathlib.Path(__file__).parents[2] / "vectors"
KID = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def vector(name):
    return json.loads((VECTORS / name).read_text())


def seed(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def seeds(target, contents):
    for i, content in enumerate(contents):
        seed(target, f"seed-{i}", content)


def header(alg, typ):
    return json.dumps({"alg": alg, "kid": KID, "typ": typ}, separators=(",", ":"))


def record_seeds():
    for i, vec in enumerate(vector("records.json")):
        lines = header(vec["alg"], "qizheng-record+sd-jwt") + "\n" + vec["payload"]
        seed("record", f"vector-{i}", lines)
        seed("jws", f"vector-{i}", lines)
        seed("json", f"record-{i}", vec["payload"])
        seed("jwk", f"vector-{i}", json.dumps(vec["jwk"]))
        disclosures = ['["_26bc4LT-ac6q2KI6cBW5es","name",1]', '["eluV5Og3gSNII8EYnsxA_A","wage",{"a":[1]}]']
        seed("sdjwt", f"vector-{i}", "\n".join([vec["payload"]] + disclosures))
    seed("sdjwt", "sealed", "\n".join(['{"a":1}'] + disclosures))
    seed("sdjwt", "cut", "a.b.c~d1~d2~kb")
    claims = {"iss": "acme", "aud": "qizheng.invalid/00c0ffee/node/1", "iat": 1795420590, "exp": 1795420640, "jti": "AAAAAAAAAAAAAAAAAAAAAA",
              "htm": "GET", "htu": "/v1/records/00", "purpose": "court-case"}
    seed("token", "good", header("Ed25519", "qizheng-auth+jwt") + "\n" + json.dumps(claims))
    claims |= {"nbf": 1795420600, "htu": "https://a.example/v1/records/00?x#y", "body": KID}
    seed("token", "whole", header("ES256K", "qizheng-auth+jwt") + "\n" + json.dumps(claims))
    genesis = (VECTORS / "genesis.json").read_text().strip()
    seed("genesis", "vector", genesis)
    seed("json", "genesis", genesis)
    for i, who in enumerate(json.loads(genesis)["participants"]):
        seed("participant", f"vector-{i}", json.dumps(who))
    for i, who in enumerate(json.loads((VECTORS / "receipts/genesis.json").read_text())["participants"]):
        seed("participant", f"world-{i}", json.dumps(who))


def keybinding_seeds():
    claims = {"aud": "https://court.example/cases/1", "nonce": "4f2a9c", "iat": 1795420590}
    seeds("keybinding", [json.dumps(claims), json.dumps(claims | {"nbf": 1795420590, "exp": 1795420700}), json.dumps(claims | {"sd_hash": KID}), "a.b.c"])
    for i, vec in enumerate(vector("keybinding.json")):
        if "presentation" in vec:
            seed("keybinding", f"vector-{i}", vec["presentation"].split("~")[-1])
            seed("sdjwt", f"presentation-{i}", vec["presentation"])


def log_seeds():
    for name in ("batch", "heartbeat", "head"):
        raw = bytes.fromhex((VECTORS / f"{name}.hex").read_text().strip())
        seed("head" if name == "head" else "batch", name, raw)
    seed("head", "unsigned", bytes.fromhex((VECTORS / "head.hex").read_text().strip())[:-64])
    seeds("tile", ["/tile/0/000", "/tile/1/x001/x234/067.p/12", "/tile/entries/000.p/1", "/tile/5/x255/999", b"\0\3abc\0\0\0\1x"])
    pairs = [(0, 1), (5, 8), (3, 299), (255, 256), (256, 300), (2**63, 2**64 - 1), (1, 0)]
    seeds("merkle", [struct.pack(">QQB", a, b, how) + bytes(range(64)) for a, b in pairs for how in (0, 64, 129)])
    seeds("store_keys", [struct.pack(">I", 1), bytes(8), bytes(72), b"\1" + bytes(56), b"L" + bytes(8), b"D\1" + bytes(40), b"Sp acme", b"E" + bytes(8)])
    seeds("order_state", [struct.pack(">IQH", 1, 7, 2) + struct.pack(">QQQ", 3, 7, 9) + bytes(24),
                          b"\3" + b"".join(struct.pack(">HQQ", n, n + 1, 1795420542000 + n) for n in range(4))])
    slot = [(b"QZLSIGN1" + struct.pack(">Q", n) + b"\7" + bytes(31) + struct.pack(">Q", 5 + n % 9)).ljust(512, b"\0") for n in (2**64 - 1, 3, 4)]
    seeds("lastsigned", [b"\3" + slot[1] + slot[2], b"\1" + slot[1] + bytes(512), b"\3" + slot[0] + slot[1], b"\0", b"\3" + bytes(1024)])
    log = vector("tlog.json")
    seed("witness", "vector", log["add_checkpoint"])
    for name in ("note", "tlog_proof"):
        text = log.get(name)
        if isinstance(text, str):
            seed(name, "vector", text)


def crypto_seeds():
    for i, vec in enumerate(vector("openssl.json")):
        for member in ("public", "secret", "pkcs8", "encrypted"):
            if member in vec and (member != "encrypted" or i == 0):  # each takes a while to decrypt
                seed("pem", f"{member}-{i}", vec[member])
    made = vector("receipts/timestamps.json")
    seeds("timestamp", [b"\0", b"\1", b"\0\0\0\40\7\0", b"\1\2\1\0\2\0", made["anchor"], made["anchor"] + made["intermediate"],
                        base64.b64decode(made["bare"]), base64.b64decode(made["sha1"])])
    element = bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")
    seeds("voprf", [element + bytes(range(64)) + bytes(range(64)) + b"input", bytes(32) + bytes(128), b"\xff" * 200])
    binary = base64.urlsafe_b64encode(element).rstrip(b"=").decode()
    evidence = {"id_type": "resident-id", "id_number": "11010519491231002X", "blind": base64.urlsafe_b64encode(b"\1" + bytes(31)).rstrip(b"=").decode(),
                "evaluations": [{"pk": binary, "element": binary, "proof": base64.urlsafe_b64encode(bytes(range(64))).rstrip(b"=").decode()}]}
    seeds("tag", [json.dumps(evidence), "resident-id\n11010519491231002X", "resident-id\n110105491231002", "passport\ne 1234 567",
                  "passport\nＥ１２", "resident-id\n１１０１０５１９４９１２３１００２ｘ"])


def verify_seeds():
    edits = [(0, 300, 65, 0), (0, 40, 33, 0), (1, 900, 45, 0), (2, 1200, 9, 0), (4, 2000, 1, 0), (2, 5000, 200, 0), (0, 7000, 48, 0), (0, 7800, 49, 0)]
    for leaf in (0, 3, 4, 7, 8):
        for n in (1, 2, 3):
            chosen = edits[leaf % 4 : leaf % 4 + n]
            seed("verify", f"edits-{leaf}-{n}", bytes([leaf]) + b"".join(struct.pack(">BHBB", *edit) for edit in chosen))
    seeds("receipt", [b"", struct.pack(">BHBB", *edits[0]), struct.pack(">BHBB", *edits[2]), struct.pack(">BHBB", *edits[4])])
    for target in ("verify", "receipt"):
        seed(target, "vector", (VECTORS / "receipts/no_issuer.json").read_text())
    receipt = vector("receipts/no_issuer.json")
    receipt["timestamps"] = [{"token": vector("receipts/timestamps.json")["sha256"]}]
    seed("verify", "timestamp", json.dumps(receipt, separators=(",", ":"), sort_keys=True, ensure_ascii=False))
    seed("receipt", "whole", json.dumps(receipt | {"membership": [], "x-tool": 1}, separators=(",", ":"), sort_keys=True, ensure_ascii=False))


def upload_seeds():
    seeds("csv", ["\0a,b\n1,2\n", '\0\ufeffname,"x, ""y"""\r\n"l1\nl2",3215.50\r\n', b"\1" + "姓名,金额\n张三,12\n".encode("gb18030"),
                  "\0a,b,c,d\n2026-12,20261201,true,-3\n"])
    table = """encoding: gb18030
type: benefit
act: disburse
ref: {column: 核定编号, optional: true}
claims:
  item: {const: pension-monthly}
  period: {column: 所属期, kind: period}
  amount: {column: 金额, kind: yuan}
hide: [amount]
tags:
  person: {domain: benefit, id_type: resident-id, column: 证件号}
doc: {column: 凭证摘要, alg: sha-256}
"""
    seeds("batch_map", [table, table.replace("id_type: resident-id, column: 证件号", "column: t, ready: true, version: 1").replace("gb18030", "utf-8"),
                        'type: "a"\nact: b\nclaims: {x: {column: "y"}}\n'])

    def text(value):
        return struct.pack(">H", len(value)) + value

    problem = b"".join(text(part) for part in (b"rule", b"d", b"/period", b"BN-01", "法".encode()))
    seeds("spool_outcome", [b"\1\1" + bytes(range(32)) + struct.pack(">Q", 7), b"\2\0" + bytes(8), b"\3\0" + problem, b"\3\1" + bytes(32) + problem])


def holder_seeds():
    seeds("domainkey", ["01" + "0" * 62 + "\n", "00" * 32 + "\n", "ff" * 32 + "\n"])
    disclosures = ['["_26bc4LT-ac6q2KI6cBW5es","name",1]', '["eluV5Og3gSNII8EYnsxA_A","wage_amount",{"a":[1]}]']
    claims = json.loads(vector("records.json")[0]["payload"])
    claims.pop("_sd", None), claims.pop("_sd_alg", None)
    seeds("presentation", ["\n".join(["name", json.dumps(claims)] + disclosures), "\n".join(["wage_amount,name", json.dumps(claims)] + disclosures)])
    for i, vec in enumerate(vector("keybinding.json")):
        if "presentation" in vec:
            seed("presentation", f"vector-{i}", "\n" + vec["presentation"])
            jws = vec["presentation"].split("~")[0]
            identity = hashlib.sha256(jws.rpartition(".")[0].encode()).hexdigest()
            seed("presentation", f"parcel-{i}", json.dumps({"id": identity, "record": jws, "disclosures": []}))
    body = b"QZSEG1\n\0" + b"\7" + bytes(31) + struct.pack(">I", 4) + b"body" + struct.pack(">I", 2) + b"ab"
    seeds("segment", [struct.pack(">HHH", 54, 40, 4) + body, struct.pack(">HHH", 48, 48, 2) + body, struct.pack(">HHH", 0, 40, 4) + b"x", struct.pack(">HHH", 40, 40, 0) + body])


def kept_seeds():
    """Files that a program keeps for itself between two runs."""
    def ask(who, per_day, count, now_us):
        return struct.pack(">BIIQ", who, per_day - 1, count, now_us)

    day, slot = 86400000000, struct.pack(">BBQ", 3, 0, 1795420542000000 + 3600000000)
    asks = ask(0, 100, 60, 1795420542000000) + ask(0, 100, 60, 0) + ask(1, 10, 10, 0) + ask(0, 100, 99, 1795420542000000 + day)
    seeds("tagbudget", [b"\0\4" + asks, b"\1\4" + slot + asks, b"\2\4" + slot + b"\2\1" + bytes(8) + asks + b"cut",
                        b"\1\3" + b"\3\0" + b"\xff" * 8 + asks, b"\1\3" + b"\1" + bytes(32) + struct.pack(">Q", 2**62) + asks])
    note = vector("tlog.json")["note"] if isinstance(vector("tlog.json").get("note"), str) else "qizheng.invalid/a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 a AAAAAAAA\n"
    seeds("audit_state", [note, json.dumps({"time": 1795420542000, "checkpoint": note}), json.dumps({"time": -1, "checkpoint": note}), "{}"])
    edits = [(0, 30, 65, 0), (2, 420, 30, 0), (0, 396, 32, 0), (4, 420, 2, 0), (3, 700, 1, 1)]
    seeds("progress", [b"\0"] + [b"\0" + struct.pack(">BHBB", *edit) + b"\n" for edit in edits] + [b"\1", b"\1{}\n{}\n{}\n{}\n{}\n{}", b"\1{\"format\":\"qizheng-batch-1\""])
    seeds("fsck", [b"", struct.pack(">BHHB", 0, 7, 3, 1), struct.pack(">BHH", 1, 40, 9), struct.pack(">BHH", 2, 5, 3) + b"abc", struct.pack(">BH", 3, 60),
                   struct.pack(">BHH", 4, 2, 500), struct.pack(">BHB", 5, 0, 9) + b"Lxxxxxxxx" + b"\0", struct.pack(">BHB", 6, 300, 1), struct.pack(">BH", 7, 4000)]
          + [struct.pack(">BHHB", 0, row, 50, 255) for row in range(0, 160, 16)])


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def kv_log_seeds():
    """Logs of LevelDB: of two records, the last one damaged, the first one damaged; and lengths of records that are written by the target."""
    record = lambda data: struct.pack("<I", crc32c(b"\x01" + data)) + struct.pack("<H", len(data)) + b"\x01" + data  # noqa: E731
    whole = record(b"first") + record(b"second")
    seeds("kv_log", [b"\0" + whole, b"\0" + whole[:-1] + b"?", b"\0?" + whole[1:], b"\0" + whole[:-3], b"\0"])
    for i, lengths in enumerate(((10, 20, 30), (32742, 5, 7), (988, 31735, 5000), (32749, 0, 9), (39999, 39999))):
        for place in (0, 4, 400, 11000, 21000):
            seed("kv_log", f"written-{i}-{place}", b"\1" + struct.pack(">HB", place, 7) + b"".join(struct.pack(">H", length) for length in lengths))


def text_seeds():
    seeds("json", ['{"a":[1,-2,true,false,null,"\\u00e9\\ud83d\\ude00\\n"],"b":{"c":{}}}', "[[[[[[[[1]]]]]]]]", "9007199254740991", '"\\u0000"'])
    seeds("text", ["", "00ff", "Zm9v", "Zm8=", "Zm9vYg", "18446744073709551615", "0", "契证", b"\xf0\x9f\x98\x80\xed\xa0\x80"])
    seeds("ids", ["11010519491231002X", "91350100M000100Y43", "2024-02-29 2026-01-31 xxx", "2999-12-31 2999-12-31", "1800-01-01 2999-12-31", "2026-12",
                  "身份证１１０１０５１９４９１２３１００２Ｘ号"])
    seeds("fields", ["application/json; charset=utf-8", "text/plain;q=0.9, application/json;q=0.8, */*", "respond-async, wait=10; x=1", 'wait="5"'])
    seeds("problem", ['\4{"code":"stale_ref","detail":"d","pointer":"/ref","rule":"LC-03","law":"法"}', "\144<html>", '\0{"code":"ok"}'])
    seeds("args", ["\0--json\n--dir=/tmp", "\7--key\nk.pem\n--set\na=1\n--set=b=2\ndoc.pdf", "\10--policy=p\nr.json", "\5--help", "\14--url\nhttp://a\n--limit=7"])
    claims = {"type": "labour-contract", "act": "conclude", "set": {"kind": "fixed", "start": "2026-12-01"}, "hide": {"wage_amount": 850000}}
    seeds("claims", [json.dumps(claims), 'start=2026-12-01\nprobation_months=6\nelements=["pay"]\nx:=true\nbatch_no=12\n=\n', '{"type":"benefit"}'])
    node = (VECTORS.parents[1] / "configs/node.yaml").read_text()
    plain = "\n".join(line for line in node.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    seeds("config", [plain, "node:\n  name: a/node/1\n  keys_dir: keys\ndata_dir: data\nlisten: 127.0.0.1:8080\nforeign_logs:\n  - vkey: b+1234abcd+AQ\n"
                     "http:\n  threads: 8\n  request_timeout_ms: 1000\n  queue_records: 64\norder:\n  kind: solo\nlog:\n  level: debug\ntrusted_proxies: 10.0.0.0/8\n"])


CONTRACT = '"tags":{"worker":{"d":"labour","v":1,"t":"BGJTFwjr0wU-rUYhBx_bO7RLavmLxJzAcRG4M46OXig"}}'
PERSON = '"tags":{"person":{"d":"benefit","v":1,"t":"AGJTFwjr0wU-rUYhBx_bO7RLavmLxJzAcRG4M46OXig"}}'
SAME = '"tags":{"person":{"d":"benefit","v":1,"t":"EGJTFwjr0wU-rUYhBx_bO7RLavmLxJzAcRG4M46OXig"}}'
JWK = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'


def machine_seeds():
    whole = f'"id":"newcomer","name":"示例","uscc":"91350100M000100Y43","roles":["employer","payer"],"keys":[{{"from":1795420542,"jwk":{JWK}}}]'
    seeds("machine", [
        "a{" + CONTRACT + "}",
        "a{" + CONTRACT + "}\n" + 'b{"ref":"@5","end":"2030-11-30"}\n' + 'e{"ref":"@6","replaces":"@5","end":"2031-01-01"}',
        'c{}\n!100\na{"start":"2027-04-01","work_start":"2027-04-01","probation_months":null,' + CONTRACT + "}",
        "d{}",
        't{}\nb{"ref":"@5","cnf":"@key"}\nt{"ref":"@6"}\nt{"ref":"@2"}',
        't{}\ne{"ref":"@5","replaces":"@2"}\nc{"ref":"@6"}\nt{"ref":"@7"}',
        "a{" + CONTRACT + ',"kind":"open","end":null}\na{' + CONTRACT + ',"start":"2027-01-01","probation_months":2}',
        "f{" + PERSON + '}\nj{' + PERSON + ',"ref":"@5"}\nj{' + PERSON + ',"ref":"@5","period":"2027-01"}\nk{"count":2}',
        'g{"ref":"@3",' + SAME + '}\nh{"ref":"@5",' + SAME + '}\ni{"ref":"@6",' + SAME + "}",
        "j{" + SAME + ',"ref":"@3","period":"2027-01","batch_no":"P-2"}\nl{"ref":"@5","replaces":"@5","result":"returned","period":"2027-01","batch_no":"P-2","basis":null,"decided_at":null,"kind":null,"start_period":null,' + SAME + "}",
        "j{" + SAME + ',"item":"funeral","cause_event":"C-1","period":null,"batch_no":"P-3"}',
        'k{"items_root":"@root"}\nj{' + SAME + ',"ref":"@3"}',
        "k{\"count\":1,\"sum\":1}",
        "m{" + whole + "}\n!5\nn{\"id\":\"newcomer\"}\no{\"id\":\"newcomer\",\"reason\":\"cleared\"}\np{" + whole + "}\n"
        + f'q{{"id":"newcomer","kid":"{KID}"}}',
        'n{}\na{}\no{}\na{}\n!86400\nq{"id":"registrar","kid":"' + KID + '"}',
        's{"iss":"nobody"}\nr{}\na{"iat":1,"aud":"00"}',
        'a{"signatures":[{"role":"employer","cert_issuer":"11010519491231002X"},{"role":"worker"}]}',
    ])


def http_seeds():
    admit = {"iss": "registrar", "iat": 1795420602, "jti": "AAAAAAAAAAAAAAAAAAAA_w", "vct": "urn:qizheng:participant:1", "act": "admit", "id": "fresh", "name": "示例",
             "uscc": "91350100M000100Y43", "roles": ["employer"], "keys": [{"from": 1795420542, "jwk": json.loads(JWK)}],
             "doc": [{"alg": "sha-256", "digest": KID}]}
    gets = ["/checkpoint", "/tile/0/000.p/3", "/tile/entries/000.p/2", "/v1/participants?after=acme&limit=2", "/v1/participants/acme", "/v1/rules", "/v1/types",
            "/v1/policy", "/healthz", "/readyz", "/metrics", "/v1/status", "/openapi.json", "/v1/documents/sm3/" + "00" * 32, "/v1/records/" + "00" * 32 + "/receipt?wait=1",
            "/v1/records/@6/receipt", "/v1/records/@9/receipt", "/v1/genesis"]
    seeds("http", [f"GET {path}\nAccept: application/json\n\n" for path in gets])
    seed("http", "record", "POST /v1/records\nContent-Type: application/jose\nSign: x\nPrefer: respond-async\n\n" + json.dumps(admit))
    seed("http", "raw", "POST /v1/records\nContent-Type: application/sd-jwt\n\na.b.c~d~")
    question = {"receipt": {"format": "urn:qizheng:receipt:1"}, "document": {"alg": "sha-256", "digest": KID}}
    seed("http", "verification", "POST /v1/verifications\nContent-Type: application/json\n\n" + json.dumps(question))
    seed("http", "receipt", "POST /v1/verifications\nContent-Type: application/json\n\n" + '{"receipt":' + (VECTORS / "receipts/no_issuer.json").read_text() + "}")
    seed("http", "witness", "POST /add-checkpoint\n\nold 0\n\nqizheng.invalid/a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 a AAAAAAAA\n")
    seed("http", "upload", "POST /v1/batches\nContent-Type: application/vnd.qizheng.jose-lines\n\na.b.c\n\n" + "x" * 300 + "\na.b.c~")
    seed("http", "progress", "GET /v1/batches/" + "0" * 32 + "/results\n\n")
    reads = ["/v1/records?limit=2", "/v1/records?type=labour-contract&issuer=acme&from=1795420542&to=1795999999", "/v1/records?tag=" + "01" * 32, "/v1/records/@6",
             "/v1/records/@9", "/v1/contracts/@6?on=2027-04-01", "/v1/contracts/@7", "/v1/findings?rule=LC-03&state=open&limit=1", "/v1/findings?type=benefit",
             "/v1/statistics?from=2026-11&to=2026-12&type=benefit", "/v1/statistics", "/v1/events?from=0&limit=3", "/v1/events?from=6.1", "/v1/participants?limit=1"]
    for i, path in enumerate(reads):
        for who in ("court", "acme", "fund") if i % 3 == 0 else ("auditor",):
            seed("http", f"read-{i}-{who}", f'GET {path}\nAuthorization: Bearer {{"iss":"{who}"}}\nLast-Event-ID: 4.0\n\n'.replace("Last-Event-ID: 4.0\n", "" if i % 2 else "Last-Event-ID: 4.0\n"))
    question = {"domain": "labour", "version": 1, "blinded": ["4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY"]}
    seed("http", "tags", 'POST /v1/tags\nContent-Type: application/json\nAuthorization: Bearer {"iss":"acme"}\n\n' + json.dumps(question))


def wire_seeds():
    post = b"POST /add-checkpoint HTTP/1.1\r\nHost: h\r\n"
    get = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
    body = post + b"Content-Length: 3\r\n\r\none"
    framed = [get, get + get, body + body + get, b"GET /healthz HTTP/1.0\r\n\r\n" + get, b"HEAD /checkpoint HTTP/1.1\r\nHost: h\r\n\r\n" + get,
              post + b"Content-Length: " + str(len(get)).encode() + b"\r\n\r\n" + get, post + b"Content-Length: 4\r\nExpect: 100-continue\r\n\r\nbody" + get,
              b"OPTIONS /v1/policy HTTP/1.1\r\nHost: h\r\n\r\n" + get, get.replace(b"h\r\n", b"h\r\nConnection: close\r\n", 1) + get, b"\r\n\r\n" + get,
              b"POST /v1/batches HTTP/1.1\r\nHost: h\r\nContent-Type: application/vnd.qizheng.jose-lines\r\nContent-Length: 6\r\n\r\na.b.c\n" + get,
              b"POST /v1/records HTTP/1.1\r\nHost: h\r\nContent-Type: application/jose\r\nContent-Length: 5\r\n\r\na.b.c" + get]
    unclear = [post + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get, post + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd" + get,
               post + b"Content-Length : 3\r\n\r\nabc" + get, post + b"X: y\r\n Z: folded\r\nContent-Length: 3\r\n\r\nabc" + get, get.replace(b"\r\n", b"\n") + get,
               post + b"X: a\rContent-Length: 40\r\n\r\n" + get, post + b"Content-Length: 30\r\n\r\nshort", b"GET / HTTP/1.1\r\n\r\n" + get, b"nonsense\r\n\r\n" + get,
               post + b"X: \0\r\nContent-Length: 3\r\n\r\nabc" + get, get[:20]]
    seeds("http_wire", [bytes([i * 7 % 60]) + text for i, text in enumerate(framed + unclear)])


record_seeds()
keybinding_seeds()
wire_seeds()
log_seeds()
crypto_seeds()
verify_seeds()
upload_seeds()
holder_seeds()
kept_seeds()
kv_log_seeds()
text_seeds()
machine_seeds()
http_seeds()
