#!/bin/sh
# kill -9 at KILLS (default 200) random moments under load, with the process stopped and continued in between; every fiftieth time, and at the end, everything that was
# acknowledged is checked from outside. Acknowledged receipts that are lost or doubled: must be 0.
. tests/lib/ledger.sh
ledger_begin "$1"
build=$(cd "$1" && pwd)
kills=${KILLS:-200}

make -C "$build" qizheng-pound >"$dir/make.log" 2>&1 || { tail "$dir/make.log"; echo "FAIL the caller is built"; exit 1; }
"$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null
policy=$dir/ledger/policy.txt
node_start
"$qizheng" key new --out "$dir/payer.pem" >/dev/null
check "a payer is admitted" "$qizheng" participant add --id payer --name 样例社保中心 --uscc 91999999FAKE00013K --role payer --jwk "$dir/payer.jwk" \
    --as registrar --key "$dir/ledger/keys/registrar.pem"
ledger=$(curl -s "$url/v1/status" | python3 -c 'import json, sys; print(json.load(sys.stdin)["ledger"])')
# From now on the same port each time, so that callers find the node again.
sed -i "s/^listen: .*/listen: 127.0.0.1:$port/" "$dir/ledger/node.yaml"
touch "$dir/go"
while [ -f "$dir/go" ]; do "$build/qizheng-pound" load --url "$url" --ledger "$ledger" --issuer payer --key "$dir/payer.pem" --threads 4 --pause-us 15000 --seconds 5 --out "$dir/acks" >/dev/null 2>>"$dir/pound.log" || echo "load ended" >>"$dir/pound.bad"; done &
pounding=$!
trap 'rm -f "$dir/go"; kill $pounding 2>/dev/null; ledger_clean' EXIT
round=0 lost=0
while [ $round -lt "$kills" ]; do
    round=$((round + 1))
    sleep "$(awk -v seed="$round$$" 'BEGIN { srand(seed); printf "%.3f", 0.05 + rand() * 1.2 }')"
    if [ $((round % 7)) = 0 ]; then
        kill -STOP "$node_pid" && sleep 0.5 && kill -CONT "$node_pid" && sleep 0.2
    fi
    node_kill
    node_start || { echo "FAIL the node starts after kill $round"; bad=1; break; }
    if [ $((round % 50)) = 0 ] && ! "$build/qizheng-pound" check --url "$url" --policy "$policy" --acks "$dir/acks" >"$dir/pound.check" 2>&1; then
        echo "FAIL after kill $round"
        cat "$dir/pound.check"
        bad=1
    fi
done
rm -f "$dir/go"
wait $pounding
check "no caller met an answer that it could not make sense of" [ ! -e "$dir/pound.bad" ]
[ ! -e "$dir/pound.bad" ] || tail "$dir/pound.log"
check "after $round kills everything that was acknowledged stands" "$build/qizheng-pound" check --url "$url" --policy "$policy" --acks "$dir/acks"
cat "$dir/check.log"
check "the log is recomputed from its public tiles" "$qizheng" audit --url "$url" --policy "$policy" --state "$dir/audit.state"
check "the node stops" node_stop
check "fsck is clean" "$qizheng" fsck --dir "$dir/ledger"
echo "$round kills, $(grep -vc '^-' "$dir/acks") receipts acknowledged, $(grep -c '^-' "$dir/acks") records given up by their caller"
ledger_end
