#!/bin/sh
# The public log as any C2SP client finds it: an independent client follows it, audits it, and asks it to witness.
. tests/lib/ledger.sh
ledger_begin "$1"

"$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null
policy=$dir/ledger/policy.txt
python3 - "$dir" <<'PY' >"$dir/vkey"
import base64, hashlib, sys
sys.path.insert(0, "tests/lib")
from client import Key, p
key = Key("Ed25519", "foreign log")
raw = b"\x01" + p.ed_public(key.secret)
name = "log.example.org"
print(f"{name}+{hashlib.sha256(name.encode() + bytes([10]) + raw).digest()[:4].hex()}+{base64.b64encode(raw).decode()}")
PY
printf 'foreign_logs:\n  - vkey: %s\n' "$(cat "$dir/vkey")" >>"$dir/ledger/node.yaml"
check "the node starts as a witness of a foreign log" node_start
python3 - "$dir" <<'PY'
import json, sys
sys.path.insert(0, "tests/lib")
from client import Key
json.dump(Key("Ed25519", "b").jwk, open(f"{sys.argv[1]}/b.jwk", "w"))
PY
check "an employer is admitted" employer_admit emp-b 91350100M000100Y43 "$dir/b.jwk"
ledger=$(curl -s "$url/v1/status" | sed -n 's/.*"ledger":"\([0-9a-f]*\)".*/\1/p')
python3 tests/integration/c2sp.py "$url" "$ledger" "$policy" || bad=1
node_stop
check "the node starts again" node_start
python3 tests/integration/c2sp.py "$url" "$ledger" "$policy" restarted || bad=1
ledger_end
