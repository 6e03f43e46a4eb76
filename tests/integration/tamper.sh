#!/bin/sh
# Files of a ledger changed, cut short, removed, put back from earlier: tests/crash/tamper.py. TAMPER_ROUNDS (default 3) bit flips for each kind of file.
. tests/lib/ledger.sh
ledger_begin "$1"
build=$(cd "$1" && pwd)

check "the caller is built" make -C "$build" qizheng-pound
"$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null
policy=$dir/ledger/policy.txt
node_start
"$qizheng" key new --out "$dir/payer.pem" >/dev/null
check "a payer is admitted" "$qizheng" participant add --id payer --name 样例社保中心 --uscc 91999999FAKE00013K --role payer --jwk "$dir/payer.jwk" \
    --as registrar --key "$dir/ledger/keys/registrar.pem"
python3 -c 'import json, sys; sys.path.insert(0, "tests/lib"); from client import Key; print(json.dumps(Key("Ed25519", "tamper").jwk))' >"$dir/tamper.jwk"
check "an employer is admitted" employer_admit emp-tamper 91999999FAKE00013K "$dir/tamper.jwk"
ledger=$(curl -s "$url/v1/status" | python3 -c 'import json, sys; print(json.load(sys.stdin)["ledger"])')
pound() { "$build/qizheng-pound" load --url "$url" --ledger "$ledger" --issuer payer --key "$dir/payer.pem" --threads 4 --seconds 1 --out "$dir/acks"; }
check "some load" pound
node_stop
cp -a "$dir/ledger" "$dir/ledger.earlier"
# At this start LevelDB makes tables of what its log held; what comes now is in the new log alone.
node_start
check "and some more" pound
node_stop
python3 tests/crash/tamper.py "$dir/ledger" "$dir/acks" "$build" "$policy" "${TAMPER_ROUNDS:-3}" "${TAMPER_SEED:-1}" || bad=1
ledger_end
