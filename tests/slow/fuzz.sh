#!/bin/sh
# Every fuzz target for FUZZ_SECONDS each (65 unless set, so that all of them take less than an hour). A finding fails the target; its input stays in build/fuzz/findings.
#   FUZZ_SECONDS=600 sh tests/run.sh --slow fuzz
cd "$(dirname "$0")/../.." || exit 2
seconds=${FUZZ_SECONDS:-65}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for name in $(sh tests/fuzz/run.sh); do
    if sh tests/fuzz/run.sh "$name" "$seconds" >"$log" 2>&1; then
        echo "ok fuzz $name: $(grep -aE '^#[0-9]+.*DONE' "$log" | tail -n 1)"
    else
        grep -aE 'not true|Assertion|runtime error|ERROR:|SUMMARY:|Test unit written' "$log"
        tail -n 5 "$log"
        echo "FAIL fuzz $name"
    fi
done
