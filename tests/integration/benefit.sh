#!/bin/sh
# Benefits by the real programs, with ready-made tags: a determination, payments, a duplicate that is refused, a return, a pay run closed over its record ids.
#   sh tests/integration/benefit.sh build/san
. tests/lib/ledger.sh
ledger_begin "$1"

says() { # STATUS PATTERN COMMAND...: ends with that status and says that
    wanted=$1 pattern=$2
    shift 2
    "$@" >"$dir/said" 2>&1
    got=$?
    cat "$dir/said"
    [ "$got" = "$wanted" ] && grep -q -- "$pattern" "$dir/said"
}

tag() { python3 -c 'import base64,hashlib,sys; print(base64.urlsafe_b64encode(hashlib.sha256(sys.argv[1].encode()).digest()).decode().rstrip("="))' "$1"; }

record() { # NAME ACT PERSON|"" OPTIONS...: a benefit record; its document is a line of text
    name=$1 act=$2 person=$3
    shift 3
    echo "$name" >"$dir/$name.txt"
    [ -z "$person" ] || set -- "$@" --tag "person=benefit:1:$(tag "$person")"
    "$qizheng" notarize "$dir/$name.txt" --type benefit --act "$act" --key "$dir/payer.pem" --as payer --lang en "$@"
}

pay() { # NAME PERSON PERIOD RUN OPTIONS...
    name=$1 person=$2 period=$3 run=$4
    shift 4
    record "$name" disburse "$person" --set item=pension-monthly --set "period=$period" --set "batch_no=$run" \
        --hide amount=321500 --hide channel=bank "$@"
}

id_of() { python3 -c 'import hashlib,json,sys; print(hashlib.sha256(json.load(open(sys.argv[1]))["record"].split("~")[0].rsplit(".",1)[0].encode()).hexdigest())' "$dir/$1.txt.receipt.json"; }

root_of() { # NAME...: RFC 6962 root over the record ids, in base64url
    for name in "$@"; do id_of "$name"; done | python3 -c '
import base64, hashlib, sys
h = lambda b: hashlib.sha256(b).digest()
def root(l):
    if len(l) == 1: return h(b"\0" + l[0])
    k = 1
    while 2 * k < len(l): k *= 2
    return h(b"\1" + root(l[:k]) + root(l[k:]))
print(base64.urlsafe_b64encode(root([bytes.fromhex(x) for x in sys.stdin.read().split()])).decode().rstrip("="))'
}

close_run() { # NAME RUN PERIOD COUNT ROOT
    record "$1" batch "" --set item=pension-monthly --set "batch_no=$2" --set "period=$3" --set "count=$4" --set sum=964500 --set "items_root=$5"
}

"$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null
policy=$dir/ledger/policy.txt
check "the node starts" node_start
"$qizheng" key new --out "$dir/payer.pem" >/dev/null
check "a payer is admitted" "$qizheng" participant add --id payer --name 样例社保中心 --uscc 91999999FAKE00013K --role payer --jwk "$dir/payer.jwk" \
    --as registrar --key "$dir/ledger/keys/registrar.pem"

check "a pension is determined" record det determine wang --set item=pension-monthly --set kind=monthly --set start_period=2026-11 \
    --set basis=社会保险法第十六条 --set decided_at=2026-11-10 --hide amount=321500
determined=$(id_of det)
check "it is paid, beside its determination" pay p1 wang 2026-11 R11 --set result=paid --ref "$determined"
check "and for the next month, naming the same record" pay p2 wang 2026-12 R12 --set result=paid --ref "$determined"
check "the same month twice is BN-01" says 1 "BN-01" pay dup wang 2026-11 R11b --set result=paid
check "it names the record that was paid" grep -q "$(id_of p1)" "$dir/said"
check "another person's determination is refused" says 1 "another person" pay other li 2026-11 R11 --set result=paid --ref "$determined"
check "a payment without a tag is refused" says 1 "tag in the role person" pay untagged "" 2026-11 R11 --set result=paid
check "an unemployment benefit needs the worker's tag, too" says 1 "domain labour" record jobless disburse li --set item=unemployment-monthly --set period=2026-11 \
    --set batch_no=U11 --set result=paid
