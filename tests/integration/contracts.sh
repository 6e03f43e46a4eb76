#!/bin/sh
# The full synthetic set: 772 employers, 4,595 contracts as PDF, each notarized by its employer and each receipt verified off line.
#   CONTRACTS, EMPLOYERS: other numbers, for a shorter run
. tests/lib/ledger.sh
ledger_begin "$1"
employers=${EMPLOYERS:-772}
total=${CONTRACTS:-4595}

check "the set is generated" python3 tests/data/make_contracts.py --employers "$employers" --contracts "$total" --seed 20261123 --out "$dir/set"
"$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null
policy=$dir/ledger/policy.txt
check "the node starts" node_start

export qizheng dir policy
cat >"$dir/admit.sh" <<'SH'
"$qizheng" key new --out "$dir/$1.pem" >/dev/null &&
"$qizheng" participant add --id "$1" --name "$3" --uscc "$2" --role employer --jwk "$dir/$1.jwk" --as registrar --key "$dir/ledger/keys/registrar.pem" >/dev/null || echo "not admitted: $1"
SH
cat >"$dir/notarize.sh" <<'SH'
file=$1
employer=$(basename "$(dirname "$file")")
"$qizheng" notarize "$file" --claims "${file%.pdf}.claims.json" --key "$dir/$employer.pem" --as "$employer" >/dev/null || echo "not notarized: $file"
SH
cat >"$dir/verify.sh" <<'SH'
"$qizheng" verify "$1" --receipt "$1.receipt.json" --policy "$policy" >/dev/null || echo "not verified: $1"
SH
python3 - "$dir/set/employers.json" >"$dir/employers.txt" <<'PY'
import json, sys
for e in json.load(open(sys.argv[1], encoding="utf-8")):
    print(e["id"], e["uscc"], e["name"])
PY
began=$(date +%s)
xargs -P 4 -L 1 sh "$dir/admit.sh" <"$dir/employers.txt" >"$dir/admit.out" 2>&1
check "every employer is admitted" [ ! -s "$dir/admit.out" ]
[ ! -s "$dir/admit.out" ] || head -n 5 "$dir/admit.out"
find "$dir/set/contracts" -name '*.pdf' | sort >"$dir/files.txt"
check "there are $total contracts" [ "$(wc -l <"$dir/files.txt")" = "$total" ]
xargs -P 4 -n 1 sh "$dir/notarize.sh" <"$dir/files.txt" >"$dir/notarize.out" 2>&1
check "every contract is notarized" [ ! -s "$dir/notarize.out" ]
[ ! -s "$dir/notarize.out" ] || head -n 5 "$dir/notarize.out"
node_size=$(curl -s "$url/checkpoint" | sed -n 2p)
check "the tree holds genesis, employers and contracts" [ "$node_size" = $((1 + employers + total)) ]
node_stop
xargs -P 2 -n 1 sh "$dir/verify.sh" <"$dir/files.txt" >"$dir/verify.out" 2>&1
check "every receipt verifies off line, the node stopped" [ ! -s "$dir/verify.out" ]
[ ! -s "$dir/verify.out" ] || head -n 5 "$dir/verify.out"
check "a receipt of one contract does not verify another" sh -c "! \"\$qizheng\" verify \"\$(sed -n 1p '$dir/files.txt')\" --receipt \"\$(sed -n 2p '$dir/files.txt').receipt.json\" --policy \"\$policy\""
check "fsck is clean" "$qizheng" fsck --dir "$dir/ledger"
echo "took $(($(date +%s) - began))s for $total contracts"
ledger_end
