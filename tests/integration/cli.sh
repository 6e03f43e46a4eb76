#!/bin/sh
# also: sanitized
# The command line as people and scripts use it: every command, what it gives, and how it refuses what it must.
. tests/lib/ledger.sh
ledger_begin "$1"

says() { # says STATUS WORDS COMMAND...: ends with that status, and its message holds the words
    wanted=$1 words=$2
    shift 2
    "$@" >"$dir/says.log" 2>&1
    status=$?
    cat "$dir/says.log"
    [ $status = "$wanted" ] && grep -qF -- "$words" "$dir/says.log"
}
lacks() { ! grep -qF -- "$1" "$2"; }
mode() { [ "$(stat -c %a "$2")" = "$1" ]; }
json() { # json FILE EXPRESSION: the expression on the parsed file `j` is true
    python3 -c 'import json, sys; j = json.load(open(sys.argv[1], encoding="utf-8")); assert eval(sys.argv[2]), j' "$@"
}

# -- usage --

check "help lists every command" says 0 "receipt refresh" "$qizheng" --help
check "every command has help" sh -c '"$0" --help | sed -n "s/^  \([a-z ]*[a-z]\)  .*/\1/p" >"$1/commands"; [ "$(wc -l <"$1/commands")" -ge 15 ] || exit 1
    while read -r c; do "$0" $c --help | grep -q "^Usage: qizheng $c" || exit 1; done <"$1/commands"' "$qizheng" "$dir"
check "no command: status 2" says 2 "Usage" "$qizheng"
check "an unknown command is named" says 2 "frobnicate" "$qizheng" frobnicate
check "half a command is completed" says 2 "qizheng key new" "$qizheng" key
check "an unknown option is named" says 2 "--frob" "$qizheng" status --frob
check "a missing option is named" says 2 "--dir" "$qizheng" init
check "too many operands are refused" says 2 "Usage" "$qizheng" key show a b
check "an answer that cannot be written is trouble" sh -c '"$0" --help >/dev/full; [ $? = 2 ]' "$qizheng" 2>/dev/null

# -- init --

check "a new ledger is made" "$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 --operator 样例运营方 --rule LC-10=reject
check "the seed is private" mode 600 "$dir/ledger/keys/node.seed"
check "the registrar's key is private" mode 600 "$dir/ledger/keys/registrar.pem"
check "the key folder is private" mode 700 "$dir/ledger/keys"
check "the genesis names the operator" json "$dir/ledger/data/genesis.json" '{p["name"] for p in j["participants"]} == {"样例运营方"}'
check "the genesis has the chosen action" json "$dir/ledger/data/genesis.json" '[r["action"] for r in j["rules"] if r["id"] == "LC-10"] == ["reject"]'
check "a folder with anything in it is refused" says 2 "not empty" "$qizheng" init --dir "$dir/ledger"
check "init says its ledger in JSON" sh -c '"$0" init --dir "$1/l2" --origin log.example.org/1 --json >"$1/l2.json"' "$qizheng" "$dir"
check "with the origin that was asked for" json "$dir/l2.json" 'j["node"] == "log.example.org/1/node/1" and len(j["ledger"]) == 64'
check "an origin with a space is refused" says 2 "--origin" "$qizheng" init --dir "$dir/l3" --origin "a b"
check "a code with a wrong check digit is refused" says 2 "--uscc" "$qizheng" init --dir "$dir/l3" --uscc 91999999FAKE00013L
check "an unknown rule is refused" says 2 "--rule" "$qizheng" init --dir "$dir/l3" --rule LC-999=off
check "an unknown action is refused" says 2 "--rule" "$qizheng" init --dir "$dir/l3" --rule LC-10=maybe
check "an address with a quote is refused" says 2 "--listen" "$qizheng" init --dir "$dir/l3" --listen '127.0.0.1:0"'
check "so is one that the node could not listen on" says 2 "IPv4" "$qizheng" init --dir "$dir/l3" --listen '[::1]:8080'
check "nothing was made by those that were refused" test ! -e "$dir/l3"
check "a folder of keys is named from the root" says 2 "--keys" "$qizheng" init --dir "$dir/l3" --keys keys
check "and without quotes" says 2 "--keys" "$qizheng" init --dir "$dir/l3" --keys '/a"b'
check "keys can stand apart" "$qizheng" init --dir "$dir/l4" --keys "$dir/l4-keys"
check "and do" sh -c '[ -s "$0-keys/node.seed" ] && [ -s "$0-keys/last-signed" ] && [ ! -e "$0/keys" ] && "$1" --check-config --config "$0/node.yaml"' "$dir/l4" "$qizhengd"
check "keys are never overwritten" says 2 "node.seed" "$qizheng" init --dir "$dir/l5" --keys "$dir/l4-keys"
check "a parent that is not there is refused" says 2 "No such file" "$qizheng" init --dir "$dir/no/such"
check "and nothing is said to be there" lacks "incomplete" "$dir/says.log"
policy=$dir/ledger/policy.txt

