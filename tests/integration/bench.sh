#!/bin/sh
# The bench itself, on figures too small to mean anything: its plots, growth that is interrupted and goes on, and proofs that a third party gets.
. tests/lib/ledger.sh
ledger_begin "$1"
build=$(cd "$1" && pwd)

mkdir "$dir/plots"
python3 tests/integration/plots.py "$dir/plots" || bad=1
check "the bench is built" make -C "$build" qizheng-bench

# -- growth --
grow() { python3 tests/bench/run.py "$build" "$dir/out" --growth "$1" --step 600 --keep "$dir/keep" >"$dir/grow.log" 2>&1; }
lines() { grep -c . "$dir/keep/growth.jsonl" 2>/dev/null || echo 0; }
python3 tests/bench/run.py "$build" "$dir/out" --growth 100000 --step 600 --keep "$dir/keep" >"$dir/grow.log" 2>&1 &
growing=$!
tries=0
while [ "$(lines)" -lt 2 ] && [ $tries -lt 600 ]; do sleep 0.1; tries=$((tries + 1)); done
kill -9 $growing
wait $growing 2>/dev/null
measured=$(lines)
check "growth is killed on its way" [ "$measured" -ge 2 ]
printf '{"records":123,"upl' >>"$dir/keep/growth.jsonl"
check "it goes on" grow $((measured * 600 + 1500))
check "from where it was" grep -q "goes on at" "$dir/grow.log"
check "and says how the last step is beside the first, and the goals" sh -c 'grep -q "upload rate: [0-9]*% of the first; goal at least 80: " "$0" && grep -q "p99 of single POSTs: .* goal at most 2: " "$0" && grep -q "start: .* s; goal at most 2: " "$0"' "$dir/grow.log"
check "each step has all of its figures, and the half line is gone" python3 - "$dir" "$measured" <<'PY'
import json, sys
lines = [json.loads(line) for line in open(f"{sys.argv[1]}/keep/growth.jsonl")]
names = "records upload_per_second single_per_second p50_us p90_us p99_us p999_us max_us lookup_per_second lookup_p99_us rss rss_own bytes_per_record".split()
assert len(lines) > int(sys.argv[2]) and all(line[name] > 0 for line in lines for name in names), lines
sizes = [line["records"] for line in lines]
assert sizes == sorted(set(sizes)) and 123 not in sizes, sizes
assert all(line["p50_us"] <= line["p90_us"] <= line["p99_us"] <= line["p999_us"] <= line["max_us"] for line in lines)
results = json.load(open(f"{sys.argv[1]}/out/results.json"))
assert results["growth"] == lines and results["growth_compared"]["start_seconds"] > 0 and results["growth_compared"]["records"] == sizes[-1]
PY
check "its curve is drawn" sh -c 'grep -q "records in the ledger" "$0/out/growth.svg"' "$dir"
before=$(lines)
check "a ledger that has grown far enough" grow 600
check "is left as it is" [ "$(lines)" = "$before" ]
check "the ledger is whole" "$qizheng" fsck --dir "$dir/keep/ledger"

# -- proofs --
"$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null
node_start
"$qizheng" key new --out "$dir/payer.pem" >/dev/null
check "a payer is admitted" "$qizheng" participant add --id payer --name 样例社保中心 --uscc 91999999FAKE00013K --role payer --jwk "$dir/payer.jwk" --as registrar --key "$dir/ledger/keys/registrar.pem"
ledger=$(curl -s "$url/v1/status" | sed -n 's/.*"ledger":"\([0-9a-f]*\)".*/\1/p')
load() { "$build/qizheng-bench" "$@" --port "$port" --pid "$node_pid" --ledger "$ledger" --issuer payer --key "$dir/payer.pem" --period 2026-11 --batch B1; }
load proof --connections 8 --records 300 >"$dir/proof.json" 2>"$dir/said" || cat "$dir/said"
check "submit-to-proof is not before submit-to-final, for each of 300 records" python3 -c 'import json,sys; a=json.load(open(sys.argv[1])); f=a["submit_to_final"]; sys.exit(not (a["units"] == 300 and 0 < f["p50_us"] <= a["p50_us"] and f["max_us"] <= a["max_us"]))' "$dir/proof.json"
load upload --records 1750 --per 100 >"$dir/upload.json" 2>"$dir/said" || cat "$dir/said"
check "more uploads than may wait at once are sent in turn" python3 -c 'import json,sys; a=json.load(open(sys.argv[1])); sys.exit(not (a["units"] == 1750 and a["per_second"] > 0 and a["node_rss"] > 0))' "$dir/upload.json"
ledger_end
