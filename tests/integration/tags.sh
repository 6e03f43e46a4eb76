#!/bin/sh
# Tags end to end by the real programs: two implementations make the same tag, a duplicate is caught through ids, evidence is checked off line, budgets and refusals hold, and lying nodes are not believed.
#   sh tests/integration/tags.sh build/san
# also: sanitized
. tests/lib/ledger.sh
ledger_begin "$1"
liar_pid=""
trap 'if [ -n "$liar_pid" ]; then kill "$liar_pid"; fi; ledger_clean' EXIT

tags_py() { python3 tests/integration/tags.py "$@"; }
says() { # STATUS PATTERN COMMAND...: ends with that status and says that
    wanted=$1 pattern=$2
    shift 2
    "$@" >"$dir/said" 2>&1
    got=$?
    cat "$dir/said"
    [ "$got" = "$wanted" ] && grep -q -- "$pattern" "$dir/said"
}
same() { [ "$1" = "$2" ] || { echo "$1 is not $2"; return 1; }; }
admit() { # id uscc role jwk
    "$qizheng" participant add --id "$1" --name "样例 $1" --uscc "$2" --role "$3" --jwk "$4" --as registrar --key "$dir/ledger/keys/registrar.pem"
}
tag() { # DOMAIN NUMBER OPTIONS...: asked by payer
    domain=$1 number=$2
    shift 2
    printf '%s\n' "$number" | "$qizheng" tag --domain "$domain" --id-type resident-id --as payer --key "$dir/payer.pem" "$@"
}
pay() { # NAME ISSUER ID-FILE: a month's pension
    echo "$1" >"$dir/$1.txt"
    "$qizheng" notarize "$dir/$1.txt" --type benefit --act disburse --key "$dir/$2.pem" --as "$2" --lang en --set item=pension-monthly --set period=2026-11 \
        --set "batch_no=$1" --set result=paid --hide amount=321500 --tag-of "person=benefit:resident-id:$3"
}

wang=11010519491231002X
"$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >"$dir/init.log"
policy=$dir/ledger/policy.txt keys=$dir/ledger/keys
sed -i 's/^  lookups_per_day: .*/  lookups_per_day: 5/' "$dir/ledger/node.yaml"
check "init says what to do about the tag keys" grep -q "tag-\*.key" "$dir/init.log"
check "the keys are secrets" same "$(stat -c %a "$keys/tag-labour-1.key" "$keys/tag-benefit-1.key" | tr '\n' ' ')" "600 600 "
check_not "and differ" cmp -s "$keys/tag-labour-1.key" "$keys/tag-benefit-1.key"
check "the node starts" node_start
"$qizheng" key new --out "$dir/payer.pem" >/dev/null
"$qizheng" key new --out "$dir/payer2.pem" >/dev/null
tags_py jwk office >"$dir/office.jwk"
tags_py jwk emp >"$dir/emp.jwk"
tags_py jwk court >"$dir/court.jwk"
check "a payer is admitted" admit payer 91999999FAKE00013K payer "$dir/payer.jwk"
check "a second one" admit payer2 91999999FAKE00013K payer "$dir/payer2.jwk"
check "a third, whose client is the other one" admit office 91999999FAKE00013K payer "$dir/office.jwk"
check "an employer" admit emp 91999999FAKE00013K employer "$dir/emp.jwk"
check "a court" admit court 91999999FAKE00013K court "$dir/court.jwk"

