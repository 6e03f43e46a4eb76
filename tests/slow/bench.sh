#!/bin/sh
# The bench (tests/bench/run.py) on this machine, with PostgreSQL and etcd beside it: BENCH_OPTIONS are handed on. It measures and asserts no speed; results in build/bench.
set -u
. tests/lib/packages.sh
need postgresql etcd-server curl || exit 1
make -C "$1" qizheng qizhengd qizheng-bench >build/bench.log 2>&1 || { tail build/bench.log; echo "FAIL the bench is built"; exit 1; }
# shellcheck disable=SC2086
python3 tests/bench/run.py "$1" build/bench ${BENCH_OPTIONS:---peers} && echo "ok measured"
