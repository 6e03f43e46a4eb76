# A pay run by the real programs: determinations, then a table of payments with planted duplicates, of which exactly those are refused. Sourced, after ledger.sh.
# shellcheck shell=sh
#
#   payments_run PAYMENTS DUPLICATES DETERMINATIONS

payments_maps() {
    cat >"$dir/determine.yaml" <<'YAML'
type: benefit
act: determine
claims:
  item: {const: pension-monthly}
  kind: {const: monthly}
  start_period: {const: 2026-11, kind: period}
  basis: {const: 社会保险法第十六条}
  decided_at: {column: 核定日期, kind: date}
  person_name: {column: 姓名}
  amount: {column: 核定金额, kind: yuan}
hide: [person_name, amount]
tags:
  person: {domain: benefit, column: 标签, ready: true}
YAML
    cat >"$dir/pay.yaml" <<'YAML'
encoding: gb18030
type: benefit
act: disburse
ref: {column: 核定编号, optional: true}
claims:
  item: {const: pension-monthly}
  period: {column: 所属期, kind: period}
  batch_no: {const: R2611}
  result: {const: paid}
  channel: {const: bank}
  person_name: {column: 姓名}
  amount: {column: 金额, kind: yuan}
hide: [person_name, amount, channel]
tags:
  person: {domain: benefit, column: 标签, ready: true}
YAML
}

payer_batch() { # TABLE MAP OUT OPTIONS...
    table=$1 map=$2 out=$3
    shift 3
    "$qizheng" batch "$table" --map "$map" --key "$dir/payer.pem" --as payer --out "$out" --lang en "$@"
}

# Status 1, and exactly the planted lines in the table of refusals, each by BN-01.
refused_are() { # FOLDER: compared with $dir/planted
    python3 - "$1/refusals.csv" "$dir/planted" <<'PY'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8-sig")))
planted = open(sys.argv[2]).read().split()
print(len(rows), "refused")
assert [row["line"] for row in rows] == planted, rows[:3]
assert all(row["rule"] == "BN-01" and row["code"] == "rule" and row["title_zh"] and row["detail"] for row in rows)
PY
}

status_is() { # STATUS COMMAND...
    wanted=$1
    shift
    "$@"
    got=$?
    [ "$got" = "$wanted" ]
}

receipts_verify() { # COUNT: so many, all valid
    "$qizheng" verify --receipts "$dir/receipts" --policy "$policy" --json >"$dir/verified.json" || return 1
    python3 -c 'import json,sys; v=json.load(open(sys.argv[1])); assert v=={"valid":int(sys.argv[2]),"invalid":0,"unchecked":0,"wrong":[]}, v' "$dir/verified.json" "$1"
}

per_second() { # COUNT SECONDS
    echo "$1 in $2 s: $(($1 / ($2 > 0 ? $2 : 1)))/s"
}

payments_run() {
    count=$1 duplicates=$2 determined=$3
    good=$((count - duplicates))
    payments_maps
    "$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null
    policy=$dir/ledger/policy.txt
    check "the node starts" node_start
    "$qizheng" key new --out "$dir/payer.pem" >/dev/null
    check "a payer is admitted" "$qizheng" participant add --id payer --name 样例社保中心 --uscc 91999999FAKE00013K --role payer --jwk "$dir/payer.jwk" \
        --as registrar --key "$dir/ledger/keys/registrar.pem"
    python3 tests/lib/payments.py determinations "$determined" >"$dir/determine.csv"
    check "$determined pensions are determined" payer_batch "$dir/determine.csv" "$dir/determine.yaml" "$dir/determined"
    python3 tests/lib/payments.py payments "$count" "$duplicates" "$dir/determined" >"$dir/pay.utf8.csv"
    python3 tests/lib/payments.py planted "$count" "$duplicates" >"$dir/planted"
    iconv -f UTF-8 -t GB18030 "$dir/pay.utf8.csv" >"$dir/pay.csv"
    began=$(date +%s)
    check "$count payments: some are refused" status_is 1 payer_batch "$dir/pay.csv" "$dir/pay.yaml" "$dir/receipts" --close
    echo "recorded: $(per_second "$count" $(($(date +%s) - began)))"
    check "exactly the $duplicates planted duplicates, by BN-01" refused_are "$dir/receipts"
    check "$good payments have a receipt, and the pay run has one" [ "$(find "$dir/receipts" -name '*.receipt.json' | wc -l)" = $((good + 1)) ]
    began=$(date +%s)
    check "all of them verify off line" receipts_verify $((good + 1))
    echo "verified: $(per_second "$good" $(($(date +%s) - began)))"
    leaves=$((2 + determined + good + 1)) # genesis, the payer, determinations, payments, the pay run
    check "every payment is one leaf" [ "$(curl -s "$url/checkpoint" | sed -n 2p)" = "$leaves" ]
    check "the same command again changes nothing" status_is 1 payer_batch "$dir/pay.csv" "$dir/pay.yaml" "$dir/receipts" --close
    check "and signs nothing" [ "$(curl -s "$url/checkpoint" | sed -n 2p)" = "$leaves" ]
    check "the pay run's receipt says what was paid" payrun_says "$good"
    check "the node stops" node_stop
    check "fsck is clean" "$qizheng" fsck --dir "$dir/ledger"
}

# count, sum and root of the closing record, computed anew from the table and the receipts.
payrun_says() { # COUNT
    python3 - "$dir/receipts" "$dir/pay.utf8.csv" "$1" <<'PY'
import base64, csv, hashlib, json, sys
folder, table, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
hash_ = lambda data: hashlib.sha256(data).digest()
def root(leaves):
    if len(leaves) == 1: return hash_(b"\0" + leaves[0])
    split = 1
    while split * 2 < len(leaves): split *= 2
    return hash_(b"\1" + root(leaves[:split]) + root(leaves[split:]))
def jws(path): return json.load(open(path, encoding="utf-8"))["record"].split("~")[0]
claims = json.loads(base64.urlsafe_b64decode(jws(folder + "/payrun.receipt.json").split(".")[1] + "=="))
ids, total = [], 0
for line, row in enumerate(csv.DictReader(open(table, encoding="utf-8")), 2):
    try: text = jws(f"{folder}/{line}.receipt.json")
    except FileNotFoundError: continue
    ids.append(hash_(text.rsplit(".", 1)[0].encode()))
    total += round(float(row["金额"]) * 100)
assert len(ids) == count == claims["count"], (len(ids), claims)
assert total == claims["sum"], (total, claims["sum"])
assert base64.urlsafe_b64encode(root(ids)).decode().rstrip("=") == claims["items_root"]
PY
}
