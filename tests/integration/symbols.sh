#!/bin/sh
# No two files define the same global function or object: among static libraries the linker takes the first it finds and says nothing, so a second one of that name would
# silently be replaced by a stranger.
#   sh tests/integration/symbols.sh build/plain
build=$1
files=$(find "$build" -maxdepth 1 -name 'libqz_*.a')
symbols() { nm --defined-only --extern-only -A "$@" 2>/dev/null | sed -n 's/^.*:\([^:]*\.o\):.* [TDBRC] \(.*\)$/\2 \1/p' | sort -u; }
count=$(symbols $files | wc -l)
twice=$(symbols $files | cut -d' ' -f1 | sort | uniq -d)
if [ "$count" -gt 500 ] && [ -z "$twice" ]; then
    echo "ok $count symbols, each defined once"
else
    echo "FAIL of $count symbols these are defined more than once:" $twice
fi
