#!/bin/sh
# also: sanitized
# Submissions by an independent client: what is taken, every way to be refused, a full queue.
. tests/lib/ledger.sh
ledger_begin "$1"

"$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null
check "the node starts" node_start
python3 - "$dir" <<'PY'
import json, sys
sys.path.insert(0, "tests/lib")
from client import Key
for name, alg in (("a", "ES256K"), ("b", "Ed25519")):
    with open(f"{sys.argv[1]}/{name}.jwk", "w") as out:
        json.dump(Key(alg, name).jwk, out)
PY
check "an employer with a foreign ES256K key is admitted" employer_admit emp-a 91999999FAKE00013K "$dir/a.jwk"
check "an employer with a foreign Ed25519 key is admitted" employer_admit emp-b 91350100M000100Y43 "$dir/b.jwk"
ledger=$(curl -s "$url/v1/status" | sed -n 's/.*"ledger":"\([0-9a-f]*\)".*/\1/p')
python3 tests/integration/submit.py "$url" "$ledger" || bad=1
check "the node is still ready" curl -sf "$url/readyz"
check "the log is whole" "$qizheng" audit --url "$url" --policy "$dir/ledger/policy.txt" --state "$dir/audit.state"
node_stop
check "fsck is clean" "$qizheng" fsck --dir "$dir/ledger"

sed -i 's/queue_records: .*/queue_records: 1/' "$dir/ledger/node.yaml"
check "it starts with room for one record in the queue" node_start
cat >"$dir/flood.py" <<'PY'
import concurrent.futures, sys
sys.path.insert(0, "tests/lib")
from client import Key, Node, contract, jws
node, key = Node(sys.argv[1]), Key("Ed25519", "b")
texts = [jws(key, contract(sys.argv[2], "emp-b")) for _ in range(160)]
with concurrent.futures.ThreadPoolExecutor(80) as pool:
    replies = list(pool.map(node.post_record, texts))
full = [r for r in replies if r[0] == 429]
good = [r for r in replies if r[0] == 201]
print(len(good), "taken,", len(full), "refused")
assert len(good) + len(full) == len(texts), [r[0] for r in replies]
assert good and full, "the queue was never full"
assert all(r[2]["code"] == "queue_full" and int(r[1]["retry-after"]) >= 1 for r in full)
PY
check "a full queue answers 429 with Retry-After, and the others are taken" python3 "$dir/flood.py" "$url" "$ledger"
ledger_end
