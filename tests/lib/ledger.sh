# For integration scripts: a ledger in a temporary folder, its node on a free port, and checks that print one line each.
# shellcheck shell=sh
#
#   . tests/lib/ledger.sh; ledger_begin "$1"      $1: build folder
#   $qizheng $qizhengd $dir $url                   set by it
#   node_start; node_stop; node_kill               the node of $dir/ledger
#   check NAME COMMAND...                          ok where the command succeeds
#   check_not NAME COMMAND...                      ok where it fails with status 1 or 2, not by a signal or a sanitizer
#   ledger_end                                     exit status; everything that was started is stopped by pid

ledger_begin() {
    qizheng=$(cd "$1" && pwd)/qizheng
    qizhengd=$(cd "$1" && pwd)/qizhengd
    dir=$(mktemp -d)
    node_pid=""
    node_prefix=""
    bad=0
    contracts=$PWD/tests/data/contracts
    trap 'ledger_clean' EXIT
    trap 'exit 1' INT TERM
}

ledger_clean() {
    if [ -n "$node_pid" ]; then kill -9 "$node_pid" 2>/dev/null; fi
    rm -rf "$dir"
}

ledger_end() {
    node_stop
    exit $bad
}

check() {
    name=$1
    shift
    if "$@" >"$dir/check.log" 2>&1; then
        echo "ok $name"
    else
        echo "FAIL $name (status $?)"
        tail -n 15 "$dir/check.log"
        bad=1
    fi
}

check_not() {
    name=$1
    shift
    "$@" >"$dir/check.log" 2>&1
    status=$?
    if { [ $status = 1 ] || [ $status = 2 ]; } && ! grep -qE 'AddressSanitizer|LeakSanitizer|runtime error:' "$dir/check.log"; then
        echo "ok $name"
    else
        echo "FAIL $name (status $status)"
        tail -n 15 "$dir/check.log"
        bad=1
    fi
}

# The node of $dir/ledger, on the port that it was given by the kernel; waits until it is ready.
node_start() {
    : >"$dir/node.err"
    # shellcheck disable=SC2086
    $node_prefix "$qizhengd" --config "$dir/ledger/node.yaml" </dev/null >/dev/null 2>>"$dir/node.err" &
    node_pid=$!
    tries=0
    while [ $tries -lt 300 ]; do
        port=$(sed -n 's/.* started .*port=\([0-9]*\).*/\1/p' "$dir/node.err" | tail -n 1)
        if [ -n "$port" ] && curl -sf -o /dev/null --max-time 2 "http://127.0.0.1:$port/readyz"; then
            url=http://127.0.0.1:$port
            export QIZHENG_URL="$url"
            cat "$dir/node.err" >>"$dir/node.log"
            return 0
        fi
        kill -0 "$node_pid" 2>/dev/null || break
        tries=$((tries + 1))
        sleep 0.1
    done
    cat "$dir/node.err"
    return 1
}

node_stop() {
    [ -n "$node_pid" ] || return 0
    kill -TERM "$node_pid" 2>/dev/null
    wait "$node_pid"
    node_status=$?
    node_pid=""
    return $node_status
}

node_kill() {
    kill -9 "$node_pid"
    wait "$node_pid" 2>/dev/null
    node_pid=""
}

# A ledger with a registered employer emp-0001, its node running.
ledger_with_employer() {
    "$qizheng" init --dir "$dir/ledger" --listen 127.0.0.1:0 >/dev/null || return 1
    policy=$dir/ledger/policy.txt
    node_start || return 1
    "$qizheng" key new --out "$dir/emp-0001.pem" >/dev/null || return 1
    employer_admit emp-0001 91999999FAKE00013K "$dir/emp-0001.jwk"
}

employer_admit() { # id uscc jwk
    "$qizheng" participant add --id "$1" --name "样例企业 $1" --uscc "$2" --role employer --jwk "$3" \
        --as registrar --key "$dir/ledger/keys/registrar.pem" >/dev/null
}

# notarize NAME: the sample contract into $dir/NAME.pdf with its receipt beside it
notarize() {
    cp "$contracts/$1.pdf" "$dir/$1.pdf"
    "$qizheng" notarize "$dir/$1.pdf" --claims "$contracts/$1.claims.json" --key "$dir/emp-0001.pem" --as emp-0001
}
