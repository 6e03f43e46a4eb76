#!/bin/sh
# MUTATIONS (default 20,000) receipts changed at random, and both verifiers on each: tests/verifier/mutate.py. SEED (default: the day) draws others.
build=$(cd "$1" && pwd)
make -C "$build" qizheng-verify-lines >/dev/null || { echo "FAIL the C verifier is built as a filter"; exit 1; }
seed=${SEED:-$(date +%F)}
echo "seed $seed"
python3 tests/verifier/mutate.py "$build" --count "${MUTATIONS:-20000}" --seed "$seed"
