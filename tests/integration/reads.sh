#!/bin/sh
# also: sanitized
# Participants read what their roles let them: by the command line and by an independent client, against the public log. Contracts on a day, findings, statistics, events.
#   sh tests/integration/reads.sh build/san
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

holds() { # EXPRESSION of the JSON a that COMMAND... prints
    expression=$1
    shift
    "$@" --json >"$dir/answer.json" 2>"$dir/said" || [ $? = 1 ] || { cat "$dir/said"; return 2; }
    python3 -c "import json,sys; a=json.load(open(sys.argv[1])); sys.exit(not ($expression))" "$dir/answer.json" || { head -c 2000 "$dir/answer.json"; return 1; }
}

reader() { # COMMAND WHO ARGUMENTS...
    command=$1 who=$2
    shift 2
    "$qizheng" "$command" "$@" --as "$who" --key "$dir/$who.pem" --purpose integration-test
}

admit() { # ID ROLE
    "$qizheng" key new --out "$dir/$1.pem" >/dev/null &&
        "$qizheng" participant add --id "$1" --name "样例 $1" --uscc 91999999FAKE00013K --role "$2" --jwk "$dir/$1.jwk" --as registrar --key "$dir/ledger/keys/registrar.pem" >/dev/null
}

id_of() { python3 -c 'import hashlib,json,sys; print(hashlib.sha256(json.load(open(sys.argv[1]))["record"].split("~")[0].rsplit(".",1)[0].encode()).hexdigest())' "$dir/$1.txt.receipt.json"; }
tag() { python3 -c 'import base64,hashlib,sys; print(base64.urlsafe_b64encode(hashlib.sha256(sys.argv[1].encode()).digest()).decode().rstrip("="))' "$1"; }

record() { # NAME WHO TYPE ACT OPTIONS...
    file=$1 who=$2 type=$3 act=$4
    shift 4
    echo "$file" >"$dir/$file.txt"
    "$qizheng" notarize "$dir/$file.txt" --type "$type" --act "$act" --key "$dir/$who.pem" --as "$who" --lang en "$@"
}

check "a ledger and an employer" ledger_with_employer
check "a court" admit court court
check "an auditor" admit auditor auditor
check "a second employer" admit emp-0002 employer
check "a payer" admit fund payer
python3 - "$dir" <<'PY'
import json, sys
sys.path.insert(0, "tests/lib")
from client import Key
json.dump(Key("Ed25519", "auditor").jwk, open(f"{sys.argv[1]}/client.jwk", "w"))
json.dump(Key("Ed25519", "client").jwk, open(f"{sys.argv[1]}/employer.jwk", "w"))
PY
check "the independent client's auditor" "$qizheng" participant add --id aud-client --name 样例审计 --uscc 91999999FAKE00013K --role auditor --jwk "$dir/client.jwk" \
    --as registrar --key "$dir/ledger/keys/registrar.pem"
check "and its employer, who has issued nothing" employer_admit emp-client 91999999FAKE00013K "$dir/employer.jwk"

claims=$contracts/fixed-3-years.claims.json
worker=labour:1:$(tag worker)
check "a contract of the first employer" record one emp-0001 labour-contract conclude --claims "$claims" --tag "worker=$worker"
check "one of the second, with the same worker" record two emp-0002 labour-contract conclude --claims "$claims" --tag "worker=$worker"
one=$(id_of one) two=$(id_of two)

# -- records --
check "an employer lists its own" holds '[r["issuer"] for r in a["records"]] == ["emp-0001"] and a["complete"]' reader list emp-0001
check "and asks for another's in vain" says 1 'scope\|roles' reader list emp-0001 --issuer emp-0002 --lang en
check "a court lists all of them" holds 'len(a["records"]) == a["size"] - 1' reader list court --all
check "and those of one worker" holds '[r["issuer"] for r in a["records"]] == ["emp-0001", "emp-0002"]' reader list court --tag "${worker##*:}"
check "the words are for people" says 0 '订立.*有效' reader list court --type labour-contract
check "a record with its chain" holds "a['id'] == '$one' and len(a['chain']) == 1 and a['claims']['act'] == 'conclude'" reader show emp-0001 "$one"
check "in words" says 0 '记录链' reader show court "$one"
check "not to another employer" says 1 'scope\|roles' reader show emp-0002 "$one" --lang en
check_not "an id that is none" reader show court xyz
check "an id that is not there" says 1 'No record' reader show court "$(printf '%064d' 0)" --lang en
check_not "a key that is not registered" "$qizheng" list --as court --key "$dir/emp-0001.pem"

# -- receipts and documents: public, and more with a token --
check "the employer gets the whole receipt" reader receipt emp-0001 "$one" --out "$dir/whole.json"
check "with the record and how its key came to be" python3 -c 'import json,sys; a,b=(json.load(open(f)) for f in sys.argv[1:]); sys.exit(a["record"] != b["record"].split("~")[0] + "~" or not a["issuer"])' "$dir/whole.json" "$dir/one.txt.receipt.json"
check "and it verifies" says 0 'record' "$qizheng" verify "$dir/one.txt" --receipt "$dir/whole.json" --policy "$dir/ledger/policy.txt"
check "anybody gets the leaf" holds '"leaf" in a and "record" not in a' "$qizheng" receipt "$one"
check "another employer is refused" says 1 'scope\|roles' reader receipt emp-0002 "$one" --lang en
check "half of who asks is a mistake" says 2 'both --as and --key' "$qizheng" receipt "$one" --as emp-0001 --lang en