check "with it, it is paid" record jobless2 disburse li --set item=unemployment-monthly --set period=2026-11 --set batch_no=U11 --set result=paid \
    --tag "worker=labour:1:$(tag li-labour)"
check "a tag of a key version that is not in force is refused" says 1 "version" record old disburse "" --set item=pension-monthly --set period=2026-11 \
    --set batch_no=R11 --set result=paid --tag "person=benefit:2:$(tag zhao)"
check "an amount in the clear is refused" says 1 "hide" record clear disburse zhao --set item=pension-monthly --set period=2026-11 --set batch_no=R11 \
    --set result=paid --set amount=1
check "a malformed --tag is said so" says 2 "ROLE=DOMAIN" record bent disburse "" --set item=pension-monthly --set period=2026-11 --set batch_no=R11 \
    --set result=paid --tag person=benefit:x:AA
check "a payment that the bank failed takes no month" pay f1 sun 2026-11 R11 --set result=failed
check "so it is paid afterwards" pay p3 sun 2026-11 R11 --set result=paid
check "what came back" pay back sun 2026-11 R11 --set result=returned
check "frees the month" pay p4 sun 2026-11 R11 --set result=paid

check "a pay run with a wrong count is BN-19" says 1 "BN-19" close_run wrong R11 2026-11 4 "$(root_of p1 f1 p3 back p4)"
check "and one in another order" says 1 "BN-19" close_run order R11 2026-11 5 "$(root_of p1 p3 f1 back p4)"
check "the pay run is closed over its record ids in order" close_run run R11 2026-11 5 "$(root_of p1 f1 p3 back p4)"
check "a closed run takes no more" says 1 "closed" pay p5 qian 2026-11 R11 --set result=paid
check "a second closing is refused" says 1 "closed" close_run again R11 2026-11 5 "$(root_of p1 f1 p3 back p4)"

check "a one-time benefit is paid for a cause" record once disburse wang --set item=funeral --set period=2026-11 --set batch_no=F11 --set cause_event=case-7 --set result=paid
check "and for that cause never again: BN-10" says 1 "BN-10" record once2 disburse wang --set item=funeral --set period=2026-12 --set batch_no=F12 \
    --set cause_event=case-7 --set result=paid
check "payment is suspended" record susp suspend wang --set from_period=2027-01 --set reason=under-review --ref "$determined"
check "no month after it is paid" says 1 "stopped from 2027-01" pay p6 wang 2027-01 R01 --set result=paid --ref "$determined"
check "a payment is corrected to failed" record corr correct wang --set item=pension-monthly --set period=2026-12 --set batch_no=R12 --set result=failed \
    --ref "$(id_of p2)" --replaces "$(id_of p2)"
check "and its month is free" pay p7 wang 2026-12 R12 --set result=paid
check "types list items, tags and scopes" sh -c "curl -sf '$url/v1/types' | python3 -c 'import json,sys
t=json.load(sys.stdin)
b=[x for x in t[\"types\"] if x[\"type\"]==\"benefit\"][0]
assert len(b[\"codes\"][\"item\"])==19 and b[\"tags\"][0][\"domain\"]==\"benefit\"
assert {s[\"role\"]:s[\"records\"] for s in t[\"scopes\"]}[\"payer\"]==\"own\"'"

check "the node stops" node_stop
check "fsck is clean" "$qizheng" fsck --dir "$dir/ledger"
for name in det p1 p2 p3 run susp corr; do
    check "off line: $name" "$qizheng" verify "$dir/$name.txt" --receipt "$dir/$name.txt.receipt.json" --policy "$policy"
done
ledger_end
