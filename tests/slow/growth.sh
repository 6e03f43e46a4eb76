#!/bin/sh
# A ledger grown to GROWTH (5,000,000) records, measured every half million: rates, latencies, RSS, bytes per record, look-ups, start-up at the end. It stays in KEEP
# (build/growth), and an interrupted run goes on from there. It measures and asserts no speed; figures and curves in build/bench-growth. GROWTH=50000000 wants 80 GB and a day.
set -u
. tests/lib/packages.sh
need curl || exit 1
make -C "$1" qizheng qizhengd qizheng-bench >build/growth.log 2>&1 || { tail build/growth.log; echo "FAIL the bench is built"; exit 1; }
python3 tests/bench/run.py "$1" build/bench-growth --growth "${GROWTH:-5000000}" --keep "${KEEP:-build/growth}" && echo "ok grown to ${GROWTH:-5000000} records"
