#!/bin/sh
# also: sanitized
# Uploads: by an independent client, and tables by the command line; cut short, bent, and killed in the middle on either side.
. tests/lib/ledger.sh
. tests/lib/payments.sh
ledger_begin "$1"
rows=${UPLOAD_ROWS:-3000}

check "a node" ledger_with_employer
sed -i "s/^listen: .*/listen: 127.0.0.1:$port/" "$dir/ledger/node.yaml" # it comes back where it was
python3 - "$dir" <<'PY'
import json, sys
sys.path.insert(0, "tests/lib")
from client import Key
json.dump(Key("Ed25519", "uploader").jwk, open(f"{sys.argv[1]}/up.jwk", "w"))
PY
check "an employer with a foreign key" employer_admit emp-up 91350100M000100Y43 "$dir/up.jwk"
ledger=$(curl -s "$url/v1/status" | sed -n 's/.*"ledger":"\([0-9a-f]*\)".*/\1/p')
python3 tests/integration/uploads.py "$url" "$ledger" "$dir/ledger/data/uploads" || bad=1

payments_maps
"$qizheng" key new --out "$dir/payer.pem" >/dev/null
check "a payer is admitted" "$qizheng" participant add --id payer --name 样例社保中心 --uscc 91512081MA62K0260E --role payer --jwk "$dir/payer.jwk" \
    --as registrar --key "$dir/ledger/keys/registrar.pem"
size() { curl -s "$url/checkpoint" | sed -n 2p; }

# -- tables that are refused, with the place, before anything is signed --
python3 tests/lib/payments.py payments 40 4 >"$dir/small.utf8.csv"
bent() { # NAME PATTERN SED: GB18030 unless the name says otherwise
    sed "$3" "$dir/small.utf8.csv" >"$dir/bent.utf8.csv"
    case "$1" in *UTF-8*) cp "$dir/bent.utf8.csv" "$dir/bent.csv" ;; *) iconv -f UTF-8 -t GB18030 "$dir/bent.utf8.csv" >"$dir/bent.csv" ;; esac
    payer_batch "$dir/bent.csv" "$dir/pay.yaml" "$dir/bent" >"$dir/said" 2>&1
    status=$?
    cat "$dir/said"
    [ $status = 2 ] && grep -q -- "$2" "$dir/said" && [ ! -e "$dir/bent" ]
}
before=$(size)
check "a row that is too short" bent ragged "Line 7, column 7: the row has 6 fields" '7s/,[^,]*$//'
check "a row that is too long" bent ragged "Line 9, column 8: the row has 8 fields" '9s/^/1,/'
check "a table in UTF-8 where GB18030 was said" bent "UTF-8" "this is not GB18030" ''
check "a month that does not exist" bent month "line 5, column 4 (所属期): must be a month" '5s/202611/202613/'
check "a sum with three decimals" bent sum "line 6, column 5 (金额): must be a sum in yuan" '6s/\(,[0-9]*\.[0-9]*\),/\15,/'
check "a sum with a thousands separator" bent sum "line 4, column 5 (金额)" '4s/,\([0-9]\)\([0-9]*\.[0-9]*\),/,"\1,\2",/'
check "a tag that is none" bent tag "Line 3, column 3 (标签): a tag is 43" '3s/,[A-Za-z0-9_-]\{43\},/,AAAA,/'
check "a reference that is none" bent ref "line 8, column 7 (核定编号): must be a record id" '8s/\r$/no\r/'
check "a quote that does not end" bent quote "quoted field does not end" '12s/,样例/,"样例/'
check "nothing of them was sent" [ "$(size)" = "$before" ]
sed 's/kind: period/kind: date/' "$dir/pay.yaml" >"$dir/bent.yaml"
iconv -f UTF-8 -t GB18030 "$dir/small.utf8.csv" >"$dir/small.csv"
check_not "a map that says another kind" payer_batch "$dir/small.csv" "$dir/bent.yaml" "$dir/bent"
sed 's/column: 金额/column: 钱/' "$dir/pay.yaml" >"$dir/bent.yaml"
check_not "a map that names no column" payer_batch "$dir/small.csv" "$dir/bent.yaml" "$dir/bent"
sed '/hide:/d' "$dir/pay.yaml" >"$dir/bent.yaml"
check_not "a map that would show an amount" payer_batch "$dir/small.csv" "$dir/bent.yaml" "$dir/bent"
check "nothing of them was signed" [ ! -e "$dir/bent/.progress.ndjson" ]