# -- keys --

printf 'a passphrase\n' >"$dir/pass"
printf 'another\n' >"$dir/other-pass"
chmod 600 "$dir/pass" "$dir/other-pass"
for alg in ES256K Ed25519 ES256 SGD_SM3_SM2; do
    check "a key for $alg is made, with a passphrase" "$qizheng" key new --alg $alg --out "$dir/$alg.pem" --passphrase-file "$dir/pass"
    check "and shown with it" sh -c '"$0" key show "$1.pem" --passphrase-file "$2" --json >"$1.shown"' "$qizheng" "$dir/$alg" "$dir/pass"
    check "as the JWK beside it says" json "$dir/$alg.shown" "j['jwk'] == json.load(open('$dir/$alg.jwk')) and 'd' not in j['jwk'] and j['alg'] == '$alg'"
    check "not without it" says 2 "passphrase" "$qizheng" key show "$dir/$alg.pem"
    check "nor with another" says 2 "passphrase" "$qizheng" key show "$dir/$alg.pem" --passphrase-file "$dir/other-pass"
    check "OpenSSL reads its file" sh -c 'test $1 = Ed25519 -o $1 = ES256 -o $1 = ES256K -o $1 = SGD_SM3_SM2 && openssl pkey -in "$0" -passin "file:$2" -noout' "$dir/$alg.pem" $alg "$dir/pass"
done
check "an existing key is never overwritten" says 2 "exists" "$qizheng" key new --out "$dir/ES256K.pem"
check "an unknown algorithm is refused" says 2 "--alg" "$qizheng" key new --alg RS256 --out "$dir/rs.pem"
check "a JWK can be shown" says 0 "kid" "$qizheng" key show "$dir/ES256.jwk"
"$qizheng" key new --out "$dir/plain.pem" >/dev/null
openssl pkey -in "$dir/plain.pem" -pubout -out "$dir/plain.pub" 2>/dev/null
check "so can a public PEM" says 0 "$("$qizheng" key show "$dir/plain.pem" | grep '^kid')" "$qizheng" key show "$dir/plain.pub"
chmod 644 "$dir/plain.pem"
check "a secret that others may read is refused with what to do" says 2 "chmod 600" "$qizheng" key show "$dir/plain.pem"
chmod 600 "$dir/plain.pem"
chmod 644 "$dir/pass"
check "so is such a passphrase file" says 2 "chmod 600" "$qizheng" key show "$dir/ES256.pem" --passphrase-file "$dir/pass"
head -c 3000 /dev/urandom >"$dir/garbage"
chmod 600 "$dir/garbage"
check "garbage is no key" says 2 "garbage" "$qizheng" key show "$dir/garbage"
check "a missing file is named" says 2 "$dir/nowhere" "$qizheng" key show "$dir/nowhere"

# -- verify and present, off line --

vectors=tests/vectors/receipts
for receipt in good no_issuer bad_time bad_disclosure bad_quorum bad_issuer; do
    "$qizheng" verify $vectors/document.txt --receipt $vectors/$receipt.json --policy $vectors/policy.txt --json >"$dir/verdict.json" 2>"$dir/verdict.err"
    status=$?
    check "the verdict on $receipt is the vector's" json "$dir/verdict.json" "(lambda v: v['outcome'] == j['outcome'] and {'valid': 0, 'invalid': 1, 'unchecked': 2}[j['outcome']] == $status)(json.load(open('$vectors/$receipt.verdict.json')))"
