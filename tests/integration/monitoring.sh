#!/bin/sh
# Alerts and dashboard ask only for metrics and labels that a node has.
. tests/lib/ledger.sh
ledger_begin "$1"

check "a node with an employer" ledger_with_employer
check "a contract on record" notarize fixed-1-year
check "a refused record" sh -c 'curl -s -o "$1/refused" -H "Content-Type: application/jose" --data-binary a.b.c "$0/v1/records"; grep -q urn:qizheng:problem "$1/refused"' "$url" "$dir"
curl -s "$url/metrics" >"$dir/metrics"
python3 tests/integration/monitoring.py "$dir/metrics" || bad=1
if command -v promtool >/dev/null; then
    check "promtool takes the alerts" promtool check rules configs/prometheus/alerts.yaml
else
    echo "skipped promtool: not installed"
fi
ledger_end