# -- a contract on a day --
check "in force on its first day" holds "a['in_force'] and a['terms']['start'] == '2026-01-07'" reader contract emp-0001 "$one" --on 2026-01-07
check "not before" says 1 'NOT IN FORCE 无效' reader contract court "$one" --on 2001-01-01
check "an amendment" record amended emp-0001 labour-contract amend --ref "$one" --set 'changed_fields=["post"]' --set effective_date=2027-03-01
check "a rescission" record ended emp-0001 labour-contract rescind --ref "$(id_of amended)" --set reason_code=36 --set date=2027-06-30
check "in force on its last day" says 0 'IN FORCE 有效' reader contract court "$(id_of ended)" --on 2027-06-30
check "not on the next" says 1 'ended' reader contract court "$one" --on 2027-07-01
check "the worker's list has the end, which carries no tag" holds '[r["act"] for r in a["records"]] == ["conclude", "conclude", "amend", "rescind"]' reader list court --tag "${worker##*:}"
check "and so no end of the other contract is shown" holds "[r['status'] for r in a['records'] if r['id'] == '$two'] == ['in_force'] and a['complete']" reader list court --tag "${worker##*:}"
check "a participant's record is no contract" says 1 'no contract' reader contract court "$(reader list court --type participant --limit 1 --json 2>/dev/null | python3 -c 'import json,sys; print(json.load(sys.stdin)["records"][0]["id"])')" --lang en

# -- findings, statistics --
check "two employers of one worker are a finding" holds 'len(a["findings"]) >= 1 and all(f["rule"] == "LC-11" and f["issuer"] == "emp-0002" for f in a["findings"])' reader findings court --rule LC-11
check "which the other employer does not see" holds 'a["findings"] == [] and a["complete"]' reader findings emp-0001 --rule LC-11
check "in words" says 0 'LC-11.*待核实' reader findings auditor
check "small numbers are not told" holds 'len(a["cells"]) > 1 and all(c["suppressed"] and "records" not in c for c in a["cells"])' reader statistics court --from 2025-01 --to 2027-12
i=0
while [ $i -lt 12 ]; do
    record "pay-$i" fund benefit disburse --set item=pension-monthly --set period=2026-11 --set batch_no=R-1 --set result=paid --tag "person=benefit:1:$(tag "p$i")" >/dev/null 2>&1
    i=$((i + 1))
done
check "twelve payments are" holds '[c["records"] for c in a["cells"] if not c["suppressed"]] == [12]' reader statistics court --from 2026-11 --to 2026-11 --type benefit
check "in words" says 0 '发放.*基本养老金.*12' reader statistics fund --from 2026-11 --to 2026-11

# -- events --
check "events up to now" says 0 "final up to 最终确认至" reader events court --from 0 --caught-up
reader events emp-0001 --from 0 --caught-up --json >"$dir/events" 2>&1
check "an employer is told of its own" python3 -c 'import json,sys; e=[json.loads(l) for l in open(sys.argv[1])]; sys.exit([x["data"]["issuer"] for x in e if x["event"]=="record"] != ["emp-0001"]*3 or e[-1]["event"] != "checkpoint")' "$dir/events"
reader events court --limit 2 --json >"$dir/live" 2>"$dir/live.err" &
live=$!
sleep 1
check "a record while somebody watches" record late emp-0001 labour-contract conclude --claims "$claims"
tries=0
while kill -0 $live 2>/dev/null && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
kill $live 2>/dev/null
check "is told as it becomes final" grep -q "$(id_of late)" "$dir/live"

# -- the independent client --
for what in list refused resume; do check "an auditor of another make: $what" python3 tests/integration/reads.py "$url" $what auditor aud-client; done
check "and an employer who has issued nothing" python3 tests/integration/reads.py "$url" list client emp-client

check "each read is in the log, with its purpose" grep -q 'authorised.*reader=court.*roles=court.*purpose=integration-test' "$dir/node.err"
check "and no token is" sh -c "! grep -q 'eyJ' '$dir/node.err'"

# -- docs/API.md: a token with nothing but a shell and openssl --
check "an Ed25519 key" "$qizheng" key new --alg Ed25519 --out "$dir/acme.pem"
check "is admitted" employer_admit acme 91999999FAKE00013K "$dir/acme.jwk"
sed -n '/^    b64() {/,/^    curl -H/s/^    //p' docs/API.md |
    sed -e "s|http://127.0.0.1:8080|$url|g" -e "s|acme.pem|$dir/acme.pem|g" -e "s|token.txt|$dir/token.txt|g" -e "s|qizheng key|$qizheng key|" \
        -e "s/| jq -r .\([a-z]*\)/| python3 -c 'import json,sys; print(json.load(sys.stdin)[\"\1\"])'/" >"$dir/token.sh"
check "the manual's token is taken" sh -c "sh '$dir/token.sh' | grep -q '\"records\":\[\]'"

# -- a node that stops and starts --
reader events court --json >"$dir/long" 2>"$dir/long.err" &
live=$!
sleep 1
check "the node stops while a stream waits" node_stop
check "and starts" node_start
kill $live 2>/dev/null
wait $live 2>/dev/null
check "nothing is wrong with its rows" node_stop
check "as fsck says" "$qizheng" fsck --dir "$dir/ledger"
ledger_end
