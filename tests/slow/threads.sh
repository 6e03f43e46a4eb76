#!/bin/sh
# The node's threads under ThreadSanitizer (threads.c) for THREADS_SECONDS, 20 by default. Its own build tree: the sanitizer wants everything of ours instrumented.
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
# shellcheck disable=SC2086
cc -std=gnu11 -D_GNU_SOURCE -I. -DTEST_DATA="\"$PWD/tests\"" -Wall -Wextra $flags tests/slow/threads.c -o $tree/threads $libs \
    $(pkg-config --libs libsecp256k1 libsodium libcrypto jansson libcurl) -lleveldb -lcivetweb -lcyaml -lcriterion -lpthread ||
    { echo "FAIL the program is built"; exit 1; }

# LevelDB is not instrumented, and its skip list is ordered by atomics that are not seen: accesses inside it are left out. Its locks count.
printf 'race:libleveldb.so\n' >$tree/suppressions
TSAN_OPTIONS="halt_on_error=0 exitcode=66 suppressions=$tree/suppressions" $tree/threads "${THREADS_SECONDS:-20}" >$tree/threads.log 2>&1
status=$?
grep '^ok ' $tree/threads.log
reports=$(grep -c 'WARNING: ThreadSanitizer' $tree/threads.log)
if [ "$status" = 0 ] && [ "$reports" = 0 ]; then
    echo "ok nothing reported by ThreadSanitizer"
else
    tail -n 60 $tree/threads.log
    echo "FAIL $reports reports by ThreadSanitizer, exit status $status"
    exit 1
fi