# -- a small table, GB18030, with refusals --
python3 tests/lib/payments.py planted 40 4 >"$dir/planted"
sed 's/R2611/SMALL/' "$dir/pay.yaml" >"$dir/small.yaml"
check "a table in GB18030: its duplicates are refused" status_is 1 payer_batch "$dir/small.csv" "$dir/small.yaml" "$dir/small"
check "exactly those" refused_are "$dir/small"
check "receipts are for their owner's eyes" [ "$(stat -c %a "$dir/small/2.receipt.json")" = 600 ]
check "they hold what was hidden" sh -c "'$qizheng' verify --receipt '$dir/small/2.receipt.json' --policy '$policy' | grep -q '样例00000'"
check "they verify, all at once" "$qizheng" verify --receipts "$dir/small" --policy "$policy"
sed -i 's/"time": [0-9]*/"time": 1/' "$dir/small/3.receipt.json"
check "one that was changed is found" status_is 1 "$qizheng" verify --receipts "$dir/small" --policy "$policy"
check "and named" sh -c "'$qizheng' verify --receipts '$dir/small' --policy '$policy' | grep -q '^3.receipt.json: invalid'"

# -- tags made of id numbers: the node sees neither a number nor a name --
sed '/ready: true/d; s/R2611/MADE/; s/encoding: gb18030/encoding: utf-8/; s/pension-monthly/injury-disability-monthly/' "$dir/pay.yaml" >"$dir/made.yaml"
echo '  person: {domain: benefit, id_type: resident-id, column: 证件号}' >>"$dir/made.yaml"
{
    echo "证件号,姓名,所属期,金额,核定编号"
    echo "11010519491231002X,样例甲,202611,1234.56,"
    echo "440524188001010014,样例乙,202611,1.15,"
    echo "11010519491231002x,样例甲,202611,1234.56,"
} >"$dir/made.csv"
sed '3s/440524188001010014/440524188001010015/' "$dir/made.csv" >"$dir/bent.csv"
check "an id number that is none is refused with its place" sh -c "'$qizheng' batch '$dir/bent.csv' --map '$dir/made.yaml' --key '$dir/payer.pem' --as payer --out '$dir/bent' --lang en >'$dir/said' 2>&1; grep -q 'Line 3, column 1 (证件号)' '$dir/said' && ! grep -q 44052418 '$dir/said' && [ ! -e '$dir/bent' ]"
echo 4 >"$dir/planted"
check "the same person again, written otherwise, is a duplicate" status_is 1 payer_batch "$dir/made.csv" "$dir/made.yaml" "$dir/made"
check "exactly that one" refused_are "$dir/made"
check "receipts hold the evidence of their tags, and it is right" sh -c "'$qizheng' verify --receipt '$dir/made/2.receipt.json' --policy '$policy' --disclose tag_evidence --lang en"
check "in the record stands only the tag" python3 - "$dir/made/2.receipt.json" <<'PY'
import base64, json, sys
parts = json.load(open(sys.argv[1], encoding="utf-8"))["record"].split("~")
read = lambda text: json.loads(base64.urlsafe_b64decode(text + "=="))
payload, shown = read(parts[0].split(".")[1]), {name: value for _, name, value in map(read, filter(None, parts[1:]))}
assert shown["tag_evidence"]["person"]["id_number"].upper() == "11010519491231002X", shown
assert payload["tags"]["person"]["d"] == "benefit" and "1101051949" not in json.dumps(payload)
PY

# -- the same table run again, and another one in its place --
echo ',,' >>"$dir/small.csv"
check_not "a table that was changed after it was begun" payer_batch "$dir/small.csv" "$dir/small.yaml" "$dir/small"
iconv -f UTF-8 -t GB18030 "$dir/small.utf8.csv" >"$dir/small.csv"
sed -i '2s/样例00000/样例99999/' "$dir/small.utf8.csv" && iconv -f UTF-8 -t GB18030 "$dir/small.utf8.csv" >"$dir/other.csv"
check "another value in it is told from the first" sh -c "'$qizheng' batch '$dir/other.csv' --map '$dir/small.yaml' --key '$dir/payer.pem' --as payer --out '$dir/small' 2>&1 | grep -q 'its table differs'"
echo '# changed' >>"$dir/small.yaml"
check_not "a map that was changed after it was begun" payer_batch "$dir/small.csv" "$dir/small.yaml" "$dir/small"