# One tag for one person, whoever asks and however the number is written.
benefit=$(tag benefit "$wang")
labour=$(tag labour "$wang")
check "a tag is printed as notarize takes it" sh -c "printf %s '$benefit' | grep -qE '^benefit:1:[A-Za-z0-9_-]{43}$'"
check "the other implementation makes the same tag" tags_py same "$url" office benefit resident-id "$wang" "$benefit"
check "in the other domain, too" tags_py same "$url" office labour resident-id "$wang" "$labour"
check "by the other role, too" tags_py same "$url" emp labour resident-id "$wang" "$labour"
check_not "the domains' tags have nothing in common" same "${benefit#*:1:}" "${labour#*:1:}"
check "the old number of 15 digits is the same person" same "$(tag benefit 110105491231002)" "$benefit"
check "so is one in full width with spaces" same "$(tag benefit '１１０１０５ １９４９１２３１ ００２ｘ')" "$benefit"
check "a number that is not valid is refused before the node is asked" says 2 "not valid" tag benefit 110105194912310021
check_not "and not repeated" grep -q 110105194912310021 "$dir/said"
seq 1000001 1000300 | sed 's/^/E/' >"$dir/many"
check "300 tags at once" sh -c "'$qizheng' tag --domain benefit --id-type passport --id-file '$dir/many' --as payer --key '$dir/payer.pem' >'$dir/many.tags'"
check "300 lines came, no two alike" same "$(sort -u "$dir/many.tags" | wc -l)" 300
check "behind the first request they are right, too" tags_py same "$url" office benefit passport E1000299 "$(sed -n 299p "$dir/many.tags")"
check "JSON for scripts" says 0 "\"t\": \"${benefit#*:1:}\"" tag benefit "$wang" --json

# What is refused.
check "hostile questions are refused, each with its reason" tags_py hostile "$url" office emp
check "a role without that domain is refused by the command, too" says 2 "tag domain" "$qizheng" tag --domain health --id-type passport --id-file "$dir/many" --as payer --key "$dir/payer.pem"
check "another ledger than --ledger says is refused" says 1 "another ledger" tag benefit "$wang" --ledger "$(printf '0%.0s' $(seq 64))"
check "nothing but what was asked for was evaluated" sh -c "! grep tags_evaluated '$dir/node.err' | grep -q 'reader=office.*count=2'"

# Budgets.
check "a court looks up five persons" tags_py spend "$url" court 5
check_not "and not a sixth" tags_py spend "$url" court 1
check_not "never more than its day's budget at once" tags_py spend "$url" court 6
check "the overrun is a warning in the log" grep -q "warn tag_budget_overrun .*reader=court domain=labour count=1 purpose=test-walk" "$dir/node.err"
check "and a metric" sh -c "curl -sf '$url/metrics' | grep -q '^qizheng_tags_over_budget_total 1$'"
check "others are not touched by it" tags_py spend "$url" office 5
node_kill
check "the node starts after a crash" node_start
sleep 3 # tokens of the first seconds are refused
check_not "which gave nothing back" tags_py spend "$url" court 1

# Records.
printf '%s' "$wang" >"$dir/wang.id"
printf '110105491231002\r\n' >"$dir/wang15.id"
printf '110105194912310038' >"$dir/li.id"
check "a payment whose tag is made from the id" pay p1 payer "$dir/wang.id"
check "carries the tag" same "$(python3 -c 'import base64, json, sys
record = json.load(open(sys.argv[1]))["record"]
tag = json.loads(base64.urlsafe_b64decode(record.split(".")[1] + "=="))["tags"]["person"]
print(tag["d"], tag["v"], tag["t"], sep=":")' "$dir/p1.txt.receipt.json")" "$benefit"
check "another payer's for the same person and month is BN-01" says 1 "BN-01" pay p2 payer2 "$dir/wang15.id"
check "another person's is not" pay p3 payer2 "$dir/li.id"
check "evidence is kept where it is asked for" tag benefit "$wang" --evidence "$dir/evidence.json"
check "readable by its owner alone" same "$(stat -c %a "$dir/evidence.json")" 600
check "no second time over it" says 2 "exists" tag benefit "$wang" --evidence "$dir/evidence.json"

