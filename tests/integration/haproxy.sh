#!/bin/sh
# The shipped haproxy configuration: it is valid, TLS works for our own tools, callers' addresses come through, and TRICKLING (default 10000) slow connections harm nobody.
. tests/lib/ledger.sh
ledger_begin "$1"
haproxy_pid=""
trap 'kill $haproxy_pid 2>/dev/null; ledger_clean' EXIT

"$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null
printf 'trusted_proxies: "127.0.0.1"\n' >>"$dir/ledger/node.yaml"
sed -i 's/^  level: .*/  level: debug/' "$dir/ledger/node.yaml"
policy=$dir/ledger/policy.txt
check "the node starts" node_start
python3 -c 'import json, sys; sys.path.insert(0, "tests/lib"); from client import Key; print(json.dumps(Key("Ed25519", "haproxy").jwk))' >"$dir/emp.jwk"
check "an employer is admitted" employer_admit emp-0001 91999999FAKE00013K "$dir/emp.jwk"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/tls.key" -out "$dir/tls.crt" -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
cat "$dir/tls.crt" "$dir/tls.key" >"$dir/tls.pem"
front=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
sed "s|bind :8443 ssl crt [^ ]*|bind 127.0.0.1:$front ssl crt $dir/tls.pem|; s|127.0.0.1:8080|127.0.0.1:$port|
    s|^    maxconn 12000|&\n    no strict-limits|" configs/haproxy/haproxy.cfg >"$dir/haproxy.cfg"
# (haproxy wants two descriptors a connection before it starts, although only those few that reach the node take two; a test machine may allow fewer.)
check "addresses, certificate and the descriptors' limit are all that differs here" sh -c '[ "$(diff configs/haproxy/haproxy.cfg "$0" | grep -c "^>")" = 3 ]' "$dir/haproxy.cfg"
check "haproxy finds the configuration valid, without a warning" sh -c 'haproxy -c -f "$0" >"$1" 2>&1 && ! grep -qi warn "$1"' "$dir/haproxy.cfg" "$dir/haproxy.check"
[ ! -s "$dir/haproxy.check" ] || cat "$dir/haproxy.check"
haproxy -db -f "$dir/haproxy.cfg" >"$dir/haproxy.log" 2>&1 &
haproxy_pid=$!
tls=https://localhost:$front
for _ in $(seq 100); do curl -sf --cacert "$dir/tls.crt" -o /dev/null "$tls/healthz" && break; sleep 0.1; done
check "our own tools speak to it" "$qizheng" status --url "$tls" --ca "$dir/tls.crt"
check "and trust no other certificate" sh -c '! "$0" status --url "$1"' "$qizheng" "$tls"
curl -s --cacert "$dir/tls.crt" --interface 127.0.0.77 -H 'X-Forwarded-For: 9.9.9.9' -o /dev/null "$tls/v1/rules"
check "the node's log has the caller's address, and not what he claims" sh -c 'sleep 0.3; grep "route=\"GET /v1/rules\"" "$0" | grep -q "source=127.0.0.77"' "$dir/node.err"
check "an event stream or an answer over HTTP/2 is whole" sh -c 'curl -sf --http2 --cacert "$0" "$1/v1/types" | python3 -m json.tool >/dev/null' "$dir/tls.crt" "$tls"
python3 tests/integration/haproxy.py "$front" "$dir/tls.crt" "$url" emp-0001 "${TRICKLING:-10000}" || bad=1
check "the node never ran out of threads" curl -sf -m 5 -o /dev/null "$url/readyz"
ledger_end
