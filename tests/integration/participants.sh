#!/bin/sh
# Registrars change participants by the real programs: suspend, resume, rotate, revoke. What was signed before still verifies, off line; what is signed by a key that
# has ended or is revoked is refused; the ledger is never left without a registrar.
#   sh tests/integration/participants.sh build/san
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

kid() { "$qizheng" key show "$1" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["kid"])'; }

signs() { # NAME KEY [COMMAND PREFIX...]: a contract into $dir/NAME.pdf
    cp "$contracts/task.pdf" "$dir/$1.pdf"
    "$qizheng" notarize "$dir/$1.pdf" --claims "$contracts/task.claims.json" --key "$dir/$2.pem" --as emp-0001
}

verifies() { "$qizheng" verify "$dir/$1.pdf" --receipt "$dir/$1.pdf.receipt.json" --policy "$policy" --lang en; }

registrar() { # COMMAND OPTIONS...: as the registrar, with its key of now
    command=$1
    shift
    "$qizheng" participant "$command" "$@" --as registrar --key "$registrar_key" --lang en
}

member() { # EXPRESSION of the participant p
    curl -sf "$url/v1/participants/emp-0001" | python3 -c "import json,sys; p=json.load(sys.stdin); sys.exit(not ($1))"
}

check "a ledger and an employer" ledger_with_employer
registrar_key=$dir/ledger/keys/registrar.pem
for name in second third registrar2; do "$qizheng" key new --out "$dir/$name.pem" >/dev/null; done
first_kid=$(kid "$dir/emp-0001.pem")
second_kid=$(kid "$dir/second.pem")
check "the first key signs" signs one emp-0001

# rotate
check "a key that is not registered is refused" says 1 "not registered" signs early second
check "a new key is bound by a rotation" registrar rotate --id emp-0001 --jwk "$dir/second.jwk" --out "$dir/rotation"
check "the rotation has a receipt" "$qizheng" verify --receipt "$dir/rotation.receipt.json" --policy "$policy"
check "the new key signs" signs two second
check "the old one still does" signs three emp-0001
check "the new key's receipt verifies" verifies two
check "its issuer chain leads over the rotation to the genesis" python3 - "$dir/two.pdf.receipt.json" <<'PY'
import base64, json, sys
links = json.load(open(sys.argv[1]))["issuer"]
part = links[0]["record"].split(".")[1]
claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
assert len(links) == 2 and claims["act"] == "rotate" and claims["roles"] == ["employer"], claims
assert "genesis" in links[1]
PY
check "a key that the participant does not hold cannot end" says 2 "has no key" registrar rotate --id emp-0001 --end "$(kid "$dir/third.pem")"
check "a rotation that changes nothing is refused" says 2 "Nothing changes" registrar rotate --id emp-0001
check "the old key is given an end" registrar rotate --id emp-0001 --end "$first_kid" --end-at $(($(date +%s) + 1))
sleep 2
check "the key that has ended is refused" says 1 "not valid at ledger time" signs late emp-0001
check "its receipt still verifies" verifies one
check "and a newer one, too" "$qizheng" receipt refresh "$dir/three.pdf.receipt.json" --policy "$policy"
check "which verifies" verifies three
check "the registry shows the end" member "[k.get('to') for k in p['keys'] if k['kid'] == '$first_kid'][0]"

# revoke
check "a reason that nobody has is refused" says 1 "reason" registrar revoke --id emp-0001 --kid "$second_kid" --reason whim
check "the second key is revoked" registrar revoke --id emp-0001 --kid "$second_kid" --reason compromised
check "a revoked key is refused" says 1 "revoked" signs five second
check "twice is refused" says 1 "already" registrar revoke --id emp-0001 --kid "$second_kid" --reason lost
check "what it signed before verifies" verifies two
check "the registry shows it revoked" member "[k['revoked'] for k in p['keys'] if k['kid'] == '$second_kid'] == [True]"
check "a third key takes its place" registrar rotate --id emp-0001 --jwk "$dir/third.jwk"
check "and signs" signs six third

# suspend, resume
check "the employer is suspended" registrar suspend --id emp-0001 --reason under-investigation
check "a suspended employer is refused" says 1 "suspended" signs seven third
check "the registry shows it" member "p['status'] == 'suspended'"
check "it is resumed" registrar resume --id emp-0001 --reason cleared
check "and signs again" signs eight third
check "resumed twice is refused" says 1 "already" registrar resume --id emp-0001 --reason cleared

# the registrar itself
check "a registrar cannot suspend itself" says 1 "suspend itself" registrar suspend --id registrar --reason other
check "nor revoke the key it signs with" says 1 "signs with" registrar revoke --id registrar --kid "$(kid "$registrar_key")" --reason lost
check "nor end it without another" says 1 "left without" registrar rotate --id registrar --end "$(kid "$registrar_key")"
check "it moves to a new key" registrar rotate --id registrar --jwk "$dir/registrar2.jwk"
old_registrar=$registrar_key
registrar_key=$dir/registrar2.pem
check "and revokes the old one with the new" registrar revoke --id registrar --kid "$(kid "$old_registrar")" --reason superseded
check_not "the old key admits nobody" "$qizheng" participant add --id emp-0002 --name 样例 --uscc 91999999FAKE00013K --role employer --jwk "$dir/second.jwk" --as registrar --key "$old_registrar"
"$qizheng" key new --out "$dir/emp-0002.pem" >/dev/null
check "the new one does" registrar add --id emp-0002 --name 样例 --uscc 91999999FAKE00013K --role employer --jwk "$dir/emp-0002.jwk"
cp "$contracts/task.pdf" "$dir/nine.pdf"
check "whoever it admits signs" "$qizheng" notarize "$dir/nine.pdf" --claims "$contracts/task.claims.json" --key "$dir/emp-0002.pem" --as emp-0002
check "a receipt over two registrar keys verifies" verifies nine

# again from disk
check "the node stops" node_stop
check "fsck is clean" "$qizheng" fsck --dir "$dir/ledger"
check "the node starts" node_start
check "a revoked key is still refused" says 1 "revoked" signs ten second
check "an auditor recomputes the log" "$qizheng" audit --url "$url" --policy "$policy" --state "$dir/audit.state"
node_stop
for name in one two three six eight nine; do check "off line: $name" verifies $name; done
ledger_end
