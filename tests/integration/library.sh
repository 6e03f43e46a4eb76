#!/bin/sh
# The offline verifier library as an outsider meets it: installed into a folder of its own, found by pkg-config, linked shared and static.
# Usage: library.sh BUILD. One line "ok NAME" or "FAIL NAME" per check.
set -u
build=$(cd "${1:?usage: library.sh BUILD}" && pwd) || exit 2
root=$(cd "$(dirname "$0")/../.." && pwd)
vectors=$root/tests/vectors/receipts
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

check() { # check NAME COMMAND...
    name=$1
    shift
    if "$@" >"$dir/log" 2>&1; then
        echo "ok $name"
    else
        echo "FAIL $name"
        tail -n 15 "$dir/log"
        bad=1
    fi
}

same() { [ "$1" = "$2" ] || { echo "$1 is not $2"; return 1; }; }
empty() { [ -z "$1" ] || { echo "$1"; return 1; }; }
outcome() { # outcome WANTED PROGRAM RECEIPT [DOCUMENT]
    wanted=$1
    shift
    "$1" "$2" "$vectors/policy.txt" ${3:+"$3"} >"$dir/verdict.json"
    same "$?" "$wanted"
}

check build make -C "$build" qizheng_shared qizheng_static
check install cmake --install "$build" --prefix "$dir/usr" --component lib
[ $bad = 0 ] || exit 1

PKG_CONFIG_PATH=$(dirname "$(find "$dir/usr" -name qizheng.pc)")
export PKG_CONFIG_PATH
libs=$(dirname "$PKG_CONFIG_PATH")
export LD_LIBRARY_PATH="$libs"
check version same "$(pkg-config --modversion qizheng)" "$(sed -n 's/^project(qizheng VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")"
check soname same "$(readelf -d "$libs/libqizheng.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')" libqizheng.so.0

# What it shows: the functions of the header, all of them, and nothing else.
declared=$(grep -oE 'qizheng_[a-z0-9_]+\(' "$root/ledger/proof/qizheng.h" | tr -d '(' | sort -u)
exported=$(nm -D --defined-only "$libs/libqizheng.so" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u)
check shared_exports_the_header_alone same "$exported" "$declared"
in_static=$(nm -g --defined-only "$libs/libqizheng.a" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u)
check static_exports_the_header_alone same "$in_static" "$declared"

# What it asks for: no file, socket, thread, clock or randomness.
io='^(socket|connect|bind|listen|accept|send|recv|getaddrinfo|open|openat|fopen|fopen64|creat|read|write|pthread_create|clone|fork|execve|system|popen|time|clock_gettime|gettimeofday|getrandom|getentropy|rand|random|getenv)(64)?$'
check shared_asks_for_no_io empty "$(nm -D --undefined-only "$libs/libqizheng.so" | awk '{ sub(/@.*/, "", $2); print $2 }' | grep -E "$io")"
check static_asks_for_no_io empty "$(nm --undefined-only "$libs/libqizheng.a" 2>/dev/null | awk '{ print $2 }' | grep -E "$io")"
allowed='linux-vdso|ld-linux|libc\.so|libm\.so|libcrypto\.so|libsodium\.so|libsecp256k1\.so|libjansson\.so|libpthread\.so|libdl\.so|libgmp\.so'
check shared_needs_the_four_libraries_alone empty "$(ldd "$libs/libqizheng.so" | grep -vE "$allowed")"

example="$root/docs/examples/verify_receipt.c"
# shellcheck disable=SC2046
check example_builds_shared cc -Wall -Wextra -Werror "$example" $(pkg-config --cflags --libs qizheng) -o "$dir/shared"
check example_is_linked_to_it sh -c "ldd $dir/shared | grep -q 'libqizheng.so.0 => $libs/'"
printf '#include <qizheng.h>\nint main() { return qizheng_version()[0] == 0; }\n' >"$dir/plus.cc"
if command -v c++ >/dev/null; then
    # shellcheck disable=SC2046
    check header_is_cplusplus c++ -Wall -Wextra -Werror "$dir/plus.cc" $(pkg-config --cflags --libs qizheng) -o "$dir/plus"
else
    echo "skipped: header_is_cplusplus: there is no C++ compiler"
fi
rm -f "$libs"/libqizheng.so*
# shellcheck disable=SC2046
check example_builds_static cc -Wall -Wextra -Werror "$example" $(pkg-config --cflags --libs --static qizheng) -o "$dir/static"
check install_again cmake --install "$build" --prefix "$dir/usr" --component lib

for kind in shared static; do
    for want in "$vectors"/*.verdict.json; do
        receipt=${want%.verdict.json}.json
        name=$(basename "$receipt" .json)
        document=$vectors/document.txt
        if [ "$name" = other_document ]; then
            document=$dir/other.txt
            printf 'another document' >"$document"
        fi
        case $(sed -n 's/.*"outcome": "\([a-z]*\)".*/\1/p' "$want") in
        valid) status=0 ;;
        invalid) status=1 ;;
        *) status=2 ;;
        esac
        check "${kind}_${name}_is_$status" outcome "$status" "$dir/$kind" "$receipt" "$document"
    done
    check "${kind}_says_why" grep -q '"conclusions"' "$dir/verdict.json"
    check "${kind}_without_document" outcome 0 "$dir/$kind" "$vectors/good.json"
    check "${kind}_no_receipt_is_1" outcome 1 "$dir/$kind" "$vectors/document.txt"
done
exit $bad
