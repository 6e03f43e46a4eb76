#!/bin/sh
# also: sanitized
# The daemon as a process: it starts, stops, refuses what it must refuse, and finds everything again.
. tests/lib/ledger.sh
ledger_begin "$1"

size() { curl -s "$url/checkpoint" | sed -n 2p; }
config() { "$qizhengd" --check-config --config "$dir/$1.yaml"; }
# with_line FILE LINE: the good configuration and one more line
with_line() {
    { cat "$dir/ledger/node.yaml" && echo "$2"; } >"$dir/$1.yaml"
}
says() { # says WORDS COMMAND...: fails as it must, and its message holds the words
    words=$1
    shift
    "$@" >"$dir/says.log" 2>&1 && return 1
    cat "$dir/says.log"
    grep -qF "$words" "$dir/says.log"
}

check "a new ledger is made, its node starts and an employer is admitted" ledger_with_employer
check "the first contract is notarized" notarize fixed-1-year
check "its receipt verifies off line" "$qizheng" verify "$dir/fixed-1-year.pdf" --receipt "$dir/fixed-1-year.pdf.receipt.json" --policy "$policy"
before=$(size)
check_not "a second process on the same directories is refused" "$qizhengd" --config "$dir/ledger/node.yaml"
check "the refused process has not disturbed the first" curl -sf "$url/readyz"
check "fsck refuses to look while the node runs" says "use" "$qizheng" fsck --dir "$dir/ledger"
check "the node stops gracefully with status 0" node_stop
check "fsck finds the stopped ledger clean" "$qizheng" fsck --dir "$dir/ledger"
check "it starts again" node_start
check "with the same size" [ "$(size)" = "$before" ]
check "a contract is notarized after the restart" notarize open-ended
check "the tree grew by one" [ "$(size)" = $((before + 1)) ]
node_stop

with_line unknown "colour: red"
check "an unknown option is named" says "colour" config unknown
with_line nested "  colour: red"
check "an unknown option is named inside a section too" says "colour" config nested
with_line twice "data_dir: elsewhere"
check "an option given twice is named" says "data_dir" config twice
sed 's/threads: .*/threads: many/' "$dir/ledger/node.yaml" >"$dir/word.yaml"
check "a word where a number belongs is refused" says "threads" config word
sed 's/kind: solo/kind: duet/' "$dir/ledger/node.yaml" >"$dir/kind.yaml"
check "an unknown order is refused by name" says "duet" config kind
sed 's/^listen: .*/listen: everywhere/' "$dir/ledger/node.yaml" >"$dir/listen.yaml"
check "an address that is none is refused by name" says "everywhere" config listen
check "help is no failure" sh -c "'$qizhengd' --help | grep -q config"
sed '/data_dir:/d' "$dir/ledger/node.yaml" >"$dir/lacking.yaml"
check "a missing option is named" says "data_dir" config lacking
: >"$dir/empty.yaml"
check "an empty file is refused" says "empty" config empty
head -c 300000 /dev/zero >"$dir/zero.yaml"
check_not "300 kB of zeros are refused" config zero
check_not "a missing file is refused" config none
check "the shipped configuration is valid" "$qizhengd" --check-config --config configs/node.yaml

check "too few open files for its threads are refused with what to raise" says "LimitNOFILE" sh -c 'ulimit -n 1000; exec "$0" --config "$1"' "$qizhengd" "$dir/ledger/node.yaml"
files=$(ulimit -Sn)
ulimit -Sn 300
check "with a low soft limit it starts all the same" node_start
check "because it has raised it" sh -c '[ "$(awk "/Max open files/ { print \$4 }" "/proc/$0/limits")" -ge 1360 ]' "$node_pid"
node_stop
ulimit -Sn "$files"

chmod 644 "$dir/ledger/keys/node.seed"
check "a seed that others may read is refused with the mode to set" says "600" "$qizhengd" --config "$dir/ledger/node.yaml"
chmod 600 "$dir/ledger/keys/node.seed"
cp "$dir/ledger/keys/node.seed" "$dir/seed"
printf '%064d\n' 7 >"$dir/ledger/keys/node.seed"
check "another node's seed is refused" says "node.seed" "$qizhengd" --config "$dir/ledger/node.yaml"
cp "$dir/seed" "$dir/ledger/keys/node.seed"
mv "$dir/ledger/keys/last-signed" "$dir/last-signed"
check "a missing last-signed file stops the node" says "last-signed" "$qizhengd" --config "$dir/ledger/node.yaml"
mv "$dir/last-signed" "$dir/ledger/keys/last-signed"

cp -r "$dir/ledger/data" "$dir/old-data"
check "it starts with everything in place again" node_start
check "and notarizes" notarize task
node_stop
mv "$dir/ledger/data" "$dir/new-data"
cp -r "$dir/old-data" "$dir/ledger/data"
check "data older than what the key signed are refused" says "rollback" "$qizhengd" --config "$dir/ledger/node.yaml"
rm -r "$dir/ledger/data"
mv "$dir/new-data" "$dir/ledger/data"

# The shifted clock needs a build without sanitizers (both replace the C library's functions).
# The library is preloaded by hand: the faketime command would stand between us and the process that we stop.
faketime=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
if [ -n "$faketime" ] && ! nm "$qizhengd" | grep -q __asan_init; then
    node_prefix="env LD_PRELOAD=$faketime FAKETIME=+1d"
    check "the node starts a day ahead" node_start
    check "and admits a participant then" "$qizheng" key new --out "$dir/late.pem"
    env LD_PRELOAD="$faketime" FAKETIME=+1d "$qizheng" participant add --id late --name 样例 --uscc 91999999FAKE00013K --role employer --jwk "$dir/late.jwk" \
        --as registrar --key "$dir/ledger/keys/registrar.pem" >/dev/null
    node_stop
    node_prefix=""
    check "it starts with the clock set back" node_start
    check "and warns that its clock is behind the ledger" grep -q clock_behind_ledger "$dir/node.log"
    later=$(curl -s "$url/v1/status" | sed -n 's/.*"ledger_time":\([0-9]*\).*/\1/p')
    check "a record is still admitted, at a ledger time that does not fall" notarize part-time
    after=$(curl -s "$url/v1/status" | sed -n 's/.*"ledger_time":\([0-9]*\).*/\1/p')
    check "ledger time did not fall" [ "$after" -ge "$later" ]
    node_stop
else
    echo "skipped the clock that jumps back: needs faketime and a plain build"
fi
ledger_end
