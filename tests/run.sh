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

logs=build/logs
results=$logs/results
mkdir -p "$logs"
: >"$results"

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

# Tasks wait in a list, one a line (tests/lib/task.sh says which), and run as many at a time as there are cores.
tasks=$logs/tasks
: >"$tasks"
task() { # task unit|script NAME COMMAND...
    wanted "$2" && echo "$*" >>"$tasks"
}
run_tasks() {
    xargs -r -L 1 -P "$(nproc)" sh tests/lib/task.sh "$logs" <"$tasks"
    : >"$tasks"
}

finish() {
    passed=$(awk '{ n += $2 } END { print n + 0 }' "$results")
    failed=$(awk '{ n += $3 } END { print n + 0 }' "$results")
    failures=$(awk '$3 { printf " %s", $1 }' "$results")
    [ -z "$failures" ] || echo "failed:$failures (logs in $logs)"
    echo "took $(($(date +%s) - started))s"
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}

plain=build/plain
if [ -n "$slow" ]; then
    build $plain
    only="*"
    task script "slow/$slow" sh "tests/slow/$slow.sh" "$plain"
    run_tasks
    finish
fi

for lint in tests/lint/*.py; do
    task script "lint/$(basename "$lint" .py)" python3 "$lint"
done
task script data/contracts python3 tests/lib/unittest_lines.py tests/data
run_tasks

build build/asan -DQIZHENG_SANITIZE=ON
build $plain

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
# The longest first, so that none is left alone at the end; they were found by reading the times that a run prints.
long="hostile contracts c2sp submit verifier crash cli"
for name in $long; do
    task script "integration/$name" sh "tests/integration/$name.sh" "$plain"
done
for test in tests/integration/*.sh; do
    name=$(basename "$test" .sh)
    case " $long " in *" $name "*) continue ;; esac
    task script "integration/$name" sh "$test" "$plain"
done
# The scripts marked so also drive the sanitized programs: a report there ends the program and fails the script.
for test in $(grep -l '^# also: sanitized' tests/integration/*.sh); do
    task script "sanitized/$(basename "$test" .sh)" sh "$test" build/asan
done
task script fuzz/replay build/asan/fuzz_replay tests/fuzz/corpus
for program in build/asan/test_*; do
    [ -x "$program" ] && task unit "$(basename "$program")" "$program"
done
run_tasks
finish
