#!/bin/sh
# A month of a small agency, by the real programs: keys and registrations, contracts with workers who confirm them, a payroll with a duplicate that is caught, a rotated and a lost key,
# a correction, a court's verification, an auditor's recomputation, and the accounts at its end. README.md shows it in one screen.
. tests/lib/ledger.sh
. tests/lib/payments.sh
ledger_begin "$1"

says() { # STATUS WORDS COMMAND...
    wanted=$1 words=$2
    shift 2
    "$@" >"$dir/said" 2>&1
    got=$?
    cat "$dir/said"
    [ $got = "$wanted" ] && grep -qF -- "$words" "$dir/said"
}
holds() { # EXPRESSION COMMAND...: of the JSON j that the command prints
    expression=$1
    shift
    "$@" --json >"$dir/answer.json" 2>"$dir/said" || [ $? = 1 ] || { cat "$dir/said"; return 2; }
    python3 -c 'import json, sys; j = json.load(open(sys.argv[1], encoding="utf-8")); sys.exit(not eval(sys.argv[2]))' "$dir/answer.json" "$expression" ||
        { head -c 1500 "$dir/answer.json"; return 1; }
}
id_of() { python3 -c 'import hashlib, json, sys; print(hashlib.sha256(json.load(open(sys.argv[1], encoding="utf-8"))["record"].split("~")[0].rsplit(".", 1)[0].encode()).hexdigest())' "$1"; }
registrar() { "$qizheng" participant "$@" --as registrar --key "$dir/ledger/keys/registrar.pem"; }
admit() { # ID ROLE USCC NAME
    "$qizheng" key new --out "$dir/$1.pem" >/dev/null && registrar add --id "$1" --role "$2" --uscc "$3" --name "$4" --jwk "$dir/$1.jwk" >/dev/null
}
as() { # WHO COMMAND...: a read with a token
    who=$1
    shift
    "$qizheng" "$@" --as "$who" --key "$dir/$who.pem" --purpose month-end
}

# -- day 1: a ledger and who takes part in it --

check "a ledger is made" "$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 --operator 样例市人社局
policy=$dir/ledger/policy.txt
check "its node starts" node_start
check "an employer is registered" admit works employer 91999999FAKE00013K 样例机械厂
check "the pension fund" admit fund payer 91512081MA62K0260E 样例社保中心
check "a court" admit court court 91350100M000100Y43 样例区法院
check "an auditor" admit auditor auditor 91350100M000100Y43 样例审计局

# -- days 2 to 5: contracts; names and numbers stay with the parties --

