#!/bin/sh
# kill -9 under load: every receipt that was handed out still verifies, every leaf is there once, fsck is clean.
. tests/lib/ledger.sh
ledger_begin "$1"
rounds=${CRASH_ROUNDS:-5}
workers=4

# A worker notarizes small files of its own until it is told to stop; whatever it could not finish, the next run resumes.
worker() { # number
    i=0
    while [ -f "$dir/go" ]; do
        i=$((i + 1))
        file=$dir/load/$1-$round-$i.txt
        echo "contract $1 $round $i" >"$file"
        "$qizheng" notarize "$file" --claims "$contracts/fixed-1-year.claims.json" --key "$dir/emp-0001.pem" --as emp-0001 >/dev/null 2>&1 || sleep 0.1
    done
}

check "a ledger with an employer" ledger_with_employer
# From now on the same port each time, so that clients whose node was killed find it again and send the same bytes once more.
sed -i "s/^listen: .*/listen: 127.0.0.1:$port/" "$dir/ledger/node.yaml"
mkdir "$dir/load"
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    : >"$dir/go"
    pids=""
    for number in $(seq $workers); do
        worker "$number" &
        pids="$pids $!"
    done
    sleep "1.$((round * 37 % 10))"
    node_kill
    check "round $round: the node starts after kill -9" node_start
    sleep 0.5
    rm "$dir/go"
    for pid in $pids; do wait "$pid"; done
done
# Whatever was interrupted resumes with the same signed record.
for file in "$dir"/load/*.txt; do
    [ -f "$file.receipt.json" ] && continue
    "$qizheng" notarize "$file" --claims "$contracts/fixed-1-year.claims.json" --key "$dir/emp-0001.pem" --as emp-0001 >/dev/null 2>&1
done
files=$(find "$dir/load" -name '*.txt' | wc -l)
verified=0
for file in "$dir"/load/*.txt; do
    "$qizheng" verify "$file" --receipt "$file.receipt.json" --policy "$policy" >/dev/null 2>&1 && verified=$((verified + 1))
done
echo "$files files, $verified receipts verified"
check "there was load" [ "$files" -ge $((rounds * workers)) ]
check "every file has a receipt that verifies off line" [ "$verified" = "$files" ]
expected=$((files + 2)) # genesis and the employer
check "every leaf is there once" [ "$(curl -s "$url/checkpoint" | sed -n 2p)" = "$expected" ]
check "the log is recomputed from its public tiles" "$qizheng" audit --url "$url" --policy "$policy" --state "$dir/audit.state"
check "the node stops" node_stop
check "fsck is clean" "$qizheng" fsck --dir "$dir/ledger"
ledger_end
