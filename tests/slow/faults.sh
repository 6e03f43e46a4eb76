#!/bin/sh
# The whole fault table of the node (tests/unit/node_faults.c): every durable step, each time it is taken in a day of a small ledger, failing undone and failing although it was
# persisted, broken and full, with a caller that goes on and with a restart. The normal tests run a part of it.
set -u
cd "$(dirname "$0")/../.." || exit 2
tree=build/asan
cmake -S . -B $tree -DQIZHENG_WERROR=ON -DQIZHENG_SANITIZE=ON >$tree.log 2>&1 && make -C $tree -j"$(nproc)" test_node_faults >>$tree.log 2>&1 ||
    { tail -n 20 $tree.log; echo "FAIL the sanitized build"; exit 1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
QIZHENG_FAULTS=all ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 $tree/test_node_faults >"$log" 2>&1
status=$?
rows=$(grep -ac '^the whole log holds' "$log")
if [ $status = 0 ] && [ "$rows" -gt 0 ]; then
    echo "ok the whole log holds after each of $rows faults"
    grep -a '^not reached' "$log" | sed 's/^/  /'
else
    grep -a '^begun' "$log" | tail -n 4
    tail -n 30 "$log"
    echo "FAIL a fault costs what was promised, exit status $status"
    exit 1
fi