"$qizheng" key new --alg ES256 --out "$dir/worker.pem" >/dev/null
"$qizheng" key new --alg ES256 --out "$dir/worker2.pem" >/dev/null
printf '11010519491231002X\n' >"$dir/worker.id"
printf '440524188001010014\n' >"$dir/worker2.id"
chmod 600 "$dir"/*.id
conclude() { # NAME SAMPLE WORKER
    cp "$contracts/$2.pdf" "$dir/$1.pdf"
    "$qizheng" notarize "$dir/$1.pdf" --claims "$contracts/$2.claims.json" --key "$dir/works.pem" --as works --holder "$dir/$3.jwk" \
        --tag-of "worker=labour:resident-id:$dir/$3.id"
}
check "a contract is put on record" conclude wang fixed-3-years worker
check "a second one" conclude li fixed-1-year worker2
check "its worker confirms it with an own key" "$qizheng" acknowledge "$dir/wang.pdf.receipt.json" --key "$dir/worker.pem" --out "$dir/wang.confirmed"
check "what was put on record names nobody" sh -c '! grep -qaE "11010519491231002X|样例工人" "$0"/data/bodies/*' "$dir/ledger"

# -- day 10: pensions are determined, day 15: they are paid --

cat >"$dir/determine.yaml" <<'YAML'
encoding: gb18030
type: benefit
act: determine
claims:
  item: {const: pension-monthly}
  kind: {const: monthly}
  start_period: {const: 2026-11, kind: period}
  basis: {const: 社会保险法第十六条}
  decided_at: {column: 核定日期, kind: date}
  person_name: {column: 姓名}
  amount: {column: 金额, kind: yuan}
hide: [person_name, amount]
tags:
  person: {domain: benefit, id_type: resident-id, column: 证件号}
YAML
sed 's/act: determine/act: disburse/; /kind: {const/d; /start_period/d; /basis/d; /decided_at/d
    s/^claims:/claims:\n  period: {const: 2026-11, kind: period}\n  batch_no: {const: P-2026-11}\n  result: {const: paid}/' "$dir/determine.yaml" >"$dir/pay.yaml"
python3 - "$dir" <<'PY'
import sys
def resident(number):
    body = f"440524{1950 + number % 10}01{1 + number % 28:02d}{number:03d}"
    return body + "10X98765432"[sum(int(c) * 2 ** (17 - i) for i, c in enumerate(body)) % 11]
rows = [f"{resident(n)},样例{n:03d},2026-11-10,{3000 + n}.{n % 100:02d}" for n in range(120)]
head = "证件号,姓名,核定日期,金额"
write = lambda name, lines: open(f"{sys.argv[1]}/{name}", "w", encoding="gb18030", newline="").write("\r\n".join([head, *lines]) + "\r\n")
write("determine.csv", rows)
write("pay.csv", rows[:70] + [rows[30]] + rows[70:])  # line 72 pays the person of line 32 once more
open(f"{sys.argv[1]}/planted", "w").write("72\n")
PY
check "120 pensions are determined from a table" "$qizheng" batch "$dir/determine.csv" --map "$dir/determine.yaml" --key "$dir/fund.pem" --as fund --out "$dir/determined"
check "121 payments: one is refused" says 1 "" "$qizheng" batch "$dir/pay.csv" --map "$dir/pay.yaml" --key "$dir/fund.pem" --as fund --out "$dir/paid" --close
check "the one that pays a person twice" refused_are "$dir/paid"
check "the others have a receipt each, and the pay run has one" [ "$(find "$dir/paid" -name '*.receipt.json' | wc -l)" = 121 ]

# -- day 18: the employer changes its key; day 19: the old one is lost --

"$qizheng" key new --alg ES256 --out "$dir/works-new.pem" >/dev/null
check "a new key is bound" registrar rotate --id works --jwk "$dir/works-new.jwk"
old_kid=$("$qizheng" key show "$dir/works.jwk" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["kid"])')
check "the old one is revoked" registrar revoke --id works --kid "$old_kid" --reason compromised
check "what it signed before is good for ever" "$qizheng" verify "$dir/wang.pdf" --receipt "$dir/wang.pdf.receipt.json" --policy "$policy"
cp "$contracts/task.pdf" "$dir/forged.pdf"
check "what a thief signs with it is refused" says 1 "key_revoked" "$qizheng" notarize "$dir/forged.pdf" --claims "$contracts/task.claims.json" --key "$dir/works.pem" --as works --json
mv "$dir/works-new.pem" "$dir/works.pem"

# -- day 20: an amendment, and a correction of it --

follow() { # NAME ACT OPTIONS...
    to=$1 act=$2
    shift 2
    "$qizheng" notarize "$contracts/task.pdf" --type labour-contract --act "$act" --key "$dir/works.pem" --as works --out "$dir/$to" \
        --set 'changed_fields=["wage_amount"]' --set 'signatures=[{"role":"employer"},{"role":"worker"}]' "$@"
}
contract=$(id_of "$dir/wang.pdf.receipt.json")
check "the contract is amended" follow amended amend --ref "$(id_of "$dir/wang.confirmed.receipt.json")" --set effective_date=2026-12-01 --hide wage_amount=9000000
amended=$(id_of "$dir/amended.receipt.json")
check "a sum was mistyped: it is corrected" follow corrected correct --ref "$amended" --replaces "$amended" --set effective_date=2026-12-01 --hide wage_amount=900000
check "the other contract is ended" "$qizheng" notarize "$contracts/task.pdf" --type labour-contract --act rescind --key "$dir/works.pem" --as works --out "$dir/ended" \
    --ref "$(id_of "$dir/li.pdf.receipt.json")" --set reason_code=36 --set date=2026-11-20

# -- day 24: a court --

check "the court finds the contract in force, and by which records" holds 'j["in_force"] and len(j["records"]) >= 2' as court contract "$contract" --on 2027-01-15
check "and the other one no longer" says 1 "" as court contract "$(id_of "$dir/li.pdf.receipt.json")" --on 2026-12-01
check "another employer may not look" sh -c '"$0" key new --out "$1/other.pem" >/dev/null && "$0" participant add --id other --role employer --uscc 91999999FAKE00013K --name 别家 --jwk "$1/other.jwk" --as registrar --key "$1/ledger/keys/registrar.pem" >/dev/null && ! "$0" show "$2" --as other --key "$1/other.pem"' "$qizheng" "$dir" "$contract"
check "the worker shows the court wage and post, and nothing else" "$qizheng" present "$dir/wang.pdf.receipt.json" --only wage_amount,post --holder-key "$dir/worker.pem" \
    --audience 样例区法院 --nonce case-2026-117 --out "$dir/shown.json"
court() { "$qizheng" verify "$dir/wang.pdf" --receipt "$dir/shown.json" --policy "$policy" --audience 样例区法院 --nonce "$1" --lang zh; }

# -- the month's end --

check "an auditor recomputes the whole public log" "$qizheng" audit --url "$url" --policy "$policy" --state "$dir/audit.state"
size=$(curl -s "$url/checkpoint" | sed -n 2p)
check "the auditor's list of the fund's records is complete" holds "j['size'] == $size and len(j['records']) == 241" as auditor list --issuer fund --all
check "the fund's own is the same" holds "len(j['records']) == 241" as fund list --all
check "statistics count what was paid" says 0 "120" as auditor statistics --type benefit
check "a light for the clerk" says 0 "GREEN 绿灯" "$qizheng" status
check "the node stops" node_stop
check "the court verifies off line, the node gone" says 0 "上链后未经篡改" court case-2026-117
check "not under another case's number" says 1 "disclosures" court case-2026-118
check "every payment's receipt verifies off line" "$qizheng" verify --receipts "$dir/paid" --policy "$policy"
check "every determination's, too" "$qizheng" verify --receipts "$dir/determined" --policy "$policy"
check "the confirmation shows whose key it is, and who says so" says 0 "works" "$qizheng" verify --receipt "$dir/wang.confirmed.receipt.json" --policy "$policy"
check "fsck recomputes everything from leaves and bodies" "$qizheng" fsck --dir "$dir/ledger"
check "no name and no number is in the ledger" sh -c '! grep -rqaE "样例0[0-9][0-9]|4405241950|11010519491231002X" "$0/data" "$1"' "$dir/ledger" "$dir/node.log"
ledger_end