verify() { "$qizheng" verify "$dir/p1.txt" --receipt "$dir/p1.txt.receipt.json" --policy "$policy" --lang en "$@"; }
check "the evidence is checked off line" says 0 "under the ledger's keys" verify
check_not "no id number is shown" grep -q "$wang" "$dir/said"
verify --json >"$dir/said"
check_not "in JSON neither" grep -q "$wang" "$dir/said"
check "unless it is asked for" says 0 "$wang" verify --disclose tag_evidence
curl -sf -H 'Content-Type: application/json' -d "{\"receipt\":$(cat "$dir/p1.txt.receipt.json")}" "$url/v1/verifications" >"$dir/said"
check "a node checks it, too" grep -q "under the ledger's keys" "$dir/said"
check_not "and repeats no number" grep -q "$wang" "$dir/said"

# Lies.
echo pass >"$dir/mode"
python3 tests/integration/tag_liar.py "$url" "$dir/mode" >"$dir/liar.port" &
liar_pid=$!
tries=0
while [ ! -s "$dir/liar.port" ] && [ $tries -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
liar=http://127.0.0.1:$(cat "$dir/liar.port")
ask_liar() { # MODE: two tags
    echo "$1" >"$dir/mode"
    shift
    printf '%s\n110105194912310038\n' "$wang" | "$qizheng" tag --domain benefit --id-type resident-id --as payer --key "$dir/payer.pem" --url "$liar" "$@"
}
check "through an honest gateway tags are made" says 0 "$benefit" ask_liar pass
check "a wait of a second is waited" says 0 "$benefit" ask_liar later
check "a wait of an hour is not" says 2 "Not now" ask_liar never
for mode in other_key swapped crossed short bent; do
    check "an answer that is $mode is not believed" says 1 "Ask its operator\|lacks an element" ask_liar $mode
done
check "a genesis that is not the ledger's is not believed" says 1 "another ledger" ask_liar genesis
ledger=$(sed -n 's/^  ledger  //p' "$dir/init.log")
check "whoever knows the ledger believes no other" says 1 "another ledger" ask_liar ledger --ledger "$ledger"

# An interrupted submission goes on with the record that was signed, though evidence made anew would differ.
echo deaf >"$dir/mode"
check "a node that does not answer leaves the signed record" sh -c "! QIZHENG_URL=$liar '$qizheng' notarize '$dir/many' --type benefit --act disburse --key '$dir/payer.pem' --as payer --set item=pension-monthly --set period=2026-12 --set batch_no=R12 --set result=paid --tag-of 'person=benefit:resident-id:$dir/wang.id' --timeout 2"
id=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["id"])' "$dir/many.pending.json")
echo pass >"$dir/mode"
check "the same command sends that record" says 0 "$id" "$qizheng" notarize "$dir/many" --type benefit --act disburse --key "$dir/payer.pem" --as payer --set item=pension-monthly --set period=2026-12 \
    --set batch_no=R12 --set result=paid --tag-of "person=benefit:resident-id:$dir/wang.id"

# What the log says and what it never does.
check "each evaluation is logged" grep -q "info tags_evaluated .*reader=payer domain=benefit count=1 purpose=own-records" "$dir/node.err"
check_not "without numbers, tags and elements" grep -qE "$wang|110105491231002|${benefit#*:1:}|E1000299|4vKuCmq8" "$dir/node.err" "$dir/node.log"
check "the node stops" node_stop

# Keys that are not the genesis'.
refuses() { says 1 "$1" timeout 20 "$qizhengd" --config "$dir/ledger/node.yaml"; }
mv "$keys/tag-labour-1.key" "$dir/kept"
check "without a key the node does not start, and says why" refuses "no other key makes the same tags"
cp "$keys/tag-benefit-1.key" "$keys/tag-labour-1.key"
check "nor with another domain's" refuses "not the key that the genesis lists"
cp "$dir/kept" "$keys/tag-labour-1.key"
chmod 640 "$keys/tag-labour-1.key"
check "nor where others can read it" refuses "chmod 600"
chmod 600 "$keys/tag-labour-1.key"
check "with the copy put back it does" node_start
sleep 3
check "and makes the same tags" same "$(tag labour "$wang")" "$labour"
ledger_end
