#!/bin/sh
# The node's threads under ThreadSanitizer for THREADS_SECONDS each, 20 by default: the pipeline without its sockets (threads.c), and a whole node with uploads, callers and stops (threads_node.c).
# Their own build tree: the sanitizer wants everything of ours instrumented.
set -u
cd "$(dirname "$0")/../.." || exit 2
tree=build/threads
flags="-fsanitize=thread -O1 -g -fno-omit-frame-pointer"

mkdir -p build
cmake -S . -B $tree -DQIZHENG_TESTS=OFF -DQIZHENG_WERROR=OFF -DCMAKE_C_FLAGS="$flags" >$tree.log 2>&1 &&
    make -C $tree -j"$(nproc)" qz_node >>$tree.log 2>&1 ||
    { tail -n 20 $tree.log; echo "FAIL the build under ThreadSanitizer"; exit 1; }
libs=""
for part in node api contracts store proof record crypto base; do libs="$libs $tree/libqz_$part.a"; done

# LevelDB is not instrumented, and its skip list is ordered by atomics that are not seen: accesses inside it are left out. Its locks count.
printf 'race:libleveldb.so\n' >$tree/suppressions
# io_sync=0: without it a read or write of any file, or of any socket, is taken to order the memory of all threads that do so, and may hide a race beside it.
export TSAN_OPTIONS="halt_on_error=0 exitcode=66 io_sync=0 history_size=7 second_deadlock_stack=1 suppressions=$tree/suppressions"

bad=0
# An assertion of a test says where it failed and ends the program: tests/fuzz/lib stands before Criterion's header.
try() { # try NAME: the program of that source
    log=$tree/$1.log
    # shellcheck disable=SC2046,SC2086
    cc -std=gnu11 -D_GNU_SOURCE -Itests/fuzz/lib -I. -DTEST_DATA="\"$PWD/tests\"" -Wall -Wextra $flags "tests/slow/$1.c" -o "$tree/$1" $libs \
        $(pkg-config --libs libsecp256k1 libsodium libcrypto jansson libcurl) -lleveldb -lcivetweb -lcyaml -lpthread ||
        { echo "FAIL $1 is built"; bad=1; return; }
    "$tree/$1" "${THREADS_SECONDS:-20}" >"$log" 2>&1
    status=$?
    grep '^ok ' "$log"
    reports=$(grep -c 'WARNING: ThreadSanitizer' "$log")
    if [ "$status" = 0 ] && [ "$reports" = 0 ]; then
        echo "ok $1: nothing reported by ThreadSanitizer"
    else
        tail -n 60 "$log"
        echo "FAIL $1: $reports reports by ThreadSanitizer, exit status $status"
        bad=1
    fi
}
try threads
try threads_node
exit $bad
