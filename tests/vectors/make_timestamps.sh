#!/bin/sh
# Makes receipts/timestamps.json: RFC 3161 tokens over the checkpoint of receipts/good.json, with the certificates to check them by.
# Needs openssl and python3. Keys and times are new on every run, so the file differs each time; the private keys are not kept.
#
#   anchor          the root, PEM         intermediate   the authority's issuer, PEM      authority   the authority's own certificate, PEM
#   other_anchor    a root that has nothing to do with it
#   sha256, sm3     tokens, base64        bare   a token without certificates            sha1   a token over a weak digest
#   other_data      a good token over other bytes       not_for_time   signed by a certificate without the time-stamping purpose
set -eu
cd "$(dirname "$0")/receipts"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

python3 - good.json >"$dir/checkpoint" <<'PY'
import json, sys
sys.stdout.write(json.load(open(sys.argv[1]))["proof"].split("\n\n", 1)[1])
PY
printf 'other bytes' >"$dir/other"

cat >"$dir/ts.cnf" <<'CNF'
[ tsa ]
default_tsa = t
[ t ]
serial = ./serial
default_policy = 1.2.3.4.1
digests = sha1, sha256, sm3
signer_digest = sha256
accuracy = secs:2, millisecs:500
ess_cert_id_alg = sha256
[ root ]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[ stamp ]
extendedKeyUsage = critical, timeStamping
[ plain ]
extendedKeyUsage = clientAuth
CNF

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/$1.key" 2>/dev/null; }
root() { key "$1" && openssl req -new -x509 -key "$dir/$1.key" -subj "/CN=$1" -days 3650 -out "$dir/$1.pem" -config /dev/null -addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign 2>/dev/null; }
signed() { # signed NAME BY EXTENSIONS
    key "$1"
    openssl req -new -key "$dir/$1.key" -subj "/CN=$1" -config /dev/null -out "$dir/$1.csr" 2>/dev/null
    openssl x509 -req -in "$dir/$1.csr" -CA "$dir/$2.pem" -CAkey "$dir/$2.key" -set_serial "$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')" -days 3650 -extfile "$dir/ts.cnf" -extensions "$3" -out "$dir/$1.pem" 2>/dev/null
}
token() { # token NAME DIGEST DATA SIGNER QUERY-OPTIONS
    name=$1 digest=$2 data=$3 signer=$4
    shift 4
    (cd "$dir" && openssl ts -query -data "$data" "-$digest" "$@" -out query 2>/dev/null &&
        openssl ts -reply -config ts.cnf -queryfile query -signer "$signer.pem" -inkey "$signer.key" -chain intermediate.pem -token_out -out "$name.token" 2>/dev/null)
}

root anchor
root other_anchor
signed intermediate anchor root
signed authority intermediate stamp
signed plain intermediate plain
echo 01 >"$dir/serial"
token sha256 sha256 checkpoint authority -cert
token sm3 sm3 checkpoint authority -cert
token bare sha256 checkpoint authority
token sha1 sha1 checkpoint authority -cert
token other_data sha256 other authority -cert
# `openssl ts` refuses to sign with a certificate that is not for time stamping, so that token is put together as CMS by hand.
openssl cms -sign -nodetach -binary -econtent_type 1.2.840.113549.1.9.16.1.4 -signer "$dir/plain.pem" -inkey "$dir/plain.key" -certfile "$dir/intermediate.pem" -outform DER -cades -md sha256 \
    -in "$(openssl cms -verify -noverify -inform DER -in "$dir/sha256.token" -out "$dir/info" 2>/dev/null && echo "$dir/info")" -out "$dir/not_for_time.token" 2>/dev/null

python3 - "$dir" >timestamps.json <<'PY'
import base64, json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
made = {name: (folder / f"{name}.pem").read_text() for name in ("anchor", "intermediate", "authority", "other_anchor")}
for name in ("sha256", "sm3", "bare", "sha1", "other_data", "not_for_time"):
    made[name] = base64.b64encode((folder / f"{name}.token").read_bytes()).decode()
print(json.dumps(made, indent=1))
PY
