#!/bin/sh
# Two verifiers that share no code must agree: the C one and the one in tests/verifier, on the receipt conformance set, at every limit, on receipts changed at random, and on
# receipts of a real node, signed with each of the four algorithms. MUTATIONS changed receipts (default 1000) of the seed SEED.
#   sh tests/integration/verifier.sh build/san
# also: sanitized
. tests/lib/ledger.sh
ledger_begin "$1"
build=$(cd "$1" && pwd)

make -C "$build" qizheng-verify-lines >"$dir/make.log" 2>&1 || { tail "$dir/make.log"; echo "FAIL the C verifier is built as a filter"; exit 1; }
check "the conformance set is what its generator makes" python3 tests/vectors/make_receipts.py --check
python3 tests/verifier/conformance.py "$build" || bad=1
python3 tests/verifier/limits.py "$build" || bad=1
python3 tests/verifier/mutate.py "$build" --count "${MUTATIONS:-1000}" --seed "${SEED:-qizheng}" || bad=1

# same OUTCOME RECEIPT [DOCUMENT] [OPTIONS...]: both say that outcome, and the same of each step
same() {
    wanted=$1 presented=$2 document=${3:--}
    shift 2
    [ $# = 0 ] || shift
    "$qizheng" verify "$document" --receipt "$presented" --policy "$policy" --json "$@" >"$dir/first.json"
    first=$?
    [ "$document" = - ] || set -- --document "$document" "$@"
    python3 tests/verifier/verify.py "$presented" --policy "$policy" "$@" >"$dir/second.json"
    second=$?
    python3 - "$dir/first.json" "$dir/second.json" "$wanted" $first $second <<'PY'
import json, sys
first, second = (json.load(open(path)) for path in sys.argv[1:3])
steps = [{step["step"]: step["result"] for step in one["steps"]} for one in (first, second)]
print(first["outcome"], second["outcome"], sys.argv[4:], *steps, sep="\n")
status = {"valid": "0", "invalid": "1", "unchecked": "2"}[sys.argv[3]]
sys.exit(not (first["outcome"] == second["outcome"] == sys.argv[3] and steps[0] == steps[1] and sys.argv[4:] == [status, status]))
PY
}

edited() { # RECEIPT EXPRESSION: a copy in $dir/edited.json after that was done to j
    python3 -c "import json, sys; j = json.load(open(sys.argv[1])); exec(sys.argv[3]); json.dump(j, open(sys.argv[2], 'w'))" "$1" "$dir/edited.json" "$2"
}

check "a ledger and an employer" ledger_with_employer
court="--audience https://court.example/cases/1 --nonce 4f2a9c"
number=1
for alg in ES256K Ed25519 ES256 SGD_SM3_SM2; do
    number=$((number + 1))
    who=emp-000$number
    "$qizheng" key new --alg $alg --out "$dir/$who.pem" >/dev/null
    "$qizheng" key new --alg $alg --out "$dir/worker-$alg.pem" >/dev/null
    check "$alg: an employer is admitted" employer_admit "$who" 91999999FAKE00013K "$dir/$who.jwk"
    cp "$contracts/fixed-3-years.pdf" "$dir/$alg.pdf"
    check "$alg: a contract is put on record" "$qizheng" notarize "$dir/$alg.pdf" --claims "$contracts/fixed-3-years.claims.json" --key "$dir/$who.pem" --as "$who" \
        --holder "$dir/worker-$alg.jwk"
    receipt=$dir/$alg.pdf.receipt.json
    check "$alg: both find it valid" same valid "$receipt" "$dir/$alg.pdf"
    check "$alg: and without the document" same valid "$receipt"
    check "$alg: and another document not" same invalid "$receipt" README.md
    # The employer's own chain is the bare minimum: one registrar, one admission.
    check "$alg: a time of its own" edited "$receipt" "j['time'] += 1"
    check "$alg: is refused by both" same invalid "$dir/edited.json"
    check "$alg: a false signature" edited "$receipt" "r = j['record'].split('~'); r[0] = r[0][:-40] + r[0][-40:-20].swapcase() + r[0][-20:]; j['record'] = '~'.join(r)"
    check "$alg: is refused by both" same invalid "$dir/edited.json"
    check "$alg: no issuer chain" edited "$receipt" "del j['issuer']"
    check "$alg: is valid to both, and proves no issuer" same valid "$dir/edited.json" "$dir/$alg.pdf"
    check "$alg: the worker confirms" "$qizheng" acknowledge "$receipt" --key "$dir/worker-$alg.pem"
    check "$alg: which both find valid" same valid "$dir/$alg.pdf.acknowledged.receipt.json" "$dir/$alg.pdf"
    # shellcheck disable=SC2086
    check "$alg: the worker shows one field to a court" "$qizheng" present "$receipt" --only wage_amount --holder-key "$dir/worker-$alg.pem" $court --out "$dir/$alg.court.json"
    # shellcheck disable=SC2086
    check "$alg: to whom both show it valid" same valid "$dir/$alg.court.json" "$dir/$alg.pdf" $court
    check "$alg: and to nobody else" same invalid "$dir/$alg.court.json" "$dir/$alg.pdf" --audience https://other.example --nonce 4f2a9c
    id=$(python3 -c 'import hashlib, json, sys; print(hashlib.sha256(json.load(open(sys.argv[1]))["record"].split("~")[0].rsplit(".", 1)[0].encode()).hexdigest())' "$receipt")
    check "$alg: anybody gets the leaf" curl -sf -o "$dir/public.json" "$url/v1/records/$id/receipt"
    check "$alg: which both find valid" same valid "$dir/public.json"
    check "$alg: and cannot compare with a document" same unchecked "$dir/public.json" "$dir/$alg.pdf"
done
check "older receipts are refreshed" "$qizheng" receipt refresh "$dir/ES256K.pdf.receipt.json" --policy "$policy" --out "$dir/fresh.json"
check "and both find them valid" same valid "$dir/fresh.json" "$dir/ES256K.pdf"
sed 's/^quorum .*/quorum nobody/' "$policy" >"$dir/broken.txt"
policy=$dir/broken.txt
check "without a readable policy neither has an answer" same unchecked "$dir/fresh.json"
ledger_end