done
verify() { "$qizheng" verify "$@" --policy $vectors/policy.txt; }
check "another document is not valid" says 1 "document" verify README.md --receipt $vectors/good.json
check "without a document the receipt alone is verified" says 0 "n/a   document" verify --receipt $vectors/good.json
check "so it is with -" says 0 "n/a   document" verify - --receipt $vectors/good.json
check "reasons come in Chinese where asked" says 0 "上链后未经篡改" verify --receipt $vectors/good.json --lang zh
check "a missing document: status 2" says 2 "nowhere" verify "$dir/nowhere" --receipt $vectors/good.json
check "a missing receipt: status 2" says 2 "nowhere" verify --receipt "$dir/nowhere"
check "a garbage receipt is not valid" says 1 "FAIL" verify --receipt "$dir/garbage"
check "with a garbage policy nothing can be checked" says 2 "policy" "$qizheng" verify --receipt $vectors/good.json --policy "$dir/garbage"
check "a directory for a receipt: status 2" says 2 "cannot be read" verify --receipt "$dir"

shown=$(python3 -c 'import json, base64; d = json.load(open("tests/vectors/receipts/good.json"))["record"].split("~")[1]; print(json.loads(base64.urlsafe_b64decode(d + "=" * (-len(d) % 4)))[1])')
check "a receipt with one disclosure is made" "$qizheng" present $vectors/good.json --only "$shown" --out "$dir/one.json"
check "it is private" mode 600 "$dir/one.json"
check "it shows that one only" json "$dir/one.json" 'j["record"].count("~") == 2'
check "and verifies" says 0 "$shown" verify $vectors/document.txt --receipt "$dir/one.json"
check "one with none verifies, too" sh -c '"$0" present "$1/good.json" --only "" --out "$2/none.json" && "$0" verify "$1/document.txt" --receipt "$2/none.json" --policy "$1/policy.txt"' "$qizheng" $vectors "$dir"
check "verify can be told to look at one disclosure only" says 0 "$shown" verify --receipt $vectors/good.json --disclose "$shown"
check "a disclosure that is not there is refused" says 2 "no disclosure" "$qizheng" present $vectors/good.json --only salary --out "$dir/x.json"
check "an existing receipt is not overwritten" says 2 "exists" "$qizheng" present $vectors/good.json --only "$shown" --out "$dir/one.json"

# -- check --

