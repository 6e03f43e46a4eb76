#!/bin/sh
# Builds one fuzz target with clang and runs it: `sh tests/fuzz/run.sh NAME SECONDS [options of libFuzzer]`. New inputs go to build/fuzz/found/NAME and a finding to
# build/fuzz/findings; `sh tests/fuzz/run.sh merge NAME` keeps what reaches new code in tests/fuzz/corpus/NAME. Without arguments it lists the targets.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/lib/packages.sh
tree=build/fuzz

list() { for file in tests/fuzz/*.c; do basename "$file" .c; done; }

setting() { # setting NAME KEY DEFAULT: from the target's comment
    value=$(sed -n "s/.*fuzz:.* $2=\([a-z0-9_]*\).*/\1/p" "tests/fuzz/$1.c" | head -n 1)
    echo "${value:-$3}"
}

ready() { # ready NAME: its program in $tree
    # shellcheck disable=SC2086
    need $BUILD_PACKAGES $FUZZ_PACKAGES || exit 2
    mkdir -p $tree/findings
    {
        [ -f $tree/Makefile ] || CC=clang cmake -S . -B $tree -DQIZHENG_FUZZ=ON -DQIZHENG_TESTS=OFF
        make -C $tree -j"$(nproc)" "fuzz_$1"
    } >$tree/build.log 2>&1 || {
        tail -n 30 $tree/build.log
        exit 2
    }
}

# Ledgers and files of the targets: in memory where there is room, since some sync what they write.
free=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
if [ "${free:-0}" -gt 1000000 ]; then TMPDIR=$(mktemp -d /dev/shm/qizheng-fuzz.XXXXXX); else TMPDIR=$(mktemp -d); fi
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

fuzz() { # fuzz NAME options...: adds what every run has
    name=$1
    shift
    dict=$(setting "$name" dict "")
    ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
        "$tree/fuzz_$name" -timeout=5 -rss_limit_mb=512 -max_len="$(setting "$name" max_len 4096)" \
        -artifact_prefix="$tree/findings/$name-" ${dict:+-dict=tests/fuzz/dict/$dict.dict} "$@"
}

merge() { # what of the found and the kept inputs reaches all the code, smallest first, and nothing else
    name=$1
    ready "$name"
    mkdir -p "$tree/found/$name" "tests/fuzz/corpus/$name" "$tree/merged"
    rm -rf "$tree/merged/$name" && mkdir -p "$tree/merged/$name"
    fuzz "$name" -merge=1 -use_counters=0 "$tree/merged/$name" "tests/fuzz/corpus/$name" "$tree/found/$name" >"$tree/merge.log" 2>&1 || exit 1
    for file in "tests/fuzz/corpus/$name"/finding-*; do [ -f "$file" ] && cp "$file" "$tree/merged/$name/"; done
    rm -rf "tests/fuzz/corpus/$name" && cp -r "$tree/merged/$name" "tests/fuzz/corpus/$name"
    du -sb "tests/fuzz/corpus/$name"
}

case "${1:-}" in
"") list ;;
merge) merge "${2:?merge wants a name}" ;;
*)
    name=$1 seconds=${2:?run.sh NAME SECONDS}
    [ -f "tests/fuzz/$name.c" ] || { echo "no such target; there are: $(list | tr '\n' ' ')" && exit 2; }
    shift 2
    ready "$name"
    mkdir -p "$tree/found/$name"
    fuzz "$name" -max_total_time="$seconds" -print_final_stats=1 "$@" "$tree/found/$name" "tests/fuzz/corpus/$name"
    ;;
esac
