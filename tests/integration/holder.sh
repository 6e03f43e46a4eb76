#!/bin/sh
# A worker's own key by the real programs: an employer names it in a contract and hides the fields, the worker confirms the contract, and shows wage and place alone to a
# court, bound to the court's name and nonce. Nothing else passes: another nonce, another audience, the same file again, a changed selection, another key.
#   sh tests/integration/holder.sh build/san
# also: sanitized
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

member() { # FILE EXPRESSION of j
    python3 -c "import json,sys; j=json.load(open(sys.argv[1])); sys.exit(not ($2))" "$1"
}

kid() { "$qizheng" key show "$1" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["kid"])'; }
head_of() { python3 -c 'import hashlib,json,sys; print(hashlib.sha256(json.load(open(sys.argv[1]))["record"].split("~")[0].rsplit(".", 1)[0].encode()).hexdigest())' "$1"; }
court="--audience https://court.example/cases/1 --nonce 4f2a9c"
registrar() {
    command=$1
    shift
    "$qizheng" participant "$command" "$@" --as registrar --key "$dir/ledger/keys/registrar.pem" --lang en
}
contract() { # NAME [OPTIONS...]
    cp "$contracts/fixed-3-years.pdf" "$dir/$1.pdf"
    name_=$1
    shift
    "$qizheng" notarize "$dir/$name_.pdf" --claims "$contracts/fixed-3-years.claims.json" --key "$dir/emp-0001.pem" --as emp-0001 --lang en "$@"
}
verifies() { # RECEIPT OPTIONS...
    receipt=$1
    shift
    "$qizheng" verify --receipt "$receipt" --policy "$policy" --lang en "$@"
}

ask() { # RECEIPT [DEMAND]
    { printf '{"receipt":'; cat "$1"; [ -z "${2:-}" ] || printf ',"key_binding":%s' "$2"; printf '}'; } >"$dir/question.json"
    curl -s "$url/v1/verifications" -H 'Content-Type: application/json' --data-binary "@$dir/question.json" >"$dir/answer.json"
}

check "a ledger and an employer" ledger_with_employer
for name in worker thief; do "$qizheng" key new --out "$dir/$name.pem" --alg ES256 >/dev/null; done
printf 'geheim\n' >"$dir/passphrase"
chmod 600 "$dir/passphrase"
"$qizheng" key new --out "$dir/locked.pem" --passphrase-file "$dir/passphrase" >/dev/null

# the contract, and the worker's confirmation
check "a contract names the worker's key" contract one --holder "$dir/worker.jwk"
check "its receipt verifies" verifies "$dir/one.pdf.receipt.json"
check "a contract without a holder" contract none
check_not "the employer cannot name its own key" contract own --holder "$dir/emp-0001.jwk"
check "without a holder nothing is confirmed" says 2 "names no holder" "$qizheng" acknowledge "$dir/none.pdf.receipt.json" --key "$dir/worker.pem"
check "another key does not confirm" says 2 "another key as its holder" "$qizheng" acknowledge "$dir/one.pdf.receipt.json" --key "$dir/thief.pem"
check "the worker confirms" "$qizheng" acknowledge "$dir/one.pdf.receipt.json" --key "$dir/worker.pem"
word=$dir/one.pdf.acknowledged.receipt.json
check "what was confirmed verifies off line, with the document" "$qizheng" verify "$dir/one.pdf" --receipt "$word" --policy "$policy" --lang en
check "and the verdict says whose claim the key is" says 0 "claim of participant emp-0001" verifies "$word"
verifies "$word" --json >"$dir/word.json"
check "iss is the key's URI" member "$dir/word.json" "j['record']['issuer'] == 'urn:ietf:params:oauth:jwk-thumbprint:sha-256:$(kid "$dir/worker.pem")' and j['record']['named_by'] == 'emp-0001' and j['record']['act'] == 'acknowledge'"
check "the chain leads over the contract" member "$word" "len(j['issuer']) == 3 and j['issuer'][0]['record'] == json.load(open('$dir/one.pdf.receipt.json'))['record'].split('~')[0]"
check "a second time is refused" says 1 "newest record" "$qizheng" acknowledge "$dir/one.pdf.receipt.json" --key "$dir/worker.pem" --out "$dir/again"
check "a confirmation is not confirmed" says 2 "names no holder" "$qizheng" acknowledge "$word" --key "$dir/worker.pem" --out "$dir/third"
check "the node is asked" ask "$dir/one.pdf.receipt.json"
check "the contract is in force as before, the confirmation its newest record" member "$dir/answer.json" "j['status']['status'] == 'in_force' and j['status']['head'] == '$(head_of "$word")'"
printf '{"type":"labour-contract","act":"amend","set":{"changed_fields":["post"],"effective_date":"2027-03-01"}}' >"$dir/amend.json"
amend() { "$qizheng" notarize "$dir/one.pdf" --claims "$dir/amend.json" --key "$dir/emp-0001.pem" --as emp-0001 --lang en "$@"; }
check "the employer goes on from the confirmation, not past it" says 1 "newest record" amend --ref "$(head_of "$dir/one.pdf.receipt.json")" --out "$dir/past"
check "and names the key again in an amendment" amend --ref "$(head_of "$word")" --out "$dir/amended" --holder "$dir/worker.jwk"
check "which the worker confirms, too" "$qizheng" acknowledge "$dir/amended.receipt.json" --key "$dir/worker.pem"
check "a worker's key may have a passphrase" contract two --holder "$dir/locked.jwk"
check "and confirms with it" "$qizheng" acknowledge "$dir/two.pdf.receipt.json" --key "$dir/locked.pem" --passphrase-file "$dir/passphrase" --out "$dir/two"
chmod 644 "$dir/worker.pem"
check "a key that others can read is refused" says 2 "chmod 600" "$qizheng" present "$dir/one.pdf.receipt.json" --only wage_amount --holder-key "$dir/worker.pem" $court --out "$dir/x.json"
chmod 600 "$dir/worker.pem"

