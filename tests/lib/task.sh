#!/bin/sh
# One task of tests/run.sh: `task.sh LOGS unit NAME PROGRAM` runs a Criterion program, `task.sh LOGS script NAME COMMAND...` a script that prints `ok NAME` and
# `FAIL NAME` lines. Prints one line, with the end of the log where something failed, and adds `NAME passed failed` to LOGS/results. Always ends with 0: the sum decides.
logs=$1 kind=$2 name=$3
shift 3
log="$logs/$(echo "$name" | tr '/ ' '--').log"
began=$(date +%s)

# Leaks, sanitizer reports and assertions that fail in a teardown do not fail a Criterion test by themselves, so they are looked for in what it prints.
unit() {
    "$@" -j1 >"$log" 2>&1 </dev/null
    status=$?
    line=$(grep -a 'Synthesis: Tested:' "$log" | tail -n 1)
    good=$(echo "$line" | sed -n 's/.*Passing: *\([0-9]*\).*/\1/p')
    bad=$(echo "$line" | sed -n 's/.*Failing: *\([0-9]*\).*Crashing: *\([0-9]*\).*/\1 \2/p' | awk '{ print $1 + $2 }')
    [ -n "$good" ] && [ -n "$bad" ] || { good=0 bad=1; }
    [ "$good" -gt 0 ] || [ "$bad" -gt 0 ] || bad=1
    if [ "$bad" = 0 ] && { [ "$status" != 0 ] || grep -aqE 'LeakSanitizer|AddressSanitizer|runtime error:|: Assertion Failed$' "$log"; }; then bad=1; fi
}

script() {
    "$@" >"$log" 2>&1 </dev/null
    status=$?
    good=$(grep -acE '^ok ' "$log")
    bad=$(grep -acE '^FAIL ' "$log")
    if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$good" = 0 ]; }; then bad=1; fi
}

$kind "$@"
said=$(grep -aE '^skipped' "$log")
[ "$bad" = 0 ] || said="$said
$(grep -aE '^FAIL ' "$log")
$(tail -n 30 "$log")"
line=$(printf '%-44s %5d passed %3d failed  (%ds)' "$name" "$good" "$bad" $(($(date +%s) - began)))
echo "$name $good $bad" >>"$logs/results"
# In one write, so that tasks that end together do not mix their lines.
printf '%s\n' "${said:+$said
}$line"
exit 0
