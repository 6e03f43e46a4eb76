#!/bin/sh
# also: sanitized
# Callers that mean harm, against a node alone with nothing before it, from raw sockets (hostile.py): smuggled requests, slow and oversized ones, deep JSON, tricks with
# paths, what is cut in the middle, floods, and connections up to the thread limit and beyond. FLOOD_SECONDS (2) is how long each flood lasts.
. tests/lib/ledger.sh
ledger_begin "$1"

"$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null
sed -i 's/^  level: .*/  level: debug/' "$dir/ledger/node.yaml"
policy=$dir/ledger/policy.txt
check "the node starts with the threads and times that are shipped" node_start
check "and these are what the tests below hold it to" sh -c 'grep -q "^  threads: 256$" "$0" && grep -q "^  request_timeout_ms: 10000$" "$0"' "$dir/ledger/node.yaml"
python3 -c 'import json, sys; sys.path.insert(0, "tests/lib"); from client import Key; print(json.dumps(Key("Ed25519", "hostile").jwk))' >"$dir/emp.jwk"
check "an employer is admitted" employer_admit emp-0001 91999999FAKE00013K "$dir/emp.jwk"
python3 tests/integration/hostile.py "$url" "$node_pid" "$dir/node.err" "$dir/ledger/data/uploads" emp-0001 "${FLOOD_SECONDS:-2}" || bad=1
check "the log is whole, from outside" "$qizheng" audit --url "$url" --policy "$policy" --state "$dir/audit.state"
check "the node stops" node_stop
check "no sanitizer has anything to say" sh -c '! grep -qE "AddressSanitizer|LeakSanitizer|runtime error:" "$0"' "$dir/node.err"
check "fsck is clean" "$qizheng" fsck --dir "$dir/ledger"
ledger_end