# the court asks, the worker shows
check "the worker shows two fields to the court" "$qizheng" present "$dir/one.pdf.receipt.json" --only wage_amount,place --holder-key "$dir/worker.pem" $court --out "$dir/court.json"
check "the court verifies" "$qizheng" verify "$dir/one.pdf" --receipt "$dir/court.json" --policy "$policy" $court
verifies "$dir/court.json" $court --json >"$dir/court.verdict.json"
check "and sees these two alone" member "$dir/court.verdict.json" "sorted(j['record']['disclosed']) == ['place', 'wage_amount'] and j['key_binding']['demanded'] and j['key_binding']['nonce'] == '4f2a9c'"
check "nobody asked: it is said" says 0 "not asked" verifies "$dir/court.json"
check "another nonce is refused" says 1 "another nonce" verifies "$dir/court.json" --audience https://court.example/cases/1 --nonce 4f2a9d
check "another audience is refused" says 1 "another verifier" verifies "$dir/court.json" --audience https://other.example --nonce 4f2a9c
sleep 2
check "an old one is refused" says 1 "too old" verifies "$dir/court.json" $court --max-age 1
check "unless the court takes any age" verifies "$dir/court.json" $court --max-age 0
check "a receipt that nobody bound is refused" says 1 "carries none" verifies "$dir/one.pdf.receipt.json" $court
check "a thief cannot bind it" says 2 "another key as its holder" "$qizheng" present "$dir/one.pdf.receipt.json" --only wage_amount --holder-key "$dir/thief.pem" $court --out "$dir/x.json"
check "--audience alone is no demand" says 2 "go together" verifies "$dir/court.json" --audience a
check "nor does it bind" says 2 "go together" "$qizheng" present "$dir/one.pdf.receipt.json" --only "" --audience a --nonce b --out "$dir/x.json"
check "what was bound is not narrowed" says 2 "leave --disclose" verifies "$dir/court.json" --disclose wage_amount
python3 - "$dir/court.json" "$dir/one.pdf.receipt.json" "$dir" <<'PY'
import json, sys
bound, whole = (json.load(open(path)) for path in sys.argv[1:3])
parts = bound["record"].split("~")
def save(name, record):
    json.dump(dict(bound, record=record), open(sys.argv[3] + "/" + name + ".json", "w"), ensure_ascii=False)
save("dropped", "~".join(parts[:1] + parts[2:]))
save("swapped", "~".join([parts[0], parts[2], parts[1], parts[3]]))
save("added", "~".join(parts[:3] + [d for d in whole["record"].split("~")[1:-1] if d not in parts][:1] + parts[3:]))
save("stripped", "~".join(parts[:3]) + "~")
PY
for edit in dropped swapped added; do
    check "a selection that was edited is refused: $edit" says 1 "another presentation" verifies "$dir/$edit.json" $court
    check "also where nobody asks: $edit" says 1 "another presentation" verifies "$dir/$edit.json"