# -- kill -9 --
ids() { sed 1d "$1/.progress.ndjson" | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/'; }
whole() { # FOLDER ROWS LEAVES: each row signed once, with a receipt, and a leaf
    "$qizheng" verify --receipts "$1" --policy "$policy" || return 1
    echo "signed: $(ids "$1" | wc -l), different: $(ids "$1" | sort -u | wc -l), receipts: $(find "$1" -name '*.receipt.json' | wc -l), leaves: $(size) of $3"
    [ "$(ids "$1" | wc -l)" = "$2" ] && [ "$(ids "$1" | sort -u | wc -l)" = "$2" ] && [ "$(find "$1" -name '*.receipt.json' | wc -l)" = "$2" ] && [ "$(size)" = "$3" ]
}
table() { # NAME RUN ITEM: payments without duplicates
    python3 tests/lib/payments.py payments "$rows" 1 >"$dir/all.csv"
    head -n "$rows" "$dir/all.csv" >"$dir/$1.csv" # but for the last row, which is the duplicate
    sed "s/R2611/$2/; s/gb18030/utf-8/; s/const: pension-monthly/const: $3/" "$dir/pay.yaml" >"$dir/$1.yaml"
}
lines_of() { sed -n '$=' "$1" 2>/dev/null || echo 0; }

table node NODE disability-pension
planned=$(($(lines_of "$dir/node.csv") - 1))
before=$(size)
payer_batch "$dir/node.csv" "$dir/node.yaml" "$dir/node" --part 10000 --timeout 60 >"$dir/run.log" 2>&1 &
runner=$!
while [ "$(size)" -le $((before + planned / 20)) ] && kill -0 $runner 2>/dev/null; do :; done
node_kill
held=$(ls "$dir/ledger/data/uploads" | grep -c lines)
check "the node is killed in the middle of an upload" [ "$held" = 1 ]
check "it starts again" node_start
wait $runner
check "the run that was waiting ends well" [ $? = 0 ]
check "the upload was resumed, not sent again" [ "$(curl -s "$url/metrics" | sed -n 's/^qizheng_uploads_total //p')" = 0 ]
check "each of its rows has one leaf" whole "$dir/node" "$planned" $((before + planned))

table cli CLI injury-care
before=$(size)
"$qizheng" batch "$dir/cli.csv" --map "$dir/cli.yaml" --key "$dir/payer.pem" --as payer --out "$dir/cli" --part 100 >"$dir/run.log" 2>&1 &
runner=$!
while [ "$(lines_of "$dir/cli/.progress.ndjson")" -lt $((planned / 3)) ] && kill -0 $runner 2>/dev/null; do :; done
kill -9 $runner
wait $runner 2>/dev/null
signed=$(lines_of "$dir/cli/.progress.ndjson")
check "the command is killed in the middle" [ "$signed" -lt "$planned" ]
head -c 300 "$dir/cli/.progress.ndjson" | tail -n 1 | head -c 100 >"$dir/half" && cat "$dir/half" >>"$dir/cli/.progress.ndjson"
check "run again, it goes on, whatever half a line it left" payer_batch "$dir/cli.csv" "$dir/cli.yaml" "$dir/cli"
check "each of its rows was signed once" whole "$dir/cli" "$planned" $((before + planned))
check "and once more, it has nothing to do" payer_batch "$dir/cli.csv" "$dir/cli.yaml" "$dir/cli"
check "and does nothing" [ "$(size)" = $((before + planned)) ]
sed -i '5s/"record":"e/"record":"f/' "$dir/cli/.progress.ndjson"
check_not "a progress file with another record in it" payer_batch "$dir/cli.csv" "$dir/cli.yaml" "$dir/cli"

check "the node stops" node_stop
check "fsck is clean" "$qizheng" fsck --dir "$dir/ledger"
ledger_end
