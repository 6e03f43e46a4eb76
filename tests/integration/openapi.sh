#!/bin/sh
# also: sanitized
# /openapi.json is whole, and a node answers every request, good or bad, as it says there.
. tests/lib/ledger.sh
ledger_begin "$1"

check "a node with an employer" ledger_with_employer
check "a contract on record" notarize fixed-1-year
python3 - "$dir" <<'PY'
import json, sys
sys.path.insert(0, "tests/lib")
from client import Key
json.dump(Key("Ed25519", "walker").jwk, open(f"{sys.argv[1]}/walker.jwk", "w"))
PY
check "the walker's own employer" employer_admit emp-walk 91350100M000100Y43 "$dir/walker.jwk"
python3 tests/integration/openapi.py "$url" "$dir/fixed-1-year.pdf.receipt.json" || bad=1
check "the node is still ready" curl -sf "$url/readyz"
ledger_end
