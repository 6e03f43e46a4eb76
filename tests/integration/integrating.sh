#!/bin/sh
# docs/INTEGRATING.md runs as it stands: its shell with curl and openssl, its JavaScript with Debian's node-jose.
. tests/lib/ledger.sh
ledger_begin "$1"
PATH=$(dirname "$qizheng"):$PATH
root=$PWD

block() { # block LANGUAGE NUMBER
    awk -v want="$1" -v number="$2" '/^```/ { if (inside) { inside = 0; next } language = substr($0, 4); if (language == want) seen++; inside = 1; take = (language == want && seen == number); next } inside && take' \
        docs/INTEGRATING.md
}

"$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null
check "the node starts" node_start
mkdir "$dir/hr"
cp "$contracts/fixed-3-years.pdf" "$dir/hr/contract.pdf"
cp "$dir/ledger/policy.txt" "$dir/hr/policy.txt"
{
    echo "set -eu; cd '$dir/hr'; URL=$url"
    block sh 1
    echo "cp hr.jwk '$dir/hr.jwk'"
    echo "'$qizheng' participant add --id acme --name 样例 --uscc 91999999FAKE00013K --role employer --jwk hr.jwk --as registrar --key '$dir/ledger/keys/registrar.pem' >/dev/null"
    block sh 2
    block sh 3
    echo "python3 -c \"import json; json.dump(json.load(open('answer.json'))['receipt'], open('contract.receipt.json', 'w'))\""
    block sh 4
} >"$dir/hr.sh"
check "the page has its four blocks of shell" [ "$(grep -c 'openssl\|curl\|qizheng verify' "$dir/hr.sh")" -ge 8 ]
check "with curl and openssl alone, from a key to a verified receipt" sh "$dir/hr.sh"
check "the kid of the page is the one that the ledger knows" sh -c "curl -s '$url/v1/participants/acme' | grep -q \"\$(openssl dgst -sha256 -binary '$dir/hr.jwk' | base64 -w0 | tr '+/' '-_' | tr -d '=')\""

export NODE_PATH="${NODE_PATH:+$NODE_PATH:}/usr/share/nodejs"
if command -v node >/dev/null && node -e 'require("jose")' 2>/dev/null; then
    block js 1 >"$dir/hr/notarize.cjs"
    cat >"$dir/hr/run.cjs" <<'JS'
const { execFileSync } = require('node:child_process')
const { writeFileSync } = require('node:fs')
const jose = require('jose')
const { notarize } = require('./notarize.cjs')
const [qizheng, url, ledger, file] = process.argv.slice(2)
async function main () {
  const keys = await jose.generateKeyPair('ES256K', { extractable: true })
  writeFileSync('js.jwk', JSON.stringify(await jose.exportJWK(keys.publicKey)))
  execFileSync(qizheng, ['participant', 'add', '--id', 'js-hr', '--name', '样例', '--uscc', '91350100M000100Y43', '--role', 'employer', '--jwk', 'js.jwk', '--as', 'registrar',
    '--key', ledger + '/keys/registrar.pem', '--url', url])
  const answer = await notarize(url, keys, 'js-hr', file, { post: '仓库管理员', wage_amount: 620000, worker: { id_type: 'resident-id', id_number: '999999198910250047' } })
  if (answer.findings.some((finding) => finding.result !== 'UNKNOWN')) throw new Error(JSON.stringify(answer.findings))
}
main().catch((error) => { console.error(error); process.exit(1) })
JS
    cp "$contracts/open-ended.pdf" "$dir/hr/js.pdf"
    check "a record made and signed by a JOSE library is admitted" sh -c "cd '$dir/hr' && node run.cjs '$qizheng' '$url' '$dir/ledger' js.pdf"
    check "and verifies with our tools, hidden fields disclosed" sh -c "cd '$dir/hr' && '$qizheng' verify js.pdf --receipt js.pdf.receipt.json --policy policy.txt --json >verdict.json && grep -q 仓库管理员 verdict.json"
    check_not "a changed disclosure does not" sh -c "cd '$dir/hr' && sed 's/\(\"record\":\"[^~]*~.\{30\}\)./\1_/' js.pdf.receipt.json >bad.json && '$qizheng' verify js.pdf --receipt bad.json --policy policy.txt"
else
    echo "FAIL node or its package jose is missing"
    bad=1
fi
cd "$root" || exit 1
ledger_end