lawful=$contracts/fixed-3-years.claims.json
edit() { python3 -c 'import json, sys; j = json.load(open(sys.argv[1], encoding="utf-8")); exec(sys.argv[3]); json.dump(j, open(sys.argv[2], "w"))' "$lawful" "$dir/$1" "$2"; }
for claims in "$contracts"/*.claims.json; do
    check "the rules have nothing against $(basename "$claims" .claims.json)" says 0 "0 FAIL" "$qizheng" check "$claims"
done
edit long.json 'j["set"]["probation_months"] = 12'
check "a year of probation fails the check" says 1 "FAIL" "$qizheng" check "$dir/long.json"
check "which JSON says as well" sh -c '"$0" check "$1" --json >"$2"; [ $? = 1 ]' "$qizheng" "$dir/long.json" "$dir/check.json"
check "with the rule and its law" json "$dir/check.json" 'any(r["result"] == "FAIL" and r["rule"].startswith("LC-") and r["law"] for r in j["results"])'
edit unknown.json 'j["set"]["colour"] = "red"'
check "an unknown claim is named" says 1 "colour" "$qizheng" check "$dir/unknown.json"
edit member.json 'j["more"] = 1'
check "an unknown member of a claims file is refused" says 2 "claims file" "$qizheng" check "$dir/member.json"
check "garbage cannot be checked" says 2 "qizheng:" "$qizheng" check "$dir/garbage"
edit clear.json 'j["set"]["worker_name"] = j["hide"].pop("worker_name")'
check "a name in the clear is refused" says 1 "hide it" "$qizheng" check "$dir/clear.json"
edit hidden.json 'j["hide"]["start"] = j["set"].pop("start")'
check "a hidden claim that nodes must read is refused" says 1 "do not hide" "$qizheng" check "$dir/hidden.json"
check "a receipt is checked with its disclosures: this one lacks a claim" says 1 "/kind" "$qizheng" check $vectors/good.json

# -- nobody there --

check "status of nobody: status 2" says 2 "Is the node running" "$qizheng" status --url http://127.0.0.1:1
check "which is a red light" says 2 "RED 红灯" "$qizheng" status --url http://127.0.0.1:1
check "notarize without a node: status 2" says 2 "does not answer" "$qizheng" notarize "$contracts/task.pdf" --claims "$contracts/task.claims.json" --key "$dir/plain.pem" --as emp-0001 --out "$dir/nobody" --url http://127.0.0.1:1
check "and leaves nothing behind" test ! -e "$dir/nobody.pending.json"
check "a URL that is none is refused" says 2 "http" "$qizheng" status --url ftp://127.0.0.1

# -- a node --

cp -r "$dir/ledger" "$dir/clone"
check "the node starts" node_start
"$qizheng" key new --out "$dir/emp-0001.pem" >/dev/null
check "an employer is admitted" employer_admit emp-0001 91999999FAKE00013K "$dir/emp-0001.jwk"
check "a second time he is refused" says 1 "qizheng:" employer_admit emp-0001 91999999FAKE00013K "$dir/emp-0001.jwk"
check "a role that nobody has is refused" says 2 "--role" "$qizheng" participant add --id x --name x --uscc 91999999FAKE00013K --role king --jwk "$dir/emp-0001.jwk" --as registrar --key "$dir/ledger/keys/registrar.pem"
check "an id with a space is refused" says 2 "id" "$qizheng" participant add --id "x y" --name x --uscc 91999999FAKE00013K --role payer --jwk "$dir/emp-0001.jwk" --as registrar --key "$dir/ledger/keys/registrar.pem"
check "a contract is notarized" notarize fixed-3-years
check "its receipt is private" mode 600 "$dir/fixed-3-years.pdf.receipt.json"
check "its disclosures are private" mode 600 "$dir/fixed-3-years.pdf.disclosures.json"
check "and are all there" json "$dir/fixed-3-years.pdf.disclosures.json" '{d["name"] for d in j} == set(json.load(open("'"$lawful"'"))["hide"])'
check "nothing is pending" test ! -e "$dir/fixed-3-years.pdf.pending.json"
check "the receipt verifies with the document" says 0 "wage_amount: 620000" "$qizheng" verify "$dir/fixed-3-years.pdf" --receipt "$dir/fixed-3-years.pdf.receipt.json" --policy "$policy"
printf x >>"$dir/fixed-3-years.pdf"
check "not with a byte more" says 1 "FAIL" "$qizheng" verify "$dir/fixed-3-years.pdf" --receipt "$dir/fixed-3-years.pdf.receipt.json" --policy "$policy"
check "not under another ledger's policy" says 1 "FAIL" "$qizheng" verify --receipt "$dir/fixed-3-years.pdf.receipt.json" --policy "$dir/l2/policy.txt"
check "a receipt is never overwritten by another record's" says 2 "not overwritten" notarize fixed-3-years

submit() { # submit PREFIX CLAIMS [options]
    prefix=$1 claims=$2
    shift 2
    "$qizheng" notarize "$contracts/task.pdf" --claims "$claims" --key "$dir/emp-0001.pem" --as emp-0001 --out "$dir/$prefix" "$@"
}
size() { curl -s "$url/checkpoint" | sed -n 2p; }
check "a document may be named by SM3, too" submit sm3 "$contracts/task.claims.json" --sm3
check "and verifies" "$qizheng" verify "$contracts/task.pdf" --receipt "$dir/sm3.receipt.json" --policy "$policy"
check "claims come from the command line, too" submit set "$lawful" --set probation_months=3 --hide post=讲师 --json
check "a receipt of our own passes the check" says 0 "0 FAIL" "$qizheng" check "$dir/set.receipt.json"
check "and count" says 0 "post: 讲师" "$qizheng" verify --receipt "$dir/set.receipt.json" --policy "$policy"
check "a claim that is no pair is refused" says 2 "name=value" submit bad "$lawful" --set probation
check "a claim with bad JSON is refused" says 2 "signatures" submit bad "$lawful" --set 'signatures=[1,'
check "an unknown claim is refused" says 1 "colour" submit bad "$lawful" --set colour=red
check "before anything is signed" test ! -e "$dir/bad.pending.json"
check "a claim that the program makes is refused" says 2 "jti" submit bad "$lawful" --set jti=1
check "a ref that is no id is refused" says 2 "--ref" submit bad "$lawful" --ref 12
check "an issuer whose key is not registered is refused" says 1 "issuer" "$qizheng" notarize "$contracts/task.pdf" --claims "$lawful" --key "$dir/plain.pem" --as emp-0001 --out "$dir/stranger"
check "and leaves no pending file" test ! -e "$dir/stranger.pending.json"
check "an issuer that is not there is refused" says 1 "qizheng:" "$qizheng" notarize "$contracts/task.pdf" --claims "$lawful" --key "$dir/emp-0001.pem" --as nobody --out "$dir/stranger"

# -- an amendment follows the contract --

idof() { python3 -c 'import json, sys, hashlib; print(hashlib.sha256(json.load(open(sys.argv[1]))["record"].split("~")[0].rpartition(".")[0].encode()).hexdigest())' "$dir/$1.receipt.json"; }
opening=$(idof fixed-3-years.pdf)
follow() { # follow PREFIX ACT [options]: a record about the amended document
    prefix=$1 act=$2
    shift 2
    "$qizheng" notarize "$contracts/task.pdf" --type labour-contract --act "$act" --key "$dir/emp-0001.pem" --as emp-0001 --out "$dir/$prefix" "$@"
}
check "an amendment follows the contract" follow amend amend --ref "$opening" --set 'changed_fields=["post"]' --set effective_date=2027-01-01 --set "signed_on=2026-12-20" --set 'signatures=[{"role":"employer","alg":"SGD_SM3_SM2","signed_at":1797696000},{"role":"worker","alg":"SGD_SM3_SM2","signed_at":1797696000}]' --hide post=组长
check "and its receipt verifies" "$qizheng" verify "$contracts/task.pdf" --receipt "$dir/amend.receipt.json" --policy "$policy"
check "the contract is no longer the head of its chain" says 1 "chain" follow stale rescind --ref "$opening" --set 'reason_code:="36"' --set date=2027-02-01
check "a code that is text is refused as a number" says 1 "reason_code" follow stale rescind --ref "$opening" --set reason_code:=36 --set date=2027-02-01
check "a correction replaces the amendment" follow correct correct --ref "$(idof amend)" --replaces "$(idof amend)" --set 'changed_fields=["post"]' --set effective_date=2027-01-01 --set 'signatures=[{"role":"employer"},{"role":"worker"}]' --hide post=主任
check "the contract is rescinded" follow rescind rescind --ref "$(idof correct)" --set reason_code=36 --set date=2027-02-01
check "after that nothing follows" says 1 "qizheng:" follow late amend --ref "$(idof rescind)" --set 'changed_fields=["post"]' --set effective_date=2027-03-01 --set 'signatures=[{"role":"employer"},{"role":"worker"}]'
check "a receipt is to be had by its id" sh -c '"$0" receipt "$1" --out "$2/public.json"' "$qizheng" "$opening" "$dir"
check "without the record" json "$dir/public.json" '"leaf" in j and "record" not in j'
check "and verifies" "$qizheng" verify --receipt "$dir/public.json" --policy "$policy"
check "an id that nobody knows: status 1" says 1 "qizheng:" "$qizheng" receipt "$(printf '%064d' 0)"
check "an id that is none: status 2" says 2 "hex" "$qizheng" receipt 12

# -- interruptions --

echo pass >"$dir/mode"
python3 tests/integration/proxy.py "$url" "$dir/mode" >"$dir/proxy.port" &
proxy_pid=$!
mirror_pid=""
trap 'kill $proxy_pid $mirror_pid 2>/dev/null; ledger_clean' EXIT
until [ -s "$dir/proxy.port" ]; do sleep 0.1; done
direct=$url
proxied() { # proxied MODE PREFIX [options]
    echo "$1" >"$dir/mode"
    shift
    prefix=$1
    shift
    QIZHENG_URL=http://127.0.0.1:$(cat "$dir/proxy.port") submit "$prefix" "$contracts/task.claims.json" "$@"
}
before=$(size)
check "a busy node is asked again" proxied busy busy
check "an answer that is lost every time: status 2, and the record is kept" says 2 "pending.json" proxied drop drop --timeout 2
check "privately" mode 600 "$dir/drop.pending.json"
check "other claims are refused meanwhile" says 2 "something else" proxied pass drop --set probation_months=0 --hide post=x
check "the same command goes on with the same record" says 0 "in the ledger already" proxied pass drop
check "and nothing is pending any more" test ! -e "$dir/drop.pending.json"
check "which is in the log once" [ "$(size)" = $((before + 2)) ]
echo hang >"$dir/mode"
QIZHENG_URL=http://127.0.0.1:$(cat "$dir/proxy.port") timeout -s KILL 3 "$qizheng" notarize "$contracts/task.pdf" --claims "$contracts/task.claims.json" --key "$dir/emp-0001.pem" --as emp-0001 --out "$dir/killed" >/dev/null 2>&1
check "killed while it waits, it leaves the signed record" test -s "$dir/killed.pending.json"
signed=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["record"])' "$dir/killed.pending.json")
check "and goes on with it" proxied pass killed
check "with those very bytes" json "$dir/killed.receipt.json" "j['record'].startswith('$signed~')"
check "a node that stays full: status 2" says 2 "pending.json" proxied full full --timeout 2
check "a gateway's own refusal says nothing of the record" says 2 "pending.json" proxied forbid full --timeout 2
cp "$dir/full.pending.json" "$dir/kept.json"
python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))))' "$dir/sm3.receipt.json" >"$dir/mode.other"
check "a receipt of another record is not taken" says 2 "no receipt of this record" proxied other full --timeout 2
check "it can be sent in the end" proxied pass full
cp "$dir/kept.json" "$dir/full.pending.json"
check "and again: it is known, and the receipt may be replaced by its own" says 0 "in the ledger already" proxied pass full
echo '{"record":"x"}' >"$dir/damaged.pending.json"
check "a damaged pending file is refused with what to do" says 2 "Move it away" proxied pass damaged
check "the log has grown by those four" [ "$(size)" = $((before + 4)) ]

# -- refresh, policy, status --

cp "$dir/sm3.receipt.json" "$dir/old.json"
check "a receipt is refreshed" says 0 "now covers $(size) leaves" "$qizheng" receipt refresh "$dir/sm3.receipt.json" --policy "$policy"
check "and verifies with its disclosures" says 0 "wage_amount" "$qizheng" verify "$contracts/task.pdf" --receipt "$dir/sm3.receipt.json" --policy "$policy"
check "the old one stays beside it" cmp "$dir/old.json" "$dir/sm3.receipt.json.old"
check "privately, too" mode 600 "$dir/sm3.receipt.json.old"
check "only the proof is new" json "$dir/sm3.receipt.json" "(lambda o: {k for k in j if j[k] != o[k]} == {'proof'})(json.load(open('$dir/old.json')))"
python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); j["timestamps"] = [{"type": "rfc3161", "token": "MAA="}]; json.dump(j, open(sys.argv[1], "w"))' "$dir/sm3.receipt.json"
cp "$dir/sm3.receipt.json" "$dir/stamped.json"
check "one with a timestamp token is not replaced" says 2 "would be lost" "$qizheng" receipt refresh "$dir/sm3.receipt.json"
check "and is as it was" cmp "$dir/stamped.json" "$dir/sm3.receipt.json"
check "under another name the new one can stand beside it" "$qizheng" receipt refresh "$dir/sm3.receipt.json" --out "$dir/unstamped.json"
check "which has no token" json "$dir/unstamped.json" '"timestamps" not in j'
check "a public receipt is refreshed as well" "$qizheng" receipt refresh "$dir/public.json" --out "$dir/public2.json"
check "and verifies, too" "$qizheng" verify --receipt "$dir/public2.json" --policy "$policy"
check "a receipt of another log is refused" says 2 "another log" "$qizheng" receipt refresh $vectors/good.json --out "$dir/x.json"
check "under another policy it is refused" says 1 "qizheng:" "$qizheng" receipt refresh "$dir/old.json" --policy "$dir/l2/policy.txt"
python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); j["time"] += 1; json.dump(j, open(sys.argv[2], "w"))' "$dir/old.json" "$dir/forged.json"
check "a forged one cannot be refreshed" says 1 "do not lead" "$qizheng" receipt refresh "$dir/forged.json"
check "the policy is the one that init wrote" sh -c '"$0" policy --out "$1/policy" && cmp "$1/policy" "$2"' "$qizheng" "$dir" "$policy"
check "it holds for every size" says 0 "quorum nodes" "$qizheng" policy --size 1000
check "a size that is none is refused" says 2 "--size" "$qizheng" policy --size x
check "status for people is a light" says 0 "GREEN 绿灯" "$qizheng" status
check "says what to do" says 0 "Nothing needs to be done" "$qizheng" status
check "and is in both languages" says 0 "叶子数" "$qizheng" status
check "and for scripts in JSON" sh -c '"$0" status --json >"$1/status.json"' "$qizheng" "$dir"
check "with the size and the light" json "$dir/status.json" "j['tree_size'] == $(size) and j['light'] == 'green'"

# -- audit --

audit() { "$qizheng" audit --policy "$policy" --state "$dir/audit.state" "$@"; }
check "the log is audited from nothing" says 0 "$(size) leaves, $(size) of them new" audit
check "a second time nothing is new" says 0 "0 of them new" audit
check "the clone of an audit's state cannot be garbage" says 2 "no state" "$qizheng" audit --policy "$policy" --state "$dir/status.json"
check "one more contract" submit more "$contracts/task.claims.json"
check "only that is new" says 0 "1 of them new" audit
check "all of it is recomputed where asked" says 0 "$(size) of them new" audit --full
check "another ledger's policy is not met" says 1 "qizheng:" "$qizheng" audit --policy "$dir/l2/policy.txt" --state "$dir/audit2.state"
check "and leaves no state" test ! -e "$dir/audit2.state"

mirror=$dir/mirror
n=$(size)
mkdir -p "$mirror/tile/0/000.p" "$mirror/tile/entries/000.p"
curl -s "$url/checkpoint" >"$mirror/checkpoint"
curl -s "$url/tile/0/000.p/$n" >"$mirror/tile/0/000.p/$n"
curl -s "$url/tile/entries/000.p/$n" >"$mirror/tile/entries/000.p/$n"
python3 -u -m http.server -b 127.0.0.1 -d "$mirror" 0 >"$dir/mirror.log" 2>&1 &
mirror_pid=$!
until grep -q 'port' "$dir/mirror.log"; do sleep 0.1; done
mirror_url=http://127.0.0.1:$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$dir/mirror.log")
fresh() { rm -f "$dir/mirror.state" && "$qizheng" audit --url "$mirror_url" --policy "$policy" --state "$dir/mirror.state"; }
flip() { python3 -c 'import sys; b = bytearray(open(sys.argv[1], "rb").read()); b[int(sys.argv[2])] ^= 1; open(sys.argv[1], "wb").write(b)' "$1" "$2"; }
check "a static mirror is as good as a node" fresh
check "a receipt is refreshed from it, too" "$qizheng" receipt refresh "$dir/old.json" --url "$mirror_url" --out "$dir/mirrored.json"
flip "$mirror/tile/0/000.p/$n" 70
check "a hash that it changed is found" says 1 "Tile 0/0" fresh
flip "$mirror/tile/0/000.p/$n" 70
flip "$mirror/tile/entries/000.p/$n" 70
check "an entry that it changed is found" says 1 "qizheng:" fresh
flip "$mirror/tile/entries/000.p/$n" 70
cp "$mirror/checkpoint" "$dir/checkpoint"
python3 -c 'import sys; t = open(sys.argv[1]).read().split("\n"); t[2] = ("B" if t[2][0] == "A" else "A") + t[2][1:]; open(sys.argv[1], "w").write("\n".join(t))' "$mirror/checkpoint"
check "a checkpoint with another root is found" says 1 "qizheng:" fresh
sed '3s/^./*/' "$dir/checkpoint" >"$mirror/checkpoint"
check "one that is no checkpoint: could not check" says 2 "no checkpoint" fresh
cp "$dir/checkpoint" "$mirror/checkpoint"
mv "$mirror/tile/0/000.p/$n" "$dir/away"
check "a tile that is missing: could not check" says 2 "qizheng:" fresh
mv "$dir/away" "$mirror/tile/0/000.p/$n"
check "mended, it is good again" fresh
kill $mirror_pid
wait $mirror_pid 2>/dev/null

