#!/bin/sh
# A power cut under load, at POWERCUT_CUTS moments (default 10) of one run of POWERCUT_SECONDS (default 3): tests/crash/powercut.py.
# POWERCUT_SEED replays a run's choice of moments over its own run; a failing cut names its number.
. tests/lib/ledger.sh
ledger_begin "$1"
build=$(cd "$1" && pwd)

check "the shim and the caller are built" make -C "$build" powercut qizheng-pound
"$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null
policy=$dir/ledger/policy.txt
node_start
"$qizheng" key new --out "$dir/payer.pem" >/dev/null
check "a payer is admitted" "$qizheng" participant add --id payer --name 样例社保中心 --uscc 91999999FAKE00013K --role payer --jwk "$dir/payer.jwk" \
    --as registrar --key "$dir/ledger/keys/registrar.pem"
node_stop
cp -a "$dir/ledger" "$dir/base"
node_prefix="env LD_PRELOAD=$build/libpowercut.so POWERCUT_ROOT=$(cd "$dir/ledger" && pwd -P) POWERCUT_LOG=$dir/ops"
check "the node starts on a disk that is watched" node_start
node_prefix=""
ledger=$(curl -s "$url/v1/status" | python3 -c 'import json, sys; print(json.load(sys.stdin)["ledger"])')
check "it is given load" "$build/qizheng-pound" load --url "$url" --ledger "$ledger" --issuer payer --key "$dir/payer.pem" --threads 6 \
    --seconds "${POWERCUT_SECONDS:-3}" --out "$dir/acks"
tail -n 1 "$dir/check.log"
check "and keeps all of it" "$build/qizheng-pound" check --url "$url" --policy "$policy" --acks "$dir/acks"
node_kill
python3 tests/crash/cut.py "$dir/ops"
python3 tests/crash/powercut.py "$dir/base" "$dir/ops" "$dir/acks" "$build" "$policy" "${POWERCUT_CUTS:-10}" "${POWERCUT_SEED:-1}" || bad=1
python3 tests/crash/powercut.py "$dir/base" "$dir/ops" "$dir/acks" "$build" "$policy" 1 1 lying || bad=1
# The check can fail: an acknowledgement of a record that no disk ever held.
sed '1s/^\([0-9]*\) [0-9a-f]*/\1 '"$(printf '%064d' 0)"'/' "$dir/acks" >"$dir/forged"
node_start
check_not "a forged acknowledgement is found" "$build/qizheng-pound" check --url "$url" --policy "$policy" --acks "$dir/forged"
ledger_end