done
check "without its binding it is a plain receipt" verifies "$dir/stripped.json"
check "which the court refuses" says 1 "carries none" verifies "$dir/stripped.json" $court
check "a bound receipt can be shown anew" "$qizheng" present "$dir/court.json" --only wage_amount --holder-key "$dir/worker.pem" --audience b --nonce c --out "$dir/next.json"
check "to the next one alone" verifies "$dir/next.json" --audience b --nonce c
check "a refreshed proof keeps the binding" "$qizheng" receipt refresh "$dir/court.json" --policy "$policy" --out "$dir/fresh.json"
check "and the court verifies that" verifies "$dir/fresh.json" $court

# the node judges it, too
ask "$dir/court.json" '{"audience":"https://court.example/cases/1","nonce":"4f2a9c"}'
check "a node judges what was demanded" member "$dir/answer.json" "j['verdict']['outcome'] == 'valid' and j['verdict']['key_binding']['demanded'] and j['status']['status'] == 'in_force'"
ask "$dir/court.json"
check "and reports what nobody demanded" member "$dir/answer.json" "j['verdict']['outcome'] == 'valid' and not j['verdict']['key_binding']['demanded']"
ask "$dir/court.json" '{"audience":"https://court.example/cases/1","nonce":"x"}'
check "another nonce is not valid there" member "$dir/answer.json" "j['verdict']['outcome'] == 'invalid' and 'key_binding' not in j['verdict']"

# an independent reader and writer of SD-JWT+KB, after RFC 9901, on Debian's node-jose
export NODE_PATH="${NODE_PATH:+$NODE_PATH:}/usr/share/nodejs"
cat >"$dir/sdjwt.cjs" <<'JS'
const { createHash } = require('node:crypto')
const { readFileSync, writeFileSync } = require('node:fs')
const jose = require('jose')
const hash = (text) => createHash('sha256').update(text, 'ascii').digest('base64url')
const [what, file, key, out] = process.argv.slice(2)
const receipt = JSON.parse(readFileSync(file))
const cut = receipt.record.lastIndexOf('~') + 1
const [presentation, kb] = [receipt.record.slice(0, cut), receipt.record.slice(cut)]
async function verify () {
  const claims = jose.decodeJwt(presentation.split('~')[0])
  for (const disclosure of presentation.split('~').slice(1, -1)) if (!claims._sd.includes(hash(disclosure))) throw new Error('a disclosure is not in _sd')
  const { payload } = await jose.jwtVerify(kb, await jose.importJWK(claims.cnf.jwk, 'ES256'), { typ: 'kb+jwt', audience: 'https://court.example/cases/1', maxTokenAge: 300 })
  if (payload.nonce !== '4f2a9c' || payload.sd_hash !== hash(presentation)) throw new Error('bound to something else')
}
async function present () {
  const secret = await jose.importPKCS8(readFileSync(key, 'utf8'), 'ES256')
  const bound = await new jose.SignJWT({ nonce: '4f2a9c', sd_hash: hash(presentation) }).setProtectedHeader({ typ: 'kb+jwt', alg: 'ES256' })
    .setIssuedAt().setAudience('https://court.example/cases/1').sign(secret)
  writeFileSync(out, JSON.stringify({ ...receipt, record: presentation + bound }))
}
const doing = { verify, present }[what]
doing().catch((error) => { console.error(error); process.exit(1) })
JS
check "a JOSE library verifies our key binding" node "$dir/sdjwt.cjs" verify "$dir/court.json"
check_not "and not an edited one" node "$dir/sdjwt.cjs" verify "$dir/dropped.json"
check "and makes one" node "$dir/sdjwt.cjs" present "$dir/stripped.json" "$dir/worker.pem" "$dir/js.json"
check "which we verify" verifies "$dir/js.json" $court
check "a thief's is refused" node "$dir/sdjwt.cjs" present "$dir/stripped.json" "$dir/thief.pem" "$dir/js.json"
check "for its key" says 1 "names in cnf" verifies "$dir/js.json" $court

# whatever becomes of the employer
check "a third contract" contract three --holder "$dir/thief.jwk"
check "the employer's key is revoked" registrar revoke --id emp-0001 --kid "$(kid "$dir/emp-0001.pem")" --reason lost
check "and the employer suspended" registrar suspend --id emp-0001 --reason under-investigation
check "the worker confirms all the same" "$qizheng" acknowledge "$dir/three.pdf.receipt.json" --key "$dir/thief.pem"
check "and has a receipt that verifies" verifies "$dir/three.pdf.acknowledged.receipt.json"

# again from disk
check "the node stops" node_stop
check "fsck is clean" "$qizheng" fsck --dir "$dir/ledger"
check "the node starts" node_start
check "an auditor recomputes the log" "$qizheng" audit --url "$url" --policy "$policy" --state "$dir/audit.state"
check "the same confirmation again is known" "$qizheng" receipt "$(head_of "$word")"
ledger_end