# -- a cloned key directory signs a second history, and is proven to --

curl -s "$url/checkpoint" >"$dir/a.note"
check "fsck refuses while the node runs" says 2 "in use" "$qizheng" fsck --dir "$dir/ledger"
check "the node stops" node_stop
check "fsck finds its ledger clean" says 0 "clean" "$qizheng" fsck --dir "$dir/ledger"
check "and says so in JSON" sh -c '"$0" fsck --data "$1/ledger/data" --json --scratch "$1" >"$1/fsck.json"' "$qizheng" "$dir"
check "with what it looked at" json "$dir/fsck.json" "j['errors'] == 0 and j['leaves'] == $n and j['state_rows'] > 0"
check "and leaves nothing behind" sh -c 'test -z "$(ls -d "$0"/fsck.[A-Za-z0-9]?????  2>/dev/null)"' "$dir"
check "fsck wants one folder" says 2 "--dir" "$qizheng" fsck
check "and one that is there" says 2 "nowhere" "$qizheng" fsck --dir "$dir/nowhere"

mv "$dir/ledger" "$dir/first"
mv "$dir/clone" "$dir/ledger"
check "the clone starts with the same keys" node_start
check "and admits the employer anew" employer_admit emp-0001 91999999FAKE00013K "$dir/emp-0001.jwk"
check "it is behind the remembered log: that is no good log" says 1 "went back" audit
while [ "$(size)" -lt "$n" ]; do submit "clone-$(size)" "$contracts/task.claims.json" >/dev/null 2>&1 || break; done
check "at equal size the audit finds another root" says 1 "Evidence kept" audit
curl -s "$url/checkpoint" >"$dir/b.note"
conflict() { "$qizheng" conflict "$@" --policy "$policy"; }
check "two checkpoints of that size prove the lie" says 0 "PROVEN" conflict "$dir/a.note" "$dir/b.note"
check "the kept evidence does, too" says 0 "PROVEN" conflict "$dir/audit.state.old" "$dir/audit.state.new"
check "a checkpoint and itself prove nothing" says 1 "Not proven" conflict "$dir/a.note" "$dir/a.note"
check "the clone grows on" submit clone-more "$contracts/task.claims.json"
check "a larger tree that does not continue the smaller is found" says 1 "audit.state.hashes" audit
check "and with the hashes it proves the lie" says 0 "PROVEN" conflict "$dir/audit.state.old" "$dir/audit.state.new" "$dir/audit.state.hashes"
check "without them it does not" says 1 "Not proven" conflict "$dir/audit.state.old" "$dir/audit.state.new"
check "in JSON as well" sh -c '"$0" conflict "$1/a.note" "$1/b.note" --policy "$2" --json >"$1/conflict.json"' "$qizheng" "$dir" "$policy"
check "with the liars' names" json "$dir/conflict.json" 'j["proven"] and any("/node/1" in name for name in j["liars"])'
check "garbage is no checkpoint, and is named" says 2 "$dir/garbage" conflict "$dir/a.note" "$dir/garbage"

# -- fsck finds what was changed --

node_stop
body=$(ls "$dir"/first/data/bodies/* | head -n 1)
cp "$body" "$dir/body"
flip "$body" 2000
check "fsck finds a flipped byte of a record" says 1 "not compared" "$qizheng" fsck --dir "$dir/first"
check "and does not blame the rows that follow from it" lacks "follows from no record" "$dir/says.log"
cp "$dir/body" "$body"
check "and is content when it is back" says 0 "clean" "$qizheng" fsck --dir "$dir/first"
ledger_end
