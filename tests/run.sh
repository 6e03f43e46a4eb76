#!/bin/sh
# Runs every test: `sh tests/run.sh`. Installs what it needs with apt, builds one sanitized and one plain tree under build/, and ends with one line
# `N passed, N failed`. Exit status 0 only where nothing failed and something ran.
#
#   sh tests/run.sh                 everything but the slow tests
#   sh tests/run.sh --only PATTERN  unit programs, lints and scripts whose name matches the shell pattern
#   sh tests/run.sh --slow NAME     one named long test; without NAME it lists them
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/lib/packages.sh

only="*"
slow=""
case "${1:-}" in
"") ;;
--only) only="${2:?--only wants a pattern}" ;;
--slow)
    slow="${2:-}"
    if [ -z "$slow" ] || [ ! -f "tests/slow/$slow.sh" ]; then
        echo "Slow tests:" && for f in tests/slow/*.sh; do echo "  $(basename "$f" .sh)"; done
        exit 2
    fi
    ;;
*) sed -n '2,9s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac

started=$(date +%s)
# shellcheck disable=SC2086
need $BUILD_PACKAGES $TEST_PACKAGES || exit 2

passed=0
failed=0
failures=""
logs=build/logs
mkdir -p "$logs"

# tally NAME PASSED FAILED
tally() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    [ "$3" = 0 ] || failures="$failures $1"
    printf '%-44s %5d passed %3d failed  (%ds)\n' "$1" "$2" "$3" $(($(date +%s) - began))
}

build() { # build DIR options...
    dir=$1
    shift
    began=$(date +%s)
    if cmake -S . -B "$dir" -DQIZHENG_WERROR=ON "$@" >"$logs/configure.log" 2>&1 &&
        make -C "$dir" -j"$(nproc)" >"$logs/$(basename "$dir")-build.log" 2>&1; then
        echo "built $dir in $(($(date +%s) - began))s"
    else
        tail -n 40 "$logs/configure.log" "$logs/$(basename "$dir")-build.log"
        echo "The build in $dir failed."
        echo "0 passed, 1 failed"
        exit 1
    fi
}

wanted() { # wanted NAME: does --only want it?
    case "$1" in $only) return 0 ;; esac
    return 1
}

# A Criterion program. Leaks and sanitizer reports do not fail a test by themselves, so they are looked for in what it prints.
unit() {
    name=$(basename "$1")
    wanted "$name" || return 0
    began=$(date +%s)
    log="$logs/$name.log"
    "$1" -j"$(nproc)" >"$log" 2>&1
    status=$?
    line=$(grep -a 'Synthesis: Tested:' "$log" | tail -n 1)
    good=$(echo "$line" | sed -n 's/.*Passing: *\([0-9]*\).*/\1/p')
    bad=$(echo "$line" | sed -n 's/.*Failing: *\([0-9]*\).*Crashing: *\([0-9]*\).*/\1 \2/p' | awk '{ print $1 + $2 }')
    [ -n "$good" ] && [ -n "$bad" ] || { good=0 bad=1; }
    [ "$good" -gt 0 ] || [ "$bad" -gt 0 ] || bad=1
    if [ "$bad" = 0 ] && { [ "$status" != 0 ] || grep -aqE 'LeakSanitizer|AddressSanitizer|runtime error:' "$log"; }; then bad=1; fi
    [ "$bad" = 0 ] || tail -n 30 "$log"
    tally "$name" "$good" "$bad"
}

# A script that prints `ok NAME` and `FAIL NAME` lines.
script() { # script LABEL COMMAND...
    name=$1
    shift
    wanted "$name" || return 0
    began=$(date +%s)
    log="$logs/$(echo "$name" | tr '/ ' '--').log"
    "$@" >"$log" 2>&1
    status=$?
    good=$(grep -acE '^ok ' "$log")
    bad=$(grep -acE '^FAIL ' "$log")
    if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$good" = 0 ]; }; then bad=1; fi
    grep -aE '^skipped' "$log"
    [ "$bad" = 0 ] || { grep -aE '^FAIL ' "$log"; tail -n 30 "$log"; }
    tally "$name" "$good" "$bad"
}

finish() {
    [ -z "$failures" ] || echo "failed:$failures (logs in $logs)"
    echo "took $(($(date +%s) - started))s"
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}

plain=build/plain
if [ -n "$slow" ]; then
    build $plain
    script "slow/$slow" sh "tests/slow/$slow.sh" "$plain"
    finish
fi

for lint in tests/lint/*.py; do
    script "lint/$(basename "$lint" .py)" python3 "$lint"
done
script data/contracts python3 tests/lib/unittest_lines.py tests/data

build build/asan -DQIZHENG_SANITIZE=ON
build $plain

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
for program in build/asan/test_*; do
    [ -x "$program" ] && unit "$program"
done
for test in tests/integration/*.sh; do
    script "integration/$(basename "$test" .sh)" sh "$test" "$plain"
done
# The scripts marked so also drive the sanitized programs: a report there ends the program and fails the script.
for test in $(grep -l '^# also: sanitized' tests/integration/*.sh); do
    script "sanitized/$(basename "$test" .sh)" sh "$test" build/asan
done
finish
